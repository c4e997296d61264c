"""One durable `advance` on SQLite against a floor: the same rows written by bare statements, interleaved.

Prints microseconds per step (median of the rounds) on disk and in memory, and the ratio. Run: make bench
"""

import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.app.advance import Given, advance
from engine.app.office import Caller
from engine.app.open_case import open_case
from engine.bootstrap.home import make_home
from engine.bootstrap.office import open_office
from engine.settings import load
from engine.store.database import connect

ROUNDS, STEPS = 7, 40
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


def floor_steps(home: Path, reference: str) -> Callable[[], None]:
    """The rows of one engine step, written again and again by bare statements on the same schema."""
    connection = connect(home / "skede.db")
    tables = {
        "entries": "case_ref, n, line", "entry_private": "case_ref, n, salt, payload", "pending": "case_ref, n",
        "messages": "*", "requests": "*",
    }  # fmt: skip
    rows = {name: connection.execute(f"SELECT {c} FROM {name} ORDER BY rowid DESC LIMIT 1").fetchone()
            for name, c in tables.items() if name not in ("messages", "requests")}  # fmt: skip
    copied = {name: copier(connection, name) for name in ("messages", "requests")}
    snapshot = connection.execute("SELECT snapshot FROM cases WHERE reference = ?", (reference,)).fetchone()[0]
    count = connection.execute("SELECT max(n) FROM entries WHERE case_ref = ?", (reference,)).fetchone()[0]

    def step() -> None:
        nonlocal count
        count += 1
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("SELECT snapshot, private FROM cases WHERE reference = ?", (reference,)).fetchone()
        line = json.loads(rows["entries"][2]) | {"n": count, "case": reference}
        text = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        connection.execute("UPDATE cases SET n = ?, snapshot = ? WHERE reference = ?", (count, snapshot, reference))
        connection.execute("INSERT INTO entries (case_ref, n, line) VALUES (?, ?, ?)", (reference, count, text))
        connection.execute("INSERT INTO entry_private (case_ref, n, salt, payload) VALUES (?, ?, ?, ?)",
                           (reference, count, rows["entry_private"][2], rows["entry_private"][3]))  # fmt: skip
        connection.execute("INSERT INTO pending (case_ref, n) VALUES (?, ?)", (reference, count))
        connection.execute("UPDATE deadlines SET version = version + 1 WHERE case_ref = ?", (reference,))
        for copy in copied.values():
            copy(count)
        connection.execute("COMMIT")

    return step


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


def measured(step: Callable[[], None]) -> float:
    """Microseconds per step."""
    start = time.perf_counter()
    for _ in range(STEPS):
        step()
    return (time.perf_counter() - start) / STEPS * 1e6


def main() -> None:
    """Measure on disk and in memory."""
    for place, folder in (("disk", None), ("memory", "/dev/shm" if Path("/dev/shm").is_dir() else None)):
        top = Path(tempfile.mkdtemp(dir=folder))
        try:
            home = top / "home"
            make_home(home, Caller("bench", "os:bench"), sandbox=True, start=datetime(2026, 1, 5, 9, tzinfo=UTC))
            engine_step, reference = engine_steps(home)
            engine_step()
            twin = top / "twin"
            shutil.copytree(home, twin)
            floor_step = floor_steps(twin, reference)
            floor_step()
            pairs = [(measured(engine_step), measured(floor_step)) for _ in range(ROUNDS)]
            engine_us, floor_us = (statistics.median(p[i] for p in pairs) for i in (0, 1))
            print(f"advance, SQLite, {place}: engine {engine_us:,.0f} us, floor {floor_us:,.0f} us, "
                  f"{floor_us / engine_us:.2f} of the floor's rate")  # fmt: skip
        finally:
            shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
