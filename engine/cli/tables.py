"""Tables, trees, ribbons and bars: drawn by rich on a terminal, as plain aligned text elsewhere.

Rich is imported only where it is used, because importing it takes as long as a whole `show`.
"""

import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from engine.cli.output import can_draw, paint, safe, say

WHOLE_WORD = 44
"""A column whose cells are single words no longer than this is never broken: ids are there to be copied."""


LONGEST_WORD, LEAST = 20, 8
"""How long a word may be for its column to be kept as wide as it, and the least width that the terminal allows for."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d")

GAP = 3
"""Cells between two columns, as rich sets them."""

NARROWEST = 5
"""So narrow a column of prose is made before the ids beside it are broken."""

EDGES = 2
"""Cells of padding that rich counts at the two edges of a table, and leaves out."""


class Column(Struct, frozen=True):
    """One column: its title, and whether its cells stand to the right, as numbers do."""

    title: str
    right: bool = False


class Branch(Struct, frozen=True):
    """A node of a tree and what hangs on it."""

    label: str
    children: tuple["Branch", ...] = ()


def width(text: str) -> int:
    """How many cells of a terminal a text takes: combining marks none, East Asian wide characters two."""
    if text.isascii():
        return len(text)
    return sum(_cells(char) for char in text)


def _cells(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """Text filled with spaces to a width; a longer one is left whole."""
    space = " " * max(0, cells - width(text))
    return space + text if right else text + space


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[object]], *, color: bool = False) -> int:
    """Print a table and return how many rows it had; nothing but the header if there are none.

    On a terminal with colour rich draws it and folds long cells; elsewhere every row is one line, uncut.
    """
    cells = [[safe("" if cell is None else cell) for cell in row] for row in rows]
    if color and sys.stdout.isatty():
        _print_rich_table(columns, cells)
        return len(cells)
    widths = [
        max(width(column.title), *(width(row[i]) for row in cells)) if cells else width(column.title)
        for i, column in enumerate(columns)
    ]
    for row in [[column.title for column in columns], *cells]:
        parts = (pad(cell, widths[i], right=columns[i].right) for i, cell in enumerate(row))
        sys.stdout.write("  ".join(parts).rstrip() + "\n")
    return len(cells)


def _print_rich_table(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    room = Console(file=sys.stdout).width
    for column, cells_wide in zip(columns, _widths(columns, cells, room), strict=True):
        justify: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(Text(column.title), justify=justify, overflow="fold", width=cells_wide)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    # Rich counts the padding of both edges, which it does not draw: with less room it would cut what fits.
    Console(file=sys.stdout, width=room + EDGES).print(table)


def _widths(columns: Sequence[Column], cells: Sequence[Sequence[str]], room: int) -> list[int]:
    """How wide each column is drawn: whole where there is room, else what is over the least is shared by need."""
    whole = [max((width(cell) for cell in (column.title, *(row[i] for row in cells))), default=0)
             for i, column in enumerate(columns)]  # fmt: skip
    room = max(room - GAP * (len(columns) - 1), len(columns))
    if sum(whole) <= room:
        return whole
    widths = _least_widths(columns, cells, room)
    kept = [_is_whole(i, cells) for i in range(len(columns))]
    while sum(widths) > room:  # a terminal too narrow even for that: the widest gives way, ids last
        able = [i for i, wide in enumerate(widths) if wide > NARROWEST and not kept[i]] or range(len(widths))
        widths[max(able, key=widths.__getitem__)] -= 1
    for _ in range(room - sum(widths)):
        need = [_lines(of, wide) for of, wide in zip(whole, widths, strict=True)]
        widths[need.index(max(need))] += 1
    return widths


def _lines(whole: int, wide: int) -> float:
    """How many lines the longest cell takes at least; none more where it fits."""
    return whole / wide if whole > wide else 0.0


def _is_whole(i: int, cells: Sequence[Sequence[str]]) -> bool:
    return all(" " not in row[i] and width(row[i]) <= WHOLE_WORD for row in cells)


def _least_widths(columns: Sequence[Column], cells: Sequence[Sequence[str]], room: int) -> list[int]:
    """How wide each column has to be so that no word in it is broken, as far as there is room for that."""
    words = [{w for cell in (column.title, *(row[i] for row in cells)) for w in cell.split()}
             for i, column in enumerate(columns)]  # fmt: skip
    whole = [_is_whole(i, cells) for i in range(len(columns))]
    for most in range(LONGEST_WORD, LEAST - 1, -1):
        least = [
            max((width(w) if kept or _DATE.fullmatch(w) else min(width(w), most) for w in of_column), default=1)
            for of_column, kept in zip(words, whole, strict=True)
        ]
        if sum(least) <= room:
            break
    return least


def print_tree(root: Branch, *, color: bool = False) -> None:
    """Print a tree, each label on a line of its own."""
    if color and sys.stdout.isatty():
        _print_rich_tree(root)
        return
    lines = ("├── ", "└── ", "│   ") if can_draw(sys.stdout) else ("|-- ", "`-- ", "|   ")
    say(root.label)
    _print_branches(root.children, "", lines)


def _print_branches(branches: Sequence[Branch], indent: str, lines: tuple[str, str, str]) -> None:
    for branch in branches:
        is_last = branch is branches[-1]
        say(f"{indent}{lines[is_last]}{branch.label}")
        _print_branches(branch.children, indent + ("    " if is_last else lines[2]), lines)


def _print_rich_tree(root: Branch) -> None:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    def grow(branch: Branch, onto: Tree) -> None:
        for child in branch.children:
            grow(child, onto.add(Text(safe(child.label))))

    tree = Tree(Text(safe(root.label), style="bold"))
    grow(root, tree)
    Console(file=sys.stdout).print(tree)


def ribbon(labels: Sequence[str], current: int | None, *, color: bool = False) -> str:
    """The phases as a line, `●──●──◉──○──○  Beslut (3/5)`: passed, present and to come.

    Args:
        labels: The phases in order.
        current: Index of the present one; None once all are passed.
        color: Whether to colour the present one.
    """
    passed, present, coming, line = ("●", "◉", "○", "──") if can_draw(sys.stdout) else ("*", "@", "o", "--")
    here = len(labels) if current is None else current
    marks = [passed if i < here else present if i == here else coming for i in range(len(labels))]
    if color and here < len(marks):
        marks[here] = paint(marks[here], "cyan")
    told = line.join(marks)
    if here == len(labels):
        return told
    return f"{told}  {paint(safe(labels[here]), 'bold' if color else None)} ({here + 1}/{len(labels)})"


def bar(value: float, whole: float, cells: int = 20) -> str:
    """A bar as long as value is of whole, to an eighth of a cell; never longer than its cells."""
    share = 0.0 if whole <= 0 else min(1.0, max(0.0, value / whole))
    if not can_draw(sys.stdout):
        return "#" * round(share * cells)
    eighths = round(share * cells * 8)
    return "█" * (eighths // 8) + "▏▎▍▌▋▊▉"[eighths % 8 - 1 : eighths % 8]
