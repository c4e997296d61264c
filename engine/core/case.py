"""A case as the log folds it: frozen, whole, and nothing but plain values.

The same shape is what `fold` yields, what the `cases` row keeps as JSON, and what `decide` judges.
Ids of people, users and organisations are strings: `p:12`, `u:3`, `o:7`; `system` is nobody.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct, field

SYSTEM = "system"

TAKEN_BACK = "@taken_back"
"""State that a case has in the fold once what brought it was undone; there is no row of it then."""


class Actor(Struct, frozen=True):
    """Who asks for something.

    Attributes:
        user: `u:3`, or `system`.
        login: As the system knows it; goes into `auth`.
        roles: Roles held at this moment, by the log.
        person: `p:12`, the person behind the user.
    """

    user: str
    login: str
    roles: frozenset[str]
    person: str | None = None


class Party(Struct, frozen=True):
    """One organisation's part in a case.

    Attributes:
        id: Number within the case, from 1.
        role: `owner`, `partner` or `evaluator`.
        organisation: `o:7`.
        side: `municipal`, `regional` or `other`, as the organisation was when it joined.
        required: Whether it must sign.
        people: Function (`contact`, `leader`, `signatory`, `manager`, `economy`) -> person ids.
        since: First day; `until` the last, or None.
    """

    id: int
    role: str
    organisation: str
    side: str
    required: bool = True
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    since: date | None = None
    until: date | None = None


class Document(Struct, frozen=True):
    """A document filed in a case; its bytes are stored under the digest.

    Attributes:
        id: Number within the case, from 1.
        sha256: Hex digest of the bytes.
        name: File name as given; personal, so kept out of the line.
        n: The entry that filed it.
    """

    id: int
    kind: str
    sha256: str
    name: str
    direction: str
    received_at: datetime
    n: int
    sender: str | None = None
    secrecy: str | None = None
    draft: bool = False


class Signature(Struct, frozen=True):
    """A signature over a document and the fields signed with it.

    Attributes:
        who: `owner.signatory`, `partner.signatory`, `head`, `chair`, ...
        party: Number of the party, or None for an office role.
        content: Hex SHA-256 of what was signed (`signing_content`).
        state: `valid`, `void` or `rejected`.
    """

    id: int
    who: str
    party: int | None
    person: str
    document: int
    kind: str
    content: str
    signed_on: date
    method: str
    state: str = "valid"
    n: int = 0


class Approval(Struct, frozen=True):
    """One yes among the several that an event asks for."""

    event: str
    role: str
    people: tuple[str, ...]
    party: int | None
    n: int


class ReviewGiven(Struct, frozen=True):
    """One reviewer's scores."""

    person: str
    scores: Mapping[str, int]
    n: int


class Happened(Struct, frozen=True):
    """The last time that an event happened: which entry, when, and the people who answer for it."""

    n: int
    at: datetime
    people: tuple[str, ...]
    role: str | None = None


class Deadline(Struct, frozen=True):
    """One open deadline of a case.

    Attributes:
        id: `REF#n:name` or `REF#n:name.item`; n is the entry that opened it.
        item: 1, 2, ... for a deadline with `for_each`.
        anchor: The anchor's instant or local date, as text; with the rule it tells how `due` came about.
        opened_at: When the event that opened it happened.
        due_on: Last local day; `due_at` the instant at which it has passed if now is later.
        version: Raised when the date moves; part of every reminder's key.
        step: How many steps of the ladder are dealt with.
        next_reminder_at: Instant of the next step, or None.
        then_at: Instant after which `then` fires, or None.
        passed_at: When the instant was seen to have passed, or None.
        fired_at: When `then` was fired, or None.
        stopped_days: Days that the clock was stopped and that are part of `due_on`.
        extended_to: Instant or date given by `deadline extend`, in place of the rule.
    """

    id: str
    name: str
    owner: str
    opened_at: datetime
    due_at: datetime
    due_on: date
    anchor: str
    item: int | None = None
    version: int = 1
    step: int = 0
    next_reminder_at: datetime | None = None
    then_at: datetime | None = None
    passed_at: datetime | None = None
    fired_at: datetime | None = None
    stopped_days: int = 0
    extended_to: str | None = None


class Case(Struct, frozen=True):
    """One case, at one moment.

    Attributes:
        reference: `SIM-2021-0004`; the only id a case has.
        data: Field -> plain JSON value, checked against the definition; money as text, dates and instants as ISO text.
        back: States remembered by side steps, the innermost last.
        revision: Counts accepted changes; `n` counts entries.
        head: Leaf hash (standard base64) of entry `n`.
        entered_at: When the event happened that brought it to its state; `entered_n` its entry.
        occurred_at: Event time of the latest change; no later change may precede it.
        events: Event -> the last time it happened.
        stopped_at: Since when its clock stands still, or None.
        erased: Fields whose personal value was erased.
    """

    reference: str
    workflow: str
    version: int
    state: str
    title: str
    opened_at: datetime
    entered_at: datetime
    occurred_at: datetime
    recorded_at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    back: tuple[str, ...] = ()
    assignee: str | None = None
    parent: str | None = None
    revision: int = 0
    n: int = 0
    head: str = ""
    entered_n: int = 0
    closed_at: datetime | None = None
    deadlines: tuple[Deadline, ...] = ()
    documents: tuple[Document, ...] = ()
    signatures: tuple[Signature, ...] = ()
    parties: tuple[Party, ...] = ()
    approvals: tuple[Approval, ...] = ()
    reviews: tuple[ReviewGiven, ...] = ()
    recused: tuple[str, ...] = ()
    events: Mapping[str, Happened] = field(default_factory=dict)
    stopped_at: datetime | None = None
    erased: tuple[str, ...] = ()

    @property
    def taken_back(self) -> bool:
        """Whether it came by an import that was undone: its log is there, the case is not."""
        return self.state == TAKEN_BACK

    def deadline(self, name: str, item: int | None = None) -> Deadline | None:
        """The open deadline of that name (and item), if there is one."""
        return next((d for d in self.deadlines if d.name == name and item in (None, d.item)), None)

    def document(self, kind: str) -> Document | None:
        """The newest document of a kind that is not a draft."""
        return next((d for d in reversed(self.documents) if d.kind == kind and not d.draft), None)

    def party(self, role: str) -> tuple[Party, ...]:
        """The parties in that role today (those that have not left)."""
        return tuple(p for p in self.parties if p.role == role and p.until is None)
