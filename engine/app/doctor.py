"""What is wrong with a home, and what helps: readings taken outside are judged here."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from engine.app.doctor_finding import Finding, Level
from engine.app.doctor_seal import examine_seal
from engine.app.mail_state import is_held, mail_paused
from engine.app.office import Office
from engine.core.entry import parse
from engine.core.errors import EngineError
from engine.core.plain import instant
from engine.ports import UnitOfWork

LEAST_FREE = 100 * 1024 * 1024
LITTLE_FREE = 1024 * 1024 * 1024
SILENT_FOR = timedelta(minutes=15)
OLDEST_BACKUP = timedelta(days=7)
SKEW = timedelta(minutes=5)
"""How far the newest entry may lie ahead before the computer's clock is at fault."""


class Readings(Struct, frozen=True):
    """What was read off the machine.

    Attributes:
        python, sqlite: Versions.
        home: The home's folder.
        schema: What the check of the database said: its error, or what is wrong with it; () = nothing.
        schema_error: Why the database could not even be opened.
        free: Free bytes on its disk.
        channel: `folder`, `smtp` or `console`; `server` where it leads.
        channel_fault: Why mail cannot leave that way, or None.
    """

    python: tuple[int, ...]
    sqlite: tuple[int, ...]
    home: str
    free: int
    channel: str
    server: str
    channel_fault: str | None = None
    schema: tuple[str, ...] = ()
    schema_error: EngineError | None = None


def examine(readings: Readings, office: Office | None) -> list[Finding]:
    """Judge everything; without an office, because it cannot be opened, what can still be judged."""
    found = [*_versions(readings), *_place(readings)]
    if office is not None and readings.schema_error is None:
        found += _inside(office)
    return found


def _versions(readings: Readings) -> Iterator[Finding]:
    python = ".".join(map(str, readings.python))
    yield Finding("python", "ok" if readings.python >= (3, 11) else "error", {"version": python})
    sqlite = ".".join(map(str, readings.sqlite))
    yield Finding("sqlite" if is_sound(readings.sqlite) else "sqlite_unsound",
                  "ok" if is_sound(readings.sqlite) else "error", {"version": sqlite})  # fmt: skip


def is_sound(version: tuple[int, ...]) -> bool:
    """Whether this SQLite cannot corrupt a WAL database: mended in 3.51.3 and 3.50.7 (sqlite.org/wal.html)."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51)


def _place(readings: Readings) -> Iterator[Finding]:
    yield Finding("home", "ok", {"home": readings.home})
    error = readings.schema_error
    if error is not None:
        yield Finding("database_closed", "error", {"why": error.message}, error.exit_code)
    for why in readings.schema:
        yield Finding("database_wrong", "error", {"why": why}, 7)
    if error is None and not readings.schema:
        yield Finding("database", "ok")
    free = readings.free // (1024 * 1024)
    little: Level = "error" if readings.free < LEAST_FREE else "warning" if readings.free < LITTLE_FREE else "ok"
    yield Finding("disk" if little == "ok" else "disk_full", little, {"n": free})
    params = {"channel": readings.channel, "server": readings.server, "why": readings.channel_fault or ""}
    yield Finding("mail_way" if readings.channel_fault is None else "mail_way_shut",
                  "ok" if readings.channel_fault is None else "error", params, 6)  # fmt: skip


def _inside(office: Office) -> Iterator[Finding]:
    real = datetime.now(UTC)
    with office.store.read() as tx:
        sandbox = tx.settings.get("sandbox") == "1"
        newest = _newest(tx)
        counts = tx.messages.counts()
        heartbeat, backup = tx.settings.get("heartbeat"), tx.settings.get("last_backup")
        held, paused = is_held(tx), mail_paused(tx)
        failing = sum(1 for person in tx.people.persons() if person.email_state == "failing")
        now = tx.now
    yield Finding("sandbox" if sandbox else "real", "ok")
    if newest is not None and newest > now + SKEW:
        yield Finding("clock_behind", "error", {"now": instant(now), "newest": instant(newest)})
    else:
        yield Finding("clock", "ok", {"now": instant(now)})
    yield _age("heartbeat", heartbeat, real, SILENT_FOR, relaxed=sandbox)
    yield _age("backup", backup, real, OLDEST_BACKUP, relaxed=sandbox)
    yield from examine_seal(office, relaxed=sandbox)
    if held:
        waiting = counts.get("queued", 0) + counts.get("deferred", 0)
        yield Finding("mail_held", "warning", {"n": waiting})
    if paused:
        yield Finding("mail_paused", "error", paused, 6)
    if failing:
        yield Finding("address_failing", "warning", {"n": failing})
    for state in ("failed", "unknown"):
        if counts.get(state):
            yield Finding(f"mail_{state}", "warning", {"n": counts[state]})


def _newest(tx: UnitOfWork) -> datetime | None:
    """When the newest entry was recorded."""
    newest = tx.log.newest()
    return None if newest is None else datetime.fromisoformat(parse(newest.line).at)


def _age(what: str, at: str | None, real: datetime, most: timedelta, *, relaxed: bool) -> Finding:
    """How long ago something last happened; a sandbox need not have it."""
    warning: Level = "ok" if relaxed else "warning"
    if at is None:
        return Finding(f"{what}_never", warning)
    age = real - datetime.fromisoformat(at)
    hours = max(0, int(age.total_seconds() // 3600))
    params = {"at": instant(datetime.fromisoformat(at)), "n": hours}
    return Finding(what if age <= most else f"{what}_old", "ok" if age <= most else warning, params)
