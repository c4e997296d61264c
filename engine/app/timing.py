"""People's hand on time: extending and waiving deadlines, stopping a case's clock, and taking back."""

from collections.abc import Mapping
from typing import Any

from engine.app.advance import Given
from engine.app.change import change
from engine.app.office import Caller, Office
from engine.core.case import Case
from engine.core.command import Command, Correct, MoveDeadline, StopClock
from engine.core.errors import NotFound
from engine.core.when import add_span, parse_span
from engine.ports import UnitOfWork


def move_deadline(
    office: Office, caller: Caller, deadline: str, given: Given, *, to: str | None = None, by: str | None = None
) -> Mapping[str, Any]:
    """Extend a deadline to a day or instant (`to`) or by a span (`by`); waive it if neither is given.

    Args:
        office: Where.
        caller: Who.
        deadline: A deadline's id, or `REF:name`.
        given: The note that says why, and the request id.
        to: ISO day or canonical instant.
        by: `14d`, `2w`, `6m`, `5wd`: counted from the day it has now.
    """
    reference, colon, name = deadline.partition(":")
    if not colon:
        raise NotFound(f"{deadline}: name a deadline as REF:name; skede deadline list shows them")
    reference = reference.partition("#")[0]

    def make(tx: UnitOfWork, case: Case, definition: Any, frame: Mapping[str, Any]) -> Command:
        until = to
        if by is not None:
            found = next((d for d in case.deadlines if deadline in (d.id, f"{case.reference}:{d.name}")
                          or d.name == name), None)  # fmt: skip
            if found is None:
                raise NotFound(f"{case.reference} has no open deadline {name}")
            until = add_span(found.due_on, parse_span(by), office.calendar.closed).isoformat()
        return MoveDeadline(deadline=name if "#" not in deadline else deadline, to=until, **frame)

    verb = "deadline extend" if to or by else "deadline waive"
    return change(office, caller, verb, reference, given, make, deadline=deadline, to=to, by=by)


def stop_clock(
    office: Office, caller: Caller, reference: str, given: Given, *, start: bool = False
) -> Mapping[str, Any]:
    """Stop the clock of a case, or start it again."""
    return change(
        office, caller, "clock-start" if start else "clock-stop", reference, given,
        lambda tx, case, definition, frame: StopClock(start=start, **frame),
    )  # fmt: skip


def correct(
    office: Office, caller: Caller, reference: str, entry: int, given: Given, *, undo: bool = False
) -> Mapping[str, Any]:
    """Point at a wrong entry, or take back the latest transition."""
    return change(
        office, caller, "correct", reference, given,
        lambda tx, case, definition, frame: Correct(entry=entry, undo=undo, **frame), entry=entry, undo=undo,
    )  # fmt: skip
