"""The guards of calls and meetings, and of their money, refuse what they should, and nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest
from board_day import (
    CALL,
    a_call,
    a_case,
    a_meeting,
    codes,
    context,
    fill,
    happened,
)  # fmt: skip

from engine.core.case import Case

# Money


def granted(number: int, amount: str, state: str = "granted", **events: int) -> Case:
    return a_case(
        f"SIM-2021-{number:04}", state, data={"granted_amount": amount}, events=happened(**(events or {"grant": 5}))
    )


@pytest.mark.parametrize(
    ("other", "left"),
    [
        (granted(1, "600000.00"), "400000.00"),
        (granted(1, "600000.00", "project_started"), "400000.00"),
        (granted(1, "600000.00", "closed", grant=5), "400000.00"),
        (granted(1, "600000.00", "closed", grant=5, agreement_lapsed=7), "1000000.00"),
        (granted(1, "600000.00", "closed", grant=5, agreement_lapsed=7, revive=8), "400000.00"),
        (granted(1, "600000.00", "closed", grant=5, annul=7, reject=9), "1000000.00"),
        (granted(1, "600000.00", "lapsed"), "1000000.00"),
        (granted(1, "600000.00", "preparation", grant=5, annul=7), "1000000.00"),
        (granted(1, "600000.00", "withdrawn"), "1000000.00"),
        (a_case("SIM-2021-0001", "archived", data={"granted_amount": "600000.00"}), "400000.00"),
        (a_meeting("M-2021-001"), "1000000.00"),
    ],
)
def test_a_grant_fits_into_what_the_standing_grants_have_left(other: Case, left: str) -> None:
    case = a_case(state="agenda", data={"call": "U-2021-001"})

    def asked(amount: str) -> list[str]:
        facts = {"call/children": (case, other)}
        found = context(case, given={"granted_amount": amount}, related=(a_call(),), facts=facts)
        return codes("within_frame@1", found, field="granted_amount")

    assert asked(left) == []
    assert asked(f"{left[:-1]}1") == ["frame_exceeded"]


def test_nothing_can_be_granted_without_a_frame() -> None:
    found = context(a_case(data={"granted_amount": "1.00"}), facts={"call/children": ()})

    assert codes("within_frame@1", found, field="granted_amount") == ["frame_missing"]


def test_the_call_is_decided_when_all_is_decided_and_what_waits_is_reserved() -> None:
    def asked(*children: Case) -> list[str]:
        found = context(a_call(), of=CALL, event="decide_call", facts={"children": children})
        return [*codes("applications_decided@1", found), *codes("allocation_within_frame@1", found)]

    waiting = {"data": {"proposed_amount": "400000.00"}}
    assert asked(granted(1, "600000.00"), a_case("SIM-2021-0002", "tabled", **waiting)) == []
    assert asked(granted(1, "600000.01"), a_case("SIM-2021-0002", "tabled", **waiting)) == ["allocation_above_frame"]
    assert asked(a_case("SIM-2021-0002", "completion", back=("referred_back",), **waiting)) == []
    assert asked(a_case("SIM-2021-0002", "completion", back=("preparation",))) == ["application_undecided"]
    assert asked(a_case("SIM-2021-0002", "agenda")) == ["application_undecided"]
    assert asked(a_case("SIM-2021-0002", "tabled")) == ["nothing_reserved"]
    assert asked(a_case("SIM-2021-0002", "submitted"), a_meeting("M-2021-001")) == []


def test_a_call_is_not_reopened_once_an_application_is_decided() -> None:
    def asked(child: Case) -> list[str]:
        found = context(a_call(), of=CALL, event="reopen_call", facts={"children": (child,)})
        return codes("no_application_decided@1", found)

    assert asked(granted(1, "1.00")) == ["application_decided"]
    assert asked(a_case(state="rejected", events=happened(reject=5))) == ["application_decided"]
    assert asked(a_case(state="preparation", events=happened(reject=5, annul=6))) == []
    assert asked(a_case(state="dismissed", events=happened(dismiss=5))) == []


def test_amounts_per_year_sum_to_the_whole() -> None:
    years = [{"year": 2022, "amount": "600000.00"}, {"year": 2023, "amount": "399999.99"}]
    params = {"list": "amount_per_year", "column": "amount", "field": "granted_amount"}

    def asked(amount: str) -> list[str]:
        return codes("sums_to@1", context(a_case(data={"amount_per_year": years, "granted_amount": amount})), **params)

    assert asked("999999.99") == []
    assert asked("1000000.00") == ["sum_differs"]


# Meetings


def test_recusals_are_stated_and_each_has_a_replacement() -> None:
    def asked(**data: Any) -> list[str]:
        return codes("recusals_replaced@1", context(a_case(data=data)))

    assert asked() == ["recusals_not_stated"]
    assert asked(no_recusals=True) == []
    assert asked(recusals=[{"member": "A", "concerns": "B", "replacement": "C"}, {"member": "D"}]) == [
        "recusal_without_replacement"
    ]


def test_minutes_are_not_adjusted_while_an_item_is_open() -> None:
    open_item, change = a_case(state="agenda"), a_case("C-1", "at_board", workflow="change_request")

    def asked(items: tuple[Case, ...], targets: tuple[Case, ...] = ()) -> list[str]:
        facts = {"linking:meeting": items, "linking:target_meeting": targets}
        return codes("agenda_empty@1", context(facts=facts))

    assert asked((open_item,), (change,)) == ["item_open", "item_open"]
    assert asked((a_case(state="tabled"), a_case(state="granted")), (open_item,)) == []


def test_a_recused_member_does_not_decide_and_the_replacement_does() -> None:
    recusals = [{"member": "Anna Ek", "concerns": "sim-2021-0004", "replacement": "Bo Al"}]
    meeting = a_meeting("M-1", "held", attendance="Anna Ek, Cia Lo\nDan Å", recusals=recusals)

    def asked(took_part: str, reference: str = "SIM-2021-0004") -> list[str]:
        case = a_case(reference, "agenda", data={"meeting": "M-1"})
        return codes("no_recused_member@1", context(case, given={"took_part": took_part}, related=(meeting,)))

    ours = context(a_case(state="agenda", data={"meeting": "M-1"}), related=(meeting,))
    other = context(a_case("SIM-2021-0009", "agenda", data={"meeting": "M-1"}), related=(meeting,))
    assert fill("took_part@1", ours) == "Cia Lo, Dan Å, Bo Al"
    assert fill("took_part@1", other) == "Anna Ek, Cia Lo, Dan Å"
    assert asked("Cia Lo, ANNA EK") == ["recused_member_took_part"]
    assert asked("Anna Ekström") == []
    assert asked("Anna Ek", "SIM-2021-0009") == []


def test_a_case_aims_at_the_meeting_of_its_call_else_at_the_next_and_never_at_the_one_it_missed() -> None:
    def aimed(state: str, planned_state: str, following: str | None, meeting: str | None = None) -> Any:
        call = a_call(board_meeting="M-7")
        case = a_case(state=state, data={"call": "U-2021-001", "meeting": meeting})
        related = (call, a_meeting("M-7", planned_state))
        return fill("target_meeting@1", context(case, related=related, facts={"next_meeting": following}))

    assert aimed("registered", "planned", "M-3") == "M-7"
    assert aimed("registered", "held", "M-3") == "M-3"
    assert aimed("agenda", "summoned", "M-8", "M-7") == "M-8"
    assert aimed("agenda", "held", "M-8", "M-8") is None


def test_a_link_that_a_fill_has_just_made_is_followed() -> None:
    found = context(a_case(), given={"meeting": "M-1"}, related=(a_meeting("M-1", "cancelled"),))

    assert codes("linked_in@1", found, field="meeting", states=("planned",)) == ["linked_not_in"]
    assert codes("linked_in@1", context(a_case()), field="meeting", states=("planned",)) == ["link_missing"]


def test_a_notice_stays_up_three_weeks() -> None:
    assert fill("notice_until@1", context(given={"announced_on": "2021-11-30"})) == "2021-12-21"


# What comes before what


@pytest.mark.parametrize(
    ("board_date", "refused"),
    [("2021-08-30", ["before"]), ("2021-08-31", []), ("2021-11-18", []), ("", [])],
)
def test_the_board_does_not_decide_before_the_call_has_closed(board_date: str, refused: list[str]) -> None:
    end_of_day = {"closes_at": "2021-08-31T22:00:00.000000Z", "board_date": board_date}  # 24:00 on 31 August

    found = context(a_call(), of=CALL, event="open_call", given=end_of_day)

    assert codes("day_not_before@1", found, field="board_date", other="closes_at") == refused


def board_acts(at: datetime, role: str = "secretary", **moved: str) -> list[str]:
    """Why an act of a meeting in Stockholm on 22 November at half past midnight is refused at an instant."""
    meeting = a_meeting("M-2021-001", starts_at="2021-11-21T23:30:00.000000Z")
    other = a_meeting("M-2021-002", starts_at="2021-12-16T08:30:00.000000Z")
    case = a_case(state="agenda", data={"meeting": "M-2021-001"})
    found = context(case, event="grant", related=(meeting, other), at=at, role=role, given=moved)
    return codes("meeting_day_come@1", found, field="meeting", **({"before": True} if moved else {}))


def test_what_a_board_decides_happens_on_the_local_day_of_its_meeting_or_later() -> None:
    assert board_acts(datetime(2021, 11, 21, 22, 59, tzinfo=UTC)) == ["meeting_not_come"]
    assert board_acts(datetime(2021, 11, 21, 23, 0, tzinfo=UTC)) == []
    assert board_acts(datetime(2021, 12, 1, tzinfo=UTC)) == []


def test_a_case_that_is_tabled_leaves_the_meeting_that_it_was_at() -> None:
    assert board_acts(datetime(2021, 11, 22, 9, tzinfo=UTC), meeting="M-2021-002") == []
    assert board_acts(datetime(2021, 11, 20, 9, tzinfo=UTC), meeting="M-2021-002") == ["meeting_not_come"]


def test_what_a_head_decides_waits_for_no_meeting_and_a_missing_one_is_refused_elsewhere() -> None:
    early = datetime(2021, 11, 1, 9, tzinfo=UTC)

    assert board_acts(early, role="head") == []
    assert codes("meeting_day_come@1", context(role="secretary"), field="meeting") == []


def test_a_meeting_is_held_on_its_day_or_later() -> None:
    meeting = a_meeting("M-2021-001", "summoned", starts_at="2021-11-22T08:30:00.000000Z")

    def asked(day: int) -> list[str]:
        at = datetime(2021, 11, day, 6, tzinfo=UTC)
        return codes("day_reached@1", context(meeting, at=at), field="starts_at")

    assert (asked(21), asked(22)) == (["not_reached"], [])


@pytest.mark.parametrize("state", ["planned", "open", "closed", "decided", "concluded", "cancelled"])
def test_an_idea_names_no_call_that_never_opens_again(state: str) -> None:
    call = a_case("U-2021-001", state, workflow="call")

    found = context(a_case(state="idea"), event="contact", given={"call": "U-2021-001"}, related=(call,))

    assert codes("call_not_over@1", found) == (["call_over"] if state in ("decided", "concluded", "cancelled") else [])
    kept = context(a_case(state="idea", data={"call": "U-2021-001"}), event="contact", related=(call,))
    assert codes("call_not_over@1", kept) == []
