"""Whether a letter was changed by an erasure, so that what is kept of it is not what was sent."""

from collections.abc import Collection
from typing import Any

from engine.app.record import OFFICE
from engine.core.entry import parse
from engine.ports import UnitOfWork

_ERASING = '"act":"erase"'


def erasures_of(tx: UnitOfWork, keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """Key of a letter -> the last erasure that changed it: `entry` of the office, `ground` and `at`."""
    found: dict[str, dict[str, Any]] = {}
    for logged in tx.log.entries(OFFICE):
        if _ERASING not in logged.line:  # Nearly all others; reading them takes longer than looking for this.
            continue
        entry = parse(logged.line)
        if entry.act != "erase":
            continue
        told = {"entry": entry.name, "ground": str(entry.body.get("ground", "")), "at": entry.at}
        found.update((key, told) for key in entry.body.get("letters", ()) if key in keys)
    return found
