"""Cases, deadlines, messages and entries as the plain JSON of the public contract (CLI.md)."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.app.called import names_of
from engine.app.office import Office
from engine.core.canonical import read_json
from engine.core.case import Case, Deadline, Party
from engine.core.chain import leaf_hash
from engine.core.definition import Definition
from engine.core.entry import Entry, parse
from engine.core.message import Message, StoredMessage
from engine.core.plain import instant
from engine.ports import CaseRow, DeadlineRow, LogLine, UnitOfWork

if TYPE_CHECKING:
    from engine.app.record import Recorded
    from engine.app.run import Done


def describe_case(tx: UnitOfWork, definition: Definition, case: Case) -> dict[str, Any]:
    """A case whole, as `new` and `show` print it."""
    people = tx.directory.people({p for party in case.parties for named in party.people.values() for p in named})
    organisations = tx.directory.organisations({p.organisation for p in case.parties})
    return {
        "reference": case.reference, "workflow": case.workflow, "version": case.version, "state": case.state,
        "phase": definition.states[case.state].phase, "title": case.title, "data": dict(sorted(case.data.items())),
        "revision": case.revision, "owner": tx.directory.login_of(case.assignee) if case.assignee else None,
        "parent": case.parent, "children": [c.reference for c in tx.cases.children(case.reference)],
        "parties": [
            {
                "id": p.id, "role": p.role, "side": p.side, "required": p.required, "organisation_id": p.organisation,
                "organisation": organisations[p.organisation].name if p.organisation in organisations else None,
                "people": {f: [{"id": x, "name": people[x].name if x in people else None} for x in named]
                           for f, named in sorted(p.people.items())},
                "from": p.since.isoformat() if p.since else None, "to": p.until.isoformat() if p.until else None,
            }
            for p in case.parties
        ],
        "deadlines": [describe_deadline(case.reference, d) for d in sorted(case.deadlines, key=lambda d: d.due_at)],
        "documents": [
            {"id": d.id, "kind": d.kind, "name": d.name, "sha256": d.sha256, "direction": d.direction,
             "received_at": instant(d.received_at), "draft": d.draft, "secrecy": d.secrecy, "entry": d.n}
            for d in case.documents
        ],
        "signatures": [
            {"id": s.id, "who": s.who, "party": s.party, "person": s.person, "document": s.document, "kind": s.kind,
             "content": s.content, "signed_on": s.signed_on.isoformat(), "method": s.method, "state": s.state}
            for s in case.signatures
        ],
        "approvals": [{"event": a.event, "role": a.role, "party": a.party, "entry": a.n} for a in case.approvals],
        "recused": list(case.recused), "erased": list(case.erased),
        "clock_stopped_at": instant(case.stopped_at) if case.stopped_at else None,
        "opened_at": instant(case.opened_at), "closed_at": instant(case.closed_at) if case.closed_at else None,
    }  # fmt: skip


def describe_row(tx: UnitOfWork, row: CaseRow) -> dict[str, Any]:
    """One line of `list`."""
    return {
        "reference": row.reference, "workflow": row.workflow, "version": row.version, "state": row.state,
        "phase": row.phase, "title": row.title, "owner": tx.directory.login_of(row.assignee) if row.assignee else None,
        "parent": row.parent, "revision": row.revision,
        "next_deadline": {"name": row.deadline, "due_at": instant(row.due_at)} if row.due_at else None,
        "opened_at": instant(row.opened_at), "closed_at": instant(row.closed_at) if row.closed_at else None,
    }  # fmt: skip


def describe_deadline(case: str, deadline: Deadline, state: str = "open") -> dict[str, Any]:
    """A deadline; `source` tells what it was computed from."""
    return {
        "id": deadline.id, "case": case, "name": deadline.name, "item": deadline.item,
        "due_at": instant(deadline.due_at), "due_on": deadline.due_on.isoformat(), "state": state,
        "owner": deadline.owner, "version": deadline.version,
        "next_reminder_at": instant(deadline.next_reminder_at) if deadline.next_reminder_at else None,
        "passed_at": instant(deadline.passed_at) if deadline.passed_at else None,
        "source": {"anchor": deadline.anchor, "opened_at": instant(deadline.opened_at),
                   "stopped_days": deadline.stopped_days, "extended_to": deadline.extended_to},
    }  # fmt: skip


def describe_deadline_row(row: DeadlineRow) -> dict[str, Any]:
    """A deadline as stored, open or ended."""
    return describe_deadline(row.case, row.deadline, row.state)


def describe_planned(message: Message) -> dict[str, Any]:
    """A message that a command decided."""
    return {
        "key": message.key, "template": message.template, "lang": message.lang, "to": message.person,
        "to_name": str(message.variables.get("recipient", {}).get("name", "")),
        "state": message.state, "due_at": instant(message.due_at),
    }  # fmt: skip


def describe_message(stored: StoredMessage) -> dict[str, Any]:
    """A message of the outbox."""
    message = stored.message
    return {
        "id": stored.id, "key": message.key, "case": message.case, "template": message.template, "lang": message.lang,
        "to": stored.address or message.person, "subject": stored.subject, "state": message.state,
        "attempts": stored.attempts, "due_at": instant(message.due_at),
        "sent_at": instant(stored.sent_at) if stored.sent_at else None, "message_id": stored.message_id,
        "error": stored.error, "reason": message.reason,
    }  # fmt: skip


def describe_entry(logged: LogLine) -> dict[str, Any]:
    """An entry of the log; the note comes from the payload and is None where there was none or it was erased."""
    entry: Entry = parse(logged.line)
    payload: Mapping[str, Any] = read_json(logged.payload) if logged.payload else {}
    workflow, _, version = (entry.wf or "@").rpartition("@")
    changes = {k: v for k, v in entry.body.items() if k not in ("people",)}
    if payload.get("set"):
        changes = {**changes, "set": {**changes.get("set", {}), **payload["set"]}}
    if payload.get("history"):
        changes = {**changes, "history": payload["history"]}
    return {
        "entry": entry.name, "case": entry.case, "n": entry.n, "recorded_at": entry.at, "occurred_at": entry.occ,
        "kind": entry.act, "event": entry.event, "source": entry.source, "target": entry.target, "actor": entry.actor,
        "auth": entry.auth, "role": entry.role, "on_behalf_of": entry.obo, "note": payload.get("note"),
        "imported": entry.act == "historic" or "imported" in entry.body,
        "changes": changes, "workflow": workflow or None, "version": int(version) if version else None,
        "definition": entry.definition, "request_id": entry.req, "prev": entry.prev, "hash": leaf_hash(logged.line),
    }  # fmt: skip


def describe_done(tx: UnitOfWork, office: Office, done: "Done") -> dict[str, Any]:
    """What a command did, its own entry first and what followed summed up."""
    first = done.first
    opened, moved, closed, messages = [], [], [], []
    for recorded in done.recorded:
        changes = recorded.decision.deadlines
        opened += [describe_deadline(recorded.case.reference, d) for d in changes.opened]
        moved += [describe_deadline(recorded.case.reference, d) for d in changes.moved]
        closed += [describe_deadline(recorded.case.reference, e.deadline, e.how) for e in changes.ended]
        messages += [describe_planned(m) for m in recorded.messages]
    others = [r for r in done.recorded if r.case.reference != first.case.reference]
    latest = tx.cases.get(first.case.reference) or first.case
    return {
        "reference": first.case.reference, "event": first.entry.event or first.entry.act, "kind": first.entry.act,
        "source": first.entry.source, "target": latest.state, "revision": latest.revision,
        "request_id": done.request_id, "entries": [r.entry.name for r in done.recorded],
        "deadlines": {"opened": opened, "moved": moved, "closed": closed}, "messages": messages,
        "cases": [{"reference": r.case.reference, "workflow": r.case.workflow, "event": r.entry.event or r.entry.act,
                   "state": r.case.state, "opened": r.entry.act == "open"} for r in others],
        "skipped": [{"reference": s.reference, "event": s.event,
                     "reasons": [{"code": r.code, "params": dict(r.params)} for r in s.reasons]} for s in done.skipped],
        "pending": first.entry.act == "approve",
        **({"parties": list(_party_changes(tx, first))} if first.entry.act == "party" else {}),
    }  # fmt: skip


def _party_changes(tx: UnitOfWork, recorded: "Recorded") -> Iterator[dict[str, Any]]:
    """What a change of parties did: the organisation that came or left, or who has a function now, or no longer."""
    before = {p.id: p for p in recorded.decision.before.parties} if recorded.decision.before else {}
    for party in recorded.case.parties:
        old = before.get(party.id)
        if party == old:
            continue
        was, now = _functions(old), _functions(party)
        names = names_of(tx, {party.organisation, *(person for person, _ in (*was, *now))})
        told = {"id": party.id, "role": party.role, "organisation_id": party.organisation,
                "organisation": names.get(party.organisation)}  # fmt: skip
        if old is None or party.until != old.until or party.organisation != old.organisation:
            yield {**told, "change": "left" if party.until else "joined", "function": None, "person": None,
                   "name": None}  # fmt: skip
        changed = [(one, "got") for one in now if one not in was] + [(one, "lost") for one in was if one not in now]
        for (person, function), change in changed:
            yield {**told, "change": change, "function": function, "person": person, "name": names.get(person)}


def _functions(party: Party | None) -> list[tuple[str, str]]:
    """Who does what in a party."""
    return [(person, function) for function, named in sorted(party.people.items()) for person in named] if party else []
