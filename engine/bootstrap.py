"""Put an office together: the only place that picks implementations.

Everything that a command may not need is made when it is first asked for.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.app.catalog import Catalog
from engine.app.office import Caller, Office
from engine.core.case import Case
from engine.core.definition import Definition
from engine.core.errors import EngineError, SettingsError, UsageError
from engine.core.schedule import Calendar
from engine.ports import Channel, Clock, Mailer
from engine.settings import FILE, ChannelSettings, Settings, load, write_default
from engine.store.unit_of_work import SqliteStore
from workflows.guards import registry

if TYPE_CHECKING:
    from engine.app.doctor import Readings
    from notifications.render import JinjaRenderer

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def open_office(settings: Settings, *, clock: Clock | None = None, read_only: bool = False) -> Office:
    """The office of a home.

    Args:
        settings: The home's settings.
        clock: Another clock than the host's; a sandbox brings its own.
        read_only: For commands that only look: the file is opened so that nothing can be written.
    """
    if "://" in settings.database:
        raise SettingsError("PostgreSQL comes with a later version: leave `database` as a file for now")
    store = SqliteStore(Path(settings.database), clock, read_only=read_only)
    window = settings.send_window or (time(0), time(23, 59, 59))
    calendar = Calendar(settings.tz, settings.closed_days, *window)
    rules = {"dnr": settings.dnr, "body": settings.body, "pay_requires_force": settings.pay_requires_force}

    @cache
    def renderer() -> "JinjaRenderer":
        from notifications.render import JinjaRenderer

        own = settings.at_home() / "templates"
        return JinjaRenderer(own if own.is_dir() else None)

    def lint(definition: Definition, template: str, known: Mapping[str, Definition]) -> list[str]:
        from notifications import sample

        return sample.lint(renderer(), definition, template, known)

    return Office(
        store=store, catalog=Catalog(), registry=registry, calendar=calendar, renderer=renderer,
        mailer=cache(lambda: mailer_for(settings)), channel=lambda: channel_for(settings, store), lint=lint,
        name=settings.office.name, mailbox=settings.office.mailbox, domain=settings.office.domain, lang=settings.lang,
        rules=rules, send_delay=int(settings.send_delay.total_seconds()),
    )  # fmt: skip


def channel_for(settings: Settings, store: SqliteStore) -> Channel:
    """The way out that the settings name; a sandbox sends to its folder, or to this machine, and nowhere else."""
    chosen = settings.channel
    with store.read() as tx:
        sandbox = tx.settings.get("sandbox") == "1"
    if sandbox and chosen.kind == "smtp" and chosen.host not in LOOPBACK:
        raise SettingsError(f"a sandbox sends mail to this machine alone, not to {chosen.host}: use the folder channel")
    if chosen.kind == "smtp":
        return _smtp(chosen)
    if chosen.kind == "console":
        import sys

        from notifications.channels.console import ConsoleChannel

        return ConsoleChannel(sys.stderr)
    from notifications.channels.folder import FolderChannel

    return FolderChannel(chosen.folder)


def mailer_for(settings: Settings) -> Mailer:
    """The mail room that signs as the office of the settings."""
    from notifications.mailer import OfficeMailer

    office = settings.office
    sender = f"{office.name} <{office.mailbox}>"
    return OfficeMailer(sender=sender, reply_to=office.mailbox, domain=office.domain)


def _smtp(chosen: ChannelSettings) -> Channel:
    from notifications.channels.smtp import Server, SmtpChannel

    login = None
    if chosen.user is not None and chosen.password_file is not None:
        login = (chosen.user, chosen.password_file.read_text("utf-8").splitlines()[0])
    return SmtpChannel(Server(chosen.host, chosen.port, chosen.tls, login))


def make_home(folder: Path, caller: Caller, *, sandbox: bool, start: datetime | None = None) -> Settings:
    """Make a home: settings, database at the newest schema, first admin, and the workflows that ship.

    Raises:
        SettingsError: There is a home in that folder already.
    """
    from engine.app.home import furnish
    from engine.app.publish import publish
    from engine.store.migrate import create

    settings_file = folder / FILE
    if settings_file.exists():
        raise SettingsError(f"{folder} is a home already: skede status shows it")
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "skede.db"
    create(database)
    try:
        write_default(settings_file, sandbox=sandbox)
        settings = load(folder)
        office = open_office(settings)
        origin = f"{'sandbox/' if sandbox else ''}{settings.office.domain}/skede"
        furnish(office, caller, origin=origin, sandbox=sandbox, start=start)
        publish(office, caller, shipped(), lint=False)
    except BaseException:
        settings_file.unlink(missing_ok=True)
        for name in ("skede.db", "skede.db-wal", "skede.db-shm"):
            (folder / name).unlink(missing_ok=True)
        raise
    return settings


def shipped() -> dict[str, tuple[dict[str, Any], str]]:
    """The workflows that ship, as `publish` takes them."""
    import workflows
    from engine.readers.toml import read_definition

    folder = Path(workflows.__file__).parent
    return {path.name: read_definition(path) for path in sorted(folder.glob("*.toml"))}


def upgrade_database(settings: Settings) -> tuple[int, int]:
    """Bring the home's database to the newest schema; the schema before and after."""
    from engine.store.migrate import upgrade

    return upgrade(_file(settings))


def check_database(settings: Settings) -> tuple[str, ...]:
    """What is wrong with the home's database, one sentence each; nothing if it is as it should be."""
    from engine.store.migrate import check

    return check(_file(settings))


def copy_database(settings: Settings, target: Path) -> None:
    """Copy the home's database while it is in use."""
    from engine.store.copies import backup

    backup(_file(settings), target)


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
    from dataclasses import replace

    from engine.app.restored import begin_again
    from engine.store.copies import restore

    old, new = _is_sandbox(settings), _is_sandbox(replace(settings, database=str(source.absolute())))
    if None not in (old, new) and old != new:
        raise UsageError(f"{source} and this home are not of one kind: a sandbox never becomes a real home")
    restore(_file(settings), source)
    return begin_again(open_office(settings), caller)


def _is_sandbox(settings: Settings) -> bool | None:
    """Whether a database is a sandbox's; None where it cannot be asked."""
    try:
        with open_office(settings, read_only=True).store.read() as tx:
            return tx.settings.get("sandbox") == "1"
    except EngineError:
        return None


def _file(settings: Settings) -> Path:
    settings.at_home()
    if "://" in settings.database:
        raise SettingsError("PostgreSQL comes with a later version: leave `database` as a file for now")
    return Path(settings.database)


def sample_variables(definition: Definition, lang: str) -> Mapping[str, Any]:
    """Sample values for the mail templates of a workflow."""
    from notifications import sample

    return sample.sample_variables(definition, lang)


def granted_amount(application: Case) -> Decimal:
    """What is granted to an application now, by the rule that the guards go by."""
    from workflows.guards.call import granted_amount as by_rule

    return by_rule(application)


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
        channel_fault=_channel_fault(channel), schema=wrong, schema_error=closed,
    )  # fmt: skip


def _channel_fault(channel: ChannelSettings) -> str | None:
    """Why no mail can leave now: the server does not answer, or the folder cannot be written to."""
    import os
    import socket

    if channel.kind == "folder":
        nearest = next(folder for folder in (channel.folder, *channel.folder.parents) if folder.exists())
        return None if nearest.is_dir() and os.access(nearest, os.W_OK) else f"{nearest} cannot be written to"
    if channel.kind != "smtp":
        return None
    try:
        socket.create_connection((channel.host, channel.port), timeout=5).close()
    except OSError as error:
        return f"{channel.host}:{channel.port}: {error.strerror or error}"
    return None
