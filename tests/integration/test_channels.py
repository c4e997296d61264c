"""Mail into a folder is whole or not there; mail on a terminal is only looked at."""

import io
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.ports import Letter
from notifications.channels.console import ConsoleChannel
from notifications.channels.folder import FolderChannel
from notifications.mime import build

MAIL = build(
    Letter(subject="[SIM-1] Hej", text="Hej,\n.\n..två punkter\nslut\n", html="<p>Hej</p>\n"),
    sender="SIM <sim@region.example>",
    reply_to="sim@region.example",
    to_name="Åsa",
    to_address="asa@ale.example",
    date=datetime(2026, 3, 19, 7, 0, tzinfo=UTC),
    key="SIM-1#4/granted/p:4",
    case_reference="SIM-1",
    domain="region.example",
)[0]


def test_the_folder_holds_whole_mails_and_a_second_sending_replaces_the_first(tmp_path: Path) -> None:
    outbox = FolderChannel(tmp_path / "outbox")
    for _ in range(2):
        assert outbox.send(17, "b+17@region.example", "asa@ale.example", MAIL).state == "sent"
    (file,) = (tmp_path / "outbox").iterdir()
    assert file.name == "20260319T070000Z-17-asa-ale-example.eml"
    assert file.read_bytes() == MAIL
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("recipient", ["../../x", "/etc/passwd", "a\x00b", "å" * 300, "-rf"])
def test_no_recipient_leads_out_of_the_folder(tmp_path: Path, recipient: str) -> None:
    assert FolderChannel(tmp_path / "outbox").send(1, "s", recipient, MAIL).state == "sent"
    assert [p.parent for p in tmp_path.rglob("*.eml")] == [tmp_path / "outbox"]


def test_a_folder_that_cannot_be_written_means_later_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file where the folder should be")
    outcome = FolderChannel(tmp_path / "outbox").send(1, "s", "a@b.example", MAIL)
    assert (outcome.state, outcome.pause) == ("deferred", True)


def test_a_mail_that_cannot_get_its_final_name_leaves_no_part_of_itself(tmp_path: Path) -> None:
    (tmp_path / "20260319T070000Z-1-a-b-example.eml").mkdir()
    assert FolderChannel(tmp_path).send(1, "s", "a@b.example", MAIL).state == "deferred"
    assert len(list(tmp_path.iterdir())) == 1


def test_no_reader_of_the_folder_ever_sees_a_part_of_a_mail(tmp_path: Path) -> None:
    large = MAIL + b"x" * 70 + b"\r\n" * 200_000
    done = threading.Event()
    sizes: set[int] = set()

    def read() -> None:
        while not done.is_set():
            sizes.update(path.stat().st_size for path in tmp_path.glob("*.eml"))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(20):
        FolderChannel(tmp_path).send(number, "s", "a@b.example", large)
    done.set()
    reader.join()
    assert sizes == {len(large)}


def test_the_console_shows_a_mail_and_nothing_that_a_terminal_obeys() -> None:
    stream = io.StringIO()
    hostile = MAIL.replace(b"slut", b"=1B[31mslut=E2=80=AE")
    assert ConsoleChannel(stream).send(17, "s", "asa@ale.example", hostile).state == "sent"
    shown = stream.getvalue()
    assert "Subject: [SIM-1] Hej" in shown
    assert "To: Åsa <asa@ale.example>" in shown
    assert "slut" in shown
    assert all(line.isprintable() for line in shown.split("\n"))


def test_a_closed_terminal_means_later() -> None:
    stream = io.StringIO()
    stream.close()
    assert ConsoleChannel(stream).send(1, "s", "a@b.example", MAIL).pause
