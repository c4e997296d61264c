"""Stored definition versions, compiled once per process."""

from datetime import date
from difflib import get_close_matches
from functools import lru_cache

from engine.core.build import from_canonical
from engine.core.definition import Definition
from engine.core.errors import NotFound
from engine.core.machine import Machine
from engine.core.text import folded
from engine.ports import DefinitionRow, UnitOfWork


class Catalog:
    """Compiled machines by name and version. A published version never changes, so nothing here grows stale."""

    def __init__(self) -> None:
        self._machines: dict[tuple[str, int], Machine] = {}

    def get(self, tx: UnitOfWork, name: str, version: int) -> Machine:
        """The machine of one version.

        Raises:
            NotFound: That version was never published here.
        """
        found = self._machines.get((name, version))
        if found is None:
            row = tx.definitions.get(name, version)
            if row is None:
                raise NotFound(
                    f"there is no workflow {name} version {version} here",
                    says="version_unknown",
                    workflow=name,
                    version=version,
                )
            found = _compiled(row.body)
            self._machines[name, version] = found
        return found

    def current(self, tx: UnitOfWork, name: str, on: date) -> Machine:
        """The machine of the version that new cases begin with on a day.

        Args:
            tx: The transaction.
            name: The workflow's name, or its title in either language.
            on: The day.

        Raises:
            NotFound: No version of that workflow is valid on that day.
        """
        row = tx.definitions.current(name, on) or self._titled(tx, name, on)
        if row is None:
            self._refuse_too_early(tx, name)
            known = sorted({r.name for r in tx.definitions.all()})
            names = ", ".join(known) or "none is published"
            near = get_close_matches(name, known, 1)
            if near:
                raise NotFound(
                    f"there is no workflow {name}; did you mean {near[0]}? Here: {names}",
                    says="workflow_unknown_near", workflow=name, near=near[0], names=names,
                )  # fmt: skip
            raise NotFound(
                f"there is no workflow {name}; here: {names}", says="workflow_unknown", workflow=name, names=names
            )
        return self.get(tx, row.name, row.version)

    def _titled(self, tx: UnitOfWork, title: str, on: date) -> DefinitionRow | None:
        """The version valid on a day of the one workflow whose newest version bears that title."""
        newest = {row.name: row.version for row in sorted(tx.definitions.all(), key=lambda row: row.version)}
        names = [name for name, version in newest.items() if self._bears(tx, name, version, title)]
        return tx.definitions.current(names[0], on) if len(names) == 1 else None

    def _bears(self, tx: UnitOfWork, name: str, version: int, title: str) -> bool:
        return folded(title) in map(folded, self.definition(tx, name, version).title.values())

    def _refuse_too_early(self, tx: UnitOfWork, name: str) -> None:
        """Say from which day a workflow is valid that is published, and not yet in force.

        Raises:
            NotFound: There is such a workflow.
        """
        rows = [r for r in tx.definitions.all() if r.name == name or self._bears(tx, r.name, r.version, name)]
        if rows:
            first = min(rows, key=lambda row: row.valid_from)
            day = first.valid_from.isoformat()
            raise NotFound(
                f"the workflow {first.name} is valid from {day}: begin its cases then",
                says="workflow_too_early", workflow=first.name, day=day,
            )  # fmt: skip

    def definition(self, tx: UnitOfWork, name: str, version: int) -> Definition:
        """The definition of one version."""
        return self.get(tx, name, version).definition


@lru_cache(maxsize=64)
def _compiled(body: str) -> Machine:
    """The machine of a canonical text, shared by all the homes that this process opens."""
    return Machine(from_canonical(body))
