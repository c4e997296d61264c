"""Find a home and read its settings: flag, then environment (`SKEDE_…`), then `skede.toml`, then the default.

Light on purpose: every command reads settings, so nothing is imported here but the standard library.
"""

import stat
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import asdict

import templates
from engine.core.errors import SettingsError
from engine.setting_values import KEYS, RULES

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

FILE = "skede.toml"
DEFAULT = Path(templates.__file__).parent / FILE


class Office(Struct, frozen=True):
    """The office as mails and papers name it.

    Attributes:
        name: Its name, as the sender of mails and at the head of papers.
        mailbox: Its address, the sender of mails, which answers go to.
        domain: Domain of the mails' Message-IDs and of the log's origin; it is not changed later.
    """

    name: str = "Sociala investeringar"
    mailbox: str = "sociala.investeringar@region.example"
    domain: str = "region.example"


class ChannelSettings(Struct, frozen=True):
    """How mail leaves the house.

    Attributes:
        kind: `folder` (one .eml file per mail), `smtp` or `console`.
        host: The mail server.
        port: Its port: 587 or 25 with `starttls`, 465 with `implicit`.
        tls: `starttls`, `implicit` or `none`; `none` is for a server on this machine.
        user: Login at the mail server, where it wants one.
        password_file: File whose first line is the password; a password is never a setting itself.
        connections: At most so many connections to the mail server at once.
        folder: Where the folder channel writes, relative to the home.
    """

    kind: str = "folder"
    host: str = "localhost"
    port: int = 25
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    user: str | None = None
    password_file: Path | None = None
    connections: int = 4
    folder: Path = Path("outbox")


class AnchorSettings(Struct, frozen=True):
    """A place outside the database that every sealed checkpoint is handed to.

    Attributes:
        kind: `folder` (one file per checkpoint), `git` (a commit), `mail` (a letter to the auditors) or `timestamp`
            (a token of a time-stamping authority, RFC 3161).
        path: The folder, or the repository's work tree, relative to the home.
        remote: Where a git repository pushes to; None = nowhere.
        list: The mailing list that gets the letters, beside the users who are auditors.
        url: Where a time-stamping authority answers; `authority` the certificates that its tokens must lead to.
    """

    kind: str
    path: Path = Path()
    remote: str | None = None
    url: str = ""
    authority: Path = Path()
    list: str = "auditors"


class Settings(Struct, frozen=True):
    """Everything that can be set, all of it valid.

    Attributes:
        home: The folder of the home; None outside one. Relative paths of settings are already relative to it.
        database: The database: a file, or the URL of one on PostgreSQL (hidden in `repr`, as it may hold a password).
        lang: Language of labels and mails where nothing else is known.
        zone: Name of the office's time zone.
        send_window: Local times between which mail leaves; None is always.
        send_delay: How long a mail waits before it may leave, so that it can be taken back.
        closed_days: Days on which this office is closed beside Sundays and public holidays.
        mail_per_minute: At most so many mails leave in a minute; 0 is no limit.
        mail_per_domain_per_minute: At most so many of them to one domain; 0 is no limit.
        mail_domains: Mail leaves to these domains alone; none is to all. For trials with real addresses.
        hold_decisions: Messages that wait for `mail release --meeting`; `true` means those of the shipped workflows.
        digest: Whether people of the office are told each working morning what waits for them; None: not in a sandbox.
        bounces: A maildir in which delivery reports come in, relative to the home.
        dnr: `own` numbers cases here, without gaps; `external` takes the numbers that a registry gives.
        body: The letters of the registry numbers, where the case does not say.
        pay_requires_force: Whether money may leave only when the decision has gained legal force.
        seal_every: How long after one seal the next is made, where there is something new.
        anchors: Where every seal is handed to, outside the database.
        signer: The program that holds the seal's key, and its arguments; none: the key stands in `keys/`.
    """

    home: Path | None = None
    database: str = "skede.db"
    lang: str = "sv"
    zone: str = "Europe/Stockholm"
    office: Office = Office()
    channel: ChannelSettings = ChannelSettings()
    send_window: tuple[time, time] | None = (time(8), time(16))
    send_delay: timedelta = timedelta()
    closed_days: frozenset[date] = frozenset()
    mail_per_minute: int = 0
    mail_per_domain_per_minute: int = 0
    mail_domains: frozenset[str] = frozenset()
    hold_decisions: frozenset[str] = frozenset()
    digest: bool | None = None
    bounces: Path | None = None
    dnr: str = "own"
    body: str = "RUN"
    pay_requires_force: bool = False
    seal_every: timedelta = timedelta(hours=1)
    anchors: tuple[AnchorSettings, ...] = ()
    signer: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """The address of a database may hold a password."""
        return f"Settings(home={self.home})"

    @property
    def tz(self) -> "ZoneInfo":
        """The office's time zone."""
        from zoneinfo import ZoneInfo

        return ZoneInfo(self.zone)

    def shown_database(self) -> str:
        """The database as it is told to people: a URL without its password."""
        scheme, mark, rest = self.database.partition("://")
        if not mark:
            return self.database
        place = rest.partition("?")[0]
        login, at, host = place.rpartition("@")
        return f"{scheme}://{login.partition(':')[0]}{at}{host}"

    def at_home(self) -> Path:
        """The home's folder; raises SettingsError outside a home."""
        if self.home is None:
            raise SettingsError(
                f"no {FILE} here or above: go into a home, name one with --home, or make one: skede init",
                says="home_missing",
                file=FILE,
            )
        return self.home


def find_home(flag: Path | None, environ: Mapping[str, str], start: Path | None = None) -> Path | None:
    """The home that a command works in, found like a git repository.

    Args:
        flag: What `--home` said; it and `SKEDE_HOME` must name a home, or SettingsError is raised.
        environ: The environment.
        start: Where the search upward begins; the working directory if None.
    """
    named = flag or (Path(environ["SKEDE_HOME"]) if environ.get("SKEDE_HOME") else None)
    if named is not None:
        if not (named / FILE).is_file():
            raise SettingsError(
                f"{named} is not a home (it has no {FILE}): skede init {named} makes one",
                says="no_home",
                home=str(named),
            )
        return named.resolve()
    try:
        here = (start or Path.cwd()).resolve()
    except FileNotFoundError:
        return None
    return next((folder for folder in (here, *here.parents) if (folder / FILE).is_file()), None)


def load(
    home: Path | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, str | None] | None = None,
    start: Path | None = None,
) -> Settings:
    """Read all settings.

    Args:
        home: What `--home` said.
        environ: The environment; `SKEDE_CHANNEL_HOST` is `host` of `[channel]`. Not for what is in `RULES`.
        flags: Setting (`lang`, `channel.host`) -> what its flag said, or None.
        start: Where the search for a home begins.

    Raises:
        SettingsError: A key is unknown or a value is wrong; the message names file, line and what is allowed.
    """
    environ = environ or {}
    folder = find_home(home, environ, start)
    source = _File(folder / FILE) if folder else None
    chosen: dict[str, Any] = {}
    for key, parse in KEYS.items():
        name = "SKEDE_" + key.replace(".", "_").upper()
        if flags and flags.get(key) is not None:
            chosen[key] = _parsed(parse, flags[key], f"--{key}")
        elif environ.get(name):
            if key in RULES:
                raise SettingsError(
                    f"{name}: what the office has laid down stands in {FILE} alone: unset it, and write {key} there",
                    says="rule_in_environment", name=name, key=key,
                )  # fmt: skip
            chosen[key] = _parsed(parse, environ[name], name)
        elif source and key in source.values:
            chosen[key] = _parsed(parse, source.values[key], source.place(key))
    return _settings(folder, chosen)


def write_default(path: Path, *, sandbox: bool, database: str | None = None) -> None:
    """Write a `skede.toml` in which every setting stands with its meaning, commented out at its default.

    Args:
        path: The file to make; only its owner may read it. FileExistsError if it is there already.
        sandbox: Whether the home is for training, which the file then says on top.
        database: A database URL to put in, or None for a file in the home.
    """
    import json
    import os

    kind = "a sandbox: simulated clock, no mail leaves this machine" if sandbox else "one office"
    text = DEFAULT.read_text("utf-8").replace("@kind@", kind)
    if database:
        text = text.replace('# database = "skede.db"', f"database = {json.dumps(database)}")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _settings(home: Path | None, chosen: Mapping[str, Any]) -> Settings:
    tables: dict[str, dict[str, Any]] = {"": {}, "office": {}, "channel": {}}
    for key, value in chosen.items():
        table, _, name = key.rpartition(".")
        tables[table][name] = value
    base = home or Path()
    database = tables[""].pop("database", "skede.db")
    if "://" not in database:
        database = str(base / database)
    if "bounces" in tables[""]:
        tables[""]["bounces"] = base / tables[""]["bounces"]
    given = tables[""].pop("anchors", ())
    anchors = tuple(
        AnchorSettings(**one | {key: base / Path(one.get(key, "")).expanduser() for key in ("path", "authority")})
        for one in given
    )
    channel = ChannelSettings(**tables["channel"])
    paths = {"folder": base / channel.folder, "password_file": channel.password_file and base / channel.password_file}
    channel = ChannelSettings(**asdict(channel) | paths)
    return Settings(
        home=home, database=database, office=Office(**tables["office"]), channel=channel, anchors=anchors, **tables[""]
    )  # fmt: skip


class _File:
    """`skede.toml` as dotted keys, with the line of each for complaints."""

    def __init__(self, path: Path) -> None:
        import tomllib

        self.path = path
        mode = path.stat().st_mode
        if mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise SettingsError(
                f"{path} can be changed by others (mode {stat.S_IMODE(mode):o}): chmod go-w {path}",
                says="settings_writable",
                path=path,
                mode=f"{stat.S_IMODE(mode):o}",
            )
        try:
            self.text = path.read_text("utf-8")
            tables = tomllib.loads(self.text)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"{path} is not valid TOML: {error}", says="data_no_toml", path=path, why=error
            ) from error
        self.values = dict(self._flat(tables))
        for key in self.values:
            if key not in KEYS:
                raise SettingsError(f"{self.place(key)}: there is no such setting; {_nearest(key)}")

    def _flat(self, tables: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = []
        known = {key.partition(".")[0] for key in KEYS if "." in key}
        for name, value in tables.items():
            if isinstance(value, dict) and (value or name in known):
                found += self._flat(value, f"{prefix}{name}.")
            else:
                found.append((prefix + name, value))
        return found

    def place(self, key: str) -> str:
        """Where a key stands: `skede.toml:12 channel.host`."""
        wanted_table, _, name = key.rpartition(".")
        table = ""
        for number, line in enumerate(self.text.splitlines(), 1):
            words = line.split("#")[0].strip()
            if words.startswith("["):
                table = words.strip("[] ")
                if table == key:
                    return f"{self.path}:{number} {key}"
            elif words.split("=")[0].strip().strip("\"'") in ({name} if table == wanted_table else {key}):
                return f"{self.path}:{number} {key}"
        return f"{self.path} {key}"


def _nearest(key: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, KEYS, n=1)
    return f"did you mean {near[0]}?" if near else f"the settings are {', '.join(KEYS)}"


def _parsed(parse: Callable[[Any], Any], value: Any, place: str) -> Any:
    try:
        return parse(value)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise SettingsError(f"{place}: {error}") from error
