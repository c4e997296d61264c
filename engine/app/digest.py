"""What each person of the office is told on the morning of a working day: overdue, due this week, waiting."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from engine.app.again import again
from engine.app.letters import EMPTY_CASE, NO_DEADLINE, NO_STEP, days_text, due_text
from engine.app.office import Office
from engine.app.record import OFFICE, record_office
from engine.app.run import SYSTEM_ACTOR
from engine.app.today import Day, day_of
from engine.core.case import Actor
from engine.core.ladder import next_send_time
from engine.core.localday import end_of_day
from engine.core.message import Message
from engine.core.rights import OFFICE as PEOPLE
from engine.ports import Person, UnitOfWork

DAY = "digest_on"
"""Setting of the database: the last day on which the office was told."""

MOST = 50
"""So many items are told one by one; of the rest it is said how many they are."""


@again
def digest(office: Office) -> int:
    """Queue today's digests, if it is a working day, in the send window, and they are not queued yet; how many."""
    with office.store.read() as tx:
        if not _is_time(tx, office):
            return 0
    with office.store.write() as tx:
        # Somebody else may have been quicker since; the key of each message would tell as well.
        if not _is_time(tx, office):
            return 0
        today = office.calendar.day(tx.now)
        tx.settings.put(DAY, today.isoformat())
        n = tx.log.head(OFFICE)[0] + 1
        messages = tuple(_digests(tx, office, today, n))
        if messages:
            body = {"msgs": [m.key for m in messages], "day": today.isoformat()}
            payload = {"msgs": {m.key: [m.digest, m.state, m.reason] for m in messages}}
            record_office(tx, SYSTEM_ACTOR, SYSTEM_ACTOR.login, "digest", body, payload)
            tx.messages.queue(messages)
        return len(messages)


def next_digest(tx: UnitOfWork, office: Office) -> datetime | None:
    """When the next digest is made, after now; None where the office wants none."""
    if not _is_wanted(tx, office):
        return None
    opens = _send_time(office, tx.now)
    return (
        opens if opens > tx.now else _send_time(office, end_of_day(office.calendar.day(tx.now), office.calendar.zone))
    )


def _is_wanted(tx: UnitOfWork, office: Office) -> bool:
    wanted = office.mail.digest
    return tx.settings.get("sandbox") != "1" if wanted is None else wanted


def _is_time(tx: UnitOfWork, office: Office) -> bool:
    if not _is_wanted(tx, office) or _send_time(office, tx.now) != tx.now:
        return False
    # A day that is later than today's was told under a clock that has been set back since.
    return (tx.settings.get(DAY) or "") < office.calendar.day(tx.now).isoformat()


def _send_time(office: Office, at: datetime) -> datetime:
    calendar = office.calendar
    return next_send_time(at, calendar.zone, calendar.window_start, calendar.window_end, calendar.closed)


def _digests(tx: UnitOfWork, office: Office, today: date, n: int) -> Iterator[Message]:
    told: set[str] = set()
    for user in tx.people.users():
        actor = tx.directory.actor(user.login, today)
        person = tx.directory.person(user.person) if user.person else None
        if actor is None or person is None or person.id in told or not person.email:
            continue
        if not actor.roles.intersection(PEOPLE):
            continue
        items = list(_items(tx, office, day_of(tx, office, actor, person.lang), actor, person.lang))
        if items:
            told.add(person.id)
            yield _message(tx, office, today, n, person, items)


def _message(
    tx: UnitOfWork, office: Office, today: date, n: int, person: Person, items: list[dict[str, Any]]
) -> Message:
    variables = {
        "lang": person.lang, "office": {"name": office.name, "mailbox": office.mailbox},
        "recipient": {"name": person.name}, "case": {**EMPTY_CASE, "workflow": "", "state": "", "public": ""},
        "data": {}, "parent": dict(EMPTY_CASE), "links": {}, "event": {"id": "digest", "title": ""}, "note": "",
        "message": "", "reasons": [], "deadlines": [], "deadline": dict(NO_DEADLINE), "step": dict(NO_STEP),
        "officer": {"name": "", "email": ""}, "documents": [], "parties": [],
        "items": items[:MOST], "more": max(0, len(items) - MOST),
    }  # fmt: skip
    return Message(
        key=f"digest/{today.isoformat()}/{person.id}", case=OFFICE, n=n, template="digest", person=person.id,
        lang=person.lang, variables=variables, due_at=tx.now,
    )  # fmt: skip


def _items(tx: UnitOfWork, office: Office, day: Day, actor: Actor, lang: str) -> Iterator[dict[str, Any]]:
    """One item per deadline that is near or past, and one per case that waits and has none of those."""
    told: set[str] = set()
    today = office.calendar.day(tx.now)
    for group, found in (("overdue", day.overdue), ("this_week", day.this_week)):
        for each in found:
            deadline = each.row.deadline
            told.add(each.case.reference)
            yield {
                "group": group, "reference": each.case.reference, "title": each.case.title,
                "dnr": str(each.case.data.get("dnr") or ""), "deadline": each.rule.title[lang],
                "due": due_text(deadline, lang, office.calendar),
                "days_text": days_text((deadline.due_on - today).days, lang),
            }  # fmt: skip
    for row in day.waiting_for_me:
        if row["reference"] not in told:
            yield _waiting(tx, row)


def _waiting(tx: UnitOfWork, row: Mapping[str, Any]) -> dict[str, Any]:
    case = tx.cases.get(row["reference"])
    return {
        "group": "waiting", "reference": row["reference"], "title": row["title"],
        "dnr": str(case.data.get("dnr") or "") if case is not None else "", "deadline": row["state_title"], "due": "",
        "days_text": "",
    }  # fmt: skip
