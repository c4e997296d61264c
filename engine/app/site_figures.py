"""What the charts of a site count in one case: how long it stayed where, its money, and its reports."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from engine.core.case import Case
from engine.core.definition import Definition

PAID = ("requisition", "paid")
"""Workflow and state of a case by which money has left."""
REPORT_DUE = "report_due"
"""Name of the deadline by which a report is to be there."""


def stays(definition: Definition, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every stay of a case in a state, by when things happened; the last one has no end.

    A recorded time that lies before the one of the entry before it counts as that: nobody is anywhere for less than
    no time.
    """
    found: list[dict[str, Any]] = []
    for entry in entries:
        state = entry["target"]
        if state is None or state not in definition.states or (found and found[-1]["state"] == state):
            continue
        at = max(entry["occurred_at"], found[-1]["from"]) if found else entry["occurred_at"]
        if found:
            found[-1]["to"] = at
        known = definition.states[state]
        found.append({"state": state, "phase": known.phase, "final": known.final, "from": at, "to": None})
    return found


def counted(
    case: Case, entered_on: date, deadlines: Sequence[Mapping[str, Any]], granted: Decimal | None
) -> dict[str, Any]:
    """The money and the reports of a case.

    Args:
        case: The case.
        entered_on: The local day on which it came to its state; counts where no day was given.
        deadlines: All that it has or had.
        granted: What is granted to it now; None where it is no application.

    Returns:
        `granted` and `paid` (`{"amount", "on"}`, or None), and `reports`: per report when it was due, and whether it
        came `in_time`, `late`, or is `missing`.
    """
    data = case.data
    amount = data.get("approved_amount")
    paid_on = data.get("paid_on") or entered_on.isoformat()
    decided_on = data.get("decided_on") or entered_on.isoformat()
    return {
        "granted": {"amount": f"{granted:.2f}", "on": decided_on} if granted else None,
        "paid": {"amount": amount, "on": paid_on} if amount and (case.workflow, case.state) == PAID else None,
        "reports": [one for one in map(_report, deadlines) if one],
    }


def _report(deadline: Mapping[str, Any]) -> dict[str, str] | None:
    """How one report came; None for other deadlines, and for those still ahead or let go."""
    if deadline["name"] != REPORT_DUE:
        return None
    passed = deadline["passed_at"] is not None or deadline["overdue"]
    if deadline["state"] == "met":
        return {"due_on": deadline["due_on"], "outcome": "late" if passed else "in_time"}
    return {"due_on": deadline["due_on"], "outcome": "missing"} if passed and deadline["state"] == "open" else None
