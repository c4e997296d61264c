"""A durable `advance` on PostgreSQL, alone and by several processes at once, against bare statements, interleaved.

The server is the tests' own (tests/postgres_server.py): on a socket, in memory where there is room, without fsync; so
what is measured is the program and the way to the server, and no disk. Run: make bench
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from advance import STEPS, engine_steps
from report import table, write

from engine.app.office import Caller
from engine.bootstrap.home import make_home

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

ROUNDS, WORKERS, SECONDS = 7, (1, 2, 4, 8), 6
WORKER = """
import sys, time
from pathlib import Path
sys.path.insert(0, {folder!r})
from advance import engine_steps
step, _ = engine_steps(Path({home!r}))
for _ in range(5):
    step()
print("ready", flush=True)
sys.stdin.readline()
until, done = time.monotonic() + {seconds}, 0
while time.monotonic() < until:
    step()
    done += 1
print(done, flush=True)
"""


def floor_steps(url: str, reference: str) -> Callable[[], None]:
    """The rows of an engine step, each by a statement of its own, and all of them in one transaction."""
    import psycopg

    connection = psycopg.connect(url, autocommit=True)
    run: Any = connection.execute
    newest = run("SELECT line FROM entries WHERE case_ref = %s ORDER BY n DESC LIMIT 1", [reference]).fetchone()
    line = json.loads(newest[0])
    salt, payload = run("SELECT salt, payload FROM entry_private ORDER BY n DESC LIMIT 1").fetchone()
    columns = [row[0] for row in run(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'messages'::regclass AND attnum > 0 AND NOT attisdropped "
        "AND attname NOT IN ('id', 'key') ORDER BY attnum"
    ).fetchall()]  # fmt: skip
    names = ", ".join(columns)
    copied = f"INSERT INTO messages (key, {names}) SELECT %s, {names} FROM messages ORDER BY id DESC LIMIT 1"
    private = "INSERT INTO entry_private (case_ref, n, salt, payload) VALUES (%s, %s, %s, %s)"
    request = "INSERT INTO requests (id, digest, answer, at) VALUES (%s, 'd', '{}', '2026-01-05T09:00:00.000000Z')"
    n = run("SELECT max(n) FROM entries WHERE case_ref = %s", [reference]).fetchone()[0]

    def step() -> None:
        nonlocal n
        n += 1
        run("BEGIN ISOLATION LEVEL SERIALIZABLE")
        snapshot = run("SELECT snapshot FROM cases WHERE reference = %s", [reference]).fetchone()[0]
        text = json.dumps(line | {"n": n}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        run("UPDATE cases SET n = %s, snapshot = %s WHERE reference = %s", [n, snapshot, reference])
        run("INSERT INTO entries (case_ref, n, line) VALUES (%s, %s, %s)", [reference, n, text])
        run(private, [reference, n, salt, payload])
        run("INSERT INTO pending (case_ref, n) VALUES (%s, %s)", [reference, n])
        run("UPDATE deadlines SET version = version + 1 WHERE case_ref = %s", [reference])
        run(copied, [f"floor-{n}"])
        run(request, [f"f{n}"])
        run("COMMIT")

    return step


def alone(home: Path, url: str) -> list[list[str]]:
    """One connection: the engine and the floor in turn."""
    model, reference = engine_steps(home)
    model()
    floor = floor_steps(url, reference)  # on a case that the engine is done with
    step, _ = engine_steps(home)
    step()
    took: dict[str, list[float]] = {"bare statements, one at a time": [], "`advance`": []}
    for round_ in range(ROUNDS + 1):
        for name, way in zip(took, (floor, step), strict=True):
            start = time.perf_counter()
            for _ in range(STEPS):
                way()
            if round_:
                took[name].append((time.perf_counter() - start) / STEPS * 1e6)
    medians = {name: statistics.median(times) for name, times in took.items()}
    bare = medians["bare statements, one at a time"]
    return [[name, f"{us:,.0f}", f"{bare / us:.2f}"] for name, us in medians.items()]


def together(home: Path) -> list[list[str]]:
    """Several processes for some seconds, each with a case of its own."""
    rows = []
    for count in WORKERS:
        program = WORKER.format(folder=str(Path(__file__).parent), home=str(home), seconds=SECONDS)
        working = [
            subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(count)
        ]
        for worker in working:
            assert worker.stdout is not None
            worker.stdout.readline()
        done = sum(int(worker.communicate("\n")[0]) for worker in working)
        rows.append([str(count), f"{done / SECONDS:,.0f}"])
    return rows


def main() -> None:
    """Measure, and write the section."""
    import postgres_server

    postgres_server.begin_run()
    try:
        with tempfile.TemporaryDirectory() as place, postgres_server.database(postgres_server.BARE) as url:
            home = Path(place) / "home"
            make_home(home, Caller("bench", "os:bench"), sandbox=True, start=datetime(2026, 1, 5, 9, tzinfo=UTC),
                      database_url=url)  # fmt: skip
            one = alone(home, url)
            many = together(home)
    finally:
        postgres_server.end_run()
    text = [
        f"Medians of {ROUNDS} rounds of {STEPS} steps on one connection, in turn; last, the share of the floor's rate.",
        table(("", "us a step", "of the floor"), one),
        f"Steps in a second by several processes, each with a case of its own, for {SECONDS} seconds:",
        table(("processes", "steps/s"), many),
        "Goals: 0.75 of a floor that writes all rows in one statement; 0.75 of it with eight connections.",
    ]
    write("postgresql.py", "One durable step on PostgreSQL", "\n\n".join(text))


if __name__ == "__main__":
    main()
