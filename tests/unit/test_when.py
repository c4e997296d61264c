from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import ValueMalformed
from engine.core.localday import format_day, format_moment
from engine.core.when import (
    Span,
    add_span,
    add_span_to_instant,
    format_instant,
    parse_canonical,
    parse_date,
    parse_instant,
    parse_span,
    parse_when,
)

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 8, 31, 22, 30, tzinfo=UTC)  # 00:30 on 1 September in Stockholm


def when(text: str) -> datetime | date:
    return parse_when(text, STOCKHOLM, now=NOW)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_a_bare_date_stays_a_date() -> None:
    found = when(" 2026-08-31 ")

    assert found == date(2026, 8, 31)
    assert not isinstance(found, datetime)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-08-31T12:02", "2026-08-31T10:02Z"),
        ("2026-01-31 12:02:03", "2026-01-31T11:02:03Z"),
        ("2026-08-31T12:02:03.5", "2026-08-31T10:02:03.500000Z"),
        ("2026-08-31T12:02Z", "2026-08-31T12:02Z"),
        ("2026-08-31t12:02:00z", "2026-08-31T12:02Z"),
        ("2026-08-31T12:02:00-05:30", "2026-08-31T17:32Z"),
        ("2026-10-25T02:30+02:00", "2026-10-25T00:30Z"),
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30Z"),
        ("2026-08-31T24:00", "2026-08-31T22:00Z"),
        ("2026-08-31T24:00:00", "2026-08-31T22:00Z"),
        ("2026-08-31T24:00Z", "2026-09-01T00:00Z"),
        ("2026-10-25T03:00", "2026-10-25T02:00Z"),
    ],
)
def test_a_date_with_a_time_is_an_instant(text: str, expected: str) -> None:
    assert when(text) == instant(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("idag", date(2026, 9, 1)), ("today", date(2026, 9, 1)), ("igår", date(2026, 8, 31)),
        ("Yesterday", date(2026, 8, 31)), ("imorgon", date(2026, 9, 2)), ("tomorrow", date(2026, 9, 2)),
        ("nu", NOW), ("now", NOW),
    ],
)  # fmt: skip
def test_words_are_counted_from_the_local_day_of_now(text: str, expected: date) -> None:
    assert when(text) == expected


def test_a_local_time_that_happens_twice_is_refused_with_both_ways_to_write_it() -> None:
    with pytest.raises(ValueMalformed) as refused:
        when("2026-10-25T02:30")

    assert "happens twice" in refused.value.message
    assert "2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00" in refused.value.message


def test_a_local_time_that_does_not_exist_is_refused_with_one_that_does() -> None:
    with pytest.raises(ValueMalformed) as refused:
        when("2026-03-29T02:30")

    assert "does not exist" in refused.value.message
    assert "2026-03-29T03:30+02:00" in refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "2026-8-31", "20260831", "31/8 2026", "2026-02-29", "2026-13-01", "2026-08-31T25:00",
        "2026-08-31T12", "2026-08-31T12:60", "2026-08-31T24:01", "2026-08-31T24:00:00.1", "2026-08-31T12:00+25:00",
        "2026-08-31T12:00+01", "2026-08-31T12:00:60", "0026-08-31", "2226-08-31", "２０２６-08-31",
        "2026-08-31T12:00:00.1234567Z", "2026-08-31T24:00+01:60",
    ],
)  # fmt: skip
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueMalformed):
        when(text)


@pytest.mark.parametrize("text", ["", "soon", "today", "2026-08-31T12:02", "2026-02-29", "1899-12-31", "2200-01-01"])
def test_what_is_not_written_as_a_day_is_refused_where_a_day_is_asked_for(text: str) -> None:
    with pytest.raises(ValueMalformed):
        parse_date(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("14d", Span(14, "days")), ("2w", Span(2, "weeks")), ("6m", Span(6, "months")), ("1y", Span(1, "years")),
        ("5wd", Span(5, "working days")), ("7 days", Span(7, "days")), ("1 month", Span(1, "months")),
        ("5 working days", Span(5, "working days")), ("+7d", Span(7, "days")), (" 14D ", Span(14, "days")),
    ],
)  # fmt: skip
def test_a_span_is_read_in_its_short_and_its_long_form(text: str, span: Span) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "d", "14", "-3d", "1.5d", "3 moons", "14d 2w", "99999d", "2h"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueMalformed, match="no span"):
        parse_span(text)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("14d", "2026-02-14"), ("2w", "2026-02-14"), ("1m", "2026-02-28"), ("13m", "2027-02-28"),
        ("2y", "2028-01-31"), ("3wd", "2026-02-04"),
    ],
)  # fmt: skip
def test_a_span_is_added_in_the_calendar(span: str, expected: str) -> None:
    assert add_span(date(2026, 1, 31), parse_span(span)) == date.fromisoformat(expected)


def test_a_span_out_of_the_calendar_is_refused() -> None:
    with pytest.raises(ValueMalformed, match="outside the calendar"):
        add_span(date(2026, 1, 31), Span(9999, "years"))
    with pytest.raises(ValueMalformed, match="outside the calendar"):
        add_span(date(2026, 1, 31), Span(-2030, "years"))


def test_an_instant_keeps_its_local_time_across_the_change_of_clocks() -> None:
    before = instant("2026-03-28T12:00+01:00")

    assert add_span_to_instant(before, Span(1, "days"), STOCKHOLM) == instant("2026-03-29T12:00+02:00")


def test_a_month_after_the_end_of_a_day_is_the_end_of_a_day() -> None:
    end_of_february = instant("2026-03-01T00:00+01:00")

    assert add_span_to_instant(end_of_february, Span(1, "months"), STOCKHOLM, ends_day=True) == instant(
        "2026-03-29T00:00+01:00"
    )
    assert add_span_to_instant(end_of_february, Span(1, "months"), STOCKHOLM) == instant("2026-04-01T00:00+02:00")


def test_an_instant_is_written_with_six_digits_and_z() -> None:
    assert (
        format_instant(datetime(2026, 8, 31, 12, tzinfo=timezone(timedelta(hours=2)))) == "2026-08-31T10:00:00.000000Z"
    )


def test_a_naive_instant_is_not_written() -> None:
    with pytest.raises(ValueMalformed, match="no time zone"):
        format_instant(datetime(2026, 8, 31, 12))  # noqa: DTZ001 - that is the point


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_instants_survive_their_text_and_sort_as_it_does(one: datetime, other: datetime) -> None:
    assert parse_instant(format_instant(one)) == one
    assert (one < other) == (format_instant(one) < format_instant(other))


@pytest.mark.parametrize(
    "text",
    [
        "2026-08-31T10:00:00Z", "2026-08-31T10:00:00.000000+00:00", "2026-08-31 10:00:00.000000Z", "2026-08-31",
        "2026-W01-1T10:00:00.000000Z", "2026-08-31T10:00:00.000000", "2026-08-31T12:00:00.000000+02:00", "", "x",
    ],
)  # fmt: skip
def test_only_the_canonical_text_of_an_instant_is_read_back(text: str) -> None:
    with pytest.raises(ValueMalformed, match="canonical"):
        parse_instant(text)


def test_a_kept_value_is_a_date_or_an_instant() -> None:
    assert parse_canonical("2026-08-31") == date(2026, 8, 31)
    assert parse_canonical("2026-08-31T10:00:00.000000Z") == instant("2026-08-31T10:00Z")
    with pytest.raises(ValueMalformed):
        parse_canonical("2026-08-31T10:00")


def test_days_and_moments_are_written_for_people_in_both_languages() -> None:
    noon = instant("2021-11-18T12:00+01:00")

    assert format_day(date(2021, 11, 18), "sv") == "18 november 2021"
    assert format_day(date(2021, 11, 18), "en") == "18 November 2021"
    assert format_moment(noon, "sv", STOCKHOLM) == "18 november 2021 kl. 12.00"
    assert format_moment(noon, "en", STOCKHOLM) == "18 November 2021, 12:00"


def test_midnight_is_written_as_the_end_of_a_day_unless_it_begins_one() -> None:
    midnight = instant("2021-09-01T00:00+02:00")

    assert format_moment(midnight, "sv", STOCKHOLM) == "31 augusti 2021 kl. 24.00"
    assert format_moment(midnight, "sv", STOCKHOLM, ends_day=False) == "1 september 2021 kl. 00.00"


def test_a_moment_in_the_doubled_hour_is_written_with_its_offset() -> None:
    assert format_moment(instant("2026-10-25T02:30+01:00"), "en", STOCKHOLM) == "25 October 2026, 02:30 (UTC+01:00)"
    assert format_moment(instant("2026-10-25T03:00+01:00"), "en", STOCKHOLM) == "25 October 2026, 03:00"
