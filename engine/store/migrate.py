"""Making a database and bringing it to the newest schema; Alembic is imported only here.

Each of `create`, `upgrade` and `check` takes the path of a file or the URL of a database on PostgreSQL.
"""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import TypeGuard

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from engine.core.errors import LogTampered, UsageError
from engine.store import append_only
from engine.store.borrowed import engine_on
from engine.store.connection import Connection
from engine.store.database import (
    APPLICATION_ID,
    SCHEMA,
    connect,
    in_our_words,
    raw_connection,
)
from engine.store.files import finish, private_files, unfinished

_SCRIPTS = Path(__file__).parent / "migrations"


def create(place: Path | str) -> None:
    """Make a database at the newest schema. A file appears under its name only when it is whole and on the disk.

    On PostgreSQL the database itself is there, empty; the tables appear in it all at once.

    Raises:
        UsageError: There is something at that path already.
        Unavailable: It cannot be written there.
    """
    if is_url(place):
        with new_on_server(place):
            return
    path = Path(place)
    if os.path.lexists(path):
        raise UsageError(f"{path} is there already")
    with private_files(), unfinished(path) as temporary:
        with in_our_words(path), closing(raw_connection(temporary, "rwc")) as connection:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            _to_head(connection)
            connection.execute("PRAGMA journal_mode = WAL")
        finish(temporary, path)


def upgrade(place: Path | str) -> tuple[int, int]:
    """Bring a database to the newest schema, in one transaction; the schema before and after."""
    if is_url(place):
        return _upgrade_on_server(place)
    path = Path(place)
    with in_our_words(path), closing(connect(path, any_schema=True)) as connection:
        before = connection.execute("PRAGMA user_version").fetchone()[0]
        if before < SCHEMA:
            _to_head(connection)
        return before, connection.execute("PRAGMA user_version").fetchone()[0]


def check(place: Path | str) -> tuple[str, ...]:
    """What is wrong with a database, one sentence each; nothing if it is as it should be.

    Raises:
        LogTampered: It is so damaged that it cannot be read, or not ours.
    """
    if is_url(place):
        return _check_on_server(place)
    path = Path(place)
    with in_our_words(path), closing(connect(path, read_only=True)) as connection:
        return tuple(_findings(connection))


def _findings(connection: Connection) -> Iterator[str]:
    for (text,) in connection.execute("PRAGMA integrity_check"):
        if text != "ok":
            yield f"the file is damaged: {text}"
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"row {row} of {table} points at a row of {parent} that is not there"
    yield from strange_in(connection)
    yield from _wrong_revision(connection)


def strange_in(connection: Connection) -> Iterator[str]:
    """What of the schema of a file is not as the migrations make it: a view in place of a table, one more trigger."""
    there, made = _schema_of(connection), _made()
    for kind, name in sorted(made.keys() - there.keys()):
        yield f"the {kind} {name} is missing or was changed"
    for kind, name in sorted(there.keys() - made.keys()):
        yield f"the {kind} {name} is none of ours"
    for kind, name in sorted(made.keys() & there.keys()):
        if there[kind, name] != made[kind, name]:
            yield f"the {kind} {name} is missing or was changed"


@cache
def _made() -> dict[tuple[str, str], str]:
    """The schema as the migrations make it, in a database of nobody."""
    with closing(raw_connection(Path("made"), "memory")) as connection:
        _to_head(connection)
        return _schema_of(connection)


def _schema_of(connection: Connection) -> dict[tuple[str, str], str]:
    """What SQLite and Alembic make for themselves is left out."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    return {
        (kind, name): f"{table}: {' '.join((sql or '').split())}" for kind, name, table, sql in rows
        if not name.startswith(("sqlite_", "alembic_version"))
    }  # fmt: skip


def _wrong_revision(connection: Connection) -> Iterator[str]:
    revision = revision_of(connection)
    head = ScriptDirectory(str(_SCRIPTS)).get_current_head()
    if revision != head:
        yield f"its migrations stand at {revision}, not at {head}"


def is_url(place: Path | str) -> TypeGuard[str]:
    """Whether a place is the URL of a database on a server, and not a file."""
    return isinstance(place, str) and "://" in place


@contextmanager
def on_server(url: str) -> Iterator[Connection]:
    """A connection in a transaction of its own, which nobody else's upgrade overlaps."""
    from engine.store.postgresql import PostgresDatabase

    database = PostgresDatabase(url)
    connection = database.raw_connection()
    try:
        connection.execute("BEGIN")
        connection.execute("SET LOCAL search_path = public, pg_temp")
        connection.execute(f"SELECT pg_advisory_xact_lock({APPLICATION_ID})")
        yield connection
        connection.commit()
    except Exception as error:
        if database.is_error(error):
            raise database.translated(error) from error
        raise
    finally:
        connection.close()


def alone(connection: Connection) -> None:
    """Wait until no transaction of the program runs, and let none begin until this one is over (`postgresql.py`)."""
    connection.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")


@contextmanager
def new_on_server(url: str) -> Iterator[Connection]:
    """Make our tables in an empty database of a server; they appear, with all that is put into them, at the end.

    Raises:
        UsageError: The database is not empty.
    """
    with on_server(url) as connection:
        if connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1").fetchone():
            from engine.store.postgresql import shown

            raise UsageError(f"{shown(url)} is not empty: name a new database, made with createdb")
        _run_migrations(connection)
        yield connection
        # Entries of several writers are numbered in the order in which they began, not in which they were kept.
        many = "INSERT INTO settings (name, value) VALUES ('many_writers', '1') ON CONFLICT (name) DO NOTHING"
        connection.execute(many)


def remove_from_server(url: str) -> None:
    """Take our tables out of a database again: of a home that could not be made."""
    from engine.store.schema import metadata

    with on_server(url) as connection:
        for table in (*metadata.tables, "alembic_version"):
            connection.execute(f'DROP TABLE IF EXISTS "{table}" CASCADE')
        connection.execute("DROP FUNCTION IF EXISTS fold, refuse_change, may_append, refuse_own")


def _upgrade_on_server(url: str) -> tuple[int, int]:
    with on_server(url) as connection:
        alone(connection)
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        before = int(found[0]) if found else 0
        if before < SCHEMA:
            _run_migrations(connection)
        return before, max(before, SCHEMA)


def _check_on_server(url: str) -> tuple[str, ...]:
    with on_server(url) as connection:
        lost = append_only.missing_postgresql(connection.execute)
        return (*(f"the trigger {name} is missing or was changed" for name in lost), *_wrong_revision(connection))


def revision_of(connection: Connection) -> str | None:
    """Alembic's name of the schema."""
    with engine_on(connection).connect() as lent:
        return MigrationContext.configure(lent).get_current_revision()


def _to_head(connection: Connection) -> None:
    with _transaction(connection):
        _run_migrations(connection)
        reached = connection.execute("PRAGMA user_version").fetchone()[0]
        if reached != SCHEMA:
            raise LogTampered(f"the migrations lead to schema {reached}, the program expects {SCHEMA}")


def _run_migrations(connection: Connection) -> None:
    with engine_on(connection).connect() as lent:
        config = Config()
        config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
        config.attributes["connection"] = lent
        command.upgrade(config, "head")


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
