"""Decide what a command does to a case, without doing it.

Kept free of I/O, so that a dry run, `next`, a forecast and the real thing are the same code.
"""

from datetime import timedelta

from msgspec.structs import replace

from engine.core import changes, clockwork
from engine.core.announcing import corrections
from engine.core.canonical import read_json
from engine.core.case import Case, Deadline
from engine.core.command import (
    Advance,
    Amend,
    Assign,
    Attach,
    ChangeParty,
    Command,
    Correct,
    Expire,
    Follow,
    MoveDeadline,
    Note,
    Open,
    Recuse,
    Remind,
    Review,
    Sign,
    StopClock,
    Unsign,
)  # fmt: skip
from engine.core.decision import Decision, Draft, Setup
from engine.core.errors import ConcurrentUpdate, NotFound, Refusal, TransitionRefused
from engine.core.importing import bring_in
from engine.core.moves import move
from engine.core.plain import instant
from engine.core.rights import acting_for
from engine.core.schedule import Changes, Ended, Setting, after_change
from engine.core.snapshot import to_json
from engine.core.typed import as_typed

UNDO_WITHIN = timedelta(hours=24)
"""How long the person who fired an event may take it back; later a head does."""


def decide(setup: Setup, case: Case | None, command: Command) -> Decision | None:
    """Judge any command.

    Args:
        setup: The rules, the facts and the moment.
        case: The case as it is, None for `Open`; for an imported one what an undone import left under its reference.
        command: What is asked for.

    Returns:
        The decision, or None where there is nothing to do (a reminder that was already dealt with).

    Raises:
        TransitionRefused: The rules say no; every reason is told.
        ValueMalformed: A value has not the form that its field asks for.
        ConcurrentUpdate: The case is not at the revision that the caller saw.
        NotFound: A deadline, document or signature that is named does not exist.
    """
    command = as_typed(command)
    if isinstance(command, Open):
        return bring_in(setup, case, command) if command.imported else move(setup, None, command)
    if case is None:
        raise NotFound(f"there is no case {command.reference}", says="case_unknown", case=command.reference)
    if command.revision is not None and command.revision != case.revision:
        raise ConcurrentUpdate(_changed(case, command.revision))
    match command:
        case Advance():
            return move(setup, case, command)
        case Amend():
            return changes.amend(setup, case, command)
        case Note():
            return changes.note(setup, case, command)
        case Assign():
            return changes.assign(setup, case, command)
        case Recuse():
            return changes.recuse(setup, case, command)
        case Review():
            return changes.review(setup, case, command)
        case Attach():
            return changes.attach(setup, case, command)
        case Sign():
            return changes.sign(setup, case, command)
        case Unsign():
            return changes.unsign(setup, case, command)
        case ChangeParty():
            return changes.change_party(setup, case, command)
        case MoveDeadline():
            return clockwork.move_deadline(setup, case, command)
        case StopClock():
            return clockwork.stop_clock(setup, case, command)
        case Follow():
            return clockwork.follow(setup, case, command)
        case Expire():
            return clockwork.expire(setup, case, command)
        case Remind():
            return clockwork.remind(setup, case, command)
        case Correct():
            return _correct(setup, case, command)
    raise TypeError(f"no rule for {type(command).__name__}")


def _changed(case: Case, seen: int) -> str:
    """What happened to a case that is not as the caller saw it."""
    latest = max(case.events.items(), key=lambda item: item[1].n, default=None)
    what = f"; the latest event is {latest[0]} by {latest[1].role} at {instant(latest[1].at)}" if latest else ""
    return f"{case.reference} was changed by someone else: it is at revision {case.revision}, not {seen}{what}"


def _correct(setup: Setup, case: Case, command: Correct) -> Decision:
    """Point at a wrong entry, or take back the latest transition; nothing is ever deleted."""
    acting = acting_for(setup.definition, case, command, "correct")
    if not command.note:
        raise TransitionRefused(reasons=[Refusal("note_missing")])
    if not 1 <= command.entry <= case.n:
        raise NotFound(
            f"{case.reference} has no entry {command.entry}: it has 1 to {case.n}",
            says="entry_unknown", case=case.reference, n=command.entry, last=case.n,
        )  # fmt: skip
    draft = Draft(
        setup, command, case, "reversed" if command.undo else "correct", acting, max(setup.now, case.occurred_at)
    )
    draft.put_note(command.note)
    if not command.undo:
        draft.body["corrects"] = command.entry
        return draft.conclude()
    before = setup.facts.case(f"before:{command.entry}")
    before = _checked_undo(setup, case, command, before)
    draft.event = next(e for e, h in case.events.items() if h.n == command.entry)
    draft.source, draft.target = case.state, before.state
    personal = frozenset(f.id for f in setup.definition.fields.values() if f.personal)
    public, private = to_json(before, personal)
    draft.body |= {"corrects": command.entry, "snapshot": read_json(public)}
    draft.payload["snapshot"] = read_json(private)
    if hidden := sorted(personal & before.data.keys()):
        draft.body["private"] = hidden
    notices = corrections(setup, case, command.entry, draft.n)
    return draft.conclude(_as_before(setup, draft, case, before), messages=notices)


def _as_before(setup: Setup, draft: Draft, case: Case, before: Case) -> Changes:
    """The deadlines that stand again, and those that only the transition had opened.

    A deadline that the transition left alone goes on as it is by now. One that it moved or ended gets a version of its
    own, so that reminders of the day that stands again are new ones.
    """
    by_now = {d.id: d for d in case.deadlines}
    stands = {d.id: _again(d, by_now.get(d.id)) for d in before.deadlines}
    setting = Setting(
        setup.definition, setup.calendar, setup.facts, replace(before, deadlines=tuple(stands.values())), draft.n,
        setup.now, setup.now,
    )  # fmt: skip
    stands |= {d.id: d for d in after_change(setting).moved}
    moved = tuple(d for d in stands.values() if d != by_now.get(d.id))
    return Changes(moved=moved, ended=tuple(Ended(d, "cancelled") for d in case.deadlines if d.id not in stands))


def _again(was: Deadline, by_now: Deadline | None) -> Deadline:
    if by_now is None:
        return replace(was, version=was.version + 1)
    return by_now if by_now.version == was.version else replace(was, version=by_now.version + 1)


def _checked_undo(setup: Setup, case: Case, command: Correct, before: Case | None) -> Case:
    """The case to go back to.

    The entry named must be a transition, and nothing but notes and remarks may have been written since; whoever fired
    it may take it back within 24 hours, later a head may.
    """
    happened = next((h for h in case.events.values() if h.n == command.entry), None)
    left = case if case.n == command.entry else setup.facts.case(f"before:{command.entry + 1}")
    if before is None or left is None or happened is None or command.entry == 1 or not _untouched(left, case):
        raise TransitionRefused(reasons=[Refusal("undo_not_possible", {"entry": command.entry})])
    moved_on = setup.facts.people(f"moved_since:{command.entry}")
    if moved_on:
        raise TransitionRefused(reasons=[Refusal("undo_spawned_moved", {"cases": ", ".join(moved_on)})])
    roles = command.actor.roles
    mine = command.actor.person is not None and command.actor.person in happened.people
    if "head" not in roles and not (mine and setup.now - left.recorded_at <= UNDO_WITHIN):
        raise TransitionRefused(reasons=[Refusal("undo_too_late", {"entry": command.entry}, who=("head",))])
    return before


def _untouched(left: Case, case: Case) -> bool:
    """Whether a case is as the transition left it, but for notes and for what the clock has done to its deadlines."""

    def lasting(one: Case) -> Case:
        return replace(one, n=0, head="", revision=0, recorded_at=case.recorded_at, deadlines=())

    def given(one: Case) -> dict[str, tuple[str | None, int]]:
        return {d.id: (d.extended_to, d.stopped_days) for d in one.deadlines}

    return lasting(left) == lasting(case) and given(left) == given(case)
