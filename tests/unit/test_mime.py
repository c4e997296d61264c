"""The bytes of a mail hold exactly what was meant, whatever the texts try."""

from datetime import UTC, date, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest
from icalendar import Calendar
from msgspec.structs import replace

from engine.core.errors import ValueMalformed
from engine.ports import Enclosure, Letter
from notifications import headers
from notifications.address import Mailbox, checked, mailbox
from notifications.calendar import deadline_event, meeting_event
from notifications.mailer import OfficeMailer
from notifications.mime import build
from notifications.verify import MailDiffers, Meant, require_same

LETTER = Letter(subject="[SIM-1] Hej", text="Hej Åsa,\n\nDet är klart.\n", html="<p>Det är klart.</p>\n")
MADE_AT = datetime(2026, 3, 19, 7, 0, tzinfo=UTC)
HEADERS = [
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
    "Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
]  # fmt: skip
HOSTILE = [
    "A\r\nBcc: x@evil.example",
    "A\nBcc: x@evil.example\n\n<b>kropp</b>",
    "A 💩 x=?UTF-8?Q?=0A?=Bcc: x@evil.example",
    "=?utf-8?B?QmNjOiB4QGV2aWwuZXhhbXBsZQ==?=",
    '"Åsa" <x@evil.example>, y@evil.example',
    "A, x@evil.example",
    "A;x@evil.example:",
    "a\u202emoc.live",
    "rad\u2028rad\u2029rad\x85rad\x0brad",
    "\x00\x1b[31m\x7f\x9b",
    "x" * 998,
    "å" * 998,
    "ord " * 250,
    "\\" * 70,
    '"' * 70,
    "lone \ud800 surrogate",
    "(kommentar) a@b.example",
    " mellanslag \t ",
]


def built(letter: Letter = LETTER, **over: Any) -> bytes:
    arguments: dict[str, Any] = {
        "sender": "Sociala investeringar <sim@region.example>",
        "reply_to": "sim@region.example",
        "to_name": "Åsa Öberg",
        "to_address": "asa@dalsed.example",
        "date": MADE_AT,
        "key": "SIM-1#4/granted/p:4",
        "case_reference": "SIM-1",
        "domain": "region.example",
        "enclosures": (),
        **over,
    }
    return build(letter, **arguments)[0]


def parsed(content: bytes) -> EmailMessage:
    return BytesParser(policy=policy.SMTP).parsebytes(content)


def test_a_mail_has_the_headers_that_were_meant_and_no_other() -> None:
    message = parsed(built())
    assert message.keys() == HEADERS
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["In-Reply-To"] == message["References"] == "<case-SIM-1@region.example>"
    assert message["Date"] == "Thu, 19 Mar 2026 07:00:00 +0000"
    assert [(a.display_name, a.addr_spec) for a in message["To"].addresses] == [("Åsa Öberg", "asa@dalsed.example")]


def test_the_same_message_gives_the_same_bytes_and_another_key_another_id() -> None:
    assert built() == built()
    assert parsed(built())["Message-ID"] != parsed(built(key="SIM-1#5/granted/p:4"))["Message-ID"]


def test_text_and_html_come_back_as_they_went_in() -> None:
    message = parsed(built())
    text, html = message.iter_parts()
    assert message.get_content_type() == "multipart/alternative"
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_payload(decode=True).decode().replace("\r\n", "\n") == LETTER.text  # type: ignore[union-attr]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("place", ["subject", "to_name", "sender", "enclosure", "body", "case_reference"])
def test_no_text_adds_a_header_a_recipient_or_a_part(place: str, value: str) -> None:
    letter = LETTER
    over: dict[str, Any] = {}
    if place == "subject":
        letter = replace(LETTER, subject=f"[SIM-1] {value}")
    elif place == "body":
        letter = replace(LETTER, text=value, html=value)
    elif place == "enclosure":
        over = {"enclosures": [Enclosure(value, "application/pdf", b"x")]}
    elif place == "sender":
        over = {"sender": f"{value.replace('<', '').replace('>', '')} <sim@region.example>"}
    else:
        over = {place: value}
    content = built(letter, **over)
    message = parsed(content)
    assert message.keys() == HEADERS
    assert [len(message[name].addresses) for name in ("From", "To", "Reply-To")] == [1, 1, 1]
    assert message["To"].addresses[0].addr_spec == "asa@dalsed.example"
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert content.isascii()
    assert len([part for part in message.walk() if not part.is_multipart()]) == 2 + len(over.get("enclosures", ()))


def test_a_long_subject_comes_back_whole() -> None:
    subject = "Åäö och en mycket lång rubrik, " * 12
    assert parsed(built(replace(LETTER, subject=subject)))["Subject"] == subject.strip()


@pytest.mark.parametrize("name", ["Åtgärdsplan (slutlig).pdf", "a" * 300 + ".pdf", "50%25.pdf", "it's *.pdf", "ä" * 90])
def test_an_enclosure_keeps_its_content_and_a_name_that_can_be_saved(name: str) -> None:
    content = bytes(range(256)) * 40
    leaf = list(parsed(built(enclosures=[Enclosure(name, "application/pdf", content)])).walk())[-1]
    assert leaf.get_content_disposition() == "attachment"
    assert leaf.get_filename() == headers.file_name(name)
    assert leaf.get_payload(decode=True) == content


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", "", "C:\\x", "\x00", ".bashrc"])
def test_a_file_name_never_leads_out_of_a_folder(name: str) -> None:
    made = headers.file_name(name)
    assert made
    assert not set(made) & set('/\\:*?"<>|\x00')
    assert not made.startswith(".")


@pytest.mark.parametrize("kind", ["message/rfc822", "multipart/mixed", 'text/html"; x="', "", "Å/Ö"])
def test_a_media_type_that_cannot_travel_travels_as_plain_bytes(kind: str) -> None:
    leaf = list(parsed(built(enclosures=[Enclosure("x", kind, b"x")])).walk())[-1]
    assert leaf.get_content_type() == "application/octet-stream"


def test_a_calendar_file_says_publish() -> None:
    file = deadline_event("d1@region.example", 2, date(2026, 3, 19), "Komplettera", "Läs mer", decided_at=MADE_AT)
    leaf = list(parsed(built(enclosures=[file])).walk())[-1]
    assert leaf.get_content_type() == "text/calendar"
    assert leaf.get_param("method") == "PUBLISH"


def test_a_deadline_is_a_whole_day_with_a_lasting_uid_and_its_version_as_sequence() -> None:
    file = deadline_event("d1@region.example", 2, date(2026, 3, 19), "A\r\nBEGIN:X; å", "b", decided_at=MADE_AT)
    calendar = Calendar.from_ical(file.content)
    (event,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "PUBLISH"
    assert (event["UID"], event["SEQUENCE"], event.decoded("DTSTART")) == ("d1@region.example", 2, date(2026, 3, 19))
    assert event["SUMMARY"] == "A BEGIN:X; å"
    assert file.content.count(b"BEGIN:") == 2 + file.content.count(b"A BEGIN:X")


def test_a_long_line_of_a_calendar_file_is_folded_within_no_character_and_reads_as_it_was_said() -> None:
    title = "Å; komma, bak\\slash " + "åäö€" * 40
    file = deadline_event("d1@region.example", 1, date(2026, 3, 19), title, "rad 1\nrad; 2", decided_at=MADE_AT)
    assert 70 < max(map(len, file.content.split(b"\r\n"))) <= 75
    assert all(line.decode() for line in file.content.split(b"\r\n")[:-1])
    (event,) = Calendar.from_ical(file.content).walk("VEVENT")
    assert (event["SUMMARY"], event["DESCRIPTION"]) == (title, "rad 1\nrad; 2")


def test_a_meeting_is_in_utc_and_may_be_called_off() -> None:
    start = datetime.fromisoformat("2026-03-29T09:00:00+02:00")
    file = meeting_event("m1@x.example", 3, start, None, "Möte", "", place="Sal A", decided_at=MADE_AT, cancelled=True)
    (event,) = Calendar.from_ical(file.content).walk("VEVENT")
    assert event.decoded("DTSTART") == datetime(2026, 3, 29, 7, 0, tzinfo=UTC)
    assert event["STATUS"] == "CANCELLED"
    with pytest.raises(ValueError, match="end after its start"):
        meeting_event("m", 1, start, start, "x", "", place="", decided_at=MADE_AT)


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("asa@dalsed.example", "asa@dalsed.example"),
        ("b+17@Region.EXAMPLE", "b+17@region.example"),
        ("kim@västra.example", "kim@xn--vstra-gra.example"),
        ("o'neil@x.example", "o'neil@x.example"),
    ],
)
def test_an_address_is_given_the_form_of_the_wire(address: str, wire: str) -> None:
    assert checked(address) == wire


@pytest.mark.parametrize(
    "address",
    [
        "", "@", "a@", "@b", "åsa@x.example", "a b@x.example", '"a b"@x.example', "a@[127.0.0.1]", "a@b@c.example",
        "a@x..example", "a@-x.example", "a@x_y.example", "a.@x.example", "a@x.example\r\nRCPT TO:<b@c>", "a@x.example>",
        "<a@x.example>", "a,b@x.example", "a" * 65 + "@x.example", "a@" + "x." * 130 + "example", "a@straße.example",
        "a@x.example ", "a\x00@x.example", "a@x.exa\u202emple", "a@x.exa\ud800",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    with pytest.raises(ValueMalformed):
        checked(address)


def test_a_named_mailbox_is_read() -> None:
    assert mailbox('"Social, å" <sim@x.example>') == Mailbox("Social, å", "sim@x.example")
    with pytest.raises(ValueMalformed):
        mailbox("a@b.example, c@d.example")


def test_bytes_that_differ_from_what_was_meant_are_stopped() -> None:
    content = built()
    office = Mailbox("Sociala investeringar", "sim@region.example")
    meant = Meant(
        names=tuple(HEADERS),
        subject=LETTER.subject,
        sender=office,
        recipient=Mailbox("Åsa Öberg", "asa@dalsed.example"),
        reply_to=Mailbox("", "sim@region.example"),
        message_id=parsed(content)["Message-ID"],
        texts=(LETTER.text, LETTER.html),
        files=(),
    )
    require_same(content, meant)
    tampered = [
        content.replace(b"Subject:", b"Bcc: x@evil.example\r\nSubject:"),
        content.replace(b"<asa@dalsed.example>", b"<asa@dalsed.example>, <x@evil.example>"),
        content.replace(b"asa@dalsed", b"eva@dalsed"),
        content.replace(b"\r\nDet", b"\r\nInte det"),
        content.replace(b"\r\n", b"\n", 1),
        content.replace(b"[SIM-1]", b"[SIM-2]"),
        content + b"x" * 999,
        content.replace(b"Hej", "Håj".encode()),
    ]
    for other in tampered:
        assert other != content
        with pytest.raises(MailDiffers):
            require_same(other, meant)


def test_a_date_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        built(date=datetime(2026, 3, 19))  # noqa: DTZ001 - the fault that is tested


def test_the_office_mailer_packs_with_its_own_addresses() -> None:
    mailer = OfficeMailer(sender="SIM <sim@region.example>", reply_to="svar@region.example", domain="region.example")
    content, message_id = mailer.pack(
        LETTER, to_name="", to_address="a@b.example", date=MADE_AT, key="k", case_reference="", enclosures=()
    )
    message = parsed(content)
    assert message["From"].addresses[0].addr_spec == "sim@region.example"
    assert message["Reply-To"].addresses[0].addr_spec == "svar@region.example"
    assert message["Message-ID"] == message_id
    assert "References" not in message
    with pytest.raises(ValueMalformed):
        OfficeMailer(sender="inte en adress", reply_to="a@b.example", domain="b.example")
