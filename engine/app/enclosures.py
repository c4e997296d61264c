"""The files that go with a message: documents of its case, and calendar entries."""

from collections.abc import Iterator
from datetime import datetime
from mimetypes import guess_type

from engine.app.office import Office
from engine.core.case import Case
from engine.core.message import Message
from engine.ports import Enclosure, UnitOfWork

LARGEST = 10 * 1024 * 1024
"""Bytes that the enclosures of one mail may have together; what does not fit is fetched from the office."""


def enclosures(tx: UnitOfWork, office: Office, message: Message, made_at: datetime) -> tuple[Enclosure, ...]:
    """The enclosures of a message, as far as they fit in one mail; `made_at` is when it was first made."""
    case = tx.cases.get(message.case)
    if case is None:
        return ()
    fitting: list[Enclosure] = []
    room = LARGEST
    for enclosure in _all(tx, office, message, case, made_at):
        if len(enclosure.content) <= room:
            room -= len(enclosure.content)
            fitting.append(enclosure)
    return tuple(fitting)


def _all(tx: UnitOfWork, office: Office, message: Message, case: Case, made_at: datetime) -> Iterator[Enclosure]:
    for kind in message.attach:
        if kind == "calendar":
            yield from _calendar(tx, office, message, case, made_at)
            continue
        document = case.document(kind)
        content = tx.documents.get(document.sha256) if document and not document.secrecy else None
        if document is not None and content is not None:
            name = document.name or f"{kind}-{document.id}"
            yield Enclosure(name, guess_type(name)[0] or "application/octet-stream", content)


def _calendar(tx: UnitOfWork, office: Office, message: Message, case: Case, made_at: datetime) -> Iterator[Enclosure]:
    """The time of the meeting that the message is about; else its deadline, or all that are open."""
    mailer, domain = office.mailer(), office.domain
    meeting = _meeting(tx, message, case)
    if meeting is not None:
        start = datetime.fromisoformat(meeting.data["starts_at"])
        end = datetime.fromisoformat(meeting.data["ends_at"]) if meeting.data.get("ends_at") else None
        yield mailer.meeting(
            f"{meeting.reference}@{domain}", meeting.revision, start, end if end and end > start else None,
            meeting.title, office.name, place=str(meeting.data.get("place_or_link") or ""),
            decided_at=made_at, cancelled=meeting.state == "cancelled",
        )  # fmt: skip
        return
    for deadline in case.deadlines:
        if message.deadline in (None, deadline.id):
            titles = {d["name"]: str(d["title"]) for d in message.variables.get("deadlines", ())}
            title = titles.get(deadline.name, deadline.name)
            yield mailer.deadline(
                f"{deadline.id.replace('#', '-').replace(':', '-')}@{domain}", deadline.version, deadline.due_on,
                f"{title}: {case.title}", case.reference, decided_at=made_at,
            )  # fmt: skip


def _meeting(tx: UnitOfWork, message: Message, case: Case) -> Case | None:
    """The case itself, or the meeting that its field `meeting` named when the message was decided."""
    if case.data.get("starts_at"):
        return case
    linked = message.variables.get("links", {}).get("meeting", {}).get("reference")
    found = tx.cases.get(linked) if linked else None
    return found if found is not None and found.data.get("starts_at") else None
