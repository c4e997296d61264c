"""Ends of days against brute force: every local day of Sweden 2024 to 2035, and of twenty zones with odd days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.core.localday import end_of_day, start_of_day

ZONES = (
    "Europe/Stockholm", "UTC", "Atlantic/Azores", "America/New_York", "America/Santiago", "America/Havana",
    "America/Sao_Paulo", "America/St_Johns", "Africa/Cairo", "Africa/Casablanca", "Asia/Beirut", "Asia/Gaza",
    "Asia/Tehran", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Tokyo", "Australia/Lord_Howe", "Australia/Sydney",
    "Pacific/Apia", "Pacific/Chatham", "Pacific/Kiritimati",
)  # fmt: skip
FIRST, LAST = date(2024, 1, 1), date(2035, 12, 31)


@pytest.mark.parametrize("name", ZONES)
def test_a_day_ends_at_the_first_instant_whose_local_day_is_another(name: str) -> None:
    zone = ZoneInfo(name)
    day = FIRST
    while day <= LAST:
        end = end_of_day(day, zone)
        assert end.astimezone(zone).date() > day
        assert (end - timedelta(seconds=1)).astimezone(zone).date() == day
        day += timedelta(days=1)


@pytest.mark.parametrize("name", ZONES)
def test_each_day_begins_where_the_one_before_it_ended_so_that_no_moment_is_in_two_days_or_none(name: str) -> None:
    zone = ZoneInfo(name)
    day = FIRST
    while day <= LAST:
        assert end_of_day(day, zone) == start_of_day(day + timedelta(days=1), zone)
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2028, 2, 29), 24), (date(2026, 12, 31), 24)],
)
def test_a_swedish_day_has_as_many_hours_as_the_clock_says(day: date, hours: int) -> None:
    zone = ZoneInfo("Europe/Stockholm")
    assert end_of_day(day, zone) - start_of_day(day, zone) == timedelta(hours=hours)


def test_the_end_of_a_summer_day_is_22_utc_and_of_a_winter_day_23() -> None:
    zone = ZoneInfo("Europe/Stockholm")
    assert end_of_day(date(2026, 7, 1), zone) == datetime(2026, 7, 1, 22, tzinfo=UTC)
    assert end_of_day(date(2026, 12, 24), zone) == datetime(2026, 12, 24, 23, tzinfo=UTC)
