"""Changes that are not moves: fields, notes, people, papers, signatures and reviews."""

from datetime import date, timedelta
from typing import Any

import pytest
from builders import (
    CLOCK,
    NOW,
    OWNER,
    PARTNER,
    Story,
    a_case,
    a_definition,
    a_document,
    a_setup,
    an_actor,
    an_upload,
    codes,
    edge,
    refused,
    top,
)  # fmt: skip
from msgspec.structs import replace

from engine.core.case import ReviewGiven
from engine.core.command import (
    Advance,
    Amend,
    Assign,
    Attach,
    ChangeParty,
    Command,
    Note,
    PartyGiven,
    Review,
    Sign,
    Unsign,
)  # fmt: skip
from engine.core.decide import decide
from engine.core.errors import NotFound, UsageError, ValueMalformed

ME: dict[str, Any] = {"reference": "M-2021-0001", "actor": an_actor("officer")}


def signed(story: Story, who: str = "owner.signatory", person: str = "p:2", **more: Any) -> Story:
    more = {"document": "contract", "signed_on": date(2021, 3, 1), **more}
    story.give(Sign, who=who, person=person, **more)
    return story


def contracted() -> Story:
    """A matter with a contract of a hundred crowns."""
    return Story().open(set={"subject": "S", "amount": "100.00"}, uploads=(an_upload("contract"),))


def sign(story: Story, who: str, person: str, **more: Any) -> Sign:
    return Sign(**{**ME, "document": "contract", "signed_on": story.setup.calendar.day(story.now), "who": who,
                   "person": person, **more})  # fmt: skip


# Fields


def test_a_field_is_changed_with_a_reason() -> None:
    story = Story().open()

    decision = story.give(Amend, set={"amount": "5", "story": "Anna"}, title="Ny titel", note="Fel")

    assert decision is not None
    assert (decision.entry.act, decision.case.revision, decision.case.title) == ("amend", 2, "Ny titel")
    assert story.body()["set"] == {"amount": "5.00"}
    assert story.body()["private"] == ["story"]
    assert story.give(Amend, set={"story": ""}, note="Bort") is not None
    assert "story" not in story.here.data


def test_all_that_is_wrong_with_a_change_is_told() -> None:
    command = Amend(**ME, set={"verdict": "ja", "subject": ""}, title="T")
    by_head = replace(command, actor=an_actor("head"))

    assert codes(a_setup(), a_case(), command) == ["field_not_amendable", "field_missing", "note_missing"]
    [first, second, *_] = refused(a_setup(), a_case(), by_head)
    assert (first.params["field"], second.params["field"]) == ("subject", "title")


def test_nothing_is_changed_where_nothing_is_given() -> None:
    with pytest.raises(UsageError, match="nothing to change"):
        decide(a_setup(), a_case(), Amend(**ME, note="n"))


def test_a_case_that_is_over_is_not_amended() -> None:
    assert codes(a_setup(), a_case("closed"), Amend(**ME, set={"subject": "x"}, note="n")) == ["field_not_amendable"]


def test_a_state_without_editors_of_its_own_lets_its_owner_and_an_officer_amend() -> None:
    by_head = Amend(reference="M-2021-0001", actor=an_actor("head"), set={"subject": "Ny"}, note="n")

    assert decide(a_setup(), a_case("weighed"), by_head) is not None
    assert codes(a_setup(), a_case("filed"), by_head) == ["field_not_amendable"]


def test_a_computed_field_is_amended_by_nobody() -> None:
    with pytest.raises(ValueMalformed, match="computed"):
        decide(a_setup(), a_case(), Amend(**ME, set={"late": "false"}, note="n"))


# Notes and assignment


def test_a_note_is_kept_in_the_payload_and_may_not_be_empty() -> None:
    story = Story().open()

    story.give(Note, note="Sökanden ringde")

    assert "ringde" in (story.lines[-1][1] or "")
    with pytest.raises(UsageError, match="empty"):
        decide(story.setup, story.here, Note(**ME))


def test_a_case_is_given_to_somebody_while_it_is_open() -> None:
    story = Story().open()
    story.give(Assign, assignee="u:3")
    assert story.here.assignee == "u:3"

    assert codes(a_setup(), a_case("closed"), Assign(**ME, assignee="u:3")) == ["state_final"]


# Papers


def test_documents_are_numbered_within_the_case() -> None:
    story = Story().open(uploads=(an_upload("application"),))

    story.give(Attach, uploads=(an_upload("contract", 2, draft=True), an_upload("contract", 3, secrecy="OSL")))

    assert [(d.id, d.kind, d.draft, d.n) for d in story.here.documents] == [
        (1, "application", False, 1), (2, "contract", True, 2), (3, "contract", False, 2),
    ]  # fmt: skip
    newest = story.here.document("contract")
    assert newest is not None
    assert newest.id == 3


def test_a_paper_of_an_unknown_kind_or_for_a_case_that_is_over_is_refused() -> None:
    with pytest.raises(UsageError, match="no document kind poem; it has application, authority, contract"):
        decide(a_setup(), a_case(), Attach(**ME, uploads=(an_upload("poem"),)))
    assert codes(a_setup(), a_case("closed"), Attach(**ME, uploads=(an_upload("contract"),))) == ["state_final"]


# Signatures


def test_a_signature_is_over_the_newest_document_of_its_kind() -> None:
    story = signed(contracted())

    [signature] = story.here.signatures
    assert (signature.who, signature.party, signature.person, signature.document) == ("owner.signatory", 1, "p:2", 1)
    assert signature.state == "valid"

    story.give(Attach, uploads=(an_upload("contract", 2),))
    assert story.here.signatures[0].state == "void"
    assert codes(story.setup, story.here, sign(story, "owner.signatory", "p:2", document="1")) == ["signature_outdated"]


def test_what_is_signed_with_a_document_voids_the_signature_when_it_changes() -> None:
    for values, state in (({"amount": "101.00"}, "void"), ({"verdict": "ja"}, "valid")):
        story = signed(contracted())
        story.give(Amend, by=an_actor("head", "officer"), set=values, note="n")
        assert story.here.signatures[0].state == state


def test_a_signed_paper_that_comes_with_a_signature_voids_those_over_the_one_before() -> None:
    story = signed(contracted())

    signed(story, "partner.signatory", "p:4", uploads=(an_upload("contract", 2),))

    assert [s.state for s in story.here.signatures] == ["void", "valid"]


def test_a_document_that_is_not_there_cannot_be_signed() -> None:
    story = Story().open()

    with pytest.raises(NotFound, match="no document contract: attach it first"):
        decide(story.setup, story.here, sign(story, "owner.signatory", "p:2"))


def test_a_signature_may_not_be_dated_tomorrow() -> None:
    story = contracted()

    tomorrow = sign(story, "owner.signatory", "p:2", signed_on=date(2021, 3, 2))
    assert codes(story.setup, story.here, tomorrow) == ["occurred_in_future"]


@pytest.mark.parametrize(
    ("who", "person", "more", "code"),
    [
        ("owner.signatory", "p:1", {}, "signer_not_named"),
        ("evaluator.signatory", "p:1", {}, "party_unknown"),
        ("owner.signatory", "p:2", {"party": 2}, "party_unknown"),
    ],
)
def test_only_who_is_named_signs_for_a_party(who: str, person: str, more: dict[str, Any], code: str) -> None:
    story = contracted()

    assert codes(story.setup, story.here, sign(story, who, person, **more)) == [code]


@pytest.mark.parametrize("who", ["every", "mayor", "owner.barber", "guest.signatory"])
def test_nobody_signs_as_what_is_no_signer(who: str) -> None:
    story = contracted()

    with pytest.raises(UsageError, match=f"nobody signs as {who}"):
        decide(story.setup, story.here, sign(story, who, "p:2"))


def test_somebody_else_signs_with_an_authority() -> None:
    story = signed(contracted(), person="p:77", party=1, uploads=(an_upload("authority", 9),))

    assert story.here.signatures[0].party == 1


def test_an_authority_does_not_say_which_of_several_parties_it_is_for() -> None:
    case = a_case(parties=(PARTNER, replace(PARTNER, id=3)), documents=(a_document("contract"),))
    by_authority = Sign(**ME, who="partner.signatory", person="p:77", document="contract", signed_on=date(2021, 3, 1),
                        uploads=(an_upload("authority", 9),))  # fmt: skip

    assert codes(a_setup(), case, by_authority) == ["signer_not_named"]


def test_a_signature_is_voided_or_rejected_with_a_reason() -> None:
    story = signed(contracted())
    assert codes(story.setup, story.here, Unsign(**ME, signature=1)) == ["note_missing"]

    story.give(Unsign, signature=1, rejected=True, note="Vägrar")
    assert story.here.signatures[0].state == "rejected"
    with pytest.raises(NotFound, match="no valid signature 1"):
        decide(story.setup, story.here, Unsign(**ME, signature=1, note="n"))

    signed(story).give(Unsign, signature=2, note="Fel person")
    assert [s.state for s in story.here.signatures] == ["rejected", "void"]


def test_a_move_asks_for_signatures_and_may_void_them() -> None:
    story = Story().open(set={"subject": "S", "amount": "1.00"})
    assert story.refused("close", by="head") == ["document_missing", "signature_missing"]
    unfiled, _ = refused(story.setup, story.here, _close())
    assert unfiled.fix == "skede attach M-2021-0001 contract=FILE"
    brought = replace(_close(), uploads=(an_upload("contract"),))
    first, second = refused(story.setup, story.here, brought)
    assert (first.code, first.fix) == ("document_to_sign_first", "skede attach M-2021-0001 contract=FILE")
    assert (second.code, second.fix) == (
        "signature_missing", "skede sign M-2021-0001 --party owner.signatory --by PERSON --document contract",
    )  # fmt: skip
    story.give(Attach, uploads=(an_upload("contract"),))
    [reason] = refused(story.setup, story.here, _close())
    assert (reason.code, reason.params) == (
        "signature_missing", {"who": "owner.signatory", "kind": "contract", "party": 1},
    )  # fmt: skip

    signed(story).give(Attach, uploads=(an_upload("contract", 2),))
    assert story.refused("close", by="head") == ["signature_outdated"]

    signed(story)
    assert [s.state for s in story.fire("close", by="head").case.signatures] == ["void", "void"]


def _close() -> Command:
    return Advance(reference="M-2021-0001", actor=an_actor("head"), event="close")


def test_a_move_that_changes_what_is_signed_voids_it() -> None:
    story = Story(a_definition("matter", edge("remark", takes=["amount"])))
    story.open(set={"subject": "S", "amount": "1.00"}, uploads=(an_upload("contract"),))
    signed(story)

    assert story.fire("remark", set={"amount": "2.00"}).case.signatures[0].state == "void"


# Reviews


def test_a_review_is_given_whole_and_again_replaces_the_first() -> None:
    story = Story().open()
    story.fire("file", set={"amount": "1.00"}, uploads=(an_upload("application"),))
    story.give(Review, scores={"early": 1, "broad": 5})
    story.give(Review, by="officer", scores={"early": 0, "broad": 4})
    nobody = an_actor("officer", person=None, user="u:5")
    story.give(Review, by=nobody, scores={"early": 2, "broad": 2})

    assert story.here.reviews == (
        ReviewGiven("p:11", {"early": 0, "broad": 4}, 4), ReviewGiven("u:5", {"early": 2, "broad": 2}, 5),
    )  # fmt: skip


def test_scores_are_those_of_the_form_and_within_it() -> None:
    case = a_case("filed")

    assert codes(a_setup(), case, Review(**ME, scores={"early": 1})) == ["review_incomplete"]
    for scores in ({"early": 1, "broad": 6}, {"early": -1, "broad": 1}, {"early": 1, "broad": 1, "odd": 1}):
        with pytest.raises(UsageError, match="scored 0 to 5"):
            decide(a_setup(), case, Review(**ME, scores=scores))


@pytest.mark.parametrize(("workflow", "state"), [("matter", "drafted"), ("tiny", "written")])
def test_a_review_has_its_states_and_its_form(workflow: str, state: str) -> None:
    assert codes(a_setup(a_definition(workflow)), a_case(state), Review(**ME, scores={})) == ["review_not_allowed"]


# What cannot have been


def test_a_paper_does_not_come_in_at_a_moment_that_has_not_been() -> None:
    tomorrow = an_upload("contract", received_at=NOW + timedelta(days=1))

    [reason] = refused(a_setup(), a_case(), Attach(**ME, uploads=(tomorrow,)))
    assert (reason.code, reason.params["kind"]) == ("received_in_future", "contract")
    command = Advance(**ME, event="file", set={"amount": "1"}, uploads=(tomorrow,))
    assert "received_in_future" in codes(a_setup(), a_case(), command)
    assert decide(a_setup(), a_case(), Attach(**ME, uploads=(replace(tomorrow, received_at=NOW),))) is not None


def test_a_paper_goes_where_its_kind_goes_unless_the_command_says_otherwise() -> None:
    kinds = top(documents={"notice": {"title": {"sv": "Besked", "en": "Notice"}, "direction": "out"}})
    story = Story(a_definition("matter", kinds)).open()

    story.give(Attach, uploads=(an_upload("notice"), an_upload("contract"), an_upload("notice", direction="internal")))

    assert [d.direction for d in story.here.documents] == ["out", "in", "internal"]


def test_a_person_signs_the_same_for_a_party_once() -> None:
    story = signed(contracted())

    assert codes(story.setup, story.here, sign(story, "owner.signatory", "p:2")) == ["signed_already"]

    story.give(Amend, set={"amount": "200.00"}, note="Nytt belopp")
    assert signed(story).here.signatures[-1].state == "valid"


# Parties


def given(role: str = "partner", organisation: str = "o:2", **people: tuple[str, ...]) -> PartyGiven:
    return PartyGiven(role, organisation, "regional", people)


def test_a_party_joins_with_the_next_number_and_is_welcomed() -> None:
    story = Story().open()

    decision = story.give(ChangeParty, action="add", given=given(organisation="o:3", contact=("p:8",)))

    assert decision is not None
    assert [(p.id, p.role, p.since) for p in decision.case.parties][-1] == (3, "partner", date(2021, 3, 1))
    assert [(m.template, m.person) for m in decision.messages] == [("contact_welcome", "p:8")]


def test_a_party_gets_other_people_and_keeps_the_rest() -> None:
    story = Story().open()

    story.give(ChangeParty, action="replace", given=given(contact=("p:9",)))

    assert story.here.parties[1].people == {"contact": ("p:9",), "signatory": ("p:4",)}


def test_a_party_leaves_on_a_day() -> None:
    story = Story().open()

    story.give(ChangeParty, action="end", given=given(), since=date(2021, 2, 28))

    assert story.here.parties[1].until == date(2021, 2, 28)
    assert story.here.party("partner") == ()


def test_a_party_that_leaves_voids_what_was_signed_with_it() -> None:
    story = signed(contracted())

    story.give(ChangeParty, action="end", given=given())

    assert story.here.signatures[0].state == "void"


@pytest.mark.parametrize("party", [given(organisation="o:9"), given(role="evaluator")])
def test_a_party_that_is_not_there_is_not_changed(party: PartyGiven) -> None:
    assert codes(a_setup(), a_case(), ChangeParty(**ME, action="end", given=party)) == ["party_unknown"]


def test_of_several_parties_of_one_role_the_organisation_or_the_number_tells_which() -> None:
    case = a_case(parties=(OWNER, PARTNER, replace(PARTNER, id=3, organisation="o:3")))
    anonymous = given(organisation="")

    assert codes(a_setup(), case, ChangeParty(**ME, action="end", given=anonymous)) == ["party_ambiguous"]
    for command in (
        ChangeParty(**ME, action="end", given=anonymous, party=3),
        ChangeParty(**ME, action="end", given=given(organisation="o:3")),
        ChangeParty(**ME, action="replace", given=given(organisation="o:4"), party=3),
    ):
        decision = decide(a_setup(), case, command)
        assert decision is not None
        assert decision.entry.body["parties"][0]["id"] == 3


def test_the_parties_of_a_case_that_is_over_stand() -> None:
    assert codes(a_setup(), a_case("closed"), ChangeParty(**ME, action="end", given=given())) == ["state_final"]


def test_who_was_welcomed_in_the_case_above_is_not_welcomed_again_below() -> None:
    story = Story().open(set={"subject": "S", "above": "M-0"})

    decision = story.give(
        ChangeParty, by=CLOCK, fired=True, cause="M-0#4", action="add",
        given=given(organisation="o:3", contact=("p:8",)), occurred_at=NOW - timedelta(days=1),
    )  # fmt: skip

    assert decision is not None
    assert decision.messages == ()
    assert decision.entry.occ == "2021-03-01T09:00:00.000000Z"
