"""Values of fields: from what a person typed, or JSON gave, to canonical plain JSON, and from there to people again."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from engine.core import money
from engine.core.definition import Field
from engine.core.errors import ValueMalformed
from engine.core.localday import end_of_day, format_day, format_moment, start_of_day
from engine.core.text import clean_text, folded
from engine.core.when import format_instant, local_time, parse_date, parse_instant, parse_when

MOST_CHARACTERS = {"text": 10_000, "longtext": 100_000, "organisation": 500, "person": 500, "case": 500}
MOST_RECORDS = 1_000
_MOST_JSON = 1_000_000

_EXAMPLES = {
    "text": "Min airbag mot stress",
    "longtext": "one or more lines of text",
    "integer": "12",
    "money": money.EXAMPLE,
    "date": "2026-08-31",
    "instant": "2026-08-31T12:00",
    "flag": "ja",
    "organisation": "o:7, or the organisation's name",
    "person": "p:4, or the person's name",
    "case": "SIM-2026-0004",
}
_FLAGS = {"ja": True, "yes": True, "true": True, "nej": False, "no": False, "false": False}
_YES_NO = {"sv": ("nej", "ja"), "en": ("no", "yes")}
_INTEGER = re.compile(r"[+-]?(?:[0-9]{1,19}|[0-9]{1,3}(?: [0-9]{3}){1,6})")


class _Named(ValueMalformed):
    """A value is malformed, and the message already names the field."""


def parse_value(field: Field, raw: Any, *, zone: tzinfo, now: datetime) -> Any:
    """The canonical plain JSON value of a field, or None for nothing: None, or text without a visible character.

    Money becomes text with two decimals, a date `YYYY-MM-DD`, an instant canonical UTC text, choices their ids in the
    order of the definition, records dicts without empty values. References to organisations, people and cases are
    kept as given; who they are is found elsewhere.

    Args:
        field: What the definition says of the field.
        raw: Text as typed, or a value as JSON or TOML gave it.
        zone: The office's time zone, for local times.
        now: The present instant, for words as `today`.

    Raises:
        ValueMalformed: The value does not have the form that the field asks for; the message names the field, what
            was wrong, and an example.
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    try:
        value = _PARSERS[field.type](field, raw, zone, now)
        _check_limits(field, value)
    except _Named:
        raise
    except ValueMalformed as error:
        example = _example(field)
        raise _Named(
            f"{field.id}: {error.message}; example: {example}",
            says="value_of_field", title=field.title, field=field.id, why=error, example=example,
        ) from None  # fmt: skip
    return value


def _example(field: Field) -> str:
    if field.type == "choice":
        return field.of[0] if field.of else ""
    if field.type == "choices":
        return ", ".join(field.of[:2])
    if field.type == "list":
        record = ", ".join(f'"{name}": "{_example(item)}"' for name, item in field.item.items())
        return f"[{{{record}}}]"
    return _EXAMPLES[field.type]


def _shown(raw: Any) -> str:
    text = repr(raw[:60] if isinstance(raw, str) else raw)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _no(what: str, raw: Any, message: str, **params: Any) -> ValueMalformed:
    """That a value is not what its field holds."""
    return ValueMalformed(message, says=f"no_{what}", what=raw[:60] if isinstance(raw, str) else _shown(raw), **params)


def _check_limits(field: Field, value: Any) -> None:
    order = _ORDERS.get(field.type)
    if order is None:
        return
    if field.minimum is not None and order(value) < order(field.minimum):
        raise ValueMalformed(
            f"{value} is too low; the least is {field.minimum}", says="too_low", value=value, least=field.minimum
        )
    if field.maximum is not None and order(value) > order(field.maximum):
        raise ValueMalformed(
            f"{value} is too high; the most is {field.maximum}", says="too_high", value=value, most=field.maximum
        )


def _text(field: Field, raw: Any, zone: tzinfo, now: datetime) -> str:
    if not isinstance(raw, str):
        raise _no("text", raw, f"{_shown(raw)} is no text")
    return clean_text(raw, MOST_CHARACTERS[field.type])


def _integer(field: Field, raw: Any, zone: tzinfo, now: datetime) -> int:
    number: int | None = None
    if isinstance(raw, int) and not isinstance(raw, bool):
        number = raw
    elif isinstance(raw, str):
        plain = " ".join(raw.split()).replace("−", "-")
        number = int(plain.replace(" ", "")) if _INTEGER.fullmatch(plain) else None
    if number is None:
        raise _no("number", raw, f"{_shown(raw)} is no whole number")
    if not -(2**63) <= number < 2**63:
        raise ValueMalformed("the number is too large to be kept", says="number_too_large")
    return number


def _money(field: Field, raw: Any, zone: tzinfo, now: datetime) -> str:
    if isinstance(raw, str):
        return money.parse_money(raw)
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**15:
        return money.from_ore(raw * 100)
    raise _no("exact_amount", raw, f'{_shown(raw)} is no exact amount; give it as text, "13.50"')


def _date(field: Field, raw: Any, zone: tzinfo, now: datetime) -> str:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return parse_date(raw.isoformat()).isoformat()
    day = parse_when(raw, zone, now=now) if isinstance(raw, str) else raw
    if isinstance(day, datetime):
        raise _no("bare_date", str(raw), f"{_shown(str(raw))} has a time of day; give the date alone")
    if not isinstance(day, date):
        raise _no("date", raw, f"{_shown(raw)} is no date")
    return day.isoformat()


def _instant(field: Field, raw: Any, zone: tzinfo, now: datetime) -> str:
    moment = parse_when(raw, zone, now=now) if isinstance(raw, str) else raw
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            moment = local_time(moment, zone)
        return format_instant(moment)
    if not isinstance(moment, date):
        raise _no("moment", raw, f"{_shown(raw)} is no date with a time of day")
    if field.day is None:
        raise ValueMalformed(
            f"the time of day decides here; write {moment}T12:00, or {moment}T24:00 for the end of the day",
            says="time_of_day_missing",
            day=str(moment),
        )
    return format_instant(start_of_day(moment, zone) if field.day == "start" else end_of_day(moment, zone))


def _flag(field: Field, raw: Any, zone: tzinfo, now: datetime) -> bool:
    flag = raw if isinstance(raw, bool) else _FLAGS.get(raw.strip().lower()) if isinstance(raw, str) else None
    if flag is None:
        raise _no("flag", raw, f"{_shown(raw)} is neither yes nor no; write ja or nej, yes or no, true or false")
    return flag


def _choice(field: Field, raw: Any, zone: tzinfo, now: datetime) -> str:
    if not isinstance(raw, str):
        raise _no_choice(field, raw)
    wanted = clean_text(raw, 500)
    found = {one for one in field.of if one == wanted} or {
        one for one in field.of if folded(wanted) in (folded(one), *map(folded, field.labels.get(one, {}).values()))
    }
    if len(found) > 1:
        ids = ", ".join(one for one in field.of if one in found)
        raise ValueMalformed(
            f"{_shown(raw)} may mean {ids}; write one of these", says="choice_unclear", what=raw[:60], choices=ids
        )
    if not found:
        raise _no_choice(field, raw)
    return found.pop()


def _no_choice(field: Field, raw: Any) -> ValueMalformed:
    choices = [{lang: f"{one} ({label})" for lang, label in field.labels.get(one, {"sv": one, "en": one}).items()}
               for one in field.of]  # fmt: skip
    return _no("choice", raw, f"{_shown(raw)} is none of {', '.join(field.of)}", choices=choices)


def _choices(field: Field, raw: Any, zone: tzinfo, now: datetime) -> list[str]:
    parts = _parts(field, raw) if isinstance(raw, str) else raw
    if not isinstance(parts, list | tuple):
        raise ValueMalformed(f"{_shown(raw)} is no list of choices", says="no_choices", what=_shown(raw))
    chosen = {_choice(field, part, zone, now) for part in parts}
    return [one for one in field.of if one in chosen]


def _parts(field: Field, raw: str) -> list[str]:
    """The choices of a typed line, parted by semicolons or else commas; a label may itself hold a comma."""
    whole = folded(clean_text(raw, MOST_CHARACTERS["text"]))
    if any(whole == folded(label) for one in field.of for label in field.labels.get(one, {}).values()):
        return [raw]
    return [part for part in raw.split(";" if ";" in raw else ",") if part.strip()]


def _list(field: Field, raw: Any, zone: tzinfo, now: datetime) -> list[dict[str, Any]]:
    records = _read_json(raw) if isinstance(raw, str) else raw
    if not isinstance(records, list | tuple):
        raise ValueMalformed(f"{_shown(raw)} is no list of records", says="no_records", what=_shown(raw))
    if len(records) > MOST_RECORDS:
        raise ValueMalformed(
            f"the list has {len(records)} records; at most {MOST_RECORDS} fit",
            says="too_many_records",
            n=len(records),
            most=MOST_RECORDS,
        )
    return [_record(field, number, record, zone, now) for number, record in enumerate(records, start=1)]


def _record(field: Field, number: int, record: Any, zone: tzinfo, now: datetime) -> dict[str, Any]:
    if not isinstance(record, Mapping):
        raise ValueMalformed(
            f"record {number} is {_shown(record)} and no record", says="no_record", n=number, what=_shown(record)
        )
    for key in record:
        if key not in field.item:
            raise ValueMalformed(
                f"record {number} has no field {_shown(key)}; there are {', '.join(field.item)}",
                says="record_field_unknown",
                n=number,
                field=_shown(key),
                known=", ".join(field.item),
            )
    values = {}
    for name, item in field.item.items():
        try:
            value = parse_value(item, record.get(name), zone=zone, now=now)
        except ValueMalformed as error:
            raise _Named(
                f"{field.id}, record {number}: {error.message}",
                says="value_of_record",
                title=field.title,
                n=number,
                why=error,
            ) from None
        if value is not None:
            values[name] = value
        elif item.required:
            raise ValueMalformed(f"record {number} lacks {name}", says="record_lacks", n=number, title=item.title)
    return values


def _read_json(text: str) -> Any:
    # Only lists given as text need it; the command line starts faster without.
    import json

    if len(text) > _MOST_JSON:
        raise ValueMalformed(
            f"the JSON text has {len(text)} characters; at most {_MOST_JSON} fit",
            says="json_too_long",
            n=len(text),
            most=_MOST_JSON,
        )
    try:
        return json.loads(text, object_pairs_hook=_pairs)
    except (ValueError, RecursionError):
        raise ValueMalformed(
            f"{_shown(text)} is no JSON list of records", says="no_json_records", what=_shown(text)
        ) from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueMalformed("a record names a field twice", says="record_field_twice")
    return record


_PARSERS: dict[str, Callable[[Field, Any, tzinfo, datetime], Any]] = {
    "text": _text,
    "longtext": _text,
    "integer": _integer,
    "money": _money,
    "date": _date,
    "instant": _instant,
    "flag": _flag,
    "choice": _choice,
    "choices": _choices,
    "organisation": _text,
    "person": _text,
    "case": _text,
    "list": _list,
}
_ORDERS: dict[str, Callable[[Any], Any]] = {"integer": int, "money": money.to_ore, "date": str, "instant": str}


def format_value(field: Field, value: Any, lang: str, *, zone: tzinfo) -> str:
    """A canonical value as people read it in `sv` or `en`; nothing (None) is an empty text.

    An instant at local midnight is written as 24:00 of the day that it ends, unless the field counts days from their
    start.
    """
    if value is None:
        return ""
    match field.type:
        case "money":
            return money.format_money(value, lang)
        case "date":
            return format_day(date.fromisoformat(value), lang)
        case "instant":
            return format_moment(parse_instant(value), lang, zone, ends_day=field.day != "start")
        case "flag":
            return _YES_NO[lang][value]
        case "choice":
            return _label(field, value, lang)
        case "choices":
            return "; ".join(_label(field, one, lang) for one in value)
        case "list":
            return "; ".join(_format_record(field, record, lang, zone) for record in value)
    return str(value)


def _label(field: Field, one: str, lang: str) -> str:
    return field.labels.get(one, {}).get(lang, one)


def _format_record(field: Field, record: Mapping[str, Any], lang: str, zone: tzinfo) -> str:
    values = (format_value(item, record.get(name), lang, zone=zone) for name, item in field.item.items())
    return ", ".join(value for value in values if value)
