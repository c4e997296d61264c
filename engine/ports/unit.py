"""The unit of work, where it comes from, and the clock that it reads once."""

from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from engine.ports.evidence import AuditStore, ErasingStore, EvidenceStore
from engine.ports.stores import (
    CaseStore,
    CounterStore,
    DeadlineStore,
    DefinitionStore,
    DirectoryStore,
    DocumentStore,
    LogStore,
    MessageStore,
    PeopleStore,
    RequestStore,
    SettingStore,
)


class Clock(Protocol):
    """The only `now` (DECISIONS.md 24). Times are UTC and aware."""

    def now(self) -> datetime:
        """The instant that everything in this transaction is recorded at."""
        ...


class Savepoint(Protocol):
    """A part of the transaction that can fail alone."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def rollback(self) -> None: ...


class UnitOfWork(Protocol):
    """One connection, one transaction, the stores on it. Commits on a clean exit, rolls back on any exception."""

    cases: CaseStore
    log: LogStore
    deadlines: DeadlineStore
    messages: MessageStore
    documents: DocumentStore
    definitions: DefinitionStore
    directory: DirectoryStore
    counters: CounterStore
    requests: RequestStore
    settings: SettingStore
    evidence: EvidenceStore

    @property
    def now(self) -> datetime:
        """The clock's instant, read once when the transaction begins."""
        ...

    @property
    def people(self) -> PeopleStore:
        """People, organisations and users; asking for it loads SQLModel."""
        ...

    @property
    def audit(self) -> AuditStore:
        """Rows as they stand, for verification."""
        ...

    @property
    def erasing(self) -> ErasingStore:
        """Erasure in the rows that no other store changes."""
        ...

    def salt(self) -> bytes:
        """32 random bytes for the commitment of an entry."""
        ...

    def savepoint(self) -> "Savepoint": ...

    def rollback(self) -> None:
        """Undo everything; the exit then commits nothing (`--dry-run`)."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Store(Protocol):
    """Where units of work come from."""

    def write(self) -> UnitOfWork:
        """A transaction that may write (SQLite: BEGIN IMMEDIATE)."""
        ...

    def read(self) -> UnitOfWork:
        """A transaction that sees one moment and writes nothing."""
        ...

    def scrub(self) -> None:
        """After an erasure: leave no trace of deleted or replaced rows in any file of the database."""
        ...
