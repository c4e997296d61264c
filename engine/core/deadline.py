"""Deadlines: which day and instant a date rule gives, and how that came about in one sentence."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from msgspec import Struct

from engine.core.daterule import DateRule, parse_rule, series_dates
from engine.core.definition import Roll
from engine.core.errors import ValueMalformed
from engine.core.localday import day_of, end_of_day, format_day, format_moment, local_moment, start_of_day
from engine.core.when import Span, Unit, add_span, add_span_to_instant
from engine.core.workdays import holiday
from engine.core.workdays import roll as roll_day

__all__ = ["DateRule", "Due", "compute", "end_of_day", "explain", "parse_rule", "series_dates", "start_of_day"]

_NONE: frozenset[date] = frozenset()


class Due(Struct, frozen=True):
    """When something is due: the last local day, and the instant (UTC) after which it is late."""

    due_on: date
    due_at: datetime


class _Steps(Struct, frozen=True):
    """The days that a rule passes through: the anchor's, then counted, then shifted by a stopped clock, then rolled."""

    anchored: date
    counted: date
    shifted: date
    rolled: date
    instant: datetime | None


def _steps(
    rule: DateRule,
    anchor_value: datetime | date,
    roll: Roll,
    zone: tzinfo,
    stopped_days: int,
    closed: frozenset[date],
    ends_day: bool,
) -> _Steps:
    instant = None
    anchored = anchor_value
    if isinstance(anchor_value, datetime):
        if anchor_value.tzinfo is None:
            raise ValueMalformed(f"{rule.anchor}: {anchor_value.isoformat()} has no time zone; instants are aware")
        anchored = day_of(anchor_value, zone, ends_day=ends_day)
        if rule.unit is None and rule.at is None:
            instant = anchor_value.astimezone(UTC)
    counted = anchored if rule.unit is None else add_span(anchored, Span(rule.amount, rule.unit), closed)
    shifted = add_span(counted, Span(stopped_days, "days"))
    if instant and not stopped_days:
        roll = "none"
    return _Steps(anchored, counted, shifted, roll_day(shifted, roll, closed), instant)


def compute(
    rule: DateRule,
    anchor_value: datetime | date,
    roll: Roll,
    zone: tzinfo,
    stopped_days: int = 0,
    closed: frozenset[date] = _NONE,
    *,
    ends_day: bool = False,
) -> Due:
    """The day and the instant that a rule gives.

    An instant without arithmetic is that instant, whatever `roll` says; only a stopped clock moves it, and it keeps
    its local time. Everything else is a local day that lasts to 24:00, unless the rule says `at`. Stopped days shift
    the day before it is rolled (DECISIONS.md 31).

    Args:
        rule: What the definition says.
        anchor_value: An aware datetime, or a local day.
        roll: Where a day goes that is no working day.
        zone: The office's time zone.
        stopped_days: Days that the clock of the case stood still.
        closed: Further days on which the office is closed.
        ends_day: The anchor is a closing time, so that at local midnight it belongs to the day before (fields with
            `day = "end"`, the instants of other deadlines).

    Raises:
        ValueMalformed: The anchor is an instant without zone, or the day would lie outside the calendar.
    """
    steps = _steps(rule, anchor_value, roll, zone, stopped_days, closed, ends_day)
    if steps.instant is None:
        at = rule.at
        return Due(steps.rolled, end_of_day(steps.rolled, zone) if at is None else local_moment(steps.rolled, at, zone))
    if steps.rolled == steps.anchored:
        return Due(steps.anchored, steps.instant)
    moved = Span((steps.rolled - steps.anchored).days, "days")
    return Due(steps.rolled, add_span_to_instant(steps.instant, moved, zone, ends_day=ends_day))


def day_due(rule: DateRule, due_at: datetime, zone: tzinfo, *, ends_day: bool = False) -> date:
    """The local day of an instant that the rule gave, also where the deadline was extended since.

    Midnight is the end of a day, as days last to 24:00; unless the rule says `at 00:00`, or is the anchor's own instant
    and that begins a day (`ends_day` as in `compute`).
    """
    if rule.at is not None:
        return day_of(due_at, zone, ends_day=rule.at != time(0))
    return day_of(due_at, zone, ends_day=ends_day or rule.unit is not None)


_UNITS: dict[str, dict[Unit, tuple[str, str]]] = {
    "sv": {
        "days": ("dag", "dagar"),
        "working days": ("arbetsdag", "arbetsdagar"),
        "weeks": ("vecka", "veckor"),
        "months": ("månad", "månader"),
        "years": ("år", "år"),
    },
    "en": {
        "days": ("day", "days"),
        "working days": ("working day", "working days"),
        "weeks": ("week", "weeks"),
        "months": ("month", "months"),
        "years": ("year", "years"),
    },
}
_WORDS = {
    "sv": {
        "given_day": "dagen är given, {day}",
        "given_moment": "tidpunkten är given, {moment}",
        "after": "{span} efter {day} = {result}",
        "before": "{span} före {day} = {result}",
        "clipped": " (månadens sista dag)",
        "stopped": "klockan stod still {span}: {result}",
        "forward": "flyttat framåt till {result} eftersom {reasons}",
        "back": "flyttat bakåt till {result} eftersom {reasons}",
        "moved": "ändrat till {result}",
        "is": "{day} är {what}",
        "closed": "en dag då kontoret är stängt",
        "and": " och ",
        "whole_day": "gäller till dagens slut kl. 24.00",
        "at": "gäller till {moment}",
    },
    "en": {
        "given_day": "the day is given, {day}",
        "given_moment": "the moment is given, {moment}",
        "after": "{span} after {day} = {result}",
        "before": "{span} before {day} = {result}",
        "clipped": " (the last day of the month)",
        "stopped": "the clock stood still for {span}: {result}",
        "forward": "moved forward to {result} because {reasons}",
        "back": "moved back to {result} because {reasons}",
        "moved": "changed to {result}",
        "is": "{day} is {what}",
        "closed": "a day on which the office is closed",
        "and": " and ",
        "whole_day": "it lasts to the end of that day, 24:00",
        "at": "it lasts to {moment}",
    },
}
_WEEKEND = {"sv": ("en lördag", "en söndag"), "en": ("a Saturday", "a Sunday")}


def explain(
    rule: DateRule,
    anchor_value: datetime | date,
    roll: Roll,
    due: Due,
    lang: str,
    stopped_days: int = 0,
    *,
    zone: tzinfo,
    closed: frozenset[date] = _NONE,
    ends_day: bool = False,
) -> str:
    """How a due date came about, in one sentence of the language `sv` or `en`.

    The sentence ends in the `due` that stands, also where someone has changed it by hand. The other arguments are
    those of `compute`.
    """
    words = _WORDS[lang]
    steps = _steps(rule, anchor_value, roll, zone, stopped_days, closed, ends_day)
    clauses = [_origin(rule, steps, lang, zone, ends_day=ends_day)]
    if stopped_days:
        stood = _amount(stopped_days, "days", lang)
        clauses.append(words["stopped"].format(span=stood, result=format_day(steps.shifted, lang)))
    if steps.rolled != steps.shifted:
        direction = "forward" if steps.rolled > steps.shifted else "back"
        reasons = _reasons(steps.shifted, steps.rolled, lang)
        clauses.append(words[direction].format(result=format_day(steps.rolled, lang), reasons=reasons))
    if due.due_on != steps.rolled:
        clauses.append(words["moved"].format(result=format_day(due.due_on, lang)))
    if due.due_at == end_of_day(due.due_on, zone):
        clauses.append(words["whole_day"])
    elif steps.instant != due.due_at:
        clauses.append(words["at"].format(moment=format_moment(due.due_at, lang, zone, ends_day=ends_day)))
    sentence = "; ".join(clauses)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _origin(rule: DateRule, steps: _Steps, lang: str, zone: tzinfo, *, ends_day: bool) -> str:
    words, day = _WORDS[lang], format_day(steps.anchored, lang)
    if steps.instant is not None:
        return words["given_moment"].format(moment=format_moment(steps.instant, lang, zone, ends_day=ends_day))
    if rule.unit is None:
        return words["given_day"].format(day=day)
    text = words["before" if rule.amount < 0 else "after"].format(
        span=_amount(abs(rule.amount), rule.unit, lang), day=day, result=format_day(steps.counted, lang)
    )
    clipped = rule.unit in ("months", "years") and steps.counted.day != steps.anchored.day
    return text + words["clipped"] if clipped else text


def _amount(amount: int, unit: Unit, lang: str) -> str:
    one, many = _UNITS[lang][unit]
    return f"{amount} {one if amount == 1 else many}"


def _reasons(start: date, end: date, lang: str) -> str:
    """Why none of the days from `start` up to, and without, `end` would do."""
    words = _WORDS[lang]
    step = timedelta(days=1 if end > start else -1)
    reasons = []
    day = start
    while day != end:
        name = holiday(day)
        if name is not None:
            what = name[lang]
        else:
            what = words["closed"] if day.weekday() < 5 else _WEEKEND[lang][day.weekday() - 5]
        reasons.append(words["is"].format(day=format_day(day, lang), what=what))
        day += step
    return words["and"].join(part for part in (", ".join(reasons[:-1]), reasons[-1]) if part)
