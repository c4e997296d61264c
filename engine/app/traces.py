"""What tells who a person is, and finding it: in texts, values, letters and files."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from engine.ports import Person

GONE = "–"
"""What stands where a name was."""

_SHORTEST = 3
_FEWEST_DIGITS = 6
"""So many digits are a number at which somebody is reached."""
_CHUNK = 1024 * 1024
_LARGEST_MEMBER = 100 * 1024 * 1024
"""Bytes of a part of a zipped document (docx, xlsx) that is looked into."""


class Traces:
    """The name, the addresses and the numbers of one person, present and former ones.

    Args:
        person: The person's id, `p:4`.
        words: The texts; shorter ones than three characters would be found everywhere.
    """

    def __init__(self, person: str, words: Iterable[str | None]) -> None:
        self.person = person
        self.words = tuple(dict.fromkeys(w.strip() for w in words if w and len(w.strip()) >= _SHORTEST))
        # The longest first, so that an address goes whole before the name in it does.
        parts = sorted((_folded(word) for word in self.words), key=len, reverse=True)
        bounded = "|".join(rf"(?<!\w){re.escape(part)}(?!\w)" for part in parts)
        self._pattern = re.compile(bounded or r"(?!)", re.IGNORECASE)

    @classmethod
    def of(cls, person: Person, former: Iterable[str | None] = ()) -> "Traces":
        """Those of a person as the directory knows it, and of before."""
        return cls(person.id, (person.name, person.email, person.phone, *former))

    def sure(self) -> "Traces":
        """Those that can hardly mean anything else: addresses, numbers, and names of two words or more."""
        return Traces(self.person, (word for word in self.words if _is_telling(word)))

    def in_text(self, text: str) -> bool:
        """Whether a text names the person."""
        return self._pattern.search(_folded(text)) is not None

    def in_value(self, value: Any) -> bool:
        """Whether any text of a plain JSON value names the person, or is its id."""
        if isinstance(value, dict):
            return any(self.in_value(key) or self.in_value(part) for key, part in value.items())
        if isinstance(value, list | tuple):
            return any(self.in_value(part) for part in value)
        return isinstance(value, str) and (value == self.person or self.in_text(value))

    def in_bytes(self, content: bytes) -> bool:
        """Whether a document names the person in plain text, or in a part of a zipped one."""
        if self.in_text(content.decode("utf-8", "ignore")):
            return True
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                members = [m for m in packed.infolist() if m.file_size <= _LARGEST_MEMBER]
                return any(self.in_text(_plain(packed.read(member))) for member in members)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError):
            return False

    def in_mail(self, content: bytes) -> bool:
        """Whether a mail is to the person or names it: in its headers, its text or what is enclosed."""
        parsed = message_from_bytes(content, EmailMessage, policy=policy.default)
        if any(self.in_text(str(value)) for value in parsed.values()):
            return True
        for part in parsed.walk():
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes) and self.in_bytes(payload):
                return True
        return self.in_text(content.decode("utf-8", "ignore"))

    def without(self, text: str) -> str:
        """The text with what names the person taken out."""
        return self._pattern.sub(GONE, unicodedata.normalize("NFC", text)) if self.in_text(text) else text

    def without_all(self, value: Any) -> Any:
        """A plain JSON value with what names the person taken out of its texts."""
        if isinstance(value, dict):
            return {key: self.without_all(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.without_all(part) for part in value]
        return self.without(value) if isinstance(value, str) else value

    def in_file(self, path: Path) -> bool:
        """Whether the bytes of a file hold any of the words, looked for as anybody with the disk would."""
        wanted = [word.encode() for word in self.words]
        if not wanted:
            return False
        overlap, rest = max(map(len, wanted)) - 1, b""
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                seen = rest + chunk
                if any(word in seen for word in wanted):
                    return True
                rest = seen[-overlap:] if overlap else b""
        return False


def _is_telling(word: str) -> bool:
    if len(word.split()) > 1:
        return True
    return "@" in word or len(re.findall(r"\d", word)) >= _FEWEST_DIGITS


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _plain(content: bytes) -> str:
    """The text of a part of a document, without the tags that may stand inside a name."""
    return re.sub(r"<[^>]*>", "", content.decode("utf-8", "ignore"))
