"""Working days in Sweden, by lag (1989:253) om allmänna helgdagar and lag (1930:173) om beräkning av lagstadgad tid.

The engine carries the two acts itself, because calendar packages have changed what they call a holiday between
versions, and a deadline may not move by an upgrade.
"""

from datetime import date, timedelta
from functools import lru_cache

from engine.core.definition import Roll, Text

_DAY = timedelta(days=1)
_NAMES: dict[str, Text] = {
    "new_year": {"sv": "nyårsdagen", "en": "New Year's Day"},
    "epiphany": {"sv": "trettondedag jul", "en": "Epiphany"},
    "good_friday": {"sv": "långfredagen", "en": "Good Friday"},
    "easter": {"sv": "påskdagen", "en": "Easter Sunday"},
    "easter_monday": {"sv": "annandag påsk", "en": "Easter Monday"},
    "may_day": {"sv": "första maj", "en": "May Day"},
    "ascension": {"sv": "Kristi himmelsfärdsdag", "en": "Ascension Day"},
    "whitsun": {"sv": "pingstdagen", "en": "Whit Sunday"},
    "whit_monday": {"sv": "annandag pingst", "en": "Whit Monday"},
    "national_day": {"sv": "nationaldagen", "en": "National Day"},
    "midsummer_eve": {"sv": "midsommarafton", "en": "Midsummer Eve"},
    "midsummer": {"sv": "midsommardagen", "en": "Midsummer Day"},
    "all_saints": {"sv": "alla helgons dag", "en": "All Saints' Day"},
    "christmas_eve": {"sv": "julafton", "en": "Christmas Eve"},
    "christmas": {"sv": "juldagen", "en": "Christmas Day"},
    "boxing_day": {"sv": "annandag jul", "en": "Boxing Day"},
    "new_year_eve": {"sv": "nyårsafton", "en": "New Year's Eve"},
}


def easter_sunday(year: int) -> date:
    """The day of Easter in the Gregorian calendar, by the anonymous algorithm that Butcher and Meeus made known."""
    golden, century, rest = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * sunday) // 451
    month, before = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, before + 1)


def _saturday_from(day: date) -> date:
    return day + timedelta(days=(5 - day.weekday()) % 7)


@lru_cache(maxsize=256)
def _holidays(year: int) -> dict[date, str]:
    easter = easter_sunday(year)
    midsummer = _saturday_from(date(year, 6, 20))
    days = {
        date(year, 1, 1): "new_year",
        date(year, 1, 6): "epiphany",
        date(year, 5, 1): "may_day",
        midsummer - _DAY: "midsummer_eve",
        midsummer: "midsummer",
        _saturday_from(date(year, 10, 31)): "all_saints",
        date(year, 12, 24): "christmas_eve",
        date(year, 12, 25): "christmas",
        date(year, 12, 26): "boxing_day",
        date(year, 12, 31): "new_year_eve",
        easter - 2 * _DAY: "good_friday",
        easter: "easter",
        easter + _DAY: "easter_monday",
        easter + 39 * _DAY: "ascension",
        easter + 49 * _DAY: "whitsun",
    }
    # Lag (2004:1320) gave up annandag pingst for nationaldagen from 2005 on.
    if year >= 2005:
        days[date(year, 6, 6)] = "national_day"
    else:
        days[easter + 50 * _DAY] = "whit_monday"
    return days


def holiday(day: date) -> Text | None:
    """What the day is called in both languages, if it is a holiday or one of the three eves of 2 § lag (1930:173)."""
    name = _holidays(day.year).get(day)
    return None if name is None else _NAMES[name]


def is_working_day(day: date, closed: frozenset[date] = frozenset()) -> bool:
    """Whether the day is neither Saturday, Sunday, holiday, eve (2 § lag 1930:173) nor closed by the office."""
    return day.weekday() < 5 and day not in _holidays(day.year) and day not in closed


def roll(day: date, how: Roll, closed: frozenset[date] = frozenset()) -> date:
    """The day itself if it is a working day, else the nearest one `forward` (2 § lag 1930:173) or `back`.

    With `none` the day stands as it is.
    """
    if how == "none":
        return day
    step = _DAY if how == "forward" else -_DAY
    while not is_working_day(day, closed):
        day += step
    return day


def add_working_days(day: date, n: int, closed: frozenset[date] = frozenset()) -> date:
    """The n-th working day after the day, or before it where n is negative; with 0 the day itself."""
    step = _DAY if n > 0 else -_DAY
    left = abs(n)
    while left:
        day += step
        left -= is_working_day(day, closed)
    return day
