"""An upgrade from the first schema while `skede run` is at work: the old program stops working, the new one goes on.

The program of that schema is today's with the number of the first schema and without what came later: it knew no tree
and no seals. It takes its time over each deadline, so that the upgrade comes in between.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import homes
import postgres_server
import pytest
from alembic import command
from alembic.config import Config
from errands import ADMIN, OFFICER, TOY
from server_homes import SKEDE, furnished_home, wait_for, working

from engine.app.advance import Given
from engine.app.office import Office
from engine.app.open_case import open_case
from engine.app.publish import publish
from engine.app.seal import seal_by_hand
from engine.app.tick import tick
from engine.app.verify import verify
from engine.bootstrap.office import open_office
from engine.ports import CaseFilter
from engine.readers.toml import read_definition
from engine.settings import load
from engine.store.borrowed import engine_on
from engine.store.database import SCHEMA
from engine.store.migrate import check, on_server, upgrade
from engine.store.unit_of_work import store_at

CASES = 40
OLD = """
import sys
import time
import engine.app.tick as ticks
import engine.store.database as files
files.SCHEMA = 1
if "server" in sys.argv[1]:
    import engine.store.postgresql as server
    server.SCHEMA = 1
del sys.argv[1]
ticks._seal = lambda office, done: None
one = ticks._one
ticks._one = lambda *of: (time.sleep(0.02), one(*of))[1]
from engine.cli.main import entry
entry()
"""
LATER = ("leaves", "nodes", "checkpoints")
"""The tables of the second migration."""


@pytest.fixture(params=["file", pytest.param("server", marks=pytest.mark.postgresql)])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A home of the first schema, with cases whose deadlines have passed and of which nobody has told yet."""
    if request.param == "file":
        made = furnished_home(tmp_path / "home", None)
        yield _as_it_was(made)
        return
    with postgres_server.database() as url:
        made = furnished_home(tmp_path / "home", url)
        yield _as_it_was(made)


def _as_it_was(home: Path) -> Path:
    office = open_office(load(home))
    publish(office, ADMIN, {TOY.name: read_definition(TOY)}, lint=False)
    for _ in range(CASES):
        open_case(office, OFFICER, "errand", "Ärende", Given(set={"due_on": "2021-03-10"}))
    with office.store.write() as tx:
        tx.settings.put("clock", "2021-03-12T09:00:00.000000Z")
    office.store.close()  # type: ignore[attr-defined]
    with homes.raw(home) as connection:
        for table in LATER:
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
        if not homes.url_of(home):
            connection.execute("PRAGMA user_version = 1")
        (entries,) = connection.execute("SELECT count(*) FROM entries").fetchone()
        (pending,) = connection.execute("SELECT count(*) FROM pending").fetchone()
    assert entries == pending > CASES, "nothing was ever put into a tree"
    return home


def _schema(connection: Any, *, server: bool) -> list[Any]:
    """All that a database says of its tables, in one order."""
    if not server:
        return sorted(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL").fetchall())
    columns = (
        "SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity, generation_expression, "
        "collation_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    constraints = (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace"
    )
    triggers = "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
    indexes = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    asked = (columns, constraints, triggers, indexes)
    return [sorted(connection.execute(sql).fetchall(), key=repr) for sql in asked]


def test_the_home_of_these_tests_has_the_schema_that_the_first_migration_makes(home: Path, tmp_path: Path) -> None:
    url = homes.url_of(home)
    with homes.raw(home) as connection:
        found = _schema(connection, server=url is not None)
    if url is None:
        other = tmp_path / "other"
        other.mkdir()
        with homes.raw(other) as connection:
            connection.execute("BEGIN")
            _to_the_first(connection)
            connection.execute("COMMIT")
            assert _schema(connection, server=False) == found
        return
    with postgres_server.database(postgres_server.BARE) as bare:
        with on_server(bare) as connection:
            _to_the_first(connection)
        with store_at(bare).new_desk(writes=True).connection.raw as connection:
            assert _schema(connection, server=True) == found


def _to_the_first(connection: Any) -> None:
    from engine.store import migrate

    with engine_on(connection).connect() as lent:
        config = Config()
        config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
        config.attributes["connection"] = lent
        command.upgrade(config, "0001")


def states(home: Path) -> Counter[str]:
    with homes.raw(home) as connection:
        return Counter(dict(connection.execute("SELECT state, count(*) FROM cases GROUP BY state").fetchall()))


def test_an_upgrade_under_a_worker_loses_nothing_and_the_new_program_goes_on(home: Path) -> None:
    url = homes.url_of(home)
    words = [str(SKEDE), "--home", str(home), "--lang", "en", "run", "--every", "0.2"]
    early = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert (early.returncode, early.stderr.count("\n")) == (6, 1)
    assert "skede db upgrade" in early.stderr

    old = (sys.executable, "-c", OLD, "server" if url else "file")
    with working(home, "--every", "0.2", program=old) as worker:
        wait_for(lambda: 0 < states(home)["late"] < CASES)
        assert upgrade(url or home / "skede.db") == (1, SCHEMA)
        stopped = states(home)
        time.sleep(1)
        assert states(home) == stopped, "the old program writes no more"
        assert 0 < stopped["late"] < CASES, "it was upgraded in the middle of the work"
        assert worker.poll() is None
        with working(home, "--every", "0.2"):
            wait_for(lambda: states(home)["late"] == CASES)
    said = (home / "run.log").read_text()
    assert said.count(f"was written by a newer version (schema {SCHEMA}, here 1): upgrade the program") == 1
    assert "Traceback" not in said
    _nothing_is_lost(open_office(load(home)))
    _changes_are_refused(home)


def _nothing_is_lost(office: Office) -> None:
    assert tick(office).errors == []
    seal_by_hand(office, ADMIN)
    with office.store.read() as tx:
        references = [row.reference for row in tx.cases.list(CaseFilter(workflow="errand", closed=None))]
        letters = Counter(stored.message.key for stored in tx.messages.list())
        fired = [
            json.loads(line.line)["event"] for reference in references for line in tx.log.entries(reference)
        ].count("become_late")
    assert fired == len(references) == CASES
    assert set(letters.values()) == {1}
    found = verify(office)
    assert not found.bad
    assert found.size == found.entries


def _changes_are_refused(home: Path) -> None:
    assert check(homes.url_of(home) or home / "skede.db") == ()
    with homes.raw(home) as connection:
        for table in ("entries", *LATER):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0
            column = {"nodes": "idx", "checkpoints": "note", "leaves": "n", "entries": "line"}[table]
            for sql in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
                with pytest.raises(Exception, match="append-only"):
                    connection.execute(sql)
