"""Send what may leave now: lease, render once, send, record the outcome.

An attempt is committed before it is made, so that a crash in between is known afterwards (RELIABILITY.md §6).
"""

import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from engine.app.again import known_again
from engine.app.delivery_notice import failure_notices
from engine.app.enclosures import enclosures
from engine.app.mail_pace import Pace, domain_of
from engine.app.mail_state import is_held, note_pause
from engine.app.office import Office
from engine.app.record import OFFICE, append, record_office
from engine.app.run import SYSTEM_ACTOR
from engine.core.errors import EngineError
from engine.core.message import Message, StoredMessage
from engine.ports import Channel, Outcome, UnitOfWork

LEASE = timedelta(minutes=20)
"""Longer than the longest that one mail may take (docs/reference/mail.md)."""

ATTEMPTS = 15
PATIENCE = timedelta(days=4)
"""A mail that could not be delivered in so many attempts and so long a time has failed, and the officer is told."""

BROKEN_OFF, UNCONFIRMED = "broken_off", "unconfirmed"
"""Why a mail is `unknown` whose run died; why one is given up, or held, that may have arrived."""

STATES = {"sent": "delivered", "deferred": "deferred", "failed": "failed", "unknown": "unknown"}
"""Outcome -> the name under which it is counted; one that was `suppressed` is not counted."""

log = logging.getLogger("skede.deliver")


def deliver(office: Office, stop: Callable[[], bool] = lambda: False) -> Mapping[str, int]:
    """Deliver everything that may leave now; how many were delivered, deferred, failed or are unknown.

    Args:
        office: Where.
        stop: Asked before each mail; True ends the work early.
    """
    counts: Counter[str] = Counter()
    post = _Post(office)
    try:
        while not stop():
            outcome = post.next_one()
            if outcome is None:
                break
            if outcome.state in STATES:
                counts[STATES[outcome.state]] += 1
            if outcome.pause:
                break
    finally:
        post.close()
    return counts


class _Letter(NamedTuple):
    """A message that was leased, with its bytes and its address, or with why it cannot be sent."""

    message: StoredMessage
    ready: tuple[bytes, str] | Outcome


class _Post:
    """The way out, opened for the first mail that needs it and shared by all of them."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._channel: Channel | None = None
        self._pace = Pace(office.mail)

    def next_one(self) -> Outcome | None:
        """Send the message that is due first; None if none is.

        Each is leased alone, just before it is sent: a lease that another run finds means that this very mail was
        being sent when its run broke off. That is written down first, and the mail is then found once more.
        """
        office = self._office
        taken = known_again(self._taken)
        if not isinstance(taken, _Letter):
            return taken
        message, ready = taken
        if isinstance(ready, Outcome):
            outcome = ready
        else:
            content, address = ready
            assert self._channel is not None, "it is opened when a message is taken"  # noqa: S101
            outcome = self._channel.send(message.id, f"b+{message.id}@{office.domain}", address, content)
        known_again(partial(_keep_outcome, office, message, outcome))
        return outcome

    def _taken(self) -> "_Letter | Outcome | None":
        """The message that is due first, leased; what there was to write down first; or None if nothing is due."""
        office = self._office
        with office.store.write() as tx:
            message = self._lease(tx)
            if message is None:
                return None
            if message.message.state == "leased":
                return _broken_off(tx, office, message)
            ready = _content(tx, office, message)
            self._channel = self._channel or office.channel()
            return _Letter(message, ready)

    def _lease(self, tx: UnitOfWork) -> StoredMessage | None:
        """The message that is due first, and for which this minute has room; None if there is none."""
        real = datetime.now(UTC)
        if is_held(tx):
            return None
        if self._pace.matters:
            self._pace.read(tx, real)
            if self._pace.is_full():
                return None
            self._put_off(tx, real)
        leased = tx.messages.lease(tx.now, real + LEASE, 1, real_now=real)
        if leased and self._pace.matters:
            self._pace.take(tx, domain_of(tx, leased[0]))
        return leased[0] if leased else None

    def _put_off(self, tx: UnitOfWork, real: datetime) -> None:
        """Let those wait that are due first but whose domain has had enough for this minute."""
        while first := tx.messages.first_due(tx.now, real_now=real):
            domain = domain_of(tx, first)
            if not self._pace.is_full_for(domain):
                return
            tx.messages.postpone(first.id, tx.now + self._pace.later(domain))

    def close(self) -> None:
        """Say goodbye to the server."""
        if self._channel is not None:
            self._channel.close()


def _broken_off(tx: UnitOfWork, office: Office, stored: StoredMessage) -> Outcome:
    """An attempt whose run died: whether the server has the mail is not known."""
    outcome = Outcome("unknown", BROKEN_OFF)
    _record(tx, office, stored, outcome)
    return outcome


def _content(tx: UnitOfWork, office: Office, stored: StoredMessage) -> tuple[bytes, str] | Outcome:
    """The bytes to send: kept from the first rendering on, so that a second try says the same to the letter."""
    if stored.content is not None and stored.address is not None:
        return stored.content, stored.address
    message = stored.message
    person = tx.directory.person(message.person) if message.person else None
    if person is None or not person.email:
        return Outcome("failed", "no_address")
    if office.mail.domains and domain_of(tx, stored) not in office.mail.domains:
        return Outcome("suppressed", "domain_not_allowed")
    enclosed = enclosures(tx, office, message)
    try:
        letter = office.renderer().render(message.template, message.lang, message.variables)
        content, header = office.mailer().pack(
            letter, to_name=person.name, to_address=person.email, date=tx.now, key=message.key,
            case_reference="" if message.case == OFFICE else message.case, enclosures=enclosed,
        )  # fmt: skip
    except (EngineError, ValueError) as error:
        return Outcome("failed", f"render: {error}")
    except Exception as error:
        # A letter that cannot be made must not keep all others waiting.
        log.exception("%s", message.key)
        return Outcome("failed", f"render: {type(error).__name__}: {error}")
    tx.messages.keep(
        stored.id, stored.token, subject=letter.subject, content=content, message_header=header, address=person.email
    )
    return content, person.email


def _keep_outcome(office: Office, stored: StoredMessage, outcome: Outcome) -> None:
    with office.store.write() as tx:
        _record(tx, office, stored, outcome)


def _record(tx: UnitOfWork, office: Office, stored: StoredMessage, outcome: Outcome) -> None:
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
