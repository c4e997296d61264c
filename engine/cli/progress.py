"""A progress bar for long work: on stderr of a terminal, and nothing anywhere else."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from engine.cli.options import Shell

T = TypeVar("T")


def track(items: Iterable[T], label: str, shell: Shell, total: int | None = None) -> Iterator[T]:
    """Pass the items on one by one, showing how far it has come.

    Args:
        items: What is worked through.
        label: What is being done.
        shell: Says whether anything beside the result is wanted.
        total: How many items there are, if `items` cannot tell.
    """
    if shell.quiet or shell.no_color or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from engine.cli.output import safe

    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:
        yield from progress.track(items, total=total, description=safe(label))
