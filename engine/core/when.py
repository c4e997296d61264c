"""Moments and spans as people type them, and instants as the log writes them.

Nothing is guessed: a local time that happens twice, or not at all, is refused with the way to write what was meant.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Literal

from msgspec import Struct

from engine.core.errors import ValueMalformed
from engine.core.localday import FIRST_DAY, LAST_DAY, add_months, day_of, end_of_day, local_moment
from engine.core.workdays import add_working_days

Unit = Literal["days", "working days", "weeks", "months", "years"]

_SHORT: dict[str, Unit] = {"d": "days", "w": "weeks", "m": "months", "y": "years", "wd": "working days"}
_LONG: dict[str, Unit] = {
    name: unit for unit in ("days", "working days", "weeks", "months", "years") for name in (unit, unit[:-1])
}
_SPAN = re.compile(r"\+?\s*([0-9]{1,4})\s*([a-z]+(?: [a-z]+)?)")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?"
    r"(?: ?([Zz]|[+-][0-9]{2}:[0-9]{2}))?"
)
_CALENDAR = date(2, 1, 1), date(9998, 12, 31)
_TODAY = {"today": 0, "idag": 0, "yesterday": -1, "igår": -1, "tomorrow": 1, "imorgon": 1}
_EXAMPLES = "2026-08-31, 2026-08-31T12:00 or 2026-08-31T12:00+02:00"


class Span(Struct, frozen=True):
    """A length of time in the calendar; negative amounts count backwards."""

    amount: int
    unit: Unit


def parse_unit(text: str) -> Unit:
    """`day`, `days`, `working days`, ... as one of the units.

    Raises:
        ValueMalformed: There is no such unit.
    """
    unit = _LONG.get(text)
    if unit is None:
        raise ValueMalformed(f"{text!r} is no unit of time; write days, working days, weeks, months or years")
    return unit


def parse_span(text: str) -> Span:
    """`14d`, `2w`, `6m`, `1y`, `5wd` (working days), or `14 days` as definitions write it.

    Raises:
        ValueMalformed: The text is no span.
    """
    match = _SPAN.fullmatch(text.strip().lower())
    unit = match and (_SHORT.get(match[2]) or _LONG.get(match[2]))
    if match is None or not unit:
        raise ValueMalformed(
            f"{text[:40]!r} is no span; write for example 14d, 2w, 6m, 1y or 5wd (working days)",
            says="no_span", what=text[:40],
        )  # fmt: skip
    return Span(int(match[1]), unit)


def add_span(day: date, span: Span, closed: frozenset[date] = frozenset()) -> date:
    """The day so much later. Months and years keep the day number, or take the month's last day (1 § lag 1930:173).

    Raises:
        ValueMalformed: The day would lie outside the calendar.
    """
    try:
        later = _add(day, span, closed)
    except OverflowError:
        later = date.max
    # What is computed further from a day (its end, its next working day) must lie in the calendar too.
    if not _CALENDAR[0] < later < _CALENDAR[1]:
        raise ValueMalformed(
            f"{span.amount} {span.unit} from {day} lies outside the calendar; check the length",
            says="span_outside",
            day=day,
        )
    return later


def _add(day: date, span: Span, closed: frozenset[date]) -> date:
    match span.unit:
        case "days":
            return day + timedelta(days=span.amount)
        case "weeks":
            return day + timedelta(weeks=span.amount)
        case "months":
            return add_months(day, span.amount)
        case "years":
            return add_months(day, 12 * span.amount)
    return add_working_days(day, span.amount, closed)


def add_span_to_instant(
    instant: datetime, span: Span, zone: tzinfo, *, ends_day: bool = False, closed: frozenset[date] = frozenset()
) -> datetime:
    """The instant (UTC) so much later at the same local time; with `ends_day` midnight stays the end of a day."""
    day = day_of(instant, zone, ends_day=ends_day)
    later = add_span(day, span, closed)
    local = instant.astimezone(zone)
    return end_of_day(later, zone) if day != local.date() else local_moment(later, local.time(), zone)


def parse_date(text: str) -> date:
    """A date as `2026-08-31`.

    Raises:
        ValueMalformed: The text is no date, there is no such day, or its year is not between 1900 and 2199.
    """
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise ValueMalformed(f"{text[:40]!r} is no date; write it as 2026-08-31", says="no_date", what=text[:40])
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise ValueMalformed(
            f"there is no day {match[0]}; write it as 2026-08-31", says="no_such_day", day=match[0]
        ) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueMalformed(
            f"{day} does not lie in the years {FIRST_DAY.year} to {LAST_DAY.year}; check the year",
            says="year_out", day=str(day), first=FIRST_DAY.year, last=LAST_DAY.year,
        )  # fmt: skip
    return day


def parse_when(text: str, zone: tzinfo, *, now: datetime) -> datetime | date:
    """A date, or an instant (UTC) given as a local date-time or with its offset from UTC; `T24:00` ends the day.

    `today`, `yesterday`, `tomorrow`, `now` and their Swedish words are counted from `now`.

    Raises:
        ValueMalformed: It is none of these, or a local time that happens twice or not at all.
    """
    text = text.strip()
    word = text.lower()
    if word in ("now", "nu"):
        return now.astimezone(UTC)
    if word in _TODAY:
        return day_of(now, zone) + timedelta(days=_TODAY[word])
    if _DATE.fullmatch(text):
        return parse_date(text)
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueMalformed(f"{text[:40]!r} is no date or time; write {_EXAMPLES}", says="no_when", what=text[:40])
    day = parse_date(match[1])
    offset = _offset(match[6], text)
    if match[2] == "24":
        if int(match[3] + (match[4] or "0") + (match[5] or "0")):
            raise ValueMalformed(
                f"{text!r}: the day ends at 24:00; write {_EXAMPLES}", says="day_ends", what=text, example=_EXAMPLES
            )
        return end_of_day(day, offset or zone)
    try:
        at = time(int(match[2]), int(match[3]), int(match[4] or 0), int((match[5] or "").ljust(6, "0")))
    except ValueError:
        raise ValueMalformed(
            f"{text!r}: there is no such time of day; write {_EXAMPLES}", says="no_time_of_day", what=text
        ) from None
    return datetime.combine(day, at, offset).astimezone(UTC) if offset else local_time(datetime.combine(day, at), zone)


def _offset(text: str | None, whole: str) -> tzinfo | None:
    if text is None:
        return None
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 23 or minutes > 59:
        raise ValueMalformed(
            f"{whole!r}: {text} is no offset from UTC; write {_EXAMPLES}",
            says="offset_unknown",
            what=whole,
            offset=text,
            example=_EXAMPLES,
        )
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if text[0] == "-" else ahead)


def local_time(wall: datetime, zone: tzinfo) -> datetime:
    """The instant (UTC) of a local time given without offset.

    Raises:
        ValueMalformed: The clock never shows that time in that zone, or shows it twice.
    """
    first, second = wall.replace(tzinfo=zone), wall.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    written = wall.isoformat(timespec="minutes")
    if first.astimezone(UTC) > second.astimezone(UTC):
        meant = first.astimezone(UTC).astimezone(zone)
        raise ValueMalformed(
            f"{written} does not exist: the clock is put forward past it; write for example {_with_offset(meant)}",
            says="time_skipped",
            what=written,
            instead=_with_offset(meant),
        )
    raise ValueMalformed(
        f"{written} happens twice that night; add the offset: {_with_offset(first)} or {_with_offset(second)}",
        says="time_twice",
        what=written,
        first=_with_offset(first),
        second=_with_offset(second),
    )


def _with_offset(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


def format_instant(instant: datetime) -> str:
    """The canonical text: RFC 3339 in UTC with six digits and `Z`, so that texts sort as instants do.

    Raises:
        ValueMalformed: The datetime has no zone.
    """
    if instant.tzinfo is None:
        raise ValueMalformed(f"{instant.isoformat()} has no time zone; instants are aware")
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """An instant from its canonical text and no other.

    Raises:
        ValueMalformed: The text is not exactly what `format_instant` writes.
    """
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is UTC and format_instant(instant) == text:
            return instant
    except ValueError:
        pass
    raise ValueMalformed(f"{text[:40]!r} is no canonical instant; it looks like 2026-08-31T10:00:00.000000Z")


def parse_canonical(text: str) -> datetime | date:
    """A date or an instant from its canonical text, as a case's data and a deadline's anchor hold them.

    Raises:
        ValueMalformed: The text is neither.
    """
    if len(text) == 10:
        return parse_date(text)
    return parse_instant(text)
