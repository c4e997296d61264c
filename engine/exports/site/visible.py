"""Text from people as a page may show it: what would be unseen, or would turn the line around, is written out.

Escaping markup is not enough for evidence: a right-to-left override makes `exe.txt` of `txt.exe` in every browser.
"""

import re
import unicodedata

_SUSPECT = re.compile("[^\t\n -~\u00a0-\u00ac\u00ae-\u034e\u0350-\u05ff]")
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_UNSAFE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def visible(text: str) -> str:
    r"""The text with control, bidi, zero-width and separator characters written as `\u202e`; tab and line feed stay."""
    if not _SUSPECT.search(text):
        return text
    return _SUSPECT.sub(lambda match: _shown(match[0]), text)


def _shown(char: str) -> str:
    if unicodedata.category(char) not in _UNSAFE and not _UNSEEN.match(char):
        return char
    number = ord(char)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
