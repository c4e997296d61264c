"""Homes that are broken: the file, the settings, the folder. One line says what to do, and nothing is made worse."""

from collections.abc import Callable
from pathlib import Path

import pytest
import running
from desk import one_line

from engine.store.database import raw_connection

pytestmark = pytest.mark.acceptance


def _garbage(database: Path) -> None:
    database.write_bytes(b"this is no database at all, but a text " * 300)


def _of_another_program(database: Path) -> None:
    database.unlink()
    connection = raw_connection(database, "rwc")
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()


def _empty(database: Path) -> None:
    database.write_bytes(b"")


def _cut(database: Path) -> None:
    whole = database.read_bytes()
    database.write_bytes(whole[: len(whole) // 3])


def _newer(database: Path) -> None:
    connection = raw_connection(database, "rw")
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def _gone(database: Path) -> None:
    database.unlink()


def _writable_by_all(database: Path) -> None:
    database.chmod(0o666)


DATABASES: dict[str, tuple[Callable[[Path], None], int, str]] = {
    "no database": (_garbage, 7, "restore a backup"),
    "the database of another program": (_of_another_program, 7, "the database of another program"),
    "empty": (_empty, 7, "is empty"),
    "cut short": (_cut, 7, "restore a backup"),
    "open to others": (_writable_by_all, 7, "chmod 600"),
    "of a newer version": (_newer, 6, "upgrade the program"),
    "not there": (_gone, 6, "there is no database"),
}


@pytest.mark.sqlite
@pytest.mark.parametrize("what", DATABASES)
def test_a_database_that_is_not_ours_to_use_is_named_with_what_to_do(home: Path, what: str) -> None:
    hurt, code, told = DATABASES[what]
    hurt(home / "skede.db")
    before = (home / "skede.db").read_bytes() if (home / "skede.db").exists() else None

    for words in (["list"], ["new", "call", "--title", "x"], ["tick"]):
        ran = running.inline(home, *words, lang="en")
        assert ran.code == code, ran.out + ran.err
        assert told in one_line(ran)

    assert ((home / "skede.db").read_bytes() if (home / "skede.db").exists() else None) == before


def test_a_folder_that_is_no_home_is_told_how_to_make_one(tmp_path: Path) -> None:
    for words in (["list"], ["new", "call", "--title", "x"], ["tick"], ["audit", "verify"]):
        ran = running.skede(tmp_path, *words, as_=None, environ={"SKEDE_LANG": "en"})
        assert ran.code == 2, ran.out + ran.err
        assert "skede init" in one_line(ran)


SETTINGS: dict[str, tuple[str | bytes, str]] = {
    "no TOML": ("lang = = sv", "skede.toml"),
    "an unknown setting": ('colour = "red"', "colour"),
    "a language that is none": ('lang = "xx"', "lang"),
    "a zone that is none": ('zone = "Mars/Base"', "zone"),
    "a channel that is none": ('[channel]\nkind = "pigeon"', "channel.kind"),
    "bytes": (b"\xff\xfe\x00", "skede.toml"),
}


@pytest.mark.parametrize("what", SETTINGS)
def test_settings_that_are_broken_are_named_with_their_place(home: Path, what: str) -> None:
    text, told = SETTINGS[what]
    (home / "skede.toml").write_bytes(text if isinstance(text, bytes) else text.encode())

    ran = running.inline(home, "list")

    assert ran.code == 2, ran.out + ran.err
    assert told in one_line(ran)
