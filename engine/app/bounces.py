"""What comes back: reports that a mail did not arrive mark its address, stand in the case's log, and tell the officer.

Answers of machines are put away unread by anybody; nothing is ever answered, so that no loop can begin.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from engine.app.again import again
from engine.app.delivery_notice import failure_notices
from engine.app.office import Office
from engine.app.record import append, record_office
from engine.app.return_path import is_ours
from engine.app.run import SYSTEM_ACTOR
from engine.core.message import StoredMessage
from engine.ports import Incoming, UnitOfWork

LATEST = timedelta(days=30)
"""Servers try for five days at most (RFC 5321, 4.5.4.1); what comes much later is no report on the mail."""

ACT = "bounce"
"""Kind of the entry that says that a mail came back."""


def take_in(office: Office, stop: Callable[[], bool] = lambda: False) -> int:
    """Deal with all reports that have come in; how many mails came back.

    A report is put away after what it told is kept: one that is read again, because a run broke off in between,
    changes nothing.

    Args:
        office: Where; without a postbox nothing is done.
        stop: Asked before each report; True ends the work early.

    Raises:
        SettingsError: The postbox is no maildir.
    """
    if office.bounces is None:
        return 0
    came_back = 0
    for report in office.bounces.new():
        if stop():
            break
        if report.kind == "bounce" and report.message_id is not None:
            came_back += _take(office, report, report.message_id)
        office.bounces.done(report.name)
    return came_back


@again
def _take(office: Office, report: Incoming, message_id: int) -> bool:
    with office.store.write() as tx:
        return _came_back(tx, office, report, message_id)


def _came_back(tx: UnitOfWork, office: Office, report: Incoming, message_id: int) -> bool:
    """Record that a mail came back; False for one that is not ours, has not left, or came back before or too late."""
    stored = tx.messages.get(message_id)
    if stored is None or stored.sent_at is None or not is_ours(tx, message_id, report.mark) or _is_known(tx, stored):
        return False
    if tx.now - stored.sent_at > LATEST:
        return False
    person = tx.directory.person(stored.message.person) if stored.message.person else None
    marked = person is not None and person.email == stored.address and _is_final(report)
    if person is not None and marked:
        tx.people.edit_person(person.id, email_state="failing")
    error = " ".join(part for part in (report.status, report.error) if part)
    key, named = stored.message.key, stored.message.person if marked else None
    body: dict[str, Any] = {"bounce": {"key": key, "status": report.status, "marked": named}}
    payload: dict[str, Any] = {"address": stored.address, "error": error}
    case = tx.cases.get(stored.message.case)
    if case is None:
        record_office(tx, SYSTEM_ACTOR, SYSTEM_ACTOR.login, ACT, body, payload)
        return True
    notices = failure_notices(tx, office, stored, error, case)
    if notices:
        body["msgs"] = [m.key for m in notices]
        payload["msgs"] = {m.key: [m.digest, m.state, m.reason] for m in notices}
    definition = office.catalog.definition(tx, case.workflow, case.version)
    append(tx, definition, case, SYSTEM_ACTOR, ACT, body, payload=payload)
    tx.messages.queue(notices)
    return True


def _is_final(report: Incoming) -> bool:
    """Whether the address itself fails: a full mailbox or a server that is away (4.x.x, 5.2.2) may come round."""
    return not report.status.startswith("4") and report.status != "5.2.2"


def _is_known(tx: UnitOfWork, stored: StoredMessage) -> bool:
    """Whether the log tells already that the mail came back."""
    key = stored.message.key
    bodies = (json.loads(e.line)["body"] for e in tx.log.all(case=stored.message.case, kind=ACT))
    return any(body["bounce"]["key"] == key for body in bodies)
