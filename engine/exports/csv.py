"""Writes tables as CSV that a spreadsheet opens without running anything: RFC 4180, UTF-8, commas.

A cell that a spreadsheet would take for a formula gets a quote before it, which `readers.csv` takes away again;
plain numbers stay numbers.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

BOM = "\ufeff"
"""What tells Excel that a file is UTF-8; other programs do without."""

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")

_CASE = (
    "reference", "workflow", "version", "state", "phase", "title", "owner", "parent", "revision", "opened_at",
    "closed_at", "next_deadline", "next_due_at",
)  # fmt: skip
_ENTRY = (
    "entry", "case", "n", "recorded_at", "occurred_at", "kind", "event", "source", "target", "actor", "auth", "role",
    "on_behalf_of", "note", "changes", "workflow", "version", "definition", "request_id", "prev", "hash",
)  # fmt: skip


def table_text(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, bom: bool = False, parted: str = ","
) -> Iterator[str]:
    """A table as text, record by record.

    Args:
        columns: The first record.
        rows: The others, as plain JSON values.
        bom: Begin with a byte order mark, for Excel.
        parted: What stands between two cells.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n", delimiter=parted)
    if bom:
        yield BOM
    for row in chain([columns], rows):
        writer.writerow([cell_text(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def cell_text(value: Any) -> str:
    """A plain JSON value as a cell: nothing as an empty one, choices parted by `; `, anything deeper as JSON."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() if all(isinstance(part, str) for part in value):
            return guarded("; ".join(value))
        case list() | dict():
            return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return guarded(str(value))


def guarded(text: str) -> str:
    """The text with a quote before it where a spreadsheet would run it, or where it begins with a quote itself."""
    return f"'{text}" if text.startswith(_STARTS_FORMULA) and not _NUMBER.fullmatch(text) else text


def cases_table(cases: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> tuple[list[str], Iterator[list[Any]]]:
    """Columns and rows of cases as `describe_case` tells them, each field of their data in a column of its own.

    Args:
        cases: The cases.
        fields: The names of all their fields, in the order in which they are to stand.
    """
    # A field may bear the name of a column; scripts tell them apart by the prefix that `bulk` uses too.
    return [*_CASE, *(f"set:{name}" for name in fields)], (_case_row(case, fields) for case in cases)


def _case_row(case: Mapping[str, Any], fields: Sequence[str]) -> list[Any]:
    soonest = min(case["deadlines"], key=lambda d: str(d["due_at"]), default={"name": None, "due_at": None})
    plain = {**case, "next_deadline": soonest["name"], "next_due_at": soonest["due_at"]}
    return [*(plain[name] for name in _CASE), *(case["data"].get(name) for name in fields)]


def log_table(entries: Iterable[Mapping[str, Any]], *, lines: bool = False) -> tuple[list[str], Iterator[list[Any]]]:
    """Columns and rows of log entries as `describe_entry` tells them; what changed stands as JSON.

    Args:
        entries: The entries.
        lines: They have their `line`, which becomes the last column.
    """
    columns = [*_ENTRY, *(("line",) if lines else ())]
    return columns, ([entry[name] for name in columns] for entry in entries)
