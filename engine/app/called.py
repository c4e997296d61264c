"""What people, organisations and users are called: the names behind ids, wherever in a value the ids stand."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from engine.ports import UnitOfWork

ID = re.compile(r"[opu]:[0-9]+")
"""Person, organisation or user; fills put them into text fields too (`presented_by`)."""


def ids_in(value: Any) -> Iterator[str]:
    """Every id of a person, organisation or user in a plain JSON value."""
    if isinstance(value, str):
        if ID.fullmatch(value):
            yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from ids_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from ids_in(part)


def names_of(tx: UnitOfWork, ids: Iterable[str], on: date = date.max) -> dict[str, str]:
    """Id -> name, for those that have one; a user is called as the person who holds the login, else by the login.

    Args:
        tx: For the directory.
        ids: Of people, organisations and users.
        on: The day whose names of organisations count; the newest ones without.
    """
    asked = set(ids)
    users = {one: tx.directory.person_of(one) or "" for one in asked if one.startswith("u:")}
    people = tx.directory.people({one for one in asked if one.startswith("p:")} | {p for p in users.values() if p})
    held = tx.directory.organisations({one for one in asked if one.startswith("o:")}, on=on)
    names = {one: person.name for one, person in people.items() if person.name}
    names |= {one: organisation.name for one, organisation in held.items()}
    for user, holder in users.items():
        name = names.get(holder) or tx.directory.login_of(user)
        if name:
            names[user] = name
    return names


def with_names(value: Any, names: Mapping[str, str]) -> Any:
    """A plain JSON value with names in place of the ids that have one."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Mapping):
        return {key: with_names(part, names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [with_names(part, names) for part in value]
    return value
