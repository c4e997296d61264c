"""Fire an event on a case."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from msgspec import Struct, field

from engine.app.describe import describe_done
from engine.app.naming import case_named, event_named, person_named, values_named
from engine.app.office import Caller, Office
from engine.app.perform import perform
from engine.app.run import Done
from engine.core.acting import EXTERNAL
from engine.core.case import Actor, Case
from engine.core.command import Advance, Command, Upload
from engine.core.errors import NotFound, UsageError
from engine.ports import UnitOfWork


class Paper(Struct, frozen=True):
    """A file that comes with a command; without a direction it has that of its kind."""

    kind: str
    name: str
    content: bytes
    direction: str | None = None
    received_at: datetime | None = None
    sender: str | None = None
    secrecy: str | None = None
    draft: bool = False


class Given(Struct, frozen=True):
    """What may come with any change: values, papers, a note, for whom, when, and how it is to be told."""

    set: Mapping[str, Any] = field(default_factory=dict)
    papers: Sequence[Paper] = ()
    note: str | None = None
    on_behalf_of: str | None = None
    occurred_at: datetime | None = None
    revision: int | None = None
    request_id: str | None = None
    override: Sequence[str] = ()
    hold_mail: bool = False
    no_mail: bool = False
    message: str | None = None
    dry_run: bool = False

    def intent(self, **more: Any) -> dict[str, Any]:
        """The command as it was given, for its request id."""
        return {
            **more, "set": dict(self.set), "papers": [[p.kind, file_digest(p.content)] for p in self.papers],
            "note": self.note, "on_behalf_of": self.on_behalf_of, "override": list(self.override),
            "occurred_at": self.occurred_at.isoformat() if self.occurred_at else None,
        }  # fmt: skip


def file_digest(content: bytes) -> str:
    """Hex SHA-256 of a file."""
    return sha256(content).hexdigest()


LARGEST_PAPER = 25 * 1024 * 1024
"""Bytes that one document may have (DECISIONS.md 17)."""


def store_papers(tx: UnitOfWork, papers: Sequence[Paper]) -> tuple[Upload, ...]:
    """Store the bytes of papers in this transaction.

    Raises:
        UsageError: A paper is empty or too large.
    """
    uploads = []
    for paper in papers:
        if not paper.content:
            raise UsageError(f"{paper.name} is empty: check the file", says="paper_empty", name=paper.name)
        if len(paper.content) > LARGEST_PAPER:
            raise UsageError(
                f"{paper.name} is larger than 25 MB: split it, or file a reference to where it is kept",
                says="file_too_large",
                path=paper.name,
            )
        digest = file_digest(paper.content)
        tx.documents.put(digest, paper.content)
        uploads.append(Upload(paper.kind, digest, paper.name, len(paper.content), paper.direction, paper.received_at,
                              paper.sender, paper.secrecy, paper.draft))  # fmt: skip
    return tuple(uploads)


def principal(tx: UnitOfWork, office: Office, case: Case | None, text: str | None) -> tuple[str | None, frozenset[str]]:
    """The person on whose behalf, and the roles that the person has in this case and in the office."""
    if text is None:
        return None, frozenset()
    person = person_named(tx, text).id
    roles = {
        role for role, party_role in EXTERNAL.items() for party in (case.party(party_role) if case else ())
        if any(person in named for named in party.people.values())
    }  # fmt: skip
    today = office.calendar.day(tx.now)
    roles |= {role for role in ("secretary", "head", "officer") if person in tx.directory.holders(role, today)}
    return person, frozenset(roles)


def revision_seen(office: Office, caller: Caller, reference: str) -> int | None:
    """The revision at which a command finds its case: if another one stands when it is its turn, somebody was first."""
    with office.store.read() as tx:
        actor = tx.directory.actor(caller.login, office.calendar.day(tx.now)) if reference == "-" else None
        found = tx.cases.get(case_named(tx, reference, actor))
        return None if found is None else found.revision


def advance(office: Office, caller: Caller, reference: str, event: str, given: Given) -> Mapping[str, Any]:
    """Fire an event; the answer is the JSON of the contract.

    Raises:
        TransitionRefused: With every reason why not; the attempt is in the log.
        NotFound: There is no such case.
        ConcurrentUpdate: Somebody else changed it at the same moment.
    """
    told, _ = advance_and_see(office, caller, reference, event, given)
    return told


def advance_and_see(
    office: Office, caller: Caller, reference: str, event: str, given: Given
) -> tuple[Mapping[str, Any], Done | None]:
    """As `advance`, with what was done beside the answer, so that a dry run can show the letters."""
    seen = revision_seen(office, caller, reference) if given.revision is None else given.revision

    def build(tx: UnitOfWork, actor: Actor) -> Command:
        name = case_named(tx, reference, actor)
        case = tx.cases.get(name)
        if case is None:
            raise NotFound(f"there is no case {reference}", says="case_unknown", case=reference)
        machine = office.catalog.get(tx, case.workflow, case.version)
        person, roles = principal(tx, office, case, given.on_behalf_of)
        return Advance(
            reference=name, actor=actor, event=event_named(machine, case.state, event), on_behalf_of=person,
            principal_roles=roles, set=values_named(tx, office, machine.definition, given.set),
            uploads=store_papers(tx, given.papers), note=given.note, occurred_at=given.occurred_at,
            revision=seen, override=tuple(given.override), hold_mail=given.hold_mail,
            no_mail=given.no_mail, message=given.message,
        )  # fmt: skip

    intent = given.intent(verb="advance", reference=reference, event=event)
    return perform(
        office, caller, intent, build, lambda tx, done: describe_done(tx, office, done),
        request_id=given.request_id, dry_run=given.dry_run,
    )  # fmt: skip
