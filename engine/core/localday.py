"""Local days: where they begin and end in time, how months are added to them, and how they are written for people.

A local time that happens twice or not at all (summer time, or a zone that moves) never makes a deadline shorter:
of the two readings the later one holds.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""The days that a person may mean; another one is a slip of the finger."""

_MIDNIGHT = time(0)
_MONTHS = {
    "sv": (
        "januari", "februari", "mars", "april", "maj", "juni",
        "juli", "augusti", "september", "oktober", "november", "december",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """The instant (UTC) at which the local day begins: the end of the day before."""
    return end_of_day(day - timedelta(days=1), zone)


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """The instant (UTC) of 24:00 on a local day, also where that midnight happens twice or not at all."""
    midnight = datetime.combine(day + timedelta(days=1), _MIDNIGHT, zone)
    first = midnight.astimezone(UTC)
    second = midnight.replace(fold=1).astimezone(UTC)
    if first == second:
        return first
    if first > second:
        return _change(second, first, zone)
    just_before = second - timedelta(microseconds=1)
    return second if just_before.astimezone(zone).date() <= day else first


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The second at which the zone's clock jumps; all of a skipped midnight falls on it."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=1) // 2)
        if middle.astimezone(zone).utcoffset() == before.astimezone(zone).utcoffset():
            before = middle
        else:
            after = middle
    return after


def local_moment(day: date, at: time, zone: tzinfo) -> datetime:
    """The instant (UTC) of a time on a local day; the later reading where it happens twice or not at all."""
    wall = datetime.combine(day, at, zone)
    return max(wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC))


def day_of(instant: datetime, zone: tzinfo, *, ends_day: bool = False) -> date:
    """The local day of an instant; with `ends_day` an instant at midnight is the 24:00 of the day before."""
    local = instant.astimezone(zone)
    if ends_day and local.time() == _MIDNIGHT:
        return local.date() - timedelta(days=1)
    return local.date()


def add_months(day: date, months: int) -> date:
    """The same day number so many months on; the month's last day where it lacks it (1 § lag 1930:173).

    Raises:
        OverflowError: The day would lie outside the calendar.
    """
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= years <= date.max.year:
        raise OverflowError("the date lies outside the calendar")
    return date(years, month + 1, min(day.day, _last_day(years, month + 1)))


def _last_day(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def format_day(day: date, lang: str) -> str:
    """`18 november 2021`, `18 November 2021`."""
    return f"{day.day} {_MONTHS[lang][day.month - 1]} {day.year}"


def format_moment(instant: datetime, lang: str, zone: tzinfo, *, ends_day: bool = True) -> str:
    """`18 november 2021 kl. 12.00`, `18 November 2021, 12:00`.

    Midnight is written as 24:00 of the day that it ends unless `ends_day` is False. In the hour that happens twice
    the offset from UTC is added.
    """
    local = instant.astimezone(zone)
    day = day_of(instant, zone, ends_day=ends_day)
    hour = 24 if day != local.date() else local.hour
    dot, between = (".", " kl. ") if lang == "sv" else (":", ", ")
    text = f"{format_day(day, lang)}{between}{hour:02}{dot}{local.minute:02}"
    return f"{text} (UTC{local.isoformat()[-6:]})" if _happens_twice(local) else text


def _happens_twice(local: datetime) -> bool:
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
