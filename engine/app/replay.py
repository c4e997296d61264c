"""Hold an entry against its definition: whether the move it records is one that the rules knew.

Guards are not run again (DECISIONS.md 9): an entry names those that were asked, and these must be the edge's. What
is checked here is written down anew, and not shared with what decides, so that one mistake does not hide in both.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from engine.core.case import SYSTEM, Case
from engine.core.definition import Definition, Transition
from engine.core.entry import Entry
from engine.core.history import ACT, KEYS
from engine.core.plain import instant

MOVES = ("open", "advance", "approve")
"""Kinds of entry that take an edge of the definition."""


class Why(Struct, frozen=True):
    """Why something is not as it should be: the code of a sentence, and what it mentions."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


def against_rules(definition: Definition, before: Case | None, entry: Entry) -> Why | None:
    """The first rule that an entry breaks, None if it keeps them all.

    Args:
        definition: The version that the entry was judged by.
        before: The case before it, None for its opening.
        entry: The entry.
    """
    fields = _fields(definition, entry)
    if fields is None and entry.act == ACT:
        return _historic(definition, before, entry)
    if fields is not None or entry.act not in MOVES:
        return fields or _still(entry)
    where = before.state if before and not before.taken_back else None
    edges = [t for t in definition.transitions if t.event == entry.event]
    edges = [t for t in edges if (where in t.source if where is not None else t.is_opening)]
    params = {"event": entry.event, "source": entry.source, "target": entry.target}
    if not edges:
        return Why("replay_no_edge", params)
    if entry.source != where:
        return Why("replay_source", {**params, "state": where})
    # Several edges of one event differ in their conditions: the entry must keep to one of them whole.
    reasons = [next(_edge(definition, before, entry, edge), None) for edge in edges]
    return None if None in reasons else reasons[0]


class Rules:
    """`against_rules`, asked once for all entries that are alike in everything that it looks at."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Why | None] = {}
        self._barring: dict[str, frozenset[str]] = {}

    def broken(self, definition: Definition, before: Case | None, entry: Entry) -> Why | None:
        """The first rule that an entry breaks; the arguments are those of `against_rules`."""
        body = entry.body
        if entry.act in _PLAIN and entry.target is None and "set" not in body and "private" not in body:
            return None  # There is no rule for what sets no field and leads nowhere.
        alike = self._alike(definition, before, entry)
        if alike is None:
            return against_rules(definition, before, entry)
        if alike not in self._known:
            if len(self._known) >= MOST_ALIKE:
                self._known.clear()
            self._known[alike] = against_rules(definition, before, entry)
        return self._known[alike]

    def _alike(self, definition: Definition, before: Case | None, entry: Entry) -> tuple[Any, ...] | None:
        """What is looked at; None where that is too much: people, and what happened elsewhere."""
        body, act = entry.body, entry.act
        fields = (definition.digest, act, entry.target, tuple(body.get("set", ())), tuple(body.get("private", ())))
        if act not in MOVES:
            return None if act == ACT else fields
        if before is not None and (before.recused or entry.event in self._barred(definition)):
            return None
        place = (before.state, before.back) if before is not None else None
        rest = (
            entry.event, entry.source, entry.role, place, tuple(body.get("guards", ())), tuple(body.get("waived", ())),
            tuple(body["back"]) if "back" in body else None, bool(body.get("final")), bool(body.get("imported")),
            bool(body.get("cause")),
        )  # fmt: skip
        return fields + rest

    def _barred(self, definition: Definition) -> frozenset[str]:
        """Events that bar whoever acted in an earlier one."""
        if definition.digest not in self._barring:
            events = frozenset(t.event for t in definition.transitions if t.not_same_person_as)
            self._barring[definition.digest] = events
        return self._barring[definition.digest]


_PLAIN = frozenset({"mail", "remind", "expire", "sign", "attach", "note", "clock", "refused", "skipped"})

MOST_ALIKE = 10_000
"""So many kinds of entries are remembered; an office has hundreds."""


def _fields(definition: Definition, entry: Entry) -> Why | None:
    """Only fields of the definition are set, and personal values never stand in the line."""
    body = entry.body
    for name in (*body.get("set", {}), *body.get("private", ())):
        known = definition.fields.get(name)
        if known is None:
            return Why("replay_field_unknown", {"field": name})
        if known.personal == (name in body.get("set", {})):
            return Why("replay_field_place", {"field": name})
    return None


def _still(entry: Entry) -> Why | None:
    """What is no move leads nowhere; what is taken back is compared as a whole elsewhere."""
    if entry.target is None or entry.act == "reversed":
        return None
    return Why("replay_not_a_move", {"kind": entry.act, "target": entry.target})


def _historic(definition: Definition, before: Case | None, entry: Entry) -> Why | None:
    """What happened elsewhere came in with its case, tells nothing but that, and names what this workflow knows."""
    if before is None or entry.at != instant(before.recorded_at):
        return Why("replay_history_late")
    strange = sorted(set(entry.body) - KEYS)
    if strange or entry.event is not None or entry.obo is not None or not entry.body.get("activity"):
        return Why("replay_history_more", {"keys": strange or ["event", "obo"]})
    event, target = entry.body.get("event"), entry.target
    if event is not None and not any(t.event == event for t in definition.transitions):
        return Why("replay_no_edge", {"event": event, "source": entry.source, "target": target})
    if target is None:
        return None if entry.source is None and "final" not in entry.body else Why("replay_history_more", {"keys": []})
    params = {"event": event, "source": entry.source, "target": target}
    if target not in definition.states:
        return Why("replay_target", {**params, "wanted": None})
    if entry.source != before.state:
        return Why("replay_source", {**params, "state": before.state})
    if tuple(entry.body.get("back", before.back)) != _back(definition, before, target):
        return Why("replay_remembered", params)
    return None if bool(entry.body.get("final")) == definition.states[target].final else Why("replay_final", params)


def _back(definition: Definition, before: Case, target: str) -> tuple[str, ...]:
    """What a case of the past remembers in a state: nothing, but on a step aside, which leads back."""
    if not any(t.target == "@previous" for t in definition.transitions if target in t.source):
        return ()
    if before.state == target:
        return before.back
    return before.back[:-1] if before.back[-1:] == (target,) else (*before.back, before.state)


def _edge(definition: Definition, before: Case | None, entry: Entry, edge: Transition) -> Iterator[Why]:
    params = {"event": entry.event, "role": entry.role, "roles": list(edge.by)}
    imported = bool(entry.body.get("imported"))
    if entry.act == "approve":
        if edge.approvals is None or entry.target is not None:
            yield Why("replay_no_approval", params)
    elif not imported:
        yield from _destination(definition, before, entry, edge)
    waived = entry.body.get("waived", ())
    waiving = {role for use in edge.guards if use.name in waived for role in use.waivable_by}
    if (
        entry.role not in {*edge.by, *waiving}
        and not (entry.role == SYSTEM and entry.body.get("cause"))
        and not imported
    ):
        yield Why("replay_role", params)
    asked = list(entry.body.get("guards", ()))
    wanted = [use.name for use in edge.guards]
    if asked != wanted and not imported:
        yield Why("replay_guards", {**params, "asked": asked, "wanted": wanted})
    waivable = {use.name for use in edge.guards if use.waivable_by}
    for name in waived:
        if name not in waivable:
            yield Why("replay_waived", {**params, "guard": name})
    if before is not None and entry.role != SYSTEM:
        yield from _people(before, entry, edge)


def _destination(definition: Definition, before: Case | None, entry: Entry, edge: Transition) -> Iterator[Why]:
    """The state it leads to, what is remembered on the way, and whether the case ends there."""
    back = before.back if before else ()
    params = {"event": entry.event, "source": entry.source, "target": entry.target}
    if edge.target == "@previous" and not back:
        yield Why("replay_nothing_remembered", params)
        return
    target, remembered = edge.target, back
    if edge.target == "@same" and before is not None:
        target = before.state
    elif edge.target == "@previous":
        target, remembered = back[-1], back[:-1]
    else:
        returns = any(t.target == "@previous" and target in t.source for t in definition.transitions)
        if not returns:
            remembered = ()
        elif before is not None and before.state != target:
            remembered = (*back, before.state)
    if entry.target != target or target not in definition.states:
        yield Why("replay_target", {**params, "wanted": target})
        return
    if tuple(entry.body.get("back", back)) != remembered:
        yield Why("replay_remembered", params)
    if bool(entry.body.get("final")) != definition.states[target].final:
        yield Why("replay_final", params)


def _people(before: Case, entry: Entry, edge: Transition) -> Iterator[Why]:
    """Nobody acted who was recused, or who had to be another than the one before."""
    acted = set(entry.body.get("people", ()))
    for person in sorted(acted & set(before.recused)):
        yield Why("replay_recused", {"event": entry.event, "person": person})
    for event in edge.not_same_person_as:
        earlier = before.events.get(event)
        for person in sorted(acted & set(earlier.people if earlier else ())):
            yield Why("replay_same_person", {"event": entry.event, "other": event, "person": person})
