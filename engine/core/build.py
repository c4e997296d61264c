"""Makes a frozen definition of plain data: checked when it is published, trusted when it is read back.

`build` looks at every key; `from_canonical` makes the same definition of the stored canonical JSON
without looking, because a run may need it for every command.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from engine.core.definition import (
    Approvals,
    DeadlineRule,
    Definition,
    DocumentKind,
    Field,
    Fire,
    GuardUse,
    Ladder,
    Needs,
    Notice,
    RecipientList,
    Review,
    Series,
    Spawn,
    State,
    Transition,
)  # fmt: skip
from engine.core.shape import Fault

_ORDERED = ("phases", "fields", "documents", "state")
_ORDER = "order"


def build(plain: Mapping[str, Any]) -> tuple[Definition | None, list[Fault]]:
    """The definition that a file describes, or None and every fault of its shape."""
    definition, faults = draft(plain)
    return (None if faults else definition), faults


def draft(plain: Mapping[str, Any]) -> tuple[Definition, list[Fault]]:
    """What can be made of a file although it has faults, so that the rest of it can be judged too."""
    from engine.core.language import DEFINITION  # only a file that is being checked needs the grammar

    faults: list[Fault] = []
    usable: dict[str, Any] = DEFINITION.clean(plain, "", faults)
    faults.extend(_name_faults(usable))
    return _assemble(usable, "" if faults else digest_of(canonical(plain))), faults


def canonical(plain: Mapping[str, Any]) -> str:
    """The canonical JSON of a definition: sorted keys, no spaces, UTF-8, no decimal numbers.

    JSON objects have no order, and phases, states, fields and documents do; `order` keeps it.
    """
    whole = {key: value for key, value in plain.items() if key not in ("uses", _ORDER)}
    whole[_ORDER] = {path: list(table) for path, table in _ordered_tables(whole)}
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(text: str) -> str:
    """Standard base64 of the SHA-256 of a canonical text."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def from_canonical(text: str) -> Definition:
    """The definition that a stored canonical text stands for; the text is trusted."""
    whole = json.loads(text)
    order = whole.pop(_ORDER, {})
    for path, names in order.items():
        *parents, last = path.split(".")
        table = whole
        for parent in parents:
            table = table[parent]
        table[last] = {name: table[last][name] for name in names}
    return _assemble(whole, digest_of(text))


def _ordered_tables(whole: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for name in _ORDERED:
        if name in whole:
            yield name, whole[name]
    for name, made in whole.get("fields", {}).items():
        if "item" in made:
            yield f"fields.{name}.item", made["item"]
    if "review" in whole:
        yield "review.criteria", whole["review"]["criteria"]


def _name_faults(usable: Mapping[str, Any]) -> Iterable[Fault]:
    """Faults that the finished definition would no longer show: lost duplicates and exceptions."""
    for kind in ("deadline", "series"):
        seen: set[str] = set()
        for number, table in enumerate(usable.get(kind, ()), 1):
            if table["name"] and table["name"] in seen:
                yield Fault(f"{kind}[{number}].name", f"there is another {kind} “{table['name']}”")
            seen.add(table["name"])
    scopes = [(f"transition[{n}].from", t["from"]) for n, t in enumerate(usable["transition"], 1)]
    scopes += [(f"deadline[{n}].while", t["while"]) for n, t in enumerate(usable.get("deadline", ()), 1)]
    for path, scope in scopes:
        if not scope:
            yield Fault(path, "names no state", 'list states, or write "*"')
        if isinstance(scope, Mapping):
            for state in scope["except"]:
                if state not in usable["state"]:
                    yield Fault(path, f"there is no state “{state}” to except")
                elif usable["state"][state].get("final"):
                    yield Fault(path, f"“{state}” is final and never meant", "leave it out of `except`")


def _assemble(plain: dict[str, Any], digest: str) -> Definition:
    whole = _freeze(plain)
    states = {name: State(name, **table) for name, table in whole["state"].items()}
    unfinished = tuple(name for name, state in states.items() if not state.final)
    openings = [_transition(t, (), whole["initial"]) for t in whole["opening"]]
    moves = [_transition(t, _scope(t["from"], unfinished), t["to"]) for t in whole["transition"]]
    return Definition(
        name=whole["name"], version=whole["version"], title=whole["title"], reference=whole["reference"],
        initial=whole["initial"], digest=digest, phases=whole["phases"],
        fields={name: _field(name, table) for name, table in whole.get("fields", {}).items()},
        states=states,
        transitions=(*openings, *moves),
        deadlines={t["name"]: _deadline(t, unfinished) for t in whole.get("deadline", ())},
        documents={name: DocumentKind(name, **table) for name, table in whole.get("documents", {}).items()},
        ladders={name: Ladder(name, **table) for name, table in whole.get("ladder", {}).items()},
        series={t["name"]: Series(**t) for t in whole.get("series", ())},
        recipients={name: RecipientList(name, **table) for name, table in whole.get("recipients", {}).items()},
        record=whole.get("record", {}), rights=whole.get("rights", {}), owners=whole.get("owners", {}),
        review=_review(whole["review"]) if "review" in whole else None,
    )  # fmt: skip


def _freeze(table: dict[str, Any]) -> dict[str, Any]:
    """Lists made tuples, in place: copying would be half the time of reading a definition back."""
    for key, value in table.items():
        kind = type(value)
        if kind is list:
            table[key] = tuple([_freeze(item) if type(item) is dict else item for item in value])
        elif kind is dict:
            _freeze(value)
    return table


def _scope(given: Any, unfinished: tuple[str, ...]) -> tuple[str, ...]:
    if given == "*":
        return unfinished
    if isinstance(given, dict):
        return tuple(name for name in unfinished if name not in given["except"])
    named: tuple[str, ...] = given
    return named


def _field(name: str, table: Mapping[str, Any]) -> Field:
    of = table.get("of", ())
    changed: dict[str, Any] = {"of": (of,) if isinstance(of, str) else of}
    for bound in ("minimum", "maximum"):
        if bound in table:
            changed[bound] = str(table[bound])
    if "item" in table:
        changed["item"] = {key: _field(key, inner) for key, inner in table["item"].items()}
    return Field(name, **{**table, **changed})


def _guards(tables: Iterable[Mapping[str, Any]]) -> tuple[GuardUse, ...]:
    return tuple([_guard(**table) for table in tables])


def _guard(name: str, waivable_by: tuple[str, ...] = (), **params: Any) -> GuardUse:
    return GuardUse(name, params, waivable_by)


def _transition(table: Mapping[str, Any], source: tuple[str, ...], target: str) -> Transition:
    parts = {key: value for key, value in table.items() if key not in ("from", "to")}
    if not source:
        target = table.get("to", target)
    for key in ("when", "guards"):
        if key in parts:
            parts[key] = _guards(parts[key])
    for key, cls in (("notify", Notice), ("spawns", Spawn), ("fires", Fire)):
        if key in parts:
            parts[key] = tuple(_conditional(cls, inner) for inner in parts[key])
    if "needs" in parts:
        parts["needs"] = Needs(**parts["needs"])
    if "approvals" in parts:
        parts["approvals"] = Approvals(**parts["approvals"])
    return Transition(source=source, target=target, **parts)


def _conditional(cls: Any, table: Mapping[str, Any]) -> Any:
    return cls(**{**table, "when": _guards(table.get("when", ()))})


def _deadline(table: Mapping[str, Any], unfinished: tuple[str, ...]) -> DeadlineRule:
    parts = {key: value for key, value in table.items() if key not in ("while", "then")}
    then = table.get("then", {})
    return DeadlineRule(
        while_in=_scope(table["while"], unfinished), then=then.get("event"), then_after=then.get("after"), **parts
    )


def _review(table: Mapping[str, Any]) -> Review:
    parts = {key: value for key, value in table.items() if key != "while"}
    return Review(while_in=table["while"], **parts)
