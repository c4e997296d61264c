"""Erase a person: what tells who it was goes from every row and file, the evidence stays, and the log says so.

The line of an entry holds no personal data but commitments (DECISIONS.md 1 and 2), so deleting the payloads behind
them is enough. An entry of the office lists what was emptied, so that verification knows it from what was lost.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from engine.app.erase_case import erase_in_case
from engine.app.erase_letters import call_off, erase_letters
from engine.app.erase_scope import Scope, check_also, refuse_namer, scope_of
from engine.app.naming import person_named
from engine.app.office import Caller, Office
from engine.app.office_change import Made, change_office
from engine.app.people import refuse_in_use
from engine.app.record import OFFICE, record_office
from engine.app.traces import Traces
from engine.core.case import Actor
from engine.core.entry import parse
from engine.core.errors import EngineError, UsageError
from engine.ports import Person, UnitOfWork

ERASERS = ("archivist", "head")
"""Roles that may erase: the ground is a decision (article 17 of the GDPR, or the office's plan for disposal)."""

MOST = 150
"""Names of entries, letters and documents each that one line takes with room to spare (65,535 bytes)."""

_NUMBERED = re.compile(r"[^-]+-(\d+)-.*\.eml")
"""A mail that was written as a file bears the number of its message."""


class Emptied(Struct):
    """What was emptied.

    Attributes:
        entries: `REF#n` of the entries whose payload went.
        letters: Key of a letter -> the digests of what is left of it: as it was decided, as it was sent.
        documents: Digests of documents whose bytes went.
        cases: The cases that it concerned.
        also: Entries that were named by who erased, beside the person's own cases.
        sent: Numbers of the letters that changed.
    """

    entries: list[str] = field(default_factory=list)
    letters: dict[str, list[str]] = field(default_factory=dict)
    documents: list[str] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    sent: set[int] = field(default_factory=set)

    def parts(self, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The bodies of the office's entries that list all of it, each of which fits in a line."""
        letters = list(self.letters.items())
        longest = max(len(self.entries), len(letters), len(self.documents), len(self.also), 1)
        for i in range(0, longest, MOST):
            to = i + MOST
            more = {"letters": dict(letters[i:to]), "documents": self.documents[i:to], "also": self.also[i:to]}
            yield {**body, "entries": self.entries[i:to], **{name: part for name, part in more.items() if part}}


def erase(
    office: Office, caller: Caller, name: str, ground: str, *, also: Sequence[str] = (), note: str | None = None,
    dry_run: bool = False,
) -> Mapping[str, Any]:  # fmt: skip
    """Erase a person, in one transaction; then every trace in the files of the home.

    What the log ties to the person goes; where only its name was found, it stays unless it is named.

    Args:
        office: Where.
        caller: Who.
        name: The person, as it was typed.
        ground: The legal ground; it stands in the log for good, so it must not name anybody.
        also: Entries (`REF#n`) elsewhere that name the person, and go with their letters and documents.
        note: Why, in the erasable part.
        dry_run: Tell what would go, and change nothing.

    Returns:
        `person`, `ground`, `entry`, `entries`, `letters`, `documents`, `cases` (how many), `files` (mails removed),
        `left` (what was found elsewhere: `entry`, `holds`), `remaining` (files that still name the person, and are
        not the program's to change).

    Raises:
        TransitionRefused: The caller may not, named the person or wrote an entry of `also`; or the person takes part
            in open cases or has a login.
        NotFound: An entry of `also` does not name the person.
    """
    if not ground.strip():
        raise UsageError('say on what ground: --ground "GDPR art. 17.1 b"', says="ground_missing")
    found: list[tuple[Scope, Emptied]] = []

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        person = person_named(tx, name)
        refuse_in_use(tx, person)
        traces = Traces.of(person, _former(tx, person))
        if traces.in_text(ground):
            raise UsageError("the ground stands in the log for good: it must not name the person", says="ground_names")
        refuse_namer(tx, actor, office.calendar.day(tx.now), person, ERASERS)
        scope, emptied = _emptied(tx, office, actor, caller, traces, ground, frozenset(also))
        found.append((scope, emptied))
        tx.people.erase_person(person.id)
        counts = {
            "entries": len(emptied.entries), "letters": len(emptied.letters), "documents": len(emptied.documents),
            "cases": len(emptied.cases),
        }  # fmt: skip
        told = {"person": person.id, "ground": ground}
        parts = list(emptied.parts({**told, "counts": {**counts, "left": len(scope.left)}}))
        for part in parts[:-1]:
            record_office(tx, actor, caller.auth, "erase", part)
        left = [{"entry": entry, "holds": sorted(kinds)} for entry, kinds in sorted(scope.left.items(), key=_in_order)]
        return Made({**told, **counts, "also": len(emptied.also), "left": left}, parts[-1])

    told = dict(change_office(office, caller, "erase", ERASERS, work, note=note, dry_run=dry_run))
    if dry_run:
        return {**told, "files": 0, "remaining": []}
    scope, emptied = found[-1]
    return {
        **told, "files": _erase_mails(office, scope.any, emptied.sent), "remaining": _remaining(office, scope.sure)
    }  # fmt: skip


def _in_order(left: tuple[str, set[str]]) -> tuple[str, int]:
    case, _, n = left[0].rpartition("#")
    return case, int(n)


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


def _emptied(
    tx: UnitOfWork, office: Office, actor: Actor, caller: Caller, traces: Traces, ground: str, also: frozenset[str]
) -> tuple[Scope, Emptied]:  # fmt: skip
    """Empty what names the person where it may go, case by case."""
    call_off(tx, office, actor, traces.person)
    scope = scope_of(tx, office, actor, traces.sure(), traces, also)
    named = scope.emptied()
    letters = erase_letters(tx, scope)
    documents = _erase_documents(tx, scope)
    check_also(tx, scope, actor, ERASERS)
    emptied = Emptied(
        [hit.name for hit in named], dict(letters.values()), documents, also=sorted(also), sent=set(letters)
    )  # fmt: skip
    by_case: dict[str, list[int]] = {}
    for hit in named:
        by_case.setdefault(hit.case, []).append(hit.n)
    for key in emptied.letters:
        by_case.setdefault(key.partition("#")[0], [])
    for n in by_case.pop(OFFICE, []):
        tx.log.erase(OFFICE, n)
    asked = {entry.partition("#")[0] for entry in also}
    for reference, numbers in sorted(by_case.items()):
        words = scope.any if reference in asked else scope.sure
        body = {"person": traces.person, "ground": ground}
        if erase_in_case(tx, office, actor, caller.auth, reference, numbers, words, body):
            emptied.cases.append(reference)
    notes = {hit.payload["note"] for hit in named if isinstance(hit.payload.get("note"), str)}
    tx.erasing.texts(lambda text: scope.cleared(text, notes))
    return scope, emptied


def _erase_documents(tx: UnitOfWork, scope: Scope) -> list[str]:
    """Delete the bytes of documents that name the person; their digests stay in the cases.

    The same bytes may be filed in several cases; they go only if they may go from all of them.
    """
    gone = []
    for sha256 in tx.audit.documents():
        content = tx.documents.get(sha256)
        if content is None or not scope.any.in_bytes(content):
            continue
        filed = scope.papers.get(sha256, set())
        held = [entry for entry in filed if (words := scope.at(entry)) is None or not words.in_bytes(content)]
        scope.seen |= filed
        if filed and not held:
            tx.erasing.document(sha256)
            gone.append(sha256)
        for entry in held:
            scope.leave(entry, "document")
    return gone


def _erase_mails(office: Office, traces: Traces, sent: set[int]) -> int:
    """Remove the mails that were written as files, if their letters changed and they name the person; how many."""
    if office.outbox is None or not office.outbox.is_dir():
        return 0
    named = [
        path for path in sorted(office.outbox.iterdir())
        if (found := _NUMBERED.match(path.name)) and int(found[1]) in sent and path.is_file()
        and traces.in_mail(path.read_bytes())
    ]  # fmt: skip
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
