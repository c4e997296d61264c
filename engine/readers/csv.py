"""Reads a table as offices save them: CSV with `,`, `;` or tabs, in UTF-8 or Windows-1252, with or without BOM.

What was guessed (separator, encoding) is told, every complaint names line and column, and the quotes that our
own exports set against formulas are undone.
"""

import csv
import io
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from engine.core.errors import UsageError
from engine.core.table import Row, Table
from engine.readers.given import read_given
from engine.readers.unreadable import unreadable

LARGEST = 50 * 1024 * 1024
"""Bytes that a table may have."""
WIDEST = 500
"""Columns that a table may have."""
MOST_TOLD = 20
"""So many faults of a table are told at once."""
SEPARATORS = (",", ";", "\t")
_STARTS_FORMULA = "=+-@\t\r\n'"
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_table(path: Path) -> Table:
    """The table in a file.

    Raises:
        UsageError: It cannot be read, is too large, or is no table; with every line and column that is wrong.
    """
    try:
        content = read_given(path, LARGEST)
    except OSError as error:
        raise unreadable(path, error, "give the path of a CSV file") from error
    if len(content) > LARGEST:
        raise UsageError(f"{path.name}: is larger than 50 MB: split it", says="table_too_large", source=path.name)
    return parse_table(content, path.name)


def parse_table(content: bytes, name: str = "the table") -> Table:
    """The table in the bytes of a file; raises as `read_table`."""
    text, encoding = _decoded(content, name)
    text, separator = _separated(text)
    lines = _lines(text, separator, name)
    first = next(lines, None)
    if first is None:
        raise UsageError(f"{name}: is empty: its first line must name the columns", says="table_empty", source=name)
    columns, faults = _columns(*first)
    rows = []
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        faults += _misfits(line, cells, columns)
        named = zip(columns, cells, strict=False)
        rows.append(Row(line, {column: unquoted(cell).strip() for column, cell in named if column}))
    if faults:
        raise _faulty(name, faults)
    return Table(tuple(column for column in columns if column), tuple(rows), encoding, separator)


def _faulty(name: str, faults: list[UsageError]) -> UsageError:
    """Everything that is wrong with a table, in one error."""
    told = faults[:MOST_TOLD]
    more = f"; and {len(faults) - MOST_TOLD} more" * (len(faults) > MOST_TOLD)
    message = f"{name}: {'; '.join(fault.message for fault in told)}{more}"
    return UsageError(message, says="table_faulty", source=name, n=len(faults), faults=told)


def unquoted(cell: str) -> str:
    """A cell without the quote that our exports put before what a spreadsheet would take for a formula."""
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in _STARTS_FORMULA else cell


def column_letter(number: int) -> str:
    """A column as spreadsheets name it: 1 is A, 27 is AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _decoded(content: bytes, name: str) -> tuple[str, str]:
    for bom, codec in _BOMS:
        if content.startswith(bom):
            return _strictly(content, codec, name), codec.removesuffix("-sig")
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _strictly(content, "cp1252", name), "windows-1252"


def _strictly(content: bytes, codec: str, name: str) -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{name}: line {line} is neither UTF-8 nor Windows-1252: save it as UTF-8",
            says="table_encoding_unknown",
            source=name,
            line=line,
        ) from error


def _separated(text: str) -> tuple[str, str]:
    """The text and its separator: what Excel's `sep=` line says, else what parts the first line most often.

    Such a line is blanked, not cut, so that lines keep their numbers.
    """
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return f"\n{rest}", first.strip()[4]
    head = next((line for line in text.splitlines() if line.strip()), "")
    outside = "".join(head.split('"')[::2])
    return text, max(SEPARATORS, key=outside.count)


def _lines(text: str, separator: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Every record that is not blank, with the line that it begins on."""
    if "\x00" in text:
        raise UsageError(
            f"{name}: line {text[: text.index(chr(0))].count(chr(10)) + 1} holds a NUL: it is no text",
            says="table_nul",
            source=name,
            line=text[: text.index(chr(0))].count(chr(10)) + 1,
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    try:
        for record in reader:
            if record:
                yield begins, record
            begins = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(
            f"{name}: line {begins}: {error}: look for a quotation mark that is not closed",
            says="table_quote_open",
            source=name,
            line=begins,
            why=error,
        ) from error


def _columns(line: int, head: list[str]) -> tuple[list[str], list[UsageError]]:
    columns = [unquoted(cell).strip() for cell in head]
    while columns and not columns[-1]:
        columns.pop()
    faults = [
        UsageError(f"line {line}, column {letter}: has no name", says="column_nameless", line=line, column=letter)
        for letter, name in zip(map(column_letter, count(1)), columns, strict=False) if not name
    ]  # fmt: skip
    seen: dict[str, int] = {}
    for number, column in enumerate(columns, 1):
        if column and column in seen:
            one, other = column_letter(seen[column]), column_letter(number)
            faults.append(UsageError(
                f"line {line}: columns {one} and {other} are both named {column}",
                says="columns_alike", line=line, one=one, other=other, column=column,
            ))  # fmt: skip
        seen.setdefault(column, number)
    if len(columns) > WIDEST:
        faults.append(UsageError(
            f"line {line}: has {len(columns)} columns; at most {WIDEST} fit",
            says="columns_too_many", line=line, n=len(columns), most=WIDEST,
        ))  # fmt: skip
    return columns, faults


def _misfits(line: int, cells: list[str], columns: list[str]) -> Iterator[UsageError]:
    """A row that is shorter or longer than the head says; empty cells beyond the last column are nothing."""
    if len(cells) < len(columns):
        missing = column_letter(len(cells) + 1)
        yield UsageError(
            f"line {line}, column {missing}: the row ends before it ({len(cells)} cells of {len(columns)})",
            says="row_short", line=line, column=missing, n=len(cells), most=len(columns),
        )  # fmt: skip
    for number, cell in enumerate(cells[len(columns) :], len(columns) + 1):
        if cell.strip():
            letter = column_letter(number)
            yield UsageError(
                f"line {line}, column {letter}: {cell[:40]!r} stands outside the table",
                says="cell_outside", line=line, column=letter, what=cell[:40],
            )  # fmt: skip
