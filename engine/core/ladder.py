"""Reminder ladders: when each step of one goes out, and when mail may be sent at all."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from engine.core.errors import SettingsError, ValueMalformed
from engine.core.localday import local_moment
from engine.core.when import Span, add_span
from engine.core.workdays import is_working_day, roll

StepKind = Literal["before", "due", "after", "escalated"]

WINDOW_START, WINDOW_END = time(8), time(16)
"""The office's hours for mail, local time; the end is no longer within them."""

_NONE: frozenset[date] = frozenset()
_STEP = re.compile(r"([+-])([0-9]{1,4})d|0d")


class Step(Struct, frozen=True):
    """One step of a ladder, for one deadline.

    Attributes:
        offset_days: Calendar days from the due day, as the ladder says them: -30, 0, +7.
        at: Instant (UTC) at which it goes out.
        to_extra: Recipients of the escalation, beside the deadline's own.
        kind: Which block of the reminder's template is meant.
        plain: Whether the deadline's own recipients get it; False where the step is in `escalate` alone.
    """

    offset_days: int
    at: datetime
    to_extra: tuple[str, ...]
    kind: StepKind
    plain: bool


def parse_step(text: str) -> int:
    """`-30d`, `0d`, `+7d` as days from the due day.

    Raises:
        ValueMalformed: The text is no step.
    """
    match = _STEP.fullmatch(text.strip())
    if match is None:
        raise ValueMalformed(f"{text[:40]!r} is no step of a ladder; write for example -30d, 0d or +7d")
    return int(match[1] + match[2]) if match[1] else 0


def step_instants(
    steps: tuple[str, ...],
    escalate: Mapping[str, tuple[str, ...]],
    day: date,
    zone: tzinfo,
    window_start: time = WINDOW_START,
    closed: frozenset[date] = _NONE,
) -> tuple[Step, ...]:
    """The steps of a ladder around a due day, in the order in which they go out.

    They go out when the window opens. A step before or on the due day that falls on no working day goes out on the
    working day before it, a later one on the working day after it. A plain step and an escalation with the same
    offset are one step.

    Raises:
        ValueMalformed: A step is malformed, or lies outside the calendar.
    """
    return _around(steps, tuple(escalate.items()), day, zone, window_start, closed)


@lru_cache(maxsize=512)  # Many cases of a workflow open the same ladder on the same day.
def _around(
    steps: tuple[str, ...],
    escalate: tuple[tuple[str, tuple[str, ...]], ...],
    day: date,
    zone: tzinfo,
    window_start: time,
    closed: frozenset[date],
) -> tuple[Step, ...]:
    plain = {parse_step(text) for text in steps}
    extra: dict[int, tuple[str, ...]] = {}
    for text, recipients in escalate:
        offset = parse_step(text)
        extra[offset] = tuple(dict.fromkeys(extra.get(offset, ()) + recipients))
    found = [
        Step(
            offset_days=offset,
            at=local_moment(_sending_day(day, offset, closed), window_start, zone),
            to_extra=extra.get(offset, ()),
            kind=_kind(offset, escalated=offset in extra),
            plain=offset in plain,
        )
        for offset in plain | extra.keys()
    ]
    return tuple(sorted(found, key=lambda step: (step.at, step.offset_days)))


def _sending_day(day: date, offset: int, closed: frozenset[date]) -> date:
    return roll(add_span(day, Span(offset, "days")), "forward" if offset > 0 else "back", closed)


def _kind(offset: int, *, escalated: bool) -> StepKind:
    if escalated:
        return "escalated"
    if offset == 0:
        return "due"
    return "before" if offset < 0 else "after"


def next_send_time(
    now: datetime,
    zone: tzinfo,
    start: time = WINDOW_START,
    end: time = WINDOW_END,
    closed: frozenset[date] = _NONE,
) -> datetime:
    """When mail may next be sent: `now` inside the window of a working day, else the next one's start (UTC).

    Raises:
        SettingsError: The window is empty.
    """
    if start >= end:
        raise SettingsError(
            f"the send window {start:%H:%M}-{end:%H:%M} is empty; its end must be later than its start",
            says="send_window_empty",
            first=f"{start:%H:%M}",
            last=f"{end:%H:%M}",
        )
    local = now.astimezone(zone)
    today = local.date()
    if is_working_day(today, closed):
        opens = local_moment(today, start, zone)
        if now < opens:
            return opens
        if local.time() < end:
            return now
    return local_moment(roll(today + timedelta(days=1), "forward", closed), start, zone)
