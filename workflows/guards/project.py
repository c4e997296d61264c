"""Guards and fills of the project: its start, its changes, its ends, its adoption and its audit."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from engine.core.case import Case, Party
from engine.core.errors import Refusal
from engine.core.guard import Context
from engine.core.when import add_span, parse_date, parse_span
from workflows.guards.family import STANDING, children, of_kind, paid, paid_back
from workflows.guards.registry import registry
from workflows.guards.report import gaps
from workflows.guards.values import Refusals, empty, fired, money, shown

FINAL_KINDS = ("final", "final_account")
"""The two reports that end the project period."""
SETTLED = ("repaid", "dropped", "waived")
"""States of a reclaim that is over."""
RETURNING = ("unspent", "ended_early", "voluntary_return")
"""Grounds of a reclaim by which money that was not spent comes back."""


@registry.guard("parties_given@1")
def parties_given(context: Context, /) -> Refusals:
    """Owner and partner are parties from the beginning: the agreement is theirs."""
    for role in ("owner", "partner"):
        if not context.after.party(role):
            yield Refusal("party_missing", {"role": role}, "skede party {case} add " + role + "=ORG:PERSON")


@registry.guard("old_case_if_by_hand@1", field=str)
def old_case_if_by_hand(context: Context, /, *, field: str) -> Refusals:
    """A person opens it for a project from before this system only: new ones come of a signed agreement."""
    imported = getattr(context.command, "imported", False)
    start = context.data.get(field)
    if not fired(context) and not imported and not empty(start) and parse_date(str(start)) >= context.today:
        yield Refusal("old_cases_only", {"start": start})


@registry.guard("leader_named@1")
def leader_named(context: Context, /) -> Refusals:
    """The owner has named a project leader."""
    if not any(owner.people.get("leader") for owner in context.after.party("owner")):
        fix = "skede party {case} add owner=ORG:PERSON:leader"
        yield Refusal("leader_missing", {}, fix, who=("applicant", "officer"))


@registry.guard("happened@1", events=tuple)
def happened(context: Context, /, *, events: Sequence[str]) -> Refusals:
    """One of the events has happened to the case."""
    if not any(event in context.case.events for event in events):
        yield Refusal("not_happened_yet", {"events": list(events)})


@registry.guard("not_happened@1", events=tuple)
def not_happened(context: Context, /, *, events: Sequence[str]) -> Refusals:
    """None of the events has happened to the case."""
    for event in events:
        if event in context.case.events:
            yield Refusal("happened_already", {"event": event})


@registry.guard("marked@1", field=str)
def marked(context: Context, /, *, field: str) -> Refusals:
    """The flag is set."""
    if context.data.get(field) is not True:
        yield Refusal("not_marked", {"field": field})


@registry.guard("not_marked@1", field=str)
def not_marked(context: Context, /, *, field: str) -> Refusals:
    """The flag is not set."""
    if context.data.get(field) is True:
        yield Refusal("marked", {"field": field})


@registry.guard("start_report_holds@1", needs=("children",))
def start_report_holds(context: Context, /) -> Refusals:
    """The approved start report holds plan, steering group of both sides, ledger code, baseline, information plan."""
    yield from _approved_report_whole(context, "start")


@registry.guard("evaluation_holds@1", needs=("children",))
def evaluation_holds(context: Context, /) -> Refusals:
    """The approved evaluation tells of social and economic effects, child rights, and what it compares with."""
    yield from _approved_report_whole(context, "evaluation")


# Changes


@registry.guard("end_within_call@1", needs=("parent.call", "children"))
def end_within_call(context: Context, /) -> Refusals:
    """The new end keeps to the call's longest period, unless the board itself decided otherwise."""
    call = context.facts.case("parent.call")
    longest = call.data.get("max_project_months") if call else None
    start, end = context.data.get("start_date"), context.data.get("end_date")
    if empty(longest) or empty(start) or empty(end):
        return
    latest = add_span(parse_date(str(start)), parse_span(f"{longest} months"))
    if parse_date(str(end)) > latest and not any(_by_the_board(request) for request in _extensions(context)):
        params = {"end": end, "latest": latest.isoformat(), "months": longest}
        yield Refusal("end_beyond_call", params, who=("secretary",))


@registry.guard("extension_agreed@1", needs=("children",))
def extension_agreed(context: Context, /) -> Refusals:
    """The end is the one that an approved extension asks for, signed by every party that must sign."""
    requests = _extensions(context)
    if not requests:
        params = {"end": context.data.get("end_date")}
        yield Refusal(
            "extension_not_approved", params, "skede new change_request --title … -s project={case} -s type=extension"
        )
        return
    request = requests[-1]
    signed = {s.party for s in request.signatures if s.state == "valid" and s.kind == "change"}
    organisations = {party.organisation for party in request.parties if party.id in signed}
    for party in _signing(context):
        if party.organisation not in organisations:
            params = {"request": request.reference, "organisation": party.organisation}
            yield Refusal("extension_unsigned", params)


@registry.guard("version_has_change@1", needs=("children",))
def version_has_change(context: Context, /) -> Refusals:
    """Every version of the plan after the first rests on an approved change of its own."""
    changes = [c for c in children(context, "change_request") if c.state == "approved" and c.data["type"] != "contact"]
    version = int(context.data.get("plan_version") or 1)
    if version - 1 > len(changes):
        fix = "skede new change_request --title … -s project={case}"
        yield Refusal("change_not_approved", {"version": version, "changes": len(changes)}, fix)


@registry.fill("next_plan_version@1")
def next_plan_version(context: Context, /) -> int:
    """The number of the plan as it becomes by the event."""
    return int(context.case.data.get("plan_version") or 0) + 1


# Reports as conditions


@registry.guard("no_report_in@1", needs=("children",), kinds=tuple, states=tuple)
def no_report_in(context: Context, /, *, kinds: Sequence[str], states: Sequence[str]) -> Refusals:
    """No report of the kinds is in one of the states."""
    for report in of_kind(children(context, "report"), kinds):
        if report.state in states:
            params = {"report": report.reference, "kind": report.data["kind"], "state": report.state}
            yield Refusal("report_in", params, f"skede next {report.reference}")


@registry.guard("reports_settled@1", needs=("children",), kinds=tuple)
def reports_settled(context: Context, /, *, kinds: Sequence[str]) -> Refusals:
    """There is a report of each kind, and every one is approved or waived."""
    reports = children(context, "report")
    for kind in kinds:
        found = of_kind(reports, (kind,))
        if not found:
            yield Refusal("report_missing", {"kind": kind})
        for report in found:
            if report.state not in ("approved", "waived"):
                params = {"report": report.reference, "kind": kind, "state": report.state}
                yield Refusal("report_not_settled", params, f"skede next {report.reference}")


@registry.guard("final_refused_or_absent@1", needs=("children",))
def final_refused_or_absent(context: Context, /) -> Refusals:
    """One of the final reports was refused or never came; what is handed in is judged first."""
    handed_in = ("submitted", "completion", "approved")
    reports = children(context, "report")
    if all(any(r.state in handed_in for r in of_kind(reports, (kind,))) for kind in FINAL_KINDS):
        yield Refusal("final_reports_handed_in", {}, "skede advance {case} approve_final")


# Pause and early end


@registry.guard("suspension_ground_holds@1", needs=("children",), days=int)
def suspension_ground_holds(context: Context, /, *, days: int) -> Refusals:
    """Who suspends for a late report has one that is so many days late; other grounds are the head's to judge."""
    if context.data.get("ground") != "report_late":
        return
    late = [r for r in children(context, "report") if r.state == "overdue" and _days_late(context, r) > days]
    if not late:
        yield Refusal("no_report_so_late", {"days": days})


@registry.guard("ground_removed@1", needs=("children", "siblings"))
def ground_removed(context: Context, /) -> Refusals:
    """A project suspended on a court's order is not resumed while the order stands."""
    if context.case.data.get("ground") != "court":
        return
    for decision in (*context.facts.cases("siblings"), *context.facts.cases("children")):
        if decision.workflow == "decision" and decision.data.get("stayed") is True:
            yield Refusal("stay_in_force", {"decision": decision.reference}, f"skede show {decision.reference}")


@registry.guard("ends_earlier@1")
def ends_earlier(context: Context, /) -> Refusals:
    """An early end lies within the project period."""
    start, new, old = context.data.get("start_date"), context.data.get("end_date"), context.case.data.get("end_date")
    if empty(start) or empty(new) or empty(old):
        return  # the fields that the event needs say so already
    if not str(start) <= str(new) <= str(old):
        yield Refusal("end_not_earlier", {"end": new, "first": start, "last": old})


@registry.guard("reclaim_considered@1", needs=("children",))
def reclaim_considered(context: Context, /) -> Refusals:
    """It is stated that a reclaim was weighed, or one is there."""
    if not children(context, "reclaim") and context.command.set.get("reclaim_considered") in (None, "", False):
        fix = "skede advance {case} terminate … -s reclaim_considered=true"
        yield Refusal("reclaim_not_considered", {}, fix)


@registry.guard("nothing_paid_or_reclaim@1", needs=("children",))
def nothing_paid_or_reclaim(context: Context, /) -> Refusals:
    """No money has gone out, or an open reclaim asks for it."""
    amount = paid(context.facts.cases("children"))
    if amount > 0 and all(reclaim.state in SETTLED for reclaim in children(context, "reclaim")):
        yield Refusal("paid_without_reclaim", {"paid": shown(amount)}, "skede new reclaim --title … -s project={case}")


@registry.guard("reclaim_settled@1", needs=("children",))
def reclaim_settled(context: Context, /) -> Refusals:
    """Where money has gone out without an account of it there was a reclaim, and every reclaim is over."""
    reclaims = children(context, "reclaim")
    for reclaim in reclaims:
        if reclaim.state not in SETTLED:
            yield Refusal("reclaim_open", {"reclaim": reclaim.reference}, f"skede next {reclaim.reference}")
    amount = paid(context.facts.cases("children"))
    if amount > 0 and not reclaims:
        yield Refusal("paid_without_reclaim", {"paid": shown(amount)}, "skede new reclaim --title … -s project={case}")


@registry.guard("unspent_returned@1", needs=("children",))
def unspent_returned(context: Context, /) -> Refusals:
    """What was paid and, by the final account, not spent has come back."""
    accounts = [r for r in of_kind(children(context, "report"), ("final_account",)) if r.state == "approved"]
    if not accounts:
        return  # the children that the event needs say so already
    out, spent = paid(context.facts.cases("children")), money(accounts[-1].data.get("spent"))
    returning = [r for r in children(context, "reclaim") if r.data.get("ground") in RETURNING]
    back = sum((paid_back(r) for r in returning), Decimal(0))
    let_off = sum((money(r.data.get("amount")) - paid_back(r) for r in returning if r.state == "waived"), Decimal(0))
    missing = out - spent - back - let_off
    if missing > 0:
        params = {"paid": shown(out), "spent": shown(spent), "returned": shown(back), "missing": shown(missing)}
        yield Refusal("unspent_not_returned", params, "skede new reclaim --title … -s project={case} -s ground=unspent")


# The end


@registry.guard("within_years@1", years=int)
def within_years(context: Context, /, *, years: int) -> Refusals:
    """The case came to its state no more than so many years ago: the papers are still kept."""
    last = add_span(context.case.entered_at.date(), parse_span(f"{years} years"))
    if context.today > last:
        yield Refusal("retention_over", {"years": years, "last": last.isoformat()})


@registry.guard("nothing_open@1", needs=("children",))
def nothing_open(context: Context, /) -> Refusals:
    """No child is open; a decision in force is not, it is archived with the case."""
    for child in context.facts.cases("children"):
        if child.closed_at is None and not (child.workflow == "decision" and child.state in STANDING):
            params = {"child": child.reference, "state": child.state}
            yield Refusal("child_open", params, f"skede next {child.reference}")


def _approved_report_whole(context: Context, kind: str) -> Iterator[Refusal]:
    for report in of_kind(children(context, "report"), (kind,)):
        if report.state == "approved" and (missing := gaps(report.data)):
            yield Refusal("report_incomplete", {"report": report.reference, "missing": missing})


def _extensions(context: Context) -> list[Case]:
    """The approved extensions that ask for the end that the project is given."""
    return [
        c for c in children(context, "change_request")
        if c.state == "approved" and c.data["type"] == "extension"
        and c.data.get("new_end_date") == context.data.get("end_date")
    ]  # fmt: skip


def _by_the_board(request: Case) -> bool:
    approved = request.events.get("cr_approve")
    return approved is not None and approved.role == "secretary"


def _signing(context: Context) -> tuple[Party, ...]:
    """The parties that must sign: owner and partners."""
    parties = context.case.party("owner") + context.case.party("partner")
    return tuple(party for party in parties if party.required)


def _days_late(context: Context, report: Case) -> int:
    return (context.today - date.fromisoformat(report.data["due_on"])).days
