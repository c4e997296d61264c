"""What the log costs: one `advance` as it is, against the same program that leaves out three rows.

The other home has a store, made here for measuring alone, that writes no log entry, no payload of it and no row for the
sequencer; all else is the same, the line and its hashes included. Single steps of both are taken in turn, first one
then the other, on disk and in memory. Run: make bench
"""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace
from report import table, write

from engine.app.advance import Given, advance
from engine.app.office import Caller
from engine.app.open_case import open_case
from engine.bootstrap.home import make_home
from engine.bootstrap.office import open_office
from engine.ports import LogLine
from engine.settings import load
from engine.store.database import connect
from engine.store.log import SqlLog
from engine.store.unit_of_work import Desk, SqliteStore

STEPS, WARM = 400, 20
OFFICER = Caller("officer", "os:bench as officer")


class Unlogged(SqlLog):
    """A log that keeps nothing."""

    def append(self, line: LogLine) -> None:
        """Leave out the three rows."""


class UnloggedStore(SqliteStore):
    """A store whose log keeps nothing."""

    def new_desk(self, *, writes: bool) -> Desk:
        """A connection, with that log on it."""
        desk = super().new_desk(writes=writes)
        desk.log = Unlogged(desk.connection)
        return desk


def stepping(home: Path, reference: str, *, logged: bool) -> Callable[[], None]:
    """One step of the real engine: a renewed contact on an idea, with its deadline, its letter and its answer."""
    settings = load(home)
    office = open_office(settings)
    if not logged:
        office = replace(office, store=UnloggedStore(settings.database))

    def step() -> None:
        advance(office, OFFICER, reference, "contact", Given())

    return step


def measured(top: Path) -> tuple[float, float]:
    """Microseconds of a step with the log, and of one without it: medians."""
    home = top / "home"
    make_home(home, Caller("bench", "os:bench"), sandbox=True, start=datetime(2026, 1, 5, 9, tzinfo=UTC))
    given = Given(set={"contact": "Kontakt", "idea_text": "Idé"})
    told = open_case(open_office(load(home)), OFFICER, "application", "Mätning", given, event="contact")
    shutil.copytree(home, top / "twin")
    steps = [stepping(place, str(told["reference"]), logged=place is home) for place in (home, top / "twin")]
    times: tuple[list[float], list[float]] = [], []
    for number in range(WARM + STEPS):
        for which in (0, 1) if number % 2 else (1, 0):
            start = time.perf_counter()
            steps[which]()
            if number >= WARM:
                times[which].append((time.perf_counter() - start) * 1e6)
    assert entries(home) == entries(top / "twin") + WARM + STEPS
    return statistics.median(times[0]), statistics.median(times[1])


def entries(home: Path) -> int:
    """How many log entries there are."""
    connection = connect(home / "skede.db", read_only=True)
    found = int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])
    connection.close()
    return found


def main() -> None:
    """Measure, and write the section."""
    rows = []
    for place, folder in (("disk", None), ("memory", "/dev/shm")):
        if folder is not None and not Path(folder).is_dir():
            continue
        top = Path(tempfile.mkdtemp(dir=folder))
        try:
            whole, bare = measured(top)
        finally:
            shutil.rmtree(top, ignore_errors=True)
        rows.append([place, f"{whole:,.0f}", f"{bare:,.0f}", f"{(whole / bare - 1) * 100:+.1f} %"])
    text = f"Medians of {STEPS} steps each, taken in turn.\n\n" + table(
        ("", "with the log, us", "without log, payload and pending rows, us", "the log's cost"), rows
    )
    write("log_cost.py", "What the log costs an advance", text)


if __name__ == "__main__":
    sys.exit(main())
