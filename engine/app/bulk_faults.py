"""What can be wrong with a bulk file: its columns, and its cells, each with its place."""

from collections.abc import Iterator, Sequence

from engine.core.errors import EngineError, UsageError

PLAIN = (
    "reference", "workflow", "event", "title", "parent", "note", "occurred", "on_behalf_of", "request_id", "assign",
    "data",
)  # fmt: skip
PREFIXES = ("set", "attach", "sign", "party")
REMARK = "#"
"""Begins the heading of a column that is for people alone."""

MOST_TOLD = 20
"""So many faults of a table are told at once."""


def faulty(faults: Sequence[UsageError]) -> UsageError:
    """Everything that is wrong with a table, in one error."""
    more = f"; and {len(faults) - MOST_TOLD} more" if len(faults) > MOST_TOLD else ""
    told = faults[:MOST_TOLD]
    return UsageError(
        "; ".join(fault.message for fault in told) + more + "; nothing was done",
        says="rows_faulty", faults=told, n=len(faults),
    )  # fmt: skip


def fault(line: int, column: str, what: EngineError) -> UsageError:
    """What is wrong with a cell, with its place."""
    return UsageError(
        f"line {line}, column {column}: {what.message}", says="cell_faulty", line=line, column=column, why=what
    )  # fmt: skip


def strange_columns(columns: Sequence[str]) -> Iterator[UsageError]:
    """What is wrong with the headings of a table."""
    for name in columns:
        prefix, colon, rest = name.partition(":")
        if name in PLAIN or name.startswith(REMARK) or (prefix in PREFIXES and colon and rest):
            continue
        known = (*PLAIN, "set:FIELD", "attach:KIND", "sign:ROLE", "party:ROLE")
        yield UsageError(
            f"line 1: there is no column {name}; there are {', '.join(known)}",
            says="bulk_column_unknown", column=name, known=known,
        )  # fmt: skip
    if not {"reference", "workflow"} & set(columns):
        yield UsageError(
            "line 1: a column reference (or workflow, to open cases) is missing", says="bulk_column_missing"
        )
