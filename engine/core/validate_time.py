"""Judges deadlines and series: that they count from something, end, reach somebody, and fire what can happen."""

from collections.abc import Iterator
from datetime import date

from engine.core.daterule import parse_rule, series_dates
from engine.core.definition import DeadlineRule, Definition, Series, Transition
from engine.core.errors import ValueMalformed
from engine.core.expression_check import judge_anchor, judge_rule, judge_set
from engine.core.findings import Findings
from engine.core.language import EXTERNAL_ROLES
from engine.core.validate_move import judge_opening
from engine.core.when import parse_span


def judge_deadlines(found: Findings) -> None:
    """Judge every deadline."""
    for number, rule in enumerate(found.definition.deadlines.values(), 1):
        path = f"deadline[{number}]"
        _judge_life(found, path, rule)
        _judge_date(found, path, rule)
        _judge_ladder(found, path, rule)
        _judge_then(found, path, rule)
        _judge_moving(found, path, rule)


def _judge_life(found: Findings, path: str, rule: DeadlineRule) -> None:
    states = found.definition.states
    found.states(f"{path}.while", rule.while_in)
    for name in rule.while_in:
        if name in states and states[name].final:
            found.add(f"{path}.while", f"“{rule.name}” could be open in the final state “{name}”", "leave it out")
    for key, events in (("met_by", rule.met_by), ("cancelled_by", rule.cancelled_by)):
        for event in events:
            if found.events(f"{path}.{key}", [event]) and not _starts_within(found.definition, rule, event):
                found.add(f"{path}.{key}", f"“{event}” happens in no state of “{rule.name}”, so it cannot end it")
    for event in rule.opened_by:
        if found.events(f"{path}.opened_by", [event]) and not _ends_within(found.definition, rule, event):
            found.add(f"{path}.opened_by", f"“{event}” leads to no state of “{rule.name}”, so it cannot open it")


def _starts_within(definition: Definition, rule: DeadlineRule, event: str) -> bool:
    return any(set(edge.source) & set(rule.while_in) for edge in definition.edges(event))


def _ends_within(definition: Definition, rule: DeadlineRule, event: str) -> bool:
    return any(
        set(_targets(move)) & {"@previous", *rule.while_in} for move in definition.transitions if move.event == event
    )


def _targets(move: Transition) -> tuple[str, ...]:
    return move.source if move.target == "@same" else (move.target,)


def _judge_date(found: Findings, path: str, rule: DeadlineRule) -> None:
    judge_rule(found, f"{path}.due", rule.due, for_each=rule.for_each)
    if rule.remind_from is not None:
        judge_anchor(found, f"{path}.remind_from", rule.remind_from, for_each=rule.for_each)
    if rule.for_each is not None:
        found.fields(f"{path}.for_each", [rule.for_each])
        of = found.definition.fields.get(rule.for_each)
        if of and of.type != "list":
            found.add(f"{path}.for_each", f"“{rule.for_each}” is {of.type}, not a list")
    chain = [rule.name]
    for name in _anchored_on(found.definition, rule):
        if name in chain:
            found.add(f"{path}.due", f"the deadlines {' → '.join((*chain, name))} wait for each other")
            return
        chain.append(name)


def _anchored_on(definition: Definition, rule: DeadlineRule | None) -> Iterator[str]:
    """The deadlines that a rule counts from, and those that they count from, for as long as one is asked."""
    while rule is not None:
        try:
            head, _, name = parse_rule(rule.due).anchor.partition(":")
        except ValueMalformed:
            return
        if head != "deadline":
            return
        yield name
        rule = definition.deadlines.get(name)


def _judge_ladder(found: Findings, path: str, rule: DeadlineRule) -> None:
    if rule.owner == "system":
        found.add(f"{path}.owner", "“system” is nobody: name the role that has to act")
    found.recipients(f"{path}.to", rule.to, of_deadline=True)
    for tokens in rule.escalate.values():
        found.recipients(f"{path}.escalate", tokens, of_deadline=True)
    if isinstance(rule.remind, str):
        found.names(f"{path}.remind", "ladder", [rule.remind], found.definition.ladders)
    if rule.timer and (rule.remind or rule.escalate):
        found.add(f"{path}.timer", "a timer has no ladder on purpose, and this one has", "leave out one of the two")
    elif rule.remind:
        found.template(path, rule.message or "reminder")
        if not rule.to and not found.definition.owners.get(rule.owner) and rule.owner in EXTERNAL_ROLES:
            hint = f"name them in `to`, or those of “{rule.owner}” in [owners]"
            found.add(path, f"nobody would get the reminders of “{rule.name}”", hint)
    else:
        for key in (key for key in ("escalate", "remind_from", "message") if getattr(rule, key)):
            found.add(f"{path}.{key}", "means nothing without `remind`")


def _judge_then(found: Findings, path: str, rule: DeadlineRule) -> None:
    if rule.then_after is not None:
        try:
            parse_span(rule.then_after)
        except ValueMalformed as error:
            found.add(f"{path}.then", error.message)
    if rule.then is None or not found.events(f"{path}.then", [rule.then]):
        return
    edges = [e for e in found.definition.edges(rule.then) if set(e.source) & set(rule.while_in)]
    if not edges:
        found.add(f"{path}.then", f"“{rule.then}” can be fired in no state of “{rule.name}”")
    elif not any("system" in edge.by for edge in edges):
        found.add(f"{path}.then", f"“{rule.then}” may not be fired by “system”", 'add "system" to its `by`')


def _judge_moving(found: Findings, path: str, rule: DeadlineRule) -> None:
    """An event that moves the day sets the very field that the deadline is due on."""
    path = f"{path}.moved_by"
    if rule.moved_by is None or not found.events(path, [rule.moved_by]):
        return
    if not _starts_within(found.definition, rule, rule.moved_by):
        found.add(path, f"“{rule.moved_by}” happens in no state of “{rule.name}”, so it cannot move it")
    try:
        due = parse_rule(rule.due)
    except ValueMalformed:
        return
    edges = found.definition.edges(rule.moved_by)
    if due.unit is not None or not all(due.anchor in (*edge.needs.brings, *edge.takes) for edge in edges):
        hint = f'write due = "FIELD" and let “{rule.moved_by}” bring that field'
        found.add(path, f"“{rule.moved_by}” does not set the day that “{rule.name}” is due on", hint)


def judge_series(found: Findings) -> None:
    """Judge every series of children."""
    planned = {name for move in found.definition.transitions for name in move.plans}
    for number, series in enumerate(found.definition.series.values(), 1):
        path = f"series[{number}]"
        if series.name not in planned:
            found.add(
                path, f"no transition plans “{series.name}”", f'write plans = ["{series.name}"] at the one that does'
            )
        judge_anchor(found, f"{path}.anchor", series.anchor)
        judge_anchor(found, f"{path}.until", series.until)
        _judge_days(found, path, series)
        other = found.workflow(f"{path}.workflow", series.workflow)
        if other:
            _judge_children(found, path, series, other)


def _judge_days(found: Findings, path: str, series: Series) -> None:
    if series.every is None and not series.each:
        found.add(path, "says neither `every` nor `each`, so it has no dates")
    try:
        series_dates(date(2024, 1, 1), series.every, series.each, date(2025, 1, 1))
    except ValueMalformed as error:
        found.add(f"{path}.{'each' if series.each and series.every is None else 'every'}", error.message)


def _judge_children(found: Findings, path: str, series: Series, other: Definition) -> None:
    judge_opening(found, path, other, series.opening, {*series.where, *series.set, series.key})
    judge_set(found, f"{path}.set", series.set, other, series=True)
    found.values(f"{path}.where", series.where, other)
    key = other.fields.get(series.key)
    if found.names(f"{path}.key", f"field of {other.name}", [series.key], other.fields) and key and key.type != "date":
        found.add(f"{path}.key", f"“{series.key}” of {other.name} is {key.type}, not a date")
    found.names(f"{path}.waiting", f"state of {other.name}", series.waiting, other.states)
    edges = other.edges(series.drop)
    if found.names(f"{path}.drop", f"event of {other.name}", [series.drop], {t.event for t in other.transitions}):
        for state in (name for name in series.waiting if name in other.states):
            if not any(state in edge.source and "system" in edge.by for edge in edges):
                found.add(f"{path}.drop", f"“system” cannot fire “{series.drop}” in “{state}” of {other.name}")
