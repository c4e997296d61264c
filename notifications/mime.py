"""Makes the bytes of a mail, the same ones for the same message, and reads them back before they may leave."""

import hashlib
import quopri
import re
from base64 import encodebytes
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

from msgspec import Struct

from engine.ports import Enclosure, Letter
from notifications import headers
from notifications.address import Mailbox, checked, mailbox
from notifications.characters import one_line, plain
from notifications.verify import Meant, require_same

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_OPAQUE = "application/octet-stream"


class _Part(Struct, frozen=True):
    """A part of a mail: its content headers, in order, and its encoded content."""

    header: bytes
    content: bytes

    def __bytes__(self) -> bytes:
        return self.header + b"\r\n" + self.content


def build(
    letter: Letter,
    *,
    sender: str,
    reply_to: str,
    to_name: str,
    to_address: str,
    date: datetime,
    key: str,
    case_reference: str,
    domain: str,
    enclosures: Sequence[Enclosure] = (),
) -> tuple[bytes, str]:
    """The mail as it goes on the wire, and its message id.

    The same arguments give the same bytes: the boundary and the message id come from `key`, the date is given.

    Args:
        letter: What the renderer made.
        sender: The office, `name@domain` or `Name <name@domain>`.
        reply_to: Where answers go, in the same form.
        to_name: Display name of the one recipient; may be empty.
        to_address: Address of the one recipient.
        date: When the message was decided; aware.
        key: The message's key, unique for ever.
        case_reference: The thread that the mail belongs to; may be empty.
        domain: Right-hand side of the message ids.
        enclosures: Files that go with it; a `text/calendar` one is sent as an invitation to note the date.

    Raises:
        ValueMalformed: An address is not one.
        MailDiffers: What came out is not what was meant; a fault of the program, and nothing may be sent.
    """
    if date.tzinfo is None:
        raise ValueError("the date of a mail must tell its offset from UTC")
    origin, answers = mailbox(sender), mailbox(reply_to)
    recipient = Mailbox(one_line(to_name), checked(to_address))
    host = checked(f"postmaster@{domain}").rpartition("@")[2]
    message_id = f"<{_digest(key)}@{host}>"
    body = _body(letter, enclosures, boundary=f"=_skede_{_digest(key)}")
    lines = [
        headers.address("From", origin),
        headers.address("To", recipient),
        headers.address("Reply-To", answers),
        headers.unstructured("Subject", letter.subject),
        headers.token("Date", format_datetime(date.astimezone(UTC))),
        headers.token("Message-ID", message_id),
        *_thread(case_reference, host),
        headers.token("Auto-Submitted", "auto-generated"),
        headers.token("X-Auto-Response-Suppress", "All"),
        headers.token("MIME-Version", "1.0"),
    ]
    content = b"".join(lines) + bytes(body)
    names = (*(line.partition(b":")[0].decode() for line in lines), "Content-Type")
    parts = (letter.text, letter.html), tuple((headers.file_name(e.name), e.content) for e in enclosures)
    require_same(content, Meant(names, letter.subject, origin, recipient, answers, message_id, *parts))
    return content, message_id


def _thread(case_reference: str, host: str) -> list[bytes]:
    if not case_reference:
        return []
    root = f"<case-{headers.identifier(case_reference)}@{host}>"
    return [headers.token("In-Reply-To", root), headers.token("References", root)]


def _body(letter: Letter, enclosures: Sequence[Enclosure], boundary: str) -> _Part:
    texts = _multipart("alternative", f"{boundary}_a", [_text("plain", letter.text), _text("html", letter.html)])
    if not enclosures:
        return texts
    return _multipart("mixed", f"{boundary}_m", [texts, *(_enclosed(enclosure) for enclosure in enclosures)])


def _multipart(subtype: str, boundary: str, parts: Sequence[_Part]) -> _Part:
    # `=_` can stand neither in quoted-printable nor in base64, so no content can hold the boundary.
    header = headers.token("Content-Type", f'multipart/{subtype}; boundary="{boundary}"')
    mark = b"--" + boundary.encode("ascii")
    return _Part(header, b"".join(mark + b"\r\n" + bytes(part) + b"\r\n" for part in parts) + mark + b"--\r\n")


def _text(subtype: str, text: str) -> _Part:
    header = headers.token("Content-Type", f"text/{subtype}; charset=utf-8")
    header += headers.token("Content-Transfer-Encoding", "quoted-printable")
    return _Part(header, quopri.encodestring(plain(text).encode()).replace(b"\n", b"\r\n"))


def _enclosed(enclosure: Enclosure) -> _Part:
    name = headers.file_name(enclosure.name)
    kind = _media_type(enclosure.media_type)
    extra = "; charset=utf-8; method=PUBLISH" if kind == "text/calendar" else ""
    lines = (
        f"Content-Type: {kind}{extra}{headers.parameter('name', name)}",
        f"Content-Disposition: attachment{headers.parameter('filename', name)}",
        "Content-Transfer-Encoding: base64",
    )
    header = "".join(f"{line}\r\n" for line in lines).encode("ascii")
    return _Part(header, encodebytes(enclosure.content).replace(b"\n", b"\r\n"))


def _media_type(text: str) -> str:
    """The bare type; messages and multiparts, which may not be base64, and malformed ones travel as plain bytes."""
    kind = text.partition(";")[0].strip().lower()
    if not _MEDIA_TYPE.fullmatch(kind) or kind.startswith(("multipart/", "message/")):
        return _OPAQUE
    return kind


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]
