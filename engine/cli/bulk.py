"""Many events from a table: `bulk FILE.csv`, and `bulk template` for a table to fill in."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from engine.app.bulk import Bulk, Outcome, run_bulk
from engine.app.bulk_row import Errand, Files, read_errands
from engine.cli.failure import reason_json, reason_lines
from engine.cli.giving import paper, past_moment, read_values
from engine.cli.options import FIELD_VALUE, Shell, pass_shell
from engine.cli.output import emit_json, mark_sandbox, say
from engine.cli.progress import track
from engine.cli.session import open_session
from engine.cli.tables import Column, print_table
from engine.cli.texts import error_text
from engine.core.table import Table
from engine.readers.csv import read_table


class _Bulk(click.Group):
    """A group whose unnamed command takes a file: `bulk FILE.csv` is `bulk run FILE.csv`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the unnamed command in where no other is named."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Bulk, subcommand_metavar="FILE.csv | template EVENT")
def bulk() -> None:
    """Many events from a table, one outcome per row; safe to run again.

    Columns: reference (or workflow, title, parent and party:ROLE, to open cases), event, and any of note, occurred,
    on_behalf_of, request_id, assign, data, set:FIELD, attach:KIND, sign:ROLE. Paths are relative to the table; an
    empty cell gives nothing.
    """


@bulk.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option("--dry-run", is_flag=True, help="Try it all, one row upon the other, and undo it; prints the sums.")
@click.option("--all-or-nothing", is_flag=True, help="Keep nothing unless every row goes well.")
@pass_shell
def run(shell: Shell, file: Path, dry_run: bool, all_or_nothing: bool) -> int:
    """Carry out the rows of a table; the word run can be left out."""
    session = open_session(shell)
    table = read_table(file)
    _say_guess(shell, table)
    files = _files(file.parent)
    errands = read_errands(session.office, table.columns, [(row.line, row.cells) for row in table.rows], files)

    def watched(items: Iterable[Errand], total: int) -> Iterable[Errand]:
        return track(items, shell.text("bulk_progress"), shell, total)

    done = run_bulk(
        session.office, session.caller, errands, files, dry_run=dry_run, all_or_nothing=all_or_nothing, progress=watched
    )
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json(_json(done, shell))
    else:
        _say(done, shell)
    return done.exit_code


def _files(folder: Path) -> Files:
    return Files(
        paper=lambda kind, path: paper(kind, str(folder / path)),
        values=lambda path: read_values(str(folder / path)).set,
        moment=past_moment, folder=folder,
    )  # fmt: skip


def _say_guess(shell: Shell, table: Table) -> None:
    """Say aloud what was guessed of a file that is not UTF-8."""
    if table.encoding != "utf-8":
        shell.tell("table_encoding", encoding=table.encoding)


def _json(done: Bulk, shell: Shell) -> dict[str, Any]:
    return {
        "dry_run": done.dry_run, "rows": [_row(one, shell) for one in done.outcomes], "done": done.count("done"),
        "already": done.count("already"), "refused": done.count("refused"),
        "failed": done.count("error", "conflict"), "undone": done.count("undone"), "sums": dict(done.sums),
    }  # fmt: skip


def _row(one: Outcome, shell: Shell) -> dict[str, Any]:
    return {
        "line": one.line, "reference": one.reference, "event": one.event, "outcome": one.outcome, "target": one.target,
        "revision": one.revision, "request_id": one.request_id, "message": _why(one, shell),
        "reasons": [reason_json(reason, shell.lang) for reason in one.reasons],
    }  # fmt: skip


def _say(done: Bulk, shell: Shell) -> None:
    columns = [Column(shell.text("bulk_line"), right=True)]
    columns += [Column(shell.text(f"bulk_{name}")) for name in ("reference", "event", "outcome")]
    rows = [[o.line, o.reference or "", o.event or "", shell.text(f"bulk_{o.outcome}")] for o in done.outcomes]
    print_table(columns, rows, color=shell.color)
    for one in done.outcomes:
        if one.exit_code:
            say(shell.text("bulk_why", line=one.line, why=one.reference or "" if one.reasons else _why(one, shell)))
            for reason in one.reasons:
                for line in reason_lines(reason, shell.lang):
                    say(line)
    counts = {"done": done.count("done"), "already": done.count("already"), "undone": done.count("undone")}
    failed = done.count("refused", "error", "conflict")
    say(shell.text("bulk_summary_dry" if done.dry_run else "bulk_summary", **counts, failed=failed))
    for field, amount in done.sums.items():
        say(shell.text("bulk_sum", field=done.titles[field], amount=_money(amount, shell)))


def _why(one: Outcome, shell: Shell) -> str | None:
    return one.message if one.error is None else error_text(one.error, shell.lang)


def _money(amount: str, shell: Shell) -> str:
    from engine.core.money import format_money

    return format_money(amount, shell.lang)


@bulk.command()
@click.argument("event")
@click.argument("workflow", required=False)
@click.option("--state", metavar="S", help="Cases in this state.")
@click.option("--phase", metavar="P", help="Cases in this phase.")
@click.option("--parent", metavar="REF", help="Cases below this one.")
@click.option("--owner", metavar="LOGIN", help="Cases handled by this user.")
@click.option("--mine", is_flag=True, help="Cases handled by you.")
@click.option("--overdue", is_flag=True, help="Cases with a deadline that has passed.")
@click.option("--search", metavar="TEXT", help="Words of title, reference or registry number.")
@click.option("--field", "field_values", multiple=True, type=FIELD_VALUE, help="Where a field has this value.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE.csv", help="Where to.")
@click.option("--force", is_flag=True, help="Even if that file is there already.")
@click.option("--bom", is_flag=True, hidden=True, expose_value=False)
@pass_shell
def template(
    shell: Shell, /, event: str, output: Path, force: bool, field_values: tuple[tuple[str, str], ...], **asked: Any
) -> None:
    """A table with one row for each case that could take EVENT, and exactly the columns that are missing."""
    from engine.app.bulk_template import bulk_template
    from engine.app.listing import Wanted
    from engine.cli.writing import write_template

    session = open_session(shell, read_only=True)
    made = bulk_template(session.office, session.caller, event, Wanted(fields=dict(field_values), **asked))
    write_template(shell, output, made.columns, made.rows, force=force)
    if shell.json:
        obstacles = [
            {"reference": reference, "reasons": [reason_json(reason, shell.lang) for reason in reasons]}
            for reference, reasons in made.obstacles
        ]
        emit_json({"file": output, "columns": made.columns, "rows": len(made.rows), "obstacles": obstacles})
        return
    say(shell.text("template_made", file=output, n=len(made.rows)))
    for reference, reasons in made.obstacles:
        say(reference)
        for reason in reasons:
            for line in reason_lines(reason, shell.lang):
                say(line)
