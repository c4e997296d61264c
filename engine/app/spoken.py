"""Field values as people read them in mails: formatted, and with names in place of ids."""

import re
from collections.abc import Mapping
from typing import Any

from engine.core.definition import Field
from engine.core.fields import format_value
from engine.ports import UnitOfWork

_ID = re.compile(r"[op]:\d+")


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
        if isinstance(value, str) and _ID.fullmatch(value):
            return self._name(value)
        if field.type == "case":
            found = self._tx.cases.get(str(value))
            return found.title if found else str(value)
        return format_value(field, value, self._lang, zone=self._zone)

    def _name(self, some_id: str) -> str:
        """The name behind an id; fills put ids into text fields too (`presented_by`)."""
        if some_id.startswith("o:"):
            organisation = self._tx.directory.organisations({some_id}).get(some_id)
            return organisation.name if organisation else some_id
        person = self._tx.directory.person(some_id)
        return person.name if person else some_id
