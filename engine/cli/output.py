"""The one printer: text that a terminal cannot obey, JSON that a script can read.

Text from users is shown with its control characters made visible; in JSON the same characters are escaped,
so that the value is the raw one and the bytes are harmless.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from msgspec import Struct
from msgspec.structs import asdict

from engine.core.when import format_instant

_ASCII_SAFE = re.compile(r"[ -~]*")
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}


def safe(text: object) -> str:
    r"""Text as one line that no terminal obeys: control, bidi, zero-width and separator characters as `\x1b`."""
    told = str(text)
    if _ASCII_SAFE.fullmatch(told):
        return told
    return "".join(_shown(char) if _is_unsafe(char) else char for char in told)


def safe_lines(text: object) -> list[str]:
    """Text of several lines, each safe; only a line feed (or CR LF) divides them."""
    return [safe(line) for line in str(text).replace("\r\n", "\n").split("\n")]


def _is_unsafe(char: str) -> bool:
    return unicodedata.category(char) in _UNSAFE or _IGNORABLE.match(char) is not None


def _shown(char: str) -> str:
    number = ord(char)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def say(text: object = "") -> None:
    """Print one line of the result."""
    sys.stdout.write(safe(text) + "\n")


def say_beside(text: object) -> None:
    """Print one line that is not the result, on stderr."""
    sys.stderr.write(safe(text) + "\n")


def say_styled(parts: Iterable[tuple[str, str | None]], *, color: bool) -> None:
    """Print one line of the result made of (text, style) parts; the styles only where colour is wanted."""
    sys.stdout.write("".join(paint(safe(text), style if color else None) for text, style in parts) + "\n")


def paint(text: str, style: str | None) -> str:
    """Text in a style (`bold`, `dim`, `red`, ...); the text must be safe already."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if style else text


def mark_sandbox(sentence: str, *, as_json: bool) -> None:
    """Say, before any listing of a sandbox, that it is one: on stdout, or beside it where JSON is wanted."""
    (say_beside if as_json else say)(sentence)


def emit_json(value: object) -> None:
    """Print one JSON value: indented on a terminal, on one line elsewhere."""
    sys.stdout.write(to_json(value, indent=2 if sys.stdout.isatty() else None) + "\n")


def emit_lines(values: Iterable[object]) -> None:
    """Print JSON Lines, each as soon as it is there."""
    for value in values:
        sys.stdout.write(to_json(value) + "\n")


def to_json(value: object, *, indent: int | None = None) -> str:
    """JSON whose times are RFC 3339 UTC with `Z`, dates `YYYY-MM-DD`, and money a string with two decimals."""
    told = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain, indent=indent)
    unsafe = (char for char in set(told) if char != "\n" and _is_unsafe(char))
    return told.translate({ord(char): _json_escape(char) for char in unsafe})


def _json_escape(char: str) -> str:
    return json.dumps(char)[1:-1] if ord(char) > 0x7F else f"\\u{ord(char):04x}"


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return format_instant(value)
        case date() | Path():
            return str(value)
        case Decimal():
            if not value.is_finite():
                raise ValueError(f"{value} is not an amount")
            return f"{value:.2f}"
        case timedelta():
            return value.total_seconds()
        case frozenset() | set():
            return sorted(value)
        case Mapping():
            return dict(value)
    if isinstance(value, Struct):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def wants_color(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether to colour: a terminal that is not dumb, and no NO_COLOR (https://no-color.org)."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def can_draw(stream: TextIO) -> bool:
    """Whether the stream can carry line drawing, or only ASCII."""
    try:
        "●─◉○█├└│…".encode(stream.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
