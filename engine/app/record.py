"""Write what was decided: entry, case, deadlines and messages, all in the one transaction."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.app.facts import holder, numbered
from engine.app.letters import fill
from engine.app.office import Office
from engine.core.canonical import canonical
from engine.core.case import Actor, Case
from engine.core.chain import commitment, genesis, leaf_hash
from engine.core.decision import Decision
from engine.core.definition import Definition
from engine.core.entry import Entry, line
from engine.core.errors import ConcurrentUpdate, Refusal, TransitionRefused
from engine.core.fold import apply
from engine.core.message import Message
from engine.core.plain import instant
from engine.ports import LogLine, UnitOfWork

OFFICE = "@office"
"""The reserved chain of what concerns the office and no case (DECISIONS.md 3)."""


class Recorded(Struct, frozen=True):
    """A decision as it stands in the log now: the case has its head, the messages their variables."""

    decision: Decision
    case: Case
    entry: Entry
    hash: str
    definition: Definition
    messages: tuple[Message, ...] = ()


def record(tx: UnitOfWork, office: Office, definition: Definition, decision: Decision) -> Recorded:
    """Write a decision.

    Raises:
        ConcurrentUpdate: The case has changed since it was read.
    """
    _check_numbers(tx, definition, decision)
    before = decision.before
    prev = before.head if before else genesis(origin(tx), decision.entry.case)
    messages = fill(tx, office, definition, decision, decision.case)
    # In the payload, because what is written to people names them: it is erasable, and its digest with it.
    queued = {"msgs": {m.key: [m.digest, m.state, m.reason] for m in messages}} if messages else {}
    entry, logged, head = sealed(tx, decision.entry, {**decision.payload, **queued}, prev)
    case = replace(decision.case, head=head)
    phase = definition.states[case.state].phase
    links = links_of(definition, case)
    if before is None or before.taken_back:
        tx.cases.insert(case, phase=phase, links=links, batch=getattr(decision.command, "batch", None))
    elif not tx.cases.update(case, phase=phase, links=links, expected_n=before.n, expected_head=before.head):
        raise ConcurrentUpdate(
            f"someone else changed {case.reference} at the same moment: look at it and try again",
            says="case_changed_by_other",
            case=case.reference,
        )
    tx.log.append(logged)
    changes = decision.deadlines
    ended = [(e.deadline.id, e.how, decision.case.recorded_at) for e in changes.ended]
    if changes.opened or changes.moved or ended:
        tx.deadlines.write(case.reference, (*changes.opened, *changes.moved), ended)
    _cancel(tx, decision)
    if messages:
        tx.messages.queue(messages)
    for field_id in decision.counters:
        _count(tx, definition, field_id, case)
    return Recorded(decision, case, entry, head, definition, messages)


def sealed(tx: UnitOfWork, entry: Entry, payload: Mapping[str, Any], prev: str) -> tuple[Entry, LogLine, str]:
    """The entry with its commitment and its link, the line to store, and the line's hash."""
    text, salt = (canonical(payload), tx.salt()) if payload else (None, None)
    data = commitment(salt, text) if text is not None and salt is not None else None
    whole = replace(entry, data=data, prev=prev)
    written = line(whole)
    return whole, LogLine(entry.case, entry.n, written, text, salt), leaf_hash(written)


def origin(tx: UnitOfWork) -> str:
    """The name of this log, given when the home was made; a sandbox's begins with `sandbox/`."""
    return tx.settings.get("origin") or "skede"


def links_of(definition: Definition, case: Case) -> dict[str, str]:
    """Where the case points: its case fields, and its parent."""
    links = {f.id: str(case.data[f.id]) for f in definition.fields.values() if f.type == "case" and case.data.get(f.id)}
    return links | ({"parent": case.parent} if case.parent else {})


def _cancel(tx: UnitOfWork, decision: Decision) -> None:
    """What was to be said of a deadline that ended or moved is not said any more."""
    for ended in decision.deadlines.ended:
        tx.messages.cancel(deadline=ended.deadline.id, reason=ended.how)
    if decision.before is None or decision.entry.act in ("remind", "expire"):
        return
    for moved in decision.deadlines.moved:
        tx.messages.cancel(deadline=moved.id, reason="moved")
    if decision.entry.act == "reversed":
        entry = decision.entry.body["corrects"]
        tx.messages.cancel(case=decision.entry.case, key=f"{decision.entry.case}#{entry}/", reason="reversed")


def _check_numbers(tx: UnitOfWork, definition: Definition, decision: Decision) -> None:
    """A registry number belongs to one case for ever, also where another register gives it (DOMAIN.md, invariant 7)."""
    for name, value in decision.entry.body.get("set", {}).items():
        if not definition.fields[name].counter or not value:
            continue
        if taken := holder(tx, name, str(value), decision.case.reference):
            raise TransitionRefused(reasons=[Refusal("number_taken", {"number": value, "case": taken})])


def _count(tx: UnitOfWork, definition: Definition, field_id: str, case: Case) -> None:
    """Count the number that a fill gave: it was read in this transaction, so it is the one taken."""
    pattern, value = definition.fields[field_id].counter, str(case.data[field_id])
    if pattern is None:
        return
    body = value.split(" ", 1)[0]
    year = int(value.split(" ", 1)[1][:4])
    taken = numbered(tx, field_id, pattern, body, year, for_case=case.reference, take=True)
    if taken != value:
        raise ConcurrentUpdate(f"the number {value} was taken meanwhile: try again", says="number_taken", value=value)


def record_office(
    tx: UnitOfWork, actor: Actor | None, auth: str, act: str, body: Mapping[str, Any],
    payload: Mapping[str, Any] | None = None, *, role: str | None = None, request_id: str | None = None,
) -> Entry:  # fmt: skip
    """Write an entry that concerns the office and no case."""
    n, head = tx.log.head(OFFICE)
    at = instant(tx.now)
    entry = Entry(
        act=act, case=OFFICE, n=n + 1, at=at, occ=at, actor=actor.user if actor else "unknown", auth=auth, body=body,
        role=role, req=request_id,
    )  # fmt: skip
    whole, logged, _ = sealed(tx, entry, payload or {}, head or genesis(origin(tx), OFFICE))
    tx.log.append(logged)
    return whole


def append(
    tx: UnitOfWork, definition: Definition, case: Case, actor: Actor, act: str, body: Mapping[str, Any],
    event: str | None = None, payload: Mapping[str, Any] | None = None,
) -> Case:  # fmt: skip
    """Write an entry that does not change the case: a refusal, a skipped event, a mail that left.

    Raises:
        ConcurrentUpdate: The case changed at the same moment.
    """
    at = max(tx.now, case.recorded_at)
    entry = Entry(
        act=act, case=case.reference, n=case.n + 1, at=instant(at), occ=instant(at), actor=actor.user,
        auth=actor.login, body=body, event=event, source=case.state if event else None,
        wf=f"{case.workflow}@{case.version}", definition=definition.digest,
    )  # fmt: skip
    whole, logged, head = sealed(tx, entry, payload or {}, case.head)
    after = apply(case, whole, None, head)
    phase = definition.states[case.state].phase
    links = links_of(definition, after)
    if not tx.cases.update(after, phase=phase, links=links, expected_n=case.n, expected_head=case.head):
        raise ConcurrentUpdate(f"{case.reference} changed at the same moment", says="case_changed", case=case.reference)
    tx.log.append(logged)
    return after
