"""Writes an object-centric event log, OCEL 2.0 as JSON: cases, organisations, people and documents are the objects.

An event belongs to its case, to the documents it filed and to those it names; what a case is called, where it stands
and what its fields hold stand as values over time. Events leave as they come; objects wait in a temporary file, as the
format wants them together.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from msgspec import Struct, field

from engine.core.definition import Definition
from engine.exports.xes import MOVES, activity

LONG_AGO = "1970-01-01T00:00:00Z"
"""The time from which a value holds that is not known to have been another before; a convention of OCEL."""

_TYPES = {"integer": "integer", "money": "float", "flag": "boolean", "instant": "time"}
_EVENT = ("kind", "actor", "auth", "role", "source", "target", "note", "recorded_at", "request_id", "hash")
_CASE = ("title", "state", "owner")
_DOCUMENT = ("kind", "name", "sha256", "direction", "received_at", "secrecy")
_IN_MEMORY = 8 * 1024 * 1024


class Happening(Struct, frozen=True):
    """A case and its entries as the contract's plain JSON, and its definition."""

    case: Mapping[str, Any]
    entries: Iterable[Mapping[str, Any]]
    definition: Definition


class ObjectLog(Struct):
    """An object-centric log being written.

    Attributes:
        references: The cases that are written; no relationship leads out of them.
        every: Every entry is an event, and not the steps alone.
        event_types: Names of the types of event met so far.
        object_types: Type of object -> attribute -> its type, of those met so far.
        known: Ids of the organisations and people that have been written.
    """

    references: frozenset[str]
    every: bool = False
    event_types: set[str] = field(default_factory=set)
    object_types: dict[str, dict[str, str]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def parts(self, cases: Iterable[Happening]) -> Iterator[bytes]:
        """The file, event by event and object by object, in UTF-8."""
        with SpooledTemporaryFile(_IN_MEMORY, "w+b") as waiting:
            yield b'{"events":[\n'
            between = b""
            for one in cases:
                self._keep(waiting, self._objects(one))
                for event in self._events(one):
                    yield between + _json(event)
                    between = b",\n"
            yield b'\n],"objects":[\n'
            waiting.seek(0)
            between = b""
            for line in waiting:
                yield between + line.rstrip(b"\n")
                between = b",\n"
        types = [{"name": name, "attributes": _named(dict.fromkeys(_EVENT, "string") | {"recorded_at": "time"})}
                 for name in sorted(self.event_types)]  # fmt: skip
        objects = [{"name": name, "attributes": _named(held)} for name, held in sorted(self.object_types.items())]
        yield b'\n],"eventTypes":' + _json(types) + b',"objectTypes":' + _json(objects) + b"}\n"

    def _keep(self, waiting: IO[bytes], objects: Iterable[Mapping[str, Any]]) -> None:
        for one in objects:
            waiting.write(_json(one) + b"\n")

    def _events(self, one: Happening) -> Iterator[dict[str, Any]]:
        workflow = one.case["workflow"]
        for entry in one.entries:
            came_in = entry["kind"] == "open" and "history" in (entry["changes"].get("imported") or {})
            if not self.every and (entry["kind"] not in MOVES or came_in):
                continue
            name = f"{workflow}.{activity(entry)}"
            self.event_types.add(name)
            yield {
                "id": entry["entry"], "type": name, "time": entry["occurred_at"],
                "attributes": [{"name": key, "value": str(entry[key])} for key in _EVENT if entry.get(key) is not None],
                "relationships": [{"objectId": to, "qualifier": what} for to, what in self._touched(one, entry)],
            }  # fmt: skip

    def _touched(self, one: Happening, entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """(object, qualifier) of all that an event has to do with, its own case first."""
        reference, changes = str(one.case["reference"]), entry["changes"]
        yield reference, "case"
        cause = str(changes.get("cause") or "").partition("#")[0]
        if cause in self.references and cause != reference:
            yield cause, "cause"
        for name, value in (changes.get("set") or {}).items():
            known = one.definition.fields.get(name)
            if known is not None and known.type == "case" and value in self.references:
                yield str(value), name
        if entry.get("on_behalf_of") in self.known:
            yield str(entry["on_behalf_of"]), "on_behalf_of"
        for document in changes.get("docs", ()):
            yield _document_id(reference, document), "filed"
        for signature in changes.get("signs", ()):
            yield f"{reference}/document/{signature['document']}", "signed"
            if signature["person"] in self.known:
                yield signature["person"], "signatory"
        for party in changes.get("parties", ()):
            if party["organisation"] in self.known:
                yield party["organisation"], party["role"]

    def _objects(self, one: Happening) -> Iterator[dict[str, Any]]:
        """The case, and what belongs to it and has not been written yet."""
        case = one.case
        reference, related = str(case["reference"]), []
        for name, to in _links(one):
            if to in self.references and to != reference:
                related.append((to, name))
        for party in case["parties"]:
            yield from self._once("organisation", party["organisation_id"], party["organisation"])
            related.append((party["organisation_id"], party["role"]))
            for function, people in party["people"].items():
                for person in people:
                    yield from self._once("person", person["id"], person["name"])
                    related.append((person["id"], f"{party['role']}.{function}"))
        for signature in case["signatures"]:
            yield from self._once("person", signature["person"], None)
        for document in case["documents"]:
            yield self._document(reference, document)
            related.append((_document_id(reference, document), "document"))
        yield {
            "id": reference, "type": case["workflow"],
            "attributes": [{"name": name, "value": value, "time": at} for name, value, at in self._held(one)],
            "relationships": [{"objectId": to, "qualifier": what} for to, what in dict.fromkeys(related)],
        }  # fmt: skip

    def _held(self, one: Happening) -> Iterator[tuple[str, str, str]]:
        """(attribute, value, since when) of a case as its entries gave them; else from its opening."""
        kinds = self.object_types.setdefault(one.case["workflow"], dict.fromkeys(_CASE, "string"))
        kinds.update({f"set.{f.id}": _TYPES.get(f.type, "string") for f in one.definition.fields.values()})
        latest: dict[str, str] = {}
        for entry in one.entries:
            at, changes = entry["occurred_at"], entry["changes"]
            given = {f"set.{name}": value for name, value in (changes.get("set") or {}).items()}
            given |= {"title": changes["title"]} if "title" in changes else {}
            given |= {"state": entry["target"]} if entry["target"] else {}
            for name, value in given.items():
                told = _told(value)
                if name in kinds and latest.get(name) != told:
                    latest[name] = told
                    yield name, told, at
        now = {name: one.case.get(name) for name in _CASE} | {f"set.{k}": v for k, v in one.case["data"].items()}
        since = str(one.case["opened_at"])
        for name, value in now.items():
            if value is not None and name not in latest:
                yield name, _told(value), since

    def _document(self, reference: str, document: Mapping[str, Any]) -> dict[str, Any]:
        self.object_types.setdefault("document", dict.fromkeys(_DOCUMENT, "string") | {"received_at": "time"})
        at = document.get("received_at") or LONG_AGO
        told = [(name, document[name]) for name in _DOCUMENT if document.get(name) is not None]
        return {
            "id": _document_id(reference, document), "type": "document",
            "attributes": [{"name": name, "value": str(value), "time": at} for name, value in told],
            "relationships": [{"objectId": reference, "qualifier": "case"}],
        }  # fmt: skip

    def _once(self, kind: str, key: str, name: str | None) -> Iterator[dict[str, Any]]:
        """An organisation or a person, the first time it is met."""
        if key in self.known:
            return
        self.known.add(key)
        self.object_types.setdefault(kind, {"name": "string"})
        yield {
            "id": key, "type": kind,
            "attributes": [{"name": "name", "value": name, "time": LONG_AGO}] if name else [], "relationships": [],
        }  # fmt: skip


def _links(one: Happening) -> Iterator[tuple[str, str]]:
    """(qualifier, reference) of the cases that a case points at."""
    if one.case["parent"]:
        yield "parent", one.case["parent"]
    for name, value in one.case["data"].items():
        known = one.definition.fields.get(name)
        if known is not None and known.type == "case" and isinstance(value, str):
            yield name, value


def _document_id(reference: str, document: Mapping[str, Any]) -> str:
    return f"{reference}/document/{document['id']}"


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _named(kinds: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in kinds.items()]


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
