"""A mail server on loopback of which some sessions go wrong, and which knows what it has taken."""

import asyncio
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

FAULTS = ("refuse", "later", "never", "cut_in_content", "cut_before_answer", "garbage", "slow")
"""At the greeting; 4xx and 5xx at MAIL, RCPT or the end; cut before or after the whole was read; no answer that is
one; an answer that keeps the sender waiting."""


@dataclass(frozen=True)
class Taken:
    """A mail that the server has: the number in its envelope sender, when MAIL came, and its bytes."""

    number: int
    begun: float
    content: bytes


@dataclass
class Plan:
    """What is to go wrong in a session, at which of its mails, and after how many it is closed."""

    fault: str
    at: int
    most: int
    phase: str
    keeps: bool
    seen: int = 0

    def wrong(self, *faults: str, phase: str | None = None) -> bool:
        """Whether one of these faults is due now."""
        return self.fault in faults and self.seen == self.at and phase in (None, self.phase)


class Sink:
    """The server's side. `steps` counts what happens, so that somebody can be killed in the middle of it."""

    def __init__(self, share: float, seed: int) -> None:
        self.dice = random.Random(seed)
        self.share = share
        self.taken: list[Taken] = []
        self.steps = self.sessions = self.faulty = 0
        self.plans: dict[int, Plan] = {}

    def plan(self) -> Plan:
        """What becomes of the next session."""
        self.sessions += 1
        wrong = self.dice.random() < self.share
        self.faulty += wrong
        most = self.dice.randint(1, 16)
        return Plan(
            self.dice.choice(FAULTS) if wrong else "", self.dice.randint(1, most), most,
            self.dice.choice(("mail", "rcpt", "end")), self.dice.random() < 0.5,
        )  # fmt: skip

    def answer(self, plan: Plan, phase: str) -> str | None:
        """The refusal that is due in this phase, if any."""
        self.steps += 1
        if plan.wrong("later", phase=phase):
            return "451 come back later"
        if plan.wrong("never", phase=phase):
            return "554 never"
        return None

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name, as below
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A new mail begins."""
        plan = self.plans[id(server)]
        plan.seen += 1
        if plan.seen > plan.most:
            return "421 enough for one session"
        envelope.mail_from = address
        envelope.begun = time.monotonic()  # type: ignore[attr-defined]
        return self.answer(plan, "mail") or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Its recipient."""
        refusal = self.answer(self.plans[id(server)], "rcpt")
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """All of it was read: what is kept now has arrived, whatever the sender is told."""
        plan = self.plans[id(server)]
        doubtful = plan.wrong("cut_before_answer", "garbage")
        refusal = self.answer(plan, "end")
        if refusal is None and (plan.keeps or not doubtful):
            assert isinstance(envelope.content, bytes)
            number = int(str(envelope.mail_from).partition("@")[0].removeprefix("b+").partition(".")[0])
            self.taken.append(Taken(number, envelope.begun, envelope.content))  # type: ignore[attr-defined]
        if plan.wrong("slow"):
            await asyncio.sleep(0.3)
        if plan.wrong("cut_before_answer"):
            _cut(server)
        self.steps += 1
        return refusal or ("\x01\x02 rubbish" if plan.wrong("garbage") else "250 OK")


def _cut(server: SMTP) -> None:
    """Break the connection off without a word."""
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()


class _Cutting(SMTP):
    """A session that may break off while the content is on its way."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """The content is asked for, and cut."""
        if self.event_handler.plans[id(self)].wrong("cut_in_content"):
            await self.push("354 go on")
            _cut(self)
            return
        await super().smtp_DATA(arg)


class _Refusal(asyncio.Protocol):
    """A session that ends with its greeting."""

    def __init__(self, greeting: bytes) -> None:
        self.greeting = greeting

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say no, or nothing, and hang up."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(self.greeting)
        transport.close()


class _Doors(Controller):
    """Opens each session by its plan."""

    def factory(self) -> asyncio.Protocol:
        """The protocol of one connection."""
        sink: Sink = self.handler
        plan = sink.plan()
        if plan.fault == "refuse":
            return _Refusal(sink.dice.choice((b"421 busy\r\n", b"554 no\r\n", b"", b"\xff\xfe rubbish\r\n")))
        session = _Cutting(sink, hostname="sink.example", timeout=30)
        sink.plans[id(session)] = plan
        return session


@contextmanager
def listening(sink: Sink) -> Iterator[int]:
    """Run the server; its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    doors = _Doors(sink, hostname="127.0.0.1", port=port)
    # The controller looks whether its own door opens, and must not find it shut.
    share, sink.share = sink.share, 0.0
    doors.start()
    sink.share, sink.sessions = share, 0
    try:
        yield port
    finally:
        doors.stop()
        assert threading.active_count() < 20
