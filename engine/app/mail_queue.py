"""The outbox as people look into it and put their hand to it."""

from collections import deque
from collections.abc import Callable, Mapping
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from msgspec import Struct

from engine.app.access import case_seen, known_actor
from engine.app.advance import Given
from engine.app.again import again
from engine.app.describe import describe_message
from engine.app.letters import case_variables, leaves_at
from engine.app.mail_erased import erasures_of
from engine.app.office import Caller, Office
from engine.app.record import OFFICE as OFFICE_CHAIN
from engine.app.record import append, record_office
from engine.app.status import insider
from engine.core.case import Actor
from engine.core.definition import Definition
from engine.core.errors import EngineError, NotFound, Refusal, TransitionRefused, UsageError
from engine.core.message import StoredMessage
from engine.core.rights import OFFICE
from engine.ports import UnitOfWork

STATES = (
    "queued", "leased", "sent", "deferred", "failed", "unknown", "held", "cancelled", "superseded", "suppressed",
    "no_recipient",
)  # fmt: skip
RETRIED = ("failed", "unknown", "deferred", "held", "cancelled")
"""States from which a mail may be sent after all; `unknown` may thereby arrive twice."""

CANCELLED = ("queued", "deferred", "held", "failed", "unknown")

Sample = Callable[[Definition, str], Mapping[str, Any]]
"""Makes sample values for the templates of a workflow, in a language."""


class Listed(Struct, frozen=True):
    """Messages in the order they were decided.

    Attributes:
        messages: As the contract has them, with the recipient's name.
        older: How many were left out in front of them.
    """

    messages: list[dict[str, Any]]
    older: int


def list_mail(
    office: Office, caller: Caller, *, state: str | None = None, reference: str | None = None, limit: int | None = None
) -> Listed:
    """The messages in the order they were decided.

    Args:
        office: Where.
        caller: Who asks.
        state: Those in this state alone.
        reference: Those of this case alone, as it was typed.
        limit: The newest so many; all if None.

    Raises:
        UsageError: There is no such state.
        TransitionRefused: The caller stands outside the office.
    """
    if state is not None and state not in STATES:
        raise UsageError(
            f"a mail is never {state}; the states are {', '.join(STATES)}",
            says="mail_state_unknown", state=state, known=STATES,
        )  # fmt: skip
    with office.store.read() as tx:
        actor = insider(tx, office, caller)
        case = case_seen(tx, office, actor, reference).reference if reference else None
        found, older = deque[StoredMessage](maxlen=limit), 0
        for stored in tx.messages.list(state=state, case=case):
            older += len(found) == limit
            found.append(stored)
        people = tx.directory.people({m.message.person for m in found if m.message.person})
        names = {person.id: person.name for person in people.values()}
        told = [describe_message(m) | {"to_name": names.get(m.message.person or "", "")} for m in found]
        return Listed(told, older)


def seen_by_office(office: Office, caller: Caller, reference: str | None) -> str | None:
    """The case that was meant, if any, by somebody who may look at the office's mail.

    Raises:
        NotFound: There is no such case.
        TransitionRefused: The caller stands outside the office.
    """
    with office.store.read() as tx:
        actor = insider(tx, office, caller)
        return case_seen(tx, office, actor, reference).reference if reference else None


def show_mail(office: Office, caller: Caller, message_id: int) -> dict[str, Any]:
    """One message with its headers, its text and the names of what is enclosed.

    `made` is `kept` where the bytes are those that were, or will be, sent; `now` where it is rendered to be looked at;
    `erased` where an erasure changed it, which `erased` tells of (`entry`, `ground`, `at`), so that it is neither.

    Raises:
        NotFound: There is no message with that number.
    """
    with office.store.read() as tx:
        insider(tx, office, caller)
        stored = _stored(tx, message_id)
        erased = erasures_of(tx, {stored.message.key}).get(stored.message.key)
        told = describe_message(stored) | _content(tx, office, stored)
        return told | {"erased": erased} | ({"made": "erased"} if erased else {})


def _stored(tx: UnitOfWork, message_id: int) -> StoredMessage:
    found = tx.messages.get(message_id)
    if found is None:
        raise NotFound(
            f"there is no message {message_id}; skede mail list shows them", says="mail_unknown", n=message_id
        )
    return found


def _content(tx: UnitOfWork, office: Office, stored: StoredMessage) -> dict[str, Any]:
    if stored.content is not None:
        return {"made": "kept", **_parsed(stored.content)}
    message = stored.message
    person = tx.directory.person(message.person) if message.person else None
    address = f"{person.name} <{person.email or ''}>" if person else ""
    try:
        letter = office.renderer().render(message.template, message.lang, message.variables)
    except EngineError as error:
        return {"made": "now", "headers": [["To", address]], "text": "", "enclosures": [], "fault": error.message}
    headers = [["From", f"{office.name} <{office.mailbox}>"], ["To", address], ["Subject", letter.subject]]
    return {"made": "now", "headers": headers, "text": letter.text, "enclosures": list(message.attach)}


def _parsed(content: bytes) -> dict[str, Any]:
    parsed = BytesParser(EmailMessage, policy=policy.default).parsebytes(content)
    body = parsed.get_body(("plain",))
    return {
        "headers": [[name, str(value)] for name, value in parsed.items()],
        "text": body.get_content().replace("\r\n", "\n") if body is not None else "",
        "enclosures": [part.get_filename() or part.get_content_type() for part in parsed.iter_attachments()],
    }


def preview(
    office: Office, caller: Caller, template: str, reference: str | None, sample: Sample, *, lang: str | None = None
) -> dict[str, Any]:
    """What a template says: about a case as it is now, or with sample values where no case is named.

    Args:
        office: Where.
        caller: Who asks.
        template: Name of the template.
        reference: The case, as it was typed, or None.
        sample: Makes sample values for a workflow: they fill in what a case cannot tell (what happened, and why).
        lang: Language of the mail, else the caller's.

    Raises:
        NotFound: There is no such template, or no such case.
    """
    lang = lang or caller.lang
    with office.store.read() as tx:
        actor = insider(tx, office, caller)
        if not office.renderer().exists(template, lang):
            raise NotFound(
                f"there is no template {template}; they are the files of templates/mail/{lang}",
                says="mail_template_unknown", template=template, lang=lang,
            )  # fmt: skip
        case = case_seen(tx, office, actor, reference) if reference else None
        if case is None:
            variables = sample(_user_of(tx, office, template), lang)
        else:
            definition = office.catalog.definition(tx, case.workflow, case.version)
            nearest = min(case.deadlines, key=lambda d: d.due_at, default=None)
            about = case_variables(tx, office, definition, case, lang, nearest.id if nearest else None)
            variables = {**sample(definition, lang), **about}
        letter = office.renderer().render(template, lang, variables)
        return {
            "template": template, "lang": lang, "case": case.reference if case else None, "subject": letter.subject,
            "text": letter.text, "html": letter.html,
        }  # fmt: skip


def _user_of(tx: UnitOfWork, office: Office, template: str) -> Definition:
    """A workflow that sends this template; any with a deadline for those that all of them send."""
    latest = {row.name: row.version for row in sorted(tx.definitions.all(), key=lambda row: row.version)}
    found = [office.catalog.definition(tx, name, version) for name, version in sorted(latest.items())]
    for definition in found:
        named = {notice.message for edge in definition.transitions for notice in edge.notify}
        if template in named | {rule.message for rule in definition.deadlines.values()}:
            return definition
    return max(found, key=lambda definition: len(definition.deadlines))


def retry(office: Office, caller: Caller, message_id: int, given: Given) -> dict[str, Any]:
    """Send a mail after all: at once within the send window, with the bytes it had.

    Raises:
        TransitionRefused: It has been sent, waits to be sent, has nobody to go to, or the caller may not.
    """
    return _by_hand(office, caller, message_id, given, RETRIED, "queued")


def cancel(office: Office, caller: Caller, message_id: int, given: Given) -> dict[str, Any]:
    """Let a mail never leave; a note must say why.

    Raises:
        TransitionRefused: It has left, there is no note, or the caller may not.
    """
    if not given.note:
        raise TransitionRefused(reasons=[Refusal("note_missing", {}, f'skede mail cancel {message_id} -n "…"')])
    return _by_hand(office, caller, message_id, given, CANCELLED, "cancelled")


@again
def _by_hand(
    office: Office, caller: Caller, message_id: int, given: Given, allowed: tuple[str, ...], state: str
) -> dict[str, Any]:
    with office.store.write() as tx:
        actor = _keeper(tx, office, caller)
        stored = _stored(tx, message_id)
        if stored.message.state not in allowed:
            params = {"id": message_id, "state": stored.message.state}
            raise TransitionRefused(reasons=[Refusal("mail_not_in_state", params)])
        next_at = leaves_at(office, tx.now) if state == "queued" else None
        tx.messages.set_state(message_id, state, "by_hand", next_at=next_at)
        body = {"mail": {"key": stored.message.key, "state": state, "attempt": stored.attempts, "why": "by_hand"}}
        payload = {"note": given.note} if given.note else None
        case = tx.cases.get(stored.message.case)
        if case is not None:
            definition = office.catalog.definition(tx, case.workflow, case.version)
            append(tx, definition, case, actor, "mail", body, payload=payload)
        elif stored.message.case == OFFICE_CHAIN:
            record_office(tx, actor, caller.auth, "mail", body, payload)
        told = describe_message(_stored(tx, message_id))
        if given.dry_run:
            tx.rollback()
        return told


def _keeper(tx: UnitOfWork, office: Office, caller: Caller) -> Actor:
    """The user behind a login, who must belong to the office or run its home."""
    actor = known_actor(tx, office, caller)
    allowed = (*OFFICE, "admin")
    if not actor.roles.intersection(allowed):
        raise TransitionRefused(reasons=[Refusal("right_missing", {"right": "mail", "roles": list(allowed)})])
    return actor
