"""The digest: each person of the office is told once on each working morning what is overdue, due and waiting."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from errands import Desk, build_home
from msgspec.structs import replace

from engine.app.clock import next_due
from engine.app.digest import MOST
from engine.app.office import MailRules
from engine.app.tick import tick
from engine.app.verify import verify
from engine.ports import Outcome


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("errands") / "home")


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    made = Desk(template, tmp_path / "home")
    made.office = replace(made.office, mail=MailRules(digest=True))
    return made


class Refusing:
    """A way out that takes nothing."""

    def send(self, message_id: int, sender: str, recipient: str, content: bytes) -> Outcome:
        return Outcome("failed", "550 no such user")

    def close(self) -> None:
        """Nothing is open."""


def keys(desk: Desk) -> list[str]:
    return [key for key, _, _ in desk.mails("digest")]


def items(desk: Desk, key: str) -> list[dict[str, Any]]:
    with desk.office.store.read() as tx:
        (found,) = [m.message for m in tx.messages.list() if m.message.key == key]
    return list(found.variables["items"])


def person(desk: Desk, name: str) -> str:
    with desk.office.store.read() as tx:
        return tx.directory.find_person(name)[0].id


def test_whoever_has_something_to_do_is_told_once_a_day_however_often_the_bell_rings(desk: Desk) -> None:
    desk.order("2021-04-15")
    for hour in (7, 9, 13, 14):
        desk.clock.to("2021-03-02", hour=hour)
        tick(desk.office)
    assert keys(desk) == [f"digest/2021-03-02/{person(desk, 'Anna')}"]
    desk.clock.to("2021-03-03")
    tick(desk.office)
    assert keys(desk)[1:] == [f"digest/2021-03-03/{person(desk, 'Anna')}"]


def test_many_workers_at_once_tell_everybody_once(desk: Desk) -> None:
    desk.order("2021-04-15")
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: tick(desk.office), range(4)))
    assert [e for each in done for e in each.errors] == []
    assert len(keys(desk)) == len(desk.outbox()) == 1


@pytest.mark.parametrize(
    ("day", "hour"),
    [("2021-03-06", 9), ("2021-04-02", 9), ("2021-03-02", 5), ("2021-03-02", 18)],
    ids=["saturday", "good friday", "before the window", "after the window"],
)
def test_nobody_is_told_on_a_day_off_or_outside_the_hours_of_mail(desk: Desk, day: str, hour: int) -> None:
    desk.order("2021-09-15")
    desk.clock.to(day, hour=hour)
    tick(desk.office)
    assert keys(desk) == []


def test_what_is_overdue_due_this_week_and_waiting_stand_apart_and_each_case_once(desk: Desk) -> None:
    desk.order("2021-04-15", "Sent")
    desk.order("2021-04-22", "Snart")
    desk.order("2021-09-15", "Väntar")
    desk.clock.to("2021-04-20")
    tick(desk.office)
    anna, hans = (f"digest/2021-04-20/{person(desk, name)}" for name in ("Anna", "Hans"))
    assert [(i["group"], i["title"]) for i in items(desk, anna)] == [
        ("overdue", "Sent"), ("this_week", "Snart"), ("waiting", "Väntar")
    ]  # fmt: skip
    assert [i["title"] for i in items(desk, hans)] == ["Sent"]
    first = items(desk, anna)[0]
    assert (first["deadline"], first["due"], first["days_text"]) == (
        "Uppdraget ska vara klart", "15 april 2021", "för 5 dagar sedan"
    )  # fmt: skip


def test_somebody_with_nothing_to_do_gets_nothing(desk: Desk) -> None:
    tick(desk.office)
    assert keys(desk) == []
    desk.order("2021-09-15")
    desk.clock.to("2021-03-02")
    tick(desk.office)
    assert keys(desk) == [f"digest/2021-03-02/{person(desk, 'Anna')}"]


def test_whoever_has_left_or_has_no_address_gets_nothing(desk: Desk) -> None:
    desk.order("2021-09-15")
    with desk.office.store.write() as tx:
        tx.people.edit_person(tx.directory.find_person("Anna")[0].id, email=None)
    tick(desk.office)
    assert keys(desk) == []


def test_a_long_list_is_cut_and_says_by_how_much(desk: Desk) -> None:
    for n in range(MOST + 3):
        desk.order("2021-09-15", f"Uppdrag {n}")
    tick(desk.office)
    with desk.office.store.read() as tx:
        (found,) = [m.message for m in tx.messages.list() if m.message.template == "digest"]
    assert (len(found.variables["items"]), found.variables["more"]) == (MOST, 3)
    assert "Och 3 till" in desk.outbox()[0].read_text("ascii")


def test_the_digest_and_what_became_of_it_stand_in_the_log_of_the_office(desk: Desk) -> None:
    desk.order("2021-04-15")
    tick(desk.office)
    assert [act for act in desk.acts("@office") if act != "seal"][-2:] == ["digest", "mail"]
    assert verify(desk.office).bad == []
    with desk.office.store.write() as tx:
        message = next(m for m in tx.messages.list() if m.message.template == "digest")
        tx.messages.erase(message.message.person or "")
    assert [bad.case for bad in verify(desk.office).bad] == ["@office"]


def test_a_digest_that_does_not_arrive_is_in_the_log_and_bothers_nobody(desk: Desk) -> None:
    desk.order("2021-04-15")
    tick(desk.through(Refusing()))
    assert [state for _, state, _ in desk.mails()] == ["failed"]
    assert verify(desk.office).bad == []


def test_without_a_word_in_the_settings_a_real_home_wants_it_and_a_sandbox_does_not(desk: Desk) -> None:
    desk.office = replace(desk.office, mail=MailRules())
    desk.order("2021-09-15")
    with desk.office.store.write() as tx:
        tx.settings.put("sandbox", "1")
    tick(desk.office)
    assert keys(desk) == []
    with desk.office.store.write() as tx:
        tx.settings.put("sandbox", "0")
    tick(desk.office)
    assert len(keys(desk)) == 1


@pytest.mark.parametrize(
    ("day", "hour", "coming"),
    [("2021-03-02", 9, date(2021, 3, 3)), ("2021-03-05", 9, date(2021, 3, 8)), ("2021-03-02", 4, date(2021, 3, 2))],
)
def test_the_next_morning_is_something_that_a_clock_run_forward_stops_for(
    desk: Desk, day: str, hour: int, coming: date
) -> None:
    desk.clock.to(day, hour=hour)
    with desk.office.store.read() as tx:
        due = next_due(tx, desk.office)
    assert due is not None
    assert due.date() == coming
    assert (due.hour, due.minute) == (7, 0)
