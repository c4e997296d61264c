"""The current cases: nothing here but the latest fold of their logs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.core.canonical import canonical
from engine.core.case import Case
from engine.core.errors import UsageError
from engine.core.snapshot import from_json, to_json
from engine.ports import CaseFilter, CaseRow
from engine.store import listing, resolving
from engine.store.connection import Connection, streaming
from engine.store.statements import SQL
from engine.store.texts import instant, instant_or_none

_MOST_SEEN = 32
"""Cases kept within a transaction: more than any one command reads, and little memory for one that reads them all."""


class SqlCases:
    """Cases as rows: columns for lists, and the whole case as JSON, its personal values apart."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._run = connection.execute
        self._personal: dict[tuple[str, int], frozenset[str]] = {}
        self._seen: dict[str, Case] = {}

    def get(self, reference: str) -> Case | None:
        """The case; read once in a transaction, in which a command asks for the same few cases again and again."""
        found = self._seen.get(reference)
        if found is None:
            row = self._run(SQL["case_get"], {"reference": reference}).fetchone()
            if row is None:
                return None
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            found = self._seen[reference] = from_json(row[0], row[1])
        return found

    def insert(self, case: Case, *, phase: str, links: Mapping[str, str], batch: str | None = None) -> None:
        """Add a case; `batch` names the import that it came by.

        A reference that is taken gives ConcurrentUpdate, and a workflow that is not published an error, when the
        unit of work (or its savepoint) ends.
        """
        self._run(SQL["case_insert"], {**self._row(case, phase), "batch": batch})
        self._link(case.reference, links)

    def update(self, case: Case, *, phase: str, links: Mapping[str, str], expected_n: int, expected_head: str) -> bool:
        """Write the case if its row still has that n and head; False if it has not."""
        row = self._row(case, phase)
        row["expected_n"] = expected_n
        row["expected_head"] = expected_head
        self._seen.pop(case.reference, None)
        if not self._run(SQL["case_update"], row).rowcount:
            return False
        if links != dict(self._run(SQL["link_list"], {"reference": case.reference}).fetchall()):
            self._run(SQL["link_clear"], {"reference": case.reference})
            self._link(case.reference, links)
        return True

    def children(self, reference: str) -> tuple[Case, ...]:
        """The cases whose parent it is, by reference."""
        return self._whole("case_children", reference=reference)

    def linking(self, field_id: str, reference: str) -> tuple[Case, ...]:
        """The cases whose case field points at it, by reference."""
        return self._whole("case_linking", field=field_id, reference=reference)

    def linked_from(self, reference: str) -> tuple[tuple[str, str], ...]:
        """(reference, field) of all cases whose case fields, or parent (field `parent`), point here."""
        return tuple(self._run(SQL["case_linked_from"], {"reference": reference}).fetchall())

    def of_workflow(self, workflow: str, states: Sequence[str] = ()) -> tuple[Case, ...]:
        """The cases of a workflow, in any of the states given, by reference."""
        return self._whole("case_of_workflow", workflow=workflow, states=canonical(list(states)))

    def list(self, wanted: CaseFilter) -> Iterator[CaseRow]:
        """A page of a listing (see `listing`)."""
        return listing.rows(self._connection, wanted)

    def counts(self) -> Iterator[tuple[str, str, int]]:
        """(workflow, state, how many cases stand in it)."""
        yield from self._connection.execute(SQL["case_counts"]).fetchall()

    def references(self) -> Iterator[str]:
        """All references, sorted."""
        for row in streaming(self._connection)(SQL["case_references"]):
            yield row[0]

    def resolve(self, text: str) -> tuple[tuple[str, str], ...]:
        """(reference, title) of what a short form, registry number or words of the title may mean; at most 20."""
        return resolving.resolve(self._connection, text)

    def of_import(self, batch: str) -> tuple[Case, ...]:
        """The cases that came by an import, by reference."""
        return self._whole("case_of_import", batch=batch)

    def add_import(self, batch: str, *, at: Any, source: str) -> None:
        """Name an import; its cases are inserted with that `batch`."""
        self._run(SQL["import_batch_add"], {"name": batch, "at": instant(at), "source": source})

    def delete_import(self, batch: str) -> int:
        """Take out the cases of an import with their deadlines and messages; how many. Their log entries stay.

        Raises:
            UsageError: A case that did not come by it points at one that did.
        """
        needed = self._run(SQL["case_import_needed"], {"batch": batch}).fetchone()
        if needed is not None:
            raise UsageError(f"import {batch} cannot be undone: {needed[0]}, made later, belongs to one of its cases")
        for part in ("deliveries", "messages", "deadlines", "links"):
            self._run(SQL[f"case_delete_import_{part}"], {"batch": batch})
        self._seen.clear()
        return int(self._run(SQL["case_delete_import"], {"batch": batch}).rowcount)

    def delete(self, reference: str) -> None:
        """Take out a case with its deadlines and messages. Its log entries stay."""
        self._seen.pop(reference, None)
        for part in ("_deliveries", "_messages", "_deadlines", "_links", ""):
            self._run(SQL[f"case_delete{part}"], {"reference": reference})

    def forget(self) -> None:
        """Drop what was read: a rollback may have taken back a definition or a step."""
        self._personal.clear()
        self._seen.clear()

    def leave(self) -> None:
        """Drop the cases at the end of a transaction; definitions stay, because they never change."""
        self._seen.clear()

    def _whole(self, statement: str, **values: str) -> tuple[Case, ...]:
        return tuple(from_json(row[0], row[1]) for row in self._run(SQL[statement], values).fetchall())

    def _link(self, reference: str, links: Mapping[str, str]) -> None:
        for field, target in links.items():
            self._run(SQL["link_add"], {"reference": reference, "field": field, "target": target})

    def _row(self, case: Case, phase: str) -> dict[str, Any]:
        public, private = to_json(case, self._personal_fields(case.workflow, case.version))
        registry_number = case.data.get("dnr")
        return {
            "reference": case.reference, "workflow": case.workflow, "version": case.version, "state": case.state,
            "phase": phase, "title": case.title, "assignee": case.assignee, "parent": case.parent,
            "revision": case.revision, "n": case.n, "head": case.head, "opened_at": instant(case.opened_at),
            "closed_at": instant_or_none(case.closed_at),
            "registry_number": resolving.plain_number(registry_number) if registry_number else None,
            "snapshot": public, "private": private,
        }  # fmt: skip

    def _personal_fields(self, workflow: str, version: int) -> frozenset[str]:
        """The personal fields of a published definition, which never changes and so is read once."""
        key = (workflow, version)
        if key not in self._personal:
            rows = self._run(SQL["case_personal_fields"], {"workflow": workflow, "version": version})
            self._personal[key] = frozenset(row[0] for row in rows)
        return self._personal[key]
