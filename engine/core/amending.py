"""Which fields a command may set, and their values in canonical form."""

from collections.abc import Mapping
from typing import Any

from engine.core.case import Case
from engine.core.decision import Setup
from engine.core.definition import Definition, Field, Transition
from engine.core.errors import Refusal, ValueMalformed
from engine.core.fields import parse_value


def parse_values(setup: Setup, given: Mapping[str, Any], *, computed: bool = False) -> dict[str, Any]:
    """The values of a command in canonical form; an empty text empties a field.

    Args:
        setup: For the fields.
        given: Values as typed.
        computed: Take values of computed fields too, as of a case that was computed elsewhere.

    Raises:
        ValueMalformed: A field is unknown, computed, or its value does not have its form.
    """
    values: dict[str, Any] = {}
    for name, raw in given.items():
        field = setup.definition.fields.get(name)
        if field is None:
            raise _unknown(setup.definition, name)
        if field.computed and not computed:
            raise ValueMalformed(
                f"field {name} is computed and cannot be set", says="field_computed", title=field.title, field=name
            )
        empty = raw is None or raw == ""
        values[name] = None if empty else parse_value(field, raw, zone=setup.calendar.zone, now=setup.now)
    return values


def _unknown(definition: Definition, name: str) -> ValueMalformed:
    from difflib import get_close_matches  # costs milliseconds, and only a mistaken name needs it

    close = get_close_matches(name, definition.fields, 1)
    hint = f"; did you mean {close[0]}?" if close else f"; it has {', '.join(sorted(definition.fields))}"
    return ValueMalformed(
        f"{definition.name} has no field {name}{hint}",
        says="field_unknown_near" if close else "field_unknown",
        field=name, workflow=definition.title, near=close, fields=sorted(definition.fields),
    )  # fmt: skip


def editors(definition: Definition, case: Case, field: Field | None = None) -> tuple[str, ...]:
    """The roles that may change a field (or, without one, the case) where the case is now."""
    state = definition.states[case.state]
    if state.final or (field is not None and field.computed):
        return ()
    if field is not None and field.amend_by is not None:
        return field.amend_by
    if state.edit is not None:
        return state.edit
    return tuple(dict.fromkeys(role for role in ("officer", state.owner) if role))


def foreign_fields(setup: Setup, case: Case, edge: Transition, values: Mapping[str, Any], role: str) -> list[Refusal]:
    """Fields that neither the event takes nor the role may amend here."""
    if edge.is_opening:
        return []
    taken = {*edge.needs.fields, *edge.needs.brings, *edge.takes, edge.item}
    return [
        Refusal("field_not_for_event", {"field": name, "event": edge.event})
        for name in values
        if name not in taken and role not in editors(setup.definition, case, setup.definition.fields[name])
    ]
