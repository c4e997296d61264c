"""Reads the bytes of a mail as RFC 5322 and MIME define them, and refuses all that two readers could take differently.

It accepts a small part of what mail may be, and in that part every reader sees the same headers, addresses and parts:
one way to fold, addresses of one shape, boundaries that stand nowhere else. tests/property/test_mail_bytes.py holds
it against both parsers of the standard library.
"""

import re
from binascii import Error, a2b_base64, a2b_qp
from functools import lru_cache
from urllib.parse import unquote

from msgspec import Struct

_HEADER = re.compile(r"([A-Z][A-Za-z-]*): (|\S.*)")
_PRINTABLE = bytes(range(0x20, 0x7F))
_LONGEST_LINE = 998

_WORD = r"=\?utf-8\?B\?[A-Za-z0-9+/]+={0,2}\?="
_ENCODED = re.compile(rf"{_WORD}(?: {_WORD})*")
_QUOTED = r'"(?:[^"\\]|\\["\\])*"'
_ATOMS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_MAILBOX = re.compile(
    rf"(?:(?P<quoted>{_QUOTED}) |(?P<words>{_ENCODED.pattern}) )?<(?P<address>{_ATOMS}@[a-z0-9-]+(?:\.[a-z0-9-]+)*)>"
)

_MULTIPART = re.compile(r'multipart/(?:alternative|mixed); boundary="([A-Za-z0-9_=]+)"')
_TEXT = re.compile(r"text/(?:plain|html); charset=utf-8")
_BROKEN_QUOTING = re.compile(rb"=(?![0-9A-F]{2}|\r\n)")
_FILE = "attachment"
_PLAIN_NAME = re.compile(r'; filename="([^"\\%*]+)"')
_SECTION = re.compile(r"; filename(?:\*([0-9]+))?\*=(utf-8'')?((?:%[0-9A-F]{2}|[A-Za-z0-9_.~-])+)")
_LEAF_HEADERS = frozenset({"Content-Transfer-Encoding", "Content-Disposition"})
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*(?=;|\Z)")


class Unclear(ValueError):
    """Bytes that are no mail, or one that two readers could take differently."""


class Leaf(Struct, frozen=True):
    """A part without parts: its media type, the name of the file that it is, if it is one, and what it holds."""

    kind: str
    file: str | None
    content: bytes


class Mail(Struct, frozen=True):
    """A mail as it was read: its headers in order, their folding undone, and its leaves in order."""

    headers: tuple[tuple[str, str], ...]
    leaves: tuple[Leaf, ...]


def read(content: bytes) -> Mail:
    """Read a mail.

    Raises:
        Unclear: It is none, or not one that every reader takes in the same way.
    """
    lines = content.split(b"\r\n")
    if b"".join(lines).translate(None, _PRINTABLE):
        raise Unclear("a byte that SMTP does not carry")
    if max(map(len, lines)) > _LONGEST_LINE:
        raise Unclear("a line of more than 998 characters")
    head, body = _halves(content)
    headers = _headers(head)
    leaves: list[Leaf] = []
    _read_part(headers, body, leaves)
    return Mail(headers, tuple(leaves))


@lru_cache(maxsize=1000)
def mailbox_of(value: str) -> tuple[str, str]:
    """The name and the address of the one mailbox that a header holds.

    Raises:
        Unclear: It is not of the one shape that we write.
    """
    found = _MAILBOX.fullmatch(value)
    if found is None:
        raise Unclear("an address of another shape")
    quoted, words, address = found["quoted"], found["words"], found["address"]
    if "=?" in f"{quoted}{address}":
        raise Unclear("encoded words where only some readers decode them")
    name = re.sub(r"\\(.)", r"\1", quoted[1:-1]) if quoted is not None else text_of(words or "")
    return name, address


def text_of(value: str) -> str:
    """The text of a header without structure.

    Raises:
        Unclear: There are encoded words among other ones, or what they hold is no text.
    """
    if "=?" not in value:
        return value
    if not _ENCODED.fullmatch(value):
        raise Unclear("encoded words of another shape")
    try:
        # Each word holds whole characters (RFC 2047, section 5), and the spaces between words are none.
        return "".join(a2b_base64(word[10:-2], strict_mode=True).decode() for word in value.split(" "))
    except ValueError as error:
        raise Unclear("encoded words that hold no text") from error


def _halves(content: bytes) -> tuple[bytes, bytes]:
    head, blank, body = content.partition(b"\r\n\r\n")
    if not blank:
        raise Unclear("no body")
    return head, body


def _headers(head: bytes) -> tuple[tuple[str, str], ...]:
    lines = head.decode("ascii").split("\r\n")
    if not all(line.strip() for line in lines):
        raise Unclear("a blank line in a header")
    found = [_HEADER.fullmatch(line) for line in "\r\n".join(lines).replace("\r\n ", " ").split("\r\n")]
    headers = tuple((each[1], each[2]) for each in found if each)
    if len(headers) != len(found):
        raise Unclear("a header of another shape")
    return headers


def _read_part(headers: tuple[tuple[str, str], ...], body: bytes, leaves: list[Leaf]) -> None:
    """Read a part, or the mail itself, whose own headers say nothing of its content."""
    fields = dict(headers)
    if len(fields) != len(headers):
        raise Unclear("a header twice")
    kind = fields.get("Content-Type", "")
    boundary = _MULTIPART.fullmatch(kind)
    if boundary is None:
        leaves.append(_leaf(kind, fields, body))
        return
    if not fields.keys().isdisjoint(_LEAF_HEADERS):
        raise Unclear("an encoding of a part that has parts")
    for part in _parts(body, b"--" + boundary[1].encode("ascii")):
        head, inner = _halves(part)
        within = _headers(head)
        if not all(name.startswith("Content-") for name, _ in within):
            raise Unclear("a header of the mail in a part")
        _read_part(within, inner, leaves)


def _parts(body: bytes, mark: bytes) -> list[bytes]:
    """What stands between the boundaries, of which there are no more than those that begin and end a part."""
    first, last = mark + b"\r\n", b"\r\n" + mark + b"--\r\n"
    if not (body.startswith(first) and body.endswith(last) and len(body) > len(first) + len(last)):
        raise Unclear("no boundary at an end of its parts")
    parts = body[len(first) : -len(last)].split(b"\r\n" + first)
    if body.count(mark) != len(parts) + 1:
        raise Unclear("a boundary where none was expected")
    return parts


def _leaf(kind: str, fields: dict[str, str], body: bytes) -> Leaf:
    encoding, disposition = fields.get("Content-Transfer-Encoding"), fields.get("Content-Disposition")
    media = _MEDIA_TYPE.match(kind)
    if media is None or len(fields) > 1 + len(_LEAF_HEADERS):
        raise Unclear("a part of another shape")
    if encoding == "quoted-printable" and disposition is None and _TEXT.fullmatch(kind):
        white_at_an_end = b" \r\n" in body or b"\t\r\n" in body or body.endswith((b" ", b"\t"))
        if white_at_an_end or _BROKEN_QUOTING.search(body):
            raise Unclear("a text that is not quoted-printable")
        return Leaf(media[0], None, a2b_qp(body))
    if encoding != "base64" or disposition is None:
        raise Unclear("a part of another shape")
    try:
        content = a2b_base64(body.replace(b"\r\n", b""), strict_mode=True)
    except Error as error:
        raise Unclear("a file that is not base64") from error
    return Leaf(media[0], _file_name(disposition), content)


def _file_name(disposition: str) -> str:
    """The name of an enclosure, in one piece or in the sections of RFC 2231."""
    plain = _PLAIN_NAME.fullmatch(disposition, len(_FILE))
    sections = list(_SECTION.finditer(disposition, len(_FILE)))
    if _FILE + "".join([plain[0]] if plain else [section[0] for section in sections]) != disposition:
        raise Unclear("a file name of another shape")
    if plain:
        return plain[1]
    numbers = [section[1] for section in sections]
    follow = numbers == [None] or numbers == [str(n) for n in range(len(sections))]
    if not (
        sections and follow and [bool(section[2]) for section in sections] == [True, *[False] * (len(numbers) - 1)]
    ):
        raise Unclear("a file name in sections that do not follow each other")
    try:
        return unquote("".join(section[3] for section in sections), errors="strict")
    except UnicodeDecodeError as error:
        raise Unclear("a file name that is no text") from error
