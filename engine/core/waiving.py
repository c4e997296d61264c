"""Who waives a rule of an event: who may, and what it lets them do.

Whoever may waive a rule may fire the event that it stands in, though it is another's to fire: else nobody could use the
right in an office where one person holds one role. Only a rule that really refuses opens that way, and all other
demands of the event stand.
"""

from collections.abc import Collection

from engine.core.acting import Acting, own_roles
from engine.core.case import Case
from engine.core.command import Advance, Open
from engine.core.definition import GuardUse, Transition


def overrides(command: object, use: GuardUse) -> bool:
    """Whether a command names a rule among those to waive, with or without its version."""
    override = getattr(command, "override", ())
    return use.name in override or use.name.partition("@")[0] in override


def as_waiver(case: Case, command: Advance | Open, edge: Transition) -> Acting | None:
    """The role of somebody who may waive a rule that the command overrides; None where there is none.

    Several persons' approvals and a limit of money belong to the roles that fire the event: nobody steps in there, nor
    on behalf of another.
    """
    if command.fired or command.on_behalf_of is not None or edge.approvals is not None or edge.limit:
        return None
    roles = own_roles(case, command)
    role = next((r for use in edge.guards if overrides(command, use) for r in use.waivable_by if r in roles), None)
    person = command.actor.person
    return None if role is None else Acting(role, None, (person,) if person else ())


def waivers(edge: Transition, names: Collection[str]) -> frozenset[str]:
    """The roles that may fire an edge because rules of it are waived."""
    if edge.approvals is not None or edge.limit:
        return frozenset()
    return frozenset(role for use in edge.guards if use.name in names for role in use.waivable_by)
