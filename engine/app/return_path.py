"""The address that a mail comes back to: its number, and a mark that only this office can make.

Without the mark anybody could send reports of mails that never came back, and so silence whom the office writes to.
"""

import hmac
from secrets import token_hex

from engine.ports import UnitOfWork

_SECRET = "bounce_secret"  # noqa: S105 - the name of a row


def return_address(tx: UnitOfWork, number: int, domain: str) -> str:
    """The envelope sender of a mail (VERP)."""
    secret = tx.settings.get(_SECRET)
    if secret is None:
        secret = token_hex(32)
        tx.settings.put(_SECRET, secret)
    return f"b+{number}.{_mark(secret, number)}@{domain}"


def is_ours(tx: UnitOfWork, number: int, mark: str) -> bool:
    """Whether a report came to the address that the mail of that number was sent from."""
    secret = tx.settings.get(_SECRET)
    return secret is not None and hmac.compare_digest(_mark(secret, number), mark.lower())


def _mark(secret: str, number: int) -> str:
    return hmac.new(bytes.fromhex(secret), str(number).encode(), "sha256").hexdigest()[:16]
