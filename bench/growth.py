"""What grows with the number of cases: reads and a durable `advance`, in homes of more and more entries, with a plot.

The homes are the demo's cases many times over (bench/multiplied.py), kept in a folder and built only once. Times are
those of the use case within a process that has it loaded; the floor is one row fetched by its key from the same file.
Run: python bench/growth.py [--folder FOLDER] [--entries N ...]
"""

import argparse
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from multiplied import home_of
from plot import draw
from report import table, write

from engine.app.advance import Given
from engine.app.edit import note
from engine.app.listing import Wanted, list_cases
from engine.app.next_events import next_events
from engine.app.office import Caller, Office
from engine.app.query import show
from engine.app.status import status
from engine.app.tick import tick
from engine.app.today import today
from engine.bootstrap.office import open_office
from engine.settings import load
from engine.store.database import connect

SIZES = (3_000, 30_000, 300_000)
FOLDER = Path("build/bench")
ROUNDS = 15
OFFICER = Caller("officer", "os:bench as officer")


def ways(office: Office, home: Path, references: list[str]) -> Mapping[str, Callable[[], Any]]:
    """What is measured, by the name of its curve; the floor comes first."""
    rng = random.Random(5)
    bare = connect(home / "skede.db")

    def one() -> str:
        return rng.choice(references)

    def idle() -> None:
        assert tick(office, sealing=False).errors == []

    return {
        "floor: one row": lambda: bare.execute("SELECT * FROM cases WHERE reference = ?", (one(),)).fetchone(),
        "show": lambda: show(office, OFFICER, one()),
        "next": lambda: next_events(office, OFFICER, one()),
        "list --limit 50": lambda: list_cases(office, OFFICER, Wanted(limit=50)),
        "note (durable)": lambda: note(office, OFFICER, one(), Given(note="Mätning")),
        "tick, nothing due": idle,
        "today": lambda: today(office, OFFICER),
        "status": lambda: status(office, OFFICER),
    }


def measured(home: Path) -> tuple[int, dict[str, float]]:
    """How many cases there are, and the milliseconds of each way: medians, after one round that is not counted."""
    office = open_office(load(home))
    bare = connect(home / "skede.db", read_only=True)
    count = bare.execute("SELECT count(*) FROM cases").fetchone()[0]
    references = [row[0] for row in bare.execute("SELECT reference FROM cases WHERE state = 'running' LIMIT 500")]
    bare.close()
    tick(office, sealing=False)
    took: dict[str, list[float]] = {}
    every = ways(office, home, references)
    for round_ in range(ROUNDS + 1):
        for name, way in every.items():
            start = time.perf_counter()
            way()
            if round_:
                took.setdefault(name, []).append((time.perf_counter() - start) * 1e3)
    return count, {name: statistics.median(times) for name, times in took.items()}


def main() -> None:
    """Measure each size on a copy, and write the section and its plot."""
    given = argparse.ArgumentParser()
    given.add_argument("--folder", type=Path, default=FOLDER)
    given.add_argument("--entries", type=int, nargs="+", default=SIZES)
    asked = given.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    found: dict[int, dict[str, float]] = {}
    sizes = {}
    for entries in sorted(asked.entries):
        home = home_of(asked.folder, entries)
        with tempfile.TemporaryDirectory(dir=asked.folder) as place:
            cases, found[entries] = measured(Path(shutil.copytree(home, Path(place) / "home")))
        sizes[entries] = cases
    names = list(next(iter(found.values())))
    rows = [[name, *(f"{found[entries][name]:,.2f}" for entries in found)] for name in names]
    head = ("ms, median of " + str(ROUNDS), *(f"{sizes[e]:,} cases, {e:,} entries" for e in found))
    curves = {name: [(sizes[e], found[e][name]) for e in found] for name in names}
    draw(Path(__file__).with_name("growth.svg"), "Time by number of cases", "cases", "milliseconds", curves)
    text = (
        "On disk, within one process. What is overdue or waits for somebody grows with the copies, so `today` and "
        f"`status` do, too.\n\n{table(head, rows)}\n\n![Time by number of cases](growth.svg)"
    )
    write("growth.py", "Growth with the number of cases", text)


if __name__ == "__main__":
    main()
