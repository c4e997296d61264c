"""Takes out of a text what must never reach a mail: control, bidirectional and other invisible characters."""

import unicodedata

LINE_BREAKS = frozenset("\r\n\x0b\x0c\x85\u2028\u2029")
# The joiners make emoji and some scripts; the soft hyphen only tells where a word may be broken.
_HARMLESS_FORMAT = frozenset("\u200c\u200d\u00ad")
_REPLACEMENT = "\ufffd"


def plain(text: str) -> str:
    """The same text with LF as its only line break and nothing invisible in it.

    Lone surrogates, private use and non-characters become U+FFFD, so that a reader sees that something
    stood there; the rest of what is taken out leaves nothing.
    """
    # What Unicode calls printable holds none of it; only line breaks and no-break spaces may stand beside that.
    if text.isprintable() or text.replace("\n", "").replace("\xa0", "").isprintable():
        return text
    return text.replace("\r\n", "\n").translate(_KEPT)


def one_line(text: str) -> str:
    """As `plain`, with every run of white space as one space: for headers, titles and file names."""
    return " ".join(plain(text).split())


def cut(text: str, limit: int, mark: str = "…") -> str:
    """The text, or its first `limit` characters with a mark that tells that there was more."""
    return text if len(text) <= limit else text[:limit] + mark


class _Kept(dict[int, str]):
    """What each character becomes, looked up once: mails say the same few hundred again and again."""

    def __missing__(self, code: int) -> str:
        kept = self[code] = _kept(chr(code))
        return kept


_KEPT = _Kept()


def _kept(character: str) -> str:
    if character in LINE_BREAKS:
        return "\n"
    if character == "\t":
        return " "
    category = unicodedata.category(character)
    if category in ("Cs", "Co") or _is_noncharacter(ord(character)):
        return _REPLACEMENT
    if category == "Cc" or (category == "Cf" and character not in _HARMLESS_FORMAT):
        return ""
    return character


def _is_noncharacter(code: int) -> bool:
    return 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
