"""The frozen variables of messages: what a mail will say is fixed when the case moves.

Values are already text in the recipient's language, so that nothing that changes later can change what was said.
docs/reference/mail.md lists them.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from engine.app.facts import facts_for
from engine.app.office import Office
from engine.app.spoken import Speaker
from engine.app.titles import with_titles
from engine.core.case import SYSTEM, Actor, Case, Deadline
from engine.core.clockwork import kind_on
from engine.core.command import Note
from engine.core.decision import Decision
from engine.core.definition import Definition, Field
from engine.core.entry import Entry
from engine.core.errors import Refusal
from engine.core.fields import format_value
from engine.core.ladder import next_send_time
from engine.core.message import Message
from engine.core.plain import instant
from engine.core.recipients import people_of
from engine.core.schedule import Calendar
from engine.ports import Person, UnitOfWork

NO_DEADLINE: Mapping[str, Any] = {"name": "", "title": "", "due": "", "days": 0, "days_text": "", "how": ""}
NO_STEP: Mapping[str, Any] = {"kind": "", "offset": 0}
EMPTY_CASE = {"reference": "", "title": "", "dnr": "", "data": {}}


def fill(tx: UnitOfWork, office: Office, definition: Definition, decision: Decision, case: Case) -> tuple[Message, ...]:
    """The messages of a decision with language, variables and the time from which they may leave."""
    if not decision.messages:
        return ()
    people = tx.directory.people({m.person for m in decision.messages if m.person})
    voice = _Voice(tx, office, definition, decision, case)
    filled = [_filled(office, voice, message, people.get(message.person or "")) for message in decision.messages]
    meeting = _awaited_meeting(tx, case) if office.mail.held.intersection(m.template for m in filled) else None
    return tuple(_until_released(office, message, meeting) for message in filled)


def _awaited_meeting(tx: UnitOfWork, case: Case) -> str | None:
    """The board meeting at which a case was decided: the letters about all of its decisions leave together."""
    reference = case.data.get("meeting")
    found = tx.cases.get(str(reference)) if reference else None
    return found.reference if found is not None and found.data.get("kind") != "info" else None


def _until_released(office: Office, message: Message, meeting: str | None) -> Message:
    if meeting is None or message.state != "queued" or message.template not in office.mail.held:
        return message
    return replace(message, state="held", reason=f"meeting:{meeting}")


def _filled(office: Office, voice: "_Voice", message: Message, person: Person | None) -> Message:
    lang = person.lang if person else office.lang
    leaves = leaves_at(office, message.due_at)
    variables = {**voice.variables(lang), "recipient": {"name": person.name if person else ""}}
    variables["documents"] = voice.titles(message.attach, lang)
    if message.deadline:
        read_on = office.calendar.day(leaves)
        variables["deadline"] = voice.deadline(message.deadline, lang, read_on)
        variables["step"] = _step(message.variables.get("step"), variables["deadline"], read_on)
    return replace(message, lang=lang, variables=variables, due_at=leaves)


def _step(step: Mapping[str, Any] | None, deadline: Mapping[str, Any], read_on: date) -> dict[str, Any]:
    """How a reminder speaks on the day it leaves, which may be later than the one it was decided on."""
    if step is None:
        return dict(NO_STEP)
    if step["kind"] == "escalated" or not deadline.get("due_on"):
        return dict(step)
    return {**step, "kind": kind_on(read_on, date.fromisoformat(deadline["due_on"]))}


def skipped_letters(
    tx: UnitOfWork, office: Office, definition: Definition, case: Case, event: str,
    reasons: Sequence[Mapping[str, Any]], cause: str,
) -> list[Message]:  # fmt: skip
    """Tell the owner of a case that an event which another case fired was refused here."""
    owner = definition.states[case.state].owner
    if owner is None:
        return []
    facts = facts_for(tx, office, definition, case, {}, None)
    source = tx.cases.get(cause.partition("#")[0])
    letters = []
    people = tx.directory.people(people_of((owner,), case, facts))
    for person in people.values():
        known = case_variables(tx, office, definition, case, person.lang)
        title = next((t.title[person.lang] for t in definition.edges(event)), event)
        known |= {
            "recipient": {"name": person.name}, "event": {"id": event, "title": title}, "note": "", "message": "",
            "reasons": told_reasons(tx, office, definition, reasons, person.lang), "documents": [],
            "deadline": NO_DEADLINE, "step": NO_STEP,
            "source": {"title": source.title if source else "", "reference": source.reference if source else cause,
                       "dnr": str(source.data.get("dnr") or "") if source else ""},
        }  # fmt: skip
        letters.append(Message(
            key=f"{case.reference}#{case.n}/fire_skipped/{person.id}", case=case.reference, n=case.n,
            template="fire_skipped", person=person.id, lang=person.lang, variables=known,
            due_at=leaves_at(office, tx.now),
        ))  # fmt: skip
    return letters


def told_reasons(
    tx: UnitOfWork, office: Office, definition: Definition, reasons: Sequence[Mapping[str, Any]], lang: str
) -> list[dict[str, Any]]:  # fmt: skip
    """The reasons of a refusal as the log has them, each with its sentence."""
    refusals = [Refusal(str(r["code"]), r.get("params", {})) for r in reasons]
    titled = with_titles(tx, office, definition, refusals)
    return [{**raw, "text": office.words.reason(one, lang)} for raw, one in zip(reasons, titled, strict=True)]


def leaves_at(office: Office, decided: datetime) -> datetime:
    """When a message may leave: after the delay in which it can be taken back, in the office's send window."""
    calendar = office.calendar
    start = decided + timedelta(seconds=office.send_delay)
    return next_send_time(start, calendar.zone, calendar.window_start, calendar.window_end, calendar.closed)


def case_variables(
    tx: UnitOfWork, office: Office, definition: Definition, case: Case, lang: str, deadline: str | None = None
) -> dict[str, Any]:
    """What a mail about a case would know of it now, were one sent; of what happened it knows nothing.

    Args:
        tx: The transaction that is read in.
        office: Whose mail it would be.
        definition: The case's definition.
        case: The case.
        lang: `sv` or `en`.
        deadline: Id of the deadline that it would be about.
    """
    at = instant(tx.now)
    entry = Entry(act="preview", case=case.reference, n=case.n, at=at, occ=at, actor=SYSTEM, auth=SYSTEM)
    command = Note(reference=case.reference, actor=Actor(SYSTEM, SYSTEM, frozenset({SYSTEM})))
    voice = _Voice(tx, office, definition, Decision(command, case, case, entry, {}), case)
    known = {name: value for name, value in voice.variables(lang).items() if name not in _OF_THE_MOMENT}
    if deadline is not None:
        known["deadline"] = voice.deadline(deadline, lang, office.calendar.day(tx.now))
    return known


_OF_THE_MOMENT = ("event", "note", "message", "reasons", "deadline", "step")


class _Voice:
    """Variables common to all messages of one decision, made once per language."""

    def __init__(self, tx: UnitOfWork, office: Office, definition: Definition, decision: Decision, case: Case) -> None:
        self.tx, self.office, self.definition, self.decision, self.case = tx, office, definition, decision, case
        self.today = office.calendar.day(tx.now)
        self._made: dict[str, dict[str, Any]] = {}

    def variables(self, lang: str) -> dict[str, Any]:
        if lang not in self._made:
            self._made[lang] = self._make(lang)
        return self._made[lang]

    def _make(self, lang: str) -> dict[str, Any]:
        case, definition, entry = self.case, self.definition, self.decision.entry
        zone = self.office.calendar.zone
        state = definition.states[case.state]
        return {
            "lang": lang,
            "office": {"name": self.office.name, "mailbox": self.office.mailbox},
            "case": {
                "reference": case.reference, "title": case.title, "dnr": str(case.data.get("dnr") or ""),
                "workflow": definition.title[lang], "state": state.title[lang],
                "public": (state.public or state.title)[lang],
            },
            "data": Speaker(self.tx, lang, zone).texts(definition.fields, case.data),
            "parent": self._related(case.parent, lang),
            "links": {f.id: self._related(case.data.get(f.id), lang)
                      for f in definition.fields.values() if f.type == "case"},
            "event": self._event(lang),
            "note": self.decision.command.note or "",
            "message": getattr(self.decision.command, "message", None) or "",
            "reasons": told_reasons(self.tx, self.office, definition, entry.body.get("reasons", ()), lang),
            "deadlines": [self.deadline(d.id, lang, self.today) for d in case.deadlines],
            "deadline": NO_DEADLINE,
            "step": NO_STEP,
            "officer": self._officer(),
            "documents": [],
            "parties": self._parties(),
        }  # fmt: skip

    def _event(self, lang: str) -> dict[str, str]:
        """What happened; of an automatic step that was refused, what should have happened."""
        entry = self.decision.entry
        event = entry.event
        if event is None and entry.act == "expire":
            event = next((self.definition.deadlines[d.name].then for d in self.decision.deadlines.moved), None)
        edge = next((t for t in self.definition.transitions if t.event == event), None)
        return {"id": event or entry.act, "title": edge.title[lang] if edge else entry.act}

    def _how(self, name: str, lang: str) -> str:
        """What meets a deadline, in the words of its events."""
        met_by = self.definition.deadlines[name].met_by
        titles = dict.fromkeys(t.title[lang] for t in self.definition.transitions if t.event in met_by)
        if not titles:
            return ""
        begin = "Det som ska göras" if lang == "sv" else "What is to be done"
        return f"{begin}: {', '.join(titles)}."

    def _related(self, reference: Any, lang: str) -> dict[str, Any]:
        found = self.tx.cases.get(str(reference)) if reference else None
        if found is None:
            return dict(EMPTY_CASE)
        definition = self.office.catalog.definition(self.tx, found.workflow, found.version)
        return {
            "reference": found.reference, "title": found.title, "dnr": str(found.data.get("dnr") or ""),
            "data": Speaker(self.tx, lang, self.office.calendar.zone).texts(definition.fields, found.data),
        }  # fmt: skip

    def _officer(self) -> dict[str, str]:
        person = self.tx.directory.person_of(self.case.assignee) if self.case.assignee else None
        found = self.tx.directory.person(person) if person else None
        return {"name": found.name if found else "", "email": (found.email or "") if found else ""}

    def _parties(self) -> list[dict[str, Any]]:
        today = [p for p in self.case.parties if p.until is None]
        organisations = self.tx.directory.organisations({p.organisation for p in today})
        people = self.tx.directory.people({x for p in today for named in p.people.values() for x in named})
        return [
            {
                "role": p.role,
                "organisation": organisations[p.organisation].name if p.organisation in organisations else "",
                "people": [{"function": function, "name": people[x].name}
                           for function, named in sorted(p.people.items()) for x in named if x in people],
            }
            for p in today
        ]  # fmt: skip

    def titles(self, kinds: Sequence[str], lang: str) -> list[str]:
        """What is enclosed, by title."""
        known = self.definition.documents
        return [known[k].title[lang] for k in kinds if k in known and self.case.document(k)]

    def deadline(self, name: str, lang: str, read_on: date) -> dict[str, Any]:
        """A deadline as a mail that is read on that day speaks of it."""
        before = self.decision.before.deadlines if self.decision.before else ()
        found = next((d for d in (*self.case.deadlines, *before) if d.id == name), None)
        if found is None:
            return {"name": name, "title": name, "due": "", "days": 0, "days_text": "", "how": ""}
        calendar = self.office.calendar
        days = (found.due_on - read_on).days
        return {
            "name": found.name, "title": self.definition.deadlines[found.name].title[lang],
            "due": due_text(found, lang, calendar), "due_on": found.due_on.isoformat(), "days": days,
            "days_text": days_text(days, lang), "how": self._how(found.name, lang), "version": found.version,
            "id": found.id,
        }  # fmt: skip


_DAY_FIELD = Field(id="day", type="date", title={})
_INSTANT_FIELD = Field(id="instant", type="instant", title={})


def due_text(deadline: Deadline, lang: str, calendar: Calendar) -> str:
    """The last day in words; with the time of day where it is not the day's end."""
    local = deadline.due_at.astimezone(calendar.zone)
    if (local.hour, local.minute) == (0, 0):
        return format_value(_DAY_FIELD, deadline.due_on.isoformat(), lang, zone=calendar.zone)
    return format_value(_INSTANT_FIELD, instant(deadline.due_at), lang, zone=calendar.zone)


def days_text(days: int, lang: str) -> str:
    """How far away a day is, in words."""
    if lang == "sv":
        words = {0: "i dag", 1: "i morgon", -1: "i går"}
        return words.get(days) or (f"om {days} dagar" if days > 0 else f"för {-days} dagar sedan")
    words = {0: "today", 1: "tomorrow", -1: "yesterday"}
    return words.get(days) or (f"in {days} days" if days > 0 else f"{-days} days ago")
