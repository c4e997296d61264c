"""Reads a checkpoint that somebody kept: the file of an anchor, or a letter saved from a mailbox."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from engine.core.checkpoint import find_note
from engine.core.errors import NotFound, ValueMalformed
from engine.readers.given import read_given
from engine.readers.unreadable import unreadable

LARGEST = 10 * 1024 * 1024
"""Bytes that such a file may have."""


def read_anchor(path: Path) -> str:
    """The signed note in a file.

    Raises:
        NotFound: There is no such file, or it cannot be read.
        ValueMalformed: There is no signed checkpoint in it.
    """
    try:
        content = read_given(path, LARGEST)
    except OSError as error:
        raise unreadable(path, error, "give the file of an anchor", NotFound) from None
    if len(content) > LARGEST:
        raise ValueMalformed(
            f"{path} is too large to be a checkpoint or a letter with one", says="note_too_large", path=path
        )
    for text in (content.decode("utf-8", "replace"), _letter(content)):
        try:
            return find_note(text)
        except ValueMalformed as error:
            fault = error
    raise ValueMalformed(f"{path}: {fault.message}", says="file_faulty", path=path, why=fault.message)


def _letter(content: bytes) -> str:
    """The plain text of a mail, however it is encoded; nothing where it is none."""
    parsed = message_from_bytes(content, EmailMessage, policy=policy.default)
    body = parsed.get_body(("plain",))
    try:
        return str(body.get_content()) if body is not None else ""
    except (LookupError, ValueError):
        return ""
