"""The log grows and is never changed, its columns are its lines, and erasure takes only the payload."""

import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from store_samples import definition, entry

from engine.core.errors import EngineError
from engine.ports import UnitOfWork
from engine.store import append_only
from engine.store.database import driver, raw_connection
from engine.store.migrate import strange_in
from engine.store.unit_of_work import SqlStore


def written(store: SqlStore) -> SqlStore:
    """The store with four entries of three chains in it."""
    with store.write() as tx:
        tx.log.append(entry("A-1", 1, payload='{"note":"Åsa"}'))
        tx.log.append(entry("A-2", 1, event="grant", actor="u:2", wf="report@1", act="refused"))
        tx.log.append(entry("A-1", 2, at="2021-05-01T00:00:00.000000Z", wf="application@2"))
        tx.log.append(entry("@office", 1, act="role", event=None, wf=None))
    return store


@pytest.fixture
def store(store: SqlStore) -> SqlStore:
    return written(store)


@pytest.fixture
def sqlite_store(sqlite_store: SqlStore) -> SqlStore:
    return written(sqlite_store)


@pytest.fixture
def tx(store: SqlStore) -> Iterator[UnitOfWork]:
    with store.write() as unit:
        yield unit


def test_a_chain_is_read_in_order_with_its_payloads(tx: UnitOfWork) -> None:
    assert list(tx.log.entries("A-1")) == [
        entry("A-1", 1, payload='{"note":"Åsa"}'),
        entry("A-1", 2, at="2021-05-01T00:00:00.000000Z", wf="application@2"),
    ]
    assert [line.n for line in tx.log.entries("A-1", after=1)] == [2]
    assert tx.log.entry("A-2", 1) is not None
    assert tx.log.entry("A-2", 2) is None


def test_the_head_is_the_hash_of_the_last_line(tx: UnitOfWork) -> None:
    last = tx.log.entry("A-1", 2)
    assert last is not None
    assert tx.log.head("A-1") == (2, b64encode(sha256(b"\0" + last.line.encode()).digest()).decode())
    assert tx.log.head("@office")[0] == 1
    assert tx.log.head("nobody") == (0, "")


def test_what_a_user_touched_last_is_no_case_that_only_followed(tx: UnitOfWork) -> None:
    tx.log.append(entry("A-3", 1, body={"cause": "A-1#2"}))

    assert (tx.log.last_by("u:1"), tx.log.last_by("u:2"), tx.log.last_by("u:3")) == ("A-1", "A-2", None)


def test_the_newest_entry_is_that_of_any_chain(tx: UnitOfWork) -> None:
    assert tx.log.newest() == entry("@office", 1, act="role", event=None, wf=None)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["A-1#1", "A-2#1", "A-1#2", "@office#1"]),
        ({"case": "A-1"}, ["A-1#1", "A-1#2"]),
        ({"kind": "refused"}, ["A-2#1"]),
        ({"event": "grant"}, ["A-2#1"]),
        ({"actor": "u:1", "case": "A-1"}, ["A-1#1", "A-1#2"]),
        ({"workflow": "application"}, ["A-1#1", "A-1#2"]),
        ({"workflow": "application@2"}, ["A-1#2"]),
        ({"workflow": "app"}, []),
        ({"since": datetime(2021, 5, 1, tzinfo=UTC)}, ["A-1#2"]),
        ({"until": datetime(2021, 5, 1, tzinfo=UTC)}, ["A-1#1", "A-2#1", "@office#1"]),
        ({"since": datetime(2021, 3, 2, tzinfo=UTC), "by": "occurred"}, []),
        ({"actor": "' OR 1=1 --"}, []),
    ],
)
def test_the_log_is_searched_in_the_order_of_commits(tx: UnitOfWork, asked: dict[str, Any], found: list[str]) -> None:
    assert [f"{line.case}#{line.n}" for line in tx.log.all(**asked)] == found


def test_every_entry_waits_for_the_sequencer(store: SqlStore) -> None:
    with store.read() as tx:
        waiting = tx.connection.execute("SELECT case_ref, n FROM pending ORDER BY id").fetchall()
    assert waiting == [("A-1", 1), ("A-2", 1), ("A-1", 2), ("@office", 1)]


def test_a_column_cannot_differ_from_its_line(store: SqlStore) -> None:
    for line in (entry("A-9", 1, case="A-8"), replace(entry("A-9", 2), n=1), replace(entry("A-9", 1), line="{}")):
        with pytest.raises(EngineError, match=r"(?i)check"), store.write() as tx:
            tx.log.append(line)


def test_a_number_is_given_once(store: SqlStore) -> None:
    with pytest.raises(EngineError, match=r"append-only|already"), store.write() as tx:
        tx.log.append(entry("A-1", 2, event="other"))


def test_erasing_takes_the_payload_and_leaves_the_line(tx: UnitOfWork) -> None:
    assert tx.log.erase("A-1", 1)
    assert not tx.log.erase("A-1", 2)
    assert tx.log.entry("A-1", 1) == entry("A-1", 1)


LINE = entry("A-1", 1, event="forged").line
FORGERIES = [
    "UPDATE entries SET line = :line WHERE case_ref = 'A-1' AND n = 1",
    "UPDATE OR REPLACE entries SET n = 1 WHERE n = 2",
    "UPDATE entries SET id = 99",
    "DELETE FROM entries",
    "DELETE FROM entries WHERE case_ref = 'A-2'",
    "INSERT OR REPLACE INTO entries (case_ref, n, line) VALUES ('A-1', 1, :line)",
    "REPLACE INTO entries (id, case_ref, n, line) VALUES (1, 'A-1', 1, :line)",
    "INSERT OR REPLACE INTO entries (id, case_ref, n, line) SELECT 2, 'A-7', 1, replace(:line, 'A-1', 'A-7')",
    "INSERT OR IGNORE INTO entries (case_ref, n, line) VALUES ('A-1', 1, :line)",
    "INSERT INTO entries (case_ref, n, line) VALUES ('A-1', 1, :line) ON CONFLICT DO UPDATE SET line = excluded.line",
    "UPDATE definitions SET body = '{}'",
    "DELETE FROM definitions",
    "REPLACE INTO definitions SELECT name, version, 'x', body, text, published_at, valid_from FROM definitions",
    "UPDATE entry_private SET payload = '{}'",
    "INSERT OR REPLACE INTO entry_private SELECT case_ref, n, salt, '{}' FROM entry_private",
]


@pytest.mark.parametrize("sql", FORGERIES)
@pytest.mark.parametrize("library", [driver, sqlite3], ids=["our SQLite", "Python's SQLite"])
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_no_statement_changes_what_is_written(
    sqlite_store: SqlStore, tmp_path: Path, library: Any, recursive: str, sql: str
) -> None:
    sqlite_store.close()
    connection = library.connect(tmp_path / "skede.db", isolation_level=None)
    connection.execute(f"PRAGMA recursive_triggers = {recursive}")
    before = _all_rows(connection)
    with pytest.raises(library.Error, match="append-only"):
        connection.execute(sql, {"line": LINE} if ":line" in sql else {})
    assert _all_rows(connection) == before
    connection.close()


def _all_rows(connection: Any) -> list[list[tuple[Any, ...]]]:
    tables = ("entries", "definitions", "entry_private")
    return [connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables]


def test_without_its_triggers_the_log_could_be_changed(sqlite_store: SqlStore, tmp_path: Path) -> None:
    """The tests above can fail: it is the triggers that refuse."""
    sqlite_store.close()
    connection = raw_connection(tmp_path / "skede.db", "rw")
    for name in append_only.triggers():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("REPLACE INTO entries (case_ref, n, line) VALUES ('A-1', 2, :line)", {
        "line": entry("A-1", 2, event="forged").line,
    })  # fmt: skip
    lost = [f"the trigger {name} is missing or was changed" for name in sorted(append_only.triggers())]
    assert list(strange_in(connection)) == lost
    connection.close()


def test_a_definition_is_published_once(store: SqlStore) -> None:
    with pytest.raises(EngineError, match=r"append-only|already"), store.write() as tx:
        tx.definitions.add(definition(digest="other"))
