"""Guards and fills of the report: what each kind must hold, and when it is not needed any more."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.core.case import Case
from engine.core.errors import Refusal
from engine.core.guard import Context
from workflows.guards.family import UNDER_WAY
from workflows.guards.registry import registry
from workflows.guards.values import Refusals, empty, fired, records

HOLDS = {
    "start": ("plan", "steering_group", "ledger_code", "baseline", "information_plan"),
    "financial": ("spent",),
    "final_account": ("spent",),
    "evaluation": ("social_effects", "economic_effects", "child_rights", "comparison"),
    "follow_up": ("in_operation",),
}
"""Kind of report -> fields without which it cannot be approved."""
BOTH_SIDES = {"municipal", "regional"}
"""The sides that the steering group has people of."""
OVER = ("cancelled", "closed", "archived")
"""States of a project that waits for no report."""


def gaps(data: Mapping[str, Any]) -> list[str]:
    """The fields that a report of its kind lacks; a steering group of one side is a gap too."""
    missing = [name for name in HOLDS.get(str(data.get("kind")), ()) if empty(data.get(name))]
    sides = {member.get("side") for member in records(data, "steering_group")}
    if data.get("kind") == "start" and "steering_group" not in missing and not sides >= BOTH_SIDES:
        missing.append("steering_group")
    return missing


def needless(report: Case, project: Case) -> bool:
    """Whether the project, as it is now, waits for a report no more."""
    kind, state = report.data.get("kind"), project.state
    if state in OVER:
        return True
    if kind in ("progress", "financial"):
        return str(report.data.get("period_end") or "") >= str(project.data.get("end_date"))
    if kind == "start":
        return state == "final_reporting" and project.data.get("ended_early") is True
    if kind in ("final", "final_account"):
        return state in UNDER_WAY
    if kind == "evaluation":
        return state in (*UNDER_WAY, "adoption_decision", "not_adopted")
    return kind == "follow_up" and state == "not_adopted"


@registry.guard("report_complete@1")
def report_complete(context: Context, /) -> Refusals:
    """The report holds what its kind must hold; once approved, it cannot be mended."""
    if missing := gaps(context.data):
        fix = f"skede advance {{case}} ask_completion -s missing_items={','.join(missing)}"
        yield Refusal("report_incomplete", {"report": context.case.reference, "missing": missing}, fix)


@registry.guard("document_where@1", field=str, values=tuple, kind=str)
def document_where(context: Context, /, *, field: str, values: Sequence[str], kind: str) -> Refusals:
    """Where the field holds one of the values, a document of the kind is filed."""
    if context.data.get(field) in values and context.after.document(kind) is None:
        yield Refusal("document_missing", {"kind": kind}, f"skede attach {{case}} {kind}=FILE")


@registry.guard("field_where@1", field=str, values=tuple, wanted=str)
def field_where(context: Context, /, *, field: str, values: Sequence[str], wanted: str) -> Refusals:
    """Where the field holds one of the values, another field is filled in."""
    if context.data.get(field) in values and empty(context.data.get(wanted)):
        fix = f"skede advance {{case}} {context.transition.event} -s {wanted}=…"
        yield Refusal("field_missing", {"field": wanted}, fix)


@registry.guard("fired@1")
def is_fired(context: Context, /) -> Refusals:
    """Another case, or the clock, gives the command: chooses between edges."""
    if not fired(context):
        yield Refusal("not_fired", {})


@registry.guard("parent_in@1", needs=("parent",), states=tuple)
def parent_in(context: Context, /, *, states: Sequence[str]) -> Refusals:
    """The parent is in one of the states: chooses what is fired on it."""
    parent = context.facts.case("parent")
    if parent is None or parent.state not in states:
        params = {"parent": parent.reference if parent else None, "states": list(states)}
        yield Refusal("parent_not_in", params)


@registry.guard("no_longer_needed@1", needs=("parent",))
def no_longer_needed(context: Context, /) -> Refusals:
    """The project, after the event that fired this, waits for this report no more."""
    project = context.facts.case("parent")
    if project is not None and not needless(context.case, project):
        yield Refusal("report_still_needed", {"project": project.reference, "state": project.state})


@registry.fill("no_longer_needed@1", needs=("parent",))
def why_not_needed(context: Context, /) -> str:
    """Why a report is waived where the event that did it gave no reason."""
    project = context.facts.case("parent")
    return f"Rapporten behövs inte längre i {project.reference}." if project else "Rapporten behövs inte längre."
