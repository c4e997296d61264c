"""People's hand on time: extending and waiving deadlines, stopping a case's clock, taking back; which day is due."""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from engine.app.advance import Given
from engine.app.change import change
from engine.app.office import Caller, Office
from engine.core.case import Case, Deadline
from engine.core.command import Advance, Command, Correct, MoveDeadline, StopClock
from engine.core.daterule import parse_rule
from engine.core.deadline import day_due
from engine.core.definition import DeadlineRule, Definition
from engine.core.errors import NotFound
from engine.core.schedule import ends_day
from engine.core.when import add_span, parse_span
from engine.ports import UnitOfWork


def move_deadline(
    office: Office, caller: Caller, deadline: str, given: Given, *, to: str | None = None, by: str | None = None
) -> Mapping[str, Any]:
    """Extend a deadline to a day or instant (`to`) or by a span (`by`); waive it if neither is given.

    Where the workflow names an event that moves the deadline, extending it is that event: its rules decide, and
    its mail is sent.

    Args:
        office: Where.
        caller: Who.
        deadline: A deadline's id, or `REF:name`.
        given: The note that says why, and the request id.
        to: ISO day or canonical instant.
        by: `14d`, `2w`, `6m`, `5wd`: counted from the day it has now.

    Raises:
        TransitionRefused: With every reason why not; without a note it is always refused.
        NotFound: The case has no such open deadline.
    """
    reference, name = split_name(deadline)

    def make(tx: UnitOfWork, case: Case, definition: Definition, frame: Mapping[str, Any]) -> Command:
        found = _found(case, deadline, name)
        until = to
        if by is not None:
            until = add_span(found.due_on, parse_span(by), office.calendar.closed).isoformat()
        rule = definition.deadlines[found.name]
        if until is not None and rule.moved_by and frame["note"]:
            return _moving(definition, rule, rule.moved_by, until, frame)
        return MoveDeadline(deadline=found.id, to=until, **frame)

    verb = "deadline extend" if to or by else "deadline waive"
    return change(office, caller, verb, reference, given, make, deadline=deadline, to=to, by=by)


def split_name(deadline: str) -> tuple[str, str]:
    """Case and name of a deadline given as its id or as `REF:name`; the case as it was typed.

    Raises:
        NotFound: It has neither form.
    """
    reference, colon, name = deadline.rpartition(":")
    if not colon or not reference or not name:
        raise NotFound(
            f"{deadline}: name a deadline as REF:name; skede deadline list shows them",
            says="deadline_form", what=deadline,
        )  # fmt: skip
    head, hash_sign, n = reference.rpartition("#")
    return (head, name) if hash_sign and n.isdecimal() else (reference, name)


def due_day(definition: Definition, name: str, due_at: datetime, zone: tzinfo) -> date:
    """The local day on which a deadline of that name is due: midnight closes or begins a day, as its anchor says."""
    rule = parse_rule(definition.deadlines[name].due)
    return day_due(rule, due_at, zone, ends_day=ends_day(definition, rule.anchor))


def _found(case: Case, deadline: str, name: str) -> Deadline:
    """The open deadline with that id or name; `name.2` is the second of a family."""
    fitting = [d for d in case.deadlines if d.id == deadline]
    fitting = fitting or [d for d in case.deadlines if d.id.partition(":")[2] == name]
    fitting = fitting or [d for d in case.deadlines if d.name == name]
    if len(fitting) == 1:
        return fitting[0]
    open_ones = ", ".join(d.id.partition(":")[2] for d in case.deadlines) or "none"
    raise NotFound(
        f"{case.reference} has no open deadline {name}; open: {open_ones}",
        says="deadline_unknown", case=case.reference, name=name, open=open_ones,
    )  # fmt: skip


def _moving(definition: Definition, rule: DeadlineRule, event: str, until: str, frame: Mapping[str, Any]) -> Command:
    """The event that moves a deadline, with the field that it is due on, and the note as the reason."""
    values: dict[str, Any] = {parse_rule(rule.due).anchor: until}
    edges = definition.edges(event)
    if any("reason" in (*edge.needs.brings, *edge.takes) for edge in edges):
        values["reason"] = frame["note"]
    return Advance(event=event, set=values, **frame)


def stop_clock(
    office: Office, caller: Caller, reference: str, given: Given, *, start: bool = False
) -> Mapping[str, Any]:
    """Stop the clock of a case, or start it again."""
    return change(
        office, caller, "clock-start" if start else "clock-stop", reference, given,
        lambda tx, case, definition, frame: StopClock(start=start, **frame),
    )  # fmt: skip


def correct(
    office: Office, caller: Caller, reference: str, entry: int | None, given: Given, *, undo: bool = False
) -> Mapping[str, Any]:
    """Point at a wrong entry, or take back the latest transition; without an entry that one is meant."""
    return change(
        office, caller, "correct", reference, given,
        lambda tx, case, definition, frame: Correct(
            entry=max((h.n for h in case.events.values()), default=case.n) if entry is None else entry,
            undo=undo, **frame,
        ),
        entry=entry, undo=undo,
    )  # fmt: skip
