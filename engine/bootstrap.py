"""Put an office together: the only place that picks implementations.

Everything that a command may not need is made when it is first asked for.
"""

from collections.abc import Mapping
from datetime import datetime, time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.app.catalog import Catalog
from engine.app.office import Caller, Office
from engine.core.definition import Definition
from engine.core.errors import SettingsError
from engine.core.schedule import Calendar
from engine.ports import Channel, Clock, Mailer
from engine.settings import FILE, ChannelSettings, Settings, load, write_default
from engine.store.unit_of_work import SqliteStore
from workflows.guards import registry

if TYPE_CHECKING:
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
