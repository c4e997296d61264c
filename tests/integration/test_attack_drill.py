"""The attack drill: whoever may write the file changes it in every way there is, and each time `verify` finds it.

Here every column of every audited table is changed in three random rows; `make attack` changes every cell of the home,
and takes every row away, doubles it and swaps it with its neighbour.
"""

import json
import os
import shutil
import sqlite3
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from errands import ADMIN, OFFICER, TOY, Desk, build_home

from engine.app.advance import Given, Paper
from engine.app.edit import note
from engine.app.office import Office
from engine.app.open_case import open_case
from engine.app.publish import publish
from engine.app.record import origin
from engine.app.replay import Why
from engine.app.seal import seal_by_hand
from engine.app.tick import tick
from engine.app.verify import Verified, verify
from engine.app.verify_seals import Anchored
from engine.bootstrap.office import open_office
from engine.core.canonical import canonical
from engine.core.chain import genesis, leaf_hash
from engine.core.errors import LogTampered
from engine.core.merkle import grown
from engine.readers.toml import read_definition
from engine.settings import load

pytestmark = pytest.mark.sqlite

VISIT = TOY.with_name("visit.toml")
FULL = os.environ.get("SKEDE_ATTACK") == "full"
ROWS = 10**9 if FULL else 3
"""So many rows of each table are changed in each column."""

TABLES = (
    "cases", "links", "entries", "entry_private", "pending", "deadlines", "messages", "blobs", "definitions", "leaves",
    "nodes", "checkpoints",
)  # fmt: skip
NAMED_NOWHERE = {("messages", "id"), ("pending", "id"), ("entries", "id")}
"""Numbers that only order rows, and that no entry tells: with the order kept, nothing is changed by changing them."""

Cell = tuple[str, str, int]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with rows in every table, sealed three times, and something that waits to be sealed."""
    folder = tmp_path_factory.mktemp("drill")
    desk = Desk(build_home(folder / "template"), folder / "home")
    first = desk.order("2021-03-20")
    seal_by_hand(desk.office, ADMIN)
    second = str(
        open_case(
            desk.office, OFFICER, "errand", "Under det första", Given(set={"due_on": "2021-04-01"}, note="Hej"),
            parent=first,
        )["reference"]
    )  # fmt: skip
    desk.advance(second, "postpone", due_on="2021-05-01", reason="Sjuk")
    publish(desk.office, ADMIN, {VISIT.name: read_definition(VISIT)})
    papers = (Paper("letter", "brev.txt", b"Hej"), Paper("letter", "svar.txt", b"Tack"))
    open_case(desk.office, OFFICER, "visit", "Ett besök", Given(set={"host": "Bo Ek"}, papers=papers))
    note(desk.office, OFFICER, first, Given(note="Anna Ask ringde."))
    with pytest.raises(Exception, match=r".*"):
        note(desk.office, ADMIN, first, Given(note="x"))
    for days in (10, 15, 5):
        desk.clock.forward(days=days)
        tick(desk.office)
    desk.office.store.close()  # type: ignore[attr-defined]
    note(desk.office, OFFICER, second, Given(note="Väntar på sigillet."))
    note(desk.office, OFFICER, first, Given(note="Också."))
    desk.office.store.close()  # type: ignore[attr-defined]
    return desk.home


class Attacker:
    """Somebody who may write the file: its triggers are gone, and SQLite itself checks nothing."""

    def __init__(self, home: Path) -> None:
        self.run = sqlite3.connect(home / "skede.db", isolation_level=None).execute
        self.run("PRAGMA foreign_keys = OFF")
        self.run("PRAGMA ignore_check_constraints = ON")
        for (trigger,) in self.run("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            self.run(f"DROP TRIGGER {trigger}")

    def columns(self, table: str) -> list[str]:
        """Those that are stored; what is computed from a line cannot be changed apart from it."""
        return [row[1] for row in self.run(f"PRAGMA table_xinfo({table})") if row[6] == 0]

    def keys(self, table: str) -> list[str]:
        return [row[1] for row in self.run(f"PRAGMA table_xinfo({table})") if row[5] > 0]

    def rows(self, table: str) -> list[dict[str, Any]]:
        columns = self.columns(table)
        found = self.run(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {', '.join(self.keys(table))}")
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]

    def where(self, table: str, row: dict[str, Any]) -> tuple[str, list[Any]]:
        keys = self.keys(table)
        return " AND ".join(f"{key} = ?" for key in keys), [row[key] for key in keys]

    def insert(self, table: str, row: dict[str, Any]) -> None:
        self.run(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))

    def delete(self, table: str, row: dict[str, Any]) -> None:
        where, values = self.where(table, row)
        assert self.run(f"DELETE FROM {table} WHERE {where}", values).rowcount == 1

    def replace(self, table: str, row: dict[str, Any], by: dict[str, Any]) -> bool:
        """Put a row in the place of another; False if the database has one of that key, and nothing is done."""
        self.delete(table, row)
        try:
            self.insert(table, by)
        except sqlite3.Error:
            self.insert(table, row)
            return False
        return True


@pytest.fixture
def lab(home: Path, tmp_path: Path) -> Iterator[tuple[Office, Attacker]]:
    """A copy of the home, and somebody who changes its file."""
    copy = Path(shutil.copytree(home, tmp_path / "home"))
    attacker = Attacker(copy)
    office = open_office(load(copy))
    yield office, attacker
    office.store.close()  # type: ignore[attr-defined]


def other(value: Any) -> Any:
    """Another value of the same kind."""
    match value:
        case None:
            return "2021-01-01T00:00:00.000000Z"
        case int():
            return value + 1
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:] if value else b"x"
        case str():
            place = len(value) // 2
            return value[:place] + ("0" if value[place : place + 1] != "0" else "1") + value[place + 1 :]
    raise AssertionError(value)


def told(found: Verified) -> list[Why]:
    """What is wrong beside the schema, which tells of this attacker alone: the triggers might be put back."""
    return [bad.why for bad in found.bad if bad.why.code != "verify_schema"]


def is_found(office: Office) -> bool:
    """Whether verification finds anything but the missing triggers, or refuses to read what is no log any more."""
    try:
        return bool(told(verify(office)))
    except LogTampered:
        return True


def chosen(rows: list[dict[str, Any]], seed: str) -> list[dict[str, Any]]:
    return rows if len(rows) <= ROWS else Random(seed).sample(rows, ROWS)


def test_the_home_has_rows_everywhere_and_is_sound(lab: tuple[Office, Attacker]) -> None:
    office, attacker = lab
    for table in TABLES:
        assert attacker.rows(table), table
    assert not is_found(office)
    found = verify(office).sealed
    assert (found.checkpoints >= 3, found.waiting >= 2) == (True, True)


@pytest.mark.timeout(0 if FULL else 300)
@pytest.mark.parametrize("table", TABLES)
def test_every_changed_cell_is_found(lab: tuple[Office, Attacker], table: str) -> None:
    office, attacker = lab
    missed = []
    for column in attacker.columns(table):
        if (table, column) in NAMED_NOWHERE:
            continue
        for row in chosen(attacker.rows(table), f"{table}.{column}"):
            changed = {**row, column: 7 if row[column] is None and column == "item" else other(row[column])}
            if not attacker.replace(table, row, changed):
                continue
            if not is_found(office):
                missed.append((column, row[column], changed[column]))
            assert attacker.replace(table, changed, row)
    assert missed == []
    assert not is_found(office)


@pytest.mark.timeout(0 if FULL else 300)
@pytest.mark.parametrize("table", TABLES)
def test_every_row_that_is_gone_doubled_or_swapped_is_found(lab: tuple[Office, Attacker], table: str) -> None:
    office, attacker = lab
    missed = []
    rows = attacker.rows(table)
    for row in chosen(rows, table):
        attacker.delete(table, row)
        missed += [] if is_found(office) else [("gone", row)]
        attacker.insert(table, row)
        double = {**row, **{key: other(row[key]) for key in attacker.keys(table)[-1:]}}
        if attacker.run(f"SELECT 1 FROM {table} WHERE {attacker.where(table, double)[0]}",
                        attacker.where(table, double)[1]).fetchone() is None:  # fmt: skip
            try:
                attacker.insert(table, double)
            except sqlite3.Error:
                continue  # The database itself will not have it twice.
            missed += [] if is_found(office) else [("doubled", row)]
            attacker.delete(table, double)
    for one, two in pairwise(rows[: None if FULL else 4]):
        if table in ("messages", "pending") or not _swap(attacker, table, one, two):
            continue
        missed += [] if _alike(attacker, table, one, two) or is_found(office) else [("swapped", one)]
        _swap(attacker, table, *_swapped(attacker, table, one, two))
    assert missed == []
    assert not is_found(office)


def _alike(attacker: Attacker, table: str, one: dict[str, Any], two: dict[str, Any]) -> bool:
    """Whether the rows differ in their keys alone, so that swapping them changes nothing."""
    keys = attacker.keys(table)
    return all(one[name] == two[name] for name in one if name not in keys)


def _swapped(
    attacker: Attacker, table: str, one: dict[str, Any], two: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two rows, each under the other's key."""
    keys = attacker.keys(table)
    first = {**two, **{key: one[key] for key in keys}}
    second = {**one, **{key: two[key] for key in keys}}
    return first, second


def _swap(attacker: Attacker, table: str, one: dict[str, Any], two: dict[str, Any]) -> bool:
    first, second = _swapped(attacker, table, one, two)
    attacker.delete(table, one)
    attacker.delete(table, two)
    try:
        attacker.insert(table, first)
        attacker.insert(table, second)
    except sqlite3.Error:
        where, values = attacker.where(table, first)
        attacker.run(f"DELETE FROM {table} WHERE {where}", values)
        attacker.insert(table, one)
        attacker.insert(table, two)
        return False
    return True


def reseal(office: Office, attacker: Attacker) -> None:
    """Make leaves and nodes those of the lines as they are now, as one who knows us would."""
    attacker.run("DELETE FROM nodes")
    nodes: dict[tuple[int, int], bytes] = {}
    rows = attacker.run(
        "SELECT e.line FROM leaves l JOIN entries e ON e.case_ref = l.case_ref AND e.n = l.n ORDER BY l.idx"
    ).fetchall()
    leaves = [b64decode(leaf_hash(line)) for (line,) in rows]
    for level, index, value in grown(0, leaves, lambda level, index: nodes[level, index]):
        nodes[level, index] = value
        attacker.run("INSERT INTO nodes VALUES (?, ?, ?)", (level, index, value))


def rewrite_office(office: Office, attacker: Attacker, change: Callable[[dict[str, Any]], None]) -> None:
    """Rewrite the office's own chain, with every hash right."""
    with office.store.read() as tx:
        prev = genesis(origin(tx), "@office")
        lines = [logged.line for logged in tx.log.entries("@office")]
    for n, line in enumerate(lines, 1):
        raw = json.loads(line)
        change(raw)
        forged = canonical(raw | {"prev": prev})
        attacker.run("UPDATE entries SET line = ? WHERE case_ref = '@office' AND n = ?", (forged, n))
        prev = leaf_hash(forged)
    reseal(office, attacker)


def newest(office: Office) -> str:
    with office.store.read() as tx:
        sealed = tx.evidence.newest()
    assert sealed is not None
    return sealed.note


def test_a_whole_rewrite_with_right_hashes_but_without_the_key_is_found(lab: tuple[Office, Attacker]) -> None:
    office, attacker = lab
    anchor = Anchored("anchor", newest(office))

    def later(raw: dict[str, Any]) -> None:
        if raw["act"] == "publish":
            raw["auth"] = "os:somebody-else"

    rewrite_office(office, attacker, later)

    found = verify(office, anchors=[anchor])
    assert {why.code for why in told(found)} == {"verify_checkpoint_root", "verify_anchor_root", "verify_memory_root"}
    first = found.bad[0]
    assert (first.case, first.n) == ("@office", 1)
    attacker.run("DELETE FROM checkpoints")
    assert {"verify_row_missing", "verify_anchor_root"} <= {
        bad.why.code for bad in verify(office, anchors=[anchor]).bad
    }


def test_of_a_rewrite_after_a_good_seal_the_first_entry_after_that_is_named(lab: tuple[Office, Attacker]) -> None:
    office, attacker = lab
    with office.store.read() as tx:
        good = next(tx.evidence.checkpoints()).size
    case, n = attacker.run("SELECT case_ref, n FROM leaves WHERE idx = ?", (good,)).fetchone()

    def late(raw: dict[str, Any]) -> None:
        if raw["act"] == "publish" and raw["body"]["name"] == "visit":
            raw["auth"] = "os:somebody-else"

    rewrite_office(office, attacker, late)

    first = next(bad for bad in verify(office).bad if bad.why.code == "verify_checkpoint_root")
    assert (first.case, first.n) == (case, n)


def test_a_checkpoint_signed_by_another_key_is_found(lab: tuple[Office, Attacker], tmp_path: Path) -> None:
    from engine.signing import FileSigner, checked_note

    office, attacker = lab
    forger = FileSigner(tmp_path / "forged", "test/skede")
    forger.make()
    assert office.signer is not None
    checkpoint, _ = checked_note(newest(office), office.signer().public_keys())
    attacker.run("UPDATE checkpoints SET note = ? WHERE size = ?", (forger.sign(checkpoint, []), checkpoint.size))

    assert [why.code for why in told(verify(office))] == ["verify_checkpoint"]


@pytest.mark.parametrize("with_memory", [True, False])
def test_a_tail_that_was_cut_is_found_by_an_anchor_or_by_the_memory_of_the_key(
    home: Path, tmp_path: Path, with_memory: bool
) -> None:
    """Cut cleanly: the database is that of an earlier moment, to the byte."""
    copy = Path(shutil.copytree(home, tmp_path / "home"))
    with closing(sqlite3.connect(copy / "skede.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(copy / "skede.db", tmp_path / "yesterday.db")
    memory = (copy / "keys" / "seal.last").read_bytes()
    office = open_office(load(copy))
    note(office, OFFICER, "E-2021-0001", Given(note="I dag."))
    seal_by_hand(office, ADMIN)
    anchor = Anchored("today", newest(office))
    office.store.close()  # type: ignore[attr-defined]
    for name in ("skede.db-wal", "skede.db-shm"):
        (copy / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "yesterday.db", copy / "skede.db")
    if not with_memory:  # The attacker has the key's folder too, and puts it back as well.
        (copy / "keys" / "seal.last").write_bytes(memory)
    back = open_office(load(copy))

    alone, held = verify(back), verify(back, anchors=[anchor])

    assert [bad.why.code for bad in alone.bad] == (["verify_memory_beyond"] if with_memory else [])
    assert "verify_anchor_beyond" in {bad.why.code for bad in held.bad}
    back.store.close()  # type: ignore[attr-defined]


def test_a_document_put_in_after_the_seal_changes_nothing_that_was_sealed(home: Path, tmp_path: Path) -> None:
    """The drill is no alarm that always rings."""
    copy = Path(shutil.copytree(home, tmp_path / "home"))
    office = open_office(load(copy))
    anchor = Anchored("anchor", newest(office))
    note(office, OFFICER, "E-2021-0001", Given(note="Mer."))

    assert verify(office, anchors=[anchor]).bad == []
    office.store.close()  # type: ignore[attr-defined]
