"""Delivery through the real SMTP channel to a server on loopback: each mail once, and an honest outcome."""

import email
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import Envelope
from errands import OFFICER, Desk, build_home
from msgspec.structs import replace
from test_smtp import QUICK, Handler, serving

from engine.app.advance import Given, advance
from engine.app.deliver import deliver
from engine.app.mail_outcome import ATTEMPTS
from engine.app.mail_queue import retry
from engine.app.mail_why import why_message
from engine.app.office import Office
from engine.app.tick import tick
from engine.app.verify import verify
from engine.core.message import StoredMessage
from engine.ports import Outcome
from notifications.channels.smtp import Server, SmtpChannel


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("errands") / "home")


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    return Desk(template, tmp_path / "home")


@pytest.fixture
def inbox() -> Handler:
    return Handler()


@pytest.fixture
def server(inbox: Handler) -> Iterator[Server]:
    with serving(inbox) as found:
        yield found


def by_mail(desk: Desk, server: Server) -> Office:
    return desk.through(SmtpChannel(server, QUICK))


def reminders(desk: Desk, count: int) -> None:
    """Let so many reminders wait for delivery."""
    for n in range(count):
        desk.order("2021-04-15", f"Uppdrag {n}")
    desk.clock.to("2021-03-16")
    tick_without_mail(desk)


def tick_without_mail(desk: Desk) -> None:
    """Decide what is to be said, and let none of it leave."""
    away = desk.through(_Closed())
    assert tick(away).delivered == 0
    with desk.office.store.write() as tx:
        for stored in list(tx.messages.list(state="deferred")):
            tx.messages.set_state(stored.id, "queued", None)


class _Closed:
    """A way out that is shut today."""

    def send(self, message_id: int, sender: str, recipient: str, content: bytes) -> Outcome:
        return Outcome("deferred", "shut", pause=True)

    def close(self) -> None:
        """Nothing is open."""


def bytes_of(envelope: Envelope) -> bytes:
    assert isinstance(envelope.content, bytes)
    return envelope.content


def stored(desk: Desk) -> list[StoredMessage]:
    with desk.office.store.read() as tx:
        return list(tx.messages.list())


def outcomes(desk: Desk, reference: str) -> list[tuple[str, int]]:
    """(state, attempt) of every entry about mail."""
    with desk.office.store.read() as tx:
        bodies = [json.loads(line.line) for line in tx.log.entries(reference)]
    return [(b["body"]["mail"]["state"], b["body"]["mail"]["attempt"]) for b in bodies if b["act"] == "mail"]


def test_a_reminder_reaches_the_mailbox_once_and_the_log_says_so(desk: Desk, server: Server, inbox: Handler) -> None:
    reminders(desk, 1)
    assert deliver(by_mail(desk, server)) == {"delivered": 1}
    assert deliver(by_mail(desk, server)) == {}
    (arrived,) = inbox.envelopes
    (message,) = stored(desk)
    parsed = email.message_from_bytes(bytes_of(arrived))
    assert arrived.rcpt_tos == ["anna@region.example"]
    assert re.fullmatch(rf"b\+{message.id}\.[0-9a-f]{{16}}@region\.example", str(arrived.mail_from))
    assert parsed["Message-ID"] == message.message_id
    assert (message.message.state, message.sent_at) == ("sent", desk.clock.at)
    assert outcomes(desk, "E-2021-0001")[-1][0] == "sent"


def test_a_server_that_asks_to_come_back_later_gets_the_same_bytes_later(desk: Desk) -> None:
    reminders(desk, 1)
    busy, free = Handler(data="451 later"), Handler()
    with serving(busy) as server:
        assert deliver(by_mail(desk, server)) == {"deferred": 1}
        assert deliver(by_mail(desk, server)) == {}
    with desk.office.store.read() as tx:
        kept = tx.messages.get(1)
    assert kept is not None
    desk.clock.forward(hours=1)
    with serving(free) as server:
        assert deliver(by_mail(desk, server)) == {"delivered": 1}
    assert free.envelopes[0].content == kept.content
    assert stored(desk)[0].attempts > 1


def test_bytes_that_somebody_has_put_in_the_row_never_leave(desk: Desk, server: Server, inbox: Handler) -> None:
    reminders(desk, 1)
    forged = b"From: a@b.example\r\nDate: Mon, 01 Mar 2021 08:00:00 +0000\r\n\r\nNi beviljas 9 000 000 kr.\r\n"
    with desk.office.store.write() as tx:
        execute: Any = tx.connection.execute  # type: ignore[attr-defined]
        execute("UPDATE messages SET content = :c, address = 'evil@evil.example', subject = 'Bifall'", {"c": forged})

    assert deliver(by_mail(desk, server)) == {"delivered": 1}

    (arrived,) = inbox.envelopes
    assert arrived.rcpt_tos == ["anna@region.example"]
    assert b"beviljas" not in bytes_of(arrived)
    assert stored(desk)[0].subject != "Bifall"


def test_a_refused_address_fails_and_the_officer_is_told_once(desk: Desk) -> None:
    reminders(desk, 1)
    picky = Handler(**{"anna@region.example": "550 no such user"})
    with serving(picky) as server:
        assert deliver(by_mail(desk, server))["failed"] == 2  # the reminder, and the notice to the same officer
        assert deliver(by_mail(desk, server)) == {}
    assert [m.message.template for m in stored(desk)] == ["reminder", "delivery_failed"]
    assert stored(desk)[0].error == "550 no such user"


def test_a_notice_about_a_failed_mail_names_the_mail_and_why(desk: Desk, server: Server, inbox: Handler) -> None:
    desk.order("2021-04-15")
    desk.clock.to("2021-04-30")
    tick_without_mail(desk)
    inbox.answers["hans@region.example"] = "550 no such user"
    counts = deliver(by_mail(desk, server))
    assert (counts["failed"], counts["delivered"]) == (1, 2)
    parsed = email.message_from_bytes(bytes_of(inbox.envelopes[-1]))
    text = parsed.get_payload()[0].get_payload(decode=True).decode()  # type: ignore[index,union-attr]
    assert "hans@region.example" in text
    assert "550 no such user" in text


def test_a_wrong_set_up_burns_no_mail_and_leaves_the_rest_of_the_queue_untouched(desk: Desk) -> None:
    reminders(desk, 5)
    stranger = Handler(mail="550 relaying denied")
    with serving(stranger) as server:
        assert deliver(by_mail(desk, server)) == {"deferred": 1}
    assert [m.message.state for m in stored(desk)] == ["deferred"] + ["queued"] * 4
    assert [m.attempts for m in stored(desk)][2:] == [0, 0, 0]


def test_however_long_our_own_set_up_is_wrong_no_mail_is_given_up(desk: Desk) -> None:
    reminders(desk, 1)
    stranger = Handler(mail="550 relaying denied")
    with serving(stranger) as server:
        for _ in range(ATTEMPTS + 5):
            deliver(by_mail(desk, server))
            desk.clock.forward(hours=14)
    assert stored(desk)[0].message.state == "deferred"


def test_a_server_that_is_away_burns_one_attempt_of_one_mail_and_nothing_is_lost(desk: Desk, inbox: Handler) -> None:
    reminders(desk, 3)
    nobody = Server("127.0.0.1", 9, tls="none")
    assert deliver(by_mail(desk, nobody)) == {"deferred": 1}
    assert [m.attempts for m in stored(desk)] == [2, 0, 0]
    desk.clock.forward(hours=2)
    with serving(inbox) as server:
        assert deliver(by_mail(desk, server)) == {"delivered": 3}
    assert len(inbox.envelopes) == 3


def test_after_four_days_of_refusals_the_mail_has_failed(desk: Desk) -> None:
    reminders(desk, 1)
    full = Handler(rcpt="452 mailbox full")
    with serving(full) as server:
        for _ in range(ATTEMPTS):
            deliver(by_mail(desk, server))
            desk.clock.forward(hours=14)
    states = {m.message.template: m.message.state for m in stored(desk)}
    assert states["reminder"] == "failed"
    assert states["delivery_failed"] in ("queued", "deferred")


def test_a_mail_whose_sender_died_on_the_way_is_sent_again(desk: Desk, server: Server, inbox: Handler) -> None:
    reminders(desk, 1)
    with desk.office.store.write() as tx:
        real = datetime.now(UTC)
        tx.messages.lease(desk.clock.at, real - timedelta(seconds=1), 1, real_now=real)
    assert stored(desk)[0].message.state == "leased"
    assert deliver(by_mail(desk, server)) == {"unknown": 1, "delivered": 1}
    assert len(inbox.envelopes) == 1
    assert outcomes(desk, stored(desk)[0].message.case) == [("unknown", 2), ("sent", 3)]


def test_a_mail_whose_sender_died_twice_is_given_up(desk: Desk, server: Server, inbox: Handler) -> None:
    reminders(desk, 1)
    for _ in range(2):
        with desk.office.store.write() as tx:
            real = datetime.now(UTC)
            tx.messages.lease(desk.clock.at, real - timedelta(seconds=1), 1, real_now=real)
        assert deliver(by_mail(desk, server), iter([False, True]).__next__) == {"unknown": 1}
    assert deliver(by_mail(desk, server)) == {"delivered": 1}  # the notice to the officer
    assert (stored(desk)[0].message.state, stored(desk)[0].attempts) == ("failed", 3)
    assert why_message(desk.office, OFFICER, 1)["code"] == "failed_unconfirmed"


def test_a_mail_that_somebody_else_is_sending_is_left_alone(desk: Desk, server: Server, inbox: Handler) -> None:
    reminders(desk, 2)
    with desk.office.store.write() as tx:
        real = datetime.now(UTC)
        tx.messages.lease(desk.clock.at, real + timedelta(minutes=5), 1, real_now=real)
    assert deliver(by_mail(desk, server)) == {"delivered": 1}
    assert len(inbox.envelopes) == 1


def test_a_mail_that_may_have_arrived_is_sent_once_more_with_the_same_id_and_then_given_up(desk: Desk) -> None:
    reminders(desk, 1)
    mute = Handler(data="garbage")
    with serving(mute) as server:
        assert deliver(by_mail(desk, server)) == {"unknown": 1}
        first = stored(desk)[0]
        desk.clock.forward(hours=1)
        assert deliver(by_mail(desk, server)) == {"unknown": 2}  # and the notice to the officer
        desk.clock.forward(days=3)
        assert deliver(by_mail(desk, server)) == {"unknown": 1}  # the notice, of which there is no notice
        desk.clock.forward(days=3)
        assert deliver(by_mail(desk, server)) == {}
    last = stored(desk)[0]
    assert last.message_id == first.message_id
    assert (last.message.state, last.attempts) == ("failed", 3)
    assert outcomes(desk, last.message.case) == [("unknown", 2), ("failed", 3), ("unknown", 1), ("failed", 2)]
    told = [m.message.variables["failed"] for m in stored(desk) if m.message.template == "delivery_failed"]
    assert [each["doubtful"] for each in told] == [True]


def test_no_second_copy_of_a_letter_about_a_decision_leaves_unless_a_person_says_so(
    desk: Desk, server: Server, inbox: Handler
) -> None:
    reminders(desk, 1)
    desk.office = replace(desk.office, mail=replace(desk.office.mail, decisions=frozenset({"reminder"})))
    with serving(Handler(data="garbage")) as mute:
        assert deliver(by_mail(desk, mute)) == {"unknown": 2}  # and the notice to the officer
    desk.clock.forward(days=3)
    deliver(by_mail(desk, server))
    letter = stored(desk)[0]
    assert (letter.message.state, letter.message.reason) == ("held", "unconfirmed")
    assert [m.message.template for m in stored(desk)] == ["reminder", "delivery_failed"]
    assert why_message(desk.office, OFFICER, letter.id)["code"] == "held_unconfirmed"
    retry(desk.office, OFFICER, letter.id, Given())
    assert deliver(by_mail(desk, server)) == {"delivered": 1}
    assert not verify(desk.office).bad


def test_a_template_that_breaks_fails_its_mail_and_no_other(desk: Desk, server: Server, inbox: Handler) -> None:
    own = desk.home / "templates" / "sv"
    own.mkdir(parents=True)
    (own / "reminder.md").write_text("Subject: x\n\n{{ no.such.name }}\n", "utf-8")
    reminders(desk, 1)
    desk.advance("E-2021-0001", "finish")
    desk.order("2021-04-15", "Ett till")
    with desk.office.store.write() as tx:
        tx.messages.set_state(1, "queued", None)
    counts = deliver(by_mail(desk, server))
    assert counts["failed"] == 1
    assert counts["delivered"] >= 1
    assert (stored(desk)[0].error or "").startswith("render: ")
    assert any(m.message.template == "delivery_failed" for m in stored(desk))


def test_a_person_without_an_address_is_a_failure_that_is_told(desk: Desk, server: Server) -> None:
    desk.order("2021-04-15")
    with desk.office.store.write() as tx:
        head = tx.directory.find_person("Hans")[0]
        tx.people.edit_person(head.id, email=None)
    desk.clock.to("2021-04-30")
    tick_without_mail(desk)
    counts = deliver(by_mail(desk, server))
    assert counts == {"failed": 1, "delivered": 2}
    assert [m.error for m in stored(desk) if m.message.state == "failed"] == ["no_address"]


def test_two_workers_send_every_mail_once(desk: Desk, server: Server, inbox: Handler) -> None:
    reminders(desk, 12)
    with ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(lambda _: deliver(by_mail(desk, server)).get("delivered", 0), range(3)))
    ids = {email.message_from_bytes(bytes_of(e))["Message-ID"] for e in inbox.envelopes}
    assert sum(counts) == len(ids) == len(inbox.envelopes) == 12


def test_no_mail_leaves_at_night_or_on_a_holiday(desk: Desk) -> None:
    reference = desk.order("2021-06-30")
    desk.clock.at = datetime(2021, 6, 25, 20, tzinfo=UTC)  # midsummer eve, in the evening
    desk.advance(reference, "finish")
    assert deliver(desk.office) == {}
    (message,) = [m for m in stored(desk) if m.message.template == "note_to_parties"]
    assert message.message.due_at == datetime(2021, 6, 28, 6, tzinfo=UTC)


def test_mail_of_a_deadline_that_was_met_meanwhile_does_not_leave(desk: Desk, server: Server, inbox: Handler) -> None:
    reminders(desk, 1)
    advance(desk.office, OFFICER, "E-2021-0001", "finish", Given(no_mail=True))
    assert deliver(by_mail(desk, server)) == {}
    assert stored(desk)[0].message.state == "cancelled"
