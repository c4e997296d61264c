"""Carry out one command and all that follows from it, in one transaction.

Every change of a case goes through here: commands of people, events that other cases fire, what the clock
brings, imports. A refusal rolls everything back and is then written down in a transaction of its own.
"""

import json
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from engine.app.facts import facts_for
from engine.app.letters import skipped_letters
from engine.app.office import Caller, Office
from engine.app.record import Recorded, append, record, record_office
from engine.app.titles import titled
from engine.core.case import SYSTEM, Actor, Case
from engine.core.chain import leaf_hash
from engine.core.command import Advance, ChangeParty, Command, Follow, Open, PartyGiven
from engine.core.decide import decide
from engine.core.decision import FireWanted, Setup, SpawnWanted
from engine.core.entry import canonical, parse
from engine.core.errors import EngineError, NotFound, Refusal, RequestReused, TransitionRefused, UsageError
from engine.core.fold import apply
from engine.core.machine import Machine
from engine.core.message import Message
from engine.ports import UnitOfWork

DEEPEST = 20
"""How many commands may follow from each other (DECISIONS.md 11)."""

SYSTEM_ACTOR = Actor(user=SYSTEM, login="system", roles=frozenset({"system"}))


@dataclass(frozen=True, slots=True)
class Skipped:
    """An event that another case fired and that was not legal here."""

    reference: str
    event: str
    reasons: tuple[Refusal, ...]


@dataclass(slots=True)
class Done:
    """What a command did: its own entry first, then what followed."""

    request_id: str
    recorded: list[Recorded] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def first(self) -> Recorded:
        """The entry of the command itself."""
        return self.recorded[0]


def known_actor(tx: UnitOfWork, office: Office, caller: Caller) -> Actor:
    """The user behind a login, with the roles it holds today.

    Raises:
        TransitionRefused: The login is not a user here.
    """
    actor = tx.directory.actor(caller.login, office.calendar.day(tx.now))
    if actor is None:
        fix = f"skede user add {caller.login} --name NAME --email ADDRESS"
        raise TransitionRefused(reasons=[Refusal("unknown_login", {"login": caller.login}, fix, who=("admin",))])
    return replace(actor, login=caller.auth)


Build = Callable[[UnitOfWork, Actor], Command]
Answer = Callable[[UnitOfWork, Done], Mapping[str, Any]]


def perform(
    office: Office, caller: Caller, intent: Mapping[str, Any], build: Build, answer: Answer, *,
    request_id: str | None = None, dry_run: bool = False,
) -> tuple[Mapping[str, Any], Done | None]:  # fmt: skip
    """Run one command of a person.

    Args:
        office: Where.
        caller: Who.
        intent: The command as it was given, plain JSON; with the request id it says whether this is a repetition.
        build: Makes the command inside the transaction, where names can be looked up.
        answer: Makes what the caller is told; it is kept under the request id.
        request_id: The caller's own, else a new one.
        dry_run: Decide and write, then roll back.

    Returns:
        The answer, and what was done; None for the latter if the request had been carried out before.

    Raises:
        TransitionRefused: The rules say no; the attempt is in the log.
        RequestReused: The request id belongs to another command.
    """
    request = request_id or str(uuid.uuid4())
    digest = sha256(canonical(intent).encode("utf-8", "surrogatepass")).hexdigest()
    tried: list[tuple[Actor, Command]] = []
    try:
        with office.store.write() as tx:
            if stored := _answered(tx, request, digest):
                return stored, None
            actor = known_actor(tx, office, caller)
            command = replace(build(tx, actor), request_id=request)
            tried.append((actor, command))
            done = run(tx, office, command)
            told = dict(answer(tx, done))
            if dry_run:
                tx.rollback()
            else:
                # In the order in which it is told, so that a repetition is answered to the letter.
                tx.requests.put(request, digest, json.dumps(told, ensure_ascii=False, allow_nan=False), tx.now)
                tx.settings.put("last_case", done.first.case.reference)
            return told, done
    except TransitionRefused as error:
        if not dry_run:
            note_refusal(office, caller, tried[0] if tried else None, error)
        if tried:
            error.reasons = titled(office, tried[0][1], error.reasons)
        raise


def _answered(tx: UnitOfWork, request: str, digest: str) -> Mapping[str, Any] | None:
    found = tx.requests.get(request)
    if found is None:
        return None
    if found[0] != digest:
        raise RequestReused(
            f"request id {request} was already used for another command: leave it out, or use a new one"
        )
    stored: Mapping[str, Any] = json.loads(found[1])
    return stored


def run(tx: UnitOfWork, office: Office, command: Command) -> Done:
    """Run a command and what follows, inside a transaction that the caller holds."""
    done = Done(command.request_id)
    _run(tx, office, command, done, 0)
    return done


def machine_for(tx: UnitOfWork, office: Office, case: Case | None, command: Command) -> Machine:
    """The rules that a command is judged by: those the case is pinned to, or today's for a new one."""
    if isinstance(command, Open):
        return office.catalog.current(tx, command.workflow, office.calendar.day(tx.now))
    if case is None:
        raise NotFound(f"there is no case {command.reference}")
    return office.catalog.get(tx, case.workflow, case.version)


def setup_for(tx: UnitOfWork, office: Office, machine: Machine, case: Case | None, command: Command) -> Setup:
    """Rules, facts and the moment for one command."""
    values = getattr(command, "set", {})
    facts = facts_for(tx, office, machine.definition, case, values, getattr(command, "parent", None))
    return Setup(machine, office.registry, office.calendar, facts, tx.now)


def _run(tx: UnitOfWork, office: Office, command: Command, done: Done, depth: int) -> Recorded | None:
    if depth > DEEPEST:
        raise TransitionRefused(reasons=[Refusal("follow_too_deep", {"n": DEEPEST})])
    case = _left_of(tx, command) if isinstance(command, Open) else tx.cases.get(command.reference)
    machine = machine_for(tx, office, case, command)
    if isinstance(command, Open):
        command = _prepared(tx, office, machine, command)
    decision = decide(setup_for(tx, office, machine, case, command), case, command)
    if decision is None:
        return None
    recorded = record(tx, office, machine.definition, decision)
    done.recorded.append(recorded)
    _follow(tx, office, recorded, command, done, depth + 1)
    return recorded


def _left_of(tx: UnitOfWork, command: Open) -> Case | None:
    """What an undone import left under the reference of an imported case.

    Raises:
        UsageError: There is a case of that reference.
    """
    if not command.imported or not command.reference:
        return None
    if tx.cases.get(command.reference) is not None:
        raise UsageError(f"there is a case {command.reference} already: leave the reference out to get a new one")
    case: Case | None = None
    for logged in tx.log.entries(command.reference):
        case = apply(case, parse(logged.line), None, leaf_hash(logged.line))
    return case


def _prepared(tx: UnitOfWork, office: Office, machine: Machine, command: Open) -> Open:
    """Give a new case its reference, and its parent's parties where it brings none of its own."""
    definition = machine.definition
    parent = command.parent
    for f in definition.fields.values():
        if f.parent and command.set.get(f.id):
            parent = str(command.set[f.id])
    above = tx.cases.get(parent) if parent else None
    if parent and above is None:
        raise NotFound(f"there is no case {parent} to be the parent")
    parties = command.parties
    if not parties and above is not None:
        parties = tuple(
            PartyGiven(p.role, p.organisation, p.side, dict(p.people), p.required)
            for p in above.parties if p.until is None
        )  # fmt: skip
    reference = command.reference
    while not reference:
        year = office.calendar.day(command.opened_at or command.occurred_at or tx.now).year
        number = tx.counters.take(f"{definition.name}:{definition.reference.format(year=year, number=0)}")
        free = definition.reference.format(year=year, number=number)
        # A case that was imported under a reference of its own may have taken this one.
        reference = free if tx.log.head(free)[0] == 0 else ""
    return replace(command, reference=reference, parent=parent, parties=parties)


def _follow(tx: UnitOfWork, office: Office, recorded: Recorded, command: Command, done: Done, depth: int) -> None:
    """What follows from an entry: spawned cases, fired events, automatic events, deadlines anchored here."""
    cause = recorded.entry.name
    for spawn in recorded.decision.spawns:
        _run(tx, office, _opening(spawn, recorded, command, cause), done, depth)
    _fire_all(tx, office, recorded, command, done, depth, cause)
    if isinstance(command, ChangeParty):
        _to_children(tx, office, recorded, command, done, depth)
    if _moves_dates(recorded):
        for reference, _ in tx.cases.linked_from(recorded.case.reference):
            linked = tx.cases.get(reference)
            if linked is not None and linked.deadlines:
                follow = Follow(reference=reference, actor=SYSTEM_ACTOR, request_id=command.request_id, fired=True,
                                cause=cause)  # fmt: skip
                _run(tx, office, follow, done, depth)
    if isinstance(command, Open) and command.imported:
        return
    if recorded.case.revision != (recorded.decision.before.revision if recorded.decision.before else -1):
        _try_automatic(tx, office, recorded.case.reference, command, done, depth, cause)


def _opening(wanted: SpawnWanted, recorded: Recorded, command: Command, cause: str) -> Open:
    parties = tuple(
        PartyGiven(p.role, p.organisation, p.side, dict(p.people), p.required)
        for p in recorded.case.parties if p.until is None
    )  # fmt: skip
    return Open(
        reference="", actor=command.actor, workflow=wanted.spawn.workflow, event=wanted.spawn.opening,
        title=wanted.title, set=wanted.values, parent=recorded.case.reference, fired=True, cause=cause,
        parties=parties if wanted.spawn.parties else (), occurred_at=recorded.decision.command.occurred_at,
        request_id=command.request_id, note=command.note,
    )  # fmt: skip


def _fire_all(
    tx: UnitOfWork, office: Office, recorded: Recorded, command: Command, done: Done, depth: int, cause: str
) -> None:
    """Try the events on the related cases; what is not legal in a case is skipped and written there."""
    accepted: set[str] = set()
    skipped: list[tuple[FireWanted, TransitionRefused]] = []
    for fire in deque(recorded.decision.fires):
        event = Advance(
            reference=fire.reference, actor=command.actor, event=fire.event, set=fire.values, fired=True, cause=cause,
            note=fire.note, request_id=command.request_id, occurred_at=command.occurred_at,
        )  # fmt: skip
        kept = len(done.recorded)
        point = tx.savepoint()
        try:
            with point:
                _run(tx, office, event, done, depth)
            accepted.add(fire.reference)
        except TransitionRefused as error:
            del done.recorded[kept:]
            skipped.append((fire, error))
    for fire, refusal in skipped:
        if fire.reference not in accepted:
            _skip(tx, office, fire, refusal, command.actor, cause, done)


def _skip(
    tx: UnitOfWork, office: Office, fire: FireWanted, error: TransitionRefused, actor: Actor, cause: str, done: Done
) -> None:
    case = tx.cases.get(fire.reference)
    if case is None:
        return
    definition = office.catalog.definition(tx, case.workflow, case.version)
    if definition.states[case.state].final:
        return
    plain = reasons_plain(error)
    letters: list[Message] = []
    if case.state in {state for t in definition.edges(fire.event) for state in t.source}:
        upcoming = replace(case, n=case.n + 1)
        letters = skipped_letters(tx, office, definition, upcoming, fire.event, plain, cause)
    body = {"reasons": plain, "cause": cause, **({"msgs": [m.key for m in letters]} if letters else {})}
    said = {"msgs": {m.key: [m.digest, m.state, m.reason] for m in letters}} if letters else {}
    append(tx, definition, case, actor, "skipped", body, fire.event, said)
    if letters:
        tx.messages.queue(letters)
    done.skipped.append(Skipped(fire.reference, fire.event, error.reasons))


def reasons_plain(error: EngineError) -> list[dict[str, Any]]:
    """The reasons of a refusal as the log keeps them: code and parameters, no text."""
    return [
        {"code": r.code, "params": dict(r.params), **({"guard": r.guard} if r.guard else {})} for r in error.reasons
    ]


def _to_children(
    tx: UnitOfWork, office: Office, recorded: Recorded, command: ChangeParty, done: Done, depth: int
) -> None:
    """A change of parties reaches the open cases below: they write to the same people."""
    before = recorded.decision.before
    old = {p.id: p for p in before.parties} if before else {}
    organisation = old[command.party].organisation if command.party in old else command.given.organisation
    for child in tx.cases.children(recorded.case.reference):
        definition = office.catalog.definition(tx, child.workflow, child.version)
        if definition.states[child.state].final:
            continue
        same = next(
            (p for p in child.parties if p.role == command.given.role and p.until is None
             and p.organisation == organisation), None,
        )  # fmt: skip
        if (same is None) != (command.action == "add"):
            continue
        below = replace(command, reference=child.reference, revision=None, fired=True,
                        cause=recorded.entry.name, party=same.id if same else None)  # fmt: skip
        _run(tx, office, below, done, depth)


def _moves_dates(recorded: Recorded) -> bool:
    """Whether a field changed that a deadline elsewhere may count from."""
    if recorded.decision.before is None:
        return False
    fields = recorded.definition.fields
    return any(fields[name].type in ("date", "instant") for name in recorded.entry.body.get("set", {}))


def _try_automatic(
    tx: UnitOfWork, office: Office, reference: str, command: Command, done: Done, depth: int, cause: str
) -> None:
    """Fire the automatic events whose every requirement now holds; those whose do not leave no trace."""
    case = tx.cases.get(reference)
    if case is None:
        return
    machine = office.catalog.get(tx, case.workflow, case.version)
    for edge in machine.definition.transitions:
        if not edge.auto or case.state not in edge.source:
            continue
        event = Advance(reference=reference, actor=SYSTEM_ACTOR, event=edge.event, fired=True, cause=cause,
                        request_id=command.request_id)  # fmt: skip
        kept = len(done.recorded)
        try:
            with tx.savepoint():
                _run(tx, office, event, done, depth)
            return
        except TransitionRefused:
            del done.recorded[kept:]


def note_refusal(office: Office, caller: Caller, tried: tuple[Actor, Command] | None, error: TransitionRefused) -> None:
    """Write a refused attempt into the log, in a small transaction of its own."""
    with office.store.write() as tx:
        if tried is None:
            record_office(tx, None, caller.auth, "unauthorised", {"reasons": reasons_plain(error)})
            return
        actor, command = tried
        case = tx.cases.get(command.reference) if command.reference else None
        event = getattr(command, "event", None) or type(command).__name__.lower()
        if case is None:
            body = {"event": event, "workflow": getattr(command, "workflow", None), "reasons": reasons_plain(error)}
            record_office(tx, actor, caller.auth, "refused", body)
            return
        definition = office.catalog.definition(tx, case.workflow, case.version)
        append(tx, definition, case, actor, "refused", {"reasons": reasons_plain(error)}, event)
