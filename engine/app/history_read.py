"""The traces of another system's event log as cases of the past: every complaint with its row, or trace and event."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from msgspec import Struct

from engine.app.history_map import KNOWN, HistoryMap, Keys
from engine.app.import_faults import MOST
from engine.core.errors import EngineError, Refusal, UsageError, ValueMalformed
from engine.core.history import PastEvent
from engine.core.localday import start_of_day
from engine.core.table import Table
from engine.core.trace import Attribute, RawEvent, RawTrace, named
from engine.core.when import local_time, parse_when

LONGEST_ACTIVITY = 1_000


class PastCase(Struct, frozen=True):
    """One case as another system told it.

    Attributes:
        name: What it is called there, "" where it has no name.
        place: Its number in the file, or the line of its first row.
        title, workflow: As the file says, if it does.
        attributes: What else is known of it.
    """

    name: str
    place: int
    events: Sequence[PastEvent]
    title: str | None = None
    workflow: str | None = None
    attributes: Sequence[Attribute] = ()


class HistoryFaults:
    """What is wrong with an event log, gathered so that it can be mended in one go; alike faults are told once."""

    def __init__(self, source: str, *, table: bool) -> None:
        self._source, self._table = source, table
        self._found: dict[tuple[str | None, str], list[dict[str, Any]]] = {}

    def add(self, trace: int, event: int | None, key: str | None, error: EngineError | str) -> None:
        """Remember what is wrong with a case, with one of its events, or with one of its values.

        Args:
            trace: The number of the trace, or the line of its first row.
            event: The number of the event, or the line of its row.
            key: The column or the attribute.
            error: What is wrong.
        """
        what = error if isinstance(error, str) else error.message
        if not isinstance(error, str) and error.reasons:
            what = "; ".join(f"{r.code} {dict(r.params)}" for r in error.reasons)
        place = {"line": event or trace} if self._table else {"trace": trace, **({"event": event} if event else {})}
        self._found.setdefault((key, what), []).append(place)

    def tell(self) -> None:
        """Refuse the file if anything is wrong.

        Raises:
            UsageError: With the places; nothing is taken in.
        """
        if not self._found:
            return
        reasons = []
        for (key, what), places in list(self._found.items())[:MOST]:
            more = len(places) - 1
            params = {**places[0], **({"column": key} if key else {}), "what": what, **({"more": more} if more else {})}
            reasons.append(Refusal(self._code(places[0], key, more), params))
        left = len(self._found) - MOST
        raise UsageError(
            f"{self._source}: {len(self._found)} faults, nothing was taken in", reasons=reasons,
            says="import_faulty" if left <= 0 else "import_very_faulty", source=self._source, n=len(self._found),
            more=left,
        )  # fmt: skip

    def _code(self, place: Mapping[str, Any], key: str | None, more: int) -> str:
        what = "row" if self._table else "event" if "event" in place else "trace"
        what = "cell" if self._table and key else what
        return (
            f"import_{what}{'_alike' if more else ''}" if self._table else f"history_{what}{'_alike' if more else ''}"
        )


class Understanding:
    """How the traces of one file are read."""

    def __init__(self, keys: Keys, mapped: HistoryMap, faults: HistoryFaults, zone: tzinfo, now: datetime) -> None:
        self._keys, self._mapped, self._faults, self._zone, self._now = keys, mapped, faults, zone, now

    def case(self, raw: RawTrace, *, table: bool) -> PastCase:
        """A trace as a case; of an event that is wrong the faults tell, and the case is left without it."""
        found, rest = ({}, []) if table else self._keys.pick(raw.attributes, trace=True)
        events = []
        for event in raw.events:
            told, left = self._keys.pick(event.attributes)
            if table:
                found |= {name: told[name] for name in ("case", "title", "workflow") if name in told}
            made = self._event(raw, event, told, left)
            if made is not None:
                events.append(made)
        return PastCase(
            found.get("case", ""), raw.place, events, found.get("title"),
            found.get("workflow") or self._mapped.defaults.get("workflow"), rest,
        )  # fmt: skip

    def _event(
        self, raw: RawTrace, event: RawEvent, told: Mapping[str, str], left: list[Attribute]
    ) -> PastEvent | None:
        activity, text = told.get("activity", ""), told.get("time", "")
        at = None
        for name in ("activity", "time"):
            if not told.get(name, "").strip():
                what = f"is empty: every event has its {'name' if name == 'activity' else 'time'}"
                self._complain(raw, event, name, what)
        if len(activity) > LONGEST_ACTIVITY:
            self._complain(
                raw, event, "activity", f"has {len(activity)} characters, and at most {LONGEST_ACTIVITY} fit"
            )
            return None
        if text.strip():
            try:
                at = moment(text.strip(), self._zone, self._now)
            except EngineError as error:
                self._complain(raw, event, "time", error)
        if at is None or not activity.strip():
            return None
        known: dict[str, Any] = {name: told[name] for name in ("resource", "role", "lifecycle") if told.get(name)}
        if left:
            known["attributes"] = left
        state = told.get("state")
        return PastEvent(activity, at, event.place, self._mapped.values.get(state, state) if state else None, known)

    def _complain(self, raw: RawTrace, event: RawEvent, name: str, error: EngineError | str) -> None:
        self._faults.add(raw.place, event.place, self._keys.key(name, event.attributes), error)


def moment(text: str, zone: tzinfo, now: datetime) -> datetime:
    """When something happened: an instant, a local time, or a day, of which it is the first moment.

    Raises:
        ValueMalformed: It is none of them, or a local time that there was twice or never.
        UsageError: It lies ahead.
    """
    if not text[:1].isdigit():
        raise ValueMalformed(
            f"{text[:40]!r} is no date or time; write 2019-03-01, 2019-03-01T14:05 or an instant",
            says="history_no_time",
            what=text[:40],
        )
    try:
        found = datetime.fromisoformat(text)
        at = found if found.tzinfo else local_time(found, zone)
    except (ValueError, OverflowError):
        told = parse_when(text, zone, now=now)
        at = told if isinstance(told, datetime) else start_of_day(told, zone)
    if at.year < 1000:
        raise ValueMalformed(f"{text} is no time that an office has seen", says="history_time_odd", what=text)
    if at > now:
        raise UsageError(f"{text} lies ahead: history has happened", says="history_ahead", what=text)
    return at


def traces_of(table: Table, keys: Keys) -> Iterator[RawTrace]:
    """The rows of a table as traces: those of one case together, in the order of the rows.

    Raises:
        UsageError: The table has no column for the case, the activity or the time.
    """
    missing = keys.missing(table.columns)
    if missing:
        wanted = "; ".join(f"{name} ({', '.join(KNOWN[name][1:4])})" for name in missing)
        raise UsageError(
            f"line 1: there is no column for {wanted}: name it in a map (--map), table columns",
            says="history_column_missing",
            wanted=wanted,
        )
    rows: dict[str, list[RawEvent]] = {}
    for row in table.rows:
        attributes = named(row.cells)
        case = keys.pick(attributes)[0].get("case", "")
        rows.setdefault(case or f"\0{row.line}", []).append(RawEvent(row.line, attributes))
    for events in rows.values():
        yield RawTrace(events[0].place, (), events)


def counted(traces: Iterable[RawTrace], keys: Keys) -> dict[str, int]:
    """Activity -> how often it stands in a file, the most frequent first."""
    found: dict[str, int] = {}
    for raw in traces:
        for event in raw.events:
            name = keys.pick(event.attributes)[0].get("activity", "")
            found[name] = found.get(name, 0) + 1
    found.pop("", None)
    return dict(sorted(found.items(), key=lambda item: -item[1]))
