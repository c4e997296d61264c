"""What deadlines count from: the office's calendar, the moment, and what an anchor stands for in a case."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from engine.core.case import Case
from engine.core.definition import DeadlineRule, Definition
from engine.core.facts import Facts
from engine.core.plain import instant


class Calendar(Struct, frozen=True):
    """The office's time: its zone, its own closing days, and when mail may leave on working days."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Stockholm"))
    closed: frozenset[date] = frozenset()
    window_start: time = time(8)
    window_end: time = time(16)

    def day(self, at: datetime) -> date:
        """The local day of an instant."""
        return at.astimezone(self.zone).date()


class Setting(Struct, frozen=True):
    """What deadlines are computed in: the case as the change leaves it, and the moment.

    Attributes:
        case: Case after the change, with its new state and data.
        n: Number of the entry that records it.
        occurred: When it happened; `now` when it is recorded.
    """

    definition: Definition
    calendar: Calendar
    facts: Facts
    case: Case
    n: int
    occurred: datetime
    now: datetime


def anchor_value(
    setting: Setting, anchor: str, rule: DeadlineRule, item: int | None, opened_at: datetime
) -> datetime | date | None:
    """What an anchor stands for now, or None while it is empty."""
    case = setting.case
    head, _, tail = anchor.partition(".")
    if anchor == "entered":
        return opened_at
    if anchor.startswith("deadline:"):
        other = case.deadline(anchor.removeprefix("deadline:"))
        return other.due_on if other else None
    if not tail:
        return moment(case.data.get(anchor))
    if head == "item":
        records = case.data.get(rule.for_each or "") or ()
        return moment(records[(item or 1) - 1].get(tail)) if len(records) >= (item or 1) else None
    reference = case.parent if head == "parent" else case.data.get(head)
    related = setting.facts.case(f"@{reference}") if reference else None
    return moment(related.data.get(tail)) if related else None


def written(anchor: datetime | date) -> str:
    """An anchor as a deadline keeps it."""
    return instant(anchor) if isinstance(anchor, datetime) else anchor.isoformat()


def moment(value: Any) -> datetime | date | None:
    """The date or instant of a plain JSON value."""
    if not value:
        return None
    return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)


def ends_day(definition: Definition, anchor: str) -> bool:
    """Whether midnight in this anchor is the end of a day (24:00) and not the start of the next.

    A closing time is given as the end of its day; what a case has entered, or a field that begins a day, is not.
    """
    if anchor == "entered":
        return False
    field = definition.fields.get(anchor)
    return field is None or field.day != "start"
