"""Guards about a call's money and its decisions: what has been granted, what is reserved, what is left."""

from decimal import Decimal

from engine.core.case import Case
from engine.core.errors import Refusal
from engine.core.guard import Context
from workflows.guards.registry import registry
from workflows.guards.related import linked
from workflows.guards.values import Refusals, empty, money, shown

GRANTS = ("grant", "grant_conditionally", "grant_delegated")
REJECTIONS = ("reject", "reject_delegated")
UNDONE = ("annul", "agreement_lapsed", "conditions_failed", "dismiss", "withdraw", *REJECTIONS)
"""Events after which what was granted no longer stands."""
HOLDING = ("granted", "granted_cond", "agreement", "project_started")
"""States in which a grant stands."""
AFTERWARDS = ("closed", "archived")
"""States in which the events tell whether a grant stands."""
UNDECIDED = ("registered", "preparation", "proposal", "agenda")
OVER = ("cancelled", "decided", "concluded")
"""States of a call from which it never opens again."""
RESERVED = ("tabled", "referred_back")
"""States that leave the decision to a later meeting, with the proposed amount set aside."""


def stands(application: Case) -> bool:
    """Whether money is granted to an application and not freed again."""
    if application.state in HOLDING:
        return True
    if application.state not in AFTERWARDS:
        return False
    granted, undone, revived = (_last(application, names) for names in (GRANTS, UNDONE, ("revive",)))
    if not granted and not undone:
        return not empty(application.data.get("granted_amount"))  # brought in from elsewhere, without its events
    return granted > undone or revived > undone


def granted_amount(application: Case) -> Decimal:
    """What is granted to an application now."""
    return money(application.data.get("granted_amount")) if stands(application) else Decimal(0)


def decided(application: Case) -> bool:
    """Whether the application has been decided, and the decision not been annulled."""
    return _last(application, (*GRANTS, *REJECTIONS)) > _last(application, ("annul",))


def waiting_in(application: Case) -> str:
    """The state that counts: for one that is being completed, the one it returns to."""
    return application.back[-1] if application.state == "completion" and application.back else application.state


@registry.guard("within_frame@1", needs=("call", "call/children"), field=str)
def within_frame(context: Context, /, *, field: str) -> Refusals:
    """The amount fits into what is left of the call's frame."""
    call = linked(context, "call")
    frame = call.data.get("frame") if call else None
    if call is None or empty(frame):
        yield Refusal("frame_missing", {"call": call.reference if call else None})
        return
    others = (c for c in context.facts.cases("call/children") if _is_other_application(c, context.case))
    left = money(frame) - sum((granted_amount(other) for other in others), Decimal(0))
    amount = money(context.data.get(field))
    if amount > left:
        params = {"call": call.reference, "amount": shown(amount), "left": shown(left), "frame": shown(money(frame))}
        yield Refusal("frame_exceeded", params, f"skede status --call {call.reference}")


@registry.guard("call_not_over@1", needs=("call",))
def call_not_over(context: Context, /) -> Refusals:
    """An idea names no call that will never again be open: one that is cancelled, decided or concluded.

    Without a call it waits for one. A closed call may be opened again, and what arrives under it is recorded anyhow.
    """
    call = linked(context, "call")
    named = not empty(context.command.set.get("call"))
    if call is not None and named and call.state in OVER:
        yield Refusal("call_over", {"call": call.reference, "state": call.state}, "skede list call --state open")


@registry.guard("no_application_decided@1", needs=("children",))
def no_application_decided(context: Context, /) -> Refusals:
    """No application of the call has been decided."""
    for child in context.facts.cases("children"):
        if child.workflow == "application" and (decided(child) or child.state in HOLDING):
            yield Refusal("application_decided", {"child": child.reference, "state": child.state})


@registry.guard("applications_decided@1", needs=("children",))
def applications_decided(context: Context, /) -> Refusals:
    """Every registered application is decided, or tabled or referred back with its money reserved."""
    for child in context.facts.cases("children"):
        if child.workflow != "application":
            continue
        state = waiting_in(child)
        if state in UNDECIDED:
            yield Refusal(
                "application_undecided",
                {"child": child.reference, "state": child.state},
                f"skede next {child.reference}",
            )
        elif state in RESERVED and empty(child.data.get("proposed_amount")):
            yield Refusal(
                "nothing_reserved", {"child": child.reference}, f"skede amend {child.reference} -s proposed_amount=…"
            )


@registry.guard("allocation_within_frame@1", needs=("children",))
def allocation_within_frame(context: Context, /) -> Refusals:
    """What is granted and what is reserved fit into the frame."""
    frame = context.data.get("frame")
    if empty(frame):
        yield Refusal("frame_missing", {"call": context.case.reference})
        return
    applications = [c for c in context.facts.cases("children") if c.workflow == "application"]
    granted = sum((granted_amount(child) for child in applications), Decimal(0))
    reserved = sum(
        (money(child.data.get("proposed_amount")) for child in applications if waiting_in(child) in RESERVED),
        Decimal(0),
    )
    if granted + reserved > money(frame):
        params = {"granted": shown(granted), "reserved": shown(reserved), "frame": shown(money(frame))}
        yield Refusal("allocation_above_frame", params)


def _is_other_application(child: Case, case: Case) -> bool:
    return child.workflow == "application" and child.reference != case.reference


def _last(case: Case, events: tuple[str, ...]) -> int:
    return max((case.events[event].n for event in events if event in case.events), default=0)
