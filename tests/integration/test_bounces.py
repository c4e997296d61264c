"""Mail that comes back: the address is marked, the log tells, the officer knows, and no machine is ever answered."""

import json
import os
from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest
from errands import OFFICER, Desk, build_home
from msgspec.structs import replace

from engine.app.bounces import take_in
from engine.app.mail_why import why_message
from engine.app.return_path import return_address
from engine.app.tick import tick
from engine.app.verify import verify
from engine.core.errors import SettingsError
from engine.readers.bounce import LARGEST, Maildir, read

FIRST = "b+1.00112233445566ff@region.example"
"""What the first mail would come back to, with a mark that is none."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("errands") / "home")


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    made = Desk(template, tmp_path / "home")
    for name in ("new", "cur", "tmp"):
        (made.home / "Maildir" / name).mkdir(parents=True)
    made.office = replace(made.office, bounces=Maildir(made.home / "Maildir"))
    return made


def report(
    to: str = FIRST, action: str = "failed", status: str = "5.1.1", address: str = "hans@region.example",
    said: str = "smtp; 550 5.1.1 no such user",
) -> bytes:  # fmt: skip
    """A delivery report as RFC 3464 has it, with the two blocks: about the server, and about the recipient."""
    mail = MIMEMultipart("report", report_type="delivery-status")
    mail["From"], mail["To"], mail["Subject"] = "MAILER-DAEMON@other.example", to, "Undelivered Mail"
    mail["Return-Path"], mail["Auto-Submitted"] = "<>", "auto-replied"
    mail.attach(MIMEText("It could not be delivered.", "plain", "utf-8"))
    server, recipient = EmailMessage(), EmailMessage()
    server["Reporting-MTA"] = "dns; mx.other.example"
    recipient["Final-Recipient"], recipient["Action"] = f"rfc822; {address}", action
    recipient["Status"], recipient["Diagnostic-Code"] = status, said
    status_part = MIMEMessage(server)
    status_part.set_type("message/delivery-status")
    status_part.set_payload([server, recipient])
    mail.attach(status_part)
    return mail.as_bytes()


def sent_from(desk: Desk, number: int) -> str:
    """The address that a mail comes back to."""
    with desk.office.store.write() as tx:
        return return_address(tx, number, "region.example")


def come_in(desk: Desk, content: bytes, name: str = "1616500000.M1.host") -> None:
    (desk.home / "Maildir" / "new" / name).write_bytes(content)


def to_head(desk: Desk) -> int:
    """Send the reminders of a late errand; the number of the one that went to the head."""
    desk.order("2021-04-15")
    desk.clock.to("2021-04-30")
    tick(desk.office)
    with desk.office.store.read() as tx:
        return next(m.id for m in tx.messages.list() if m.address == "hans@region.example")


def email_state(desk: Desk, name: str) -> str:
    with desk.office.store.read() as tx:
        return tx.directory.find_person(name)[0].email_state


def test_a_mail_that_came_back_marks_the_address_tells_the_officer_and_stands_in_the_log(desk: Desk) -> None:
    number = to_head(desk)
    come_in(desk, report(sent_from(desk, number)))
    tick(desk.office)
    assert email_state(desk, "Hans") == "failing"
    assert email_state(desk, "Anna") == "ok"
    assert [state for _, state, _ in desk.mails("delivery_failed")] == ["sent"]
    assert "bounce" in desk.acts("E-2021-0001")
    why = why_message(desk.office, OFFICER, number)
    assert (why["state"], why["code"]) == ("sent", "bounced")
    assert why["params"]["error"] == "5.1.1 550 5.1.1 no such user"
    assert verify(desk.office).bad == []


def test_what_was_read_is_put_away_and_not_read_again(desk: Desk) -> None:
    come_in(desk, report(sent_from(desk, to_head(desk))))
    tick(desk.office)
    box = desk.home / "Maildir"
    assert os.listdir(box / "new") == []  # noqa: PTH208
    assert os.listdir(box / "cur") == ["1616500000.M1.host:2,S"]  # noqa: PTH208
    assert take_in(desk.office) == 0


def test_a_report_read_twice_because_a_run_broke_off_changes_nothing_more(desk: Desk) -> None:
    number = to_head(desk)
    for name in ("1.host", "2.host"):
        come_in(desk, report(sent_from(desk, number)), name)
    assert take_in(desk.office) == 1
    assert desk.acts("E-2021-0001").count("bounce") == 1
    assert len(desk.mails("delivery_failed")) == 1


@pytest.mark.parametrize(("status", "state"), [("5.1.1", "failing"), ("5.2.2", "ok"), ("4.4.7", "ok"), ("", "failing")])
def test_a_full_mailbox_or_a_server_away_is_told_but_does_not_condemn_the_address(
    desk: Desk, status: str, state: str
) -> None:
    come_in(desk, report(sent_from(desk, to_head(desk)), status=status))
    assert take_in(desk.office) == 1
    assert email_state(desk, "Hans") == state


def test_an_address_that_was_changed_since_is_not_marked(desk: Desk) -> None:
    number = to_head(desk)
    with desk.office.store.write() as tx:
        tx.people.edit_person(tx.directory.find_person("Hans")[0].id, email="hans.hed@region.example")
    come_in(desk, report(sent_from(desk, number)))
    assert take_in(desk.office) == 1
    assert email_state(desk, "Hans") == "ok"


def test_a_notice_that_comes_back_itself_makes_no_new_notice(desk: Desk) -> None:
    come_in(desk, report(sent_from(desk, to_head(desk))), "1.host")
    tick(desk.office)
    with desk.office.store.read() as tx:
        notice = next(m.id for m in tx.messages.list() if m.message.template == "delivery_failed")
    come_in(desk, report(sent_from(desk, notice)), "2.host")
    tick(desk.office)
    assert desk.acts("E-2021-0001").count("bounce") == 2
    assert len(desk.mails("delivery_failed")) == 1


def machine(header: str, value: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "hans@region.example", FIRST, "Semester"
    if header not in mail:
        mail[header] = value
    mail.set_content("Jag är åter den 9 augusti. 550 5.1.1")
    return mail.as_bytes()


@pytest.mark.parametrize(
    ("header", "value"),
    [("Auto-Submitted", "auto-replied"), ("Auto-Submitted", "auto-generated; x=y"), ("Return-Path", "<>"),
     ("Precedence", "auto_reply"), ("X-Autoreply", "yes")],
)  # fmt: skip
def test_an_answer_of_a_machine_is_put_away_and_never_answered(desk: Desk, header: str, value: str) -> None:
    to_head(desk)
    before = desk.mails()
    come_in(desk, machine(header, value))
    assert read("x", machine(header, value)).kind == "auto_reply"
    tick(desk.office)
    assert desk.mails() == before
    assert os.listdir(desk.home / "Maildir" / "new") == []  # noqa: PTH208


@pytest.mark.parametrize(
    ("to", "number"),
    [("b+17.00112233445566ff@region.example", 17), ("B+17.00112233445566FF@Region.Example", 17),
     ("<b+17.00112233445566ff@region.example>", 17), ("b+17@region.example", None), ("ab+17@x.example", None),
     ("b+@x.example", None), ("b+1234567890123@x.example", None), ("kontoret@region.example", None)],
)  # fmt: skip
def test_the_mail_meant_is_read_from_the_address_the_report_came_to(to: str, number: int | None) -> None:
    assert read("x", report(to)).message_id == number


def test_the_envelope_counts_before_the_visible_recipient() -> None:
    assert read("x", b"Delivered-To: " + FIRST.replace("1", "2", 1).encode() + b"\r\n" + report(FIRST)).message_id == 2


@pytest.mark.parametrize(
    ("action", "kind"), [("failed", "bounce"), ("FAILED", "bounce"), ("delayed", "delay"), ("delivered", "delivered"),
                         ("strange", "other")],
)  # fmt: skip
def test_only_a_report_of_failure_is_a_bounce(action: str, kind: str) -> None:
    assert read("x", report(action=action)).kind == kind


HOSTILE = [
    b"", b"\x00" * 1000, b"Content-Type: multipart/report\r\n\r\n",
    b"To: " + FIRST.encode() + b"\r\n\r\n" + b"A" * 100_000,
    b"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n", report()[:300], report()[: len(report()) // 2],
    b"Subject: =?utf-8?b?////?=\r\nTo: =?x?q?b+1.00112233445566ff@region.example?=\r\n\r\n", b": :\r\n\r\n\xff\xfe",
    b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\nContent-Type: message/rfc822\r\n\r\n" * 30,
]  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE)
def test_what_is_not_understood_is_put_away_and_changes_nothing(desk: Desk, content: bytes) -> None:
    to_head(desk)
    acts = desk.acts("E-2021-0001")
    come_in(desk, content)
    assert tick(desk.office).errors == []
    assert desk.acts("E-2021-0001") == acts
    assert os.listdir(desk.home / "Maildir" / "new") == []  # noqa: PTH208


def test_what_a_server_says_is_kept_on_one_line_without_what_does_not_print() -> None:
    found = read("x", report(said="smtp; 550 \x1b[31mno\u202euser " + "x" * 1000))
    assert found.error.isprintable()
    assert len(found.error) <= 300


def test_a_link_or_a_folder_in_the_maildir_is_not_read(desk: Desk, tmp_path: Path) -> None:
    number = to_head(desk)
    (tmp_path / "elsewhere").write_bytes(report(sent_from(desk, number)))
    new = desk.home / "Maildir" / "new"
    (new / "1.link").symlink_to(tmp_path / "elsewhere")
    (new / "2.folder").mkdir()
    os.mkfifo(new / "3.pipe")
    assert take_in(desk.office) == 0
    assert LARGEST < 10_000_000


def test_a_folder_that_is_no_maildir_is_told_and_the_rest_of_the_tick_goes_on(desk: Desk) -> None:
    desk.office = replace(desk.office, bounces=Maildir(desk.home / "nowhere"))
    desk.order("2021-04-15")
    desk.clock.to("2021-03-16")
    done = tick(desk.office)
    assert done.delivered == 1
    assert len(done.errors) == 1
    assert "is no maildir" in done.errors[0]
    with pytest.raises(SettingsError):
        take_in(desk.office)


def test_the_entry_names_no_address_and_its_payload_does(desk: Desk) -> None:
    come_in(desk, report(sent_from(desk, to_head(desk))))
    take_in(desk.office)
    with desk.office.store.read() as tx:
        (logged,) = [e for e in tx.log.entries("E-2021-0001") if json.loads(e.line)["act"] == "bounce"]
    assert "hans@" not in logged.line
    assert json.loads(logged.payload or "{}")["address"] == "hans@region.example"


def test_a_mail_made_so_that_it_cannot_be_read_holds_up_no_report_behind_it(desk: Desk) -> None:
    number = to_head(desk)
    come_in(desk, b"Content-Type: message/rfc822\n\n" * 3_000, "1616500000.M0.hostile")
    come_in(desk, report(sent_from(desk, number)), "1616500000.M1.host")

    assert take_in(desk.office) == 1

    assert [*(desk.home / "Maildir" / "new").iterdir()] == []


def test_a_mail_with_the_longest_of_names_is_put_away_too(desk: Desk) -> None:
    come_in(desk, b"Subject: hej\n\n", "1" * 255)

    take_in(desk.office)

    assert [*(desk.home / "Maildir" / "new").iterdir()] == []
    assert len(list((desk.home / "Maildir" / "cur").iterdir())) == 1


@pytest.mark.parametrize("mark", ["0000000000000000", ""])
def test_a_report_that_anybody_could_have_made_marks_nobody(desk: Desk, mark: str) -> None:
    number = to_head(desk)
    come_in(desk, report(f"b+{number}.{mark}@region.example" if mark else f"b+{number}@region.example"))

    assert take_in(desk.office) == 0
    assert email_state(desk, "Hans Hed") == "ok"
    assert not list((desk.home / "Maildir" / "new").iterdir())


def test_a_report_of_long_ago_marks_nobody(desk: Desk) -> None:
    number = to_head(desk)
    desk.clock.to("2021-08-30")
    come_in(desk, report(sent_from(desk, number)))

    assert take_in(desk.office) == 0
