"""Migrations make the schema that the tables declare, and every fixed statement fits it."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, MetaData, Table, create_engine, select
from store_samples import AT, new_database, new_store

from engine.core.errors import LogTampered, Unavailable, UsageError
from engine.store import documents, schema
from engine.store.borrowed import engine_on
from engine.store.columns import Flag, LocalDate, Money, UtcInstant
from engine.store.connection import Connection
from engine.store.copies import backup, restore
from engine.store.database import APPLICATION_ID, SCHEMA, driver, raw_connection
from engine.store.migrate import check, create, revision_of, strange_in, upgrade
from engine.store.statements import FOLDER, SQL
from engine.store.unit_of_work import SqliteStore

STATEMENTS = sorted(path.stem for path in FOLDER.glob("*.sql"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    made = raw_connection(new_database(tmp_path), "rw")
    yield made
    made.close()


def _texts(connection: Connection) -> dict[str, str]:
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql NOT NULL")
    return {name: _normal(sql) for name, sql in rows if name != "alembic_version"}


def _normal(sql: str) -> str:
    """The text without spaces, its parts sorted: the order of constraints means nothing."""
    return "".join(sorted(re.sub(r"\s+", "", sql)))


def test_migrations_make_what_the_tables_declare(connection: Connection) -> None:
    with engine_on(connection).connect() as lent:
        differences = compare_metadata(MigrationContext.configure(lent, opts={"compare_type": True}), schema.metadata)
    assert differences == []


def test_constraints_and_generated_columns_are_those_declared(connection: Connection) -> None:
    """Alembic does not compare these, so the texts of the tables are compared."""
    declared = driver.connect(":memory:", isolation_level=None)
    schema.metadata.create_all(engine_on(declared))
    assert _texts(connection) == _texts(declared)
    declared.close()


def test_every_table_is_strict(connection: Connection) -> None:
    loose = connection.execute("SELECT name FROM pragma_table_list WHERE NOT strict AND schema = 'main'").fetchall()
    assert {name for (name,) in loose} <= {"alembic_version", "sqlite_schema", "sqlite_sequence"}


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_fits_the_schema(connection: Connection, name: str) -> None:
    parameters = dict.fromkeys(re.findall(r"(?<![:\w]):([a-z_0-9]+)", SQL[name]), None)
    assert connection.execute(f"EXPLAIN {SQL[name]}", parameters).fetchall()


def test_every_statement_is_used() -> None:
    code = "".join(path.read_text() for path in FOLDER.parent.glob("*.py"))
    named = set(re.findall(r'"([a-z_]+)"', code)) | {"case_delete"}
    named |= {
        f"case_delete{of}_{part}" for of in ("", "_import") for part in ("deliveries", "messages", "deadlines", "links")
    }
    assert [name for name in STATEMENTS if name not in named] == []


def test_the_size_of_a_document_is_said_alike_twice() -> None:
    assert documents.LARGEST_DOCUMENT == schema.LARGEST_DOCUMENT


@pytest.mark.parametrize(
    "value", ["2021-03-04T11:30:00Z", "2021-03-04 11:30:00.123456Z", "2021-03-04T11:30:00.123456+00:00", 5]
)
def test_an_instant_in_another_form_is_refused_by_the_database(connection: Connection, value: object) -> None:
    with pytest.raises(driver.IntegrityError):
        connection.execute("INSERT INTO requests VALUES ('r', 'd', '{}', ?)", [value])


def test_a_new_database_is_ours_private_and_sound(tmp_path: Path) -> None:
    path = tmp_path / "skede.db"
    create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["skede.db"]
    assert check(path) == ()
    connection = raw_connection(path, "ro")
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert revision_of(connection) == f"{SCHEMA:04}"
    connection.close()


def test_nothing_is_made_over_another_file(tmp_path: Path) -> None:
    path = tmp_path / "skede.db"
    path.write_text("mine")
    with pytest.raises(UsageError):
        create(path)
    assert path.read_text() == "mine"


def test_nothing_is_made_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        create(tmp_path / "no" / "skede.db")


def test_an_upgrade_makes_an_empty_database_whole_and_then_does_nothing(tmp_path: Path) -> None:
    path = tmp_path / "skede.db"
    connection = raw_connection(path, "rwc")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    connection.close()
    path.chmod(0o600)
    with pytest.raises(Unavailable, match="skede db upgrade"):
        SqliteStore(path).read()
    assert upgrade(path) == (0, SCHEMA)
    assert upgrade(path) == (SCHEMA, SCHEMA)
    assert check(path) == ()


def test_a_failed_upgrade_leaves_the_old_schema(tmp_path: Path) -> None:
    path = tmp_path / "skede.db"
    connection = raw_connection(path, "rwc")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("CREATE TABLE people (in_the_way INTEGER)")
    connection.close()
    path.chmod(0o600)
    with pytest.raises(Exception, match="people"):
        upgrade(path)
    connection = raw_connection(path, "ro")
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("people",)]
    connection.close()


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (("ALTER TABLE cases RENAME TO c", "CREATE VIEW cases AS SELECT * FROM c"), "the view cases is none of ours"),
        (("CREATE TRIGGER t AFTER INSERT ON checkpoints BEGIN DELETE FROM settings; END",),
         "the trigger t is none of ours"),
        (("DROP INDEX ix_cases_parent", "CREATE INDEX ix_cases_parent ON cases (parent) WHERE n > 3"),
         "the index ix_cases_parent is missing or was changed"),
    ],
)  # fmt: skip
def test_a_check_finds_what_is_none_of_ours(connection: Connection, sql: tuple[str, ...], found: str) -> None:
    for one in sql:
        connection.execute(one)

    assert found in list(strange_in(connection))


def test_a_check_finds_what_is_wrong(connection: Connection, tmp_path: Path) -> None:
    connection.execute("DROP TRIGGER entries_no_update")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("INSERT INTO subscriptions VALUES ('press', 99)")
    connection.execute("UPDATE alembic_version SET version_num = '0000'")
    found = " | ".join(check(tmp_path / "skede.db"))
    assert "entries_no_update" in found
    assert "subscriptions" in found
    assert "0000" in found


def test_a_backup_taken_while_someone_writes_is_whole(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with store.write() as tx:
        tx.settings.put("a", "committed")
    with store.write() as tx:
        tx.settings.put("a", "not yet")
        backup(tmp_path / "skede.db", tmp_path / "copy.db")
    with SqliteStore(tmp_path / "copy.db").read() as tx:
        assert tx.settings.get("a") == "committed"
    assert check(tmp_path / "copy.db") == ()
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    store.close()


def test_a_backup_is_one_file_and_never_over_another(tmp_path: Path) -> None:
    path, target = new_database(tmp_path), tmp_path / "there" / "copy.db"
    target.parent.mkdir()
    backup(path, target)
    assert [found.name for found in target.parent.iterdir()] == ["copy.db"]
    with pytest.raises(UsageError):
        backup(path, target)


def test_a_restore_brings_the_old_moment_back_under_open_connections(tmp_path: Path) -> None:
    store, path, target = new_store(tmp_path), tmp_path / "skede.db", tmp_path / "copy.db"
    with store.write() as tx:
        tx.settings.put("a", "old")
    backup(path, target)
    with store.write() as tx:
        tx.settings.put("a", "new")
    restore(path, target)
    with store.read() as tx:
        assert tx.settings.get("a") == "old"
    with store.write() as tx:
        tx.settings.put("a", "newer")
    assert check(path) == ()
    store.close()


def test_a_restore_into_an_empty_home_makes_the_file(tmp_path: Path) -> None:
    target = new_database(tmp_path)
    restore(tmp_path / "other.db", target)
    assert check(tmp_path / "other.db") == ()


def test_a_damaged_backup_is_not_restored(tmp_path: Path) -> None:
    store, copy = new_store(tmp_path), tmp_path / "copy.db"
    backup(tmp_path / "skede.db", copy)
    raw = bytearray(copy.read_bytes())
    raw[4096 * 3 : 4096 * 4] = bytes(4096)
    copy.write_bytes(raw)
    with pytest.raises(LogTampered):
        restore(tmp_path / "skede.db", copy)
    with store.read() as tx:
        assert tx.definitions.get("application", 1) is not None
    store.close()


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (UtcInstant, AT, "2021-03-04T11:30:00.123456Z"), (LocalDate, date(2021, 3, 4), "2021-03-04"),
        (Money, Decimal("5.00"), "5.00"), (Flag, True, 1), (Money, None, None), (UtcInstant, None, None),
    ],
)  # fmt: skip
def test_a_column_stores_one_form_and_gives_the_value_back(kind: Any, value: object, stored: object) -> None:
    engine = create_engine("sqlite://", module=driver)
    table = Table("t", MetaData(), Column("v", kind))
    with engine.connect() as connection:
        table.create(connection)
        connection.execute(table.insert(), {"v": value})
        assert connection.execute(select(table.c.v)).scalar_one() == value
        assert connection.exec_driver_sql("SELECT v FROM t").scalar_one() == stored
    engine.dispose()


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        UtcInstant().process_bind_param(datetime(2021, 1, 1), None)  # type: ignore[arg-type]  # noqa: DTZ001
