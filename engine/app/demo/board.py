"""What a board decides at a meeting: one table, a row for each item, as the secretary would fill it in."""

import csv
import io
from pathlib import Path
from typing import NoReturn

from engine.app.bulk import run_bulk
from engine.app.bulk_row import Files, read_errands
from engine.app.demo.verbs import MARK, Item, Stage
from engine.core.errors import EngineError, UsageError

FIRST_PARAGRAPH = 301
COLUMNS = ("reference", "event", "set:paragraph", "set:granted_amount", "set:reasons", "set:meeting", "note")


def table_of(items: list[Item], meeting: str) -> str:
    """The items as CSV, each with a paragraph of the minutes."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    for number, item in enumerate(items, FIRST_PARAGRAPH):
        row = {"reference": item.reference, "event": item.event, "set:paragraph": f"§ {number}", "note": MARK}
        if item.event == "report_delegated":
            row["set:meeting"] = meeting
        writer.writerow(row | {f"set:{name}": value for name, value in item.fields.items()})
    return out.getvalue()


def decide(stage: Stage, key: str) -> None:
    """Carry out the table of a meeting, and leave it in the home.

    Raises:
        EngineError: A row was refused.
    """
    items = stage.agenda[key]
    if not items:
        return
    table = table_of(items, stage.cases[key])
    (stage.folder / f"{key.replace(' ', '-')}.csv").write_text(table, "utf-8")
    rows = list(enumerate(csv.DictReader(io.StringIO(table)), 2))
    files = Files(paper=_none, values=_none, moment=_none, folder=stage.folder)
    done = run_bulk(stage.office, stage.caller("secretary"), read_errands(stage.office, COLUMNS, rows, files), files)
    for one in done.outcomes:
        if one.exit_code:
            codes = [reason.code for reason in one.reasons]
            raise EngineError(f"{key}, line {one.line}: {one.reference} {one.event}: {one.message} {codes}")


def _none(*asked: object) -> NoReturn:
    raise UsageError(f"the table of a meeting names no files: {asked}")


def tables(folder: Path) -> list[Path]:
    """The tables that are in a demo home."""
    return sorted(folder.glob("board-[0-9]*.csv"))
