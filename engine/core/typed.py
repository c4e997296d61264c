"""What people typed beside the fields of a command, made fit to be kept: titles, notes, words in mails, senders."""

from typing import Any

from msgspec.structs import replace

from engine.core.command import Advance, Amend, Attach, Command, Open, Sign, Upload
from engine.core.errors import ValueMalformed
from engine.core.text import clean_text

LONGEST_TITLE = 500
LONGEST_NOTE = 100_000
"""Characters, as in a long text field."""
_LONGEST_NAME = 500


def as_typed(command: Command) -> Command:
    """The command with its texts in one form; a note without a visible character is no note.

    Raises:
        ValueMalformed: A text is too long or cannot be kept, or a title is empty.
    """
    changes: dict[str, Any] = {}
    if command.note is not None:
        changes["note"] = _clean("the note", command.note, LONGEST_NOTE) or None
    if isinstance(command, Advance) and command.message is not None:
        changes["message"] = _clean("the message", command.message, LONGEST_NOTE) or None
    if isinstance(command, (Open, Amend)) and command.title is not None:
        changes["title"] = _title(command)
    if isinstance(command, (Open, Advance, Attach, Sign)) and command.uploads:
        changes["uploads"] = tuple(_upload(upload) for upload in command.uploads)
    return replace(command, **changes) if changes else command


def _title(command: Open | Amend) -> str:
    """The title on one line; one that the engine makes from another is as long as that makes it."""
    text = str(command.title)
    title = " ".join(_clean("the title", text, len(text) if command.fired else LONGEST_TITLE).split())
    if not title:
        raise ValueMalformed("the title is empty: every case has a title", says="title_empty")
    return title


def _upload(upload: Upload) -> Upload:
    sender = None if upload.sender is None else _clean("the sender", upload.sender, _LONGEST_NAME) or None
    secrecy = None if upload.secrecy is None else _clean("the secrecy", upload.secrecy, _LONGEST_NAME) or None
    return replace(upload, sender=sender, secrecy=secrecy)


def _clean(what: str, text: str, most: int) -> str:
    try:
        return clean_text(text, most)
    except ValueMalformed as error:
        raise ValueMalformed(f"{what}: {error.message}") from None
