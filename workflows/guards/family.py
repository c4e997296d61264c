"""The cases around a case, as the guards of a project reckon with them: reports by kind, money paid and returned."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from engine.core.case import Case
from engine.core.guard import Context
from workflows.guards.values import money, records, total

STANDING = ("in_force", "archived", "superseded", "annulled")
"""States of a decision that nobody has to wait for."""
UNDER_WAY = ("start_up", "running", "suspended", "termination_review")
"""States of a project whose period has begun and not ended."""


def of_workflow(cases: Iterable[Case], workflow: str) -> tuple[Case, ...]:
    """Those of one workflow."""
    return tuple(case for case in cases if case.workflow == workflow)


def children(context: Context, workflow: str) -> tuple[Case, ...]:
    """The case's own children of one workflow."""
    return of_workflow(context.facts.cases("children"), workflow)


def siblings(context: Context, workflow: str) -> tuple[Case, ...]:
    """The other children of the case's parent, of one workflow."""
    found = of_workflow(context.facts.cases("parent/children"), workflow)
    return tuple(case for case in found if case.reference != context.case.reference)


def of_kind(reports: Iterable[Case], kinds: Sequence[str]) -> tuple[Case, ...]:
    """The reports of some kinds."""
    return tuple(report for report in reports if report.data.get("kind") in kinds)


def approved_amount(requisitions: Iterable[Case], states: Sequence[str]) -> Decimal:
    """What was approved in the requisitions that are in one of the states."""
    return sum((money(case.data.get("approved_amount")) for case in requisitions if case.state in states), Decimal(0))


def paid(cases: Iterable[Case]) -> Decimal:
    """What has been paid out."""
    return approved_amount(of_workflow(cases, "requisition"), ("paid",))


def paid_back(reclaim: Case) -> Decimal:
    """What has come in on a reclaim."""
    return total(records(reclaim.data, "payments"), "amount")
