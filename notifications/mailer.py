"""The office's pen: letters to bytes and dates to calendar files, with the office's own addresses."""

from collections.abc import Sequence
from datetime import date, datetime

from engine.ports import Enclosure, Letter
from notifications import calendar, mime
from notifications.address import checked, mailbox


class OfficeMailer:
    """What `engine.ports.Mailer` asks for.

    Args:
        sender: The office's own address, `Name <name@domain>`.
        reply_to: Where answers go, in the same form.
        domain: Right-hand side of message ids; the office's mail domain.

    Raises:
        ValueMalformed: One of them is not an address.
    """

    def __init__(self, *, sender: str, reply_to: str, domain: str) -> None:
        mailbox(sender), mailbox(reply_to), checked(f"postmaster@{domain}")
        self._sender, self._reply_to, self._domain = sender, reply_to, domain

    def pack(
        self,
        letter: Letter,
        *,
        to_name: str,
        to_address: str,
        date: datetime,
        key: str,
        case_reference: str,
        enclosures: Sequence[Enclosure],
    ) -> tuple[bytes, str]:
        """The bytes of the mail and its message id; see `mime.build`."""
        return mime.build(
            letter,
            sender=self._sender,
            reply_to=self._reply_to,
            to_name=to_name,
            to_address=to_address,
            date=date,
            key=key,
            case_reference=case_reference,
            domain=self._domain,
            enclosures=enclosures,
        )

    def deadline(
        self, uid: str, sequence: int, day: date, title: str, description: str, *, decided_at: datetime
    ) -> Enclosure:
        """A calendar file of a deadline; see `calendar.deadline_event`."""
        return calendar.deadline_event(uid, sequence, day, title, description, decided_at=decided_at)

    def meeting(
        self,
        uid: str,
        sequence: int,
        start: datetime,
        end: datetime | None,
        title: str,
        description: str,
        *,
        place: str,
        decided_at: datetime,
        cancelled: bool = False,
    ) -> Enclosure:
        """A calendar file of a meeting; see `calendar.meeting_event`."""
        return calendar.meeting_event(
            uid, sequence, start, end, title, description, place=place, decided_at=decided_at, cancelled=cancelled
        )
