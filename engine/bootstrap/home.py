"""Make a home, or a copy of one to be thrown away."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.app.office import Caller, Office
from engine.bootstrap.databases import copy_database, database_of
from engine.bootstrap.office import KEYS, open_office
from engine.bootstrap.plugins import shipped
from engine.core.errors import SettingsError
from engine.settings import FILE, Settings, load, write_default

if TYPE_CHECKING:
    from engine.app.forecast import SetClock

_ON_SERVER = 1 << 30
"""Bytes that the copy of a database is thought to need whose size is not known."""


def make_home(
    folder: Path, caller: Caller, *, sandbox: bool, start: datetime | None = None, database_url: str | None = None
) -> Settings:
    """Make a home: settings, database at the newest schema, first admin, and the workflows that ship.

    Args:
        folder: Where; it is made if it is not there.
        caller: Who becomes the first admin.
        sandbox: Whether it is for training.
        start: Where a sandbox's clock stands at first.
        database_url: An empty database on a PostgreSQL server, in place of a file in the folder.

    Raises:
        SettingsError: There is a home in that folder already.
        UsageError: The database on the server is not empty.
    """
    from engine.app.home import furnish
    from engine.app.publish import publish
    from engine.signing import KEY, PUBLIC, FileSigner
    from engine.store.migrate import create, remove_from_server

    settings_file = folder / FILE
    if settings_file.exists():
        raise SettingsError(f"{folder} is a home already: skede status shows it")
    if (folder / KEYS / KEY).exists():
        raise SettingsError(f"{folder / KEYS / KEY} is the seal key of another log: move it away first")
    folder.mkdir(parents=True, exist_ok=True)
    create(database_url or folder / "skede.db")
    try:
        write_default(settings_file, sandbox=sandbox, database=database_url)
        settings = load(folder)
        office = open_office(settings)
        name = f"{'sandbox/' if sandbox else ''}{settings.office.domain}/skede"
        key = FileSigner(folder / KEYS, name).make()
        furnish(office, caller, origin=name, key=key.text(), sandbox=sandbox, start=start)
        publish(office, caller, shipped(), lint=False)
    except BaseException:
        settings_file.unlink(missing_ok=True)
        for name in ("skede.db", "skede.db-wal", "skede.db-shm", f"{KEYS}/{KEY}", f"{KEYS}/{PUBLIC}"):
            (folder / name).unlink(missing_ok=True)
        if database_url:
            remove_from_server(database_url)
        raise
    return settings


@contextmanager
def throw_away(settings: Settings, now: datetime) -> Iterator[tuple[Office, "SetClock"]]:
    """An office on a copy of the database, with a clock of its own and a way out that leads nowhere.

    Nothing that is done there is kept: the copy is private, in memory where the system has a place for that, and
    removed afterwards. Limits and reports that come in belong to this world and are left out.

    Args:
        settings: Of the home that is copied.
        now: Where the copy's clock stands at first.
    """
    import shutil
    from tempfile import mkdtemp

    from msgspec.structs import replace

    from engine.app.forecast import NotingChannel, SetClock

    memory, source = Path("/dev/shm"), database_of(settings)  # noqa: S108 - a private folder is made in it
    size = _ON_SERVER if "://" in source else Path(source).stat().st_size
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 * size
    place = Path(mkdtemp(prefix="skede-", dir=memory if roomy else None))
    try:
        copy = place / "skede.db"
        copy_database(settings, copy)
        clock = SetClock(now)
        office = open_office(replace(settings, database=str(copy)), clock=clock)
        limits = replace(office.mail, connections=1, per_minute=0, per_domain=0)
        yield replace(office, channel=NotingChannel, mail=limits, bounces=None, signer=None, outbox=None), clock
    finally:
        shutil.rmtree(place, ignore_errors=True)
