"""Files that a caller names are read here: plain ones alone, no more than is wanted, and none of the home's own.

The program may have rights that its caller has not, as a service account reached by sudo has: what it reads ends up
in a case, in a message or in a complaint, and so with the caller.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from pathlib import Path
from typing import IO

from engine.core.errors import UsageError

SECRETS: ContextVar[Callable[[], Iterable[Path]]] = ContextVar("SECRETS", default=tuple)
"""Tells the files of the home that nobody hands in, whatever name they are reached by; set by who knows the home."""

_KERNEL = (Path("/proc"), Path("/sys"))
"""What the kernel shows as files: the variables of the program, among others."""


def open_given(path: Path) -> IO[bytes]:
    """A file that a caller named, opened without waiting for anybody.

    Raises:
        OSError: It is not there, may not be read, or is a folder.
        UsageError: It is a device or a pipe, or one of the home's own.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(found.st_mode) or found.st_dev in _devices(_KERNEL):
            raise UsageError(
                f"{path}: is a device or a pipe: give the path of a plain file",
                says="file_not_plain", path=str(path),
            )  # fmt: skip
        if (found.st_dev, found.st_ino) in _identities(SECRETS.get()()):
            raise UsageError(
                f"{path}: belongs to the home itself and is never handed in: give the path of another file",
                says="file_of_home", path=str(path),
            )  # fmt: skip
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_given(path: Path, most: int) -> bytes:
    """What a file holds, and of a larger one than `most` bytes one byte more, by which it is told.

    Raises:
        OSError: It cannot be read.
        UsageError: It is a device or a pipe, or one of the home's own.
    """
    with open_given(path) as file:
        return file.read(most + 1)


def secrets_of(home: Path, keys: Path, more: Iterable[Path]) -> Iterable[Path]:
    """The files of a home that nobody hands in: its keys but for the public ones, its settings, its database.

    Args:
        home: Its folder.
        keys: The folder of its keys.
        more: Its settings, its database, files with passwords.
    """
    for path in keys.rglob("*"):
        if path.suffix != ".vkey":
            yield path
    for path in more:
        yield from (home / path, *(home / f"{path}{end}" for end in ("-wal", "-shm", "-journal")))


def _identities(paths: Iterable[Path]) -> set[tuple[int, int]]:
    found = set()
    for path in paths:
        try:
            seen = path.stat()
        except OSError:
            continue
        found.add((seen.st_dev, seen.st_ino))
    return found


def _devices(paths: Iterable[Path]) -> set[int]:
    return {device for device, _ in _identities(paths)}
