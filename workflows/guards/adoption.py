"""Guards and fills about what becomes of the method: who adopts it, whether it lives, and for how long."""

from engine.core.case import Party
from engine.core.errors import Refusal
from engine.core.guard import Context
from engine.core.when import add_span, parse_date, parse_span
from workflows.guards.family import children, of_kind
from workflows.guards.registry import registry
from workflows.guards.values import Refusals, empty, records

FOLLOW_UP_AFTER = "12 months"
"""How long after adoption the first follow-up comes."""


@registry.guard("within_months@1", field=str, months=int)
def within_months(context: Context, /, *, field: str, months: int) -> Refusals:
    """The day lies ahead, and no further than so many months; silent where it is empty."""
    day = context.data.get(field)
    last = add_span(context.today, parse_span(f"{months} months"))
    if not empty(day) and not context.today <= parse_date(str(day)) <= last:
        params = {"field": field, "day": day, "first": context.today.isoformat(), "last": last.isoformat()}
        yield Refusal("day_out_of_reach", params)


@registry.guard("own_decision_filed@1")
def own_decision_filed(context: Context, /) -> Refusals:
    """Each party that answers files its own decision: as many as there are answers with this one."""
    answers = sum(approval.event == context.transition.event for approval in context.case.approvals) + 1
    yield from _decisions(context, answers)


@registry.guard("decision_of_each_party@1")
def decision_of_each_party(context: Context, /) -> Refusals:
    """A mixed outcome rests on the decision of each party that must answer."""
    yield from _decisions(context, len(_answering(context)))


@registry.guard("decision_of_each_adopter@1")
def decision_of_each_adopter(context: Context, /) -> Refusals:
    """A late yes rests on the decision of each party that says it."""
    yield from _decisions(context, len(records(context.data, "adopters")))


@registry.guard("adopters_are_parties@1")
def adopters_are_parties(context: Context, /) -> Refusals:
    """At least one party adopts, and nobody but parties."""
    adopters = records(context.data, "adopters")
    if not adopters:
        fix = f"skede advance {{case}} {context.transition.event} -s adopters=…"
        yield Refusal("no_adopter", {}, fix)
    parties = {party.organisation for party in context.case.parties if party.until is None}
    for number, adopter in enumerate(adopters, 1):
        if adopter.get("organisation") not in parties:
            params = {"number": number, "organisation": adopter.get("organisation")}
            yield Refusal("adopter_not_party", params)


@registry.guard("still_in_operation@1", needs=("children",))
def still_in_operation(context: Context, /) -> Refusals:
    """By the latest approved follow-up the method is in operation, wholly or partly."""
    reports = [r for r in of_kind(children(context, "report"), ("follow_up",)) if r.state == "approved"]
    if not reports:
        return  # the children that the event needs say so already
    latest = max(reports, key=lambda report: str(report.data.get("due_on")))
    if latest.data.get("in_operation") not in ("wholly", "partly"):
        params = {"report": latest.reference}
        yield Refusal("not_in_operation", params, "skede advance {case} discontinued -s reason_code=…")


@registry.fill("twelve_months_on@1")
def twelve_months_on(context: Context, /) -> str:
    """The day twelve months after the event."""
    return add_span(context.today, parse_span(FOLLOW_UP_AFTER)).isoformat()


@registry.fill("every_party@1")
def every_party(context: Context, /) -> list[dict[str, str]]:
    """All parties that must answer, as adopters: `adopt` moves only when each has said yes."""
    return [{"organisation": party.organisation} for party in _answering(context)]


def _answering(context: Context) -> tuple[Party, ...]:
    parties = context.case.party("owner") + context.case.party("partner")
    return tuple(party for party in parties if party.required)


def _decisions(context: Context, wanted: int) -> Refusals:
    filed = sum(
        document.kind == "decision" and not document.draft and document.n > context.case.entered_n
        for document in context.after.documents
    )
    if filed < wanted:
        params = {"filed": filed, "wanted": wanted}
        yield Refusal("party_decisions_missing", params, "skede attach {case} decision=FILE")
