"""What the ids in a refusal are called, so that people read the words they know from everywhere else.

The ids themselves stay in `Refusal.params`, for the log and for scripts.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from engine.app.called import ID, names_of
from engine.app.office import Office
from engine.core.command import Command, Open
from engine.core.definition import Definition, Field, Text
from engine.core.errors import Refusal
from engine.core.language import LANGUAGES
from engine.core.localday import format_day, format_moment
from engine.core.money import format_money
from engine.ports import UnitOfWork

_FIELDS = ("field", "other", "list", "wanted", "anchor", "missing", "target")
_CASES = ("child", "report", "linked", "project", "item", "decision", "other", "request", "parent")
"""Parameters that hold a case; a state beside one is a state of that case."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$")
_AMOUNT = re.compile(r"-?\d+\.\d\d")
_CHOICES = ("kind", "side", "admitted", "values", "type", "why")


def titled(office: Office, command: Command, reasons: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """The reasons why a command was refused, with the titles of what they mention."""
    with office.store.read() as tx:
        if isinstance(command, Open):
            definition = office.catalog.current(tx, command.workflow, office.calendar.day(tx.now)).definition
        else:
            case = tx.cases.get(command.reference)
            if case is None:
                return tuple(reasons)
            definition = office.catalog.definition(tx, case.workflow, case.version)
        return with_titles(tx, office, definition, reasons)


def with_titles(
    tx: UnitOfWork, office: Office, definition: Definition, reasons: Iterable[Refusal]
) -> tuple[Refusal, ...]:
    """The reasons with the titles of what they mention, by a definition and by the cases and people they name."""
    titles = _Titles(tx, office, definition)
    return tuple(replace(reason, titles=titles.of(reason)) for reason in reasons)


class _Titles:
    def __init__(self, tx: UnitOfWork, office: Office, definition: Definition) -> None:
        self._tx, self._office, self._definition = tx, office, definition

    def of(self, reason: Refusal) -> dict[str, dict[str, Text]]:
        """Parameter -> id -> title, for those that have one."""
        found = {
            name: {one: title for one in _each(value) if (title := self._title(name, one, reason.params))}
            for name, value in reason.params.items()
        }
        return {name: titles for name, titles in found.items() if titles}

    def _title(self, name: str, value: str, params: Mapping[str, Any]) -> Text | None:
        definition = self._definition
        found: Text | None = self._plain(value, params)
        if found is not None:
            return found
        match name:
            case "state" | "states":
                states = self._owner(params).states
                found = states[value].title if value in states else None
            case "event" | "events":
                edges = (t for t in definition.transitions if t.event == value)
                found = next((edge.title for edge in edges), None)
            case "deadline" if value in definition.deadlines:
                found = definition.deadlines[value].title
            case "column" if params.get("list") in definition.fields:
                found = _field_title(definition.fields[params["list"]].item, value)
            case _ if name in _FIELDS:
                found = self._field(name, value, params)
        if found is None and name == "kind" and value in definition.documents:
            found = definition.documents[value].title
        if found is None and name in _CHOICES:
            found = self._label(value)
        return {"sv": f"”{found['sv']}”", "en": f"“{found['en']}”"} if found else None

    def _plain(self, value: str, params: Mapping[str, Any]) -> Text | None:
        """A person, a day, an instant or an amount as people write it; None for any other text."""
        if ID.fullmatch(value):
            name = names_of(self._tx, {value}).get(value)
            return {"sv": name, "en": name} if name else None
        if _AMOUNT.fullmatch(value):
            return {lang: format_money(value, lang) for lang in LANGUAGES}
        try:
            found = datetime.fromisoformat(value) if _MOMENT.match(value) else None
        except ValueError:
            return None
        if found is None:
            return None
        if found.tzinfo is None:
            return {lang: format_day(found.date(), lang) for lang in LANGUAGES}
        return {lang: format_moment(found, lang, self._office.calendar.zone, ends_day=self._ends_day(params))
                for lang in LANGUAGES}  # fmt: skip

    def _ends_day(self, params: Mapping[str, Any]) -> bool:
        """Whether midnight closes a day: in fields but those that begin one, and never where something occurred."""
        field = self._owner(params).fields.get(str(params.get("field"))) or self._definition.fields.get(
            str(params.get("field"))
        )
        return field is not None and field.day != "start"

    def _field(self, name: str, value: str, params: Mapping[str, Any]) -> Text | None:
        """A field's title; what is missing may be a criterion, what is wanted of a linked case is a field of that."""
        review = self._definition.review
        if name == "missing" and review and value in review.criteria:
            return review.criteria[value]
        return _field_title(self._owner(params).fields, value) or _field_title(self._definition.fields, value)

    def _owner(self, params: Mapping[str, Any]) -> Definition:
        """The definition of the case that the refusal is about, where it is not the one it was given for."""
        for name in _CASES:
            case = self._tx.cases.get(str(params[name])) if params.get(name) else None
            if case is not None:
                return self._office.catalog.definition(self._tx, case.workflow, case.version)
        return self._definition

    def _label(self, value: str) -> Text | None:
        """The label of a choice, wherever the definition has it."""
        fields = self._definition.fields.values()
        parts = (part for field in fields for part in field.item.values())
        return next((one.labels[value] for one in (*fields, *parts) if value in one.labels), None)


def _field_title(fields: Mapping[str, Field], name: str) -> Text | None:
    return fields[name].title if name in fields else None


def _each(value: Any) -> Sequence[str]:
    if isinstance(value, list | tuple):
        return [part for part in value if isinstance(part, str)]
    return [value] if isinstance(value, str) else []
