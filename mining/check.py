"""Reads event logs with pm4py and holds them against the machines that they must fit, and against what our log says.

Run by `make mining` in an environment that has pm4py and nothing of ours. For each workflow: the same cases, events,
times and variants; every trace replayed on the machine as a Petri net by alignments, which are exact, without a move
that only one of the two knows; and by tokens, where the machine is deterministic.
"""

import json
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pm4py
from pm4py.objects.petri_net.obj import Marking, PetriNet
from pm4py.objects.petri_net.utils import petri_utils
from pm4py.util import constants

START = "@start"


def net_of(steps: list[list[str]]) -> tuple[PetriNet, Marking, Marking]:
    """The machine as a net with one token; a silent step leads to the end from everywhere, as cases may be open."""
    net = PetriNet("machine")
    places = {name: PetriNet.Place(name) for one in steps for name in (one[0], one[2])}
    end = PetriNet.Place("@end")
    net.places.update({*places.values(), end})
    for number, (source, activity, target) in enumerate(steps):
        taken = PetriNet.Transition(f"t{number}", activity)
        net.transitions.add(taken)
        petri_utils.add_arc_from_to(places[source], taken, net)
        petri_utils.add_arc_from_to(taken, places[target], net)
    for name, place in places.items():
        if name != START:
            silent = PetriNet.Transition(f"end {name}", None)
            net.transitions.add(silent)
            petri_utils.add_arc_from_to(place, silent, net)
            petri_utils.add_arc_from_to(silent, end, net)
    return net, Marking({places[START]: 1}), Marking({end: 1})


def faults(file: Path) -> list[str]:
    """What is wrong with the log of one workflow."""
    wanted: dict[str, Any] = json.loads(file.read_text("utf-8"))
    log = pm4py.read_xes(str(file.with_suffix(".xes")), return_legacy_log_object=True)
    found = {
        trace.attributes["concept:name"]: [(one["concept:name"], one["time:timestamp"]) for one in trace]
        for trace in log
    }
    told = {
        case: [(activity, datetime.fromisoformat(at)) for activity, at in steps]
        for case, steps in wanted["traces"].items()
    }
    wrong = [f"case {case} differs" for case in sorted({*found, *told}) if found.get(case) != told.get(case)]
    variants = Counter({tuple(variant): n for variant, n in wanted["variants"]})
    if Counter({variant: len(cases) for variant, cases in pm4py.get_variants(log).items()}) != variants:
        wrong.append("the variants differ")
    return wrong + unfit(log, wanted["machine"])


def unfit(log: Any, steps: list[list[str]]) -> list[str]:
    """The cases that the machine does not know how to tell."""
    net, begun, ended = net_of(steps)
    names = [trace.attributes["concept:name"] for trace in log]
    aligned = pm4py.conformance_diagnostics_alignments(log, net, begun, ended)
    wrong = [f"case {name} does not fit: {one['alignment']}" for name, one in zip(names, aligned, strict=True)
             if one["fitness"] < 1.0]  # fmt: skip
    if len({(source, activity) for source, activity, _ in steps}) == len(steps):
        replayed = pm4py.conformance_diagnostics_token_based_replay(log, net, begun, ended)
        wrong += [f"case {name} does not replay" for name, one in zip(names, replayed, strict=True)
                  if not one["trace_is_fit"]]  # fmt: skip
    return wrong


def forged(folder: Path) -> str | None:
    """Whether a trace that no machine knows would have been seen; None if so."""
    file = folder / "application.json"
    steps = json.loads(file.read_text("utf-8"))["machine"]
    log = pm4py.read_xes(str(file.with_suffix(".xes")), return_legacy_log_object=True)
    for trace in log:
        trace[0]["concept:name"] = "grant"
    return None if len(unfit(log, steps)) >= len(log) else "a forged log was taken for a sound one"


def main() -> int:
    """Check every workflow of a folder; 1 where anything is wrong."""
    constants.SHOW_PROGRESS_BAR = False
    folder, wrong, cases, events = Path(sys.argv[1]), [], 0, 0
    for file in sorted(folder.glob("*.json")):
        told = json.loads(file.read_text("utf-8"))["traces"]
        if told:
            wrong += [f"{file.stem}: {one}" for one in faults(file)]
        cases, events = cases + len(told), events + sum(map(len, told.values()))
    missed = forged(folder)
    wrong += [missed] if missed else []
    for one in wrong:
        sys.stderr.write(f"{one}\n")
    sys.stdout.write(f"pm4py {pm4py.__version__}: {cases} cases, {events} events, {len(wrong)} faults\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
