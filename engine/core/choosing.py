"""Which edge a command takes: every edge of its event is asked, and every reason against it is told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.core.acting import Acting, act
from engine.core.amending import foreign_fields, parse_values
from engine.core.case import Actor, Case, Document
from engine.core.command import Advance, Open, Upload
from engine.core.decision import Setup
from engine.core.definition import Definition, Transition
from engine.core.errors import Refusal, TransitionRefused
from engine.core.facts import Facts
from engine.core.guard import Context
from engine.core.machine import START, EdgeRefused, Fit, WrongEvent
from engine.core.requirements import passes, speakers, unmet, waived
from engine.core.waiving import as_waiver, waivers

CLOCK = ("system",)


class Chosen(Struct, frozen=True):
    """The edge an event takes, and what was found out on the way."""

    edge: Transition
    acting: Acting
    context: Context
    values: Mapping[str, Any]
    counters: tuple[str, ...]


def documents_from(
    definition: Definition, uploads: tuple[Upload, ...], case: Case | None, n: int, at: datetime
) -> tuple[Document, ...]:
    """The documents that a command files, numbered within the case; one of a kind unknown here is refused elsewhere."""
    first = len(case.documents) + 1 if case else 1
    usual = {kind.id: kind.direction for kind in definition.documents.values()}
    return tuple(
        Document(
            id=number, kind=u.kind, sha256=u.sha256, name=u.name, direction=u.direction or usual.get(u.kind, "in"),
            received_at=u.received_at or at, n=n, sender=u.sender, secrecy=u.secrecy, draft=u.draft,
        )
        for number, u in enumerate(uploads, first)
    )  # fmt: skip


def arrived_ahead(setup: Setup, uploads: tuple[Upload, ...]) -> list[Refusal]:
    """Papers that are said to have come in at a moment that has not been."""
    return [
        Refusal("received_in_future", {"kind": u.kind, "at": u.received_at.isoformat()})
        for u in uploads
        if u.received_at is not None and u.received_at > setup.now
    ]


def choose(setup: Setup, case: Case, command: Advance | Open, occurred: datetime) -> Chosen:
    """The edge that the command takes.

    Raises:
        TransitionRefused: With every reason, if there is none.
        ValueMalformed: A value given is not of its field's form.
    """
    values = parse_values(setup, command.set)
    known = set(setup.definition.documents)
    strange = [
        Refusal("document_unknown", {"kind": u.kind, "kinds": sorted(known)})
        for u in command.uploads
        if u.kind not in known
    ]
    strange += arrived_ahead(setup, command.uploads)
    n = case.n + 1
    brought = documents_from(setup.definition, command.uploads, case, n, occurred)
    filed = replace(case, documents=case.documents + brought)
    found: dict[int, Chosen] = {}
    here = [edge for edge in setup.definition.edges(command.event) if case.state in edge.source]
    strange += overriding_nothing(command, here)
    peopled = any(edge.by != CLOCK for edge in here)  # what hinders the clock is then no news to people

    def ask(edge: Transition) -> tuple[Fit, list[Refusal]]:
        who = act(setup.definition, case, command, speakers(edge, case))
        if isinstance(who, Refusal) and edge.by == CLOCK and peopled:
            return Fit.RULED_OUT, [who]
        waiver = as_waiver(case, command, edge) if isinstance(who, Refusal) else None
        acting = who if isinstance(who, Acting) else waiver or Acting(edge.by[0])
        context, brought, counters = context_of(setup, case, filed, command, edge, acting, values, occurred)
        if waiver is not None and waiver.role in waivers(edge, waived(setup.registry, context)):
            who = waiver
        off = [r for use in edge.when for r in setup.registry.guards[use.name].function(context, **use.params)]
        if off:
            return Fit.RULED_OUT, off
        refusals = list(strange)
        if isinstance(who, Refusal):
            refusals.append(who)
        else:
            refusals += foreign_fields(setup, case, edge, values, acting.role)
            if edge.approvals and edge.approvals.each and acting.party is None:
                refusals.append(
                    Refusal(
                        "principal_unclear",
                        {"roles": [acting.role]},
                        fix=f"skede advance {case.reference} {command.event} -o PERSON",
                    )
                )
        refusals += unmet(setup.registry, context, acting)
        found[id(edge)] = Chosen(edge, acting, context, brought, counters)
        return Fit.SOMEBODY_ELSES if isinstance(who, Refusal) else Fit.MEANT, refusals

    try:
        edge = setup.machine.choose(case.state, command.event, ask)
    except WrongEvent as error:
        raise TransitionRefused(reasons=[_wrong(setup, case, command, error.code)]) from None
    except EdgeRefused as error:
        raise TransitionRefused(reasons=error.reasons) from None
    return found[id(edge)]


def fitting(setup: Setup, case: Case, event: str, actor: Actor) -> tuple[Transition, ...]:
    """The edges of an event from where the case is whose conditions (`when`) hold, whoever may take them."""
    edges = [edge for edge in setup.definition.edges(event) if case.state in edge.source]
    command = Advance(reference=case.reference, actor=actor, event=event)

    def holds(edge: Transition) -> bool:
        acting = Acting(edge.by[0])
        context, _, _ = context_of(setup, case, case, command, edge, acting, {}, setup.now)
        return passes(setup.registry, edge.when, context)

    return tuple(edge for edge in edges if not edge.when or holds(edge))


def overriding_nothing(command: Advance | Open, edges: Sequence[Transition]) -> list[Refusal]:
    """The names to override that no edge of the event has a rule by: a slip of the pen must not pass for a waiver."""
    rules = dict.fromkeys(use.name for edge in edges for use in edge.guards)
    known = {*rules, *(name.partition("@")[0] for name in rules)}
    return [
        Refusal("override_of_no_rule", {"guard": name, "event": command.event, "guards": list(rules)})
        for name in getattr(command, "override", ())
        if name not in known
    ]


def _wrong(setup: Setup, case: Case, command: Advance | Open, code: str) -> Refusal:
    if case.state == START:
        events = [t.event for t in setup.definition.openings()]
        return Refusal("workflow_opening_unknown", {"event": command.event, "events": events})
    state = setup.definition.states[case.state]
    if state.final and code == "wrong_state":
        return Refusal("state_final", {"event": command.event, "state": case.state})
    params = {"event": command.event, "state": case.state}
    here = {t.event: t for t in setup.definition.transitions if case.state in t.source and t.by != CLOCK}
    words = {w.casefold(): e for e, t in here.items() for w in (e, *t.title.values())}
    near = get_close_matches(command.event.casefold(), words, 1) if code == "unknown_event" else []
    if near:
        return Refusal(code, params, f"skede advance {case.reference} {words[near[0]]}")
    return Refusal(code, params, f"skede next {case.reference}")


def context_of(
    setup: Setup, case: Case, filed: Case, command: Advance | Open, edge: Transition, acting: Acting,
    values: Mapping[str, Any], occurred: datetime,
) -> tuple[Context, dict[str, Any], tuple[str, ...]]:  # fmt: skip
    """The context of an edge with its literals and fills in, the values it sets, and the counters it uses."""
    brought = {**edge.set, **values}
    merged = {**case.data, **brought}
    today = setup.calendar.day(occurred)

    def context() -> Context:
        data = {name: value for name, value in merged.items() if value is not None}
        return Context(
            definition=setup.definition, case=case, after=replace(filed, data=data), command=command, transition=edge,
            data=data, facts=linked(setup, data), role=acting.role, at=occurred, now=setup.now, today=today,
            zone=setup.calendar.zone,
        )  # fmt: skip

    counters = []
    for name, fill in edge.fills.items():
        field = setup.definition.fields[name]
        wanted = field.computed or not merged.get(name) or name in edge.needs.brings
        if name in values or not wanted:
            continue
        value = setup.registry.fills[fill].function(context())
        if value is not None:
            brought[name] = merged[name] = value
            if field.counter:
                counters.append(name)
    return context(), brought, tuple(counters)


def linked(setup: Setup, data: Mapping[str, Any]) -> Facts:
    """The facts, with paths beginning from the links that the data holds now."""
    fields = setup.definition.fields.values()
    return replace(setup.facts, links={f.id: str(data[f.id]) for f in fields if f.type == "case" and data.get(f.id)})
