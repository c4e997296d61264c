"""Which deadlines a change opens, moves and ends (DECISIONS.md 26, 30, 31).

A deadline lives while its case is in a set of states, so that none can be left open by mistake; its date is
computed from its anchor every time anew, so that it follows wherever the anchor moves.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.core.case import Case, Deadline
from engine.core.deadline import compute, parse_rule
from engine.core.definition import DeadlineRule, Definition
from engine.core.errors import Refusal, TransitionRefused
from engine.core.facts import Facts
from engine.core.ladder import Step, step_instants
from engine.core.localday import day_of
from engine.core.plain import instant
from engine.core.when import Span, add_span_to_instant, parse_span


@dataclass(frozen=True, slots=True)
class Calendar:
    """The office's time: its zone, its own closing days, and when mail may leave on working days."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Stockholm"))
    closed: frozenset[date] = frozenset()
    window_start: time = time(8)
    window_end: time = time(16)

    def day(self, at: datetime) -> date:
        """The local day of an instant."""
        return at.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Ended:
    """A deadline that ended: `how` is met, expired, waived or cancelled."""

    deadline: Deadline
    how: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What a change does to the deadlines of a case; `suppressed` are steps that were past at the opening."""

    opened: tuple[Deadline, ...] = ()
    moved: tuple[Deadline, ...] = ()
    ended: tuple[Ended, ...] = ()
    suppressed: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """What deadlines are computed in: the case as the change leaves it, and the moment.

    Attributes:
        case: Case after the change, with its new state and data.
        n: Number of the entry that records it.
        occurred: When it happened; `now` when it is recorded.
    """

    definition: Definition
    calendar: Calendar
    facts: Facts
    case: Case
    n: int
    occurred: datetime
    now: datetime


def after_move(setting: Setting, source: str | None, event: str, item: int | None) -> Changes:
    """The deadlines after a move from `source` (None for an opening) by an event.

    Args:
        setting: The case in its new state.
        source: The state it left.
        event: The event that was fired.
        item: Which item of a `for_each` deadline the event is about, if one.

    Raises:
        TransitionRefused: A deadline that would open has nothing to count from.
    """
    opened: list[Deadline] = []
    moved: list[Deadline] = []
    ended: list[Ended] = []
    suppressed: list[tuple[str, int]] = []
    refusals: list[Refusal] = []
    state = setting.case.state
    for rule in setting.definition.deadlines.values():
        open_ones = [d for d in setting.case.deadlines if d.name == rule.name]
        going = [d for d in open_ones if _ends(rule, d, state, event, item)]
        ended += (Ended(d, _how(rule, d, event)) for d in going)
        staying = [d for d in open_ones if d not in going]
        if not _opens(rule, source, state, event, bool(open_ones)):
            continue
        for number in items_of(rule, setting.case.data):
            again = next((d for d in staying if d.item == number), None)
            # What came after the event, but before it was recorded, was missed, and is made up for (DECISIONS.md 30).
            made = new_deadline(setting, rule, number, again, since=setting.occurred)
            if isinstance(made, Refusal):
                refusals.append(made)
                continue
            (moved if again else opened).append(made)
            suppressed += ((made.id, step.offset_days) for step in steps_of(setting, rule, made)[: made.step])
    if refusals:
        raise TransitionRefused(reasons=refusals)
    follow = _followed(setting, {d.id for d in moved} | {e.deadline.id for e in ended})
    return Changes(tuple(opened), (*moved, *follow), tuple(ended), tuple(suppressed))


def after_change(setting: Setting) -> Changes:
    """The deadlines after a change that is not a move: those whose anchor has moved follow it."""
    return Changes(moved=tuple(_followed(setting, set())))


def _ends(rule: DeadlineRule, deadline: Deadline, state: str, event: str, item: int | None) -> bool:
    if state not in rule.while_in:
        return True
    if event in rule.met_by:
        return item is None or rule.for_each is None or deadline.item == item
    return event in rule.cancelled_by


def _how(rule: DeadlineRule, deadline: Deadline, event: str) -> str:
    if deadline.fired_at is not None and event == rule.then:
        return "expired"
    return "met" if event in rule.met_by else "cancelled"


def _opens(rule: DeadlineRule, source: str | None, state: str, event: str, is_open: bool) -> bool:
    if state not in rule.while_in:
        return False
    if rule.opened_by:
        return event in rule.opened_by
    return not is_open and (source is None or source not in rule.while_in)


def items_of(rule: DeadlineRule, data: Mapping[str, Any]) -> Sequence[int | None]:
    """The instances of a rule: one for each record of its list, or the one that has no number."""
    if rule.for_each is None:
        return (None,)
    return range(1, len(data.get(rule.for_each) or ()) + 1)


def new_deadline(
    setting: Setting, rule: DeadlineRule, item: int | None, again: Deadline | None, *, since: datetime | None = None
) -> Deadline | Refusal:
    """A deadline as it opens, or anew in place of `again`; a refusal where it has nothing to count from.

    Args:
        setting: The case and the moment.
        rule: The deadline's rule.
        item: Which of a family.
        again: The open one that it takes the place of.
        since: Steps of the ladder before this instant are behind it; None = before now.
    """
    opened_at = setting.occurred
    anchor = anchor_value(setting, parse_rule(rule.due).anchor, rule, item, opened_at)
    if anchor is None:
        return Refusal("anchor_missing", {"deadline": rule.name, "anchor": parse_rule(rule.due).anchor})
    suffix = rule.name if item is None else f"{rule.name}.{item}"
    deadline = Deadline(
        id=again.id if again else f"{setting.case.reference}#{setting.n}:{suffix}", name=rule.name, owner=rule.owner,
        opened_at=opened_at, due_at=opened_at, due_on=setting.calendar.day(opened_at), anchor="", item=item,
        version=again.version + 1 if again else 1,
    )  # fmt: skip
    return dated(setting, rule, deadline, anchor, since=since or setting.now)


def dated(
    setting: Setting, rule: DeadlineRule, deadline: Deadline, anchor: datetime | date, since: datetime | None
) -> Deadline:
    """The deadline with its date, its next reminder and its `then` computed from an anchor.

    Args:
        setting: For the calendar and the ladder.
        rule: The rule of the deadline.
        deadline: The deadline to date.
        anchor: What it counts from.
        since: Steps before this instant are behind it; None keeps the steps dealt with.
    """
    calendar = setting.calendar
    parsed = parse_rule(rule.due)
    due = compute(
        parsed, anchor, rule.roll, calendar.zone, deadline.stopped_days, calendar.closed,
        ends_day=ends_day(setting.definition, parsed.anchor),
    )  # fmt: skip
    made = replace(
        deadline, anchor=_written(anchor), due_at=due.due_at, due_on=due.due_on,
        then_at=then_at(rule, due.due_at, calendar.zone), passed_at=None,
    )  # fmt: skip
    return with_steps(setting, rule, made, since)


def with_steps(setting: Setting, rule: DeadlineRule, deadline: Deadline, since: datetime | None) -> Deadline:
    """The deadline with the step that comes next, and its instant."""
    steps = steps_of(setting, rule, deadline)
    done = deadline.step if since is None else sum(1 for step in steps if step.at < since)
    done = min(done, len(steps))
    return replace(deadline, step=done, next_reminder_at=steps[done].at if done < len(steps) else None)


def steps_of(setting: Setting, rule: DeadlineRule, deadline: Deadline) -> tuple[Step, ...]:
    """The ladder of a deadline as instants, in order."""
    if rule.timer or not rule.remind:
        return ()
    steps, escalate = ladder(setting.definition, rule)
    base: datetime | date = deadline.due_on
    if rule.remind_from:
        base = anchor_value(setting, rule.remind_from, rule, deadline.item, deadline.opened_at) or deadline.due_on
    calendar = setting.calendar
    ends = ends_day(setting.definition, rule.remind_from or "")
    day = day_of(base, calendar.zone, ends_day=ends) if isinstance(base, datetime) else base
    return step_instants(steps, escalate, day, calendar.zone, calendar.window_start, calendar.closed)


def ladder(definition: Definition, rule: DeadlineRule) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """The steps of a rule and whom each tells beside the usual recipients."""
    if isinstance(rule.remind, str):
        named = definition.ladders[rule.remind]
        steps, escalate = named.steps, dict(named.escalate)
    else:
        steps, escalate = rule.remind, {}
    for step, tokens in rule.escalate.items():
        escalate[step] = (*escalate.get(step, ()), *tokens)
    return steps, escalate


def then_at(rule: DeadlineRule, due_at: datetime, zone: ZoneInfo) -> datetime | None:
    """When the event of `then` is to be fired: at the deadline's instant, or its span later by the local clock."""
    if rule.then is None:
        return None
    if rule.then_after is None:
        return due_at
    return add_span_to_instant(due_at, parse_span(rule.then_after), zone, ends_day=True)


def _followed(setting: Setting, settled: set[str]) -> Iterator[Deadline]:
    """Open deadlines of living rules whose computed date is another one now."""
    for deadline in setting.case.deadlines:
        rule = setting.definition.deadlines.get(deadline.name)
        if rule is None or deadline.id in settled or deadline.extended_to or setting.case.state not in rule.while_in:
            continue
        anchor = anchor_value(setting, parse_rule(rule.due).anchor, rule, deadline.item, deadline.opened_at)
        if anchor is None or _written(anchor) == deadline.anchor:
            continue
        bumped = replace(deadline, version=deadline.version + 1)
        yield dated(setting, rule, bumped, anchor, since=setting.now)


def anchor_value(
    setting: Setting, anchor: str, rule: DeadlineRule, item: int | None, opened_at: datetime
) -> datetime | date | None:
    """What an anchor stands for now, or None while it is empty."""
    case = setting.case
    head, _, tail = anchor.partition(".")
    if anchor == "entered":
        return opened_at
    if anchor.startswith("deadline:"):
        other = case.deadline(anchor.removeprefix("deadline:"))
        return other.due_on if other else None
    if not tail:
        return moment(case.data.get(anchor))
    if head == "item":
        records = case.data.get(rule.for_each or "") or ()
        return moment(records[(item or 1) - 1].get(tail)) if len(records) >= (item or 1) else None
    reference = case.parent if head == "parent" else case.data.get(head)
    related = setting.facts.case(f"@{reference}") if reference else None
    return moment(related.data.get(tail)) if related else None


def _written(anchor: datetime | date) -> str:
    return instant(anchor) if isinstance(anchor, datetime) else anchor.isoformat()


def moment(value: Any) -> datetime | date | None:
    """The date or instant of a plain JSON value."""
    if not value:
        return None
    return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)


def ends_day(definition: Definition, anchor: str) -> bool:
    """Whether midnight in this anchor is the end of a day (24:00) and not the start of the next.

    A closing time is given as the end of its day; what a case has entered, or a field that begins a day, is not.
    """
    if anchor == "entered":
        return False
    field = definition.fields.get(anchor)
    return field is None or field.day != "start"


def restarted(setting: Setting, days: int) -> Iterator[Deadline]:
    """The pausable deadlines of a case whose clock starts again, moved by the days that it stood still."""
    for deadline in setting.case.deadlines:
        rule = setting.definition.deadlines.get(deadline.name)
        if rule is None or not rule.pausable or days == 0:
            continue
        longer = replace(deadline, stopped_days=deadline.stopped_days + days, version=deadline.version + 1)
        if deadline.extended_to:
            due = end_moved(deadline, days, setting.calendar.zone)
            yield with_steps(setting, rule, replace(longer, **due), setting.now)
            continue
        anchor = moment(deadline.anchor)
        if anchor is not None:
            yield dated(setting, rule, longer, anchor, since=setting.now)


def end_moved(deadline: Deadline, days: int, zone: ZoneInfo) -> dict[str, Any]:
    """The date of an extended deadline, so many days later by the local clock."""
    at = add_span_to_instant(deadline.due_at, Span(days, "days"), zone, ends_day=True)
    return {"due_at": at, "due_on": deadline.due_on + timedelta(days=days), "passed_at": None}
