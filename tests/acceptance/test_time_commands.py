"""Time as people and cron meet it: `clock`, `tick`, `run`, with mail into the folder or to a server on this machine."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import measuring
import pytest
import running
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cases import World, registered
from running import SKEDE

from engine.bootstrap.home import make_home
from engine.cli.options import Shell
from engine.cli.session import caller_of

pytestmark = pytest.mark.acceptance

COUNTS = {
    "expired", "reminded", "superseded", "delivered", "deferred", "failed", "unknown", "sealed", "errors",
}  # fmt: skip


class Inbox:
    """A mailbox that takes everything."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        self.envelopes.append(envelope)
        return "250 OK"


@pytest.fixture
def mail_server(world: World) -> Iterator[Inbox]:
    """A mail server on loopback, and the home's settings that lead there."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    use_server(world.home, "127.0.0.1", port)
    try:
        yield inbox
    finally:
        controller.stop()


def use_server(home: Path, host: str, port: int, tls: str = "none") -> None:
    settings = home / "skede.toml"
    text = settings.read_text("utf-8")
    settings.write_text(f'{text}\nkind = "smtp"\nhost = "{host}"\nport = {port}\ntls = "{tls}"\n', "utf-8")


def outbox(world: World) -> list[Path]:
    return sorted((world.home / "outbox").glob("*.eml"))


# The clock


def test_the_clock_of_a_sandbox_stands_still_and_is_shown(world: World) -> None:
    told = world.skede("clock", "show", "--json").json

    assert told == {"now": "2021-03-01T09:00:00.000000Z", "local": "2021-03-01T10:00:00+01:00", "sandbox": True}
    assert world.inline("clock", "show").out.splitlines()[1] == "1 mars 2021 kl. 10.00"


def test_moving_the_clock_is_an_entry_of_the_office(world: World) -> None:
    world.inline("clock", "set", "2021-03-05")
    moved = world.inline("clock", "forward", "2w", "--json").json
    last = world.inline("log", "@office", "--json").lines[-2:]

    assert moved == {"from": "2021-03-04T23:00:00.000000Z", "to": "2021-03-18T23:00:00.000000Z"}
    assert [entry["kind"] for entry in last] == ["clock", "clock"]
    assert last[1]["changes"] == moved
    assert last[1]["actor"] == "officer"


def test_the_clock_never_goes_back(world: World) -> None:
    refused = world.inline("clock", "set", "2021-02-01", "--json")

    assert (refused.code, refused.codes) == (3, ["clock_goes_back"])
    assert world.inline("clock", "show", "--json").json["now"] == "2021-03-01T09:00:00.000000Z"


@pytest.mark.parametrize("words", [("set", "someday"), ("forward", "much"), ("set",), ("forward", "-3d")])
def test_what_is_no_moment_and_no_span_is_a_misuse(world: World, words: tuple[str, ...]) -> None:
    assert world.inline("clock", *words).code == 2


def test_the_clock_of_a_real_home_cannot_be_moved(tmp_path: Path) -> None:
    make_home(tmp_path / "real", caller_of(Shell()), sandbox=False)

    for words in (("set", "2099-01-01"), ("forward", "1d"), ("forward", "1d", "--tick")):
        refused = running.inline(tmp_path / "real", "clock", *words, "--json", as_=None)
        assert (refused.code, refused.codes) == (3, ["clock_is_real"])


# One tick


def test_a_tick_prints_its_counts_and_a_second_one_does_nothing(world: World) -> None:
    registered(world)
    first = world.skede("tick", "--json")
    second = world.skede("tick", "--json")

    assert first.json.keys() == COUNTS
    assert (first.json["delivered"], first.json["errors"]) == (2, [])
    assert {value for name, value in second.json.items() if name != "errors"} == {0}
    assert len(outbox(world)) == 2


def test_a_tick_for_people_says_what_was_done_in_their_language(world: World) -> None:
    registered(world)

    assert world.inline("tick", lang="en").out == "2 mails sent, 1 seal\n"
    assert world.inline("tick").out == "Inget att göra nu.\n"


def test_a_tick_needs_no_user_so_that_cron_can_give_it(world: World) -> None:
    registered(world)

    assert world.skede("tick", as_=None).code == 0
    assert len(outbox(world)) == 2


def test_going_forward_with_ticks_does_everything_at_its_own_time(world: World) -> None:
    done = world.skede("clock", "forward", "90d", "--tick", "--json").json
    entries = world.inline("log", world.call, "--kind", "expire", "--json").lines
    mails = world.inline("mail", "list", world.call, "--state", "sent", "--json").json
    reminders = [m for m in mails if m["template"] == "reminder"]

    assert done["expired"] == 1
    assert [e["recorded_at"] for e in entries] == ["2021-05-01T10:00:01.000000Z"]
    assert [m["sent_at"][:10] for m in reminders] == ["2021-05-11", "2021-05-27"]
    assert world.inline("clock", "show", "--json").json["now"] == "2021-05-30T08:00:00.000000Z"


def test_going_forward_without_ticks_leaves_everything_to_the_next_one(world: World) -> None:
    world.inline("clock", "forward", "90d")
    assert world.inline("log", world.call, "--kind", "expire", "--json").lines == []

    done = world.inline("tick", "--json").json

    assert done["expired"] == 1
    assert (done["reminded"], done["superseded"]) == (1, 1)
    assert world.inline("show", world.call, "--json").json["state"] == "closed"


def test_going_forward_passes_what_stays_due(world: World) -> None:
    reference = registered(world)
    world.inline("clock-stop", reference, "-n", "domstol")
    done = world.inline("clock", "forward", "1y", "--tick", "--json").json

    assert done["errors"] == []
    assert world.inline("deadline", "list", reference, "--json").json[0]["state"] == "open"
    assert len(world.inline("mail", "list", world.call, "--json").json) > 3


# Mail


def test_a_sandbox_sends_to_a_server_on_this_machine(world: World, mail_server: Inbox) -> None:
    registered(world)

    assert world.skede("tick", "--json").json["delivered"] == 2
    assert sorted(e.rcpt_tos[0] for e in mail_server.envelopes) == [
        "eva.ek@kungalv.example",
        "rolf.rask@region.example",
    ]
    assert outbox(world) == []


def test_a_sandbox_sends_nowhere_else(world: World) -> None:
    registered(world)
    use_server(world.home, "mail.example", 25, "starttls")

    refused = world.skede("tick")

    assert refused.code == 2
    assert "mail.example" in refused.err
    assert {m["state"] for m in world.inline("mail", "list", "--state", "queued", "--json").json} == {"queued"}


def test_a_mail_server_that_is_away_is_tried_once_and_costs_nothing_but_time(world: World) -> None:
    registered(world)
    use_server(world.home, "127.0.0.1", 9)
    away = world.skede("tick", "--json")
    settings = world.home / "skede.toml"
    settings.write_text(settings.read_text("utf-8").replace('kind = "smtp"', 'kind = "folder"'), "utf-8")
    world.inline("clock", "forward", "1d")

    assert (away.code, away.json["deferred"]) == (0, 1)
    assert world.skede("tick", "--json").json["delivered"] == 2


# Working for ever


def started(world: World, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [SKEDE, "--lang", "en", "run", *words], cwd=world.home,
        env=running.environment(world.home, measuring.counted()),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for(what: str, happened: object) -> None:
    end = time.monotonic() + 40
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_works_until_it_is_told_to_stop_and_then_ends_well(world: World, number: signal.Signals) -> None:
    registered(world)
    worker = started(world, "--every", "0.2")
    wait_for("the delivery", lambda: len(outbox(world)) == 2)
    wait_for("the seal", lambda: world.inline("status", "--json").json["last_seal"])
    worker.send_signal(number)
    out, err = worker.communicate(timeout=30)

    assert worker.returncode == 0
    assert out == "2 mails sent, 1 seal\n"
    assert "Ended" in err
    assert world.inline("status", "--json").json["heartbeat"]["age_seconds"] < 60


def test_several_workers_and_cron_send_every_mail_once(world: World, mail_server: Inbox) -> None:
    for n in range(6):
        registered(world, f"Ansökan {n}")
    workers = [started(world, "--every", "0.1") for _ in range(2)]
    wait_for("the delivery", lambda: len(mail_server.envelopes) >= 12)
    assert world.skede("tick").code == 0
    for worker in workers:
        worker.terminate()
    errors = [worker.communicate(timeout=30)[1] for worker in workers]

    assert len(mail_server.envelopes) == 12
    assert [worker.returncode for worker in workers] == [0, 0]
    assert not any("Traceback" in error for error in errors)


def test_a_worker_that_is_killed_loses_nothing(world: World) -> None:
    for n in range(4):
        registered(world, f"Ansökan {n}")
    worker = started(world, "--every", "0.1")
    wait_for("the first mail", lambda: outbox(world))
    os.kill(worker.pid, signal.SIGKILL)
    worker.communicate(timeout=30)
    world.skede("tick")
    states = {m["state"] for m in world.inline("mail", "list", "--json").json}

    # What was on its way at that moment is leased until its lease runs out, and then sent again.
    assert states <= {"sent", "no_recipient", "leased"}
    assert world.inline("db", "check").code == 0


def test_run_once_is_a_tick(world: World) -> None:
    registered(world)

    assert world.skede("run", "--once", "--json").json["delivered"] == 2
    assert world.inline("run", "--every", "0").code == 2
