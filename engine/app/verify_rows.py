"""Compare the rows of a case with what its chain says they are: the case, its links, deadlines and messages."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from engine.app.record import OFFICE, links_of
from engine.app.replay import Why
from engine.app.verify_chain import Fault, Known, personal_fields
from engine.app.verify_digests import decided_digest, letter_digest
from engine.app.verify_gather import Gathered, Said, open_differs
from engine.core.canonical import read_json
from engine.core.message import Message, StoredMessage
from engine.core.plain import instant
from engine.ports import AuditStore, UnitOfWork
from engine.ports.rows import KeptMessage


class Rows(Struct, frozen=True):
    """The rows that belong to one chain, as they stand."""

    case: tuple[Any, ...] | None
    links: Mapping[str, str]
    deadlines: Iterable[tuple[Any, ...]]
    messages: Iterable[tuple[Any, ...]]


def rows_of(tx: UnitOfWork, reference: str) -> Rows:
    """The rows of a chain, asked for by themselves."""
    audit = tx.audit
    return Rows(audit.case(reference), audit.links(reference), audit.deadlines(reference), audit.messages(reference))


def rows_differ(audit: AuditStore, known: Known, chain: Gathered, rows: Rows) -> Iterator[Fault]:
    """Every row that is not what the chain makes it, is missing, or stands there without an entry."""
    yield from ((chain.length, why) for why in _case(audit, known, chain, rows))
    yield from ((chain.length, why) for why in _deadlines(audit, chain, rows))
    yield from _messages(known, chain, rows)


def _case(audit: AuditStore, known: Known, chain: Gathered, rows: Rows) -> Iterator[Why]:
    row, case = rows.case, chain.case
    if case is None or case.taken_back:
        if row is not None:
            yield Why("verify_row_unexpected", {"table": "cases", "key": chain.reference})
        return
    if row is None:
        yield Why("verify_row_missing", {"table": "cases", "key": chain.reference})
        return
    batch = chain.opened.body.get("batch") if chain.opened else None
    wf = f"{case.workflow}@{case.version}"
    definition = known.definitions[wf]
    if wf not in known.personal:
        known.personal[wf] = personal_fields(definition)
    wanted = audit.case_expected(case, definition.states[case.state].phase, known.personal[wf], batch)
    yield from _compared("cases", chain.reference, row, wanted)
    if rows.links != links_of(definition, case):
        yield Why("verify_row", {"table": "links", "key": chain.reference, "column": "target"})


def _compared(table: str, key: str, row: tuple[Any, ...], wanted: Mapping[str, Any]) -> Iterator[Why]:
    """The columns in which a row is another; a number that is a float or a truth value is another too."""
    values = tuple(wanted.values())
    if row == values and tuple(map(type, row)) == tuple(map(type, values)):
        return
    for column, value, other in zip(wanted, row, values, strict=True):
        if value != other or type(value) is not type(other):
            yield Why("verify_row", {"table": table, "key": key, "column": column})


def _deadlines(audit: AuditStore, chain: Gathered, rows: Rows) -> Iterator[Why]:
    wanted = dict(chain.deadlines) if rows.case is not None else {}
    if wanted and chain.case is not None:
        differs = open_differs(chain.case, wanted.values())
        if differs is not None:
            yield Why("verify_deadline_fold", {"key": differs})
    for row in rows.deadlines:
        due = wanted.pop(row[0], None)
        if due is None:
            yield Why("verify_row_unexpected", {"table": "deadlines", "key": row[0]})
        else:
            yield from _compared("deadlines", row[0], row, audit.deadline_expected(due))
    for key in wanted:
        yield Why("verify_row_missing", {"table": "deadlines", "key": key})


def _messages(known: Known, chain: Gathered, rows: Rows) -> Iterator[Fault]:
    is_there = chain.reference == OFFICE or rows.case is not None
    wanted = dict(chain.said) if is_there else {}
    for row in rows.messages:
        said = wanted.pop(row[1], None)
        if said is None:
            yield chain.length, Why("verify_row_unexpected", {"table": "messages", "key": row[1]})
        elif not as_usual(known, chain.reference, row, said, called_off=bool(chain.called_off)):
            yield from ((said.n, why) for why in _message(known, chain, KeptMessage(*row), said))
    for key, said in wanted.items():
        yield said.n, Why("verify_row_missing", {"table": "messages", "key": key})


def as_usual(known: Known, reference: str, row: tuple[Any, ...], said: Said, *, called_off: bool) -> bool:
    """Whether a message is what the log says, as most are: one that left as it was decided, or waits as it was.

    What `_message` asks is found here by hashing the row's own texts in the places of what they stand for: if the
    digest is the log's, they are what was hashed then, to the byte. False says nothing.
    """
    (_, key, case, n, template, person, lang, variables, attach, due_at, deadline, state, reason, subject, header,
     address, sent_at, error, content) = row  # fmt: skip
    if said.digest is None or key in known.letters or n != said.n or case != reference or reason != said.reason:
        return False
    letter = None
    if said.outcomes:
        latest = said.outcomes[-1]
        if not latest.state == state == "sent" or sent_at != latest.at:
            return False
        letter = latest.letter
    elif called_off or state != said.state or sent_at is not None:
        return False
    try:
        decided = decided_digest(attach, case, deadline, due_at, key, lang, n, person, template, variables)
        if letter is None or decided != said.digest:
            return decided == said.digest
        return letter_digest(address, content, error, header, key, subject) == letter
    except (AttributeError, TypeError, ValueError):
        return False


def _message(known: Known, chain: Gathered, row: KeptMessage, said: Said) -> Iterator[Why]:
    params = {"table": "messages", "key": row.key}
    stored = _stored(row)
    if stored is None:
        yield Why("verify_row", {**params, "column": "variables"})
        return
    if instant(stored.message.due_at) != row.due_at:
        yield Why("verify_row", {**params, "column": "due_at"})
    left = known.letters.get(row.key)
    if left:
        yield from _erased(known, chain, row)
    if (row.case_ref, row.n) != (chain.reference, said.n):
        yield Why("verify_row", {**params, "column": "n"})
    decided = left[0] if left else said.digest
    if decided is not None and stored.message.digest != decided:
        yield Why("verify_message", params)
    latest = said.outcomes[-1] if said.outcomes else None
    # One that waits for another attempt may have had another answer meanwhile.
    letter = left[1] if left else latest.letter if latest else None
    if latest and letter and row.state == latest.state and stored.digest != letter:
        yield Why("verify_letter", params)
    if said.state is not None and not _state_follows(chain, row, said):
        yield Why("verify_message_state", {**params, "state": row.state})
    sent = [outcome.at for outcome in said.outcomes if outcome.state == "sent"]
    if row.sent_at != (sent[-1] if sent else None):
        yield Why("verify_row", {**params, "column": "sent_at"})


def _erased(known: Known, chain: Gathered, row: KeptMessage) -> Iterator[Why]:
    """A letter that a person was taken out of: its bytes are gone, and its own case tells of it as the office does."""
    if row.content is not None:
        yield Why("verify_erased_kept", {"table": "messages", "key": row.key})
    for person in sorted(known.taken_out.get(row.key, set()) - chain.taken_out):
        if chain.reference != OFFICE:
            yield Why("verify_erased_untold", {"key": row.key, "person": person})


def _stored(row: KeptMessage) -> StoredMessage | None:
    try:
        message = Message(
            key=row.key, case=row.case_ref, n=row.n, template=row.template, person=row.person,
            lang=row.lang, variables=read_json(row.variables.decode()), due_at=datetime.fromisoformat(row.due_at),
            attach=tuple(read_json(row.attach)), deadline=row.deadline,
        )  # fmt: skip
    except (ValueError, TypeError):
        return None
    return StoredMessage(
        id=row.id, message=message, subject=row.subject, message_id=row.header, error=row.error,
        content=row.content, address=row.address,
    )  # fmt: skip


def _state_follows(chain: Gathered, row: KeptMessage, said: Said) -> bool:
    """Whether the log tells how the message came to its state and its reason."""
    state, reason = row.state, row.reason
    called_off = {
        why for n, what, why in chain.called_off
        if n > said.n and (row.deadline == what or row.key.startswith(what))
    }  # fmt: skip
    by_hand = {outcome.why for outcome in said.outcomes}
    if reason not in called_off | by_hand | {said.reason}:
        return False
    latest = said.outcomes[-1].state if said.outcomes else None
    if state == "cancelled":
        return latest != "sent" and (reason in called_off or "cancelled" in (said.state, latest))
    told = latest or said.state
    if state == told:
        return latest is not None or state not in ("queued", "held") or not called_off
    # A letter that waits for its next attempt is no news for the log.
    return bool(state == "deferred" and told in ("queued", "unknown"))
