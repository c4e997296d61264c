"""Several commands at the same moment, the same command twice, and commands that are killed: real processes."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import running
from cases import World, receive
from homes import writers_wait

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="sees in /proc that a process waits"),
]

Process = subprocess.Popen[str]
REGISTER = ("register", "-s", "subject=Ansökan", "-s", "secrecy=none")


def start(world: World, *words: str, as_: str = "officer") -> Process:
    """The real command, started and left to run; it answers in JSON."""
    return subprocess.Popen(
        [running.SKEDE, "--as", as_, "--lang", "en", "--json", *words], cwd=world.home, stdin=subprocess.DEVNULL,
        env=running.environment(world.home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip


def outcome(process: Process) -> tuple[int, Any]:
    """How it ended: its exit code, and what it answered."""
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    return process.returncode, json.loads(out) if out else None


def until_waiting(processes: Sequence[Process]) -> None:
    """Return when every process has begun, and sleeps without using the processor: it waits for the lock."""
    quiet = dict.fromkeys(range(len(processes)), 0)
    before = dict.fromkeys(quiet, -1)
    for _ in range(1_000):
        for number, process in enumerate(processes):
            state, used = _of_process(process.pid)
            assert process.poll() is None, f"it did not wait: {process.communicate()}"
            # A process that is starting is never seen asleep for so long.
            asleep = state == "S" and used > 0 and used - before[number] <= 1
            quiet[number], before[number] = quiet[number] + 1 if asleep else 0, used
        if all(seen >= 15 for seen in quiet.values()):
            return
        time.sleep(0.02)
    raise AssertionError("the processes do not come to rest")


def _of_process(pid: int) -> tuple[str, int]:
    """State letter and clock ticks used, from proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return fields[0], int(fields[11]) + int(fields[12])


def entries(world: World, reference: str) -> list[dict[str, Any]]:
    """The log of a case."""
    with running.office_of(world.home).store.read() as tx:
        return [json.loads(entry.line) for entry in tx.log.entries(reference)]


def verified(world: World) -> dict[str, Any]:
    """What `audit verify` says about the whole home."""
    ran = world.inline("audit", "verify", "--json", as_="auditor")
    assert ran.code == 0, ran.out + ran.err
    told: dict[str, Any] = ran.json
    return told


def cases_in(world: World) -> list[str]:
    """The references of all cases."""
    with running.office_of(world.home).store.read() as tx:
        return sorted(tx.cases.references())


def test_of_two_who_fire_the_same_event_at_once_one_wins_and_the_other_hears_what_happened(world: World) -> None:
    reference = receive(world)

    with writers_wait(world.home):
        rivals = [start(world, "advance", reference, *REGISTER, as_="registrar") for _ in range(2)]
        until_waiting(rivals)
    ended = sorted((outcome(rival) for rival in rivals), key=lambda each: each[0])

    (won, answer), (lost, error) = ended
    assert (won, answer["target"], lost, error["error"]["code"]) == (0, "registered", 4, "conflict")
    assert f"{reference} was changed by someone else" in error["error"]["message"]
    assert "the latest event is register by registrar" in error["error"]["message"]
    assert [entry["event"] for entry in entries(world, reference)] == ["receive", "register"]
    assert verified(world)["ok"]


def test_of_two_different_events_at_once_one_wins_and_the_other_is_told(world: World) -> None:
    reference = receive(world)

    with writers_wait(world.home):
        rivals = [
            start(world, "advance", reference, *REGISTER, as_="registrar"),
            start(world, "advance", reference, "withdraw", "-a", f"withdrawal={world.paper}", as_="applicant"),
        ]
        until_waiting(rivals)
    ended = [outcome(rival) for rival in rivals]

    assert sorted(code for code, _ in ended) == [0, 4]
    (winner,) = [answer["event"] for code, answer in ended if code == 0]
    (message,) = [answer["error"]["message"] for code, answer in ended if code == 4]
    assert f"the latest event is {winner} by " in message
    assert [entry["event"] for entry in entries(world, reference)] == ["receive", winner]


def test_a_case_that_is_not_touched_by_the_other_is_none_of_its_business(world: World) -> None:
    first, second = receive(world, "Första"), receive(world, "Andra")

    with writers_wait(world.home):
        both = [start(world, "advance", reference, *REGISTER, as_="registrar") for reference in (first, second)]
        until_waiting(both)
    ended = [outcome(process) for process in both]

    assert [code for code, _ in ended] == [0, 0]
    numbers = {world.inline("show", reference, "--json").json["data"]["dnr"] for reference in (first, second)}
    assert numbers == {"RUN 2021-00001", "RUN 2021-00002"}


def test_sixteen_at_one_case_are_done_or_refused_and_none_is_lost(world: World) -> None:
    reference = receive(world)

    crowd = [start(world, "note", reference, f"anteckning {number}") for number in range(16)]
    ended = [outcome(process) for process in crowd]

    codes = [code for code, _ in ended]
    assert set(codes) <= {0, 4}
    assert codes.count(0) >= 1
    log = entries(world, reference)
    assert [entry["n"] for entry in log] == list(range(1, codes.count(0) + 2))
    assert world.inline("show", reference, "--json").json["revision"] == codes.count(0) + 1
    assert verified(world)["ok"]


def test_those_who_open_cases_at_once_get_numbers_without_a_gap(world: World) -> None:
    words = ("new", "call", "-s", "body=RUN", "-s", "opens_at=2021-09-01", "--title")

    crowd = [start(world, *words, f"Utlysning {number}") for number in range(8)]
    ended = [outcome(process) for process in crowd]

    assert [code for code, _ in ended] == [0] * 8
    assert sorted(answer["reference"] for _, answer in ended) == [f"U-2021-{number:03}" for number in range(2, 10)]


def test_the_same_request_again_gives_the_same_answer_and_changes_nothing(world: World) -> None:
    reference = receive(world)
    words = ("advance", reference, *REGISTER, "--request-id", "reg-1", "--json")

    first = world.skede(*words, as_="registrar")
    again = world.skede(*words, as_="registrar")

    assert (first.code, again.code, again.out) == (0, 0, first.out)
    assert first.json["request_id"] == "reg-1"
    assert [entry["req"] for entry in entries(world, reference)].count("reg-1") == 1


def test_the_same_request_at_the_same_moment_is_carried_out_once_and_answered_twice(world: World) -> None:
    reference = receive(world)

    with writers_wait(world.home):
        twins = [
            start(world, "advance", reference, *REGISTER, "--request-id", "reg-1", as_="registrar") for _ in range(2)
        ]
        until_waiting(twins)
    (first_code, first), (second_code, second) = (outcome(twin) for twin in twins)

    assert (first_code, second_code, second) == (0, 0, first)
    assert [entry["event"] for entry in entries(world, reference)] == ["receive", "register"]


def test_a_request_id_for_another_command_is_a_mistake(world: World) -> None:
    reference = receive(world)
    world.inline("note", reference, "första", "--request-id", "n-1")

    other = world.skede("note", reference, "andra", "--request-id", "n-1", "--json")

    assert (other.code, other.json["error"]["code"]) == (2, "request_reused")
    assert "n-1" in other.json["error"]["message"]
    assert len(entries(world, reference)) == 2


def test_a_request_id_answers_nobody_but_who_made_the_request(world: World) -> None:
    reference = receive(world)
    words = ("note", reference, "första", "--request-id", "n-1", "--json")
    assert world.inline(*words).code == 0

    others = {user: world.inline(*words, as_=user) for user in ("head", "applicant", "nobody")}

    assert {user: done.code for user, done in others.items()} == {"head": 2, "applicant": 2, "nobody": 3}
    assert all("första" not in done.out for done in others.values())
    assert len(entries(world, reference)) == 2


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_command_that_is_killed_has_done_everything_or_nothing(world: World) -> None:
    chance = random.Random(20211109)
    words = [
        "new", "application", "--event", "receive", "-s", f"call={world.call}", "-s", "arrived_at=2021-03-01T09:30",
        "-s", "arrival_evidence=stämpel", "-s", "channel=post", "-s", "sender=Eva", "-a",
        f"application={world.paper}", "--party", world.town.as_("owner"), "--party", world.region.as_("partner"),
    ]  # fmt: skip
    began = time.monotonic()
    assert outcome(start(world, *words, "--title", "Utan avbrott"))[0] == 0
    whole = time.monotonic() - began
    done = 0

    for number in range(20):
        asked = (*words, "--title", f"Fall {number}", "--request-id", f"fall-{number}")
        before = cases_in(world)
        _killed(world, asked, chance.uniform(0, 1), whole, inside=number % 2 == 0)
        between = cases_in(world)
        done += len(between) - len(before)
        again = world.inline(*asked, "--json")
        assert again.code == 0, again.out
        assert again.json["state"] == "submitted"
        assert sorted([*before, again.json["reference"]]) == cases_in(world)

    assert verified(world)["ok"]
    assert world.inline("db", "check", as_="head").code == 0
    assert len(cases_in(world)) == 22
    assert done < 20, "no kill came before the end"


def _killed(world: World, words: Sequence[str], share: float, whole: float, *, inside: bool) -> None:
    """Start a command and kill it: anywhere on its way, or `inside`, when it is its turn to write.

    SQLite looks every 0.1 s whether a lock is free, so that the write begins within that time.
    """
    if inside:
        with writers_wait(world.home):
            process = start(world, *words)
            until_waiting([process])
        time.sleep(share * 0.15)
    else:
        process = start(world, *words)
        time.sleep(share * whole)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)


def test_a_change_whose_reader_has_gone_is_made_all_the_same(world: World) -> None:
    reference = receive(world)
    read_end, write_end = os.pipe()
    os.close(read_end)

    with os.fdopen(write_end, "wb") as closed:
        done = subprocess.run(
            [running.SKEDE, "--as", "registrar", "advance", reference, *REGISTER], cwd=world.home, stdout=closed,
            env=running.environment(world.home), stderr=subprocess.PIPE, timeout=60, check=False,
        )  # fmt: skip

    assert (done.returncode, done.stderr) == (141, b"")
    assert world.inline("show", reference, "--json").json["state"] == "registered"


def test_a_long_listing_may_be_cut_short_by_its_reader(world: World) -> None:
    reference = receive(world)
    world.inline("note", reference, "x" * 60_000)
    world.inline("note", reference, "y" * 60_000)

    done = subprocess.run(
        ["bash", "-c", f'"{running.SKEDE}" --as officer log --json | head -n 1; exit "${{PIPESTATUS[0]}}"'],
        cwd=world.home, env=running.environment(world.home), capture_output=True, encoding="utf-8", timeout=60,
        check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout.count("\n")) == (141, 1)
    assert done.stderr.startswith("SANDBOX")
    assert done.stderr.count("\n") == 1
