"""Send what may leave now: lease, render once, send, record the outcome.

An attempt is committed before it is made, so that a crash in between is known afterwards (RELIABILITY.md §6).
"""

import random
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from engine.app.enclosures import enclosures
from engine.app.letters import leaves_at
from engine.app.office import Office
from engine.app.perform import SYSTEM_ACTOR
from engine.app.record import append
from engine.core.errors import EngineError
from engine.core.message import Message, StoredMessage
from engine.ports import Channel, Outcome, UnitOfWork

LEASE = timedelta(minutes=15)
BATCH = 100
ATTEMPTS = 12
"""Attempts over some four days, after which a message has failed and the officer is told."""

STATES = {"sent": "delivered", "deferred": "deferred", "failed": "failed", "unknown": "unknown"}


def deliver(office: Office) -> Mapping[str, int]:
    """Deliver everything that may leave now; how many were delivered, deferred, failed or are unknown."""
    counts: Counter[str] = Counter()
    channel: Channel | None = None
    try:
        while True:
            with office.store.read() as tx:
                waiting = tx.messages.next_instant()
                if waiting is None or waiting > tx.now:
                    return counts
            with office.store.write() as tx:
                batch = tx.messages.lease(tx.now, tx.now + LEASE, BATCH)
            if not batch:
                return counts
            channel = channel or office.channel()
            for message in batch:
                outcome = _deliver(office, channel, message)
                counts[STATES[outcome.state]] += 1
                if outcome.pause:
                    return counts
    finally:
        if channel is not None:
            channel.close()


def _deliver(office: Office, channel: Channel, message: StoredMessage) -> Outcome:
    with office.store.write() as tx:
        ready = _content(tx, office, message)
        now = tx.now
    if isinstance(ready, Outcome):
        outcome = ready
    else:
        content, address = ready
        sender = f"b+{message.id}@{office.domain}"
        outcome = channel.send(message.id, sender, address, content)
    with office.store.write() as tx:
        _record(tx, office, message, outcome, now)
    return outcome


def _content(tx: UnitOfWork, office: Office, stored: StoredMessage) -> tuple[bytes, str] | Outcome:
    """The bytes to send: kept from the first rendering on, so that a second try says the same to the letter."""
    if stored.content is not None and stored.address is not None:
        return stored.content, stored.address
    message = stored.message
    person = tx.directory.person(message.person) if message.person else None
    if person is None or not person.email:
        return Outcome("failed", "no_address")
    try:
        letter = office.renderer().render(message.template, message.lang, message.variables)
        content, header = office.mailer().pack(
            letter, to_name=person.name, to_address=person.email, date=tx.now, key=message.key,
            case_reference=message.case, enclosures=enclosures(tx, office, message),
        )  # fmt: skip
    except (EngineError, ValueError) as error:
        return Outcome("failed", f"render: {error}")
    kept = tx.messages.keep(
        stored.id, stored.token, subject=letter.subject, content=content, message_header=header, address=person.email
    )
    return (content, person.email) if kept else Outcome("deferred", "lease lost")


def _record(tx: UnitOfWork, office: Office, stored: StoredMessage, outcome: Outcome, started: datetime) -> None:
    """Write the outcome beside the message and into the case's log; give up after many attempts, and say so."""
    state, next_at = outcome.state, None
    if state == "deferred" and stored.attempts >= ATTEMPTS:
        state = "failed"
    if state == "deferred":
        next_at = tx.now + _wait(stored.attempts)
    if not tx.messages.outcome(stored.id, stored.token, state, at=tx.now, error=outcome.error, next_at=next_at):
        return
    case = tx.cases.get(stored.message.case)
    if case is None or state == "deferred":
        return
    definition = office.catalog.definition(tx, case.workflow, case.version)
    body = {"mail": {"key": stored.message.key, "state": state, "attempt": stored.attempts}}
    if outcome.error:
        body["mail"]["why"] = outcome.error.partition(":")[0]
    after = append(tx, definition, case, SYSTEM_ACTOR, "mail", body)
    if state == "failed" and stored.message.template != "delivery_failed":
        _tell(tx, office, stored, outcome, after.n)


def _tell(tx: UnitOfWork, office: Office, stored: StoredMessage, outcome: Outcome, n: int) -> None:
    """One notice to the officers when a mail is given up."""
    message = stored.message
    case = tx.cases.get(message.case)
    assignee = tx.directory.person_of(case.assignee) if case and case.assignee else None
    told = (assignee,) if assignee else tx.directory.holders("officer", office.calendar.day(tx.now))
    people = tx.directory.people(told)
    recipient = tx.directory.person(message.person) if message.person else None
    failed = {
        "recipient": recipient.name if recipient else "", "address": (recipient.email or "") if recipient else "",
        "subject": stored.subject or message.template, "error": outcome.error or "", "key": message.key,
    }  # fmt: skip
    tx.messages.queue([
        Message(
            key=f"{message.case}#{n}/delivery_failed/{person}", case=message.case, n=n, template="delivery_failed",
            person=person, lang=people[person].lang, due_at=leaves_at(office, tx.now),
            variables={**message.variables, "lang": people[person].lang, "failed": failed,
                       "recipient": {"name": people[person].name}},
        )
        for person in told if person in people
    ])  # fmt: skip


def _wait(attempts: int) -> timedelta:
    """How long until the next attempt: doubling from five minutes to twelve hours, spread so that none meet."""
    minutes = min(5 * 2 ** max(attempts - 1, 0), 720)
    return timedelta(minutes=minutes * random.uniform(0.9, 1.1))  # noqa: S311 - spreads load, guards nothing
