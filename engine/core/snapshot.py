"""A whole case as canonical JSON and back: what the store keeps of its present state.

There are two texts. The public one may be shown to whoever may see the case's row; the private one holds the
personal values, so that erasing a person is emptying it. What was erased reads as absent.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from json import JSONEncoder
from typing import Any

from engine.core.case import Case, Happened
from engine.core.plain import (
    approval_from_plain,
    approval_to_plain,
    deadline_from_plain,
    deadline_to_plain,
    document_from_plain,
    document_to_plain,
    party_from_plain,
    party_to_plain,
    review_from_plain,
    review_to_plain,
    signature_from_plain,
    signature_to_plain,
)

_NOTHING = "{}"
_instant_of = datetime.fromisoformat

# One encoder for all calls: making one costs as much as encoding a small case.
_encode = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def to_json(case: Case, personal: frozenset[str]) -> tuple[str, str]:
    """The public and the private JSON of a case.

    Args:
        case: The case, whole.
        personal: The fields of its definition whose values are personal.

    Returns:
        The public text, and the private one: values of personal fields, and names and senders of documents.
    """
    public: dict[str, Any] = {
        "reference": case.reference, "workflow": case.workflow, "version": case.version, "state": case.state,
        "title": case.title, "assignee": case.assignee, "parent": case.parent, "revision": case.revision,
        "n": case.n, "head": case.head, "entered_n": case.entered_n, "back": case.back, "recused": case.recused,
        "erased": case.erased, "opened_at": _text(case.opened_at), "entered_at": _text(case.entered_at),
        "occurred_at": _text(case.occurred_at), "recorded_at": _text(case.recorded_at),
        "closed_at": _optional_text(case.closed_at), "stopped_at": _optional_text(case.stopped_at),
        "deadlines": [deadline_to_plain(d) for d in case.deadlines],
        "documents": [document_to_plain(d) for d in case.documents],
        "signatures": [signature_to_plain(s) for s in case.signatures],
        "parties": [party_to_plain(p) for p in case.parties],
        "approvals": [approval_to_plain(a) for a in case.approvals],
        "reviews": [review_to_plain(r) for r in case.reviews],
        "events": {name: [h.n, _text(h.at), h.people, h.role] for name, h in case.events.items()},
    }  # fmt: skip
    hidden = personal & case.data.keys() if personal else personal
    public["data"] = {k: v for k, v in case.data.items() if k not in hidden} if hidden else case.data
    private: dict[str, Any] = {"data": {name: case.data[name] for name in hidden}} if hidden else {}
    if case.documents:
        # By place, as the public list is: two documents never share one, whatever their numbers say.
        private["documents"] = [[d.name, d.sender] for d in case.documents]
    return _encode(public), _encode(private) if private else _NOTHING


def from_json(public: str, private: str = _NOTHING) -> Case:
    """The case that `to_json` wrote.

    Args:
        public: The public text.
        private: The private text; `{}` where it was erased: fields are then absent, and documents nameless.
    """
    raw = json.loads(public)
    hidden = json.loads(private) if private != _NOTHING else {}
    data = raw["data"]
    if "data" in hidden:
        data.update(hidden["data"])
    return Case(
        reference=raw["reference"], workflow=raw["workflow"], version=raw["version"], state=raw["state"],
        title=raw["title"], assignee=raw["assignee"], parent=raw["parent"], revision=raw["revision"],
        n=raw["n"], head=raw["head"], entered_n=raw["entered_n"], back=tuple(raw["back"]),
        recused=tuple(raw["recused"]), erased=tuple(raw["erased"]), opened_at=_instant_of(raw["opened_at"]),
        entered_at=_instant_of(raw["entered_at"]), occurred_at=_instant_of(raw["occurred_at"]),
        recorded_at=_instant_of(raw["recorded_at"]), closed_at=_optional_instant(raw["closed_at"]),
        stopped_at=_optional_instant(raw["stopped_at"]), data=data,
        deadlines=tuple([deadline_from_plain(d) for d in raw["deadlines"]]),
        documents=tuple([document_from_plain(d, name) for d, name in _named(raw["documents"], hidden)]),
        signatures=tuple([signature_from_plain(s) for s in raw["signatures"]]),
        parties=tuple([party_from_plain(p) for p in raw["parties"]]),
        approvals=tuple([approval_from_plain(a) for a in raw["approvals"]]),
        reviews=tuple([review_from_plain(r) for r in raw["reviews"]]),
        events={
            name: Happened(n, _instant_of(at), tuple(people), role)
            for name, (n, at, people, role) in raw["events"].items()
        },
    )  # fmt: skip


def _named(documents: list[Any], hidden: Mapping[str, Any]) -> list[tuple[Any, Mapping[str, Any] | None]]:
    names = hidden.get("documents")
    if names is None:
        return [(raw, None) for raw in documents]
    return [(raw, {"name": name, "sender": sender}) for raw, (name, sender) in zip(documents, names, strict=True)]


def _text(at: datetime) -> str:
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")[:-6] + "Z"


def _optional_text(at: datetime | None) -> str | None:
    return None if at is None else _text(at)


def _optional_instant(text: str | None) -> datetime | None:
    return None if text is None else _instant_of(text)
