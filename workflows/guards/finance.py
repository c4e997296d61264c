"""Guards of requisitions: what may be asked for, approved and paid, and when the money stands still."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from engine.core.errors import Refusal
from engine.core.guard import Context
from engine.core.when import add_span, parse_date, parse_span
from workflows.guards.family import approved_amount, of_kind, of_workflow, siblings
from workflows.guards.registry import registry
from workflows.guards.values import Refusals, empty, money, records, shown, total

COMMITTED = ("approved", "paid")
"""States of a requisition whose money is spoken for."""
WAITED_FOR = ("scheduled", "open", "overdue")
"""States of a report that has not been handed in."""
OUT_OF_HAND = ("cancelled", "closed", "reopened", "archived")
"""States of a project that asks for nothing more."""
ACCOUNTS = ("financial", "final_account")
"""Kinds of report that account for a period's money."""


@registry.guard("project_in_hand@1", needs=("parent",))
def project_in_hand(context: Context, /) -> Refusals:
    """The case belongs to a project that has not ended."""
    project = context.facts.case("parent")
    if project is None or project.workflow != "project":
        yield Refusal("project_missing", {}, f"skede new {context.definition.name} -s project=REF")
    elif project.state in OUT_OF_HAND:
        yield Refusal("project_not_in_hand", {"project": project.reference, "state": project.state})


@registry.guard("no_sibling_in@1", needs=("parent/children",), workflow=str, states=tuple)
def no_sibling_in(context: Context, /, *, workflow: str, states: Sequence[str]) -> Refusals:
    """No other child of the same parent, of the workflow, is in one of the states."""
    for other in siblings(context, workflow):
        if other.state in states:
            params = {"other": other.reference, "state": other.state}
            yield Refusal("sibling_in", params, f"skede next {other.reference}")


@registry.guard("no_report_late@1", needs=("parent/children",), days=int)
def no_report_late(context: Context, /, *, days: int) -> Refusals:
    """No report of the project is more than so many days late."""
    for report in siblings(context, "report"):
        due = report.data.get("due_on")
        if report.state not in WAITED_FOR or empty(due):
            continue
        if context.today > add_span(parse_date(str(due)), parse_span(f"{days} days")):
            params = {"report": report.reference, "due": due, "days": days}
            yield Refusal("report_late", params, f"skede next {report.reference}")


# Attestation


@registry.guard("cuts_explained@1")
def cuts_explained(context: Context, /) -> Refusals:
    """What is approved and what is cut make up what was asked for, and each cut has its reason."""
    asked, approved = money(context.data.get("amount")), money(context.data.get("approved_amount"))
    cuts = records(context.data, "cuts")
    if asked - approved != total(cuts, "amount"):
        params = {"asked": shown(asked), "approved": shown(approved), "cuts": shown(total(cuts, "amount"))}
        yield Refusal("cuts_differ", params, "skede advance {case} rq_approve -s cuts=…")
    for number, cut in enumerate(cuts, 1):
        if empty(cut.get("reason")):
            yield Refusal("cut_without_reason", {"number": number})


@registry.guard("costs_in_period@1", needs=("parent",))
def costs_in_period(context: Context, /) -> Refusals:
    """The costs lie in the period, and the period in the project's; an advance has none yet."""
    project = context.facts.case("parent")
    if context.data.get("kind") == "advance" or project is None:
        return
    first, last = context.data.get("first_cost_on"), context.data.get("last_cost_on")
    if empty(first) or empty(last):
        yield Refusal("costs_undated", {}, "skede amend {case} -s first_cost_on=… -s last_cost_on=…")
        return
    begin = max(str(context.data.get("period_from") or ""), str(project.data["start_date"]))
    end = min(str(context.data["period"]), str(project.data["end_date"]))
    if not begin <= str(first) <= str(last) <= end:
        yield Refusal("costs_outside_period", {"first": first, "last": last, "begin": begin, "end": end})


@registry.guard("ledger_matches@1")
def ledger_matches(context: Context, /) -> Refusals:
    """The ledger extract is filed and sums to the costs; an advance has none yet."""
    if context.data.get("kind") == "advance":
        return
    if context.after.document("ledger_extract") is None:
        yield Refusal("document_missing", {"kind": "ledger_extract"}, "skede attach {case} ledger_extract=FILE")
    costs, ledger = context.data.get("costs"), context.data.get("ledger_total")
    for name, value in (("costs", costs), ("ledger_total", ledger)):
        if empty(value):
            yield Refusal("field_missing", {"field": name}, f"skede amend {{case}} -s {name}=…")
    if not empty(costs) and not empty(ledger) and money(costs) != money(ledger):
        yield Refusal("ledger_differs", {"costs": shown(money(costs)), "ledger": shown(money(ledger))})


@registry.guard("within_grant@1", needs=("parent", "parent/children"))
def within_grant(context: Context, /) -> Refusals:
    """With this, no more is paid and approved than the project was granted."""
    project = context.facts.case("parent")
    granted = money(project.data.get("granted_amount")) if project else Decimal(0)
    before = approved_amount(siblings(context, "requisition"), COMMITTED)
    this = money(context.data.get("approved_amount"))
    if before + this > granted:
        params = {"amount": shown(this), "before": shown(before), "granted": shown(granted)}
        yield Refusal("grant_exceeded", params)


@registry.guard("within_yearly_plan@1", needs=("parent", "parent/children"))
def within_yearly_plan(context: Context, /) -> Refusals:
    """Up to the period's year no more is paid than was planned up to then; a year's unspent money may be used later."""
    project = context.facts.case("parent")
    plan = records(project.data, "amount_per_year") if project else ()
    if not plan or empty(context.data.get("period")):
        return
    year = str(context.data["period"])[:4]
    planned = total((row for row in plan if str(row.get("year")) <= year), "amount")
    earlier = [r for r in siblings(context, "requisition") if str(r.data.get("period", ""))[:4] <= year]
    amount = approved_amount(earlier, COMMITTED) + money(context.data.get("approved_amount"))
    if amount > planned:
        yield Refusal("yearly_plan_exceeded", {"year": year, "amount": shown(amount), "planned": shown(planned)})


@registry.guard("cofinancing_share_kept@1", needs=("parent",))
def cofinancing_share_kept(context: Context, /) -> Refusals:
    """The grant covers no larger share of the costs than of the budget: the parties pay theirs; advances excepted."""
    project = context.facts.case("parent")
    budget = records(project.data, "budget") if project else ()
    whole, share = total(budget, "amount"), total(budget, "grant")
    if context.data.get("kind") == "advance" or whole == 0:
        return
    costs, amount = money(context.data.get("costs")), money(context.data.get("approved_amount"))
    if amount * whole > costs * share:
        most = (costs * share / whole).quantize(Decimal("0.01"), ROUND_DOWN)
        yield Refusal("cofinancing_short", {"amount": shown(amount), "most": shown(most), "costs": shown(costs)})


@registry.guard("period_reported@1", needs=("parent/children",))
def period_reported(context: Context, /) -> Refusals:
    """The account of the period is approved: of a final requisition the final account; an advance needs none.

    The account of a period is the first that ends on its last day or later.
    """
    kind = context.data.get("kind")
    if kind == "advance":
        return
    period = str(context.data.get("period") or "")
    reports = of_kind(siblings(context, "report"), ("final_account",) if kind == "final" else ACCOUNTS)
    covering = [r for r in reports if r.state != "waived" and str(r.data.get("period_end") or "") >= period]
    first = min((str(r.data["period_end"]) for r in covering), default=None)
    ours = [r for r in covering if r.data["period_end"] == first]
    if not ours:
        yield Refusal("period_without_report", {"period": period})
    elif all(report.state != "approved" for report in ours):
        params = {"period": period, "report": ours[0].reference, "state": ours[0].state}
        yield Refusal("period_not_reported", params, f"skede next {ours[0].reference}")


@registry.guard("not_the_officer@1", needs=("parent",))
def not_the_officer(context: Context, /) -> Refusals:
    """Who attests is not the officer of the project or of the requisition."""
    project = context.facts.case("parent")
    officers = {context.case.assignee, project.assignee if project else None} - {None}
    if context.command.actor.user in officers:
        yield Refusal("attestant_is_officer", {"user": context.command.actor.user}, who=("controller",))


# Payment


@registry.guard("no_payment_hold@1", needs=("parent",))
def no_payment_hold(context: Context, /) -> Refusals:
    """The project's payments are not held."""
    project = context.facts.case("parent")
    if project is not None and project.data.get("payments_held") is True:
        fix = f"skede advance {project.reference} release_payments -s reason=…"
        yield Refusal("payments_held", {"project": project.reference}, fix, who=("head", "controller"))


@registry.guard("no_stay@1", needs=("parent/children", "parent.parent/children"))
def no_stay(context: Context, /) -> Refusals:
    """No court has stayed a decision of the application or of the project."""
    around = (*context.facts.cases("parent.parent/children"), *context.facts.cases("parent/children"))
    for decision in of_workflow(around, "decision"):
        if decision.state == "appealed" and decision.data.get("stayed") is True:
            yield Refusal("stay_in_force", {"decision": decision.reference}, f"skede show {decision.reference}")


@registry.guard("decision_in_force@1", needs=("settings", "parent.parent/children"))
def decision_in_force(context: Context, /) -> Refusals:
    """Where the office pays only on decisions in force, the application has one, and none is still waiting."""
    if not context.facts.setting("pay_requires_force", False):
        return
    decisions = of_workflow(context.facts.cases("parent.parent/children"), "decision")
    standing = [d for d in decisions if d.state not in ("superseded", "annulled")]
    if not standing:
        yield Refusal("no_decision_in_force", {})
    for decision in standing:
        if decision.state not in ("in_force", "archived"):
            params = {"decision": decision.reference, "state": decision.state}
            yield Refusal("decision_not_in_force", params, f"skede next {decision.reference}")
