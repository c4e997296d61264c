"""What the stores give and take, as plain values."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from msgspec import Struct, field

from engine.core.case import Deadline


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
        node: The hash that the tree has at that place.
    """

    id: int
    logged: LogLine
    columns: Mapping[str, Any]
    pending: int | None
    leaf: int | None = None
    node: bytes | None = None


class KeptMessage(NamedTuple):
    """A message as it stands in the database, column by column; `variables` are the bytes of a JSON text."""

    id: int
    key: str
    case_ref: str
    n: int
    template: str
    person: str | None
    lang: str
    variables: bytes
    attach: str
    due_at: str
    deadline: str | None
    state: str
    reason: str | None
    subject: str | None
    header: str | None
    address: str | None
    sent_at: str | None
    error: str | None
    content: bytes | None


class KeptBlock(Struct, frozen=True):
    """All rows of a run of chains, as they stand, by reference; the chain of the office is never among them.

    Attributes:
        entries: (case, n, id, line, salt, payload, leaf, node, place in the queue, and the columns computed from the
            line where the database keeps them), by n; texts as bytes.
        cases: Each case's row, column by column as `case_expected` has it, and its batch.
        links: Field -> reference that it points at.
        deadlines: The rows, column by column as `deadline_expected` has them.
        messages: The rows in the order they were queued, column by column as `KeptMessage` has them.
        about: How many rows there are about entries: payloads, leaves, places in the queue.
        strays: Whether any row is of a chain that does not exist.
    """

    entries: Mapping[str, Sequence[tuple[Any, ...]]]
    cases: Mapping[str, tuple[Any, ...]]
    links: Mapping[str, Mapping[str, str]]
    deadlines: Mapping[str, Sequence[tuple[Any, ...]]]
    messages: Mapping[str, Sequence[tuple[Any, ...]]]
    about: tuple[int, int, int]
    strays: bool


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
