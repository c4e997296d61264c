"""What of the home nobody hands in as a file, told to those who read files that callers name."""

from collections.abc import Iterable
from pathlib import Path

from engine.cli.options import Shell
from engine.core.errors import EngineError


def home_secrets(shell: Shell) -> Iterable[Path]:
    """The files of the home that a command works in; none where there is no home, or none that can be used."""
    from engine.readers.given import secrets_of

    try:
        settings = shell.settings
    except (EngineError, OSError):
        return
    if settings.home is None:
        return
    database = () if "://" in settings.database else (Path(settings.database),)
    password = settings.channel.password_file
    more = (Path("skede.toml"), *database, *((password,) if password else ()))
    yield from secrets_of(settings.home, settings.home / "keys", more)
