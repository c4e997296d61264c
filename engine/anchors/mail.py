"""Mails checkpoints to the auditors, in the plain body, so that each has them in a mailbox of his own."""

from collections.abc import Sequence
from datetime import date

from engine.core.message import Message
from engine.ports import DirectoryStore, SealedNote

TEMPLATE = "seal_anchor"
ROLE = "auditor"


class MailAnchor:
    """Writes to the users who are auditors, and to a mailing list: auditors outside the house have no login.

    Args:
        mailing_list: The list; people join it by `skede person edit PERSON --list NAME`.
        office: Name and mailbox of the office, which the letter speaks for.
    """

    def __init__(self, mailing_list: str, office: tuple[str, str]) -> None:
        self._list, self._office = mailing_list, office

    @property
    def name(self) -> str:
        """The list, as people name it."""
        return f"mail {self._list}"

    def letters(self, people: DirectoryStore, day: date, n: int, sealed: SealedNote) -> Sequence[Message]:
        """One letter to each auditor who has an address."""
        named = dict.fromkeys((*people.holders(ROLE, day), *people.subscribers(self._list)))
        name, mailbox = self._office
        return tuple(
            Message(
                key=f"@office#{n}/{TEMPLATE}/{person.id}", case="@office", n=n, template=TEMPLATE, person=person.id,
                lang=person.lang, due_at=sealed.sealed_at,
                variables={
                    "lang": person.lang, "office": {"name": name, "mailbox": mailbox},
                    "recipient": {"name": person.name}, "case": {"reference": "", "title": "", "dnr": ""},
                    "officer": {"name": "", "email": ""}, "message": "",
                    "seal": {"size": sealed.size, "note": sealed.note},
                },
            )
            for person in people.people(named).values() if person.email
        )  # fmt: skip

    def put(self, sealed: SealedNote) -> None:
        """The letters wait in the outbox already."""
