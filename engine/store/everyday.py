"""What the everyday edits share: a session on the unit of work's connection, and the checks of what is given."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeVar

from sqlmodel import Session, SQLModel

from engine.core.errors import NotFound, ValueMalformed
from engine.store.borrowed import engine_on
from engine.store.connection import Connection
from engine.store.texts import number_of

Record = TypeVar("Record", bound=SQLModel)

_LONGEST = 500
_KINDS = {"o": "organisation", "p": "person", "u": "user"}


class Unit(Protocol):
    """The unit of work, as far as it is needed here."""

    connection: Connection

    def savepoint(self) -> AbstractContextManager[object]: ...


class Everyday:
    """Edits through SQLModel. Each is whole or not at all, and none is committed but by the unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._engine = engine_on(unit.connection)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """A session that is a savepoint: an edit that fails half-way leaves nothing, even if its error is caught."""
        with self._unit.savepoint(), Session(self._engine, expire_on_commit=False) as session:
            yield session
            session.commit()


def find(session: Session, record: type[Record], text: str) -> Record:
    """The row that an id (`p:4`) names.

    Raises:
        NotFound: There is none.
    """
    kind = text[:1] if text[:1] in _KINDS else "p"
    row = session.get(record, number_of(text, kind))
    if row is None:
        raise NotFound(f"there is no {_KINDS[kind]} {text}")
    return row


def key(value: int | None) -> int:
    """The number of a row that is stored, and so has one."""
    if value is None:
        raise ValueError("the row is not stored yet")
    return value


def named(text: str) -> str:
    """A name that says something: not empty, no control characters, at most 500 characters.

    Raises:
        ValueMalformed: It is none.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST or any(ch < " " or "\ud800" <= ch <= "\udfff" for ch in text):
        raise ValueMalformed(f"{text[:40]!r} is no name: 1 to {_LONGEST} characters in one line are asked for")
    return text


def one_of(what: str, value: str, allowed: tuple[str, ...]) -> str:
    """The value, if it is one of those allowed."""
    if value not in allowed:
        raise ValueMalformed(f"{value!r} is no {what}: use one of {', '.join(allowed)}")
    return value
