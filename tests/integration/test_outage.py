"""The outage drill: a thousand deadlines over a year, and a scheduler that is away for a day, a week, a month."""

import json
import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from errands import OFFICER, START, Desk, build_home

from engine.app.mail_hold import hold
from engine.app.tick import tick
from engine.core.ladder import next_send_time

LADDER = (-30, -14, -7, -1, 0, 7, 14)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("errands") / "home")


def fallen_due(desk: Desk, orders: dict[str, date]) -> list[tuple[str, int, datetime]]:
    """(case, step, instant) of every step of every ladder until now, by the rules and not by the engine's code.

    A step goes out at 08:00 on its day; on a day off, the one before the due day on the working day before it, the
    one after on the working day after it.
    """
    calendar = desk.office.calendar
    found = []
    for reference, due in orders.items():
        for offset in LADDER:
            day = due + timedelta(days=offset)
            while not works(day):
                day += timedelta(days=1 if offset > 0 else -1)
            at = datetime(day.year, day.month, day.day, 8, tzinfo=calendar.zone).astimezone(UTC)
            if START <= at <= desk.clock.at:
                found.append((reference, offset, at))
    return found


HOLIDAYS = {
    "2021-04-02", "2021-04-05", "2021-05-13", "2021-06-25", "2021-12-24", "2021-12-31", "2022-01-06", "2022-04-15",
    "2022-04-18", "2022-05-26", "2022-06-06", "2022-06-24",
}  # fmt: skip
"""The public holidays of 2021 and of the first half of 2022 that fall on weekdays, and the three eves, by hand."""


def works(day: date) -> bool:
    return day.weekday() < 5 and day.isoformat() not in HOLIDAYS


def said(desk: Desk) -> dict[tuple[str, int], list[tuple[datetime, str]]]:
    """(case, step) -> when it was to leave and to whom, of every reminder."""
    found = defaultdict(list)
    with desk.office.store.read() as tx:
        for stored in tx.messages.list():
            message = stored.message
            if message.template == "reminder" and message.person:
                found[message.case, int(message.key.split("/")[2])].append((message.due_at, message.person))
    return found


def left_out(desk: Desk) -> Counter[tuple[str, int]]:
    """(case, step) -> how often the log says that it was overtaken by a later one."""
    found: Counter[tuple[str, int]] = Counter()
    with desk.office.store.read() as tx:
        for logged in tx.log.all(kind="remind"):
            for offset, _ in json.loads(logged.line)["body"].get("superseded", ()):
                found[logged.case, offset] += 1
    return found


LONG = os.environ.get("DRILL") == "long"
OBLIGATIONS = 1000 if LONG else 80
"""`make drill` takes the thousand, from several beginnings; every other run a share of them."""

SENT = OBLIGATIONS if LONG else 20
"""So many where each mail also leaves: into the folder, as whole files."""


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1, 2, 3] if LONG else [1])
def test_after_an_outage_every_obligation_has_its_current_reminder_and_none_has_two(
    template: Path, tmp_path: Path, seed: int
) -> None:
    desk, dice = Desk(template, tmp_path / "home"), random.Random(seed)
    orders = ordered(desk, dice, OBLIGATIONS)
    hold(desk.office, OFFICER, on=True)  # what is decided is looked at here; the next one looks at how it leaves
    for before in lived(desk, dice):
        _current_is_said(desk, orders, before)
    _everything_is_told_or_logged(desk, orders)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [4, 5] if LONG else [4])
def test_after_an_outage_each_current_reminder_leaves_in_the_next_window_once(
    template: Path, tmp_path: Path, seed: int
) -> None:
    desk, dice = Desk(template, tmp_path / "home"), random.Random(seed)
    orders = ordered(desk, dice, SENT)
    for before in lived(desk, dice):
        _current_is_said(desk, orders, before)
        waiting = {key for key, state, _ in desk.mails("reminder") if state == "queued"}
        back = desk.clock.at
        desk.clock.at = next_send_time(back, desk.office.calendar.zone, closed=desk.office.calendar.closed)
        assert tick(desk.office).failed == 0
        assert {key for key, state, _ in desk.mails("reminder") if state == "sent"} >= waiting
    _everything_is_told_or_logged(desk, orders)
    with desk.office.store.read() as tx:
        sent = {m.id: m.attempts for m in tx.messages.list(state="sent")}
    assert {int(path.name.split("-")[1]) for path in desk.outbox()} == set(sent)
    assert set(sent.values()) == {1}


def ordered(desk: Desk, dice: random.Random, count: int) -> dict[str, date]:
    """Cases that are due on random working days of a year."""
    days = [d for n in range(365) if works(d := date(2021, 4, 1) + timedelta(days=n))]
    chosen = [dice.choice(days) for _ in range(count)]
    return {desk.order(due.isoformat(), f"Uppdrag {n}"): due for n, due in enumerate(chosen)}


def lived(desk: Desk, dice: random.Random) -> Iterator[datetime]:
    """Live the year with a tick a day, but for a day, a week and a month; after each, when the last tick had been."""
    away = dict(zip((dice.randrange(n, n + 60) for n in (20, 130, 250)), dice.sample((1, 7, 30), 3), strict=True))
    day = 0
    while day < 365:
        stay = away.pop(day, 0) + 1
        before = desk.clock.at
        day += stay
        desk.clock.forward(days=stay)
        assert tick(desk.office).errors == []
        if stay > 1:
            yield before
            away = {at: span for at, span in away.items() if at >= day}
    assert away == {}


def _everything_is_told_or_logged(desk: Desk, orders: dict[str, date]) -> None:
    """At the end of the year each step that fell due was said once, or is in the log as overtaken by a later one."""
    reminders, skipped = said(desk), left_out(desk)
    for reference, offset, _ in fallen_due(desk, orders):
        people = [person for _, person in reminders[reference, offset]]
        assert len(people) == len(set(people))
        assert bool(people) != bool(skipped[reference, offset]), (reference, offset)
    due = {(reference, offset) for reference, offset, _ in fallen_due(desk, orders)}
    assert {key for key, people in reminders.items() if people} <= due


def _current_is_said(desk: Desk, orders: dict[str, date], before: datetime) -> None:
    """Of what fell due while nobody was there: the latest step is queued for the next window, the others are logged."""
    calendar = desk.office.calendar
    latest: dict[str, int] = {}
    missed = Counter[tuple[str, int]]()
    for reference, offset, at in sorted(fallen_due(desk, orders), key=lambda each: each[2]):
        if at > before:
            if reference in latest:
                missed[reference, latest[reference]] += 1
            latest[reference] = offset
    reminders, skipped = said(desk), left_out(desk)
    window = next_send_time(desk.clock.at, calendar.zone, closed=calendar.closed)
    for reference, offset in latest.items():
        told = reminders[reference, offset]
        assert len(told) == (2 if offset == 14 else 1), (reference, offset)
        assert len({person for _, person in told}) == len(told)
        assert {at for at, _ in told} == {window}
    for key, times in missed.items():
        assert skipped[key] >= times
        assert not reminders[key]
