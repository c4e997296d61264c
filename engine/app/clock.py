"""The clock of a sandbox: where it stands, and how it is moved. A real home's clock is not ours to move."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from engine.app.access import known_actor
from engine.app.again import again
from engine.app.digest import next_digest
from engine.app.office import Caller, Office
from engine.app.record import record_office
from engine.app.tick import Ticked, tick
from engine.core.errors import Refusal, TransitionRefused
from engine.core.localday import start_of_day
from engine.core.plain import instant
from engine.core.when import add_span_to_instant, parse_span, parse_when
from engine.ports import UnitOfWork

MOMENT = timedelta(seconds=1)
"""What is due at an instant has passed just after it: equal is in time (DECISIONS.md 25)."""


def clock_now(office: Office) -> Mapping[str, Any]:
    """Where the clock stands, and whether it is a sandbox's."""
    with office.store.read() as tx:
        return {
            "now": instant(tx.now), "local": tx.now.astimezone(office.calendar.zone).isoformat(timespec="seconds"),
            "sandbox": tx.settings.get("sandbox") == "1",
        }  # fmt: skip


def goal_of(office: Office, *, when: str | None = None, span: str | None = None) -> tuple[datetime, datetime]:
    """The instant where the clock stands, and the one that a WHEN or a SPAN from it means; a bare date begins its day.

    Raises:
        ValueMalformed: It is no moment, or no span.
    """
    zone = office.calendar.zone
    with office.store.read() as tx:
        now = tx.now
    if span is not None:
        return now, add_span_to_instant(now, parse_span(span), zone, closed=office.calendar.closed)
    found = parse_when(when or "now", zone, now=now)
    return now, found if isinstance(found, datetime) else start_of_day(found, zone)


@again
def move_clock(office: Office, caller: Caller, goal: datetime, *, ticking: bool = False) -> Mapping[str, Any]:
    """Put a sandbox's clock there at once; with `ticking` only write down that it is about to go there.

    Raises:
        TransitionRefused: The home is real, the caller is no user, or the clock would go back.
    """
    with office.store.write() as tx:
        actor = known_actor(tx, office, caller)
        _refuse_unless_forward(tx, goal)
        told = {"from": instant(tx.now), "to": instant(goal)}
        record_office(tx, actor, caller.auth, "clock", told | ({"tick": True} if ticking else {}))
        if not ticking:
            tx.settings.put("clock", instant(goal))
        return told


def _refuse_unless_forward(tx: UnitOfWork, goal: datetime) -> None:
    if tx.settings.get("sandbox") != "1":
        raise TransitionRefused(reasons=[Refusal("clock_is_real")])
    if goal < tx.now:
        raise TransitionRefused(reasons=[Refusal("clock_goes_back", {"now": instant(tx.now), "to": instant(goal)})])


def forward(office: Office, caller: Caller, goal: datetime) -> Iterator[tuple[datetime, Ticked]]:
    """Let a sandbox's clock run to an instant, stopping for a tick wherever something falls due.

    Yields:
        Each moment at which it stopped, the goal last, and what the tick there did.

    Raises:
        TransitionRefused: The home is real, the caller is no user, or the clock would go back.
    """
    move_clock(office, caller, goal, ticking=True)
    while True:
        with office.store.read() as tx:
            now = tx.now
        # Months that go by in a moment get one seal, at their end.
        yield now, tick(office, sealing=now >= goal)
        if now >= goal:
            return
        with office.store.write() as tx:
            coming = next_due(tx, office)
            there = goal if coming is None else min(coming + MOMENT, goal)
            tx.settings.put("clock", instant(there))


def next_due(tx: UnitOfWork, office: Office) -> datetime | None:
    """The next instant after now at which a deadline passes, fires or reminds, a message may leave, or a day begins."""
    now = tx.now
    deadline = tx.deadlines.next_instant()
    if deadline is not None and deadline <= now:
        # What stays due (a stopped clock, a refused event) would hide all that comes after it.
        deadline = min((at for at in _instants(tx) if at > now), default=None)
    message = tx.messages.next_instant()
    return min((at for at in (deadline, message, next_digest(tx, office)) if at is not None and at > now), default=None)


def _instants(tx: UnitOfWork) -> Iterator[datetime]:
    for row in tx.deadlines.list():
        found = row.deadline
        if found.passed_at is None:
            yield found.due_at
        if found.then_at is not None and found.fired_at is None:
            yield found.then_at
        if found.next_reminder_at is not None:
            yield found.next_reminder_at
