"""Whether the schema of a database is as the program makes it, quickly where it is."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from engine.store.connection import Connection, dialect_of
from engine.store.statements import SQL

MADE = "47a1bc1136cf49416871133eac352985d1b8bd64416fb6401bde431718eaa470"
"""The digest of the schema that the migrations make on SQLite."""


def digest_of(rows: Iterable[tuple[Any, ...]]) -> str:
    """The digest of what `audit_schema` tells; how an object's words are spaced is nothing to it."""
    told = (" ".join(f"{kind} {name} {table}: {sql or ''}".split()) for kind, name, table, sql in rows)
    return sha256("\n".join(told).encode()).hexdigest()


def schema_faults(connection: Connection) -> Sequence[str]:
    """What is not as it should be, one sentence each.

    A view in place of a table, a trigger more or an index that is another make a database say what it does not hold.
    """
    rows = connection.execute(SQL["audit_schema"]).fetchall()
    if dialect_of(connection) == "postgresql":
        return _on_server(connection, rows)
    if digest_of(rows) == MADE:
        return ()
    from engine.store.migrate import strange_in  # It makes a schema to compare with, which takes a second.

    return tuple(strange_in(connection))


def _on_server(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> Sequence[str]:
    from engine.store import row_rights
    from engine.store.append_only import missing_postgresql, postgresql_triggers

    ours = {("trigger", name) for name in (*postgresql_triggers(), *row_rights.TRIGGERS)}
    lost = (f"the trigger {name} is missing or was changed" for name in missing_postgresql(connection.execute))
    return (*lost, *(f"the {kind} {name} is none of ours" for kind, name in rows if (kind, name) not in ours))
