"""Which deadlines a change opens, moves and ends (DECISIONS.md 26, 30, 31).

A deadline lives while its case is in a set of states, so that none can be left open by mistake; its date is
computed from its anchor every time anew, so that it follows wherever the anchor moves.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.core.anchor import Calendar, Setting, anchor_value, ends_day, moment, written
from engine.core.case import Case, Deadline
from engine.core.dating import dated, new_deadline, postponed, steps_of, with_steps
from engine.core.deadline import parse_rule
from engine.core.definition import DeadlineRule, Definition
from engine.core.errors import Refusal, TransitionRefused

__all__ = [
    "Calendar", "Changes", "Ended", "Setting", "after_change", "after_move", "after_shift", "ends_day", "items_of",
    "moment", "new_deadline", "restarted", "steps_of", "with_steps",
]  # fmt: skip

_ON_ANOTHER = "deadline:"
"""How the anchor of a rule begins that counts from another deadline."""


class Ended(Struct, frozen=True):
    """A deadline that ended: `how` is met, expired, waived or cancelled."""

    deadline: Deadline
    how: str


class Changes(Struct, frozen=True):
    """What a change does to the deadlines of a case; `suppressed` are steps that were past at the opening."""

    opened: tuple[Deadline, ...] = ()
    moved: tuple[Deadline, ...] = ()
    ended: tuple[Ended, ...] = ()
    suppressed: tuple[tuple[str, int], ...] = ()


def after_move(setting: Setting, before: Case | None, event: str, item: int | None) -> Changes:
    """The deadlines after a move by an event.

    Args:
        setting: The case in its new state.
        before: The case as it was, None for an opening.
        event: The event that was fired.
        item: Which item of a `for_each` deadline the event is about, if one.

    Raises:
        TransitionRefused: A deadline that would open has nothing to count from.
    """
    work = _Work(setting)
    source, state = before.state if before else None, setting.case.state
    for rule in _in_order(setting.definition):
        open_ones = [d for d in setting.case.deadlines if d.name == rule.name]
        going = [d for d in open_ones if _ends(rule, d, state, event, item)]
        for deadline in going:
            work.end(deadline, _how(rule, deadline, event, item))
        if _opens(rule, source, state, event, bool(open_ones)):
            for number in items_of(rule, setting.case.data):
                again = next((d for d in open_ones if d not in going and d.item == number), None)
                work.open(rule, number, again)
        else:
            _resize(work, rule, before)
    return work.changes()


def after_change(setting: Setting, before: Case | None = None) -> Changes:
    """The deadlines after a change that is not a move.

    Those whose anchor has moved follow it, and a family grows and shrinks with its list.

    Args:
        setting: The case after the change.
        before: The case as it was; without it no list has changed.

    Raises:
        TransitionRefused: A new item of a list has nothing to count from.
    """
    work = _Work(setting)
    for rule in _in_order(setting.definition):
        _resize(work, rule, before)
    return work.changes()


def after_shift(setting: Setting, shifted: Iterable[Deadline]) -> Changes:
    """The deadlines after some were moved by hand or by the clock: those that count from them follow."""
    work = _Work(setting)
    for deadline in shifted:
        work.move(deadline)
    return work.changes()


class _Work:
    """Changes being put together: the case in `setting` always has the deadlines as they are by then."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._open = {d.id: d for d in setting.case.deadlines}
        self._opened: list[Deadline] = []
        self._moved: list[Deadline] = []
        self._ended: list[Ended] = []
        self._suppressed: list[tuple[str, int]] = []
        self._refusals: list[Refusal] = []

    def end(self, deadline: Deadline, how: str) -> None:
        del self._open[deadline.id]
        self._ended.append(Ended(deadline, how))

    def open(self, rule: DeadlineRule, item: int | None, again: Deadline | None = None) -> None:
        """Open a deadline, or anchor an open one anew."""
        # What came after the event, but before it was recorded, was missed, and is made up for (DECISIONS.md 30).
        made = new_deadline(self._current(rule), rule, item, again, since=self.setting.occurred)
        if isinstance(made, Refusal):
            self._refusals.append(made)
            return
        (self._moved if again else self._opened).append(made)
        self._open[made.id] = made
        past = steps_of(self.setting, rule, made)[: made.step] if made.step else ()
        self._suppressed += ((made.id, step.offset_days) for step in past)

    def move(self, deadline: Deadline) -> None:
        self._moved.append(deadline)
        self._open[deadline.id] = deadline

    def changes(self) -> Changes:
        """What has come together, and what follows from it.

        Raises:
            TransitionRefused: Something could not be opened.
        """
        if self._refusals:
            raise TransitionRefused(reasons=self._refusals)
        settled = {d.id for d in (*self._opened, *self._moved)}
        rules = self.setting.definition.deadlines
        living = [d for d in self._open.values() if d.id not in settled and d.name in rules]
        for deadline in sorted(living, key=lambda d: _depth(rules, rules[d.name])):
            rule = rules[deadline.name]
            if followed := _followed(self._current(rule), rule, deadline):
                self.move(followed)
        return Changes(tuple(self._opened), tuple(self._moved), tuple(self._ended), tuple(self._suppressed))

    def _current(self, rule: DeadlineRule) -> Setting:
        """The setting as it is by now; only a rule that counts from another deadline can tell the difference."""
        if not rule.due.startswith(_ON_ANOTHER):
            return self.setting
        return replace(self.setting, case=replace(self.setting.case, deadlines=tuple(self._open.values())))


def _in_order(definition: Definition) -> list[DeadlineRule]:
    """The rules, each after the one that it counts from; validation refuses those that wait for each other."""
    rules = definition.deadlines
    return sorted(rules.values(), key=lambda rule: _depth(rules, rule))


def _depth(rules: Mapping[str, DeadlineRule], rule: DeadlineRule) -> int:
    if not rule.due.startswith(_ON_ANOTHER):
        return 0
    return 1 + _depth(rules, rules[parse_rule(rule.due).anchor.removeprefix(_ON_ANOTHER)])


def _resize(work: _Work, rule: DeadlineRule, before: Case | None) -> None:
    """Let a living family follow a list that has become longer or shorter."""
    case = work.setting.case
    if rule.for_each is None or before is None or not {before.state, case.state} <= set(rule.while_in):
        return
    living = [d for d in case.deadlines if d.name == rule.name]
    if rule.opened_by and not living:
        return
    was, now = len(items_of(rule, before.data)), len(items_of(rule, case.data))
    for deadline in living:
        if deadline.item is not None and deadline.item > now:
            work.end(deadline, "cancelled")
    for number in range(was + 1, now + 1):
        work.open(rule, number)


def _ends(rule: DeadlineRule, deadline: Deadline, state: str, event: str, item: int | None) -> bool:
    if state not in rule.while_in:
        return True
    return event in (*rule.met_by, *rule.cancelled_by) and _meant(rule, deadline, item)


def _meant(rule: DeadlineRule, deadline: Deadline, item: int | None) -> bool:
    """Whether an event that is about an item, or about all of them, is about this deadline."""
    return item is None or rule.for_each is None or deadline.item == item


def _how(rule: DeadlineRule, deadline: Deadline, event: str, item: int | None) -> str:
    if deadline.fired_at is not None and event == rule.then:
        return "expired"
    return "met" if event in rule.met_by and _meant(rule, deadline, item) else "cancelled"


def _opens(rule: DeadlineRule, source: str | None, state: str, event: str, is_open: bool) -> bool:
    if state not in rule.while_in:
        return False
    if rule.opened_by:
        return event in rule.opened_by
    return not is_open and (source is None or source not in rule.while_in)


def items_of(rule: DeadlineRule, data: Mapping[str, Any]) -> Sequence[int | None]:
    """The instances of a rule: one for each record of its list, or the one that has no number."""
    if rule.for_each is None:
        return (None,)
    return range(1, len(data.get(rule.for_each) or ()) + 1)


def _followed(setting: Setting, rule: DeadlineRule, deadline: Deadline) -> Deadline | None:
    """An open deadline whose date is another one now, or whose reminders count from a day that has moved."""
    if deadline.extended_to:
        return None
    bumped = replace(deadline, version=deadline.version + 1)
    anchor = anchor_value(setting, parse_rule(rule.due).anchor, rule, deadline.item, deadline.opened_at)
    if anchor is not None and written(anchor) != deadline.anchor:
        return dated(setting, rule, bumped, anchor, since=setting.now)
    if rule.remind_from and with_steps(setting, rule, deadline, None) != deadline:
        return with_steps(setting, rule, bumped, setting.now)
    return None


def restarted(setting: Setting, stopped_at: datetime) -> Iterator[Deadline]:
    """The pausable deadlines of a case whose clock starts again, moved by the days that it stood still for them."""
    day = setting.calendar.day
    for deadline in setting.case.deadlines:
        rule = setting.definition.deadlines.get(deadline.name)
        days = (day(setting.occurred) - day(max(stopped_at, deadline.opened_at))).days
        if rule is None or not rule.pausable or days <= 0:
            continue
        longer = replace(deadline, stopped_days=deadline.stopped_days + days, version=deadline.version + 1)
        if deadline.extended_to:
            yield with_steps(setting, rule, postponed(setting, rule, longer, days), setting.now)
        elif anchor := moment(deadline.anchor):
            yield dated(setting, rule, longer, anchor, since=setting.now)
