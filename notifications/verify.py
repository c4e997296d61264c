"""Reads the final bytes of a mail again and compares them with what was meant: the last door before the wire."""

import re
from collections.abc import Sequence
from email import policy
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import getaddresses

from msgspec import Struct

from engine.core.errors import EngineError
from notifications.address import Mailbox
from notifications.characters import cut, one_line, plain

_LONGEST_LINE = 998
_NOT_PRINTABLE = re.compile(rb"[^\x20-\x7e\r\n]")
_BARE_BREAK = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class MailDiffers(EngineError):
    """The bytes of a mail are not what was meant; nothing was sent."""

    code = "mail_differs"


class Meant(Struct, frozen=True):
    """What a mail has to be: its headers in order, who it is from and to, and its contents."""

    names: tuple[str, ...]
    subject: str
    sender: Mailbox
    recipient: Mailbox
    reply_to: Mailbox
    message_id: str
    texts: tuple[str, str]
    files: tuple[tuple[str, bytes], ...]


def require_same(content: bytes, meant: Meant) -> None:
    """Compare a mail with what was meant.

    Raises:
        MailDiffers: They differ, or the bytes are not fit for SMTP.
    """
    _require(not _NOT_PRINTABLE.search(content) and not _BARE_BREAK.search(content), "a byte that SMTP does not carry")
    _require(all(len(line) <= _LONGEST_LINE for line in content.split(b"\r\n")), "a line of more than 998 characters")
    head = content.partition(b"\r\n\r\n")[0]
    unfolded = re.sub(rb"\r\n[ \t]", b" ", head).split(b"\r\n")
    _require(tuple(line.partition(b":")[0].decode() for line in unfolded) == meant.names, "other headers")
    message = BytesParser(policy=policy.compat32).parsebytes(content)
    _require(tuple(message.keys()) == meant.names, "other headers when parsed")
    _require(_decoded(message["Subject"]) == one_line(meant.subject), "another subject")
    _require(message["Message-ID"] == meant.message_id, "another message id")
    modern = BytesHeaderParser(policy=policy.SMTP).parsebytes(head + b"\r\n\r\n")
    for name, box in (("From", meant.sender), ("To", meant.recipient), ("Reply-To", meant.reply_to)):
        _require(_addresses(message[name]) == [(cut(one_line(box.name), 200), box.address)], f"another {name}")
        _require([a.addr_spec for a in modern[name].addresses] == [box.address], f"another {name} to modern readers")
    _require_parts([part for part in message.walk() if not part.is_multipart()], meant)


def _require_parts(leaves: Sequence[Message], meant: Meant) -> None:
    _require(len(leaves) == 2 + len(meant.files), "another number of parts")
    for leaf, text in zip(leaves[:2], meant.texts, strict=True):
        payload = leaf.get_payload(decode=True)
        same = isinstance(payload, bytes) and payload.decode().replace("\r\n", "\n") == plain(text)
        _require(same, "another text")
    for leaf, (name, content) in zip(leaves[2:], meant.files, strict=True):
        _require(leaf.get_filename() == name and leaf.get_payload(decode=True) == content, "another enclosure")


def _addresses(value: str) -> list[tuple[str, str]]:
    unfolded = re.sub(r"\r\n[ \t]", " ", value)
    return [(_decoded(name), address) for name, address in getaddresses([unfolded])]


def _decoded(value: str) -> str:
    return str(make_header(decode_header(re.sub(r"\r\n[ \t]", " ", value))))


def _require(same: bool, difference: str) -> None:
    if not same:
        raise MailDiffers(f"a mail came out with {difference} than was meant; it was not sent, please report this")
