"""Homes of any size: the demo's cases, which the real engine made, again and again under other references.

Every copy gets a suffix to its references, and with it commitments, chains and digests of its own, so that the whole
verifies as if each case had been played by itself; the sequencer and the seal are the real ones. What is copied is the
demo's mix: of its entries, letters, deadlines and documents. The demo's own chain of the office stays as it is.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.app.office import Caller
from engine.app.seal import seal_by_hand
from engine.bootstrap.office import open_office
from engine.core.canonical import read_json
from engine.core.chain import commitment, genesis, leaf_hash
from engine.core.entry import parse
from engine.core.message import Message, StoredMessage
from engine.settings import load
from engine.store.append_only import triggers
from engine.store.database import connect

SKEDE = str(Path(sys.executable).with_name("skede"))
HEAD = Caller("head", "os:bench as head")
ROUND = 8
"""So many copies are written in one transaction, their entries in turn, as an office works on its cases."""

Row = dict[str, Any]


def demo_home(folder: Path) -> Path:
    """The demo, played once."""
    if not (folder / "skede.toml").is_file():
        subprocess.run((SKEDE, "--quiet", "demo", str(folder)), check=True, stdout=subprocess.DEVNULL)
    return folder


def home_of(folder: Path, entries: int) -> Path:
    """A home with at least so many entries, sealed; one that was built before is taken as it is.

    Args:
        folder: Where homes are kept from one run to the next.
        entries: How many entries it is to have.
    """
    home = folder / f"home-{entries}"
    if home.is_dir():
        return home
    half = folder / f"half-{entries}"
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(demo_home(folder / "demo"), half)
    _multiply(half, entries)
    _finish(half)
    return half.rename(home)


def _multiply(home: Path, entries: int) -> None:
    connection = connect(home / "skede.db")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA cache_size = -400000")
    template = _Template(connection)
    for trigger in triggers():  # What they refuse does not happen here, and asking takes as long as writing.
        connection.execute(f"DROP TRIGGER {trigger}")
    there = connection.execute("SELECT count(*) FROM entries").fetchone()[0]
    copies = -(-(entries - there) // len(template.entries))
    for first in range(0, copies, ROUND):
        connection.execute("BEGIN IMMEDIATE")
        _write(connection, [template.copy(f"{number:05}") for number in range(first, min(first + ROUND, copies))])
        connection.execute("COMMIT")
    connection.close()


def _finish(home: Path) -> None:
    """Seal the log, and make the database as it is made."""
    seal_by_hand(open_office(load(home)), HEAD)
    connection = connect(home / "skede.db")
    for trigger in triggers().values():
        connection.execute(trigger)
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _write(connection: Any, copies: list["_Copy"]) -> None:
    entries = [row for rows in zip(*(copy.entries for copy in copies), strict=True) for row in rows]
    for table, columns in (("entries", ("case_ref", "n", "line")), ("pending", ("case_ref", "n"))):
        _insert(connection, table, [{name: row[name] for name in columns} for row in entries])
    private = ("case_ref", "n", "salt", "payload")
    rows = [{name: row[name] for name in private} for row in entries if row["salt"] is not None]
    _insert(connection, "entry_private", rows)
    for table in ("cases", "links", "deadlines", "messages"):
        _insert(connection, table, [row for copy in copies for row in copy.rows[table]])


def _insert(connection: Any, table: str, rows: list[Row]) -> None:
    names = ", ".join(rows[0])
    values = ", ".join(f":{name}" for name in rows[0])
    connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({values})", rows)


class _Copy:
    """The rows of one copy."""

    def __init__(self) -> None:
        self.entries: list[Row] = []
        self.rows: dict[str, list[Row]] = {}


class _Template:
    """The demo's rows, cut where a suffix goes."""

    def __init__(self, connection: Any) -> None:
        self.origin = connection.execute("SELECT value FROM settings WHERE name = 'origin'").fetchone()[0]
        names = [row[0] for row in connection.execute("SELECT reference FROM cases")]
        found = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, names))})(?![0-9])")

        def cut(value: Any) -> Any:
            """The pieces of a text between its references; what names none stays as it is."""
            pieces = found.sub(lambda match: f"{match[0]}\0", value).split("\0") if isinstance(value, str) else []
            return pieces if len(pieces) > 1 else value

        def rows(sql: str) -> list[Row]:
            cursor = connection.execute(sql)
            columns = [column[0] for column in cursor.description]
            return [{name: cut(value) for name, value in zip(columns, row, strict=True)} for row in cursor.fetchall()]

        self.entries = rows(
            "SELECT e.case_ref, e.n, e.line, p.salt, p.payload FROM entries e "
            "LEFT JOIN entry_private p USING (case_ref, n) WHERE e.case_ref <> '@office' ORDER BY e.id"
        )
        for row in self.entries:
            entry = parse("".join(row["line"]))
            row["prev"], row["data"] = entry.prev, entry.data
        self.cases = rows("SELECT * FROM cases")
        self.links = rows("SELECT * FROM links")
        self.deadlines = rows("SELECT * FROM deadlines")
        self.messages = rows("SELECT * FROM messages WHERE case_ref <> '@office' ORDER BY id")
        self._digests = [tuple(_digests(_joined(row, ""))) for row in self.messages]

    def copy(self, suffix: str) -> _Copy:
        """All of it once more."""
        made = _Copy()
        messages = [_joined(row, suffix) for row in self.messages]
        digests = {
            old: new for olds, row in zip(self._digests, messages, strict=True)
            for old, new in zip(olds, _digests(row), strict=True)
        }  # fmt: skip
        heads: dict[str, str] = {}
        latest: dict[str, str] = {}
        for row in self.entries:
            made.entries.append(self._chained(_joined(row, suffix), digests, heads, latest))
        cases = [_joined(row, suffix) for row in self.cases]
        for row in cases:
            row["snapshot"] = row["snapshot"].replace(row["head"], latest[row["reference"]])
            row["head"] = latest[row["reference"]]
        for row in messages:
            del row["id"]
        made.rows = {
            "cases": cases, "links": [_joined(row, suffix) for row in self.links], "messages": messages,
            "deadlines": [_joined(row, suffix) for row in self.deadlines],
        }  # fmt: skip
        return made

    def _chained(self, row: Row, digests: Mapping[str, str], heads: dict[str, str], latest: dict[str, str]) -> Row:
        """An entry with its own payload, commitment and place in its chain."""
        line, case = row["line"], row["case_ref"]
        if row["payload"] is not None:
            row["payload"] = _HEX.sub(lambda match: digests.get(match[0], match[0]), row["payload"])
            line = line.replace(row["data"], commitment(row["salt"], row["payload"]))
        if '"act":"reversed"' in line:  # It holds the whole case as it was, with its head.
            for old, new in heads.items():
                line = line.replace(old, new)
        prev = latest.get(case) or genesis(self.origin, case)
        line = line.replace(row["prev"], prev)
        heads[row["prev"]] = prev
        latest[case] = leaf_hash(line)
        row["line"] = line
        return row


def _joined(row: Row, suffix: str) -> Row:
    """A row whose texts are pieces, with a suffix between them."""
    return {name: suffix.join(value) if type(value) is list else value for name, value in row.items()}


_HEX = re.compile("[0-9a-f]{64}")


def _digests(row: Row) -> Iterator[str]:
    """What the log tells of a message: the digest of what was decided, and of the letter as it left."""
    message = Message(
        key=row["key"], case=row["case_ref"], n=row["n"], template=row["template"], person=row["person"],
        lang=row["lang"], variables=read_json(row["variables"]), due_at=datetime.fromisoformat(row["due_at"]),
        attach=tuple(read_json(row["attach"])), deadline=row["deadline"],
    )  # fmt: skip
    yield message.digest
    yield StoredMessage(
        id=0, message=message, subject=row["subject"], message_id=row["header"], error=row["error"],
        content=row["content"], address=row["address"],
    ).digest  # fmt: skip
