"""Event logs read: what is below an attribute, what our own exports put there, and where a file is too much."""

from pathlib import Path

import pytest

from engine.core.errors import UsageError
from engine.core.trace import Attribute, RawTrace
from engine.readers.xes import DEEPEST, LONGEST_VALUE, MOST_ATTRIBUTES, read_traces


def read(folder: Path, content: str) -> list[RawTrace]:
    path = folder / "log.xes"
    path.write_text(content, "utf-8")
    return list(read_traces(path))


def attributes(folder: Path, content: str) -> list[Attribute]:
    (trace,) = read(folder, f'<log xes.version="1"><trace>{content}</trace></log>')
    return list(trace.attributes)


def test_attributes_below_attributes_are_kept(tmp_path: Path) -> None:
    below = '<int key="b" value="2"><id key="c" value="3"/></int><date key="d" value="4"/>'

    assert attributes(tmp_path, f'<string key="a" value="1">{below}</string>') == [
        {"type": "string", "key": "a", "value": "1", "below": [
            {"type": "int", "key": "b", "value": "2", "below": [{"type": "id", "key": "c", "value": "3"}]},
            {"type": "date", "key": "d", "value": "4"},
        ]},
    ]  # fmt: skip


def test_lists_and_the_containers_of_older_logs_have_values_in_their_order(tmp_path: Path) -> None:
    for tag in ("list", "container"):
        inner = '<values><string key="v" value="1"/><string key="v" value="2"/></values>'
        (found,) = attributes(tmp_path, f'<{tag} key="l">{inner}</{tag}>')
        assert (found["type"], [one["value"] for one in found["values"]]) == ("list", ["1", "2"])


@pytest.mark.parametrize(
    ("exact", "value"),
    [
        ('"a\\u0001b"', "a\x01b"),
        ('"half \\ud800"', "shown"),
        ("not json", "shown"),
        ("7", "shown"),
        ("[" * 9999, "shown"),
    ],
)
def test_a_text_that_xml_cannot_hold_is_read_whole_if_it_can_be_kept(tmp_path: Path, exact: str, value: str) -> None:
    escaped = exact.replace('"', "&quot;")
    (found,) = attributes(
        tmp_path, f'<string key="k" value="shown"><string key="skede:exact" value="{escaped}"/></string>'
    )

    assert (found["value"], "below" in found) == (value, False)


def test_a_key_that_xml_cannot_hold_is_read_whole(tmp_path: Path) -> None:
    (found,) = attributes(tmp_path, '<int key="a_b" value="1"><string key="skede:key" value="&quot;a b&quot;"/></int>')

    assert found == {"type": "int", "key": "a b", "value": "1"}


def test_prefixes_and_encodings_are_read(tmp_path: Path) -> None:
    path = tmp_path / "log.xes"
    text = '<x:log xmlns:x="u"><x:trace><x:string key="å" value="ö"/></x:trace></x:log>'
    path.write_bytes(f'<?xml version="1.0" encoding="ISO-8859-1"?>{text}'.encode("latin-1"))

    (trace,) = read_traces(path)
    assert trace.attributes[0]["value"] == "ö"


def test_traces_and_events_are_numbered_and_what_stands_outside_is_left(tmp_path: Path) -> None:
    event = '<event><string key="e" value="1"/></event>'
    head = '<global scope="event"><string key="g" value="-"/></global><string key="concept:name" value="log"/>'
    found = read(tmp_path, f"<log>{head}<trace>{event}{event}</trace><trace/></log>")

    assert [(one.place, [e.place for e in one.events]) for one in found] == [(1, [1, 2]), (2, [])]
    assert found[0].attributes == []


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (f'<string key="k" value="{"x" * (LONGEST_VALUE + 1)}"/>', "characters"),
        ('<string key="k" value="v"/>' * (MOST_ATTRIBUTES + 1), "attributes in one place"),
        ('<string key="k" value="v">' * DEEPEST, "within each other"),
        ("<event><event/></event>", "XES knows only attributes"), ("<trace/>", "XES knows only attributes"),
    ],
    ids=["value", "attributes", "depth", "event", "trace"],
)  # fmt: skip
def test_what_no_log_needs_is_refused_with_its_line(tmp_path: Path, content: str, what: str) -> None:
    with pytest.raises(UsageError, match=rf"log\.xes: line \d+: .*{what}"):
        read(tmp_path, f"<log>\n<trace>\n{content}\n</trace></log>")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        list(read_traces(tmp_path / "nowhere.xes"))
