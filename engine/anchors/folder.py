"""Keeps checkpoints as files of a folder that only grows: on another machine, or on a disk that is written once."""

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from engine.core.errors import LogTampered, Unavailable
from engine.core.message import Message
from engine.ports import DirectoryStore, SealedNote


def file_name(size: int) -> str:
    """What the file of a checkpoint is called."""
    return f"{size}.checkpoint"


class FolderAnchor:
    """Writes `<size>.checkpoint`, never over another; works where existing files cannot be changed (`chattr +a`)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """The folder, as people name it."""
        return f"folder {self._folder}"

    def letters(self, people: DirectoryStore, day: date, n: int, sealed: SealedNote) -> Sequence[Message]:
        """A folder writes no letters."""
        return ()

    def put(self, sealed: SealedNote) -> None:
        """Write the file, lasting on the disk before this returns.

        Raises:
            Unavailable: The folder is not there, or cannot be written to.
            LogTampered: It keeps another checkpoint of that size.
        """
        path, content = self._folder / file_name(sealed.size), sealed.note.encode()
        try:
            if not _is_kept(path, content):
                self._write(path, content)
        except OSError as error:
            raise Unavailable(
                f"the anchor {self.name} cannot be written to: {error.strerror or error}",
                says="anchor_unwritable",
                name=self.name,
                why=error.strerror or error,
            ) from error

    def _write(self, path: Path, content: bytes) -> None:
        # No rename: a folder that only grows lets nobody rename. A torn file is found by `_is_kept` and completed.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o644)
        with os.fdopen(handle, "ab") as file:
            file.write(content[file.tell() :])
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _is_kept(path: Path, content: bytes) -> bool:
    """Whether the file holds just this; one that holds a beginning of it was torn by a crash."""
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return False
    if not content.startswith(found):
        raise LogTampered(
            f"{path} holds another checkpoint of that size: compare: skede audit verify --anchor {path}",
            says="anchor_other",
            path=path,
        )
    return found == content
