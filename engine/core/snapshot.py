"""A whole case as canonical JSON and back: what the store keeps of its present state.

There are two texts. The public one may be shown to whoever may see the case's row; the private one holds the
personal values, so that erasing a person is emptying it. What was erased reads as absent.

The parts of a case stand as lists in the order of its class's attributes, not as objects as in the log
(`plain.py`): every command reads and writes this text whole, and so it takes half the time.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from engine.core.canonical import canonical, read_json
from engine.core.case import Approval, Case, Deadline, Document, Happened, Party, ReviewGiven, Signature
from engine.core.plain import instant, instant_or_none, read_instant, read_or_none

_NOTHING = "{}"
_day_of = date.fromisoformat


def to_json(case: Case, personal: frozenset[str], text: Callable[[Any], str] = canonical) -> tuple[str, str]:
    """The public and the private JSON of a case.

    Args:
        case: The case, whole.
        personal: The fields of its definition whose values are personal.
        text: How JSON is written; `rewritten` for a case of nothing but what was read from canonical JSON.

    Returns:
        The public text, and the private one: values of personal fields, and names and senders of documents.
    """
    public: dict[str, Any] = {
        "reference": case.reference, "workflow": case.workflow, "version": case.version, "state": case.state,
        "title": case.title, "assignee": case.assignee, "parent": case.parent, "revision": case.revision,
        "n": case.n, "head": case.head, "entered_n": case.entered_n, "back": case.back, "recused": case.recused,
        "erased": case.erased, "opened_at": instant(case.opened_at), "entered_at": instant(case.entered_at),
        "occurred_at": instant(case.occurred_at), "recorded_at": instant(case.recorded_at),
        "closed_at": instant_or_none(case.closed_at), "stopped_at": instant_or_none(case.stopped_at),
        "deadlines": [_deadline_out(d) for d in case.deadlines],
        "documents": [
            [d.id, d.kind, d.sha256, d.direction, instant(d.received_at), d.n, d.secrecy, d.draft]
            for d in case.documents
        ],
        "signatures": [
            [s.id, s.who, s.party, s.person, s.document, s.kind, s.content, s.signed_on.isoformat(), s.method, s.state,
             s.n]
            for s in case.signatures
        ],
        "parties": [
            [p.id, p.role, p.organisation, p.side, p.required, p.people, p.since and p.since.isoformat(),
             p.until and p.until.isoformat()]
            for p in case.parties
        ],
        "approvals": [[a.event, a.role, a.people, a.party, a.n] for a in case.approvals],
        "reviews": [[r.person, r.scores, r.n] for r in case.reviews],
        "events": {name: [h.n, instant(h.at), h.people, h.role] for name, h in case.events.items()},
    }  # fmt: skip
    hidden = personal & case.data.keys() if personal else personal
    public["data"] = {k: v for k, v in case.data.items() if k not in hidden} if hidden else case.data
    private: dict[str, Any] = {"data": {name: case.data[name] for name in hidden}} if hidden else {}
    if case.documents:
        # By place, as the public list is: two documents never share one, whatever their numbers say.
        private["documents"] = [[d.name, d.sender] for d in case.documents]
    return text(public), text(private) if private else _NOTHING


def from_json(public: str, private: str = _NOTHING) -> Case:
    """The case that `to_json` wrote.

    Args:
        public: The public text.
        private: The private text; `{}` where it was erased: fields are then absent, and documents nameless.
    """
    raw = read_json(public)
    hidden = read_json(private) if private != _NOTHING else {}
    data = raw["data"]
    if "data" in hidden:
        data.update(hidden["data"])
    return Case(
        reference=raw["reference"], workflow=raw["workflow"], version=raw["version"], state=raw["state"],
        title=raw["title"], assignee=raw["assignee"], parent=raw["parent"], revision=raw["revision"],
        n=raw["n"], head=raw["head"], entered_n=raw["entered_n"], back=tuple(raw["back"]),
        recused=tuple(raw["recused"]), erased=tuple(raw["erased"]), opened_at=read_instant(raw["opened_at"]),
        entered_at=read_instant(raw["entered_at"]), occurred_at=read_instant(raw["occurred_at"]),
        recorded_at=read_instant(raw["recorded_at"]), closed_at=read_or_none(raw["closed_at"]),
        stopped_at=read_or_none(raw["stopped_at"]), data=data,
        deadlines=tuple([_deadline_in(*row) for row in raw["deadlines"]]),
        documents=_documents_in(raw["documents"], hidden),
        signatures=tuple([_signature_in(*row) for row in raw["signatures"]]),
        parties=tuple([_party_in(*row) for row in raw["parties"]]),
        approvals=tuple([Approval(e, role, tuple(people), *rest) for e, role, people, *rest in raw["approvals"]]),
        reviews=tuple([ReviewGiven(*row) for row in raw["reviews"]]),
        events={
            name: Happened(n, read_instant(at), tuple(people), role)
            for name, (n, at, people, role) in raw["events"].items()
        },
    )  # fmt: skip


def _deadline_out(d: Deadline) -> list[Any]:
    return [
        d.id, d.name, d.owner, instant(d.opened_at), instant(d.due_at), d.due_on.isoformat(), d.anchor, d.item,
        d.version, d.step, instant_or_none(d.next_reminder_at), instant_or_none(d.then_at),
        instant_or_none(d.passed_at), instant_or_none(d.fired_at), d.stopped_days, d.extended_to,
    ]  # fmt: skip


def _deadline_in(
    key: str, name: str, owner: str, opened_at: str, due_at: str, due_on: str, anchor: str, item: int | None,
    version: int, step: int, remind_at: str | None, then_at: str | None, passed_at: str | None, fired_at: str | None,
    stopped_days: int, extended_to: str | None,
) -> Deadline:  # fmt: skip
    return Deadline(
        key, name, owner, read_instant(opened_at), read_instant(due_at), _day_of(due_on), anchor, item, version, step,
        read_or_none(remind_at), read_or_none(then_at), read_or_none(passed_at),
        read_or_none(fired_at), stopped_days, extended_to,
    )  # fmt: skip


def _documents_in(rows: list[list[Any]], hidden: Mapping[str, Any]) -> tuple[Document, ...]:
    names = hidden.get("documents") or [["", None]] * len(rows)
    return tuple(
        [
            Document(key, kind, sha256, name, direction, read_instant(received_at), n, sender, secrecy, draft)
            for (key, kind, sha256, direction, received_at, n, secrecy, draft), (name, sender) in zip(
                rows, names, strict=True
            )
        ]
    )


def _signature_in(
    key: int, who: str, party: int | None, person: str, document: int, kind: str, content: str, signed_on: str,
    method: str, state: str, n: int,
) -> Signature:  # fmt: skip
    return Signature(key, who, party, person, document, kind, content, _day_of(signed_on), method, state, n)


def _party_in(
    key: int, role: str, organisation: str, side: str, required: bool, people: Mapping[str, list[str]],
    since: str | None, until: str | None,
) -> Party:  # fmt: skip
    return Party(
        key, role, organisation, side, required, {function: tuple(ids) for function, ids in people.items()},
        _day_of(since) if since else None, _day_of(until) if until else None,
    )  # fmt: skip
