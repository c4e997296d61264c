"""What a change of parties makes of a case's parties: who joins, who gets other people, who leaves a function or all.

An organisation has one open row in a role. Each required row must sign, so a second row of the same organisation would
ask for a signature that nobody can explain.
"""

from collections.abc import Mapping
from datetime import date

from msgspec.structs import replace

from engine.core.case import Case, Party
from engine.core.command import ChangeParty
from engine.core.errors import Refusal, TransitionRefused

People = Mapping[str, tuple[str, ...]]
"""Function -> person ids."""


def changed_party(case: Case, command: ChangeParty, day: date) -> Party | None:
    """The party as the command leaves it.

    Args:
        case: The case as it is.
        command: What is asked for; `end` with people ends their functions, without any it ends the whole party.
        day: The first day of a party that joins, the last of one that leaves.

    Returns:
        The party, or None where a case only follows the one above it and stands so already.

    Raises:
        TransitionRefused: No party fits or several do, nothing would change, or nobody would be left to write to.
    """
    if command.action == "add":
        return _added(case, command, day)
    old, given = _meant(case, command), command.given
    if command.action == "replace":
        people = {**old.people, **given.people}
        return replace(old, people=people, side=given.side, organisation=given.organisation)
    return _without(case, old, command) if given.people else replace(old, until=day)


def joins(case: Case, command: ChangeParty) -> bool:
    """Whether the command brings an organisation that has no open part in that role."""
    return command.action == "add" and not _open(case, command.given.role, command.given.organisation)


def _open(case: Case, role: str, organisation: str) -> list[Party]:
    return [p for p in case.party(role) if p.organisation == organisation]


def _added(case: Case, command: ChangeParty, day: date) -> Party | None:
    given = command.given
    there = _open(case, given.role, given.organisation)
    if not there:
        number = max((p.id for p in case.parties), default=0) + 1
        return Party(number, given.role, given.organisation, given.side, given.required, dict(given.people), day)
    old = next((p for p in there if p.id == command.party), there[0])
    people = {
        function: tuple(dict.fromkeys((*old.people.get(function, ()), *given.people.get(function, ()))))
        for function in dict.fromkeys((*old.people, *given.people))
    }
    if people != dict(old.people):
        return replace(old, people=people)
    if command.fired:
        return None
    raise _refused("party_already", who=given.role, organisation=given.organisation)


def _without(case: Case, old: Party, command: ChangeParty) -> Party | None:
    """The party without some people in some functions."""
    leaving: dict[str, tuple[str, ...]] = {}
    for function, named in command.given.people.items():
        for person in named:
            if person in old.people.get(function, ()):
                leaving[function] = (*leaving.get(function, ()), person)
            elif not command.fired:
                raise _refused("function_not_held", person=person, who=f"{old.role}.{function}")
    if not leaving:
        return None
    left = _rest(old.people, leaving)
    if not left or ("contact" in old.people and "contact" not in left):
        role = old.role
        fix = f"skede party {case.reference} add {role}=ORG:PERSON:contact"
        params = {"case": case.reference, "who": f"{role}.contact", "organisation": old.organisation}
        raise TransitionRefused(reasons=[Refusal("party_without_contact", params, fix)])
    return replace(old, people=left)


def _rest(people: People, leaving: People) -> dict[str, tuple[str, ...]]:
    rest = {f: tuple(p for p in named if p not in leaving.get(f, ())) for f, named in people.items()}
    return {function: named for function, named in rest.items() if named}


def _meant(case: Case, command: ChangeParty) -> Party:
    """The one open party that a command means: by its number, else by role and organisation."""
    given = command.given
    fitting = [
        p for p in case.party(given.role)
        if command.party in (None, p.id)
        and (p.organisation == given.organisation or not given.organisation or command.party == p.id)
    ]  # fmt: skip
    if not fitting:
        raise _refused("party_unknown", who=given.role)
    if len(fitting) > 1:
        params = {"who": given.role, "numbers": [p.id for p in fitting]}
        raise TransitionRefused(reasons=[Refusal("party_ambiguous", params, f"skede party {case.reference} list")])
    return fitting[0]


def _refused(code: str, **params: object) -> TransitionRefused:
    return TransitionRefused(reasons=[Refusal(code, params)])
