"""Published definitions, which are never changed."""

from datetime import date, datetime

from engine.ports import DefinitionRow
from engine.store.connection import Connection
from engine.store.statements import SQL
from engine.store.texts import instant


class SqlDefinitions:
    """Published versions of workflows."""

    def __init__(self, connection: Connection) -> None:
        self._run = connection.execute

    def get(self, name: str, version: int) -> DefinitionRow | None:
        row = self._run(SQL["definition_get"], {"name": name, "version": version}).fetchone()
        return None if row is None else _read(row)

    def current(self, name: str, on: date) -> DefinitionRow | None:
        """The newest version in force on that day."""
        row = self._run(SQL["definition_current"], {"name": name, "on": on.isoformat()}).fetchone()
        return None if row is None else _read(row)

    def all(self) -> tuple[DefinitionRow, ...]:
        """Every version, by name and version."""
        return tuple(_read(row) for row in self._run(SQL["definition_all"]))

    def add(self, row: DefinitionRow) -> None:
        """Publish; a version that exists cannot be published again (ConcurrentUpdate when the unit ends)."""
        self._run(SQL["definition_add"], {
            "name": row.name, "version": row.version, "digest": row.digest, "body": row.body, "text": row.text,
            "published_at": instant(row.published_at), "valid_from": row.valid_from.isoformat(),
        })  # fmt: skip


def _read(row: tuple[str, int, str, str, str, str, str]) -> DefinitionRow:
    name, version, digest, body, text, published_at, valid_from = row
    return DefinitionRow(
        name, version, digest, body, text, datetime.fromisoformat(published_at), date.fromisoformat(valid_from)
    )
