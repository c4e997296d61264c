"""Homes of tests on either database: made, and copied with the database that they name.

`SKEDE_TEST_DATABASE=postgresql` (or `pytest --postgresql`) puts the homes of all tests on PostgreSQL.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import postgres_server

VARIABLE = "SKEDE_TEST_DATABASE"

_copies: dict[Path, str] = {}


def on_postgresql() -> bool:
    """Whether homes are on PostgreSQL in this run."""
    return os.environ.get(VARIABLE) == "postgresql"


def database_url() -> str | None:
    """An empty database for a new home; None where it has a file."""
    return postgres_server.new_database(postgres_server.BARE) if on_postgresql() else None


def copied(template: Path, folder: Path) -> Path:
    """A home of one's own, with a database of its own."""
    shutil.copytree(template, folder)
    url = url_of(folder)
    if url:
        settings = folder / "skede.toml"
        own = postgres_server.new_database(postgres_server.name_of(url))
        settings.write_text(settings.read_text("utf-8").replace(url, own), "utf-8")
        _copies[folder.resolve()] = own
    return folder


def url_of(home: Path) -> str | None:
    """The URL that a home names as its database; None where it has a file."""
    settings = home / "skede.toml"
    text = settings.read_text("utf-8") if settings.exists() else ""
    named = next((line for line in text.splitlines() if line.startswith("database = ")), "")
    url = named.partition('"')[2].rstrip('"')
    return url if "://" in url else None


@contextmanager
def raw(home: Path) -> Iterator[Any]:
    """A connection to a home's database beside the program, which keeps each statement at once."""
    url = url_of(home)
    if url is None:
        # The program's own library: two of them in one process would undo each other's locks on the file.
        from engine.store.database import driver

        connection: Any = driver.connect(home / "skede.db", isolation_level=None)
    else:
        import psycopg

        connection = psycopg.connect(url, autocommit=True)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def unguarded(home: Path) -> Iterator[Any]:
    """The same for one who stops at no trigger."""
    with raw(home) as connection:
        if url_of(home):
            connection.execute("SET session_replication_role = replica")
        else:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
        yield connection


@contextmanager
def writers_wait(home: Path) -> Iterator[None]:
    """Let nobody write into the log meanwhile; who tries waits, and readers go on."""
    with raw(home) as connection:
        connection.execute("BEGIN" if url_of(home) else "BEGIN IMMEDIATE")
        if url_of(home):
            connection.execute("LOCK TABLE entries IN SHARE ROW EXCLUSIVE MODE")
        yield
        connection.execute("ROLLBACK")


def rows_of(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Table -> all its rows, as they stand."""
    names = (
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'" if url_of(home)
        else "SELECT name FROM sqlite_master WHERE type = 'table'"
    )  # fmt: skip
    with raw(home) as connection:
        tables = [name for (name,) in connection.execute(names).fetchall()]
        return {table: sorted(connection.execute(f'SELECT * FROM "{table}"').fetchall(), key=repr) for table in tables}


def lines_of(home: Path) -> list[str]:
    """The log, in the order in which it was written."""
    with raw(home) as connection:
        return [line for (line,) in connection.execute("SELECT line FROM entries ORDER BY id").fetchall()]


def forget(below: Path) -> None:
    """Drop the databases of the copies in a folder."""
    for folder in [folder for folder in _copies if folder.is_relative_to(below.resolve())]:
        with suppress(Exception):
            postgres_server.drop(_copies.pop(folder))
