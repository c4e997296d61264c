"""The store: one connection, one transaction, and the stores on it, on SQLite and on PostgreSQL alike."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.ports import (
    AuditStore,
    CaseStore,
    Clock,
    CounterStore,
    DeadlineStore,
    DefinitionStore,
    DirectoryStore,
    DocumentStore,
    ErasingStore,
    EvidenceStore,
    LogStore,
    MessageStore,
    PeopleStore,
    RequestStore,
    SettingStore,
)
from engine.store.cases import SqlCases
from engine.store.connection import Connection, Database
from engine.store.deadlines import SqlDeadlines
from engine.store.definitions import SqlDefinitions
from engine.store.directory import SqlDirectory
from engine.store.documents import SqlDocuments
from engine.store.evidence import SqlEvidence
from engine.store.log import SqlLog
from engine.store.messages import SqlMessages
from engine.store.small import SqlCounters, SqlRequests, SqlSettings

Salts = Callable[[], bytes]
"""Where salts come from: the system's random source, or a seeded one of a test that wants the same bytes twice."""


def _fresh() -> bytes:
    return os.urandom(32)


class Desk:
    """A connection and the stores on it, kept from one unit of work to the next."""

    def __init__(self, database: Database, *, writes: bool, read_only: bool) -> None:
        self.database = database
        self.for_writing = writes
        self.used = False
        self.connection: Connection = database.connect(writes=writes, read_only=read_only)
        self.cases = SqlCases(self.connection)
        self.log = SqlLog(self.connection)
        self.deadlines = SqlDeadlines(self.connection)
        self.messages = SqlMessages(self.connection)
        self.documents = SqlDocuments(self.connection)
        self.definitions = SqlDefinitions(self.connection)
        self.directory = SqlDirectory(self.connection)
        self.counters = SqlCounters(self.connection)
        self.requests = SqlRequests(self.connection)
        self.settings = SqlSettings(self.connection)
        self.evidence = SqlEvidence(self.connection)


class SqlUnit:
    """One transaction. It is entered once; leaving it gives the connection back."""

    def __init__(self, store: "SqlStore", desk: Desk, *, writes: bool) -> None:
        self._store = store
        self._writes = writes
        self._database = desk.database
        self._now: datetime | None = None
        self._savepoints = 0
        self._people: PeopleStore | None = None
        self._sit(desk)

    def _sit(self, desk: Desk) -> None:
        """Take the stores of a desk as one's own."""
        self._desk = desk
        self.connection = desk.connection
        self.cases: CaseStore = desk.cases
        self.log: LogStore = desk.log
        self.deadlines: DeadlineStore = desk.deadlines
        self.messages: MessageStore = desk.messages
        self.documents: DocumentStore = desk.documents
        self.definitions: DefinitionStore = desk.definitions
        self.directory: DirectoryStore = desk.directory
        self.counters: CounterStore = desk.counters
        self.requests: RequestStore = desk.requests
        self.settings: SettingStore = desk.settings
        self.evidence: EvidenceStore = desk.evidence

    @property
    def now(self) -> datetime:
        """The clock's instant, read once when the transaction begins."""
        assert self._now is not None, "the unit of work has not begun"  # noqa: S101 - a fault of the program
        return self._now

    @property
    def people(self) -> PeopleStore:
        """People, organisations and users: the everyday edits, on this transaction (SQLModel is loaded here)."""
        if self._people is None:
            from engine.store.people import SqlPeople

            self._people = SqlPeople(self)
        return self._people

    @property
    def audit(self) -> AuditStore:
        """Rows as they stand, for verification."""
        from engine.store.audit import SqlAudit

        return SqlAudit(self.connection)

    @property
    def erasing(self) -> ErasingStore:
        """Erasure in the rows that no other store changes."""
        from engine.store.erasing import SqlErasing

        return SqlErasing(self.connection)

    def salt(self) -> bytes:
        """32 random bytes for the commitment of an entry."""
        return self._store.salts()

    def savepoint(self) -> "SqlSavepoint":
        """A part of the transaction that can fail alone."""
        self._savepoints += 1
        return SqlSavepoint(self._desk, f"part_{self._savepoints}")

    def rollback(self) -> None:
        """Undo everything; the exit then commits nothing (`--dry-run`)."""
        self._desk.cases.forget()
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def __enter__(self) -> Self:
        try:
            stored = self._begin()
        except Exception as error:
            self._leave(broken=True)
            if self._database.is_error(error):
                raise self._database.translated(error) from error
            raise
        self._now = self._read_clock(stored)
        return self

    def _begin(self) -> str | None:
        """Begin; where the server has meanwhile closed a connection that was kept, on a new one."""
        try:
            return self._database.begin(self.connection, writes=self._writes)
        except Exception as error:
            if not self._desk.used or not self._database.is_lost(error):
                raise
        self._leave(broken=True)
        self._sit(self._store.new_desk(writes=self._desk.for_writing))
        return self._database.begin(self.connection, writes=self._writes)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        broken = self._database.spoils(error)
        try:
            if error is None:
                self._database.commit(self.connection)
            else:
                self._undo()
        except Exception as failed:
            broken = self._database.spoils(failed)
            self._undo()
            if self._database.is_error(failed):
                raise self._database.translated(failed, committing=True) from failed
            raise
        finally:
            self._leave(broken=broken)
        if error is not None and self._database.is_error(error):
            raise self._database.translated(error) from error

    def _undo(self) -> None:
        """Roll back as far as the connection still lets us; a dropped connection rolls back by itself."""
        try:
            self.rollback()
        except Exception as error:
            if not self._database.is_error(error):
                raise

    def _leave(self, *, broken: bool) -> None:
        self._desk.cases.leave()
        if broken:
            self.connection.close()
        else:
            self._desk.used = True
            self._store.take_back(self._desk)

    def _read_clock(self, stored: str | None) -> datetime:
        if self._store.clock is not None:
            return self._store.clock.now()
        return datetime.now(UTC) if stored is None else datetime.fromisoformat(stored)


class SqlSavepoint:
    """A part of the transaction that can fail alone: an exception undoes it and goes on."""

    def __init__(self, desk: Desk, name: str) -> None:
        self._desk = desk
        self._name = name

    def rollback(self) -> None:
        """Undo the part so far."""
        self._desk.cases.forget()
        self._desk.connection.execute(f"ROLLBACK TO {self._name}")

    def __enter__(self) -> Self:
        self._desk.connection.execute(f"SAVEPOINT {self._name}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A full disk may have ended the whole transaction already; then there is no part left to undo.
        if self._desk.connection.in_transaction:
            if error is not None:
                self.rollback()
            self._desk.connection.execute(f"RELEASE {self._name}")
        if error is not None and self._desk.database.is_error(error):
            raise self._desk.database.translated(error) from error


class SqlStore:
    """Where units of work on one database come from; safe for threads, and after a fork."""

    def __init__(
        self, database: Database, clock: Clock | None = None, *, read_only: bool = False, salts: Salts | None = None
    ) -> None:
        self._database = database
        self.clock = clock
        self.salts = salts or _fresh
        self._read_only = read_only
        self._writers: list[Desk] = []
        self._readers: list[Desk] = []
        self._owner = os.getpid()
        self._parents: list[Desk] = []

    def write(self) -> SqlUnit:
        """A transaction that may write; it waits for other writers first.

        Raises:
            Unavailable: The database cannot be opened now.
            LogTampered: It is damaged, or not ours.
        """
        return self._unit(writes=not self._read_only)

    def read(self) -> SqlUnit:
        """A transaction that sees one moment and writes nothing."""
        return self._unit(writes=False)

    def scrub(self) -> None:
        """Leave no trace of deleted or replaced rows in the file or its write-ahead log, as an erasure asks for.

        Raises:
            Unavailable: Somebody is reading or writing; the rows are gone, and only their traces are left.
        """
        self.close()
        self._database.scrub()

    def close(self) -> None:
        """Close the connections that are not in use."""
        for idle in (self._writers, self._readers):
            while idle:
                idle.pop().connection.close()

    def _unit(self, *, writes: bool) -> SqlUnit:
        if self._owner != os.getpid():
            # A connection may not be used across a fork, not even to close it: keep it alive and make our own.
            self._parents += self._writers + self._readers
            self._writers, self._readers, self._owner = [], [], os.getpid()
        for_writing = writes or self._database.one_kind
        try:
            desk = (self._writers if for_writing else self._readers).pop()
        except IndexError:
            desk = self.new_desk(writes=for_writing)
        return SqlUnit(self, desk, writes=writes)

    def new_desk(self, *, writes: bool) -> Desk:
        """A new connection with the stores on it."""
        return Desk(self._database, writes=writes, read_only=self._read_only)

    def take_back(self, desk: Desk) -> None:
        """Keep a connection for the next unit of work."""
        (self._writers if desk.for_writing else self._readers).append(desk)


class SqliteStore(SqlStore):
    """The store on one SQLite file."""

    def __init__(
        self, path: Path | str, clock: Clock | None = None, *, read_only: bool = False, salts: Salts | None = None
    ) -> None:
        from engine.store.database import SqliteDatabase

        super().__init__(SqliteDatabase(Path(path)), clock, read_only=read_only, salts=salts)


class PostgresStore(SqlStore):
    """The store on one PostgreSQL database."""

    def __init__(
        self, url: str, clock: Clock | None = None, *, read_only: bool = False, salts: Salts | None = None
    ) -> None:
        from engine.store.postgresql import PostgresDatabase

        super().__init__(PostgresDatabase(url), clock, read_only=read_only, salts=salts)


def store_at(
    database: str, clock: Clock | None = None, *, read_only: bool = False, salts: Salts | None = None
) -> SqlStore:
    """The store of a home: on PostgreSQL where the setting is a URL, else on SQLite.

    Raises:
        SettingsError: The URL is none of PostgreSQL's, or its driver is not installed.
    """
    made = PostgresStore if "://" in database else SqliteStore
    return made(database, clock, read_only=read_only, salts=salts)
