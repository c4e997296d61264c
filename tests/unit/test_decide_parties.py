"""Parties of a case: one row for an organisation in a role, functions that begin and end, and what stays signed."""

from datetime import date
from typing import Any

import pytest
from builders import CLOCK, OWNER, PARTNER, Story, a_case, a_setup, an_actor, an_upload, codes, refused
from msgspec.structs import replace

from engine.core.case import Party
from engine.core.command import ChangeParty, PartyGiven, Sign
from engine.core.decide import decide

ME: dict[str, Any] = {"reference": "M-2021-0001", "actor": an_actor("officer")}


def given(role: str = "partner", organisation: str = "o:2", **people: tuple[str, ...]) -> PartyGiven:
    return PartyGiven(role, organisation, "regional", people)


def partner(people: dict[str, tuple[str, ...]]) -> PartyGiven:
    return PartyGiven("partner", "o:2", "regional", people)


def signed() -> Story:
    """A contract that the owner has signed."""
    story = Story().open(set={"subject": "S", "amount": "100.00"}, uploads=(an_upload("contract"),))
    story.give(Sign, who="owner.signatory", person="p:2", document="contract", signed_on=date(2021, 3, 1))
    return story


def after(case_parties: tuple[Party, ...], **command: Any) -> Party:
    """The party that a command on such a case changes, as it leaves it."""
    case = a_case(parties=case_parties)
    decision = decide(a_setup(), case, ChangeParty(**ME, **command))
    assert decision is not None
    [number] = [raw["id"] for raw in decision.entry.body["parties"]]
    return next(p for p in decision.case.parties if p.id == number)


def test_a_person_added_to_an_organisation_in_its_role_joins_the_row_that_is_there() -> None:
    party = after((OWNER, PARTNER), action="add", given=given(contact=("p:8",), leader=("p:9",)))

    assert (party.id, party.since) == (PARTNER.id, PARTNER.since)
    assert party.people == {"contact": ("p:3", "p:8"), "leader": ("p:9",), "signatory": ("p:4",)}


def test_what_is_signed_stays_signed_when_a_contact_is_added_or_replaced_or_ended() -> None:
    story = signed()

    story.give(ChangeParty, action="add", given=given("owner", "o:1", contact=("p:8",)))
    story.give(ChangeParty, action="replace", given=given(contact=("p:9",)))
    story.give(ChangeParty, action="end", given=given("owner", "o:1", contact=("p:8",)))

    assert [s.state for s in story.here.signatures] == ["valid"]
    assert [(p.id, p.people["contact"]) for p in story.here.parties] == [(1, ("p:1",)), (2, ("p:9",))]


def test_another_organisation_in_a_role_is_a_party_of_its_own_and_must_sign() -> None:
    story = signed()

    story.give(ChangeParty, action="add", given=given("partner", "o:3", contact=("p:8",)))

    assert [p.id for p in story.here.parties] == [1, 2, 3]
    assert [s.state for s in story.here.signatures] == ["void"]


def test_an_organisation_that_left_comes_back_as_a_new_party() -> None:
    gone = replace(PARTNER, until=date(2021, 2, 1))

    assert after((OWNER, gone), action="add", given=given(contact=("p:3",))).id == 3


@pytest.mark.parametrize("people", [{}, {"contact": ("p:3",)}])
def test_who_is_there_already_is_not_added_again(people: dict[str, tuple[str, ...]]) -> None:
    [reason] = refused(a_setup(), a_case(), ChangeParty(**ME, action="add", given=partner(people)))

    assert (reason.code, reason.params["organisation"]) == ("party_already", "o:2")


def test_ending_a_function_of_a_person_leaves_the_organisation_and_the_others() -> None:
    led = replace(PARTNER, people={**PARTNER.people, "leader": ("p:3", "p:7")})

    party = after((OWNER, led), action="end", given=given(leader=("p:3",)))

    assert party.until is None
    assert party.people == {**PARTNER.people, "leader": ("p:7",)}


def test_a_function_that_nobody_else_has_is_gone() -> None:
    assert after((OWNER, PARTNER), action="end", given=given(signatory=("p:4",))).people == {"contact": ("p:3",)}


def test_an_organisation_alone_ends_with_all_its_people() -> None:
    assert after((OWNER, PARTNER), action="end", given=given()).until == date(2021, 3, 1)


@pytest.mark.parametrize("left", [PARTNER, replace(PARTNER, people={"contact": ("p:3",)})])
def test_a_party_keeps_somebody_to_write_to(left: Party) -> None:
    case = a_case(parties=(OWNER, left))

    [reason] = refused(a_setup(), case, ChangeParty(**ME, action="end", given=given(contact=("p:3",))))

    assert reason.code == "party_without_contact"
    assert reason.fix == "skede party M-2021-0001 add partner=ORG:PERSON:contact"


def test_the_last_person_of_a_party_without_a_contact_does_not_end_alone() -> None:
    case = a_case(parties=(OWNER, replace(PARTNER, people={"leader": ("p:3",)})))

    assert codes(a_setup(), case, ChangeParty(**ME, action="end", given=given(leader=("p:3",)))) == [
        "party_without_contact"
    ]


def test_a_function_that_somebody_does_not_have_cannot_end() -> None:
    [reason] = refused(a_setup(), a_case(), ChangeParty(**ME, action="end", given=given(leader=("p:3",))))

    assert (reason.code, reason.params) == ("function_not_held", {"person": "p:3", "who": "partner.leader"})


def test_of_two_rows_of_one_organisation_the_number_tells_which() -> None:
    case = a_case(parties=(OWNER, PARTNER, replace(PARTNER, id=3)))

    for action in ("end", "replace"):
        command = ChangeParty(**ME, action=action, given=given(signatory=("p:4",)))
        [reason] = refused(a_setup(), case, command)
        assert (reason.code, reason.params) == ("party_ambiguous", {"who": "partner", "numbers": [2, 3]})

    decision = decide(a_setup(), case, ChangeParty(**ME, action="end", given=given(), party=3))
    assert decision is not None
    assert [p.id for p in decision.case.party("partner")] == [2]


@pytest.mark.parametrize(("action", "people"), [("add", {"contact": ("p:3",)}), ("end", {"leader": ("p:3",)})])
def test_a_case_below_that_stands_so_already_has_nothing_to_follow(
    action: str, people: dict[str, tuple[str, ...]]
) -> None:
    command = ChangeParty(
        reference="M-2021-0001", actor=CLOCK, fired=True, cause="M-0#4", action=action, given=partner(people)
    )

    assert decide(a_setup(), a_case(), command) is None
