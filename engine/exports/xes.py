"""Writes an event log as process mining reads it: XES, IEEE Std 1849-2016, one trace for each case.

Nothing but the cases is written, no time of writing and no random id, so that the same cases give the same bytes. XML
cannot hold every character that a case can: such a text stands with U+FFFD in their place, and whole, as JSON, in an
attribute below it (`EXACT`), which `readers.xes` prefers.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from engine.core.definition import Field

EXACT = "skede:exact"
"""Key of the attribute that holds a text as JSON where XML cannot hold it as it is."""
MOVES = ("open", "advance", "reversed", "historic")
"""Kinds of entry that are steps of a case; the others stand in a trace where every entry is asked for."""

_EXTENSIONS = (
    ("Concept", "concept", "http://www.xes-standard.org/concept.xesext"),
    ("Time", "time", "http://www.xes-standard.org/time.xesext"),
    ("Organizational", "org", "http://www.xes-standard.org/org.xesext"),
    ("Lifecycle", "lifecycle", "http://www.xes-standard.org/lifecycle.xesext"),
    ("ID", "identity", "http://www.xes-standard.org/identity.xesext"),
    ("Skede", "skede", "urn:skede:xes:1"),
)
_TYPES = {"integer": "int", "money": "float", "flag": "boolean", "instant": "date"}
"""XES types of fields; all others are strings, a bare date too, since it is no instant."""
_FORMS = {
    "int": re.compile(r"[+-]?[0-9]{1,18}"), "boolean": re.compile("true|false|0|1"),
    "float": re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|-?INF|NaN"),
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?"),
}  # fmt: skip
"""How XML Schema writes the values of a type; what is written otherwise leaves as a string."""
_UNHOLDABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_NAME = re.compile("[^-A-Za-z0-9_:.À-ÖØ-öø-ıĴ-ľŁ-ňŊ-žΑ-ΡΣ-ώЁ-ЌЎ-яё-ќ一-龥]")
"""What a key may not hold: letters that XML of every edition takes for letters are enough for us."""
KEY = "skede:key"
"""Key of the attribute that holds the key of the one above it where XML cannot."""
_ESCAPES = str.maketrans({
    "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;",
})  # fmt: skip


class Trace(Struct, frozen=True):
    """A case to be written: itself and its entries as the contract's plain JSON, and the fields of its workflow."""

    case: Mapping[str, Any]
    entries: Iterable[Mapping[str, Any]]
    fields: Mapping[str, Field]


class EventLog(Struct):
    """An event log being written.

    Attributes:
        name: Whose log it is.
        every: Every entry is an event, and not the steps alone.
        replaced: In how many texts a character stood that XML cannot hold; counted while `parts` is read.
    """

    name: str
    every: bool = False
    replaced: int = 0

    def parts(self, traces: Iterable[Trace]) -> Iterator[bytes]:
        """The file, case by case, in UTF-8."""
        yield self._head().encode()
        for trace in traces:
            yield self._trace(trace).encode()
        yield b"</log>\n"

    def _head(self) -> str:
        extensions = "".join(
            f'  <extension name="{name}" prefix="{prefix}" uri="{uri}"/>\n' for name, prefix, uri in _EXTENSIONS
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1849.2016" xes.features="nested-attributes">\n'
            f"{extensions}"
            '  <global scope="trace">\n    <string key="concept:name" value="-"/>\n  </global>\n'
            '  <global scope="event">\n    <string key="concept:name" value="-"/>\n'
            '    <date key="time:timestamp" value="1970-01-01T00:00:00.000000Z"/>\n'
            '    <string key="lifecycle:transition" value="complete"/>\n  </global>\n'
            '  <classifier name="Activity" scope="event" keys="concept:name"/>\n'
            '  <classifier name="ActivityAndRole" scope="event" keys="concept:name org:role"/>\n'
            f'{self._text("concept:name", self.name, 1)}  <string key="lifecycle:model" value="standard"/>\n'
        )

    def _trace(self, trace: Trace) -> str:
        case = trace.case
        past: Mapping[str, Any] = {}
        events = []
        for entry in trace.entries:
            if entry["kind"] == "open":
                past = entry["changes"].get("history") or {}
            # What came in by an import of history began elsewhere: that it came in is no step of its own.
            came_in = entry["kind"] == "open" and "history" in (entry["changes"].get("imported") or {})
            if self.every or (entry["kind"] in MOVES and not came_in):
                events.append(self._event(entry))
        name = past.get("name") or case["reference"]
        return f"  <trace>\n{self._of_case(case, str(name), trace.fields, past)}{''.join(events)}  </trace>\n"

    def _of_case(self, case: Mapping[str, Any], name: str, fields: Mapping[str, Field], past: Mapping[str, Any]) -> str:
        lines = [self._text("concept:name", name, 2)]
        for key in ("reference", "workflow", "state", "phase", "title", "owner", "parent"):
            if case.get(key) is not None:
                lines.append(self._text(f"skede:{key}", str(case[key]), 2))
        lines.append(_plain("int", "skede:version", case["version"], 2))
        lines += [_plain("date", f"skede:{key}", case[key], 2) for key in ("opened_at", "closed_at") if case.get(key)]
        for field, value in case.get("data", {}).items():
            lines.append(self._value(f"skede:set.{field}", value, fields.get(field)))
        lines += self._foreign_all(past, lines, 2)
        return "".join(lines)

    def _value(self, key: str, value: Any, field: Field | None) -> str:
        kind = _TYPES.get(field.type, "string") if field else "string"
        if isinstance(value, (list, dict)):
            return self._text(key, json.dumps(value, ensure_ascii=False, sort_keys=True), 2)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        # A value that was masked is no number any more.
        return _plain(kind, key, text, 2) if _fits(kind, text) else self._text(key, text, 2)

    def _event(self, entry: Mapping[str, Any]) -> str:
        changes = entry["changes"]
        past = changes.get("history") or {} if entry["kind"] == "historic" else {}
        historic = entry["kind"] == "historic"
        lines = [
            self._text("concept:name", activity(entry), 3),
            _plain("date", "time:timestamp", entry["occurred_at"], 3),
            self._text("lifecycle:transition", str(past.get("lifecycle") or "complete"), 3),
        ]
        who = (past.get("resource"), past.get("role")) if historic else (entry["actor"], entry["role"])
        lines += [self._text(key, str(text), 3) for key, text in zip(("org:resource", "org:role"), who, strict=True)
                  if text]  # fmt: skip
        if not any(one["key"] == "identity:id" for one in past.get("attributes", ())):
            lines.append(_plain("id", "identity:id", _escaped(entry["entry"]), 3))
        for key in ("entry", "kind", "source", "target", "auth", "on_behalf_of", "note", "request_id", "hash"):
            if entry.get(key) is not None:
                lines.append(self._text(f"skede:{key}", str(entry[key]), 3))
        lines.append(_plain("date", "skede:recorded_at", entry["recorded_at"], 3))
        lines += self._foreign_all(past, lines, 3)
        return f"    <event>\n{''.join(lines)}    </event>\n"

    def _foreign_all(self, past: Mapping[str, Any], written: Iterable[str], depth: int) -> list[str]:
        """What else came with a case or event from elsewhere, but for what has been written of it already."""
        keys = {line.split('"', 2)[1] for line in written}
        return [self._foreign(one, depth) for one in past.get("attributes", ()) if _key(one["key"]) not in keys]

    def _foreign(self, attribute: Mapping[str, Any], depth: int) -> str:
        """An attribute that came with an event log from elsewhere, with those below it."""
        inner = "".join(self._foreign(one, depth + 1) for one in attribute.get("below", ()))
        kind, key, value = attribute["type"], _key(attribute["key"]), str(attribute.get("value", ""))
        if key != attribute["key"]:
            inner += _plain("string", KEY, _escaped(json.dumps(attribute["key"])), depth + 1)
        if kind == "list":
            held = "".join(self._foreign(one, depth + 2) for one in attribute.get("values", ()))
            indent = "  " * depth
            values = f'{indent}  <values key="values">\n{held}{indent}  </values>\n'
            return f'{indent}<list key="{key}">\n{inner}{values}{indent}</list>\n'
        if kind == "id" and not _UNHOLDABLE.search(value):
            return _plain(kind, key, _escaped(value), depth, inner)
        return _plain(kind, key, value, depth, inner) if _fits(kind, value) else self._text(key, value, depth, inner)

    def _text(self, key: str, text: str, depth: int, inner: str = "") -> str:
        held = _UNHOLDABLE.sub("\ufffd", text)
        if held != text:
            self.replaced += 1
            inner += _plain("string", EXACT, _escaped(json.dumps(text)), depth + 1)
        return _plain("string", key, _escaped(held), depth, inner)


def activity(entry: Mapping[str, Any]) -> str:
    """What an event is called: its event; of history what it was called there; of what was taken back that, marked."""
    if entry["kind"] == "historic":
        return str(entry["changes"]["activity"])
    if entry["kind"] in ("open", "advance"):
        return str(entry["event"])
    return f"{entry['kind']}:{entry['event']}" if entry["event"] else str(entry["kind"])


def _plain(kind: str, key: str, value: Any, depth: int, inner: str = "") -> str:
    indent = "  " * depth
    if not inner:
        return f'{indent}<{kind} key="{key}" value="{value}"/>\n'
    return f'{indent}<{kind} key="{key}" value="{value}">\n{inner}{indent}</{kind}>\n'


def _fits(kind: str, text: str) -> bool:
    """Whether a text is a value of a type, as XML Schema writes it."""
    if kind not in _FORMS or not _FORMS[kind].fullmatch(text):
        return False
    try:
        return kind != "date" or bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _key(text: str) -> str:
    """A key as XML lets a name be: other characters become low lines."""
    name = _NO_NAME.sub("_", text) or "_"
    return name if name[0].isalpha() or name[0] in "_:" else f"_{name}"
