"""The tables: the one source of the schema, of migrations and of the everyday queries that are not hot.

Personal data stands in `people`, `cases.private`, `entry_private`, `messages` and `blobs`, and nowhere else.
Columns that only running processes need (leases, retries, pending) have tables of their own (DECISIONS.md 10).
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from engine.store.columns import (
    DAY_FORM,
    INSTANT_FORM,
    NUMBER,
    WORDS,
    Flag,
    FromLine,
    LocalDate,
    UtcInstant,
    form,
    is_json,
    is_of_line,
    numbered,
    where,
)

LARGEST_DOCUMENT = 25 * 1024 * 1024
"""Bytes that one attachment may have (DECISIONS.md 17)."""


class Table(SQLModel):
    """What all tables share: one metadata, so that migrations see the whole schema."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _args(*constraints: Any, **options: Any) -> tuple[Any, ...]:
    """Table arguments; STRICT, so that SQLite keeps to the declared types as PostgreSQL does."""
    return (*constraints, {"sqlite_strict": True, **options})


def _text(*, primary: bool = False, null: bool = False, foreign: str | None = None) -> Any:
    return Field(sa_column=Column(WORDS, *_foreign(foreign), primary_key=primary, nullable=null))


def _number(*, null: bool = False, foreign: str | None = None, default: int | None = None) -> Any:
    server = None if default is None else text(str(default))
    return Field(default=default, sa_column=Column(NUMBER, *_foreign(foreign), nullable=null, server_default=server))


def _id() -> Any:
    return Field(default=None, sa_column=Column(NUMBER, numbered(), primary_key=True))


def _instant(*, null: bool = False) -> Any:
    return Field(default=None, sa_column=Column(UtcInstant, nullable=null))


def _day(*, null: bool = False) -> Any:
    return Field(default=None, sa_column=Column(LocalDate, nullable=null))


def _bytes(*, null: bool = False) -> Any:
    return Field(default=None, sa_column=Column(LargeBinary, nullable=null))


def _foreign(target: str | None) -> tuple[ForeignKey, ...]:
    # Deferred: one command writes rows that point at each other, in the order that suits it.
    return (ForeignKey(target, deferrable=True, initially="DEFERRED"),) if target else ()


def _from_line(key: str) -> Any:
    return Field(default=None, sa_column=Column(WORDS, FromLine(key)))


class CaseRecord(Table, table=True):
    """The present of a case: nothing but the fold of its log."""

    __tablename__ = "cases"
    __table_args__ = _args(
        ForeignKeyConstraint(["workflow", "version"], ["definitions.name", "definitions.version"]),
        CheckConstraint("n >= revision AND revision >= 0", name="counts"),
        Index(None, "workflow", "state"),
        Index(None, "parent"),
        Index(None, "assignee"),
        Index("ix_cases_registry_number", "registry_number", **where("registry_number IS NOT NULL")),
        Index("ix_cases_batch", "batch", **where("batch IS NOT NULL")),
    )
    reference: str = _text(primary=True)
    workflow: str = _text()
    version: int = _number()
    state: str = _text()
    phase: str = _text()
    title: str = _text()
    assignee: str | None = _text(null=True)
    parent: str | None = _text(null=True, foreign="cases.reference")
    revision: int = _number()
    n: int = _number()
    head: str = _text()
    opened_at: datetime = _instant()
    closed_at: datetime | None = _instant(null=True)
    registry_number: str | None = _text(null=True)
    batch: str | None = _text(null=True, foreign="import_batches.name")
    snapshot: str = _text()
    private: str = _text()


class LinkRecord(Table, table=True):
    """A case field of a case that points at another case."""

    __tablename__ = "links"
    __table_args__ = _args(Index(None, "target", "field"))
    case_ref: str = _text(primary=True, foreign="cases.reference")
    field: str = _text(primary=True)
    target: str = _text(foreign="cases.reference")


class EntryRecord(Table, table=True):
    """The log. All but `id` is the line or is computed from it, so that a column and its line cannot differ."""

    __tablename__ = "entries"
    __table_args__ = _args(
        UniqueConstraint("case_ref", "n"),
        CheckConstraint(is_of_line(), name="line"),
        Index(None, "at"),
    )
    id: int | None = _id()
    case_ref: str = _text()
    n: int = _number()
    line: str = _text()
    kind: str | None = _from_line("act")
    event: str | None = _from_line("event")
    actor: str | None = _from_line("actor")
    at: str | None = _from_line("at")
    occ: str | None = _from_line("occ")
    wf: str | None = _from_line("wf")


class EntryPrivateRecord(Table, table=True):
    """The erasable part of an entry, behind the commitment in its line."""

    __tablename__ = "entry_private"
    __table_args__ = _args(
        ForeignKeyConstraint(["case_ref", "n"], ["entries.case_ref", "entries.n"]),
        CheckConstraint("length(salt) = 32", name="salt"),
    )
    case_ref: str = _text(primary=True)
    n: int = Field(sa_column=Column(NUMBER, primary_key=True))
    salt: bytes = _bytes()
    payload: str = _text()


class PendingRecord(Table, table=True):
    """Entries that the sequencer has still to take into the tree; filled in the same transaction."""

    __tablename__ = "pending"
    __table_args__ = _args(
        UniqueConstraint("case_ref", "n"),
        ForeignKeyConstraint(["case_ref", "n"], ["entries.case_ref", "entries.n"]),
        sqlite_autoincrement=True,
    )
    id: int | None = _id()
    case_ref: str = _text()
    n: int = _number()


class LeafRecord(Table, table=True):
    """The place of an entry in the tree over all of them."""

    __tablename__ = "leaves"
    __table_args__ = _args(
        UniqueConstraint("case_ref", "n"),
        ForeignKeyConstraint(["case_ref", "n"], ["entries.case_ref", "entries.n"]),
        CheckConstraint("idx >= 0", name="idx"),
    )
    idx: int = Field(sa_column=Column(NUMBER, primary_key=True, autoincrement=False))
    case_ref: str = _text()
    n: int = _number()


class NodeRecord(Table, table=True):
    """The hash of a complete subtree: 2^level leaves from leaf idx * 2^level on; level 0 are the leaves."""

    __tablename__ = "nodes"
    __table_args__ = _args(CheckConstraint("length(hash) = 32", name="hash"), sqlite_with_rowid=False)
    level: int = Field(sa_column=Column(NUMBER, primary_key=True, autoincrement=False))
    idx: int = Field(sa_column=Column(NUMBER, primary_key=True, autoincrement=False))
    hash: bytes = _bytes()


class CheckpointRecord(Table, table=True):
    """A sealed checkpoint: the signed note, one for each size of the tree that was sealed."""

    __tablename__ = "checkpoints"
    __table_args__ = _args()
    size: int = Field(sa_column=Column(NUMBER, primary_key=True, autoincrement=False))
    note: str = _text()
    sealed_at: datetime = _instant()


class DeadlineRecord(Table, table=True):
    """A deadline, open or ended; the indexed columns are what the clock scans, `body` is the whole."""

    __tablename__ = "deadlines"
    __table_args__ = _args(
        CheckConstraint("state IN ('open', 'met', 'expired', 'waived', 'cancelled')", name="state"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
        CheckConstraint(is_json("body"), name="json"),
        Index("ix_deadlines_case_ref", "case_ref", "state", "due_at"),
        Index("ix_deadlines_open_due_at", "due_at", **where("state = 'open'")),
        Index("ix_deadlines_unnoticed", "due_at", "id", **where("state = 'open' AND passed_at IS NULL")),
        Index(
            "ix_deadlines_next_reminder_at",
            "next_reminder_at",
            "id",
            **where("state = 'open' AND next_reminder_at IS NOT NULL"),
        ),
        Index("ix_deadlines_then_at", "then_at", "id", **where("state = 'open' AND then_at IS NOT NULL")),
    )
    id: str = _text(primary=True)
    case_ref: str = _text(foreign="cases.reference")
    name: str = _text()
    item: int | None = _number(null=True)
    owner: str = _text()
    version: int = _number()
    state: str = _text()
    due_at: datetime = _instant()
    due_on: date = _day()
    next_reminder_at: datetime | None = _instant(null=True)
    then_at: datetime | None = _instant(null=True)
    passed_at: datetime | None = _instant(null=True)
    closed_at: datetime | None = _instant(null=True)
    body: str = _text()


class MessageRecord(Table, table=True):
    """The outbox: what was decided to be said, and what has become of it."""

    __tablename__ = "messages"
    __table_args__ = _args(
        UniqueConstraint("key"),
        CheckConstraint(
            "state IN ('queued', 'sent', 'deferred', 'failed', 'unknown', 'held', 'cancelled', 'superseded', "
            "'suppressed', 'no_recipient')",
            name="state",
        ),
        CheckConstraint(is_json("variables", "attach"), name="json"),
        CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent"),
        Index(None, "case_ref"),
        Index("ix_messages_person", "person", **where("person IS NOT NULL")),
        Index("ix_messages_deadline", "deadline", **where("deadline IS NOT NULL")),
        Index("ix_messages_waiting", "due_at", **where("state IN ('queued', 'deferred', 'unknown')")),
        sqlite_autoincrement=True,
    )
    id: int | None = _id()
    key: str = _text()
    case_ref: str = _text()
    n: int = _number()
    template: str = _text()
    person: str | None = _text(null=True)
    lang: str = _text()
    variables: str = _text()
    attach: str = _text()
    due_at: datetime = _instant()
    deadline: str | None = _text(null=True)
    state: str = _text()
    reason: str | None = _text(null=True)
    subject: str | None = _text(null=True)
    header: str | None = _text(null=True)
    address: str | None = _text(null=True)
    sent_at: datetime | None = _instant(null=True)
    error: str | None = _text(null=True)
    content: bytes | None = _bytes(null=True)


class DeliveryRecord(Table, table=True):
    """Who is sending a message now: the lease with its fencing token, the attempts and the next one."""

    __tablename__ = "deliveries"
    __table_args__ = _args()
    message_id: int = Field(sa_column=Column(NUMBER, *_foreign("messages.id"), primary_key=True, autoincrement=False))
    token: int = _number()
    attempts: int = _number()
    leased_until: datetime | None = _instant(null=True)
    next_at: datetime | None = _instant(null=True)


class BlobRecord(Table, table=True):
    """The bytes of a document under their digest."""

    __tablename__ = "blobs"
    __table_args__ = _args(
        CheckConstraint("length(sha256) = 64", name="sha256"),
        CheckConstraint(f"length(content) <= {LARGEST_DOCUMENT}", name="size"),
    )
    sha256: str = _text(primary=True)
    content: bytes = _bytes()


class DefinitionRecord(Table, table=True):
    """A published version of a workflow; never changed."""

    __tablename__ = "definitions"
    __table_args__ = _args(CheckConstraint(is_json("body"), name="json"))
    name: str = _text(primary=True)
    version: int = Field(sa_column=Column(NUMBER, primary_key=True))
    digest: str = _text()
    body: str = _text()
    text: str = _text()
    published_at: datetime = _instant()
    valid_from: date = _day()


class CounterRecord(Table, table=True):
    """The last value taken of a series of numbers."""

    __tablename__ = "counters"
    __table_args__ = _args()
    name: str = _text(primary=True)
    value: int = _number()


class RequestRecord(Table, table=True):
    """A request id, the digest of its command and the answer that was given."""

    __tablename__ = "requests"
    __table_args__ = _args(CheckConstraint(is_json("answer"), name="json"))
    id: str = _text(primary=True)
    digest: str = _text()
    answer: str = _text()
    at: datetime = _instant()


class SettingRecord(Table, table=True):
    """A setting that belongs to the database and not to its home."""

    __tablename__ = "settings"
    __table_args__ = _args()
    name: str = _text(primary=True)
    value: str = _text()


class OrganisationRecord(Table, table=True):
    """An organisation, `o:ID`; `merged_into` is set when it has become part of another."""

    __tablename__ = "organisations"
    __table_args__ = _args(
        CheckConstraint("kind IN ('municipality', 'region', 'state', 'ngo', 'company', 'other')", name="kind"),
        CheckConstraint("(merged_into IS NULL) OR (ended_on IS NOT NULL)", name="merged"),
        Index("uq_organisations_number", "number", unique=True, **where("number IS NOT NULL")),
    )
    id: int | None = _id()
    kind: str = _text()
    number: str | None = _text(null=True)
    merged_into: int | None = _number(null=True, foreign="organisations.id")
    ended_on: date | None = _day(null=True)


class OrganisationNameRecord(Table, table=True):
    """A name that an organisation bears or bore: old papers keep old names, and old names stay findable."""

    __tablename__ = "organisation_names"
    __table_args__ = _args()
    organisation_id: int = Field(sa_column=Column(NUMBER, *_foreign("organisations.id"), primary_key=True))
    since: date = Field(sa_column=Column(LocalDate, primary_key=True))
    name: str = _text()


class PersonRecord(Table, table=True):
    """A person, `p:ID`; `replaced_by` is whoever took over its duties."""

    __tablename__ = "people"
    __table_args__ = _args(
        CheckConstraint("lang IN ('sv', 'en')", name="lang"),
        CheckConstraint("email_state IN ('ok', 'failing')", name="email_state"),
        Index(None, "organisation_id"),
    )
    id: int | None = _id()
    name: str = _text()
    email: str | None = _text(null=True)
    lang: str = _text()
    phone: str | None = _text(null=True)
    organisation_id: int | None = _number(null=True, foreign="organisations.id")
    email_state: str = _text()
    replaced_by: int | None = _number(null=True, foreign="people.id")
    ended_on: date | None = _day(null=True)
    erased: bool = Field(default=False, sa_column=Column(Flag, nullable=False, server_default=text("0")))


class UserRecord(Table, table=True):
    """Somebody with a login, `u:ID`; never removed, only ended."""

    __tablename__ = "users"
    __table_args__ = _args(UniqueConstraint("login"))
    id: int | None = _id()
    login: str = _text()
    person_id: int | None = _number(null=True, foreign="people.id")
    ended_on: date | None = _day(null=True)


class GrantRecord(Table, table=True):
    """A role that a user holds from a day to a day, both counted in."""

    __tablename__ = "grants"
    __table_args__ = _args(
        CheckConstraint("until IS NULL OR until >= since", name="days"),
        Index(None, "user_id"),
        Index(None, "role"),
    )
    id: int | None = _id()
    user_id: int = _number(foreign="users.id")
    role: str = _text()
    since: date = _day()
    until: date | None = _day(null=True)
    note: str | None = _text(null=True)


class SubscriptionRecord(Table, table=True):
    """A person on a mailing list."""

    __tablename__ = "subscriptions"
    __table_args__ = _args(Index(None, "person_id"))
    list: str = _text(primary=True)
    person_id: int = Field(sa_column=Column(NUMBER, *_foreign("people.id"), primary_key=True, autoincrement=False))


class ImportBatchRecord(Table, table=True):
    """One import, by the name under which it can be undone."""

    __tablename__ = "import_batches"
    __table_args__ = _args()
    name: str = _text(primary=True)
    at: datetime = _instant()
    source: str = _text()


def _check_forms() -> None:
    """Let the database itself refuse an instant or a day in another form than ours: they are compared as text."""
    forms: dict[type, str] = {UtcInstant: INSTANT_FORM, LocalDate: DAY_FORM}
    for table in Table.metadata.sorted_tables:
        for column in table.columns:
            pattern = forms.get(type(column.type))
            if pattern:
                table.append_constraint(CheckConstraint(form(column.name, pattern), name=column.name))


_check_forms()
metadata = Table.metadata
