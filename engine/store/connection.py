"""What the stores know of a database: a connection that runs statements, and how texts are compared in a search."""

import unicodedata
from collections.abc import Callable
from typing import Any, Protocol

from engine.core.errors import EngineError

Connection = Any
"""A connection: SQLite's own, or one to PostgreSQL of the same shape (`postgresql.py`)."""


class Database(Protocol):
    """A database, before anybody is connected to it.

    Attributes:
        one_kind: Whether the connections that write serve for reading too.
    """

    one_kind: bool

    def connect(self, *, writes: bool, read_only: bool) -> Connection:
        """A connection, checked: it leads to a database of ours at this program's schema."""
        ...

    def begin(self, connection: Connection, *, writes: bool) -> str | None:
        """Begin a transaction; the clock's instant that the database gives, None where the host's clock is asked."""
        ...

    def commit(self, connection: Connection) -> None:
        """Keep what the transaction did, unless it was rolled back already."""
        ...

    def is_error(self, error: BaseException | None) -> bool:
        """Whether it comes from the driver, and so must be translated."""
        ...

    def is_lost(self, error: BaseException) -> bool:
        """Whether it says that the connection is no more."""
        ...

    def spoils(self, error: BaseException | None) -> bool:
        """Whether the connection is not to be used again after it."""
        ...

    def translated(self, error: BaseException, *, committing: bool = False) -> EngineError:
        """What an error of the driver means for whoever asked."""
        ...

    def scrub(self) -> None:
        """Leave no trace of deleted or replaced rows."""
        ...


def dialect_of(connection: Connection) -> str:
    """Whose words a statement must be in: `sqlite` or `postgresql`."""
    return str(getattr(connection, "dialect", "sqlite"))


def streaming(connection: Connection) -> Callable[..., Any]:
    """What runs a query whose rows may be too many for the memory; SQLite gives every row when it is asked for."""
    run: Callable[..., Any] = getattr(connection, "stream", connection.execute)
    return run


def ring(connection: Connection) -> None:
    """Let whoever waits for mail know, when the transaction is kept, that there is some; a file wakes nobody."""
    if dialect_of(connection) != "sqlite":
        connection.rings = True


def fold(text: str | None) -> str | None:
    """A text as it is compared when people search: `ÅSA` finds `Åsa`, composed or not."""
    return None if text is None else unicodedata.normalize("NFC", text).casefold()
