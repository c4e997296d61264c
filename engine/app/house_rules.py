"""The rules of the office that stand in its settings: what they are, and a note in the log whenever they are others.

A guard may ask them, a deadline counts by them; so whoever reads the log later must find what they were.
"""

import json
from collections.abc import Mapping
from typing import Any

from engine.app.office import Office
from engine.app.record import record_office
from engine.core.canonical import canonical
from engine.core.case import Actor
from engine.ports import UnitOfWork

_KEPT = "rules"
"""Name of the row with the rules that the log tells last."""


def rules_of(office: Office) -> Mapping[str, Any]:
    """The rules as the log tells them."""
    closed = [day.isoformat() for day in sorted(office.calendar.closed)]
    return {**office.rules, "zone": str(office.calendar.zone), "closed_days": closed}


def keep_rules(tx: UnitOfWork, office: Office) -> Mapping[str, Any]:
    """Note the rules as those that the log tells, and give them: whoever calls writes them there."""
    rules = rules_of(office)
    tx.settings.put(_KEPT, canonical(rules))
    return rules


def note_rules(tx: UnitOfWork, office: Office, actor: Actor) -> None:
    """Write the rules into the office's chain if they are not those that the log tells."""
    kept = tx.settings.get(_KEPT)
    if kept == canonical(rules_of(office)):
        return
    before = json.loads(kept) if kept else {}
    rules = keep_rules(tx, office)
    changed = {name: value for name, value in rules.items() if before.get(name) != value}
    record_office(tx, actor, actor.login, "settings", {"rules": changed})
