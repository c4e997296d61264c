"""How definitions write dates: the rule of a deadline, and the days of a series."""

import re
from datetime import date, time
from functools import lru_cache

from msgspec import Struct

from engine.core.errors import ValueMalformed
from engine.core.localday import add_months
from engine.core.when import Span, Unit, add_span, parse_span, parse_unit

_NAME = r"[a-z][a-z0-9_]*"
_RULE = re.compile(
    rf"(?P<anchor>deadline:{_NAME}|{_NAME}(?:\.{_NAME})?)"
    r"(?:\s+(?P<sign>[+-])\s+(?P<amount>[0-9]{1,4})\s+(?P<unit>(?:working\s+)?[a-z]+?))?"
    r"(?:\s+at\s+(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}))?"
)
_EACH = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


class DateRule(Struct, frozen=True):
    """`ANCHOR [+|- N unit] [at HH:MM]`.

    Attributes:
        anchor: As in docs/reference/definition-language.md: `due_on`, `entered`, `parent.end_date`, `deadline:NAME`.
        amount: Negative counts backwards; 0 where the rule has no arithmetic.
        unit: None where the rule has no arithmetic.
        at: Local time of day; None = the whole day, to 24:00, or the anchor's instant where there is no arithmetic.
    """

    anchor: str
    amount: int = 0
    unit: Unit | None = None
    at: time | None = None


@lru_cache(maxsize=512)
def parse_rule(text: str) -> DateRule:
    """The rule that a definition writes.

    Raises:
        ValueMalformed: The text is not of that form.
    """
    match = _RULE.fullmatch(text.strip())
    if match is None:
        raise ValueMalformed(
            f"{text[:60]!r} is no date rule; write ANCHOR [+|- N days|working days|weeks|months|years] [at HH:MM],"
            " for example 'entered + 14 days at 12:00'"
        )
    amount, unit = int(match["amount"] or 0), None
    if match["unit"]:
        unit = parse_unit(" ".join(match["unit"].split()))
    return DateRule(match["anchor"], -amount if match["sign"] == "-" else amount, unit, _time_of_day(match))


def _time_of_day(match: re.Match[str]) -> time | None:
    if match["hour"] is None:
        return None
    try:
        return time(int(match["hour"]), int(match["minute"]))
    except ValueError:
        raise ValueMalformed(
            f"{match[0]!r}: write 00:00 to 23:59; a rule with '+ 0 days' and without 'at' lasts to 24:00"
        ) from None


def series_dates(anchor: date, every: str | None, each: tuple[str, ...], until: date) -> list[date]:
    """The days of a series strictly between `anchor` and `until`: each counted from the anchor, never from the last.

    Args:
        anchor: Day from which all days are counted.
        every: Interval (`"6 months"`), or None.
        each: Further fixed days of each year (`"12-31"`); 29 February falls on the 28th where the year lacks it.
        until: The day before which all days lie.

    Raises:
        ValueMalformed: `every` is no span longer than nothing, or `each` names no day of the year.
    """
    days = set()
    if every is not None:
        span = parse_span(every)
        if span.amount == 0:
            raise ValueMalformed(f"{every!r} never comes to an end; write for example '6 months'")
        step = 1
        while (day := add_span(anchor, Span(step * span.amount, span.unit))) < until:
            days.add(day)
            step += 1
    for text in each:
        month, number = _day_of_year(text)
        for year in range(anchor.year, until.year + 1):
            days.add(add_months(date(year, 1, number), month - 1))
    return sorted(day for day in days if anchor < day < until)


def _day_of_year(text: str) -> tuple[int, int]:
    match = _EACH.fullmatch(text)
    month, number = (int(match[1]), int(match[2])) if match else (0, 0)
    # 2024 has all the days there are.
    if match is None or add_months(date(2024, 1, number), month - 1).day != number:
        raise ValueMalformed(f"{text!r} is no day of the year; write MM-DD, for example 12-31")
    return month, number
