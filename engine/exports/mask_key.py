"""The key of a home's pseudonyms: a file beside the database, so that no copy of that tells who is who."""

import os
from contextlib import suppress
from pathlib import Path

from engine.core.errors import Unavailable

NAME = "mask.key"
SIZE = 32
"""Bytes."""


def mask_key(folder: Path) -> bytes:
    """The key in a folder; made where there is none yet, whole or not at all.

    Raises:
        Unavailable: It cannot be read, or made.
    """
    path = folder / NAME
    try:
        if not path.exists():
            _make(path)
        found = path.read_bytes()
    except OSError as error:
        raise Unavailable(
            f"{path}: the key for pseudonyms: {(error.strerror or str(error)).lower()}",
            says="mask_key_unreadable",
            path=path,
            why=(error.strerror or str(error)).lower(),
        ) from None
    if len(found) != SIZE:
        raise Unavailable(
            f"{path}: is no key for pseudonyms, which has {SIZE} bytes: put it back from a backup",
            says="mask_key_damaged",
            path=path,
            n=SIZE,
        )
    return found


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{NAME}.{os.getpid()}")
    draft.touch(mode=0o600)
    try:
        draft.write_bytes(os.urandom(SIZE))
        with suppress(FileExistsError):
            os.link(draft, path)  # Of two commands at once the first gives the key.
    finally:
        draft.unlink()
