"""The parts of a case as plain JSON and back: how they stand in the body of a log entry.

Personal values (a document's file name and sender) are left to the payload; empty values are left out.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from engine.core.case import Approval, Deadline, Document, Party, ReviewGiven, Signature


def instant(at: datetime) -> str:
    """The canonical text of an instant: RFC 3339, UTC, six digits, `Z`."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")[:-6] + "Z"


read_instant = datetime.fromisoformat
"""The instant that a canonical text names; an alias, because every case that is read asks for it often."""


def instant_or_none(at: datetime | None) -> str | None:
    """The canonical text of an instant, if there is one."""
    return None if at is None else instant(at)


def read_or_none(text: str | None) -> datetime | None:
    """The instant that a canonical text names, if there is one."""
    return None if text is None else datetime.fromisoformat(text)


def _lean(raw: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if value is not None}


def deadline_to_plain(d: Deadline) -> dict[str, Any]:
    """A deadline, whole."""
    return _lean({
        "id": d.id, "name": d.name, "owner": d.owner, "opened_at": instant(d.opened_at), "due_at": instant(d.due_at),
        "due_on": d.due_on.isoformat(), "anchor": d.anchor, "item": d.item, "version": d.version, "step": d.step,
        "next_reminder_at": instant_or_none(d.next_reminder_at), "then_at": instant_or_none(d.then_at),
        "passed_at": instant_or_none(d.passed_at), "fired_at": instant_or_none(d.fired_at),
        "stopped_days": d.stopped_days or None, "extended_to": d.extended_to,
    })  # fmt: skip


def deadline_from_plain(raw: Mapping[str, Any]) -> Deadline:
    """The deadline that `deadline_to_plain` wrote."""
    return Deadline(
        id=raw["id"], name=raw["name"], owner=raw["owner"], opened_at=read_instant(raw["opened_at"]),
        due_at=read_instant(raw["due_at"]), due_on=date.fromisoformat(raw["due_on"]), anchor=raw["anchor"],
        item=raw.get("item"), version=raw["version"], step=raw["step"],
        next_reminder_at=read_or_none(raw.get("next_reminder_at")), then_at=read_or_none(raw.get("then_at")),
        passed_at=read_or_none(raw.get("passed_at")), fired_at=read_or_none(raw.get("fired_at")),
        stopped_days=raw.get("stopped_days", 0), extended_to=raw.get("extended_to"),
    )  # fmt: skip


def document_to_plain(d: Document) -> dict[str, Any]:
    """A document without its name and sender."""
    return _lean({
        "id": d.id, "kind": d.kind, "sha256": d.sha256, "direction": d.direction,
        "received_at": instant(d.received_at), "n": d.n, "secrecy": d.secrecy, "draft": d.draft or None,
    })  # fmt: skip


def document_from_plain(raw: Mapping[str, Any], personal: Mapping[str, Any] | None) -> Document:
    """The document, with its name and sender from the payload; erased ones read as such."""
    private = personal or {}
    return Document(
        id=raw["id"], kind=raw["kind"], sha256=raw["sha256"], name=private.get("name", ""), direction=raw["direction"],
        received_at=read_instant(raw["received_at"]), n=raw["n"], sender=private.get("sender"),
        secrecy=raw.get("secrecy"), draft=raw.get("draft", False),
    )  # fmt: skip


def signature_to_plain(s: Signature) -> dict[str, Any]:
    """A signature, whole."""
    return _lean({
        "id": s.id, "who": s.who, "party": s.party, "person": s.person, "document": s.document, "kind": s.kind,
        "content": s.content, "signed_on": s.signed_on.isoformat(), "method": s.method, "state": s.state, "n": s.n,
    })  # fmt: skip


def signature_from_plain(raw: Mapping[str, Any]) -> Signature:
    """The signature that `signature_to_plain` wrote."""
    return Signature(
        id=raw["id"], who=raw["who"], party=raw.get("party"), person=raw["person"], document=raw["document"],
        kind=raw["kind"], content=raw["content"], signed_on=date.fromisoformat(raw["signed_on"]),
        method=raw["method"], state=raw["state"], n=raw["n"],
    )  # fmt: skip


def party_to_plain(p: Party) -> dict[str, Any]:
    """A party, whole: organisations and people stand in it as ids."""
    return _lean({
        "id": p.id, "role": p.role, "organisation": p.organisation, "side": p.side, "required": p.required,
        "people": {function: list(people) for function, people in sorted(p.people.items())},
        "since": p.since.isoformat() if p.since else None, "until": p.until.isoformat() if p.until else None,
    })  # fmt: skip


def party_from_plain(raw: Mapping[str, Any]) -> Party:
    """The party that `party_to_plain` wrote."""
    return Party(
        id=raw["id"], role=raw["role"], organisation=raw["organisation"], side=raw["side"], required=raw["required"],
        people={function: tuple(people) for function, people in raw["people"].items()},
        since=date.fromisoformat(raw["since"]) if raw.get("since") else None,
        until=date.fromisoformat(raw["until"]) if raw.get("until") else None,
    )  # fmt: skip


def approval_to_plain(a: Approval) -> dict[str, Any]:
    """An approval, whole."""
    return _lean({"event": a.event, "role": a.role, "people": list(a.people), "party": a.party, "n": a.n})


def approval_from_plain(raw: Mapping[str, Any]) -> Approval:
    """The approval that `approval_to_plain` wrote."""
    return Approval(raw["event"], raw["role"], tuple(raw["people"]), raw.get("party"), raw["n"])


def review_to_plain(r: ReviewGiven) -> dict[str, Any]:
    """A review, whole."""
    return {"person": r.person, "scores": dict(sorted(r.scores.items())), "n": r.n}


def review_from_plain(raw: Mapping[str, Any]) -> ReviewGiven:
    """The review that `review_to_plain` wrote."""
    return ReviewGiven(raw["person"], dict(raw["scores"]), raw["n"])
