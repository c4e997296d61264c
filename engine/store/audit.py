"""Rows as they stand, for verification: every column of every row, and what the log says they should be.

Reading goes past the other stores on purpose: what they skip, or make the best of, must be seen here. What a row
should be is written down a second time for the same reason.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.core.canonical import canonical
from engine.core.case import Case
from engine.core.plain import deadline_to_plain
from engine.core.snapshot import to_json
from engine.ports import DeadlineRow, KeptEntry, LogLine
from engine.store import resolving
from engine.store.connection import Connection, streaming
from engine.store.statements import SQL
from engine.store.texts import instant, instant_or_none

MANY_WRITERS = "many_writers"
"""The setting of a database that is, or once was, on PostgreSQL."""

_COLUMNS = ("kind", "event", "actor", "at", "occ", "wf")


class SqlAudit:
    """The raw rows of one chain after another."""

    def __init__(self, connection: Connection) -> None:
        self._run = connection.execute
        self._stream = streaming(connection)

    def chains(self) -> tuple[str, ...]:
        """Every chain that any row belongs to, sorted."""
        return tuple(row[0] for row in self._run(SQL["audit_chains"]).fetchall())

    def entries(self, reference: str) -> Iterator[KeptEntry]:
        """The entries of a chain in the order in which they were written."""
        for row in self._run(SQL["audit_entries"], {"reference": reference}):
            key, case, n, line, payload, salt, pending, leaf, *columns = row
            yield KeptEntry(
                key, LogLine(case, n, line, payload, salt), dict(zip(_COLUMNS, columns, strict=True)), pending, leaf
            )

    def strays(self, reference: str) -> tuple[tuple[str, int], ...]:
        """(table, n) of rows about entries that do not exist."""
        return tuple(self._run(SQL["audit_strays"], {"reference": reference}).fetchall())

    def case(self, reference: str) -> Mapping[str, Any] | None:
        """The row of a case."""
        return next(self._rows("audit_case", reference), None)

    def case_expected(self, case: Case, phase: str, personal: frozenset[str]) -> Mapping[str, Any]:
        """The row that a case should have; `batch` is not told, as the fold does not know it."""
        public, private = to_json(case, personal)
        number = case.data.get("dnr")
        return {
            "reference": case.reference, "workflow": case.workflow, "version": case.version, "state": case.state,
            "phase": phase, "title": case.title, "assignee": case.assignee, "parent": case.parent,
            "revision": case.revision, "n": case.n, "head": case.head, "opened_at": instant(case.opened_at),
            "closed_at": instant_or_none(case.closed_at),
            "registry_number": resolving.plain_number(number) if number else None,
            "snapshot": public, "private": private,
        }  # fmt: skip

    def links(self, reference: str) -> Mapping[str, str]:
        """Field -> reference that it points at."""
        return dict(self._run(SQL["link_list"], {"reference": reference}).fetchall())

    def deadlines(self, reference: str) -> Iterator[Mapping[str, Any]]:
        """The rows of a case's deadlines, by id."""
        return self._rows("audit_deadlines", reference)

    def deadline_expected(self, row: DeadlineRow) -> Mapping[str, Any]:
        """The row that a deadline should have."""
        d = row.deadline
        return {
            "id": d.id, "case_ref": row.case, "name": d.name, "item": d.item, "owner": d.owner, "version": d.version,
            "state": row.state, "due_at": instant(d.due_at), "due_on": d.due_on.isoformat(),
            "next_reminder_at": instant_or_none(d.next_reminder_at),
            "then_at": None if d.fired_at else instant_or_none(d.then_at), "passed_at": instant_or_none(d.passed_at),
            "closed_at": instant_or_none(row.closed_at), "body": canonical(deadline_to_plain(d)),
        }  # fmt: skip

    def messages(self, reference: str) -> Iterator[Mapping[str, Any]]:
        """The rows of a case's messages, in the order they were queued."""
        return self._rows("audit_messages", reference)

    def leaves(self) -> Iterator[tuple[int | None, int, str, int, str]]:
        """(leaf, id, case, n, line) of every entry: those in the tree in its order, then those that wait for it."""
        yield from self._stream(SQL["audit_leaves"])
        yield from self._stream(SQL["audit_waiting"])

    def checkpoints(self) -> Iterator[tuple[int, str, str]]:
        """(size, note, when) of every checkpoint, the smallest first."""
        return iter(self._run(SQL["audit_checkpoints"]))

    def definitions(self) -> Iterator[Mapping[str, Any]]:
        """The rows of the published definitions."""
        return self._named(self._run(SQL["audit_definitions"]))

    def documents(self) -> tuple[str, ...]:
        """The digests under which documents are kept."""
        return tuple(row[0] for row in self._run(SQL["audit_blobs"]).fetchall())

    def in_order(self) -> bool:
        """Whether there was one writer at a time: never on PostgreSQL, nor in what was copied from there."""
        return self._run(SQL["setting_get"], {"name": MANY_WRITERS}).fetchone() is None

    def levels(self) -> tuple[int, ...]:
        """The levels of the tree that have nodes, the leaves' first."""
        return tuple(row[0] for row in self._run(SQL["audit_levels"]).fetchall())

    def nodes(self, level: int) -> Iterator[tuple[int, bytes]]:
        """(index, hash) of the nodes of a level, streamed."""
        return iter(self._stream(SQL["audit_nodes"], {"level": level}))

    def _rows(self, statement: str, reference: str) -> Iterator[Mapping[str, Any]]:
        return self._named(self._run(SQL[statement], {"reference": reference}))

    @staticmethod
    def _named(cursor: Any) -> Iterator[Mapping[str, Any]]:
        names = [column[0] for column in cursor.description]
        return (dict(zip(names, row, strict=True)) for row in cursor)
