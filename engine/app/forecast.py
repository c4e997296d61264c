"""What will be sent if nothing changes: the same tick loop, under a clock of its own, on a copy that is thrown away.

Nothing here knows how reminders are computed; that a forecast comes true is because it is the same code that sends.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from engine.app.clock import MOMENT, next_due
from engine.app.describe import describe_message
from engine.app.mail_state import is_held
from engine.app.office import Office
from engine.app.tick import Ticked, tick
from engine.core.message import StoredMessage
from engine.core.plain import instant
from engine.ports import Outcome

SETTLED = ("sent", "failed", "no_recipient", "suppressed")
"""What has become of a message so that nothing more will."""


class SetClock(Struct):
    """Stands where it is put, in real homes as in sandboxes."""

    at: datetime

    def now(self) -> datetime:
        """Where it stands."""
        return self.at


class NotingChannel:
    """A way out that leads nowhere: every mail arrives."""

    def send(self, message_id: int, sender: str, recipient: str, content: bytes) -> Outcome:
        """Take the mail."""
        return Outcome("sent")

    def close(self) -> None:
        """Nothing is open."""


class Forecast(Struct):
    """What came of letting the clock run.

    Attributes:
        mails: In the order in which they left; those that could not leave among them, with their state.
        ticked: The counts of all ticks.
        held: Whether the stop switch is on, so that nothing could leave.
    """

    mails: list[dict[str, Any]] = field(default_factory=list)
    ticked: Ticked = field(default_factory=Ticked)
    held: bool = False


def run_until(office: Office, clock: SetClock, goal: datetime) -> Iterator[Ticked]:
    """Tick wherever something falls due, until the goal.

    Args:
        office: An office on a copy, whose channel leads nowhere and whose store goes by `clock`.
        clock: Where it starts; it is moved.
        goal: Where it ends.
    """
    while True:
        yield tick(office, sealing=False)
        if clock.at >= goal:
            return
        with office.store.read() as tx:
            coming = next_due(tx, office)
        clock.at = goal if coming is None else min(coming + MOMENT, goal)


def forecast(office: Office, clock: SetClock, goal: datetime, reference: str | None = None) -> Forecast:
    """Let the clock run to the goal, and tell what was sent on the way.

    Args:
        office: An office on a copy of the database, as `run_until` wants it.
        clock: Where the copy's clock stands; it is moved.
        goal: So far ahead.
        reference: Only the mails of this case.
    """
    told = Forecast()
    before = {m.id for m in _messages(office) if m.message.state in SETTLED}
    for done in run_until(office, clock, goal):
        told.ticked.add(done)
    told.ticked.errors = list(dict.fromkeys(told.ticked.errors))
    with office.store.read() as tx:
        told.held = is_held(tx)
        found = [m for m in tx.messages.list(case=reference) if m.message.state in SETTLED and m.id not in before]
        people = tx.directory.people({m.message.person for m in found if m.message.person})
        names = {person.id: person.name for person in people.values()}
        told.mails = [
            describe_message(m)
            | {"to_name": names.get(m.message.person or "", ""), "at": instant(_moment(m)), "step": _step(m)}
            for m in sorted(found, key=lambda m: (_moment(m), m.id))
        ]
    return told


def _messages(office: Office) -> list[StoredMessage]:
    with office.store.read() as tx:
        return list(tx.messages.list())


def _moment(stored: StoredMessage) -> datetime:
    return stored.sent_at or stored.message.due_at


def _step(stored: StoredMessage) -> int | None:
    """Days from the due day, of a reminder."""
    step = stored.message.variables.get("step") or {}
    return step.get("offset") if step.get("kind") else None
