"""Reads a maildir of reports on our own mail: what could not be delivered (RFC 3464), and answers of machines.

Everything in it was written by others: a file is read as bytes up to a limit, nothing in it is followed, and what is
not understood is `other`. Nothing here ever answers a mail, so that no loop can begin (RFC 3834).
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from hashlib import sha256
from pathlib import Path

from engine.core.errors import SettingsError
from engine.ports import Incoming

LARGEST = 1024 * 1024
"""Bytes that are read of one mail; a report is at the beginning."""

LONGEST_NAME = 255
"""Bytes that the name of a file may have."""

_SENT_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Delivered-To", "To")
_VERP = re.compile(r"(?<![\w.+-])b\+([0-9]{1,12})\.([0-9a-f]{16})@([a-z0-9.-]{1,255})", re.IGNORECASE)
_MACHINES = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress")
_KINDS = {"failed": "bounce", "delayed": "delay", "delivered": "delivered", "relayed": "delivered",
          "expanded": "delivered"}  # fmt: skip


class Maildir:
    """A folder with `new` and `cur`, as mail servers fill it; `engine.ports.Postbox`."""

    def __init__(self, folder: Path) -> None:
        self._new, self._cur = folder / "new", folder / "cur"

    def new(self) -> Iterator[Incoming]:
        """What has come in, by the names of the files, which begin with the time.

        Raises:
            SettingsError: The folder is no maildir.
        """
        if not self._new.is_dir():
            raise SettingsError(
                f"bounces: {self._new.parent} is no maildir (it has no folder new)",
                says="no_maildir",
                path=self._new.parent,
            )
        for path in sorted(self._new.iterdir()):
            content = None if path.name.startswith(".") else _content(path)
            if content is not None:
                yield _understood(path.name, content)

    def done(self, name: str) -> None:
        """Put a mail into `cur`, marked as seen."""
        self._cur.mkdir(exist_ok=True)
        try:
            (self._new / name).rename(self._cur / _seen(name))
        except FileNotFoundError:
            return


def _seen(name: str) -> str:
    """The name of a mail that was seen; one that would be too long for it is named anew."""
    marked = name if ":2," in name else f"{name}:2,S"
    return marked if len(os.fsencode(marked)) <= LONGEST_NAME else f"{sha256(os.fsencode(name)).hexdigest()}:2,S"


def _understood(name: str, content: bytes) -> Incoming:
    """What a mail is; one made so that it cannot be read, with parts within parts by the thousand, is `other`."""
    try:
        return read(name, content)
    except (RecursionError, LookupError, ValueError, TypeError, AttributeError):
        return Incoming(name, "other", None)


def _content(path: Path) -> bytes | None:
    """The beginning of a file; None for what is no plain file, or is gone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return None
    with os.fdopen(handle, "rb") as file:
        return file.read(LARGEST)


def read(name: str, content: bytes) -> Incoming:
    """What a mail is. It is the report in it that counts; what its sender says of itself only where there is none."""
    mail = BytesParser(policy=compat32).parsebytes(content)
    message_id, mark = _answered(mail)
    report = _report(mail)
    if report is not None:
        kind = _KINDS.get(_text(report, "Action").lower(), "other")
        return Incoming(
            name, kind, message_id, mark, address=_address(report), status=_text(report, "Status")[:12],
            error=_text(report, "Diagnostic-Code").partition(";")[2].strip() or _text(report, "Diagnostic-Code"),
        )  # fmt: skip
    return Incoming(name, "auto_reply" if _is_machine(mail) else "other", message_id, mark)


def _answered(mail: Message) -> tuple[int | None, str]:
    """The number and the mark in the address that the mail came to; the envelope counts before `To`."""
    for header in _SENT_TO:
        for value in mail.get_all(header, ()):
            found = _VERP.search(str(value))
            if found is not None:
                return int(found[1]), found[2].lower()
    return None, ""


def _report(mail: Message) -> Mapping[str, str] | Message | None:
    """The fields about the first recipient that failed, else about the first one that is told of."""
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        fields = part.get_payload()
        blocks = [b for b in fields if isinstance(b, Message) and "Action" in b] if isinstance(fields, list) else []
        failed = [b for b in blocks if _text(b, "Action").lower() == "failed"]
        if blocks:
            return (failed or blocks)[0]
    return None


def _address(report: Mapping[str, str] | Message) -> str | None:
    """The address as it was written to, of `rfc822; name@domain`."""
    for field in ("Original-Recipient", "Final-Recipient"):
        address = _text(report, field).partition(";")[2].strip().strip("<>")
        if "@" in address:
            return address
    return None


def _is_machine(mail: Message) -> bool:
    """Whether a machine wrote it: it says so, or nobody can answer it."""
    if _text(mail, "Auto-Submitted").partition(";")[0].strip().lower() not in ("", "no"):
        return True
    if _text(mail, "Precedence").lower() in ("bulk", "auto_reply", "junk"):
        return True
    return _text(mail, "Return-Path") == "<>" or any(header in mail for header in _MACHINES)


def _text(mail: Mapping[str, str] | Message, header: str) -> str:
    """A header on one line, without what does not print."""
    whole = " ".join(str(mail.get(header) or "").split())
    return "".join(c for c in whole if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF)[:300]
