"""The same commands, with the same clock, salts and request ids, leave the same bytes on SQLite and PostgreSQL."""

import shutil
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path

import postgres_server
import pytest
from errands import ADMIN, OFFICER, HandClock, build_home

from engine.app.advance import Given, advance
from engine.app.edit import note
from engine.app.handing_over import cases_told, entries_told, select
from engine.app.office import Office
from engine.app.open_case import open_case
from engine.app.seal import seal_by_hand
from engine.app.tick import tick
from engine.app.verify import verify
from engine.bootstrap.office import open_office
from engine.core.errors import TransitionRefused
from engine.exports.jsonl import json_lines
from engine.settings import load
from engine.store import transfer

pytestmark = [pytest.mark.postgresql, pytest.mark.sqlite]

TABLES = [table for table in transfer.TABLES if table.name not in ("settings", "deliveries")]
"""Without what is about real time: signs of life and leases."""


def seeded() -> Callable[[], bytes]:
    """Salts that anybody can compute: for this test, and for no log that is to keep a secret."""
    numbers = count()
    return lambda: sha256(f"salt {next(numbers)}".encode()).digest()


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Two homes of one origin: the second is the first, copied to a server."""
    home = build_home(tmp_path / "sqlite")
    other = tmp_path / "postgresql"
    shutil.copytree(home, other)
    with postgres_server.database(postgres_server.BARE) as url:
        transfer.copy(home / "skede.db", url)
        (other / "skede.db").unlink()
        settings = other / "skede.toml"
        settings.write_text(f'database = "{url}"\n{settings.read_text("utf-8")}', "utf-8")
        yield home, other


def tell(home: Path) -> Office:
    """A month of an office: cases opened, moved, refused and noted, deadlines that pass, letters, seals."""
    clock, ids = HandClock(), count(1)
    office = open_office(load(home), clock=clock, salts=seeded())

    def given(**more: object) -> Given:
        return Given(request_id=f"request-{next(ids)}", **more)  # type: ignore[arg-type]

    cases = []
    for day in range(10, 22):
        told = open_case(office, OFFICER, "errand", f"Ärende å {day} 🙂", given(set={"due_on": f"2021-03-{day}"}))
        cases.append(str(told["reference"]))
    advance(office, OFFICER, cases[0], "finish", given(note="Klart – “citat” och \\ omvänt"))
    with pytest.raises(TransitionRefused):
        advance(office, OFFICER, cases[0], "finish", given(note="en gång till"))
    note(office, OFFICER, cases[1], given(note="Rad ett\nrad två"))
    seal_by_hand(office, ADMIN)
    for day in (2, 9, 12, 15, 22, 31):
        clock.to(f"2021-03-{day:02}")
        tick(office)
        if day == 12:
            advance(office, OFFICER, cases[5], "wait", given(note="väntar"))
    return office


def mails(home: Path) -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in sorted((home / "outbox").glob("*.eml"))]


def test_the_same_commands_leave_the_same_bytes(homes: tuple[Path, Path]) -> None:
    offices = [tell(home) for home in homes]

    one, other = (mails(home) for home in homes)
    assert len(one) > 20
    assert one == other
    rows = []
    for office in offices:
        with office.store.read() as tx:
            connection = tx.connection  # type: ignore[attr-defined]
            rows.append({table.name: list(transfer.rows(connection, table)) for table in TABLES})
    for name, there in rows[0].items():
        assert there == rows[1][name], name
    assert len(rows[0]["entries"]) > 60
    assert len(rows[0]["checkpoints"]) > 1


def test_exports_of_both_are_the_same_bytes(homes: tuple[Path, Path]) -> None:
    written = []
    for home in homes:
        office = tell(home)
        assert not verify(office).bad
        selected = select(office, OFFICER, ())
        told = json_lines(cases_told(office, selected), entries_told(office, selected))
        with office.store.read() as tx:
            leaves = [line for leaf, _, _, _, line in tx.audit.leaves() if leaf is not None]
            notes = [note for _, note, _ in tx.audit.checkpoints()]
        written.append(("".join(told).encode(), leaves, notes))
    assert len(written[0][0].splitlines()) > 60
    assert len(written[0][1]) > 60
    assert written[0] == written[1]


def test_the_test_can_fail_because_salts_differ_where_they_are_not_given(homes: tuple[Path, Path]) -> None:
    lines = []
    for home in homes:
        office = open_office(load(home), clock=HandClock())
        open_case(office, OFFICER, "errand", "Ärende", Given(set={"due_on": "2021-03-10"}, request_id="r"))
        note(office, OFFICER, "E-2021-0001", Given(note="med salt", request_id="s"))
        with office.store.read() as tx:
            lines.append([entry.line for entry in tx.log.entries("E-2021-0001")])
    assert lines[0] != lines[1]
