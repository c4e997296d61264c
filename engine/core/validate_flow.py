"""Judges how a case can walk through its states: nothing strands, nothing is forgotten, no choice is a riddle."""

from collections.abc import Iterable, Iterator
from itertools import combinations

from msgspec import Struct

from engine.core.definition import DeadlineRule, Definition, Transition
from engine.core.findings import Findings
from engine.core.language import LANGUAGES
from engine.core.validate_move import numbered

PREVIOUS, SAME = "@previous", "@same"
_DEEPEST = 3
"""How many side steps may nest in the walk; more say nothing new."""
_MOST = 50_000
"""Situations after which the walk ends, lest a wild definition take for ever."""
_UNWATCHED = "without any deadline"


def judge_flow(found: Findings) -> None:
    """Judge reachability, the ways out, the deadlines of each state, and what is ambiguous."""
    _judge_reach(found)
    _judge_ambiguous(found)
    _judge_titles(found)
    _judge_cover(found)


def side_steps(definition: Definition) -> frozenset[str]:
    """The states with an exit to `@previous`: entering one remembers where the case was."""
    return frozenset(state for move in definition.transitions if move.target == PREVIOUS for state in move.source)


class Situation(Struct, frozen=True):
    """Where a case may be: its state, the states that side steps remember, and the deadlines that are open."""

    state: str
    back: tuple[str, ...] = ()
    open_ones: frozenset[str] = frozenset()


Walk = dict[Situation, list[tuple[Transition, Situation]]]


def walk(definition: Definition, rules: Iterable[DeadlineRule] = ()) -> Walk:
    """Every situation that a case may come to, with the moves that lead on; only deadlines of `rules` are followed."""
    sides, followed = side_steps(definition), tuple(rules)
    waiting = [there for move in definition.openings() for there in _step(definition, sides, followed, None, move)]
    found: Walk = {}
    while waiting and len(found) < _MOST:
        here = waiting.pop()
        if here in found:
            continue
        found[here] = [
            (move, there)
            for move in definition.transitions
            if here.state in move.source
            for there in _step(definition, sides, followed, here, move)
        ]
        waiting.extend(there for _, there in found[here])
    return found


def _judge_reach(found: Findings) -> None:
    definition = found.definition
    situations = walk(definition)
    reached = {here.state for here in situations}
    for name in definition.states:
        if name not in reached:
            found.add(f"state.{name}", f"no case can ever come to “{name}”", "lead a transition to it, or remove it")
    ending = _ending(definition, situations)
    for name in dict.fromkeys(here.state for here in situations if here not in ending):
        found.add(f"state.{name}", f"from “{name}” no final state can be reached: a case would strand there")
    for name in sorted({move.target for move in definition.openings()} & side_steps(definition)):
        found.add(f"state.{name}", f"a case may begin in “{name}”, where `{PREVIOUS}` leads nowhere")


def _ending(definition: Definition, situations: Walk) -> set[Situation]:
    """The situations from which a case can still come to a final state."""
    origins: dict[Situation, list[Situation]] = {}
    for here, moves in situations.items():
        for _, there in moves:
            origins.setdefault(there, []).append(here)
    waiting = [here for here in situations if definition.states[here.state].final]
    ending = set(waiting)
    while waiting:
        for origin in origins.get(waiting.pop(), ()):
            if origin not in ending:
                ending.add(origin)
                waiting.append(origin)
    return ending


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


def _judge_cover(found: Findings) -> None:
    """Every way into an open state that does not rest must leave a deadline open there."""
    definition = found.definition
    rules = definition.deadlines.values()
    for move in definition.openings():
        for there in _step(definition, side_steps(definition), tuple(rules), None, move):
            _judge_entry(found, there, "its opening")
    for here, moves in walk(definition, rules).items():
        for move, there in moves:
            if move.target != SAME:
                _judge_entry(found, there, f"“{move.event}” from “{here.state}”")


def _judge_entry(found: Findings, there: Situation, how: str) -> None:
    state = found.definition.states[there.state]
    if there.open_ones or state.final or state.resting:
        return
    path = f"state.{state.id}"
    if not any(fault.path == path and fault.message.endswith(_UNWATCHED) for fault in found.faults):
        hint = "let a [[deadline]] live in it, or say in `resting` why none is needed"
        found.add(path, f"“{state.id}” can be entered, by {how}, {_UNWATCHED}", hint)


def _step(
    definition: Definition,
    sides: frozenset[str],
    rules: tuple[DeadlineRule, ...],
    here: Situation | None,
    move: Transition,
) -> Iterator[Situation]:
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
        alive = frozenset(rule.name for rule in rules if _is_open(rule, here, state, move))
        yield Situation(state, back, alive)


def _is_open(rule: DeadlineRule, here: Situation | None, state: str, move: Transition) -> bool:
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
