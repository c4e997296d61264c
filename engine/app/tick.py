"""Do what is due now, once: expiries, reminders, delivery. Safe to run at any time, by any number at once.

What is due is a row with an instant; a tick that was missed loses nothing, and one rung twice does nothing.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.app.deliver import deliver
from engine.app.office import Office
from engine.app.perform import SYSTEM_ACTOR, Done, machine_for, run, setup_for
from engine.app.record import record
from engine.core.clockwork import expire
from engine.core.command import Advance, Expire, Remind
from engine.core.errors import EngineError, TransitionRefused
from engine.ports import UnitOfWork

BATCH = 500
log = logging.getLogger("skede.tick")


@dataclass(slots=True)
class Ticked:
    """What a tick did; `errors` are the cases that could not be dealt with, in words."""

    expired: int = 0
    reminded: int = 0
    superseded: int = 0
    delivered: int = 0
    deferred: int = 0
    failed: int = 0
    unknown: int = 0
    sealed: int = 0
    errors: list[str] = field(default_factory=list)

    def add(self, other: "Ticked") -> None:
        """Count another tick in."""
        for name in ("expired", "reminded", "superseded", "delivered", "deferred", "failed", "unknown", "sealed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.errors += other.errors


Work = Callable[[UnitOfWork, Office, Ticked, str, str], bool]


def tick(office: Office) -> Ticked:
    """Expire, remind, deliver; one transaction per case, and a broken case does not stop the sweep."""
    done = Ticked()
    _sweep(office, done)
    sent = deliver(office)
    for state, count in sent.items():
        setattr(done, state, getattr(done, state) + count)
    with office.store.write() as tx:
        tx.settings.put("heartbeat", tx.now.isoformat())
    return done


def _sweep(office: Office, done: Ticked) -> None:
    """Expire before reminding, until nothing is due: what an expiry opens may be due at once."""
    broken: set[str] = set()
    while True:
        with office.store.read() as tx:
            expired = [d for d in tx.deadlines.expired(tx.now, BATCH) if d[1] not in broken]
        for reference, deadline in expired:
            _guarded(office, done, broken, reference, deadline, _expire)
        with office.store.read() as tx:
            due = [d for d in tx.deadlines.to_remind(tx.now, BATCH) if d[1] not in broken]
        for reference, deadline in due:
            _guarded(office, done, broken, reference, deadline, _remind)
        if not expired and not due:
            return


def _guarded(office: Office, done: Ticked, broken: set[str], reference: str, deadline: str, work: Work) -> None:
    try:
        with office.store.write() as tx:
            if not work(tx, office, done, reference, deadline):
                broken.add(deadline)
    except EngineError as error:
        broken.add(deadline)
        done.errors.append(f"{deadline}: {error.message}")
        log.warning("%s: %s", deadline, error.message)


def _expire(tx: UnitOfWork, office: Office, done: Ticked, reference: str, deadline: str) -> bool:
    """Expire one deadline and fire its `then`; if that is refused, say so to its owner and try again tomorrow."""
    case = tx.cases.get(reference)
    command = Expire(reference=reference, actor=SYSTEM_ACTOR, deadline=deadline, fired=True)
    if case is None or not any(d.id == deadline for d in case.deadlines):
        return False
    machine = machine_for(tx, office, case, command)
    found = next(d for d in case.deadlines if d.id == deadline)
    rule = machine.definition.deadlines[found.name]
    if case.stopped_at is not None and rule.pausable:
        return False
    try:
        with tx.savepoint():
            fired = run(tx, office, command)
            if fired.first.entry.body["moved"][0].get("fired_at") and rule.then:
                event = Advance(
                    reference=reference, actor=SYSTEM_ACTOR, event=rule.then, fired=True, cause=deadline,
                    occurred_at=found.then_at,
                )  # fmt: skip
                run(tx, office, event)
    except TransitionRefused as error:
        again = tx.cases.get(reference)
        if again is None:
            return False
        decision = expire(setup_for(tx, office, machine, again, command), again, command, refused=error.reasons)
        record(tx, office, machine.definition, decision)
    done.expired += 1
    return True


def _remind(tx: UnitOfWork, office: Office, done: Ticked, reference: str, deadline: str) -> bool:
    case = tx.cases.get(reference)
    if case is None or not any(d.id == deadline for d in case.deadlines):
        return False
    reminded: Done = run(tx, office, Remind(reference=reference, actor=SYSTEM_ACTOR, deadline=deadline, fired=True))
    if not reminded.recorded:
        return False
    done.reminded += len(reminded.first.messages)
    done.superseded += len(reminded.first.entry.body.get("superseded", ()))
    return True
