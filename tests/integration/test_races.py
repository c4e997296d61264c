"""Many at once on one PostgreSQL: the last krona is granted once, and workers that are killed lose and repeat nothing.

`DRILL=long` runs the long form.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import postgres_server
import pytest
from errands import ADMIN, OFFICER, TOY
from msgspec.structs import replace
from server_homes import furnished_home

from engine.app.advance import Given, advance
from engine.app.office import Office
from engine.app.open_case import open_case
from engine.app.publish import publish
from engine.app.seal import seal_by_hand
from engine.app.verify import verify
from engine.bootstrap.office import open_office
from engine.core.errors import Refusal, TransitionRefused
from engine.core.guard import Context, Registry
from engine.ports import CaseFilter
from engine.readers.toml import read_definition
from engine.settings import load
from engine.store import postgresql

pytestmark = pytest.mark.postgresql

LONG = os.environ.get("DRILL") == "long"
ROUNDS = 1_000 if LONG else 40
DUE = 10_000 if LONG else 60
ROWS = 400 if LONG else 12
TEMPORARY = (4, 6, 8)
"""Exit codes of what may be tried again."""
SKEDE = Path(sys.executable).with_name("skede")


def _registry() -> Registry:
    registry = Registry()

    @registry.guard("fits_in_pot@1", needs=("parent", "siblings"))
    def fits_in_pot(context: Context, /) -> Iterable[Refusal]:
        pot, siblings = context.facts.case("parent"), context.facts.cases("siblings")
        taken = sum(int(other.data["amount"]) for other in siblings if other.state == "granted")
        if pot is None or taken + int(context.data["amount"]) > int(pot.data["frame"]):
            yield Refusal("frame_exceeded", {"left": 0})

    return registry


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A sandbox on PostgreSQL with an officer and a head beside its maker, and no workflow yet."""
    with postgres_server.database() as url:
        yield furnished_home(tmp_path / "home", url)


def offices_of(home: Path) -> list[Office]:
    """Two offices of one home, with pots and shares of them."""
    offices = [replace(open_office(load(home)), registry=_registry()) for _ in range(2)]
    toys = {name: read_definition(TOY.with_name(name)) for name in ("pot.toml", "share.toml")}
    publish(offices[0], ADMIN, toys, lint=False)
    return offices


def _round(home: Path, offices: list[Office], number: int) -> list[str]:
    """Two shares that each take all that is in a pot, granted at the same moment; what each officer was told."""
    first = offices[0]
    pot = open_case(first, OFFICER, "pot", f"Pott {number}", Given(set={"frame": "1"}))["reference"]
    shares = [
        str(open_case(first, OFFICER, "share", "Andel", Given(set={"pot": pot, "amount": "1"}))["reference"])
        for _ in offices
    ]
    told = [""] * len(offices)
    ready = threading.Barrier(len(offices))

    def grant(place: int) -> None:
        ready.wait()
        try:
            told[place] = str(advance(offices[place], OFFICER, shares[place], "grant", Given())["target"])
        except TransitionRefused as error:
            told[place] = error.reasons[0].code

    threads = [threading.Thread(target=grant, args=(place,)) for place in range(len(offices))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_the_last_krona_is_granted_once(home: Path) -> None:
    offices = offices_of(home)
    for number in range(ROUNDS):
        assert sorted(_round(home, offices, number)) == ["frame_exceeded", "granted"]
    assert not verify(offices[0]).bad


def test_without_serializable_it_would_be_granted_twice(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: it is the isolation of the transactions that lets only one of them through."""
    weak = {writes: sql.replace("SERIALIZABLE", "READ COMMITTED") for writes, sql in postgresql.BEGIN.items()}
    monkeypatch.setattr(postgresql, "BEGIN", weak)
    offices = offices_of(home)
    told = [sorted(_round(home, offices, number)) for number in range(ROUNDS)]
    assert ["granted", "granted"] in told


class Crowd:
    """Processes of the real command, started anew when they are killed."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._running: dict[str, tuple[list[str], subprocess.Popen[bytes]]] = {}
        self.killed = 0

    def start(self, name: str, *words: str) -> None:
        with (self._home / f"{name}.log").open("ab") as log:
            clean = {key: value for key, value in os.environ.items() if not key.startswith("SKEDE_")}
            process = subprocess.Popen(
                [str(SKEDE), "--home", str(self._home), *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=clean | {"SKEDE_SEAL_EVERY": "1m"},
            )  # fmt: skip
        self._running[name] = (list(words), process)

    def kill_one(self, rng: random.Random) -> None:
        """Kill one at random, and start it again."""
        name = rng.choice(sorted(self._running))
        words, process = self._running[name]
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.killed += 1
            self.start(name, *words)

    def all_done(self, prefix: str) -> bool:
        """Whether all of a kind have ended well; one that met others too often is begun again, as people would."""
        mine = [(name, *of) for name, of in self._running.items() if name.startswith(prefix)]
        for name, words, process in mine:
            if process.poll() in TEMPORARY:
                self.start(name, *words)
        return all(process.poll() == 0 for _, _, process in mine)

    def end(self) -> None:
        for _, process in self._running.values():
            process.terminate()
        for _, process in self._running.values():
            process.wait(timeout=60)


def test_workers_that_are_killed_lose_nothing_and_do_nothing_twice(home: Path) -> None:
    office = open_office(load(home))
    publish(office, ADMIN, {TOY.name: read_definition(TOY)}, lint=False)
    due = [_opened(office, "2021-03-10") for _ in range(DUE)]
    files = []
    for number in range(4):
        rows = [_opened(office, "2021-12-10") for _ in range(ROWS)]
        table = home / f"rows{number}.csv"
        table.write_text("reference,event,note\n" + "".join(f"{row},finish,klart\n" for row in rows), "utf-8")
        files.append((table, rows))
    with office.store.write() as tx:
        tx.settings.put("clock", "2021-03-12T09:00:00.000000Z")

    crowd, rng = Crowd(home), random.Random(7)
    for number in range(4):
        crowd.start(f"run{number}", "run", "--every", "0.2")
        crowd.start(f"bulk{number}", "--as", "anna", "bulk", str(files[number][0]))
    until = time.monotonic() + (3_600 if LONG else 200)
    kills = 400 if LONG else 8
    try:
        while time.monotonic() < until:
            time.sleep(rng.uniform(0.5, 2))
            if crowd.killed < kills:
                crowd.kill_one(rng)
            elif crowd.all_done("bulk") and _states(office)["open"] == 0:
                break
    finally:
        crowd.end()

    assert _states(office) == {"late": DUE, "done": 4 * ROWS, "open": 0}
    assert crowd.killed == kills
    for reference in due:
        assert _events(office, reference).count("become_late") == 1
    for _, rows in files:
        for reference in rows:
            assert _events(office, reference).count("finish") == 1
    seal_by_hand(office, ADMIN)
    _letters_are_queued_once(office, due)
    found = verify(office)
    assert not found.bad
    assert found.size == found.entries


def _opened(office: Office, due_on: str) -> str:
    return str(open_case(office, OFFICER, "errand", "Ärende", Given(set={"due_on": due_on}))["reference"])


def _states(office: Office) -> Counter[str]:
    with office.store.read() as tx:
        found = Counter(row.state for row in tx.cases.list(CaseFilter(workflow="errand", closed=None)))
    found.setdefault("open", 0)
    return found


def _events(office: Office, reference: str) -> list[Any]:
    with office.store.read() as tx:
        entries = [json.loads(entry.line) for entry in tx.log.entries(reference)]
    return [entry["event"] for entry in entries if entry["act"] == "advance"]


def _letters_are_queued_once(office: Office, due: list[str]) -> None:
    """Every letter that an entry names is there, and none is there twice."""
    with office.store.read() as tx:
        there = Counter(m.message.key for m in tx.messages.list())
        named = Counter(
            key for reference in due for entry in tx.log.entries(reference)
            for key in json.loads(entry.line)["body"].get("msgs", ())
        )  # fmt: skip
    assert set(there.values()) <= {1}
    assert set(named.values()) <= {1}
    assert set(named) <= set(there)
    assert len(named) >= len(due)
