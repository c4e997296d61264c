"""The facts of a decision, read from the transaction when a rule asks for them, and each once.

`engine.core.facts` has the names. Everything is fixed SQL through the stores.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.app.office import Office
from engine.core.canonical import read_json
from engine.core.case import Case
from engine.core.definition import Definition, RecipientList
from engine.core.facts import Facts
from engine.core.fold import fold
from engine.core.recipients import people_of
from engine.ports import UnitOfWork


def facts_for(
    tx: UnitOfWork,
    office: Office,
    definition: Definition,
    case: Case | None,
    values: Mapping[str, Any],
    parent: str | None,
) -> Facts:
    """The facts around a case, with the links that a command sets already in.

    Args:
        tx: The transaction that is being decided in.
        office: For settings and calendar.
        definition: The case's definition.
        case: The case, None while it is being opened.
        values: What the command sets.
        parent: Its parent, for an opening.
    """
    data = {**(case.data if case else {}), **{k: v for k, v in values.items() if v is not None}}
    for field in definition.fields.values():
        if field.parent and data.get(field.id):
            parent = str(data[field.id])
    here = _Here(case.reference if case else None, (case.parent if case else None) or parent, data)
    return Facts(_Lazy(tx, office, definition, here))


class _Here:
    """Where paths start from."""

    __slots__ = ("data", "parent", "reference")

    def __init__(self, reference: str | None, parent: str | None, data: Mapping[str, Any]) -> None:
        self.reference, self.parent, self.data = reference, parent, data


class _Lazy(Mapping[str, Any]):
    def __init__(self, tx: UnitOfWork, office: Office, definition: Definition, here: _Here) -> None:
        self._tx, self._office, self._definition, self._here = tx, office, definition, here
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = self._read(name)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def _read(self, name: str) -> Any:
        head, _, tail = name.partition(":")
        if name.startswith("@") and "." not in name and "/" not in name:
            return self._tx.cases.get(name[1:])
        if name == "settings":
            return self._office.rules
        if head in ("users", "user", "list"):
            return self._people(head, tail)
        if head == "number":
            return self._number(tail)
        if head == "next_meeting":
            return self._next_meeting()
        if head == "before":
            return self._before(int(tail))
        if head == "told":
            return self._told(int(tail))
        if head == "moved_since":
            return self._moved_since(int(tail))
        path, slash, several = name.rpartition("/")
        if slash or several in ("children", "siblings") or several.startswith("linking:"):
            return self._several(path, several)
        return self._one(name)

    def _one(self, path: str) -> Case | None:
        """Follow a path of links: `parent`, `call`, `parent.call`."""
        found: Case | None = None
        here = self._here
        for segment in path.split("."):
            if segment.startswith("@"):
                found = self[segment]
                if found is None:
                    return None
                here = _Here(found.reference, found.parent, found.data)
                continue
            reference = here.parent if segment == "parent" else here.data.get(segment)
            found = self[f"@{reference}"] if reference else None
            if found is None:
                return None
            here = _Here(found.reference, found.parent, found.data)
        return found

    def _several(self, path: str, what: str) -> tuple[Case, ...]:
        if path:
            start = self._one(path)
            if start is None:
                return ()
            here = _Here(start.reference, start.parent, start.data)
        else:
            here = self._here
        reference, parent = here.reference, here.parent
        if what == "siblings":
            return () if parent is None else tuple(
                c for c in self._tx.cases.children(parent) if c.reference != reference
            )  # fmt: skip
        if reference is None:
            return ()
        if what == "children":
            return self._tx.cases.children(reference)
        return self._tx.cases.linking(what.removeprefix("linking:"), reference)

    def _people(self, head: str, name: str) -> tuple[str, ...]:
        today = self._office.calendar.day(self._tx.now)
        if head == "users":
            return self._tx.directory.holders(name, today)
        if head == "user":
            person = self._tx.directory.person_of(name)
            return (person,) if person else ()
        wanted = self._definition.recipients.get(name)
        if wanted is None:
            return self._tx.directory.subscribers(name)
        if wanted.subscribers:
            return self._tx.directory.subscribers(wanted.subscribers)
        return tuple(dict.fromkeys(self._list(wanted)))

    def _list(self, wanted: RecipientList) -> Iterator[str]:
        """The recipients in related cases: each case's own parties and officers."""
        if wanted.on == "all":
            cases = self._tx.cases.of_workflow(wanted.workflow or "", wanted.states)
        elif wanted.on == "parent":
            parent = self._one("parent")
            cases = (parent,) if parent else ()
        else:
            cases = self._several("", wanted.on or "children")
        for case in cases:
            if wanted.workflow in (None, case.workflow) and (not wanted.states or case.state in wanted.states):
                yield from people_of(wanted.to, case, Facts(self))

    def _number(self, field_id: str) -> str | None:
        """The next registry number of a counter field, where the home numbers itself (DECISIONS.md 19)."""
        if self._office.rules.get("dnr") != "own":
            return None
        pattern = self._definition.fields[field_id].counter
        if pattern is None:
            return None
        here = self._here.reference or ""
        return numbered(self._tx, field_id, pattern, self._body(), self._year(), for_case=here, take=False)

    def _body(self) -> str:
        for path in ("call", "parent", "parent.call"):
            related = self._one(path)
            if related is not None and related.data.get("body"):
                return str(related.data["body"])
        return str(self._here.data.get("body") or self._office.rules.get("body", "RUN"))

    def _year(self) -> int:
        return self._office.calendar.day(self._tx.now).year

    def _next_meeting(self) -> str | None:
        """The body's next board meeting that has not been held."""
        body, now = self._body(), self._tx.now.isoformat()
        meetings = [
            m for m in self._tx.cases.of_workflow("meeting", ("planned", "summoned"))
            if m.data.get("body") == body and str(m.data.get("starts_at", "")) > now
        ]  # fmt: skip
        return min(meetings, key=lambda m: str(m.data["starts_at"])).reference if meetings else None

    def _before(self, n: int) -> Case | None:
        lines = [(e.line, e.payload) for e in self._tx.log.entries(self._here.reference or "") if e.n < n]
        return fold(lines)

    def _told(self, n: int) -> tuple[str, ...]:
        """The people to whom a message of that entry may have come."""
        sent = self._tx.messages.list(case=self._here.reference)
        return tuple(dict.fromkeys(
            m.message.person for m in sent
            if m.message.n == n and m.message.person and m.message.state in ("sent", "unknown", "leased")
        ))  # fmt: skip

    def _moved_since(self, n: int) -> tuple[str, ...]:
        """References of cases that the entry opened and that have been changed since, or that it moved itself."""
        reference = self._here.reference or ""
        cause = f"{reference}#{n}"
        children = self._tx.cases.children(reference)
        opened = [c.reference for c in children if c.revision > 1 and _cause(self._tx, c.reference) == cause]
        near = [c.reference for c in (*children, *self._several("", "siblings"))]
        near += [other for other, _ in self._tx.cases.linked_from(reference)]
        near += [str(self._here.parent)] if self._here.parent else []
        moved = [other for other in dict.fromkeys(near) if other != reference and _moved_by(self._tx, other, cause)]
        return tuple(dict.fromkeys((*opened, *moved)))


def _moved_by(tx: UnitOfWork, reference: str, cause: str) -> bool:
    """Whether an entry of another case fired an event here."""
    for logged in tx.log.entries(reference):
        if cause in logged.line:
            entry = read_json(logged.line)
            if entry["act"] == "advance" and entry["body"].get("cause") == cause:
                return True
    return False


def _cause(tx: UnitOfWork, reference: str) -> str | None:
    first = tx.log.entry(reference, 1)
    return None if first is None else read_json(first.line)["body"].get("cause")


def numbered(
    tx: UnitOfWork, field_id: str, pattern: str, body: str, year: int, *, for_case: str, take: bool
) -> str:  # fmt: skip
    """The next number of a series: one counter for each body and year, so that it is gapless in each.

    A number that another case came with, by an import or by hand, is passed over: it is given out already.
    """
    name = pattern.format(body=body, year=year, number=0)
    number = tx.counters.take(name) if take else tx.counters.peek(name)
    while holder(tx, field_id, value := pattern.format(body=body, year=year, number=number), for_case):
        number = tx.counters.take(name) if take else number + 1
    return value


def holder(tx: UnitOfWork, field_id: str, number: str, besides: str) -> str | None:
    """The reference of another case that has a registry number."""
    for reference, _ in tx.cases.resolve(number):
        other = tx.cases.get(reference) if reference != besides else None
        if other is not None and other.data.get(field_id) == number:
            return reference
    return None
