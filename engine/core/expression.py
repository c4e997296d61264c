"""What the `set` of a spawn, a fire or a series means: literals, fields of the case, and date rules."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec.structs import replace

from engine.core.anchor import Setting, anchor_value, ends_day
from engine.core.case import Case
from engine.core.deadline import compute, parse_rule
from engine.core.definition import DeadlineRule

_NO_RULE = DeadlineRule(name="", title={}, while_in=(), due="", owner="")


def evaluate(
    setting: Setting, expressions: Mapping[str, Any], *, note: str | None, person: str | None, day: date | None = None
) -> dict[str, Any]:
    """The values of expressions, empty ones left out.

    Args:
        setting: The case that spawns or fires, after its own change.
        expressions: Field -> expression.
        note: What `case.note` stands for.
        person: What `actor.person` stands for.
        day: What `date` stands for, in a series.
    """
    values = {name: _value(setting, text, note, person, day) for name, text in expressions.items()}
    return {name: value for name, value in values.items() if value is not None}


def _value(setting: Setting, text: Any, note: str | None, person: str | None, day: date | None) -> Any:
    if not isinstance(text, str):
        return text
    if text.startswith("="):
        return text[1:]
    if text == "actor.person":
        return person
    if text == "case.note":
        return note
    head, dot, field = text.partition(".")
    if dot and head == "case" and " " not in field:
        return _of(setting.case, field)
    if dot and head == "parent" and " " not in field:
        parent = setting.facts.case(f"@{setting.case.parent}") if setting.case.parent else None
        return _of(parent, field) if parent else None
    return _date(setting, text, day)


def _of(case: Case, field: str) -> Any:
    if field in ("reference", "title"):
        return getattr(case, field)
    return case.data.get(field)


def _date(setting: Setting, text: str, day: date | None) -> str | None:
    rule = parse_rule(text)
    if rule.anchor == "date" and day is not None:
        anchor: Any = day
    else:
        anchor = anchor_value(setting, rule.anchor, _NO_RULE, None, setting.occurred)
    if anchor is None:
        return None
    ends = ends_day(setting.definition, rule.anchor)
    return compute(replace(rule, at=None), anchor, "none", setting.calendar.zone, ends_day=ends).due_on.isoformat()
