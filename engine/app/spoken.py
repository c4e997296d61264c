"""Field values as people read them in mails: formatted, and with names in place of ids."""

from collections.abc import Mapping
from typing import Any

from engine.app.called import ID, names_of
from engine.core.definition import Field
from engine.core.fields import format_value
from engine.ports import UnitOfWork


class Speaker:
    """Turns the data of cases into texts of one language."""

    def __init__(self, tx: UnitOfWork, lang: str, zone: Any) -> None:
        self._tx, self._lang, self._zone = tx, lang, zone

    def texts(self, fields: Mapping[str, Field], data: Mapping[str, Any]) -> dict[str, Any]:
        """Every field as text, "" where it is empty; lists as records of texts."""
        return {f.id: self._text(f, data.get(f.id)) for f in fields.values()}

    def _text(self, field: Field, value: Any) -> Any:
        if field.type == "list":
            return [{name: self._text(part, record.get(name)) for name, part in field.item.items()}
                    for record in value or ()]  # fmt: skip
        if value is None:
            return ""
        if isinstance(value, str) and ID.fullmatch(value):
            return names_of(self._tx, {value}).get(value, value)
        if field.type == "case":
            found = self._tx.cases.get(str(value))
            return found.title if found else str(value)
        return format_value(field, value, self._lang, zone=self._zone)
