"""Rows of a bulk file as commands: every cell is looked at before anything is done, and every fault is told."""

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from engine.app.advance import Given, Paper, file_digest
from engine.app.bulk_faults import REMARK, fault, faulty, strange_columns
from engine.app.naming import case_named, event_named, field_called, person_named, user_named, values_named
from engine.app.office import Office
from engine.core.canonical import canonical
from engine.core.definition import Definition, Field, Text
from engine.core.errors import EngineError, UsageError
from engine.core.fields import parse_value
from engine.core.machine import START, Machine
from engine.core.money import to_ore
from engine.ports import UnitOfWork

_NAMESPACE = uuid.UUID("5b0c3f0a-5a57-5d0e-9d1c-6f1c1f6f2a51")
"""Of the request ids that are computed from a row's content."""


class Files(Struct, frozen=True):
    """How the files that a row names are read; their paths are relative to the bulk file.

    Attributes:
        paper: Kind and path -> the document.
        values: Path of a JSON or TOML file -> its values.
        moment: A WHEN, the office's zone and now -> the instant at which something happened.
    """

    paper: Callable[[str, str], Paper]
    values: Callable[[str], Mapping[str, Any]]
    moment: Callable[[str, Any, datetime], datetime]
    folder: Path


class Errand(Struct, frozen=True):
    """One row, understood.

    Attributes:
        reference: The case, or None where the row opens one of `workflow`.
        papers: (kind, path): read when it is the row's turn, so that not all of them are in memory.
        signs: (for whom, the kind of document, who signed).
        sums: Field -> amount in öre, of the fields that hold money.
        titles: Field -> what it is called, of those.
    """

    line: int
    reference: str | None
    workflow: str | None
    event: str | None
    given: Given
    title: str = ""
    parent: str | None = None
    parties: tuple[str, ...] = ()
    papers: tuple[tuple[str, str], ...] = ()
    signs: tuple[tuple[str, str, str], ...] = ()
    assign: str | None = None
    sums: Mapping[str, int] = field(default_factory=dict)
    titles: Mapping[str, Text] = field(default_factory=dict)
    request_id: str = ""


def read_errands(
    office: Office, columns: Sequence[str], rows: Iterable[tuple[int, Mapping[str, str]]], files: Files
) -> list[Errand]:
    """The rows of a table as commands.

    Args:
        office: Where.
        columns: The columns of the table.
        rows: (line, cells by column).
        files: How files are read.

    Raises:
        UsageError: A column or a cell is wrong; every one is named with its line.
    """
    strange = list(strange_columns(columns))
    if strange:
        raise faulty(strange)
    faults: list[UsageError] = []
    errands: list[Errand] = []
    with office.store.read() as tx:
        reader = _Reader(tx, office, files)
        for line, cells in rows:
            filled = {name: cell for name, cell in cells.items() if cell and not name.startswith(REMARK)}
            errand = reader.errand(line, filled)
            faults += [fault(line, column, what) for column, what in reader.faults]
            if errand is not None:
                errands.append(errand)
    if faults:
        raise faulty(faults)
    return list(_numbered(errands, files))


class _Reader:
    """Understands rows one by one; `faults` holds (column, what) of the latest."""

    def __init__(self, tx: UnitOfWork, office: Office, files: Files) -> None:
        self._tx, self._office, self._files = tx, office, files
        self.faults: list[tuple[str, EngineError]] = []

    def errand(self, line: int, cells: Mapping[str, str]) -> Errand | None:
        self.faults = []
        found = self._place(cells)
        if found is None:
            return None
        machine, reference, state = found
        definition = machine.definition
        event = self._try("event", partial(self._event, machine, state, cells.get("event")))
        typed = {**self._data(cells), **_having("set", cells)}
        values, money = self._values(definition, typed)
        for kind, path in _having("attach", cells).items():
            self._paper(definition, kind, path)
        signs = tuple(self._signs(definition, state, event, cells))
        assign = cells.get("assign")
        if assign:
            self._try("assign", partial(user_named, self._tx, assign))
        behalf = cells.get("on_behalf_of")
        if behalf:
            self._try("on_behalf_of", partial(person_named, self._tx, behalf))
        when = cells.get("occurred")
        zone, now = self._office.calendar.zone, self._tx.now
        occurred = self._try("occurred", partial(self._files.moment, when, zone, now)) if when else None
        self._whole(reference, event, values, cells, signs)
        if self.faults:
            return None
        given = Given(set=values, note=cells.get("note"), on_behalf_of=behalf, occurred_at=occurred)
        return Errand(
            line=line, reference=reference, workflow=None if reference else cells["workflow"], event=event, given=given,
            title=cells.get("title", ""), parent=cells.get("parent"),
            parties=tuple(f"{role}={text}" for role, text in _having("party", cells).items()),
            papers=tuple(_having("attach", cells).items()), signs=signs, assign=assign, sums=money,
            titles={name: definition.fields[name].title for name in money}, request_id=cells.get("request_id", ""),
        )  # fmt: skip

    def _complain(self, column: str, message: str, says: str, **params: Any) -> None:
        self.faults.append((column, UsageError(message, says=says, **params)))

    def _try(self, column: str, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except EngineError as error:
            self.faults.append((column, error))
            return None

    def _place(self, cells: Mapping[str, str]) -> tuple[Machine, str | None, str] | None:
        """The rules, the case, and the state that the row begins from."""
        tx, catalog = self._tx, self._office.catalog
        named = [name for name in ("reference", "workflow") if cells.get(name)]
        if len(named) != 1:
            told = "name a case, or a workflow to open one, and not both"
            self._complain("reference", told, "bulk_case_or_workflow")
            return None
        if named == ["workflow"]:
            day = self._office.calendar.day(tx.now)
            machine = self._try("workflow", partial(catalog.current, tx, cells["workflow"], day))
            return None if machine is None else (machine, None, START)
        reference = self._try("reference", partial(case_named, tx, cells["reference"]))
        case = tx.cases.get(reference) if reference else None
        return None if case is None else (catalog.get(tx, case.workflow, case.version), case.reference, case.state)

    def _event(self, machine: Machine, state: str, text: str | None) -> str | None:
        if text is None:
            return None
        name = event_named(machine, state, text)
        if all(edge.event != name for edge in machine.definition.transitions):
            raise UsageError(
                f"{machine.definition.name} has no event {text}",
                says="bulk_event_unknown", event=text, workflow=machine.definition.title,
            )  # fmt: skip
        return name

    def _data(self, cells: Mapping[str, str]) -> Mapping[str, Any]:
        path = cells.get("data")
        read: Mapping[str, Any] = self._try("data", partial(self._files.values, path)) if path else {}
        return read or {}

    def _values(self, definition: Definition, typed: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
        """Look at every value as the rules will: the values by the ids of their fields, and the amounts among them."""
        values: dict[str, Any] = {}
        sums = {}
        for name, raw in typed.items():
            known = self._try(f"set:{name}", partial(self._field, definition, name))
            if known is None:
                continue
            if known.id in values:
                told = f"field {known.id} is given twice: leave one out"
                self._complain(f"set:{name}", told, "bulk_given_twice", field=known.title)
            values[known.id] = raw
            value = self._try(f"set:{name}", partial(self._value, definition, known, raw))
            if known.type == "money" and value is not None:
                sums[known.id] = to_ore(value)
        return values, sums

    def _field(self, definition: Definition, text: str) -> Field:
        found = field_called([definition], text)
        if found is None:
            raise UsageError(
                f"{definition.name} has no field {text}",
                says="field_unknown", field=text, workflow=definition.title, fields=sorted(definition.fields),
            )  # fmt: skip
        return found

    def _value(self, definition: Definition, known: Field, raw: Any) -> Any:
        named = values_named(self._tx, self._office, definition, {known.id: raw})
        return parse_value(known, named[known.id], zone=self._office.calendar.zone, now=self._tx.now)

    def _paper(self, definition: Definition, kind: str, path: str) -> None:
        column = f"attach:{kind}"
        if kind not in definition.documents:
            kinds = sorted(definition.documents)
            told = f"{definition.name} has no document kind {kind}; it has {', '.join(kinds)}"
            self._complain(column, told, "kind_unknown", kind=kind, workflow=definition.title, known=kinds)
        elif not (self._files.folder / path).is_file():
            told = f"there is no file {path}; paths are relative to the table"
            self._complain(column, told, "bulk_file_missing", path=path)

    def _signs(
        self, definition: Definition, state: str, event: str | None, cells: Mapping[str, str]
    ) -> Iterator[tuple[str, str, str]]:
        """`sign:ROLE` is over what the event needs signed, or `sign:ROLE:KIND` names it."""
        for name, person in _having("sign", cells).items():
            who, _, kind = name.partition(":")
            self._try(f"sign:{name}", partial(person_named, self._tx, person))
            wanted = [kind] if kind else signed_kinds(definition, state, event)
            if len(wanted) == 1:
                yield who, wanted[0], person
            else:
                told = f"name the document that was signed: sign:{who}:KIND"
                self._complain(f"sign:{name}", told, "bulk_sign_kind", cell=f"sign:{who}")

    def _whole(
        self, reference: str | None, event: str | None, values: Mapping[str, Any], cells: Mapping[str, str],
        signs: Sequence[Any],
    ) -> None:  # fmt: skip
        if reference is None:
            if not cells.get("title"):
                self._complain("title", "a case that is opened needs a title", "bulk_title_missing")
            return
        for name in ("title", "parent", *(f"party:{role}" for role in _having("party", cells))):
            if cells.get(name):
                self._complain(name, "is for cases that are opened; this one is there already", "bulk_for_new")
        if event is None and not cells.get("event"):
            if values:
                self._complain("event", "fields are set by an event: name one", "bulk_event_missing")
            elif not (signs or cells.get("assign") or _having("attach", cells) or cells.get("note")):
                self._complain("event", "the row does nothing: name an event", "bulk_row_idle")


def _having(prefix: str, cells: Mapping[str, str]) -> dict[str, str]:
    return {name.partition(":")[2]: cell for name, cell in cells.items() if name.startswith(f"{prefix}:")}


def signed_kinds(definition: Definition, state: str, event: str | None) -> list[str]:
    """The kinds of document that an event needs signed."""
    edges = [t for t in definition.transitions if t.event == event and (state in t.source or t.is_opening)]
    return sorted({token.partition(":")[2] for edge in edges for token in edge.needs.signatures})


def _numbered(errands: Iterable[Errand], files: Files) -> Iterator[Errand]:
    """Give each row without a request id one that is computed from what it says.

    So the same file, or a mended one, can be run again: a row that was carried out before is known again. Rows that
    say the same are told apart by their number among each other, not by their line.
    """
    seen: Counter[str] = Counter()
    for errand in errands:
        if errand.request_id:
            yield errand
            continue
        said = canonical({
            **errand.given.intent(), "reference": errand.reference, "workflow": errand.workflow, "event": errand.event,
            "title": errand.title, "parent": errand.parent, "parties": list(errand.parties), "assign": errand.assign,
            "signs": [list(sign) for sign in errand.signs],
            "files": [[kind, file_digest(files.paper(kind, path).content)] for kind, path in errand.papers],
        })  # fmt: skip
        seen[said] += 1
        yield replace(errand, request_id=str(uuid.uuid5(_NAMESPACE, f"{said}#{seen[said]}")))
