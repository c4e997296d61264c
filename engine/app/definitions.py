"""Published workflows as people look at them: which there are, what one says, and where a case has been in it."""

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from engine.app.access import case_seen, reader
from engine.app.office import Caller, Office
from engine.app.publish import faults_of
from engine.core.build import draft
from engine.core.definition import Definition
from engine.core.entry import parse
from engine.core.errors import NotFound
from engine.core.plain import instant
from engine.core.shape import Fault
from engine.ports import CaseFilter, DefinitionRow, UnitOfWork


class Published(Struct, frozen=True):
    """One published version; `current` = new cases begin with it today, `cases` = how many follow it."""

    definition: Definition
    row: DefinitionRow
    current: bool
    cases: int

    def told(self) -> dict[str, Any]:
        """As scripts read it, without the rules."""
        row = self.row
        return {
            "name": row.name, "version": row.version, "title": dict(self.definition.title), "digest": row.digest,
            "valid_from": row.valid_from.isoformat(), "published_at": instant(row.published_at),
            "current": self.current, "cases": self.cases,
        }  # fmt: skip


class Walk(Struct, frozen=True):
    """A definition, and where a case is and has been in it; without a case nowhere."""

    definition: Definition
    current: str | None = None
    visited: frozenset[str] = frozenset()


def published(office: Office, caller: Caller) -> list[Published]:
    """Every published version, by name and version."""
    with office.store.read() as tx:
        reader(tx, office, caller)
        counts: dict[tuple[str, int], int] = {}
        for case in tx.cases.list(CaseFilter(closed=None)):
            counts[case.workflow, case.version] = counts.get((case.workflow, case.version), 0) + 1
        return [_published(tx, office, row, counts.get((row.name, row.version), 0)) for row in tx.definitions.all()]


def _published(tx: UnitOfWork, office: Office, row: DefinitionRow, cases: int) -> Published:
    current = tx.definitions.current(row.name, office.calendar.day(tx.now))
    definition = office.catalog.definition(tx, row.name, row.version)
    return Published(definition, row, current is not None and current.version == row.version, cases)


def one(office: Office, caller: Caller, name: str, version: int | None = None) -> Published:
    """One version of a workflow: the one named, else the one that new cases begin with, else the newest.

    Raises:
        NotFound: There is no such workflow, or not in that version.
    """
    found = [p for p in published(office, caller) if p.row.name == name]
    wanted = [p for p in found if version in (None, p.row.version)]
    if not wanted:
        known = ", ".join(f"{p.row.name} {p.row.version}" for p in found or published(office, caller))
        raise NotFound(f"there is no workflow {name}{f' version {version}' if version else ''} here; there is {known}")
    return next((p for p in wanted if p.current), wanted[-1])


def rules_of(row: DefinitionRow) -> Mapping[str, Any]:
    """The whole definition as plain data."""
    whole: Mapping[str, Any] = json.loads(row.body)
    return whole


def walked(office: Office, caller: Caller, name: str | None, reference: str | None) -> Walk:
    """A workflow as a map, with the way of a case on it.

    Args:
        office: Where.
        caller: Who asks.
        name: The workflow; None = that of the case.
        reference: The case, as it was typed, or None.

    Raises:
        NotFound: There is no such workflow or case, or the case follows another workflow.
    """
    if reference is None:
        return Walk(one(office, caller, name or "").definition)
    with office.store.read() as tx:
        case = case_seen(tx, office, reader(tx, office, caller), reference)
        if name not in (None, case.workflow):
            raise NotFound(
                f"{case.reference} is a {case.workflow}, not a {name}",
                says="case_of_other_workflow",
                case=case.reference,
                workflow=case.workflow,
                name=name,
            )
        entries = (parse(logged.line) for logged in tx.log.entries(case.reference))
        been = frozenset(entry.target for entry in entries if entry.target is not None)
        return Walk(office.catalog.definition(tx, case.workflow, case.version), case.state, been - {case.state})


def judged(office: Office, files: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Fault]]:
    """Every fault of definitions that are judged together, by file."""
    drafts = [draft(plain)[0] for plain in files.values()]
    others = {d.name: d for d in drafts}
    with office.store.read() as tx:
        return {name: faults_of(tx, office, plain, others) for name, plain in files.items()}
