"""The smallest stores: counters, request ids with their answers, settings of the database."""

from datetime import datetime

from engine.store.connection import Connection
from engine.store.statements import SQL
from engine.store.texts import instant


class SqlCounters:
    """Counters; a value taken in a transaction that is rolled back is free again, so series have no gaps."""

    def __init__(self, connection: Connection) -> None:
        self._run = connection.execute

    def peek(self, name: str) -> int:
        row = self._run(SQL["counter_peek"], {"name": name}).fetchone()
        return 1 if row is None else int(row[0])

    def take(self, name: str) -> int:
        # All rows are fetched, as the statement only ends, and so only counts, with the last of them.
        (row,) = self._run(SQL["counter_take"], {"name": name}).fetchall()
        return int(row[0])


class SqlRequests:
    """Request ids that were answered (DECISIONS.md 18)."""

    def __init__(self, connection: Connection) -> None:
        self._run = connection.execute

    def get(self, request_id: str) -> tuple[str, str] | None:
        row: tuple[str, str] | None = self._run(SQL["request_get"], {"id": request_id}).fetchone()
        return row

    def touch(self, request_id: str) -> None:
        self._run(SQL["request_touch"], {"id": request_id})

    def put(self, request_id: str, digest: str, answer: str, at: datetime) -> None:
        self._run(SQL["request_put"], {"id": request_id, "digest": digest, "answer": answer, "at": instant(at)})


class SqlSettings:
    """Settings that belong to the database: sandbox mark, origin, simulated clock, heartbeat, last case touched."""

    def __init__(self, connection: Connection) -> None:
        self._run = connection.execute

    def get(self, name: str) -> str | None:
        row = self._run(SQL["setting_get"], {"name": name}).fetchone()
        return None if row is None else str(row[0])

    def put(self, name: str, value: str) -> None:
        self._run(SQL["setting_put"], {"name": name, "value": value})
