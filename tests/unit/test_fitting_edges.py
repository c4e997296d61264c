"""Of the edges of an event only those are told that may be meant: by the case's data, and by people or the clock."""

import pytest
from guarding import HEAD, NOW, around, project, report, workflow

from engine.core.choosing import choose, fitting
from engine.core.command import Advance
from engine.core.decision import Setup
from engine.core.errors import TransitionRefused
from engine.core.machine import Machine
from engine.core.schedule import Calendar
from workflows.guards import registry

SETUP = Setup(Machine(workflow("report")), registry, Calendar(), around(parent=project()), NOW)


@pytest.mark.parametrize(("kind", "roles"), [("progress", ["applicant"]), ("evaluation", ["applicant", "evaluator"])])
def test_an_evaluator_may_hand_in_the_evaluation_alone(kind: str, roles: list[str]) -> None:
    found = fitting(SETUP, report(kind, "open"), "submit_report", HEAD)

    assert [role for edge in found for role in edge.by] == roles


def test_a_person_is_not_told_what_hinders_the_clock() -> None:
    waived = report("progress", "overdue")

    with pytest.raises(TransitionRefused) as refused:
        choose(SETUP, waived, Advance(reference=waived.reference, actor=HEAD, event="waive"), NOW)

    assert [reason.code for reason in refused.value.reasons] == ["field_must_be_brought"]
