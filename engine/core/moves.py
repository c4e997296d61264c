"""Opening a case and moving it: which edge an event takes, and all that follows from it."""

from collections.abc import Mapping
from datetime import datetime

from engine.core.announcing import announcements
from engine.core.case import Approval, Case, Document, Party
from engine.core.choosing import Chosen, choose, documents_from
from engine.core.command import Advance, Command, Open, PartyGiven
from engine.core.decision import Decision, Draft, FireWanted, Setup, SpawnWanted
from engine.core.definition import Transition
from engine.core.errors import Refusal, TransitionRefused
from engine.core.expression import evaluate
from engine.core.machine import START
from engine.core.plain import approval_to_plain, document_to_plain, party_to_plain
from engine.core.planning import planned
from engine.core.requirements import approvals_wanting, passes, waived
from engine.core.schedule import Setting, after_move
from engine.core.signing import outdated


def blank(setup: Setup, command: Open, occurred: datetime) -> Case:
    """What an opening starts from: a case that is nowhere yet, with the parties it is given."""
    return Case(
        reference=command.reference, workflow=setup.definition.name, version=setup.definition.version, state=START,
        title=command.title, opened_at=occurred, entered_at=occurred, occurred_at=occurred, recorded_at=setup.now,
        parent=command.parent, parties=tuple(_party(i, p) for i, p in enumerate(command.parties, 1)),
    )  # fmt: skip


def _party(number: int, given: PartyGiven) -> Party:
    return Party(number, given.role, given.organisation, given.side, given.required, dict(given.people))


def put_documents(draft: Draft, documents: tuple[Document, ...]) -> None:
    """Record documents: their digests in the line, their names and senders in the payload."""
    if documents:
        draft.body["docs"] = [document_to_plain(d) for d in documents]
        draft.payload["docs"] = {str(d.id): {"name": d.name, "sender": d.sender} for d in documents}


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
    put_documents(draft, documents_from(setup.definition, command.uploads, case, draft.n, occurred))
    if chosen.acting.people:
        draft.body["people"] = list(chosen.acting.people)
    if case is None:
        put_opening(draft, start)
    if names := [use.name for use in chosen.edge.guards]:
        draft.body["guards"] = names
    if overridden := waived(setup.registry, chosen.context):
        draft.body["waived"] = list(overridden)
    standing = _standing(draft, chosen)
    if case is not None and approvals_wanting(case, standing, chosen.edge, chosen.acting):
        return _approve(draft, chosen)
    if given := [person for approval in standing for person in approval.people]:
        draft.body["approved_by"] = list(dict.fromkeys(given))
    return _take(draft, chosen, start)


def put_opening(draft: Draft, start: Case) -> None:
    """Record what only an opening has: title, parent and first parties."""
    draft.body["title"] = start.title
    draft.body.setdefault("parent", start.parent)
    if start.parties:
        draft.body["parties"] = [party_to_plain(p) for p in start.parties]


def _standing(draft: Draft, chosen: Chosen) -> tuple[Approval, ...]:
    """The approvals of the event that still hold.

    All fall, as signatures do, once something else is said yes to (DECISIONS.md 38); what each brings anew, such as
    a reason of their own, is not what they approve.
    """
    if fallen := outdated(draft.setup.definition, draft.preview()):
        draft.body["voided"] = list(fallen)
    if draft.case is None or not draft.case.approvals:
        return ()
    own, data = chosen.edge.needs.brings, draft.case.data
    if fallen or any(data.get(name) != value for name, value in chosen.values.items() if name not in own):
        draft.body["approvals_cleared"] = True
        return ()
    return tuple(a for a in draft.case.approvals if a.event == chosen.edge.event)


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
    if "signatures" in edge.voids:
        draft.body["voided"] = [s.id for s in start.signatures if s.state == "valid"]
    after = draft.preview()
    setting = Setting(setup.definition, setup.calendar, setup.facts, after, draft.n, draft.occurred, setup.now)
    item = after.data.get(edge.item) if edge.item else None
    changes = after_move(setting, draft.case, edge.event, int(item) if item else None)
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
