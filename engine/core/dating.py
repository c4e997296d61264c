"""One deadline: its day and instant, its next reminder, and when its event is to be fired."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from engine.core.anchor import Setting, anchor_value, ends_day, written
from engine.core.case import Deadline
from engine.core.deadline import compute, parse_rule
from engine.core.definition import DeadlineRule, Definition
from engine.core.errors import Refusal
from engine.core.ladder import Step, step_instants
from engine.core.localday import day_of
from engine.core.when import Span, add_span_to_instant, parse_span


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
    made = replace(deadline, anchor=written(anchor), due_at=due.due_at, due_on=due.due_on)
    return with_steps(setting, rule, timed(setting, rule, made), since)


def timed(setting: Setting, rule: DeadlineRule, deadline: Deadline) -> Deadline:
    """The deadline with its `then` at the right instant: what lies ahead again has neither passed nor been fired."""
    fires = then_at(rule, deadline.due_at, setting.calendar.zone)
    ahead, unfired = setting.now <= deadline.due_at, fires is None or setting.now <= fires
    return replace(
        deadline, then_at=fires, passed_at=None if ahead else deadline.passed_at,
        fired_at=None if unfired else deadline.fired_at,
    )  # fmt: skip


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


def postponed(setting: Setting, rule: DeadlineRule, deadline: Deadline, days: int) -> Deadline:
    """An extended deadline so many days later by the local clock."""
    zone = setting.calendar.zone
    at = add_span_to_instant(deadline.due_at, Span(days, "days"), zone, ends_day=True)
    moved = replace(deadline, due_at=at, due_on=deadline.due_on + timedelta(days=days))
    return timed(setting, rule, moved)
