"""Go on from a backup: write down that it was put back, and hold the mail that may have left since it was taken."""

from collections.abc import Mapping
from typing import Any

from engine.app.again import again
from engine.app.office import Caller, Office
from engine.app.record import append, record_office
from engine.app.run import SYSTEM_ACTOR

WAITING = ("queued", "deferred", "leased")


@again
def begin_again(office: Office, caller: Caller) -> Mapping[str, Any]:
    """Hold all that waits to be sent, each with an entry in its case, and write the restoration into `@office`.

    What was sent after the backup was taken stands in it as not sent yet; nobody is to get it twice unasked.

    Returns:
        `held`: how many messages wait for somebody to say `skede mail retry`.
    """
    with office.store.write() as tx:
        held = 0
        for stored in [m for state in WAITING for m in tx.messages.list(state=state)]:
            tx.messages.set_state(stored.id, "held", "restored")
            held += 1
            case = tx.cases.get(stored.message.case)
            if case is not None:
                definition = office.catalog.definition(tx, case.workflow, case.version)
                body = {"mail": {"key": stored.message.key, "state": "held", "attempt": stored.attempts,
                                 "why": "restored"}}  # fmt: skip
                append(tx, definition, case, SYSTEM_ACTOR, "mail", body)
        actor = tx.directory.actor(caller.login, office.calendar.day(tx.now))
        record_office(tx, actor, caller.auth, "restore", {"held": held})
        return {"held": held}
