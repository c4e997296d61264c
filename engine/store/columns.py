"""What columns are made of: stored, sorted and checked alike on every database and both ways to it (DECISIONS.md 15).

What SQLite and PostgreSQL must be told in different words, when a table is made, stands here; what they must be told
in different words later stands in `postgresql.py`.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Computed, Connection, Dialect, Identity, Integer, Text, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator, TypeEngine

POSTGRESQL = "postgresql"

WORDS = Text().with_variant(Text(collation="C"), POSTGRESQL)
"""Text that is compared and sorted by its bytes, as SQLite does by itself."""

NUMBER = Integer().with_variant(BigInteger(), POSTGRESQL)
"""A whole number of 64 bits, as SQLite's always are."""

INSTANT_FORM, DAY_FORM = "????-??-??T??:??:??.??????Z", "????-??-??"


def numbered() -> Identity:
    """A number that the database gives; on PostgreSQL nobody but the owner can give another."""
    return Identity(always=True)


class Said(ColumnElement[Any]):
    """An expression that the two databases write differently."""

    inherit_cache = False

    def __init__(self, sqlite: str, postgresql: str) -> None:
        self.sqlite = sqlite
        self.postgresql = postgresql


@compiles(Said)
def _said(element: Said, compiler: Any, **_: Any) -> str:
    return element.postgresql if compiler.dialect.name == POSTGRESQL else element.sqlite


def form(column: str, pattern: str) -> Said:
    """A check that a text has a form, each `?` of which is any letter."""
    return Said(f"{column} GLOB '{pattern}'", f"{column} LIKE '{pattern.replace('?', '_')}'")


def is_json(*columns: str) -> Said:
    """A check that texts are JSON."""
    return Said(
        " AND ".join(f"json_valid({column})" for column in columns),
        " AND ".join(f"({column}::json IS NOT NULL)" for column in columns),
    )


def is_of_line() -> Said:
    """A check that the columns of an entry are those of its line."""
    return Said(
        "json_extract(line, '$.case') IS case_ref AND json_extract(line, '$.n') IS n AND n > 0",
        "(line::json ->> 'case') IS NOT DISTINCT FROM case_ref AND "
        "(line::json ->> 'n') IS NOT DISTINCT FROM n::text AND n > 0",
    )


class FromLine(Computed):
    """A column computed from a key of the entry's line; PostgreSQL keeps it, SQLite computes it when it is read."""

    def __init__(self, key: str) -> None:
        super().__init__(Said(f"json_extract(line, '$.{key}')", f"(line::json ->> '{key}')"), persisted=False)


@compiles(FromLine, POSTGRESQL)
def _from_line(element: FromLine, compiler: Any, **_: Any) -> str:
    return f"GENERATED ALWAYS AS ({compiler.sql_compiler.process(element.sqltext)}) STORED"


def where(condition: str) -> dict[str, Any]:
    """The condition of an index over a part of a table."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


FOLD = """DO $$
DECLARE body text := 'casefold(normalize(t, NFC) COLLATE "pg_unicode_fast")';
BEGIN
    IF current_setting('server_version_num')::int < 180000 THEN
        SELECT 'replace(replace(lower(normalize(t, NFC) COLLATE '
            || quote_ident(coalesce(min(collname::text), 'default')) || '), ''ß'', ''ss''), ''ς'', ''σ'')'
            INTO body FROM (
                SELECT collname FROM pg_collation
                WHERE collencoding IN (-1, 6)
                  AND collname IN ('pg_c_utf8', 'und-x-icu', 'C.utf8', 'C.UTF-8', 'en_US.utf8', 'en_US.UTF-8')
                ORDER BY array_position(
                    ARRAY['pg_c_utf8', 'und-x-icu', 'C.utf8', 'C.UTF-8', 'en_US.utf8'], collname::text) LIMIT 1
            ) known;
    END IF;
    EXECUTE 'CREATE FUNCTION fold(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN ' || body;
END$$"""
"""Texts as PostgreSQL compares them in a search, as `connection.fold` does; before version 18 but for rare letters."""


def mark(connection: Connection, schema: int) -> None:
    """Note the number of a schema where the file itself has a place for it; elsewhere Alembic's table tells it."""
    if connection.dialect.name != POSTGRESQL:
        connection.exec_driver_sql(f"PRAGMA user_version = {schema}")


class _Words(TypeDecorator[Any]):
    """What is kept as text."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text(collation="C") if dialect.name == POSTGRESQL else Text())


class UtcInstant(_Words):
    """An instant as RFC 3339 text in UTC with six digits and `Z`; naive times are refused."""

    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant without a time zone: {value}")
        return value.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class LocalDate(_Words):
    """A local day as `YYYY-MM-DD`."""

    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


class Money(_Words):
    """Kronor with two decimals, as text: no float ever touches an amount."""

    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else f"{value:.2f}"

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Flag(TypeDecorator[bool]):
    """Yes or no as 1 or 0."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        return None if value is None else bool(value)
