"""How three of the projects end: adopted in regular operations, not adopted, and still being evaluated."""

from engine.app.demo.projects import PROJECTS, Project
from engine.app.demo.story_projects import EXAMINED_AFTER, approve, hand_in
from engine.app.demo.verbs import Stage, Thread, at, later, on
from engine.core.case import Case

SETTLED = {"bengtsfors": "2023-09-18", "ale": "2023-09-25", "munkedal": "2025-03-24"}
"""The day on which the final reporting is approved."""


def threads(stage: Stage) -> list[Thread]:
    """The three."""
    by_key = {project.key: project for project in PROJECTS}
    return [
        _adopted(stage, by_key["bengtsfors"]),
        _not_adopted(stage, by_key["ale"]),
        _final(stage, by_key["munkedal"]),
    ]


def _final(stage: Stage, project: Project) -> Thread:
    """The final report and the final account come a good month after the end, and are approved."""
    yield later(at(project.end), 38)
    reports = _reports(stage, project, "final", "final_account")
    spent = str(sum(int(payment.amount) for payment in project.payments))
    for report in reports:
        hand_in(stage, project, report, **({"spent": spent} if report.data["kind"] == "final_account" else {}))
    yield later(at(project.end), 38) + EXAMINED_AFTER
    for report in reports:
        approve(stage, report)
    yield at(SETTLED[project.key])
    stage.fire("officer", stage.cases[project.key], "approve_final")


def _evaluated(stage: Stage, project: Project, handed_in: str) -> Thread:
    """The evaluation comes, is approved and published."""
    yield at(handed_in)
    (report,) = _reports(stage, project, "evaluation")
    hand_in(stage, project, report)
    yield at(handed_in) + EXAMINED_AFTER
    approve(stage, report)
    reference = stage.cases[project.key]
    stage.file("officer", reference, "evaluation")
    stage.fire("officer", reference, "approve_evaluation", published_on=str(stage.today))


def _adopted(stage: Stage, project: Project) -> Thread:
    """Both parties decide to go on, the method comes into the budget, and a year later it is still there."""
    yield from _final(stage, project)
    yield from _evaluated(stage, project, "2023-11-13")
    team, reference = stage.cast.teams[project.key], stage.cases[project.key]
    yield on(2024, 1, 22)
    stage.fire(
        "officer", reference, "adopt", papers=("decision",), on_behalf_of=team.leader, done_by="2024-06-30",
        adoption_plan="Vägledarna blir tillsvidareanställda (påhittat).", budget_line="Grundskola (påhittat)",
    )  # fmt: skip
    yield on(2024, 2, 5)
    stage.fire("officer", reference, "adopt", papers=("decision",), on_behalf_of=team.care_leader)
    yield on(2024, 3, 18)
    adopters = [
        {"organisation": organisation, "budget_line": "Ordinarie ram (påhittat)", "routine": "Rutin 1 (påhittad)"}
        for organisation in (team.owner, team.partner)
    ]
    stage.fire("officer", reference, "confirm_regular", papers=("evidence",), adopters=adopters)
    yield on(2025, 4, 10)
    (report,) = _reports(stage, project, "follow_up")
    hand_in(stage, project, report, in_operation="wholly")
    yield on(2025, 4, 22)
    approve(stage, report)
    stage.fire("officer", reference, "follow_up_again", next_follow_up_on="2026-04-22")


def _not_adopted(stage: Stage, project: Project) -> Thread:
    """Both parties decline; the lessons are written down and published, and the case is closed."""
    yield from _final(stage, project)
    yield from _evaluated(stage, project, "2023-12-18")
    team, reference = stage.cast.teams[project.key], stage.cases[project.key]
    for day, person in (("2024-02-26", team.leader), ("2024-03-25", team.care_leader)):
        yield at(day)
        stage.fire("officer", reference, "decline", reason_code="cost", on_behalf_of=person)
    yield on(2024, 5, 20)
    stage.file("officer", reference, "lessons_learned")
    stage.fire("officer", reference, "close_not_adopted", lessons_published_on=str(stage.today))


def _reports(stage: Stage, project: Project, *kinds: str) -> list[Case]:
    """The reports of these kinds that wait to be handed in."""
    found = stage.children(stage.cases[project.key], "report")
    return [r for r in found if r.data["kind"] in kinds and r.state in ("open", "overdue")]
