"""The stop switch of the office's mail, and the letters about decisions that wait until their meeting is released."""

from collections.abc import Mapping
from typing import Any

from engine.app.access import case_seen, known_actor
from engine.app.again import again
from engine.app.describe import describe_message
from engine.app.letters import leaves_at
from engine.app.mail_state import SWITCH, is_held
from engine.app.office import Caller, Office
from engine.app.office_change import Made, change_office
from engine.app.record import append
from engine.core.case import Actor
from engine.core.errors import Refusal, TransitionRefused, UsageError
from engine.core.message import StoredMessage
from engine.core.rights import OFFICE as PEOPLE
from engine.ports import UnitOfWork

KEEPERS = (*PEOPLE, "admin")


def hold(office: Office, caller: Caller, *, on: bool, note: str | None = None) -> Mapping[str, Any]:
    """Let no mail leave, or let it leave again. Reminders and letters are decided as ever, and wait.

    Raises:
        TransitionRefused: The caller does not belong to the office.
    """

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        changed = is_held(tx) != on
        tx.settings.put(SWITCH, "1" if on else "0")
        counts = tx.messages.counts()
        waiting = sum(counts.get(state, 0) for state in ("queued", "deferred"))
        return Made({"on": on, "changed": changed, "waiting": waiting}, {"on": on})

    return change_office(office, caller, "mail_hold", KEEPERS, work, note=note)


@again
def release(
    office: Office, caller: Caller, meeting: str, *, note: str | None = None, dry_run: bool = False
) -> dict[str, Any]:
    """Let the letters about the decisions of a meeting leave, in the send window.

    Args:
        office: Where.
        caller: Who.
        meeting: The meeting, as it was typed.
        note: Goes into the log of each case.
        dry_run: Only tell which letters it would be.

    Raises:
        NotFound: There is no such case.
        UsageError: The case is no meeting.
        TransitionRefused: The caller does not belong to the office.
    """
    with office.store.write() as tx:
        actor = known_actor(tx, office, caller)
        if not actor.roles.intersection(KEEPERS):
            raise TransitionRefused(reasons=[Refusal("right_missing", {"right": "mail", "roles": list(KEEPERS)})])
        held_for = case_seen(tx, office, actor, meeting)
        if held_for.workflow != "meeting":
            raise UsageError(
                f"{held_for.reference} is a {held_for.workflow}: name the meeting whose letters may leave",
                says="no_meeting",
                case=held_for.reference,
                workflow=held_for.workflow,
            )
        waiting = [m for m in tx.messages.list(state="held") if m.message.reason == f"meeting:{held_for.reference}"]
        for stored in waiting:
            _let_go(tx, office, actor, stored, note)
        told = [describe_message(found) for m in waiting if (found := tx.messages.get(m.id)) is not None]
        if dry_run:
            tx.rollback()
        return {"meeting": held_for.reference, "released": told}


def _let_go(tx: UnitOfWork, office: Office, actor: Actor, stored: StoredMessage, note: str | None) -> None:
    message = stored.message
    tx.messages.set_state(stored.id, "queued", "released", next_at=leaves_at(office, tx.now))
    case = tx.cases.get(message.case)
    if case is None:
        return
    definition = office.catalog.definition(tx, case.workflow, case.version)
    body = {"mail": {"key": message.key, "state": "queued", "attempt": stored.attempts, "why": "released"}}
    append(tx, definition, case, actor, "mail", body, payload={"note": note} if note else None)
