"""Mail leaves at once where the database is a server: whoever writes it rings, and `skede run` listens."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import postgres_server
import psycopg
import pytest
from errands import ADMIN, OFFICER, TOY
from server_homes import furnished_home, wait_for, working

from engine.app.advance import Given, advance
from engine.app.office import Office
from engine.app.open_case import open_case
from engine.app.publish import publish
from engine.app.tick import tick
from engine.bootstrap.databases import bell_of
from engine.bootstrap.office import open_office
from engine.readers.toml import read_definition
from engine.settings import load
from engine.store import postgresql
from engine.store.bell import PostgresBell
from engine.store.migrate import create

pytestmark = pytest.mark.postgresql

HOUR = "3600"
"""The interval of the worker, which no mail here must wait for."""
AT_ONCE = 10.0
"""Seconds: a second on an idle machine, and room for a busy one; far below the interval."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with postgres_server.database() as url:
        made = furnished_home(tmp_path / "home", url)
        publish(open_office(load(made)), ADMIN, {TOY.name: read_definition(TOY)}, lint=False)
        yield made


@pytest.fixture
def office(home: Path) -> Office:
    return open_office(load(home))


def finish(office: Office, *, held: bool = False) -> None:
    """A case whose end is told to both officers that the home has."""
    found = open_case(office, OFFICER, "errand", "Ärende", Given(set={"due_on": "2021-12-10"}))["reference"]
    advance(office, OFFICER, found, "finish", Given(note="klart", hold_mail=held))


def let_go(office: Office) -> None:
    """Let the letters leave that wait for somebody's word."""
    with office.store.write() as tx:
        for letter in list(tx.messages.list(state="held")):
            assert tx.messages.set_state(letter.id, "queued", None)


def told(home: Path) -> float:
    """Of how many cases the letters have left."""
    return len(list((home / "outbox").glob("*.eml"))) / 2


def _has_told(home: Path, cases: int) -> bool:
    return told(home) == cases


def listeners(home: Path) -> list[int]:
    """The server's processes that serve a connection which listens to our outbox."""
    with psycopg.connect(load(home).database, autocommit=True) as ask:
        found = ask.execute(
            "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        ).fetchall()
    return [pid for (pid,) in found]


def test_a_mail_leaves_at_once_though_the_worker_looks_once_an_hour(home: Path, office: Office) -> None:
    """Also one that was held and is let go; and after the worker's connection broke, what was queued meanwhile."""
    finish(office, held=True)
    with working(home, "--every", HOUR) as worker:
        wait_for(lambda: listeners(home))
        assert told(home) == 0
        let_go(office)
        assert wait_for(partial(_has_told, home, 1)) < AT_ONCE
        finish(office)
        assert wait_for(partial(_has_told, home, 2)) < AT_ONCE

        (before,) = listeners(home)
        with psycopg.connect(load(home).database, autocommit=True) as ask:
            ask.execute("SELECT pg_terminate_backend(%s)", [before])
        finish(office)
        wait_for(partial(_has_told, home, 3))
        wait_for(lambda: listeners(home))
        assert listeners(home) != [before]
        finish(office)
        assert wait_for(partial(_has_told, home, 4)) < AT_ONCE
        assert worker.poll() is None


def test_mail_for_which_nobody_rang_leaves_at_the_next_tick(home: Path, office: Office) -> None:
    """As behind a pool, through which no listener hears anything."""
    bell = PostgresBell(load(home).database)
    assert bell.wait(0.1)
    finish(office, held=True)
    with psycopg.connect(load(home).database, autocommit=True) as ask:
        ask.execute("UPDATE messages SET state = 'queued' WHERE state = 'held'")
    assert not bell.wait(0.1)
    bell.close()
    assert tick(office).delivered == 2


def test_the_bell_rings_when_mail_is_kept_and_not_before(home: Path, office: Office) -> None:
    bell = PostgresBell(load(home).database)
    assert bell.wait(0.1), "it may have rung before"
    assert not bell.wait(0.1)
    with office.store.write() as tx:
        tx.settings.put("a", "b")
    assert not bell.wait(0.1), "nothing was queued"
    finish(office)
    assert bell.wait(5)
    bell.close()


def test_a_command_that_is_only_tried_rings_no_bell(home: Path, office: Office) -> None:
    bell = PostgresBell(load(home).database)
    bell.wait(0.1)
    found = open_case(office, OFFICER, "errand", "Ärende", Given(set={"due_on": "2021-12-10"}))["reference"]
    advance(office, OFFICER, found, "finish", Given(note="klart", dry_run=True))
    with office.store.write() as tx:
        tx.settings.put("a", "b")
    assert not bell.wait(0.1)
    bell.close()


def test_a_commit_whose_ring_fails_is_looked_up_and_not_done_again(
    home: Path, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "OUTBOX", f"{postgresql.OUTBOX}; SELECT 1 / 0")
    finish(office)  # Both of its commits fail so, and are found to be kept.
    monkeypatch.undo()
    with office.store.read() as tx:
        assert [line.n for line in tx.log.entries("E-2021-0001")] == [1, 2]
        assert len(list(tx.messages.list())) == 2


def test_through_a_pool_nobody_listens(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool tells every visitor a number of its own, and not that of the process which happens to serve it."""
    monkeypatch.setattr(psycopg.ConnectionInfo, "backend_pid", 1)
    bell = PostgresBell(load(home).database)
    assert not bell.wait(0.05)
    assert not listeners(home)


def test_a_file_has_no_bell(tmp_path: Path) -> None:
    (tmp_path / "skede.toml").write_text("", "utf-8")
    create(tmp_path / "skede.db")
    assert bell_of(load(tmp_path)) is None
