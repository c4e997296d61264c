"""Homes of tests on either database: made, and copied with the database that they name.

`SKEDE_TEST_DATABASE=postgresql` (or `pytest --postgresql`) puts the homes of all tests on PostgreSQL.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

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
    settings = folder / "skede.toml"
    text = settings.read_text("utf-8") if settings.exists() else ""
    url = next((line.partition('"')[2].rstrip('"') for line in text.splitlines() if line.startswith("database = ")), "")
    if "://" in url:
        own = postgres_server.new_database(postgres_server.name_of(url))
        settings.write_text(text.replace(url, own), "utf-8")
        _copies[folder.resolve()] = own
    return folder


def forget(below: Path) -> None:
    """Drop the databases of the copies in a folder."""
    for folder in [folder for folder in _copies if folder.is_relative_to(below.resolve())]:
        with suppress(Exception):
            postgres_server.drop(_copies.pop(folder))
