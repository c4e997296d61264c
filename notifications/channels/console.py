"""Shows mail on a terminal in place of sending it."""

from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from typing import TextIO

from engine.ports import Outcome
from notifications.characters import one_line, plain

_SHOWN = ("From", "To", "Reply-To", "Subject", "Date")


class ConsoleChannel:
    """Writes the headers, the text part and the names of what is attached; nothing that a terminal would obey."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def send(self, message_id: int, sender: str, recipient: str, content: bytes) -> Outcome:
        """Print one mail; a stream that is closed means later."""
        try:
            self._stream.write(_shown(message_id, content))
            self._stream.flush()
        except (OSError, ValueError) as error:
            return Outcome("deferred", f"the terminal takes no more: {one_line(str(error))}", pause=True)
        return Outcome("sent")

    def close(self) -> None:
        """The stream belongs to the caller."""


def _shown(message_id: int, content: bytes) -> str:
    message = BytesParser().parsebytes(content)
    lines = [f"--- mail {message_id} ---"]
    lines += [f"{name}: {_header(message, name)}" for name in _SHOWN if message[name] is not None]
    files: list[str] = []
    text = ""
    for part in message.walk():
        name = part.get_filename()
        if name is not None:
            files.append(one_line(name))
        elif part.get_content_type() == "text/plain" and not text:
            payload = part.get_payload(decode=True)
            text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    lines += [f"Attached: {name}" for name in files]
    return "\n".join([*lines, "", plain(text), ""])


def _header(message: Message, name: str) -> str:
    return one_line(str(make_header(decode_header(message[name]))))
