"""Erase a person from the outbox: letters to it are emptied, in letters to others its name is taken out."""

import json
from typing import Any

from engine.app.erase_scope import Scope
from engine.app.office import Office
from engine.app.record import OFFICE, append, record_office
from engine.app.traces import Traces
from engine.core.case import Actor
from engine.core.message import StoredMessage
from engine.ports import UnitOfWork

WAITING = ("queued", "leased", "deferred", "held", "failed", "unknown")
"""States from which a letter might still be sent."""


def call_off(tx: UnitOfWork, office: Office, actor: Actor, person: str) -> None:
    """Let no letter to the person leave any more; its case, or the office, has an entry for each."""
    for stored in [m for m in tx.messages.list() if m.message.person == person and m.message.state in WAITING]:
        if not tx.messages.set_state(stored.id, "cancelled", "erased"):
            continue
        mail = {"key": stored.message.key, "state": "cancelled", "attempt": stored.attempts, "why": "erased"}
        case = tx.cases.get(stored.message.case)
        if case is not None:
            definition = office.catalog.definition(tx, case.workflow, case.version)
            append(tx, definition, case, actor, "mail", {"mail": mail})
        elif stored.message.case == OFFICE:
            record_office(tx, actor, actor.login, "mail", {"mail": mail})


def erase_letters(tx: UnitOfWork, scope: Scope) -> dict[int, tuple[str, list[str]]]:
    """Empty the letters to the person, and take its name out of those to others, where it may go.

    Returns:
        Number of the message -> its key, and the digests of what is left of it: as it was decided, and as it was sent.
    """
    changed: dict[int, tuple[str, list[str]]] = {}
    for listed in list(tx.messages.list()):
        stored = tx.messages.get(listed.id)
        if stored is None:
            continue
        message = stored.message
        own, entry = message.person == scope.sure.person, f"{message.case}#{message.n}"
        words = scope.any if own else scope.at(entry)
        if words is None or not _is_about(stored, words):
            if words is None and _is_about(stored, scope.any):
                scope.leave(entry, "letter")
            continue
        scope.seen.add(entry)
        variables: Any = {} if own else words.without_all(json.loads(json.dumps(dict(message.variables))))
        tx.erasing.letter(
            stored.id, variables, subject=None if own else _without(stored.subject, words),
            address=None if own else stored.address, error=None if own else _without(stored.error, words),
        )  # fmt: skip
        left = tx.messages.get(stored.id)
        if left is not None:
            changed[stored.id] = (left.message.key, [left.message.digest, left.digest])
    return changed


def _is_about(stored: StoredMessage, traces: Traces) -> bool:
    message = stored.message
    if message.person == traces.person:
        return bool(message.variables or stored.content or stored.address)
    told = (dict(message.variables), stored.subject, stored.error)
    return any(traces.in_value(part) for part in told) or (
        stored.content is not None and traces.in_mail(stored.content)
    )


def _without(text: str | None, traces: Traces) -> str | None:
    return None if text is None else traces.without(text)
