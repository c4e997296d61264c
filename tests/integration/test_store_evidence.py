"""The tree and its seals are kept: taken from the queue in order, never changed, and made by an upgrade too."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from store_samples import AT, case, definition, entry, new_store

from engine.core.errors import ConcurrentUpdate, EngineError, LogTampered
from engine.core.merkle import grown, inclusion, root, root_from_inclusion
from engine.ports import SealedNote, UnitOfWork
from engine.store import migrate
from engine.store.borrowed import engine_on
from engine.store.database import APPLICATION_ID, SCHEMA, driver, raw_connection
from engine.store.migrate import check, upgrade
from engine.store.unit_of_work import SqliteStore, SqlStore


def leaf(line: str) -> bytes:
    from hashlib import sha256

    return sha256(b"\x00" + line.encode()).digest()


def take(tx: UnitOfWork, limit: int = 100) -> int:
    start, taken = tx.evidence.size(), tx.evidence.pending(limit)
    nodes = grown(start, [leaf(one.line) for one in taken], tx.evidence.node)
    tx.evidence.sequence(start, taken, nodes)
    return len(taken)


def written(store: SqlStore) -> SqlStore:
    """The store with five entries of two chains in it."""
    with store.write() as tx:
        for n in (1, 2, 3):
            tx.log.append(entry("A-1", n))
        tx.log.append(entry("B-1", 1))
        tx.log.append(entry("A-1", 4))
    return store


@pytest.fixture
def store(store: SqlStore) -> SqlStore:
    return written(store)


@pytest.fixture
def sqlite_store(sqlite_store: SqlStore) -> SqlStore:
    return written(sqlite_store)


def test_entries_are_taken_in_the_order_in_which_they_were_written(store: SqlStore) -> None:
    with store.write() as tx:
        waiting = [(one.case, one.n) for one in tx.evidence.pending(4)]
        took = [take(tx, 2), take(tx, 2), take(tx, 2)]
        places = [tx.evidence.index(*name) for name in [*waiting, ("A-1", 4), ("B-1", 2)]]

    assert waiting == [("A-1", 1), ("A-1", 2), ("A-1", 3), ("B-1", 1)]
    assert took == [2, 2, 1]
    assert places == [0, 1, 2, 3, 4, None]
    with store.read() as tx:
        assert tx.evidence.pending(9) == ()
        assert tx.evidence.size() == 5


def test_what_is_stored_proves_every_entry(store: SqlStore) -> None:
    with store.write() as tx:
        lines = [one.line for one in tx.evidence.pending(9)]
        take(tx, 3)
        take(tx)

    with store.read() as tx:
        whole = root(5, tx.evidence.node)
        for index, line in enumerate(lines):
            proof = inclusion(index, 5, tx.evidence.node)
            assert root_from_inclusion(leaf(line), index, 5, proof) == whole
        with pytest.raises(LogTampered, match="node 9 on level 3"):
            tx.evidence.node(3, 9)


def test_only_what_sealing_did_not_write_itself_is_news(store: SqlStore) -> None:
    with store.write() as tx:
        assert tx.evidence.has_news()
        take(tx)
        tx.log.append(entry("@office", 1, act="seal"))
        tx.log.append(entry("@office", 2, act="mail"))
        assert not tx.evidence.has_news()
        tx.log.append(entry("A-1", 5, act="mail"))
        assert tx.evidence.has_news()


def test_checkpoints_are_kept_by_size_and_each_size_once(store: SqlStore) -> None:
    small, large = SealedNote(2, "two\n", AT), SealedNote(5, "five\n", AT)
    with store.write() as tx:
        assert tx.evidence.newest() is None
        tx.evidence.seal(large)
        tx.evidence.seal(small)

    with store.read() as tx:
        assert tx.evidence.newest() == large
        assert list(tx.evidence.checkpoints()) == [small, large]
    with pytest.raises((ConcurrentUpdate, EngineError)), store.write() as tx:
        tx.evidence.seal(large)


@pytest.mark.parametrize("table", ["leaves", "nodes", "checkpoints"])
@pytest.mark.parametrize(
    "sql", ["DELETE FROM {}", "UPDATE {} SET {} = {}", "INSERT OR REPLACE INTO {} SELECT * FROM {}"]
)
def test_nothing_of_it_can_be_changed_through_sql(sqlite_store: SqlStore, tmp_path: Path, table: str, sql: str) -> None:
    with sqlite_store.write() as tx:
        take(tx)
        tx.evidence.seal(SealedNote(5, "five\n", AT))
    sqlite_store.close()
    column = {"leaves": "n", "nodes": "hash", "checkpoints": "note"}[table]
    names = [table, table] if "SELECT" in sql else [table, column, column]

    with closing(sqlite3.connect(tmp_path / "skede.db")) as connection:
        with pytest.raises(sqlite3.Error, match="append-only"):
            connection.execute(sql.format(*names))
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] >= 1


def test_a_database_of_before_is_upgraded_with_all_that_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "skede.db"
    connection = raw_connection(path, "rwc")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("BEGIN IMMEDIATE")
    with engine_on(connection).connect() as lent:
        config = Config()
        config.set_main_option("script_location", str(migrate._SCRIPTS))
        config.attributes["connection"] = lent
        command.upgrade(config, "0001")
    connection.execute("COMMIT")
    row = definition()
    connection.execute(
        "INSERT INTO definitions VALUES (?, ?, ?, ?, ?, '2021-03-04T11:30:00.123456Z', '2021-01-01')",
        (row.name, row.version, row.digest, row.body, row.text),
    )
    for n in (1, 2):
        line = entry("A-1", n).line
        connection.execute("INSERT INTO entries (case_ref, n, line) VALUES ('A-1', ?, ?)", (n, line))
        connection.execute("INSERT INTO pending (case_ref, n) VALUES ('A-1', ?)", (n,))
    connection.close()
    path.chmod(0o600)

    assert upgrade(path) == (1, SCHEMA)
    assert check(path) == ()
    store = SqliteStore(path)
    with store.write() as tx:
        tx.cases.insert(case("A-1"), phase="p", links={})
        assert take(tx) == 2
        assert [logged.n for logged in tx.log.all()] == [1, 2]
    store.close()


def test_an_older_program_leaves_a_newer_database_alone(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    store.close()
    with closing(driver.connect(tmp_path / "skede.db")) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    with pytest.raises(EngineError, match="newer version"):
        SqliteStore(tmp_path / "skede.db").read()
