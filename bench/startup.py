"""The whole process of a command, from start to end, against `python -c pass`, interleaved.

CPU time (user and system) as well as wall time, because a busy machine lengthens the latter alone. The home is that of
a call and an application, on disk; output goes to a pipe. Run: make bench
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from report import table, write

from engine.app.advance import Given
from engine.app.office import Caller
from engine.app.open_case import open_case
from engine.bootstrap.home import make_home
from engine.bootstrap.office import open_office
from engine.settings import load

ROUNDS = 21
SKEDE = str(Path(sys.executable).with_name("skede"))
OFFICER = Caller("officer", "os:bench as officer")


def commands(home: Path) -> dict[str, Sequence[str]]:
    """What is measured, by the name it has in the table; the floor comes first."""
    office = open_office(load(make_home(home, Caller("bench", "os:bench"), sandbox=True,
                                        start=datetime(2026, 1, 5, 9, tzinfo=UTC)).home))  # fmt: skip
    given = Given(set={"contact": "Kontakt", "idea_text": "Idé"})
    reference = str(open_case(office, OFFICER, "application", "Mätning", given, event="contact")["reference"])
    at = (SKEDE, "--home", str(home), "--as", "officer")
    return {
        "`python -c pass`": (sys.executable, "-c", "pass"),
        "`skede --help`": (SKEDE, "--help"),
        "`skede list --json`": (*at, "list", "--json"),
        "`skede show REF`": (*at, "show", reference),
        "`skede next REF`": (*at, "next", reference),
        "`skede status`": (*at, "status"),
        "`skede advance REF contact`": (*at, "advance", reference, "contact"),
    }


def once(words: Sequence[str]) -> tuple[float, float]:
    """Milliseconds of CPU and of wall time."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3, wall * 1e3


def main() -> None:
    """Measure, and write the section."""
    folder = Path(tempfile.mkdtemp())
    try:
        wanted = commands(folder / "home")
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in wanted}
        for _ in range(ROUNDS):
            for name, words in wanted.items():
                found[name].append(once(words))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    floors = [statistics.median(one[i] for one in found["`python -c pass`"]) for i in (0, 1)]
    rows = []
    for name, took in found.items():
        cpu, wall = (statistics.median(one[i] for one in took) for i in (0, 1))
        rows.append([name, f"{cpu:.0f}", f"{cpu / floors[0]:.1f}", f"{wall:.0f}", f"{wall / floors[1]:.1f}"])
    text = table(("", "CPU ms", "ratio", "wall ms", "ratio"), rows)
    goals = "Goals: `show` and `list` 5, `--help` 4.5, `advance` 8 times `python -c pass`."
    write("startup.py", "Start-up of a command", f"Medians of {ROUNDS}, interleaved.\n\n{text}\n\n{goals}")


if __name__ == "__main__":
    main()
