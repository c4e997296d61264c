"""What happened elsewhere, brought along: how an old event becomes an entry, and where its case stands after it.

Such an entry is of a kind of its own, `historic`. It tells what another system told, changes nothing of a case but
where it stands, counts as nobody's act here, and no rule looks at it (docs/decisions/0018).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from msgspec import Struct

from engine.core.case import Actor, Case
from engine.core.definition import Definition, Transition
from engine.core.entry import Entry
from engine.core.plain import instant
from engine.core.text import folded

ACT = "historic"
"""The kind of entry."""


class PastEvent(Struct, frozen=True):
    """One event of another system's log.

    Attributes:
        activity: What it is called there.
        at: When it happened.
        place: Its number in the trace, or the line of its row; for complaints.
        state: Where the case stood after it, as far as the file says.
        known: What else is known of it, which may name people: resource, role, lifecycle, attributes.
    """

    activity: str
    at: datetime
    place: int
    state: str | None = None
    known: Mapping[str, Any] = {}


class Step(Struct, frozen=True):
    """An event as this workflow understands it.

    Attributes:
        event: The event of the workflow that it is, None for one that the workflow does not know.
        target: The state that it led to, None where that is not known.
        legal: Whether the workflow knows that event where the case stood.
    """

    past: PastEvent
    event: str | None
    target: str | None
    legal: bool


def in_time(events: Sequence[PastEvent], zone: tzinfo) -> list[PastEvent]:
    """The events by when they happened; ties keep their order.

    Midnight mostly means that the hour is not known: on a day on which an event bears it, all keep their order.
    """
    days: dict[date, list[PastEvent]] = {}
    for event in events:
        days.setdefault(event.at.astimezone(zone).date(), []).append(event)
    found: list[PastEvent] = []
    for _, day in sorted(days.items()):
        vague = any(_is_midnight(event.at.astimezone(zone)) for event in day)
        found += day if vague else sorted(day, key=lambda event: event.at)
    return found


def _is_midnight(at: datetime) -> bool:
    return (at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0)


def backwards(events: Sequence[PastEvent]) -> int:
    """How many events stand after one that happened later."""
    latest, n = None, 0
    for event in events:
        if latest is not None and event.at < latest:
            n += 1
        latest = event.at if latest is None else max(latest, event.at)
    return n


class Reader:
    """Understands activities as events of a workflow, and follows its machine where it can."""

    def __init__(self, definition: Definition, events: Mapping[str, str], states: Mapping[str, str]) -> None:
        """Read by a workflow.

        Args:
            definition: The workflow.
            events: Activity -> the event that is meant, "" for none.
            states: Activity -> the state that it led to.
        """
        self._definition, self._states = definition, states
        named = {folded(word): t.event for t in definition.transitions for word in (t.event, *t.title.values())}
        self._named = named
        self._events = events

    def event(self, activity: str) -> str | None:
        """The event that an activity means: as the map says, else the one of that id or title."""
        if activity in self._events:
            return self._events[activity] or None
        return self._named.get(folded(activity))

    def steps(self, events: Sequence[PastEvent], last: str | None) -> Iterator[Step]:
        """The events as steps, in their order.

        Args:
            events: Those of one case.
            last: The state that the last of them led to, whatever else is known; None = what is known.
        """
        state: str | None = None
        for number, past in enumerate(events, 1):
            event = self.event(past.activity)
            edges = [t for t in self._definition.transitions if t.event == event] if event else []
            here = [t for t in edges if (t.is_opening if state is None else state in t.source)]
            target = past.state or self._states.get(past.activity) or _led(state, here or edges)
            if number == len(events) and last is not None:
                target = last
            yield Step(past, event, target, bool(here))
            state = target or state


def _led(state: str | None, edges: Sequence[Transition]) -> str | None:
    """The one state that all these edges lead to from a state, if it is one."""
    targets = {state if t.target == "@same" else t.target for t in edges} - {"@previous"}
    return targets.pop() if len(targets) == 1 else None


def entry_of(
    case: Case, step: Step, definition: Definition, actor: Actor, role: str, batch: str, now: datetime
) -> Entry:
    """The entry that tells of a step; it is recorded now, and happened when it happened.

    Args:
        case: The case before it.
        step: What happened.
        definition: The workflow of the case.
        actor: Who brings it in, in which `role`.
        role: One of `importing.IMPORTERS`.
        batch: The name of the import.
        now: When it is recorded.
    """
    body: dict[str, Any] = {"activity": step.past.activity, "batch": batch}
    if step.event is not None:
        body["event"] = step.event
    if step.target is not None and definition.states[step.target].final:
        body["final"] = True
    back = remembered(case, step.target, definition) if step.target else case.back
    if back != case.back:
        body["back"] = list(back)
    return Entry(
        act=ACT, case=case.reference, n=case.n + 1, at=instant(now), occ=instant(step.past.at), actor=actor.user,
        auth=actor.login, role=role, source=case.state if step.target else None, target=step.target, body=body,
        wf=f"{case.workflow}@{case.version}", definition=definition.digest,
    )  # fmt: skip


def remembered(case: Case, target: str, definition: Definition) -> tuple[str, ...]:
    """The states that a case remembers in a state: on a step aside those that it can go back to, else none."""
    aside = any(t.target == "@previous" and target in t.source for t in definition.transitions)
    if not aside or target == case.state:
        return case.back if aside else ()
    return case.back[:-1] if case.back and case.back[-1] == target else (*case.back, case.state)


KEYS = frozenset({"activity", "back", "batch", "event", "final"})
"""All that the body of such an entry may hold."""
