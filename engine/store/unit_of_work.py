"""The store on SQLite: one connection, one transaction, and the stores on it."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.core.errors import Unavailable
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
from engine.store.database import Connection, connect, is_driver_error, translated
from engine.store.deadlines import SqlDeadlines
from engine.store.definitions import SqlDefinitions
from engine.store.directory import SqlDirectory
from engine.store.documents import SqlDocuments
from engine.store.evidence import SqlEvidence
from engine.store.log import SqlLog
from engine.store.messages import SqlMessages
from engine.store.small import SqlCounters, SqlRequests, SqlSettings
from engine.store.statements import SQL


class Desk:
    """A connection and the stores on it, kept from one unit of work to the next."""

    def __init__(self, path: Path, *, writes: bool, read_only: bool) -> None:
        self.path = path
        self.writes = writes
        self.connection: Connection = connect(path, read_only=read_only)
        if not writes:
            self.connection.execute("PRAGMA query_only = ON")
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


class SqliteUnit:
    """One transaction. It is entered once; leaving it gives the connection back."""

    def __init__(self, desk: Desk, *, clock: Clock | None, give_back: Callable[[Desk], None]) -> None:
        self._desk = desk
        self._clock = clock
        self._give_back = give_back
        self._now: datetime | None = None
        self._savepoints = 0
        self._people: PeopleStore | None = None
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

    def savepoint(self) -> "SqliteSavepoint":
        """A part of the transaction that can fail alone."""
        self._savepoints += 1
        return SqliteSavepoint(self._desk, f"part_{self._savepoints}")

    def rollback(self) -> None:
        """Undo everything; the exit then commits nothing (`--dry-run`)."""
        self._desk.cases.forget()
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def __enter__(self) -> Self:
        try:
            self.connection.execute("BEGIN IMMEDIATE" if self._desk.writes else "BEGIN")
            # After BEGIN: the wait for another writer is over, and a reader's moment is fixed.
            stored = self.connection.execute(SQL["sandbox_clock"]).fetchone()
        except Exception as error:
            self._leave(broken=True)
            if is_driver_error(error):
                raise translated(error, self._desk.path) from error
            raise
        self._now = self._read_clock(stored[0] if stored else None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        broken = is_driver_error(error)
        try:
            if error is None:
                self._commit()
            else:
                self._undo()
        except Exception as failed:
            broken = True
            self._undo()
            if is_driver_error(failed):
                raise translated(failed, self._desk.path, committing=True) from failed
            raise
        finally:
            self._leave(broken=broken)
        if error is not None and is_driver_error(error):
            raise translated(error, self._desk.path) from error

    def _commit(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("COMMIT")

    def _undo(self) -> None:
        """Roll back as far as the connection still lets us; a dropped connection rolls back by itself."""
        try:
            self.rollback()
        except Exception as error:
            if not is_driver_error(error):
                raise

    def _leave(self, *, broken: bool) -> None:
        if broken:
            self.connection.close()  # After an error of the disk no handle is trusted again.
        else:
            self._give_back(self._desk)

    def _read_clock(self, stored: str | None) -> datetime:
        if self._clock is not None:
            return self._clock.now()
        return datetime.now(UTC) if stored is None else datetime.fromisoformat(stored)


class SqliteSavepoint:
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
        if error is not None and is_driver_error(error):
            raise translated(error, self._desk.path) from error


class SqliteStore:
    """Where units of work on one SQLite file come from; safe for threads, and after a fork."""

    def __init__(self, path: Path | str, clock: Clock | None = None, *, read_only: bool = False) -> None:
        self._path = Path(path)
        self._clock = clock
        self._read_only = read_only
        self._writers: list[Desk] = []
        self._readers: list[Desk] = []
        self._owner = os.getpid()
        self._parents: list[Desk] = []

    def write(self) -> SqliteUnit:
        """A transaction that may write; it waits for other writers first.

        Raises:
            Unavailable: The database cannot be opened now.
            LogTampered: It is damaged, or not ours.
        """
        return self._unit(writes=not self._read_only)

    def read(self) -> SqliteUnit:
        """A transaction that sees one moment and writes nothing."""
        return self._unit(writes=False)

    def scrub(self) -> None:
        """Leave no trace of deleted or replaced rows in the file or its write-ahead log, as an erasure asks for.

        Raises:
            Unavailable: Somebody is reading or writing; the rows are gone, and only their traces are left.
        """
        self.close()
        connection = connect(self._path)
        try:
            connection.execute("VACUUM")
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except Exception as error:
            if is_driver_error(error):
                raise translated(error, self._path) from error
            raise
        finally:
            connection.close()
        if busy:
            raise Unavailable(f"{self._path} is in use: traces of what was erased are left until it is not")

    def close(self) -> None:
        """Close the connections that are not in use."""
        for idle in (self._writers, self._readers):
            while idle:
                idle.pop().connection.close()

    def _unit(self, *, writes: bool) -> SqliteUnit:
        if self._owner != os.getpid():
            # A connection may not be used across a fork, not even to close it: keep it alive and make our own.
            self._parents += self._writers + self._readers
            self._writers, self._readers, self._owner = [], [], os.getpid()
        try:
            desk = (self._writers if writes else self._readers).pop()
        except IndexError:
            desk = Desk(self._path, writes=writes, read_only=self._read_only)
        return SqliteUnit(desk, clock=self._clock, give_back=self._take_back)

    def _take_back(self, desk: Desk) -> None:
        (self._writers if desk.writes else self._readers).append(desk)
