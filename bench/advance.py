"""A durable `advance`, alone and in `bulk`, on SQLite, against the same rows written by bare statements, interleaved.

On disk and in memory; CPU time as well, because a busy machine lengthens wall time alone. Run: make bench
"""

import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from report import table, write

from engine.app.advance import Given, advance
from engine.app.bulk import run_bulk
from engine.app.bulk_row import Files, read_errands
from engine.app.office import Caller
from engine.app.open_case import open_case
from engine.bootstrap.home import make_home
from engine.bootstrap.office import open_office
from engine.settings import load
from engine.store.database import connect

ROUNDS, STEPS = 7, 50
OFFICER = Caller("officer", "os:bench as officer")


def engine_steps(home: Path) -> tuple[Callable[[], None], str]:
    """A step of the real engine: a renewed contact on an idea, with its deadline, its letter and its answer."""
    office = open_office(load(home))
    values = {"contact": "Kontakt", "idea_text": "Idé"}
    told = open_case(office, OFFICER, "application", "Mätning", Given(set=values), event="contact")
    reference = str(told["reference"])
    return lambda: drop(advance(office, OFFICER, reference, "contact", Given())), reference


def drop(_: object) -> None:
    """A result that nobody looks at."""


class Floor:
    """The rows of one engine step, written again and again by bare statements on the same schema."""

    def __init__(self, home: Path, reference: str) -> None:
        self._reference, self._run = reference, (connection := connect(home / "skede.db")).execute
        self._line = json.loads(self._run("SELECT line FROM entries ORDER BY id DESC LIMIT 1").fetchone()[0])
        self._private = self._run("SELECT salt, payload FROM entry_private ORDER BY rowid DESC LIMIT 1").fetchone()
        self._copiers = [copier(connection, name) for name in ("messages", "requests")]
        self._snapshot = self._run("SELECT snapshot FROM cases WHERE reference = ?", (reference,)).fetchone()[0]
        self._count = self._run("SELECT max(n) FROM entries WHERE case_ref = ?", (reference,)).fetchone()[0]

    def alone(self) -> None:
        """A step in a transaction of its own."""
        self._run("BEGIN IMMEDIATE")
        self._write()
        self._run("COMMIT")

    def together(self) -> None:
        """A round of steps in one transaction."""
        self._run("BEGIN IMMEDIATE")
        for _ in range(STEPS):
            self._write()
        self._run("COMMIT")

    def _write(self) -> None:
        self._count += 1
        run, case, n = self._run, self._reference, self._count
        run("SELECT snapshot, private FROM cases WHERE reference = ?", (case,)).fetchone()
        text = json.dumps(self._line | {"n": n}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        run("UPDATE cases SET n = ?, snapshot = ? WHERE reference = ?", (n, self._snapshot, case))
        run("INSERT INTO entries (case_ref, n, line) VALUES (?, ?, ?)", (case, n, text))
        run("INSERT INTO entry_private (case_ref, n, salt, payload) VALUES (?, ?, ?, ?)", (case, n, *self._private))
        run("INSERT INTO pending (case_ref, n) VALUES (?, ?)", (case, n))
        run("UPDATE deadlines SET version = version + 1 WHERE case_ref = ?", (case,))
        for copy in self._copiers:
            copy(n)


def copier(connection: Any, table: str) -> Callable[[int], None]:
    """Inserts the table's last row again under another key."""
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] != "rowid"]
    last = dict(zip(columns, connection.execute(f"SELECT * FROM {table} ORDER BY rowid DESC LIMIT 1").fetchone(),
                    strict=True))  # fmt: skip
    key = "key" if table == "messages" else "id"
    if table == "messages":
        last.pop("id", None)
    sql = f"INSERT INTO {table} ({', '.join(last)}) VALUES ({', '.join('?' for _ in last)})"

    def copy(number: int) -> None:
        connection.execute(sql, tuple(f"floor-{number}" if name == key else value for name, value in last.items()))

    return copy


def bulk_rows(home: Path, reference: str) -> Callable[[], None]:
    """As many rows of a bulk file as a round has steps, kept fifty at a time."""
    office = open_office(load(home))
    files = Files(paper=_no_file, values=_no_file, moment=_no_file, folder=home)
    number = 0

    def rows() -> None:
        nonlocal number
        number += STEPS
        told = [{"reference": reference, "event": "contact", "note": str(number + n)} for n in range(STEPS)]
        errands = read_errands(office, ["reference", "event", "note"], list(enumerate(told, 2)), files)
        assert run_bulk(office, OFFICER, errands, files).exit_code == 0

    return rows


def _no_file(*_: object) -> Any:
    raise AssertionError("no row names a file")


def measured(step: Callable[[], None], times: int = STEPS) -> tuple[float, float]:
    """Microseconds per step: wall time, and CPU time."""
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(times):
        step()
    return (time.perf_counter() - start) / STEPS * 1e6, (time.process_time() - cpu) / STEPS * 1e6


def rows_of(top: Path) -> list[list[str]]:
    """The rows of the table for one kind of disk."""
    home = top / "home"
    make_home(home, Caller("bench", "os:bench"), sandbox=True, start=datetime(2026, 1, 5, 9, tzinfo=UTC))
    step, reference = engine_steps(home)
    step()
    twin = top / "twin"
    shutil.copytree(home, twin)
    floor, bulk = Floor(twin, reference), bulk_rows(home, reference)
    ways = {
        "bare SQL, a transaction for each": (floor.alone, STEPS), "`advance`": (step, STEPS),
        "bare SQL, one transaction for all": (floor.together, 1), "`bulk`, rows kept together": (bulk, 1),
    }  # fmt: skip
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(ROUNDS + 1):
        for name, (way, times) in ways.items():
            took[name].append(measured(way, times))
    wall, cpu = ({name: statistics.median(t[i] for t in times[1:]) for name, times in took.items()} for i in (0, 1))
    floors = [name for name in ways if name.startswith("bare")]
    against = dict(zip(ways, (floors[0], floors[0], floors[1], floors[1]), strict=True))
    return [
        [name, f"{wall[name]:,.0f}", f"{cpu[name]:,.0f}", f"{wall[against[name]] / wall[name]:.2f}"] for name in ways
    ]


def main() -> None:
    """Measure on disk and in memory, and write the section."""
    parts = [f"Medians of {ROUNDS} rounds of {STEPS} steps, interleaved; last, the share of the floor's rate."]
    for place, folder in (("disk", None), ("memory", "/dev/shm" if Path("/dev/shm").is_dir() else None)):
        top = Path(tempfile.mkdtemp(dir=folder))
        try:
            parts += [f"On {place}:", table(("", "us a step", "CPU us", "of the floor"), rows_of(top))]
        finally:
            shutil.rmtree(top, ignore_errors=True)
    parts.append("Goals: `advance` 0.60 on disk and 0.45 in memory, at 130 us of CPU; `bulk` 0.50.")
    write("advance.py", "One durable step, alone and in bulk", "\n\n".join(parts))


if __name__ == "__main__":
    main()
