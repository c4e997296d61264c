"""Guards of change requests: whether they say what is to change, who may decide, and whether the money is there."""

from decimal import Decimal

from engine.core.case import Case
from engine.core.errors import Refusal
from engine.core.guard import Context
from engine.core.when import add_span, parse_date, parse_span
from workflows.guards.call import granted_amount
from workflows.guards.family import of_workflow
from workflows.guards.registry import registry
from workflows.guards.values import Refusals, empty, money, shown

SAYS = {
    "plan": "new_plan",
    "budget": "new_budget",
    "owner": "new_plan",
    "partner": "new_plan",
    "purpose": "new_plan",
    "extension": "new_end_date",
}
"""Type of change -> the field that says what it is to become."""
FOR_THE_BOARD = ("owner", "purpose")
"""Types that are never decided under delegation."""


@registry.guard("change_described@1", needs=("parent",))
def change_described(context: Context, /) -> Refusals:
    """The request says what is to become of it; an extension is longer than the period is now."""
    kind, project = str(context.data.get("type")), context.facts.case("parent")
    wanted = SAYS.get(kind)
    if wanted and empty(context.data.get(wanted)):
        yield Refusal("field_missing", {"field": wanted}, f"skede amend {{case}} -s {wanted}=…")
    new, old = context.data.get("new_end_date"), project.data.get("end_date") if project else None
    if kind == "extension" and not empty(new) and not empty(old) and str(new) <= str(old):
        yield Refusal("not_an_extension", {"end": new, "before": old})
    if kind != "budget" and not empty(context.data.get("new_granted_amount")):
        yield Refusal("amount_needs_budget", {"type": kind})


@registry.guard("outside_delegation@1", needs=("parent", "parent.parent.call"))
def outside_delegation(context: Context, /) -> Refusals:
    """Only what the delegation does not cover goes to the board."""
    if not _for_the_board(context):
        yield Refusal(
            "within_delegation", {"type": context.data.get("type")}, "skede advance {case} cr_approve -s reasons=…"
        )


@registry.guard("within_delegation@1", needs=("parent", "parent.parent.call"))
def within_delegation(context: Context, /) -> Refusals:
    """The head decides within the delegation; what is at the board, or belongs there, the board."""
    at_board = context.case.state == "at_board"
    if context.role == "secretary":
        if not at_board:
            yield Refusal("not_at_board", {}, "skede advance {case} cr_to_board -a statement=FILE", who=("head",))
        return
    if at_board:
        yield Refusal("at_board_already", {}, who=("secretary",))
    elif why := _for_the_board(context):
        yield Refusal(
            "beyond_delegation", {"why": why}, "skede advance {case} cr_to_board -a statement=FILE", who=("head",)
        )


@registry.guard("not_yet_effective@1")
def not_yet_effective(context: Context, /) -> Refusals:
    """The change is decided before it takes effect; later is retroactive."""
    day = context.data.get("effective_on")
    if not empty(day) and context.today > parse_date(str(day)):
        yield Refusal("retroactive", {"effective": day})


@registry.guard(
    "raise_within_frame@1", needs=("parent", "parent.parent", "parent.parent.call", "parent.parent.call/children")
)
def raise_within_frame(context: Context, /) -> Refusals:
    """A raised grant fits into what is left of the call's frame, by what its applications were granted."""
    more, call = _raise(context), context.facts.case("parent.parent.call")
    if more <= 0 or call is None or empty(call.data.get("frame")):
        return
    applications = of_workflow(context.facts.cases("parent.parent.call/children"), "application")
    left = money(call.data["frame"]) - sum((granted_amount(a) for a in applications), Decimal(0))
    if more > left:
        params = {"amount": shown(more), "left": shown(left), "frame": shown(money(call.data["frame"]))}
        yield Refusal("frame_exceeded", {"call": call.reference, **params})


def _raise(context: Context) -> Decimal:
    """By how much the request raises the grant."""
    project, new = context.facts.case("parent"), context.data.get("new_granted_amount")
    return money(new) - money(project.data.get("granted_amount")) if project and not empty(new) else Decimal(0)


def _for_the_board(context: Context) -> list[str]:
    """Why the board must decide: the type itself, more money, or an end beyond the call's longest period."""
    kind, project = str(context.data.get("type")), context.facts.case("parent")
    why = [kind] if kind in FOR_THE_BOARD else []
    if _raise(context) > 0:
        why.append("amount")
    if kind == "extension" and project and _beyond(context, project):
        why.append("extension")
    return why


def _beyond(context: Context, project: Case) -> bool:
    call = context.facts.case("parent.parent.call")
    longest = call.data.get("max_project_months") if call else None
    new = context.data.get("new_end_date")
    if empty(longest) or empty(new):
        return False
    latest = add_span(parse_date(str(project.data["start_date"])), parse_span(f"{longest} months"))
    return parse_date(str(new)) > latest
