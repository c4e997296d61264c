"""In which role somebody acts, for themselves or on behalf of another, and whether they may."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from engine.core.case import SYSTEM, Case
from engine.core.command import Command, Open
from engine.core.definition import Definition
from engine.core.errors import Refusal

EXTERNAL = {"applicant": "owner", "partner": "partner", "evaluator": "evaluator"}
"""Roles of people outside the office, and the party role in which they act."""


class Acting(Struct, frozen=True):
    """The role of a command, and the people who answer for it: the actor and, if any, the principal."""

    role: str
    on_behalf_of: str | None = None
    people: tuple[str, ...] = ()
    party: int | None = None


def party_of(case: Case, person: str | None, role: str) -> int | None:
    """The number of the party, in the role's party role, that a person belongs to today."""
    for party in case.parties:
        named = {p for people in party.people.values() for p in people}
        if party.until is None and party.role == EXTERNAL.get(role) and person in named:
            return party.id
    return None


def own_roles(case: Case, command: Command) -> frozenset[str]:
    """The roles that the actor may use on this case.

    A login of an applicant, partner or evaluator that stands for a person counts only where that person is
    named by a party; one that stands for nobody in particular (a sandbox's role accounts) counts everywhere.
    """
    actor = command.actor
    opening = isinstance(command, Open)
    return frozenset(
        role for role in actor.roles
        if role not in EXTERNAL or actor.person is None or opening or not case.parties
        or party_of(case, actor.person, role) is not None
    )  # fmt: skip


def recordable(definition: Definition, roles: Iterable[str]) -> frozenset[str]:
    """The roles whose acts these roles may record."""
    return frozenset(recorded for role in roles for recorded in definition.record.get(role, ()))


def act(definition: Definition, case: Case, command: Command, by: Sequence[str]) -> Acting | Refusal:
    """The role in which the command is given, or why there is none.

    Args:
        definition: Who may record for whom.
        case: The case, for its parties.
        command: Who asks, and on whose behalf.
        by: Roles that may, the first that fits is taken.
    """
    if command.fired:
        fitting = [role for role in by if role in command.actor.roles]
        role = fitting[0] if fitting and command.actor.user != SYSTEM else SYSTEM
        return Acting(role, None, _people(command.actor.person))
    roles = own_roles(case, command)
    if command.on_behalf_of is None:
        for role in by:
            if role in roles:
                party = party_of(case, command.actor.person, role)
                return Acting(role, None, _people(command.actor.person), party)
    recorded = recordable(definition, roles)
    fitting = [role for role in by if role in recorded]
    if fitting:
        theirs = [role for role in fitting if role in command.principal_roles]
        return _recorded(case, command, (theirs or fitting)[0])
    if command.on_behalf_of is not None:
        return Refusal("on_behalf_not_allowed", {"roles": list(by)}, f"{_again(command)} …", tuple(by))
    return Refusal("role_missing", {"roles": list(by), "yours": sorted(roles)}, f"{_again(command)} …", tuple(by))


def _recorded(case: Case, command: Command, role: str) -> Acting | Refusal:
    """Act for the principal named, else for the only contact of the party; with a document or a note."""
    person = command.on_behalf_of or _only_contact(case, command, role)
    if person is None and role in EXTERNAL:
        return Refusal("principal_unclear", {"roles": [role]}, fix=f"{_again(command)} -o PERSON")
    if command.on_behalf_of is not None and role not in command.principal_roles:
        fix = f"skede party {case.reference} list" if case.reference else f"{_again(command)} -o PERSON"
        return Refusal("not_a_party", {"person": command.on_behalf_of, "roles": [role]}, fix)
    uploads = getattr(command, "uploads", ())
    if not uploads and not command.note:
        return Refusal("on_behalf_needs_evidence", {"roles": [role]}, fix=f'{_again(command)} -n "…"')
    people = tuple(dict.fromkeys((*_people(command.actor.person), *_people(person))))
    return Acting(role, person, people, party_of(case, person, role))


def _again(command: Command) -> str:
    """The command as it may be typed again."""
    if isinstance(command, Open):
        return f"skede new {command.workflow}"
    return f"skede advance {command.reference} {getattr(command, 'event', 'EVENT')}"


def _only_contact(case: Case, command: Command, role: str) -> str | None:
    parties = [(p.role, p.people) for p in case.parties if p.until is None]
    if isinstance(command, Open):
        parties += [(p.role, p.people) for p in command.parties]
    contacts = {
        person for party_role, people in parties if party_role == EXTERNAL.get(role)
        for person in people.get("contact", ())
    }  # fmt: skip
    return contacts.pop() if len(contacts) == 1 else None


def _people(person: str | None) -> tuple[str, ...]:
    return (person,) if person else ()
