"""The server is killed and its standby takes over, while officers work: nothing that was acknowledged is lost.

`FAILOVERS=20` says how often; `make drill` asks for twenty.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import postgres_pair
import pytest
from errands import ADMIN, START, TOY
from hiring import hire

from engine.app.home import furnish
from engine.app.office import Office
from engine.app.publish import publish
from engine.app.verify import verify
from engine.bootstrap.office import open_office
from engine.ports import CaseFilter
from engine.readers.toml import read_definition
from engine.settings import load, write_default
from engine.signing import FileSigner
from engine.store.migrate import create

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]

FAILOVERS = int(os.environ.get("FAILOVERS", "1"))
WORKERS = 3


def office_on(url: str, home: Path) -> Office:
    """An office with an officer and the errands, on both servers."""
    home.mkdir()
    create(url)
    write_default(home / "skede.toml", sandbox=True, database=url)
    office = open_office(load(home))
    key = FileSigner(home / "keys", "sandbox/test").make()
    furnish(office, ADMIN, origin="sandbox/test", key=key.text(), sandbox=True, start=START)
    with office.store.write() as tx:
        person = tx.people.add_person("Anna Ask", email="anna@region.example")
        hire(tx, "anna", "officer", person=person.id)
    publish(office, ADMIN, {TOY.name: read_definition(TOY)}, lint=False)
    return office


@contextmanager
def at_work(home: Path, notes: Path) -> Iterator[None]:
    """Officers who work until the end, each a process of its own; all must end well."""
    stop = notes / "stop"
    program = Path(__file__).with_name("failing_over.py")
    words = [
        [sys.executable, str(program), str(home), f"w{n}", str(notes / f"w{n}"), str(stop)] for n in range(WORKERS)
    ]
    working = [subprocess.Popen(one, stderr=subprocess.PIPE, text=True) for one in words]
    try:
        yield
        stop.touch()
        for worker in working:
            _, complaint = worker.communicate(timeout=120)
            assert worker.returncode == 0, complaint
    finally:
        for worker in working:
            worker.kill()
            worker.communicate()


def test_what_was_acknowledged_outlives_the_server_and_nothing_is_done_twice(tmp_path: Path) -> None:
    rng, notes = random.Random(11), tmp_path / "notes"
    notes.mkdir()
    with postgres_pair.pair() as servers:
        office = office_on(servers.url(), tmp_path / "home")
        acknowledged_at_each: list[int] = []
        with at_work(tmp_path / "home", notes):
            for number in range(FAILOVERS):
                _wait_for_more(notes)
                time.sleep(rng.uniform(0, 0.5))
                servers.fail_over(("lost", "happens", "arrives")[number % 3])
                acknowledged_at_each.append(len(_told(notes, "acknowledged")))
            _wait_for_more(notes)

        asked, acknowledged = _told(notes, "asked"), _told(notes, "acknowledged")
        kept = _kept(office)

        assert _told(notes, "unknown") == [], "an outcome was not found out"
        assert set(kept.values()) == {1}, "something was done twice"
        assert set(acknowledged) == set(asked) == set(kept)
        assert len(acknowledged) > acknowledged_at_each[-1], "nobody could work afterwards"
        assert not verify(office).bad


def _wait_for_more(notes: Path) -> None:
    """Until each officer has done something since."""
    before = {place: len(place.read_text("utf-8")) if place.exists() else 0 for place in _places(notes)}
    until = time.monotonic() + 60
    while any(not p.exists() or len(p.read_text("utf-8")) < size + 200 for p, size in before.items()):
        assert time.monotonic() < until, "nobody works any more"
        time.sleep(0.05)


def _places(notes: Path) -> list[Path]:
    return [notes / f"w{number}" for number in range(WORKERS)]


def _told(notes: Path, word: str) -> list[str]:
    """The requests of which the officers noted a word."""
    lines = [line.split() for place in _places(notes) for line in place.read_text("utf-8").splitlines()]
    return [request for kind, request, _ in lines if kind == word]


def _kept(office: Office) -> Counter[str]:
    """Request id -> how many entries of the officers' own doing it has in the log."""
    with office.store.read() as tx:
        lines = [
            json.loads(entry.line) for row in tx.cases.list(CaseFilter(workflow="errand", closed=None))
            for entry in tx.log.entries(row.reference)
        ]  # fmt: skip
    return Counter(line["req"] for line in lines if line["act"] in ("open", "advance") and line.get("req"))
