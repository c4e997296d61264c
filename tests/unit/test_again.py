"""The command that mends a refusal works where it is pasted."""

from pathlib import Path

from engine.cli.again import again, lacking, ready
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
