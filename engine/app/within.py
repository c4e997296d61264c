"""A store inside a transaction that is already open: its units of work are parts of that one.

So the use cases, which open a transaction each, can be run many in one: a row of a bulk file with several
commands, a file that is to be taken in whole or not at all, and a trial of it all.
"""

from types import TracebackType
from typing import Any, Self

from engine.ports import Savepoint, UnitOfWork


class Within:
    """A store whose units of work are savepoints of one transaction; the transaction's owner ends it."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def write(self) -> UnitOfWork:
        """A part of the transaction, undone alone if it fails."""
        return _Part(self._tx)

    def read(self) -> UnitOfWork:
        """The same: what the transaction has written so far is seen."""
        return _Part(self._tx)

    def scrub(self) -> None:
        """Erasure rewrites the file, and so cannot be a part of anything.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError("an erasure cannot be one of several commands in a transaction")


class _Part:
    """One unit of work within another; the stores are those of the outer one."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx
        self._point: Savepoint = tx.savepoint()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def rollback(self) -> None:
        """Undo this part alone."""
        self._point.rollback()

    def __enter__(self) -> Self:
        self._point.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._point.__exit__(kind, error, trace)
