"""What names nobody: pseudonyms that are stable for who has the key, and an allow-list where even they say too much."""

import json
from pathlib import Path
from typing import Any

import pytest
from test_xes import AT, entry

from engine.core.definition import Field
from engine.core.errors import Unavailable
from engine.exports.mask_key import mask_key
from engine.exports.masking import MASKED, Mask

WORDS = {"sv": "F", "en": "F"}


def field(name: str, kind: Any, **more: Any) -> Field:
    return Field(id=name, type=kind, title=WORDS, **more)


FIELDS = {
    one.id: one
    for one in (
        field("amount", "money"), field("goal", "longtext"), field("phone", "text", personal=True),
        field("lead", "person", personal=True), field("owner", "organisation"), field("call", "case"),
        field("ill", "flag", personal=True),
        field("plan", "list", item={"who": field("who", "text", personal=True), "cost": field("cost", "money")}),
    )
}  # fmt: skip
DATA = {
    "amount": "12.00", "goal": "Barn mår bra, säger Eva Ek", "phone": "070-1", "lead": "p:4", "owner": "o:7",
    "call": "U-1", "ill": True, "plan": [{"who": "Eva Ek", "cost": "1.00"}],
}  # fmt: skip
CASE = {
    "reference": "E-1", "workflow": "errand", "version": 1, "state": "open", "phase": "work", "title": "Stöd i Eks by",
    "owner": "anna", "parent": "U-1", "children": ["R-1"], "revision": 3, "opened_at": AT, "closed_at": None,
    "clock_stopped_at": None, "data": DATA,
    "parties": [{
        "id": 1, "role": "owner", "side": "municipal", "required": True, "organisation_id": "o:7",
        "organisation": "Eks by", "people": {"contact": [{"id": "p:4", "name": "Eva Ek"}]}, "from": None, "to": None,
    }],
    "deadlines": [{"id": "E-1#1:due", "case": "E-1", "name": "due", "item": None, "due_at": AT, "due_on": "2021-03-04",
                   "state": "open", "owner": "officer", "version": 1, "next_reminder_at": None, "passed_at": None,
                   "source": {"anchor": "2021-03-04"}}],
    "documents": [{"id": 1, "kind": "plan", "name": "Eva Ek.pdf", "sha256": "ab", "direction": "in", "received_at": AT,
                   "draft": False, "secrecy": None, "entry": 2}],
    "signatures": [{"id": 1, "who": "head", "party": None, "person": "p:4", "document": 1, "kind": "plan",
                    "content": "cd", "signed_on": "2021-03-04", "method": "paper", "state": "valid"}],
    "approvals": [], "recused": ["p:4"], "erased": [],
}  # fmt: skip
ENTRY = entry(
    2, auth="os:anna as eva", on_behalf_of="p:4", note="Eva Ek ringde", line='{"actor":"u:3"}',
    changes={"set": dict(DATA), "title": "Stöd i Eks by", "msgs": ["E-1#2/received/p:4"], "recused": ["p:4"],
             "history": {"resource": "Eva Ek", "role": "clerk", "attributes": [{"value": "Eva Ek"}], "name": "Ek 1"}},
)  # fmt: skip
KEY = b"k" * 32
TELLING = ("Eva", "070-1", "anna", "p:4", "u:3", "Ek 1")


def mask(*, anonymous: bool = False, key: bytes = KEY) -> Mask:
    return Mask(key, {("errand", 1): FIELDS}, anonymous)


def text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def test_nothing_that_tells_of_a_person_is_left_in_a_masked_case_or_entry() -> None:
    goal = {"goal": "Barn mår bra"}  # A text that the workflow does not call personal is left as it is.
    case = mask().case({**CASE, "data": {**DATA, **goal}})
    told = mask().entry({**ENTRY, "changes": {**ENTRY["changes"], "set": {**DATA, **goal}}})

    told.pop("line")
    assert not [word for word in TELLING if word in text(case) or word in text(told)]
    assert (case["title"], case["data"]["amount"], case["parties"][0]["organisation"]) == (
        "Stöd i Eks by", "12.00", "Eks by",
    )  # fmt: skip
    assert told["note"] == case["documents"][0]["name"] == MASKED


def test_the_line_of_a_masked_entry_is_left_as_it_is_signed() -> None:
    assert mask().entry(ENTRY)["line"] == ENTRY["line"]


def test_a_person_has_one_pseudonym_wherever_named_and_another_by_another_key() -> None:
    case, told = mask().case(CASE), mask().entry(ENTRY)
    one = mask().pseudonym("person", "p:4")

    assert [case["parties"][0]["people"]["contact"][0]["id"], case["data"]["lead"], case["recused"][0],
            case["signatures"][0]["person"], told["on_behalf_of"]] == [one] * 5  # fmt: skip
    assert told["changes"]["msgs"] == [f"E-1#2/received/{one}"]
    assert mask(key=b"o" * 32).pseudonym("person", "p:4") != one


def test_equal_personal_values_stay_equal_and_different_ones_different() -> None:
    def phone(number: str) -> Any:
        return mask().case({**CASE, "data": {"phone": number}})["data"]["phone"]

    assert phone("070-1") == phone("070-1") != phone("070-2")


def test_an_anonymous_case_keeps_what_tells_of_nobody_alone() -> None:
    case = mask(anonymous=True).case(CASE)

    assert case["data"] == {"amount": "12.00"}
    assert (case["state"], case["deadlines"][0]["name"], case["documents"][0]["kind"]) == ("open", "due", "plan")
    assert not [
        word for word in (*TELLING, "E-1", "U-1", "R-1", "o:7", "Eks by", "Stöd", "ab") if f'"{word}' in text(case)
    ]


def test_an_anonymous_entry_keeps_its_hash_and_its_link_and_no_line() -> None:
    told = mask(anonymous=True).entry(ENTRY)

    assert (told["hash"], told["prev"], told["event"], told["changes"]["set"]) == (
        "h",
        "p",
        "grant",
        {"amount": "12.00"},
    )
    assert not [word for word in (*TELLING, "E-1", "U-1", "o:7", "Eks by", "os:") if word in text(told)]
    assert "line" not in told


def test_cases_and_their_entries_are_called_the_same() -> None:
    hidden = mask(anonymous=True)
    case = hidden.case(CASE)

    assert hidden.entry(ENTRY)["case"] == case["reference"] == hidden.reference("E-1")
    assert hidden.entry({**ENTRY, "changes": {}})["entry"] == f"{case['reference']}#2"
    assert hidden.reference("@office") == "@office"
    assert mask().reference("E-1") == "E-1"


@pytest.mark.parametrize("anonymous", [False, True])
def test_the_same_key_gives_the_same_export(anonymous: bool) -> None:
    one, two = mask(anonymous=anonymous), mask(anonymous=anonymous)

    assert text(one.case(CASE)) == text(two.case(CASE))
    assert text(one.entry(ENTRY)) == text(two.entry(ENTRY))


def test_a_home_makes_its_key_once_for_its_own_eyes(tmp_path: Path) -> None:
    made = mask_key(tmp_path / "keys")

    assert mask_key(tmp_path / "keys") == made
    (file,) = (tmp_path / "keys").iterdir()
    assert (len(made), file.stat().st_mode & 0o777) == (32, 0o600)


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mask.key").write_bytes(b"short")

    with pytest.raises(Unavailable, match="put it back from a backup"):
        mask_key(tmp_path)
