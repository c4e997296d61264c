"""Calls, info meetings and board meetings, from the day on which they are planned."""

from datetime import timedelta

from engine.app.demo.board import decide
from engine.app.demo.programme import CALLS, Call, InfoMeeting
from engine.app.demo.verbs import MARK, Stage, Thread, at, later

BOARDS = {"RUN": "Regionutvecklingsnämnden", "MRU": "Miljö- och regionutvecklingsnämnden"}
NOON = 12
_EIGHT_DAYS = timedelta(days=8)

EXTRA_BOARDS = (("board 2024", "MRU", "2024-08-26", "2024-10-17T09:30"),)
"""Further board meetings (key, body, planned, starts): what a head has decided is reported there."""


def threads(stage: Stage) -> list[Thread]:
    """All of them."""
    told: list[Thread] = [run_board(stage, f"board {c.key}", c.body, c.planned, c.board) for c in CALLS]
    told += [run_board(stage, *extra) for extra in EXTRA_BOARDS]
    told += [run_call(stage, call) for call in CALLS]
    told += [run_info(stage, call, info) for call in CALLS for info in call.infos]
    return told


def run_call(stage: Stage, call: Call) -> Thread:
    """A call opens and closes by itself; people plan it, decide it and conclude it."""
    yield at(call.planned, 10)
    note = f"Enligt källan: {call.known} Påhittat i demon: {call.invented}."
    reference = stage.new(
        "officer", "call", call.key, call.title, note=note, body=call.body, opens_at=call.opens,
        closes_at=call.closes, board_date=call.board[:10], board_meeting=stage.cases[f"board {call.key}"],
        goal=call.goal, priority_areas=",".join(call.areas), frame=call.frame, two_stage="nej",
        max_project_months=str(call.months),
    )  # fmt: skip
    stage.file("officer", reference, "call_text", "guide")
    if call.concluded is None:
        return
    yield at(call.board[:10], NOON + 1)
    stage.fire("secretary", reference, "decide_call")
    yield at(call.concluded)
    stage.fire("officer", reference, "conclude_call")


def run_info(stage: Stage, call: Call, info: InfoMeeting) -> Thread:
    """An info meeting: planned, everybody invited with a calendar file, held."""
    yield at(info.planned, 11)
    reference = stage.new(
        "officer", "meeting", info.key, info.title, event="plan_info_meeting", call=stage.cases[call.key],
        starts_at=info.starts, ends_at=info.ends, place_or_link=info.place,
    )  # fmt: skip
    stage.fire("officer", reference, "publish_info")
    yield at(info.starts[:10], 17)
    stage.fire("officer", reference, "hold_info", attendance="Det fördes ingen lista (påhittat).")


def run_board(stage: Stage, key: str, body: str, planned: str, starts: str) -> Thread:
    """A board meeting: planned, summoned, held, its minutes adjusted and announced."""
    yield at(planned)
    day = starts[:10]
    reference = stage.new(
        "secretary", "meeting", key, f"{BOARDS[body]} {day}", event="plan_board_meeting", body=body,
        starts_at=starts, place_or_link="Nämndens sal (påhittad plats)",
    )  # fmt: skip
    yield at(day, 9) - _EIGHT_DAYS
    stage.fire("secretary", reference, "summon", papers=("agenda", "papers"))
    yield at(day, NOON)
    decide(stage, key)
    stage.fire(
        "secretary", reference, "hold", attendance="Ledamöterna enligt protokollet (påhittat)", no_recusals="ja",
        adjuster="Justerare (påhittad)", adjust_on=str(later(at(day), 7).date()),
    )  # fmt: skip
    yield later(at(day), 7)
    stage.file("secretary", reference, "minutes")
    stage.sign("secretary", reference, "chair", stage.cast.secretary, "minutes")
    stage.sign("secretary", reference, "adjuster", stage.cast.head, "minutes")
    stage.fire("secretary", reference, "adjust_minutes")
    stage.fire("secretary", reference, "announce_minutes", announced_on=str(stage.today), note=MARK)
