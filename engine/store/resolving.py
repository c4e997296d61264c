"""What people write when they mean a case: its reference, a short form, its registry number, words of its title."""

import re

from engine.store.connection import Connection, fold
from engine.store.statements import SQL
from engine.store.texts import folded_words

_MOST = 20
_DIGITS = re.compile(r"\d+")

Found = tuple[tuple[str, str], ...]


def resolve(connection: Connection, text: str) -> Found:
    """(reference, title) of all that the text may mean, at most 20.

    The kinds of name are tried in this order, and the first that finds anything decides: exact reference, short
    form (`2021-4`, `4`), registry number, words of the title.
    """
    text = text.strip()
    if not text:
        return ()
    exact = connection.execute(SQL["case_exact"], {"text": text}).fetchall()
    if exact:
        return tuple(exact)
    return _by_short_form(connection, text) or _by_number(connection, text) or _by_title(connection, text)


def plain_number(text: str) -> str:
    """A registry number without spaces and leading zeros: `RUN 2021-00577` and `run2021-577` are the same."""
    return _DIGITS.sub(lambda found: found[0].lstrip("0") or "0", "".join(text.split()).upper())


def _by_short_form(connection: Connection, text: str) -> Found:
    wanted = [_part(part) for part in text.split("-")]
    last = wanted[-1]
    if not last.isdecimal():
        return ()
    found = []
    for reference, title in connection.execute(SQL["case_ending"], {"ending": last}):
        if [_part(part) for part in reference.split("-")][-len(wanted) :] == wanted:
            found.append((reference, title))
            if len(found) == _MOST:
                break
    return tuple(found)


def _by_number(connection: Connection, text: str) -> Found:
    if not _DIGITS.search(text):
        return ()
    return tuple(connection.execute(SQL["case_by_registry_number"], {"number": plain_number(text)}).fetchall())


def _by_title(connection: Connection, text: str) -> Found:
    return tuple(connection.execute(SQL["case_by_title"], {"words": folded_words(text, fold)}).fetchall())


def _part(part: str) -> str:
    """A part of a reference as it is compared: numbers without leading zeros, letters folded."""
    if part.isascii() and part.isdecimal():
        return part.lstrip("0") or "0"
    return fold(part.strip()) or ""
