"""What rings when mail was put into the outbox (PostgreSQL): a connection of its own that listens.

Whoever puts mail there rings with the commit (`postgresql.py`). A ring that is lost loses nothing but time, since
workers look at their interval too. Through a pool that lends connections out by the transaction nothing would be
heard, so there the bell stays silent.
"""

import time

from engine.core.errors import EngineError
from engine.store.postgresql import OUTBOX, PostgresConnection, PostgresDatabase

AGAIN = 5.0
"""Seconds until the next try where the server could not be reached."""


class PostgresBell:
    """Listens on a connection that it makes when it is first waited for, and anew where that broke."""

    def __init__(self, url: str) -> None:
        self._database = PostgresDatabase(url)
        self._connection: PostgresConnection | None = None
        self._pooled = False
        self._next_try = 0.0

    def wait(self, seconds: float) -> bool:
        """Whether mail was put into the outbox within so many seconds.

        Also true where the connection had to be made anew: it may have rung meanwhile.
        """
        if self._connection is None:
            return self._connect() or self._sleep(seconds)
        try:
            for _ in self._connection.raw.notifies(timeout=seconds, stop_after=1):
                return True
        except Exception as error:
            self.close()
            self._next_try = 0.0
            if not self._database.is_error(error):
                raise
        return False

    def close(self) -> None:
        """Stop listening."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> bool:
        if self._pooled or time.monotonic() < self._next_try:
            return False
        self._next_try = time.monotonic() + AGAIN
        try:
            connection = self._database.raw_connection()
        except EngineError:
            return False  # The tick, which asks the same server, tells of it.
        try:
            (served_by,) = connection.execute("SELECT pg_backend_pid()").fetchone()
            self._pooled = served_by != connection.raw.info.backend_pid
            if not self._pooled:
                connection.execute(f"LISTEN {OUTBOX}")
                self._connection = connection
        except Exception as error:
            if not self._database.is_error(error):
                raise
        finally:
            if self._connection is None:
                connection.close()
        return self._connection is not None

    def _sleep(self, seconds: float) -> bool:
        time.sleep(seconds)
        return False
