"""Writes mail headers by hand: every value printable ASCII, folded, and unable to start another header.

The e-mail library of Python 3.11.7 can be talked into a header of its own by a title (CVE-2024-6923) and into a
second recipient by a long name (python/cpython#80222), so nothing here is serialised by it.
"""

import base64
import re
from urllib.parse import quote

from notifications.address import Mailbox
from notifications.characters import cut, one_line

_LINE = 76  # RFC 2047: the longest line that may hold an encoded word
_WORD_BYTES = 45  # 60 characters of base64 and 12 of frame: within the 75 that RFC 2047 allows
_FRAME = len("=?utf-8?B??=")
_SAFE_TOKEN = re.compile(r"[A-Za-z0-9!#$&+.^_`{}~-]+")
_FILE_NAME_LIMIT = 120
_SECTION = 60


def unstructured(name: str, value: str) -> bytes:
    """`Name: value` for free text; anything but short plain ASCII becomes encoded words."""
    text = one_line(value)
    if _is_plain(text) and len(name) + 2 + len(text) <= _LINE:
        return _line(name, text)
    return _line(name, _words(text, room=_LINE - len(name) - 2))


def address(name: str, box: Mailbox) -> bytes:
    """`Name: "Display Name" <address>` with exactly one mailbox."""
    display = one_line(box.name)
    if not display:
        return _line(name, f"<{box.address}>")
    if _is_plain(display) and len(name) + 4 + len(display) <= _LINE:
        escaped = display.replace("\\", "\\\\").replace('"', '\\"')
        return _line(name, f'"{escaped}"\r\n <{box.address}>')
    words = _words(cut(display, 200), room=_LINE - len(name) - 2)
    return _line(name, f"{words}\r\n <{box.address}>")


def token(name: str, value: str) -> bytes:
    """A header whose value the program itself made: no white space to fold at, nothing to escape.

    Raises:
        ValueError: The value holds something that such a value never does.
    """
    if not value.isascii() or not value.isprintable() or len(name) + 2 + len(value) > 900:
        raise ValueError(f"the value of {name} is not printable ASCII of reasonable length")
    return _line(name, value)


def parameter(name: str, value: str) -> str:
    """`; name="value"` for a content header, in the sections of RFC 2231 where the value is long or not ASCII."""
    if value.isascii() and value.isprintable() and len(value) <= _SECTION and not re.search(r'["\\%*\']|=\?', value):
        return f';\r\n {name}="{value}"'
    quoted = quote(value, safe="")
    if len(quoted) <= _SECTION:
        return f";\r\n {name}*=utf-8''{quoted}"
    sections = re.findall(rf"(?:%[0-9A-F]{{2}}|[^%]){{1,{_SECTION // 3}}}", quoted)
    first, *rest = sections
    lines = [f";\r\n {name}*0*=utf-8''{first}", *(f";\r\n {name}*{n}*={part}" for n, part in enumerate(rest, start=1))]
    return "".join(lines)


def file_name(name: str) -> str:
    """A name that a receiver can save a file under: no folders, no control characters, at most 120 characters."""
    text = re.sub(r'[/\\:*?"<>|]', "_", one_line(name)).strip(". ")
    if len(text) <= _FILE_NAME_LIMIT:
        return text or "bilaga"
    stem, dot, ending = text.rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[: _FILE_NAME_LIMIT - len(ending) - 1].rstrip()}.{ending}"
    return text[:_FILE_NAME_LIMIT].rstrip(". ")


def identifier(text: str) -> str:
    """The text as part of a message id: what may not stand there becomes a hyphen."""
    return "".join(c if _SAFE_TOKEN.fullmatch(c) else "-" for c in text)[:120]


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and "=?" not in text


def _words(text: str, room: int) -> str:
    words: list[str] = []
    left, limit = text.encode(), min(_WORD_BYTES, (room - _FRAME) // 4 * 3)
    while len(left) > limit:
        end = limit
        while left[end] & 0xC0 == 0x80:  # a word holds whole characters
            end -= 1
        words.append(_word(left[:end]))
        left, limit = left[end:], _WORD_BYTES
    return "\r\n ".join([*words, _word(left)])


def _word(chunk: bytes) -> str:
    return f"=?utf-8?B?{base64.b64encode(chunk).decode('ascii')}?="


def _line(name: str, value: str) -> bytes:
    return f"{name}: {value}\r\n".encode("ascii")
