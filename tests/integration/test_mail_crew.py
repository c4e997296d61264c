"""Several connections at once: each mail once, its attempt on record before it leaves, and all stop when one must."""

import asyncio
import email
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from errands import Desk, build_home
from msgspec.structs import replace
from test_deliver import outcomes, reminders, stored
from test_smtp import QUICK, Handler, serving

from engine.app.deliver import deliver
from engine.app.office import Office
from engine.app.verify import verify
from engine.core.errors import SettingsError
from engine.ports import Channel, Outcome
from notifications.channels.smtp import Server, SmtpChannel

FOUR = 4


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("errands") / "home")


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    return Desk(template, tmp_path / "home")


def by(desk: Desk, channel: Callable[[], Channel], connections: int = FOUR, **rules: Any) -> Office:
    """The office with so many connections, each of its own."""
    return replace(
        desk.office, channel=channel, mail=replace(desk.office.mail, connections=connections, digest=False, **rules)
    )


def by_smtp(desk: Desk, server: Server, connections: int = FOUR, **rules: Any) -> Office:
    return by(desk, lambda: SmtpChannel(server, QUICK), connections, **rules)


def states(desk: Desk) -> Counter[str]:
    return Counter(m.message.state for m in stored(desk))


class Together(Handler):
    """Answers the mails after the first when so many are there at once; `seen` is told of each that comes in."""

    def __init__(self, wanted: int, seen: Callable[[Envelope], None] = lambda envelope: None) -> None:
        super().__init__()
        self.wanted, self.seen = wanted, seen
        self.waiting = self.most = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.seen(envelope)
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        for _ in range(100):
            if not self.envelopes or self.most >= self.wanted:
                break
            await asyncio.sleep(0.005)
        self.waiting -= 1
        return await super().handle_DATA(server, session, envelope)


class Crowded(Handler):
    """A server that takes so many connections of one client, and sends the others away."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.known: set[Session] = set()

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if session not in self.known:
            return "421 too many connections"
        return await super().handle_MAIL(server, session, envelope, address, options)

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        found = await super().handle_EHLO(server, session, envelope, hostname, responses)
        if self.connections <= self.most:
            self.known.add(session)
        return found


class Scripted:
    """A way out that answers as the test says, for each mail by its number."""

    def __init__(self, answer: Callable[[int], Outcome]) -> None:
        self.answer, self.closed = answer, 0

    def send(self, message_id: int, sender: str, recipient: str, content: bytes) -> Outcome:
        return self.answer(message_id)

    def close(self) -> None:
        self.closed += 1


def test_several_mails_are_on_their_way_at_once_and_each_arrives_once(desk: Desk) -> None:
    reminders(desk, 13)
    together = Together(FOUR)
    with serving(together) as server:
        assert deliver(by_smtp(desk, server)) == {"delivered": 13}
    assert (together.most, together.connections) == (FOUR, FOUR)
    ids = {email.message_from_bytes(e.content)["Message-ID"] for e in together.envelopes}  # type: ignore[arg-type]
    assert len(ids) == len(together.envelopes) == 13
    assert states(desk) == {"sent": 13}
    assert [m.attempts for m in stored(desk)][1:] == [1] * 12  # the first was tried by the fixture once before
    assert not verify(desk.office).bad


def test_each_mail_stands_as_being_sent_before_its_bytes_leave(desk: Desk) -> None:
    reminders(desk, 9)
    found: list[str] = []

    def look(envelope: Envelope) -> None:
        with desk.office.store.read() as tx:
            message = tx.messages.get(int(re.findall("[0-9]+", str(envelope.mail_from))[0]))
        assert message is not None
        found.append(message.message.state)

    with serving(Together(FOUR, look)) as server:
        assert deliver(by_smtp(desk, server)) == {"delivered": 9}
    assert found == ["leased"] * 9


def test_the_first_mail_goes_alone_so_that_a_server_that_is_away_burns_one_attempt(desk: Desk) -> None:
    reminders(desk, 6)
    nobody = Server("127.0.0.1", 9, tls="none")
    assert deliver(by_smtp(desk, nobody)) == {"deferred": 1}
    assert [m.attempts for m in stored(desk)] == [2, 0, 0, 0, 0, 0]


def test_one_mail_opens_one_connection(desk: Desk) -> None:
    reminders(desk, 1)
    handler = Handler()
    with serving(handler) as server:
        assert deliver(by_smtp(desk, server)) == {"delivered": 1}
    assert handler.connections == 1


def test_when_one_finds_the_way_shut_no_further_mail_leaves(desk: Desk) -> None:
    reminders(desk, 20)

    def shut_after_one() -> Channel:
        answers = iter([Outcome("sent"), *[Outcome("deferred", "535 wrong password", pause=True)] * 20])
        return Scripted(lambda number: next(answers))

    counts = deliver(by(desk, shut_after_one))
    assert 1 <= counts["delivered"] <= FOUR
    assert 1 <= counts["deferred"] <= FOUR
    assert states(desk)["queued"] == 20 - counts["delivered"] - counts["deferred"]
    assert "leased" not in states(desk)


def test_connections_that_the_server_refuses_are_given_up_and_the_others_go_on(desk: Desk) -> None:
    reminders(desk, 30)
    crowded = Crowded(2)
    with serving(crowded) as server:
        counts = deliver(by_smtp(desk, server))
    assert counts == {"delivered": 28, "deferred": 2}
    assert crowded.connections == FOUR
    desk.clock.forward(hours=1)
    with serving(crowded) as server:
        crowded.connections = 0
        assert deliver(by_smtp(desk, server)) == {"delivered": 2}


def test_no_more_leave_in_a_minute_than_the_office_wants_however_many_connections(desk: Desk) -> None:
    reminders(desk, 12)
    delivered = deliver(by(desk, lambda: Scripted(lambda number: Outcome("sent")), 8, per_minute=5))["delivered"]
    assert delivered in (5, 10)  # the minute may have turned in between
    assert states(desk) == {"sent": delivered, "queued": 12 - delivered}


def test_asked_to_stop_it_waits_for_what_is_on_its_way_and_takes_nothing_more(desk: Desk) -> None:
    reminders(desk, 20)
    asked = iter([False, False, *[True] * 20])
    delivered = deliver(by(desk, lambda: Scripted(lambda number: Outcome("sent"))), asked.__next__)["delivered"]
    assert delivered == 1 + FOUR
    assert states(desk) == {"sent": delivered, "queued": 20 - delivered}


def test_one_mail_that_may_have_arrived_is_that_one_alone(desk: Desk) -> None:
    reminders(desk, 8)
    doubtful = Outcome("unknown", "cut after the dot")
    counts = deliver(by(desk, lambda: Scripted(lambda number: doubtful if number == 5 else Outcome("sent"))))
    assert counts == {"delivered": 7, "unknown": 1}
    (left,) = [m for m in stored(desk) if m.message.state == "unknown"]
    assert (left.id, outcomes(desk, left.message.case)) == (5, [("unknown", 1)])


def test_a_fault_of_the_program_with_one_mail_does_not_let_the_others_be_forgotten(desk: Desk) -> None:
    reminders(desk, 12)

    def answer(number: int) -> Outcome:
        if number == 7:
            raise RuntimeError("a fault of the program")
        return Outcome("sent")

    with pytest.raises(RuntimeError, match="a fault of the program"):
        deliver(by(desk, lambda: Scripted(answer)))
    assert [m.id for m in stored(desk) if m.message.state == "leased"] == [7]
    assert states(desk)["sent"] >= 3


def test_a_set_up_that_is_none_is_told_before_any_attempt_is_made(desk: Desk) -> None:
    reminders(desk, 3)

    def none() -> Channel:
        raise SettingsError("there is no such password file")

    with pytest.raises(SettingsError):
        deliver(by(desk, none))
    assert [m.attempts for m in stored(desk)] == [1, 0, 0]
    assert states(desk) == {"queued": 3}


def test_every_way_out_is_closed_at_the_end(desk: Desk) -> None:
    reminders(desk, 9)
    opened: list[Scripted] = []

    def one_more() -> Scripted:
        opened.append(Scripted(lambda number: Outcome("sent")))
        return opened[-1]

    assert deliver(by(desk, one_more)) == {"delivered": 9}
    assert [each.closed for each in opened] == [1] * len(opened)
    assert 1 <= len(opened) <= FOUR
