"""Ways and places of the project and of its reports, from the signed agreement to the archive."""

from dataclasses import replace

from driver import TICK, Act, Way, advance, amend, attach, clock, new, party, sign
from ways_application import PACKAGE, PARTIES
from ways_money import EXTENSION, EXTENSION_APPROVED, NEW_PLAN, NEW_PLAN_APPROVED, signed_change

DAY = "2022-01-10"
"""The day on which the project begins, and on which most of its life is tried."""
START_REPORT = {
    "summary": "Vi är igång", "plan": "Som beslutat", "ledger_code": "123", "baseline": "12 av 40",
    "information_plan": "Webb",
    "steering_group": [
        {"name": "Ada", "organisation": "Bengtsfors kommun", "side": "municipal"},
        {"name": "Bo", "organisation": "Närhälsan", "side": "regional"},
    ],
}  # fmt: skip
EVALUATION = {"summary": "Bra", "social_effects": "a", "economic_effects": "b", "child_rights": "c", "comparison": "d"}
BOTH = [{"organisation": "@town"}, {"organisation": "@region"}]
RUNNING_IN = [
    {"organisation": "@town", "budget_line": "b1", "routine": "r1"},
    {"organisation": "@region", "budget_line": "b2", "routine": "r2"},
]


def written(report: str, *papers: str, **fields: object) -> tuple[Act, ...]:
    """A report is written, filed and signed by the owner's leader."""
    return (
        amend("officer", report, **fields), attach("officer", report, "report", *papers),
        sign("officer", report, "owner.leader", "@owner", "report"),
    )  # fmt: skip


def handed_in(report: str, *papers: str, **fields: object) -> tuple[Act, ...]:
    """A report is written and handed in."""
    return (*written(report, *papers, **fields), advance("applicant", report, "submit_report"))


def approved(report: str, *papers: str, **fields: object) -> tuple[Act, ...]:
    """A report is handed in and approved, by two where it is about money."""
    seconds = (advance("officer", report, "approve_report"),)
    firsts = (advance("controller", report, "approve_report"),) if papers else ()
    return (*handed_in(report, *papers, **fields), *firsts, *seconds)


START_APPROVED = approved("report:start", **START_REPORT)
FINAL = approved("report:final", summary="Klart")
ACCOUNT = approved("report:final_account", "ledger_extract", spent="400000")
EVALUATED = approved("report:evaluation", **EVALUATION)
FOLLOWED = approved("report:follow_up", in_operation="wholly")
BEGIN = advance("officer", "project", "begin")
ADOPT = advance(
    "officer", "project", "adopt", "decision", note="per post", behalf="@owner", adoption_plan="Införs",
    budget_line="b", done_by="2023-12-01",
)  # fmt: skip
TERMINATE = advance(
    "head", "project", "terminate", end_date="2022-01-10", reason="Parten gick", reclaim_considered="ja",
    delegation_no="D 4", presented_by="officer",
)  # fmt: skip
EVALUATOR = party("officer", "project", "add", "evaluator=@firm:@evaluator:contact+leader")

WAYS = {
    "project/create_project": Way(
        "office",
        new(
            "officer", "project", "project", "create_project", more=PARTIES, start_date="2020-01-01",
            end_date="2020-12-31", plan="Planen", budget=[{"post": "lön", "amount": "1"}],
        ),
    ),
    "project/begin": Way("project.planned", BEGIN, (clock(f"{DAY}T12:00"),)),
    "project/cancel_project": Way("project.planned", advance("head", "project", "cancel_project", reason="Vakans")),
    "project/confirm_start": Way(
        "project.start_up", advance("officer", "project", "confirm_start"), START_APPROVED[:-1], START_APPROVED[-1]
    ),
    "project/next_report": Way(
        "project.running",
        advance("officer", "project", "next_report"),
        (clock("2022-07-11T12:00"), *written("report:progress", summary="Halvvägs")),
        advance("applicant", "report:progress", "submit_report"),
    ),
    "project/extend": Way(
        "project.running", advance("head", "project", "extend", end_date="2023-06-30"),
        (EXTENSION, *signed_change("owner", "partner")), EXTENSION_APPROVED,
    ),
    "project/extend#early": Way(
        "project.start_up", advance("head", "project", "extend", end_date="2023-06-30"),
        (EXTENSION, *signed_change("owner", "partner")), EXTENSION_APPROVED,
    ),
    "project/change_plan": Way(
        "project.running", advance("head", "project", "change_plan", plan="Ny plan"),
        (NEW_PLAN, *signed_change("owner")), NEW_PLAN_APPROVED,
    ),
    "project/extend_late": Way(
        "project.final_reporting", advance("head", "project", "extend_late", end_date="2023-06-30"),
        (EXTENSION.having(effective_on="2023-06-01"), *signed_change("owner", "partner")), EXTENSION_APPROVED,
    ),
    "project/suspend": Way("project.running", advance("head", "project", "suspend", ground="owner_request")),
    "project/resume": Way("project.suspended", advance("head", "project", "resume", reason="Löst")),
    "project/hold_payments": Way("project.running", advance("head", "project", "hold_payments", reason="Oklart")),
    "project/release_payments": Way(
        "project.running", advance("controller", "project", "release_payments", reason="Klart")
    ),
    "project/ask_termination": Way(
        "project.running", advance("applicant", "project", "ask_termination", reason="Part gick", cost_to_date="5 000")
    ),
    "project/refuse_termination": Way(
        "project.termination_review", advance("head", "project", "refuse_termination", reason="Kan bli bra")
    ),
    "project/retract_termination": Way(
        "project.termination_review", advance("partner", "project", "retract_termination")
    ),
    "project/terminate": Way("project.termination_review", TERMINATE),
    "project/end_period": Way(
        "project.running", advance("officer", "project", "end_period"), (clock("2023-01-02T12:00"),)
    ),
    "project/approve_final": Way(
        "project.final_reporting", advance("officer", "project", "approve_final"), (*FINAL, *ACCOUNT)
    ),
    "project/close_early": Way(
        "project.ended_early", advance("head", "project", "close_early"), (*FINAL, *ACCOUNT)
    ),
    "project/close_unreported": Way(
        "project.final_reporting", advance("head", "project", "close_unreported", reason="Ägaren svarar inte")
    ),
    "project/approve_evaluation": Way(
        "project.evaluation", advance("officer", "project", "approve_evaluation", published_on="2023-01-02"), EVALUATED
    ),
    "project/skip_evaluation": Way(
        "project.evaluation", advance("head", "project", "skip_evaluation", reason="För litet")
    ),
    "project/no_evaluation": Way(
        "project.evaluation",
        advance("head", "project", "no_evaluation", reason="Bolaget är borta", owner_gone="dissolved"),
    ),
    "project/adopt": Way("project.adoption_decision", replace(ADOPT, behalf="@partner"), (ADOPT,)),
    "project/adopt_partly": Way(
        "project.adoption_decision",
        advance(
            "officer", "project", "adopt_partly", "decision", "decision", adopters=BOTH[:1], adoption_plan="Införs",
            done_by="2023-12-01",
        ),
    ),
    "project/decline": Way(
        "project.adoption_decision",
        advance("officer", "project", "decline", note="mejl", behalf="@partner", reason_code="cost"),
        (advance("officer", "project", "decline", note="mejl", behalf="@owner", reason_code="cost"),),
    ),
    "project/no_answer": Way(
        "project.adoption_decision", advance("head", "project", "no_answer"), (clock("2023-07-10T12:00"),)
    ),
    "project/late_yes": Way(
        "project.not_adopted",
        advance("officer", "project", "late_yes", "decision", adopters=BOTH[:1], done_by="2023-12-01"),
    ),
    "project/confirm_regular": Way(
        "project.implementing", advance("officer", "project", "confirm_regular", "evidence", adopters=RUNNING_IN)
    ),
    "project/follow_up_again": Way(
        "project.adopted",
        advance("officer", "project", "follow_up_again", next_follow_up_on="2026-01-02"),
        (clock("2024-01-10T12:00"), *FOLLOWED),
    ),
    "project/follow_up_done": Way(
        "project.adopted", advance("officer", "project", "follow_up_done"), (clock("2024-01-10T12:00"), *FOLLOWED)
    ),
    "project/discontinued": Way(
        "project.adopted", advance("officer", "project", "discontinued", reason_code="staffing")
    ),
    "project/close_not_adopted": Way(
        "project.not_adopted",
        advance("officer", "project", "close_not_adopted", "lessons_learned", lessons_published_on="2023-01-02"),
    ),
    "project/reopen": Way(
        "project.closed", advance("head", "project", "reopen", finding="Kvitton saknas", review_date="2023-06-01")
    ),
    "project/reopen_discontinued": Way(
        "project.reopened", advance("head", "project", "reopen_discontinued", reason_code="political")
    ),
    "project/reclose": Way("project.reopened", advance("head", "project", "reclose", resolution="Utrett")),
    "project/archive_project": Way(
        "project.closed", advance("archivist", "project", "archive_project", package=PACKAGE)
    ),
    "report/schedule_report": Way(
        "project.start_up",
        new(
            "officer", "report", "extra", "schedule_report", more=("--parent", "@project"), kind="progress",
            opens_on="2022-03-01", due_on="2022-04-01", period_end="2022-03-01",
        ),
    ),
    "report/open_report": Way(
        "project.start_up", advance("officer", "report:start", "open_report"), (clock("2022-02-11T12:00"),), TICK
    ),
    "report/mark_overdue": Way(
        "report.open", advance("officer", "report:start", "mark_overdue"), (clock("2022-03-12T12:00"),), TICK
    ),
    "report/extend_due": Way(
        "report.open", advance("officer", "report:start", "extend_due", due_on="2022-05-01", reason="Sjukdom")
    ),
    "report/submit_report": Way(
        "project.start_up",
        advance("applicant", "report:start", "submit_report"),
        written("report:start", **START_REPORT),
    ),
    "report/submit_report#evaluator": Way(
        "project.evaluation",
        advance("evaluator", "report:evaluation", "submit_report"),
        (
            EVALUATOR, amend("officer", "report:evaluation", **EVALUATION),
            attach("officer", "report:evaluation", "report"),
            sign("officer", "report:evaluation", "evaluator.leader", "@evaluator", "report"),
        ),
    ),
    "report/ask_completion": Way(
        "report.submitted", advance("officer", "report:start", "ask_completion", missing_items="Utgångsläge")
    ),
    "report/resubmit": Way("report.completion", advance("applicant", "report:start", "resubmit", "completion")),
    "report/report_completion_expired": Way(
        "report.completion", advance("officer", "report:start", "report_completion_expired"),
        (clock("2022-01-27T12:00"),), TICK,
    ),
    "report/approve_report": Way("report.submitted", advance("officer", "report:start", "approve_report")),
    "report/approve_report#money": Way(
        "project.final_reporting", advance("officer", "report:final_account", "approve_report"), ACCOUNT[:-1]
    ),
    "report/refuse_report": Way(
        "report.submitted", advance("head", "report:start", "refuse_report", reasons="För tunn", consequence="redo")
    ),
    "report/redo": Way("report.not_approved", advance("officer", "report:start", "redo", due_on="2022-05-01")),
    "report/waive": Way("project.start_up", advance("head", "report:start", "waive", reason="Överflödig")),
    "report/waive#fired": Way(
        "project.evaluation", advance("head", "report:evaluation", "waive", reason="Ingen utvärdering"),
        by=advance("head", "project", "skip_evaluation", reason="För litet"),
    ),
}  # fmt: skip

PLACES: dict[str, str | tuple[str | Act, ...]] = {
    "project.start_up": "project/begin",
    "project.running": "project/confirm_start",
    "project.suspended": "project/suspend",
    "project.termination_review": "project/ask_termination",
    "project.ended_early": "project/terminate",
    "project.final_reporting": "project/end_period",
    "project.evaluation": "project/approve_final",
    "project.adoption_decision": "project/approve_evaluation",
    "project.implementing": "project/adopt",
    "project.adopted": "project/confirm_regular",
    "project.not_adopted": "project/no_evaluation",
    "project.closed": "project/close_unreported",
    "project.reopened": "project/reopen",
    "report.open": "report/open_report",
    "report.submitted": "report/submit_report",
    "report.completion": "report/ask_completion",
    "report.not_approved": "report/refuse_report",
}
