"""One tick with 1,000 reminders due, beside 1,000,000 open deadlines and beside 10,000, and against bare SQL.

The rows that are not due are made by bulk SQL; those that are due are real cases. Mail is held and nothing is sealed,
so that what is measured is finding what is due and recording it. The floor makes the same writes without an engine, in
one transaction for each deadline as the engine does, and in one for all. Run: make bench
"""

import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from report import table, write

from engine.app.advance import Given
from engine.app.mail_hold import hold
from engine.app.office import Caller, Office
from engine.app.open_case import open_case
from engine.app.tick import tick
from engine.bootstrap.home import make_home
from engine.bootstrap.office import open_office
from engine.core.plain import instant
from engine.settings import load
from engine.store.database import connect

ROUNDS, DUE = 3, 1000
SIZES = {"10,000": 10_000, "1,000,000": 1_000_000}
PER_CASE = 50
"""So many of the deadlines that are not due stand in one case."""

OPENED = datetime(2026, 1, 7, 9, tzinfo=UTC)
"""A Wednesday: what is opened on it and on the two days after is due on working days six months later."""

REMINDED = datetime(2026, 6, 30, 9, tzinfo=UTC)
"""When the first of them are reminded of."""

OFFICER = Caller("officer", "os:bench as officer")
COPIED = ("entries", "entry_private", "pending", "messages")


def with_due(home: Path) -> None:
    """A home in which a thousand ideas are due for a reminder on each of three days."""
    office = open_office(load(make_home(home, Caller("bench", "os:bench"), sandbox=True, start=OPENED).home))
    hold(office, OFFICER, on=True)
    for day in range(ROUNDS):
        put_clock(office, OPENED + timedelta(days=day))
        for n in range(DUE):
            given = Given(set={"contact": "Kontakt", "idea_text": "Idé"})
            open_case(office, OFFICER, "application", f"Idé {day}-{n}", given, event="contact")


def put_clock(office: Office, at: datetime) -> None:
    """Move the sandbox's clock."""
    with office.store.write() as tx:
        tx.settings.put("clock", instant(at))


def filled(template: Path, home: Path, size: int) -> Path:
    """A copy with so many open deadlines, those that are not due lying years ahead."""
    shutil.copytree(template, home)
    connection = connect(home / "skede.db")
    wanted = size - connection.execute("SELECT count(*) FROM deadlines WHERE state = 'open'").fetchone()[0]
    numbers = "WITH RECURSIVE r(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM r WHERE i < {most} - 1)"
    connection.execute("BEGIN IMMEDIATE")
    for name, key, cases in (("cases", "reference", True), ("deadlines", "id", False)):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_xinfo({name})") if row[6] == 0]
        values = {
            "reference": "'FAR-' || i", "case_ref": f"'FAR-' || (i / {PER_CASE})", "id": "'FAR-' || i || ':far'",
            "due_at": "'2031-01-' || printf('%02d', 1 + i % 28) || 'T23:00:00.000000Z'",
            "next_reminder_at": "'2030-12-' || printf('%02d', 1 + i % 28) || 'T07:00:00.000000Z'",
            "then_at": "'2031-02-' || printf('%02d', 1 + i % 28) || 'T23:00:00.000000Z'",
        }  # fmt: skip
        chosen = [values[c] if c in values and (c in (key, "reference") or not cases) else c for c in columns]
        most = wanted // PER_CASE + 1 if cases else wanted
        connection.execute(
            f"{numbers.format(most=most)} INSERT INTO {name} ({', '.join(columns)}) "
            f"SELECT {', '.join(chosen)} FROM r, (SELECT * FROM {name} ORDER BY {key} DESC LIMIT 1)"
        )
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.close()
    return home


def engine_round(home: Path, at: datetime) -> float:
    """Seconds of one real tick, in which everything that is due is said once."""
    office = open_office(load(home))
    put_clock(office, at)
    start = time.perf_counter()
    done = tick(office, sealing=False)
    took = time.perf_counter() - start
    assert (done.reminded, done.expired, done.errors) == (DUE, 0, []), done
    return took


def idle_round(home: Path) -> float:
    """Seconds of a tick that finds nothing to do."""
    office = open_office(load(home))
    start = time.perf_counter()
    assert tick(office, sealing=False).reminded == 0
    return time.perf_counter() - start


def last_rows(home: Path) -> Mapping[str, Mapping[str, Any]]:
    """The newest row of each table that a reminder is written into, as the engine made it."""
    connection = connect(home / "skede.db")
    found = {}
    for name in COPIED:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_xinfo({name})") if row[6] == 0]
        row = connection.execute(f"SELECT {', '.join(columns)} FROM {name} ORDER BY rowid DESC LIMIT 1").fetchone()
        found[name] = dict(zip(columns, row, strict=True))
    connection.close()
    return found


def floor_round(home: Path, at: datetime, rows: Mapping[str, Mapping[str, Any]], *, one_transaction: bool) -> float:
    """Seconds for finding the same deadlines and writing the same rows with nothing but SQL."""
    connection = connect(home / "skede.db")
    far = "2030-01-01T07:00:00.000000Z"
    start = time.perf_counter()
    due = connection.execute(
        "SELECT case_ref, id FROM deadlines WHERE state = 'open' AND next_reminder_at IS NOT NULL "
        "AND next_reminder_at <= ? ORDER BY next_reminder_at, id LIMIT 5000", (instant(at),)
    ).fetchall()  # fmt: skip
    assert len(due) == DUE
    if one_transaction:
        connection.execute("BEGIN IMMEDIATE")
    for case, deadline in due:
        if not one_transaction:
            connection.execute("BEGIN IMMEDIATE")
        n, snapshot = connection.execute("SELECT n + 1, snapshot FROM cases WHERE reference = ?", (case,)).fetchone()
        body = connection.execute("SELECT body FROM deadlines WHERE id = ?", (deadline,)).fetchone()[0]
        connection.execute("UPDATE cases SET n = ?, snapshot = ? WHERE reference = ?", (n, snapshot, case))
        insert_rows(connection, rows, case, n)
        connection.execute("UPDATE deadlines SET next_reminder_at = ?, body = ? WHERE id = ?", (far, body, deadline))
        if not one_transaction:
            connection.execute("COMMIT")
    if one_transaction:
        connection.execute("COMMIT")
    took = time.perf_counter() - start
    connection.close()
    return took


def insert_rows(connection: Any, rows: Mapping[str, Mapping[str, Any]], case: str, n: int) -> None:
    """The rows of one reminder, under this case's name."""
    for name, row in rows.items():
        known = {"case_ref": case, "n": n, "id": None}
        new = {key: known.get(key, value) for key, value in row.items()}
        if name == "entries":
            new["line"] = json.dumps(json.loads(row["line"]) | {"case": case, "n": n}, sort_keys=True,
                                     separators=(",", ":"), ensure_ascii=False)  # fmt: skip
        if name == "messages":
            new["key"] = f"{case}/{n}/floor"
        connection.execute(f"INSERT INTO {name} ({', '.join(new)}) VALUES ({', '.join('?' for _ in new)})",
                           tuple(new.values()))  # fmt: skip


def measured(top: Path) -> list[list[str]]:
    """The rows of the table, in milliseconds."""
    template = top / "template"
    with_due(template)
    homes = {name: filled(template, top / f"home-{size}", size) for name, size in SIZES.items()}
    most = list(SIZES)[-1]
    floors = {one: filled(template, top / f"floor-{one}", SIZES[most]) for one in (False, True)}
    times: dict[str, list[float]] = {}
    for day in range(ROUNDS):
        at = REMINDED + timedelta(days=day)
        for name, home in homes.items():
            times.setdefault(f"tick, {DUE:,} due of {name} open", []).append(engine_round(home, at))
        rows = last_rows(homes[most])
        for one, home in floors.items():
            words = "one transaction" if one else "a transaction for each"
            times.setdefault(f"bare SQL, the same writes, {words}", []).append(
                floor_round(home, at, rows, one_transaction=one)
            )
        for name, home in homes.items():
            times.setdefault(f"tick, nothing due of {name} open", []).append(idle_round(home))
    floor = statistics.median(times["bare SQL, the same writes, a transaction for each"])
    return [[what, f"{statistics.median(took) * 1e3:,.1f}", f"{statistics.median(took) / floor:.2f}"]
            for what, took in times.items()]  # fmt: skip


def main() -> None:
    """Measure on disk and in memory."""
    parts: Iterable[tuple[str, str | None]] = (("disk", None), ("memory", "/dev/shm"))
    text = [f"Medians of {ROUNDS} rounds, interleaved; the ratio is to bare SQL with a transaction for each deadline."]
    for place, folder in parts:
        if folder is not None and not Path(folder).is_dir():
            continue
        top = Path(tempfile.mkdtemp(dir=folder))
        try:
            text += [f"On {place}:", table(("", "ms", "ratio"), measured(top))]
        finally:
            shutil.rmtree(top, ignore_errors=True)
    write("tick.py", "One tick: what is due, beside what is not", "\n\n".join(text))


if __name__ == "__main__":
    sys.exit(main())
