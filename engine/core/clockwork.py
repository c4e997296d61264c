"""What time does to a case: reminders, expiry, extensions, and the stopping of the clock.

Nothing here reads a clock: the moment comes with the setup, so that a forecast runs the same code.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from engine.core.acting import Acting
from engine.core.anchor import moment
from engine.core.case import Case, Deadline
from engine.core.command import Command, Expire, Follow, MoveDeadline, Remind, StopClock
from engine.core.dating import steps_of, timed, with_steps
from engine.core.deadline import end_of_day
from engine.core.decision import Decision, Draft, Setup
from engine.core.definition import DeadlineRule
from engine.core.errors import NotFound, Refusal, TransitionRefused, ValueMalformed
from engine.core.ladder import Step, StepKind
from engine.core.message import Message
from engine.core.moves import check_time
from engine.core.plain import instant
from engine.core.recipients import meant, people_of, reminded
from engine.core.rights import acting_for
from engine.core.schedule import Changes, Ended, Setting, after_change, after_shift, restarted

RETRY = timedelta(days=1)
"""How long an automatic event that was refused waits before it is tried again (DECISIONS.md 27)."""


def _refuse(code: str, **params: Any) -> TransitionRefused:
    return TransitionRefused(reasons=[Refusal(code, params)])


def _setting(setup: Setup, case: Case, n: int) -> Setting:
    return Setting(setup.definition, setup.calendar, setup.facts, case, n, setup.now, setup.now)


def _system(setup: Setup, case: Case, command: Command, act: str) -> Draft:
    return Draft(setup, command, case, act, Acting("system"), max(setup.now, case.occurred_at))


def _find(setup: Setup, case: Case, name: str) -> tuple[Deadline, DeadlineRule]:
    """The open deadline with that id or name, and its rule.

    Raises:
        NotFound: The case has no such open deadline.
    """
    fitting = [d for d in case.deadlines if name in (d.id, d.id.partition(":")[2], d.name)]
    if len(fitting) != 1:
        open_ones = ", ".join(d.id.partition(":")[2] for d in case.deadlines) or "none"
        raise NotFound(
            f"{case.reference} has no open deadline {name}; open: {open_ones}",
            says="deadline_unknown", case=case.reference, name=name, open=open_ones,
        )  # fmt: skip
    return fitting[0], setup.definition.deadlines[fitting[0].name]


def move_deadline(setup: Setup, case: Case, command: MoveDeadline) -> Decision:
    """Extend a deadline, also after its day, or waive it; with a note that says why."""
    acting = acting_for(setup.definition, case, command, "deadline")
    deadline, rule = _find(setup, case, command.deadline)
    if not command.note:
        raise _refuse("note_missing")
    if rule.timer:
        raise _refuse("deadline_not_extendable", deadline=rule.name)
    draft = Draft(setup, command, case, "deadline", acting, max(setup.now, case.occurred_at))
    draft.put_note(command.note)
    if command.to is None:
        return draft.conclude(Changes(ended=(Ended(deadline, "waived"),)))
    at, day = _new_date(setup, command.to)
    if at <= setup.now:
        raise _refuse("deadline_in_past", day=day.isoformat())
    setting = _setting(setup, case, draft.n)
    moved = replace(deadline, extended_to=command.to, due_at=at, due_on=day, version=deadline.version + 1)
    moved = with_steps(setting, rule, timed(setting, rule, moved), setup.now)
    changes = after_shift(setting, [moved])
    told = people_of(reminded(setup.definition, rule), case, setup.facts)
    key = f"{case.reference}#{draft.n}/deadline_moved"
    return draft.conclude(changes, messages=tuple(_message(setup, case, draft.n, key, "deadline_moved", p, moved)
                                                  for p in told))  # fmt: skip


def _new_date(setup: Setup, text: str) -> tuple[datetime, date]:
    """The instant and the day that a day or an instant means.

    Raises:
        ValueMalformed: It is neither.
    """
    try:
        value = moment(text)
    except ValueError:
        value = None
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value, setup.calendar.day(value)
    if value is None or isinstance(value, datetime):
        raise ValueMalformed(f"{text!r} is neither a day (2021-03-01) nor an instant with its zone")
    return end_of_day(value, setup.calendar.zone), value


def _message(
    setup: Setup, case: Case, n: int, key: str, template: str, person: str | None, deadline: Deadline | None
) -> Message:
    return Message(
        key=f"{key}/{person or '-'}", case=case.reference, n=n, template=template, person=person, lang="sv",
        variables={}, due_at=setup.now, deadline=deadline.id if deadline else None,
        attach=("calendar",) if template == "deadline_moved" else (),
        state="queued" if person else "no_recipient",
    )  # fmt: skip


def stop_clock(setup: Setup, case: Case, command: StopClock) -> Decision:
    """Stop the clock of a case, or start it: every pausable deadline moves by the days that it stood still."""
    acting = acting_for(setup.definition, case, command, "clock")
    if setup.definition.states[case.state].final:
        raise _refuse("state_final", event="clock", state=case.state)
    draft = Draft(setup, command, case, "clock", acting, check_time(setup, case, command))
    draft.put_note(command.note)
    if not command.start:
        if case.stopped_at is not None:
            raise _refuse("clock_already_stopped", day=setup.calendar.day(case.stopped_at).isoformat())
        if not command.note:
            raise _refuse("note_missing")
        draft.body["stopped"] = instant(draft.occurred)
        return draft.conclude()
    if case.stopped_at is None:
        raise _refuse("clock_not_stopped")
    if draft.occurred < case.stopped_at:
        raise _refuse("occurred_too_early", at=draft.occurred.isoformat(), latest=case.stopped_at.isoformat())
    draft.body["stopped"] = None
    setting = replace(_setting(setup, case, draft.n), occurred=draft.occurred)
    return draft.conclude(after_shift(setting, restarted(setting, case.stopped_at)))


def follow(setup: Setup, case: Case, command: Follow) -> Decision | None:
    """Let the deadlines follow an anchor that has moved elsewhere; None if nothing does."""
    draft = _system(setup, case, command, "follow")
    changes = after_change(_setting(setup, case, draft.n))
    return draft.conclude(changes) if changes.moved else None


def expire(
    setup: Setup, case: Case, command: Expire, *, refused: Sequence[Refusal] = (), known: bool = False
) -> Decision | None:  # fmt: skip
    """Record that a deadline has passed and that its `then` was fired, or why it could not be.

    An event that is impossible in the case's state waits, without a word, until the case has moved (DECISIONS.md 27).

    Args:
        setup: The rules and the moment.
        case: The case.
        command: Which deadline.
        refused: Why the event of its `then` was refused just now; it is then tried again a day later.
        known: Its owner was told these reasons before, and is not told again.

    Returns:
        None if nothing is due: somebody else was quicker, the deadline has moved, or the clock stands still.
    """
    deadline, rule = _find(setup, case, command.deadline)
    if setup.now <= deadline.due_at or (case.stopped_at is not None and rule.pausable):
        return None
    fires = _fires(setup, case, deadline, rule)
    if deadline.passed_at is not None and not fires:
        return None
    draft = _system(setup, case, command, "expire")
    passed = replace(deadline, passed_at=deadline.passed_at or setup.now)
    if fires and not refused:
        passed = replace(passed, fired_at=setup.now)
    elif fires:
        passed = replace(passed, then_at=setup.now + RETRY)
        draft.body["reasons"] = [{"code": r.code, "params": dict(r.params)} for r in refused]
    messages: tuple[Message, ...] = ()
    if refused and not known:
        people = people_of(reminded(setup.definition, rule), case, setup.facts)
        key = f"{case.reference}#{draft.n}/guard_refused"
        messages = tuple(_message(setup, case, draft.n, key, "guard_refused", p, deadline) for p in people)
    return draft.conclude(Changes(moved=(passed,)), messages=messages)


def _fires(setup: Setup, case: Case, deadline: Deadline, rule: DeadlineRule) -> bool:
    """Whether the event of `then` is due, not fired yet, and possible in the case's state."""
    if rule.then is None or deadline.then_at is None or deadline.fired_at is not None or setup.now <= deadline.then_at:
        return False
    return any(case.state in edge.source for edge in setup.definition.edges(rule.then))


def remind(setup: Setup, case: Case, command: Remind) -> Decision | None:
    """Say what is due to be said of a deadline: after an outage, only the latest step for each recipient."""
    deadline, rule = _find(setup, case, command.deadline)
    if case.stopped_at is not None and rule.pausable:
        return None
    draft = _system(setup, case, command, "remind")
    steps = steps_of(_setting(setup, case, draft.n), rule, deadline)
    due = [step for step in steps[deadline.step :] if step.at <= setup.now]
    if not due:
        return None
    latest: dict[str, tuple[Step, StepKind]] = {}
    superseded: list[list[Any]] = []
    for step in due:
        for person, kind in _told(setup, case, rule, deadline, step).items():
            if person in latest:
                superseded.append([latest[person][0].offset_days, person])
            latest[person] = step, kind
    done = deadline.step + len(due)
    moved = replace(deadline, step=done, next_reminder_at=steps[done].at if done < len(steps) else None)
    if superseded:
        draft.body["superseded"] = superseded
    messages = tuple(
        _reminder(setup, case, draft.n, rule, deadline, step, kind, p) for p, (step, kind) in latest.items()
    )
    if not latest:
        draft.body["untold"] = due[-1].offset_days
        messages = (_reminder(setup, case, draft.n, rule, deadline, due[-1], due[-1].kind, None),)
    return draft.conclude(Changes(moved=(moved,)), messages=messages)


def _told(setup: Setup, case: Case, rule: DeadlineRule, deadline: Deadline, step: Step) -> dict[str, StepKind]:
    """Who gets a step, and as what: only those it escalates to are told that somebody else has not acted."""
    plain = people_of(reminded(setup.definition, rule), case, setup.facts) if step.plain else ()
    extra = people_of(meant(setup.definition, rule, step.to_extra), case, setup.facts)
    today = setup.calendar.day(setup.now)
    told: dict[str, StepKind] = dict.fromkeys(extra, "escalated")
    return told | dict.fromkeys(plain, kind_on(today, deadline.due_on))


def kind_on(day: date, due_on: date) -> StepKind:
    """How a reminder speaks that is read on that day: a late one must not say that there is still time."""
    if day == due_on:
        return "due"
    return "before" if day < due_on else "after"


def _reminder(
    setup: Setup, case: Case, n: int, rule: DeadlineRule, deadline: Deadline, step: Step, kind: StepKind,
    person: str | None,
) -> Message:  # fmt: skip
    template = rule.message or "reminder"
    key = f"{deadline.id}/{deadline.version}/{step.offset_days}/{person or '-'}"
    return Message(
        key=key, case=case.reference, n=n, template=template, person=person, lang="sv",
        variables={"step": {"kind": kind, "offset": step.offset_days}}, due_at=setup.now,
        attach=("calendar",) if kind == "before" else (), state="queued" if person else "no_recipient",
        deadline=deadline.id,
    )  # fmt: skip
