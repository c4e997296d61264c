"""The guards of applications refuse what they should, and nothing else."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from board_day import (
    APPLICATION,
    BOTH_SIDES,
    NOW,
    a_call,
    a_case,
    a_deadline,
    codes,
    context,
    filed,
    fill,
    happened,
)  # fmt: skip
from msgspec.structs import replace

from engine.core.case import Case, Party, ReviewGiven
from workflows.guards import registry

# Time


@pytest.mark.parametrize(
    ("value", "expected"),
    [("2021-11-18", []), ("2021-11-19", ["not_reached"]), ("2021-11-18T09:00:00.000000Z", []),
     ("2021-11-18T09:00:00.000001Z", ["not_reached"]), (None, ["field_missing"])],
)  # fmt: skip
def test_a_moment_is_reached_on_the_instant_and_a_day_when_it_begins(value: str | None, expected: list[str]) -> None:
    assert codes("reached@1", context(a_case(data={"opens_at": value})), field="opens_at") == expected


def test_a_new_closing_must_lie_after_the_old_and_ahead() -> None:
    case = a_case(data={"closes_at": "2021-11-17T11:00:00.000000Z"})

    earlier = context(case, given={"closes_at": "2021-11-16T11:00:00.000000Z"})
    later_but_past = context(case, given={"closes_at": "2021-11-18T08:00:00.000000Z"})

    assert codes("later_than_before@1", earlier, field="closes_at") == ["not_later_than_before"]
    assert codes("later_than_before@1", later_but_past, field="closes_at") == []
    assert codes("ahead@1", later_but_past, field="closes_at") == ["not_ahead"]


def test_arrival_cannot_lie_in_the_future_of_its_recording() -> None:
    case = a_case(data={"arrived_at": "2021-11-18T10:00:00.000000Z"})

    assert codes("not_in_future@1", context(case), field="arrived_at") == ["in_future"]
    assert codes("not_in_future@1", context(case, now=datetime(2021, 11, 19, tzinfo=UTC)), field="arrived_at") == []


def test_the_clock_drops_an_idea_only_after_its_deadline_and_people_at_any_time() -> None:
    case = a_case(state="idea", deadlines=(a_deadline("idea_stale", date(2021, 11, 18)),))
    after = datetime(2021, 11, 18, 23, tzinfo=UTC)

    assert codes("passed_if_fired@1", context(case, fired=True), deadline="idea_stale") == ["deadline_not_passed"]
    assert codes("passed_if_fired@1", context(case, fired=True, at=after), deadline="idea_stale") == []
    assert codes("passed_if_fired@1", context(case), deadline="idea_stale") == []


@pytest.mark.parametrize(("day", "expected"), [(16, ["grace_not_passed"]), (17, [])])
def test_an_agreement_lapses_four_weeks_after_its_deadline(day: int, expected: list[str]) -> None:
    case = a_case(state="agreement", deadlines=(a_deadline("agreement_sign", date(2021, 11, 18)),))

    found = context(case, at=datetime(2021, 12, day, 9, tzinfo=UTC))

    assert codes("deadline_passed@1", found, deadline="agreement_sign", after="4 weeks") == expected


def test_one_condition_past_due_is_enough_and_none_open_is_told() -> None:
    first, second = a_deadline("condition", date(2021, 11, 1), 1), a_deadline("condition", date(2021, 12, 1), 2)

    assert codes("deadline_passed@1", context(a_case(deadlines=(second, first))), deadline="condition") == []
    assert codes("deadline_passed@1", context(a_case(deadlines=(second,))), deadline="condition") == [
        "deadline_not_passed"
    ]
    assert codes("deadline_passed@1", context(a_case()), deadline="condition") == ["deadline_not_open"]


# Arrival


@pytest.mark.parametrize(
    ("arrived", "late"), [("2021-08-31T22:00:00.000000Z", False), ("2021-08-31T22:00:00.000001Z", True)]
)
def test_what_arrives_on_the_closing_instant_is_in_time(arrived: str, late: bool) -> None:
    call = a_call(closes_at="2021-08-31T22:00:00.000000Z")

    found = context(a_case(data={"call": "U-2021-001", "arrived_at": arrived}), related=(call,))

    assert fill("arrived_late@1", found) is late


def test_lateness_is_unknown_while_the_call_has_no_closing() -> None:
    found = context(
        a_case(data={"call": "U-2021-001", "arrived_at": "2021-08-31T22:00:00.000000Z"}), related=(a_call(),)
    )

    assert fill("arrived_late@1", found) is None


def test_an_application_without_signatures_or_papers_is_marked_and_not_refused() -> None:
    complete = a_case(
        parties=BOTH_SIDES, data={"applied_amount": "10.00"},
        documents=tuple(filed(kind, n) for n, kind in enumerate(("application", "logic_model", "needs_analysis"), 1)),
    )  # fmt: skip

    assert fill("papers_missing@1", context(a_case(data={"applied_amount": "10.00"}))) is True
    assert fill("papers_missing@1", context(complete)) is False
    assert fill("signatures_missing@1", context(complete)) is True


def test_signatures_are_asked_of_both_parties_and_a_missing_partner_is_told() -> None:
    alone = a_case(parties=BOTH_SIDES[:1], documents=(filed("application", 1),))

    found = list(registry.guards["signatures_valid@1"].function(context(alone), kind="application"))

    assert [(r.code, r.params.get("role") or r.params.get("who")) for r in found] == [
        ("party_missing", "partner"), ("signature_missing", "owner.signatory"),
    ]  # fmt: skip


def test_own_numbers_follow_the_series_and_outer_ones_must_look_like_one() -> None:
    own = {"settings": {"dnr": "own"}, "number:dnr": "RUN 2021-00577"}
    outer = {"settings": {"dnr": "external"}, "number:dnr": None}
    registered = a_case(data={"dnr": "RUN 2021-00003"})

    def asked(number: str, facts: dict[str, Any], case: Case | None = None) -> list[str]:
        return codes("number_by_setting@1", context(case, given={"dnr": number}, facts=facts), field="dnr")

    assert fill("next_number@1", context(facts=own)) == "RUN 2021-00577"
    assert fill("next_number@1", context(facts=outer)) is None
    assert asked("RUN 2021-00577", own) == []
    assert asked("RUN 2021-00579", own) == ["number_not_next"]
    assert asked("RUN 2021-00003", own, registered) == []
    for number in ("RUN 2021-00577", "RUN 612-0195-14", "RS 913-2013", "RS 2022/1275", "Ks 900/2019"):
        assert asked(number, outer) == []
    assert asked("snart", outer) == ["number_malformed"]


def test_a_registered_case_that_was_closed_is_not_begun_again() -> None:
    closed = a_case(state="closed", data={"dnr": "RUN 2021-00001"})

    assert codes("never_registered@1", context(closed), states=("closed",)) == ["was_registered"]
    assert codes("never_registered@1", context(a_case(state="closed", events=happened(register=3)))) == [
        "was_registered"
    ]
    assert codes("never_registered@1", context(a_case(state="idea", data=closed.data)), states=("closed",)) == []
    assert codes("never_registered@1", context(a_case(state="closed")), states=("closed",)) == []


# Parties


def test_both_sides_must_take_part_in_activities_and_in_financing() -> None:
    shares = [
        {"organisation": "Dals-Ed", "side": "municipal", "activities": "Fysioterapeut", "financing": "100000.00"},
        {"organisation": "Vården", "side": "regional", "activities": "Handledning", "financing": "0.00"},
    ]

    half = context(a_case(parties=BOTH_SIDES, data={"contributions": shares}))
    whole = context(a_case(parties=BOTH_SIDES, data={"contributions": [shares[0], {**shares[1], "financing": "1.00"}]}))
    alone = context(a_case(parties=BOTH_SIDES[:1], data={"contributions": shares[:1]}))

    assert codes("both_sides_take_part@1", half) == ["side_without_financing"]
    assert codes("both_sides_take_part@1", whole) == []
    assert codes("both_sides_take_part@1", alone) == [
        "side_missing", "side_without_activities", "side_without_financing",
    ]  # fmt: skip


def test_a_partner_that_has_left_no_longer_counts() -> None:
    left = (BOTH_SIDES[0], replace(BOTH_SIDES[1], until=date(2021, 11, 1)))

    assert codes("parties_whole@1", context(a_case(parties=left))) == ["side_missing"]
    assert codes("parties_whole@1", context(a_case(parties=BOTH_SIDES))) == []


def test_the_owner_must_be_of_a_kind_that_the_call_admits() -> None:
    other = (Party(1, "owner", "o:3", "other"),)

    def asked(parties: tuple[Party, ...], **data: Any) -> list[str]:
        case = a_case(parties=parties, data={"call": "U-2021-001"})
        return codes("owner_admitted@1", context(case, related=(a_call(**data),)))

    assert asked(other) == ["owner_not_admitted"]
    assert asked(other, eligible_kinds=["other"]) == []
    assert asked(BOTH_SIDES) == []
    assert asked(()) == ["party_missing"]


def test_a_project_may_not_last_longer_than_the_call_allows() -> None:
    call = a_call(max_project_months=36)

    def asked(end: str) -> list[str]:
        data = {"call": "U-2021-001", "start_date": "2022-01-01", "end_date": end}
        return codes("period_within_call@1", context(a_case(data=data), related=(call,)))

    assert asked("2025-01-01") == []
    assert asked("2025-01-02") == ["period_too_long"]


def test_cofinancing_in_the_budget_is_at_least_what_was_promised() -> None:
    rows = [{"post": "Lön", "amount": "300.00", "grant": "200.00"}, {"post": "Lokal", "amount": "50.00"}]

    assert codes("cofinancing_kept@1", context(a_case(data={"budget": rows, "cofinancing": "150.00"}))) == []
    assert codes("cofinancing_kept@1", context(a_case(data={"budget": rows, "cofinancing": "150.01"}))) == [
        "cofinancing_cut"
    ]


# Two stages, dismissal, review


def test_in_a_call_of_two_stages_a_draft_begins_with_an_endorsed_idea() -> None:
    def asked(state: str, two_stage: bool) -> list[str]:
        case = a_case(state=state, data={"call": "U-2021-001"})
        return codes("endorsed_if_two_stages@1", context(case, related=(a_call(two_stage=two_stage),)))

    assert asked("idea", True) == ["idea_not_endorsed"]
    assert asked("idea_endorsed", True) == []
    assert asked("idea", False) == []


def test_a_draft_is_discarded_by_the_clock_after_its_days_or_at_once_when_the_call_is_cancelled() -> None:
    case = a_case(
        state="draft", data={"call": "U-2021-001"}, deadlines=(a_deadline("draft_close", date(2021, 11, 25)),)
    )

    assert codes("discarded_in_time@1", context(case, fired=True, related=(a_call(),))) == ["deadline_not_passed"]
    assert (
        codes("discarded_in_time@1", context(case, fired=True, related=(replace(a_call(), state="cancelled"),))) == []
    )
    assert codes("discarded_in_time@1", context(case, related=(a_call(),))) == []


def test_who_came_late_is_heard_before_being_dismissed() -> None:
    asked = a_case(events=happened(hear_applicant=5), deadlines=(a_deadline("hearing", date(2021, 12, 2)),))
    answered = replace(asked, documents=(filed("answer", 6),))
    later = datetime(2021, 12, 3, tzinfo=UTC)

    def dismissing(case: Case, ground: str = "late", at: datetime = NOW) -> list[str]:
        return codes("heard_if_late@1", context(case, given={"ground": ground}, at=at))

    assert dismissing(a_case()) == ["not_heard"]
    assert dismissing(a_case(), "ineligible") == []
    assert dismissing(asked) == ["hearing_open"]
    assert dismissing(asked, at=later) == []
    assert dismissing(answered) == []
    assert dismissing(replace(asked, documents=(filed("answer", 4),))) == ["hearing_open"]


def test_two_reviewers_without_conflict_score_every_criterion() -> None:
    assert APPLICATION.review is not None
    scores = dict.fromkeys(APPLICATION.review.criteria, 3)
    reviews = (ReviewGiven("p:2", scores, 1), ReviewGiven("p:3", scores, 2))

    assert len(scores) == 10
    assert codes("reviews_complete@1", context(a_case(reviews=reviews)), count=2) == []
    assert codes("reviews_complete@1", context(a_case(reviews=reviews, recused=("p:3",))), count=2) == [
        "reviews_too_few"
    ]
    gap = (*reviews[:1], ReviewGiven("p:3", {"early": 3}, 2))
    assert codes("reviews_complete@1", context(a_case(reviews=gap)), count=2) == ["review_has_gaps", "reviews_too_few"]


def test_a_statement_that_was_returned_must_be_written_anew() -> None:
    case = a_case(events=happened(return_statement=7), documents=(filed("statement", 5),))
    params = {"kind": "statement", "events": ("return_statement", "refer_back")}

    assert codes("filed_since@1", context(case), **params) == ["document_too_old"]
    assert codes("filed_since@1", context(replace(case, documents=(filed("statement", 8),))), **params) == []
    assert codes("filed_since@1", context(a_case()), **params) == ["document_missing"]


def test_a_reason_is_brought_anew_by_people_and_found_by_the_clock() -> None:
    held = a_case(state="idea", data={"reason": "Tillstyrkt."})

    assert codes("brought_unless_fired@1", context(held), field="reason") == ["field_must_be_brought"]
    assert codes("brought_unless_fired@1", context(held, given={"reason": "Nytt läge."}), field="reason") == []
    assert codes("brought_unless_fired@1", context(held, fired=True), field="reason") == []
    assert fill("stale_reason@1", context(held)) is None
    assert fill("stale_reason@1", context(held, fired=True))


def test_a_judgment_is_filed_by_people_and_stays_with_the_decision_when_that_fires() -> None:
    case = a_case(state="granted", entered_n=9, documents=(filed("judgment", 8),))

    assert codes("filed_unless_fired@1", context(case), kind="judgment") == ["document_must_be_new"]
    assert codes("filed_unless_fired@1", context(case, fired=True), kind="judgment") == []


# Conditions and the agreement


def test_each_condition_needs_its_own_evidence() -> None:
    case = a_case(
        state="granted_cond", events=happened(grant_conditionally=4), data={"conditions": [{}, {}]},
        documents=(filed("evidence", 3), filed("evidence", 5)),
    )  # fmt: skip

    assert codes("evidence_for_each@1", context(case)) == ["evidence_missing"]
    assert codes("evidence_for_each@1", context(replace(case, documents=(*case.documents, filed("evidence", 6))))) == []


def test_only_an_open_condition_can_be_met() -> None:
    case = a_case(state="granted_cond", deadlines=(a_deadline("condition", date(2022, 1, 1), 2),))

    assert codes("condition_exists@1", context(case, given={"condition_no": 1})) == ["condition_not_open"]
    assert codes("condition_exists@1", context(case, given={"condition_no": 2})) == []


def test_a_decision_is_revived_within_three_months_and_only_if_a_signature_was_what_lacked() -> None:
    unsigned = a_case(
        state="lapsed", events=happened(agreement_lapsed=9), entered_at=datetime(2021, 8, 18, 9, tzinfo=UTC)
    )

    assert codes("lapsed_unsigned@1", context(unsigned)) == []
    assert codes("lapsed_unsigned@1", context(unsigned, at=datetime(2021, 11, 19, 9, tzinfo=UTC))) == [
        "lapsed_too_long"
    ]
    assert codes("lapsed_unsigned@1", context(replace(unsigned, events=happened(conditions_failed=9)))) == [
        "not_lapsed_unsigned"
    ]
