"""A table as an office keeps one, read from whatever file: named columns, and rows that know their line."""

from collections.abc import Mapping

from msgspec import Struct


class Row(Struct, frozen=True):
    """One row: the line of the file that it begins on (from 1), and its cells by column."""

    line: int
    cells: Mapping[str, str]


class Table(Struct, frozen=True):
    """A whole table.

    Attributes:
        columns: Names, in the order of the file.
        encoding: `utf-8`, `utf-16` or `windows-1252`; the last is a guess and should be said aloud.
        separator: The character that parts the cells.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str
    separator: str
