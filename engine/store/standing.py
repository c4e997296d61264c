"""Who may keep a database, read from it whatever its schema: before an upgrade nothing else of it can be used."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from msgspec import Struct

from engine.store.connection import Connection
from engine.store.database import in_our_words, raw_connection
from engine.store.migrate import is_url
from engine.store.statements import SQL


class Standing(Struct, frozen=True):
    """What a database says of those who ask for it.

    Attributes:
        users: Whether it has any users at all.
        sandbox: Whether it is a sandbox's.
        roles: Login -> the roles held on that day; a login that is no user is not in it.
    """

    users: bool
    sandbox: bool
    roles: dict[str, frozenset[str]]


def standing(place: Path | str, logins: tuple[str, ...], on: date) -> Standing:
    """What a database says of some logins on a day.

    Raises:
        EngineError: It is not there, or cannot be read.
    """
    with _opened(place) as connection:
        day = on.isoformat()
        found = {
            login: [role for _, _, role in connection.execute(SQL["user_actor"], {"login": login, "on": day})]
            for login in logins
        }
        sandbox = connection.execute(SQL["setting_get"], {"name": "sandbox"}).fetchone()
        return Standing(
            connection.execute(SQL["users_any"]).fetchone() is not None,
            sandbox is not None and sandbox[0] == "1",
            {login: frozenset(filter(None, roles)) for login, roles in found.items() if roles},
        )


@contextmanager
def _opened(place: Path | str) -> Iterator[Connection]:
    if not is_url(place):
        with in_our_words(Path(place)), closing(raw_connection(Path(place), "ro")) as connection:
            yield connection
        return
    from engine.store.postgresql import PostgresDatabase

    database = PostgresDatabase(place)
    with closing(database.raw_connection()) as connection:
        try:
            yield connection
        except Exception as error:
            raise database.translated(error) if database.is_error(error) else error from error
