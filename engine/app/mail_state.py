"""What keeps all mail of the office at home: the stop switch, and a way out that is shut."""

import json
from datetime import UTC, datetime

from engine.core.plain import instant
from engine.ports import Outcome, UnitOfWork

SWITCH = "mail_hold"
"""Setting of the database: `1` while no mail of the office leaves."""

PAUSED = "mail_paused"
"""Setting of the database: since when, and why, the way out is shut for all mail; empty when it is open."""


def is_held(tx: UnitOfWork) -> bool:
    """Whether the whole office holds its mail."""
    return tx.settings.get(SWITCH) == "1"


def mail_paused(tx: UnitOfWork) -> dict[str, str] | None:
    """Since when (`at`) the way out is shut, and `why`; None while it is open."""
    found = tx.settings.get(PAUSED)
    return {str(name): str(value) for name, value in json.loads(found).items()} if found else None


def note_pause(tx: UnitOfWork, outcome: Outcome) -> None:
    """Keep why the way out is shut, for those who ask how the office is; forget it when a mail has left."""
    known = mail_paused(tx)
    if outcome.pause:
        since = known["at"] if known else instant(datetime.now(UTC))
        tx.settings.put(PAUSED, json.dumps({"at": since, "why": outcome.error or ""}, ensure_ascii=False))
    elif known and outcome.state in ("sent", "unknown"):
        tx.settings.put(PAUSED, "")
