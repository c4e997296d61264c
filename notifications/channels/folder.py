"""Sends mail into a folder: one `.eml` file per message, whole or not there at all."""

import contextlib
import os
import re
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path
from uuid import uuid4

from engine.ports import Outcome


class FolderChannel:
    """Writes `outbox/20260319T070000Z-42-anna-example.eml`; sending a message again writes the same file again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message_id: int, sender: str, recipient: str, content: bytes) -> Outcome:
        """Put the mail into the folder; a full or missing disk means later, for all."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write(_file_name(message_id, recipient, content), content)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            return Outcome("deferred", f"{self._folder}: {reason}; make the folder writable", pause=True)
        return Outcome("sent")

    def close(self) -> None:
        """Nothing is held open between two mails."""

    def _write(self, name: str, content: bytes) -> None:
        # The final name appears by a rename of a file that is whole on disk, and the rename itself is made lasting.
        draft = self._folder / f".{name}.{uuid4().hex}.part"
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._folder / name)
        except BaseException:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
        directory = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _file_name(message_id: int, recipient: str, content: bytes) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", recipient.lower()).strip("-")[:60] or "nobody"
    return f"{_moment(content)}-{message_id}-{slug}.eml"


def _moment(content: bytes) -> str:
    """The mail's own date, so that the name is the same however often it is written."""
    date = BytesHeaderParser().parsebytes(content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n").get("Date", "")
    try:
        return parsedate_to_datetime(date).strftime("%Y%m%dT%H%M%SZ")
    except ValueError:
        return "undated"
