"""An event log of another system as its file gives it: traces of events, with attributes that nobody has judged."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from msgspec import Struct


class Attribute(TypedDict):
    """One attribute: its XES type, its key and value as text, and the attributes below it; a list has its values."""

    type: str
    key: str
    value: str
    below: NotRequired[Sequence["Attribute"]]
    values: NotRequired[Sequence["Attribute"]]


class RawEvent(Struct, frozen=True):
    """One event; `place` is its number in the trace, or the line of its row."""

    place: int
    attributes: Sequence[Attribute]


class RawTrace(Struct, frozen=True):
    """One case; `place` is its number in the file, or the line of its first row."""

    place: int
    attributes: Sequence[Attribute]
    events: Sequence[RawEvent]


def texts(attributes: Sequence[Attribute]) -> Iterator[tuple[str, str]]:
    """(key, value) of attributes, but for lists, which have no value."""
    return ((one["key"], one["value"]) for one in attributes if one["type"] != "list")


def named(attributes: Mapping[str, Any]) -> tuple[Attribute, ...]:
    """Attributes of a table's row: texts by column; empty cells are none."""
    return tuple({"type": "string", "key": key, "value": str(text)} for key, text in attributes.items() if text)
