"""Judges how a case can walk through its states: nothing strands, nothing is forgotten, no choice is a riddle."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from engine.core.definition import DeadlineRule, Definition, State, Transition
from engine.core.findings import Findings
from engine.core.language import LANGUAGES
from engine.core.validate_move import numbered

PREVIOUS, SAME = "@previous", "@same"
_DEEPEST = 3
"""How many side steps may nest in the walk; more say nothing new."""
_MOST = 50_000
"""Situations after which the walk ends, lest a wild definition take for ever."""


def judge_flow(found: Findings) -> None:
    """Judge reachability, the ways out, the deadlines of each state, and what is ambiguous."""
    _judge_reach(found)
    _judge_ambiguous(found)
    _judge_titles(found)
    _judge_cover(found)


def side_steps(definition: Definition) -> frozenset[str]:
    """The states with an exit to `@previous`: entering one remembers where the case was."""
    return frozenset(state for move in definition.transitions if move.target == PREVIOUS for state in move.source)


def exits(definition: Definition) -> dict[str, set[str]]:
    """State -> states that one step may lead to; `@previous` leads wherever the side step is entered from."""
    entered_from: dict[str, set[str]] = {name: set() for name in definition.states}
    for move in definition.transitions:
        if move.target in entered_from:
            entered_from[move.target].update(name for name in move.source if name != move.target)
    found: dict[str, set[str]] = {name: set() for name in definition.states}
    for move in definition.transitions:
        for state in (name for name in move.source if name in found):
            if move.target == PREVIOUS:
                found[state] |= entered_from[state]
            elif move.target in found:
                found[state].add(move.target)
    return found


def _judge_reach(found: Findings) -> None:
    definition, ways = found.definition, exits(found.definition)
    begun = {move.target for move in definition.openings() if move.target in ways}
    reached = _spread(begun, ways)
    for name in definition.states:
        if name not in reached:
            found.add(f"state.{name}", f"no case can ever come to “{name}”", "lead a transition to it, or remove it")
    back: dict[str, set[str]] = {name: set() for name in ways}
    for name, targets in ways.items():
        for target in targets:
            back[target].add(name)
    ending = _spread({name for name, state in definition.states.items() if state.final}, back)
    for name, state in definition.states.items():
        if name not in ending and not state.final:
            found.add(f"state.{name}", f"from “{name}” no final state can be reached: a case would strand there")
    for name in sorted(begun & side_steps(definition)):
        found.add(f"state.{name}", f"a case may begin in “{name}”, where `{PREVIOUS}` leads nowhere")


def _spread(begin: Iterable[str], ways: dict[str, set[str]]) -> set[str]:
    reached, waiting = set(begin), list(begin)
    while waiting:
        for target in ways[waiting.pop()] - reached:
            reached.add(target)
            waiting.append(target)
    return reached


def _judge_ambiguous(found: Findings) -> None:
    moves = list(numbered(found.definition))
    for (_, one), (path, other) in combinations(moves, 2):
        shared = set(one.source) & set(other.source)
        if one.event != other.event or one.when != other.when or one.is_opening != other.is_opening:
            continue
        if set(one.by) & set(other.by) and (shared or one.is_opening):
            where = f" in {', '.join(sorted(shared))}" if shared else ""
            hint = "give each a `when`, or different roles in `by`"
            found.add(path, f"nothing tells two edges of “{other.event}” apart{where}", hint)


def _judge_titles(found: Findings) -> None:
    """Two events that a person can choose between must not have one name."""
    human = [(path, move) for path, move in numbered(found.definition) if set(move.by) - {"system"}]
    for (_, one), (path, other) in combinations(human, 2):
        together = set(one.source) & set(other.source) or (one.is_opening and other.is_opening)
        if one.event == other.event or not together:
            continue
        for lang in LANGUAGES:
            title = one.title[lang].casefold()
            if title and title == other.title[lang].casefold():
                found.add(f"{path}.title", f"“{one.event}” and “{other.event}” are both called “{other.title[lang]}”")


@dataclass(frozen=True, slots=True)
class _Situation:
    """Where a case may be: its state, the states that side steps remember, and the deadlines that are open."""

    state: str
    back: tuple[str, ...]
    open_ones: frozenset[str]


def _judge_cover(found: Findings) -> None:
    """Every way into an open state that does not rest must leave a deadline open there."""
    definition = found.definition
    if not any(_must_have(state) for state in definition.states.values()):
        return
    sides = side_steps(definition)
    begun = [step for move in definition.openings() for step in _steps(definition, sides, None, move)]
    seen, waiting = set(begun), list(begun)
    for situation in begun:
        _judge_entry(found, situation, "its opening")
    while waiting and len(seen) < _MOST:
        here = waiting.pop()
        for move in definition.transitions:
            if here.state not in move.source:
                continue
            for there in _steps(definition, sides, here, move):
                if move.target != SAME:
                    _judge_entry(found, there, f"“{move.event}” from “{here.state}”")
                if there not in seen:
                    seen.add(there)
                    waiting.append(there)


def _must_have(state: State) -> bool:
    return not state.final and state.resting is None


def _judge_entry(found: Findings, situation: _Situation, how: str) -> None:
    name = situation.state
    path = f"state.{name}"
    if situation.open_ones or not _must_have(found.definition.states[name]):
        return
    if not any(fault.path == path and "deadline" in fault.message for fault in found.faults):
        hint = "let a [[deadline]] live in it, or say in `resting` why none is needed"
        found.add(path, f"“{name}” can be entered, by {how}, without any deadline", hint)


def _steps(
    definition: Definition, sides: frozenset[str], here: _Situation | None, move: Transition
) -> Iterator[_Situation]:
    """The situation that a move leads to; none where it leads nowhere or side steps nest too deep."""
    state, back = move.target, (here.back if here else ())
    if here and state == SAME:
        state = here.state
    elif here and state == PREVIOUS:
        if not back:
            return
        state, back = back[-1], back[:-1]
    elif here and state in sides:
        back = back if state == here.state else (*back, here.state)
    else:
        back = ()
    if state in definition.states and len(back) <= _DEEPEST:
        alive = {rule.name for rule in definition.deadlines.values() if _is_open(rule, here, state, move)}
        yield _Situation(state, back, frozenset(alive))


def _is_open(rule: DeadlineRule, here: _Situation | None, state: str, move: Transition) -> bool:
    """Whether a deadline is open after a move; the rules are those of `schedule.py`."""
    if state not in rule.while_in:
        return False
    if move.event in rule.opened_by:
        return True
    was_open = here is not None and rule.name in here.open_ones
    ended = move.event in rule.met_by or move.event in rule.cancelled_by
    if was_open and not (ended and not (rule.for_each and move.item)):
        return True
    return not rule.opened_by and (here is None or here.state not in rule.while_in)
