"""What is handed over to other programs: cases, entries and dates, as plain data that an export writes down.

Every export is an entry of the office's log first: who took what, and in which form.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from engine.app.access import INSIDE, case_seen, reader
from engine.app.describe import describe_case, describe_entry
from engine.app.listing import Wanted, list_cases
from engine.app.office import Caller, Office
from engine.app.office_change import Made, change_office
from engine.app.query import Kin, tree
from engine.core.appointments import Day, Meeting
from engine.core.case import Actor, Case
from engine.core.definition import Definition
from engine.ports import UnitOfWork


class Selected(Struct, frozen=True):
    """The cases that are handed over, in the order asked for; `everything` = no case was left out."""

    references: tuple[str, ...]
    everything: bool


def select(
    office: Office, caller: Caller, references: Sequence[str], *, family: bool = False, wanted: Wanted | None = None
) -> Selected:
    """The cases that are meant: those named, or those of a listing, with their families where that is asked for.

    Args:
        office: Where.
        caller: Who asks.
        references: Cases as they were typed; none = those of the listing.
        family: Also what is above each, and all that hangs below it.
        wanted: As for `list`, None = every case.

    Raises:
        NotFound: There is no such case for this reader.
    """
    everything = not references and wanted is None
    asked = wanted or Wanted(closed=True)
    found = list(references) or [str(row.told["reference"]) for row in list_cases(office, caller, asked).rows]
    if family:
        names = dict.fromkeys(name for text in found for name in _members(tree(office, caller, text)))
        return Selected(tuple(names), everything)
    with office.store.read() as tx:
        actor = reader(tx, office, caller)
        names = dict.fromkeys(case_seen(tx, office, actor, text).reference for text in found)
        return Selected(tuple(names), everything)


def _members(kin: Kin) -> Iterator[str]:
    yield kin.case.reference
    for child in kin.children:
        yield from _members(child)


def announce(
    office: Office, caller: Caller, form: str, selected: Selected, *, log: bool = False, mask: str | None = None
) -> None:
    """Write into the office's log that cases leave the house.

    Args:
        office: Where.
        caller: Who takes them.
        form: `csv`, `jsonl`, `ics`, `xes`, `ocel`, `site`.
        selected: What is taken.
        log: Whether entries go with them, or alone.
        mask: `masked` or `anonymous`, where people are not named.

    Raises:
        TransitionRefused: The caller stands outside the office.
    """
    named = [] if selected.everything else list(selected.references[:MOST_NAMED])
    body = {"form": form, "log": log, "n": len(selected.references), "cases": named, **({"mask": mask} if mask else {})}

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        return Made({}, body)

    change_office(office, caller, "export", tuple(sorted(INSIDE)), work)


MOST_NAMED = 500
"""So many cases are named in the entry of an export; a line has its bounds."""


def cases_told(office: Office, selected: Selected) -> Iterator[dict[str, Any]]:
    """The cases whole, one by one."""
    with office.store.read() as tx:
        for reference in selected.references:
            case = tx.cases.get(reference)
            if case is not None:
                yield describe_case(tx, office.catalog.definition(tx, case.workflow, case.version), case)


def fields_of(office: Office, selected: Selected) -> list[str]:
    """The fields of the workflows of the cases, each once, in the order of their definitions."""
    fields: dict[str, None] = {}
    with office.store.read() as tx:
        known: set[tuple[str, int]] = set()
        for reference in selected.references:
            case = tx.cases.get(reference)
            if case is not None and (case.workflow, case.version) not in known:
                known.add((case.workflow, case.version))
                fields |= dict.fromkeys(office.catalog.definition(tx, case.workflow, case.version).fields)
    return list(fields)


def entries_told(office: Office, selected: Selected, *, lines: bool = False) -> Iterator[Mapping[str, Any]]:
    """The entries of the cases, in the order they were recorded; with every case also those of the office.

    Args:
        office: Where.
        selected: The cases.
        lines: Each has its `line` too, the text that its hash is of.
    """
    wanted = set(selected.references)
    with office.store.read() as tx:
        for logged in tx.log.all():
            if selected.everything or logged.case in wanted:
                told = describe_entry(logged)
                yield {**told, "line": logged.line} if lines else told


def dates_told(office: Office, selected: Selected, lang: str) -> Iterator[Day | Meeting]:
    """The open deadlines of the cases and the meetings among them, by day."""
    with office.store.read() as tx:
        for reference in selected.references:
            case = tx.cases.get(reference)
            if case is None:
                continue
            definition = office.catalog.definition(tx, case.workflow, case.version)
            yield from _days(office, definition, case, lang)
            if case.data.get("starts_at"):
                yield _meeting(office, case)


def _days(office: Office, definition: Definition, case: Case, lang: str) -> Iterator[Day]:
    for deadline in sorted(case.deadlines, key=lambda d: d.due_at):
        yield Day(
            uid=f"{deadline.id.replace('#', '-').replace(':', '-')}@{office.domain}", sequence=deadline.version,
            day=deadline.due_on, title=f"{definition.deadlines[deadline.name].title[lang]}: {case.title}",
            description=case.reference, decided_at=case.recorded_at,
        )  # fmt: skip


def _meeting(office: Office, case: Case) -> Meeting:
    end = case.data.get("ends_at")
    return Meeting(
        uid=f"{case.reference}@{office.domain}", sequence=case.revision,
        start=datetime.fromisoformat(case.data["starts_at"]), end=datetime.fromisoformat(end) if end else None,
        title=case.title, description=case.reference, place=str(case.data.get("place_or_link") or ""),
        decided_at=case.recorded_at, cancelled=case.state == "cancelled",
    )  # fmt: skip
