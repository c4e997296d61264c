"""Reads the final bytes of a mail again and compares them with what was meant: the last door before the wire.

Two readers read them: a strict one of our own, and for headers and addresses, where a second recipient could hide,
the standard library too.
"""

from email import policy
from email.parser import HeaderParser
from email.utils import getaddresses
from functools import lru_cache

from msgspec import Struct

from engine.core.errors import EngineError
from notifications.address import Mailbox
from notifications.characters import cut, one_line, plain
from notifications.reading import Leaf, Unclear, mailbox_of, read, text_of

_HEAD = HeaderParser(policy=policy.compat32)
_NAME_LIMIT = 200


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
    try:
        mail = read(content)
        fields = dict(mail.headers)
        _require(tuple(name for name, _ in mail.headers) == meant.names, "other headers")
        _require(text_of(fields["Subject"]) == one_line(meant.subject), "another subject")
        _require(fields["Message-ID"] == meant.message_id, "another message id")
        for name, box in (("From", meant.sender), ("To", meant.recipient), ("Reply-To", meant.reply_to)):
            same = (cut(one_line(box.name), _NAME_LIMIT), box.address)
            _require(mailbox_of(fields[name]) == same, f"another {name}")
            _require(addresses_in(fields[name]) == [box.address], f"another {name} to other readers")
        _require_parts(mail.leaves, meant)
    except Unclear as error:
        raise _differs(str(error)) from error
    head = _HEAD.parsestr(content.partition(b"\r\n\r\n")[0].decode("ascii"))
    _require(tuple(head.keys()) == meant.names, "other headers when parsed")


def _require_parts(leaves: tuple[Leaf, ...], meant: Meant) -> None:
    _require(len(leaves) == 2 + len(meant.files), "another number of parts")
    for leaf, kind, text in zip(leaves, ("text/plain", "text/html"), meant.texts, strict=False):
        same = leaf.content.replace(b"\r\n", b"\n") == plain(text).encode()
        _require(same and (leaf.kind, leaf.file) == (kind, None), "another text")
    for leaf, (name, content) in zip(leaves[2:], meant.files, strict=True):
        _require(leaf.file == name and leaf.content == content, "another enclosure")


@lru_cache(maxsize=1000)
def addresses_in(value: str) -> list[str]:
    """The addresses that the standard library finds in a header."""
    return [address for _, address in getaddresses([value])]


def _differs(difference: str) -> MailDiffers:
    return MailDiffers(f"a mail came out with {difference} than was meant; it was not sent, please report this")


def _require(same: bool, difference: str) -> None:
    if not same:
        raise _differs(difference)
