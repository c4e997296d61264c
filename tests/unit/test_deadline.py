from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.deadline import (
    DateRule,
    Due,
    compute,
    day_due,
    end_of_day,
    explain,
    parse_rule,
    series_dates,
    start_of_day,
)
from engine.core.definition import Roll
from engine.core.errors import ValueMalformed
from engine.core.localday import add_months, local_moment
from engine.core.workdays import is_working_day

STOCKHOLM = ZoneInfo("Europe/Stockholm")
DAYS = st.dates(date(1980, 1, 1), date(2037, 12, 30))


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def due(
    rule: str, anchor: datetime | date, roll: Roll = "none", stopped_days: int = 0, *, ends_day: bool = False
) -> Due:
    return compute(parse_rule(rule), anchor, roll, STOCKHOLM, stopped_days, ends_day=ends_day)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("due_on", DateRule("due_on")),
        ("entered + 14 days", DateRule("entered", 14, "days")),
        ("entered + 1 day at 12:00", DateRule("entered", 1, "days", time(12))),
        ("call.closes_at + 5 working days", DateRule("call.closes_at", 5, "working days")),
        ("arrived_at + 1 working day", DateRule("arrived_at", 1, "working days")),
        ("target_meeting.held_on - 14 days", DateRule("target_meeting.held_on", -14, "days")),
        ("announced_on + 3 weeks", DateRule("announced_on", 3, "weeks")),
        ("item.due_on", DateRule("item.due_on")),
        ("deadline:agreement_sign + 4 weeks", DateRule("deadline:agreement_sign", 4, "weeks")),
        ("parent.end_date + 2 months", DateRule("parent.end_date", 2, "months")),
        ("closed_on + 10 years", DateRule("closed_on", 10, "years")),
        ("opens_on at 08:30", DateRule("opens_on", at=time(8, 30))),
        ("  entered  +  5  working  days  ", DateRule("entered", 5, "working days")),
    ],
)
def test_a_date_rule_is_read(text: str, rule: DateRule) -> None:
    assert parse_rule(text) == rule


@pytest.mark.parametrize(
    "text",
    [
        "", "+ 14 days", "entered +", "entered + days", "entered 14 days", "entered + 14", "entered + 14 fortnights",
        "entered + -3 days", "entered + 1.5 days", "entered + 99999 days", "entered + 3 days at 25:00",
        "entered + 3 days at 24:00", "entered + 3 days at noon", "a.b.c + 1 day", "Entered", "entered + 1 day + 1 day",
        "deadline: x", "entered + ٣ days", "entered+3 days",
    ],
)  # fmt: skip
def test_what_is_no_date_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueMalformed):
        parse_rule(text)


def test_a_given_day_lasts_until_midnight_in_stockholm() -> None:
    assert due("due_on", date(2026, 8, 31)) == Due(date(2026, 8, 31), instant("2026-08-31T22:00Z"))


def test_an_instant_without_arithmetic_is_that_instant_on_its_local_day() -> None:
    closes_at = instant("2019-10-04T23:30Z")

    assert due("closes_at", closes_at, "forward") == Due(date(2019, 10, 5), closes_at)


def test_a_closing_instant_at_midnight_belongs_to_the_day_that_it_ends() -> None:
    midnight = instant("2021-08-31T22:00Z")

    assert due("closes_at", midnight, ends_day=True) == Due(date(2021, 8, 31), midnight)
    assert due("closes_at", midnight) == Due(date(2021, 9, 1), midnight)
    assert due("closes_at + 5 working days", midnight, ends_day=True).due_on == date(2021, 9, 7)


def test_days_are_counted_from_the_local_day_of_the_event() -> None:
    late_evening = instant("2026-03-02T23:30Z")

    assert due("entered + 14 days", late_evening).due_on == date(2026, 3, 17)


def test_a_rule_may_name_its_time_of_day() -> None:
    assert due("opens_on + 1 day at 12:00", date(2026, 3, 28)) == Due(date(2026, 3, 29), instant("2026-03-29T10:00Z"))


def test_a_time_of_day_that_does_not_exist_falls_after_the_gap() -> None:
    assert due("opens_on at 02:30", date(2026, 3, 29)).due_at == instant("2026-03-29T03:30+02:00")


def test_a_time_of_day_that_happens_twice_means_the_second() -> None:
    assert due("opens_on at 02:30", date(2026, 10, 25)).due_at == instant("2026-10-25T02:30+01:00")


@pytest.mark.parametrize(
    ("rule", "anchor", "expected"),
    [
        ("d + 1 month", "2026-01-31", "2026-02-28"),
        ("d + 1 month", "2028-01-31", "2028-02-29"),
        ("d - 1 month", "2026-03-31", "2026-02-28"),
        ("d + 12 months", "2024-02-29", "2025-02-28"),
        ("d + 4 years", "2024-02-29", "2028-02-29"),
        ("d - 3 months", "2026-02-15", "2025-11-15"),
        ("d + 3 weeks", "2026-12-03", "2026-12-24"),
    ],
)
def test_months_and_years_keep_the_day_number_or_take_the_last_day(rule: str, anchor: str, expected: str) -> None:
    assert due(rule, date.fromisoformat(anchor)).due_on == date.fromisoformat(expected)


def test_the_counted_day_is_rolled_in_the_direction_of_the_rule() -> None:
    assert due("d + 3 weeks", date(2026, 12, 3), "forward").due_on == date(2026, 12, 28)
    assert due("d + 3 weeks", date(2026, 12, 3), "back").due_on == date(2026, 12, 23)


def test_a_stopped_clock_shifts_the_day_before_it_is_rolled() -> None:
    rolled_twice_would_be = date(2026, 4, 9)

    shifted = due("d + 30 days", date(2026, 3, 4), "forward", stopped_days=2)

    assert shifted.due_on == date(2026, 4, 7)
    assert shifted.due_on != rolled_twice_would_be


def test_a_stopped_clock_moves_an_instant_at_the_same_local_time() -> None:
    moved = due("closes_at", instant("2026-03-27T12:00+01:00"), stopped_days=4)

    assert moved == Due(date(2026, 3, 31), instant("2026-03-31T12:00+02:00"))


def test_a_stopped_clock_keeps_the_end_of_a_day_the_end_of_a_day() -> None:
    moved = due("closes_at", instant("2026-03-28T00:00+01:00"), stopped_days=3, ends_day=True)

    assert moved == Due(date(2026, 3, 30), instant("2026-03-31T00:00+02:00"))


def test_a_naive_anchor_is_refused() -> None:
    with pytest.raises(ValueMalformed, match="no time zone"):
        due("entered", datetime(2026, 1, 1, 12))  # noqa: DTZ001 - that is the point


def test_a_day_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueMalformed, match="outside the calendar"):
        due("d + 9999 years", date(2026, 1, 1))


@pytest.mark.parametrize(
    "zone", ["Europe/Stockholm", "America/Havana", "Africa/Cairo", "Asia/Beirut", "America/Santiago"]
)
@given(day=DAYS)
def test_the_end_of_a_day_parts_it_from_the_next_everywhere(zone: str, day: date) -> None:
    where = ZoneInfo(zone)

    end = end_of_day(day, where)

    assert (end - timedelta(microseconds=1)).astimezone(where).date() == day
    assert end.astimezone(where).date() == day + timedelta(days=1)
    assert start_of_day(day + timedelta(days=1), where) == end


def test_the_days_of_summer_time_have_23_and_25_hours() -> None:
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)

    assert end_of_day(spring, STOCKHOLM) - start_of_day(spring, STOCKHOLM) == timedelta(hours=23)
    assert end_of_day(autumn, STOCKHOLM) - start_of_day(autumn, STOCKHOLM) == timedelta(hours=25)


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        ("America/Havana", "2026-03-07", "2026-03-08T05:00Z"),  # 24:00 does not exist: the clock shows 01:00 then
        ("America/Havana", "2026-10-31", "2026-11-01T04:00Z"),  # 00:00 comes twice, and the first ends the day
        (
            "America/St_Johns",
            "2006-10-28",
            "2006-10-29T03:30Z",
        ),  # 00:01 goes back to 23:01: the second midnight ends it
        ("America/Toronto", "1919-03-30", "1919-03-31T04:30Z"),  # 23:30 goes forward to 00:30
        ("Pacific/Apia", "2011-12-29", "2011-12-30T10:00Z"),  # the 30th was left out
    ],
)
def test_a_midnight_that_is_missing_or_doubled_ends_the_day_once(zone: str, day: str, end: str) -> None:
    assert end_of_day(date.fromisoformat(day), ZoneInfo(zone)) == instant(end)


@given(DAYS, st.integers(-400, 400), st.sampled_from(["days", "weeks", "months", "working days"]))
def test_a_rolled_deadline_ends_a_working_day_at_local_midnight(day: date, amount: int, unit: str) -> None:
    sign = "-" if amount < 0 else "+"

    found = due(f"d {sign} {abs(amount)} {unit}", day, "forward")

    assert is_working_day(found.due_on)
    assert found.due_at.astimezone(STOCKHOLM).time() == time(0)
    assert found.due_at.astimezone(STOCKHOLM).date() == found.due_on + timedelta(days=1)


@given(DAYS, st.times())
def test_a_local_moment_shows_that_time_unless_the_clock_skips_it(day: date, at: time) -> None:
    shown = local_moment(day, at.replace(fold=0), STOCKHOLM).astimezone(STOCKHOLM)

    skipped = day.month == 3 and at.hour == 2 and shown.hour == 3
    assert skipped or (shown.date(), shown.time()) == (day, at.replace(fold=0))


@given(DAYS, st.integers(-600, 600))
def test_a_month_is_added_to_the_month_and_never_skips_one(day: date, months: int) -> None:
    later = add_months(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


def test_a_series_counts_each_day_from_its_anchor() -> None:
    days = series_dates(date(2023, 8, 31), "6 months", (), date(2025, 9, 1))

    assert days == [date(2024, 2, 29), date(2024, 8, 31), date(2025, 2, 28), date(2025, 8, 31)]


def test_a_series_lies_strictly_between_its_anchor_and_its_end() -> None:
    assert series_dates(date(2022, 1, 1), "6 months", (), date(2023, 1, 1)) == [date(2022, 7, 1)]
    assert series_dates(date(2022, 12, 31), None, ("12-31",), date(2024, 12, 31)) == [date(2023, 12, 31)]


def test_a_series_joins_its_interval_with_fixed_days_of_the_year() -> None:
    days = series_dates(date(2022, 6, 30), "6 months", ("12-31", "02-29"), date(2024, 3, 1))

    assert days == [
        date(2022, 12, 30), date(2022, 12, 31), date(2023, 2, 28), date(2023, 6, 30),
        date(2023, 12, 30), date(2023, 12, 31), date(2024, 2, 29),
    ]  # fmt: skip


def test_a_day_that_both_interval_and_year_give_comes_once() -> None:
    assert series_dates(date(2022, 12, 31), "1 year", ("12-31",), date(2024, 1, 1)) == [date(2023, 12, 31)]


@pytest.mark.parametrize(("every", "each"), [("0 months", ()), ("often", ()), (None, ("13-01",)), (None, ("02-30",))])
def test_a_series_that_cannot_be_is_refused(every: str | None, each: tuple[str, ...]) -> None:
    with pytest.raises(ValueMalformed):
        series_dates(date(2022, 1, 1), every, each, date(2024, 1, 1))


def told(rule: str, anchor: datetime | date, roll: Roll, lang: str, stopped_days: int = 0) -> str:
    parsed = parse_rule(rule)
    found = compute(parsed, anchor, roll, STOCKHOLM, stopped_days)
    return explain(parsed, anchor, roll, found, lang, stopped_days, zone=STOCKHOLM)


def test_a_rolled_deadline_explains_itself_in_both_languages() -> None:
    assert told("entered + 30 days", date(2026, 3, 4), "forward", "en") == (
        "30 days after 4 March 2026 = 3 April 2026; moved forward to 7 April 2026 because 3 April 2026 is Good Friday, "
        "4 April 2026 is a Saturday, 5 April 2026 is Easter Sunday and 6 April 2026 is Easter Monday; "
        "it lasts to the end of that day, 24:00."
    )
    assert told("entered - 1 week", date(2026, 6, 26), "back", "sv") == (
        "1 vecka före 26 juni 2026 = 19 juni 2026; flyttat bakåt till 18 juni 2026 eftersom 19 juni 2026 är "
        "midsommarafton; gäller till dagens slut kl. 24.00."
    )


def test_a_stopped_clock_and_a_clipped_month_are_told() -> None:
    assert told("start + 1 month", date(2026, 1, 31), "none", "en", stopped_days=1) == (
        "1 month after 31 January 2026 = 28 February 2026 (the last day of the month); the clock stood still for "
        "1 day: 1 March 2026; it lasts to the end of that day, 24:00."
    )


def test_a_given_moment_and_a_given_day_are_told() -> None:
    assert told("closes_at", instant("2019-10-04T10:00Z"), "none", "sv") == (
        "Tidpunkten är given, 4 oktober 2019 kl. 12.00."
    )
    assert told("due_on at 12:00", date(2026, 8, 31), "none", "en") == (
        "The day is given, 31 August 2026; it lasts to 31 August 2026, 12:00."
    )


def test_a_deadline_changed_by_hand_ends_its_explanation_in_the_day_that_stands() -> None:
    rule, anchor = parse_rule("due_on"), date(2026, 8, 31)
    extended = Due(date(2026, 9, 15), end_of_day(date(2026, 9, 15), STOCKHOLM))

    sentence = explain(rule, anchor, "none", extended, "en", zone=STOCKHOLM)

    assert sentence == (
        "The day is given, 31 August 2026; changed to 15 September 2026; it lasts to the end of that day, 24:00."
    )


def test_a_day_that_the_office_closes_is_given_as_the_reason() -> None:
    rule, anchor, closed = parse_rule("due_on"), date(2026, 5, 15), frozenset({date(2026, 5, 15)})
    found = compute(rule, anchor, "forward", STOCKHOLM, closed=closed)

    sentence = explain(rule, anchor, "forward", found, "en", zone=STOCKHOLM, closed=closed)

    assert "because 15 May 2026 is a day on which the office is closed, 16 May 2026 is a Saturday and" in sentence


@pytest.mark.parametrize(
    ("rule", "anchor", "ends_day"),
    [
        ("entered + 14 days", instant("2025-04-28T10:00+02:00"), False),
        ("entered + 1 day at 00:00", instant("2025-04-28T10:00+02:00"), False),
        ("entered + 1 day at 12:00", instant("2025-04-28T10:00+02:00"), False),
        ("opens_at", instant("2025-05-13T00:00+02:00"), False),
        ("closes_at", instant("2025-05-13T00:00+02:00"), True),
        ("due_on", date(2025, 5, 12), True),
    ],
)
def test_the_day_of_a_due_instant_is_the_day_that_the_rule_gave(
    rule: str, anchor: datetime | date, ends_day: bool
) -> None:
    given_by = due(rule, anchor, ends_day=ends_day)

    assert day_due(parse_rule(rule), given_by.due_at, STOCKHOLM, ends_day=ends_day) == given_by.due_on
