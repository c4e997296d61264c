"""Deadlines as rows: what the clock scans."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from engine.core.canonical import canonical, read_json
from engine.core.case import Deadline
from engine.core.plain import deadline_from_plain, deadline_to_plain
from engine.ports import DeadlineRow
from engine.store.connection import Connection, dialect_of
from engine.store.statements import SQL
from engine.store.texts import instant, instant_or_none, read_instant


class SqlDeadlines:
    """Deadlines; the columns serve the scans, the body holds the whole."""

    def __init__(self, connection: Connection) -> None:
        self._run = connection.execute
        self._run_many = connection.executemany
        self._one_writer = dialect_of(connection) == "sqlite"

    def write(self, case: str, open_ones: Sequence[Deadline], closed: Sequence[tuple[str, str, datetime]]) -> None:
        """Insert or replace the open ones given; end those in `closed` (id, state, at)."""
        if open_ones:
            self._run_many(SQL["deadline_write"], [_row(case, deadline) for deadline in open_ones])
        for deadline_id, state, at in closed:
            self._run(SQL["deadline_close"], {"id": deadline_id, "case": case, "state": state, "at": instant(at)})

    def expired(self, now: datetime, limit: int) -> tuple[tuple[str, str], ...]:
        """(case, deadline id) of open deadlines whose instant has passed unnoticed, or whose `then` is due.

        Earliest first. An instant that equals now has not passed: equal is in time (DECISIONS.md 25).
        """
        return tuple(self._run(SQL["deadline_expired"], {"now": instant(now), "limit": limit}).fetchall())

    def claim(self, deadline: str) -> bool:
        """Keep other workers from a deadline until this transaction ends; False if one is at it already.

        SQLite has one writer at a time, who needs not ask.
        """
        if self._one_writer:
            return True
        return self._run(SQL["deadline_claim"], {"id": deadline}).fetchone() is not None

    def to_remind(self, now: datetime, limit: int) -> tuple[tuple[str, str], ...]:
        """(case, deadline id) of open deadlines with a step of their ladder due, earliest first."""
        return tuple(self._run(SQL["deadline_to_remind"], {"now": instant(now), "limit": limit}).fetchall())

    def list(
        self, *, case: str | None = None, state: str | None = "open", until: datetime | None = None
    ) -> Iterator[DeadlineRow]:
        """Deadlines by instant; `until` is the last instant that counts, `state=None` means all."""
        values = {"case": case, "state": state, "until": instant_or_none(until)}
        if case is not None:
            name = "deadline_of_case"
        elif state == "open" and until is not None:
            name = "deadline_open_until"
        else:
            name = "deadline_list"
        for row in self._run(SQL[name], values):
            yield _read(row)

    def get(self, deadline: str) -> DeadlineRow | None:
        row = self._run(SQL["deadline_get"], {"id": deadline}).fetchone()
        return None if row is None else _read(row)

    def next_instant(self) -> datetime | None:
        """The next instant at which any open deadline passes, fires or reminds."""
        return read_instant(self._run(SQL["deadline_next_instant"]).fetchone()[0])


def _row(case: str, d: Deadline) -> dict[str, str | int | None]:
    return {
        "id": d.id, "case": case, "name": d.name, "item": d.item, "owner": d.owner, "version": d.version,
        "due_at": instant(d.due_at), "due_on": d.due_on.isoformat(),
        "next_reminder_at": instant_or_none(d.next_reminder_at),
        # What has been fired is due no more; the body still tells when it was.
        "then_at": instant_or_none(d.then_at) if d.fired_at is None else None,
        "passed_at": instant_or_none(d.passed_at), "body": canonical(deadline_to_plain(d)),
    }  # fmt: skip


def _read(row: tuple[str, str, str, str | None]) -> DeadlineRow:
    body, case, state, closed_at = row
    return DeadlineRow(deadline_from_plain(read_json(body)), case, state, read_instant(closed_at))
