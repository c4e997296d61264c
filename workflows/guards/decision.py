"""Guards and fills of decisions: who decided what, when the board hears of it, and the court's part."""

from datetime import date

from engine.core.errors import Refusal
from engine.core.guard import Context
from engine.core.when import add_span, parse_span
from workflows.guards.meeting import acting_person, officer_of
from workflows.guards.registry import registry
from workflows.guards.values import Refusals, empty, has_come, moment

WITHOUT_MEETING = "3 months"
"""How long a delegated decision may wait to be reported where no meeting of the board is planned."""
GRANTED = {
    "application": ("granted_cond", "granted", "agreement", "project_started"),
    "change_request": ("approved",),
}
"""Workflow -> states in which what was asked for has been given."""


@registry.guard("decision_recorded@1")
def decision_recorded(context: Context, /) -> Refusals:
    """The act says by what decision: of the board its meeting and paragraph, under delegation its number.

    What is left from an earlier decision of the case is not taken for this one.
    """
    names = ("meeting", "paragraph") if context.role == "secretary" else ("delegation_no",)
    for name in names:
        filled = name in context.transition.fills and not empty(context.data.get(name))
        if empty(context.command.set.get(name)) and not filled:
            fix = f"skede advance {{case}} {context.transition.event} -s {name}=…"
            yield Refusal("field_must_be_brought", {"field": name}, fix)


@registry.guard("not_announced@1")
def not_announced(context: Context, /) -> Refusals:
    """The decision has not been announced before."""
    if not empty(context.case.data.get("announced_on")):
        yield Refusal("announced_already", {"on": context.case.data["announced_on"]})


@registry.guard("stay_stands@1")
def stay_stands(context: Context, /) -> Refusals:
    """A court has stayed the decision: asked of the case as it was, for the event itself ends the stay."""
    if context.case.data.get("stayed") is not True:
        fix = "skede advance {case} stay -a court_order=FILE"
        yield Refusal("not_marked", {"field": "stayed"}, fix, who=("registrar",))


@registry.guard("another_decision@1", needs=("new_decision",))
def another_decision(context: Context, /) -> Refusals:
    """What replaces a decision is another decision."""
    new = context.facts.case("new_decision")
    if new is None or new.workflow != "decision" or new.reference == context.case.reference:
        given = context.data.get("new_decision")
        yield Refusal("not_another_decision", {"given": given}, "skede list decision")


@registry.guard("parent_granted@1", needs=("parent",))
def parent_granted(context: Context, /) -> Refusals:
    """The decision gave what was asked for: chooses whom the news of its force concerns."""
    parent = context.facts.case("parent")
    if parent is None or parent.state not in GRANTED.get(parent.workflow, ()):
        yield Refusal("parent_not_granted", {"parent": parent.reference if parent else None})


@registry.fill("presented_by@1", needs=("parent",))
def presented_by(context: Context, /) -> str:
    """Who presented the case, as its parent says; else the parent's officer, else who acts now."""
    parent = context.facts.case("parent")
    stated = parent.data.get("presented_by") if parent else None
    return str(stated or (officer_of(context, parent) if parent else None) or acting_person(context))


@registry.fill("report_by@1", needs=("next_meeting",))
def report_by(context: Context, /) -> str:
    """The day of the body's next meeting; where none is planned, a day by which there should have been one."""
    reference = context.facts.text("next_meeting")
    meeting = context.facts.case(f"@{reference}") if reference else None
    starts = moment(meeting.data.get("starts_at")) if meeting else None
    if starts is None or has_come(context, starts):
        return add_span(context.today, parse_span(WITHOUT_MEETING)).isoformat()
    # A board meets in daytime, so the UTC day is the local one.
    day: date = date.fromisoformat(starts.isoformat()[:10])
    return day.isoformat()
