"""What each setting may be: one small parser per kind of value, and the list of all settings.

A parser takes what TOML gave or the text of a flag or an environment variable, and raises ValueError,
TypeError or ArithmeticError with the words that the reader of the complaint will see.
"""

from collections.abc import Callable
from datetime import date, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

LANGUAGES = ("sv", "en")

MOST_CONNECTIONS = 64
"""So many connections to one mail server may be wished for; most servers allow one client fewer."""

DECISIONS = frozenset({
    "granted", "granted_conditional", "rejected", "tabled", "referred_back", "change_granted", "change_refused",
})  # fmt: skip
"""The messages about what a meeting has decided, of the workflows that ship."""


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


def _connections(value: Any) -> int:
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number <= MOST_CONNECTIONS:
        raise ValueError(f"{value!r} is not a number of connections (1 to {MOST_CONNECTIONS})")
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
    if not isinstance(value, list):
        raise TypeError("write a list of dates")
    return frozenset(day if type(day) is date else date.fromisoformat(_text(day).strip()) for day in value)


def _count(value: Any) -> int:
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 1_000_000:
        raise ValueError(f"{value!r} is not a whole number (0 is no limit)")
    return number


def _names(value: Any) -> frozenset[str]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list):
        raise TypeError("write a list of texts")
    return frozenset(_text(name).strip() for name in names)


def _domains(value: Any) -> frozenset[str]:
    found = frozenset(name.lower().removeprefix("@") for name in _names(value))
    strange = next((name for name in sorted(found) if "." not in name or set(name) & set(" @<>")), None)
    if strange is not None:
        raise ValueError(f"{strange!r} is not a mail domain (such as region.example)")
    return found


def _held(value: Any) -> frozenset[str]:
    if isinstance(value, list):
        return _names(value)
    return DECISIONS if _flag(value) else frozenset()


ANCHORS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "folder": (frozenset({"path"}), frozenset()),
    "git": (frozenset({"path"}), frozenset({"remote"})),
    "mail": (frozenset(), frozenset({"list"})),
    "timestamp": (frozenset({"path", "url", "authority"}), frozenset()),
}
"""Kind of anchor -> the keys that it must have, and those that it may have."""


def _anchors(value: Any) -> tuple[dict[str, str], ...]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise TypeError('write a list of tables: [{ kind = "folder", path = "/mnt/worm/skede" }]')
    for one in value:
        must, may = ANCHORS[_choice(tuple(ANCHORS), one.get("kind"))]
        given = set(one) - {"kind"}
        if not must <= given or given - must - may:
            named = ", ".join(sorted(must | may))
            raise ValueError(f"an anchor of kind {one['kind']} has kind and {named}, not {', '.join(sorted(given))}")
        if not str(one.get("url", "http://")).startswith(("http://", "https://")):
            raise ValueError(f"an authority answers at http:// or https://, not at {one['url']}")
    return tuple({key: _text(word) for key, word in one.items()} for one in value)


def _command(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError('write a list: ["sudo", "-u", "skede-seal", "skede-signer", "/var/lib/skede-seal", "ORIGIN"]')
    return tuple(_text(word) for word in value)


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
    "channel.connections": _connections,
    "channel.folder": _path,
    "send_window": _window,
    "send_delay": _delay,
    "closed_days": _days,
    "mail_per_minute": _count,
    "mail_per_domain_per_minute": _count,
    "mail_domains": _domains,
    "hold_decisions": _held,
    "digest": _flag,
    "bounces": _path,
    "dnr": partial(_choice, ("own", "external")),
    "body": _text,
    "pay_requires_force": _flag,
    "seal_every": _delay,
    "anchors": _anchors,
    "signer": _command,
}
"""Every setting and what reads it."""

RULES = frozenset({
    "zone", "office.name", "office.mailbox", "office.domain", "closed_days", "mail_domains", "hold_decisions",
    "bounces", "dnr", "body", "pay_requires_force", "anchors", "signer",
})  # fmt: skip
"""What an office lays down for all: it stands in the home's file, since anybody can set a variable for themselves."""
