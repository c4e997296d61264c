"""Stored values as guards reckon with them: money as Decimal, days and instants as such.

A case's data is plain JSON: money and dates stand in it as text (`Case.data`).
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engine.core.errors import Refusal
from engine.core.guard import Context
from engine.core.when import parse_canonical

Refusals = Iterable[Refusal]
"""What a guard yields: one refusal for each reason, none if it is content."""

Record = Mapping[str, Any]
"""One record of a `list` field."""


def empty(value: Any) -> bool:
    """Whether a field counts as not filled in; `false` and 0 are answers."""
    return value is None or value in ("", [], ())


def money(value: Any) -> Decimal:
    """An amount in kronor; nothing filled in counts as 0."""
    return Decimal(0) if empty(value) else Decimal(str(value))


def shown(amount: Decimal) -> str:
    """An amount as refusals carry it: plain, with two decimals."""
    return f"{amount:.2f}"


def records(data: Mapping[str, Any], field: str) -> tuple[Record, ...]:
    """The records of a `list` field, none where it is empty."""
    return tuple(data.get(field) or ())


def total(rows: Iterable[Record], column: str) -> Decimal:
    """The sum of a money column; no records sum to 0."""
    return sum((money(row.get(column)) for row in rows), Decimal(0))


def moment(value: Any) -> date | datetime | None:
    """The day or instant that a field holds, None where it is empty."""
    return None if empty(value) else parse_canonical(str(value))


def has_come(context: Context, when: date | datetime) -> bool:
    """Whether an instant has come, or a local day begun, when the event happens."""
    return when <= context.at if isinstance(when, datetime) else when <= context.today


def local_day(context: Context, when: date | datetime) -> date:
    """The office's day of an instant; a day is itself."""
    return when.astimezone(context.zone).date() if isinstance(when, datetime) else when


def fired(context: Context) -> bool:
    """Whether the clock or another case gives the command, so that nobody was there to fill anything in."""
    return context.command.fired or context.role == "system"


def last(context: Context, *events: str) -> int:
    """The entry of the latest of these events on the case, 0 if none has happened."""
    return max((context.case.events[event].n for event in events if event in context.case.events), default=0)
