"""Collects the faults of one definition, and judges what its parts have in common: the names they refer to."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from engine.core.definition import Definition, Field, GuardUse
from engine.core.guard import Registry
from engine.core.language import FUNCTIONS, LANGUAGES, PARTY_ROLES, ROLES
from engine.core.recipients import DEADLINE_OWNER
from engine.core.shape import Fault, did_you_mean


class Findings(Struct):
    """A definition under judgement, all it may refer to, and the faults found so far.

    Attributes:
        known: The other workflows by name, with this one among them.
        templates: Whether a mail template exists in a language.
    """

    definition: Definition
    registry: Registry
    known: Mapping[str, Definition]
    templates: Callable[[str, str], bool]
    faults: list[Fault] = field(default_factory=list)

    def add(self, path: str, message: str, hint: str | None = None) -> None:
        """Note a fault, once."""
        fault = Fault(path, message, hint)
        if fault not in self.faults:
            self.faults.append(fault)

    def names(self, path: str, kind: str, given: Iterable[str], known: Collection[str]) -> bool:
        """Whether all names are known; those that are not are faults."""
        wrong = [name for name in given if name not in known]
        for name in wrong:
            self.add(path, f"there is no {kind} “{name}”", did_you_mean(name, list(known)))
        return not wrong

    def states(self, path: str, given: Iterable[str]) -> None:
        """Judge names of states."""
        self.names(path, "state", given, self.definition.states)

    def fields(self, path: str, given: Iterable[str]) -> None:
        """Judge names of fields."""
        self.names(path, "field", given, self.definition.fields)

    def documents(self, path: str, given: Iterable[str]) -> None:
        """Judge names of kinds of documents."""
        self.names(path, "kind of document", given, self.definition.documents)

    def events(self, path: str, given: Iterable[str]) -> bool:
        """Judge names of events, openings among them."""
        return self.names(path, "event", given, {t.event for t in self.definition.transitions})

    def workflow(self, path: str, name: str) -> Definition | None:
        """The workflow of that name, or None and a fault."""
        self.names(path, "workflow", [name], self.known)
        return self.known.get(name)

    def template(self, path: str, name: str) -> None:
        """Judge that a mail template exists in every language."""
        missing = [lang for lang in LANGUAGES if not self.templates(name, lang)]
        if missing:
            self.add(path, f"message “{name}” has no template in {' and '.join(missing)}")

    def recipients(self, path: str, given: Iterable[str], *, of_deadline: bool = False) -> None:
        """Judge recipient tokens: `owner:contact`, a role, `@list`, or `@deadline_owner` where a deadline is meant."""
        for who in given:
            head, colon, tail = who.partition(":")
            if who == DEADLINE_OWNER:
                if not of_deadline:
                    self.add(path, f"“{who}” means somebody only in a deadline or a ladder")
            elif who.startswith("@"):
                self.names(path, "recipient list", [who[1:]], self.definition.recipients)
            elif colon:
                self.names(path, "party role", [head], PARTY_ROLES)
                self.names(path, "function", [tail], FUNCTIONS)
            elif who == "system":
                self.add(path, "nobody reads mail to “system”")
            else:
                self.names(path, "recipient", [who], ROLES)

    def guards(self, path: str, uses: Iterable[GuardUse]) -> None:
        """Judge guards: known, with their parameters, and with existing fields and deadlines in them."""
        for use in uses:
            if not self.names(path, "guard", [use.name], self.registry.guards):
                continue
            guard = self.registry.guards[use.name]
            for name in guard.params:
                if name not in use.params and name not in guard.optional:
                    self.add(path, f"guard {use.name} needs the parameter “{name}”")
            for name, value in use.params.items():
                if self.names(path, f"parameter of {use.name}", [name], guard.params):
                    self._param(path, use, name, value, guard.params[name])

    def _param(self, path: str, use: GuardUse, name: str, value: Any, wanted: type) -> None:
        if not _is_a(value, wanted):
            self.add(path, f"parameter “{name}” of {use.name} must be {_KINDS.get(wanted, wanted.__name__)}")
        elif name == "deadline":
            self.names(path, "deadline", [value], self.definition.deadlines)
        elif name == "workflow":
            self.names(path, "workflow", [value], self.known)
        elif name == "field" and "." not in value:
            other = self.known.get(use.params.get("workflow", self.definition.name))
            if other:
                self.names(path, "field", [value], other.fields)

    def values(self, path: str, given: Mapping[str, Any], target: Definition, *, kind: str = "field") -> None:
        """Judge plain values of fields: in `where`, and in the `set` of a transition."""
        if self.names(path, f"{kind} of {target.name}", given, target.fields):
            for name, value in given.items():
                if problem := literal_problem(target.fields[name], value):
                    self.add(path, f"{name}: {problem}")


_KINDS = {str: "text", int: "a whole number", bool: "a flag", list: "a list", tuple: "a list"}


def _is_a(value: Any, wanted: type) -> bool:
    if wanted in (list, tuple):
        return isinstance(value, list | tuple)
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, wanted)


def literal_problem(of: Field, value: Any) -> str | None:
    """Why a literal cannot be the value of a field, or None."""
    if of.type == "flag":
        return None if isinstance(value, bool) or value in ("true", "false") else "expected true or false"
    if of.type == "integer":
        fits = isinstance(value, int) and not isinstance(value, bool)
        return None if fits or (isinstance(value, str) and value.lstrip("-").isdigit()) else "expected a whole number"
    wanted = value if of.type == "choices" and isinstance(value, tuple) else (value,)
    if not all(isinstance(item, str) for item in wanted):
        return "expected text"
    if of.type in ("choice", "choices"):
        wrong = [item for item in wanted if item not in of.of]
        return f"“{wrong[0]}” is not one of {', '.join(of.of)}" if wrong else None
    return "a list cannot be given as a literal" if of.type == "list" else None
