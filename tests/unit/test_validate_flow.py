"""Judging how a case walks through its states, and a whole file with many faults."""

from typing import Any

import pytest
from judging import LETTER, REGISTRY, ROOT, Plain, both, definition, drop, faults_of, put, templates, toy

from engine.core.shape import Fault
from engine.core.validate import check
from engine.core.validate_flow import Situation, side_steps, walk
from engine.readers.toml import locate, read_definition


def judged(plain: Plain) -> list[Fault]:
    return check(plain, REGISTRY, known_workflows={"letter": LETTER}, templates=templates)[1]


def test_a_case_walks_into_side_steps_that_nest_and_back_to_where_it_was() -> None:
    errand = definition(toy("side_steps"))

    situations = walk(errand)

    assert side_steps(errand) == {"paused", "asked"}
    assert Situation("paused", ("checked", "asked")) in situations
    assert [
        there for move, there in situations[Situation("paused", ("checked", "asked"))] if move.event == "resume"
    ] == [Situation("asked", ("checked",))]


def test_a_state_is_not_saved_by_a_side_step_that_another_state_may_end_through() -> None:
    plain = toy("side_steps")
    plain["transition"][0]["from"] = ["checked"]
    plain["opening"].append({**plain["opening"][0], "event": "begin_checked", "title": plain["title"], "to": "checked"})

    messages = {f.path: f.message for f in faults_of(plain)}

    assert "from “begun” no final state can be reached" in messages["state.begun"]
    assert "state.checked" not in messages


def test_a_side_step_alone_does_not_save_a_state_from_being_stranded() -> None:
    plain = toy("side_steps")
    del plain["transition"][0]  # nothing leads from begun to checked

    messages = {f.path: f.message for f in faults_of(plain)}

    assert "no case can ever come to “checked”" in messages["state.checked"]
    assert "from “begun” no final state can be reached" in messages["state.begun"]
    assert "no case can ever come to “done”" in messages["state.done"]


def test_a_case_cannot_begin_in_a_side_step() -> None:
    plain = toy("side_steps")
    plain["opening"][0]["to"] = "paused"

    assert any("leads nowhere" in f.message for f in faults_of(plain) if f.path == "state.paused")


def test_a_deadline_that_lasts_through_a_side_step_still_covers_the_state_returned_to() -> None:
    plain = toy("side_steps")
    plain["deadline"][0]["while"] = ["begun", "checked", "paused", "asked"]

    assert faults_of(plain) == []


def test_a_deadline_that_was_met_in_the_side_step_no_longer_covers_the_state_returned_to() -> None:
    plain = toy("side_steps")
    plain["deadline"][0]["met_by"] = ["answer"]

    (fault,) = [f for f in faults_of(plain) if f.path == "state.begun"]

    assert fault.message == "“begun” can be entered, by “answer” from “asked”, without any deadline"
    assert fault.hint
    assert "resting" in fault.hint


def test_a_deadline_opened_by_one_event_does_not_cover_another_way_in() -> None:
    plain = toy("side_steps")
    plain["deadline"][0]["opened_by"] = ["check"]

    messages = [f.message for f in faults_of(plain)]

    assert messages == ["“begun” can be entered, by its opening, without any deadline"]


def test_a_resting_state_needs_no_deadline() -> None:
    plain = toy("side_steps")
    plain["deadline"][0]["while"] = ["begun", "checked"]

    assert faults_of(plain) == []
    del plain["state"]["paused"]["resting"]
    assert [f.path for f in faults_of(plain)] == ["state.paused"]


def test_edges_of_one_event_may_differ_in_their_roles() -> None:
    plain = toy("side_steps")
    plain["transition"].append({**plain["transition"][0], "to": "done", "by": ["head"]})

    assert faults_of(plain) == []


def test_events_that_only_the_clock_fires_may_share_a_title() -> None:
    plain = toy("side_steps")
    plain["transition"].append({**plain["transition"][0], "event": "check_late", "by": ["system"]})

    assert faults_of(plain) == []


def test_a_spawned_case_cannot_bring_a_document() -> None:
    plain = toy("approvals")
    plain["transition"][0]["spawns"] = [
        {"workflow": "grant", "opening": "receive", "title": plain["title"],
         "set": {"purpose": "case.purpose", "amount": "=5.00"}}
    ]  # fmt: skip

    assert any("needs the document “application”" in f.message for f in faults_of(plain))


def test_every_fault_is_told_at_once_those_of_shape_and_those_of_sense() -> None:
    plain = toy("approvals")
    both(
        put("state", "received", "colour", to="red"),
        drop("state", "granted", "owner"),
        put("transition", 0, "needs", "fields", to=["gone"]),
        put("transition", 1, "to", to="nowhere"),
        put("deadline", 0, "due", to="soon"),
        put("deadline", 1, "owner", to="boss"),
        put("series", 0, "workflow", to="lettre"),
        put("transition", 3, "fires", 0, "event", to="burn"),
        drop("title", "en"),
    )(plain)

    paths = {f.path for f in judged(plain)}

    assert paths >= {
        "state.received.colour", "state.granted", "transition[1].needs.fields", "transition[2].to", "deadline[1].due",
        "deadline[2].owner", "series[1].workflow", "transition[4].fires[1].event", "title",
    }  # fmt: skip


def test_a_definition_with_any_fault_is_not_handed_out() -> None:
    plain = toy("tiny")
    plain["initial"] = "gone"

    made, faults = check(plain, REGISTRY, known_workflows={}, templates=templates)

    assert made is None
    assert faults == [Fault("initial", "there is no state “gone”", None), *faults[1:]]


@pytest.mark.parametrize("rubbish", [{}, {"state": 3, "transition": "x"}, {"opening": [1], "deadline": [{}]}])
def test_rubbish_yields_faults_and_no_exception(rubbish: dict[str, Any]) -> None:
    assert judged(rubbish)


def test_a_fault_can_be_found_in_the_text() -> None:
    path = ROOT / "tests" / "toys" / "approvals.toml"
    text = path.read_text("utf-8").replace('event = "close"', 'event = "close"\ncolour = "red"')
    plain, _ = read_definition(path)
    plain["transition"][3]["colour"] = "red"

    (fault,) = judged(plain)

    line = locate(text, fault.path)
    assert line is not None
    assert text.splitlines()[line - 1] == 'colour = "red"'


def test_a_workflow_of_another_office_has_no_fault() -> None:
    plain, _ = read_definition(ROOT / "docs" / "examples" / "building_permit.toml")

    made, faults = check(plain, REGISTRY, known_workflows={}, templates=templates)

    assert faults == []
    assert made
    assert len(made.states) == 13
    assert not any(s.back for s in walk(made) if s.state not in side_steps(made))
    assert {s.open_ones for s in walk(made, made.deadlines.values()) if s.state == "appealed"} >= {
        frozenset({"begin", "forwarding"}), frozenset({"finish", "court"}), frozenset({"forwarding"})
    }  # fmt: skip
