"""SQLite: connections to the file, what they check before the first write, and what its errors mean.

The same for PostgreSQL stands in `postgresql.py`.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from engine.core.errors import ConcurrentUpdate, EngineError, LogTampered, OutcomeUnknown, Unavailable
from engine.store.connection import Connection, fold
from engine.store.statements import SQL

try:  # The SQLite of many Pythons can corrupt a WAL database (fixed in 3.51.3); pysqlite3 brings a sound one.
    from pysqlite3 import dbapi2 as _driver
except ImportError:
    import sqlite3 as _driver

driver: Any = _driver

APPLICATION_ID = 0x534B4544
"""`SKED`: marks the file as ours."""

SCHEMA = 2
"""Number of the newest migration, also the file's `user_version`."""

WAIT_MS = 10_000
"""How long a statement waits for another writer before it gives up."""

_PRAGMAS = (
    f"PRAGMA busy_timeout = {WAIT_MS}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA secure_delete = ON",
)
_FULL = 2
_BROKEN = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"})
_WORDS = {
    "SQLITE_BUSY": "another program is writing to it",
    "SQLITE_LOCKED": "another program is writing to it",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "it cannot be written to; look at the rights of the file and its folder",
    "SQLITE_CANTOPEN": "it cannot be opened; look at the rights of the file and its folder",
    "SQLITE_PERM": "this login may not open it",
    "SQLITE_IOERR": "the disk does not answer as it should",
    "SQLITE_NOMEM": "there is not enough memory",
    "SQLITE_NOLFS": "the disk cannot hold a file of that size",
    "SQLITE_INTERRUPT": "the work was interrupted",
    "SQLITE_PROTOCOL": "the lock on it could not be had",
}


def connect(path: Path, *, read_only: bool = False, any_schema: bool = False) -> Connection:
    """A connection to an existing database of ours.

    Args:
        path: The file.
        read_only: Neither the file nor anything beside it is changed, and writing is refused.
        any_schema: Older schemas are let in too: for the upgrade itself.

    Raises:
        Unavailable: There is no such file, it cannot be opened, or its schema is not this program's.
        LogTampered: The file is not a database of ours, or others may write to it.
    """
    _look_at_file(path)
    connection = None
    try:
        connection = raw_connection(path, "ro" if read_only else "rw")
        _look_inside(connection, path, any_schema=any_schema)
        if not read_only:
            _make_durable(connection, path)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, driver.Error):
            raise translated(error, path) from error
        raise
    return connection


def raw_connection(path: Path, mode: str) -> Connection:
    """A connection with our settings to whatever is at the path. Mode is SQLite's: `ro`, `rw` or `rwc`."""
    connection = driver.connect(
        f"file:{_quoted(path)}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False,
        cached_statements=256,
    )  # fmt: skip
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    if mode == "ro":
        connection.execute("PRAGMA query_only = ON")
    connection.create_function("fold", 1, fold, deterministic=True)
    return connection


class SqliteDatabase:
    """A file of SQLite."""

    one_kind = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def connect(self, *, writes: bool, read_only: bool) -> Connection:
        connection = connect(self._path, read_only=read_only)
        if not writes:
            connection.execute("PRAGMA query_only = ON")
        return connection

    def begin(self, connection: Connection, *, writes: bool) -> str | None:
        connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        # After BEGIN: the wait for another writer is over, and a reader's moment is fixed. The schema may be another
        # than it was when a worker opened its connection.
        check_schema(connection.execute("PRAGMA user_version").fetchone()[0], self._path)
        stored = connection.execute(SQL["sandbox_clock"]).fetchone()
        return stored[0] if stored else None

    def commit(self, connection: Connection) -> None:
        if connection.in_transaction:
            connection.execute("COMMIT")

    def is_error(self, error: BaseException | None) -> bool:
        return is_driver_error(error)

    def is_lost(self, error: BaseException) -> bool:
        return False

    def spoils(self, error: BaseException | None) -> bool:
        return is_driver_error(error)  # After an error of the disk no handle is trusted again.

    def translated(self, error: BaseException, *, committing: bool = False) -> EngineError:
        return translated(error, self._path, committing=committing)

    def scrub(self) -> None:
        """Rewrite the file without what was deleted, and empty its write-ahead log."""
        with in_our_words(self._path), closing(connect(self._path)) as connection:
            connection.execute("VACUUM")
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise Unavailable(f"{self._path} is in use: traces of what was erased are left until it is not")


def translated(error: BaseException, path: Path, *, committing: bool = False) -> EngineError:
    """What an error of the driver means for whoever asked."""
    name = getattr(error, "sqlite_errorname", None) or ""
    family = "_".join(name.split("_")[:2])
    if family in _BROKEN or name.startswith("SQLITE_IOERR_CORRUPTFS"):
        return LogTampered(f"{path} is damaged or no database ({error}): restore a backup")
    if family == "SQLITE_IOERR" and committing:
        return OutcomeUnknown(f"the disk failed while {path} was being written: ask again with the same --request-id")
    if family in _WORDS:
        return Unavailable(f"{path}: {_WORDS[family]}")
    if str(error).startswith("UNIQUE constraint failed"):
        return ConcurrentUpdate(f"that is there already: {error}")
    return EngineError(f"{path}: the database refused: {error}")


@contextmanager
def in_our_words(path: Path) -> Iterator[None]:
    """Say what the driver refuses in our words."""
    try:
        yield
    except Exception as error:
        if is_driver_error(error):
            raise translated(error, path) from error
        raise


def is_driver_error(error: BaseException | None) -> bool:
    """Whether it comes from the driver, and so must be translated."""
    return isinstance(error, driver.Error)


def _quoted(path: Path) -> str:
    """The path as part of a URI, so that `?`, `#` and `%` in it are letters."""
    keep = b"/-._~abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return "".join(chr(byte) if byte in keep else f"%{byte:02X}" for byte in os.fsencode(path.absolute()))


def _look_at_file(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        raise Unavailable(f"there is no database at {path}: `skede init` makes one") from None
    except OSError as error:
        raise Unavailable(f"{path} cannot be opened: {error.strerror}") from None
    if stat.S_ISLNK(found.st_mode):
        raise Unavailable(f"{path} is a symbolic link: name the database file itself")
    if not stat.S_ISREG(found.st_mode):
        raise Unavailable(f"{path} is not a file")
    if found.st_size == 0:
        raise LogTampered(f"{path} is empty, and so no database: restore a backup")
    if found.st_mode & 0o022:
        raise LogTampered(f"others may write to {path}: find out who did, then `chmod 600` it")


def _look_inside(connection: Connection, path: Path, *, any_schema: bool) -> None:
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    schema = connection.execute("PRAGMA user_version").fetchone()[0]
    if owner != APPLICATION_ID:
        raise LogTampered(f"{path} is the database of another program")
    if schema >= SCHEMA or not any_schema:
        check_schema(schema, path)


def check_schema(schema: int, path: Path) -> None:
    """Refuse a database that is not at this program's schema.

    Raises:
        Unavailable: It is older or newer.
    """
    if schema > SCHEMA:
        raise Unavailable(
            f"{path} was written by a newer version (schema {schema}, here {SCHEMA}): upgrade the program"
        )
    if schema < SCHEMA:
        raise Unavailable(f"{path} has an older schema ({schema}, here {SCHEMA}): run `skede db upgrade`")


def _make_durable(connection: Connection, path: Path) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    connection.execute("PRAGMA synchronous = FULL")
    level = connection.execute("PRAGMA synchronous").fetchone()[0]
    if mode != "wal" or level != _FULL:
        raise Unavailable(f"{path}: this disk cannot keep a write-ahead log; put the home on a local one")
