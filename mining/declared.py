"""Writes what pm4py is to be given: the demo's event logs as XES, and beside them the machines and what our log says.

Run by `make mining` in our own environment. What it leaves is data, so that nothing of ours and nothing of pm4py, which
is under the AGPL, ever meet in one program.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from engine.bootstrap.office import open_office
from engine.core.definition import Definition
from engine.ports import UnitOfWork
from engine.settings import load

START = "@start"
DEEPEST = 3
"""How many side steps within each other the written machine knows."""
MOVES = ("open", "advance", "reversed")

Place = tuple[str, tuple[str, ...]]
"""A state, and the states that side steps go back to."""


def machine(definition: Definition) -> list[list[str]]:
    """[from, activity, to] of every step that a workflow declares; a step taken back leads back where it came from."""
    begun: Place = (START, ())
    found: set[tuple[str, str, str]] = set()
    seen, todo = {begun}, [begun]
    while todo:
        place = todo.pop()
        for event, to in _steps(definition, place):
            found.add((_name(place), event, _name(to)))
            if place != begun:
                found.add((_name(to), f"reversed:{event}", _name(place)))
            if to not in seen and len(to[1]) <= DEEPEST:
                seen.add(to)
                todo.append(to)
    return sorted(map(list, found))


def _steps(definition: Definition, place: Place) -> list[tuple[str, Place]]:
    state, back = place
    aside = {source for t in definition.transitions if t.target == "@previous" for source in t.source}
    steps: list[tuple[str, Place]] = []
    for edge in definition.transitions:
        if (edge.is_opening and state != START) or (not edge.is_opening and state not in edge.source):
            continue
        if edge.target == "@same":
            steps.append((edge.event, place))
        elif edge.target == "@previous":
            steps += [(edge.event, (back[-1], back[:-1]))] if back else []
        elif edge.target not in aside:
            steps.append((edge.event, (edge.target, ())))
        else:
            steps.append((edge.event, (edge.target, back if edge.target == state else (*back, state))))
    return steps


def _name(place: Place) -> str:
    return "/".join((place[0], *place[1]))


def traces(tx: UnitOfWork, workflow: str) -> dict[str, list[list[str]]]:
    """Case -> [activity, when] of its steps, by the lines of the log."""
    found: dict[str, list[list[str]]] = {}
    for case in tx.cases.of_workflow(workflow):
        lines: list[dict[str, Any]] = [json.loads(kept.line) for kept in tx.log.entries(case.reference)]
        found[case.reference] = [
            [("reversed:" if one["act"] == "reversed" else "") + one["event"], one["occ"]]
            for one in lines if one["act"] in MOVES
        ]  # fmt: skip
    return found


def main() -> int:
    """Write the files of every workflow of a home into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    office = open_office(load(asked.home))
    with office.store.read() as tx:
        definitions = [office.catalog.definition(tx, row.name, row.version) for row in tx.definitions.all()]
        for definition in definitions:
            told = traces(tx, definition.name)
            variants = Counter(tuple(activity for activity, _ in steps) for steps in told.values())
            plain = {
                "machine": machine(definition), "traces": told,
                "variants": sorted([list(variant), n] for variant, n in variants.items()),
            }  # fmt: skip
            (asked.folder / f"{definition.name}.json").write_text(json.dumps(plain), "utf-8")
    skede = Path(sys.executable).with_name("skede")
    for definition in definitions:
        words = ["--as", "officer", "--home", asked.home, "export", "xes", "--workflow", definition.name]
        command = [skede, *words, "-o", asked.folder / f"{definition.name}.xes"]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command
    return 0


if __name__ == "__main__":
    sys.exit(main())
