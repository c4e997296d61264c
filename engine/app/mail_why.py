"""Why something was, or was not, sent: told from the log, the message and the deadline, by code and parameters.

The sentences of the codes stand in `templates/texts`; here it is only found out which one is true.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from engine.app.access import case_seen
from engine.app.facts import facts_for
from engine.app.mail_erased import erasures_of
from engine.app.mail_outcome import BROKEN_OFF, UNCONFIRMED
from engine.app.mail_state import is_held
from engine.app.office import Caller, Office
from engine.app.record import OFFICE
from engine.app.status import insider
from engine.core.case import SYSTEM, Case, Deadline
from engine.core.definition import Definition
from engine.core.entry import Entry, parse
from engine.core.errors import NotFound
from engine.core.message import StoredMessage
from engine.core.plain import instant
from engine.core.schedule import Setting, steps_of
from engine.ports import DeadlineRow, UnitOfWork

BY_A_HUMAN = ("by_hand", "released")
"""Reasons under which a person put a hand to a mail, so that the log names that person and the note."""


class Why(Struct, frozen=True):
    """One thing that is, or is not, told: `code` names its sentence `why_CODE`, `params` what the sentence mentions."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


class _Told(Struct, frozen=True):
    """An entry of the case with its payload."""

    entry: Entry
    payload: Mapping[str, Any]


def why_message(office: Office, caller: Caller, message_id: int) -> dict[str, Any]:
    """Why one message was, or was not, sent.

    Raises:
        NotFound: There is no message with that number.
    """
    with office.store.read() as tx:
        insider(tx, office, caller)
        stored = tx.messages.get(message_id)
        if stored is None:
            raise NotFound(f"there is no message {message_id}; skede mail list shows them; of a case: mail why REF")
        return _Reader(tx, office, caller.lang, stored.message.case).message(stored)


def why_case(office: Office, caller: Caller, reference: str) -> dict[str, Any]:
    """Why a case has sent what it has, what it has left unsaid, and what it will remind of.

    Returns:
        `messages` in the order they were decided; `unsaid`, the steps of ladders that were left out; `coming`, the
        deadlines with what is said of them next, or why nothing is.

    Raises:
        NotFound: There is no such case.
    """
    with office.store.read() as tx:
        actor = insider(tx, office, caller)
        case = case_seen(tx, office, actor, reference)
        reader = _Reader(tx, office, caller.lang, case.reference)
        return {
            "case": case.reference, "title": case.title,
            "messages": [reader.message(stored) for stored in tx.messages.list(case=case.reference)],
            "unsaid": list(reader.unsaid()), "coming": list(reader.coming(case)),
        }  # fmt: skip


class _Reader:
    """Reads one case's log once, and tells of its messages and deadlines."""

    def __init__(self, tx: UnitOfWork, office: Office, lang: str, reference: str) -> None:
        self._tx, self._office, self._lang, self._reference = tx, office, lang, reference
        self._log = [
            _Told(parse(logged.line), json.loads(logged.payload) if logged.payload else {})
            for logged in tx.log.entries(reference)
        ]
        self._erasures: Mapping[str, Mapping[str, Any]] | None = None
        case = tx.cases.get(reference)
        self._definition: Definition | None = (
            office.catalog.definition(tx, case.workflow, case.version) if case is not None else None
        )

    def message(self, stored: StoredMessage) -> dict[str, Any]:
        """What became of a message, and why."""
        message = stored.message
        person = self._tx.directory.person(message.person) if message.person else None
        why = self._why(stored)
        return {
            "id": stored.id, "key": message.key, "case": message.case, "template": message.template,
            "to": message.person, "to_name": person.name if person else "", "state": message.state,
            "code": why.code, "params": why.params, "decided_by": f"{message.case}#{message.n}",
            "entries": [t.entry.name for t in self._about(message.key)], "erased": self._erased().get(message.key),
        }  # fmt: skip

    def _erased(self) -> Mapping[str, Mapping[str, Any]]:
        """Letters that an erasure changed, by their keys; asked for only where one is about this case."""
        if self._erasures is None:
            keys = {key for t in self._log for key in t.entry.body.get("msgs", ())}
            told = self._reference == OFFICE or any(t.entry.act == "erase" for t in self._log)
            self._erasures = erasures_of(self._tx, keys) if told else {}
        return self._erasures

    def _about(self, key: str) -> list[_Told]:
        """The entries that tell what became of a message."""
        return [t for t in self._log if t.entry.act == "mail" and t.entry.body.get("mail", {}).get("key") == key]

    def _why(self, stored: StoredMessage) -> Why:
        message, about = stored.message, self._about(stored.message.key)
        told: dict[str, Any] = {"attempts": stored.attempts, "error": stored.error or ""}
        told["entry"] = about[-1].entry.name if about else f"{message.case}#{message.n}"
        match message.state:
            case "sent":
                return self._sent(stored, told)
            case "queued":
                return self._waits(stored, told)
            case "deferred":
                return self._stopped(told) or Why("deferred", told | {"next_at": _instant(stored.next_at)})
            case "unknown" if stored.next_at is not None:
                code = "unknown_broken_off" if stored.error == BROKEN_OFF else "unknown_again"
                return Why(code, told | {"next_at": _instant(stored.next_at)})
            case "failed":
                return Why(_failed(stored, about), told)
            case "cancelled":
                return self._cancelled(stored, told)
            case "held":
                return _held(message.reason, told)
            case "no_recipient":
                return Why("no_recipient", told | {"roles": (message.reason or "").split(",")})
        return Why(message.state, told)

    def _sent(self, stored: StoredMessage, told: dict[str, Any]) -> Why:
        told |= {"sent_at": _instant(stored.sent_at), "address": stored.address or ""}
        key = stored.message.key
        back = next((t for t in self._log if t.entry.body.get("bounce", {}).get("key") == key), None)
        if back is None:
            return Why("sent", told)
        return Why("bounced", told | {"entry": back.entry.name, "error": str(back.payload.get("error", ""))})

    def _waits(self, stored: StoredMessage, told: dict[str, Any]) -> Why:
        stopped = self._stopped(told)
        if stopped is not None:
            return stopped
        leaves = max(stored.message.due_at, stored.next_at or stored.message.due_at)
        told |= {"leaves_at": instant(leaves)}
        return Why("waits" if leaves > self._tx.now else "leaves_now", told)

    def _stopped(self, told: dict[str, Any]) -> Why | None:
        """Whether the whole office holds its mail; then that is why, whatever else there is."""
        return Why("office_holds", told) if is_held(self._tx) else None

    def _cancelled(self, stored: StoredMessage, told: dict[str, Any]) -> Why:
        message, reason = stored.message, stored.message.reason or ""
        if reason in BY_A_HUMAN:
            hand = next((t for t in reversed(self._about(message.key)) if t.entry.body["mail"]["state"] == "cancelled"),
                        None)  # fmt: skip
            return Why("cancelled_by_hand", told | self._by(hand))
        if reason == "no_mail":
            return Why("cancelled_no_mail", told | self._by(self._chosen(message.n)))
        cause = next((t for t in self._log if t.entry.n > message.n and _calls_off(t.entry, stored, reason)), None)
        if cause is None:
            return Why("cancelled", told | {"reason": reason})
        return Why(f"cancelled_{reason}", told | self._by(cause) | {"deadline": self._deadline(message.deadline or "")})

    def _chosen(self, n: int) -> _Told | None:
        """The entry of the command that said that nothing be sent; what follows of itself shares its choice."""
        told = self._entry(n)
        while told is not None and told.entry.actor == SYSTEM:
            case, _, number = str(told.entry.body.get("cause") or "").partition("#")
            before = self._entry(int(number)) if case == self._reference and number.isdecimal() else None
            if before is None:
                return told
            told = before
        return told

    def _entry(self, n: int) -> _Told | None:
        return next((t for t in self._log if t.entry.n == n), None)

    def _by(self, told: _Told | None) -> dict[str, str]:
        """Who made an entry, which one, what happened in it, and the note."""
        if told is None:
            return {"who": "", "entry": "", "event": "", "note": ""}
        entry = told.entry
        who = self._tx.directory.login_of(entry.actor) or entry.actor
        return {"who": who, "entry": entry.name, "event": self._event(entry), "note": str(told.payload.get("note", ""))}

    def _event(self, entry: Entry) -> str:
        edges = self._definition.edges(entry.event) if self._definition and entry.event else ()
        return next((edge.title[self._lang] for edge in edges), entry.event or entry.act)

    def _deadline(self, deadline: str) -> str:
        """The title of a deadline, from its id."""
        name = deadline.partition(":")[2].partition(".")[0]
        rule = self._definition.deadlines.get(name) if self._definition else None
        return rule.title[self._lang] if rule else name

    def unsaid(self) -> Iterator[dict[str, Any]]:
        """The steps of ladders that were left out: past when the deadline opened, or overtaken by a later one."""
        for told in self._log:
            body, entry = told.entry.body, told.entry
            for deadline, offset in body.get("suppressed", ()):
                yield self._step("step_suppressed", deadline, offset, None, entry)
            moved = body.get("moved") or ({"id": ""},)
            for offset, person in body.get("superseded", ()):
                yield self._step("step_superseded", str(moved[0]["id"]), offset, person, entry)

    def _step(self, code: str, deadline: str, offset: int, person: str | None, entry: Entry) -> dict[str, Any]:
        known = self._tx.directory.person(person) if person else None
        params = {
            "deadline": self._deadline(deadline), "step": _step_text(offset),
            "to": known.name if known else person or "", "entry": entry.name, "recorded_at": entry.at,
        }  # fmt: skip
        return {"deadline": deadline, "step": offset, "to": person, "code": code, "params": params}

    def coming(self, case: Case) -> Iterator[dict[str, Any]]:
        """What is said next of each deadline, or why nothing is; timers speak to nobody and are left out."""
        definition = self._definition
        if definition is None:
            return
        for row in self._tx.deadlines.list(case=case.reference, state=None):
            rule = definition.deadlines.get(row.deadline.name)
            if rule is None or rule.timer:
                continue
            why = self._next_step(definition, case, row)
            params = {"deadline": rule.title[self._lang], "due_on": row.deadline.due_on.isoformat(), **why.params}
            yield {"deadline": row.deadline.id, "state": row.state, "code": why.code, "params": params}

    def _next_step(self, definition: Definition, case: Case, row: DeadlineRow) -> Why:
        deadline, rule = row.deadline, definition.deadlines[row.deadline.name]
        if row.state != "open":
            ended = next((t for t in self._log if _ends(t.entry, deadline.id)), None)
            return Why(f"deadline_{row.state}", self._by(ended))
        if case.stopped_at is not None and rule.pausable:
            return Why("clock_stopped", {"stopped_at": instant(case.stopped_at)})
        if not rule.remind:
            return Why("no_ladder")
        if deadline.next_reminder_at is None:
            return Why("ladder_done")
        step = _step_text(self._offset(definition, case, deadline))
        extended = {"extended_to": deadline.extended_to} if deadline.extended_to else {}
        code = "reminder_coming_extended" if extended else "reminder_coming"
        return Why(code, {"next_at": instant(deadline.next_reminder_at), "step": step, **extended})

    def _offset(self, definition: Definition, case: Case, deadline: Deadline) -> int:
        """Days from the due day of the step that comes next."""
        now = self._tx.now
        facts = facts_for(self._tx, self._office, definition, case, {}, None)
        setting = Setting(definition, self._office.calendar, facts, case, case.n, now, now)
        return steps_of(setting, definition.deadlines[deadline.name], deadline)[deadline.step].offset_days


def _failed(stored: StoredMessage, about: list[_Told]) -> str:
    """Why a mail was given up: it cannot go anywhere, nobody confirmed it, or it was refused."""
    if stored.error == "no_address":
        return "no_address"
    doubtful = bool(about) and about[-1].entry.body["mail"].get("why") == UNCONFIRMED
    return "failed_unconfirmed" if doubtful else "failed"


def _held(reason: str | None, told: dict[str, Any]) -> Why:
    kind, _, meeting = (reason or "").partition(":")
    if kind == "meeting":
        return Why("held_meeting", told | {"meeting": meeting})
    return Why("held_unconfirmed" if reason == UNCONFIRMED else "held", told)


def _step_text(offset: int) -> str:
    """A step as ladders write it: -30d, 0d, +7d."""
    return f"{offset:+d}d" if offset else "0d"


def _calls_off(entry: Entry, stored: StoredMessage, reason: str) -> bool:
    """Whether an entry is the one for which a message was cancelled with that reason."""
    body, message = entry.body, stored.message
    if reason == "reversed":
        return entry.act == "reversed" and message.key.startswith(f"{message.case}#{body['corrects']}/")
    if reason == "moved":
        return entry.act not in ("remind", "expire") and any(m["id"] == message.deadline for m in body.get("moved", ()))
    return message.deadline is not None and _ends(entry, message.deadline)


def _ends(entry: Entry, deadline: str) -> bool:
    return any(raw["id"] == deadline for raw in entry.body.get("closed", ()))


def _instant(at: datetime | None) -> str | None:
    return instant(at) if at is not None else None
