"""The append-only log: fixed statements, and the one search over all of it."""

from collections.abc import Iterator
from datetime import datetime

from engine.core.chain import leaf_hash
from engine.ports import LogLine
from engine.store.connection import Connection, streaming
from engine.store.statements import SQL
from engine.store.texts import instant

_ALL = """SELECT e.case_ref, e.n, e.line, p.payload, p.salt
FROM entries e LEFT JOIN entry_private p ON p.case_ref = e.case_ref AND p.n = e.n"""
_TIMES = {"recorded": "e.at", "occurred": "e.occ"}


class SqlLog:
    """Entries as lines; the private part stands in a row of its own, which erasure deletes."""

    def __init__(self, connection: Connection) -> None:
        self._run = connection.execute
        self._stream = streaming(connection)

    def append(self, line: LogLine) -> None:
        """Add an entry, and hand it to the sequencer. A number that is taken is refused by the database."""
        key = {"case": line.case, "n": line.n}
        self._run(SQL["entry_insert"], {"line": line.line, **key})
        self._run(SQL["entry_pending"], key)
        if line.salt is not None and line.payload is not None:
            self._run(SQL["entry_private_insert"], {"salt": line.salt, "payload": line.payload, **key})

    def entries(self, reference: str, *, after: int = 0) -> Iterator[LogLine]:
        """The entries of a chain, oldest first, streamed."""
        for row in self._run(SQL["entry_list"], {"reference": reference, "after": after}):
            yield LogLine(*row)

    def entry(self, reference: str, n: int) -> LogLine | None:
        row = self._run(SQL["entry_get"], {"reference": reference, "n": n}).fetchone()
        return None if row is None else LogLine(*row)

    def newest(self) -> LogLine | None:
        row = self._run(SQL["entry_newest"]).fetchone()
        return None if row is None else LogLine(*row)

    def last_by(self, actor: str) -> str | None:
        row = self._run(SQL["entry_last_by"], {"actor": actor}).fetchone()
        return None if row is None else str(row[0])

    def erase(self, reference: str, n: int) -> bool:
        """Delete the private part of an entry; False if there was none. The commitment in its line stays."""
        return bool(self._run(SQL["entry_private_erase"], {"case": reference, "n": n}).rowcount)

    def all(
        self,
        *,
        case: str | None = None,
        kind: str | None = None,
        event: str | None = None,
        actor: str | None = None,
        workflow: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        by: str = "recorded",
    ) -> Iterator[LogLine]:
        """Entries in the order they were committed, streamed.

        Args:
            case: Entries of that case only, and so on for the next three.
            kind: The entry's `act`.
            event: Its event.
            actor: The user's id.
            workflow: A workflow's name (all versions), or `name@version`.
            since: First instant that counts.
            until: First instant that counts no more.
            by: Which time `since` and `until` mean: `recorded` or `occurred`.
        """
        time = _TIMES[by]
        name = workflow or ""
        low, high = (name, name) if "@" in name else (f"{name}@", f"{name}A")
        asked = {
            "e.case_ref = :case": case,
            "e.kind = :kind": kind,
            "e.event = :event": event,
            "e.actor = :actor": actor,
            f"{time} >= :since": None if since is None else instant(since),
            f"{time} < :until": None if until is None else instant(until),
            "e.wf >= :low AND e.wf <= :high": workflow,
        }
        where = " AND ".join(condition for condition, value in asked.items() if value is not None)
        values = {
            "case": case, "kind": kind, "event": event, "actor": actor, "low": low, "high": high,
            "since": since and instant(since), "until": until and instant(until),
        }  # fmt: skip
        for row in self._stream(f"{_ALL}{' WHERE ' if where else ''}{where} ORDER BY e.id", values):
            yield LogLine(*row)

    def head(self, reference: str) -> tuple[int, str]:
        """(n, hash) of the last entry of a chain, (0, "") if there is none."""
        row = self._run(SQL["entry_head"], {"reference": reference}).fetchone()
        return (0, "") if row is None else (row[0], leaf_hash(row[1]))
