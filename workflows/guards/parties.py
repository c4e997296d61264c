"""Guards about who takes part in an application: both sides, in activities and in financing, as the call demands.

Cooperation is a condition of the programme: a municipal and a regional operation both take part in activities and
in financing, one of them is named project owner (the programme's page for applicants, 2023).
"""

from decimal import Decimal

from engine.core.errors import Refusal
from engine.core.guard import Context
from engine.core.when import add_span, parse_date, parse_span
from workflows.guards.registry import registry
from workflows.guards.related import linked
from workflows.guards.values import Refusals, empty, money, records, shown, total

SIDES = ("municipal", "regional")
"""The two sides that an application must bring together."""


@registry.guard("owner_admitted@1", needs=("call",))
def owner_admitted(context: Context, /) -> Refusals:
    """The project owner is of a kind that the call admits; a call that says nothing admits both sides."""
    owners = context.after.party("owner")
    if not owners:
        yield Refusal("party_missing", {"role": "owner"}, "skede party {case} add owner=ORG:PERSON")
    call = linked(context, "call")
    admitted = (call.data.get("eligible_kinds") if call else None) or SIDES
    for owner in owners:
        if owner.side not in admitted:
            params = {"organisation": owner.organisation, "kind": owner.side, "admitted": list(admitted)}
            yield Refusal("owner_not_admitted", params)


@registry.guard("both_sides_take_part@1")
def both_sides_take_part(context: Context, /) -> Refusals:
    """A municipal and a regional party each take part in activities and in financing."""
    yield from parties_whole(context)
    shares = records(context.data, "contributions")
    for side in SIDES:
        of_side = [share for share in shares if share.get("side") == side]
        if all(empty(share.get("activities")) for share in of_side):
            yield Refusal("side_without_activities", {"side": side})
        if total(of_side, "financing") <= 0:
            yield Refusal("side_without_financing", {"side": side})


@registry.guard("parties_whole@1")
def parties_whole(context: Context, /) -> Refusals:
    """Owner and partners are parties today, and among them both sides."""
    parties = context.after.party("owner") + context.after.party("partner")
    if not context.after.party("owner"):
        yield Refusal("party_missing", {"role": "owner"}, "skede party {case} add owner=ORG:PERSON")
    for side in SIDES:
        if all(party.side != side for party in parties):
            yield Refusal("side_missing", {"side": side}, "skede party {case} add partner=ORG:PERSON")


@registry.guard("period_within_call@1", needs=("call",))
def period_within_call(context: Context, /) -> Refusals:
    """The project period is no longer than the call allows; silent where either says nothing."""
    call = linked(context, "call")
    longest = call.data.get("max_project_months") if call else None
    start, end = context.data.get("start_date"), context.data.get("end_date")
    if empty(longest) or empty(start) or empty(end):
        return
    latest = add_span(parse_date(str(start)), parse_span(f"{longest} months"))
    if parse_date(str(end)) > latest:
        yield Refusal("period_too_long", {"months": longest, "end": end, "latest": latest.isoformat()})


@registry.guard("cofinancing_kept@1")
def cofinancing_kept(context: Context, /) -> Refusals:
    """The parties finance at least what they promised in the application."""
    promised = money(context.data.get("cofinancing"))
    budget = records(context.data, "budget")
    kept = total(budget, "amount") - total(budget, "grant")
    if kept < promised:
        yield Refusal("cofinancing_cut", {"promised": shown(promised), "kept": shown(kept)})


@registry.fill("promised_cofinancing@1")
def promised_cofinancing(context: Context, /) -> str | None:
    """What the parties' shares of the financing sum to; nothing where no shares are filled in."""
    shares = records(context.data, "contributions")
    promised: Decimal = total(shares, "financing")
    return shown(promised) if shares else None
