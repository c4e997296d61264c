"""A case as it was at a moment, told from the log alone: what was recorded until then, and nothing else."""

import json
from collections.abc import Iterator
from datetime import datetime

from engine.app.office import Office
from engine.core.canonical import read_json
from engine.core.case import Case
from engine.core.chain import leaf_hash
from engine.core.entry import parse
from engine.core.fold import apply
from engine.core.localday import end_of_day
from engine.core.plain import instant
from engine.core.when import parse_when
from engine.ports import UnitOfWork


def moment_of(tx: UnitOfWork, office: Office, text: str) -> datetime:
    """The instant that a WHEN means when one looks back; a bare date is the end of that day.

    Raises:
        ValueMalformed: It is no date or time.
    """
    found = parse_when(text, office.calendar.zone, now=tx.now)
    return found if isinstance(found, datetime) else end_of_day(found, office.calendar.zone)


def case_as_of(tx: UnitOfWork, reference: str, at: datetime) -> Case | None:
    """The case as its log told it at that moment; None where it had not been opened."""
    case: Case | None = None
    limit = instant(at)
    for logged in tx.log.entries(reference):
        entry = parse(logged.line)
        if entry.at > limit:
            break
        case = apply(case, entry, read_json(logged.payload) if logged.payload else None, leaf_hash(logged.line))
    return None if case is not None and case.taken_back else case


def children_as_of(tx: UnitOfWork, reference: str, at: datetime) -> Iterator[Case]:
    """The cases below at that moment, in the order of their references.

    A case says in the body of an entry who its parent is, so the lines that name this one say which to look at.
    """
    named = f'"parent":{json.dumps(reference)}'
    for candidate in sorted({logged.case for logged in tx.log.all(until=at) if named in logged.line}):
        child = case_as_of(tx, candidate, at)
        if child is not None and child.parent == reference:
            yield child
