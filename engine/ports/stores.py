"""The stores that commands read and write, all inside the one transaction of their unit of work."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from engine.core.case import Actor, Case, Deadline
from engine.core.message import Message, StoredMessage
from engine.ports.rows import (
    CaseFilter,
    CaseRow,
    DeadlineRow,
    DefinitionRow,
    Grant,
    LogLine,
    Organisation,
    Person,
    User,
)


class CaseStore(Protocol):
    """The current cases."""

    def get(self, reference: str) -> Case | None: ...
    def insert(self, case: Case, *, phase: str, links: Mapping[str, str], batch: str | None = None) -> None: ...

    def update(self, case: Case, *, phase: str, links: Mapping[str, str], expected_n: int, expected_head: str) -> bool:
        """Write the case if its row still has that n and head; False if it has not."""
        ...

    def children(self, reference: str) -> tuple[Case, ...]: ...
    def linking(self, field_id: str, reference: str) -> tuple[Case, ...]: ...
    def linked_from(self, reference: str) -> tuple[tuple[str, str], ...]:
        """(reference, field) of all cases whose case fields, or parent (field `parent`), point here."""
        ...

    def of_workflow(self, workflow: str, states: Sequence[str] = ()) -> tuple[Case, ...]: ...
    def list(self, wanted: CaseFilter) -> Iterator[CaseRow]: ...
    def counts(self) -> Iterable[tuple[str, str, int]]:
        """(workflow, state, how many cases stand in it), without reading any."""
        ...

    def references(self) -> Iterator[str]:
        """All references, sorted."""
        ...

    def resolve(self, text: str) -> tuple[tuple[str, str], ...]:
        """(reference, title) of what a short form, registry number or words of the title may mean; at most 20."""
        ...

    def of_import(self, batch: str) -> tuple[Case, ...]:
        """The cases that came by an import, by reference."""
        ...

    def add_import(self, batch: str, *, at: datetime, source: str) -> None: ...
    def delete_import(self, batch: str) -> int: ...
    def delete(self, reference: str) -> None: ...


class LogStore(Protocol):
    """The append-only log."""

    def append(self, line: LogLine) -> None: ...
    def erase(self, reference: str, n: int) -> bool:
        """Delete the payload and salt of an entry; its line, with the commitment, stays."""
        ...

    def entries(self, reference: str, *, after: int = 0) -> Iterator[LogLine]: ...
    def entry(self, reference: str, n: int) -> LogLine | None: ...
    def newest(self) -> LogLine | None:
        """The entry that was written last, of any chain."""
        ...

    def last_by(self, actor: str) -> str | None:
        """The case that a user touched last, be it by an attempt that was refused; None if there is none."""
        ...

    def all(
        self,
        *,
        case: str | None = None,
        kind: str | None = None,
        event: str | None = None,
        actor: str | None = None,
        workflow: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        by: str = "recorded",
    ) -> Iterator[LogLine]:
        """Entries in the order they were committed, streamed."""
        ...

    def head(self, reference: str) -> tuple[int, str]:
        """(n, hash) of the last entry of a chain, (0, "") if there is none; also for `@office`, without a case row."""
        ...


class DeadlineStore(Protocol):
    """Deadlines as rows: what the clock scans."""

    def write(self, case: str, open_ones: Sequence[Deadline], closed: Sequence[tuple[str, str, datetime]]) -> None:
        """Insert or replace the open ones given; end those in `closed` (id, state, at)."""
        ...

    def expired(self, now: datetime, limit: int) -> tuple[tuple[str, str], ...]:
        """(case, deadline id) of open deadlines whose instant has passed unnoticed, or whose `then` is due."""
        ...

    def claim(self, deadline: str) -> bool:
        """Keep other workers from a deadline until this transaction ends; False if one is at it already."""
        ...

    def to_remind(self, now: datetime, limit: int) -> tuple[tuple[str, str], ...]: ...
    def list(
        self, *, case: str | None = None, state: str | None = "open", until: datetime | None = None
    ) -> Iterator[DeadlineRow]: ...
    def get(self, deadline: str) -> DeadlineRow | None: ...
    def next_instant(self) -> datetime | None:
        """The next instant at which any open deadline passes, fires or reminds."""
        ...


class MessageStore(Protocol):
    """The outbox."""

    def queue(self, messages: Sequence[Message]) -> None:
        """Insert; a key that exists already is left as it is."""
        ...

    def cancel(
        self, *, case: str | None = None, deadline: str | None = None, key: str | None = None, reason: str
    ) -> tuple[str, ...]:
        """Cancel what has not left yet; the keys that were cancelled."""
        ...

    def first_due(self, now: datetime, *, real_now: datetime | None = None) -> StoredMessage | None:
        """The message that `lease` would take first."""
        ...

    def lease(
        self, now: datetime, until: datetime, limit: int, *, real_now: datetime | None = None
    ) -> tuple[StoredMessage, ...]:
        """Take due messages (queued, deferred, or leased past their time); each gets a new token and one more attempt.

        Leases run in real time (`until`, `real_now`), dueness by the clock (`now`). The state of what is returned is
        the one it was found in: `leased` = an earlier attempt's outcome is not known.
        """
        ...

    def keep(
        self, message_id: int, token: int, *, subject: str, content: bytes, message_header: str, address: str
    ) -> bool: ...
    def outcome(
        self,
        message_id: int,
        token: int,
        state: str,
        *,
        at: datetime,
        error: str | None = None,
        next_at: datetime | None = None,
    ) -> bool:
        """Record what became of it; False if the lease was lost."""
        ...

    def set_state(
        self, message_id: int, state: str, reason: str | None, *, next_at: datetime | None = None
    ) -> bool: ...
    def postpone(self, message_id: int, next_at: datetime) -> None:
        """Let a message wait, without an attempt."""
        ...

    def get(self, message_id: int) -> StoredMessage | None: ...
    def list(self, *, state: str | None = None, case: str | None = None) -> Iterator[StoredMessage]: ...
    def erase(self, person: str) -> int:
        """Empty what was written to a person; how many messages."""
        ...

    def counts(self) -> Mapping[str, int]: ...
    def next_instant(self) -> datetime | None: ...


class DocumentStore(Protocol):
    """Attachments: bytes under their SHA-256 (hex)."""

    def put(self, sha256: str, content: bytes) -> None: ...
    def get(self, sha256: str) -> bytes | None: ...


class DefinitionStore(Protocol):
    """Published definitions."""

    def get(self, name: str, version: int) -> DefinitionRow | None: ...
    def current(self, name: str, on: date) -> DefinitionRow | None: ...
    def all(self) -> tuple[DefinitionRow, ...]: ...
    def add(self, row: DefinitionRow) -> None: ...


class DirectoryStore(Protocol):
    """People, organisations and users, as far as commands on cases read them (fixed SQL)."""

    def person(self, person_id: str) -> Person | None: ...
    def people(self, ids: Iterable[str]) -> Mapping[str, Person]: ...
    def organisations(self, ids: Iterable[str], *, on: date = date.max) -> Mapping[str, Organisation]:
        """Under the names they bear on that day; without a day, under their newest."""
        ...

    def find_person(self, text: str) -> tuple[Person, ...]:
        """By id, e-mail, or words of the name."""
        ...

    def find_organisation(self, text: str) -> tuple[Organisation, ...]:
        """By id, number, present or former name."""
        ...

    def actor(self, login: str, on: date) -> Actor | None:
        """The user with that login and the roles it holds on that day."""
        ...

    def login_of(self, user_id: str) -> str | None: ...
    def user_id(self, login: str) -> str | None: ...
    def person_of(self, user_id: str) -> str | None:
        """The person id behind a user id."""
        ...

    def holders(self, role: str, on: date) -> tuple[str, ...]:
        """Person ids of the users who hold a role."""
        ...

    def subscribers(self, name: str) -> tuple[str, ...]: ...


class PeopleStore(Protocol):
    """Everyday edits of people, organisations and users. Each is whole or not at all; only the unit of work commits."""

    def add_organisation(
        self, name: str, kind: str, *, number: str | None = None, since: date | None = None
    ) -> Organisation: ...
    def edit_organisation(
        self, organisation: str, *, kind: str | None = None, number: str | None = None
    ) -> Organisation: ...
    def rename_organisation(self, organisation: str, name: str, since: date) -> Organisation: ...
    def merge_organisations(self, merged: Sequence[str], into: str, since: date) -> int:
        """End those merged on that day, and move their people; how many people moved."""
        ...

    def end_organisation(self, organisation: str, on: date) -> None: ...
    def names(self, organisation: str) -> tuple[tuple[str, date], ...]:
        """(name, first day) of every name an organisation bears or bore, oldest first."""
        ...

    def organisations(self, *, ended: bool = False) -> tuple[Organisation, ...]: ...
    def add_person(
        self,
        name: str,
        *,
        email: str | None = None,
        lang: str = "sv",
        phone: str | None = None,
        organisation: str | None = None,
    ) -> Person: ...
    def edit_person(self, person: str, **changes: str | None) -> Person:
        """Change any of name, email, lang, phone, organisation, email_state; a new e-mail address is `ok` again."""
        ...

    def replace_person(self, old: str, new: str, on: date) -> None:
        """End one person, name the successor, and hand over its mailing lists."""
        ...

    def end_person(self, person: str, on: date) -> None: ...
    def erase_person(self, person: str) -> None:
        """Empty what tells who it was; the id stays, as cases and log name it."""
        ...

    def persons(self, *, ended: bool = False) -> tuple[Person, ...]: ...
    def add_user(self, login: str, *, person: str | None = None) -> User: ...
    def edit_user(self, user: str, *, login: str | None = None, person: str | None = None) -> User: ...
    def end_user(self, user: str, on: date) -> None: ...
    def users(self, *, ended: bool = False) -> tuple[User, ...]: ...
    def grant(
        self, user: str, role: str, since: date, *, until: date | None = None, note: str | None = None
    ) -> Grant: ...
    def end_grant(self, grant: int, until: date) -> Grant: ...
    def grants(self, *, user: str | None = None, on: date | None = None) -> tuple[Grant, ...]: ...
    def subscribe(self, name: str, person: str) -> None: ...
    def unsubscribe(self, name: str, person: str) -> None: ...
    def subscriptions(self) -> Mapping[str, tuple[str, ...]]:
        """Mailing list -> person ids."""
        ...


class CounterStore(Protocol):
    """Counters that references and own registry numbers come from."""

    def peek(self, name: str) -> int:
        """The next value."""
        ...

    def take(self, name: str) -> int:
        """The next value, counted."""
        ...


class RequestStore(Protocol):
    """Request ids and their answers (DECISIONS.md 18)."""

    def get(self, request_id: str) -> tuple[str, str] | None:
        """(digest of the command, stored answer as JSON)."""
        ...

    def put(self, request_id: str, digest: str, answer: str, at: datetime) -> None: ...
    def touch(self, request_id: str) -> None:
        """Change nothing, in a way that makes the commit wait for a standby that may not have heard of the first."""
        ...


class SettingStore(Protocol):
    """Settings that belong to the database: sandbox mark, origin, simulated clock, heartbeat."""

    def get(self, name: str) -> str | None: ...
    def put(self, name: str, value: str) -> None: ...
