"""What each setting may be: one small parser per kind of value, and the list of all settings.

A parser takes what TOML gave or the text of a flag or an environment variable, and raises ValueError,
TypeError or ArithmeticError with the words that the reader of the complaint will see.
"""

from collections.abc import Callable
from datetime import date, time, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decimal import Decimal

LANGUAGES = ("sv", "en")


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("write a text in quotes")
    if not value.isprintable():
        raise ValueError("a setting is one line of printable text")
    return value


def _mailbox(value: Any) -> str:
    name, at, domain = _text(value).partition("@")
    if not (name and at and domain) or set(value) & set(' <>,;:"()[]\\') or "@" in domain:
        raise ValueError(f"{value!r} is not a mailbox (such as office@region.example)")
    return str(value)


def _choice(allowed: tuple[str, ...], value: Any) -> str:
    if value not in allowed:
        raise ValueError(f"{value!r} is not one of {', '.join(allowed)}")
    return str(value)


def _flag(value: Any) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if isinstance(value, bool):
        return value
    if str(value).lower() not in words:
        raise ValueError(f"{value!r} is not true or false")
    return words[str(value).lower()]


def _port(value: Any) -> int:
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 65536:
        raise ValueError(f"{value!r} is not a port (1 to 65535)")
    return number


def _path(value: Any) -> Path:
    return Path(_text(value)).expanduser()


def _zone(value: Any) -> str:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(_text(value)).key
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"{value!r} is not a time zone (such as Europe/Stockholm)") from error


def _window(value: Any) -> tuple[time, time] | None:
    if value == "always":
        return None
    first, dash, last = _text(value).partition("-")
    try:
        window = time.fromisoformat(first.strip()), time.fromisoformat(last.strip())
    except ValueError as error:
        raise ValueError(f'{value!r} is not a window: write "08:00-16:00" or "always"') from error
    if not dash or window[0] >= window[1] or any(end.tzinfo for end in window):
        raise ValueError(f"{value!r} is not a window: it must begin before it ends, on one day, in local time")
    return window


def _delay(value: Any) -> timedelta:
    units = {"m": "minutes", "h": "hours"}
    words = _text(value)
    if not words[:-1].isdecimal() or words[-1] not in units or len(words) > 6:
        raise ValueError(f'{value!r} is not a delay: write "10m" or "2h"')
    return timedelta(**{units[words[-1]]: int(words[:-1])})


def _days(value: Any) -> frozenset[date]:
    days = value.split(",") if isinstance(value, str) else value
    if not isinstance(days, list):
        raise TypeError("write a list of dates")
    return frozenset(day if type(day) is date else date.fromisoformat(_text(day).strip()) for day in days)


def _amount(value: Any) -> "Decimal":
    from decimal import Decimal

    amount = Decimal(str(value))
    if isinstance(value, bool) or not amount.is_finite() or amount < 0:
        raise ValueError(f"{value!r} is not an amount in kronor")
    return amount


KEYS: dict[str, Callable[[Any], Any]] = {
    "database": _text,
    "lang": partial(_choice, LANGUAGES),
    "zone": _zone,
    "office.name": _text,
    "office.mailbox": _mailbox,
    "office.domain": _text,
    "channel.kind": partial(_choice, ("folder", "smtp", "console")),
    "channel.host": _text,
    "channel.port": _port,
    "channel.tls": partial(_choice, ("starttls", "implicit", "none")),
    "channel.user": _text,
    "channel.password_file": _path,
    "channel.folder": _path,
    "send_window": _window,
    "send_delay": _delay,
    "closed_days": _days,
    "dnr": partial(_choice, ("own", "external")),
    "body": _text,
    "pay_requires_force": _flag,
    "delegation_limit": _amount,
}
"""Every setting and what reads it."""
