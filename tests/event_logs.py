"""Event logs checked against the grammar of XES, and read back by a parser that is not ours."""

from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

GRAMMAR = Path(__file__).parent / "data" / "xes.xsd"


@cache
def _schema() -> Any:
    return etree.XMLSchema(etree.parse(str(GRAMMAR)))


def faults(content: bytes) -> list[str]:
    """What the grammar has against a file; nothing if it is valid."""
    schema = _schema()
    schema.validate(etree.fromstring(content))
    return [f"line {error.line}: {error.message}" for error in schema.error_log]


def traces(content: bytes) -> list[tuple[dict[str, str], list[dict[str, str]]]]:
    """(attributes, events) of every trace; attributes as key -> value."""
    root = etree.fromstring(content)
    return [(_values(trace), [_values(event) for event in trace.iterfind("event")]) for trace in root.iterfind("trace")]


def _values(element: Any) -> dict[str, str]:
    return {str(one.get("key")): str(one.get("value")) for one in element if one.tag != "event"}
