"""Changes one byte of a copy, as somebody would who can write the file and knows nothing of the log."""

import re
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from engine.app.office import Office
from engine.ports import LogLine

WINDOW = 40
"""So many characters before and after the digit are looked for in the file."""


class Changed(Struct, frozen=True):
    """What was changed.

    Attributes:
        entry: The entry whose line holds the byte.
        offset: Where in the file the byte stands.
        before, after: The amount as it stood there, and as it stands now.
    """

    entry: str
    offset: int
    before: str
    after: str


def change_one_byte(database: Path, office: Office, references: Iterable[str], event: str, field: str) -> Changed:
    """Make an amount in the log larger, in the file itself.

    Args:
        database: The copy.
        office: The office of the original: it says what stands in the log.
        references: Cases; the first whose amount stands once and in one piece in the file is taken, because SQLite
            divides a long row between pages.
        event: The event whose latest entry is changed.
        field: An amount that the event set.

    Raises:
        ValueError: There is no such amount in the file.
    """
    content = bytearray(database.read_bytes())
    with office.store.read() as tx:
        lines = [list(tx.log.all(case=reference, event=event))[-1] for reference in references]
    for line in lines:
        place = _place(content, line, field)
        if place is not None:
            digit, offset = place
            content[offset] = ord("9")
            database.write_bytes(content)
            value = line.line[digit : line.line.index('"', digit)]
            return Changed(f"{line.case}#{line.n}", offset, value, f"9{value[1:]}")
    raise ValueError(f"no {field} of these cases stands in one piece in {database}")


def _place(content: bytearray, line: LogLine, field: str) -> tuple[int, int] | None:
    """Where the amount's first digit stands in the line and in the file; None if it is not there exactly once."""
    amount = re.search(rf'"{field}":"[1-8]', line.line)
    if amount is None:
        return None
    digit = amount.end() - 1
    before = line.line[max(0, digit - WINDOW) : digit].encode()
    window = before + line.line[digit : digit + WINDOW].encode()
    start = content.find(window)
    if start < 0 or content.find(window, start + 1) >= 0:
        return None
    return digit, start + len(before)
