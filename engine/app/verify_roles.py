"""Whether who acted held the role it acted in, and whether an entry is older than a seal that does not cover it.

Both are asked of every entry, so that what is asked is laid out beforehand: the spans of each role of each user, as
the office's own entries tell of them, and the moments of the seals. Instants are compared as the texts they are.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec import Struct, field

from engine.core.case import SYSTEM
from engine.core.definition import Definition
from engine.core.entry import Entry
from engine.core.errors import ValueMalformed
from engine.core.plain import instant
from engine.core.when import parse_instant

Held: TypeAlias = Mapping[tuple[str, str], tuple[tuple[str, str], ...]]
"""(user, role) -> the spans in which the user held the role: from an instant on, and before another."""

ALLOWED = timedelta(minutes=10)
"""So far two hosts that write the log may go apart, and so long may a transaction take."""

FOR_EVER = "9999-12-31T23:59:59.999999Z"


def unheld(held: Held | None, definition: Definition | None, entry: Entry) -> bool:
    """Whether an entry was made in a role that its actor did not hold then, by the log.

    Who writes down what another did (`record` of the definition) holds a role that may do so.
    """
    role, actor, at = entry.role, entry.actor, entry.at
    if held is None or role is None or role == SYSTEM or actor == SYSTEM:
        return False
    for first, end in held.get((actor, role), ()):
        if first <= at < end:
            return False
    if definition is None:
        return True
    recorders = (one for one, recorded in definition.record.items() if role in recorded)
    return not any(first <= at < end for one in recorders for first, end in held.get((actor, one), ()))


class Seals(Struct):
    """When how much of the log was sealed.

    Attributes:
        sizes: Entries that the checkpoints cover, the smallest first.
        until: For each, how early an entry that it does not cover may be; `told` when that was sealed.
    """

    sizes: list[int] = field(default_factory=list)
    until: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @staticmethod
    def of(checkpoints: Iterable[tuple[int, str, str]]) -> "Seals":
        """Those of a home, from (size, note, when), the smallest first; what is no instant is told elsewhere."""
        seals = Seals()
        latest: datetime | None = None
        for size, _, sealed_at in checkpoints:
            try:
                at = parse_instant(sealed_at)
            except (ValueMalformed, TypeError):
                continue
            latest = at if latest is None else max(at, latest)
            seals.sizes.append(size)
            seals.until.append(instant(latest - ALLOWED))
            seals.told.append(instant(latest))
        return seals

    def passed(self, at: str, leaf: int | None) -> str | None:
        """When a seal was made that an entry is older than without being covered by it; None where there is none.

        Args:
            at: When the entry was recorded, by its line.
            leaf: Its place in the tree, None while it waits for it.
        """
        before = len(self.sizes) if leaf is None else bisect_right(self.sizes, leaf)
        return self.told[before - 1] if before and at < self.until[before - 1] else None
