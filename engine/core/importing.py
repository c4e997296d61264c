"""Cases that come from elsewhere: each stands at once where it stood there, and what was not checked is told."""

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from engine.core.acting import Acting
from engine.core.amending import parse_values
from engine.core.anchor import anchor_value
from engine.core.case import Case
from engine.core.choosing import context_of
from engine.core.command import Open
from engine.core.daterule import parse_rule
from engine.core.decision import Decision, Draft, Setup
from engine.core.definition import DeadlineRule, Definition, Needs, Transition
from engine.core.errors import Refusal, TransitionRefused, ValueMalformed
from engine.core.guard import Context
from engine.core.moves import blank, check_time, put_opening
from engine.core.plain import instant
from engine.core.requirements import unmet
from engine.core.schedule import Changes, Setting, items_of, new_deadline, steps_of

IMPORTERS = ("head", "admin", "registrar", "officer")
"""Roles that may bring cases in, or take an import back; what lives on here, the head alone (app/imported.py)."""


def bring_in(setup: Setup, before: Case | None, command: Open) -> Decision:
    """Judge the opening of an imported case: its values are checked, the way it came is not.

    It announces nothing, opens no other cases and fires no events: all that was done where it came from.

    Args:
        setup: The rules and the moment.
        before: What an undone import left under its reference; the case then goes on from its numbers.
        command: The case as it is to stand; `occurred_at` is since when.

    Raises:
        TransitionRefused: The actor may not import, or a time lies where it cannot.
        ValueMalformed: A value, the opening or the state is none of this workflow.
    """
    definition = setup.definition
    occurred = check_time(setup, None, command)
    acting = Acting(importing_role(command.actor.roles))
    edge = _opening(definition, command)
    state = _state(definition, command, edge)
    start = blank(setup, command, occurred)
    values = parse_values(setup, command.set, computed=True)
    context, brought, _ = context_of(setup, start, start, command, edge, acting, values, occurred)
    draft = Draft(setup, command, before, "open", acting, occurred, event=edge.event, target=state)
    draft.put_values(brought)
    draft.put_note(command.note)
    put_opening(draft, start)
    if definition.states[state].final:
        draft.body["final"] = True
    draft.body["batch"] = command.batch
    if command.assignee:
        draft.body["assignee"] = command.assignee
    draft.body["imported"] = {"opened_at": instant(_began(command, occurred))}
    if command.history is not None:
        draft.body["imported"]["history"] = dict(command.history)
    if command.past:
        draft.payload["history"] = dict(command.past)
    setting = Setting(definition, setup.calendar, setup.facts, draft.preview(), draft.n, occurred, setup.now)
    changes, left_out = _deadlines(setting, edge.event, wanted=command.deadlines)
    told = [*_unverified(setup, context, acting, state), *left_out]
    draft.body["imported"]["unverified"] = [{"code": r.code, "params": dict(r.params)} for r in told]
    return draft.conclude(changes)


def importing_role(roles: frozenset[str]) -> str:
    """The role in which somebody imports.

    Raises:
        TransitionRefused: None of the roles may.
    """
    found = next((role for role in IMPORTERS if role in roles), None)
    if found is None:
        params = {"right": "import", "roles": list(IMPORTERS)}
        raise TransitionRefused(reasons=[Refusal("right_missing", params, who=IMPORTERS)])
    return found


def _began(command: Open, occurred: datetime) -> datetime:
    """When the case was opened; it cannot be later than since when it stands where it stands."""
    began = command.opened_at or occurred
    if began > occurred:
        params = {"at": began.isoformat(), "latest": occurred.isoformat()}
        raise TransitionRefused(reasons=[Refusal("import_order", params)])
    return began


def _opening(definition: Definition, command: Open) -> Transition:
    """The opening that the case is taken to have begun with, without what only a person beginning it could answer."""
    openings = {edge.event: edge for edge in reversed(definition.openings())}
    found = openings.get(command.event)
    if found is None:
        raise ValueMalformed(
            f"{definition.name} does not begin with {command.event}; it begins with {', '.join(sorted(openings))}",
            says="import_opening_unknown",
            workflow=definition.name,
            event=command.event,
            known=", ".join(sorted(openings)),
        )
    computed = {name: fill for name, fill in found.fills.items() if definition.fields[name].computed}
    return replace(found, fills=computed)


def _state(definition: Definition, command: Open, edge: Transition) -> str:
    state = command.state or edge.target
    if state not in definition.states:
        raise ValueMalformed(
            f"{definition.name} has no state {state}; it has {', '.join(definition.states)}",
            says="import_state_unknown",
            workflow=definition.name,
            state=state,
            known=", ".join(definition.states),
        )
    if any(t.target == "@previous" and state in t.source for t in definition.transitions):
        raise ValueMalformed(
            f"{state} is a step aside, which leads back to where the case was: import it as it stood before, "
            "and take the step here",
            says="import_step_aside",
            state=state,
        )
    return state


def _unverified(setup: Setup, context: Context, acting: Acting, state: str) -> Iterator[Refusal]:
    """What an opening would have asked for and this one does not have, and what was not asked at all."""
    edge = context.transition
    bare = replace(edge, guards=(), limit=None)
    yield from unmet(setup.registry, replace(context, transition=bare), acting)
    for use in edge.guards:
        yield Refusal("import_guard_not_asked", {"guard": use.name})
    if state != edge.target:
        yield Refusal("import_way_unknown", {"source": edge.target, "state": state})
        for kind in _asked_before(context.definition, state):
            yield Refusal("document_missing", {"kind": kind})


def _asked_before(definition: Definition, state: str) -> Iterator[str]:
    """Kinds of document that every way into a state asks for, and that a case from elsewhere comes without."""
    ways: list[Needs] = [t.needs for t in definition.transitions if t.target == state]
    if ways:
        asked = [{*needs.documents, *needs.new_documents} for needs in ways]
        yield from sorted(set.intersection(*asked))


def _deadlines(setting: Setting, event: str, *, wanted: bool) -> tuple[Changes, list[Refusal]]:
    """The deadlines that an imported case has from now on, and those it is left without.

    One whose day has passed does not open: nobody is reminded of what was due elsewhere.
    """
    opened, left_out = [], []
    suppressed: list[tuple[str, int]] = []
    for rule in setting.definition.deadlines.values() if wanted else ():
        if not _lives(setting, rule, event):
            continue
        for number in items_of(rule, setting.case.data):
            made = new_deadline(setting, rule, number, None)
            if isinstance(made, Refusal):
                left_out.append(made)
            elif made.due_at <= setting.now:
                params = {"deadline": rule.name, "day": made.due_on.isoformat()}
                left_out.append(Refusal("import_deadline_past", params))
            else:
                opened.append(made)
                suppressed += ((made.id, step.offset_days) for step in steps_of(setting, rule, made)[: made.step])
    return Changes(opened=tuple(opened), suppressed=tuple(suppressed)), left_out


def _lives(setting: Setting, rule: DeadlineRule, event: str) -> bool:
    """Whether a rule's deadline runs in the state.

    One that an event opens is taken to run if it counts from a value that the case has; when the event happened is
    not known.
    """
    if setting.case.state not in rule.while_in:
        return False
    if not rule.opened_by or event in rule.opened_by:
        return True
    anchor = parse_rule(rule.due).anchor
    return anchor != "entered" and anchor_value(setting, anchor, rule, None, setting.occurred) is not None
