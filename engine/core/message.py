"""What is to be said to whom and why: decided with the case, sent later.

A message is kept as its template, its recipient and its frozen variables, so that what was meant is
fixed when the case moves, whatever changes until it leaves.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from msgspec import Struct

from engine.core.canonical import rewritten
from engine.core.plain import instant

MessageState = Literal[
    "queued", "leased", "sent", "deferred", "failed", "unknown", "held",
    "cancelled", "superseded", "suppressed", "no_recipient",
]  # fmt: skip


class Message(Struct, frozen=True):
    """One message to one person.

    Attributes:
        key: `REF#n/template/p:4` or `DEADLINE/version/step/p:4`; unique for ever, so that nothing is sent twice.
        person: `p:4`, or None where nobody could be found (`no_recipient`).
        variables: Plain JSON, already in the recipient's language; see docs/reference/mail.md.
        attach: Document kinds of the case, and `calendar`.
        due_at: Not to be sent before.
        reason: Why it is in a state that is not `queued` (superseded by ..., held for ...).
    """

    key: str
    case: str
    n: int
    template: str
    person: str | None
    lang: str
    variables: Mapping[str, Any]
    due_at: datetime
    attach: tuple[str, ...] = ()
    state: MessageState = "queued"
    deadline: str | None = None
    reason: str | None = None

    @property
    def digest(self) -> str:
        """Hex SHA-256 of what was decided to be said; its later state is told by the log."""
        whole = {
            "key": self.key, "case": self.case, "n": self.n, "template": self.template, "person": self.person,
            "lang": self.lang, "variables": self.variables, "due_at": instant(self.due_at),
            "attach": list(self.attach), "deadline": self.deadline,
        }  # fmt: skip
        return sha256(rewritten(whole).encode()).hexdigest()


class StoredMessage(Struct, frozen=True):
    """A message with what has become of it.

    Attributes:
        token: Fencing token of the lease; only its holder may write the outcome.
        recorded: Its state as the row has it, which is the one before the lease while it is leased.
        content: The rendered bytes, kept from the first rendering on.
    """

    id: int
    message: Message
    attempts: int = 0
    token: int = 0
    subject: str | None = None
    message_id: str | None = None
    sent_at: datetime | None = None
    next_at: datetime | None = None
    error: str | None = None
    recorded: MessageState = "queued"
    content: bytes | None = None
    address: str | None = None

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the letter as it was sent, or was to be: what it said, where to, and what was answered."""
        whole = {
            "key": self.message.key, "subject": self.subject, "header": self.message_id, "address": self.address,
            "error": self.error, "content": sha256(self.content).hexdigest() if self.content is not None else None,
        }  # fmt: skip
        return sha256(rewritten(whole).encode()).hexdigest()
