"""Bring cases in from a table, all or nothing, each at once in the state where it stood; and take an import back."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.app.import_faults import Faults
from engine.app.import_row import Reading, case_of
from engine.app.import_template import COMMENT, NO_MAP, TableMap, case_columns, headings, known_headings
from engine.app.imported import refuse_open
from engine.app.office import Caller, Office
from engine.app.office_change import Made, change_office
from engine.app.record import Recorded, sealed
from engine.app.run import run
from engine.core.case import Actor, Case
from engine.core.command import Open
from engine.core.definition import Definition
from engine.core.entry import Entry, parse
from engine.core.errors import ConcurrentUpdate, EngineError, NotFound, Refusal, TransitionRefused, UsageError
from engine.core.history import ACT
from engine.core.importing import IMPORTERS
from engine.core.plain import instant
from engine.core.table import Row, Table
from engine.core.text import folded
from engine.ports import UnitOfWork

Watch = Callable[[Sequence[Row]], Iterable[Row]]
"""Passes rows on one by one, so that somebody can be shown how far it has come."""


class Source(Struct, frozen=True):
    """A table to take in: its rows, the file's name and digest (hex SHA-256), and how it is to be read."""

    table: Table
    name: str
    digest: str
    map: TableMap = NO_MAP
    workflow: str | None = None

    @property
    def rows(self) -> list[Row]:
        """The rows that are no remarks."""
        return [row for row in self.table.rows if not next(iter(row.cells.values()), "").startswith(COMMENT)]

    @property
    def workflows(self) -> set[str]:
        """The workflows that the rows name."""
        named = (h for h in self.table.columns if folded(self.map.columns.get(h, h)) in ("workflow", "arbetsflöde"))
        heading = next(named, None)
        default = self.map.defaults.get("workflow", "")
        found = {row.cells[heading] if heading else default for row in self.rows}
        texts = self.map.values.get("workflow", {})
        return {texts.get(text, text) or default for text in found} - {""}


def import_cases(
    office: Office, caller: Caller, source: Source, *, batch: str | None = None, deadlines: str = "future",
    note: str | None = None, dry_run: bool = False, watch: Watch = lambda rows: rows,
) -> Mapping[str, Any]:  # fmt: skip
    """Take in every row of a table as a case, or none.

    Nothing is mailed, no rule of the way to a state is asked; what could not be checked is told as `unverified` and
    stands in the log.

    Args:
        office: Where.
        caller: Who; one of `IMPORTERS`.
        source: The table.
        batch: The name under which it can be undone, else one by day.
        deadlines: `future`: those that still lie ahead open; `none`.
        note: Why, for each case whose row has none.
        dry_run: Do it all, then roll back.
        watch: Shows how far it has come.

    Raises:
        UsageError: With the line and column of all that is wrong; nothing is taken in then.
        TransitionRefused: The caller may not import.
    """

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        name = named_import(tx, office, batch, source.name)
        reading = _reading(tx, office, actor, source, name, deadlines == "future")
        faults = Faults(source.name)
        rows = source.rows
        if not rows:
            raise UsageError(
                f"{source.name}: has no rows below its headings", says="import_no_rows", source=source.name
            )
        taken = list(_take(tx, office, reading, watch(rows), faults, note))
        faults.tell()
        refuse_open(actor, ((recorded.definition, recorded.case) for _, recorded in taken))
        told = {"batch": name, "source": source.name, "rows": len(rows), "dry_run": dry_run,
                "cases": [_told(row, recorded) for row, recorded in taken]}  # fmt: skip
        body = {"batch": name, "file": source.digest, "cases": len(taken), "deadlines": deadlines}
        return Made(told, body, {"name": source.name})

    return change_office(office, caller, "import", IMPORTERS, work, note=note, dry_run=dry_run)


def named_import(tx: UnitOfWork, office: Office, batch: str | None, source: str) -> str:
    """The name of the import of a file, entered so that its cases can carry it.

    Raises:
        UsageError: There has been an import of that name.
    """
    day = office.calendar.day(tx.now).isoformat()
    name = (batch or "").strip() or f"import-{day}-{tx.counters.take(f'import:{day}')}"
    try:
        with tx.savepoint():
            tx.cases.add_import(name, at=tx.now, source=source)
    except ConcurrentUpdate:
        raise UsageError(
            f"there has been an import {name}: give this one another name with --batch",
            says="import_batch_taken",
            name=name,
        ) from None
    return name


def _reading(tx: UnitOfWork, office: Office, actor: Actor, source: Source, batch: str, deadlines: bool) -> Reading:
    """How the rows are to be read: the workflows they belong to, and what each heading means."""
    table, mapped = source.table, source.map
    strange = [heading for heading in mapped.columns if heading not in table.columns]
    if strange:
        raise UsageError(
            f"the map names columns that {source.name} does not have: {', '.join(strange)}",
            says="import_map_columns",
            source=source.name,
            strange=", ".join(strange),
        )
    definitions = _definitions(tx, office, source)
    known = known_headings(c for definition in definitions.values() for c in case_columns(definition).values())
    named = {heading: name for heading, name in mapped.columns.items() if name}
    aimed = headings(named.values(), known, f"{source.name}, the map")
    meant = headings([h for h in table.columns if h not in mapped.columns], known, source.name)
    meant |= {heading: aimed[name] for heading, name in named.items()}
    twice = [h for h, name in meant.items() if sum(name == other for other in meant.values()) > 1]
    if twice:
        raise UsageError(
            f"{source.name}: {' and '.join(twice)} are the same column: leave one out with the map",
            says="import_column_twice",
            source=source.name,
            columns=" and ".join(twice),
        )
    if "title" not in meant.values():
        raise UsageError(
            f"{source.name}: has no column title: skede import template shows what it may have",
            says="import_no_title",
            source=source.name,
        )
    values, defaults = _by_id(mapped.values, known, source), _by_id(mapped.defaults, known, source)
    whole = TableMap(mapped.columns, values, defaults)
    return Reading(office, actor, definitions, meant, whole, batch, deadlines, source.workflow)


def _by_id(given: Mapping[str, Any], known: Mapping[str, tuple[str, ...]], source: Source) -> dict[str, Any]:
    aimed = headings(given, known, f"{source.name}, the map")
    return {aimed[name]: value for name, value in given.items()}


def _definitions(tx: UnitOfWork, office: Office, source: Source) -> dict[str, Definition]:
    """The workflows of the rows, in their versions of today."""
    today = office.calendar.day(tx.now)
    names = {source.workflow} if source.workflow else set(source.workflows)
    if not names:
        raise UsageError(
            f"{source.name}: says no workflow: give --workflow, or a column workflow",
            says="import_workflow_missing", source=source.name,
        )  # fmt: skip
    return {name: office.catalog.current(tx, name, today).definition for name in sorted(names)}


def _take(
    tx: UnitOfWork, office: Office, reading: Reading, rows: Iterable[Row], faults: Faults, note: str | None
) -> Iterator[tuple[Row, Recorded]]:
    """Open the case of each row; what hangs on a row that is wrong is not complained of again."""
    missing: set[str] = set()
    for row in rows:
        cells = reading.cells(row)
        if cells.get("parent") in missing:
            missing.add(cells.get("reference", ""))
            continue
        command = case_of(tx, reading, row, cells, faults)
        recorded = _opened(tx, office, row, replace(command, note=command.note or note), faults) if command else None
        if recorded is None:
            missing.add(cells.get("reference", ""))
        else:
            yield row, recorded
        missing.discard("")


def _opened(tx: UnitOfWork, office: Office, row: Row, command: Open, faults: Faults) -> Recorded | None:
    try:
        with tx.savepoint():
            return run(tx, office, command).first
    except EngineError as error:
        faults.add(row.line, None, error)
        return None


def _told(row: Row, recorded: Recorded) -> dict[str, Any]:
    case = recorded.case
    return {
        "line": row.line, "reference": case.reference, "workflow": case.workflow, "state": case.state,
        "title": case.title, "opened_at": instant(case.opened_at), "deadlines": [d.name for d in case.deadlines],
        "unverified": recorded.entry.body["imported"]["unverified"],
    }  # fmt: skip


def undo_import(
    office: Office, caller: Caller, batch: str, *, note: str | None = None, dry_run: bool = False
) -> Mapping[str, Any]:
    """Take an import back: its cases are gone, their log stays and says so (docs/decisions/0011).

    Raises:
        NotFound: No cases of such an import are here.
        TransitionRefused: One of them has changed since.
        UsageError: A case that did not come by it belongs to one that did.
    """

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        cases = tx.cases.of_import(batch)
        if not cases:
            raise NotFound(f"there is no import {batch}, or it has been undone", says="import_unknown", batch=batch)
        changed = [case.reference for case in cases if not _as_it_came(tx, case)]
        if changed:
            params = {"batch": batch, "n": len(changed), "cases": changed[:10]}
            raise TransitionRefused(reasons=[Refusal("import_moved_on", params)])
        for case in cases:
            _write_undone(tx, office, actor, caller.auth, case, batch)
        tx.cases.delete_import(batch)
        references = [case.reference for case in cases]
        told = {"batch": batch, "cases": references, "dry_run": dry_run}
        return Made(told, {"batch": batch, "cases": len(references)})

    return change_office(office, caller, "import_undone", IMPORTERS, work, note=note, dry_run=dry_run)


def _as_it_came(tx: UnitOfWork, case: Case) -> bool:
    """Whether the entry that brought the case in, or the last of the history it came with, is its latest."""
    latest = tx.log.entry(case.reference, case.n)
    return latest is not None and parse(latest.line).act in ("open", ACT)


def _write_undone(tx: UnitOfWork, office: Office, actor: Actor, auth: str, case: Case, batch: str) -> None:
    definition = office.catalog.definition(tx, case.workflow, case.version)
    at = instant(max(tx.now, case.recorded_at))
    entry = Entry(
        act="import_undone", case=case.reference, n=case.n + 1, at=at, occ=at, actor=actor.user, auth=auth,
        body={"batch": batch}, wf=f"{case.workflow}@{case.version}", definition=definition.digest,
    )  # fmt: skip
    tx.log.append(sealed(tx, entry, {}, case.head)[1])
