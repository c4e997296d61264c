"""Organisations and people: added, edited, renamed, ended, listed. Cases name them by id, so old papers stay true."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from engine.app.naming import organisation_named, person_named
from engine.app.office import Caller, Office
from engine.app.office_change import Made, change_office, insider
from engine.core.case import Actor, Case
from engine.core.errors import Refusal, TransitionRefused, UsageError
from engine.ports import CaseFilter, Organisation, Person, UnitOfWork

KEEPERS = ("admin", "head", "officer", "registrar")
"""Roles that keep organisations and people."""
KINDS = ("municipality", "region", "state", "ngo", "company", "other")


def describe_organisation(found: Organisation) -> dict[str, Any]:
    """An organisation as it is listed."""
    return {"id": found.id, "name": found.name, "kind": found.kind, "number": found.number}


def describe_person(tx: UnitOfWork, found: Person) -> dict[str, Any]:
    """A person as listed; the organisation under its newest name."""
    known = tx.directory.organisations([found.organisation]) if found.organisation else {}
    organisation = known.get(found.organisation or "")
    return {
        "id": found.id, "name": found.name, "email": found.email, "email_state": found.email_state,
        "lang": found.lang, "phone": found.phone, "organisation_id": found.organisation,
        "organisation": organisation.name if organisation else None,
    }  # fmt: skip


def open_cases(tx: UnitOfWork) -> list[Case]:
    """The cases that are not closed, those above before those below them."""
    found = [tx.cases.get(row.reference) for row in list(tx.cases.list(CaseFilter(closed=False)))]
    cases = {case.reference: case for case in found if case is not None}

    def depth(case: Case) -> int:
        above = cases.get(case.parent or "")
        return 1 + depth(above) if above is not None else 0

    return sorted(cases.values(), key=lambda case: (depth(case), case.reference))


def parts_of(case: Case, name: str) -> list[str]:
    """What an organisation (`o:7`) or person (`p:4`) is in a case today: `owner`, `partner.contact`."""
    return [
        part for p in case.parties if p.until is None
        for part in (
            *([p.role] if p.organisation == name else []),
            *(f"{p.role}.{function}" for function, named in sorted(p.people.items()) if name in named),
        )
    ]  # fmt: skip


def _takes_part(tx: UnitOfWork, name: str) -> list[dict[str, Any]]:
    return [
        {"reference": case.reference, "title": case.title, "parts": parts}
        for case in open_cases(tx) if (parts := parts_of(case, name))
    ]  # fmt: skip


def list_organisations(office: Office, caller: Caller, *, ended: bool = False) -> list[dict[str, Any]]:
    """All organisations, or also those that have ended."""
    with office.store.read() as tx:
        insider(tx, office, caller)
        return [describe_organisation(found) for found in tx.people.organisations(ended=ended)]


def show_organisation(office: Office, caller: Caller, name: str) -> dict[str, Any]:
    """One organisation with all its names, its people, and the open cases in which it is a party."""
    with office.store.read() as tx:
        insider(tx, office, caller)
        found = organisation_named(tx, name)
        names = [
            {"name": known, "from": None if since == date.min else since.isoformat()}
            for known, since in tx.people.names(found.id)
        ]
        people = [describe_person(tx, person) for person in tx.people.persons() if person.organisation == found.id]
        return {**describe_organisation(found), "names": names, "people": people, "cases": _takes_part(tx, found.id)}


def add_organisation(
    office: Office, caller: Caller, name: str, kind: str, *, number: str | None = None, since: date | None = None,
    note: str | None = None,
) -> Mapping[str, Any]:  # fmt: skip
    """A new organisation.

    Raises:
        UsageError: One bears that name already.
        ConcurrentUpdate: One has that number already.
    """

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        _refuse_known(tx, name)
        made = tx.people.add_organisation(name, kind, number=number, since=since)
        body = {"do": "add", "organisation": made.id, "kind": kind, "from": since.isoformat() if since else None}
        return Made(describe_organisation(made), body, {"name": made.name, "number": made.number})

    return change_office(office, caller, "org", KEEPERS, work, note=note)


def _refuse_known(tx: UnitOfWork, name: str) -> None:
    for found in tx.directory.find_organisation(name):
        if name.casefold() in (known.casefold() for known, _ in tx.people.names(found.id)):
            raise UsageError(
                f"{found.id} bears, or bore, the name {name} already: skede org show {found.id}",
                says="name_taken",
                id=found.id,
                name=name,
            )


def edit_organisation(
    office: Office, caller: Caller, name: str, *, kind: str | None = None, number: str | None = None,
    note: str | None = None,
) -> Mapping[str, Any]:  # fmt: skip
    """Change kind or number; an empty number takes it away."""
    if kind is None and number is None:
        raise UsageError(
            "nothing to change: give --kind or --number; a new name is skede org rename", says="org_unchanged"
        )

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        before = organisation_named(tx, name)
        after = tx.people.edit_organisation(before.id, kind=kind, number=number)
        body = {"do": "edit", "organisation": after.id, "kind": [before.kind, after.kind]}
        return Made(describe_organisation(after), body, {"number": [before.number, after.number]})

    return change_office(office, caller, "org", KEEPERS, work, note=note)


def rename_organisation(
    office: Office, caller: Caller, name: str, new: str, since: date, *, note: str | None = None
) -> Mapping[str, Any]:
    """A new name from a day on: papers of before keep the old one, and it is still found by it."""

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        before = organisation_named(tx, name)
        after = tx.people.rename_organisation(before.id, new, since)
        body = {"do": "rename", "organisation": after.id, "from": since.isoformat()}
        told = {**describe_organisation(after), "was": before.name, "from": since.isoformat()}
        return Made(told, body, {"name": [before.name, after.name]})

    return change_office(office, caller, "org", KEEPERS, work, note=note)


def remove_organisation(office: Office, caller: Caller, name: str, *, note: str | None = None) -> Mapping[str, Any]:
    """It is no more from today; what names it goes on naming it.

    Raises:
        TransitionRefused: It is a party of open cases.
    """

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        found = organisation_named(tx, name)
        _refuse_taking_part(tx, found.id, found.name, f"skede org merge {found.id} --into ORG")
        today = office.calendar.day(tx.now)
        tx.people.end_organisation(found.id, today)
        body = {"do": "remove", "organisation": found.id, "from": today.isoformat()}
        return Made({**describe_organisation(found), "ended_on": today.isoformat()}, body, {"name": found.name})

    return change_office(office, caller, "org", KEEPERS, work, note=note)


def _refuse_taking_part(tx: UnitOfWork, name: str, called: str, fix: str) -> None:
    cases = [case["reference"] for case in _takes_part(tx, name)]
    if cases:
        params = {"name": name, "n": len(cases), "cases": cases[:10]}
        raise TransitionRefused(reasons=[Refusal("takes_part", params, fix, titles=_titles(name, called))])


def _titles(name: str, called: str) -> dict[str, dict[str, dict[str, str]]]:
    """What an id is called, for the reader alone: a refusal is in the log for good, and must not name anybody there."""
    return {"name": {name: {"sv": called, "en": called}}}


def refuse_in_use(tx: UnitOfWork, found: Person) -> None:
    """Refuse where a person is written to, or acts: somebody else must take that over first.

    Raises:
        TransitionRefused: The person takes part in open cases, or has a login.
    """
    _refuse_taking_part(tx, found.id, found.name, f"skede person replace {found.id} PERSON")
    login = next((user.login for user in tx.people.users() if user.person == found.id), None)
    if login:
        params, fix = {"name": found.id, "login": login}, f'skede user remove {login} -n "…"'
        titles = _titles(found.id, found.name)
        raise TransitionRefused(reasons=[Refusal("has_login", params, fix, who=("admin",), titles=titles)])


def list_people(office: Office, caller: Caller, *, ended: bool = False) -> list[dict[str, Any]]:
    """All people, or also those who have left."""
    with office.store.read() as tx:
        insider(tx, office, caller)
        return [describe_person(tx, found) for found in tx.people.persons(ended=ended)]


def show_person(office: Office, caller: Caller, name: str) -> dict[str, Any]:
    """One person with login, mailing lists, and the open cases in which it takes part."""
    with office.store.read() as tx:
        insider(tx, office, caller)
        found = person_named(tx, name)
        login = next((user.login for user in tx.people.users() if user.person == found.id), None)
        lists = sorted(name for name, people in tx.people.subscriptions().items() if found.id in people)
        return {**describe_person(tx, found), "login": login, "lists": lists, "cases": _takes_part(tx, found.id)}


def add_person(
    office: Office, caller: Caller, name: str, *, email: str | None = None, lang: str | None = None,
    phone: str | None = None, organisation: str | None = None, note: str | None = None,
) -> Mapping[str, Any]:  # fmt: skip
    """A new person; without a language, the office's.

    Raises:
        UsageError: Somebody has that e-mail address already.
    """

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        made = new_person(tx, office, name, email=email, lang=lang, phone=phone, organisation=organisation)
        body = {"do": "add", "person": made.id, "lang": made.lang, "organisation": made.organisation}
        return Made(describe_person(tx, made), body, {"name": made.name, "email": made.email, "phone": made.phone})

    return change_office(office, caller, "person", KEEPERS, work, note=note)


def new_person(
    tx: UnitOfWork, office: Office, name: str, *, email: str | None, lang: str | None = None,
    phone: str | None = None, organisation: str | None = None,
) -> Person:  # fmt: skip
    """Add a person inside a transaction; an address stands for one person, so that a letter has one reader.

    Raises:
        UsageError: Somebody has that e-mail address already.
    """
    for known in tx.directory.find_person(email) if email and "@" in email else ():
        raise UsageError(
            f"{known.id} {known.name} has the address {email} already",
            says="address_taken",
            id=known.id,
            name=known.name,
            email=email,
        )
    home = organisation_named(tx, organisation).id if organisation else None
    return tx.people.add_person(name, email=email, lang=lang or office.lang, phone=phone, organisation=home)


def edit_person(
    office: Office, caller: Caller, name: str, changes: Mapping[str, str], *, join: Iterable[str] = (),
    leave: Iterable[str] = (), note: str | None = None,
) -> Mapping[str, Any]:  # fmt: skip
    """Change a person, or the mailing lists it is on.

    Args:
        office: Where.
        caller: Who.
        name: The person.
        changes: Any of name, email, lang, phone, organisation; an empty text empties one.
        join: Mailing lists to be put on.
        leave: Mailing lists to be taken off.
        note: Why.
    """
    joined, left = tuple(join), tuple(leave)
    if not changes and not joined and not left:
        raise UsageError(
            "nothing to change: give --name, --email, --language, --phone, --org, --list or --off-list",
            says="person_unchanged",
        )

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        before = person_named(tx, name)
        given: dict[str, str | None] = dict(changes)
        if given.get("organisation"):
            given["organisation"] = organisation_named(tx, str(given["organisation"])).id
        after = tx.people.edit_person(before.id, **given)
        for one in joined:
            tx.people.subscribe(one, after.id)
        for one in left:
            tx.people.unsubscribe(one, after.id)
        old, new = describe_person(tx, before), describe_person(tx, after)
        changed = sorted(key for key, value in new.items() if old[key] != value and key != "organisation")
        body = {"do": "edit", "person": after.id, "changed": changed, "joined": list(joined), "left": list(left)}
        return Made(new, body, {"changes": {key: [old[key], new[key]] for key in changed}})

    return change_office(office, caller, "person", KEEPERS, work, note=note)


def remove_person(office: Office, caller: Caller, name: str, *, note: str | None = None) -> Mapping[str, Any]:
    """Somebody has left: found by name no more, still readable where cases and log name it.

    Raises:
        TransitionRefused: The person takes part in open cases, or has a login.
    """

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        found = person_named(tx, name)
        refuse_in_use(tx, found)
        today = office.calendar.day(tx.now)
        tx.people.end_person(found.id, today)
        body = {"do": "remove", "person": found.id, "from": today.isoformat()}
        return Made({**describe_person(tx, found), "ended_on": today.isoformat()}, body, {"name": found.name})

    return change_office(office, caller, "person", KEEPERS, work, note=note)
