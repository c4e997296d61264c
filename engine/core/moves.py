"""Opening a case and moving it: which edge an event takes, and all that follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.core.acting import Acting, act
from engine.core.amending import foreign_fields, parse_values
from engine.core.announcing import announcements
from engine.core.case import Approval, Case, Document, Party
from engine.core.command import Advance, Command, Open, PartyGiven, Upload
from engine.core.decision import Decision, Draft, FireWanted, Setup, SpawnWanted
from engine.core.definition import Transition
from engine.core.errors import Refusal, TransitionRefused
from engine.core.expression import evaluate
from engine.core.facts import Facts
from engine.core.guard import Context
from engine.core.machine import START, EdgeRefused, WrongEvent
from engine.core.plain import approval_to_plain, document_to_plain, party_to_plain
from engine.core.planning import planned
from engine.core.requirements import approvals_wanting, passes, unmet, waived
from engine.core.schedule import Setting, after_move
from engine.core.signing import outdated


@dataclass(frozen=True, slots=True)
class Chosen:
    """The edge an event takes, and what was found out on the way."""

    edge: Transition
    acting: Acting
    context: Context
    values: Mapping[str, Any]
    counters: tuple[str, ...]


def blank(setup: Setup, command: Open, occurred: datetime) -> Case:
    """What an opening starts from: a case that is nowhere yet, with the parties it is given."""
    return Case(
        reference=command.reference, workflow=setup.definition.name, version=setup.definition.version, state=START,
        title=command.title, opened_at=occurred, entered_at=occurred, occurred_at=occurred, recorded_at=setup.now,
        parent=command.parent, parties=tuple(_party(i, p) for i, p in enumerate(command.parties, 1)),
    )  # fmt: skip


def _party(number: int, given: PartyGiven) -> Party:
    return Party(number, given.role, given.organisation, given.side, given.required, dict(given.people))


def documents_from(uploads: tuple[Upload, ...], case: Case | None, n: int, at: datetime) -> tuple[Document, ...]:
    """The documents that a command files, numbered within the case."""
    first = len(case.documents) + 1 if case else 1
    return tuple(
        Document(
            id=number, kind=u.kind, sha256=u.sha256, name=u.name, direction=u.direction,
            received_at=u.received_at or at, n=n, sender=u.sender, secrecy=u.secrecy, draft=u.draft,
        )
        for number, u in enumerate(uploads, first)
    )  # fmt: skip


def put_documents(draft: Draft, documents: tuple[Document, ...]) -> None:
    """Record documents: their digests in the line, their names and senders in the payload."""
    if documents:
        draft.body["docs"] = [document_to_plain(d) for d in documents]
        draft.payload["docs"] = {str(d.id): {"name": d.name, "sender": d.sender} for d in documents}


def choose(setup: Setup, case: Case, command: Advance | Open, occurred: datetime) -> Chosen:
    """The edge that the command takes.

    Raises:
        TransitionRefused: With every reason, if there is none.
        ValueMalformed: A value given is not of its field's form.
    """
    values = parse_values(setup, command.set)
    known = set(setup.definition.documents)
    strange = [Refusal("document_unknown", {"kind": u.kind}) for u in command.uploads if u.kind not in known]
    n = case.n + 1
    filed = replace(case, documents=case.documents + documents_from(command.uploads, case, n, occurred))
    found: dict[int, Chosen] = {}

    def ask(edge: Transition) -> tuple[bool, list[Refusal]]:
        who = act(setup.definition, case, command, edge.by)
        acting = who if isinstance(who, Acting) else Acting(edge.by[0])
        context, brought, counters = context_of(setup, case, filed, command, edge, acting, values, occurred)
        off = [r for use in edge.when for r in setup.registry.guards[use.name].function(context, **use.params)]
        if off:
            return False, off
        refusals = list(strange)
        if isinstance(who, Refusal):
            refusals.append(who)
        else:
            refusals += foreign_fields(setup, case, edge, values, acting.role)
        refusals += unmet(setup.registry, context, acting)
        found[id(edge)] = Chosen(edge, acting, context, brought, counters)
        return True, refusals

    try:
        edge = setup.machine.choose(case.state, command.event, ask)
    except WrongEvent as error:
        raise TransitionRefused(reasons=[_wrong(setup, case, command, error.code)]) from None
    except EdgeRefused as error:
        raise TransitionRefused(reasons=error.reasons) from None
    return found[id(edge)]


def _wrong(setup: Setup, case: Case, command: Advance | Open, code: str) -> Refusal:
    if case.state == START:
        events = [t.event for t in setup.definition.openings()]
        return Refusal("workflow_opening_unknown", {"event": command.event, "events": events})
    state = setup.definition.states[case.state]
    if state.final and code == "wrong_state":
        return Refusal("state_final", {"event": command.event, "state": case.state})
    return Refusal(code, {"event": command.event, "state": case.state}, f"skede next {case.reference}")


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


def check_time(setup: Setup, case: Case | None, command: Command) -> datetime:
    """When the command's act happened; it may be recorded late, but not out of order.

    Raises:
        TransitionRefused: The time given lies in the future, or before what the case has been through.
    """
    occurred = command.occurred_at or setup.now
    if occurred > setup.now:
        raise TransitionRefused(reasons=[Refusal("occurred_in_future", {"at": occurred.isoformat()})])
    if case is not None and occurred < case.occurred_at:
        if command.occurred_at is None or command.fired:
            return case.occurred_at
        params = {"at": occurred.isoformat(), "latest": case.occurred_at.isoformat()}
        raise TransitionRefused(reasons=[Refusal("occurred_too_early", params)])
    return occurred


def move(setup: Setup, case: Case | None, command: Advance | Open) -> Decision:
    """Judge an opening or an event.

    Raises:
        TransitionRefused: With every reason why not.
    """
    occurred = check_time(setup, case, command)
    start = case if case is not None else blank(setup, command, occurred)  # type: ignore[arg-type]
    chosen = choose(setup, start, command, occurred)
    draft = Draft(
        setup, command, case, "open" if case is None else "advance", chosen.acting, occurred,
        event=command.event, source=None if case is None else case.state,
    )  # fmt: skip
    draft.put_values(chosen.values)
    draft.put_note(command.note)
    put_documents(draft, documents_from(command.uploads, case, draft.n, occurred))
    if chosen.acting.people:
        draft.body["people"] = list(chosen.acting.people)
    if case is None:
        put_opening(draft, start)
    if names := [use.name for use in chosen.edge.guards]:
        draft.body["guards"] = names
    if overridden := waived(setup.registry, chosen.context):
        draft.body["waived"] = list(overridden)
    if case is not None and approvals_wanting(setup.definition, case, chosen.edge, chosen.acting):
        return _approve(draft, chosen)
    return _take(draft, chosen, start)


def put_opening(draft: Draft, start: Case) -> None:
    """Record what only an opening has: title, parent and first parties."""
    draft.body["title"] = start.title
    draft.body["parent"] = start.parent
    if start.parties:
        draft.body["parties"] = [party_to_plain(p) for p in start.parties]


def _approve(draft: Draft, chosen: Chosen) -> Decision:
    """One yes of several: it is recorded, and the case stays."""
    acting = chosen.acting
    draft.act, draft.target = "approve", None
    given = Approval(chosen.edge.event, acting.role, acting.people, acting.party, draft.n)
    draft.body["approval"] = approval_to_plain(given)
    return draft.conclude(counters=chosen.counters)


def _take(draft: Draft, chosen: Chosen, start: Case) -> Decision:
    setup, edge, command = draft.setup, chosen.edge, draft.command
    draft.target, back = _target(setup, start, edge)
    if back != start.back:
        draft.body["back"] = list(back)
    if setup.definition.states[draft.target].final:
        draft.body["final"] = True
    _put_parent(draft)
    _void(draft, edge)
    after = draft.preview()
    setting = Setting(setup.definition, setup.calendar, setup.facts, after, draft.n, draft.occurred, setup.now)
    item = after.data.get(edge.item) if edge.item else None
    changes = after_move(setting, draft.source, edge.event, int(item) if item else None)
    person = chosen.acting.people[0] if chosen.acting.people else None
    messages = announcements(setup, chosen.context, after, edge, draft.n)
    spawns, fires = _wanted(setup, setting, chosen, command.note, person)
    more_spawns, more_fires = planned(setting, edge.plans)
    return draft.conclude(
        changes, messages=messages, spawns=spawns + more_spawns, fires=fires + more_fires, counters=chosen.counters
    )


def _target(setup: Setup, case: Case, edge: Transition) -> tuple[str, tuple[str, ...]]:
    """The state that the edge leads to, and the states remembered after it."""
    if edge.target == "@same":
        return case.state, case.back
    if edge.target == "@previous":
        if not case.back:
            raise TransitionRefused(reasons=[Refusal("nothing_remembered", {"state": case.state})])
        return case.back[-1], case.back[:-1]
    side_step = any(t.target == "@previous" and edge.target in t.source for t in setup.definition.transitions)
    if side_step and edge.target != case.state and case.state != START:
        return edge.target, (*case.back, case.state)
    return edge.target, case.back if side_step else ()


def _put_parent(draft: Draft) -> None:
    """A case field that says which case is the parent does so from now on."""
    values = {**draft.body.get("set", {}), **draft.payload.get("set", {})}
    for field in draft.setup.definition.fields.values():
        if field.parent and field.id in values:
            draft.body["parent"] = values[field.id]


def _void(draft: Draft, edge: Transition) -> None:
    after = draft.preview()
    if "signatures" in edge.voids:
        fallen = tuple(s.id for s in after.signatures if s.state == "valid")
    else:
        fallen = outdated(draft.setup.definition, after)
    if fallen:
        draft.body["voided"] = list(fallen)


def _wanted(
    setup: Setup, setting: Setting, chosen: Chosen, note: str | None, person: str | None
) -> tuple[tuple[SpawnWanted, ...], tuple[FireWanted, ...]]:
    """The cases to be opened and the events to be tried on related ones."""
    edge, role = chosen.edge, chosen.acting.role
    spawns = tuple(
        SpawnWanted(s, _title(s.title, setting.case), evaluate(setting, s.set, note=note, person=person))
        for s in edge.spawns
        if (not s.for_role or role in s.for_role) and passes(setup.registry, s.when, chosen.context)
    )
    fires = tuple(
        FireWanted(case.reference, f.event, evaluate(setting, f.set, note=note, person=person), note)
        for f in edge.fires
        if passes(setup.registry, f.when, chosen.context)
        for case in related(setting, f.on)
        if case.workflow == f.workflow and case.reference != setting.case.reference
    )
    return spawns, fires


def related(setting: Setting, on: str) -> tuple[Case, ...]:
    """The cases that `on` means."""
    if on == "parent":
        parent = setting.facts.case(f"@{setting.case.parent}") if setting.case.parent else None
        return (parent,) if parent else ()
    return setting.facts.cases(on)


def _title(text: Mapping[str, str], case: Case) -> str:
    return text["sv"].replace("{title}", case.title).replace("{reference}", case.reference)
