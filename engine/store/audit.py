"""Rows as they stand, for verification: every column of every row, and what the log says they should be.

Reading goes past the other stores on purpose: what they skip, or make the best of, must be seen here. What a row
should be is written down a second time for the same reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from engine.core.canonical import rewritten
from engine.core.case import Case
from engine.core.plain import deadline_to_plain
from engine.core.snapshot import to_json
from engine.ports import DeadlineRow, KeptEntry, LogLine
from engine.ports.rows import KeptBlock
from engine.store import resolving
from engine.store.connection import Connection, dialect_of, streaming
from engine.store.schema_faults import schema_faults
from engine.store.statements import SQL
from engine.store.texts import instant, instant_or_none

MANY_WRITERS = "many_writers"
"""The setting of a database that is, or once was, on PostgreSQL."""

_COLUMNS = ("kind", "event", "actor", "at", "occ", "wf")
_MADE = (
    "CREATE TABLE entries ( id INTEGER NOT NULL, case_ref TEXT NOT NULL, n INTEGER NOT NULL, line TEXT NOT NULL, "
    + (
        ", ".join(
            f"{column} TEXT GENERATED ALWAYS AS (json_extract(line, '$.{key}')) VIRTUAL"
            for column, key in zip(_COLUMNS, ("act", *_COLUMNS[1:]), strict=True)
        )
    )
)
"""How the table begins that SQLite computes the columns of whenever they are read."""
_DIRECTORY: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "users": ("audit_users", ("login", "person", "ended_on")),
    "people": ("audit_people", ("name", "email", "lang", "organisation", "replaced_by", "ended_on", "erased")),
    "organisations": ("audit_organisations", ("kind", "merged_into", "ended_on")),
}
"""Table -> the statement that reads it, and its columns beside the id."""
_BEYOND: Mapping[str, Any] = {"sqlite": b"", "postgresql": "\U0010ffff" * 1000}
"""What sorts after every reference: SQLite puts all bytes after all texts."""


class SqlAudit:
    """The raw rows of one chain after another."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._run = connection, connection.execute
        self._stream = streaming(connection)
        self._beyond = _BEYOND[dialect_of(connection)]

    def chains(self) -> tuple[str, ...]:
        """Every chain that any row belongs to, sorted."""
        return tuple(row[0] for row in self._run(SQL["audit_chains"]).fetchall())

    def entries(self, reference: str) -> Iterator[KeptEntry]:
        """The entries of a chain in the order in which they were written."""
        for row in self._stream(SQL["audit_entries"], {"reference": reference}):
            key, case, n, line, payload, salt, pending, leaf, node, *columns = row
            logged = LogLine(case, n, line, payload, salt)
            yield KeptEntry(key, logged, dict(zip(_COLUMNS, columns, strict=True)), pending, leaf, node)

    def strays(self, reference: str) -> tuple[tuple[str, int], ...]:
        """(table, n) of rows about entries that do not exist."""
        return tuple(self._run(SQL["audit_strays"], {"reference": reference}).fetchall())

    def case(self, reference: str) -> tuple[Any, ...] | None:
        """The row of a case, column by column as `case_expected` has it."""
        found: tuple[Any, ...] | None = self._run(SQL["audit_case"], {"reference": reference}).fetchone()
        return found

    def case_expected(
        self, case: Case, phase: str, personal: frozenset[str], batch: str | None = None
    ) -> Mapping[str, Any]:
        """The row that a case should have."""
        public, private = to_json(case, personal, rewritten)  # What was read from the log has been judged.
        number = case.data.get("dnr")
        return {
            "reference": case.reference, "workflow": case.workflow, "version": case.version, "state": case.state,
            "phase": phase, "title": case.title, "assignee": case.assignee, "parent": case.parent,
            "revision": case.revision, "n": case.n, "head": case.head, "opened_at": instant(case.opened_at),
            "closed_at": instant_or_none(case.closed_at),
            "registry_number": resolving.plain_number(number) if number else None,
            "snapshot": public, "private": private, "batch": batch,
        }  # fmt: skip

    def links(self, reference: str) -> Mapping[str, str]:
        """Field -> reference that it points at."""
        return dict(self._run(SQL["link_list"], {"reference": reference}).fetchall())

    def deadlines(self, reference: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a case's deadlines, by id, column by column as `deadline_expected` has them."""
        return iter(self._run(SQL["audit_deadlines"], {"reference": reference}))

    def deadline_expected(self, row: DeadlineRow) -> Mapping[str, Any]:
        """The row that a deadline should have."""
        d, plain = row.deadline, deadline_to_plain(row.deadline)
        return {
            "id": d.id, "case_ref": row.case, "name": d.name, "item": d.item, "owner": d.owner, "version": d.version,
            "state": row.state, "due_at": plain["due_at"], "due_on": plain["due_on"],
            "next_reminder_at": plain.get("next_reminder_at"),
            "then_at": None if d.fired_at else plain.get("then_at"), "passed_at": plain.get("passed_at"),
            "closed_at": instant_or_none(row.closed_at), "body": rewritten(plain),
        }  # fmt: skip

    def messages(self, reference: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a case's messages, in the order they were queued, column by column as `KeptMessage` has them."""
        return iter(self._run(SQL["audit_messages"], {"reference": reference}))

    def leaves(self) -> Iterator[tuple[int | None, int, str, int, str]]:
        """(leaf, id, case, n, line) of every entry: those in the tree in its order, then those that wait for it."""
        yield from self._stream(SQL["audit_leaves"])
        yield from self.waiting()

    def waiting(self) -> Iterator[tuple[None, int, str, int, str]]:
        """Those of `leaves` that wait for the tree."""
        yield from self._stream(SQL["audit_waiting"])

    def checkpoints(self) -> Iterator[tuple[int, str, str]]:
        """(size, note, when) of every checkpoint, the smallest first."""
        return iter(self._run(SQL["audit_checkpoints"]))

    def definitions(self) -> Iterator[Mapping[str, Any]]:
        """The rows of the published definitions."""
        return self._named(self._run(SQL["audit_definitions"]))

    def directory(self, table: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """(id, columns by name) of the rows of `users`, `people` or `organisations`; what they point at is an id."""
        statement, names = _DIRECTORY[table]
        for row in self._run(SQL[statement]):
            yield row[0], dict(zip(names, row[1:], strict=True))

    def grants(self) -> Iterator[tuple[str, str, str, str | None]]:
        """(user, role, first day, last day) of every row."""
        return iter(self._run(SQL["audit_grants"]))

    def schema_faults(self) -> Sequence[str]:
        """What of the schema is not as the program makes it, one sentence each."""
        return schema_faults(self._connection)

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

    def moment(self) -> str:
        """What no change of the log leaves as it is: two transactions that have it alike see the same log."""
        return str(self._run(SQL["audit_moment"]).fetchone()[0])

    def newest(self) -> int:
        """The number of the entry that was written last; about how many there are."""
        return int(self._run(SQL["audit_newest"]).fetchone()[0])

    def computed(self) -> bool:
        """Whether columns said to be computed from a line are that, or are told by `block`, to be compared."""
        found = self._run(SQL["audit_computed"]).fetchone()
        return found is not None and (found[0] is None or " ".join(found[0].split()).startswith(f"{_MADE}, CONSTRAINT"))

    def bounds(self, rows: int) -> Iterator[str]:
        """The first references of runs of chains that have about so many entries each; the first of all is empty."""
        low: str | None = ""
        while low is not None:
            yield low
            found = self._run(SQL["audit_bound"], {"low": low, "rows": rows}).fetchone()
            if found is None:
                return
            beyond = {"low": low}
            low = found[0] if found[0] != low else self._run(SQL["audit_bound_next"], beyond).fetchone()[0]

    def block(self, low: str, high: str | None) -> KeptBlock:
        """All rows of the chains from `low` on and before `high`, to the end for None."""
        entries = self._by_case("audit_block_entries", low, high, 0)
        about = self._between("audit_block_counts", low, high).fetchone()
        cases = {row[0]: row for row in self._between("audit_block_cases", low, high)}
        links: dict[str, dict[str, str]] = {}
        for case, field, target in self._between("audit_block_links", low, high):
            links.setdefault(case, {})[field] = target
        deadlines = self._by_case("audit_block_deadlines", low, high, 1)
        messages = self._by_case("audit_block_messages", low, high, 2)
        strays = not (cases.keys() | links.keys() | deadlines.keys() | messages.keys()) <= entries.keys()
        return KeptBlock(entries, cases, links, deadlines, messages, tuple(about), strays)

    def chains_between(self, low: str, high: str | None) -> tuple[str, ...]:
        """As `chains`, of the references from `low` on and before `high`."""
        return tuple(row[0] for row in self._between("audit_block_chains", low, high).fetchall())

    def counts(self) -> tuple[int, int, int]:
        """How many leaves there are, up to which place they go (its number plus one), and how many nodes."""
        leaves, places, nodes = self._run(SQL["audit_counts"]).fetchone()
        return leaves, places, nodes

    def hashes(self, level: int, start: int, end: int) -> list[bytes]:
        """The hashes of the nodes that are there on a level from `start` on and before `end`, in their order."""
        values = {"level": level, "start": start, "end": end}
        return [row[0] for row in self._run(SQL["audit_hashes"], values).fetchall()]

    def out_of_turn(self) -> bool:
        """Whether any two leaves next to each other are in another order than their entries were written in."""
        return bool(self._run(SQL["audit_out_of_turn"]).fetchone()[0])

    def last_taken(self) -> int:
        """The id of the entry that the last leaf is of, 0 where there is none."""
        found = self._run(SQL["audit_last_taken"]).fetchone()
        return 0 if found is None else int(found[0])

    def _between(self, statement: str, low: str, high: str | None) -> Any:
        """The rows of a run of chains; the last run has no end, so that no reference is beyond it."""
        return self._run(SQL[statement], {"low": low, "high": self._beyond if high is None else high})

    def _by_case(self, statement: str, low: str, high: str | None, column: int) -> dict[str, list[tuple[Any, ...]]]:
        """The rows of a run of chains, which come sorted by the chain that a column names."""
        rows = self._between(statement, low, high).fetchall()
        return {case: list(group) for case, group in groupby(rows, key=itemgetter(column))}

    @staticmethod
    def _named(cursor: Any) -> Iterator[Mapping[str, Any]]:
        names = [column[0] for column in cursor.description]
        return (dict(zip(names, row, strict=True)) for row in cursor)
