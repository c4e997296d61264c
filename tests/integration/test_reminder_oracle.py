"""The set of reminders of random errands equals what an oracle works out from the rules, day by day.

The oracle knows nothing of the engine's code for time: holidays come from Easter by Gauss's method, a ladder is walked
one calendar day at a time, and what has happened to a case is replayed from the test's own list.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from errands import OFFICER, START, Desk, build_home
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine.app.advance import Given
from engine.app.mail_hold import hold
from engine.app.tick import tick
from engine.app.timing import stop_clock

STOCKHOLM = ZoneInfo("Europe/Stockholm")
LADDER = (-30, -14, -7, -1, 0, 7, 14)
FIRST, LAST = START.date(), date(2021, 12, 15)


@dataclass(frozen=True)
class Happens:
    """Something that is done to a case on a morning, before the post goes."""

    day: int
    what: Literal["finish", "postpone", "stop", "start"]
    days: int = 0


@dataclass
class Errand:
    """A case: when it is due, counted in days from the first, and what happens to it."""

    due: int
    happens: list[Happens] = field(default_factory=list)


def _in_order(happens: tuple[Happens, ...]) -> list[Happens]:
    return sorted(happens, key=lambda h: h.day)


def errands() -> st.SearchStrategy[Errand]:
    finishes = st.builds(Happens, st.integers(5, 200), st.just("finish"))
    postpones = st.builds(Happens, st.integers(5, 120), st.just("postpone"), st.integers(20, 120))
    stops = st.tuples(st.integers(5, 150), st.integers(1, 60)).map(
        lambda two: [Happens(two[0], "stop"), Happens(two[0] + two[1], "start")]
    )
    happens: st.SearchStrategy[list[Happens]] = st.one_of(
        st.just([]), finishes.map(lambda h: [h]), postpones.map(lambda h: [h]), stops,
        st.tuples(postpones, finishes).filter(lambda two: two[0].day != two[1].day).map(_in_order),
    )  # fmt: skip
    return st.builds(Errand, st.integers(1, 200), happens)


@cache
def easter(year: int) -> date:
    """Easter Sunday, by the method of Gauss for this century."""
    a, b, c = year % 19, year % 4, year % 7
    d = (19 * a + 24) % 30
    e = (2 * b + 4 * c + 6 * d + 5) % 7
    return date(year, 3, 22) + timedelta(days=d + e)


@cache
def works(day: date) -> bool:
    """Whether it is a working day in Sweden; the three eves are none."""
    if day.weekday() >= 5 or (day.month, day.day) in {(1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26),
                                                     (12, 31)}:  # fmt: skip
        return False
    if (day - easter(day.year)).days in {-2, 1, 39}:
        return False
    return not (day.month == 6 and 19 <= day.day <= 25 and day.weekday() == 4)


def rolled(day: date, step: int) -> date:
    while not works(day):
        day += timedelta(days=step)
    return day


@dataclass
class Told:
    """One reminder: whose step, of which version of the date, on which day it left."""

    offset: int
    version: int
    on: date
    to_head: bool


def foretold(errand: Errand) -> Iterator[Told]:
    """What the rules say is told of an errand: walked through day by day, as a clerk with a diary would."""
    asked, stopped_days, version = FIRST + timedelta(days=errand.due), 0, 1
    due = rolled(asked, 1)
    stopped_on: date | None = None
    done: set[int] = {o for o in LADDER if step_day(due, o) < FIRST or (step_day(due, o) == FIRST)}
    happening = {FIRST + timedelta(days=h.day): h for h in errand.happens}
    day = FIRST
    while (day := day + timedelta(days=1)) <= LAST:
        now = happening.get(day)
        if now is not None and now.what == "finish":
            return
        if now is not None and now.what == "stop":
            stopped_on = day
        elif now is not None:
            if now.what == "start" and stopped_on is not None:
                stopped_days, stopped_on = stopped_days + (day - stopped_on).days, None
            else:
                asked, stopped_days = day + timedelta(days=now.days), 0
            due = rolled(asked + timedelta(days=stopped_days), 1)
            version += 1
            done = {o for o in LADDER if step_day(due, o) < day}
        if stopped_on is not None or not works(day):
            continue
        ready = [o for o in LADDER if o not in done and step_day(due, o) <= day]
        if ready:
            done.update(ready)
            yield Told(ready[-1], version, day, to_head=False)
            if 14 in ready:
                yield Told(14, version, day, to_head=True)


def step_day(due: date, offset: int) -> date:
    return rolled(due + timedelta(days=offset), 1 if offset > 0 else -1)


EXAMPLES, CASES = (10, 50) if os.environ.get("DRILL") == "long" else (2, 25)
"""Offices, and cases in each: `make drill` takes five hundred cases, every other run fifty."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("errands") / "home")


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(cases=st.lists(errands(), min_size=CASES, max_size=CASES))
def test_what_is_told_of_random_errands_is_what_the_rules_say(
    template: Path, tmp_path_factory: pytest.TempPathFactory, cases: list[Errand]
) -> None:
    desk = Desk(template, tmp_path_factory.mktemp("drill") / "home")
    hold(desk.office, OFFICER, on=True)  # what is decided is looked at here; test_deliver looks at how it leaves
    references = [
        desk.order((FIRST + timedelta(days=errand.due)).isoformat(), f"Uppdrag {n}") for n, errand in enumerate(cases)
    ]
    by_day: dict[int, list[tuple[str, Happens]]] = {}
    for reference, errand in zip(references, cases, strict=True):
        for happens in errand.happens:
            by_day.setdefault(happens.day, []).append((reference, happens))
    for day in range(1, (LAST - FIRST).days + 1):
        local = datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), STOCKHOLM)
        desk.clock.at = (local + timedelta(hours=7)).astimezone(UTC)
        for reference, happens in by_day.get(day, ()):
            _do(desk, reference, happens)
        desk.clock.at = (local + timedelta(hours=9)).astimezone(UTC)
        if works(local.date()):
            assert tick(desk.office).errors == []
    for reference, errand in zip(references, cases, strict=True):
        assert told(desk, reference) == sorted(
            (t.version, t.offset, t.on.isoformat(), t.to_head) for t in foretold(errand)
        ), errand


def told(desk: Desk, reference: str) -> list[tuple[int, int, str, bool]]:
    """(version, step, day it was to leave, whether the head was told) of the reminders decided about a case."""
    found = []
    with desk.office.store.read() as tx:
        head = tx.directory.find_person("Hans")[0].id
        for stored in tx.messages.list(case=reference):
            message = stored.message
            if message.template == "reminder":
                _, version, offset, _ = message.key.split("/")
                day = message.due_at.astimezone(STOCKHOLM).date().isoformat()
                found.append((int(version), int(offset), day, message.person == head))
    return sorted(found)


def _do(desk: Desk, reference: str, happens: Happens) -> None:
    if desk.state(reference) in ("dropped", "done"):
        return  # nothing is told of it any more, and nothing can be done to it
    if happens.what in ("stop", "start"):
        stop_clock(desk.office, OFFICER, reference, Given(note="väntar"), start=happens.what == "start")
    elif happens.what == "finish":
        desk.advance(reference, "finish")
    else:
        due = FIRST + timedelta(days=happens.day + happens.days)
        desk.advance(reference, "postpone", due_on=due.isoformat(), reason="sjuk", answer="nej")
