"""The only file that knows `transitions`: one shared machine per definition version.

The library chooses the edge; it keeps no case. Each question is put to a throw-away probe, every edge has one
condition, a closure of ours, and no text of a definition ever reaches the library as the name of a callback
(it would look such a name up and call it). Strings it gets are state and event ids that `validate` has checked.
It is imported when the first edge is chosen, because commands that only look never choose one.
"""

from collections.abc import Callable, Iterator
from enum import IntEnum
from functools import cached_property
from typing import Any

from engine.core.definition import Definition, Transition
from engine.core.errors import Refusal

START = "@start"
"""Where a case is before its opening."""


class Fit(IntEnum):
    """How near an edge comes to being the one that is meant; nearest first."""

    MEANT = 0
    SOMEBODY_ELSES = 1
    RULED_OUT = 2


Ask = Callable[[Transition], tuple[Fit, list[Refusal]]]
"""Judges an edge: whether it is for this case (its `when`) and for whoever asks, and why it may not be taken."""


class Probe:
    """What is shown to the machine in place of a case: a state, a judge, and room for the verdict."""

    __slots__ = ("ask", "chosen", "refusals", "state")

    def __init__(self, state: str, ask: Ask) -> None:
        self.state = state
        self.ask = ask
        self.chosen: Transition | None = None
        self.refusals: dict[Fit, list[Refusal]] = {fit: [] for fit in Fit}

    def judge(self, edge: Transition) -> bool:
        """Ask about one edge; remember it if it may be taken, and the reasons if not."""
        fit, refusals = self.ask(edge)
        if fit is Fit.MEANT and not refusals:
            self.chosen = edge
            return True
        self.refusals[fit].extend(r for r in refusals if r not in self.refusals[fit])
        return False

    def reasons(self) -> list[Refusal]:
        """Why no edge may be taken: the reasons of the edges that came nearest to being meant."""
        return next((told for _, told in sorted(self.refusals.items()) if told), [])


class Machine:
    """A definition compiled, shared by all its cases and safe to share: it keeps no state of its own."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition

    @cached_property
    def _machine(self) -> Any:
        from transitions import Machine as TransitionMachine

        machine = TransitionMachine(
            model=None, states=[START, *self.definition.states], initial=START, auto_transitions=False,
            send_event=True, queued=False,
        )  # fmt: skip
        for edge in self.definition.transitions:
            machine.add_transition(
                edge.event, list(edge.source) or START, "=" if edge.target.startswith("@") else edge.target,
                conditions=_condition(edge),
            )  # fmt: skip
        return machine

    def choose(self, state: str, event: str, ask: Ask) -> Transition:
        """The edge that the event takes from a state.

        Raises:
            WrongEvent: The event is not one of this workflow, or not one of this state.
            EdgeRefused: Every edge that was meant has reasons against it.
        """
        from transitions import MachineError

        known = self._machine.events.get(event)
        if known is None:
            raise WrongEvent("unknown_event")
        probe = Probe(state, ask)
        try:
            known.trigger(probe)
        except MachineError:
            raise WrongEvent("wrong_state") from None
        if probe.chosen is None:
            raise EdgeRefused(probe.reasons())
        return probe.chosen

    def events_from(self, state: str) -> Iterator[str]:
        """The events of a state, in the order of the file."""
        seen = dict.fromkeys(
            t.event for t in self.definition.transitions if (state in t.source or (state == START and t.is_opening))
        )
        yield from seen


class WrongEvent(Exception):
    """The event does not exist here; `code` says whether at all or only in this state."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class EdgeRefused(Exception):
    """No edge of the event may be taken; `reasons` says why."""

    def __init__(self, reasons: list[Refusal]) -> None:
        self.reasons = reasons
        super().__init__(f"{len(reasons)} reasons")


def _condition(edge: Transition) -> Callable[[Any], bool]:
    def judge(event_data: Any) -> bool:
        verdict: bool = event_data.model.judge(edge)
        return verdict

    return judge
