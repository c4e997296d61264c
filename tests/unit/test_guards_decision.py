"""The guards of decisions and change requests, and how the workflows of a project work together through the engine."""

from typing import Any

import pytest
from guarding import HEAD, NOW, around, asked, case, codes, decided, document, filled, project, refusals, report
from msgspec.structs import replace

from engine.core.case import SYSTEM, Actor, Case, Happened
from engine.core.command import Advance, Open, Upload
from engine.core.errors import TransitionRefused

MEETING = case("meeting", "summoned", "M-1", data={"starts_at": "2026-09-01T07:00:00.000000Z"})
CALL = case("call", "decided", "U-1", data={"max_project_months": 24, "frame": "5000.00"})
GRANTED = project(data={"granted_amount": "1000.00"})


# Decisions


def test_an_act_says_anew_by_what_decision_it_is_done() -> None:
    held = project("termination_review", data={"paragraph": "§ 9", "meeting": "M-1", "delegation_no": "3"})

    def found(role: str, **given: Any) -> list[str]:
        context = asked(held, "terminate", role=role, set=given)
        return [refusal.params["field"] for refusal in refusals("decision_recorded", context)]

    assert found("secretary") == ["meeting", "paragraph"]
    assert found("secretary", meeting="M-1", paragraph="§ 10") == []
    assert found("head") == ["delegation_no"]
    assert found("head", delegation_no="4") == []


def test_a_change_at_the_board_is_decided_at_the_meeting_that_it_was_sent_to() -> None:
    context = asked(change("plan", "at_board"), "cr_approve", role="secretary", set={"paragraph": "§ 1"})

    assert codes("decision_recorded", replace(context, data={**context.data, "meeting": "M-1"})) == []


def test_a_decision_is_announced_once_and_replaced_by_another() -> None:
    own = case("decision", "appealed", "B-1", data={"announced_on": "2026-06-01"})
    other = case("decision", "adopted", "B-2")

    assert codes("not_announced", asked(own, "announce_appealed")) == ["announced_already"]
    assert codes("not_announced", asked(replace(own, data={}), "announce_appealed")) == []
    assert codes("another_decision", asked(own, "supersede", around(new_decision=other))) == []
    assert codes("another_decision", asked(own, "supersede", around(new_decision=own))) == ["not_another_decision"]
    assert codes("another_decision", asked(own, "supersede", around())) == ["not_another_decision"]


@pytest.mark.parametrize(
    ("parent", "granted"),
    [
        (case("application", "project_started"), True),
        (case("application", "rejected"), False),
        (case("change_request", "approved"), True),
        (case("reclaim", "decided"), False),
        (None, False),
    ],
)
def test_the_news_of_legal_force_is_for_grants(parent: Case | None, granted: bool) -> None:
    context = asked(case("decision", "announced", "B-1"), "become_final", around(parent=parent))

    assert codes("parent_granted", context) == ([] if granted else ["parent_not_granted"])


def test_a_delegated_decision_is_reported_at_the_next_meeting_or_within_three_months() -> None:
    planned = around(next_meeting="M-1", references={"@M-1": MEETING})
    own = case("decision", "adopted", "B-1")

    assert filled("report_by", asked(own, "adopt_delegated", planned)) == "2026-09-01"
    assert filled("report_by", asked(own, "adopt_delegated", around())) == "2026-09-15"


def test_the_presenter_is_whom_the_case_names_else_its_officer_else_who_acts() -> None:
    own, parent = case("decision", "adopted", "B-1"), case("application", "granted", "SIM-1", assignee="u:5")
    named = replace(parent, data={"presented_by": "Ola Ek"})

    assert filled("presented_by", asked(own, "adopt_board", around(parent=named))) == "Ola Ek"
    known, unknown = (around(parent=parent, references={"user:u:5": people}) for people in (("p:5",), ()))
    assert filled("presented_by", asked(own, "adopt_board", known)) == "p:5"
    assert filled("presented_by", asked(own, "adopt_board", unknown)) == "u:5"
    assert filled("presented_by", asked(own, "adopt_board", around())) == "p:9"


# Changes


def change(kind: str, state: str = "submitted", **data: Any) -> Case:
    return case("change_request", state, "CR-1", parent="P-1", data={"project": "P-1", "type": kind, **data})


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (change("contact"), []),
        (change("plan"), ["field_missing"]),
        (change("plan", new_plan="Ny"), []),
        (change("extension", new_end_date="2028-01-31"), []),
        (change("extension", new_end_date="2027-12-31"), ["not_an_extension"]),
        (change("plan", new_plan="Ny", new_granted_amount="1.00"), ["amount_needs_budget"]),
    ],
)
def test_a_change_says_what_is_to_become(request_: Case, expected: list[str]) -> None:
    assert codes("change_described", asked(request_, "request_change", around(parent=GRANTED))) == expected


@pytest.mark.parametrize(
    ("request_", "board"),
    [
        (change("plan", new_plan="Ny"), False),
        (change("owner", new_plan="Ny"), True),
        (change("purpose", new_plan="Ny"), True),
        (change("partner", new_plan="Ny"), False),
        (change("budget", new_granted_amount="1000.00"), False),
        (change("budget", new_granted_amount="1000.01"), True),
        (change("extension", new_end_date="2028-01-01"), False),
        (change("extension", new_end_date="2028-01-02"), True),
    ],
)
def test_the_head_decides_what_the_delegation_covers_and_the_board_the_rest(request_: Case, board: bool) -> None:
    facts = around(parent=GRANTED, call=CALL)
    at_board = replace(request_, state="at_board")

    assert codes("within_delegation", asked(request_, "cr_approve", facts)) == (["beyond_delegation"] if board else [])
    assert codes("outside_delegation", asked(request_, "cr_to_board", facts)) == (
        [] if board else ["within_delegation"]
    )
    assert codes("within_delegation", asked(at_board, "cr_approve", facts)) == ["at_board_already"]
    assert codes("within_delegation", asked(at_board, "cr_approve", facts, role="secretary")) == []
    assert codes("within_delegation", asked(request_, "cr_approve", facts, role="secretary")) == ["not_at_board"]


def test_a_change_is_decided_before_it_takes_effect() -> None:
    assert codes("not_yet_effective", asked(change("plan", effective_on="2026-06-15"), "cr_approve")) == []
    assert codes("not_yet_effective", asked(change("plan", effective_on="2026-06-14"), "cr_approve")) == ["retroactive"]


def test_a_raise_fits_into_the_frame_of_the_call() -> None:
    granted = case("application", "project_started", "SIM-1", data={"granted_amount": "4500.00"})

    def found(amount: str) -> list[str]:
        facts = around(parent=GRANTED, call=CALL, applications=(granted,))
        return codes("raise_within_frame", asked(change("budget", new_granted_amount=amount), "cr_approve", facts))

    assert found("1500.00") == []
    assert found("1500.01") == ["frame_exceeded"]


# Through the engine


def fired(event: str, reference: str, **values: Any) -> Advance:
    return Advance(reference=reference, actor=HEAD, event=event, set=values, fired=True)


def test_a_project_that_ends_early_waives_what_nobody_waits_for_even_when_the_head_fires_it() -> None:
    ended = project("final_reporting", data={"ended_early": True, "end_date": "2026-06-30"})
    needed = replace(report("progress", "open", period_end="2026-06-01"), parties=())
    beyond = replace(report("progress", "open", period_end="2026-12-31"), parties=())

    waived = decided("report", beyond, fired("waive", "R-1"), around(parent=ended))

    assert waived.case.state == "waived"
    assert waived.case.data["reason"]
    assert waived.fires == ()
    with pytest.raises(TransitionRefused) as refused:
        decided("report", needed, fired("waive", "R-1"), around(parent=ended))
    assert [reason.code for reason in refused.value.reasons] == ["report_still_needed"]


def test_the_head_may_waive_a_report_that_is_needed_and_the_project_then_plans_the_next() -> None:
    running = project()
    open_one = report("progress", "open", period_end="2026-07-01", opens_on="2026-07-01")
    command = Advance(reference="R-1", actor=HEAD, event="waive", set={"reason": "Samma som den ekonomiska"})
    facts = around(parent=running, references={"@P-1": running, "list:x": ()})

    waived = decided("report", open_one, command, facts)

    assert waived.case.state == "waived"
    assert [(fire.reference, fire.event) for fire in waived.fires] == [("P-1", "next_report")]


def test_two_reports_of_each_series_are_planned_when_the_start_is_confirmed_and_none_before() -> None:
    started = report("start", "approved")
    start_up = project("start_up", data={"reporting_plan": "Enligt planen", "plan_version": 1})
    whole = {"plan": "x", "ledger_code": "1", "baseline": "x", "information_plan": "x"}
    group = [{"side": "municipal"}, {"side": "regional"}]
    started = replace(started, data={**started.data, **whole, "steering_group": group})
    confirm = Advance(reference="P-1", actor=HEAD, event="confirm_start", fired=True)

    running = decided("project", start_up, confirm, around(children=(started,)))

    planned = [(s.values["kind"], s.values["period_end"], s.values["due_on"]) for s in running.spawns]
    assert planned == [
        ("progress", "2026-07-01", "2026-08-01"), ("progress", "2027-01-01", "2027-02-01"),
        ("financial", "2026-07-01", "2026-08-01"), ("financial", "2026-12-31", "2027-01-31"),
    ]  # fmt: skip
    with pytest.raises(TransitionRefused):
        decided("project", start_up, fired("next_report", "P-1"))


def test_a_report_handed_in_makes_room_for_the_next_of_its_series() -> None:
    confirmed = project(events={"confirm_start": Happened(3, NOW, ())})
    handed_in = report("progress", "submitted", period_end="2026-07-01")
    waiting = report("progress", "scheduled", "R-2", period_end="2027-01-01")
    financial = tuple(report("financial", "scheduled", f"R-{i}", period_end=f"202{i}-12-31") for i in (6, 7))

    after = decided(
        "project", confirmed, fired("next_report", "P-1"), around(children=(handed_in, waiting, *financial))
    )

    assert [(s.values["kind"], s.values["period_end"]) for s in after.spawns][:1] == [("progress", "2027-07-01")]
    assert after.case.state == "running"


def test_the_type_of_a_change_chooses_what_is_fired_on_the_project() -> None:
    contact = change("contact", reason="Ny person", effective_on="2026-07-01", plan=None)
    command = Advance(
        reference="CR-1", actor=HEAD, event="cr_approve", set={"reasons": "Skäligt", "delegation_no": "7"}
    )
    facts = around(parent=GRANTED, call=CALL, references={"@P-1": GRANTED, "users:officer": ()})

    approved = decided("change_request", replace(contact, data={**contact.data}), command, facts)

    assert approved.fires == ()
    assert [spawn.spawn.opening for spawn in approved.spawns] == ["adopt_delegated"]
    unsigned = change("extension", reason="Sent", effective_on="2026-07-01", new_end_date="2028-01-01")
    filed = replace(unsigned, documents=(document("change", 2),))
    with pytest.raises(TransitionRefused) as refused:
        decided("change_request", filed, command, facts)
    assert [reason.code for reason in refused.value.reasons] == ["signature_missing", "signature_missing"]


def test_a_decision_spawned_by_the_head_has_all_that_its_opening_needs() -> None:
    contact = change("contact", reason="Ny person", effective_on="2026-07-01")
    command = Advance(
        reference="CR-1", actor=HEAD, event="cr_approve", set={"reasons": "Skäligt", "delegation_no": "7"}
    )
    facts = around(parent=GRANTED, call=CALL, references={"@P-1": GRANTED})
    spawn = decided("change_request", contact, command, facts).spawns[0]

    opened = decided(
        "decision",
        None,
        Open(
            reference="B-1", actor=HEAD, workflow="decision", event=spawn.spawn.opening, title=spawn.title,
            set=spawn.values, fired=True, parent="CR-1",
        ),
        around(parent=contact),
    )  # fmt: skip

    assert opened.case.state == "adopted"
    assert opened.case.data["decided_by"] == "p:9"
    assert [(d.name, d.due_on.isoformat()) for d in opened.deadlines.opened] == [("report_to_board", "2026-09-15")]


def test_the_clock_starts_a_project_and_ends_its_period_whatever_the_pause() -> None:
    clock = Actor("system", SYSTEM, frozenset({"system"}))
    begin = Advance(reference="P-1", actor=clock, event="begin", fired=True)
    end = Advance(reference="P-1", actor=clock, event="end_period", fired=True)
    over = project("termination_review", back=("running", "suspended"), data={"end_date": "2026-06-14"})

    started = decided("project", project("planned"), begin)
    ended = decided("project", over, end)

    assert [(s.values["kind"], s.values["due_on"]) for s in started.spawns] == [("start", "2026-03-01")]
    assert [d.name for d in started.deadlines.opened] == ["project_end"]
    assert [(s.values["kind"], s.values["due_on"]) for s in ended.spawns] == [
        ("final", "2026-08-14"), ("final_account", "2026-08-14"),
    ]  # fmt: skip
    assert ended.case.back == ()


def test_a_stay_holds_the_payments_of_the_project_and_lifting_it_releases_them() -> None:
    registrar = Actor("u:4", "rita", frozenset({"registrar"}), "p:8")
    appealed = case("decision", "appealed", "B-1", parent="SIM-1", data={"kind": "board", "stayed": False})
    application = case("application", "project_started", "SIM-1")
    people = {"users:officer": (), "users:controller": (), "@SIM-1": application}
    facts = around(parent=application, siblings=(project(),), references=people)

    def order(event: str) -> Advance:
        upload = Upload("court_order", "1" * 64, "order.pdf", 1)
        return Advance(reference="B-1", actor=registrar, event=event, uploads=(upload,))

    stayed = decided("decision", appealed, order("stay"), facts)
    lifted = decided("decision", stayed.case, order("lift_stay"), facts)

    assert [(f.reference, f.event) for f in stayed.fires] == [("P-1", "hold_payments")]
    assert [(f.reference, f.event) for f in lifted.fires] == [("P-1", "release_payments")]
    assert (stayed.case.data["stayed"], lifted.case.data["stayed"]) == (True, False)
    with pytest.raises(TransitionRefused):
        decided("decision", appealed, order("lift_stay"), facts)
