"""Bring the event log of another system in: every case with all its steps under their own dates, or nothing.

What comes in is marked for good: an opening that is imported, then entries of the kind `historic`, which count as
nobody's act here and which no rule looks at. `undo_import` takes it back (docs/decisions/0018).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.app.history_map import HistoryMap, Keys
from engine.app.history_read import HistoryFaults, PastCase, Understanding, counted, traces_of
from engine.app.import_cases import named_import
from engine.app.import_row import first_opening, titled
from engine.app.imported import refuse_open
from engine.app.office import Caller, Office
from engine.app.office_change import Made, change_office, insider
from engine.app.publish import publish_apart
from engine.app.record import links_of, sealed
from engine.app.run import run
from engine.core.case import Actor, Case
from engine.core.command import Open
from engine.core.definition import Definition
from engine.core.errors import ConcurrentUpdate, EngineError, NotFound, UsageError
from engine.core.fold import apply
from engine.core.history import PastEvent, Reader, Step, backwards, entry_of, in_time
from engine.core.importing import IMPORTERS, importing_role
from engine.core.plain import instant
from engine.core.table import Table
from engine.core.text import clean_text
from engine.core.trace import RawTrace
from engine.ports import UnitOfWork

Watch = Callable[[Iterable[RawTrace]], Iterable[RawTrace]]
"""Passes traces on one by one, so that somebody can be shown how far it has come."""

ENDED = "ended"
"""Where a case of the workflow that ships for history stands in the end, unless something else is said."""
_REFERENCE = re.compile(r"\w[\w.()+=&, -]{0,99}")
LONGEST_TITLE = 500


class History(Struct, frozen=True):
    """An event log to take in.

    Attributes:
        name: The file's name; `digest` that of its bytes (hex SHA-256).
        traces: Reads the traces of an event log from the beginning; None for a table.
        table: The rows of a table.
        map: What was said about its keys and words.
        workflow: That of all cases; else as the file says, else the one that ships for history.
        state: Where every case stands in the end; else as the file, or the machine, says.
        sort: Put the events of each case in the order of their times.
        apart: The workflow that ships for history: its plain data, and its text.
    """

    name: str
    digest: str
    apart: tuple[Mapping[str, Any], str]
    traces: Callable[[], Iterator[RawTrace]] | None = None
    table: Table | None = None
    map: HistoryMap = HistoryMap()
    workflow: str | None = None
    state: str | None = None
    sort: bool = False

    def keys(self) -> Keys:
        """What its keys mean."""
        return Keys(self.map, table=self.table is not None)

    def read(self, keys: Keys) -> Iterator[RawTrace]:
        """Its traces."""
        if self.table is not None:
            return traces_of(self.table, keys)
        return self.traces() if self.traces else iter(())


class Told(Struct):
    """What has come in so far, for the answer."""

    cases: list[Mapping[str, Any]] = []
    events: int = 0
    backwards: int = 0
    unknown: int = 0
    ways: int = 0


def import_history(
    office: Office, caller: Caller, source: History, *, batch: str | None = None, note: str | None = None,
    dry_run: bool = False, watch: Watch = lambda traces: traces,
) -> Mapping[str, Any]:  # fmt: skip
    """Take in every case of an event log with its steps, or none.

    Args:
        office: Where.
        caller: Who; one of `IMPORTERS`.
        source: The event log.
        batch: The name under which it can be undone, else one by day.
        note: Why.
        dry_run: Do it all, then roll back.
        watch: Shows how far it has come.

    Returns:
        `batch`, `source`, `cases` (each with its `name` there), `events`, `backwards` (events that stand after a later
        one), `unknown` (events that the workflow does not know), `ways` (events that it knows, but not from there).

    Raises:
        UsageError: With the place of all that is wrong; nothing is taken in then.
        TransitionRefused: The caller may not import.
    """

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        name = named_import(tx, office, batch, source.name)
        faults = HistoryFaults(source.name, table=source.table is not None)
        keys = source.keys()
        taking = _Taking(tx, office, actor, caller, source, name, faults, keys)
        reading = Understanding(keys, source.map, faults, office.calendar.zone, tx.now)
        for raw in watch(source.read(keys)):
            taking.take(reading.case(raw, table=source.table is not None))
        faults.tell()
        refuse_open(actor, taking.taken)
        told = taking.told
        if not told.cases:
            raise UsageError(f"{source.name}: holds no cases", says="history_no_cases", source=source.name)
        body = {"batch": name, "file": source.digest, "cases": len(told.cases), "events": told.events, "history": True}
        answer = {
            "batch": name, "source": source.name, "cases": told.cases, "events": told.events,
            "backwards": told.backwards, "unknown": told.unknown, "ways": told.ways, "dry_run": dry_run,
        }  # fmt: skip
        return Made(answer, body, {"name": source.name})

    return change_office(office, caller, "import", IMPORTERS, work, note=note, dry_run=dry_run)


class _Taking:
    """Takes case after case in, inside one transaction."""

    def __init__(
        self, tx: UnitOfWork, office: Office, actor: Actor, caller: Caller, source: History, batch: str,
        faults: HistoryFaults, keys: Keys,
    ) -> None:  # fmt: skip
        self._tx, self._office, self._actor, self._caller = tx, office, actor, caller
        self._source, self._batch, self._faults, self._keys = source, batch, faults, keys
        self._role = importing_role(actor.roles)
        self._readers: dict[str, tuple[Definition, Reader]] = {}
        self._names: dict[str, int] = {}
        self.taken: list[tuple[Definition, Case]] = []
        self.told = Told()

    def take(self, past: PastCase) -> None:
        """Take one case in; what is wrong with it goes to the faults."""
        if past.name and past.name in self._names:
            self._faults.add(past.place, None, None, f"bears the name of number {self._names[past.name]}, {past.name}")
            return
        self._names[past.name] = past.place
        try:
            definition, reader = self._reader(past.workflow)
            events = in_time(past.events, self._office.calendar.zone) if self._source.sort else past.events
            events = [self._meant(past, definition, event) for event in events]
            last = self._last(definition)
            steps = list(reader.steps(events, last))
            self._check_end(definition, steps)
            with self._tx.savepoint():
                case = self._open(past, definition, steps, last)
                case = self._live(case, definition, steps)
        except EngineError as error:
            self._faults.add(past.place, None, None, error)
            return
        self.taken.append((definition, case))
        told = self.told
        told.events += len(steps)
        told.backwards += backwards(events)
        told.unknown += sum(step.event is None for step in steps)
        told.ways += sum(step.event is not None and not step.legal for step in steps)
        told.cases.append({
            "name": past.name, "reference": case.reference, "workflow": case.workflow, "state": case.state,
            "title": case.title, "events": len(steps), "opened_at": instant(case.opened_at),
        })  # fmt: skip

    def _reader(self, named: str | None) -> tuple[Definition, Reader]:
        """The workflow of a case, and how its activities are understood; that for history is published if need be."""
        plain, text = self._source.apart
        name = self._source.workflow or named or str(plain["name"])
        if name not in self._readers:
            tx, office = self._tx, self._office
            today = office.calendar.day(tx.now)
            if name == plain["name"]:
                publish_apart(tx, office, self._actor, self._caller.auth, plain, text)
            definition = office.catalog.current(tx, name, today).definition
            mapped = self._source.map
            states = {activity: _state(definition, state) for activity, state in mapped.states.items()}
            known = {t.event for t in definition.transitions}
            strange = sorted({event for event in mapped.events.values() if event} - known)
            if strange:
                raise NotFound(
                    f"the map names events that {name} does not have: {', '.join(strange)}",
                    says="history_map_events",
                    workflow=name,
                    strange=", ".join(strange),
                )
            self._readers[name] = definition, Reader(definition, mapped.events, states)
        return self._readers[name]

    def _meant(self, past: PastCase, definition: Definition, event: PastEvent) -> PastEvent:
        """The event with its state by id, where the file tells one."""
        if event.state is None:
            return event
        try:
            return replace(event, state=_state(definition, event.state))
        except UsageError as error:
            self._faults.add(past.place, event.place, self._keys.key("state", ()), error)
            return replace(event, state=None)

    def _last(self, definition: Definition) -> str | None:
        """Where cases of a workflow stand in the end, if that is said for all."""
        said = self._source.state or self._source.map.defaults.get("state")
        if said is None and definition.name == self._source.apart[0]["name"] and ENDED in definition.states:
            return ENDED
        return _state(definition, said) if said is not None else None

    def _check_end(self, definition: Definition, steps: list[Step]) -> None:
        """A case must stand somewhere in the end."""
        if steps and not any(step.target for step in steps):
            raise UsageError(
                "nothing tells where it stands in the end: give --state, or say in a map (--map) which activity is "
                f"which event of {definition.name}, or which state it led to",
                says="history_no_state",
                workflow=definition.name,
            )

    def _open(self, past: PastCase, definition: Definition, steps: list[Step], last: str | None) -> Case:
        """The case as it comes in, before its first step; one without steps stands at once where it ends."""
        name = past.name if _REFERENCE.fullmatch(past.name) and past.name == past.name.strip() else ""
        openings = {t.event for t in definition.openings()}
        event = next((step.event for step in steps[:1] if step.event in openings), None)
        began = min((step.past.at for step in steps), default=self._tx.now)
        private: dict[str, Any] = {"name": past.name} if past.name and not name else {}
        if past.attributes:
            private["attributes"] = past.attributes
        command = Open(
            reference=name, actor=self._actor, workflow=definition.name, imported=True, deadlines=False,
            event=event or first_opening(definition, None), title=_title(past), state=None if steps else last,
            occurred_at=began, opened_at=began, batch=self._batch, past=private,
            history={"file": self._source.digest, "place": past.place, "events": len(steps)},
        )  # fmt: skip
        return run(self._tx, self._office, command).first.case

    def _live(self, case: Case, definition: Definition, steps: list[Step]) -> Case:
        """Write the steps, and the case as they leave it."""
        tx, opened = self._tx, case
        for step in steps:
            entry = entry_of(case, step, definition, self._actor, self._role, self._batch, tx.now)
            known = {"history": step.past.known} if step.past.known else {}
            whole, logged, head = sealed(tx, entry, known, case.head)
            case = apply(case, whole, None, head)
            tx.log.append(logged)
        if steps:
            phase, links = definition.states[case.state].phase, links_of(definition, case)
            if not tx.cases.update(case, phase=phase, links=links, expected_n=opened.n, expected_head=opened.head):
                raise ConcurrentUpdate(
                    f"{case.reference} changed at the same moment: try again", says="case_changed", case=case.reference
                )
        return case


def _state(definition: Definition, text: str) -> str:
    return titled(text, {state.id: state.title for state in definition.states.values()})


def _title(past: PastCase) -> str:
    """What the case is called here: its title there, else its name."""
    text = " ".join((past.title or past.name or "").replace("\0", " ").split())
    return clean_text(text[:LONGEST_TITLE], LONGEST_TITLE) or f"#{past.place}"


def history_template(office: Office, caller: Caller, source: History) -> Iterator[str]:
    """A map to fill in, as lines of TOML: every activity of the file, and what it is taken for so far.

    Raises:
        NotFound: There is no such workflow.
    """
    with office.store.read() as tx:
        insider(tx, office, caller)
        reader: Reader | None = None
        if source.workflow is not None:
            definition = office.catalog.current(tx, source.workflow, office.calendar.day(tx.now)).definition
            reader = Reader(definition, {}, {})
    keys = source.keys()
    found = counted(source.read(keys), keys)
    yield from ('# A key or heading of the file = what it means here; "" = it is only kept.', "[columns]", "")
    yield from ('# An activity of the file = an event of the workflow; "" = none.', "[events]")
    for activity, n in found.items():
        event = (reader.event(activity) if reader else None) or ""
        yield f"{_toml(activity)} = {_toml(event)}  # {n}"
    yield from ("", "# An activity of the file = the state that it led to.", "[states]", "")
    yield from ("# Where every case stands in the end, whatever else is known.", "[defaults]", '# state = ""')


def _toml(text: str) -> str:
    """A text as TOML writes it in quotation marks."""
    escaped = "".join(
        f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else f"\\{c}" if c in '"\\' else c for c in text
    )
    return f'"{escaped}"'
