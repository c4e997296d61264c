"""Places the states and arrows of a workflow on a sheet: phases side by side, and lanes for the long arrows."""

from collections.abc import Iterable

from msgspec import Struct

from engine.core.definition import Definition

WIDTH, HEIGHT, GAP = 156, 46, 72
MARGIN, HEAD = 24, 56
_ROW, _LANE = 84, 9


class Arrow(Struct, frozen=True):
    """One arrow of the drawing: its events' titles, and whether it is the way back from a side step."""

    source: str
    target: str
    titles: tuple[str, ...]
    back: bool = False


def arrows(definition: Definition, lang: str, *, loops: bool = False) -> list[Arrow]:
    """The arrows between states, those of one pair merged, in the order of the file; `loops` adds what stays."""
    found: dict[tuple[str, str, bool], dict[str, None]] = {}
    for move in definition.transitions:
        for source in move.source:
            back = move.target == "@previous"
            onward = source if move.target == "@same" else move.target
            for target in _entered_from(definition, source) if back else (onward,):
                if target in definition.states and (loops or target != source):
                    found.setdefault((source, target, back), {})[move.title[lang]] = None
    return [Arrow(source, target, tuple(titles), back) for (source, target, back), titles in found.items()]


def _entered_from(definition: Definition, state: str) -> Iterable[str]:
    entering = (move for move in definition.transitions if move.target == state)
    return dict.fromkeys(source for move in entering for source in move.source)


def by_phase(definition: Definition) -> dict[str, list[str]]:
    """Phases that have states, in order, with those states."""
    found = {phase: [n for n, s in definition.states.items() if s.phase == phase] for phase in definition.phases}
    return {phase: states for phase, states in found.items() if states}


def columns(definition: Definition) -> list[tuple[str, list[str]]]:
    """The states as columns with their phase: phases in order, and in each the longest way through it.

    Rows are set by the mean row of what leads to a state, three times over, which untangles most arrows.
    """
    ways = _forward(definition)
    placed: list[tuple[str, list[str]]] = []
    for phase, states in by_phase(definition).items():
        layer = dict.fromkeys(states, 0)
        for _ in states:  # longest path: as many rounds as there can be steps
            for source, target in ways:
                if source in layer and target in layer:
                    layer[target] = max(layer[target], layer[source] + 1)
        placed += [(phase, [s for s in states if layer[s] == depth]) for depth in sorted(set(layer.values()))]
    for _ in range(3):
        row = {state: float(n) for _, states in placed for n, state in enumerate(states)}
        for _, states in placed:
            states.sort(key=lambda state: _mean([row[a] for a, b in ways if b == state], row[state]))
            row.update({state: float(n) for n, state in enumerate(states)})
    return placed


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _forward(definition: Definition) -> list[tuple[str, str]]:
    """The arrows without those that close a circle, as a walk from the openings meets them."""
    out: dict[str, list[str]] = {name: [] for name in definition.states}
    for arrow in arrows(definition, "sv"):
        if not arrow.back:
            out[arrow.source].append(arrow.target)
    kept: list[tuple[str, str]] = []
    done: set[str] = set()
    for begin in dict.fromkeys((*(move.target for move in definition.openings()), *definition.states)):
        path = [] if begin in done or begin not in out else [(begin, iter(out[begin]))]
        open_ones = {begin}
        while path:
            state, rest = path[-1]
            target = next(rest, None)
            if target is None:
                path.pop()
                open_ones.discard(state)
                done.add(state)
            elif target not in open_ones:
                kept.append((state, target))
                if target not in done:
                    open_ones.add(target)
                    path.append((target, iter(out[target])))
    return kept


class Sheet(Struct, frozen=True):
    """Where everything lies, in pixels.

    Attributes:
        columns: Phase and states of each column.
        spots: State -> left and top edge of its box.
        lanes: Height at which the long arrows to a state run, by state and whether they run to the right.
        bottom: Below all boxes and lanes.
    """

    columns: list[tuple[str, list[str]]]
    spots: dict[str, tuple[int, int]]
    lanes: dict[tuple[str, bool], int]
    bottom: int


def lay_out(definition: Definition, drawn: Iterable[Arrow]) -> Sheet:
    """Places boxes in columns, and gives the arrows that pass other columns a lane below the boxes there."""
    placed = columns(definition)
    place = {state: x for x, (_, states) in enumerate(placed) for state in states}
    spots = {
        state: (MARGIN + x * (WIDTH + GAP), HEAD + MARGIN + y * _ROW + (x % 2) * 14)
        for x, (_, states) in enumerate(placed)
        for y, state in enumerate(states)
    }
    floors = [max(spots[state][1] for state in states) + HEIGHT for _, states in placed]
    passing: dict[tuple[str, bool], set[int]] = {}
    for arrow in drawn:
        low, high = sorted((place[arrow.source], place[arrow.target]))
        if high - low > 1:
            passing.setdefault((arrow.target, place[arrow.target] == high), set()).update(range(low + 1, high))
    lanes: dict[tuple[str, bool], int] = {}
    for key, passed in sorted(passing.items(), key=lambda item: len(item[1])):
        lane = max(floors[x] for x in passed) + 14
        while any(abs(lanes[other] - lane) < _LANE and passing[other] & passed for other in lanes):
            lane += _LANE
        lanes[key] = lane
    return Sheet(placed, spots, lanes, max([*floors, *lanes.values()], default=HEAD) + MARGIN)
