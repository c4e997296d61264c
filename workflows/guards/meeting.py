"""Guards and fills about meetings, and about the meeting that a case is on its way to."""

import re

from engine.core.case import Case
from engine.core.errors import Refusal
from engine.core.guard import Context
from engine.core.when import add_span, parse_date, parse_span
from workflows.guards.registry import registry
from workflows.guards.related import linked
from workflows.guards.values import Record, Refusals, empty, local_day, moment, records

AHEAD = ("planned", "summoned")
"""States of a meeting of the board that has not been held."""
NOTICE = "3 weeks"
"""How long the notice of the minutes stays up: as long as the decisions can be appealed (kommunallagen 13 kap. 5 §)."""


@registry.guard("recusals_replaced@1")
def recusals_replaced(context: Context, /) -> Refusals:
    """Recusals are stated, or that there were none, and whoever left was replaced (kommunallagen 6 kap. 30 §)."""
    stated = records(context.data, "recusals")
    if not stated and not context.data.get("no_recusals"):
        yield Refusal("recusals_not_stated", {}, "skede advance {case} hold … -s no_recusals=true")
    for number, recusal in enumerate(stated, 1):
        if empty(recusal.get("replacement")):
            yield Refusal("recusal_without_replacement", {"number": number})


@registry.guard("agenda_empty@1", needs=("linking:meeting", "linking:target_meeting"))
def agenda_empty(context: Context, /) -> Refusals:
    """Every item of the meeting is decided, tabled, referred back or struck."""
    for item in context.facts.cases("linking:meeting"):
        if item.workflow == "application" and item.state == "agenda":
            yield _open_item(item)
    for item in context.facts.cases("linking:target_meeting"):
        if item.workflow == "change_request" and item.state == "at_board":
            yield _open_item(item)


@registry.guard("no_recused_member@1", needs=("meeting",))
def no_recused_member(context: Context, /) -> Refusals:
    """No member with a conflict of interest in the case took part in its decision (kommunallagen 6 kap. 30 §)."""
    present = {name.casefold() for name in _names(context.data.get("took_part"))}
    for recusal in _recusals(context):
        if str(recusal.get("member", "")).strip().casefold() in present:
            yield Refusal("recused_member_took_part", {"number": recusal["number"]})


@registry.guard("meeting_day_come@1", needs=("{field}",), optional=("before",), field=str, before=bool)
def meeting_day_come(context: Context, /, *, field: str, before: bool = False) -> Refusals:
    """What the board decides happens on the local day of its meeting or later (kommunallagen 2017:725, 5 kap.).

    Silent where somebody else than the secretary acts, which is then no act of the board, and where no meeting is
    named, which `decision_recorded@1` or the opening of the decision refuses.

    Args:
        context: The event, and when it happens.
        field: The field that names the meeting.
        before: Ask for the meeting that the field named before the command, which puts another in its place.
    """
    if context.role != "secretary":
        return
    reference = (context.case.data if before else context.data).get(field)
    meeting = context.facts.case(f"@{reference}") if reference else None
    starts = moment(meeting.data.get("starts_at")) if meeting else None
    if starts is not None and context.today < (day := local_day(context, starts)):
        yield Refusal("meeting_not_come", {"meeting": reference, "day": day.isoformat()})


@registry.fill("notice_until@1")
def notice_until(context: Context, /) -> str | None:
    """The last day on the notice board."""
    announced = context.data.get("announced_on")
    return None if empty(announced) else add_span(parse_date(str(announced)), parse_span(NOTICE)).isoformat()


@registry.fill("next_meeting@1", needs=("next_meeting",))
def next_meeting(context: Context, /) -> str | None:
    """The body's next planned meeting."""
    return context.facts.text("next_meeting")


@registry.fill("target_meeting@1", needs=("call", "call.board_meeting", "next_meeting"))
def target_meeting(context: Context, /) -> str | None:
    """The meeting that the call is decided at while it lies ahead, else the body's next; never the one just missed."""
    missed = context.data.get("meeting") if context.case.state in ("agenda", "tabled") else None
    planned = linked(context, "call.board_meeting")
    if planned and planned.state in AHEAD and planned.reference != missed:
        return planned.reference
    following = context.facts.text("next_meeting")
    return None if following == missed else following


@registry.fill("planned_meeting@1")
def planned_meeting(context: Context, /) -> str | None:
    """The meeting that the case has been aiming at."""
    target: str | None = context.data.get("target_meeting")
    return target


@registry.fill("took_part@1", needs=("meeting",))
def took_part(context: Context, /) -> str:
    """Who was at the meeting, without those recused in this case and with their replacements."""
    meeting = linked(context, "meeting")
    names = _names(meeting.data.get("attendance")) if meeting else []
    for recusal in _recusals(context):
        names = [name for name in names if name.casefold() != str(recusal.get("member", "")).strip().casefold()]
        names += [name for name in _names(recusal.get("replacement")) if name not in names]
    return ", ".join(names) or "Enligt protokollet"


@registry.fill("presenter@1")
def presenter(context: Context, /) -> str:
    """Who presented the case: who wrote the statement, else the officer, else who acts now. An id, not a name."""
    wrote = context.case.events.get("finish_statement")
    if wrote and wrote.people:
        return wrote.people[0]
    return officer_of(context, context.case) or acting_person(context)


def officer_of(context: Context, case: Case) -> str | None:
    """The officer of a case: the person behind the login it is given to, else the user; None where it is nobody's."""
    if case.assignee is None:
        return None
    return next(iter(context.facts.people(f"user:{case.assignee}")), case.assignee)


@registry.fill("acting_person@1")
def acting_person(context: Context, /) -> str:
    """Who acts now, or for whom: an id of a person, or a login that stands for nobody in particular."""
    command = context.command
    return command.on_behalf_of or command.actor.person or command.actor.login


def _open_item(item: Case) -> Refusal:
    return Refusal("item_open", {"item": item.reference, "state": item.state}, f"skede next {item.reference}")


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in re.split(r"[,;\n]", text or "") if name.strip()]


def _recusals(context: Context) -> list[Record]:
    """The recusals of the case's meeting that concern the case, with their numbers in the meeting's list."""
    meeting = linked(context, "meeting")
    ours = {str(name).casefold() for name in (context.case.reference, context.data.get("dnr")) if name}
    return [
        {**recusal, "number": number}
        for number, recusal in enumerate(records(meeting.data, "recusals") if meeting else (), 1)
        if str(recusal.get("concerns", "")).strip().casefold() in ours
    ]
