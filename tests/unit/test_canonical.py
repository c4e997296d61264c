"""Canonical JSON is that of the standard library, byte for byte, so that any program can check a line."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.canonical import canonical, read_json
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
