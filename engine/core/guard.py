"""Named guards and fills: pure functions that a definition refers to by `name@version`.

A guard yields a Refusal for every reason why not; a fill gives the value of a field that the command
did not bring. Both are never changed in place: a new rule is a new version, so that old decisions
keep the meaning they had.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, tzinfo
from typing import Any, Protocol

from msgspec import Struct, field

from engine.core.case import Case
from engine.core.command import Advance, Open
from engine.core.definition import Definition, Transition
from engine.core.errors import Refusal
from engine.core.facts import Facts


class Context(Struct, frozen=True):
    """All that a guard or fill may look at.

    Attributes:
        case: The case as it was before the command; for an opening an empty one.
        data: Its data with what the command sets (and earlier fills) already in.
        role: The role in which the command is given (`officer`, `system`, ...).
        at: When the event happens (`occurred_at`); `now` when it is recorded. Both UTC.
        today: The local day of `at`.
        after: The case with the command's documents filed, for rules about documents and signatures.
        zone: The office's time zone, for the local day of another instant than `at`.
    """

    definition: Definition
    case: Case
    after: Case
    command: Advance | Open
    transition: Transition
    data: Mapping[str, Any]
    facts: Facts
    role: str
    at: datetime
    now: datetime
    today: date
    zone: tzinfo


class GuardFunction(Protocol):
    """What a guard looks like: a context, and the parameters it was registered with, by name.

    `*args` is there for the type checker alone, which then takes any named parameters.
    """

    def __call__(self, context: Context, /, *args: Any, **params: Any) -> Iterable[Refusal]: ...


class FillFunction(Protocol):
    """What a fill looks like; None leaves the field as it is."""

    def __call__(self, context: Context, /) -> Any: ...


class Guard(Struct, frozen=True):
    """A registered guard.

    Attributes:
        needs: Names of facts; `{field}` in one is replaced by the parameter of that name.
        params: Parameter -> type, checked when a definition is published.
    """

    name: str
    function: GuardFunction
    needs: tuple[str, ...] = ()
    params: Mapping[str, type] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()


class Fill(Struct, frozen=True):
    """A registered fill and the facts it needs."""

    name: str
    function: FillFunction
    needs: tuple[str, ...] = ()


class Registry(Struct):
    """The guards and fills that definitions may name."""

    guards: dict[str, Guard] = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)

    def guard(
        self, name: str, *, needs: tuple[str, ...] = (), optional: tuple[str, ...] = (), **params: type
    ) -> Callable[[GuardFunction], GuardFunction]:
        """Register a guard under `name@version`; keyword arguments are its parameters and their types."""

        def register(function: GuardFunction) -> GuardFunction:
            if name in self.guards:
                raise ValueError(f"guard {name} is registered twice")
            self.guards[name] = Guard(name, function, needs, params, frozenset(optional))
            return function

        return register

    def fill(self, name: str, *, needs: tuple[str, ...] = ()) -> Callable[[FillFunction], FillFunction]:
        """Register a fill under `name@version`."""

        def register(function: FillFunction) -> FillFunction:
            if name in self.fills:
                raise ValueError(f"fill {name} is registered twice")
            self.fills[name] = Fill(name, function, needs)
            return function

        return register
