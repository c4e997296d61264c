"""Event logs checked against the grammars of XES and OCEL, and read back by a parser that is not ours."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, FormatChecker
from lxml import etree

DATA = Path(__file__).parent / "data"
GRAMMAR = DATA / "xes.xsd"
OCEL = DATA / "ocel2.json"


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


def ocel_faults(log: Mapping[str, Any]) -> list[str]:
    """What the schema has against an object-centric log, and what in it names something that it does not hold."""
    schema = Draft7Validator(json.loads(OCEL.read_text("utf-8")), format_checker=FormatChecker())
    found = [f"{list(error.absolute_path)}: {error.message}" for error in schema.iter_errors(log)]
    ids = [one["id"] for one in log["objects"]]
    found += [f"object {name} twice" for name in {name for name in ids if ids.count(name) > 1}]
    for what, types in (("events", "eventTypes"), ("objects", "objectTypes")):
        declared = {kind["name"]: {a["name"] for a in kind["attributes"]} for kind in log[types]}
        for one in log[what]:
            held = {a["name"] for a in one["attributes"]}
            found += [f"{one['id']}: undeclared {name}" for name in held - declared.get(one["type"], set())]
            found += [f"{one['id']}: nothing is called {r['objectId']}" for r in one["relationships"]
                      if r["objectId"] not in set(ids)]  # fmt: skip
    return found
