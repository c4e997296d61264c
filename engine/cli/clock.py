"""The sandbox's clock, and the work that time brings."""

from datetime import UTC, datetime, tzinfo

from engine.core.localday import start_of_day
from engine.core.when import parse_when


def instant_of(text: str, zone: tzinfo) -> datetime:
    """A WHEN as an instant; a bare date is its first moment."""
    found = parse_when(text, zone, now=datetime.now(UTC))
    return start_of_day(found, zone) if not isinstance(found, datetime) else found
