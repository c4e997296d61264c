"""Guards and fills of reclaims: hearing the party, payments that come in, and the ways out."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from engine.core.errors import Refusal
from engine.core.guard import Context
from workflows.guards.dates import deadline_passed
from workflows.guards.family import children, of_workflow, paid, paid_back
from workflows.guards.registry import registry
from workflows.guards.values import Refusals, empty, money, records, shown, total

AFTER_DEMAND = ("demanded", "instalments", "enforced")
"""States in which a demand has gone out."""


@registry.guard("answered_or_passed@1")
def answered_or_passed(context: Context, /) -> Refusals:
    """The party has answered since it was asked, or its time to answer has passed (FL 2017:900, 25 §)."""
    answer = context.after.document("answer")
    if answer is None or answer.n <= context.case.entered_n:
        yield from deadline_passed(context, deadline="rc_answer")


@registry.guard("drop_allowed@1", needs=("children",))
def drop_allowed(context: Context, /) -> Refusals:
    """After a demand it is dropped only where its decision is annulled or superseded."""
    undone = any(decision.state in ("annulled", "superseded") for decision in children(context, "decision"))
    if context.case.state in AFTER_DEMAND and not undone:
        yield Refusal(
            "demand_stands",
            {"state": context.case.state},
            "skede advance {case} rc_waive -s paragraph=… -s reasons=…",
            who=("secretary",),
        )


@registry.guard("instalment_fits@1")
def instalment_fits(context: Context, /) -> Refusals:
    """The instalment is an open one and paid in full; the payment that settles the claim is `rc_repaid`."""
    number, plan = int(context.data.get("instalment_no") or 0), records(context.data, "instalment_plan")
    open_ones = [d.item for d in context.case.deadlines if d.name == "rc_instalment"]
    came = money(context.data.get("paid_amount"))
    if number not in open_ones or number > len(plan):
        yield Refusal("instalment_not_open", {"number": number, "open": open_ones})
        return
    if _paid_back(context.data) >= money(context.data.get("amount")):
        fix = f"skede advance {{case}} rc_repaid -s paid_amount={shown(came)} -s payment_reference=…"
        yield Refusal("settles_the_claim", {"amount": shown(money(context.data.get("amount")))}, fix)
    elif came < money(plan[number - 1].get("amount")):
        params = {"number": number, "paid": shown(came), "wanted": shown(money(plan[number - 1].get("amount")))}
        yield Refusal("instalment_short", params)


@registry.guard("within_granted@1", needs=("parent",))
def within_granted(context: Context, /) -> Refusals:
    """An investigation may precede the accounts, but never claims more than the grant; silent if that is unknown."""
    project = context.facts.case("parent")
    granted = project.data.get("granted_amount") if project else None
    claim = money(context.data.get("amount"))
    if project is not None and not empty(granted) and claim > money(granted):
        params = {"amount": shown(claim), "granted": shown(money(granted)), "project": project.reference}
        yield Refusal("claim_above_grant", params)


@registry.guard("within_paid@1", needs=("parent", "parent/children"))
def within_paid(context: Context, /) -> Refusals:
    """No more is claimed back than has been paid out and not come back on another reclaim.

    What was paid before the case came here, or interest by agreement, a head vouches for by waiving this.
    """
    project = context.facts.case("parent")
    family = context.facts.cases("parent/children")
    if project is None:
        return
    others = (c for c in of_workflow(family, "reclaim") if c.reference != context.case.reference)
    left = paid(family) - sum((paid_back(other) for other in others), Decimal(0))
    claim = money(context.data.get("amount"))
    if claim > left:
        params = {"amount": shown(claim), "left": shown(left), "project": project.reference}
        yield Refusal("claim_above_paid", params, f"skede list requisition --parent {project.reference}")


@registry.guard("repaid_in_full@1")
def repaid_in_full(context: Context, /) -> Refusals:
    """What has come in, with this payment, is the claim or more."""
    back, claim = _paid_back(context.data), money(context.data.get("amount"))
    if back < claim:
        fix = "skede advance {case} rc_repaid -s paid_amount=… -s payment_reference=…"
        yield Refusal("not_repaid", {"repaid": shown(back), "amount": shown(claim)}, fix)


@registry.guard("enforceable@1", needs=("parent", "parent/children"), after=str)
def enforceable(context: Context, /, *, after: str) -> Refusals:
    """The payment is so late, or it is set off against granted money that has not been paid out."""
    if context.data.get("set_off") is True:
        project = context.facts.case("parent")
        granted = money(project.data.get("granted_amount")) if project else Decimal(0)
        if granted <= paid(of_workflow(context.facts.cases("parent/children"), "requisition")):
            yield Refusal("nothing_to_set_off", {"granted": shown(granted)})
        return
    deadline = "rc_instalment" if context.case.state == "instalments" else "rc_pay"
    yield from deadline_passed(context, deadline=deadline, after=after)


@registry.fill("payment_added@1")
def payment_added(context: Context, /) -> list[dict[str, Any]] | None:
    """The payments with the one that the command brings; None where it brings none."""
    came = context.command.set.get("paid_amount")
    if empty(came):
        return None
    row = {
        "on": context.today.isoformat(),
        "amount": shown(money(context.data["paid_amount"])),
        "reference": context.data.get("payment_reference"),
    }
    before: Sequence[Any] = records(context.case.data, "payments")
    return [*before, row]


@registry.fill("refund_due@1")
def refund_due(context: Context, /) -> str | None:
    """What goes back to the party when a claim is dropped: all that it has paid."""
    back = _paid_back(context.case.data)
    return shown(back) if back > 0 else None


def _paid_back(data: Mapping[str, Any]) -> Decimal:
    return total(records(data, "payments"), "amount")
