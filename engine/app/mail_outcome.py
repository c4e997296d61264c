"""What became of a mail: written beside it and into its case's log, and told to the officers where they are needed."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from engine.app.delivery_notice import failure_notices
from engine.app.mail_state import note_pause
from engine.app.office import Office
from engine.app.record import append, record_office
from engine.app.run import SYSTEM_ACTOR
from engine.core.message import Message, StoredMessage
from engine.ports import Outcome, UnitOfWork

ATTEMPTS = 15
PATIENCE = timedelta(days=4)
"""A mail that could not be delivered in so many attempts and so long a time has failed, and the officer is told."""

BROKEN_OFF, UNCONFIRMED = "broken_off", "unconfirmed"
"""Why a mail is `unknown` whose run died; why one is given up, or held, that may have arrived."""


def note_outcome(tx: UnitOfWork, office: Office, stored: StoredMessage, outcome: Outcome) -> None:
    """Write the outcome beside the message and into the case's log; give up after many attempts, and say so."""
    state, next_at = _verdict(office, stored, outcome, tx.now), None
    if state == "deferred":
        next_at = tx.now + _wait(stored.attempts)
    elif state == "unknown":
        next_at = tx.now if outcome.error == BROKEN_OFF else tx.now + _wait(stored.attempts)
    note_pause(tx, outcome)
    if not tx.messages.outcome(stored.id, stored.token, state, at=tx.now, error=outcome.error, next_at=next_at):
        return
    if state == "deferred":
        return
    doubtful = outcome.state == "unknown" and state != "unknown"
    if state == "held" and _stands(tx, stored.id) == state:
        tx.messages.set_state(stored.id, state, UNCONFIRMED)
    mail = {"key": stored.message.key, "state": state, "attempt": stored.attempts}
    why = UNCONFIRMED if doubtful else (outcome.error or "").partition(":")[0]
    _tell(tx, office, stored, outcome, mail | ({"why": why} if why else {}))


def _verdict(office: Office, stored: StoredMessage, outcome: Outcome, now: datetime) -> str:
    """The state that an outcome leads to.

    A mail that may have arrived is sent once more, with the same bytes and Message-ID, and has failed if that is not
    confirmed either. A letter about a decision waits for a person to say (RELIABILITY.md §6).
    """
    if outcome.state == "deferred" and _given_up(stored, outcome, now):
        return "failed"
    if outcome.state != "unknown":
        return outcome.state
    if stored.message.template in office.mail.decisions:
        return "held"
    return "failed" if stored.recorded == "unknown" else "unknown"


def _stands(tx: UnitOfWork, message_id: int) -> str:
    found = tx.messages.get(message_id)
    return found.message.state if found else ""


def _tell(tx: UnitOfWork, office: Office, stored: StoredMessage, outcome: Outcome, mail: Mapping[str, Any]) -> None:
    """Write into the log what became of a mail, and tell the officers of one that needs them."""
    body: dict[str, Any] = {"mail": mail}
    letter = tx.messages.get(stored.id)
    payload: dict[str, Any] = {"letter": letter.digest} if letter else {}
    case = tx.cases.get(stored.message.case)
    if case is None:
        record_office(tx, SYSTEM_ACTOR, SYSTEM_ACTOR.login, "mail", body, payload)
        return
    definition = office.catalog.definition(tx, case.workflow, case.version)
    notices: tuple[Message, ...] = ()
    if letter and letter.message.state in ("failed", "held"):
        doubtful = mail.get("why") == UNCONFIRMED
        notices = failure_notices(tx, office, letter, outcome.error or "", case, doubtful=doubtful)
    if notices:
        body["msgs"] = [m.key for m in notices]
        payload["msgs"] = {m.key: [m.digest, m.state, m.reason] for m in notices}
    append(tx, definition, case, SYSTEM_ACTOR, "mail", body, payload=payload)
    tx.messages.queue(notices)


def _given_up(stored: StoredMessage, outcome: Outcome, now: datetime) -> bool:
    """Whether there were enough attempts. While our own set-up is at fault (`pause`), no mail is given up."""
    return not outcome.pause and stored.attempts >= ATTEMPTS and now - stored.message.due_at >= PATIENCE


def _wait(attempts: int) -> timedelta:
    """How long until the next attempt: doubling from five minutes to twelve hours, spread so that none meet."""
    minutes = min(5 * 2 ** max(attempts - 1, 0), 720)
    return timedelta(minutes=minutes * random.uniform(0.9, 1.1))  # noqa: S311 - spreads load, guards nothing
