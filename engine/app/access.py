"""Who a login is, and who may look at which case.

People of the office, auditors and the home's admin see every case. A login of an applicant, partner or evaluator that
stands for a person sees the cases in which that person is named by a party, in the states that show themselves to it.
"""

from msgspec.structs import replace

from engine.app.naming import case_named
from engine.app.office import Caller, Office
from engine.core.acting import EXTERNAL, party_of
from engine.core.case import Actor, Case
from engine.core.errors import NotFound, Refusal, TransitionRefused, UsageError
from engine.core.rights import OFFICE
from engine.ports import UnitOfWork

INSIDE = frozenset({*OFFICE, "auditor", "admin"})


def known_actor(tx: UnitOfWork, office: Office, caller: Caller) -> Actor:
    """The user behind a login, with the roles it holds today.

    Raises:
        TransitionRefused: The login is not a user here.
    """
    actor = tx.directory.actor(caller.login, office.calendar.day(tx.now))
    if actor is None:
        fix = f"skede user add {caller.login} --name NAME --email ADDRESS"
        raise TransitionRefused(reasons=[Refusal("unknown_login", {"login": caller.login}, fix, who=("admin",))])
    return replace(actor, login=caller.auth)


def reader(tx: UnitOfWork, office: Office, caller: Caller) -> Actor:
    """The user behind a login that wants to look.

    Raises:
        TransitionRefused: The login is no user here, or holds no role that reads.
    """
    actor = known_actor(tx, office, caller)
    if not actor.roles & (INSIDE | EXTERNAL.keys()):
        roles = sorted(INSIDE)
        raise TransitionRefused(reasons=[Refusal("right_missing", {"right": "read", "roles": roles}, who=("admin",))])
    return actor


def is_outsider(actor: Actor) -> bool:
    """Whether the actor sees only what it takes part in."""
    return actor.person is not None and not actor.roles & INSIDE


def may_see(tx: UnitOfWork, office: Office, actor: Actor, case: Case) -> bool:
    """Whether the actor may look at a case as it is now."""
    if actor.roles & INSIDE:
        return True
    shown = office.catalog.definition(tx, case.workflow, case.version).states[case.state].view
    return any(
        (shown is None or role in shown) and (actor.person is None or party_of(case, actor.person, role) is not None)
        for role in actor.roles & EXTERNAL.keys()
    )


def case_seen(tx: UnitOfWork, office: Office, actor: Actor, text: str) -> Case:
    """The case that a text means, among those that the actor may see.

    Raises:
        NotFound: Nothing fits, or nothing that this actor may see; which of the two is not told.
        UsageError: Several cases fit; they are listed.
    """
    if not is_outsider(actor):
        return _seen(tx, office, actor, case_named(tx, text, actor), text)
    names = [case_named(tx, text, actor)] if text == "-" else [reference for reference, _ in tx.cases.resolve(text)]
    seen = [case for name in names if (case := tx.cases.get(name)) is not None and may_see(tx, office, actor, case)]
    if len(seen) > 1:
        listed = "; ".join(f"{case.reference} {case.title}" for case in seen[:8])
        raise UsageError(f"{text} fits several cases: {listed}", says="several_cases", what=text, cases=listed)
    return _seen(tx, office, actor, seen[0].reference if seen else "", text)


def _seen(tx: UnitOfWork, office: Office, actor: Actor, reference: str, text: str) -> Case:
    case = tx.cases.get(reference) if reference else None
    if case is None or not may_see(tx, office, actor, case):
        raise NotFound(f"there is no case {text}; skede list shows what there is", says="case_unknown", case=text)
    return case
