"""The notice to the officers of a case that a mail did not reach its recipient: one per mail that is given up."""

from engine.app.letters import leaves_at
from engine.app.office import Office
from engine.core.case import Case
from engine.core.message import Message, StoredMessage
from engine.ports import UnitOfWork

TEMPLATE = "delivery_failed"


def failure_notices(
    tx: UnitOfWork, office: Office, stored: StoredMessage, error: str, case: Case, *, doubtful: bool = False
) -> tuple[Message, ...]:  # fmt: skip
    """The notices about one mail; none about a notice that itself did not arrive.

    Args:
        tx: The transaction in which the failure is recorded.
        office: Where.
        stored: The mail that did not arrive.
        error: What the other side said.
        case: The case before the entry that records the failure.
        doubtful: It may have arrived; it is only not known.
    """
    message = stored.message
    if message.template == TEMPLATE:
        return ()
    assignee = tx.directory.person_of(case.assignee) if case.assignee else None
    told = (assignee,) if assignee else tx.directory.holders("officer", office.calendar.day(tx.now))
    people = tx.directory.people(told)
    recipient = tx.directory.person(message.person) if message.person else None
    failed = {
        "recipient": recipient.name if recipient else "", "address": (recipient.email or "") if recipient else "",
        "subject": stored.subject or office.words.letter(message.template, office.lang), "error": error,
        "key": message.key, "doubtful": doubtful,
    }  # fmt: skip
    n = case.n + 1
    return tuple(
        Message(
            key=f"{message.case}#{n}/{TEMPLATE}/{person}", case=message.case, n=n, template=TEMPLATE,
            person=person, lang=people[person].lang, due_at=leaves_at(office, tx.now),
            variables={**message.variables, "lang": people[person].lang, "failed": failed,
                       "recipient": {"name": people[person].name}},
        )
        for person in told if person in people
    )  # fmt: skip
