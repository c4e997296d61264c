"""Parties of a case over time: added, given other people or functions, ended. The open cases below follow."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec.structs import replace

from engine.app.advance import Given
from engine.app.change import change
from engine.app.naming import organisation_named, person_named
from engine.app.office import Caller, Office
from engine.core.case import Case
from engine.core.command import ChangeParty, PartyGiven
from engine.core.errors import UsageError
from engine.ports import UnitOfWork

SIDES = {"municipality": "municipal", "region": "regional"}
ROLES = ("owner", "partner", "evaluator")
FUNCTIONS = ("contact", "leader", "signatory", "manager", "economy")


def party_given(tx: UnitOfWork, text: str) -> PartyGiven:
    """The party that `ROLE=ORG[:PERSON[:FUNCTION]]` means.

    A person without a function is contact, leader and signatory.

    Raises:
        UsageError: The text has not that form, or names an unknown role or function.
        NotFound: There is no such organisation or person.
    """
    role, equals, rest = text.partition("=")
    if not equals or role not in ROLES:
        raise UsageError(
            f"{text}: give a party as ROLE=ORG[:PERSON[:FUNCTION]]; roles: {', '.join(ROLES)}",
            says="party_malformed", what=text,
        )  # fmt: skip
    parts = _split(rest)
    organisation = organisation_named(tx, parts[0])
    people: dict[str, tuple[str, ...]] = {}
    if len(parts) > 1:
        person = person_named(tx, parts[1]).id
        functions = parts[2].split("+") if len(parts) > 2 else ["contact", "leader", "signatory"]
        for function in functions:
            if function not in FUNCTIONS:
                raise UsageError(
                    f"{function} is not a function; there are {', '.join(FUNCTIONS)}",
                    says="function_unknown", what=function,
                )  # fmt: skip
            people[function] = (person,)
    side = SIDES.get(organisation.kind, "other")
    return PartyGiven(role, organisation.id, side, people, required=role != "evaluator")


def _split(text: str) -> list[str]:
    """Parts by colon; ids (`o:7`, `p:4`) keep theirs."""
    parts: list[str] = []
    for part in text.split(":"):
        if parts and parts[-1] in ("o", "p"):
            parts[-1] += f":{part}"
        else:
            parts.append(part)
    return parts


def merged(given: list[PartyGiven]) -> tuple[PartyGiven, ...]:
    """Parties named several times with different people, put together."""
    parties: dict[tuple[str, str], PartyGiven] = {}
    for party in given:
        key = (party.role, party.organisation)
        people = dict(parties[key].people) if key in parties else {}
        for function, named in party.people.items():
            people[function] = tuple(dict.fromkeys((*people.get(function, ()), *named)))
        parties[key] = PartyGiven(party.role, party.organisation, party.side, people, party.required)
    return tuple(parties.values())


def change_party(
    office: Office, caller: Caller, reference: str, action: str, party: str, given: Given, *,
    since: date | None = None, number: int | None = None,
) -> Mapping[str, Any]:  # fmt: skip
    """Add a party or people of it, replace its people, or end a function or all of it (`action`).

    Args:
        office: Where.
        caller: Who.
        reference: The case.
        action: `add`, `replace` or `end`.
        party: `ROLE=ORG[:PERSON[:FUNCTION]]`; to `end` ORG alone is all of it, ORG:PERSON all that the person does.
        given: Note and request id.
        since: From which day, else today.
        number: Which of several parties that fit, by its number in the case.
    """
    return change(
        office, caller, f"party {action}", reference, given,
        lambda tx, case, definition, frame: ChangeParty(
            action=action, given=_meant(tx, case, action, party), since=since, party=number, **frame
        ),
        party=party, since=since.isoformat() if since else None, number=number,
    )  # fmt: skip


def _meant(tx: UnitOfWork, case: Case, action: str, text: str) -> PartyGiven:
    """The party of a command; to end a person without a function is to end all that the person does there."""
    given = party_given(tx, text)
    if action != "end" or len(_split(text.partition("=")[2])) != 2:
        return given
    person = next(iter(given.people.values()))[0]
    held = {
        function: (person,)
        for party in case.party(given.role) if party.organisation == given.organisation
        for function, named in party.people.items() if person in named
    }  # fmt: skip
    return replace(given, people=held or given.people)
