"""How a case comes about: its reference, its parent, and the parties it begins with."""

from msgspec.structs import replace

from engine.app.office import Office
from engine.app.record import Recorded
from engine.core.case import Case
from engine.core.chain import leaf_hash
from engine.core.command import Command, Open, PartyGiven
from engine.core.decision import SpawnWanted
from engine.core.entry import parse
from engine.core.errors import NotFound, UsageError
from engine.core.fold import apply
from engine.core.machine import Machine
from engine.ports import UnitOfWork


def left_of(tx: UnitOfWork, command: Open) -> Case | None:
    """What an undone import left under the reference of an imported case.

    Raises:
        UsageError: There is a case of that reference.
    """
    if not command.imported or not command.reference:
        return None
    if tx.cases.get(command.reference) is not None:
        raise UsageError(
            f"there is a case {command.reference} already: leave the reference out to get a new one",
            says="reference_taken",
            case=command.reference,
        )
    case: Case | None = None
    for logged in tx.log.entries(command.reference):
        case = apply(case, parse(logged.line), None, leaf_hash(logged.line))
    return case


def prepared(tx: UnitOfWork, office: Office, machine: Machine, command: Open) -> Open:
    """Give a new case its reference, and its parent's parties where it brings none of its own."""
    definition = machine.definition
    parent = command.parent
    for f in definition.fields.values():
        if f.parent and command.set.get(f.id):
            parent = str(command.set[f.id])
    above = tx.cases.get(parent) if parent else None
    if parent and above is None:
        raise NotFound(f"there is no case {parent} to be the parent", says="parent_unknown", parent=parent)
    parties = command.parties
    if not parties and above is not None:
        parties = tuple(
            PartyGiven(p.role, p.organisation, p.side, dict(p.people), p.required)
            for p in above.parties if p.until is None
        )  # fmt: skip
    reference = command.reference
    while not reference:
        year = office.calendar.day(command.opened_at or command.occurred_at or tx.now).year
        number = tx.counters.take(f"{definition.name}:{definition.reference.format(year=year, number=0)}")
        free = definition.reference.format(year=year, number=number)
        # A case that was imported under a reference of its own may have taken this one.
        reference = free if tx.log.head(free)[0] == 0 else ""
    return replace(command, reference=reference, parent=parent, parties=parties)


def opening(wanted: SpawnWanted, recorded: Recorded, command: Command, cause: str) -> Open:
    """The command that opens a case which another case asks for."""
    parties = tuple(
        PartyGiven(p.role, p.organisation, p.side, dict(p.people), p.required)
        for p in recorded.case.parties if p.until is None
    )  # fmt: skip
    return Open(
        reference="", actor=command.actor, workflow=wanted.spawn.workflow, event=wanted.spawn.opening,
        title=wanted.title, set=wanted.values, parent=recorded.case.reference, fired=True, cause=cause,
        parties=parties if wanted.spawn.parties else (), occurred_at=recorded.decision.command.occurred_at,
        request_id=command.request_id, note=command.note, hold_mail=command.hold_mail, no_mail=command.no_mail,
    )  # fmt: skip
