"""Writes a calendar (RFC 5545) of all open deadlines and of the meetings.

A deadline or meeting has the UID that the mails about it bear, so that a calendar that was sent one by mail, and
imports this file too, shows it once.
"""

from collections.abc import Iterable
from datetime import UTC

from icalendar import Calendar, Event

from engine.core.appointments import Day, Meeting

_PRODUCT = "-//Skede//Case engine//SV"


def calendar_bytes(name: str, dates: Iterable[Day | Meeting]) -> bytes:
    """The whole calendar.

    Args:
        name: What a calendar program calls it.
        dates: Deadlines and meetings, in any order.
    """
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _one_line(name))
    for found in dates:
        calendar.add_component(_day(found) if isinstance(found, Day) else _meeting(found))
    content: bytes = calendar.to_ical()
    return content


def _day(found: Day) -> Event:
    event = _event(found)
    event.add("dtstart", found.day)
    event.add("transp", "TRANSPARENT")
    return event


def _meeting(found: Meeting) -> Event:
    event = _event(found)
    event.add("dtstart", found.start.astimezone(UTC))
    if found.end is not None and found.end > found.start:
        event.add("dtend", found.end.astimezone(UTC))
    if found.place:
        event.add("location", _one_line(found.place))
    event.add("status", "CANCELLED" if found.cancelled else "CONFIRMED")
    return event


def _event(found: Day | Meeting) -> Event:
    event = Event()
    event.add("uid", _one_line(found.uid))
    event.add("sequence", found.sequence)
    event.add("dtstamp", found.decided_at.astimezone(UTC).replace(microsecond=0))
    event.add("summary", _one_line(found.title))
    event.add("description", _one_line(found.description))
    return event


def _one_line(text: str) -> str:
    """Text without what a calendar could take for the end of a line, or worse."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
