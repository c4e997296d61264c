from datetime import date, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.definition import Roll
from engine.core.workdays import add_working_days, easter_sunday, holiday, is_working_day, roll

DAYS = st.dates(date(1990, 1, 1), date(2150, 12, 31))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-12-24", "2026-12-28"),
        ("2026-06-19", "2026-06-22"),
        ("2027-03-26", "2027-03-30"),
        ("2026-04-03", "2026-04-07"),
        ("2027-05-01", "2027-05-03"),
        ("2026-12-31", "2027-01-04"),
        ("2027-12-24", "2027-12-27"),
        ("2026-05-15", "2026-05-15"),
        ("2057-12-22", "2057-12-27"),
    ],
)
def test_a_day_off_rolls_forward_as_the_act_of_1930_says(day: str, expected: str) -> None:
    assert roll(date.fromisoformat(day), "forward") == date.fromisoformat(expected)


def test_three_weeks_that_end_on_christmas_eve_end_after_christmas() -> None:
    assert roll(date(2026, 12, 3) + timedelta(weeks=3), "forward") == date(2026, 12, 28)


def test_our_working_days_are_those_of_the_holidays_package() -> None:
    foreign = holidays.country_holidays(
        "SE", categories=("public", "de_facto"), include_sundays=True, years=range(2015, 2061)
    )
    first, last = date(2015, 1, 1), date(2060, 12, 19)
    every_day = [first + timedelta(days=n) for n in range((last - first).days + 1)]

    differing = [day for day in every_day if is_working_day(day) == (day.weekday() > 4 or day in foreign)]

    assert len(every_day) == 16_790
    assert differing == []


@pytest.mark.parametrize(
    ("day", "sv", "en"),
    [
        (date(2026, 4, 3), "långfredagen", "Good Friday"),
        (date(2026, 5, 14), "Kristi himmelsfärdsdag", "Ascension Day"),
        (date(2026, 6, 19), "midsommarafton", "Midsummer Eve"),
        (date(2026, 10, 31), "alla helgons dag", "All Saints' Day"),
        (date(2026, 12, 31), "nyårsafton", "New Year's Eve"),
    ],
)
def test_a_holiday_has_a_name_in_both_languages(day: date, sv: str, en: str) -> None:
    assert holiday(day) == {"sv": sv, "en": en}


def test_an_ordinary_day_has_no_holiday_name() -> None:
    assert holiday(date(2026, 5, 15)) is None


def test_whit_monday_was_a_holiday_until_2004_and_the_national_day_is_one_since_2005() -> None:
    assert not is_working_day(date(2004, 5, 31))
    assert is_working_day(date(2005, 5, 16))
    assert not is_working_day(date(2005, 6, 6))
    assert is_working_day(date(2003, 6, 6))


def test_a_day_that_the_office_closes_is_no_working_day() -> None:
    squeeze_day = date(2026, 5, 15)

    assert roll(squeeze_day, "forward", frozenset({squeeze_day})) == date(2026, 5, 18)
    assert roll(squeeze_day, "back", frozenset({squeeze_day})) == date(2026, 5, 13)


def test_without_a_roll_a_sunday_stays() -> None:
    assert roll(date(2026, 4, 5), "none") == date(2026, 4, 5)


def test_easter_is_the_first_sunday_after_the_full_moon_of_spring() -> None:
    known = {1818: (3, 22), 1943: (4, 25), 1981: (4, 19), 2038: (4, 25), 2049: (4, 18), 2285: (3, 22)}

    assert {year: (easter_sunday(year).month, easter_sunday(year).day) for year in known} == known


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        ("2021-08-31", 5, "2021-09-07"),
        ("2026-12-23", 1, "2026-12-28"),
        ("2026-04-07", -1, "2026-04-02"),
        ("2026-04-05", 0, "2026-04-05"),
        ("2026-04-05", 1, "2026-04-07"),
    ],
)
def test_working_days_are_counted_without_the_first_day(day: str, n: int, expected: str) -> None:
    assert add_working_days(date.fromisoformat(day), n) == date.fromisoformat(expected)


@given(DAYS, st.sampled_from(["forward", "back"]))
def test_a_roll_lands_on_the_nearest_working_day_in_its_direction(day: date, how: Roll) -> None:
    rolled = roll(day, how)

    step = timedelta(days=1 if how == "forward" else -1)
    passed = [day + n * step for n in range(abs((rolled - day).days))]
    assert is_working_day(rolled)
    assert not any(is_working_day(one) for one in passed)
    assert rolled >= day if how == "forward" else rolled <= day


@given(DAYS, st.integers(1, 300))
def test_counting_working_days_forward_and_back_again_returns(day: date, n: int) -> None:
    start = roll(day, "forward")

    assert add_working_days(add_working_days(start, n), -n) == start
