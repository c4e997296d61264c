"""Copy a database whole between SQLite and PostgreSQL: streamed, all or nothing, and compared row by row at the end.

The copy is right when every row of every table reads alike in both, and the root of the tree that is computed anew
from the copied lines is the one that the source keeps.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlalchemy import Table

from engine.core.chain import leaf_hash
from engine.core.errors import LogTampered, UsageError
from engine.core.merkle import EMPTY, node_hash, root
from engine.store.audit import SqlAudit
from engine.store.connection import Connection, dialect_of, streaming
from engine.store.copies import refuse_if_wrong
from engine.store.database import SqliteDatabase, in_our_words, raw_connection
from engine.store.evidence import SqlEvidence
from engine.store.files import finish, private_files, unfinished
from engine.store.migrate import create, is_url, new_on_server
from engine.store.schema import metadata

TABLES = tuple(metadata.sorted_tables)
"""All tables, those that others point at first."""


class Copied(Struct, frozen=True):
    """What was copied: rows of all tables, entries in the tree, and the tree's root (base64)."""

    rows: int
    size: int
    root: str


def copy(source: Path | str, target: Path | str) -> Copied:
    """Copy a database to a place where there is none yet; both are a file or a URL.

    Raises:
        UsageError: There is something at the target already.
        LogTampered: The source is damaged, or the copy is not the same; nothing is left at the target.
        Unavailable: One of the two cannot be reached.
    """
    if str(source) == str(target):
        raise UsageError("source and target are the same database")
    with _reading(source) as old:
        if is_url(target):
            with new_on_server(target) as new:
                return _fill(old, new)
        with private_files(), unfinished(Path(target)) as temporary:
            with _new_file(temporary) as new:
                copied = _fill(old, new)
            refuse_if_wrong(temporary)
            finish(temporary, Path(target))
            return copied


@contextmanager
def _reading(place: Path | str) -> Iterator[Connection]:
    """A connection that sees one moment of a database."""
    if is_url(place):
        from engine.store.postgresql import PostgresDatabase

        database: Any = PostgresDatabase(place)
    else:
        database = SqliteDatabase(Path(place))
    connection = database.connect(writes=False, read_only=True)
    try:
        database.begin(connection, writes=False)
        yield connection
    except Exception as error:
        if database.is_error(error):
            raise database.translated(error) from error
        raise
    finally:
        connection.close()


@contextmanager
def _new_file(path: Path) -> Iterator[Connection]:
    create(path)
    with in_our_words(path), closing(raw_connection(path, "rw")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")


def _fill(old: Connection, new: Connection) -> Copied:
    count = 0
    for table in TABLES:
        read = _Told(rows(old, table))
        _write(new, table, read)
        count += read.count
        again = _Told(rows(new, table))
        for _ in again:
            pass
        if (again.count, again.digest()) != (read.count, read.digest()):
            raise LogTampered(f"the table {table.name} reads otherwise in the copy: nothing was kept")
    for name, last in _numbers(old).items():
        _number_on(new, name, last)
    size = SqlEvidence(new).size()
    kept, anew = root(size, SqlEvidence(old).node), _root_of_lines(new)
    if kept != anew:
        raise LogTampered("the lines do not lead to the root of the log's tree: skede audit verify tells more")
    return Copied(count, size, b64encode(anew).decode())


class _Told:
    """Rows passed on as they come, with a digest over all of them."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self._rows = rows
        self._digest = sha256()
        self.count = 0

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for row in self._rows:
            self._digest.update(repr(row).encode("utf-8", "surrogatepass"))
            self.count += 1
            yield row

    def digest(self) -> bytes:
        """Over the rows that have come so far."""
        return self._digest.digest()


def _columns(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns if column.computed is None)


def rows(connection: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    """The rows of a table in the order of its key, without what the database computes of them; streamed."""
    order = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
    return iter(streaming(connection)(f'SELECT {_columns(table)} FROM "{table.name}" ORDER BY {order}'))


def _write(connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    columns = _columns(table)
    if dialect_of(connection) == "postgresql":
        with connection.raw.cursor().copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as into:
            for row in rows:
                into.write_row(row)
        return
    places = ", ".join("?" * (columns.count(",") + 1))
    connection.executemany(f'INSERT INTO "{table.name}" ({columns}) VALUES ({places})', rows)


def _numbers(connection: Connection) -> Mapping[str, int]:
    """Table -> the last number that was given in it, be its row there or not."""
    found = {}
    for table in TABLES:
        if "id" in table.columns and table.columns["id"].identity is not None:
            found[table.name] = int(connection.execute(f"SELECT coalesce(max(id), 0) FROM {table.name}").fetchone()[0])
    if dialect_of(connection) == "postgresql":
        for name in found:
            last = connection.execute(f"SELECT pg_sequence_last_value(pg_get_serial_sequence('{name}', 'id'))")
            found[name] = max(found[name], int(last.fetchone()[0] or 0))
    else:
        for name, last in connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall():
            found[name] = max(found[name], int(last))
    return found


def _number_on(connection: Connection, name: str, last: int) -> None:
    """Let the next row of a table get the number after the last one."""
    if dialect_of(connection) == "postgresql":
        if last:
            connection.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {last})")
    elif metadata.tables[name].dialect_options["sqlite"]["autoincrement"]:
        connection.execute("DELETE FROM sqlite_sequence WHERE name = :name", {"name": name})
        connection.execute("INSERT INTO sqlite_sequence VALUES (:name, :last)", {"name": name, "last": last})


def _root_of_lines(connection: Connection) -> bytes:
    """The root of the tree, from the lines of the entries that are in it."""
    peaks: list[tuple[int, bytes]] = []
    for leaf, _, _, _, line in SqlAudit(connection).leaves():
        if leaf is None:
            break
        level, value = 0, b64decode(leaf_hash(line))
        while peaks and peaks[-1][0] == level:
            value = node_hash(peaks.pop()[1], value)
            level += 1
        peaks.append((level, value))
    if not peaks:
        return EMPTY
    whole = peaks.pop()[1]
    while peaks:
        whole = node_hash(peaks.pop()[1], whole)
    return whole
