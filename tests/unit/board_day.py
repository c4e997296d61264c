"""Cases and contexts for the tests of guards, around a board meeting on 18 November 2021."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from engine.core.build import draft
from engine.core.case import Actor, Case, Deadline, Document, Happened, Party
from engine.core.command import Advance
from engine.core.definition import Definition
from engine.core.facts import Facts
from engine.core.guard import Context
from engine.readers.toml import read_definition
from workflows.guards import registry

ROOT = Path(__file__).parent.parent.parent
NOW = datetime(2021, 11, 18, 9, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Stockholm")
OFFICER = Actor("u:2", "handlaggare", frozenset({"officer"}), "p:2")
BOTH_SIDES = (Party(1, "owner", "o:1", "municipal"), Party(2, "partner", "o:2", "regional"))


def definition(name: str) -> Definition:
    found, faults = draft(read_definition(ROOT / "workflows" / f"{name}.toml")[0])
    assert faults == []
    return found


APPLICATION, CALL = definition("application"), definition("call")


def a_case(reference: str = "SIM-2021-0004", state: str = "preparation", **more: Any) -> Case:
    whole: dict[str, Any] = {
        "workflow": "application", "version": 1, "title": "Min airbag mot stress", "opened_at": NOW, "entered_at": NOW,
        "occurred_at": NOW, "recorded_at": NOW, **more,
    }  # fmt: skip
    return Case(reference=reference, state=state, **whole)


def happened(**entries: int) -> dict[str, Happened]:
    return {event: Happened(n, NOW, ()) for event, n in entries.items()}


def context(
    case: Case | None = None,
    *,
    event: str = "finish_statement",
    given: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    related: tuple[Case, ...] = (),
    at: datetime = NOW,
    now: datetime | None = None,
    fired: bool = False,
    role: str = "officer",
    of: Definition = APPLICATION,
) -> Context:
    case = case or a_case()
    data = {**case.data, **(given or {})}
    command = Advance(reference=case.reference, actor=OFFICER, event=event, set=given or {}, fired=fired)
    return Context(
        definition=of, case=case, after=replace(case, data=data), command=command,
        transition=next(t for t in of.transitions if t.event == event), data=data,
        facts=Facts({**{f"@{c.reference}": c for c in related}, **(facts or {})}), role=role, at=at,
        now=now or at, today=at.astimezone(ZONE).date(), zone=ZONE,
    )  # fmt: skip


def codes(name: str, found: Context, **params: Any) -> list[str]:
    return [refusal.code for refusal in registry.guards[name].function(found, **params)]


def fill(name: str, found: Context) -> Any:
    return registry.fills[name].function(found)


def a_call(**data: Any) -> Case:
    return a_case("U-2021-001", "open", workflow="call", data={"frame": "1000000.00", "body": "RUN", **data})


def a_meeting(reference: str, state: str = "planned", **data: Any) -> Case:
    return a_case(reference, state, workflow="meeting", data=data)


def a_deadline(name: str, due_on: date, item: int | None = None) -> Deadline:
    end = datetime(due_on.year, due_on.month, due_on.day, 23, tzinfo=UTC)  # 24:00 local in winter
    return Deadline(f"X#1:{name}", name, "officer", NOW, end, due_on, "", item=item)


def filed(kind: str, n: int) -> Document:
    return Document(id=n, kind=kind, sha256="0" * 64, name="x", direction="in", received_at=NOW, n=n)
