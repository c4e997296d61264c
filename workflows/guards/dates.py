"""Guards and fills that any workflow may use about time: dates in fields, and deadlines of the case."""

from datetime import date, datetime, timedelta

from engine.core.case import Deadline
from engine.core.errors import Refusal
from engine.core.guard import Context
from engine.core.plain import instant
from engine.core.when import add_span, parse_date, parse_span
from workflows.guards.registry import registry
from workflows.guards.values import Refusals, empty, fired, has_come, local_day, moment

TICK = timedelta(microseconds=1)
"""The least that an instant lies before another."""


@registry.guard("reached@1", field=str)
def reached(context: Context, /, *, field: str) -> Refusals:
    """The field's instant has come, or its day begun, when the event happens."""
    when = moment(context.data.get(field))
    if when is None:
        yield Refusal("field_missing", {"field": field}, f"skede amend {{case}} -s {field}=…")
    elif not has_come(context, when):
        yield Refusal("not_reached", {"field": field, "when": context.data[field]})


@registry.guard("ahead@1", field=str)
def ahead(context: Context, /, *, field: str) -> Refusals:
    """The field's instant, or day, still lies ahead when the event happens; silent where it is empty."""
    when = moment(context.data.get(field))
    if when is not None and has_come(context, when):
        yield Refusal("not_ahead", {"field": field, "when": context.data[field]})


@registry.guard("not_in_future@1", field=str)
def not_in_future(context: Context, /, *, field: str) -> Refusals:
    """What a field says has happened lies no later than its recording; silent where it is empty."""
    when = moment(context.data.get(field))
    if when is not None and (when > context.now if isinstance(when, datetime) else when > context.today):
        yield Refusal("in_future", {"field": field, "when": context.data[field]})


@registry.guard("later_than@1", field=str, other=str)
def later_than(context: Context, /, *, field: str, other: str) -> Refusals:
    """One date or instant lies after another of the same type; silent where one of them is empty."""
    value, bound = context.data.get(field), context.data.get(other)
    if not empty(value) and not empty(bound) and str(value) <= str(bound):
        yield Refusal("not_later", {"field": field, "value": value, "other": other, "bound": bound})


@registry.guard("not_before@1", field=str, other=str)
def not_before(context: Context, /, *, field: str, other: str) -> Refusals:
    """One date or instant lies on or after another of the same type; silent where one of them is empty."""
    value, bound = context.data.get(field), context.data.get(other)
    if not empty(value) and not empty(bound) and str(value) < str(bound):
        yield Refusal("before", {"field": field, "value": value, "other": other, "bound": bound})


@registry.guard("day_not_before@1", field=str, other=str)
def day_not_before(context: Context, /, *, field: str, other: str) -> Refusals:
    """A day is the local day of an instant or a later one; silent where one of them is empty.

    An instant of 24:00 belongs to the day that it ends.
    """
    value, bound = context.data.get(field), moment(context.data.get(other))
    if empty(value) or bound is None:
        return
    day = bound if not isinstance(bound, datetime) else (bound - TICK).astimezone(context.zone).date()
    if parse_date(str(value)) < day:
        yield Refusal("before", {"field": field, "value": value, "other": other, "bound": day.isoformat()})


@registry.guard("day_reached@1", field=str)
def day_reached(context: Context, /, *, field: str) -> Refusals:
    """The local day of the field's instant has begun when the event happens; silent where it is empty."""
    when = moment(context.data.get(field))
    if when is not None and context.today < local_day(context, when):
        yield Refusal("not_reached", {"field": field, "when": context.data[field]})


@registry.guard("later_than_before@1", field=str)
def later_than_before(context: Context, /, *, field: str) -> Refusals:
    """The new date or instant lies after the one that the case had."""
    value, old = context.data.get(field), context.case.data.get(field)
    if not empty(value) and not empty(old) and str(value) <= str(old):
        yield Refusal("not_later_than_before", {"field": field, "value": value, "before": old})


@registry.guard("deadline_passed@1", optional=("after",), deadline=str, after=str)
def deadline_passed(context: Context, /, *, deadline: str, after: str | None = None) -> Refusals:
    """The deadline (of several, one of them) has passed, and then so much time more."""
    open_ones = [d for d in context.case.deadlines if d.name == deadline]
    if not open_ones:
        yield Refusal("deadline_not_open", {"deadline": deadline})
    elif not any(_passed(context, d, after) for d in open_ones):
        params = {"deadline": deadline, "due": min(d.due_on for d in open_ones).isoformat()}
        if after is None:
            yield Refusal("deadline_not_passed", params)
        else:
            yield Refusal("grace_not_passed", {**params, "after": after})


@registry.guard("passed_if_fired@1", deadline=str)
def passed_if_fired(context: Context, /, *, deadline: str) -> Refusals:
    """The clock may do it only once the deadline has passed; people may at any time."""
    if fired(context):
        yield from deadline_passed(context, deadline=deadline)


@registry.guard("not_before_deadline@1", deadline=str)
def not_before_deadline(context: Context, /, *, deadline: str) -> Refusals:
    """While the deadline is open it has passed: time that was given is not cut short."""
    for found in context.case.deadlines:
        if found.name == deadline and not _passed(context, found, None):
            yield Refusal("deadline_not_passed", {"deadline": deadline, "due": found.due_on.isoformat()})


@registry.guard("no_open_deadline@1", deadline=str)
def no_open_deadline(context: Context, /, *, deadline: str) -> Refusals:
    """No deadline of the name is open."""
    for found in context.case.deadlines:
        if found.name == deadline:
            params = {"deadline": deadline, "item": found.item, "due": found.due_on.isoformat()}
            yield Refusal("deadline_open", params)


@registry.fill("today@1")
def today(context: Context, /) -> str:
    """The local day on which the event happens."""
    return context.today.isoformat()


@registry.fill("happened_at@1")
def happened_at(context: Context, /) -> str:
    """The instant at which the event happens."""
    return instant(context.at)


def _passed(context: Context, deadline: Deadline, after: str | None) -> bool:
    if after is None:
        return context.at >= deadline.due_at
    last_day: date = add_span(deadline.due_on, parse_span(after))
    return context.today > last_day
