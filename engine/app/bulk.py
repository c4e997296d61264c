"""Many commands from one table: one outcome per row, each row whole or not at all.

By default a refused row holds up nothing else: every row is whole or not at all, and some are kept together, because
the disk is waited for once then. Tried (`dry_run`) or taken in whole, all rows share one transaction. A row sees what
those before it did: ten grants share one frame.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import islice
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.app.access import known_actor
from engine.app.advance import Given, advance
from engine.app.again import again, known_again
from engine.app.bulk_row import Errand, Files
from engine.app.edit import assign, note
from engine.app.office import Caller, Office
from engine.app.open_case import open_case
from engine.app.papers import attach, sign
from engine.app.perform import note_refusal
from engine.app.within import Within
from engine.core.case import Actor
from engine.core.command import Advance, Command, Open
from engine.core.definition import Text
from engine.core.errors import (
    Collided,
    ConcurrentUpdate,
    EngineError,
    NotFound,
    Refusal,
    TransitionRefused,
    UsageError,
)
from engine.core.money import from_ore
from engine.ports import UnitOfWork

GROUP = 50
"""So many rows are kept at once: enough to save most waits for the disk, and few enough that nobody waits for long."""

Progress = Callable[[Iterable[Errand], int], Iterable[Errand]]


class Outcome(Struct, frozen=True):
    """What became of one row.

    Attributes:
        outcome: `done`, `already` (by an earlier run), `refused`, `conflict`, `error`, or `undone` (it went well, but
            another row of an all-or-nothing file did not).
        exit_code: As the single command would have ended.
        error: Why it did not go well, for whoever tells it in words.
    """

    line: int
    reference: str | None
    event: str | None
    outcome: str
    request_id: str
    target: str | None = None
    revision: int | None = None
    message: str | None = None
    reasons: tuple[Refusal, ...] = ()
    exit_code: int = 0
    error: EngineError | None = None


class Bulk(Struct, frozen=True):
    """What became of a file.

    Attributes:
        sums: Field -> what the rows that went well set in it, of fields that hold money.
        titles: Field -> what it is called, of those.
    """

    outcomes: tuple[Outcome, ...]
    sums: Mapping[str, str]
    titles: Mapping[str, Text]
    dry_run: bool = False

    def count(self, *outcomes: str) -> int:
        """How many rows ended so."""
        return sum(one.outcome in outcomes for one in self.outcomes)

    @property
    def exit_code(self) -> int:
        """That of the first row that did not go well."""
        return next((one.exit_code for one in self.outcomes if one.exit_code), 0)


def unwatched(items: Iterable[Errand], total: int) -> Iterable[Errand]:
    """Progress that nobody looks at."""
    return items


def run_bulk(
    office: Office, caller: Caller, errands: Sequence[Errand], files: Files, *, dry_run: bool = False,
    all_or_nothing: bool = False, progress: Progress = unwatched,
) -> Bulk:  # fmt: skip
    """Carry out the rows of a table.

    Args:
        office: Where.
        caller: Who.
        errands: The rows, understood.
        files: How the files they name are read.
        dry_run: Do everything in one transaction, and undo it.
        all_or_nothing: Keep everything only if every row goes well.
        progress: Passes the rows on one by one.

    Raises:
        Unavailable: The database is away; rows that were kept before are done, and the file can be run again.
    """
    if not dry_run and not all_or_nothing:
        outcomes = _in_groups(office, caller, progress(errands, len(errands)), files)
    else:
        outcomes = _together(office, caller, partial(progress, errands, len(errands)), files, keep=not dry_run)
    titles = {name: title for errand in errands for name, title in errand.titles.items()}
    return Bulk(tuple(outcomes), _sums(errands, outcomes), titles, dry_run)


def _in_groups(office: Office, caller: Caller, errands: Iterable[Errand], files: Files) -> list[Outcome]:
    """Some rows at a time are kept together; a refusal ends a group, so that the log has all in the order it was.

    Where a group met the work of others, half of it is tried next: among many at work a long transaction may never
    come through, and a single row does.
    """
    outcomes: list[Outcome] = []
    coming, group, size = iter(errands), list[Errand](), GROUP

    def some() -> tuple[list[Outcome], TransitionRefused | None]:
        nonlocal size
        try:
            return _group(office, caller, group[:size], files)
        except Collided:
            size = max(1, min(size, len(group)) // 2)
            raise

    while group := [*group, *islice(coming, GROUP - len(group))]:
        done, refusal = known_again(some)
        size = min(GROUP, 2 * size)
        if refusal is not None:
            _note(office, caller, group[len(done) - 1], refusal)
        outcomes += done
        group = group[len(done) :]
    return outcomes


def _group(
    office: Office, caller: Caller, group: Sequence[Errand], files: Files
) -> tuple[list[Outcome], TransitionRefused | None]:
    """The outcomes of the rows as far as the first that is refused, and its refusal."""
    outcomes: list[Outcome] = []
    with office.store.write() as tx:
        for errand in group:
            outcome, refusal = _tried(tx, office, caller, errand, files)
            outcomes.append(outcome)
            if refusal is not None:
                return outcomes, refusal
    return outcomes, None


@again
def _together(
    office: Office, caller: Caller, errands: Callable[[], Iterable[Errand]], files: Files, *, keep: bool
) -> list[Outcome]:
    """All rows in one transaction; those that fail are undone alone, so that every outcome can be told."""
    with office.store.write() as tx:
        tried = [(errand, *_tried(tx, office, caller, errand, files)) for errand in errands()]
        failed = any(one.exit_code for _, one, _ in tried)
        if failed or not keep:
            tx.rollback()
    outcomes = [one for _, one, _ in tried]
    if not keep:
        return outcomes
    for errand, _, refusal in tried:
        if refusal is not None:
            _note(office, caller, errand, refusal)
    return [replace(one, outcome="undone") if failed and one.outcome == "done" else one for one in outcomes]


def _tried(
    tx: UnitOfWork, office: Office, caller: Caller, errand: Errand, files: Files
) -> tuple[Outcome, TransitionRefused | None]:
    """The outcome of one row, which is undone alone if it fails, and its refusal if the rules said no."""
    try:
        with tx.savepoint():
            return _carry_out(tx, office, caller, errand, files), None
    except TransitionRefused as error:
        return _failed(errand, error), error
    except Collided:
        raise
    except (ConcurrentUpdate, NotFound, UsageError) as error:
        return _failed(errand, error), None


def _failed(errand: Errand, error: EngineError) -> Outcome:
    how = {TransitionRefused: "refused", ConcurrentUpdate: "conflict"}.get(type(error), "error")
    return Outcome(
        errand.line, errand.reference, errand.event, how, errand.request_id, message=error.message,
        reasons=error.reasons, exit_code=error.exit_code, error=error,
    )  # fmt: skip


def _carry_out(tx: UnitOfWork, office: Office, caller: Caller, errand: Errand, files: Files) -> Outcome:
    """Everything that a row asks for, inside a transaction; where its request id is known, it was done before."""
    already = tx.requests.get(errand.request_id) is not None
    here = replace(office, store=Within(tx))
    papers = tuple(files.paper(kind, path) for kind, path in errand.papers)
    given = replace(errand.given, papers=papers, request_id=errand.request_id)
    if errand.workflow is not None:
        told = _opened(here, caller, errand, given)
    else:
        told = _changed(here, caller, errand, given)
    return Outcome(
        errand.line, str(told["reference"]), errand.event or str(told["event"]), "already" if already else "done",
        errand.request_id, target=told.get("target"), revision=told.get("revision"),
    )  # fmt: skip


def _opened(office: Office, caller: Caller, errand: Errand, given: Given) -> Mapping[str, Any]:
    told = open_case(
        office, caller, errand.workflow or "", errand.title, given, event=errand.event, parent=errand.parent,
        parties=errand.parties,
    )  # fmt: skip
    reference = str(told["reference"])
    parts = [*_signing(office, caller, errand, reference), *_assigning(office, caller, errand, reference)]
    for name, part in parts:
        told = {**told, **part(_apart(errand, name))}
    return told


def _changed(office: Office, caller: Caller, errand: Errand, given: Given) -> Mapping[str, Any]:
    """Assign and sign first: the event may need both, and its letters go to the new officer.

    The last part bears the row's own request id.
    """
    reference = errand.reference or ""
    parts: list[tuple[str, Part]] = list(_assigning(office, caller, errand, reference))
    papers = given.papers
    if papers and (errand.signs or errand.event is None):
        parts.append(("attach", lambda g: attach(office, caller, reference, replace(g, papers=papers))))
        given = replace(given, papers=())
    parts += _signing(office, caller, errand, reference)
    event = errand.event
    if event is not None:
        parts.append(("event", lambda g: advance(office, caller, reference, event, g)))
    elif not parts:
        parts.append(("note", lambda g: note(office, caller, reference, g)))
    for name, part in parts[:-1]:
        part(_apart(errand, name))
    last, part = parts[-1]
    return part(given if last == "event" else replace(_apart(errand, last), request_id=errand.request_id))


Part = Callable[[Given], Mapping[str, Any]]


def _apart(errand: Errand, name: str) -> Given:
    """What comes with a part of a row: the row's note, and a request id of its own."""
    request = str(uuid.uuid5(uuid.UUID(int=0), f"{errand.request_id}/{name}"))
    return Given(note=errand.given.note, request_id=request)


def _assigning(office: Office, caller: Caller, errand: Errand, reference: str) -> Iterator[tuple[str, Part]]:
    login = errand.assign
    if login:
        yield "assign", lambda given: assign(office, caller, reference, login, given)


def _signing(office: Office, caller: Caller, errand: Errand, reference: str) -> Iterator[tuple[str, Part]]:
    at = errand.given.occurred_at
    day = office.calendar.day(at) if at else None
    for who, kind, person in errand.signs:
        yield f"sign/{who}/{kind}", partial(_sign, office, caller, reference, who, person, kind, day)


def _sign(
    office: Office, caller: Caller, reference: str, who: str, by: str, kind: str, day: date | None, given: Given
) -> Mapping[str, Any]:
    return sign(office, caller, reference, who, by, kind, given, signed_on=day)


def _note(office: Office, caller: Caller, errand: Errand, error: TransitionRefused) -> None:
    """Write a refused row into the log, as the refusal of a single command is."""
    tried: tuple[Actor, Command] | None = None
    try:
        with office.store.read() as tx:
            actor = known_actor(tx, office, caller)
    except TransitionRefused:
        note_refusal(office, caller, None, error)
        return
    if errand.reference is None:
        opening = Open(reference="", actor=actor, workflow=errand.workflow or "", event=errand.event or "", title="")
        tried = (actor, opening)
    else:
        tried = (actor, Advance(reference=errand.reference, actor=actor, event=errand.event or "bulk"))
    note_refusal(office, caller, tried, error)


def _sums(errands: Sequence[Errand], outcomes: Sequence[Outcome]) -> dict[str, str]:
    sums: dict[str, int] = {}
    for errand, outcome in zip(errands, outcomes, strict=True):
        if not outcome.exit_code:
            for name, ore in errand.sums.items():
                sums[name] = sums.get(name, 0) + ore
    return {name: from_ore(ore) for name, ore in sums.items()}
