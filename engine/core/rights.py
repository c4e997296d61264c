"""Who may give a command that is not an event: the defaults, and what a definition says otherwise."""

from collections.abc import Mapping

from engine.core.acting import EXTERNAL, Acting, own_roles
from engine.core.case import Case
from engine.core.command import Command
from engine.core.definition import Definition
from engine.core.errors import Refusal, TransitionRefused

OFFICE = ("officer", "registrar", "secretary", "head", "controller", "archivist", "officer_secretary")
EVERYBODY = (*OFFICE, *EXTERNAL)

DEFAULTS: Mapping[str, tuple[str, ...]] = {
    "amend": EVERYBODY,
    "note": EVERYBODY,
    "assign": OFFICE,
    "recuse": ("officer", "registrar", "secretary", "head"),
    "review": ("officer",),
    "attach": EVERYBODY,
    "sign": EVERYBODY,
    "party": ("officer", "registrar", "head"),
    "deadline": ("officer", "registrar", "secretary", "head", "controller"),
    "clock": ("officer", "head"),
    "correct": OFFICE,
}


def acting_for(definition: Definition, case: Case, command: Command, right: str) -> Acting:
    """The role in which a command is given.

    Raises:
        TransitionRefused: No role of the actor has the right, or the actor is recused from the case.
    """
    roles = definition.rights.get(right, DEFAULTS[right])
    mine = own_roles(case, command) | ({"system"} if command.fired else set())
    fitting = [role for role in (*roles, "system") if role in mine]
    if not fitting:
        raise TransitionRefused(reasons=[Refusal("right_missing", {"right": right, "roles": list(roles)}, who=roles)])
    person = command.actor.person
    if person in case.recused and right not in ("note", "recuse") and "system" not in mine:
        raise TransitionRefused(reasons=[Refusal("recused", {"person": person})])
    people = tuple(p for p in (person, command.on_behalf_of) if p)
    return Acting(fitting[0], command.on_behalf_of, people)
