"""Cases, actors, setups and whole stories in small, for the tests of what is decided.

A story keeps the log that its commands write, and holds after each of them that the log folds to the case.
"""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from engine.core.build import build
from engine.core.canonical import canonical
from engine.core.case import SYSTEM, Actor, Case, Deadline, Document, Party
from engine.core.chain import genesis, leaf_hash
from engine.core.command import Advance, Command, Open, PartyGiven, Upload
from engine.core.decide import decide
from engine.core.decision import Decision, Setup
from engine.core.definition import Definition
from engine.core.entry import line
from engine.core.errors import Refusal, TransitionRefused
from engine.core.facts import Facts
from engine.core.fold import fold
from engine.core.guard import Context, Registry
from engine.core.machine import Machine
from engine.core.schedule import Calendar
from engine.readers.toml import read_definition

TOYS = Path(__file__).parent / "toys"
NOW = datetime(2021, 3, 1, 9, tzinfo=UTC)
"""A Monday, 10:00 in Stockholm."""

Plain = dict[str, Any]
Change = Callable[[Plain], None]

OWNER = Party(1, "owner", "o:1", "municipal", people={"contact": ("p:1",), "signatory": ("p:2",)})
PARTNER = Party(2, "partner", "o:2", "regional", people={"contact": ("p:3",), "signatory": ("p:4",)})
OFFICE = {"officer": "p:11", "head": "p:12", "registrar": "p:13", "secretary": "p:14", "controller": "p:15"}
"""The person that holds each role of the office."""


def _registry() -> Registry:
    registry = Registry()

    @registry.guard("field_in@1", field=str, values=list)
    def field_in(context: Context, /, *args: Any, **params: Any) -> Iterable[Refusal]:
        if context.data.get(params["field"]) not in params["values"]:
            yield Refusal("field_not_in", {"field": params["field"]})

    @registry.guard("no_more_than@1", field=str, most=int)
    def no_more_than(context: Context, /, *args: Any, **params: Any) -> Iterable[Refusal]:
        if float(context.data.get(params["field"]) or 0) > params["most"]:
            yield Refusal("too_much", {"field": params["field"]}, "skede amend {case} -s amount=…", ("head",))

    @registry.guard("document_filed@1", kind=str)
    def document_filed(context: Context, /, *args: Any, **params: Any) -> Iterable[Refusal]:
        if context.after.document(params["kind"]) is None:
            yield Refusal("document_missing", {"kind": params["kind"]})

    @registry.guard("not_before@1", deadline=str)
    def not_before(context: Context, /, *args: Any, **params: Any) -> Iterable[Refusal]:
        if context.case.deadline(params["deadline"]):
            yield Refusal("deadline_not_passed", {"deadline": params["deadline"]})

    registry.fill("always@1")(lambda context, /: True)
    registry.fill("arrived_late@1")(lambda context, /: False)
    registry.fill("next_number@1", needs=("number:number",))(lambda context, /: context.facts.text("number:number"))
    return registry


REGISTRY = _registry()


def plain_toy(name: str) -> Plain:
    """A toy as plain data, new each time."""
    plain, _ = read_definition(TOYS / f"{name}.toml")
    return plain


def a_definition(name: str = "matter", *changes: Change) -> Definition:
    """A toy, built, with changes made to it first."""
    return _changed(name, *changes) if changes else _toy(name)


@cache
def _toy(name: str) -> Definition:
    return _changed(name)


def _changed(name: str, *changes: Change) -> Definition:
    plain = plain_toy(name)
    for change in changes:
        change(plain)
    made, faults = build(plain)
    assert made, faults
    return made


def edge(event: str, number: int = 0, **values: Any) -> Change:
    """Put values into the table of an event's edge, an opening's too; `source` stands for `from`."""

    renamed = {("from" if key == "source" else key): value for key, value in values.items()}

    def change(plain: Plain) -> None:
        tables = [*plain.get("transition", ()), *plain.get("opening", ())]
        [table for table in tables if table["event"] == event][number].update(renamed)

    return change


def rule(name: str, **values: Any) -> Change:
    """Put values into the table of a deadline; `while_in` stands for `while`."""

    def change(plain: Plain) -> None:
        table = next(table for table in plain["deadline"] if table["name"] == name)
        table.update({("while" if key == "while_in" else key): value for key, value in values.items()})

    return change


def top(**values: Any) -> Change:
    """Put values at the top of a definition; tables are merged."""

    def change(plain: Plain) -> None:
        for key, value in values.items():
            plain[key] = {**plain.get(key, {}), **value} if isinstance(value, dict) else value

    return change


def an_actor(*roles: str, person: str | None = "", user: str | None = None) -> Actor:
    """Somebody with these roles; by default the person that holds the first of them."""
    first = roles[0] if roles else "officer"
    if person == "":
        person = OFFICE.get(first)
    number = person.removeprefix("p:") if person else first
    return Actor(user or f"u:{number}", f"os:{first}", frozenset(roles or (first,)), person)


CLOCK = Actor(SYSTEM, SYSTEM, frozenset({SYSTEM}))


def a_case(state: str = "drafted", workflow: str = "matter", reference: str = "M-2021-0001", **more: Any) -> Case:
    """A case as it stands in a state since a day."""
    since = NOW - timedelta(days=1)
    given = {"data": {"subject": "Saken"}, "parties": (OWNER, PARTNER), "revision": 5, "n": 9, "entered_n": 7, **more}
    return Case(reference, workflow, 2, state, "Titel", since, since, since, since, **given)


def a_deadline(name: str, due_on: date, **more: Any) -> Deadline:
    """An open deadline that lasts to a day's end."""
    due_at = datetime(due_on.year, due_on.month, due_on.day, 23, tzinfo=UTC)
    values = {"owner": "officer", "opened_at": NOW, "due_at": due_at, "due_on": due_on, "anchor": ""}
    return Deadline(f"M-2021-0001#1:{name}", name, **{**values, **more})


def a_document(kind: str, number: int = 1, **more: Any) -> Document:
    """A document that has been filed."""
    given = {"sha256": f"{number:064x}", "name": f"{kind}.pdf", "direction": "in", "received_at": NOW, "n": 1, **more}
    return Document(number, kind, **given)


def an_upload(kind: str, content: int = 1, **more: Any) -> Upload:
    """A file that comes with a command."""
    return Upload(kind, f"{content:064x}", f"{kind}.pdf", 100, **more)


def facts(**known: Any) -> Facts:
    """Facts by name; `__` in a name stands for `:`. Nobody is related, and each office role has one holder."""
    people = {f"users:{role}": (person,) for role, person in OFFICE.items()}
    users = {f"user:u:{person[2:]}": (person,) for person in OFFICE.values()}
    family = {"children": (), "siblings": (), "parent": None, "list:press": ("p:90",), "number:number": None}
    given = {name.replace("__", ":"): value for name, value in known.items()}
    return Facts({**people, **users, **family, "settings": {}, **given})


def around(*cases: Case, **known: Any) -> Facts:
    """Facts in which these cases are known by their references."""
    found = facts(**known)
    return replace(found, values={**found.values, **{f"@{case.reference}": case for case in cases}})


def a_setup(definition: Definition | None = None, given: Facts | None = None, now: datetime = NOW) -> Setup:
    """The rules of a toy, facts and a moment."""
    return Setup(Machine(definition or a_definition()), REGISTRY, Calendar(), given or facts(), now)


def refused(setup: Setup, case: Case | None, command: Command) -> list[Refusal]:
    """Why a command is refused; that it is not is a failure."""
    try:
        decide(setup, case, command)
    except TransitionRefused as error:
        return list(error.reasons)
    raise AssertionError(f"{command} was not refused")


def codes(setup: Setup, case: Case | None, command: Command) -> list[str]:
    """The codes of why a command is refused."""
    return [reason.code for reason in refused(setup, case, command)]


class Story:
    """One case from its opening on, told by commands; `now` moves only when it is told to."""

    def __init__(
        self, definition: Definition | None = None, given: Facts | None = None, reference: str = "M-2021-0001"
    ) -> None:
        self.definition = definition or a_definition()
        self.machine = Machine(self.definition)
        self.facts = given or facts()
        self.reference = reference
        self.now = NOW
        self.case: Case | None = None
        self.lines: list[tuple[str, str | None]] = []
        self.cases: list[Case] = []
        self.decision: Decision | None = None

    @property
    def here(self) -> Case:
        """The case as it is."""
        assert self.case is not None
        return self.case

    @property
    def setup(self) -> Setup:
        """Rules, facts and the moment."""
        return Setup(self.machine, REGISTRY, Calendar(), self.facts, self.now)

    def later(self, **span: float) -> "Story":
        """Let time pass."""
        self.now += timedelta(**span)
        return self

    def run(self, command: Command) -> Decision | None:
        """Decide a command, and write what was decided into the log.

        `before:N` is a fact here; nobody was told anything by an entry, and nothing has moved since, unless the facts
        say so.
        """
        befores = {f"before:{n}": case for n, case in enumerate([None, *self.cases], 1)}
        after = {f"{name}:{n}": () for name in ("moved_since", "told") for n in range(1, len(self.cases) + 1)}
        known = replace(self.facts, values={**befores, **after, **self.facts.values})
        self.decision = decide(replace(self.setup, facts=known), self.case, command)
        if self.decision is not None:
            self._write(self.decision)
        return self.decision

    def _write(self, decision: Decision) -> None:
        prev = self.case.head if self.case else genesis("toys", self.reference)
        text = line(replace(decision.entry, prev=prev))
        self.lines.append((text, canonical(decision.payload) if decision.payload else None))
        self.case = replace(decision.case, head=leaf_hash(text))
        self.cases.append(self.case)
        assert fold(self.lines) == self.case
        assert self.case.n == len(self.lines)

    def open(self, event: str = "receive", by: str = "officer", **more: Any) -> "Story":
        """Open the case; by default with two parties."""
        given = {
            "set": {"subject": "Saken"}, "title": "Titel", "workflow": self.definition.name,
            "parties": tuple(PartyGiven(p.role, p.organisation, p.side, p.people) for p in (OWNER, PARTNER)), **more,
        }  # fmt: skip
        self.run(Open(reference=self.reference, actor=an_actor(by), event=event, **given))
        return self

    def fire(self, event: str, by: str | Actor = "officer", **more: Any) -> Decision:
        """Fire an event; `by` is a role of the office, or an actor."""
        actor = by if isinstance(by, Actor) else an_actor(by)
        decision = self.run(Advance(reference=self.reference, actor=actor, event=event, **more))
        assert decision is not None
        return decision

    def give(self, kind: type[Command], by: str | Actor = "officer", **more: Any) -> Decision | None:
        """Give any other command."""
        actor = by if isinstance(by, Actor) else an_actor(by)
        return self.run(kind(reference=self.reference, actor=actor, **more))

    def refused(self, event: str, by: str | Actor = "officer", **more: Any) -> list[str]:
        """The codes of why an event is refused now."""
        actor = by if isinstance(by, Actor) else an_actor(by)
        return codes(self.setup, self.case, Advance(reference=self.reference, actor=actor, event=event, **more))

    def due(self) -> dict[str, date]:
        """The open deadlines and their days; those of a family by `name.item`."""
        return {d.id.partition(":")[2]: d.due_on for d in self.here.deadlines}

    def body(self, n: int = -1) -> dict[str, Any]:
        """The body of an entry, by default the latest."""
        found: dict[str, Any] = json.loads(self.lines[n][0])["body"]
        return found
