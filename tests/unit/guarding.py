"""Cases, facts and contexts in small, for the tests of the guards of projects and of all that belongs to them."""

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from engine.core.build import build
from engine.core.case import Actor, Case, Document, Party
from engine.core.command import Advance, Open
from engine.core.decision import Decision, Setup
from engine.core.definition import Definition
from engine.core.errors import Refusal
from engine.core.facts import Facts
from engine.core.guard import Context
from engine.core.machine import Machine
from engine.core.moves import move
from engine.core.schedule import Calendar
from engine.readers.toml import read_definition
from workflows.guards import registry

ROOT = Path(__file__).parent.parent.parent
NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
TODAY = date(2026, 6, 15)
HEAD = Actor("u:9", "helena", frozenset({"head"}), "p:9")
OWNER = Party(1, "owner", "o:1", "municipal", people={"contact": ("p:1",), "leader": ("p:2",), "signatory": ("p:3",)})
PARTNER = Party(2, "partner", "o:2", "regional", people={"contact": ("p:4",), "signatory": ("p:5",)})
PERIOD = {"start_date": "2026-01-01", "end_date": "2027-12-31"}


@cache
def workflow(name: str) -> Definition:
    plain, _ = read_definition(ROOT / "workflows" / f"{name}.toml")
    made, faults = build(plain)
    assert made, faults
    return made


def case(workflow_name: str, state: str, reference: str = "X-1", **more: Any) -> Case:
    data = more.pop("data", {})
    given = {"parties": (OWNER, PARTNER), "entered_n": 5, "n": 9, "revision": 5, **more}
    return Case(
        reference, workflow_name, 1, state, reference, NOW, NOW - timedelta(days=1), NOW - timedelta(days=1),
        NOW - timedelta(days=1), data=data, **given,
    )  # fmt: skip


def project(state: str = "running", **more: Any) -> Case:
    return case("project", state, "P-1", data={**PERIOD, **more.pop("data", {})}, **more)


def report(kind: str, state: str, reference: str = "R-1", **data: Any) -> Case:
    return case("report", state, reference, parent="P-1", data={"kind": kind, "due_on": "2026-06-01", **data})


def requisition(state: str, reference: str = "RQ-1", **data: Any) -> Case:
    return case("requisition", state, reference, parent="P-1", data={"project": "P-1", "kind": "part", **data})


def reclaim(state: str, reference: str = "RC-1", **data: Any) -> Case:
    return case("reclaim", state, reference, parent="P-1", data={"project": "P-1", "amount": "300.00", **data})


def document(kind: str, n: int, number: int = 1) -> Document:
    return Document(number, kind, "0" * 64, "file.pdf", "in", NOW, n)


def around(**known: Any) -> Facts:
    """The facts that guards ask for; `family` are the children of the parent."""
    names = {
        "children": known.pop("children", ()),
        "siblings": known.pop("siblings", ()),
        "parent": known.get("parent"),
        "parent/children": known.pop("family", ()),
        "parent.parent": known.pop("application", None),
        "parent.parent/children": known.pop("application_children", ()),
        "parent.call": known.get("call"),
        "parent.parent.call": known.get("call"),
        "parent.parent.call/children": known.pop("applications", ()),
        "settings": known.pop("settings", {}),
        "next_meeting": known.pop("next_meeting", None),
        "new_decision": known.pop("new_decision", None),
    }
    return Facts({**names, **known.pop("references", {})})


def asked(of: Case, event: str, facts: Facts | None = None, **more: Any) -> Context:
    """The context of an event on a case, with what a command sets already in its data."""
    definition = workflow(of.workflow)
    brought: Mapping[str, Any] = more.pop("set", {})
    edges = [t for t in definition.transitions if t.event == event]
    command = Advance(
        reference=of.reference, actor=more.pop("actor", HEAD), event=event, set=brought, fired=more.pop("fired", False)
    )
    data = {**of.data, **brought}
    filed = more.pop("filed", ())
    return Context(
        definition=definition, case=of, after=replace(of, data=data, documents=of.documents + filed), command=command,
        transition=edges[0], data=data, facts=facts or around(), role=more.pop("role", "head"), at=NOW, now=NOW,
        today=TODAY, zone=Calendar().zone,
    )  # fmt: skip


@cache
def sentences() -> dict[str, str]:
    files = [path for path in (ROOT / "templates/texts/sv").glob("*.toml") if path.stem != "glossary"]
    return {code: text for path in files for code, text in tomllib.loads(path.read_text(encoding="utf-8")).items()}


def refusals(name: str, context: Context, **params: Any) -> list[Refusal]:
    """What a guard says; each refusal has a sentence, and carries all that the sentence mentions."""
    found = list(registry.guards[f"{name}@1"].function(context, **params))
    for refusal in found:
        assert set(re.findall(r"\{(\w+)\}", sentences()[refusal.code])) <= set(refusal.params), refusal
    return found


def codes(name: str, context: Context, **params: Any) -> list[str]:
    return [refusal.code for refusal in refusals(name, context, **params)]


def filled(name: str, context: Context) -> Any:
    return registry.fills[f"{name}@1"].function(context)


def decided(
    name: str, of: Case | None, command: Advance | Open, facts: Facts | None = None, now: datetime = NOW
) -> Decision:
    return move(Setup(Machine(workflow(name)), registry, Calendar(), facts or around(), now), of, command)
