"""Makes the `.ics` files that go with mails: one day for a deadline, one appointment for a meeting.

The same deadline or meeting keeps its UID; a higher SEQUENCE tells a calendar to replace what it has. The few lines
are written by hand, at a thirtieth of what the icalendar library takes for them; it reads them in the tests.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from engine.ports import Enclosure
from notifications.characters import one_line, plain

_BEGIN = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Skede//Case engine//SV", "METHOD:PUBLISH", "BEGIN:VEVENT")
_END = ("END:VEVENT", "END:VCALENDAR")
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_LONGEST_LINE = 75  # RFC 5545, section 3.1: bytes without the line's end


def deadline_event(
    uid: str, sequence: int, day: date, title: str, description: str, *, decided_at: datetime, name: str = "frist.ics"
) -> Enclosure:
    """A whole day that does not count as busy.

    Args:
        uid: Stable per deadline, with the home's domain: `SIM-2021-0004-5-completion@vgr.example`.
        sequence: The deadline's version.
        day: The last local day.
        title: What is due.
        description: Where to read more.
        decided_at: When the date was set; the same value gives the same bytes.
        name: File name of the enclosure.
    """
    when = [f"DTSTART;VALUE=DATE:{day:%Y%m%d}"]
    return _enclosure(name, _event(uid, sequence, title, description, decided_at, when), ["TRANSP:TRANSPARENT"])


def meeting_event(
    uid: str,
    sequence: int,
    start: datetime,
    end: datetime | None,
    title: str,
    description: str,
    *,
    place: str,
    decided_at: datetime,
    cancelled: bool = False,
    name: str = "inbjudan.ics",
) -> Enclosure:
    """An appointment from `start` to `end`, both aware; without an end it only has a beginning.

    Args:
        uid: Stable per meeting.
        sequence: Raised each time that the meeting moves or is called off.
        start: When it begins.
        end: When it ends, or None where nobody has said.
        title: What it is.
        description: Where to read more.
        place: A room or a link.
        decided_at: When this was set.
        cancelled: It will not take place.
        name: File name of the enclosure.

    Raises:
        ValueError: A time without an offset, or an end that is not after the start.
    """
    if start.tzinfo is None or (end is not None and (end.tzinfo is None or end <= start)):
        raise ValueError("a meeting needs aware times, its end after its start")
    when = [f"DTSTART:{_utc(start)}", *([f"DTEND:{_utc(end)}"] if end is not None else [])]
    rest = [f"LOCATION:{_text(one_line(place))}"] if place else []
    rest.append(f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}")
    return _enclosure(name, _event(uid, sequence, title, description, decided_at, when), rest)


def _event(
    uid: str, sequence: int, title: str, description: str, decided_at: datetime, when: Sequence[str]
) -> list[str]:
    if decided_at.tzinfo is None:
        raise ValueError("the moment when a date was set must tell its offset from UTC")
    lines = [
        f"SUMMARY:{_text(one_line(title))}", *when, f"DTSTAMP:{_utc(decided_at)}", f"UID:{_text(one_line(uid))}",
        f"SEQUENCE:{sequence}",
    ]  # fmt: skip
    return [*lines, f"DESCRIPTION:{_text(plain(description))}"] if description else lines


def _enclosure(name: str, event: Sequence[str], rest: Sequence[str]) -> Enclosure:
    content = b"".join(_folded(line.encode()) for line in (*_BEGIN, *event, *rest, *_END))
    return Enclosure(name=name, media_type="text/calendar", content=content)


def _text(value: str) -> str:
    return value.translate(_ESCAPED)


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _folded(line: bytes) -> bytes:
    """The line with its end, in pieces of at most 75 bytes, none of which ends inside a character."""
    pieces = []
    while len(line) > _LONGEST_LINE:
        end = _LONGEST_LINE
        while line[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(line[:end])
        line = b" " + line[end:]
    return b"\r\n".join([*pieces, line]) + b"\r\n"
