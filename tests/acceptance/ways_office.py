"""Ways and places of what the office does by itself: calls, meetings, and the legal force of decisions."""

from dataclasses import replace

from driver import TICK, Act, Way, advance, attach, clock, new, sign

OPEN_CALL = advance(
    "officer", "call", "open_call", "call_text", priority_areas="other", frame="13 500 000",
    closes_at="2021-08-31T24:00", board_date="2021-11-18", two_stage="nej", max_project_months="24",
)  # fmt: skip


def board(name: str, day: str, hour: str = "09:30") -> Act:
    """A meeting of the board is planned."""
    return new(
        "secretary", "meeting", name, "plan_board_meeting", body="RUN", starts_at=f"{day}T{hour}",
        place_or_link="Regionens hus",
    )  # fmt: skip


def delegated(name: str) -> Act:
    """A decision under delegation that belongs to no case."""
    return new("head", "decision", name, "adopt_delegated", delegation_no="D 7", content="Bifall")


HOLD = advance(
    "secretary", "board", "hold", attendance="Ada, Bo", no_recusals="ja", adjuster="Bo", adjust_on="2021-11-25"
)
MINUTES_SIGNED = (
    attach("secretary", "board", "minutes"), sign("secretary", "board", "chair", "@secretary", "minutes"),
    sign("secretary", "board", "adjuster", "@head", "minutes"),
)  # fmt: skip

WAYS = {
    "call/plan_call": Way("office", new("officer", "call", "call", "plan_call", opens_at="2021-04-01", body="RUN")),
    "call/open_call": Way("call.planned", OPEN_CALL, (clock("2021-04-01T12:00"),)),
    "call/extend_call": Way(
        "call.open", advance("head", "call", "extend_call", closes_at="2021-09-30T24:00", reason="Många frågor")
    ),
    "call/close_call": Way("call.open", advance("officer", "call", "close_call"), (clock("2021-09-01T12:00"),), TICK),
    "call/reopen_call": Way(
        "call.closed", advance("head", "call", "reopen_call", closes_at="2021-10-15T24:00", reason="Driftstopp")
    ),
    "call/decide_call": Way("call.closed", advance("secretary", "call", "decide_call")),
    "call/conclude_call": Way("call.decided", advance("officer", "call", "conclude_call")),
    "call/cancel_call": Way("call.open", advance("head", "call", "cancel_call", reason="Inga medel")),
    "meeting/plan_board_meeting": Way("office", board("board", "2021-11-18")),
    "meeting/plan_info_meeting": Way(
        "call.planned",
        new(
            "officer",
            "meeting",
            "info",
            "plan_info_meeting",
            call="@call",
            starts_at="2021-05-05T12:00",
            ends_at="2021-05-05T13:00",
            place_or_link="digitalt",
        ),
    ),
    "meeting/publish_info": Way("meeting.info_planned", advance("officer", "info", "publish_info")),
    "meeting/hold_info": Way("meeting.info_invited", advance("officer", "info", "hold_info")),
    "meeting/summon": Way("meeting.planned", advance("secretary", "board", "summon", "agenda", "papers")),
    "meeting/hold": Way("meeting.summoned", HOLD, (clock("2021-11-18T15:00"),)),
    "meeting/adjust_minutes": Way("meeting.held", advance("secretary", "board", "adjust_minutes"), MINUTES_SIGNED),
    "meeting/announce_minutes": Way(
        "meeting.adjusted", advance("secretary", "board", "announce_minutes", announced_on="2021-11-18")
    ),
    "meeting/move_meeting": Way(
        "meeting.planned", advance("secretary", "board", "move_meeting", starts_at="2021-11-19T09:30", reason="Krock")
    ),
    "meeting/cancel_meeting": Way("meeting.planned", advance("secretary", "board", "cancel_meeting", reason="Inget")),
    "decision/adopt_board": Way(
        "meeting.today",
        new("secretary", "decision", "decision", "adopt_board", meeting="@board", paragraph="§ 9", content="Bifall"),
    ),
    "decision/adopt_delegated": Way("office", delegated("decision")),
    "decision/adjust": Way("decision.adopted", advance("secretary", "decision", "adjust")),
    "decision/report_delegated": Way(
        "decision.delegated",
        advance("secretary", "decision", "report_delegated", meeting="@board", paragraph="§ 12"),
        (board("board", "2021-03-01", "18:00"),),
    ),
    "decision/announce": Way(
        "decision.adjusted", advance("secretary", "decision", "announce", announced_on="2021-03-01")
    ),
    "decision/appeal": Way(
        "decision.announced",
        advance("registrar", "decision", "appeal", "appeal", received_on="2021-03-01", court_case_no="1234-21"),
    ),
    "decision/announce_appealed": Way(
        "decision.appealed_early", advance("secretary", "decision", "announce_appealed", announced_on="2021-03-01")
    ),
    "decision/stay": Way("decision.appealed", advance("registrar", "decision", "stay", "court_order")),
    "decision/lift_stay": Way("decision.stayed", advance("registrar", "decision", "lift_stay", "court_order")),
    "decision/become_final": Way(
        "decision.announced", advance("officer", "decision", "become_final"), (clock("2021-03-24T12:00"),), TICK
    ),
    "decision/uphold": Way("decision.appealed", advance("registrar", "decision", "uphold", "judgment")),
    "decision/annul_decision": Way(
        "decision.appealed",
        advance("registrar", "decision", "annul_decision", "judgment", judgment_final_on="2021-03-01"),
    ),
    "decision/supersede": Way(
        "decision.announced",
        advance("head", "decision", "supersede", new_decision="@better", reason="Fel belopp"),
        (delegated("better"),),
    ),
    "decision/archive_decision": Way("decision.in_force", advance("archivist", "decision", "archive_decision")),
}

APPEAL = WAYS["decision/appeal"].act

PLACES: dict[str, str | tuple[str | Act, ...]] = {
    "call.planned": "call/plan_call",
    "call.open": "call/open_call",
    "call.closed": "call/close_call",
    "call.decided": "call/decide_call",
    "meeting.planned": "meeting/plan_board_meeting",
    "meeting.info_planned": "meeting/plan_info_meeting",
    "meeting.info_invited": "meeting/publish_info",
    "meeting.summoned": "meeting/summon",
    "meeting.held": "meeting/hold",
    "meeting.adjusted": "meeting/adjust_minutes",
    # The board sits later on the day on which all is recorded: what it decides happens on its day, not before.
    "season": ("call.open", board("board", "2021-04-01", "18:00"), board("board2", "2021-12-16")),
    "meeting.today": ("office", board("board", "2021-03-01", "18:00")),
    "two_stages": (
        "call.planned", clock("2021-04-01T12:00"), replace(OPEN_CALL, fields={**OPEN_CALL.fields, "two_stage": "ja"})
    ),
    "decision.adopted": "decision/adopt_board",
    "decision.delegated": "decision/adopt_delegated",
    "decision.adjusted": "decision/adjust",
    "decision.announced": "decision/announce",
    "decision.appealed": "decision/appeal",
    "decision.appealed_early": ("decision.adopted", APPEAL),
    "decision.stayed": "decision/stay",
    "decision.in_force": "decision/become_final",
}  # fmt: skip
