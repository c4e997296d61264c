"""People, and users with a role, told in the log as the program tells of them, or verification would find them."""

from datetime import date

from engine.app.record import record_office
from engine.ports import UnitOfWork

LONG_AGO = date(2000, 1, 1)


def meet(
    tx: UnitOfWork, name: str, *, email: str | None = None, organisation: str | None = None, lang: str = "sv"
) -> str:  # fmt: skip
    """A new person; its id."""
    made = tx.people.add_person(name, email=email, organisation=organisation, lang=lang)
    body = {"do": "add", "person": made.id, "lang": made.lang, "organisation": made.organisation}
    record_office(tx, None, "os:root", "person", body, {"name": name, "email": email, "phone": None})
    return made.id


def move_out(tx: UnitOfWork, person: str, email: str) -> None:
    """Another address for a person."""
    tx.people.edit_person(person, email=email)
    body = {"do": "edit", "person": person, "changed": ["email"], "joined": [], "left": []}
    record_office(tx, None, "os:root", "person", body, {"changes": {"email": ["", email]}})


def hire(tx: UnitOfWork, login: str, role: str, *, person: str | None = None, since: date = LONG_AGO) -> str:
    """A new user who holds a role; its id."""
    user = tx.people.add_user(login, person=person).id
    body = {"do": "add", "user": user, "person": person, "new_person": False}
    record_office(tx, None, "os:root", "user", body, {"login": login})
    give(tx, user, role, since=since)
    return user


def give(tx: UnitOfWork, user: str, role: str, *, since: date = LONG_AGO) -> None:
    """Let a user hold a role."""
    tx.people.grant(user, role, since)
    body = {"do": "grant", "user": user, "role": role, "from": since.isoformat(), "to": None}
    record_office(tx, None, "os:root", "grant", body)
