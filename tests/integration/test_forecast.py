"""A forecast is what is then sent, if nothing else happens; and it leaves nothing behind."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from errands import OFFICER, Desk, build_home
from msgspec.structs import replace

from engine.app.advance import Given
from engine.app.edit import amend
from engine.app.forecast import Forecast, SetClock, forecast, run_until
from engine.app.mail_hold import hold
from engine.app.office import Office
from engine.app.tick import tick
from engine.app.timing import stop_clock
from engine.bootstrap.home import throw_away
from engine.bootstrap.office import open_office
from engine.settings import load


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("errands") / "home")


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    return Desk(template, tmp_path / "home")


def busy(desk: Desk) -> None:
    """An office with something of everything: far and near, late, waiting, stopped, refused automatic steps."""
    for n, due in enumerate(("2021-03-10", "2021-04-15", "2021-05-01", "2021-06-22", "2021-12-24", "2022-02-28")):
        reference = desk.order(due, f"Uppdrag {n}")
        amend(desk.office, OFFICER, reference, Given(set={"answer": "nej"}, note="så att det kan läggas ned"))
    waiting = desk.order("2021-03-20", "Vilande")
    desk.advance(waiting, "wait")
    stop_clock(desk.office, OFFICER, desk.order("2021-07-01", "Stannad"), Given(note="väntar på dom"))
    desk.advance(desk.order("2021-03-25", "Flyttad"), "postpone", due_on="2021-05-30", reason="sjuk", answer="nej")


def ahead(desk: Desk, days: int, reference: str | None = None, **mail: Any) -> Forecast:
    now = desk.clock.at
    with throw_away(load(desk.home), now) as (office, clock):
        office = replace(office, mail=replace(office.mail, **mail))
        return forecast(office, clock, now + timedelta(days=days), reference)


def sent(desk: Desk) -> list[tuple[str, str]]:
    """(day, key) of all mails that have left."""
    with desk.office.store.read() as tx:
        found = [m for m in tx.messages.list() if m.sent_at]
    return sorted((m.sent_at.date().isoformat(), m.message.key) for m in found if m.sent_at)


def days_and_keys(found: Forecast) -> list[tuple[str, str]]:
    return sorted((m["at"][:10], m["key"]) for m in found.mails if m["state"] == "sent")


@pytest.mark.slow
def test_the_forecast_of_a_year_is_what_is_sent_in_that_year(desk: Desk) -> None:
    busy(desk)
    foretold = ahead(desk, 365)
    end = desk.clock.at + timedelta(days=365)
    while desk.clock.at < end:
        tick(desk.office)
        desk.clock.at = min(desk.clock.at + timedelta(hours=12), end)
    tick(desk.office)
    assert days_and_keys(foretold) == sent(desk)
    assert len(foretold.mails) > 40
    assert foretold.ticked.errors == []


def test_an_automatic_step_that_is_refused_day_after_day_is_foretold_as_it_will_be_told_once(desk: Desk) -> None:
    desk.order("2021-04-15")
    desk.clock.to("2021-07-10")
    foretold = ahead(desk, 14)
    clock = SetClock(desk.clock.at)
    awake = open_office(load(desk.home), clock=clock)
    for _ in run_until(awake, clock, desk.clock.at + timedelta(days=14)):
        pass  # a worker that is always there
    assert days_and_keys(foretold) == sent(desk)
    assert sum(m["template"] == "guard_refused" for m in foretold.mails) == 1


@pytest.mark.slow
def test_the_forecast_holds_with_digests_too(desk: Desk) -> None:
    busy(desk)
    desk.office = replace(desk.office, mail=replace(desk.office.mail, digest=True))
    foretold = ahead(desk, 60, digest=True)
    end = desk.clock.at + timedelta(days=60)
    while desk.clock.at < end:
        tick(desk.office)
        desk.clock.at = min(desk.clock.at + timedelta(hours=12), end)
    tick(desk.office)
    assert days_and_keys(foretold) == sent(desk)
    assert sum(m["template"] == "digest" for m in foretold.mails) > 60


def test_a_forecast_of_one_case_tells_of_no_other(desk: Desk) -> None:
    first, second = desk.order("2021-04-15"), desk.order("2021-04-15", "Ett till")
    assert {m["case"] for m in ahead(desk, 60).mails} == {first, second}
    assert {m["case"] for m in ahead(desk, 60, second).mails} == {second}


def test_a_forecast_changes_nothing(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    before = desk.acts(reference)
    assert ahead(desk, 90).mails
    assert desk.acts(reference) == before
    assert desk.mails() == []
    assert desk.outbox() == []


def _folder_of(office: Office) -> Path:
    """The folder of the SQLite file that an office works on, asked of SQLite itself."""
    with office.store.read() as tx:
        _, _, file = tx.connection.execute("PRAGMA database_list").fetchone()  # type: ignore[attr-defined]
    return Path(file).parent


@pytest.mark.sqlite
def test_the_copy_is_private_and_removed_when_the_forecast_breaks_off(desk: Desk) -> None:
    copy = throw_away(load(desk.home), desk.clock.at)
    office, _ = copy.__enter__()
    folder = _folder_of(office)
    mode = folder.stat().st_mode & 0o777
    assert not copy.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert mode == 0o700
    assert not folder.exists()


def test_while_the_office_holds_its_mail_the_forecast_says_that_none_leaves(desk: Desk) -> None:
    desk.order("2021-04-15")
    hold(desk.office, OFFICER, on=True)
    told = ahead(desk, 90)
    assert told.held
    assert [m for m in told.mails if m["state"] == "sent"] == []


def test_each_line_tells_who_when_what_and_which_step(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    first = ahead(desk, 20).mails[0]
    assert (first["to_name"], first["template"], first["step"]) == ("Anna Ask", "reminder", -30)
    assert first["case"] == reference
    assert datetime.fromisoformat(first["at"]) == datetime(2021, 3, 16, 7, 0, 1, tzinfo=UTC)
