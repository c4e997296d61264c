"""Deadlines as people ask about them: which there are, and how a date came about."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct

from engine.app.access import case_seen, may_see, reader
from engine.app.called import names_of
from engine.app.describe import describe_deadline
from engine.app.office import Caller, Office
from engine.app.timing import split_name
from engine.core.case import Actor, Case, Deadline
from engine.core.daterule import DateRule, parse_rule
from engine.core.deadline import Due, compute, explain
from engine.core.definition import DeadlineRule, Definition
from engine.core.entry import parse
from engine.core.errors import NotFound
from engine.core.plain import instant
from engine.core.schedule import Calendar, ends_day, moment
from engine.core.when import add_span_to_instant, parse_span
from engine.core.workdays import holiday, is_working_day
from engine.ports import DeadlineRow, UnitOfWork


class Found(Struct, frozen=True):
    """A deadline with its case and its rule."""

    row: DeadlineRow
    case: Case
    definition: Definition
    rule: DeadlineRule

    def is_overdue(self, now: datetime) -> bool:
        """Whether its instant has passed; equal is in time."""
        return self.row.state == "open" and self.row.deadline.due_at < now


def found_deadlines(
    tx: UnitOfWork, office: Office, actor: Actor, *, case: str | None = None, until: datetime | None = None,
    timers: bool = True,
) -> Iterator[Found]:  # fmt: skip
    """The open deadlines that the actor may see, by instant; `timers` are those that nobody is reminded of."""
    seen: dict[str, Case | None] = {}
    for row in tx.deadlines.list(case=case, until=until):
        if row.case not in seen:
            held = tx.cases.get(row.case)
            seen[row.case] = held if held is not None and may_see(tx, office, actor, held) else None
        holder = seen[row.case]
        if holder is None:
            continue
        definition = office.catalog.definition(tx, holder.workflow, holder.version)
        rule = definition.deadlines[row.deadline.name]
        if timers or not rule.timer:
            yield Found(row, holder, definition, rule)


def describe_found(found: Found, lang: str) -> dict[str, Any]:
    """A deadline as the contract's JSON, with the titles of what it is and whose case it belongs to."""
    told = describe_deadline(found.case.reference, found.row.deadline, found.row.state)
    return told | {"title": found.rule.title[lang], "case_title": found.case.title}


def list_deadlines(
    office: Office, caller: Caller, reference: str | None = None, *, overdue: bool = False, within: str | None = None
) -> list[dict[str, Any]]:
    """Open deadlines by instant: all, those that have passed, or those that come within a span (or both).

    Args:
        office: Where.
        caller: Who asks.
        reference: Only those of this case.
        overdue: Those whose instant has passed.
        within: A SPAN from now.
    """
    with office.store.read() as tx:
        actor = reader(tx, office, caller)
        case = case_seen(tx, office, actor, reference).reference if reference else None
        until = None
        if within is not None:
            until = add_span_to_instant(tx.now, parse_span(within), office.calendar.zone, closed=office.calendar.closed)
        elif overdue:
            until = tx.now
        return [
            describe_found(f, caller.lang) | {"overdue": late}
            for f in found_deadlines(tx, office, actor, case=case, until=until)
            for late in [f.is_overdue(tx.now)]
            if (late if overdue else not late) or bool(overdue) == bool(within)
        ]


def why(office: Office, caller: Caller, name: str) -> Mapping[str, Any]:
    """How the date of a deadline came about: its rule, what it counts from, and all that moved it since.

    Raises:
        NotFound: There is no such deadline, neither open nor ended.
    """
    reference, short = split_name(name)
    with office.store.read() as tx:
        actor = reader(tx, office, caller)
        case = case_seen(tx, office, actor, reference)
        definition = office.catalog.definition(tx, case.workflow, case.version)
        row = _row(tx, case, name, short)
        found = Found(row, case, definition, definition.deadlines[row.deadline.name])
        return describe_found(found, caller.lang) | {
            "explanation": explanation(office.calendar, found, caller.lang),
            "rule": _rule(found.rule),
            "computed": _computed(office.calendar, found, caller.lang),
            "history": list(_history(tx, case, definition, row.deadline)),
            "closed_at": instant(row.closed_at) if row.closed_at else None,
        }


def _row(tx: UnitOfWork, case: Case, name: str, short: str) -> DeadlineRow:
    """The deadline meant: by id, else the open one of that name, else the one that ended last."""
    rows = list(tx.deadlines.list(case=case.reference, state=None))
    fitting = [r for r in rows if r.deadline.id == name]
    fitting = fitting or [r for r in rows if r.deadline.id.partition(":")[2] == short]
    fitting = fitting or [r for r in rows if r.deadline.name == short]
    open_ones = [r for r in fitting if r.state == "open"]
    if len(open_ones) == 1:
        return open_ones[0]
    if fitting and not open_ones:
        return max(fitting, key=lambda r: (r.closed_at or r.deadline.opened_at, r.deadline.id))
    known = ", ".join(sorted({r.deadline.id.partition(":")[2] for r in open_ones or rows})) or "none"
    raise NotFound(
        f"{case.reference} has no one deadline {short}; there are: {known}",
        says="deadline_unknown", case=case.reference, name=short, open=known,
    )  # fmt: skip


def explanation(calendar: Calendar, found: Found, lang: str) -> str:
    """One sentence about how the date came about, ending in the date that stands."""
    deadline, rule = found.row.deadline, parse_rule(found.rule.due)
    anchor = moment(deadline.anchor)
    if anchor is None:
        return ""
    due = Due(deadline.due_on, deadline.due_at)
    return explain(
        rule, anchor, found.rule.roll, due, lang, deadline.stopped_days, zone=calendar.zone, closed=calendar.closed,
        ends_day=ends_day(found.definition, rule.anchor),
    )  # fmt: skip


def _rule(rule: DeadlineRule) -> dict[str, Any]:
    return {
        "due": rule.due, "roll": rule.roll, "while": list(rule.while_in), "pausable": rule.pausable,
        "then": rule.then, "then_after": rule.then_after, "moved_by": rule.moved_by,
    }  # fmt: skip


def _computed(calendar: Calendar, found: Found, lang: str) -> dict[str, Any] | None:
    """The days that the rule passes through, without what people did by hand."""
    deadline, rule = found.row.deadline, parse_rule(found.rule.due)
    anchor = moment(deadline.anchor)
    if anchor is None:
        return None

    def day_by(roll: Any, stopped: int) -> date:
        return _due(calendar, found, rule, anchor, roll, stopped).due_on

    counted, shifted = day_by("none", 0), day_by("none", deadline.stopped_days)
    rolled = day_by(found.rule.roll, deadline.stopped_days)
    return {
        "anchor": rule.anchor, "anchor_value": deadline.anchor, "counted_on": counted.isoformat(),
        "stopped_days": deadline.stopped_days, "shifted_on": shifted.isoformat(), "rolled_on": rolled.isoformat(),
        "roll_reasons": list(_reasons(calendar, shifted, rolled, lang)), "extended_to": deadline.extended_to,
    }  # fmt: skip


def _due(calendar: Calendar, found: Found, rule: DateRule, anchor: datetime | date, roll: Any, stopped: int) -> Due:
    return compute(
        rule, anchor, roll, calendar.zone, stopped, calendar.closed, ends_day=ends_day(found.definition, rule.anchor)
    )


def _reasons(calendar: Calendar, start: date, end: date, lang: str) -> Iterator[dict[str, str]]:
    """The days passed over, each with why it would not do."""
    step = timedelta(days=1 if end > start else -1)
    day = start
    while day != end:
        named = holiday(day)
        if named is not None:
            yield {"day": day.isoformat(), "reason": "holiday", "name": named[lang]}
        elif day.weekday() >= 5:
            yield {"day": day.isoformat(), "reason": "weekend", "name": ""}
        elif not is_working_day(day, calendar.closed):
            yield {"day": day.isoformat(), "reason": "closed", "name": ""}
        day += step


def _history(tx: UnitOfWork, case: Case, definition: Definition, deadline: Deadline) -> Iterator[dict[str, Any]]:
    """Every entry that opened, moved or ended it: who, when, to what day, and why."""
    stood: tuple[str | None, str | None] = (None, None)
    for logged in tx.log.entries(case.reference):
        entry = parse(logged.line)
        at = _touched(entry.body, deadline.id)
        if at is None:
            continue
        what, due_on, extended = at
        if what == "moved" and (due_on, extended) == stood:
            continue  # a reminder or the clock touched it; the day stayed
        stood = due_on, extended
        payload = json.loads(logged.payload) if logged.payload else {}
        login = tx.directory.login_of(entry.actor) if entry.actor.startswith("u:") else entry.actor
        yield {
            "entry": entry.name, "recorded_at": entry.at, "kind": entry.act, "event": entry.event, "what": what,
            "due_on": due_on, "extended_to": extended, "actor": login or entry.actor, "auth": entry.auth,
            "role": entry.role, "note": payload.get("note"),
            "title": next((t.title for t in definition.transitions if t.event == entry.event), None),
            "name": names_of(tx, {entry.actor}).get(entry.actor),
        }  # fmt: skip


def _touched(body: Mapping[str, Any], deadline: str) -> tuple[str, str | None, str | None] | None:
    for what in ("opened", "moved"):
        for raw in body.get(what, ()):
            if raw["id"] == deadline:
                return what, raw["due_on"], raw.get("extended_to")
    for raw in body.get("closed", ()):
        if raw["id"] == deadline:
            return str(raw["how"]), None, None
    return None
