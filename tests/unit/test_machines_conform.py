"""The workflows say what the programme's own specification says; where they do not, the reason stands here."""

import tomllib
from collections.abc import Iterator

import pytest
from specification import (
    MACHINES,
    ROLES,
    ROOT,
    SPEC,
    deadline_differences,
    family_differences,
    life_differences,
    mail_differences,
    move_differences,
    need_differences,
    state_differences,
    token,
)  # fmt: skip

DEVIATIONS: dict[tuple[str, str, str], str] = {
    ("application", "register", "from"): "an idea can be registered too, or none could ever be endorsed or declined",
    ("application", "register", "to"): "an idea stays where it is when it is registered",
    ("meeting", "move_meeting", "mail meeting_moved"): "those summoned to a board meeting are the board's list",
    ("meeting", "cancel_meeting", "mail meeting_cancelled"): "those summoned to a board meeting are the board's list",
    ("decision", "report_to_board", "deadline due"): "the day of the body's next meeting is computed into report_by",
    (
        "decision",
        "adjust",
        "deadline report_to_board",
    ): "only a delegated decision has it, and only a board's is adjusted",
    ("decision", "announce", "deadline report_to_board"): "a delegated decision lost it when it was reported",
    (
        "project",
        "transition",
        "ids",
    ): "next_report keeps two reports of each series ahead; it is fired by reports alone",
    ("project", "extend", "spawns"): "the recurring reports are planned anew when the end moves",
    ("project", "extend_late", "spawns"): "the recurring reports are planned anew when the end moves",
    ("project", "begin", "needs leader"): "the leader is a person of the owner: the guard leader_named@1 asks for one",
    (
        "project",
        "extend",
        "needs sign:appl.signatory",
    ): "the extension itself is what is signed: extension_agreed@1 looks",
    (
        "project",
        "extend",
        "needs sign:part.signatory",
    ): "the extension itself is what is signed: extension_agreed@1 looks",
    ("project", "extend_late", "needs sign:appl.signatory"): "the extension itself is signed: extension_agreed@1 looks",
    ("project", "extend_late", "needs sign:part.signatory"): "the extension itself is signed: extension_agreed@1 looks",
    (
        "project",
        "project_start",
        "deadline due",
    ): "a project begins when its first day does, not when that day has ended",
    ("report", "report_opens", "deadline due"): "a report opens when its day begins, not when that day has ended",
    ("report", "open_report", "mail report_invitation"): "the ladder of report_due says it (DECISIONS.md 30)",
    (
        "report",
        "mark_overdue",
        "mail report_overdue",
    ): "the ladder tells the applicant (DECISIONS.md 30), this the officer",
    ("report", "submit_report", "fires"): "a report handed in makes room for the next one of its series",
    ("report", "waive", "fires"): "a report waived makes room for the next one of its series",
    ("reclaim", "rc_instalment_in", "needs amount"): "what is paid is paid_amount; amount stays what is reclaimed",
    ("requisition", "request_payment", "needs sign:appl.economy"): "a signature needs a case: rq_approve asks for it",
}
"""(machine, event, what) -> why the workflow says something else on purpose."""


def judge(machine: str, found: Iterator[tuple[str, str, str]]) -> None:
    """Fail for every difference (event, what, how) that is not a deviation on purpose."""
    told = [f"{event}: {what}: {how}" for event, what, how in found if (machine, event, what) not in DEVIATIONS]
    assert not told, f"{machine} differs from the specification:\n  " + "\n  ".join(told)


@pytest.mark.parametrize("machine", MACHINES)
def test_states_are_those_of_the_specification(machine: str) -> None:
    judge(machine, state_differences(machine))


@pytest.mark.parametrize("machine", MACHINES)
def test_openings_and_transitions_are_those_of_the_specification(machine: str) -> None:
    judge(machine, move_differences(machine))


@pytest.mark.parametrize("machine", MACHINES)
def test_messages_go_to_those_whom_the_specification_names_with_its_attachments(machine: str) -> None:
    judge(machine, mail_differences(machine))


@pytest.mark.parametrize("machine", MACHINES)
def test_cases_are_opened_and_events_tried_as_the_specification_says(machine: str) -> None:
    judge(machine, family_differences(machine))


@pytest.mark.parametrize("machine", MACHINES)
def test_all_that_a_transition_needs_is_asked_for(machine: str) -> None:
    judge(machine, need_differences(machine))


@pytest.mark.parametrize("machine", MACHINES)
def test_deadlines_have_the_length_owner_ladder_and_consequence_of_the_specification(machine: str) -> None:
    judge(machine, deadline_differences(machine))


@pytest.mark.parametrize("machine", MACHINES)
def test_the_same_deadlines_are_open_on_every_path(machine: str) -> None:
    judge(machine, life_differences(machine))


def test_phases_and_ladders_are_those_of_the_specification() -> None:
    shared = tomllib.loads((ROOT / "workflows/shared/programme.toml").read_text(encoding="utf-8"))

    assert {name: [p["sv"], p["en"]] for name, p in shared["phases"].items()} == SPEC["phases"]
    assert list(shared["phases"]) == list(SPEC["phases"])
    for name in ("long", "short"):
        ladder = SPEC["ladders"][name]
        assert [int(step.removesuffix("d")) for step in shared["ladder"][name]["steps"]] == ladder["days"]
        assert shared["ladder"][name]["escalate"] == {
            f"+{day}d": [token(to) for to in tokens] for day, tokens in ladder["escalate"].items()
        }
    assert shared["record"]["officer"] == [ROLES[role] for role in SPEC["recording"]["officer"]]
    assert shared["record"]["registrar"] == [ROLES[role] for role in SPEC["recording"]["reg"]]
    assert shared["record"]["officer_secretary"] == [ROLES[role] for role in SPEC["recording"]["officer_sec"]]


def test_every_deviation_still_deviates_and_has_a_reason() -> None:
    differences = (
        state_differences, move_differences, mail_differences, family_differences, need_differences,
        deadline_differences, life_differences,
    )  # fmt: skip
    machines = {machine for machine, _, _ in DEVIATIONS}

    found = {(m, event, what) for m in machines for search in differences for event, what, _ in search(m)}

    assert set(DEVIATIONS) - found == set()
    assert all(len(reason) > 20 for reason in DEVIATIONS.values())
