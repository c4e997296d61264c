"""Makes the `.ics` files that go with mails: one day for a deadline, one appointment for a meeting.

The same deadline or meeting keeps its UID; a higher SEQUENCE tells a calendar to replace what it has.
"""

from datetime import UTC, date, datetime

from icalendar import Calendar, Event

from engine.ports import Enclosure
from notifications.characters import one_line, plain

_PRODUCT = "-//Skede//Case engine//SV"


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
    event = _event(uid, sequence, title, description, decided_at)
    event.add("dtstart", day)
    event.add("transp", "TRANSPARENT")
    return _enclosure(event, name)


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
    event = _event(uid, sequence, title, description, decided_at)
    event.add("dtstart", start.astimezone(UTC))
    if end is not None:
        event.add("dtend", end.astimezone(UTC))
    if place:
        event.add("location", one_line(place))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    return _enclosure(event, name)


def _event(uid: str, sequence: int, title: str, description: str, decided_at: datetime) -> Event:
    if decided_at.tzinfo is None:
        raise ValueError("the moment when a date was set must tell its offset from UTC")
    event = Event()
    event.add("uid", one_line(uid))
    event.add("sequence", sequence)
    event.add("dtstamp", decided_at.astimezone(UTC).replace(microsecond=0))
    event.add("summary", one_line(title))
    if description:
        event.add("description", plain(description))
    return event


def _enclosure(event: Event, name: str) -> Enclosure:
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return Enclosure(name=name, media_type="text/calendar", content=calendar.to_ical())
