"""The folder of a demo home: giving the office its name, and putting the home where an earlier demo's may be."""

import shutil
from collections.abc import Callable
from pathlib import Path

from engine.app.demo.board import tables

SETTINGS = "skede.toml"
DATABASE = "skede.db"
OURS = (SETTINGS, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "outbox", "keys")
"""What a demo puts into its folder; what else lies there is left alone."""

NAME = "Sociala investeringar (demo)"


def is_taken(folder: Path) -> bool:
    """Whether there is anything at the place."""
    return folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir())))


def make_room(folder: Path) -> None:
    """Take away what an earlier demo put there."""
    for path in (*(folder / name for name in OURS), *tables(folder)):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def name_office(folder: Path) -> None:
    """Let every mail say in its sender that it comes from a demo."""
    settings = folder / SETTINGS
    text = settings.read_text("utf-8")
    named = text.replace('# name = "Sociala investeringar"', f'name = "{NAME}"')
    if named == text:
        raise ValueError(f"{settings} has no line for the office's name")
    settings.write_text(named, "utf-8")


def put_in_place(home: Path, folder: Path, copy_database: Callable[[Path], object]) -> None:
    """Put a home that is whole where it belongs, in place of an earlier demo's.

    Args:
        home: The home as it was built; its database is in use.
        folder: Where it belongs.
        copy_database: Copies the database to a path.
    """
    make_room(folder)
    shutil.copytree(home, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(f"{DATABASE}*"))
    copy_database(folder / DATABASE)
