"""One application and its project go through all seven phases by the command line alone, and others to every end."""

from pathlib import Path
from typing import Any

import pytest
import running
from driver import Act, Sandbox, advance, amend, assign, attach, new
from paths import WAYS, Places
from refusing import shared, workflow
from ways_application import (
    AGREEMENT,
    AGREEMENT_SIGNED,
    GRANT,
    PACKAGE,
    PARTIES,
    READY,
    REVIEWED,
    SIGNED,
    STATEMENT_SIGNED,
)
from ways_money import REQUEST_PAYMENT, REQUISITION_SIGNED
from ways_office import HOLD, MINUTES_SIGNED, OPEN_CALL, board
from ways_project import ADOPT, EVALUATED, FINAL, FOLLOWED, RUNNING_IN, START_APPROVED, approved

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

AFTER = ("implementation", "closed")
"""Phases of an application in which its project has taken over."""


def forward(days: int) -> Act:
    """Days go by, with all that falls due on the way."""
    return Act("officer", "clock", words=("forward", f"{days}d", "--tick"))


def step(way: str) -> Act:
    """The command of a way."""
    return WAYS[way].act


FINAL_REQUISITION = new(
    "applicant", "requisition", "requisition", "request_payment", project="@project", kind="final", amount="300 000",
    period="2022-12-31", costs="450 000", first_cost_on="2022-01-15", last_cost_on="2022-12-20",
)  # fmt: skip

SCRIPT: dict[str, tuple[Act, ...]] = {
    "idea": (
        step("call/plan_call"), board("board", "2021-11-18"),
        new("officer", "application", "app", "contact", more=PARTIES, contact="Kim", idea_text="Stöd", call="@call"),
        step("meeting/plan_info_meeting"),
        amend("officer", "call", **OPEN_CALL.fields), attach("officer", "call", "call_text"),
        forward(32),  # to 2 April 2021: the call opens by itself
    ),
    "info_meeting": (
        step("meeting/publish_info"), advance("officer", "app", "invite", meeting="@info"),
        forward(34), step("meeting/hold_info"),  # 6 May
    ),
    "application": (
        step("application/start_draft"), READY, *SIGNED, step("application/submit"), step("application/register"),
    ),
    "decision": (
        assign("officer", "app", "officer"), step("application/start_preparation"), *REVIEWED,
        step("application/finish_statement"), STATEMENT_SIGNED, step("application/put_on_agenda"),
        forward(187), step("meeting/summon"),  # 9 November: the call has closed
        forward(9), GRANT, HOLD, *MINUTES_SIGNED, step("meeting/adjust_minutes"), step("meeting/announce_minutes"),
        step("call/decide_call"), AGREEMENT, *AGREEMENT_SIGNED[:2],
    ),
    "implementation": (
        AGREEMENT_SIGNED[2],
        forward(55),  # 12 January 2022: the decision is in force, the project has begun
        *START_APPROVED, REQUEST_PAYMENT, *REQUISITION_SIGNED, step("requisition/rq_approve"),
        step("requisition/rq_pay"),
        forward(180), *approved("report:progress", summary="Halvvägs"),  # 11 July
        *approved("report:financial", "ledger_extract", spent="150000"),
        forward(175), *FINAL, *approved("report:final_account", "ledger_extract", spent="400000"),  # 2 January 2023
        FINAL_REQUISITION, *REQUISITION_SIGNED, attach("officer", "requisition", "ledger_extract"),
        step("requisition/rq_approve").having(approved_amount="300 000", ledger_total="450 000"),
        step("requisition/rq_pay"),
    ),
    "evaluation": (step("project/approve_final"), *EVALUATED),
    "regular_operations": (
        step("project/approve_evaluation"), ADOPT, step("project/adopt"),
        advance("officer", "project", "confirm_regular", "evidence", adopters=RUNNING_IN),
        forward(370), *FOLLOWED,  # 7 January 2024
    ),
    "closed": (
        step("project/follow_up_done"), step("project/archive_project"),
        advance("archivist", "app", "archive_app", weeded_on="2024-01-07", package=PACKAGE),
    ),
}  # fmt: skip
"""Phase -> the commands that lead into it and through it, by whom they are given."""


def made_by_commands(home: Path) -> Sandbox:
    """A sandbox, its organisations, people and second officer, all by the command line."""

    def skede(*words: str, as_: str | None = None) -> Any:
        ran = running.inline(home, *words, "--json", as_=as_)
        assert ran.code == 0, f"{words}: {ran.out}{ran.err}"
        return ran.json

    made = running.skede(home.parent, "init", str(home), "--sandbox", "--start", "2021-03-01T10:00", "--json", as_=None)
    assert made.code == 0, made.out
    names = {
        "town": skede("org", "add", "Bengtsfors kommun", "--kind", "municipality")["id"],
        "region": skede("org", "add", "Närhälsan Bengtsfors", "--kind", "region")["id"],
        "owner": skede("person", "add", "Kim Kommun", "--email", "kim@kommun.example")["id"],
        "partner": skede("person", "add", "Robin Region", "--email", "robin@region.example")["id"],
    }
    skede("user", "add", "officer2", "--name", "Andra Handläggaren", "--email", "officer2@vgr.example")
    skede("user", "grant", "officer2", "officer", "-n", "granskar")
    for row in skede("user", "list"):
        if row["login"] in ("head", "secretary"):
            names[row["login"]] = row["person"]
    return Sandbox(home, names)


def shown(sandbox: Sandbox, name: str) -> Any:
    """What `show` tells of a case."""
    ran = running.inline(sandbox.home, "show", sandbox.named(name), "--json")
    assert ran.code == 0, ran.out
    return ran.json


def assert_logs_fold_to_what_is_shown(sandbox: Sandbox) -> int:
    """Every case is what its log says: by `audit replay`, and by reading the log's own words. How many there are."""
    replayed = running.inline(sandbox.home, "audit", "replay", "--json", as_="auditor")
    assert replayed.code == 0, replayed.out
    told = running.inline(sandbox.home, "list", "--closed", "--json").json
    assert {row["reference"] for row in told} <= {row["case"] for row in replayed.json}
    for row in told:
        case = running.inline(sandbox.home, "show", row["reference"], "--json").json
        lines = running.inline(sandbox.home, "log", row["reference"], "--json").lines
        moves = [line for line in lines if line["kind"] in ("open", "advance")]
        values: dict[str, Any] = {}
        for line in lines:
            values |= line["changes"].get("set", {})
        assert (case["state"], row["state"]) == (moves[-1]["target"], moves[-1]["target"])
        assert case["data"] == {name: value for name, value in values.items() if value is not None}
        assert [line["n"] for line in lines] == list(range(1, len(lines) + 1))
    verified = running.inline(sandbox.home, "audit", "verify", "--json", as_="auditor")
    assert verified.json["ok"] is True
    return len(told)


def test_the_script_names_the_phases_of_the_programme() -> None:
    assert list(SCRIPT) == list(shared()["phases"])


def test_an_application_and_its_project_go_through_all_seven_phases(tmp_path: Path) -> None:
    sandbox = made_by_commands(tmp_path / "home")
    passed: list[str] = []

    for acts in SCRIPT.values():
        for act in acts:
            sandbox.do(act)
            if "app" in sandbox.names and act.verb in ("new", "advance", "sign", "clock"):
                case = "project" if shown(sandbox, "app")["phase"] in AFTER else "app"
                passed.append(shown(sandbox, case)["phase"])

    assert list(dict.fromkeys(passed)) == list(SCRIPT)
    assert [shown(sandbox, name)["state"] for name in ("app", "project")] == ["archived", "archived"]
    assert assert_logs_fold_to_what_is_shown(sandbox) == 15


ENDS = {
    ("call", "concluded"): "call/conclude_call",
    ("call", "cancelled"): "call/cancel_call",
    ("meeting", "info_held"): "meeting/hold_info",
    ("meeting", "announced"): "meeting/announce_minutes",
    ("meeting", "cancelled"): "meeting/cancel_meeting",
    ("application", "rejected"): "application/reject",
    ("application", "dismissed"): "application/dismiss",
    ("application", "withdrawn"): "application/withdraw",
    ("application", "lapsed"): "application/agreement_lapsed",
    ("application", "closed"): "application/close_app",
    ("application", "archived"): "application/archive_app",
    ("application", "weeded"): "application/weed",
    ("project", "cancelled"): "project/cancel_project",
    ("project", "closed"): "project/close_unreported",
    ("project", "reopened"): "project/reopen",
    ("project", "archived"): "project/archive_project",
    ("decision", "archived"): "decision/archive_decision",
    ("decision", "superseded"): "decision/supersede",
    ("decision", "annulled"): "decision/annul_decision",
    ("report", "approved"): "report/approve_report",
    ("report", "waived"): "report/waive",
    ("requisition", "paid"): "requisition/rq_pay",
    ("requisition", "refused"): "requisition/rq_refuse",
    ("requisition", "withdrawn"): "requisition/rq_withdraw",
    ("change_request", "approved"): "change_request/cr_approve#owner",
    ("change_request", "refused"): "change_request/cr_refuse",
    ("change_request", "withdrawn"): "change_request/cr_withdraw",
    ("reclaim", "repaid"): "reclaim/rc_repaid",
    ("reclaim", "dropped"): "reclaim/rc_drop",
    ("reclaim", "waived"): "reclaim/rc_waive",
}
"""State of the last phase -> the way that leads into it."""


def test_there_is_a_way_to_every_state_in_which_a_case_ends() -> None:
    machines = {name.partition("/")[0] for name in WAYS}
    ended = {
        (machine, state) for machine in machines
        for state, told in workflow(machine)["state"].items() if told["phase"] == "closed"
    }  # fmt: skip
    assert set(ENDS) == ended


@pytest.mark.parametrize(("machine", "state"), ENDS)
def test_others_come_to_every_other_end(machine: str, state: str, places: Places, tmp_path: Path) -> None:
    way = WAYS[ENDS[machine, state]]
    sandbox = places.copy(way.place, tmp_path / "home")

    sandbox.do(*way.before, way.by or way.act)

    told = shown(sandbox, way.act.case)
    assert (told["workflow"], told["state"], told["phase"]) == (machine, state, "closed")
    assert_logs_fold_to_what_is_shown(sandbox)
