"""However a log is verified, quickly or closely, by one process or several, the same is found."""

from pathlib import Path

import homes
import pytest
from walking import Walker

from engine.app.advance import Given
from engine.app.edit import note
from engine.app.office import Caller, Office
from engine.app.record import OFFICE
from engine.app.verify import verify
from engine.app.verify_office import known_of
from engine.app.verify_part import Inspector, Part, alone, parts_of
from engine.app.verify_quick import Follower
from engine.bootstrap.crew import PAYS_FROM, crew_for, processors
from engine.bootstrap.office import open_office
from engine.core.errors import Unavailable
from engine.settings import load

OFFICER = Caller("officer", "os:root as officer")


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which cases moved and letters left."""
    home = tmp_path_factory.mktemp("together") / "home"
    walker = Walker.begin(home, 7)
    walker.beginnings()
    for days in (30, 60):
        walker.forward(days)
    note(walker.office, OFFICER, "SIM-2021-0001", Given(note="Anna Ask ringde."))
    return home


@pytest.fixture
def home(lived_in: Path, tmp_path: Path) -> Path:
    return homes.copied(lived_in, tmp_path / "home")


@pytest.fixture
def office(home: Path) -> Office:
    return open_office(load(home), read_only=True)


def test_every_chain_of_a_sound_log_is_found_so_at_the_first_look(office: Office) -> None:
    with office.store.read() as tx:
        known = known_of(tx)
        block = tx.audit.block("", None)
        found = {reference: Follower(tx, known).sound(reference, block) for reference in block.entries}

    assert len(found) >= 4
    assert [reference for reference, sound in found.items() if sound is None] == []
    assert all(sound.in_tree and sound.in_turn for sound in found.values() if sound is not None)


def test_runs_of_chains_and_nodes_leave_nothing_out(office: Office) -> None:
    with office.store.read() as tx:
        parts = parts_of(tx, 10)
        chains = [name for name in tx.audit.chains() if name != OFFICE]
        seen = [name for part in parts if part.leaves is None for name in tx.audit.block(part.low, part.high).entries]
        leaves = [part.leaves for part in parts if part.leaves is not None]
        size = tx.evidence.size()

    assert len(parts) > 3
    assert seen == chains
    assert leaves == [(0, size)]


def test_several_processes_find_what_one_finds(home: Path, office: Office) -> None:
    with homes.unguarded(home) as connection:
        connection.execute("UPDATE cases SET title = 'x' WHERE reference < 'S'")
        connection.execute("DELETE FROM entries WHERE case_ref = 'SIM-2021-0001' AND n = 2")
        connection.execute("UPDATE messages SET case_ref = 'Z-1' WHERE id = 1")
        connection.execute("UPDATE nodes SET hash = zeroblob(32) WHERE level = 2")

    one = verify(office)
    with crew_for(load(home), 2, 0) as working:
        several = verify(office, crew=working)

    assert one.faulty > 4
    assert several == one


def test_several_processes_find_a_sound_log_sound(home: Path, office: Office) -> None:
    with crew_for(load(home), 3, 0) as working:
        found = verify(office, crew=working)

    assert (found.faulty, found) == (0, verify(office))


def test_a_process_that_ends_too_soon_is_told_of(home: Path, office: Office) -> None:
    with crew_for(load(home), 2, 0) as working:
        assert working is not None
        working.close()
        with pytest.raises(Unavailable, match="--jobs 1"):
            verify(office, crew=working)


def test_processes_tell_when_the_log_has_moved_on(home: Path, office: Office) -> None:
    with crew_for(load(home), 2, 0) as working:
        assert working is not None
        with office.store.read() as tx:
            before = tx.audit.moment()
        assert working.see(before)
        note(open_office(load(home)), OFFICER, "SIM-2021-0001", Given(note="Nu."))
        assert not working.see(before)
        with office.store.read() as tx:
            assert working.see(tx.audit.moment())


@pytest.mark.parametrize(("jobs", "entries"), [(None, PAYS_FROM - 1), (1, PAYS_FROM)])
def test_one_process_works_where_more_would_not_pay_or_are_not_asked_for(
    home: Path, jobs: int | None, entries: int
) -> None:
    with crew_for(load(home), jobs, entries) as working:
        assert working is None


def test_every_processor_works_where_it_pays(home: Path) -> None:
    with crew_for(load(home), None, PAYS_FROM) as working:
        assert (working is not None) == (processors() > 1)


def test_a_row_of_no_chain_at_all_is_found_in_the_run_it_would_stand_in(home: Path, office: Office) -> None:
    with homes.unguarded(home) as connection:
        connection.execute("INSERT INTO leaves (idx, case_ref, n) VALUES (100000, '\U0010ffff\U0010ffff', 1)")

    with office.store.read() as tx:
        ((_, judged),) = alone(Inspector(tx, known_of(tx)), [Part("Z", None)])

    assert [(bad.case, bad.why.code) for bad in judged.bad] == [("\U0010ffff\U0010ffff", "verify_stray")]
