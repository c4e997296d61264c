"""Send what may leave now: lease, render once, send, record the outcome.

An attempt is committed before it is made, so that a crash in between is known afterwards (RELIABILITY.md §6). One
transaction notes what became of the letters that are back and leases as many as can leave next (docs/decisions/0022).
"""

import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial

from engine.app.again import known_again
from engine.app.enclosures import enclosures
from engine.app.mail_crew import Crew, Letter
from engine.app.mail_outcome import BROKEN_OFF, note_outcome
from engine.app.mail_pace import Pace, domain_of
from engine.app.mail_state import is_held
from engine.app.office import Office
from engine.app.record import OFFICE
from engine.app.return_path import return_address
from engine.core.errors import EngineError, OutcomeUnknown, Unavailable
from engine.core.message import StoredMessage
from engine.ports import Outcome, UnitOfWork

LEASE = timedelta(minutes=20)
"""Longer than the longest that one mail may take (docs/reference/mail.md)."""

STATES = {"sent": "delivered", "deferred": "deferred", "failed": "failed", "unknown": "unknown"}
"""Outcome -> the name under which it is counted; one that was `suppressed` is not counted."""

_DATE = re.compile(rb"^Date: ([^\r\n]{1,60})\r?$", re.MULTILINE)

log = logging.getLogger("skede.deliver")

Returned = tuple[Letter, Outcome]
"""A letter that is back, and what became of it."""


def deliver(office: Office, stop: Callable[[], bool] = lambda: False) -> Mapping[str, int]:
    """Deliver everything that may leave now; how many were delivered, deferred, failed or are unknown.

    Args:
        office: Where.
        stop: Asked before each transaction; True ends the work when the letters that are on their way are back.
    """
    counts: Counter[str] = Counter()
    crew, pace = Crew(office), Pace(office.mail)
    back: Sequence[Returned] = ()
    going = True
    try:
        while True:
            shut = crew.fault is not None or any(outcome.pause for _, outcome in back)
            going = going and not shut and not stop()
            if not going and not back and not crew.busy:
                break
            letters, noted = _turn(office, pace, crew, back, room=crew.room if going else 0)
            counts.update(STATES[outcome.state] for outcome in noted if outcome.state in STATES)
            if not letters and not noted and not crew.busy:
                break
            back = crew.carry(letters)
    finally:
        crew.close()
    if crew.fault is not None:
        raise crew.fault
    return counts


def _turn(
    office: Office, pace: Pace, crew: Crew, back: Sequence[Returned], *, room: int
) -> tuple[Sequence[Letter], Sequence[Outcome]]:
    """Note what became of letters and take the next; which are to be sent now, and all the outcomes that were noted."""
    try:
        return known_again(partial(_noted_and_taken, office, pace, crew, back, room))
    except (Unavailable, OutcomeUnknown):
        raise
    except Exception:
        # What went wrong with one must not let the others be forgotten, which would be sent twice then.
        for one in back:
            try:
                known_again(partial(_noted_and_taken, office, pace, crew, (one,), 0))
            except Exception:
                log.exception("%s", one[0].stored.message.key)
        raise


def _noted_and_taken(
    office: Office, pace: Pace, crew: Crew, back: Sequence[Returned], room: int
) -> tuple[Sequence[Letter], Sequence[Outcome]]:
    letters: list[Letter] = []
    noted = [outcome for _, outcome in back]
    with office.store.write() as tx:
        for letter, outcome in back:
            note_outcome(tx, office, letter.stored, outcome)
        taken = _leased(tx, pace, room)
        crew.make_ready(len(taken))
        for stored in taken:
            ready = _letter(tx, office, stored)
            if isinstance(ready, Letter):
                letters.append(ready)
            else:
                note_outcome(tx, office, stored, ready)
                noted.append(ready)
    return letters, noted


def _leased(tx: UnitOfWork, pace: Pace, room: int) -> Sequence[StoredMessage]:
    """The messages that are due first, as many as have room now and in this minute.

    Each is leased just before it is sent: a lease that another run finds means that this very mail was being sent
    when its run broke off.
    """
    real = datetime.now(UTC)
    if not room or is_held(tx):
        return ()
    if not pace.matters:
        return tx.messages.lease(tx.now, real + LEASE, room, real_now=real)
    pace.read(tx, real)
    taken: list[StoredMessage] = []
    while len(taken) < room and not pace.is_full():
        _put_off(tx, pace, real)
        leased = tx.messages.lease(tx.now, real + LEASE, 1, real_now=real)
        if not leased:
            break
        pace.take(tx, domain_of(tx, leased[0]))
        taken += leased
    return taken


def _put_off(tx: UnitOfWork, pace: Pace, real: datetime) -> None:
    """Let those wait that are due first but whose domain has had enough for this minute."""
    while first := tx.messages.first_due(tx.now, real_now=real):
        domain = domain_of(tx, first)
        if not pace.is_full_for(domain):
            return
        tx.messages.postpone(first.id, tx.now + pace.later(domain))


def _letter(tx: UnitOfWork, office: Office, stored: StoredMessage) -> Letter | Outcome:
    """The letter to send, or why not.

    It is made anew from what the log vouches for each time, with the date of the first time, so that a second try says
    the same: bytes that somebody has put in the row never leave.

    Of an attempt whose run died it is not known whether the server has the mail: that is noted first, and the mail is
    then found once more.
    """
    if stored.message.state == "leased":
        return Outcome("unknown", BROKEN_OFF)
    message = stored.message
    person = tx.directory.person(message.person) if message.person else None
    if person is None or not person.email:
        return Outcome("failed", "no_address")
    if office.mail.domains and domain_of(tx, stored) not in office.mail.domains:
        return Outcome("suppressed", "domain_not_allowed")
    made_at = _dated(stored) or tx.now
    enclosed = enclosures(tx, office, message, made_at)
    try:
        letter = office.renderer().render(message.template, message.lang, message.variables)
        content, header = office.mailer().pack(
            letter, to_name=person.name, to_address=person.email, date=made_at, key=message.key,
            case_reference="" if message.case == OFFICE else message.case, enclosures=enclosed,
        )  # fmt: skip
    except (EngineError, ValueError) as error:
        return Outcome("failed", f"render: {error}")
    except Exception as error:
        # A letter that cannot be made must not keep all others waiting.
        log.exception("%s", message.key)
        return Outcome("failed", f"render: {type(error).__name__}: {error}")
    if (content, person.email) != (stored.content, stored.address):
        tx.messages.keep(
            stored.id, stored.token, subject=letter.subject, content=content, message_header=header,
            address=person.email,
        )  # fmt: skip
    return Letter(stored, content, person.email, return_address(tx, stored.id, office.domain))


def _dated(stored: StoredMessage) -> datetime | None:
    """When a letter was first made, as its bytes tell."""
    found = _DATE.search(stored.content or b"")
    try:
        return parsedate_to_datetime(found[1].decode("ascii")) if found else None
    except ValueError:
        return None
