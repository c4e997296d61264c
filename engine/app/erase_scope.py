"""Where a person may be erased from: the cases that the log ties to it, and what was named beside them.

A name is only a text, and anybody can call a person by words that stand in letters and decisions. So the name alone is
enough only in cases in which the person is, or was, somebody; elsewhere each entry has to be named (ADR 0026).
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from msgspec import Struct, field

from engine.app.office import Office
from engine.app.record import OFFICE
from engine.app.traces import Traces
from engine.core.acting import EXTERNAL
from engine.core.case import Actor
from engine.core.entry import Entry, parse
from engine.core.errors import NotFound, Refusal, TransitionRefused
from engine.ports import Person, UnitOfWork

_ATTEMPTS = frozenset({"refused", "unauthorised", "skipped"})
"""Kinds of entry that changed nothing, and so make nobody a part of a case."""

_WORDS = frozenset({"note", "title", "reasons", "history", "activity"})
"""Keys under which anything can be written: an id there is no tie."""


class Hit(Struct, frozen=True):
    """An entry whose payload tells of the person.

    Attributes:
        tied: Whether the log itself says that it is the person's: its own words, or what the register says of it.
    """

    case: str
    n: int
    payload: Mapping[str, Any]
    tied: bool

    @property
    def name(self) -> str:
        """`REF#n`."""
        return f"{self.case}#{self.n}"


class Scope(Struct):
    """What was found of a person, and what of it goes.

    Attributes:
        sure: Words that can hardly mean anything else: addresses, numbers, and names of two words or more.
        any: Those, and names of one word.
        cases: Cases in which the person is or was a party, a signatory or a recipient.
        also: Entries, `REF#n`, that were named beside them.
        hits: Every entry whose payload tells of the person; `seen` those, and those whose letters or documents do.
        papers: Digest of each document -> the entries that filed it.
        left: Entry -> what it holds that names the person and stays: `text`, `letter`, `document`.
    """

    sure: Traces
    any: Traces
    cases: set[str] = field(default_factory=set)
    also: frozenset[str] = frozenset()
    hits: list[Hit] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    papers: dict[str, set[str]] = field(default_factory=dict)
    left: dict[str, set[str]] = field(default_factory=dict)

    def at(self, entry: str) -> Traces | None:
        """What is looked for in an entry, and in the letters and documents that came with it; None = it stays."""
        if entry in self.also:
            return self.any
        return self.sure if entry.partition("#")[0] in self.cases else None

    def leave(self, entry: str, kind: str) -> None:
        """Remember that something was found elsewhere."""
        self.seen.add(entry)
        self.left.setdefault(entry, set()).add(kind)

    def emptied(self) -> list[Hit]:
        """The entries whose payload goes; those that stay are remembered."""
        gone = []
        for hit in self.hits:
            words = self.at(hit.name)
            if hit.tied or (words is not None and words.in_value(hit.payload)):
                gone.append(hit)
            else:
                self.leave(hit.name, "text")
        return gone

    def cleared(self, text: str, notes: set[str]) -> str:
        """An answer kept for a repeated request, or a note of a grant, as it is to be kept from now on.

        Args:
            text: As it was kept.
            notes: Notes that stood in entries that were emptied.
        """
        if text in notes:
            return self.any.without(text)
        try:
            told = json.loads(text)
        except ValueError:
            return text
        reference = told.get("reference") if isinstance(told, dict) else None
        if reference is None:
            return text
        if any(entry.partition("#")[0] == reference for entry in self.also):
            return self.any.without(text)
        return self.sure.without(text) if reference in self.cases else text


def scope_of(
    tx: UnitOfWork, office: Office, actor: Actor, sure: Traces, words: Traces, also: frozenset[str]
) -> Scope:  # fmt: skip
    """Look through the whole log once.

    Args:
        tx: The transaction.
        office: Where.
        actor: Who erases; what only this user tied to the person is no tie.
        sure: Words that can hardly mean anything else.
        words: All words.
        also: Entries that were named.
    """
    scope = Scope(sure, words, also=also)
    person = sure.person
    own = {user.id for user in tx.people.users(ended=True) if user.person == person}
    for logged in tx.log.all():
        entry = parse(logged.line)
        payload = json.loads(logged.payload) if logged.payload else {}
        for paper in entry.body.get("docs", ()) if entry.case != OFFICE else ():
            scope.papers.setdefault(paper["sha256"], set()).add(entry.name)
        given = entry.obo == person or (entry.actor in own and entry.role in EXTERNAL)
        telling = entry.actor != actor.user and entry.act not in _ATTEMPTS and entry.case != OFFICE
        if telling and (given or person in _ids(tx, office, entry, payload)):
            scope.cases.add(entry.case)
        named, body = words.in_value(payload), entry.body
        about = entry.case == OFFICE and (body.get("person") == person or (named and body.get("user") in own))
        if payload and (given or about or named):
            scope.hits.append(Hit(entry.case, entry.n, payload, given or about))
            scope.seen.add(entry.name)
    _tie_by_letters(tx, actor, scope)
    return scope


def _tie_by_letters(tx: UnitOfWork, actor: Actor, scope: Scope) -> None:
    """Whoever is written to in a case is its recipient."""
    for stored in tx.messages.list():
        message = stored.message
        if message.person != scope.sure.person or message.case == OFFICE or message.case in scope.cases:
            continue
        decided = tx.log.entry(message.case, message.n)
        if decided is not None and parse(decided.line).actor != actor.user:
            scope.cases.add(message.case)


def _ids(tx: UnitOfWork, office: Office, entry: Entry, payload: Mapping[str, Any]) -> set[str]:
    """The people that an entry names by id: parties, signatories, reviewers, fields that name a person."""
    found: set[str] = set()
    for part in (entry.body, payload):
        values = part.get("set")
        found |= set(_texts({key: value for key, value in part.items() if key != "set"}))
        if isinstance(values, dict) and entry.wf:
            name, _, version = entry.wf.rpartition("@")
            fields = office.catalog.definition(tx, name, int(version)).fields
            told = {key: value for key, value in values.items() if key in fields and fields[key].type == "person"}
            found |= set(_texts(told))
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            if key not in _WORDS:
                yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield value


def check_also(tx: UnitOfWork, scope: Scope, actor: Actor, roles: tuple[str, ...]) -> None:
    """Let nobody take more than what tells of the person, nor what oneself wrote.

    Args:
        tx: The transaction.
        scope: What was looked for, and found.
        actor: Who erases.
        roles: Who else may.

    Raises:
        NotFound: An entry does not tell of the person.
        TransitionRefused: The entry is of the one who erases.
    """
    strange = sorted(scope.also - scope.seen)
    if strange:
        raise NotFound(
            f"{', '.join(strange)}: holds nothing that names {scope.sure.person}; --dry-run lists what does",
            says="erase_also_strange", entries=strange, person=scope.sure.person,
        )  # fmt: skip
    mine = [name for name in sorted(scope.also) if _author(tx, name) == actor.user]
    if mine:
        raise TransitionRefused(reasons=[Refusal("erase_own_entry", {"entries": mine}, who=roles)])


def _author(tx: UnitOfWork, name: str) -> str | None:
    case, _, n = name.rpartition("#")
    logged = tx.log.entry(case, int(n))
    return parse(logged.line).actor if logged is not None else None


def refuse_namer(tx: UnitOfWork, actor: Actor, on: date, person: Person, roles: tuple[str, ...]) -> None:
    """Let nobody erase a person whom oneself called so: a name is what is looked for.

    Raises:
        TransitionRefused: Who erases added the person, or gave it a name, an address or a number.
    """
    namers = {entry.actor: entry.name for entry in _namings(tx, person.id)}
    if actor.user not in namers:
        return
    able = {grant.user for grant in tx.people.grants(on=on) if grant.role in roles} - namers.keys()
    logins = sorted(user.login for user in tx.people.users() if user.id in able)
    params = {"name": person.id, "entry": namers[actor.user], "n": len(logins), "logins": logins}
    titles = {"name": {person.id: {"sv": person.name, "en": person.name}}}
    code = "erase_own_person" if logins else "erase_own_person_alone"
    raise TransitionRefused(reasons=[Refusal(code, params, who=roles if logins else ("admin",), titles=titles)])


def _namings(tx: UnitOfWork, person: str) -> Iterator[Entry]:
    """The entries of the office that gave a person a name, an address or a number."""
    for logged in tx.log.entries(OFFICE):
        entry = parse(logged.line)
        body = entry.body
        changed = set(body.get("changed", ())) & {"name", "email", "phone"}
        added = body.get("do") == "add" and (entry.act == "person" or body.get("new_person"))
        among = entry.act == "org" and person in body.get("people", ())
        if among or (body.get("person") == person and (added or changed)):
            yield entry
