"""What the use cases ask of the outside world, as protocols: the store, the clock, the renderer, the channels.

Every store method works inside the one transaction of its unit of work.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from types import TracebackType
from typing import Any, Protocol, Self

from msgspec import Struct, field

from engine.core.case import Actor, Case, Deadline
from engine.core.checkpoint import Checkpoint, Key
from engine.core.message import Message, StoredMessage


class Clock(Protocol):
    """The only `now` (DECISIONS.md 24). Times are UTC and aware."""

    def now(self) -> datetime:
        """The instant that everything in this transaction is recorded at."""
        ...


class LogLine(Struct, frozen=True):
    """One entry as stored: its canonical line, and its payload and salt unless erased."""

    case: str
    n: int
    line: str
    payload: str | None = None
    salt: bytes | None = None


class Person(Struct, frozen=True):
    """A person: `id` is `p:4`."""

    id: str
    name: str
    email: str | None = None
    lang: str = "sv"
    phone: str | None = None
    organisation: str | None = None
    email_state: str = "ok"


class Organisation(Struct, frozen=True):
    """An organisation: `id` is `o:7`; `kind` is municipality, region, state, ngo, company or other."""

    id: str
    name: str
    kind: str
    number: str | None = None


class User(Struct, frozen=True):
    """Somebody with a login: `id` is `u:3`, `person` the person behind it (`p:4`)."""

    id: str
    login: str
    person: str | None = None
    ended_on: date | None = None


class Grant(Struct, frozen=True):
    """A role that a user holds from a day to a day, both counted in."""

    id: int
    user: str
    role: str
    since: date
    until: date | None = None
    note: str | None = None


class DefinitionRow(Struct, frozen=True):
    """A published definition: `body` is its canonical JSON, `text` the file as it was published."""

    name: str
    version: int
    digest: str
    body: str
    text: str
    published_at: datetime
    valid_from: date


class CaseRow(Struct, frozen=True):
    """One line of a listing; no JSON is read for it but the columns asked for."""

    reference: str
    workflow: str
    version: int
    state: str
    phase: str
    title: str
    assignee: str | None
    parent: str | None
    revision: int
    opened_at: datetime
    closed_at: datetime | None
    deadline: str | None = None
    due_at: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


class CaseFilter(Struct, frozen=True):
    """What `list` may ask for; `after` is the reference that the previous page ended with.

    `closed` False = only open cases, True = only closed ones, None = both.
    """

    workflow: str | None = None
    state: str | None = None
    phase: str | None = None
    parent: str | None = None
    assignee: str | None = None
    overdue_at: datetime | None = None
    search: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    closed: bool | None = False
    sort: str = "reference"
    after: str | None = None
    limit: int | None = None
    with_data: bool = False


class DeadlineRow(Struct, frozen=True):
    """A deadline as kept, open or ended. `state` is open, met, expired, waived or cancelled."""

    deadline: Deadline
    case: str
    state: str
    closed_at: datetime | None = None


class KeptEntry(Struct, frozen=True):
    """An entry as it stands in the database.

    Attributes:
        id: Place in the order in which entries were written.
        columns: What the columns say that are computed from the line: kind, event, actor, at, occ, wf.
        pending: Place in the sequencer's queue, or None where it stands in none.
        leaf: Place in the tree, or None where it waits for it.
    """

    id: int
    logged: LogLine
    columns: Mapping[str, Any]
    pending: int | None
    leaf: int | None = None


class Waiting(Struct, frozen=True):
    """An entry that waits to be taken into the tree; `id` is its place in the queue."""

    id: int
    case: str
    n: int
    line: str


class SealedNote(Struct, frozen=True):
    """A signed checkpoint over the first `size` entries, and when it was made."""

    size: int
    note: str
    sealed_at: datetime


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


class SettingStore(Protocol):
    """Settings that belong to the database: sandbox mark, origin, simulated clock, heartbeat, last case touched."""

    def get(self, name: str) -> str | None: ...
    def put(self, name: str, value: str) -> None: ...


class AuditStore(Protocol):
    """Rows as they stand, every column, beside what they should be; for verification alone."""

    def chains(self) -> tuple[str, ...]:
        """Every chain that any row belongs to, sorted; `@office` first."""
        ...

    def entries(self, reference: str) -> Iterator[KeptEntry]:
        """In the order in which they were written."""
        ...

    def strays(self, reference: str) -> tuple[tuple[str, int], ...]:
        """(table, n) of rows about entries that do not exist."""
        ...

    def case(self, reference: str) -> Mapping[str, Any] | None: ...
    def case_expected(self, case: Case, phase: str, personal: frozenset[str]) -> Mapping[str, Any]: ...
    def links(self, reference: str) -> Mapping[str, str]: ...
    def deadlines(self, reference: str) -> Iterator[Mapping[str, Any]]: ...
    def deadline_expected(self, row: DeadlineRow) -> Mapping[str, Any]: ...
    def messages(self, reference: str) -> Iterator[Mapping[str, Any]]: ...
    def leaves(self) -> Iterator[tuple[int | None, int, str, int, str]]:
        """(leaf, id, case, n, line) of every entry: those in the tree in its order, then those that wait for it."""
        ...

    def in_order(self) -> bool:
        """Whether there was one writer at a time, so that the entries' keys follow the order of their commits."""
        ...

    def levels(self) -> tuple[int, ...]: ...
    def checkpoints(self) -> Iterator[tuple[int, str, str]]:
        """(size, note, when) of every checkpoint, the smallest first."""
        ...

    def definitions(self) -> Iterator[Mapping[str, Any]]: ...
    def documents(self) -> tuple[str, ...]:
        """The digests under which documents are kept."""
        ...

    def nodes(self, level: int) -> Iterator[tuple[int, bytes]]:
        """(index, hash) of the nodes of a level of the tree."""
        ...


class EvidenceStore(Protocol):
    """The tree over all entries, in the order in which they were taken into it, and its seals."""

    def alone(self) -> bool:
        """Whether no other worker sequences or seals until this transaction ends."""
        ...

    def pending(self, limit: int) -> tuple[Waiting, ...]: ...
    def has_news(self) -> bool:
        """Whether anything is pending beside what sealing itself writes into the log."""
        ...

    def sequence(self, start: int, taken: Sequence[Waiting], nodes: Iterable[tuple[int, int, bytes]]) -> None: ...
    def size(self) -> int: ...
    def node(self, level: int, index: int) -> bytes: ...
    def index(self, reference: str, n: int) -> int | None:
        """The leaf of an entry, None while it is pending."""
        ...

    def seal(self, sealed: SealedNote) -> None: ...
    def newest(self) -> SealedNote | None: ...
    def checkpoints(self) -> Iterator[SealedNote]: ...


class ErasingStore(Protocol):
    """Erasure in the rows that no other store changes."""

    def letter(
        self, message_id: int, variables: Mapping[str, Any], *, subject: str | None, address: str | None,
        error: str | None,
    ) -> None:  # fmt: skip
        """Put what is left of a letter in its place; its bytes go."""
        ...

    def document(self, sha256: str) -> None: ...
    def texts(self, change: Callable[[str], str]) -> int:
        """Change the answers kept for repeated requests and the notes of grants; how many there were to change."""
        ...


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


class Savepoint(Protocol):
    """A part of the transaction that can fail alone."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def rollback(self) -> None: ...


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


class Letter(Struct, frozen=True):
    """A rendered mail before it becomes bytes."""

    subject: str
    text: str
    html: str


class Enclosure(Struct, frozen=True):
    """A file that goes with a mail."""

    name: str
    media_type: str
    content: bytes


class Renderer(Protocol):
    """Templates to text."""

    def render(self, template: str, lang: str, variables: Mapping[str, Any]) -> Letter: ...
    def digest(self, template: str, lang: str) -> str: ...
    def exists(self, template: str, lang: str) -> bool: ...


class Mailer(Protocol):
    """Letters to bytes, and dates to calendar files."""

    def pack(
        self, letter: Letter, *, to_name: str, to_address: str, date: datetime, key: str, case_reference: str,
        enclosures: Sequence[Enclosure],
    ) -> tuple[bytes, str]:  # fmt: skip
        """The bytes of the mail and its Message-ID; the same arguments give the same bytes."""
        ...

    def deadline(
        self, uid: str, sequence: int, day: date, title: str, description: str, *, decided_at: datetime
    ) -> Enclosure:
        """A calendar file of a deadline; a higher sequence moves it in the calendar."""
        ...

    def meeting(
        self, uid: str, sequence: int, start: datetime, end: datetime | None, title: str, description: str, *,
        place: str, decided_at: datetime, cancelled: bool = False,
    ) -> Enclosure:  # fmt: skip
        """A calendar file of a meeting."""
        ...


class Outcome(Struct, frozen=True):
    """What became of one attempt to send: `sent`, `deferred`, `failed` or `unknown`; `pause` stops the channel.

    `suppressed` is no answer of a channel: the mail was not given to one, because its domain may not be written to.
    """

    state: str
    error: str | None = None
    pause: bool = False


class Channel(Protocol):
    """A way out of the house. One batch shares one connection."""

    def send(self, message_id: int, sender: str, recipient: str, content: bytes) -> Outcome: ...
    def close(self) -> None: ...


class Signer(Protocol):
    """Whoever holds the seal's key, and remembers what it sealed last (DECISIONS.md 8)."""

    def make(self) -> Key: ...
    def public_keys(self) -> tuple[Key, ...]:
        """The public halves of all its keys, the present one first."""
        ...

    def last(self) -> Checkpoint | None: ...
    def sign(self, checkpoint: Checkpoint, proof: Sequence[bytes], *, with_next: bool = False) -> str:
        """A signed note; refuses (LogTampered) what does not continue the last one."""
        ...

    def checked(self, whole: str) -> Checkpoint:
        """The checkpoint of a note that one of its keys has signed; LogTampered where none has."""
        ...

    def prepare(self) -> Key: ...
    def take_over(self) -> None: ...
    def begin_anew(self) -> Checkpoint | None: ...


class Anchor(Protocol):
    """A place outside the database where checkpoints are kept, so that it cannot be rewritten with them."""

    @property
    def name(self) -> str:
        """What it is called in errors and overviews: `folder /mnt/worm`."""
        ...

    def letters(self, people: DirectoryStore, day: date, n: int, sealed: SealedNote) -> Sequence[Message]:
        """What is to be mailed, where it is an anchor of mail; `n` is the entry of the office's chain that says so."""
        ...

    def put(self, sealed: SealedNote) -> None:
        """Keep a checkpoint; one that is kept already is left alone.

        Raises:
            Unavailable: It cannot be reached now.
            LogTampered: It keeps another checkpoint of that size.
        """
        ...


class Incoming(Struct, frozen=True):
    """A mail that came in to the office's address for reports: what it is, and of which of our mails it tells.

    Attributes:
        name: Name of its file.
        kind: `bounce` (could not be delivered), `delay`, `auto_reply`, `delivered` or `other`.
        message_id: Number of the message that it answers, from the address it came to; None if it names none.
        address: The address that failed, as the report names it.
        status: The status code of the report (`5.1.1`), or "".
        error: What the other server said, on one line, or "".
    """

    name: str
    kind: str
    message_id: int | None = None
    address: str | None = None
    status: str = ""
    error: str = ""


class Postbox(Protocol):
    """A folder in which reports on our own mail come in."""

    def new(self) -> Iterator[Incoming]:
        """What has come in and is not dealt with, oldest first."""
        ...

    def done(self, name: str) -> None:
        """Put a mail away; one that is put away already stays so."""
        ...
