"""Canonical JSON is that of the standard library, byte for byte, so that any program can check a line."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from engine.core.canonical import Exact, canonical, read_json, read_strictly
from engine.core.errors import ValueMalformed

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)


@given(VALUES)
def test_it_is_what_the_standard_library_writes_with_sorted_keys_and_no_spaces(value: Any) -> None:
    expected = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    assert canonical(value) == expected
    assert read_json(expected) == value


@pytest.mark.parametrize("value", [1.5, {"a": [1, (2.0,)]}, [float("nan")]])
def test_a_float_has_no_place_in_it_however_deep(value: Any) -> None:
    with pytest.raises(ValueError, match="is a float"):
        canonical(value)


def test_a_text_that_is_no_unicode_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueMalformed, match="not valid Unicode"):
        canonical({"note": "\udcff"})


@pytest.mark.parametrize("text", ["", "{", "NaN", '{"a":1}x', '"\\ud800"'])
def test_what_is_no_json_is_no_value(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|truncated"):
        read_json(text)


class Point(Struct, tag_field="v", tag=1):
    """Something with a version."""

    b: int
    a: dict[str, Any]


EXACT = '{"a":{"x":"1.50"},"b":2,"v":1}'


def test_what_is_canonical_to_the_byte_is_read_exactly() -> None:
    assert Exact(Point).read(EXACT.encode()) == Point(2, {"x": "1.50"})


@pytest.mark.parametrize(
    "text",
    [
        EXACT.replace(":2", ": 2"), '{"b":2,"a":{"x":"1.50"},"v":1}', EXACT.replace("2", '"2"'), EXACT + "\n",
        EXACT.replace('"v":1', '"v":2'), EXACT.replace(',"v":1', ""), EXACT.replace('"1.50"', "1.5"), "{",
        EXACT.replace('"b":2', '"b":2,"c":3'), EXACT.replace("x", "\\u0078"), '{"a":' + "[" * 5000,
    ],
)  # fmt: skip
def test_of_any_other_text_nothing_is_said(text: str) -> None:
    assert Exact(Point).read(text.encode()) is None


def test_a_float_is_refused_where_only_what_we_write_is_read() -> None:
    assert read_strictly(b'{"a":1}') == {"a": 1}
    with pytest.raises(ValueError, match="is a float"):
        read_strictly(b'{"a":1.5}')
