"""Put an office together: the only place that picks implementations.

Everything that a command may not need is made when it is first asked for.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, time
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.app.catalog import Catalog
from engine.app.office import Caller, MailRules, Office
from engine.core.case import Case
from engine.core.definition import Definition
from engine.core.errors import EngineError, SettingsError, UsageError
from engine.core.schedule import Calendar
from engine.ports import Anchor, Channel, Clock, Mailer, Postbox, Signer, Store
from engine.settings import FILE, AnchorSettings, ChannelSettings, Settings, load, write_default
from engine.store.unit_of_work import store_at
from workflows.guards import registry

if TYPE_CHECKING:
    from engine.app.doctor import Readings
    from engine.app.forecast import SetClock
    from engine.store.transfer import Copied
    from notifications.render import JinjaRenderer

KEYS = "keys"
"""Folder of the home with what must be kept secret: the seal's key, the mail server's password."""

_ON_SERVER = 1 << 30
"""Bytes that the copy of a database is thought to need whose size is not known."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def open_office(
    settings: Settings, *, clock: Clock | None = None, read_only: bool = False, salts: Callable[[], bytes] | None = None
) -> Office:
    """The office of a home.

    Args:
        settings: The home's settings.
        clock: Another clock than the host's; a sandbox brings its own.
        read_only: For commands that only look: the file is opened so that nothing can be written.
        salts: Another source of the log's salts than the system's, for whoever wants the same bytes twice.
    """
    store = store_at(settings.database, clock, read_only=read_only, salts=salts)
    window = settings.send_window or (time(0), time(23, 59, 59))
    calendar = Calendar(settings.tz, settings.closed_days, *window)
    rules = {"dnr": settings.dnr, "body": settings.body, "pay_requires_force": settings.pay_requires_force}

    @cache
    def renderer() -> "JinjaRenderer":
        from notifications.render import JinjaRenderer

        own = settings.at_home() / "templates"
        return JinjaRenderer(own if own.is_dir() else None)

    @cache
    def signer() -> Signer:
        from engine.app.record import origin

        if settings.signer:
            from engine.signer.command import CommandSigner

            with store.read() as tx:
                return CommandSigner(settings.signer, origin(tx))
        from engine.signing import FileSigner

        with store.read() as tx:
            return FileSigner(settings.at_home() / KEYS, origin(tx))

    def lint(definition: Definition, template: str, known: Mapping[str, Definition]) -> list[str]:
        from notifications import sample

        return sample.lint(renderer(), definition, template, known)

    return Office(
        store=store, catalog=Catalog(), registry=registry, calendar=calendar, renderer=renderer,
        mailer=cache(lambda: mailer_for(settings)), channel=lambda: channel_for(settings, store), signer=signer,
        lint=lint, anchors=cache(lambda: tuple(anchor_for(settings, one) for one in settings.anchors)),
        name=settings.office.name, mailbox=settings.office.mailbox, domain=settings.office.domain, lang=settings.lang,
        rules=rules, send_delay=int(settings.send_delay.total_seconds()), mail=_mail_rules(settings),
        home=settings.home, outbox=settings.channel.folder if settings.channel.kind == "folder" else None,
        bounces=_postbox(settings), seal_every=int(settings.seal_every.total_seconds()),
    )  # fmt: skip


def _mail_rules(settings: Settings) -> MailRules:
    from engine.setting_values import DECISIONS

    return MailRules(
        per_minute=settings.mail_per_minute, per_domain=settings.mail_per_domain_per_minute,
        domains=settings.mail_domains, held=settings.hold_decisions,
        decisions=DECISIONS | settings.hold_decisions, digest=settings.digest,
    )  # fmt: skip


def _postbox(settings: Settings) -> Postbox | None:
    if settings.bounces is None:
        return None
    from engine.readers.bounce import Maildir

    return Maildir(settings.bounces)


def channel_for(settings: Settings, store: Store) -> Channel:
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


def anchor_for(settings: Settings, chosen: AnchorSettings) -> Anchor:
    """The place outside the database that the settings name."""
    if chosen.kind == "git":
        from engine.anchors.git import GitAnchor

        return GitAnchor(chosen.path, chosen.remote)
    if chosen.kind == "mail":
        from engine.anchors.mail import MailAnchor

        return MailAnchor(chosen.list, (settings.office.name, settings.office.mailbox))
    if chosen.kind == "timestamp":
        from engine.anchors.timestamp import TimestampAnchor

        return TimestampAnchor(chosen.path, chosen.url, chosen.authority)
    from engine.anchors.folder import FolderAnchor

    return FolderAnchor(chosen.path)


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


def shipped() -> dict[str, tuple[dict[str, Any], str]]:
    """The workflows that ship, as `publish` takes them."""
    import workflows
    from engine.readers.toml import read_definition

    folder = Path(workflows.__file__).parent
    return {path.name: read_definition(path) for path in sorted(folder.glob("*.toml"))}


def history_workflow() -> tuple[dict[str, Any], str]:
    """The workflow of cases whose steps no other workflow knows; published in a home when it first needs it."""
    import workflows
    from engine.readers.toml import read_definition

    return read_definition(Path(workflows.__file__).parent / "apart" / "history.toml")


def upgrade_database(settings: Settings) -> tuple[int, int]:
    """Bring the home's database to the newest schema; the schema before and after."""
    from engine.store.migrate import upgrade

    return upgrade(_database(settings))


def install_roles(settings: Settings) -> tuple[str, ...]:
    """Make the roles of the database and give them their rights; their names (PostgreSQL alone)."""
    from engine.store.roles import install

    return install(_database(settings))


def check_database(settings: Settings) -> tuple[str, ...]:
    """What is wrong with the home's database, one sentence each; nothing if it is as it should be."""
    from engine.store.migrate import check

    return check(_database(settings))


def copy_database(settings: Settings, target: Path | str) -> "Copied | None":
    """Copy the home's database while it is in use: into a file, or into an empty database of a server.

    Returns:
        What was copied; None where SQLite copied its own pages.
    """
    source = _database(settings)
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
    return copy(_database(settings), place), replace(settings, database=place).shown_database()


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

    memory, source = Path("/dev/shm"), _database(settings)  # noqa: S108 - a private folder is made in it
    size = _ON_SERVER if "://" in source else Path(source).stat().st_size
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 * size
    place = Path(mkdtemp(prefix="skede-", dir=memory if roomy else None))
    try:
        copy = place / "skede.db"
        copy_database(settings, copy)
        clock = SetClock(now)
        office = open_office(replace(settings, database=str(copy)), clock=clock)
        limits = replace(office.mail, per_minute=0, per_domain=0)
        yield replace(office, channel=NotingChannel, mail=limits, bounces=None, signer=None, outbox=None), clock
    finally:
        shutil.rmtree(place, ignore_errors=True)


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
        raise UsageError(f"{source} and this home are not of one kind: a sandbox never becomes a real home")
    database = _database(settings)
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


def _database(settings: Settings) -> str:
    settings.at_home()
    return settings.database


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
