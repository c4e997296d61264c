"""Deadlines and meetings as a calendar tells of them."""

from datetime import date, datetime

from msgspec import Struct


class Day(Struct, frozen=True):
    """A deadline: a whole day, which does not count as busy.

    Attributes:
        uid: Stable per deadline; `sequence` rises when it moves.
        decided_at: When the date was set; the same value gives the same bytes.
    """

    uid: str
    sequence: int
    day: date
    title: str
    description: str
    decided_at: datetime


class Meeting(Struct, frozen=True):
    """A meeting; without an end it only has a beginning."""

    uid: str
    sequence: int
    start: datetime
    end: datetime | None
    title: str
    description: str
    place: str
    decided_at: datetime
    cancelled: bool = False
