"""What each edge of the workflows demands, read off the definitions, and what a refusal must look like."""

import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from driver import Act, Sandbox
from msgspec.structs import replace
from paths import WAYS
from running import Ran

from engine.core.case import Case

WORKFLOWS = Path(__file__).parent.parent.parent / "workflows"
LOGINS = (
    "applicant", "partner", "evaluator", "officer", "registrar", "secretary", "head", "controller", "archivist",
    "auditor", "officer_secretary",
)  # fmt: skip
"""One login for each role ships in a sandbox, and is called as the role."""
WHICH = {
    "application/register": 1, "project/extend#early": 1, "report/submit_report#evaluator": 1,
    "report/approve_report#money": 1, "report/waive": 1, "change_request/cr_approve#owner": 1,
    "change_request/cr_approve#every": 2,
}  # fmt: skip
"""Way -> which edge of its event it takes, where that is not the first."""


@cache
def workflow(name: str) -> Mapping[str, Any]:
    """A workflow as its file has it."""
    return tomllib.loads((WORKFLOWS / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def shared() -> Mapping[str, Any]:
    """What the workflows share."""
    return tomllib.loads((WORKFLOWS / "shared/programme.toml").read_text(encoding="utf-8"))


def edges() -> Iterator[tuple[str, str, str, int]]:
    """(workflow, opening or transition, event, number among the edges of that event) of every edge there is."""
    for path in sorted(WORKFLOWS.glob("*.toml")):
        for kind in ("opening", "transition"):
            seen: dict[str, int] = {}
            for edge in workflow(path.stem)[kind]:
                event = edge["event"]
                yield path.stem, kind, event, seen.get(event, 0)
                seen[event] = seen.get(event, 0) + 1


def place_of(name: str) -> tuple[str, str, str, int]:
    """Which of `edges` a way takes."""
    act = WAYS[name].act
    return name.partition("/")[0], "opening" if act.verb == "new" else "transition", act.event, WHICH.get(name, 0)


def edge_of(name: str) -> Mapping[str, Any]:
    """The edge that a way takes, as its file has it."""
    machine, kind, event, number = place_of(name)
    found: Mapping[str, Any] = [edge for edge in workflow(machine)[kind] if edge["event"] == event][number]
    return found


def may(edge: Mapping[str, Any], login: str) -> bool:
    """Whether the role of a login may fire it, or record it for somebody who may."""
    return bool({login, *shared()["record"].get(login, ())} & set(edge["by"]))


def may_otherwise(name: str, login: str) -> bool:
    """Whether another edge of the event, one that is for every case, lets the role fire it from the same state."""
    machine, kind, event, _ = place_of(name)
    here = edge_of(name)
    twins = [e for e in workflow(machine)[kind] if e["event"] == event and e is not here and "when" not in e]
    return any(set(here.get("from", ())) & set(twin.get("from", ())) and may(twin, login) for twin in twins)


def title(machine: str, table: str, name: str, lang: str = "en") -> str:
    """What a field or document is called."""
    found: str = workflow(machine)[table][name]["title"][lang]
    return found


@dataclass(frozen=True)
class Refused:
    """A refusal that was expected, and the reason that was looked for."""

    ran: Ran
    reason: Mapping[str, Any]

    @property
    def fix(self) -> str | None:
        """The command that mends it."""
        return self.reason.get("fix")


def expect_refusal(
    sandbox: Sandbox, act: Act, code: str, *, lang: str = "en", guard: str | None = None, **params: Any
) -> Refused:
    """Give a command that must be refused for this reason, and must leave nothing behind but the log's word of it."""
    case, before = _standing(sandbox, act)
    ran = sandbox.refused(act, lang)
    reasons = ran.json["error"]["reasons"]
    fitting = [
        reason for reason in reasons
        if reason["code"] == code and guard in (None, reason.get("guard"))
        and all(reason.get("params", {}).get(name) == value for name, value in params.items())
    ]  # fmt: skip
    assert fitting, f"{act} was refused, but not for {code} {params}: {reasons}"
    for reason in reasons:
        assert "{" not in reason["text"], reason
        assert not reason["text"].startswith(reason["code"]), reason
        assert reason.get("fix", "skede ").startswith("skede "), reason
    _assert_untouched(sandbox, act, case, before)
    return Refused(ran, fitting[0])


def _standing(sandbox: Sandbox, act: Act) -> tuple[Case | None, int]:
    with sandbox.office.store.read() as tx:
        office = sum(1 for _ in tx.log.entries("@office"))
        cases = sum(1 for _ in tx.cases.references())
    return (None, office * 10_000 + cases) if act.verb == "new" else (sandbox.case(act.case), 0)


def _assert_untouched(sandbox: Sandbox, act: Act, case: Case | None, before: int) -> None:
    if case is None:
        assert _standing(sandbox, act)[1] == before + 10_000, (
            "an entry of the office tells of it, and no case is opened"
        )
        return
    after = sandbox.case(act.case)
    assert (after.n, after.revision) == (case.n + 1, case.revision)
    assert replace(after, n=case.n, head=case.head, recorded_at=case.recorded_at) == case
    with sandbox.office.store.read() as tx:
        last = [*tx.log.entries(after.reference)][-1].line
    assert '"act":"refused"' in last


def complete(fix: str) -> list[str] | None:
    """The words of a mending command after `skede`, None where something is left for a person to fill in."""
    words = shlex.split(fix)[1:]
    gaps = ("…", "FILE", "PERSON", "ORG", "LOGIN", "REF", "--edit", "NAME", "WHY")
    return None if any(gap in word for word in words for gap in gaps) else words
