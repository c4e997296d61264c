"""One case as people and scripts read it: its data, its family, and the last that happened."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.app.access import case_seen, is_outsider, may_see, reader
from engine.app.as_of import case_as_of, children_as_of, moment_of
from engine.app.called import ids_in, names_of
from engine.app.describe import describe_case, describe_entry
from engine.app.imported import mark_of
from engine.app.office import Caller, Office
from engine.core.case import Actor, Case
from engine.core.definition import Definition, Text
from engine.core.errors import NotFound
from engine.core.plain import instant
from engine.ports import UnitOfWork

LAST_ENTRIES = 5


class Related(Struct, frozen=True):
    """A case beside the one shown; `relation` is `parent`, `child`, or the field that links them.

    Attributes:
        outward: Whether the case shown holds the link, and not the other one.
        title: Title of the case; `state` that of its state, `workflow` that of its workflow.
    """

    relation: str
    outward: bool
    reference: str
    title: str
    workflow: Text
    state: Text
    field: Text | None = None


class View(Struct, frozen=True):
    """A case with all that it takes to print it.

    Attributes:
        told: The case as the contract's JSON.
        names: Id of a person, organisation or case -> what it is called.
        entries: The last entries, newest last, each as the contract's JSON, `actor` by login where it is a user.
        at: The moment it is shown at; `today` its local day.
        is_past: Whether it is shown as it was, and not as it is.
    """

    told: Mapping[str, Any]
    case: Case
    definition: Definition
    names: Mapping[str, str]
    related: Sequence[Related]
    entries: Sequence[Mapping[str, Any]]
    at: datetime
    today: date
    is_past: bool


class Kin(Struct, frozen=True):
    """A case in its family; `workflow` and `state` are titles."""

    case: Case
    workflow: Text
    state: Text
    children: tuple["Kin", ...] = ()


def show(office: Office, caller: Caller, reference: str, as_of: str | None = None) -> View:
    """One case, as it is or as it was.

    Args:
        office: Where.
        caller: Who asks.
        reference: The case, as it was typed.
        as_of: A WHEN: show what the log told then.

    Raises:
        NotFound: There is no such case for this reader, or it had not been opened then.
    """
    with office.store.read() as tx:
        actor = reader(tx, office, caller)
        case = case_seen(tx, office, actor, reference)
        if as_of is None:
            return view_of(tx, office, actor, case)
        at = moment_of(tx, office, as_of)
        past = case_as_of(tx, case.reference, at)
        if past is None:
            opened = instant(case.opened_at)
            raise NotFound(
                f"{case.reference} was not in the log then; it was opened {opened}: ask for a later moment",
                says="case_not_yet",
                case=case.reference,
                opened=opened,
            )
        return _view(tx, office, actor, past, at, is_past=True)


def view_of(tx: UnitOfWork, office: Office, actor: Actor, case: Case) -> View:
    """A case as it is, for somebody who has been found to be allowed to see it."""
    return _view(tx, office, actor, case, tx.now, is_past=False)


def _view(tx: UnitOfWork, office: Office, actor: Actor, case: Case, at: datetime, *, is_past: bool) -> View:
    definition = office.catalog.definition(tx, case.workflow, case.version)
    today = office.calendar.day(at)
    children = tuple(children_as_of(tx, case.reference, at) if is_past else tx.cases.children(case.reference))
    seen = [child for child in children if may_see(tx, office, actor, child)]
    told = describe_case(tx, definition, case) | {"children": [child.reference for child in seen]}
    related = tuple(_related(tx, office, actor, definition, case, seen, is_past=is_past))
    names = _names(tx, case, today) | {r.reference: r.title for r in related}
    told["parties"] = [
        party | {"organisation": names.get(party["organisation_id"], party["organisation"])}
        for party in told["parties"]
    ]
    told["imported"] = mark_of(tx, case.reference)
    if is_past:
        told["as_of"] = instant(at)
    entries = last_entries(tx, case, outside=is_outsider(actor))
    return View(told, case, definition, names, related, entries, at, today, is_past)


def last_entries(tx: UnitOfWork, case: Case, *, outside: bool = False, most: int = LAST_ENTRIES) -> list[Any]:
    """The last entries up to where the case is; people outside the office are shown its moves, without notes."""
    entries = []
    for n in range(case.n, 0, -1):
        logged = tx.log.entry(case.reference, n)
        if logged is None:
            continue
        told = describe_entry(logged)
        if outside and told["kind"] not in ("open", "advance"):
            continue
        login = tx.directory.login_of(told["actor"]) if told["actor"].startswith("u:") else None
        name = names_of(tx, {told["actor"]}).get(told["actor"])
        entries.append(told | {"actor": login or told["actor"], "name": name, **({"note": None} if outside else {})})
        if len(entries) == most:
            break
    return entries[::-1]


def _related(
    tx: UnitOfWork, office: Office, actor: Actor, definition: Definition, case: Case, children: Sequence[Case], *,
    is_past: bool,
) -> Iterator[Related]:  # fmt: skip
    """Parent, children, the cases that fields name, and those whose fields name this one."""
    parent = tx.cases.get(case.parent) if case.parent else None
    if parent is not None and may_see(tx, office, actor, parent):
        yield _one(tx, office, "parent", parent, outward=True)
    for child in children:
        yield _one(tx, office, "child", child, outward=False)
    for field in definition.fields.values():
        linked = tx.cases.get(str(case.data[field.id])) if field.type == "case" and case.data.get(field.id) else None
        if linked is not None and linked.reference != case.parent and may_see(tx, office, actor, linked):
            yield replace(_one(tx, office, field.id, linked, outward=True), field=field.title)
    if is_past:
        return  # Who points here now says nothing of who did then.
    known = {child.reference for child in children}
    for name, field_id in tx.cases.linked_from(case.reference):
        other = tx.cases.get(name)
        if field_id != "parent" and name not in known and other is not None and may_see(tx, office, actor, other):
            theirs = office.catalog.definition(tx, other.workflow, other.version).fields.get(field_id)
            yield replace(_one(tx, office, field_id, other, outward=False), field=theirs.title if theirs else None)


def _one(tx: UnitOfWork, office: Office, relation: str, case: Case, *, outward: bool) -> Related:
    definition = office.catalog.definition(tx, case.workflow, case.version)
    state = definition.states[case.state].title
    return Related(relation, outward, case.reference, case.title, definition.title, state)


def _names(tx: UnitOfWork, case: Case, on: date) -> dict[str, str]:
    """What people and organisations in parties, data and signatures are called, and the officer."""
    ids = {*ids_in(case.data), *case.recused, *(s.person for s in case.signatures)}
    ids |= {person for party in case.parties for named in party.people.values() for person in named}
    ids |= {party.organisation for party in case.parties} | ({case.assignee} if case.assignee else set())
    return names_of(tx, ids, on)


def tree(office: Office, caller: Caller, reference: str) -> Kin:
    """The family of a case: the line of those above it, and all that hangs below it.

    The cases beside it are left out: an application's tree shows its call, and not the call's other applications.
    """
    with office.store.read() as tx:
        actor = reader(tx, office, caller)
        case = case_seen(tx, office, actor, reference)
        top = _below(tx, office, actor, case, {case.reference})
        seen = {case.reference}
        while case.parent and case.parent not in seen:
            seen.add(case.parent)
            above = tx.cases.get(case.parent)
            if above is None or not may_see(tx, office, actor, above):
                break
            top = replace(_kin(tx, office, above), children=(top,))
            case = above
        return top


def _below(tx: UnitOfWork, office: Office, actor: Actor, case: Case, seen: set[str]) -> Kin:
    children = []
    for child in tx.cases.children(case.reference):
        if child.reference not in seen and may_see(tx, office, actor, child):
            seen.add(child.reference)
            children.append(_below(tx, office, actor, child, seen))
    return replace(_kin(tx, office, case), children=tuple(children))


def _kin(tx: UnitOfWork, office: Office, case: Case) -> Kin:
    definition = office.catalog.definition(tx, case.workflow, case.version)
    return Kin(case, definition.title, definition.states[case.state].title)
