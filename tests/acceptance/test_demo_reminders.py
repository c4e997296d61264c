"""The demo's years and the one after them: what was reminded of is what the rules say, and what was foretold was sent.

The oracle here knows the programme's ladders and the Swedish calendar, and reads from the log when each deadline was
opened, moved and ended. It knows nothing of the engine's code for reminders.
"""

import json
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import running
from demo_home import Demo, shared_demo

import workflows
from engine.ports import UnitOfWork

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(300)]

STOCKHOLM = ZoneInfo("Europe/Stockholm")
LADDERS = {"long": (-30, -14, -3, 0, 1, 7, 14, 30), "short": (-7, -2, 0, 1, 5, 14)}
"""Days from the due day, those of the escalation among them: the manager and the officer at 14, the head at 30."""

Version = tuple[str, int]
"""A deadline and the version of its date."""


@dataclass(frozen=True)
class Life:
    """A date of a deadline: of which case and kind, and from when until when it was the one that counted."""

    case: str
    name: str
    due_on: date
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Year:
    """A home in which the demo's years and one more have passed, and what a forecast had said of that one."""

    home: Path
    began: datetime
    foretold: list[dict[str, Any]]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return shared_demo(tmp_path_factory)


@pytest.fixture(scope="module")
def year(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Year:
    home = running.copied(demo.home, tmp_path_factory.mktemp("year") / "home")
    with running.office_of(home).store.read() as tx:
        began = tx.now
    foretold = running.inline(home, "mail", "forecast", "--within", "365d", "--json").json
    assert running.inline(home, "clock", "forward", "365d", "--tick").code == 0
    return Year(home, began, foretold)


def test_the_forecast_of_a_year_is_the_mail_of_that_year(year: Year) -> None:
    with running.office_of(year.home).store.read() as tx:
        sent = [(m.sent_at, m.message.key) for m in tx.messages.list(state="sent") if m.sent_at]
    later = sorted((at, key) for at, key in sent if at >= year.began)

    assert {m["state"] for m in year.foretold} == {"sent"}
    assert sorted((datetime.fromisoformat(m["at"]), m["key"]) for m in year.foretold) == later
    assert len(later) > 150


def test_every_reminder_of_all_those_years_is_one_that_the_rules_ask_for_and_none_is_missing(year: Year) -> None:
    with running.office_of(year.home).store.read() as tx:
        lives = dict(lived(tx))
        said, skipped = reminded(tx), overtaken(tx)
        wanted = {version: steps for version, life in lives.items() if (steps := due_steps(tx, life))}

    assert {version: said[version] | skipped[version] for version in (*said, *skipped)} == wanted
    assert sum(len(steps) for steps in wanted.values()) > 250


def test_nobody_was_reminded_twice_of_the_same_step(year: Year) -> None:
    with running.office_of(year.home).store.read() as tx:
        keys = [m.message.key for m in tx.messages.list() if m.message.deadline]
        attempts = {m.attempts for m in tx.messages.list(state="sent")}

    assert len(keys) == len(set(keys))
    assert attempts == {1}


@cache
def rules() -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """(workflow, deadline) -> its table, as it is written."""
    folder = Path(workflows.__file__).parent
    tables = [tomllib.loads(path.read_text("utf-8")) for path in folder.glob("*.toml")]
    return {(table["name"], rule["name"]): rule for table in tables for rule in table.get("deadline", ())}


def lived(tx: UnitOfWork) -> Iterator[tuple[Version, Life]]:
    """Every date that a deadline has had, by the log."""
    for reference in tx.cases.references():
        now: dict[str, tuple[Version, Life]] = {}
        for logged in tx.log.entries(reference):
            entry = json.loads(logged.line)
            body, at = entry["body"], datetime.fromisoformat(entry["at"])
            ended = {raw["id"] for raw in body.get("closed", ())}
            for raw in (*body.get("opened", ()), *body.get("moved", ())):
                version = (raw["id"], raw["version"])
                if raw["id"] not in now or now[raw["id"]][0] != version:
                    yield from _over(now.pop(raw["id"], None), at)
                    life = Life(reference, raw["name"], date.fromisoformat(raw["due_on"]), at, tx.now)
                    now[raw["id"]] = (version, life)
            for each in ended:
                yield from _over(now.pop(each, None), at)
        yield from now.values()


def _over(found: tuple[Version, Life] | None, at: datetime) -> Iterator[tuple[Version, Life]]:
    if found is not None:
        version, life = found
        yield version, Life(life.case, life.name, life.due_on, life.since, at)


def due_steps(tx: UnitOfWork, life: Life) -> set[int]:
    """The steps of its ladder that fell due while that date counted."""
    case = tx.cases.get(life.case)
    assert case is not None
    rule = rules()[case.workflow, life.name]
    if "remind" not in rule:
        return set()
    day = life.due_on
    if rule.get("remind_from") == "call.closes_at":
        call = tx.cases.get(case.data["call"])
        assert call is not None
        # A call that closes at 24:00 closes on the day that ends then.
        day = (datetime.fromisoformat(call.data["closes_at"]).astimezone(STOCKHOLM) - timedelta(seconds=1)).date()
    offsets = {*LADDERS[rule["remind"]], *(int(text.removesuffix("d")) for text in rule.get("escalate", ()))}
    return {offset for offset in offsets if life.since < goes_out(day, offset) <= life.until}


def goes_out(due: date, offset: int) -> datetime:
    """08:00 on the step's day; on a day off, the working day before it until the due day, after it the next one."""
    day = due + timedelta(days=offset)
    while not works(day):
        day += timedelta(days=1 if offset > 0 else -1)
    return datetime(day.year, day.month, day.day, 8, tzinfo=STOCKHOLM).astimezone(UTC)


@cache
def works(day: date) -> bool:
    """Whether it is a working day in Sweden; the three eves are none. Easter is by the method of Gauss."""
    if day.weekday() >= 5 or (day.month, day.day) in {(1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26),
                                                     (12, 31)}:  # fmt: skip
        return False
    a, b, c = day.year % 19, day.year % 4, day.year % 7
    d = (19 * a + 24) % 30
    easter = date(day.year, 3, 22) + timedelta(days=d + (2 * b + 4 * c + 6 * d + 5) % 7)
    return (day - easter).days not in {-2, 1, 39} and not (
        day.month == 6 and 19 <= day.day <= 25 and day.weekday() == 4
    )


def reminded(tx: UnitOfWork) -> dict[Version, set[int]]:
    """The steps that a message was made of, whatever became of it."""
    found: dict[Version, set[int]] = defaultdict(set)
    for stored in tx.messages.list():
        deadline, key = stored.message.deadline, stored.message.key
        if deadline is not None and key.startswith(f"{deadline}/"):
            version, step, _ = key.removeprefix(f"{deadline}/").split("/")
            found[deadline, int(version)].add(int(step))
    return found


def overtaken(tx: UnitOfWork) -> dict[Version, set[int]]:
    """The steps that the log names as overtaken by a later one."""
    found: dict[Version, set[int]] = defaultdict(set)
    for logged in tx.log.all(kind="remind"):
        body = json.loads(logged.line)["body"]
        for offset, _ in body.get("superseded", ()):
            found[body["moved"][0]["id"], body["moved"][0]["version"]].add(offset)
    return found
