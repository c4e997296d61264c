"""Every transition of the programme's nine machines is taken by the real command, run as a process of its own."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from paths import WAYS, Places

pytestmark = pytest.mark.acceptance

SPEC: dict[str, Any] = yaml.load(
    (Path(__file__).parent.parent / "data/machines.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader
)["machines"]  # fmt: skip
OURS = {("project", "next_report"), ("application", "register#idea")}
"""What the specification does not have: why is told in tests/unit/test_machines_conform.py."""


def told(machine: str, event: str, *, opening: bool) -> dict[str, Any]:
    """What the specification says of an event."""
    moves = SPEC[machine]["opening" if opening else "transitions"]
    return next(move for move in moves if move["id"] == event)


def sources(machine: str, move: dict[str, Any]) -> set[str]:
    """The states that a transition may begin in."""
    given, final = move["from"], set(SPEC[machine]["final"])
    return set(SPEC[machine]["states"]) - final - set(given["except"]) if isinstance(given, dict) else set(given)


def test_there_is_a_way_for_every_transition_and_opening_of_the_specification() -> None:
    wanted = {
        (machine, move["id"], kind == "opening")
        for machine, told in SPEC.items() for kind in ("opening", "transitions") for move in told[kind]
    }  # fmt: skip

    found = set()
    for name, way in WAYS.items():
        machine, _, which = name.partition("/")
        if (machine, which) not in OURS:
            found.add((machine, way.act.event, way.act.verb == "new"))

    assert len(wanted) == 156
    assert found == wanted


@pytest.mark.parametrize("name", WAYS)
def test_it_is_taken_by_the_real_command(name: str, places: Places, tmp_path: Path) -> None:
    way, machine = WAYS[name], name.partition("/")[0]
    opening, event = way.act.verb == "new", way.act.event
    sandbox = places.copy(way.place, tmp_path / "home")
    sandbox.do(*way.before)
    before = Counter() if opening else Counter(sandbox.taken(way.act.case))

    sandbox.process(way.by or way.act)

    after = Counter(sandbox.taken(way.act.case))
    (source, target) = next((source, target) for happened, source, target in after - before if happened == event)
    assert sandbox.case(way.act.case).state == [*sandbox.taken(way.act.case)][-1][2]
    assert all(stored == folded for stored, folded in sandbox.folded().values())
    if (machine, name.partition("/")[2]) not in OURS:
        move = told(machine, event, opening=opening)
        assert opening or source in sources(machine, move)
        assert move["to"] in (target, "@previous") or (move["to"] == "@same" and target == source)
