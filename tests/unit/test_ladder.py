from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import SettingsError, ValueMalformed
from engine.core.ladder import next_send_time, parse_step, step_instants
from engine.core.workdays import is_working_day

STOCKHOLM = ZoneInfo("Europe/Stockholm")
LONG = ("-30d", "-14d", "-3d", "0d", "+1d", "+7d", "+14d")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM).astimezone(UTC)


@pytest.mark.parametrize(("text", "days"), [("-30d", -30), ("0d", 0), ("+7d", 7), ("+0d", 0), (" -3d ", -3)])
def test_a_step_is_days_from_the_due_day(text: str, days: int) -> None:
    assert parse_step(text) == days


@pytest.mark.parametrize("text", ["", "7d", "30", "-30", "-2w", "- 3d", "+٣d", "+99999d"])
def test_what_is_no_step_is_refused(text: str) -> None:
    with pytest.raises(ValueMalformed, match="no step of a ladder"):
        parse_step(text)


def test_steps_go_out_when_the_window_opens_in_their_order() -> None:
    steps = step_instants(("+1d", "-14d", "0d"), {}, date(2026, 4, 14), STOCKHOLM)

    assert [(step.offset_days, step.at, step.kind) for step in steps] == [
        (-14, local("2026-03-31T08:00"), "before"),
        (0, local("2026-04-14T08:00"), "due"),
        (1, local("2026-04-15T08:00"), "after"),
    ]


def test_a_step_on_a_day_off_goes_out_before_or_after_it_but_never_past_the_due_day() -> None:
    # Due on Easter Monday: -3d is Good Friday and 0d is a holiday, +1d is the Tuesday, +5d is a Saturday.
    steps = step_instants(("-3d", "0d", "+1d", "+5d"), {}, date(2026, 4, 6), STOCKHOLM, time(9))

    assert [(step.offset_days, step.at) for step in steps] == [
        (-3, local("2026-04-02T09:00")),
        (0, local("2026-04-02T09:00")),
        (1, local("2026-04-07T09:00")),
        (5, local("2026-04-13T09:00")),
    ]


def test_a_day_that_the_office_closes_counts_as_a_day_off() -> None:
    (step,) = step_instants(("0d",), {}, date(2026, 5, 15), STOCKHOLM, closed=frozenset({date(2026, 5, 15)}))

    assert step.at == local("2026-05-13T08:00")


def test_the_window_opens_at_the_same_local_hour_in_summer_and_winter() -> None:
    steps = step_instants(("-30d", "0d"), {}, date(2026, 4, 14), STOCKHOLM)

    assert [step.at.hour for step in steps] == [7, 6]


def test_an_escalation_is_merged_with_the_plain_step_of_its_day() -> None:
    escalate = {"+14d": ("owner:manager", "officer"), "+30d": ("head",)}

    steps = step_instants(LONG, escalate, date(2026, 9, 1), STOCKHOLM)

    merged, alone = steps[-2:]
    assert (merged.offset_days, merged.kind, merged.plain) == (14, "escalated", True)
    assert merged.to_extra == ("owner:manager", "officer")
    assert (alone.offset_days, alone.kind, alone.plain, alone.to_extra) == (30, "escalated", False, ("head",))
    assert all(step.plain and not step.to_extra for step in steps[:-2])


def test_a_step_named_twice_goes_out_once() -> None:
    assert len(step_instants(("0d", "+0d", "0d"), {}, date(2026, 9, 1), STOCKHOLM)) == 1


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.lists(st.integers(-60, 90), max_size=8, unique=True))
def test_every_step_goes_out_on_a_working_day_and_none_is_lost(day: date, offsets: list[int]) -> None:
    steps = step_instants(tuple(f"{offset:+}d" for offset in offsets), {}, day, STOCKHOLM)

    assert sorted(step.offset_days for step in steps) == sorted(offsets)
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    for step in steps:
        sent = step.at.astimezone(STOCKHOLM)
        wanted = day + timedelta(days=step.offset_days)
        assert is_working_day(sent.date())
        assert sent.time() == time(8)
        assert sent.date() > day if step.offset_days > 0 else sent.date() <= wanted


@pytest.mark.parametrize(
    ("now", "sent"),
    [
        ("2026-04-02T07:59:59", "2026-04-02T08:00"),
        ("2026-04-02T08:00", "2026-04-02T08:00"),
        ("2026-04-02T12:34:56", "2026-04-02T12:34:56"),
        ("2026-04-02T15:59:59", "2026-04-02T15:59:59"),
        ("2026-04-02T16:00", "2026-04-07T08:00"),
        ("2026-04-04T12:00", "2026-04-07T08:00"),
        ("2026-12-31T12:00", "2027-01-04T08:00"),
        ("2026-03-29T02:00", "2026-03-30T08:00"),
    ],
)
def test_mail_waits_for_the_next_window_of_a_working_day(now: str, sent: str) -> None:
    assert next_send_time(local(now), STOCKHOLM) == local(sent)


def test_the_window_skips_days_that_the_office_closes() -> None:
    closed = frozenset({date(2026, 5, 15)})

    assert next_send_time(local("2026-05-15T12:00"), STOCKHOLM, closed=closed) == local("2026-05-18T08:00")


def test_an_empty_window_is_refused() -> None:
    with pytest.raises(SettingsError, match="empty"):
        next_send_time(local("2026-05-15T12:00"), STOCKHOLM, time(8), time(8))
