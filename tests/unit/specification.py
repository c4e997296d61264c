"""Compares the workflows with the programme's own specification (tests/data/machines.yaml), machine by machine.

A difference is told as (event, what, how). Both sides are plain data: nothing of the engine is needed.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
SPEC: dict[str, Any] = yaml.load((ROOT / "tests/data/machines.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
MACHINES = sorted(SPEC["machines"])
ROLES = {
    "appl": "applicant", "part": "partner", "eval": "evaluator", "officer": "officer", "reg": "registrar",
    "sec": "secretary", "head": "head", "ctrl": "controller", "arch": "archivist", "sys": "system",
}  # fmt: skip
PARTIES = {"appl": "owner", "part": "partner", "eval": "evaluator"}
ROLLS = {"fwd": "forward", "back": "back", "none": "none"}
ANCHORS = {
    "closes_at with time of day": {"closes_at"},
    "target_meeting": {"target_meeting.starts_at"},
    "meeting": {"meeting.starts_at", "target_meeting.starts_at"},
    "the condition's date": {"item.due_on"},
    "the instalment's date": {"item.due_on"},
    "done_by (<= 12 months)": {"done_by"},
    "the body's next meeting": {"next_meeting.starts_at", "meeting.starts_at", "report_meeting.starts_at"},
}  # fmt: skip
"""Anchors that the specification tells in words."""
NOT_FIELDS = {"title", "occurred_at", "assignee", "parties"}
"""What a case or a command has of its own: a title, a time, an officer, parties."""


@cache
def workflow(name: str) -> dict[str, Any]:
    """A workflow as plain data, the shared file merged under it."""
    path = ROOT / "workflows" / f"{name}.toml"
    if not path.exists():
        pytest.fail(f"workflows/{name}.toml does not exist yet")
    own = tomllib.loads(path.read_text(encoding="utf-8"))
    shared = tomllib.loads((path.parent / own["uses"]).read_text(encoding="utf-8")) if "uses" in own else {}
    return {**own, **{table: {**entries, **own.get(table, {})} for table, entries in shared.items()}}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def scope(given: Any, spec_or_states: Mapping[str, Any], finals: set[str]) -> set[str]:
    """State ids behind a list, `"*"` or `{except: [...]}`."""
    open_ones = set(spec_or_states) - finals
    if given == "*":
        return open_ones
    return open_ones - set(given["except"]) if isinstance(given, Mapping) else set(given)


def ours(machine: str, event: str, *, opening: bool) -> list[dict[str, Any]]:
    """The edges (or openings) of an event in the workflow."""
    table = "opening" if opening else "transition"
    return [edge for edge in workflow(machine).get(table, ()) if edge["event"] == event]


def each_event(machine: str) -> Iterator[tuple[dict[str, Any], bool, list[dict[str, Any]]]]:
    """Every opening and transition of the specification, with our edges of that event."""
    spec = SPEC["machines"][machine]
    for wanted in spec["opening"]:
        yield wanted, True, ours(machine, wanted["id"], opening=True)
    for wanted in spec["transitions"]:
        yield wanted, False, ours(machine, wanted["id"], opening=False)


def token(name: str) -> str:
    """A recipient of the specification as a token of ours."""
    role, dot, function = name.partition(".")
    if dot:
        return f"{PARTIES[role]}:{function}"
    if role == "eval":
        return "evaluator:contact"
    return ROLES.get(role, f"@{role}")


def edge_values(edges: list[dict[str, Any]], *path: str) -> set[str]:
    """The union of a list that each edge may have."""
    found: set[str] = set()
    for edge in edges:
        table: Any = edge
        for key in path:
            table = table.get(key, {}) if isinstance(table, Mapping) else {}
        found |= {item for item in table if isinstance(item, str)} if table else set()
    return found


def state_differences(machine: str) -> Iterator[tuple[str, str, str]]:
    spec, plain = SPEC["machines"][machine], workflow(machine)
    if missing := set(spec["states"]) ^ set(plain["state"]):
        yield "states", "ids", str(sorted(missing))
    if (plain["title"]["sv"], plain["title"]["en"]) != tuple(spec["label"]):
        yield "label", "title", str(plain["title"])
    for name, (sv, en, phase, owner) in spec["states"].items():
        state = plain["state"].get(name)
        if state is None:
            continue
        if (state["title"]["sv"], state["title"]["en"]) != (sv, en):
            yield name, "title", f"{state['title']} is not {sv} / {en}"
        if state["phase"] != phase:
            yield name, "phase", f"{state['phase']} is not {phase}"
        if state.get("owner") != ROLES.get(owner):
            yield name, "owner", f"{state.get('owner')} is not {ROLES.get(owner)}"
        if state.get("final", False) != (name in spec["final"]):
            yield name, "final", f"{state.get('final', False)}"


def move_differences(machine: str) -> Iterator[tuple[str, str, str]]:
    spec, plain = SPEC["machines"][machine], workflow(machine)
    finals = set(spec["final"])
    for table, key in (("opening", "opening"), ("transition", "transitions")):
        if extra := {e["event"] for e in plain.get(table, ())} - {t["id"] for t in spec[key]}:
            yield table, "ids", f"not in the specification: {sorted(extra)}"
    for wanted, opening, edges in each_event(machine):
        event = wanted["id"]
        if not edges:
            yield event, "id", "is missing"
            continue
        for edge in edges:
            if (edge["title"]["sv"], edge["title"]["en"]) != (wanted["sv"], wanted["en"]):
                yield event, "title", f"{edge['title']} is not {wanted['sv']} / {wanted['en']}"
        by = {role for edge in edges for role in edge["by"]}
        if by != (expected := {ROLES[role] for role in wanted["by"]}):
            yield event, "by", f"{sorted(by)} is not {sorted(expected)}"
        targets = {edge.get("to", plain["initial"]) for edge in edges}
        if targets != {wanted["to"]}:
            yield event, "to", f"{sorted(targets)} is not {wanted['to']}"
        if not opening:
            source = {name for edge in edges for name in scope(edge["from"], plain["state"], finals)}
            if source != (expected := scope(wanted["from"], spec["states"], finals)):
                yield event, "from", f"differs in {sorted(source ^ expected)}"


def mail_differences(machine: str) -> Iterator[tuple[str, str, str]]:
    for wanted, _, edges in each_event(machine):
        event, names = wanted["id"], listed(wanted.get("mails"))
        sent: dict[str, list[dict[str, Any]]] = {}
        for edge in edges:
            for notice in edge.get("notify", ()):
                sent.setdefault(notice["message"], []).append(notice)
        if extra := set(sent) - set(names):
            yield event, "mails", f"not in the specification: {sorted(extra)}"
        for name in names:
            mail, notices = SPEC["mails"][name], sent.get(name, [])
            to = {"evaluator:contact" if t == "evaluator" else t for n in notices for t in n["to"]}
            if to != (expected := {token(t) for t in mail["to"]}):
                yield event, f"mail {name}", f"to {sorted(to)} is not {sorted(expected)}"
            if (attached := {a for n in notices for a in n.get("attach", ())}) != set(mail["attach"]):
                yield event, f"mail {name}", f"attaches {sorted(attached)}, not {mail['attach']}"
            if "only" in mail and not all(n.get("when") for n in notices):
                yield event, f"mail {name}", f"is sent always, not only: {mail['only']}"


def family_differences(machine: str) -> Iterator[tuple[str, str, str]]:
    """Cases opened and events tried on related ones."""
    for wanted, _, edges in each_event(machine):
        event = wanted["id"]
        fired = {f"{f['workflow']}.{f['event']}" for edge in edges for f in edge.get("fires", ())}
        if fired != (expected := set(listed(wanted.get("fires")))):
            yield event, "fires", f"{sorted(fired)} is not {sorted(expected)}"
        opened = {s["workflow"] for edge in edges for s in edge.get("spawns", ())}
        planned = {name for edge in edges for name in edge.get("plans", ())}
        opened |= {s["workflow"] for s in workflow(machine).get("series", ()) if s["name"] in planned}
        if opened != (expected := {name.partition("(")[0] for name in listed(wanted.get("spawns"))}):
            yield event, "spawns", f"{sorted(opened)} is not {sorted(expected)}"


def need_differences(machine: str) -> Iterator[tuple[str, str, str]]:
    """Every field, document and signature that the specification names is asked for, computed or guarded."""
    for wanted, _, edges in each_event(machine):
        uses = [use for edge in edges for use in (*edge.get("guards", ()), *edge.get("when", ()))]
        guarded = {str(value) for use in uses for value in use.values()}
        fields = edge_values(edges, "needs", "fields") | edge_values(edges, "needs", "brings")
        fields |= edge_values(edges, "fills") | edge_values(edges, "set") | edge_values(edges, "takes") | guarded
        fields |= {edge["item"] for edge in edges if "item" in edge}
        papers = edge_values(edges, "needs", "documents") | edge_values(edges, "needs", "new_documents") | guarded
        signers = {s.partition(":")[0] for s in edge_values(edges, "needs", "signatures")}
        signers |= {"every"} if any(use["name"].startswith("signatures") for use in uses) else set()
        for need in listed(wanted.get("needs")):
            kind, colon, name = need.partition(":")
            if kind == "child" and colon:
                continue
            if kind == "doc" and colon:
                missing = name.partition(" ")[0] not in papers
            elif kind == "sign" and colon:
                role, dot, function = name.partition(".")
                signer = f"{PARTIES.get(role, role)}.{function}" if dot else name.partition(" ")[0]
                missing = not signers & {signer, "every"} and not any("sign" in use["name"] for use in uses)
            else:
                missing = need not in fields and need not in NOT_FIELDS
            if missing:
                yield wanted["id"], f"needs {need}", "is asked for nowhere"


def deadline_differences(machine: str) -> Iterator[tuple[str, str, str]]:
    rules = {rule["name"]: rule for rule in workflow(machine).get("deadline", ())}
    wanted_ones = {n.partition("(")[0]: d for n, d in SPEC["deadlines"].items() if machine in d["machines"]}
    if extra := set(rules) ^ set(wanted_ones):
        yield "deadlines", "ids", str(sorted(extra))
    for name, wanted in wanted_ones.items():
        rule = rules.get(name)
        if rule is None:
            continue
        ladder = None if wanted["ladder"] == "none" else wanted["ladder"]
        for what, found, expected in (
            ("owner", rule["owner"], ROLES[wanted["owner"]]),
            ("roll", rule.get("roll", "none"), ROLLS[wanted["roll"]]),
            ("ladder", rule.get("remind"), ladder),
            ("then", rule.get("then", {}).get("event", "none"), wanted["then"]),
            ("mail", rule.get("message"), wanted.get("mail")),
        ):
            if found != expected:
                yield name, f"deadline {what}", f"{found} is not {expected}"
        if rule["due"] not in due_texts(wanted):
            yield name, "deadline due", f"{rule['due']} is not one of {sorted(due_texts(wanted))}"


def due_texts(wanted: Mapping[str, Any]) -> set[str]:
    """The date rules that an anchor and a length of the specification may be written as."""
    anchors = ANCHORS.get(wanted["anchor"], {wanted["anchor"]})
    length = str(wanted["length"]).partition(" (")[0]
    if length == "0":
        return anchors
    sign, amount = ("-", length[1:]) if length.startswith("-") else ("+", length)
    return {
        f"{anchor} {sign} {text}"
        for anchor in anchors
        for text in (amount, amount.replace("1 working days", "1 working day"))
    }


def life_differences(machine: str) -> Iterator[tuple[str, str, str]]:
    """Walk every path in step: after each move the same deadlines are open by the specification and by the workflow.

    A situation is a state, the states that side steps remember, and the open deadlines.
    """
    spec = SPEC["machines"][machine]
    sides = {name for t in spec["transitions"] if t["to"] == "@previous" for name in t["from"]}
    finals = set(spec["final"])
    seen: set[tuple[str, tuple[str, ...], frozenset[str]]] = set()
    waiting: list[tuple[str, tuple[str, ...], frozenset[str]]] = []
    told: set[tuple[str, str, str]] = set()

    def go(
        move: Mapping[str, Any], source: str | None, target: str, back: tuple[str, ...], before: frozenset[str]
    ) -> None:
        by_spec = spec_open(move, before)
        edges = ours(machine, move["id"], opening=source is None)
        by_ours = rules_open(machine, edges, move["id"], source, target, before)
        for name in by_spec ^ by_ours:
            told.add(
                (move["id"], f"deadline {name}", f"{'not ' if name in by_spec else ''}open after {source} → {target}")
            )
        for name in anew(machine, edges, move, source, before):
            told.add((move["id"], f"deadline {name}", "is not anchored anew"))
        there = (target, back, by_spec)
        if there not in seen:
            seen.add(there)
            waiting.append(there)

    for opening in spec["opening"]:
        go(opening, None, opening["to"], (), frozenset())
    while waiting:
        state, back, before = waiting.pop()
        for move in spec["transitions"]:
            if state not in scope(move["from"], spec["states"], finals):
                continue
            if move["to"] == "@same":
                go(move, state, state, back, before)
            elif move["to"] == "@previous":
                if back:
                    go(move, state, back[-1], back[:-1], before)
            elif move["to"] in sides:
                if len(back) < 3:
                    go(move, state, move["to"], (*back, state), before)
            else:
                go(move, state, move["to"], (), before)
    yield from sorted(told)


def spec_open(move: Mapping[str, Any], before: frozenset[str]) -> frozenset[str]:
    """What is open after a move by the specification: closes first, then opens; of a family, the others stay."""
    closes = {n.partition("(")[0] for n in listed(move.get("closes")) if not n.endswith("(i)")}
    left = set() if "*" in closes else set(before) - closes
    return frozenset(left | {name.partition("(")[0] for name in listed(move.get("opens"))})


def rules_open(
    machine: str, edges: list[dict[str, Any]], event: str, source: str | None, target: str, before: frozenset[str]
) -> frozenset[str]:
    """What is open after a move by the workflow's rules (docs/reference/definition-language.md)."""
    plain = workflow(machine)
    finals = {name for name, state in plain["state"].items() if state.get("final")}
    one_item = any("item" in edge for edge in edges)
    after = set()
    for rule in plain.get("deadline", ()):
        name, lives = rule["name"], scope(rule["while"], plain["state"], finals)
        ended = target not in lives or event in (*rule.get("met_by", ()), *rule.get("cancelled_by", ()))
        stays = name in before and (not ended or (target in lives and one_item and "for_each" in rule))
        opens = event in rule["opened_by"] if rule.get("opened_by") else name not in before and source not in lives
        if stays or (target in lives and opens):
            after.add(name)
    return frozenset(after)


def anew(
    machine: str, edges: list[dict[str, Any]], move: Mapping[str, Any], source: str | None, before: frozenset[str]
) -> Iterator[str]:
    """Deadlines that are open and that the specification anchors anew, where the workflow does not."""
    brought = (
        edge_values(edges, "needs", "fields") | edge_values(edges, "needs", "brings") | edge_values(edges, "takes")
    )
    brought |= edge_values(edges, "fills") | edge_values(edges, "set")
    for rule in workflow(machine).get("deadline", ()):
        if source is None or rule["name"] not in before:
            continue
        if rule["name"] in {name.partition("(")[0] for name in listed(move.get("opens"))}:
            anchor = rule["due"].split(" ")[0].partition(".")[0]
            if anchor not in brought and move["id"] not in rule.get("opened_by", ()):
                yield rule["name"]
