"""What deciding yields, and how a change becomes an entry and the case after it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from engine.core.acting import Acting
from engine.core.case import Case
from engine.core.command import Command
from engine.core.definition import Definition, Spawn
from engine.core.entry import Entry
from engine.core.facts import Facts
from engine.core.fold import apply
from engine.core.guard import Registry
from engine.core.machine import Machine
from engine.core.message import Message
from engine.core.plain import deadline_to_plain, instant
from engine.core.schedule import Calendar, Changes


class Setup(Struct, frozen=True):
    """All that judging one command needs: rules, facts and the moment. Nothing in it is changed.

    Attributes:
        now: The instant that the entry will be recorded at.
    """

    machine: Machine
    registry: Registry
    calendar: Calendar
    facts: Facts
    now: datetime

    @property
    def definition(self) -> Definition:
        """The definition that the case is pinned to."""
        return self.machine.definition


class SpawnWanted(Struct, frozen=True):
    """A case to be opened in the same transaction; its reference is given when it is."""

    spawn: Spawn
    title: str
    values: Mapping[str, Any]


class FireWanted(Struct, frozen=True):
    """An event to be tried on a related case in the same transaction."""

    reference: str
    event: str
    values: Mapping[str, Any]
    note: str | None = None


NOTHING = Changes()


class Decision(Struct, frozen=True):
    """What a command does to a case, without having done it.

    Attributes:
        before: The case before, None for an opening.
        case: The case after, its head still empty.
        entry: The entry, still without commitment, `prev` and hash.
        payload: Personal values for the erasable payload.
        messages: Who is told what; recipients are settled, variables are filled in by the use case.
        counters: Fields whose number was taken from a counter.
        command: The command that was judged.
    """

    command: Command
    before: Case | None
    case: Case
    entry: Entry
    payload: Mapping[str, Any]
    deadlines: Changes = NOTHING
    messages: tuple[Message, ...] = ()
    spawns: tuple[SpawnWanted, ...] = ()
    fires: tuple[FireWanted, ...] = ()
    counters: tuple[str, ...] = ()


class Draft(Struct):
    """A change being put together: the body and payload of its entry."""

    setup: Setup
    command: Command
    case: Case | None
    act: str
    acting: Acting
    occurred: datetime
    event: str | None = None
    source: str | None = None
    target: str | None = None
    body: dict[str, Any] = field(default_factory=dict)
    payload: dict[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """The number that the entry will have."""
        return (self.case.n if self.case else 0) + 1

    def put_values(self, values: Mapping[str, Any]) -> None:
        """Record field values, the personal ones in the payload alone; None empties a field.

        A case field that says which case is the parent does so from now on.
        """
        fields = self.setup.definition.fields
        open_ones = {name: value for name, value in values.items() if not fields[name].personal}
        personal = {name: value for name, value in values.items() if fields[name].personal}
        if open_ones:
            self.body["set"] = open_ones
        if personal:
            self.body["private"] = sorted(personal)
            self.payload["set"] = personal
        for name, value in values.items():
            if fields[name].parent:
                self.body["parent"] = value

    def put_note(self, note: str | None) -> None:
        """Record a note; it may name people, so it lives in the payload."""
        if note:
            self.payload["note"] = note

    def put_deadlines(self, changes: Changes) -> None:
        """Record what happens to deadlines."""
        if changes.opened:
            self.body["opened"] = [deadline_to_plain(d) for d in changes.opened]
        if changes.moved:
            self.body["moved"] = [deadline_to_plain(d) for d in changes.moved]
        if changes.ended:
            self.body["closed"] = [{"id": e.deadline.id, "how": e.how} for e in changes.ended]
        if changes.suppressed:
            self.body["suppressed"] = [[name, offset] for name, offset in changes.suppressed]

    def entry(self) -> Entry:
        """The entry as far as it can be known before it is sealed."""
        command, definition = self.command, self.setup.definition
        at = max(self.setup.now, self.case.recorded_at) if self.case else self.setup.now
        return Entry(
            act=self.act, case=command.reference, n=self.n, at=instant(at), occ=instant(self.occurred),
            actor=command.actor.user, auth=command.actor.login, role=self.acting.role, obo=self.acting.on_behalf_of,
            event=self.event, source=self.source, target=self.target, body=dict(sorted(self.body.items())),
            wf=f"{definition.name}@{definition.version}", definition=definition.digest,
            req=command.request_id or None,
        )  # fmt: skip

    def preview(self) -> Case:
        """The case as the change leaves it, so far."""
        return apply(self.case, self.entry(), self.payload, "")

    def conclude(self, changes: Changes = NOTHING, **rest: Any) -> Decision:
        """The decision: nothing may be put into the draft after it."""
        self.put_deadlines(changes)
        messages: tuple[Message, ...] = rest.get("messages", ())
        if messages:
            self.body["msgs"] = [m.key for m in messages]
        if self.command.cause:
            self.body["cause"] = self.command.cause
        entry = self.entry()
        after = apply(self.case, entry, self.payload, "")
        return Decision(self.command, self.case, after, entry, self.payload, changes, **rest)
