"""PostgreSQL: connections, transactions, what its errors mean, and statements in its words.

A connection here has the shape of SQLite's, so that the stores do not know which of the two they speak with. What the
tables are made of is said in `columns.py` and `append_only.py`; the statements that PostgreSQL wants in other words
stand in `queries/postgresql/`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from engine.core.errors import (
    Collided,
    EngineError,
    LogTampered,
    OutcomeUnknown,
    SettingsError,
    Unavailable,
    ValueMalformed,
)
from engine.store.connection import Connection
from engine.store.statements import FOLDER, SQL, read_statement

try:
    import psycopg
    from psycopg.pq import TransactionStatus
except ImportError as missing:
    raise SettingsError("the driver of PostgreSQL is not installed: pip install 'psycopg[binary]>=3.3'") from missing

SCHEMA = 2
"""Number of the newest migration; `database.py` says the same of SQLite's files."""

WAIT = "10s"
"""How long a statement waits for another's rows before it gives up."""

OUTBOX = "skede_outbox"
"""The channel on which is told that mail was put into the outbox (`bell.py`)."""

_LOCAL = f"SET LOCAL lock_timeout = '{WAIT}'; SET LOCAL search_path = public, pg_temp"
_NARROW = "SET LOCAL enable_seqscan = off"
"""Read by index, be a table ever so small: who reads it whole has, for SERIALIZABLE, read what others write beside."""

_GATE = "LOCK TABLE alembic_version IN ACCESS SHARE MODE"
"""Keeps an upgrade out while a transaction runs, and waits for one that runs. It comes before all that reads, since
the moment that a transaction sees must not be older than the upgrade that it waited for."""

BEGIN = {
    True: f"BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE; {_LOCAL}; {_NARROW}; {_GATE}; {{clock}}",
    False: f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_LOCAL}; {_GATE}; {{clock}}",
}
"""How a transaction that writes begins, and one that reads."""
_OPTIONS: Mapping[str, Any] = {
    "connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 25_000, "application_name": "skede", "client_encoding": "UTF8",
}  # fmt: skip
"""What a URL need not say: nothing waits for a server that is gone for longer than half a minute."""

_COLLIDED = frozenset({"40001", "40P01", "23505"})
_LOST = ("08", "57P")
_NOT_KEPT = ("23", "40")
"""Classes of errors with which COMMIT undoes the work; every other may be that of what stands after it."""

_WORDS = {
    "55P03": "another program is writing to it",
    "57014": "the work was interrupted",
    "25006": "it cannot be written to",
    "42501": "this login may not do that there",
    "28000": "it does not let this login in",
    "28P01": "it does not let this login in: look at the password",
    "42P01": "it is not one of ours: `skede init --database-url` makes one",
    "53100": "the disk is full",
    "53200": "it has not enough memory",
    "53300": "it has too many connections",
    "57P03": "it is starting or stopping",
}
_DAMAGED = ("XX001", "XX002")
_MAY_BE_NULL = re.compile(r"(?<![:\w])(:[a-z_][a-z_0-9]*) IS NULL")
_PLACEHOLDER = re.compile(r"(?<![:\w]):([a-z_][a-z_0-9]*)")


def translate(sql: str) -> tuple[str, bool]:
    """A statement with `:name` as psycopg wants it, and whether it takes any values.

    A value of which nothing is asked but whether it is there has no type of its own, so it is given one.
    """
    if _PLACEHOLDER.search(sql) is None:
        return sql, False
    sql = _MAY_BE_NULL.sub(r"CAST(\1 AS text) IS NULL", sql)
    return _PLACEHOLDER.sub(r"%(\1)s", sql.replace("%", "%%")), True


class _Texts(dict[str, tuple[str, bool]]):
    """The text of a statement for SQLite -> what `translate` makes of its text for PostgreSQL, made once."""

    def __missing__(self, sql: str) -> tuple[str, bool]:
        if not self:
            for path in sorted((FOLDER / POSTGRESQL).glob("*.sql")):
                self[SQL[path.stem]] = translate(read_statement(path))
        if sql not in self:
            self[sql] = translate(sql)
        return self[sql]


POSTGRESQL = "postgresql"
"""The dialect's name, and its folder."""

TEXTS = _Texts()


class _Raw(psycopg.Connection[Any]):
    """A connection that ends with its store, if nobody ended it before."""

    def __del__(self, *_: Any) -> None:
        # The library itself leaves alone what came through a fork and is the parent's.
        self.close()


class PostgresConnection:
    """A connection of psycopg in the shape of SQLite's."""

    dialect = POSTGRESQL

    def __init__(self, raw: "psycopg.Connection[Any]") -> None:
        self.raw = raw
        self.warnings: list[str] = []
        self.rings = False
        self.read_only = False
        self._streams = 0
        raw.add_notice_handler(partial(_hear, self.warnings))

    def execute(self, sql: str, values: Mapping[str, Any] | None = None) -> Any:
        """Run a statement with `:name` placeholders; its rows are fetched whole."""
        text, takes = TEXTS[sql]
        return self.raw.execute(text, values if takes else None)

    def executemany(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a statement for each of the rows, sent together. All are made first, as making one may ask for rows."""
        self.raw.cursor().executemany(TEXTS[sql][0], list(rows))

    def stream(self, sql: str, values: Mapping[str, Any] | None = None) -> Iterator[tuple[Any, ...]]:
        """The rows of a query as they are asked for, so that a long one does not fill the memory."""
        self._streams += 1
        with self.raw.cursor(name=f"rows_{self._streams}") as cursor:
            cursor.itersize = 1000
            text, takes = TEXTS[sql]
            yield from cursor.execute(text, values if takes else None)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, be it one that can only be rolled back."""
        return self.raw.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    def commit(self) -> None:
        """Keep what the transaction did.

        Raises:
            Unavailable: The connection broke before; nothing is kept.
            OutcomeUnknown: It is kept here, and perhaps not on the standby.
        """
        if self.raw.info.transaction_status == TransactionStatus.UNKNOWN:
            raise Unavailable("the connection to the database broke: nothing was changed")
        if not self.in_transaction:
            return
        self.warnings.clear()
        ended = self._end()
        if ended != "COMMIT":
            raise EngineError("the database had refused a part of the work, and so kept nothing of it")
        if self.warnings:
            raise OutcomeUnknown(f"the database says of what was done: {self.warnings[0]}")

    def _end(self) -> str | None:
        """COMMIT, and ring where there is new mail, in one round trip; what the server did of the first.

        The bell is rung when the transaction is over: rung within, it would make all who write mail wait in a queue
        until the disk, and the standby, have each one's (the server lets one at a time through there).
        """
        try:
            return self.raw.execute(f"COMMIT; NOTIFY {OUTBOX}" if self.rings else "COMMIT").statusmessage
        except psycopg.Error as error:
            if self.rings and not _is_lost(error) and not (error.sqlstate or "").startswith(_NOT_KEPT):
                raise OutcomeUnknown(f"what was done is perhaps not kept: {_one_line(error)}") from error
            raise
        finally:
            self.rings = False

    def close(self) -> None:
        """End the connection."""
        self.raw.close()


class PostgresDatabase:
    """A database of a PostgreSQL server."""

    one_kind = True

    def __init__(self, url: str) -> None:
        self.url = url
        self.shown = shown(url)

    def connect(self, *, writes: bool, read_only: bool) -> Connection:
        connection = self.raw_connection()
        connection.read_only = read_only
        return connection

    def raw_connection(self) -> PostgresConnection:
        """A connection to whatever is there.

        Raises:
            Unavailable: The server does not answer, or does not let this login in.
        """
        try:
            given = psycopg.conninfo.conninfo_to_dict(self.url)
            raw = _Raw.connect(self.url, autocommit=True, **{k: v for k, v in _OPTIONS.items() if k not in given})
        except psycopg.Error as error:
            raise self.translated(error) from error
        connection = PostgresConnection(raw)
        if raw.info.parameter_status("server_encoding") != "UTF8":
            connection.close()
            raise Unavailable(f"{self.shown}: its encoding is not UTF8: make the database with createdb -E UTF8")
        return connection

    def begin(self, connection: Connection, *, writes: bool) -> str | None:
        """One round trip: the transaction begins, and the database tells its schema and what time it is.

        Raises:
            Unavailable: Its schema is not this program's, perhaps since a moment ago: a worker keeps its connection.
        """
        connection.rings = False
        begin = BEGIN[writes and not connection.read_only]
        cursor = connection.raw.execute(begin.format(clock=TEXTS[SQL["sandbox_clock"]][0]))
        while cursor.nextset():
            pass
        schema, now, process = cursor.fetchone()
        if process != connection.raw.info.backend_pid:
            # A pool stands between, and the next transaction may be on another connection than this statement's plan.
            connection.raw.prepare_threshold = None
        check_schema(int(schema), self.shown)
        return str(now)

    def commit(self, connection: Connection) -> None:
        connection.commit()

    def is_error(self, error: BaseException | None) -> bool:
        return _own(error) is not None

    def is_lost(self, error: BaseException) -> bool:
        return _is_lost(_own(error))

    def spoils(self, error: BaseException | None) -> bool:
        return _is_lost(_own(error))

    def translated(self, error: BaseException, *, committing: bool = False) -> EngineError:
        return translated(error, self.shown, committing=committing)

    def scrub(self) -> None:
        """Free the space of rows that were deleted; what is left of them in old files of the server's log passes."""
        connection = self.raw_connection()
        try:
            connection.execute("VACUUM (FULL)")
        except psycopg.Error as error:
            raise self.translated(error) from error
        finally:
            connection.close()


def _hear(warnings: list[str], notice: Any) -> None:
    if notice.severity_nonlocalized == "WARNING":
        warnings.append(" ".join(str(notice.message_primary).split()))


def shown(url: str) -> str:
    """A URL as it is named to people: without a password, and without what follows the name of the database.

    Raises:
        SettingsError: It is none of PostgreSQL's.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise SettingsError(f"database: {parts.scheme}:// is not known; use a file, or postgresql://host/name")
    try:
        psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error as error:
        raise SettingsError(f"database: the URL cannot be read: {_one_line(error)}") from None
    return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"


def check_schema(schema: int, name: str) -> None:
    """Refuse a database that is not at this program's schema.

    Raises:
        Unavailable: It is older or newer.
    """
    if schema > SCHEMA:
        raise Unavailable(
            f"{name} was written by a newer version (schema {schema}, here {SCHEMA}): upgrade the program"
        )
    if schema < SCHEMA:
        raise Unavailable(f"{name} has an older schema ({schema}, here {SCHEMA}): run `skede db upgrade`")


def translated(error: BaseException, name: str, *, committing: bool = False) -> EngineError:
    """What an error of the driver means for whoever asked."""
    own = _own(error) or error
    state = getattr(own, "sqlstate", None)
    if state in _COLLIDED:
        return Collided(f"somebody was first at the same rows, or they are there already: {_one_line(own)}")
    if state is None and isinstance(own, psycopg.DataError):
        return ValueMalformed(f"a text cannot be kept: {_one_line(own)}")
    if state in _DAMAGED:
        return LogTampered(f"{name} is damaged ({_one_line(own)}): restore a backup")
    if committing and _is_lost(own):
        return OutcomeUnknown(f"{name} went away while it was being written: ask again with the same --request-id")
    if state in _WORDS:
        return Unavailable(f"{name}: {_WORDS[state]}")
    if isinstance(own, psycopg.OperationalError):
        return Unavailable(f"{name} cannot be reached: {_one_line(own)}")
    return EngineError(f"{name}: the database refused: {_one_line(own)}")


def _is_lost(own: BaseException | None) -> bool:
    state = getattr(own, "sqlstate", None)
    return isinstance(own, psycopg.OperationalError) and (state is None or state.startswith(_LOST))


def _own(error: BaseException | None) -> "psycopg.Error | None":
    """The driver's error, also where SQLAlchemy has wrapped it."""
    if isinstance(error, psycopg.Error):
        return error
    wrapped = getattr(error, "orig", None)
    return wrapped if isinstance(wrapped, psycopg.Error) else None


def _one_line(error: BaseException) -> str:
    """What an error says, without the row that it may quote: it can be of another's case."""
    said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return " ".join((said or str(error)).split())
