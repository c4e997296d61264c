"""Guards that any workflow may use about related cases: those it points at, and those it has brought forth."""

from collections.abc import Sequence
from typing import Any

from engine.core.case import Case
from engine.core.errors import Refusal
from engine.core.guard import Context
from workflows.guards.registry import registry
from workflows.guards.values import Refusals


def linked(context: Context, path: str) -> Case | None:
    """The case that a field points at, with what the command and its fills have just put there; None if empty.

    A path goes on from case to case: `call.board_meeting`.
    """
    found: Case | None = None
    data = context.data
    for field in path.split("."):
        reference = data.get(field)
        found = context.facts.case(f"@{reference}") if reference else None
        if found is None:
            return None
        data = found.data
    return found


@registry.guard("linked_in@1", needs=("{field}",), field=str, states=tuple)
def linked_in(context: Context, /, *, field: str, states: Sequence[str]) -> Refusals:
    """The field points at a case, and that case is in one of the states."""
    other = linked(context, field)
    if other is None:
        yield Refusal("link_missing", {"field": field}, f"skede amend {{case}} -s {field}=REF")
    elif other.state not in states:
        params = {"field": field, "linked": other.reference, "state": other.state, "states": list(states)}
        yield Refusal("linked_not_in", params)


@registry.guard("linked_field@1", needs=("{field}",), field=str, target=str, value=object)
def linked_field(context: Context, /, *, field: str, target: str, value: Any) -> Refusals:
    """The field points at a case, and that case's field `target` holds the value."""
    other = linked(context, field)
    if other is None:
        yield Refusal("link_missing", {"field": field}, f"skede amend {{case}} -s {field}=REF")
    elif other.data.get(target) != value:
        params = {"field": field, "linked": other.reference, "target": target, "value": value}
        yield Refusal("linked_field_differs", params)


@registry.guard("children_in@1", needs=("children",), workflow=str, states=tuple)
def children_in(context: Context, /, *, workflow: str, states: Sequence[str]) -> Refusals:
    """Every child of the workflow is in one of the states; having none is fine."""
    for child in context.facts.cases("children"):
        if child.workflow == workflow and child.state not in states:
            params = {"child": child.reference, "state": child.state, "states": list(states)}
            yield Refusal("child_not_in", params, f"skede next {child.reference}")


@registry.guard("no_child_in@1", needs=("children",), workflow=str, states=tuple)
def no_child_in(context: Context, /, *, workflow: str, states: Sequence[str]) -> Refusals:
    """No child of the workflow is in one of the states."""
    for child in context.facts.cases("children"):
        if child.workflow == workflow and child.state in states:
            yield Refusal("child_in", {"child": child.reference, "state": child.state}, f"skede next {child.reference}")


@registry.guard("no_child@1", needs=("children",), workflow=str)
def no_child(context: Context, /, *, workflow: str) -> Refusals:
    """The case has no child of the workflow."""
    for child in context.facts.cases("children"):
        if child.workflow == workflow:
            yield Refusal("child_exists", {"workflow": workflow, "child": child.reference})


@registry.guard("has_child@1", needs=("children",), workflow=str)
def has_child(context: Context, /, *, workflow: str) -> Refusals:
    """The case has a child of the workflow."""
    if not any(child.workflow == workflow for child in context.facts.cases("children")):
        yield Refusal("no_such_child", {"workflow": workflow})
