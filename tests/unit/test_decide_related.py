"""What follows from a move in other cases and for people: cases opened, events fired, series planned, notices sent."""

from typing import Any

import pytest
from builders import (
    NOW,
    Change,
    Story,
    a_case,
    a_definition,
    a_setup,
    an_actor,
    around,
    edge,
    facts,
)  # fmt: skip
from msgspec.structs import replace

from engine.core.anchor import Calendar, Setting
from engine.core.case import Case
from engine.core.command import Advance, ChangeParty, PartyGiven
from engine.core.decide import decide
from engine.core.decision import Decision
from engine.core.expression import evaluate
from engine.core.facts import FactMissing, Facts

DATA = {
    "subject": "Saken", "kind": "small", "amount": "1.00", "ready_on": "2021-05-31", "begins_on": "2021-01-01",
    "ends_on": "2023-01-01", "duties": [{"text": "Plan", "due_on": "2021-05-03"}],
}  # fmt: skip


def one_yes(plain: dict[str, Any]) -> None:
    """Let one person alone bind a matter."""
    next(t for t in plain["transition"] if t["event"] == "bind").pop("approvals")


def binding(by: str = "officer", given: Facts | None = None, *changes: Change, **more: Any) -> Decision:
    """What binding a weighed matter decides."""
    case = a_case("weighed", data={**DATA, **more.pop("data", {})}, **more.pop("case", {}))
    setup = a_setup(a_definition("matter", one_yes, *changes), given)
    decision = decide(setup, case, Advance(reference=case.reference, actor=an_actor(by), event="bind", **more))
    assert decision is not None
    return decision


def letter(reference: str, state: str = "written", **more: Any) -> Case:
    return a_case(state, "letter", reference, **more)


def planned_child(begins_on: str, state: str = "drafted", reference: str = "M-7") -> Case:
    return a_case(state, "matter", reference, data={"subject": "påminnelse", "begins_on": begins_on})


# Cases opened


def test_a_case_is_opened_with_values_from_this_one() -> None:
    decision = binding(note="Enligt beslut")

    letter_wanted = decision.spawns[0]
    assert letter_wanted.spawn.workflow == "letter"
    assert letter_wanted.title == "Brev om Titel (M-2021-0001)"
    # A month after the last of May is the last of June.
    assert letter_wanted.values == {"subject": "Saken", "sent_on": "2021-06-30", "reason": "Enligt beslut"}


def test_a_case_is_opened_only_for_its_role_and_under_its_conditions() -> None:
    officers = [s.title for s in binding().spawns if s.spawn.workflow == "letter"]
    assert officers == ["Brev om Titel (M-2021-0001)"]

    heads = binding("head", data={"kind": "large"}).spawns
    assert [s.title for s in heads][:3] == ["Brev om Titel (M-2021-0001)", "Från chefen", "Brev om stort"]
    assert heads[1].values == {"subject": "Chefen", "judge": "p:12"}
    assert heads[2].values == {"subject": "large"}


# Events fired


def test_an_event_is_fired_on_the_related_cases_of_its_workflow() -> None:
    parent = a_case(reference="M-0")
    given = around(parent, children=(letter("L-1"), a_case(reference="M-8"), letter("L-2")))

    decision = binding("officer", given, case={"parent": "M-0"}, note="Klart")

    assert [(f.reference, f.event, f.note) for f in decision.fires] == [
        ("L-1", "discard", "Klart"), ("L-2", "discard", "Klart"), ("M-0", "remark", "Klart"),
    ]  # fmt: skip
    assert decision.fires[0].values == {"reason": "Klart"}
    assert decision.fires[2].values == {"reason": "M-2021-0001"}


def test_an_event_is_fired_under_its_conditions_and_never_on_the_case_itself() -> None:
    given = facts(siblings=(a_case(reference="M-2021-0001"), a_case(reference="M-5")))

    assert binding("officer", given).fires == ()
    assert [f.reference for f in binding("officer", given, data={"kind": "large"}).fires] == ["M-5"]


# Series


def plan(*children: Case, **data: Any) -> Decision:
    return binding("officer", facts(children=children), edge("bind", spawns=[], fires=[]), data=data)


def test_a_series_opens_as_many_children_ahead_as_it_says() -> None:
    decision = plan()

    assert [s.values["begins_on"] for s in decision.spawns] == ["2021-07-01", "2022-01-01"]
    assert decision.spawns[0].values == {"subject": "påminnelse", "begins_on": "2021-07-01", "ready_on": "2021-08-01"}
    assert decision.spawns[0].title == "Brev 2021-07-01 om Titel"


def test_children_that_are_there_are_not_opened_again_and_those_that_wait_take_up_room() -> None:
    first, second = planned_child("2021-07-01", "closed"), planned_child("2022-01-01", reference="M-8")

    assert [s.values["begins_on"] for s in plan(first, second).spawns] == ["2022-07-01"]
    assert plan(planned_child("2021-07-01"), second).spawns == ()


def test_a_waiting_child_beyond_the_end_is_dropped_and_does_not_take_up_room() -> None:
    decision = plan(planned_child("2024-01-01"))

    assert [(f.reference, f.event, f.values) for f in decision.fires] == [
        ("M-7", "lapse", {"reason": "letters: ends_on"})
    ]
    assert len(decision.spawns) == 2


@pytest.mark.parametrize("missing", ["begins_on", "ends_on"])
def test_a_series_without_a_beginning_or_an_end_plans_nothing(missing: str) -> None:
    assert plan(**{missing: None}).spawns == ()


def test_other_children_are_none_of_the_series() -> None:
    other = a_case("drafted", "matter", "M-7", data={"subject": "Annat", "begins_on": "2021-07-01"})

    assert len(plan(other, letter("L-1")).spawns) == 2


# Notices


def test_a_notice_goes_once_to_each_person_it_means() -> None:
    decision = binding()

    assert [(m.key, m.attach, m.state) for m in decision.messages] == [
        ("M-2021-0001#10/bound/p:1", ("contract",), "queued"),
        ("M-2021-0001#10/bound/p:3", ("contract",), "queued"),
        ("M-2021-0001#10/bound/p:11", ("contract",), "queued"),
        ("M-2021-0001#10/bound/p:90", ("contract",), "queued"),
    ]
    assert decision.entry.body["msgs"] == [m.key for m in decision.messages]


@pytest.mark.parametrize(
    ("more", "state", "reason"),
    [({"no_mail": True}, "cancelled", "no_mail"), ({"hold_mail": True}, "held", "hold_mail"), ({}, "queued", None)],
)
def test_mail_may_be_held_or_left_out(more: dict[str, Any], state: str, reason: str | None) -> None:
    assert {(m.state, m.reason) for m in binding(**more).messages} == {(state, reason)}


@pytest.mark.parametrize(
    ("more", "state", "reason"),
    [({}, "no_recipient", "evaluator:leader"), ({"no_mail": True}, "cancelled", "no_mail"),
     ({"hold_mail": True}, "no_recipient", "evaluator:leader")],
)  # fmt: skip
def test_a_notice_that_reaches_nobody_is_kept_as_such_unless_none_was_to_be_sent(
    more: dict[str, Any], state: str, reason: str
) -> None:
    to_nobody = edge("bind", notify=[{"message": "bound", "to": ["evaluator:leader"]}])

    [message] = binding("officer", None, to_nobody, **more).messages

    assert (message.person, message.state, message.reason) == (None, state, reason)


def test_a_notice_has_conditions() -> None:
    only_large = {"message": "bound", "to": ["officer"], "when": [
        {"name": "field_in@1", "field": "kind", "values": ["large"]}]}  # fmt: skip

    assert binding("officer", None, edge("bind", notify=[only_large])).messages == ()
    assert len(binding("officer", None, edge("bind", notify=[only_large]), data={"kind": "large"}).messages) == 1


def test_an_evaluator_is_written_to_at_the_contact_of_its_party() -> None:
    story = Story(a_definition("matter", edge("remark", notify=[{"message": "bound", "to": ["evaluator"]}]))).open()
    story.give(ChangeParty, action="add", given=PartyGiven("evaluator", "o:5", "other", {"contact": ("p:50",)}))

    assert [m.person for m in story.fire("remark").messages] == ["p:50"]


def test_a_party_that_has_left_is_written_to_no_more() -> None:
    story = Story(
        a_definition("matter", edge("remark", notify=[{"message": "bound", "to": ["partner:contact"]}]))
    ).open()
    story.give(ChangeParty, action="end", given=PartyGiven("partner", "o:2", "regional"))

    assert [m.person for m in story.fire("remark").messages] == [None]


# Expressions


def value(text: Any, **more: Any) -> Any:
    case = a_case("bound", data=DATA, **more)
    parent = a_case(reference="M-0", data={"verdict": "ja", "ready_on": "2021-02-28"})
    setting = Setting(a_definition(), Calendar(), around(parent), case, 10, NOW, NOW)
    return evaluate(setting, {"x": text}, note="Not", person="p:1").get("x")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("=text", "text"), (5, 5), (True, True), ("case.subject", "Saken"), ("case.reference", "M-2021-0001"),
        ("case.title", "Titel"), ("case.note", "Not"), ("actor.person", "p:1"), ("case.verdict", None),
        ("parent.verdict", "ja"), ("parent.ready_on + 1 month", "2021-03-28"), ("ready_on", "2021-05-31"),
        ("entered + 1 day", "2021-03-02"), ("verdict_on", None),
    ],
)  # fmt: skip
def test_an_expression_is_a_literal_a_field_or_a_date_rule(text: Any, found: Any) -> None:
    assert value(text, parent="M-0") == found


def test_without_a_parent_its_fields_are_empty() -> None:
    assert value("parent.verdict") is None
    assert value("parent.ready_on + 1 month") is None


# Facts


def test_a_rule_that_asks_for_a_fact_it_did_not_name_is_a_fault_of_the_program() -> None:
    with pytest.raises(FactMissing, match="parent"):
        Facts().case("parent")


def test_paths_begin_from_what_the_command_sets() -> None:
    other = a_case(reference="M-9")
    known = Facts({"@M-9": other, "@M-9/children": (other,), "call": None, "settings": {"dnr": "own"}}, {"call": "M-9"})

    assert known.case("call") == other
    assert known.cases("call/children") == (other,)
    assert known.setting("dnr") == "own"
    assert known.setting("none", 1) == 1
    assert replace(known, links={}).case("call") is None
