"""Guards and fills of the application: its arrival, its way to preparation, and its return to rest."""

import re

from engine.core.errors import Refusal
from engine.core.guard import Context
from engine.core.when import add_span, parse_span
from workflows.guards.common import signatures_valid
from workflows.guards.dates import deadline_passed
from workflows.guards.registry import registry
from workflows.guards.related import linked
from workflows.guards.values import Refusals, empty, fired, last, moment

PAPERS = ("application", "logic_model", "needs_analysis")
"""Documents without which an application is incomplete (form of 2018, steps of 2019)."""
REVIVAL = "3 months"
"""How long a decision that lapsed for want of a signature can be revived."""
_NUMBER = re.compile(r"[A-ZÅÄÖ][A-Za-zÅÄÖåäö]{1,7} [0-9][0-9/ -]*[0-9]")
"""Registry numbers, newer and older: `RUN 2021-00577`, `RUN 612-0195-14`, `RS 2022/1275`."""


@registry.guard("endorsed_if_two_stages@1", needs=("call",))
def endorsed_if_two_stages(context: Context, /) -> Refusals:
    """In a call of two stages a draft begins with an endorsed idea only."""
    call = linked(context, "call")
    if call and call.data.get("two_stage") and context.case.state != "idea_endorsed":
        yield Refusal(
            "idea_not_endorsed",
            {"call": call.reference},
            "skede advance {case} endorse_idea -s reason=…",
            who=("head",),
        )


@registry.guard("discarded_in_time@1", needs=("call",))
def discarded_in_time(context: Context, /) -> Refusals:
    """The clock discards a draft once its deadline has passed, a call when it is cancelled; people may at any time."""
    call = linked(context, "call")
    if fired(context) and not (call and call.state == "cancelled"):
        yield from deadline_passed(context, deadline="draft_close")


@registry.guard("number_by_setting@1", needs=("number:{field}", "settings"), field=str)
def number_by_setting(context: Context, /, *, field: str) -> Refusals:
    """A new number of our own is the next of the series; one from the region's registry looks like one."""
    number = context.data.get(field)
    if empty(number) or number == context.case.data.get(field):
        return
    if context.facts.setting("dnr", "own") == "own":
        following = context.facts.text(f"number:{field}")
        if number != following:
            yield Refusal("number_not_next", {"number": number, "next": following})
    elif not _NUMBER.fullmatch(str(number)):
        yield Refusal("number_malformed", {"number": number})


@registry.guard("not_late@1")
def not_late(context: Context, /) -> Refusals:
    """The application came in time."""
    if context.data.get("late"):
        fix = "skede advance {case} hear_applicant -s ground=late"
        yield Refusal("application_late", {"arrived": context.data.get("arrived_at")}, fix)


@registry.guard("heard_if_late@1")
def heard_if_late(context: Context, /) -> Refusals:
    """Who is dismissed for lateness has been heard: asked, and either answered or had the time given (FL 25 §)."""
    if context.data.get("ground") != "late":
        return
    asked = last(context, "hear_applicant")
    if not asked:
        yield Refusal("not_heard", {}, "skede advance {case} hear_applicant -s ground=late", who=("officer",))
        return
    hearing, answer = context.case.deadline("hearing"), context.after.document("answer")
    if hearing and context.at < hearing.due_at and (answer is None or answer.n <= asked):
        yield Refusal("hearing_open", {"due": hearing.due_on.isoformat()}, "skede attach {case} answer=FILE")


@registry.guard("reviews_complete@1", count=int)
def reviews_complete(context: Context, /, *, count: int) -> Refusals:
    """So many reviewers without conflict of interest have scored every criterion of the form."""
    form = context.definition.review
    criteria = set(form.criteria) if form else set()
    free = [review for review in context.case.reviews if review.person not in context.case.recused]
    whole = [review for review in free if criteria <= set(review.scores)]
    for review in free:
        if missing := sorted(criteria - set(review.scores)):
            yield Refusal(
                "review_has_gaps", {"person": review.person, "missing": missing}, "skede review {case} --edit"
            )
    if len(whole) < count:
        yield Refusal("reviews_too_few", {"have": len(whole), "need": count}, "skede review {case} --edit")


@registry.guard("condition_exists@1")
def condition_exists(context: Context, /) -> Refusals:
    """The number is that of a condition whose deadline is open."""
    number = context.data.get("condition_no")
    open_ones = [d.item for d in context.case.deadlines if d.name == "condition"]
    if number not in open_ones:
        yield Refusal("condition_not_open", {"number": number, "open": open_ones})


@registry.guard("evidence_for_each@1")
def evidence_for_each(context: Context, /) -> Refusals:
    """As much evidence has been filed since the grant as there are conditions."""
    since = last(context, "grant_conditionally")
    filed = sum(d.kind == "evidence" and not d.draft and d.n > since for d in context.after.documents)
    wanted = len(context.data.get("conditions") or ())
    if filed < wanted:
        yield Refusal("evidence_missing", {"filed": filed, "conditions": wanted}, "skede attach {case} evidence=FILE")


@registry.guard("lapsed_unsigned@1")
def lapsed_unsigned(context: Context, /) -> Refusals:
    """The decision lapsed for want of a signature, and that is no more than three months ago."""
    lapsed = context.case.events.get("agreement_lapsed")
    if lapsed is None or lapsed.n < last(context, "conditions_failed"):
        yield Refusal("not_lapsed_unsigned", {})
        return
    latest = add_span(context.case.entered_at.date(), parse_span(REVIVAL))
    if context.today > latest:
        yield Refusal("lapsed_too_long", {"latest": latest.isoformat()})


@registry.fill("arrived_late@1", needs=("call",))
def arrived_late(context: Context, /) -> bool | None:
    """Whether it arrived after the closing instant of the call; on the instant is in time."""
    call = linked(context, "call")
    arrived, closed = moment(context.data.get("arrived_at")), moment(call.data.get("closes_at")) if call else None
    return None if arrived is None or closed is None else bool(arrived > closed)


@registry.fill("signatures_missing@1")
def signatures_missing(context: Context, /) -> bool:
    """Whether a signature that the application needs is missing."""
    return next(iter(signatures_valid(context, kind="application")), None) is not None


@registry.fill("papers_missing@1")
def papers_missing(context: Context, /) -> bool:
    """Whether a paper, or the amount applied for, is missing."""
    return empty(context.data.get("applied_amount")) or any(context.after.document(kind) is None for kind in PAPERS)


@registry.fill("call_body@1", needs=("call", "settings"))
def call_body(context: Context, /) -> str | None:
    """The board of the call, whose letters begin the registry number; without a call the office's own."""
    call = linked(context, "call")
    body: str | None = call.data.get("body") if call else context.facts.setting("body")
    return body


@registry.fill("next_number@1", needs=("number:dnr", "settings"))
def next_number(context: Context, /) -> str | None:
    """The next registry number where the office numbers its cases itself; else somebody brings it."""
    own = context.facts.setting("dnr", "own") == "own"
    return context.facts.text("number:dnr") if own else None


@registry.fill("stale_reason@1")
def stale_reason(context: Context, /) -> str | None:
    """Why the clock writes an idea off; people say it in their own words."""
    return "Idén har inte förts vidare inom sex månader." if fired(context) else None
