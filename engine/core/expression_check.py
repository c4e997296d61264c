"""Judges date rules and the expressions of `set`: what they name exists, and has the type that is wanted."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.core.daterule import parse_rule
from engine.core.definition import Definition, Field
from engine.core.errors import ValueMalformed
from engine.core.findings import Findings, literal_problem

_TIMES = ("date", "instant")
_OF_CASE = {"reference": ("text", "longtext", "case"), "title": ("text", "longtext"), "note": ("text", "longtext")}


def judge_rule(found: Findings, path: str, text: str, *, for_each: str | None = None, series: bool = False) -> None:
    """Judge `ANCHOR [+|- N unit] [at HH:MM]`."""
    try:
        anchor = parse_rule(text).anchor
    except ValueMalformed as error:
        found.add(path, error.message)
        return
    if not (series and anchor == "date"):
        judge_anchor(found, path, anchor, for_each=for_each)


def judge_anchor(found: Findings, path: str, anchor: str, *, for_each: str | None = None) -> None:
    """Judge that an anchor is a day or an instant, of this case, its parent, a case it points at, or an item."""
    fields = found.definition.fields
    head, dot, tail = anchor.partition(".")
    if anchor == "entered":
        return
    if anchor.startswith("deadline:"):
        found.names(path, "deadline", [anchor.removeprefix("deadline:")], found.definition.deadlines)
    elif not dot:
        if found.names(path, "field", [anchor], fields):
            _judge_time(found, path, anchor, fields[anchor])
    elif head == "parent":
        _judge_parent(found, path, tail, _TIMES)
    elif head == "item":
        records = fields[for_each].item if for_each and for_each in fields else {}
        if for_each is None:
            found.add(path, "`item.` means something only with `for_each`")
        elif found.names(path, f"field in a record of {for_each}", [tail], records):
            _judge_time(found, path, anchor, records[tail])
    elif found.names(path, "field", [head], fields):
        if fields[head].type != "case":
            found.add(path, f"“{head}” is no case field, so there is no “{anchor}”")
        for other in (found.known[name] for name in fields[head].of if name in found.known):
            if found.names(path, f"field of {other.name}", [tail], other.fields):
                _judge_time(found, path, anchor, other.fields[tail])


def judge_set(
    found: Findings, path: str, expressions: Mapping[str, Any], target: Definition, *, series: bool = False
) -> None:
    """Judge the `set` of a spawn, a fire or a series: the fields that are set, and what they are set to."""
    for name, expression in expressions.items():
        here = f"{path}.{name}"
        if found.names(here, f"field of {target.name}", [name], target.fields):
            _judge_expression(found, here, target.fields[name], expression, series=series)


def _judge_expression(found: Findings, path: str, target: Field, text: Any, *, series: bool) -> None:
    if not isinstance(text, str) or text.startswith("="):
        if problem := literal_problem(target, text[1:] if isinstance(text, str) else text):
            found.add(path, problem)
        return
    head, dot, tail = text.partition(".")
    if text == "actor.person":
        _judge_type(found, path, target, ("person",), text)
    elif head == "case" and dot and tail in _OF_CASE:
        _judge_type(found, path, target, _OF_CASE[tail], text)
    elif head == "case" and dot:
        if found.names(path, "field", [tail], found.definition.fields):
            _judge_type(found, path, target, _fitting(found.definition.fields[tail].type), text)
    elif head == "parent" and dot and " " not in tail:
        if tail not in _OF_CASE:
            _judge_parent(found, path, tail, _fitting(target.type))
    else:
        judge_rule(found, path, text, series=series)
        if target.type != "date" and not (target.type == "instant" and target.day):
            found.add(
                path, f"a date rule gives a day, and “{target.id}” is {target.type}", f'text is written "={text}"'
            )


def _fitting(given: str) -> tuple[str, ...]:
    texts = ("text", "longtext")
    if given in ("choice", "choices"):
        return (given, *texts)
    return texts if given in texts else (given,)


def _judge_type(found: Findings, path: str, target: Field, fitting: tuple[str, ...], text: str) -> None:
    if target.type not in fitting:
        found.add(path, f"“{text}” does not fit: “{target.id}” is {target.type}, not {' or '.join(fitting)}")


def _judge_time(found: Findings, path: str, anchor: str, of: Field) -> None:
    if of.type not in _TIMES:
        found.add(path, f"“{anchor}” is {of.type}; only a date or an instant can be counted from")


def _judge_parent(found: Findings, path: str, field: str, types: tuple[str, ...]) -> None:
    """A workflow may have parents of several kinds; one that has such a field is enough."""
    parents = list(_parents(found))
    if not any(field in parent.fields and parent.fields[field].type in types for parent in parents):
        names = ", ".join(sorted(parent.name for parent in parents)) or "nobody opens it as a child"
        found.add(path, f"no parent has a field “{field}” of type {' or '.join(types)} (parents: {names})")


def _parents(found: Findings) -> Iterator[Definition]:
    name = found.definition.name
    pointed = {other for of in found.definition.fields.values() if of.parent for other in of.of}
    for other in found.known.values():
        opened = {spawn.workflow for move in other.transitions for spawn in move.spawns}
        opened |= {series.workflow for series in other.series.values()}
        if other.name in pointed or name in opened:
            yield other
