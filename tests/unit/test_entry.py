"""A log line has one form, at most 64 KB, and is refused where it has another."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from engine.core.canonical import canonical, rewritten
from engine.core.entry import KEYS, LONGEST_LINE, Entry, line, parse
from engine.core.errors import LogTampered, ValueMalformed

AT = "2021-03-01T09:00:00.000000Z"
ENTRY = Entry(
    act="advance", case="M-2021-0001", n=3, at=AT, occ=AT, actor="u:3", auth="os:anna",
    body={"set": {"ö": "å", "a": 1}},
    role="officer", obo="p:4", event="file", source="drafted", target="filed", wf="matter@2", definition="abc=",
    req="r-1", data="def=", prev="ghi=",
)  # fmt: skip


def spoiled(**changes: Any) -> str:
    raw = json.loads(line(ENTRY))
    raw.update(changes)
    return rewritten({key: value for key, value in raw.items() if value is not ...})


def test_a_line_has_every_key_in_order_and_nothing_else() -> None:
    text = line(ENTRY)

    assert list(json.loads(text)) == sorted(KEYS)
    assert text.startswith('{"act":"advance","actor":"u:3","at":"2021-03-01T09:00:00.000000Z","auth":"os:anna",')
    assert '"a":1,"ö":"å"' in text


def test_an_entry_comes_back_from_its_line() -> None:
    assert parse(line(ENTRY)) == ENTRY
    assert parse(line(Entry("note", "M-1", 1, AT, AT, "u:1", "x"))) == Entry("note", "M-1", 1, AT, AT, "u:1", "x")
    unset = [name for name in Entry.__struct_fields__ if not getattr(ENTRY, name)]
    assert unset == []


def test_a_line_in_which_a_value_is_of_another_kind_is_read_all_the_same() -> None:
    """What such a value means is for whoever asks for it."""
    assert parse(spoiled(obo=7)).obo == 7  # type: ignore[comparison-overlap]


def test_an_entry_is_named_by_its_case_and_number() -> None:
    assert ENTRY.name == "M-2021-0001#3"


@pytest.mark.parametrize("letter", ["a", "å", "\U0001f600"])
def test_a_line_is_as_long_as_its_bytes(letter: str) -> None:
    room = LONGEST_LINE - len(line(replace(ENTRY, req="")).encode())
    width = len(letter.encode())
    fitting = letter * (room // width) + "x" * (room % width)

    assert len(line(replace(ENTRY, req=fitting)).encode()) == LONGEST_LINE
    with pytest.raises(ValueMalformed, match="64 KB"):
        line(replace(ENTRY, req=fitting + "x"))


def test_a_text_that_is_no_unicode_is_malformed() -> None:
    with pytest.raises(ValueMalformed, match="not valid Unicode"):
        line(replace(ENTRY, req="\udcff"))


def test_numbers_that_json_does_not_know_are_no_part_of_a_line() -> None:
    with pytest.raises(ValueError, match="is a float"):
        canonical({"x": float("inf")})


@pytest.mark.parametrize(
    "text",
    [
        line(ENTRY) + " ",
        line(ENTRY).replace(":", ": ", 1),
        json.dumps(json.loads(line(ENTRY)), sort_keys=True, separators=(",", ":")),
        '{"v":1}',
        spoiled(v=2),
        spoiled(v=True),
        spoiled(v=1.0),
        spoiled(n=3.0),
        spoiled(n="3"),
        spoiled(n=None),
        spoiled(extra=1),
        spoiled(role=...),
        "[]",
        "3",
        "null",
        "",
        "{",
        '{"n":NaN}',
        "[" * 20_000,
    ],
)  # fmt: skip
def test_a_line_in_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(LogTampered, match="a log line"):
        parse(text)


def test_a_key_that_is_written_twice_is_refused() -> None:
    with pytest.raises(LogTampered, match="canonical"):
        parse(line(ENTRY).replace('"v":1', '"v":1,"v":1'))
