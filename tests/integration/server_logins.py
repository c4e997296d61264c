"""Logins on the tests' server for one database of it: an official's, an auditor's, a worker's."""

from collections.abc import Iterator
from contextlib import contextmanager

import postgres_server
import psycopg

from engine.store import roles

LOGINS = {
    "anna": ("app",), "hans": ("app",), "audit": ("auditor",), "worker": ("app", "sequencer", "sealer"),
}  # fmt: skip
"""Login -> the roles that it is in."""


@contextmanager
def logins_on(url: str) -> Iterator[None]:
    """Install the roles in a database, with the logins for as long as the block lasts."""
    # Roles belong to the whole server, which other tests use at this moment.
    with postgres_server.locked(), psycopg.connect(url, autocommit=True) as owner:
        roles.install(url)
        for login, groups in LOGINS.items():
            owner.execute(f"CREATE ROLE {named(url, login)} LOGIN")
            for group in groups:
                owner.execute(f"GRANT skede_{group} TO {named(url, login)}")
    yield
    with postgres_server.locked(), psycopg.connect(url, autocommit=True) as owner:
        for login in LOGINS:
            owner.execute(f"DROP ROLE {named(url, login)}")


def named(url: str, login: str) -> str:
    """A login's name on the server: one of this database's own."""
    return f"{login}_{postgres_server.name_of(url)}"


def as_login(url: str, login: str) -> str:
    """The URL under which a login comes."""
    return url.replace("//postgres@", f"//{named(url, login)}@")
