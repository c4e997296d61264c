"""Every seal reaches the places outside the database that the settings name, and each of them tells of a rewrite."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from errands import ADMIN, START, Desk, build_home
from hiring import hire, meet

from engine.anchors.folder import FolderAnchor
from engine.anchors.git import GitAnchor
from engine.anchors.mail import MailAnchor
from engine.app.doctor_seal import examine_seal
from engine.app.seal import Sealing, seal_by_hand
from engine.app.tick import tick
from engine.app.verify import verify
from engine.app.verify_seals import Anchored
from engine.bootstrap.office import open_office
from engine.core.errors import LogTampered, NotFound, SettingsError, Unavailable, ValueMalformed
from engine.ports import SealedNote
from engine.readers.anchor import read_anchor
from engine.settings import load


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("template") / "home")


Office = Callable[[str], Desk]


@pytest.fixture
def anchored(template: Path, tmp_path: Path) -> Office:
    """A desk whose settings have these anchors."""

    def made(anchors: str) -> Desk:
        desk = Desk(template, tmp_path / "home")
        file = desk.home / "skede.toml"
        file.write_text(f"anchors = [{anchors}]\n{file.read_text('utf-8')}", "utf-8")
        desk.office = open_office(load(desk.home), clock=desk.clock)
        return desk

    return made


def sealed(desk: Desk) -> tuple[Sealing, SealedNote]:
    desk.order("2021-06-01")
    done = seal_by_hand(desk.office, ADMIN)
    assert done.sealed is not None
    return done, done.sealed


NOTE = SealedNote(7, "test\n7\nroot\n\n\u2014 test AAAA\n", START)


def test_a_folder_gets_one_file_for_each_seal(anchored: Office, tmp_path: Path) -> None:
    (tmp_path / "worm").mkdir()
    desk = anchored('{ kind = "folder", path = "../worm" }')

    first, second = sealed(desk)[1], sealed(desk)[1]

    files = {path.name: path.read_text("utf-8") for path in (tmp_path / "worm").iterdir()}
    assert files == {f"{one.size}.checkpoint": one.note for one in (first, second)}
    assert verify(desk.office, anchors=[Anchored("a", text) for text in files.values()]).bad == []


def test_a_folder_is_never_written_over(tmp_path: Path) -> None:
    anchor = FolderAnchor(tmp_path)
    anchor.put(NOTE)
    anchor.put(NOTE)
    (tmp_path / "7.checkpoint").write_text("another", "utf-8")

    with pytest.raises(LogTampered, match=r"7\.checkpoint"):
        anchor.put(NOTE)
    assert (tmp_path / "7.checkpoint").read_text("utf-8") == "another"


def test_a_file_that_a_crash_tore_is_completed(tmp_path: Path) -> None:
    (tmp_path / "7.checkpoint").write_bytes(NOTE.note.encode()[:10])

    FolderAnchor(tmp_path).put(NOTE)

    assert (tmp_path / "7.checkpoint").read_text("utf-8") == NOTE.note


def test_an_anchor_that_is_away_keeps_nothing_else_waiting_and_gets_the_seal_later(
    anchored: Office, tmp_path: Path
) -> None:
    (tmp_path / "here").mkdir()
    desk = anchored('{ kind = "folder", path = "../away" }, { kind = "folder", path = "../here" }')

    done, made = sealed(desk)

    assert len(done.errors) == len(done.anchors) == 1
    assert "away" in done.errors[0]
    assert (tmp_path / "here" / f"{made.size}.checkpoint").exists()
    (tmp_path / "away").mkdir()
    again = seal_by_hand(desk.office, ADMIN)
    assert again.sealed is None
    assert [path.name for path in (tmp_path / "away").iterdir()] == [f"{made.size}.checkpoint"]
    desk.clock.forward(hours=2)
    assert tick(desk.office).errors == []


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, encoding="utf-8", check=True)
    return done.stdout


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_repository_gets_a_commit_for_each_seal_and_is_pushed(anchored: Office, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "far.git")
    git(tmp_path, "init", "--quiet", "seals")
    git(tmp_path / "seals", "remote", "add", "origin", str(tmp_path / "far.git"))
    (tmp_path / "seals" / "other").write_text("not mine", "utf-8")
    git(tmp_path / "seals", "add", "other")
    desk = anchored('{ kind = "git", path = "../seals", remote = "origin" }')

    made = [sealed(desk)[1] for _ in range(2)]

    told = git(tmp_path / "far.git", "log", "--all", "--format=%s").splitlines()
    assert told == [f"Checkpoint {one.size}" for one in reversed(made)]
    branch = git(tmp_path / "far.git", "for-each-ref", "--format=%(refname)").strip()
    assert git(tmp_path / "far.git", "show", f"{branch}:{made[0].size}.checkpoint") == made[0].note
    assert "other" not in git(tmp_path / "far.git", "ls-tree", "--name-only", branch)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_what_git_refuses_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="git"):
        GitAnchor(tmp_path).put(NOTE)
    git(tmp_path, "init", "--quiet")
    with pytest.raises(Unavailable, match="nowhere"):
        GitAnchor(tmp_path, "nowhere").put(NOTE)


def test_the_auditors_get_the_seal_in_the_body_of_a_letter_and_can_hold_it_against_the_log(
    anchored: Office,
) -> None:
    desk = anchored('{ kind = "mail", list = "revision" }')
    with desk.office.store.write() as tx:
        outside = meet(tx, "Ylva Yttre", email="ylva@revisor.example", lang="en")
        meet(tx, "Utan Brev", email="utan@revisor.example")
        tx.people.subscribe("revision", outside)

    _, made = sealed(desk)
    tick(desk.office)

    (mail,) = desk.outbox()
    assert "ylva" in mail.name
    assert read_anchor(mail) == made.note
    found = verify(desk.office, anchors=[Anchored("mail", read_anchor(mail))])
    assert (found.bad, found.anchors) == ([], 1)
    assert [state for _, state, _ in desk.mails("seal_anchor")] == ["sent"]


def test_the_letters_go_to_those_who_are_auditors_too_each_once(anchored: Office) -> None:
    desk = anchored('{ kind = "mail" }')
    with desk.office.store.write() as tx:
        person = meet(tx, "Rut Revisor", email="rut@region.example")
        hire(tx, "rut", "auditor", person=person)
        tx.people.subscribe("auditors", person)
        tx.people.subscribe("auditors", meet(tx, "Utan Adress"))

    sealed(desk)

    assert [key.rpartition("/")[2] for key, _, _ in desk.mails("seal_anchor")] == [person]


def test_a_letter_that_somebody_changed_is_found(anchored: Office) -> None:
    desk = anchored('{ kind = "mail" }')
    with desk.office.store.write() as tx:
        tx.people.subscribe("auditors", meet(tx, "Rut Revisor", email="rut@region.example"))
    sealed(desk)
    with desk.office.store.write() as tx:
        tx.connection.execute(  # type: ignore[attr-defined]
            "UPDATE messages SET variables = replace(variables, 'seal', 'sael')"
        )

    assert [bad.why.code for bad in verify(desk.office).bad] == ["verify_message"]


@pytest.mark.parametrize("wrong", [
    '"folder"', '{ kind = "tape" }', '{ kind = "folder" }', '{ kind = "mail", path = "x" }', '{ path = "x" }',
    '{ kind = "folder", path = "" }',
])  # fmt: skip
def test_an_anchor_that_cannot_be_is_refused_with_the_line_it_stands_in(anchored: Office, wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"skede\.toml:1 anchors"):
        anchored(wrong)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [(b"nothing here", ValueMalformed), (b"\xff\xfe\x00", ValueMalformed), (None, NotFound)],
)
def test_a_file_without_a_checkpoint_is_no_anchor(
    tmp_path: Path, content: bytes | None, refusal: type[Exception]
) -> None:
    if content is not None:
        (tmp_path / "file").write_bytes(content)

    with pytest.raises(refusal):
        read_anchor(tmp_path / "file")


def told(desk: Desk) -> dict[str, str]:
    return {finding.code: finding.level for finding in examine_seal(desk.office, relaxed=False)}


def test_doctor_tells_how_old_the_seal_is_and_who_has_it(anchored: Office, tmp_path: Path) -> None:
    desk = anchored('{ kind = "folder", path = "../worm" }')
    assert told(desk)["seal_never"] == "warning"

    sealed(desk)
    assert told(desk) == {"seal": "ok", "key": "ok", "anchors_behind": "warning"}

    (tmp_path / "worm").mkdir()
    seal_by_hand(desk.office, ADMIN)
    assert told(desk) == {"seal": "ok", "key": "ok", "anchors": "ok"}

    desk.clock.forward(days=2)
    assert told(desk)["seal"] == "ok"
    desk.order("2021-06-01")
    assert told(desk)["seal_old"] == "warning"
    (desk.home / "keys" / "seal.vkey").unlink()
    assert told(desk)["key_away"] == "error"


def test_without_anchors_doctor_says_so(anchored: Office) -> None:
    assert told(anchored(""))["anchors_none"] == "warning"


def test_an_anchor_of_mail_names_itself(tmp_path: Path) -> None:
    assert MailAnchor("auditors", ("K", "k@x.example")).name == "mail auditors"
    assert FolderAnchor(tmp_path).letters(None, None, 1, NOTE) == ()  # type: ignore[arg-type]
