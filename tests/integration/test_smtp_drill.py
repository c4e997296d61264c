"""The mail drill: real mailers, killed at random, and a server of which three sessions in ten go wrong.

What must hold (RELIABILITY.md §7, 15 to 18): every message has arrived or is marked as failed; of each there are no
more copies than attempts whose outcome is not known, and one; and none leaves after it was called off.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from errands import ADMIN, TOY
from faulty_sink import Sink, listening

from engine.app.advance import Given
from engine.app.home import furnish
from engine.app.mail_hold import hold
from engine.app.office import Caller, Office
from engine.app.open_case import open_case
from engine.app.publish import publish
from engine.app.run import run
from engine.app.tick import tick
from engine.app.verify import verify
from engine.bootstrap.office import open_office
from engine.core.command import Advance
from engine.core.errors import Unavailable
from engine.core.message import StoredMessage
from engine.core.plain import instant
from engine.readers.toml import read_definition
from engine.settings import load, write_default
from engine.signing import FileSigner
from engine.store.database import connect
from engine.store.migrate import create

LONG = os.environ.get("DRILL") == "long"
MESSAGES = 5000 if LONG else 100
"""`make drill` sends five thousand messages; every other run some hundreds."""

OFFICER = Caller("officer", "os:drill as officer")
FAULTY = 0.3
ROUNDS = 600 if LONG else 60
SKEDE = Path(sys.executable).with_name("skede")
FIRST_STEP = datetime(2021, 3, 16, 9, tzinfo=UTC)
"""A working morning, when the first reminder of what is due on 15 April is said; the next follows on 1 April."""


class Drill:
    """A sandbox home whose reminders wait, the mailers that are sent out, and what was called off meanwhile."""

    def __init__(self, home: Path, seed: int) -> None:
        self.home, self.dice = home, random.Random(seed)
        self.now = FIRST_STEP
        self.office = _home(home)
        self.cases = [self._order(n) for n in range(MESSAGES)]
        self._set_clock(self.now)
        hold(self.office, OFFICER, on=True)
        assert tick(self.office).reminded == MESSAGES
        hold(self.office, OFFICER, on=False)
        self.killed = self.mailers = 0
        self.called_off: dict[int, float] = {}
        self.on_its_way: set[int] = set()

    def _order(self, n: int) -> str:
        given = Given(set={"due_on": "2021-04-15"})
        return str(open_case(self.office, OFFICER, "errand", f"Uppdrag {n}", given)["reference"])

    def _set_clock(self, now: datetime) -> None:
        with self.office.store.write() as tx:
            tx.settings.put("clock", instant(now))

    def wait(self) -> None:
        """Let time go by until something can be sent again; leases of mailers that are dead run out."""
        with connect(self.home / "skede.db") as ask:
            ask.execute("UPDATE deliveries SET leased_until = '2000-01-01T00:00:00.000000Z' WHERE leased_until > ''")
            ask.commit()
        with self.office.store.read() as tx:
            following = tx.messages.next_instant() or self.now
        pause = self.dice.randint(1, 15) if following <= self.now else self.dice.randint(60, 480)
        self.now = max(self.now, following) + timedelta(minutes=pause)
        self._set_clock(self.now)

    def send_out(self, sink: Sink) -> None:
        """One or two mailers; each works until it is done, or is killed in the middle of something."""
        words = [self.dice.choice(("tick", "tick", "tick", "run")) for _ in range(self.dice.choice((1, 1, 1, 2)))]
        quiet = subprocess.DEVNULL
        crew = [subprocess.Popen([SKEDE, "--home", self.home, word], stdout=quiet, stderr=quiet) for word in words]
        self.mailers += len(crew)
        doomed = self.dice.random() < 0.75
        deadly = sink.steps + self.dice.randint(1, MESSAGES // 2)
        last, seen = time.monotonic(), sink.steps
        while any(one.poll() is None for one in crew):
            if sink.steps != seen:
                last, seen = time.monotonic(), sink.steps
            if self.dice.random() < 0.02:
                self.call_off()
            if doomed and sink.steps >= deadly:
                _signal(crew, signal.SIGKILL)
            elif time.monotonic() - last > 2:
                # One that runs for ever has nothing more to do; `tick` ends of itself.
                _signal([one for one, word in zip(crew, words, strict=True) if word == "run"], signal.SIGTERM)
            time.sleep(0.002)
        self.killed += sum(1 for one in crew if one.returncode == -signal.SIGKILL)
        # SIGTERM ends one that has not begun, or has said goodbye already, as it ends any program; on a busy machine
        # one may wait too long for the others and say so, and the next finds all that it left.
        ends = {0, -signal.SIGKILL, -signal.SIGTERM, Unavailable.exit_code}
        assert {one.returncode for one in crew} <= ends, [one.returncode for one in crew]

    def call_off(self) -> None:
        """Finish a case while mailers work: in that transaction its reminder is called off, unless it has left."""
        if len(self.called_off) >= MESSAGES // 10:
            return
        with self.office.store.write() as tx:
            sending = [m.message.case for m in tx.messages.list(state="leased") if m.message.case in self.cases]
            reference = self.dice.choice(sending or self.cases)
            self.cases.remove(reference)
            # Beside it there may be the notice that it was given up.
            (reminder,) = [m for m in tx.messages.list(case=reference) if m.message.template == "reminder"]
            found = tx.messages.get(reminder.id)
            actor = tx.directory.actor(OFFICER.login, self.now.date())
            assert found is not None
            assert actor is not None
            run(tx, self.office, Advance(reference=reference, actor=actor, event="finish", set={"answer": "ja"}))
        if found.message.state == "leased":
            self.on_its_way.add(reminder.id)
        self.called_off[reminder.id] = time.monotonic()

    def messages(self) -> list[StoredMessage]:
        """All of them, as they stand now."""
        with self.office.store.read() as tx:
            return list(tx.messages.list())

    def unknown(self) -> Counter[str]:
        """Key -> how many attempts stand in the log as not known."""
        found: Counter[str] = Counter()
        with self.office.store.read() as tx:
            for logged in tx.log.all(kind="mail"):
                mail = json.loads(logged.line)["body"]["mail"]
                found[mail["key"]] += mail["state"] == "unknown" or mail.get("why") == "unconfirmed"
        return found


def _home(folder: Path) -> Office:
    folder.mkdir()
    create(folder / "skede.db")
    write_default(folder / "skede.toml", sandbox=True)
    office = open_office(load(folder))
    key = FileSigner(folder / "keys", "sandbox/drill").make()
    furnish(
        office, ADMIN, origin="sandbox/drill", key=key.text(), sandbox=True, start=datetime(2021, 3, 1, 9, tzinfo=UTC)
    )
    publish(office, ADMIN, {TOY.name: read_definition(TOY)})
    return office


def _signal(crew: list[subprocess.Popen[bytes]], number: int) -> None:
    for one in crew:
        if one.poll() is None:
            one.send_signal(number)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_whatever_the_server_and_fate_do_each_message_arrives_or_has_failed_and_no_copy_is_unexplained(
    tmp_path: Path,
) -> None:
    seed = 1
    drill, sink = Drill(tmp_path / "home", seed), Sink(FAULTY, seed)
    with listening(sink) as port:
        settings = drill.home / "skede.toml"
        lines = ('[channel]\nkind = "smtp"', 'host = "127.0.0.1"', f"port = {port}", 'tls = "none"\n')
        settings.write_text(settings.read_text("utf-8").replace("[channel]\n", "\n".join(lines)), "utf-8")
        began, rounds = time.monotonic(), 0
        while rounds < ROUNDS and _waiting(drill):
            drill.send_out(sink)
            drill.wait()
            rounds += 1
        took = time.monotonic() - began
    _tell(drill, sink, took)
    assert not _waiting(drill)
    assert min(sink.faulty, drill.killed, len(drill.called_off)) > 0
    _arrived_or_failed(drill, sink)
    _no_copy_is_unexplained(drill, sink)
    _nothing_left_after_it_was_called_off(drill, sink)
    assert not verify(drill.office).bad


def _waiting(drill: Drill) -> bool:
    return any(m.message.state in ("queued", "leased", "deferred", "unknown") for m in drill.messages())


def _arrived_or_failed(drill: Drill, sink: Sink) -> None:
    arrived = {taken.number for taken in sink.taken}
    for stored in drill.messages():
        assert stored.message.state in ("sent", "failed", "cancelled"), stored.message.key
        assert stored.message.state != "sent" or stored.id in arrived, stored.message.key
        assert stored.message.state != "cancelled" or stored.id in drill.called_off, stored.message.key


def _no_copy_is_unexplained(drill: Drill, sink: Sink) -> None:
    copies, unknown = Counter(taken.number for taken in sink.taken), drill.unknown()
    for stored in drill.messages():
        known = 1 if stored.message.state == "sent" or stored.id in drill.on_its_way else 0
        assert copies[stored.id] <= known + unknown[stored.message.key], stored.message.key
    contents = defaultdict(set)
    for taken in sink.taken:
        contents[taken.number].add(taken.content)
    assert {len(each) for each in contents.values()} == {1}


def _nothing_left_after_it_was_called_off(drill: Drill, sink: Sink) -> None:
    late = Counter(t.number for t in sink.taken if t.begun > drill.called_off.get(t.number, float("inf")))
    assert all(number in drill.on_its_way and copies == 1 for number, copies in late.items()), late


def _tell(drill: Drill, sink: Sink, took: float) -> None:
    """The figures of the drill, shown by `pytest -rP` or `-s`."""
    messages, copies = drill.messages(), Counter(taken.number for taken in sink.taken)
    states = dict(Counter(m.message.state for m in messages))
    sys.stdout.write(
        f"{len(messages)} messages in {took:.0f} s: {states}; {sink.sessions} sessions, {sink.faulty} of them faulty; "
        f"{drill.mailers} mailers, {drill.killed} killed; {sum(drill.unknown().values())} attempts not known, "
        f"{sum(n - 1 for n in copies.values())} second copies; {len(drill.called_off)} called off, "
        f"{len(drill.on_its_way)} of them on their way\n"
    )  # fmt: skip
