"""One row of a table as the case it means: names looked up, values read, every complaint with its column."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct

from engine.app.import_faults import Faults
from engine.app.import_template import PEOPLE, TableMap
from engine.app.naming import case_named, organisation_named, person_named, values_named
from engine.app.office import Office
from engine.app.parties import FUNCTIONS, ROLES, SIDES
from engine.core.case import Actor
from engine.core.command import Open, PartyGiven
from engine.core.definition import Definition, Field, Text
from engine.core.errors import EngineError, NotFound, UsageError
from engine.core.fields import parse_value
from engine.core.localday import start_of_day
from engine.core.table import Row
from engine.core.text import clean_text, folded
from engine.core.when import parse_when
from engine.ports import UnitOfWork

T = TypeVar("T")
Cells = Mapping[str, str]

LONGEST_TITLE = 500


class Reading(Struct, frozen=True):
    """How the rows of one table are read.

    Attributes:
        definitions: Workflow -> its definition of today.
        headings: Heading in the file -> column id.
        map: What the texts of the file mean, by column id.
        deadlines: Whether deadlines that lie ahead open.
        workflow: That of all rows, or None where a column says it.
    """

    office: Office
    actor: Actor
    definitions: Mapping[str, Definition]
    headings: Mapping[str, str]
    map: TableMap
    batch: str
    deadlines: bool
    workflow: str | None

    def cells(self, row: Row) -> dict[str, str]:
        """Column id -> text as it is meant; empty cells are left out."""
        cells = dict(self.map.defaults)
        for heading, name in self.headings.items():
            text = row.cells.get(heading, "")
            text = self.map.values.get(name, {}).get(text, text)
            if text:
                cells[name] = text
        return cells

    def heading(self, name: str) -> str:
        """The heading in the file of a column, as its reader knows it."""
        return next((heading for heading, other in self.headings.items() if other == name), name)


def case_of(tx: UnitOfWork, reading: Reading, row: Row, cells: Cells, faults: Faults) -> Open | None:
    """The command that opens the case of a row; None where something in it is wrong, which `faults` then tells."""
    cell = _Cell(reading, row, cells, faults)
    definition = cell.read("workflow", lambda text: _definition(reading, text), missing=reading.workflow)
    if definition is None:
        return None
    title = cell.read("title", lambda text: clean_text(text, LONGEST_TITLE), missing="")
    if not title and not cell.failed:
        cell.complain("title", "is empty: every case has a title")
    state = cell.read("state", lambda text: titled(text, {s.id: s.title for s in definition.states.values()}))
    opening = cell.read("opening", lambda text: titled(text, {t.event: t.title for t in definition.openings()}))
    opened = cell.read("opened_at", lambda text: _moment(tx, reading.office, text))
    entered = cell.read("entered_at", lambda text: _moment(tx, reading.office, text))
    if opened and entered and entered < opened:
        cell.complain("entered_at", "lies before the day on which the case was opened")
    parent = cell.read("parent", lambda text: case_named(tx, text))
    assignee = cell.read("assigned", lambda text: _user(tx, text))
    values = dict(_values(tx, reading, definition, cell))
    if parent:
        values |= {f.id: parent for f in definition.fields.values() if f.parent and not values.get(f.id)}
    parties = tuple(_parties(tx, cell))
    if cell.failed:
        return None
    return Open(
        reference=cells.get("reference", ""), actor=reading.actor, workflow=definition.name, imported=True,
        event=opening or first_opening(definition, state), title=title or "", set=values, parties=parties,
        parent=parent, state=state, occurred_at=entered or opened, opened_at=opened, batch=reading.batch,
        assignee=assignee, deadlines=reading.deadlines, note=cells.get("note"),
    )  # fmt: skip


class _Cell:
    """The cells of one row, read one by one; a complaint names the line and the heading."""

    def __init__(self, reading: Reading, row: Row, cells: Cells, faults: Faults) -> None:
        self._reading, self._row, self.cells, self._faults = reading, row, cells, faults
        self.failed = False

    def read(self, name: str, parse: Callable[[str], T], missing: str | None = None) -> T | None:
        """What a cell says; None where it is empty, or wrong."""
        text = self.cells.get(name, missing)
        if text is None:
            return None
        try:
            return parse(text)
        except EngineError as error:
            self.complain(name, error)
            return None

    def complain(self, name: str, error: EngineError | str) -> None:
        """Tell what is wrong with a cell."""
        self.failed = True
        self._faults.add(self._row.line, self._reading.heading(name), error)


def _definition(reading: Reading, text: str) -> Definition:
    found = reading.definitions.get(text)
    if found is None:
        raise UsageError(
            f"{text!r} is not the workflow of this import: {', '.join(reading.definitions)}",
            says="import_other_workflow",
            what=text,
            known=", ".join(reading.definitions),
        )
    return found


def titled(text: str, known: Mapping[str, Text]) -> str:
    """The id that a text means: itself, or its title in either language."""
    named = [(folded(word), name) for name, title in known.items() for word in (name, *title.values())]
    found = {name for word, name in named if word == folded(text)}
    if len(found) == 1:
        return found.pop()
    near = get_close_matches(folded(text), [word for word, _ in named], 4, 0.5)
    meant = found or {name for word, name in named if word in near} or set(known)
    titles = {name: title for name, title in known.items() if name in meant}
    listed = ", ".join(f"{name} ({title['sv']})" for name, title in titles.items())
    raise UsageError(
        f"{text!r} is {'several of' if found else 'none of them; near are' if near else 'none of'} {listed}",
        says="titled_several" if found else "titled_near" if near else "titled_unknown",
        what=text, known=[{lang: f"{name} ({told})" for lang, told in title.items()} for name, title in titles.items()],
    )  # fmt: skip


def first_opening(definition: Definition, state: str | None) -> str:
    """The opening that leads to the state, else the first that a person may make."""
    openings = definition.openings()
    fitting = [t.event for t in openings if t.target == state]
    people = [t.event for t in openings if t.by != ("system",)]
    return (fitting or people or [openings[0].event])[0]


def _moment(tx: UnitOfWork, office: Office, text: str) -> datetime:
    """When something happened elsewhere; of a bare day the first moment, as the hour is not known."""
    zone = office.calendar.zone
    found = parse_when(text, zone, now=tx.now)
    at = found if isinstance(found, datetime) else start_of_day(found, zone)
    if at > tx.now:
        raise UsageError(f"{text} lies ahead: give the day on which it happened", says="import_ahead", what=text)
    return at


def _user(tx: UnitOfWork, text: str) -> str:
    found = tx.directory.user_id(text)
    if found is None:
        raise NotFound(f"there is no user {text}: skede user list shows them", says="user_unknown", login=text)
    return found


def _values(tx: UnitOfWork, reading: Reading, definition: Definition, cell: _Cell) -> Iterator[tuple[str, Any]]:
    """The values of fields, in canonical form."""
    for name in cell.cells:
        if not name.startswith("set:"):
            continue
        field = definition.fields.get(name.removeprefix("set:"))
        if field is None:
            cell.complain(name, f"{definition.name} has no such field: leave the cell empty")
            continue
        value = cell.read(name, partial(_value, tx, reading, definition, field))
        if value is not None:
            yield field.id, value


def _value(tx: UnitOfWork, reading: Reading, definition: Definition, field: Field, text: str) -> Any:
    found = values_named(tx, reading.office, definition, {field.id: text})[field.id]
    return parse_value(field, found, zone=reading.office.calendar.zone, now=tx.now)


def _parties(tx: UnitOfWork, cell: _Cell) -> Iterator[PartyGiven]:
    """The parties of a row: an organisation, or several parted by `|`, with their people in the same order."""
    for role in ROLES:
        names = _split(cell.cells.get(role, ""))
        organisations = cell.read(role, lambda text: [organisation_named(tx, name) for name in _split(text)]) or []
        people = {function: _people(tx, cell, f"{role}.{function}", len(names)) for function in FUNCTIONS}
        for number, organisation in enumerate(organisations):
            named = {function: (found[number],) for function, found in people.items() if found and found[number]}
            side = SIDES.get(organisation.kind, "other")
            yield PartyGiven(role, organisation.id, side, named, required=role != "evaluator")


def _people(tx: UnitOfWork, cell: _Cell, name: str, wanted: int) -> list[str]:
    def parse(text: str) -> list[str]:
        parts = _split(text)
        if len(parts) != wanted:
            raise UsageError(
                f"{text!r} names {len(parts)}, for {wanted} organisations in the same row",
                says="import_names_differ",
                what=text,
                n=len(parts),
                wanted=wanted,
            )
        return [person_named(tx, part).id if part else "" for part in parts]

    return cell.read(name, parse) or []


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(PEOPLE)] if text else []
