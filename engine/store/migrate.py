"""Making a database and bringing it to the newest schema; Alembic is imported only here."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from engine.core.errors import LogTampered, UsageError
from engine.store import append_only
from engine.store.borrowed import engine_on
from engine.store.database import (
    APPLICATION_ID,
    SCHEMA,
    Connection,
    connect,
    is_driver_error,
    raw_connection,
    translated,
)
from engine.store.files import finish, private_files, unfinished

_SCRIPTS = Path(__file__).parent / "migrations"


def create(path: Path) -> None:
    """Make a database at the newest schema. It appears under its name only when it is whole and on the disk.

    Raises:
        UsageError: There is something at that path already.
        Unavailable: It cannot be written there.
    """
    if os.path.lexists(path):
        raise UsageError(f"{path} is there already")
    with private_files(), unfinished(path) as temporary:
        try:
            connection = raw_connection(temporary, "rwc")
            try:
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                _to_head(connection)
                connection.execute("PRAGMA journal_mode = WAL")
            finally:
                connection.close()
        except Exception as error:
            if is_driver_error(error):
                raise translated(error, path) from error
            raise
        finish(temporary, path)


def upgrade(path: Path) -> tuple[int, int]:
    """Bring a database to the newest schema, in one transaction; the schema before and after."""
    connection = connect(path, any_schema=True)
    try:
        before = connection.execute("PRAGMA user_version").fetchone()[0]
        if before < SCHEMA:
            _to_head(connection)
        return before, connection.execute("PRAGMA user_version").fetchone()[0]
    except Exception as error:
        if is_driver_error(error):
            raise translated(error, path) from error
        raise
    finally:
        connection.close()


def check(path: Path) -> tuple[str, ...]:
    """What is wrong with a database, one sentence each; nothing if it is as it should be.

    Raises:
        LogTampered: It is so damaged that it cannot be read, or not ours.
    """
    connection = connect(path, read_only=True)
    try:
        return tuple(_findings(connection))
    except Exception as error:
        if is_driver_error(error):
            raise translated(error, path) from error
        raise
    finally:
        connection.close()


def _findings(connection: Connection) -> Iterator[str]:
    for (text,) in connection.execute("PRAGMA integrity_check"):
        if text != "ok":
            yield f"the file is damaged: {text}"
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"row {row} of {table} points at a row of {parent} that is not there"
    for name in append_only.missing(connection.execute):
        yield f"the trigger {name} is missing or was changed"
    revision = revision_of(connection)
    head = ScriptDirectory(str(_SCRIPTS)).get_current_head()
    if revision != head:
        yield f"its migrations stand at {revision}, not at {head}"


def revision_of(connection: Connection) -> str | None:
    """Alembic's name of the schema."""
    with engine_on(connection).connect() as lent:
        return MigrationContext.configure(lent).get_current_revision()


def _to_head(connection: Connection) -> None:
    with _transaction(connection), engine_on(connection).connect() as lent:
        config = Config()
        config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
        config.attributes["connection"] = lent
        command.upgrade(config, "head")
        reached = connection.execute("PRAGMA user_version").fetchone()[0]
        if reached != SCHEMA:
            raise LogTampered(f"the migrations lead to schema {reached}, the program expects {SCHEMA}")


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
