"""The upkeep of a home's database: migrate, check, copy, back up and put back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.app.office import Caller
from engine.bootstrap.office import open_office
from engine.bootstrap.outside import channel_fault
from engine.core.errors import EngineError, UsageError
from engine.ports import Bell
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.app.doctor import Readings
    from engine.store.transfer import Copied


def database_of(settings: Settings) -> str:
    """Where the database of a home is: its file, or its URL.

    Raises:
        SettingsError: There is no home.
    """
    settings.at_home()
    return settings.database


def bell_of(settings: Settings) -> Bell | None:
    """What rings when somebody puts mail into the home's outbox; None where the database is a file."""
    database = database_of(settings)
    if "://" not in database:
        return None
    from engine.store.bell import PostgresBell

    return PostgresBell(database)


def upgrade_database(settings: Settings) -> tuple[int, int]:
    """Bring the home's database to the newest schema; the schema before and after."""
    from engine.store.migrate import upgrade

    return upgrade(database_of(settings))


def install_roles(settings: Settings) -> tuple[str, ...]:
    """Make the roles of the database and give them their rights; their names (PostgreSQL alone)."""
    from engine.store.roles import install

    return install(database_of(settings))


def check_database(settings: Settings) -> tuple[str, ...]:
    """What is wrong with the home's database, one sentence each; nothing if it is as it should be."""
    from engine.store.migrate import check

    return check(database_of(settings))


def copy_database(settings: Settings, target: Path | str) -> "Copied | None":
    """Copy the home's database while it is in use: into a file, or into an empty database of a server.

    Returns:
        What was copied; None where SQLite copied its own pages.
    """
    source = database_of(settings)
    if "://" not in f"{source}{target}":
        from engine.store.copies import backup

        backup(Path(source), Path(target))
        return None
    from engine.store.transfer import copy

    return copy(source, target)


def move_database(settings: Settings, target: str) -> "tuple[Copied, str]":
    """Copy the home's database whole to another place, compared row by row; what was copied, and where to.

    The copy has the same rows and the same log, whichever of the two databases each is on. What is written to the old
    one afterwards is not in the new one: nobody may work meanwhile, and then the setting `database` names the new one.
    """
    from msgspec.structs import replace

    from engine.store.transfer import copy

    place = target if "://" in target else str(Path(target).absolute())
    return copy(database_of(settings), place), replace(settings, database=place).shown_database()


def back_up(settings: Settings, target: Path) -> None:
    """Copy the home's database while it is in use, and note when."""
    copy_database(settings, target)
    with open_office(settings).store.write() as tx:
        tx.settings.put("last_backup", datetime.now(UTC).isoformat())


def restore_backup(settings: Settings, source: Path, caller: Caller) -> Mapping[str, Any]:
    """Put a backup in place of the home's database, whole or not at all, and write down that it was done.

    Raises:
        UsageError: One of the two is a sandbox's and the other is not.
        LogTampered: The backup is damaged or no database of ours.
    """
    from msgspec.structs import replace

    from engine.app.restored import begin_again
    from engine.store.copies import restore

    old, new = _is_sandbox(settings), _is_sandbox(replace(settings, database=str(source.absolute())))
    if None not in (old, new) and old != new:
        raise UsageError(
            f"{source} and this home are not of one kind: a sandbox never becomes a real home",
            says="backup_other_kind",
            source=source,
        )
    database = database_of(settings)
    if "://" in database:
        from engine.store.transfer import copy

        copy(source, database)
    else:
        restore(Path(database), source)
    return begin_again(open_office(settings), caller)


def _is_sandbox(settings: Settings) -> bool | None:
    """Whether a database is a sandbox's; None where it cannot be asked."""
    try:
        with open_office(settings, read_only=True).store.read() as tx:
            return tx.settings.get("sandbox") == "1"
    except EngineError:
        return None


def readings(settings: Settings) -> "Readings":
    """What `doctor` looks at that is not in the database: versions, disk, the database as a file, the way out."""
    import shutil
    import sys

    from engine.app.doctor import Readings
    from engine.store.database import driver

    wrong: tuple[str, ...] = ()
    closed: EngineError | None = None
    try:
        wrong = check_database(settings)
    except EngineError as error:
        closed = error
    channel = settings.channel
    server = f"{channel.host}:{channel.port}" if channel.kind == "smtp" else str(channel.folder)
    return Readings(
        python=tuple(sys.version_info[:3]), sqlite=tuple(driver.sqlite_version_info), home=str(settings.at_home()),
        free=shutil.disk_usage(settings.at_home()).free, channel=channel.kind, server=server,
        channel_fault=channel_fault(channel), schema=wrong, schema_error=closed,
    )  # fmt: skip
