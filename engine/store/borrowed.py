"""The unit of work's connection, lent to SQLAlchemy, which may neither end the transaction nor close it."""

from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool

from engine.store.connection import Connection


class Borrowed:
    """A driver's connection whose `commit`, `rollback` and `close` do nothing (DECISIONS.md 14).

    SQLAlchemy rolls back when it first connects and whenever a session is closed; here that must not reach the
    transaction, which only its unit of work may end.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None: ...


def engine_on(connection: Connection) -> Engine:
    """An engine that knows one connection only, and never gives it back."""
    kept: dict[str, Any] = {"poolclass": StaticPool, "pool_reset_on_return": None}
    raw = getattr(connection, "raw", None)
    if raw is not None:
        return create_engine("postgresql+psycopg://", creator=lambda: Borrowed(raw), use_native_hstore=False, **kept)
    from engine.store.database import driver

    return create_engine("sqlite://", module=driver, creator=lambda: Borrowed(connection), **kept)
