"""A seal's key behind a program: it signs what continues the log, and forgets nothing for who asks."""

import json
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from errands import ADMIN, Desk, build_home

from engine.app.seal import rotate, seal_anew, seal_by_hand
from engine.app.verify import verify
from engine.bootstrap.office import open_office
from engine.core.errors import LogTampered, SettingsError, Unavailable
from engine.settings import load
from engine.signer.command import CommandSigner
from engine.store.database import driver

ORIGIN = "test/skede"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("template") / "home")


def program(folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "engine.signer.program", str(folder), ORIGIN, *more]


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    """A home whose key has moved to a folder of somebody else."""
    made = Desk(template, tmp_path / "home")
    (made.home / "keys").rename(tmp_path / "elsewhere")
    file = made.home / "skede.toml"
    file.write_text(f"signer = {json.dumps(program(tmp_path / 'elsewhere'))}\n{file.read_text('utf-8')}", "utf-8")
    made.office = open_office(load(made.home), clock=made.clock)
    return made


def test_the_log_is_sealed_verified_and_gets_a_new_key_by_the_program(desk: Desk, tmp_path: Path) -> None:
    desk.order("2021-06-01")
    first = seal_by_hand(desk.office, ADMIN)
    desk.order("2021-06-02")
    rotate(desk.office, ADMIN, note="nytt år")
    desk.order("2021-06-03")
    last = seal_by_hand(desk.office, ADMIN)

    assert first.sealed is not None
    assert last.sealed is not None
    assert last.sealed.size > first.sealed.size
    assert verify(desk.office).bad == []
    assert not (desk.home / "keys").exists()
    assert stat.S_IMODE((tmp_path / "elsewhere" / "seal.key").stat().st_mode) == 0o600


@pytest.mark.sqlite
def test_a_log_that_was_rewritten_is_not_sealed(desk: Desk) -> None:
    desk.order("2021-06-01")
    copied(desk.home / "skede.db", desk.home / "old.db")
    desk.order("2021-06-02")
    seal_by_hand(desk.office, ADMIN)
    copied(desk.home / "old.db", desk.home / "skede.db")
    desk.office = open_office(load(desk.home), clock=desk.clock)
    desk.order("2021-06-07")

    with pytest.raises(LogTampered, match="does not continue"):
        seal_by_hand(desk.office, ADMIN)


def copied(source: Path, target: Path) -> None:
    """Make one database what another is."""
    with closing(driver.connect(source)) as old, closing(driver.connect(target)) as new:
        old.backup(new)


def test_only_its_owner_makes_it_forget(desk: Desk, tmp_path: Path) -> None:
    desk.order("2021-06-01")
    seal_by_hand(desk.office, ADMIN)
    with pytest.raises(Unavailable, match="--begin-anew"):
        seal_anew(desk.office, ADMIN, note="återställd")

    done = subprocess.run(program(tmp_path / "elsewhere", "--begin-anew"), capture_output=True, text=True, check=True)

    assert json.loads(done.stdout)["answer"]["size"] > 0
    desk.order("2021-06-02")
    assert seal_anew(desk.office, ADMIN, note="återställd").sealed is not None


@pytest.mark.parametrize(
    ("request_", "code", "what"),
    [
        ({"do": "tell_key"}, 2, "no tell_key"), ({}, 2, "no None"),
        ({"do": "sign", "size": 3}, 2, "form it does not know"),
        ({"do": "sign", "origin": "x", "size": 1, "root": "AA==", "proof": [], "with_next": False}, 2, "and not x"),
    ],
)  # fmt: skip
def test_what_it_does_not_know_is_refused(desk: Desk, tmp_path: Path, request_: object, code: int, what: str) -> None:
    done = subprocess.run(program(tmp_path / "elsewhere"), input=json.dumps(request_), capture_output=True, text=True,
                          check=False)  # fmt: skip

    assert (done.returncode, what in json.loads(done.stdout)["message"]) == (code, True)


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (["/nowhere/skede-signer"], "cannot be run"), ([sys.executable, "-c", "print('hej')"], "gave no answer: hej"),
        ([sys.executable, "-c", "import sys; sys.exit('nej')"], "gave no answer: nej"),
    ],
)  # fmt: skip
def test_a_program_that_does_not_answer_is_told(command: list[str], what: str) -> None:
    with pytest.raises(Unavailable, match=what):
        CommandSigner(command, ORIGIN).last()


def test_a_signer_is_a_list_of_words(desk: Desk) -> None:
    file = desk.home / "skede.toml"
    file.write_text(file.read_text("utf-8").replace("signer = [", 'signer = "x" # [', 1), "utf-8")
    with pytest.raises(SettingsError, match="write a list"):
        load(desk.home)
