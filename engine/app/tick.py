"""Do what is due now, once: expiries, reminders, delivery, the seal. Safe to run at any time, by any number at once.

What is due is a row with an instant; a tick that was missed loses nothing, and one rung twice does nothing.
"""

import json
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

from engine.app.again import again
from engine.app.bounces import take_in
from engine.app.deliver import deliver
from engine.app.digest import digest
from engine.app.house_rules import note_rules
from engine.app.office import Office
from engine.app.record import record
from engine.app.run import SYSTEM_ACTOR, Done, machine_for, run, setup_for
from engine.app.seal import seal_if_due
from engine.core.canonical import canonical
from engine.core.case import Case, Deadline
from engine.core.clockwork import expire
from engine.core.command import Advance, Expire, Remind
from engine.core.entry import parse
from engine.core.errors import EngineError, TransitionRefused, Unavailable
from engine.core.machine import Machine
from engine.core.plain import instant
from engine.ports import UnitOfWork

BATCH = 500
log = logging.getLogger("skede.tick")


class Ticked(Struct):
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
Scan = Callable[[UnitOfWork, int], Sequence[tuple[str, str]]]


def never() -> bool:
    """Nobody asks to stop."""
    return False


def tick(office: Office, stop: Callable[[], bool] = never, *, sealing: bool = True) -> Ticked:
    """Expire, remind, deliver, seal; one transaction per deadline and mail, and a broken case does not stop the sweep.

    Args:
        office: Where.
        stop: Asked between two transactions; True ends the work early, and the next tick goes on from there.
        sealing: Seal too, if a seal is due.

    Raises:
        Unavailable: The database is away; what was done until then is done.
    """
    done = Ticked()
    _beside(done, "reports", lambda: take_in(office, stop))
    _sweep(office, done, stop)
    _beside(done, "digest", lambda: digest(office))
    for state, count in deliver(office, stop).items():
        setattr(done, state, getattr(done, state) + count)
    if sealing and not stop():
        _seal(office, done)
    _beat(office)
    return done


@again
def _beat(office: Office) -> None:
    with office.store.write() as tx:
        # A sign of life is about this world, also in a sandbox whose clock stands still (DECISIONS.md 24).
        tx.settings.put("heartbeat", instant(datetime.now(UTC)))


def _seal(office: Office, done: Ticked) -> None:
    """Seal if it is time; a key or an anchor that is away must not stop what else is due."""
    try:
        made = seal_if_due(office)
    except EngineError as error:
        _broken(done, "seal", error.message)
        return
    if made is not None:
        done.sealed += made.sealed is not None
        for why in made.errors:
            _broken(done, "seal", why)


def _beside(done: Ticked, what: str, work: Callable[[], object]) -> None:
    """Do what no mail of a case waits for; if it goes wrong, that is told, and the rest goes on."""
    try:
        work()
    except Unavailable:
        raise
    except EngineError as error:
        _broken(done, what, error.message)
    except Exception as error:
        _broken(done, what, f"{type(error).__name__}: {error}")
        log.exception("%s", what)


@again
def _note_rules(office: Office) -> None:
    """Deadlines are counted by the rules of the office, so these are in the log first."""
    with office.store.write() as tx:
        note_rules(tx, office, SYSTEM_ACTOR)


def _sweep(office: Office, done: Ticked, stop: Callable[[], bool]) -> None:
    """Expire until nothing more has passed, since what an expiry opens may have passed too; then remind."""
    settled: set[str] = set()
    _note_rules(office)
    while not stop():
        if _work(office, done, settled, stop, lambda tx, n: tx.deadlines.expired(tx.now, n), _expire):
            continue
        if not _work(office, done, settled, stop, lambda tx, n: tx.deadlines.to_remind(tx.now, n), _remind):
            return


def _work(office: Office, done: Ticked, settled: set[str], stop: Callable[[], bool], scan: Scan, work: Work) -> bool:
    """Deal with a batch of what is due; whether there was any.

    `settled` are the deadlines that stay due in this tick: broken, or waiting for their case to move. They are read
    beside the batch, so that they never fill it.
    """
    with office.store.read() as tx:
        due = [
            (reference, deadline) for reference, deadline in scan(tx, BATCH + len(settled)) if deadline not in settled
        ]
    for reference, deadline in due:
        if stop():
            break
        try:
            part = _one(office, work, reference, deadline)
            if part is None:
                settled.add(deadline)
            else:
                done.add(part)
        except Unavailable:
            raise
        except EngineError as error:
            settled.add(deadline)
            _broken(done, deadline, error.message)
        except Exception as error:
            # A fault of the program in one case must not keep all others waiting.
            settled.add(deadline)
            _broken(done, deadline, f"{type(error).__name__}: {error}")
            log.exception("%s", deadline)
    return bool(due)


@again
def _one(office: Office, work: Work, reference: str, deadline: str) -> Ticked | None:
    """Deal with one deadline; None if there was nothing to do, or another worker is at it."""
    done = Ticked()
    with office.store.write() as tx:
        if not tx.deadlines.claim(deadline) or not work(tx, office, done, reference, deadline):
            return None
    return done


def _broken(done: Ticked, deadline: str, why: str) -> None:
    done.errors.append(f"{deadline}: {why}")
    log.warning("%s: %s", deadline, why)


def _open_deadline(case: Case | None, deadline: str) -> Deadline | None:
    return next((d for d in case.deadlines if d.id == deadline), None) if case is not None else None


def _expire(tx: UnitOfWork, office: Office, done: Ticked, reference: str, deadline: str) -> bool:
    """Expire one deadline and fire its `then`; if that is refused, tell its owner why, once, and try again tomorrow."""
    case = tx.cases.get(reference)
    found = _open_deadline(case, deadline)
    if case is None or found is None:
        return False
    command = Expire(reference=reference, actor=SYSTEM_ACTOR, deadline=deadline, fired=True)
    machine = machine_for(tx, office, case, command)
    try:
        with tx.savepoint():
            passed = run(tx, office, command)
            if not passed.recorded:
                return False
            after = _open_deadline(passed.first.case, deadline)
            then = machine.definition.deadlines[found.name].then
            if then and after is not None and after.fired_at != found.fired_at:
                event = Advance(
                    reference=reference, actor=SYSTEM_ACTOR, event=then, fired=True, cause=deadline,
                    occurred_at=found.then_at,
                )  # fmt: skip
                run(tx, office, event)
    except TransitionRefused as error:
        _refused(tx, office, machine, command, error)
    done.expired += 1
    return True


def _refused(tx: UnitOfWork, office: Office, machine: Machine, command: Expire, error: TransitionRefused) -> None:
    again = tx.cases.get(command.reference)
    if again is None:
        return
    known = _last_reasons(tx, again, command.deadline) == _as_logged(error)
    decision = expire(
        setup_for(tx, office, machine, again, command), again, command, refused=error.reasons, known=known
    )
    if decision is not None:
        record(tx, office, machine.definition, decision)


def _as_logged(error: TransitionRefused) -> Any:
    return json.loads(canonical([{"code": r.code, "params": dict(r.params)} for r in error.reasons]))


def _last_reasons(tx: UnitOfWork, case: Case, deadline: str) -> Any:
    """Why the event of a deadline was refused the last time, for the date that it has now; None if it was not."""
    now = _open_deadline(case, deadline)
    for logged in reversed(list(tx.log.entries(case.reference))):
        entry = parse(logged.line)
        moved = next((raw for raw in entry.body.get("moved", ()) if raw["id"] == deadline), None)
        if moved is not None and (now is None or moved["version"] != now.version):
            return None
        if moved is not None and entry.act == "expire" and "reasons" in entry.body:
            return entry.body["reasons"]
    return None


def _remind(tx: UnitOfWork, office: Office, done: Ticked, reference: str, deadline: str) -> bool:
    if _open_deadline(tx.cases.get(reference), deadline) is None:
        return False
    reminded: Done = run(tx, office, Remind(reference=reference, actor=SYSTEM_ACTOR, deadline=deadline, fired=True))
    if not reminded.recorded:
        return False
    done.reminded += sum(1 for message in reminded.first.messages if message.person)
    done.superseded += len(reminded.first.entry.body.get("superseded", ()))
    return True
