"""The frame of every command that changes one case: look it up, build the command, run it, tell what was done."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.app.advance import Given, principal, revision_seen
from engine.app.describe import describe_done
from engine.app.naming import case_named
from engine.app.office import Caller, Office
from engine.app.perform import perform
from engine.core.case import Actor, Case
from engine.core.command import Command
from engine.core.definition import Definition
from engine.core.errors import NotFound
from engine.ports import UnitOfWork

Make = Callable[[UnitOfWork, Case, Definition, Mapping[str, Any]], Command]


def change(
    office: Office, caller: Caller, verb: str, reference: str, given: Given, make: Make, **intent: Any
) -> Mapping[str, Any]:
    """Run a command that is not an event.

    Args:
        office: Where.
        caller: Who.
        verb: The command's name, part of what a request id stands for.
        reference: The case, as it was typed.
        given: What came with it.
        make: Makes the command from the transaction, the case, its definition and what every command carries.
        intent: What else the request id stands for.
    """
    seen = revision_seen(office, caller, reference) if given.revision is None else given.revision

    def build(tx: UnitOfWork, actor: Actor) -> Command:
        name = case_named(tx, reference, actor)
        case = tx.cases.get(name)
        if case is None:
            raise NotFound(f"there is no case {reference}", says="case_unknown", case=reference)
        person, roles = principal(tx, office, case, given.on_behalf_of)
        frame = {
            "reference": name, "actor": actor, "note": given.note, "occurred_at": given.occurred_at,
            "on_behalf_of": person, "principal_roles": roles, "revision": seen,
        }  # fmt: skip
        return make(tx, case, office.catalog.definition(tx, case.workflow, case.version), frame)

    told, _ = perform(
        office, caller, given.intent(verb=verb, reference=reference, **intent), build,
        lambda tx, done: describe_done(tx, office, done), request_id=given.request_id, dry_run=given.dry_run,
    )  # fmt: skip
    return told
