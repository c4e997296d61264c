"""Files that appear whole or not at all: written under another name, put on the disk, then renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from engine.core.errors import Unavailable, UsageError


@contextmanager
def private_files() -> Iterator[None]:
    """New files may be read and written by this login only."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A name beside the path for a file that is being written; removed with all that SQLite puts beside it."""
    if not path.parent.is_dir():
        raise Unavailable(f"the folder {path.parent} is not there")
    temporary = path.with_name(f".{path.name}.{token_hex(8)}.unfinished")
    try:
        yield temporary
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            temporary.with_name(temporary.name + suffix).unlink(missing_ok=True)


def finish(temporary: Path, path: Path) -> None:
    """Give the file its name once its bytes are on the disk; never over another file.

    Raises:
        UsageError: Meanwhile something stands at that path.
        Unavailable: The disk refused.
    """
    try:
        _sync(temporary)
        os.link(temporary, path)
        _sync(path.parent)
    except FileExistsError:
        raise UsageError(f"{path} is there already") from None
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}") from None


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
