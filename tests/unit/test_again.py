"""The command that mends a refusal works where it is pasted."""

from pathlib import Path

from engine.cli.again import again, lacking, ready, together
from engine.cli.options import Shell
from engine.core.errors import Refusal

FIELD = Refusal("field_missing", {"field": "body"}, "skede new call -s body=…")
PAPER = Refusal("document_missing", {"kind": "report"}, "skede advance 4 submit -a report=FILE")


def test_a_mending_command_names_the_home_and_the_user_that_were_named() -> None:
    shell = Shell(home=Path("my home"), as_login="officer")

    assert ready(shell, "skede next 4") == "skede --home 'my home' --as officer next 4"
    assert ready(Shell(), "skede next 4") == "skede next 4"


def test_a_command_for_somebody_else_names_no_user() -> None:
    assert ready(Shell(as_login="officer"), "skede user add x", ("admin",)) == "skede user add x"


def test_what_is_no_command_is_left_alone() -> None:
    assert ready(Shell(as_login="officer"), "https://example.org") == "https://example.org"


def test_what_was_typed_comes_again_with_all_that_it_lacks() -> None:
    shell = Shell(words=("--as", "officer", "new", "call", "--title", "Call 2027", "-s", 'x=a "b"'))
    twice = Refusal("field_missing", {"field": "opens_at"}, "skede new call -s opens_at=…")

    told = again(shell, [FIELD, twice, FIELD])

    assert told == """skede --as officer new call --title "Call 2027" -s 'x=a "b"' -s body=… -s opens_at=…"""


def test_a_note_is_lacking_where_a_note_is_asked_for() -> None:
    shell = Shell(words=("correct", "4", "--undo"))

    assert again(shell, [Refusal("note_missing")]) == 'skede correct 4 --undo -n "…"'


def test_nothing_is_added_to_another_command_or_where_it_would_stand_twice_or_in_an_editor() -> None:
    assert again(Shell(words=("next", "4")), [PAPER]) is None
    assert again(Shell(words=("new", "call", "-s", "body=")), [FIELD]) is None
    assert again(Shell(words=("new", "call", "--edit")), [FIELD]) is None


def test_nothing_is_added_where_it_is_somebody_elses_turn() -> None:
    shell = Shell(words=("new", "call"))

    assert again(shell, [Refusal("role_missing", {}, "skede new call …", ("officer",)), FIELD]) is None
    assert again(shell, [Refusal("document_unknown", {"kind": "ansökan"}), FIELD]) is None
    assert lacking(shell, [Refusal("role_missing", {}, "skede new call …")]) == []


def test_a_mend_is_not_the_refused_grant_again() -> None:
    shell = Shell(words=("--as", "anna", "user", "grant", "root", "officer", "-n", "x"))
    reason = Refusal("acting_for_other", {}, 'skede user grant root stand_in -n "WHY"', ("admin",))

    assert again(shell, [reason]) is None


def test_what_another_event_needs_is_not_added_to_the_one_that_was_typed() -> None:
    reason = Refusal("settles", {}, "skede advance 4 repaid -s paid=…", guard="settles@1")

    assert again(Shell(words=("advance", "4", "pay")), [reason]) is None
    assert again(Shell(words=("advance", "4", "repaid")), [reason]) == "skede advance 4 repaid -s paid=…"


def test_a_name_is_given_once_with_the_value_that_says_what_is_meant() -> None:
    assert together(["-s project=…", '-s project=REF -n "…"', "-a kind=FILE"]) == [
        "-s project=REF", '-n "…"', "-a kind=FILE",
    ]  # fmt: skip


def test_a_party_and_a_field_that_an_opening_lacks_are_options_of_new() -> None:
    shell = Shell(words=("new", "meeting", "--title", "Lunch"))
    reasons = [
        Refusal("party_missing", {}, "skede new meeting --party owner=ORG:PERSON"),
        Refusal("link_missing", {}, "skede new meeting -s call=REF"),
    ]

    assert again(shell, reasons) == "skede new meeting --title Lunch --party owner=ORG:PERSON -s call=REF"


def test_a_proposed_command_has_no_gap_and_a_note_where_one_is_always_asked_for() -> None:
    assert ready(Shell(), "skede advance 4 hold … -s none=true") == "skede advance 4 hold -s none=true"
    assert ready(Shell(), "skede party 4 replace owner=A:B") == 'skede party 4 replace owner=A:B -n "…"'
    assert ready(Shell(), "skede party 4 list") == "skede party 4 list"
    assert ready(Shell(), "skede new reclaim --title … -s project=P") == "skede new reclaim --title … -s project=P"
