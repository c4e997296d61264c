"""The log is sealed as it grows, once for all who ask; what was cut, put back or rewritten is not sealed but told."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from errands import ADMIN, OFFICER, Desk, HandClock, build_home

from engine.app.advance import Given
from engine.app.edit import note
from engine.app.office import Caller, Office
from engine.app.prove import prove
from engine.app.seal import rotate, seal_anew, seal_by_hand, sequence
from engine.app.tick import tick
from engine.app.verify import verify
from engine.app.verify_seals import Anchored
from engine.bootstrap.databases import back_up, restore_backup
from engine.bootstrap.office import open_office
from engine.core.errors import LogTampered, NotFound, TransitionRefused, Unavailable
from engine.core.proof import proven_entries
from engine.ports import SealedNote
from engine.settings import load
from engine.signing import checked_note
from engine.store.database import driver


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("template") / "home")


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    return Desk(template, tmp_path / "home")


def checkpoints(office: Office) -> list[SealedNote]:
    with office.store.read() as tx:
        return list(tx.evidence.checkpoints())


def faults(office: Office, *anchors: str) -> list[str]:
    found = verify(office, anchors=[Anchored(f"{n}.checkpoint", text) for n, text in enumerate(anchors)])
    return [bad.why.code for bad in found.bad]


def test_a_seal_takes_everything_in_and_signs_it(desk: Desk) -> None:
    reference = desk.order("2021-06-01")

    done = seal_by_hand(desk.office, ADMIN)

    assert done.sealed is not None
    assert done.entries == done.sealed.size == 9
    checkpoint, signers = checked_note(done.sealed.note, desk.office.signer().public_keys())  # type: ignore[misc]
    assert (checkpoint.origin, checkpoint.size, list(signers)) == ("test/skede", done.sealed.size, ["test/skede"])
    found = verify(desk.office)
    assert (found.bad, found.sealed.sealed, found.sealed.waiting) == ([], done.sealed.size, 1)
    assert desk.acts("@office")[-1] == "seal"
    assert proven_entries(prove(desk.office, OFFICER, reference))[1] == checkpoint


def test_what_sealing_writes_is_no_reason_to_seal_again(desk: Desk) -> None:
    assert seal_by_hand(desk.office, ADMIN).sealed is not None

    again = seal_by_hand(desk.office, ADMIN)

    assert (again.sealed, again.entries) == (None, 0)
    desk.order("2021-06-01")
    later = seal_by_hand(desk.office, ADMIN)
    assert later.entries >= 2
    assert verify(desk.office).bad == []


def test_the_clock_seals_at_most_once_an_hour_and_only_what_is_new(desk: Desk) -> None:
    def sealed_after(**span: float) -> int:
        desk.clock.forward(**span)
        return tick(desk.office).sealed

    assert sealed_after() == 1
    desk.order("2021-06-01")
    assert sealed_after(minutes=59) == 0
    assert sealed_after(minutes=1) == 1
    assert sealed_after(hours=5) == 0
    desk.order("2021-06-02")
    assert sealed_after(seconds=1) == 1


def test_only_some_roles_seal_by_hand_and_fewer_change_the_key(desk: Desk) -> None:
    for use in (seal_by_hand, rotate, seal_anew):
        with pytest.raises(TransitionRefused):
            use(desk.office, OFFICER)


def test_two_who_seal_at_once_make_one_row_of_checkpoints(desk: Desk) -> None:
    for day in range(1, 9):
        desk.order(f"2021-06-0{day}")
    offices = [open_office(load(desk.home), clock=HandClock()) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda office: seal_by_hand(office, ADMIN), offices))

    sizes = [sealed.size for sealed in checkpoints(desk.office)]
    assert [one.sealed.size for one in done if one.sealed] != []
    assert sizes == sorted(set(sizes))
    assert verify(desk.office).bad == []


@pytest.mark.parametrize("moment", ["after sequencing", "after signing"])
def test_a_seal_that_was_cut_off_is_completed_by_the_next(desk: Desk, moment: str) -> None:
    desk.order("2021-06-01")
    sequence(desk.office)
    if moment == "after signing":  # The signer remembers what the database has not.
        from engine.core.checkpoint import Checkpoint
        from engine.core.merkle import root

        with desk.office.store.read() as tx:
            size = tx.evidence.size()
            checkpoint = Checkpoint("test/skede", size, root(size, tx.evidence.node))
        assert desk.office.signer is not None
        desk.office.signer().sign(checkpoint, [])

    done = seal_by_hand(desk.office, ADMIN)

    assert done.sealed is not None
    assert verify(desk.office).bad == []


def test_a_change_of_key_is_in_the_log_and_both_keys_sign(desk: Desk) -> None:
    seal_by_hand(desk.office, ADMIN)
    assert desk.office.signer is not None
    (old,) = desk.office.signer().public_keys()

    done = rotate(desk.office, ADMIN, "byte av dator")

    new, kept = desk.office.signer().public_keys()
    assert kept == old
    assert done.sealed is not None
    for key in (old, new):
        assert checked_note(done.sealed.note, [key])
    desk.order("2021-06-01")
    after = seal_by_hand(desk.office, ADMIN).sealed
    assert after is not None
    with pytest.raises(LogTampered):
        checked_note(after.note, [old])
    assert checked_note(after.note, [new])
    assert faults(desk.office, *(sealed.note for sealed in checkpoints(desk.office))) == []
    with desk.office.store.read() as tx:
        body = next(json.loads(e.line)["body"] for e in tx.log.entries("@office") if '"act":"rotate"' in e.line)
    assert body == {"new": new.text(), "old": old.text()}


def test_a_key_that_the_log_does_not_know_is_found(desk: Desk) -> None:
    seal_by_hand(desk.office, ADMIN)
    public = desk.home / "keys" / "seal.vkey"
    stranger = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n"
    public.write_text(stranger + public.read_text("utf-8"), "utf-8")

    assert faults(desk.office) == ["verify_key_unknown"]


@pytest.mark.sqlite
def test_a_database_put_back_behind_the_programs_back_is_not_sealed_and_is_found(desk: Desk, tmp_path: Path) -> None:
    desk.order("2021-06-01")
    seal_by_hand(desk.office, ADMIN)
    _checkpointed(desk)
    yesterday = shutil.copy(desk.home / "skede.db", tmp_path / "yesterday.db")
    desk.order("2021-06-02")
    anchor = seal_by_hand(desk.office, ADMIN).sealed
    assert anchor is not None
    desk.office.store.close()  # type: ignore[attr-defined]
    for name in ("skede.db-wal", "skede.db-shm"):
        (desk.home / name).unlink(missing_ok=True)
    shutil.copy(yesterday, desk.home / "skede.db")
    office = open_office(load(desk.home), clock=desk.clock)

    assert faults(office) == ["verify_memory_beyond"]
    found = verify(office, anchors=[Anchored("a", anchor.note)])
    assert {bad.why.code for bad in found.bad} == {"verify_memory_beyond", "verify_anchor_beyond"}
    assert found.bad[0].case == "@office"
    note(office, OFFICER, "E-2021-0001", Given(note="Nytt."))
    with pytest.raises(LogTampered, match="nothing was sealed"):
        seal_by_hand(office, ADMIN)
    for _ in range(2):  # It is told again, although nothing has come since.
        desk.clock.forward(hours=1)
        done = tick(office)
        assert done.sealed == 0
        assert "nothing was sealed" in done.errors[0]


def _checkpointed(desk: Desk) -> None:
    """Bring everything into the file itself."""
    desk.office.store.close()  # type: ignore[attr-defined]
    with closing(driver.connect(desk.home / "skede.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.mark.sqlite
def test_after_a_backup_was_put_back_in_the_open_the_log_is_sealed_anew_and_says_so(desk: Desk, tmp_path: Path) -> None:
    settings = load(desk.home)
    desk.order("2021-06-01")
    kept = seal_by_hand(desk.office, ADMIN).sealed
    back_up(settings, tmp_path / "backup.db")
    desk.order("2021-06-02")
    lost = seal_by_hand(desk.office, ADMIN).sealed
    restore_backup(settings, tmp_path / "backup.db", ADMIN)
    with pytest.raises(LogTampered):
        seal_by_hand(desk.office, ADMIN)

    done = seal_anew(desk.office, ADMIN, "disken gick sönder")

    assert kept is not None
    assert lost is not None
    assert done.sealed is not None
    assert faults(desk.office, kept.note, done.sealed.note) == []
    assert set(faults(desk.office, lost.note)) in ({"verify_anchor_beyond"}, {"verify_anchor_root"})
    with desk.office.store.read() as tx:
        told = [json.loads(e.line)["body"] for e in tx.log.entries("@office") if '"act":"seal_anew"' in e.line]
    assert told[0]["was"]["size"] == lost.size


def test_a_seal_without_its_memory_is_refused(desk: Desk) -> None:
    seal_by_hand(desk.office, ADMIN)
    (desk.home / "keys" / "seal.last").unlink()
    desk.order("2021-06-01")

    assert faults(desk.office) == ["verify_no_memory"]
    with pytest.raises(LogTampered, match="forgotten"):
        seal_by_hand(desk.office, ADMIN)


def test_a_seal_without_its_key_stops_nothing_else(desk: Desk) -> None:
    seal_by_hand(desk.office, ADMIN)
    (desk.home / "keys" / "seal.key").unlink()
    desk.order("2021-06-01")
    desk.clock.forward(hours=2)

    done = tick(desk.office)

    assert (done.sealed, len(done.errors)) == (0, 1)
    assert "no key" in done.errors[0]
    with pytest.raises(Unavailable):
        seal_by_hand(desk.office, ADMIN)


def test_a_home_of_before_gets_a_key_with_its_first_seal(desk: Desk) -> None:
    shutil.rmtree(desk.home / "keys")
    desk.order("2021-06-01")

    assert seal_by_hand(desk.office, ADMIN).sealed is not None
    assert (desk.home / "keys" / "seal.key").exists()
    with desk.office.store.read() as tx:
        first = next(json.loads(e.line)["body"] for e in tx.log.entries("@office") if '"act":"seal"' in e.line)
    assert first["key"] == (desk.home / "keys" / "seal.vkey").read_text("utf-8").strip()


def test_an_office_that_is_only_tried_out_seals_nothing(desk: Desk) -> None:
    from msgspec.structs import replace

    tried = replace(desk.office, signer=None)
    desk.order("2021-06-01")

    assert tick(tried).sealed == 0
    with pytest.raises(Unavailable):
        seal_by_hand(tried, ADMIN)
    assert checkpoints(desk.office) == []


def test_what_waits_to_be_sealed_is_not_proven(desk: Desk) -> None:
    reference = desk.order("2021-06-01")
    with pytest.raises(TransitionRefused) as refused:
        prove(desk.office, OFFICER, reference)
    assert refused.value.reasons[0].fix == "skede audit seal"

    seal_by_hand(desk.office, ADMIN)
    note(desk.office, OFFICER, reference, Given(note="Mer."))
    assert len(prove(desk.office, OFFICER, reference, "1").entries) == 1
    with pytest.raises(TransitionRefused) as refused:
        prove(desk.office, OFFICER, reference)
    assert refused.value.reasons[0].params["entry"] == f"{reference}#2"


@pytest.mark.parametrize("entry", ["99", "E-2021-0001#99"])
def test_an_entry_that_is_not_there_is_not_proven(desk: Desk, entry: str) -> None:
    desk.order("2021-06-01")
    with pytest.raises(NotFound):
        prove(desk.office, OFFICER, "E-2021-0001", entry)


def test_who_is_nobody_here_is_given_no_proof(desk: Desk) -> None:
    desk.order("2021-06-01")
    with pytest.raises(TransitionRefused):
        prove(desk.office, Caller("stranger", "os:stranger"), "E-2021-0001")


KILLED = """
import os, sys
from pathlib import Path
from engine.app.office import Caller
from engine.app.seal import seal_by_hand
from engine.bootstrap.office import open_office
from engine.settings import load
import engine.signing as signing
kept = signing._write
def write(path, content):
    kept(path, content)
    os.kill(os.getpid(), 9)
signing._write = write
seal_by_hand(open_office(load(Path(sys.argv[1]))), Caller("root", "os:root"))
"""


def test_a_kill_between_signing_and_storing_loses_nothing(desk: Desk) -> None:
    desk.order("2021-06-01")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(desk.home)], check=False)
    assert killed.returncode == -9
    assert checkpoints(desk.office) == []

    assert seal_by_hand(desk.office, ADMIN).sealed is not None
    assert verify(desk.office).bad == []
