"""Erase a person: what tells who it was goes from every row and file, the evidence stays, and the log says so.

The line of an entry holds no personal data but commitments (DECISIONS.md 1 and 2), so deleting the payloads behind
them is enough. An entry of the office lists what was emptied, so that verification knows it from what was lost.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from engine.app.erase_case import erase_in_case
from engine.app.erase_letters import call_off, erase_letters
from engine.app.naming import person_named
from engine.app.office import Caller, Office
from engine.app.office_change import Made, change_office
from engine.app.people import refuse_in_use
from engine.app.record import OFFICE, record_office
from engine.app.traces import Traces
from engine.core.acting import EXTERNAL
from engine.core.case import Actor
from engine.core.entry import Entry, parse
from engine.core.errors import EngineError, UsageError
from engine.ports import LogLine, Person, UnitOfWork

ERASERS = ("archivist", "head")
"""Roles that may erase: the ground is a decision (article 17 of the GDPR, or the office's plan for disposal)."""

MOST = 150
"""Names of entries, letters and documents each that one line takes with room to spare (65,535 bytes)."""


class Emptied(Struct):
    """What was emptied.

    Attributes:
        entries: `REF#n` of the entries whose payload went.
        letters: Key of a letter -> the digests of what is left of it: as it was decided, as it was sent.
        documents: Digests of documents whose bytes went.
        cases: The cases that it concerned.
    """

    entries: list[str] = field(default_factory=list)
    letters: dict[str, list[str]] = field(default_factory=dict)
    documents: list[str] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)

    def parts(self, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The bodies of the office's entries that list all of it, each of which fits in a line."""
        letters = list(self.letters.items())
        longest = max(len(self.entries), len(letters), len(self.documents), 1)
        for i in range(0, longest, MOST):
            to = i + MOST
            more = {"letters": dict(letters[i:to]), "documents": self.documents[i:to]}
            yield {**body, "entries": self.entries[i:to], **{name: part for name, part in more.items() if part}}


def erase(
    office: Office, caller: Caller, name: str, ground: str, *, note: str | None = None, dry_run: bool = False
) -> Mapping[str, Any]:
    """Erase a person, in one transaction; then every trace in the files of the home.

    Args:
        office: Where.
        caller: Who.
        name: The person, as it was typed.
        ground: The legal ground; it stands in the log for good, so it must not name anybody.
        note: Why, in the erasable part.
        dry_run: Tell what would go, and change nothing.

    Returns:
        `person`, `ground`, `entry`, `entries`, `letters`, `documents`, `cases` (how many), `files` (mails removed),
        `remaining` (what still names the person, and is not the program's to change).

    Raises:
        TransitionRefused: The caller may not, or the person takes part in open cases or has a login.
    """
    if not ground.strip():
        raise UsageError('say on what ground: --ground "GDPR art. 17.1 b"', says="ground_missing")
    found: list[Traces] = []

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        person = person_named(tx, name)
        refuse_in_use(tx, person)
        traces = Traces.of(person, _former(tx, person))
        if traces.in_text(ground):
            raise UsageError("the ground stands in the log for good: it must not name the person", says="ground_names")
        found.append(traces)
        emptied = _emptied(tx, office, actor, caller, traces, ground)
        tx.people.erase_person(person.id)
        parts = list(emptied.parts({"person": person.id, "ground": ground}))
        for part in parts[:-1]:
            record_office(tx, actor, caller.auth, "erase", part)
        told = {
            "person": person.id, "ground": ground, "entries": len(emptied.entries), "letters": len(emptied.letters),
            "documents": len(emptied.documents), "cases": len(emptied.cases),
        }  # fmt: skip
        return Made(told, parts[-1])

    told = dict(change_office(office, caller, "erase", ERASERS, work, note=note, dry_run=dry_run))
    if dry_run:
        return {**told, "files": 0, "remaining": []}
    return {**told, "files": _erase_mails(office, found[0]), "remaining": _remaining(office, found[0])}


def _former(tx: UnitOfWork, person: Person) -> list[str]:
    """What the person was called, and reached by, before: as the office's own entries tell."""
    words: list[str] = []
    for logged in tx.log.entries(OFFICE):
        entry = parse(logged.line)
        if entry.act != "person" or entry.body.get("person") != person.id or not logged.payload:
            continue
        payload = json.loads(logged.payload)
        changes = payload.get("changes", {})
        for key in ("name", "email", "phone"):
            words += [word for word in (payload.get(key), *changes.get(key, ())) if word]
    return words


def _emptied(tx: UnitOfWork, office: Office, actor: Actor, caller: Caller, traces: Traces, ground: str) -> Emptied:
    """Empty everything that names the person, case by case."""
    call_off(tx, office, actor, traces.person)
    users = {user.id for user in tx.people.users(ended=True) if user.person == traces.person}
    named = [logged for logged in tx.log.all() if logged.payload and _is_about(logged, traces, users)]
    letters = erase_letters(tx, traces)
    documents = _erase_documents(tx, traces)
    emptied = Emptied([f"{one.case}#{one.n}" for one in named], letters, documents)
    by_case: dict[str, list[int]] = {}
    for one in named:
        by_case.setdefault(one.case, []).append(one.n)
    for key in letters:
        by_case.setdefault(key.partition("#")[0], [])
    for n in by_case.pop(OFFICE, []):
        tx.log.erase(OFFICE, n)
    for reference, numbers in sorted(by_case.items()):
        body = {"person": traces.person, "ground": ground}
        if erase_in_case(tx, office, actor, caller.auth, reference, numbers, traces, body):
            emptied.cases.append(reference)
    tx.erasing.texts(traces.without)
    return emptied


def _is_about(logged: LogLine, traces: Traces, users: set[str]) -> bool:
    """Whether an entry's payload names the person, or was given by or for it from outside the office."""
    entry: Entry = parse(logged.line)
    given = entry.obo == traces.person or (entry.actor in users and entry.role in EXTERNAL)
    about = entry.case == OFFICE and entry.body.get("person") == traces.person
    return given or about or traces.in_value(json.loads(logged.payload or "null"))


def _erase_documents(tx: UnitOfWork, traces: Traces) -> list[str]:
    """Delete the bytes of documents that name the person; their digests stay in the cases."""
    gone = []
    for sha256 in tx.audit.documents():
        content = tx.documents.get(sha256)
        if content is not None and traces.in_bytes(content):
            tx.erasing.document(sha256)
            gone.append(sha256)
    return gone


def _erase_mails(office: Office, traces: Traces) -> int:
    """Remove the mails that were written as files and name the person; how many."""
    if office.outbox is None or not office.outbox.is_dir():
        return 0
    named = [path for path in sorted(office.outbox.iterdir()) if path.is_file() and traces.in_mail(path.read_bytes())]
    for path in named:
        path.unlink()
    return len(named)


def _remaining(office: Office, traces: Traces) -> list[str]:
    """What still names the person once the database is rewritten without its traces: files, by path in the home."""
    remaining: list[str] = []
    try:
        office.store.scrub()
    except EngineError as error:
        remaining.append(error.message)
    files: Sequence[Any] = sorted(office.home.rglob("*")) if office.home is not None else ()
    for path in files:
        if path.is_file() and not path.is_symlink() and traces.in_file(path):
            remaining.append(str(path.relative_to(office.home)))
    return remaining
