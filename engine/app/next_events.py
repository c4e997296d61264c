"""What can happen to a case now: every event of its state, tried without being done.

The trial is the `decide` that `advance` runs, so that the two cannot disagree.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from engine.app.access import case_seen, reader
from engine.app.describe import describe_deadline
from engine.app.naming import event_named
from engine.app.office import Caller, Office
from engine.app.run import setup_for
from engine.app.titles import with_titles
from engine.core.acting import EXTERNAL
from engine.core.case import Actor, Case
from engine.core.choosing import fitting
from engine.core.command import Advance
from engine.core.decide import decide
from engine.core.decision import Decision, Setup
from engine.core.definition import DeadlineRule, Definition, Text, Transition
from engine.core.errors import EngineError, Refusal, TransitionRefused
from engine.core.recipients import people_of
from engine.ports import UnitOfWork

NOWHERE = ("unknown_event", "wrong_state", "state_final")
"""Refusals that say that the event is none of this state."""


class Possible(Struct, frozen=True):
    """An event of the case's state.

    Attributes:
        target: The state it leads to; where its edges lead to several and none can be taken yet, that of the first.
        allowed: Whether this caller can fire it now, with nothing more.
        roles: Who may; `("system",)` where only the clock or another case fires it.
        missing: Why not yet; every reason carries the command that mends it and the roles that may.
        people: Role -> the people who hold it, as far as `missing` names roles.
        opens: Deadlines it would open (`due_at` None where the trial did not come so far); `closes` those it would end.
        messages: What it would send: template, people, and whether a condition still decides.
        cases: What it would do to other cases: workflow, event, and the reference where the case is there already.
        fields: What it takes by way of fields and documents; for forms.
    """

    event: str
    title: Text
    target: str
    target_title: Text
    allowed: bool
    roles: tuple[str, ...]
    missing: tuple[Refusal, ...]
    people: Mapping[str, tuple[str, ...]]
    opens: tuple[Mapping[str, Any], ...]
    closes: tuple[Mapping[str, Any], ...]
    messages: tuple[Mapping[str, Any], ...]
    cases: tuple[Mapping[str, Any], ...]
    help: Text | None = None
    edges: tuple[Transition, ...] = ()


class Ahead(Struct, frozen=True):
    """A case and the events of its state, in the order of its definition; `others`: the workflows they touch."""

    case: Case
    definition: Definition
    events: tuple[Possible, ...]
    others: Mapping[str, Definition] = field(default_factory=dict)


def next_events(office: Office, caller: Caller, reference: str, event: str | None = None) -> Ahead:
    """What this caller can do to a case now, and what is missing for the rest.

    Args:
        office: Where.
        caller: Who asks.
        reference: The case, as it was typed.
        event: One event alone: its id, title, or a unique start.

    Raises:
        TransitionRefused: The event that is asked for is none of the case's state.
        NotFound: There is no such case for this reader.
    """
    with office.store.read() as tx:
        actor = reader(tx, office, caller)
        case = case_seen(tx, office, actor, reference)
        machine = office.catalog.get(tx, case.workflow, case.version)
        names: Iterable[str] = machine.events_from(case.state)
        if event is not None:
            name = event_named(machine, case.state, event)
            if name not in names:
                attempt(tx, office, actor, case, name)
            names = (name,)
        events = tuple(_possible(tx, office, actor, case, name) for name in names)
        names = {str(other["workflow"]) for found in events for other in found.cases if other["workflow"]}
        today = office.calendar.day(tx.now)
        others = {name: office.catalog.current(tx, name, today).definition for name in sorted(names)}
        return Ahead(case, machine.definition, events, others)


def attempt(tx: UnitOfWork, office: Office, actor: Actor, case: Case, event: str) -> tuple[Setup, Decision]:
    """Judge an event as `advance` would with nothing given.

    Raises:
        TransitionRefused: With every reason why not.
    """
    command = Advance(reference=case.reference, actor=actor, event=event)
    machine = office.catalog.get(tx, case.workflow, case.version)
    setup = setup_for(tx, office, machine, case, command)
    decision = decide(setup, case, command)
    assert decision is not None  # noqa: S101 - an event always decides something
    return setup, decision


def _possible(tx: UnitOfWork, office: Office, actor: Actor, case: Case, event: str) -> Possible:
    machine = office.catalog.get(tx, case.workflow, case.version)
    edges = _edges(tx, office, actor, case, event)
    roles = tuple(dict.fromkeys(role for edge in edges for role in edge.by))
    decision: Decision | None = None
    missing: tuple[Refusal, ...] = ()
    try:
        _, decision = attempt(tx, office, actor, case, event)
    except TransitionRefused as error:
        missing = with_titles(tx, office, machine.definition, error.reasons)
    except EngineError as error:
        missing = (Refusal(error.code, {"what": error.message}),)
    who = {role for reason in missing for role in (*reason.who, *reason.waivable_by)}
    target = decision.case.state if decision else _target(case, edges[0])
    effects = _decided(tx, decision, edges) if decision else _foreseen(tx, office, case, edges[0], target)
    return Possible(
        event=event, title=edges[0].title, target=target, target_title=machine.definition.states[target].title,
        allowed=decision is not None, roles=roles, missing=missing,
        people={role: people_named(tx, office, case, role) for role in sorted(who)},
        help=next((edge.help for edge in edges if edge.help), None), edges=edges, **effects,
    )  # fmt: skip


def _edges(tx: UnitOfWork, office: Office, actor: Actor, case: Case, event: str) -> tuple[Transition, ...]:
    """The edges that may be meant here: those whose conditions hold, or all where none does."""
    machine = office.catalog.get(tx, case.workflow, case.version)
    command = Advance(reference=case.reference, actor=actor, event=event)
    setup = setup_for(tx, office, machine, case, command)
    edges = tuple(t for t in machine.definition.edges(event) if case.state in t.source)
    return fitting(setup, case, event, actor) or edges


def _target(case: Case, edge: Transition) -> str:
    if edge.target == "@same":
        return case.state
    if edge.target == "@previous":
        return case.back[-1] if case.back else case.state
    return edge.target


def _decided(tx: UnitOfWork, decision: Decision, edges: Sequence[Transition]) -> dict[str, Any]:
    """What the decision does, beside moving the case."""
    changes, reference = decision.deadlines, decision.case.reference
    conditional = {n.message for edge in edges for n in edge.notify if n.when}
    sent: dict[str, list[str]] = {}
    for message in decision.messages:
        sent.setdefault(message.template, []).extend([message.person] if message.person else [])
    spawned = [{"workflow": s.spawn.workflow, "event": s.spawn.opening, "reference": None} for s in decision.spawns]
    workflows = {f.reference: case.workflow for f in decision.fires if (case := tx.cases.get(f.reference))}
    fired = [
        {"workflow": workflows.get(f.reference), "event": f.event, "reference": f.reference} for f in decision.fires
    ]
    return {
        "opens": tuple(describe_deadline(reference, d) for d in changes.opened),
        "closes": tuple(describe_deadline(reference, e.deadline, e.how) for e in changes.ended),
        "messages": tuple(_message(tx, name, ids, name in conditional) for name, ids in sent.items()),
        "cases": (*spawned, *fired),
    }


def _foreseen(tx: UnitOfWork, office: Office, case: Case, edge: Transition, target: str) -> dict[str, Any]:
    """What the definition says that the edge does, where it cannot be taken yet."""
    definition = office.catalog.definition(tx, case.workflow, case.version)
    command = Advance(reference=case.reference, actor=Actor("system", "system", frozenset()), event=edge.event)
    facts = setup_for(tx, office, office.catalog.get(tx, case.workflow, case.version), case, command).facts
    open_names = {d.name for d in case.deadlines}
    opens = [
        {"name": rule.name, "owner": rule.owner, "due_at": None, "due_on": None}
        for rule in definition.deadlines.values() if _opens(rule, case.state, target, edge.event, open_names)
    ]  # fmt: skip
    closes = [
        describe_deadline(case.reference, d, "met" if edge.event in rule.met_by else "cancelled")
        for d in case.deadlines if (rule := definition.deadlines[d.name]) and _ends(rule, target, edge.event)
    ]  # fmt: skip
    messages = [_message(tx, n.message, people_of(n.to, case, facts), bool(n.when)) for n in edge.notify]
    cases = [{"workflow": s.workflow, "event": s.opening, "reference": None} for s in edge.spawns]
    return {"opens": tuple(opens), "closes": tuple(closes), "messages": tuple(messages), "cases": tuple(cases)}


def _opens(rule: DeadlineRule, source: str, target: str, event: str, open_names: set[str]) -> bool:
    if target not in rule.while_in:
        return False
    if rule.opened_by:
        return event in rule.opened_by
    return rule.name not in open_names and source not in rule.while_in


def _ends(rule: DeadlineRule, target: str, event: str) -> bool:
    return target not in rule.while_in or event in rule.met_by or event in rule.cancelled_by


def _message(tx: UnitOfWork, template: str, people: Iterable[str], conditional: bool) -> dict[str, Any]:
    found = tx.directory.people(dict.fromkeys(people))
    to = [{"id": person, "name": known.name} for person, known in found.items()]
    return {"template": template, "to": to, "conditional": conditional}


def people_named(tx: UnitOfWork, office: Office, case: Case, role: str) -> tuple[str, ...]:
    """The names of those who hold a role here: in the office, or in a party of the case (`owner.signatory`)."""
    found = tx.directory.people(dict.fromkeys(_people(tx, office, case, role)))
    return tuple(person.name for person in found.values() if person.name)


def _people(tx: UnitOfWork, office: Office, case: Case, role: str) -> Iterator[str]:
    if role.startswith("p:"):
        yield role
        return
    holder, dot, function = role.partition(".")
    if dot or holder in EXTERNAL:
        for party in case.party(EXTERNAL.get(holder, holder)):
            for name, named in party.people.items():
                if name == (function or "contact"):
                    yield from named
        return
    yield from tx.directory.holders(role, office.calendar.day(tx.now))
