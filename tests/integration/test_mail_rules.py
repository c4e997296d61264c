"""What keeps mail at home: the stop switch, limits, domains that may not be written to, a way out that is shut."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from errands import OFFICER, Desk, build_home
from hiring import move_out
from msgspec.structs import replace

from engine.app.deliver import deliver
from engine.app.doctor import Readings, examine
from engine.app.mail_hold import hold
from engine.app.mail_pace import PACE
from engine.app.office import MailRules
from engine.app.status import status
from engine.app.tick import tick
from engine.app.verify import verify
from engine.ports import Outcome


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("errands") / "home")


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    return Desk(template, tmp_path / "home")


class Shut:
    """A way out whose set-up is wrong."""

    def send(self, message_id: int, sender: str, recipient: str, content: bytes) -> Outcome:
        return Outcome("deferred", "535 wrong password", pause=True)

    def close(self) -> None:
        """Nothing is open."""


def with_rules(desk: Desk, **rules: Any) -> None:
    desk.office = replace(desk.office, mail=MailRules(digest=False, **rules))


def due(desk: Desk, count: int) -> None:
    """Let so many reminders, and as many escalations to the head, be due now."""
    for n in range(count):
        desk.order("2021-04-15", f"Uppdrag {n}")
    desk.clock.to("2021-04-30")


def states(desk: Desk) -> Counter[str]:
    return Counter(state for _, state, _ in desk.mails())


def test_the_stop_switch_keeps_all_mail_and_its_end_lets_it_go(desk: Desk) -> None:
    due(desk, 2)
    assert hold(desk.office, OFFICER, on=True, note="fel i mallen")["changed"]
    assert tick(desk.office).delivered == 0
    assert states(desk) == {"queued": 4}
    assert not hold(desk.office, OFFICER, on=True)["changed"]
    told = hold(desk.office, OFFICER, on=False)
    assert (told["on"], told["waiting"]) == (False, 4)
    assert tick(desk.office).delivered == 4


def test_the_stop_switch_is_in_the_log_of_the_office_and_in_the_overview(desk: Desk) -> None:
    hold(desk.office, OFFICER, on=True, note="fel i mallen")
    with desk.office.store.read() as tx:
        last = list(tx.log.entries("@office"))[-1]
    entry = json.loads(last.line)
    assert (entry["act"], entry["body"], entry["role"]) == ("mail_hold", {"on": True}, "officer")
    assert json.loads(last.payload or "{}")["note"] == "fel i mallen"
    assert status(desk.office, OFFICER)["mail_held"]
    found = {f.code for f in examine(Readings((3, 11), (3, 53), "/h", 2**40, "folder", "outbox"), desk.office)}
    assert "mail_held" in found


def test_no_more_mails_leave_in_a_minute_than_the_office_wants(desk: Desk) -> None:
    with_rules(desk, per_minute=3)
    due(desk, 4)
    first = tick(desk.office)
    again = tick(desk.office)
    with desk.office.store.write() as tx:
        tx.settings.put(PACE, json.dumps({"minute": "2021-04-30T00:00", "left": {"region.example": 3}}))
    third = tick(desk.office)
    assert (first.delivered, again.delivered) in ((3, 0), (3, 3))  # the minute may have turned in between
    assert third.delivered >= 2


def test_a_domain_that_has_had_enough_waits_and_the_others_go_on(desk: Desk) -> None:
    with desk.office.store.write() as tx:
        move_out(tx, tx.directory.find_person("Hans")[0].id, "hans@other.example")
    with_rules(desk, per_domain=2)
    due(desk, 6)
    assert tick(desk.office).delivered in (4, 6, 8)
    with desk.office.store.read() as tx:
        left = Counter((m.address or "").partition("@")[2] for m in tx.messages.list(state="sent"))
        waiting = sorted(m.next_at for m in tx.messages.list(state="queued") if m.next_at)
        attempts = [m.attempts for m in tx.messages.list(state="queued")]
    assert set(left) == {"region.example", "other.example"}
    assert waiting[0] > desk.clock.at
    assert waiting[-1] > waiting[0]  # each waits for a minute that has room for it
    assert set(attempts) == {0}
    for _ in range(6):
        desk.clock.forward(minutes=5)
        with desk.office.store.write() as tx:
            tx.settings.put(PACE, "{}")
        tick(desk.office)
    assert states(desk) == {"sent": 12}


def test_mail_to_a_domain_that_is_not_on_the_list_is_left_out_and_nobody_is_bothered(desk: Desk) -> None:
    with desk.office.store.write() as tx:
        move_out(tx, tx.directory.find_person("Hans")[0].id, "hans@real.example")
    with_rules(desk, domains=frozenset({"region.example"}))
    due(desk, 1)
    assert tick(desk.office).delivered == 1
    assert states(desk) == {"sent": 1, "suppressed": 1}
    assert [m for m in desk.outbox() if "real" in m.name] == []
    assert verify(desk.office).bad == []


def test_a_way_out_that_is_shut_is_told_until_a_mail_has_left(desk: Desk) -> None:
    due(desk, 1)
    tick(desk.through(Shut()))
    paused = status(desk.office, OFFICER)["mail_paused"]
    assert paused["why"] == "535 wrong password"
    readings = Readings((3, 11), (3, 53), "/h", 2**40, "smtp", "mail:25")
    assert [f.exit_code for f in examine(readings, desk.office) if f.code == "mail_paused"] == [6]
    desk.clock.forward(hours=2)
    assert deliver(desk.office)["delivered"] == 2
    assert status(desk.office, OFFICER)["mail_paused"] is None
