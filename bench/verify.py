"""`audit verify` and `audit prove` on homes of 10,000 to 1,000,000 entries, against fetching and hashing every line.

The homes are the demo's cases many times over (bench/multiplied.py), sealed; they are kept in a folder and built only
once: some minutes and five gigabytes for the largest. Each command is a process of its own, so that its peak memory is
known; that of several processes is the largest one's. Run: python bench/verify.py [--folder FOLDER] [--entries N ...]
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from multiplied import HEAD, SKEDE, home_of
from report import table, write

from engine.app.prove import prove
from engine.bootstrap.crew import processors
from engine.bootstrap.office import open_office
from engine.settings import load
from engine.store.database import connect

SIZES = (10_000, 100_000, 1_000_000)
PROOFS = 50
FOLDER = Path("build/bench")

FLOOR = """
import sys
from hashlib import sha256
from pathlib import Path
from engine.store.database import connect
for (line,) in connect(Path(sys.argv[1]) / "skede.db", read_only=True).execute("SELECT line FROM entries"):
    sha256(b"\\0" + line.encode()).digest()
"""


def run(words: Sequence[str]) -> tuple[float, float, float]:
    """Seconds of wall time and of CPU, and the peak memory in megabytes, of a process and those that it starts."""
    began = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(words)} ended with {process.returncode}")
    return took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def verified(home: Path, entries: int, rounds: int) -> list[list[str]]:
    """Rows of the table: the floor and the command, in turn."""
    at = (SKEDE, "--quiet", "--home", str(home), "--as", "head", "audit", "verify", "--jobs")
    ways = {
        "fetch and hash each line": (sys.executable, "-c", FLOOR, str(home)),
        **{f"verify, {jobs} {'process' if jobs == 1 else 'processes'}": (*at, str(jobs))
           for jobs in sorted({1, processors()})},
    }  # fmt: skip
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, words in ways.items():
            found[name].append(run(words))
    rows = []
    for name, runs in found.items():
        took, cpu, peak = (statistics.median(one[column] for one in runs) for column in range(3))
        figures = f"{took:,.2f}", f"{cpu:,.2f}", f"{entries / took:,.0f}", f"{cpu / entries * 1e6:,.1f}", f"{peak:,.0f}"
        rows.append([f"{entries:,}: {name}", *figures])
    return rows


def proven(home: Path) -> list[list[str]]:
    """Rows of the table of proofs, in milliseconds."""
    connection = connect(home / "skede.db", read_only=True)
    last = connection.execute("SELECT max(idx) FROM leaves").fetchone()[0]
    asked = [connection.execute("SELECT case_ref, n FROM leaves WHERE idx = ?", (random.randrange(last),)).fetchone()
             for _ in range(PROOFS)]  # fmt: skip
    connection.close()
    office = open_office(load(home), read_only=True)
    times = []
    for case, n in asked:
        began = time.perf_counter()
        prove(office, HEAD, case, str(n)).text()
        times.append((time.perf_counter() - began) * 1e3)
    at = (SKEDE, "--home", str(home), "--as", "head", "audit", "prove")
    command = [run((*at, case, str(n)))[0] * 1e3 for case, n in asked[:11]]
    bare = [run((sys.executable, "-c", "pass"))[0] * 1e3 for _ in range(11)]
    return [
        [f"the use case, a random entry, median of {PROOFS}", f"{statistics.median(times):.2f}"],
        ["the slowest of them", f"{max(times):.2f}"],
        ["the whole command `skede audit prove`, median of 11", f"{statistics.median(command):,.0f}"],
        ["of which the start of Python (`python -c pass`)", f"{statistics.median(bare):,.0f}"],
    ]


def main() -> None:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the homes are kept")
    parser.add_argument("--entries", type=int, nargs="+", default=SIZES, help="how large they are")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    rows, home, entries = [], Path(), 0
    for size in sorted(asked.entries):
        home = home_of(asked.folder, size)
        connection = connect(home / "skede.db", read_only=True)
        entries = connection.execute("SELECT count(*) FROM entries").fetchone()[0]
        connection.close()
        rows += verified(home, entries, rounds=1 if size >= SIZES[-1] else 3)
    text = [
        "The demo's mix of entries, letters, deadlines and documents. CPU is of all processes, memory of the largest.",
        table(("", "s", "CPU s", "entries/s", "CPU us an entry", "peak MB"), rows),
        f"`audit prove` in the home of {entries:,} entries:",
        table(("", "ms"), proven(home)),
    ]
    write("verify.py", "Verifying and proving a large log", "\n\n".join(text))


if __name__ == "__main__":
    sys.exit(main())
