"""Who may give a command that is not an event: the defaults, and what a definition says otherwise."""

from collections.abc import Callable, Mapping

from engine.core.acting import EXTERNAL, Acting, own_roles, recordable
from engine.core.case import SYSTEM, Case
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
    "attach": EVERYBODY,
    "sign": EVERYBODY,
    "party": ("officer", "registrar", "head"),
    "deadline": ("officer", "registrar", "secretary", "head", "controller"),
    "clock": ("officer", "head"),
    "correct": OFFICE,
}


def acting_for(
    definition: Definition, case: Case, command: Command, right: str, *, fits: Callable[[str], bool] | None = None
) -> Acting:
    """The role in which a command is given.

    Args:
        definition: What it says of the right.
        case: The case, for its parties and who is recused.
        command: Who asks.
        right: The right's name.
        fits: Of several roles that have the right, one that also fits is taken.

    Raises:
        TransitionRefused: No role of the actor has the right, somebody who would answer for it is recused from the
            case, or the actor may not act for the person named.
    """
    roles = allowed(definition, right)
    mine = own_roles(case, command) | ({SYSTEM} if command.fired else set())
    fitting = [role for role in (*roles, SYSTEM) if role in mine]
    if not fitting:
        raise TransitionRefused(reasons=[Refusal("right_missing", {"right": right, "roles": list(roles)}, who=roles)])
    person, principal = command.actor.person, command.on_behalf_of
    people = tuple(dict.fromkeys(p for p in (person, principal) if p))
    if not command.fired:
        if principal not in (None, person) and not recordable(definition, mine) & command.principal_roles:
            raise TransitionRefused(
                reasons=[Refusal("on_behalf_not_allowed", {"roles": sorted(command.principal_roles)})]
            )
        if right not in ("note", "recuse") and (away := [p for p in people if p in case.recused]):
            raise TransitionRefused(reasons=[Refusal("recused", {"person": p}) for p in away])
    role = next((role for role in fitting if fits is None or fits(role)), fitting[0])
    return Acting(role, principal, people)


def allowed(definition: Definition, right: str) -> tuple[str, ...]:
    """The roles that have a right: by the definition, else by its review form, else by default."""
    if right == "review" and definition.review is not None:
        return definition.rights.get(right, definition.review.by)
    return definition.rights.get(right, DEFAULTS[right])
