"""What can be asked for: one frozen class per command, without behaviour.

`decide` judges them all; a command that the clock or another case gives is the same class with `fired` set. They are
never compared or printed, so the methods for that are left out: every start of the program pays for each class.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct, field

from engine.core.case import Actor


class Upload(Struct, frozen=True):
    """A file that comes with a command: its bytes are already stored under the digest.

    Attributes:
        direction: `in`, `out` or `internal`; None = as the kind of document says.
    """

    kind: str
    sha256: str
    name: str
    size: int
    direction: str | None = None
    received_at: datetime | None = None
    sender: str | None = None
    secrecy: str | None = None
    draft: bool = False


class PartyGiven(Struct, frozen=True):
    """A party as a command names it, already looked up."""

    role: str
    organisation: str
    side: str
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    required: bool = True


class Command(Struct, frozen=True, kw_only=True, eq=False):
    """What every command carries.

    Attributes:
        reference: The case; for `Open` the reference it will get.
        actor: Who asks; `on_behalf_of` the person (`p:4`) whose act is recorded.
        occurred_at: When it happened, if not now.
        note: Free text; personal, so kept in the erasable payload.
        request_id: UUID of the request; commands that follow from it share it.
        fired: Given by the clock or by another case: the role `system` may then stand in for the actor's.
        cause: `REF#n` of the entry that fired it, or the id of the deadline whose time came.
        revision: The revision the caller saw; another one now is a conflict.
        hold_mail: What it has to tell is decided and held; `no_mail`: it is never sent. What follows shares this.
    """

    reference: str
    actor: Actor
    on_behalf_of: str | None = None
    principal_roles: frozenset[str] = frozenset()
    occurred_at: datetime | None = None
    note: str | None = None
    request_id: str = ""
    fired: bool = False
    cause: str | None = None
    revision: int | None = None
    hold_mail: bool = False
    no_mail: bool = False


class Open(Command, frozen=True, kw_only=True, eq=False):
    """Open a case of a workflow by one of its openings; `title` names it.

    Attributes:
        imported: It comes from elsewhere: it may stand in any state, and its requirements are not asked.
        state: Where an imported case stands, since `occurred_at`; None = where its opening leads.
        opened_at: When an imported case was opened, if earlier than that.
        batch: Name of the import.
        assignee: User (`u:3`) who handles an imported case.
        deadlines: Whether an imported case gets the deadlines that still lie ahead.
        history: What an imported case with a history is told to have come from; `past` the part that may name people.
    """

    workflow: str
    event: str
    title: str
    set: Mapping[str, Any] = field(default_factory=dict)
    uploads: tuple[Upload, ...] = ()
    parties: tuple[PartyGiven, ...] = ()
    parent: str | None = None
    imported: bool = False
    state: str | None = None
    opened_at: datetime | None = None
    batch: str | None = None
    assignee: str | None = None
    deadlines: bool = True
    history: Mapping[str, Any] | None = None
    past: Mapping[str, Any] | None = None


class Advance(Command, frozen=True, kw_only=True, eq=False):
    """Fire an event on a case; `override` names the guards that its note waives."""

    event: str
    set: Mapping[str, Any] = field(default_factory=dict)
    uploads: tuple[Upload, ...] = ()
    override: tuple[str, ...] = ()
    message: str | None = None


class Amend(Command, frozen=True, kw_only=True, eq=False):
    """Change fields, or the title, without moving the case."""

    set: Mapping[str, Any] = field(default_factory=dict)
    title: str | None = None


class Note(Command, frozen=True, kw_only=True, eq=False):
    """Write a note into the log of a case."""


class Assign(Command, frozen=True, kw_only=True, eq=False):
    """Give the case to a user (`u:3`)."""

    assignee: str


class Recuse(Command, frozen=True, kw_only=True, eq=False):
    """Record, or lift, a conflict of interest of a person (`p:4`)."""

    person: str
    lift: bool = False


class Review(Command, frozen=True, kw_only=True, eq=False):
    """Give one reviewer's scores."""

    scores: Mapping[str, int]


class Attach(Command, frozen=True, kw_only=True, eq=False):
    """File documents."""

    uploads: tuple[Upload, ...]


class Sign(Command, frozen=True, kw_only=True, eq=False):
    """Record a signature: `who` as in `Needs.signatures`, `document` a number or a kind."""

    who: str
    person: str
    document: str
    signed_on: date
    method: str = "paper"
    party: int | None = None
    uploads: tuple[Upload, ...] = ()


class Unsign(Command, frozen=True, kw_only=True, eq=False):
    """Void a signature, or record that it was refused."""

    signature: int
    rejected: bool = False


class ChangeParty(Command, frozen=True, kw_only=True, eq=False):
    """Add, replace people of, or end a party. `action` is `add`, `replace` or `end`."""

    action: str
    given: PartyGiven
    party: int | None = None
    since: date | None = None


class MoveDeadline(Command, frozen=True, kw_only=True, eq=False):
    """Extend a deadline to a day or instant (ISO text), or waive it when `to` is None."""

    deadline: str
    to: str | None = None


class StopClock(Command, frozen=True, kw_only=True, eq=False):
    """Stop the clock of the case, or start it again."""

    start: bool = False


class Correct(Command, frozen=True, kw_only=True, eq=False):
    """Point at a wrong entry; with `undo`, take back the latest transition."""

    entry: int
    undo: bool = False


class Follow(Command, frozen=True, kw_only=True, eq=False):
    """Look again at what is anchored elsewhere: a field of a related case has moved."""


class Remind(Command, frozen=True, kw_only=True, eq=False):
    """Deal with the steps of a deadline's ladder that are due."""

    deadline: str


class Expire(Command, frozen=True, kw_only=True, eq=False):
    """Record that a deadline's instant has passed; its `then` follows."""

    deadline: str
