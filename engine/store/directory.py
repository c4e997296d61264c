"""People, organisations and users, as far as commands on cases read them: fixed statements, no SQLModel."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from engine.core.canonical import canonical
from engine.core.case import Actor
from engine.core.errors import ValueMalformed
from engine.ports import Organisation, Person
from engine.store.connection import Connection, fold
from engine.store.statements import SQL
from engine.store.texts import folded_words, number_of, numbers_of


class SqlDirectory:
    """Who is who. People who have left stay readable by id, and are found by name no more."""

    def __init__(self, connection: Connection) -> None:
        self._run = connection.execute

    def person(self, person_id: str) -> Person | None:
        return self.people((person_id,)).get(person_id)

    def people(self, ids: Iterable[str]) -> Mapping[str, Person]:
        """Id -> person, in the order of the ids' numbers; unknown ids are left out."""
        numbers = numbers_of(ids, "p")
        return {p.id: p for p in self._people("person_list", ids=canonical(numbers))} if numbers else {}

    def organisations(self, ids: Iterable[str], *, on: date = date.max) -> Mapping[str, Organisation]:
        """Id -> organisation under the name it bears on that day; unknown ids are left out.

        Without a day it is the newest name, even one that is announced for later.
        """
        numbers = numbers_of(ids, "o")
        if not numbers:
            return {}
        rows = self._run(SQL["organisation_list"], {"ids": canonical(numbers), "on": on.isoformat()})
        return {f"o:{row[0]}": Organisation(f"o:{row[0]}", row[1], row[2], row[3]) for row in rows}

    def find_person(self, text: str) -> tuple[Person, ...]:
        """By id, e-mail, or words of the name; at most 20."""
        text = text.strip()
        if _is_id(text, "p"):
            found = self.person(text)
            return (found,) if found else ()
        if "@" in text:
            return self._people("person_by_email", email=text)
        return self._people("person_by_name", words=folded_words(text, fold)) if text else ()

    def find_organisation(self, text: str) -> tuple[Organisation, ...]:
        """By id, number, present or former name; at most 20. An exact name wins over one that contains the words."""
        text = text.strip()
        if not text:
            return ()
        if _is_id(text, "o"):
            numbers = [number_of(text, "o")]
        else:
            rows = self._run(SQL["organisation_by_number"], {"number": text.replace("-", "")}).fetchall()
            numbers = [row[0] for row in rows] or self._organisations_named(text)
        found = self.organisations(f"o:{number}" for number in numbers)
        return tuple(found[f"o:{number}"] for number in numbers if f"o:{number}" in found)

    def actor(self, login: str, on: date) -> Actor | None:
        """The user with that login and the roles it holds on that day."""
        rows = self._run(SQL["user_actor"], {"login": login, "on": on.isoformat()}).fetchall()
        if not rows:
            return None
        user, person, _ = rows[0]
        roles = frozenset(row[2] for row in rows if row[2] is not None)
        return Actor(f"u:{user}", login, roles, None if person is None else f"p:{person}")

    def login_of(self, user_id: str) -> str | None:
        if not _is_id(user_id, "u"):
            return None
        row = self._run(SQL["user_login"], {"id": number_of(user_id, "u")}).fetchone()
        return None if row is None else str(row[0])

    def person_of(self, user_id: str) -> str | None:
        """Person id behind a user."""
        if not _is_id(user_id, "u"):
            return None
        row = self._run(SQL["user_person"], {"id": number_of(user_id, "u")}).fetchone()
        return None if row is None or row[0] is None else f"p:{row[0]}"

    def user_id(self, login: str) -> str | None:
        row = self._run(SQL["user_id"], {"login": login}).fetchone()
        return None if row is None else f"u:{row[0]}"

    def holders(self, role: str, on: date) -> tuple[str, ...]:
        """Person ids of the users who hold a role on that day."""
        rows = self._run(SQL["user_holders"], {"role": role, "on": on.isoformat()})
        return tuple(f"p:{row[0]}" for row in rows)

    def subscribers(self, name: str) -> tuple[str, ...]:
        """Person ids on a mailing list."""
        return tuple(f"p:{row[0]}" for row in self._run(SQL["subscribers"], {"list": name}))

    def _people(self, statement: str, **values: str) -> tuple[Person, ...]:
        return tuple(_person(row) for row in self._run(SQL[statement], values))

    def _organisations_named(self, text: str) -> list[int]:
        values = {"words": folded_words(text, fold), "folded": fold(text)}
        rows = self._run(SQL["organisation_by_name"], values).fetchall()
        exact = [row[0] for row in rows if row[1]]
        return exact or [row[0] for row in rows]


def _is_id(text: str, kind: str) -> bool:
    try:
        number_of(text, kind)
    except ValueMalformed:
        return False
    return True


def _person(row: tuple[Any, ...]) -> Person:
    number, name, email, lang, phone, organisation, email_state = row
    return Person(
        f"p:{number}", name, email, lang, phone, None if organisation is None else f"o:{organisation}", email_state
    )
