"""How fast mail leaves: so many in a minute, and so many of them to one domain, by all workers together.

Minutes are those of this world also in a sandbox, because it is a real server that is spared.
"""

import json
from collections import Counter
from datetime import datetime, timedelta

from msgspec import Struct, field

from engine.app.office import MailRules
from engine.core.message import StoredMessage
from engine.ports import UnitOfWork

PACE = "mail_pace"
"""Setting of the database: the minute, and how many mails left in it, by domain."""


class Pace(Struct):
    """What has left in this minute.

    Attributes:
        minute: The minute, as `2026-03-19T07:00`.
        left: Domain -> how many.
        put_off: Domain -> how many this worker has put off, so that each waits for a minute with room for it.
    """

    rules: MailRules
    minute: str = ""
    left: Counter[str] = field(default_factory=Counter)
    put_off: Counter[str] = field(default_factory=Counter)

    @property
    def matters(self) -> bool:
        """Whether there is any limit."""
        return bool(self.rules.per_minute or self.rules.per_domain)

    def read(self, tx: UnitOfWork, real: datetime) -> None:
        """Read what has left in this minute."""
        self.minute, self.left = real.strftime("%Y-%m-%dT%H:%M"), Counter()
        kept = json.loads(tx.settings.get(PACE) or "{}")
        if kept.get("minute") == self.minute:
            self.left.update(kept["left"])

    def is_full(self) -> bool:
        """Whether no mail may leave in this minute any more."""
        return bool(self.rules.per_minute) and self.left.total() >= self.rules.per_minute

    def is_full_for(self, domain: str) -> bool:
        """Whether none may leave to that domain."""
        return bool(self.rules.per_domain) and self.left[domain] >= self.rules.per_domain

    def take(self, tx: UnitOfWork, domain: str) -> None:
        """Count one that leaves now."""
        self.left[domain] += 1
        tx.settings.put(PACE, json.dumps({"minute": self.minute, "left": self.left}, sort_keys=True))

    def later(self, domain: str) -> timedelta:
        """How long a mail to that domain is put off."""
        self.put_off[domain] += 1
        return timedelta(minutes=1 + (self.put_off[domain] - 1) // self.rules.per_domain)


def domain_of(tx: UnitOfWork, stored: StoredMessage) -> str:
    """The domain that a message goes to, in small letters; "" where it goes nowhere."""
    address = stored.address
    if address is None and stored.message.person:
        person = tx.directory.person(stored.message.person)
        address = person.email if person else None
    return (address or "").rpartition("@")[2].lower()
