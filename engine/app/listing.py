"""Cases in rows: filtered, sorted, a page at a time."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from engine.app.access import case_seen, is_outsider, may_see, reader
from engine.app.called import ids_in, names_of
from engine.app.describe import describe_row
from engine.app.naming import field_called, user_named, values_named
from engine.app.office import Caller, Office
from engine.core.case import Actor
from engine.core.definition import Definition, Field, Text
from engine.core.errors import UsageError
from engine.core.fields import parse_value
from engine.core.text import folded
from engine.ports import CaseFilter, CaseRow, UnitOfWork

ROW = (
    "reference", "workflow", "version", "state", "phase", "title", "owner", "parent", "revision", "next_deadline",
    "opened_at", "closed_at",
)  # fmt: skip
"""Columns that every case has; the other columns are fields."""

MOST_LISTED = 12
"""So many states or phases are told where none is called as was asked, if some look like it."""


class Wanted(Struct, frozen=True):
    """What `list` asks for, as it was typed; `Page` and the contract (docs/design/CLI.md) say what comes back.

    Attributes:
        fields: Field -> value, in any form that the field can be typed in.
        sum: Field whose amounts or numbers are added up.
    """

    workflow: str | None = None
    state: str | None = None
    phase: str | None = None
    parent: str | None = None
    owner: str | None = None
    mine: bool = False
    overdue: bool = False
    search: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False
    columns: Sequence[str] = ()
    sum: str | None = None
    sort: str = "reference"
    limit: int | None = None
    after: str | None = None


class Listed(Struct, frozen=True):
    """A row as the contract's JSON, with its data where fields were asked for."""

    told: Mapping[str, Any]
    data: Mapping[str, Any]
    definition: Definition


class Page(Struct, frozen=True):
    """A page of cases.

    Attributes:
        more: Whether there are cases after the last row.
        columns: Field of each column that is one; `names` what the people and organisations in them are called.
        sum: What was asked to be added up, with its field; None without `--sum`.
    """

    rows: tuple[Listed, ...]
    more: bool
    columns: Mapping[str, Field]
    sum: tuple[Field, Decimal] | None = None
    names: Mapping[str, str] = field(default_factory=dict)


def list_cases(office: Office, caller: Caller, wanted: Wanted) -> Page:
    """The cases that fit and that the caller may see.

    Raises:
        UsageError: A workflow's state, phase or field is named that no workflow here has, or a value is malformed.
        NotFound: There is no such workflow, parent or user.
    """
    with office.store.read() as tx:
        actor = reader(tx, office, caller)
        definitions = _definitions(tx, office, wanted.workflow)
        columns = {name: _field(definitions, name) for name in wanted.columns if name not in ROW}
        added = _addable(_field(definitions, wanted.sum)) if wanted.sum else None
        asked = _filter(tx, office, actor, definitions, wanted)
        asked = replace(asked, with_data=bool(columns or added))
        rows = _page(_seen(tx, office, actor, asked), wanted.limit)
        listed = tuple(
            Listed(describe_row(tx, row), row.data, office.catalog.definition(tx, row.workflow, row.version))
            for row in rows[: wanted.limit]
        )
        total = None
        if added:
            total = added, sum((Decimal(str(x.data.get(added.id) or 0)) for x in listed), Decimal(0))
        names = names_of(tx, ids_in([[x.data.get(name) for name in columns] for x in listed]))
        return Page(listed, wanted.limit is not None and len(rows) > wanted.limit, columns, total, names)


def _seen(tx: UnitOfWork, office: Office, actor: Actor, asked: CaseFilter) -> Iterator[CaseRow]:
    for row in tx.cases.list(asked):
        if is_outsider(actor):
            case = tx.cases.get(row.reference)
            if case is None or not may_see(tx, office, actor, case):
                continue
        yield row


def _page(rows: Iterator[CaseRow], limit: int | None) -> list[CaseRow]:
    """The rows of a page and, where there is one, the row after it."""
    if limit is None:
        return list(rows)
    return [row for _, row in zip(range(limit + 1), rows, strict=False)]


def _definitions(tx: UnitOfWork, office: Office, workflow: str | None) -> list[Definition]:
    """The newest definition of the workflow asked for, or of each."""
    today = office.calendar.day(tx.now)
    if workflow is not None:
        return [office.catalog.current(tx, workflow, today).definition]
    names = sorted({row.name for row in tx.definitions.all()})
    return [office.catalog.current(tx, name, today).definition for name in names]


def _filter(
    tx: UnitOfWork, office: Office, actor: Actor, definitions: Sequence[Definition], wanted: Wanted
) -> CaseFilter:
    state = _called("state", wanted.state, [(s.id, s.title) for d in definitions for s in d.states.values()])
    phase = _called("phase", wanted.phase, [item for d in definitions for item in d.phases.items()])
    assignee = user_named(tx, wanted.owner) if wanted.owner else None
    after = case_seen(tx, office, actor, wanted.after).reference if wanted.after else None
    return CaseFilter(
        workflow=definitions[0].name if wanted.workflow else None, state=state, phase=phase,
        parent=case_seen(tx, office, actor, wanted.parent).reference if wanted.parent else None,
        assignee=actor.user if wanted.mine else assignee, overdue_at=tx.now if wanted.overdue else None,
        search=wanted.search, fields=_values(tx, office, definitions, wanted.fields),
        closed=None if wanted.closed else False, sort=wanted.sort, after=after,
    )  # fmt: skip


def _called(what: str, given: str | None, known: Sequence[tuple[str, Text]]) -> str | None:
    """The id of a state or phase given by its id or its title in either language.

    Raises:
        UsageError: Nothing here is called so, or several things are.
    """
    if given is None or any(given == one for one, _ in known):
        return given
    wanted = folded(given)
    found = {one for one, title in known if wanted in map(folded, title.values())}
    if len(found) == 1:
        return found.pop()
    ids = sorted(found) or _near(wanted, known)
    if not ids:
        raise UsageError(
            f"there is no {what} {given} here; skede workflow show WORKFLOW lists those of a workflow",
            says=f"{what}_unknown_far", what=given,
        )  # fmt: skip
    listed = [{lang: f"{one} ({title})" for lang, title in dict(known)[one].items()} for one in ids]
    raise UsageError(
        f"there is no {what} {given} here; there are {', '.join(ids)}", says=f"{what}_unknown", what=given, known=listed
    )


def _near(wanted: str, known: Sequence[tuple[str, Text]]) -> list[str]:
    """The ids that may have been meant: those that look like it, where there are too many to list."""
    ids = sorted({one for one, _ in known})
    if len(ids) <= MOST_LISTED:
        return ids
    words = {folded(word): one for one, title in known for word in (one, *title.values())}
    return sorted({words[word] for word in get_close_matches(wanted, words, MOST_LISTED, 0.5)})


def _field(definitions: Sequence[Definition], name: str) -> Field:
    for definition in definitions:
        if name in definition.fields:
            return definition.fields[name]
    fields = sorted({f for d in definitions for f in d.fields}) if len(definitions) == 1 else ROW
    raise UsageError(
        f"there is no field {name} here; there are {', '.join(fields)}", says="column_unknown", field=name, known=fields
    )


def _addable(found: Field) -> Field:
    if found.type not in ("money", "integer"):
        raise UsageError(
            f"{found.id} is {found.type} and cannot be added up; amounts and whole numbers can",
            says="sum_of_text",
            field=found.id,
            kind=found.type,
        )
    return found


def _values(
    tx: UnitOfWork, office: Office, definitions: Sequence[Definition], given: Mapping[str, str]
) -> dict[str, str]:
    """The values that fields are compared with, in the form in which they are kept."""
    kept = {}
    for name, raw in given.items():
        found = field_called(definitions, name) or _field(definitions, name)
        holder = next(d for d in definitions if found.id in d.fields)
        named = values_named(tx, office, holder, {found.id: raw})[found.id]
        value = parse_value(found, named, zone=office.calendar.zone, now=tx.now)
        if value is None:
            raise UsageError(
                f"{name}= has no value to look for: write --field {name}=VALUE", says="filter_empty", field=name
            )
        kept[found.id] = _compared(value)
    return kept


def _compared(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        if len(value) != 1:
            raise UsageError(
                "one value at a time: a case is listed where one of its choices is the value", says="filter_several"
            )
        return _compared(value[0])
    return str(value)
