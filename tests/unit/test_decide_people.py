"""Who may do what: roles, acting for others, four eyes, approvals, and those who are recused."""

from datetime import date
from typing import Any

import pytest
from builders import (
    CLOCK,
    OWNER,
    PARTNER,
    Story,
    a_case,
    a_definition,
    a_setup,
    an_actor,
    an_upload,
    codes,
    edge,
    facts,
    refused,
    top,
)  # fmt: skip
from msgspec.structs import replace

from engine.core.acting import party_of
from engine.core.case import Actor, Approval
from engine.core.command import Advance, Amend, Assign, Note, Open, PartyGiven, Recuse, Review, Sign
from engine.core.decide import decide
from engine.core.definition import Definition
from engine.core.rights import allowed

APPLICANT = an_actor("applicant", person="p:1")
STRANGER = an_actor("applicant", person="p:99")
SECOND_OFFICER = an_actor("officer", person="p:21")
THIRD_OFFICER = an_actor("officer", person="p:31")


def remarked(*changes: Any) -> Story:
    """A matter whose `remark` is changed."""
    return Story(a_definition("matter", edge("remark", **dict(changes)))).open()


# Roles


def test_a_person_outside_the_office_acts_only_where_a_party_names_them() -> None:
    story = remarked(("by", ["applicant"]))

    assert story.refused("remark", by=STRANGER) == ["role_missing"]
    assert story.fire("remark", by=APPLICANT).entry.role == "applicant"


def test_a_login_of_a_role_that_stands_for_nobody_acts_everywhere() -> None:
    assert remarked(("by", ["applicant"])).fire("remark", by=an_actor("applicant", person=None)).case.n == 2


def test_who_opens_a_case_is_not_yet_named_by_it() -> None:
    story = Story()

    story.run(Open(reference="M-2021-0001", actor=STRANGER, event="receive", title="T", workflow="matter",
                   set={"subject": "S"},
                   parties=(PartyGiven("owner", "o:1", "other", {"contact": ("p:1",)}),)))  # fmt: skip

    assert story.here.events["receive"].role == "applicant"


def test_who_has_left_a_party_acts_for_it_no_more() -> None:
    case = a_case(parties=(replace(OWNER, until=date(2021, 2, 1)), PARTNER))

    assert party_of(case, "p:1", "applicant") is None
    assert party_of(case, "p:3", "partner") == 2
    assert party_of(case, "p:3", "officer") is None


def test_the_refusal_names_who_may_and_what_one_is() -> None:
    [reason] = refused(a_setup(), a_case("weighed"), Advance(reference="M-2021-0001", actor=APPLICANT, event="close"))[
        :1
    ]

    assert reason.code == "role_missing"
    assert reason.params == {"roles": ["head", "system"], "yours": ["applicant"]}
    assert reason.who == ("head", "system")


def test_an_event_that_another_case_fires_is_the_systems_unless_the_actor_has_the_role() -> None:
    by_head: dict[str, Any] = {"by": ["head", "system"]}
    for actor, role in ((an_actor("officer"), "system"), (an_actor("head"), "head"), (CLOCK, "system")):
        story = Story(a_definition("matter", edge("remark", **by_head))).open()
        assert story.fire("remark", by=actor, fired=True).entry.role == role


# On behalf of others


def test_an_officer_records_the_only_contacts_act_with_a_note_or_a_document() -> None:
    story = remarked(("by", ["applicant"]))

    assert story.refused("remark") == ["on_behalf_needs_evidence"]

    decision = story.fire("remark", note="Ringde")
    assert (decision.entry.role, decision.entry.obo) == ("applicant", "p:1")
    assert decision.case.events["remark"].people == ("p:11", "p:1")
    assert story.fire("remark", uploads=(an_upload("application"),)).entry.obo == "p:1"


def test_an_officer_opens_for_the_contact_of_the_party_that_the_opening_brings() -> None:
    story = Story(a_definition("matter", edge("receive", by=["applicant"])))

    story.open(note="Kom med post")

    assert story.decision is not None
    assert story.decision.entry.obo == "p:1"


def test_where_several_could_be_meant_the_principal_must_be_named() -> None:
    two = replace(OWNER, people={"contact": ("p:1", "p:7")})
    definition = a_definition("matter", edge("remark", by=["applicant"]))
    command = Advance(reference="M-2021-0001", actor=an_actor("officer"), event="remark", note="Ringde")
    case = a_case(parties=(two, PARTNER))

    assert codes(a_setup(definition), case, command) == ["principal_unclear"]

    named = replace(command, on_behalf_of="p:7", principal_roles=frozenset({"applicant"}))
    decision = decide(a_setup(definition), case, named)
    assert decision is not None
    assert decision.entry.obo == "p:7"


def test_the_principal_must_have_the_role_that_is_recorded() -> None:
    story = remarked(("by", ["applicant"]))

    assert story.refused("remark", on_behalf_of="p:99", note="n") == ["not_a_party"]


def test_of_the_roles_that_may_be_recorded_the_principals_own_is_taken() -> None:
    story = remarked(("by", ["applicant", "partner"]))

    decision = story.fire("remark", on_behalf_of="p:3", principal_roles=frozenset({"partner"}), note="n")

    assert (decision.entry.role, decision.entry.obo) == ("partner", "p:3")


def test_a_role_of_the_office_is_recorded_without_a_principal() -> None:
    story = remarked(("by", ["head"]))

    decision = story.fire("remark", by="registrar", note="Chefen sade det")

    assert (decision.entry.role, decision.entry.obo) == ("head", None)


def test_nobody_acts_for_others_without_a_right_to_record() -> None:
    story = remarked(("by", ["officer"]))

    assert story.refused("remark", by="head", on_behalf_of="p:11") == ["on_behalf_not_allowed"]


def test_a_change_on_behalf_of_another_needs_the_right_to_record_that_persons_role() -> None:
    story = Story().open()
    for_partner: dict[str, Any] = {"on_behalf_of": "p:3", "principal_roles": frozenset({"partner"}), "note": "Ringde"}
    note: dict[str, Any] = {"reference": "M-2021-0001", **for_partner}

    assert codes(story.setup, story.here, Note(actor=APPLICANT, **note)) == ["on_behalf_not_allowed"]

    decision = story.give(Note, **for_partner)
    assert decision is not None
    assert decision.entry.obo == "p:3"
    assert story.give(Note, by=APPLICANT, on_behalf_of="p:1", note="För mig själv") is not None


# Four eyes


def four_eyes() -> Definition:
    return a_definition("matter", edge("bind", source=["drafted"], needs={}, spawns=[], fires=[], plans=[],
                                       not_same_person_as=["receive"]), top(deadline=[]))  # fmt: skip


def test_who_did_the_one_may_not_do_the_other() -> None:
    story = Story(four_eyes()).open()

    [reason] = refused(
        story.setup, story.here, Advance(reference="M-2021-0001", actor=an_actor("officer"), event="bind")
    )

    assert (reason.code, reason.params) == ("same_person", {"event": "receive", "person": "p:11"})


def test_nor_may_the_person_on_whose_behalf_it_was_done() -> None:
    again = edge("remark", by=["applicant"], not_same_person_as=["receive"])
    story = Story(a_definition("matter", edge("receive", by=["applicant"]), again)).open(note="Post")

    assert story.refused("remark", by=APPLICANT) == ["same_person"]
    assert story.refused("remark", by="registrar") == ["role_missing"]


def test_nor_may_one_of_those_who_approved_it_whether_it_has_happened_or_not() -> None:
    approved: dict[str, Any] = {"by": ["officer", "head"], "approvals": {"count": 2}}
    story = Story(a_definition("matter", edge("remark", by=["officer"], not_same_person_as=["file"]),
                               edge("file", **approved, needs={}, fills={}))).open()  # fmt: skip
    story.fire("file")
    assert story.refused("remark") == ["same_person"]

    story.fire("file", by="head")

    assert story.here.state == "filed"
    assert story.here.events["file"].people == ("p:12", "p:11")
    assert story.refused("remark") == ["same_person"]
    assert story.fire("remark", by=SECOND_OFFICER).case.n == 4


def test_who_is_recused_may_not_act_and_neither_may_another_for_them() -> None:
    story = remarked(("by", ["applicant"]))
    story.give(Recuse, by="head", person="p:1", note="Bror till sökanden")

    assert story.refused("remark", by=APPLICANT) == ["recused"]
    assert story.refused("remark", note="Ringde") == ["recused"]


@pytest.mark.parametrize(("kind", "told"), [(Assign, ["recused"]), (Note, None)])
def test_who_is_recused_may_only_write_notes(kind: type, told: list[str] | None) -> None:
    story = Story().open()
    story.give(Recuse, person="p:11", note="Granne")
    more = {"assignee": "u:3"} if kind is Assign else {}
    command = kind(reference="M-2021-0001", actor=an_actor("officer"), note="n", **more)

    if told:
        assert codes(story.setup, story.here, command) == told
    else:
        assert decide(story.setup, story.here, command) is not None


def test_a_change_for_somebody_who_is_recused_is_refused_too() -> None:
    story = Story().open()
    story.give(Recuse, person="p:1", note="Granne")
    command = Amend(reference="M-2021-0001", actor=an_actor("officer"), set={"subject": "Ny"}, note="n",
                    on_behalf_of="p:1", principal_roles=frozenset({"applicant"}))  # fmt: skip

    assert codes(story.setup, story.here, command) == ["recused"]


def test_a_conflict_of_interest_is_recorded_with_a_reason_and_lifted_by_another() -> None:
    story = Story().open()
    recuse: dict[str, Any] = {"reference": "M-2021-0001", "person": "p:11"}
    assert codes(story.setup, story.here, Recuse(actor=an_actor("officer"), **recuse)) == ["note_missing"]
    story.give(Recuse, person="p:11", note="Granne")
    assert list(story.here.recused) == ["p:11"]

    own = Recuse(actor=an_actor("officer"), **recuse, lift=True, note="Ångrar")
    assert codes(story.setup, story.here, own) == ["recused"]

    story.give(Recuse, by="head", person="p:11", lift=True, note="Flyttat")
    assert list(story.here.recused) == []


# Approvals


def approving(**approvals: Any) -> Story:
    """A matter whose filing is approved by several."""
    by = approvals.pop("by", ["officer", "head"])
    more = approvals.pop("more", {})
    given = {"by": by, "approvals": approvals, "needs": {}, "fills": {}, "takes": ["amount", "story"], **more}
    return Story(a_definition("matter", edge("file", **given))).open()


def test_the_case_moves_when_so_many_different_people_have_said_yes() -> None:
    story = approving(count=2)

    first = story.fire("file")
    assert (first.entry.act, first.case.state, first.case.revision) == ("approve", "drafted", 2)
    assert first.case.approvals == (Approval("file", "officer", ("p:11",), None, 2),)
    assert story.refused("file") == ["approved_already"]
    assert "file" not in first.case.events

    second = story.fire("file", by=SECOND_OFFICER)
    assert (second.entry.act, second.case.state, second.case.approvals) == ("advance", "filed", ())
    assert story.body()["approved_by"] == ["p:11"]


def test_in_a_sequence_the_roles_answer_in_their_order() -> None:
    story = approving(count=2, order="sequence")

    assert story.refused("file", by="head") == ["role_missing"]
    story.fire("file")
    assert story.refused("file", by=SECOND_OFFICER) == ["role_missing"]

    assert story.fire("file", by="head").case.state == "filed"


def test_approvals_of_an_event_that_stays_are_used_up_when_it_happens() -> None:
    story = Story(a_definition("matter", edge("remark", approvals={"count": 2}, takes=[]))).open()
    for _ in range(2):
        assert story.fire("remark").entry.act == "approve"
        assert story.fire("remark", by=SECOND_OFFICER).entry.act == "advance"


def test_each_required_party_answers_once() -> None:
    story = approving(each="required_party", by=["applicant", "partner"])
    partner = an_actor("partner", person="p:3")

    story.fire("file", by=APPLICANT)
    assert story.refused("file", by=an_actor("applicant", person="p:2")) == ["approved_already"]

    assert story.fire("file", by=partner).case.state == "filed"


def test_one_officer_records_the_answers_of_all_parties() -> None:
    story = approving(each="required_party", by=["applicant", "partner"])

    story.fire("file", on_behalf_of="p:1", principal_roles=frozenset({"applicant"}), note="n")
    story.fire("file", on_behalf_of="p:3", principal_roles=frozenset({"partner"}), note="n")

    assert story.here.state == "filed"


def test_a_party_that_has_left_or_is_not_required_is_not_waited_for() -> None:
    definition = a_definition("matter", edge("file", by=["applicant"], approvals={"each": "required_party"}, needs={}))
    others = (replace(PARTNER, until=date(2021, 1, 1)), replace(PARTNER, id=3, required=False))
    case = a_case(parties=(OWNER, *others))

    decision = decide(a_setup(definition), case, Advance(reference="M-2021-0001", actor=APPLICANT, event="file"))

    assert decision is not None
    assert decision.case.state == "filed"


def test_a_yes_for_no_party_in_particular_is_refused_where_every_party_answers() -> None:
    story = approving(each="required_party", by=["applicant", "officer"])

    assert story.refused("file", by=an_actor("applicant", person=None)) == ["principal_unclear"]
    assert story.refused("file", by="officer") == ["principal_unclear"]


def test_approvals_fall_when_something_else_is_said_yes_to() -> None:
    story = approving(count=2)
    story.fire("file", set={"amount": "100.00"})

    other = story.fire("file", by=SECOND_OFFICER, set={"amount": "200.00"})
    assert other.entry.act == "approve"
    assert [a.people for a in other.case.approvals] == [("p:21",)]

    story.give(Amend, set={"amount": "300.00"}, note="Fel belopp")
    assert list(story.here.approvals) == []


def test_approvals_stand_when_the_same_is_said_again() -> None:
    story = approving(count=2)
    story.fire("file", set={"amount": "100.00"})

    assert story.fire("file", by=SECOND_OFFICER, set={"amount": "100"}).case.state == "filed"


def test_what_each_brings_of_their_own_leaves_the_others_approvals_alone() -> None:
    story = approving(count=2, more={"needs": {"brings": ["reason"]}})
    story.fire("file", set={"reason": "Behövs"})

    assert story.fire("file", by=SECOND_OFFICER, set={"reason": "Håller med"}).case.state == "filed"


def test_an_event_that_stays_and_changes_the_content_lets_approvals_fall() -> None:
    story = approving(count=2)
    story.fire("file")

    story.fire("remark", by=THIRD_OFFICER)
    assert len(story.here.approvals) == 1
    story.fire("remark", by=THIRD_OFFICER, set={"reason": "Nytt"})

    assert list(story.here.approvals) == []


def test_a_yes_of_somebody_who_is_then_recused_falls_with_the_others() -> None:
    story = approving(count=2)
    story.fire("file")

    story.give(Recuse, by="head", person="p:99", note="Vän")
    assert len(story.here.approvals) == 1
    story.give(Recuse, by="head", person="p:11", note="Jäv")

    assert list(story.here.approvals) == []


def test_a_state_that_is_left_another_way_keeps_no_approvals() -> None:
    story = Story(
        a_definition("matter", edge("file", approvals={"count": 2}, needs={}), edge("close", needs={}))
    ).open()
    story.fire("file")

    assert story.fire("close", by="head").case.approvals == ()


# Rights


def test_who_has_no_right_is_told_who_has() -> None:
    command = Assign(reference="M-2021-0001", actor=APPLICANT, assignee="u:1")

    [reason] = refused(a_setup(), a_case(), command)

    assert reason.code == "right_missing"
    assert reason.who[0] == "officer"


def test_a_definition_gives_rights_otherwise() -> None:
    definition = a_definition("matter", top(rights={"assign": ["head"]}))

    assert codes(
        a_setup(definition), a_case(), Assign(reference="M-2021-0001", actor=an_actor("officer"), assignee="u:1")
    )
    assert allowed(definition, "assign") == ("head",)
    assert allowed(a_definition("tiny"), "note")[0] == "officer"


def test_those_whom_the_form_names_review_unless_a_right_says_otherwise() -> None:
    scores = {"early": 3, "broad": 5}
    case = a_case("filed", parties=(OWNER, replace(PARTNER, role="evaluator")))
    by_evaluator = Review(reference="M-2021-0001", actor=an_actor("evaluator", person="p:3"), scores=scores)

    decision = decide(a_setup(), case, by_evaluator)
    assert decision is not None
    assert decision.entry.role == "evaluator"

    by_head = a_definition("matter", top(rights={"review": ["head"]}))
    assert codes(a_setup(by_head), case, by_evaluator) == ["right_missing"]


def test_of_several_roles_the_one_that_may_change_the_field_is_taken() -> None:
    both = an_actor("officer", "head")
    story = Story().open()

    decision = story.give(Amend, by=both, set={"verdict": "ja"}, note="Rättat")

    assert decision is not None
    assert decision.entry.role == "head"


def test_the_clock_needs_no_right() -> None:
    story = Story().open()

    decision = story.give(Note, by=Actor("system", "system", frozenset({"system"})), fired=True, note="n")

    assert decision is not None
    assert decision.entry.role == "system"


def test_a_head_signs_only_as_a_head() -> None:
    story = Story(given=facts(users__head=("p:12",))).open(uploads=(an_upload("contract"),))
    sign: dict[str, Any] = {"reference": "M-2021-0001", "actor": an_actor("officer"), "document": "contract",
            "signed_on": date(2021, 3, 1)}  # fmt: skip

    assert codes(story.setup, story.here, Sign(**sign, who="head", person="p:1")) == ["signer_not_named"]
    assert decide(story.setup, story.here, Sign(**sign, who="head", person="p:12")) is not None
    assert decide(story.setup, story.here, Sign(**sign, who="chair", person="p:1")) is not None
