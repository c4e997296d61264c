"""Listings of cases: the one statement that is composed, and only of parts that stand here."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from engine.core.canonical import read_json
from engine.core.errors import UsageError
from engine.ports import CaseFilter, CaseRow
from engine.store.connection import Connection, dialect_of, fold, streaming
from engine.store.texts import folded_words, instant

_COLUMNS = """c.reference, c.workflow, c.version, c.state, c.phase, c.title, c.assignee, c.parent, c.revision,
c.opened_at, c.closed_at, d.name, d.due_at"""
_FROM = """FROM cases c LEFT JOIN deadlines d ON d.id = (
    SELECT id FROM deadlines WHERE case_ref = c.reference AND state = 'open' ORDER BY due_at, id LIMIT 1
)"""
_SORTS = {
    "reference": "c.reference",
    "title": "fold(c.title)",
    "state": "c.state",
    "phase": "c.phase",
    "workflow": "c.workflow",
    "owner": "coalesce(c.assignee, '')",
    "assignee": "coalesce(c.assignee, '')",
    "revision": "c.revision",
    "opened_at": "c.opened_at",
    "closed_at": "coalesce(c.closed_at, '9999')",
    "due_at": "coalesce(d.due_at, '9999')",
}
"""Key -> expression, never null, so that pages follow each other without gaps."""
_EQUAL = ("workflow", "state", "phase", "parent", "assignee")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_HOLDS = {
    "sqlite": """EXISTS (
    SELECT 1 FROM json_each({column}, :path_{i}) v
    WHERE CASE v.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(v.value AS TEXT) END = :value_{i}
)""",
    "postgresql": """EXISTS (
    SELECT 1 FROM jsonb_path_query(CAST({column} AS jsonb), CAST(:path_{i} || '[*]' AS jsonpath)) v
    WHERE v #>> '{{}}' = :value_{i}
)""",
}
"""A field of a case holds a value; in the words of each database."""
_WORD_MISSING = {
    "sqlite": "SELECT 1 FROM json_each(:words) w WHERE instr({text}, w.value) = 0",
    "postgresql": "SELECT 1 FROM jsonb_array_elements_text(CAST(:words AS jsonb)) w WHERE strpos({text}, w) = 0",
}
_SEARCHED = "fold(c.title || ' ' || c.reference || ' ' || coalesce(c.registry_number, ''))"


def rows(connection: Connection, wanted: CaseFilter) -> Iterator[CaseRow]:
    """The cases that fit, in the order asked for; a leading `-` of the sort key turns it round.

    Raises:
        UsageError: The sort key or a field's name is none, or the page's last case is gone.
    """
    values: dict[str, Any] = {}
    dialect = dialect_of(connection)
    where = [*_plain(wanted, values, dialect), *_fields(wanted, values, dialect), *_page(connection, wanted, values)]
    key, falling = _sort(wanted)
    direction = "DESC" if falling else "ASC"
    sql = (
        f"SELECT {_COLUMNS}{', c.snapshot, c.private' if wanted.with_data else ''} {_FROM}"
        f"{' WHERE ' if where else ''}{' AND '.join(where)} ORDER BY {key} {direction}, c.reference {direction}"
    )
    if wanted.limit is not None:
        sql += " LIMIT :limit"
        values["limit"] = wanted.limit
    run = connection.execute if wanted.limit is not None else streaming(connection)
    return (_read(row) for row in run(sql, values))


def _sort(wanted: CaseFilter) -> tuple[str, bool]:
    falling = wanted.sort.startswith("-")
    key = _SORTS.get(wanted.sort.removeprefix("-"))
    if key is None:
        raise UsageError(f"cannot sort by {wanted.sort!r}: use one of {', '.join(_SORTS)}")
    return key, falling


def _plain(wanted: CaseFilter, values: dict[str, Any], dialect: str) -> Iterator[str]:
    for column in _EQUAL:
        value = getattr(wanted, column)
        if value is not None:
            values[column] = value
            yield f"c.{column} = :{column}"
    if wanted.closed is not None:
        yield "c.closed_at IS NOT NULL" if wanted.closed else "c.closed_at IS NULL"
    if wanted.overdue_at is not None:
        values["overdue_at"] = instant(wanted.overdue_at)
        yield "d.due_at < :overdue_at"
    if wanted.search:
        values["words"] = folded_words(wanted.search, fold)
        yield f"NOT EXISTS ({_WORD_MISSING[dialect].format(text=_SEARCHED)})"


def _fields(wanted: CaseFilter, values: dict[str, Any], dialect: str) -> Iterator[str]:
    """A field holds the value, or, where it is a list of choices, one of its values is it."""
    for i, (name, value) in enumerate(wanted.fields.items()):
        if not _FIELD.fullmatch(name):
            raise UsageError(f"{name!r} is not the name of a field")
        values[f"path_{i}"] = f"$.data.{name}"
        values[f"value_{i}"] = value
        holds = _HOLDS[dialect]
        yield f"({holds.format(column='c.snapshot', i=i)} OR {holds.format(column='c.private', i=i)})"


def _page(connection: Connection, wanted: CaseFilter, values: dict[str, Any]) -> Iterator[str]:
    if wanted.after is None:
        return
    key, falling = _sort(wanted)
    values["after"] = wanted.after
    if key == "c.reference":
        values["after_key"] = wanted.after
    else:
        last = connection.execute(f"SELECT {key} {_FROM} WHERE c.reference = :after", values).fetchone()
        if last is None:
            raise UsageError(f"--after {wanted.after}: there is no such case")
        values["after_key"] = last[0]
    yield f"({key}, c.reference) {'<' if falling else '>'} (:after_key, :after)"


def _read(row: tuple[Any, ...]) -> CaseRow:
    (
        reference, workflow, version, state, phase, title, assignee, parent, revision, opened_at, closed_at,
        deadline, due_at, *whole,
    ) = row  # fmt: skip
    data = {}
    if whole:
        data = {**read_json(whole[0])["data"], **read_json(whole[1]).get("data", {})}
    return CaseRow(
        reference=reference, workflow=workflow, version=version, state=state, phase=phase, title=title,
        assignee=assignee, parent=parent, revision=revision, opened_at=datetime.fromisoformat(opened_at),
        closed_at=datetime.fromisoformat(closed_at) if closed_at else None, deadline=deadline,
        due_at=datetime.fromisoformat(due_at) if due_at else None, data=data,
    )  # fmt: skip
