"""Run a command and all that follows from it, inside one transaction.

Spawned cases come first, then events fired on related cases, then deadlines that are anchored here, then the
events that fire by themselves; each is judged by the same `decide` with fresh facts (DECISIONS.md 11).
"""

from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from engine.app.beginnings import left_of, opening, prepared
from engine.app.facts import facts_for
from engine.app.letters import skipped_letters
from engine.app.office import Office
from engine.app.record import Recorded, append, record
from engine.app.taking_back import take_back_opened
from engine.core.announcing import hold
from engine.core.case import SYSTEM, Actor, Case
from engine.core.command import Advance, ChangeParty, Command, Follow, Open
from engine.core.decide import decide
from engine.core.decision import FireWanted, Setup
from engine.core.errors import EngineError, NotFound, Refusal, TransitionRefused
from engine.core.machine import Machine
from engine.core.message import Message
from engine.core.parties import joins
from engine.ports import UnitOfWork

DEEPEST = 20
"""How many commands may follow from each other (DECISIONS.md 11)."""

SYSTEM_ACTOR = Actor(user=SYSTEM, login="system", roles=frozenset({"system"}))


class Skipped(Struct, frozen=True):
    """An event that another case fired and that was not legal here."""

    reference: str
    event: str
    reasons: tuple[Refusal, ...]


class Done(Struct):
    """What a command did: its own entry first, then what followed."""

    request_id: str
    recorded: list[Recorded] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def first(self) -> Recorded:
        """The entry of the command itself."""
        return self.recorded[0]


def run(tx: UnitOfWork, office: Office, command: Command) -> Done:
    """Run a command and what follows, inside a transaction that the caller holds."""
    done = Done(command.request_id)
    _Run(tx, office, done).do(command, 0)
    return done


def machine_for(tx: UnitOfWork, office: Office, case: Case | None, command: Command) -> Machine:
    """The rules that a command is judged by: those the case is pinned to, or today's for a new one."""
    if isinstance(command, Open):
        return office.catalog.current(tx, command.workflow, office.calendar.day(tx.now))
    if case is None:
        raise NotFound(f"there is no case {command.reference}", says="case_unknown", case=command.reference)
    return office.catalog.get(tx, case.workflow, case.version)


def setup_for(tx: UnitOfWork, office: Office, machine: Machine, case: Case | None, command: Command) -> Setup:
    """Rules, facts and the moment for one command."""
    values = getattr(command, "set", {})
    facts = facts_for(tx, office, machine.definition, case, values, getattr(command, "parent", None))
    return Setup(machine, office.registry, office.calendar, facts, tx.now)


def reasons_plain(error: EngineError) -> list[dict[str, Any]]:
    """The reasons of a refusal as the log keeps them: code and parameters, no text."""
    return [
        {"code": r.code, "params": dict(r.params), **({"guard": r.guard} if r.guard else {})} for r in error.reasons
    ]


class _Run:
    """One command and its followers: what they share is the transaction, and the account of what was done."""

    def __init__(self, tx: UnitOfWork, office: Office, done: Done) -> None:
        self._tx, self._office, self._done = tx, office, done

    def do(self, command: Command, depth: int) -> None:
        """Judge and record one command, then what follows from it."""
        if depth > DEEPEST:
            raise TransitionRefused(reasons=[Refusal("follow_too_deep", {"n": DEEPEST})])
        tx, office = self._tx, self._office
        case = left_of(tx, command) if isinstance(command, Open) else tx.cases.get(command.reference)
        machine = machine_for(tx, office, case, command)
        if isinstance(command, Open):
            command = prepared(tx, office, machine, command)
        decision = decide(setup_for(tx, office, machine, case, command), case, command)
        if decision is None:
            return
        recorded = record(tx, office, machine.definition, decision)
        self._done.recorded.append(recorded)
        self._follow(recorded, command, depth + 1)

    def _follow(self, recorded: Recorded, command: Command, depth: int) -> None:
        cause = recorded.entry.name
        if recorded.entry.act == "reversed":
            undone = f"{recorded.case.reference}#{recorded.entry.body['corrects']}"
            take_back_opened(self._tx, self._office, command.actor, cause, undone)
        for spawn in recorded.decision.spawns:
            self.do(opening(spawn, recorded, command, cause), depth)
        self._fire_all(recorded, command, depth, cause)
        if isinstance(command, ChangeParty):
            self._to_children(recorded, command, depth)
        if _moves_dates(recorded):
            self._move_anchored(recorded, command, depth, cause)
        if isinstance(command, Open) and command.imported:
            return
        before = recorded.decision.before
        if recorded.case.revision != (before.revision if before else -1):
            self._try_automatic(recorded.case.reference, command, depth, cause)

    def _attempt(self, command: Command, depth: int) -> TransitionRefused | None:
        """Run a command that may be refused without undoing what went before; the refusal, if so."""
        kept = len(self._done.recorded)
        try:
            with self._tx.savepoint():
                self.do(command, depth)
        except TransitionRefused as error:
            del self._done.recorded[kept:]
            return error
        return None

    def _fire_all(self, recorded: Recorded, command: Command, depth: int, cause: str) -> None:
        """Try the events on the related cases; what is not legal in a case is skipped and written there."""
        accepted: set[str] = set()
        skipped: list[tuple[FireWanted, TransitionRefused]] = []
        for fire in recorded.decision.fires:
            event = Advance(
                reference=fire.reference, actor=command.actor, event=fire.event, set=fire.values, fired=True,
                cause=cause, note=fire.note, request_id=command.request_id, occurred_at=command.occurred_at,
                hold_mail=command.hold_mail, no_mail=command.no_mail,
            )  # fmt: skip
            refusal = self._attempt(event, depth)
            if refusal is None:
                accepted.add(fire.reference)
            else:
                skipped.append((fire, refusal))
        for fire, refusal in skipped:
            if fire.reference not in accepted:
                self._skip(fire, refusal, command, cause)

    def _skip(self, fire: FireWanted, refusal: TransitionRefused, command: Command, cause: str) -> None:
        """Write in a case that an event fired there was refused, and tell its owner where a rule refused it."""
        tx, office = self._tx, self._office
        case = tx.cases.get(fire.reference)
        if case is None:
            return
        definition = office.catalog.definition(tx, case.workflow, case.version)
        if definition.states[case.state].final:
            return
        plain = reasons_plain(refusal)
        letters: list[Message] = []
        if case.state in {state for t in definition.edges(fire.event) for state in t.source}:
            upcoming = replace(case, n=case.n + 1)
            letters = skipped_letters(tx, office, definition, upcoming, fire.event, plain, cause)
            state, reason = hold(command)
            letters = [replace(letter, state=state, reason=reason) for letter in letters]
        body = {"reasons": plain, "cause": cause, **({"msgs": [m.key for m in letters]} if letters else {})}
        said = {"msgs": {m.key: [m.digest, m.state, m.reason] for m in letters}} if letters else {}
        append(tx, definition, case, command.actor, "skipped", body, fire.event, said)
        if letters:
            tx.messages.queue(letters)
        self._done.skipped.append(Skipped(fire.reference, fire.event, refusal.reasons))

    def _to_children(self, recorded: Recorded, command: ChangeParty, depth: int) -> None:
        """A change of parties reaches the open cases below: they write to the same people."""
        before = recorded.decision.before
        old = {p.id: p for p in before.parties} if before else {}
        organisation = old[command.party].organisation if command.party in old else command.given.organisation
        joined = before is not None and joins(before, command)
        for child in self._tx.cases.children(recorded.case.reference):
            definition = self._office.catalog.definition(self._tx, child.workflow, child.version)
            if definition.states[child.state].final:
                continue
            same = next((p for p in child.party(command.given.role) if p.organisation == organisation), None)
            if (same is None) != joined:
                continue
            self.do(
                replace(command, reference=child.reference, revision=None, fired=True, cause=recorded.entry.name,
                        party=same.id if same else None), depth,
            )  # fmt: skip

    def _move_anchored(self, recorded: Recorded, command: Command, depth: int, cause: str) -> None:
        """Let the deadlines of cases that point here follow a date that has moved."""
        for reference, _ in self._tx.cases.linked_from(recorded.case.reference):
            linked = self._tx.cases.get(reference)
            if linked is not None and linked.deadlines:
                self.do(
                    Follow(reference=reference, actor=SYSTEM_ACTOR, request_id=command.request_id, fired=True,
                           cause=cause), depth,
                )  # fmt: skip

    def _try_automatic(self, reference: str, command: Command, depth: int, cause: str) -> None:
        """Fire the first automatic event whose every requirement now holds; the others leave no trace."""
        case = self._tx.cases.get(reference)
        if case is None:
            return
        definition = self._office.catalog.definition(self._tx, case.workflow, case.version)
        for edge in definition.transitions:
            if not edge.auto or case.state not in edge.source:
                continue
            event = Advance(reference=reference, actor=SYSTEM_ACTOR, event=edge.event, fired=True, cause=cause,
                            request_id=command.request_id, hold_mail=command.hold_mail,
                            no_mail=command.no_mail)  # fmt: skip
            if self._attempt(event, depth) is None:
                return


def _moves_dates(recorded: Recorded) -> bool:
    """Whether a field changed that a deadline elsewhere may count from."""
    if recorded.decision.before is None:
        return False
    fields = recorded.definition.fields
    return any(fields[name].type in ("date", "instant") for name in recorded.entry.body.get("set", {}))
