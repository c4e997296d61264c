"""How instants, ids and JSON stand in our columns."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from engine.core.canonical import canonical
from engine.core.errors import ValueMalformed


def instant(at: datetime) -> str:
    """The one form in which instants are stored, so that they sort as text."""
    if at.tzinfo is not UTC:
        if at.tzinfo is None:
            raise ValueError(f"an instant without a time zone: {at}")
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")[:-6] + "Z"


def instant_or_none(at: datetime | None) -> str | None:
    """As `instant`, where there may be none."""
    return None if at is None else instant(at)


def read_instant(text: str | None) -> datetime | None:
    """The instant of a column that may be empty."""
    return None if text is None else datetime.fromisoformat(text)


def number_of(text: str, kind: str) -> int:
    """The row's number in an id: 4 in `p:4` where kind is `p`.

    Raises:
        ValueMalformed: It is not an id of that kind.
    """
    head, _, digits = text.partition(":")
    if head != kind or not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise ValueMalformed(f"{text!r} is not an id of the form {kind}:1")
    return int(digits)


def numbers_of(ids: Iterable[str], kind: str) -> list[int]:
    """The numbers of those ids that are of the kind; others (`system`) name nothing here."""
    return [number_of(one, kind) for one in ids if one.startswith(f"{kind}:")]


def folded_words(text: str, fold: Any) -> str:
    """The words of a search, folded, as a JSON list."""
    return canonical(fold(text).split())
