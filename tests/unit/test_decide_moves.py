"""Opening a case and moving it: the edge that an event takes, what it asks for, and what it writes."""

from datetime import timedelta
from typing import Any

import pytest
from builders import (
    CLOCK,
    NOW,
    REGISTRY,
    Story,
    a_case,
    a_definition,
    a_document,
    a_setup,
    an_actor,
    an_upload,
    around,
    codes,
    edge,
    facts,
    refused,
)  # fmt: skip
from msgspec.structs import replace

from engine.core.case import Happened
from engine.core.command import Advance, Amend, Command, Note, Open
from engine.core.decide import decide
from engine.core.errors import ConcurrentUpdate, NotFound, ValueMalformed
from engine.core.machine import START, Fit, Machine, WrongEvent
from engine.core.waiving import waivers

APPLICATION = an_upload("application")
SMALL = {"subject": "Saken", "kind": "small", "amount": "50.00"}


def fire(event: str, by: str = "officer", **more: Any) -> Advance:
    return Advance(reference="M-2021-0001", actor=more.pop("actor", an_actor(by)), event=event, **more)


def filed(**data: Any) -> Story:
    """A story whose case has been filed by the registrar, on behalf of nobody."""
    story = Story(a_definition("matter", edge("file", by=["registrar"]))).open(set={**SMALL, **data})
    story.fire("file", by="registrar", uploads=(APPLICATION,))
    return story


# Opening


def test_an_opening_makes_a_case_with_its_values_parties_and_number_one() -> None:
    story = Story().open()

    case = story.here
    assert (case.state, case.title, case.n, case.revision) == ("drafted", "Titel", 1, 1)
    assert case.data == {"subject": "Saken", "late": True}
    assert [p.role for p in case.parties] == ["owner", "partner"]
    assert (case.opened_at, case.entered_at, case.entered_n) == (NOW, NOW, 1)
    assert case.events == {"receive": Happened(1, NOW, ("p:11",), "officer")}


def test_an_opening_without_a_required_field_is_refused_with_the_command_that_mends_it() -> None:
    command = Open(reference="M-1", actor=an_actor("officer"), event="receive", title="T", workflow="matter")

    [reason] = refused(a_setup(), None, command)

    assert (reason.code, reason.params, reason.fix) == (
        "field_missing", {"field": "subject"}, "skede new matter -s subject=…",
    )  # fmt: skip


def test_an_opening_that_the_workflow_does_not_have_names_those_it_has() -> None:
    command = Open(reference="M-1", actor=an_actor("officer"), event="file", title="T", workflow="matter")

    [reason] = refused(a_setup(), None, command)

    assert (reason.code, reason.params["events"]) == ("workflow_opening_unknown", ["receive"])


def test_an_opening_takes_a_note_documents_and_a_parent() -> None:
    story = Story(given=around(a_case(reference="M-0"))).open(
        note="Kom med post", uploads=(an_upload("application", sender="a@b.example"),), parent="M-0"
    )

    assert story.here.parent == "M-0"
    assert story.here.documents[0].sender == "a@b.example"
    assert story.body()["docs"][0] == {
        "id": 1, "kind": "application", "sha256": f"{1:064x}", "direction": "in", "n": 1,
        "received_at": "2021-03-01T09:00:00.000000Z",
    }  # fmt: skip
    assert "Kom med post" in (story.lines[0][1] or "")
    assert "post" not in story.lines[0][0]


def test_a_field_that_says_which_case_is_the_parent_does_so_at_the_opening_and_later() -> None:
    story = Story().open(set={"subject": "Saken", "above": "M-0"})
    assert story.here.parent == "M-0"

    story.give(Amend, set={"above": "M-9"}, note="Fel förälder")

    assert story.here.parent == "M-9"


# Edges


def test_an_event_moves_the_case_and_is_written_with_who_when_and_what() -> None:
    story = filed()

    case, entry = story.here, story.decision.entry if story.decision else None
    assert entry is not None
    assert (case.state, case.revision, case.entered_n) == ("filed", 2, 2)
    assert (entry.act, entry.event, entry.source, entry.target) == ("advance", "file", "drafted", "filed")
    assert (entry.actor, entry.auth, entry.role) == ("u:13", "os:registrar", "registrar")
    assert entry.wf == "matter@2"


def test_when_chooses_among_the_edges_of_an_event() -> None:
    large = filed(kind="large")
    assert large.refused("weigh") == ["field_must_be_brought"]
    assert large.fire("weigh", set={"reason": "Viktigt"}).case.state == "weighed"

    assert filed().fire("weigh").case.state == "weighed"


def test_where_no_edge_is_meant_the_reasons_of_all_are_told_once_each() -> None:
    story = Story(
        a_definition("matter", edge("file", set={"kind": "small"}), edge("weigh", 1, when=[
            {"name": "field_in@1", "field": "kind", "values": ["large"]},
            {"name": "field_in@1", "field": "kind", "values": ["huge"]},
        ]))
    ).open()  # fmt: skip
    story.fire("file", uploads=(APPLICATION,), set={"amount": "1.00"}, note="n", on_behalf_of=None)
    case = replace(story.here, data={"subject": "Saken"})

    assert codes(story.setup, case, fire("weigh")) == ["field_not_in"]


@pytest.mark.parametrize(
    ("state", "event", "code"),
    [("drafted", "nonsense", "unknown_event"), ("drafted", "weigh", "wrong_state"), ("closed", "file", "state_final")],
)
def test_an_event_of_another_state_or_of_none_is_refused(state: str, event: str, code: str) -> None:
    [reason] = refused(a_setup(), a_case(state), fire(event))

    assert (reason.code, reason.params) == (code, {"event": event, "state": state})


@pytest.mark.parametrize("typed", ["flie", "Lämna inn", "FILED"])
def test_an_event_that_is_misspelt_is_answered_with_the_one_that_was_meant(typed: str) -> None:
    [reason] = refused(a_setup(), a_case("drafted"), fire(typed))

    assert (reason.code, reason.fix) == ("unknown_event", "skede advance M-2021-0001 file")


def test_every_reason_is_told_at_once() -> None:
    command = fire("file", by="head", uploads=(an_upload("poem"),), set={"verdict": "ja"})

    reasons = codes(a_setup(), a_case("drafted"), command)

    assert reasons == ["document_unknown", "role_missing", "field_missing", "document_missing"]


def test_a_field_that_the_event_does_not_take_is_refused_unless_the_role_may_amend_it() -> None:
    story = filed()

    assert story.refused("remark", set={"verdict": "ja"}) == ["field_not_for_event"]
    assert story.fire("remark", set={"ready_on": "2021-05-01"}).case.data["ready_on"] == "2021-05-01"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"subjct": "x"}, "did you mean subject"),
        ({"zzz": "x"}, "it has above"),
        ({"late": "true"}, "computed"),
        ({"amount": "much"}, "amount"),
    ],
)
def test_values_without_a_form_are_malformed(values: dict[str, str], words: str) -> None:
    with pytest.raises(ValueMalformed, match=words):
        decide(a_setup(), a_case("drafted"), fire("file", set=values))


def test_an_empty_value_empties_a_field_but_not_a_required_one() -> None:
    story = filed(reason="Skäl")

    assert "reason" not in story.fire("remark", set={"reason": ""}).case.data
    assert story.refused("remark", set={"subject": ""}) == ["field_missing"]


def test_personal_values_are_kept_out_of_the_line() -> None:
    story = filed(story="Anna bor i Alingsås")

    line, payload = story.lines[0]
    assert "Anna" not in line
    assert "Anna" in (payload or "")
    assert story.body(0)["private"] == ["story"]
    assert story.here.data["story"] == "Anna bor i Alingsås"


def test_a_document_must_be_new_since_the_case_came_to_its_state() -> None:
    definition = a_definition(
        "matter", edge("weigh", needs={"documents": ["contract"], "new_documents": ["application"]})
    )
    old = a_case("filed", data=SMALL, documents=(a_document("application", n=7), a_document("contract", 2)))

    [reason] = refused(a_setup(definition), old, fire("weigh"))
    assert (reason.code, reason.fix) == ("document_must_be_new", "skede advance M-2021-0001 weigh -a application=FILE")
    assert codes(a_setup(definition), replace(old, documents=()), fire("weigh")) == ["document_missing"] * 2

    decision = decide(a_setup(definition), old, fire("weigh", uploads=(APPLICATION,)))
    assert decision is not None
    assert decision.case.state == "weighed"


def test_a_child_of_the_right_kind_and_state_is_asked_for() -> None:
    wanted = {"workflow": "letter", "states": ["read"], "where": {"subject": "Saken"}}
    definition = a_definition("matter", edge("remark", needs={"children": [wanted]}))
    story = Story(definition, facts(children=(a_case("written", "letter", data={"subject": "Saken"}),))).open()

    assert story.refused("remark") == ["child_missing"]

    story.facts = facts(children=(a_case("read", "letter", data={"subject": "Annat"}),))
    assert story.refused("remark") == ["child_missing"]

    story.facts = facts(children=(a_case("read", "letter", data={"subject": "Saken"}),))
    assert story.fire("remark").case.state == "drafted"


def test_a_child_in_any_state_will_do_where_none_is_named() -> None:
    definition = a_definition("matter", edge("remark", needs={"children": [{"workflow": "letter"}]}))
    story = Story(definition, facts(children=(a_case("written", "letter"),))).open()

    assert story.fire("remark").case.state == "drafted"


@pytest.mark.parametrize(("amount", "told"), [("500.00", []), ("500.01", ["limit_exceeded"])])
def test_a_role_decides_up_to_its_limit_and_not_an_ore_more(amount: str, told: list[str]) -> None:
    definition = a_definition("matter", edge("remark", by=["head"], limit={"field": "amount", "head": "500.00"}))
    story = Story(definition).open(set={"subject": "S", "amount": amount})

    if told:
        assert story.refused("remark", by="head") == told
    else:
        assert story.fire("remark", by="head").case.n == 2


def test_a_limit_says_nothing_of_an_amount_that_is_not_known() -> None:
    definition = a_definition("matter", edge("remark", by=["officer"], limit={"field": "amount", "officer": "1.00"}))

    assert decide(a_setup(definition), a_case("drafted"), fire("remark")) is not None


# Guards and overrides


def test_a_guard_refuses_with_its_name_and_who_may_waive_it() -> None:
    story = filed(amount="200.00")

    [reason] = refused(story.setup, story.here, fire("weigh"))

    assert (reason.code, reason.guard, reason.waivable_by) == ("too_much", "no_more_than@1", ("head",))
    assert reason.fix == "skede amend M-2021-0001 -s amount=…"


@pytest.mark.parametrize("name", ["no_more_than", "no_more_than@1"])
def test_who_may_waive_a_guard_does_so_with_a_note(name: str) -> None:
    story = filed(amount="200.00")
    both = an_actor("officer", "head")

    assert story.refused("weigh", override=(name,)) == ["guard_not_waivable"]
    assert story.refused("weigh", by=both, override=(name,)) == ["override_needs_note"]
    story.fire("weigh", by=both, override=(name,), note="Ordföranden vill")

    assert story.body()["waived"] == ["no_more_than@1"]
    assert story.body()["guards"] == ["no_more_than@1"]


def test_who_may_waive_a_guard_may_fire_the_event_that_it_stops() -> None:
    story = filed(amount="200.00")

    assert story.refused("weigh", by="head") == ["role_missing", "too_much"]
    assert story.refused("weigh", by="head", override=("no_more_than",)) == ["override_needs_note"]
    story.fire("weigh", by="head", override=("no_more_than",), note="Ordföranden vill")

    assert story.body()["waived"] == ["no_more_than@1"]
    assert story.decision is not None
    assert story.decision.entry is not None
    assert story.decision.entry.role == "head"


@pytest.mark.parametrize(
    ("amount", "by", "more", "reasons"),
    [
        ("50.00", "head", {}, ["role_missing"]),  # nothing to waive: the event stays the officer's
        ("200.00", "secretary", {}, ["role_missing", "guard_not_waivable"]),
        ("200.00", "head", {"on_behalf_of": "p:11"}, ["on_behalf_not_allowed"]),
        ("50.00", "head", {"fired": True}, None),
    ],
)
def test_the_right_to_waive_opens_no_other_door(
    amount: str, by: str, more: dict[str, Any], reasons: list[str] | None
) -> None:
    story = filed(amount=amount)
    command = fire("weigh", by=by, override=("no_more_than@1",), note="n", **more)

    if reasons is None:
        decision = decide(story.setup, story.here, command)
        assert decision is not None
        assert decision.entry.role == "system"
        return
    assert codes(story.setup, story.here, command) == reasons


@pytest.mark.parametrize("more", [{"approvals": {"count": 2}}, {"limit": {"field": "amount", "officer": "900.00"}}])
def test_nobody_waives_their_way_past_approvals_or_a_limit(more: dict[str, Any]) -> None:
    guards = [{"name": "no_more_than@1", "field": "amount", "most": 1, "waivable_by": ["head"]}]
    definition = a_definition("matter", edge("weigh", guards=guards, **more))

    reasons = codes(
        a_setup(definition), a_case("filed", data=SMALL), fire("weigh", by="head", override=("no_more_than",), note="n")
    )

    assert reasons == ["role_missing"]
    assert waivers(definition.edges("weigh")[0], ["no_more_than@1"]) == frozenset()


def test_a_guard_that_nobody_may_waive_stands() -> None:
    definition = a_definition(
        "matter", edge("weigh", guards=[{"name": "no_more_than@1", "field": "amount", "most": 1}])
    )

    reasons = codes(
        a_setup(definition),
        a_case("filed", data=SMALL),
        fire("weigh", by="head", override=("no_more_than@1",), note="n"),
    )

    assert reasons == ["role_missing", "guard_not_waivable"]


def test_an_override_of_a_content_guard_leaves_no_trace() -> None:
    story = filed()

    story.fire("weigh", override=("no_more_than@1",), note="För säkerhets skull")

    assert "waived" not in story.body()


def test_to_override_a_rule_that_the_event_has_not_is_refused() -> None:
    story = filed()

    [reason] = refused(story.setup, story.here, fire("weigh", override=("no_more_then",), note="Skrivfel"))

    assert (reason.code, reason.params["guards"]) == ("override_of_no_rule", ["no_more_than@1"])


# Fills and counters


def test_a_fill_gives_what_the_command_does_not_bring_and_takes_a_number() -> None:
    story = Story(a_definition("matter", edge("file", by=["officer"])), facts(number__number="X 2021-00007")).open()

    decision = story.fire("file", set={"amount": "1.00"}, uploads=(APPLICATION,))

    assert decision.case.data["number"] == "X 2021-00007"
    assert decision.counters == ("number",)


def test_a_number_that_the_command_brings_is_kept_and_no_counter_is_used() -> None:
    story = Story(a_definition("matter", edge("file", by=["officer"])), facts(number__number="X 2021-00007")).open()

    decision = story.fire("file", set={"amount": "1.00", "number": "KS 2021/17"}, uploads=(APPLICATION,))

    assert (decision.case.data["number"], decision.counters) == ("KS 2021/17", ())


def test_a_fill_that_gives_nothing_leaves_the_field_alone() -> None:
    assert "number" not in filed().here.data


def test_a_fill_stands_in_for_what_must_be_brought() -> None:
    definition = a_definition("matter", edge("remark", needs={"brings": ["number"]}, fills={"number": "next_number@1"}))
    story = Story(definition, facts(number__number="X 2021-00001")).open()
    story.fire("remark")
    story.facts = facts(number__number="X 2021-00002")
    assert story.fire("remark").case.data["number"] == "X 2021-00002"

    story.facts = facts()

    assert story.fire("remark").case.data["number"] == "X 2021-00002"


# Time


def test_an_event_may_be_recorded_late_but_not_out_of_order() -> None:
    story = Story().open().later(days=3)
    story.fire("remark", occurred_at=NOW + timedelta(days=2))
    assert story.here.occurred_at == NOW + timedelta(days=2)

    assert story.refused("remark", occurred_at=NOW + timedelta(days=1)) == ["occurred_too_early"]
    assert story.refused("remark", occurred_at=NOW + timedelta(days=4)) == ["occurred_in_future"]


def test_an_event_that_another_case_fires_never_lies_before_the_last_one() -> None:
    story = Story().open().later(days=3)
    story.fire("remark")

    decision = story.fire("remark", by=CLOCK, fired=True, occurred_at=NOW)

    assert decision.case.occurred_at == NOW + timedelta(days=3)


def test_a_clock_that_was_set_back_does_not_put_the_log_out_of_order() -> None:
    story = Story().open().later(days=-1)

    decision = story.fire("remark")

    assert decision.case.recorded_at == NOW
    assert decision.case.occurred_at == NOW


def test_a_change_may_not_lie_in_the_future_or_before_the_last_event() -> None:
    story = Story().open()
    note: dict[str, Any] = {"reference": "M-2021-0001", "actor": an_actor("officer"), "note": "n"}

    assert codes(story.setup, story.here, Note(**note, occurred_at=NOW + timedelta(days=1))) == ["occurred_in_future"]
    assert codes(story.setup, story.here, Note(**note, occurred_at=NOW - timedelta(days=1))) == ["occurred_too_early"]


# What decide itself says


def test_a_command_for_a_case_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound, match="M-2021-0001"):
        decide(a_setup(), None, fire("file"))


def test_a_command_of_a_kind_without_rules_is_a_fault_of_the_program() -> None:
    with pytest.raises(TypeError, match="no rule for Command"):
        decide(a_setup(), a_case(), Command(reference="M-2021-0001", actor=an_actor()))


def test_who_saw_another_revision_is_told_what_happened_since() -> None:
    case = a_case(events={"receive": Happened(1, NOW, ("p:11",), "officer")})

    with pytest.raises(ConcurrentUpdate, match=r"at revision 5, not 4; the latest event is receive by officer"):
        decide(a_setup(), case, fire("remark", revision=4))
    with pytest.raises(ConcurrentUpdate, match=r"at revision 5, not 4$"):
        decide(a_setup(), a_case(), fire("remark", revision=4))
    assert decide(a_setup(), case, fire("remark", revision=5)) is not None


def test_the_events_of_a_state_are_those_of_the_file_in_its_order() -> None:
    machine = Machine(a_definition())

    assert list(machine.events_from("filed")) == ["weigh", "remark", "close", "call_in"]
    assert list(machine.events_from(START)) == ["receive"]
    with pytest.raises(WrongEvent, match="unknown_event"):
        machine.choose("filed", "nonsense", lambda edge: (Fit.MEANT, []))


# Side steps


def errand() -> Story:
    return Story(a_definition("side_steps"), reference="E-1").open("begin", set={})


def test_a_side_step_returns_to_where_the_case_was_and_they_nest() -> None:
    story = errand()
    story.fire("pause", by="head")
    assert (story.here.state, story.here.back) == ("paused", ("begun",))
    story.fire("resume", by="head")
    assert (story.here.state, story.here.back) == ("begun", ())

    story.fire("ask", set={"answer_by": "2021-04-01"})
    story.fire("pause", by="head")
    assert (story.here.state, story.here.back) == ("paused", ("begun", "asked"))
    story.fire("resume", by="head")
    assert story.fire("answer", by=an_actor("applicant", person="p:1")).case.back == ()
    assert story.here.state == "begun"


def test_an_ordinary_state_forgets_what_side_steps_remembered() -> None:
    story = Story(a_definition("side_steps", edge("check", source=["begun", "asked"])), reference="E-1")
    story.open("begin", set={})
    story.fire("ask", set={"answer_by": "2021-04-01"})

    assert story.fire("check").case.back == ()


def test_what_stays_in_a_side_step_remembers_nothing_more() -> None:
    story = errand()
    story.fire("pause", by="head")

    assert story.fire("remark").case.back == ("begun",)


def test_a_side_step_entered_again_from_itself_is_not_nested() -> None:
    definition = a_definition("side_steps", edge("pause", source=["begun", "paused"]))
    story = Story(definition, reference="E-1").open("begin", set={})
    story.fire("pause", by="head")

    assert story.fire("pause", by="head").case.back == ("begun",)


def test_a_case_that_remembers_nothing_cannot_go_back() -> None:
    setup = a_setup(a_definition("side_steps"))

    assert codes(setup, a_case("paused", "errand"), fire("resume", by="head")) == ["nothing_remembered"]


# What an entry carries beside


def test_an_entry_names_what_caused_it_and_the_request_it_belongs_to() -> None:
    story = Story().open()

    decision = story.fire("remark", cause="M-0#4", request_id="r-1")

    assert decision.entry.body["cause"] == "M-0#4"
    assert decision.entry.req == "r-1"


def test_the_end_of_a_case_closes_it_and_ends_its_deadlines() -> None:
    story = Story(a_definition("matter", edge("close", needs={}))).open()

    decision = story.fire("close", by="head")

    assert decision.case.closed_at == NOW
    assert decision.case.deadlines == ()
    assert [(e.deadline.name, e.how) for e in decision.deadlines.ended] == [("draft", "cancelled")]


def test_an_event_is_recorded_at_its_instant_in_utc() -> None:
    story = Story().open()
    entry = story.decision.entry if story.decision else None

    assert entry is not None
    assert (entry.at, entry.occ) == ("2021-03-01T09:00:00.000000Z",) * 2


def add_a_head_s_way_to_file(plain: dict[str, Any]) -> None:
    """A second edge of `file`, for a head, that asks for a reason."""
    first = next(table for table in plain["transition"] if table["event"] == "file")
    first["by"] = ["officer"]
    plain["transition"].append({**first, "by": ["head"], "needs": {"brings": ["reason"]}})


def test_only_the_edges_for_whoever_asks_tell_their_reasons() -> None:
    story = Story(a_definition("matter", add_a_head_s_way_to_file)).open(set={"subject": "Saken"})

    assert story.refused("file", by="head") == ["field_must_be_brought"]
    assert story.refused("file", by="officer") == ["field_missing", "document_missing"]
    assert "role_missing" in story.refused("file", by="archivist")


def test_a_case_may_begin_without_parties() -> None:
    assert Story().open(parties=()).here.parties == ()


# What mends a refusal


def test_who_may_not_open_a_case_is_told_the_command_for_who_may() -> None:
    command = Open(reference="M-1", actor=an_actor("head"), event="receive", title="T", workflow="matter")

    assert next(r.fix for r in refused(a_setup(), None, command)) == "skede new matter …"


def test_a_rule_without_a_command_of_its_own_is_mended_by_the_value_or_by_looking() -> None:
    field = {"name": "field_in@1", "field": "reason", "values": ["x"]}
    taken = a_definition("matter", edge("remark", guards=[field], takes=["reason"]))
    other = a_definition("matter", edge("remark", guards=[{**field, "field": "verdict"}]))

    assert [r.fix for r in refused(a_setup(taken), a_case(), fire("remark"))] == [
        "skede advance M-2021-0001 remark -s reason=…"
    ]
    assert [r.fix for r in refused(a_setup(other), a_case(), fire("remark"))] == ["skede next M-2021-0001 remark"]


def test_a_rule_about_a_deadline_is_mended_by_looking_at_it() -> None:
    story = Story(a_definition("matter", edge("remark", guards=[{"name": "not_before@1", "deadline": "draft"}]))).open()

    assert [r.fix for r in refused(story.setup, story.here, fire("remark"))] == [
        "skede deadline why M-2021-0001:draft"
    ]  # fmt: skip


# What people type beside the fields


def test_notes_titles_and_senders_are_kept_in_one_form() -> None:
    story = Story().open(
        title="  Ett \n namn ", uploads=(an_upload("application", sender=" ", secrecy=" OSL "),), note=" "
    )
    assert story.here.title == "Ett namn"
    assert (story.here.documents[0].sender, story.here.documents[0].secrecy) == (None, "OSL")
    assert "note" not in (story.lines[0][1] or "")

    assert story.fire("remark", message=" Hej ", note="Därför ").payload == {"note": "Därför"}


@pytest.mark.parametrize(
    ("more", "words"), [({"title": " "}, "the title is empty"), ({"note": "x" * 100_001}, "the note")]
)
def test_a_title_is_not_empty_and_a_note_not_endless(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueMalformed, match=words):
        Story().open(**more)


# What rules are registered


def test_a_guard_and_a_fill_have_one_meaning_for_ever() -> None:
    with pytest.raises(ValueError, match="guard field_in@1 is registered twice"):
        REGISTRY.guard("field_in@1")(lambda context, /: ())
    with pytest.raises(ValueError, match="fill always@1 is registered twice"):
        REGISTRY.fill("always@1")(lambda context, /: None)


def test_what_a_message_says_is_committed_to_without_what_becomes_of_it() -> None:
    story = Story().open()
    assert story.decision is not None
    [message] = story.decision.messages

    assert message.digest == replace(message, state="sent", reason="x").digest
    assert message.digest != replace(message, template="other").digest
