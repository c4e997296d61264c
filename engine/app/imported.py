"""What came from elsewhere and was not done here: who may bring it in, and what is said of it ever after."""

from collections.abc import Iterable, Mapping
from typing import Any

from engine.core.case import Actor, Case
from engine.core.definition import Definition
from engine.core.entry import parse
from engine.core.errors import Refusal, TransitionRefused
from engine.ports import UnitOfWork

ATTESTER = "controller"
"""The role that answers for money: a workflow in which it owns a state pays or takes back."""
APPROVERS = ("head",)
"""Who brings in what is still open, or is about money paid: the head's doing it is the second pair of eyes."""
_MOST = 10


def refuse_open(actor: Actor, taken: Iterable[tuple[Definition, Case]]) -> None:
    """Let nobody but the head bring in cases that live on here, or that are about money.

    Raises:
        TransitionRefused: The actor is not the head; the cases are named.
    """
    if actor.roles.intersection(APPROVERS):
        return
    held = [
        case.reference for definition, case in taken
        if not _is_over(definition, case) or any(s.owner == ATTESTER for s in definition.states.values())
    ]  # fmt: skip
    if held:
        params = {"n": len(held), "cases": held[:_MOST]}
        raise TransitionRefused(reasons=[Refusal("import_needs_head", params, who=APPROVERS)])


def _is_over(definition: Definition, case: Case) -> bool:
    """Whether a case stands in the phase in which cases end: nothing is left but to close and archive it."""
    return definition.states[case.state].phase in {s.phase for s in definition.states.values() if s.final}


def mark_of(tx: UnitOfWork, case: str) -> Mapping[str, Any] | None:
    """How a case came in from elsewhere: when, by whom and in which import; None for one that began here."""
    openings = [parse(logged.line) for logged in tx.log.all(case=case, kind="open")]
    if not openings or "imported" not in openings[-1].body:
        return None
    entry = openings[-1]
    return {
        "at": entry.at, "by": tx.directory.login_of(entry.actor) or entry.auth, "batch": entry.body.get("batch"),
        "entry": entry.name,
    }  # fmt: skip
