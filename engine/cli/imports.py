"""The commands that bring cases in from elsewhere, and take such an import back."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, mark_sandbox, say
from engine.cli.session import Session, open_session
from engine.cli.table_file import read_file
from engine.core.errors import UsageError

MOST_SHOWN = 12


@click.group("import")
def import_() -> None:
    """Bring cases in from elsewhere, all or nothing."""


@import_.command("template")
@click.argument("workflow")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Else stdout.")
@click.option("--force", is_flag=True, help="Even if that file is there already.")
@pass_shell
def template(shell: Shell, workflow: str, output: Path | None, force: bool) -> None:
    """An empty table for cases of a workflow, with what goes where."""
    from engine.app.import_template import template as empty_table
    from engine.cli.writing import write_template
    from engine.exports.csv import table_text

    session = open_session(shell, read_only=True)
    columns, rows = empty_table(session.office, session.caller, workflow, shell.lang)
    if output is None:
        click.echo("".join(table_text(columns, rows)), nl=False)
        return
    write_template(shell, output, columns, rows, force=force)
    shell.tell("import_template_written", file=output, n=len(columns))


@import_.command("cases")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--map", "map_file", metavar="MAP.toml", type=click.Path(path_type=Path), help="What columns mean.")
@click.option("--workflow", metavar="W", help="The workflow of all rows.")
@click.option("--batch", metavar="NAME", help="The name under which it can be undone.")
@click.option("--mail", type=click.Choice(["none"]), default="none", show_default=True, help="Nothing is mailed.")
@click.option(
    "--deadlines", type=click.Choice(["none", "future"]), default="future", show_default=True,
    help="Which deadlines open: those that lie ahead, or none.",
)  # fmt: skip
@click.option("-n", "--note", metavar="T", help="Why; goes into the log.")
@click.option("--dry-run", is_flag=True, help="Say what would come in, and take nothing in.")
@pass_shell
def cases(
    shell: Shell, file: Path, map_file: Path | None, workflow: str | None, batch: str | None, mail: str,
    deadlines: str, note: str | None, dry_run: bool,
) -> None:  # fmt: skip
    """Cases from a CSV file, each in the state where it stood."""
    from engine.app.import_cases import Source, import_cases
    from engine.app.import_template import NO_MAP, table_map
    from engine.cli.progress import track

    table, digest = read_file(shell, file)
    mapped = table_map(_toml(map_file), map_file.name) if map_file else NO_MAP
    session = open_session(shell)
    told = import_cases(
        session.office, session.caller, Source(table, file.name, digest, mapped, workflow), batch=batch,
        deadlines=deadlines, note=note, dry_run=dry_run,
        watch=lambda rows: track(rows, shell.text("import_working"), shell, len(rows)),
    )  # fmt: skip
    if shell.json:
        emit_json(told)
    else:
        _print_taken(shell, session, told)


def _toml(path: Path) -> dict[str, Any]:
    from engine.cli.giving import MOST_VALUES, toml_table
    from engine.readers.given import read_given
    from engine.readers.unreadable import unreadable

    try:
        content = read_given(path, MOST_VALUES)
        if len(content) > MOST_VALUES:
            raise UsageError(f"{path}: is larger than 10 MB: no form is", says="values_too_large", path=path)
        return toml_table(content.decode("utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error, "give a TOML file") from None


def _print_taken(shell: Shell, session: Session, told: Mapping[str, Any]) -> None:
    from engine.cli.tables import Column, print_table

    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=False)
    rows = told["cases"]
    shown = rows if told["dry_run"] else rows[:MOST_SHOWN]
    names = ("line", "reference", "workflow", "state", "title")
    columns = [*(Column(shell.text(f"import_{name}"), right=name == "line") for name in names),
               Column(shell.text("import_unverified"), right=True)]  # fmt: skip
    cells = ([*(row[name] for name in names), len(row["unverified"])] for row in shown)
    print_table(columns, cells, color=shell.color)
    if len(shown) < len(rows):
        say(shell.text("import_more", n=len(rows) - len(shown)))
    _print_unverified(shell, rows)
    n = sum(len(row["deadlines"]) for row in rows)
    say(shell.text("import_would" if told["dry_run"] else "import_done", n=len(rows), batch=told["batch"], deadlines=n))


def _print_unverified(shell: Shell, rows: Any) -> None:
    """What could not be checked, each once with the number of cases it concerns."""
    found = Counter(shell.text(item["code"], **item["params"]) for row in rows for item in row["unverified"])
    if found:
        say(shell.text("import_unverified_head"))
    for sentence, n in found.most_common():
        say(f"  {n:>5}  {sentence}")


@import_.command("history")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map", "map_file", metavar="MAP.toml", type=click.Path(path_type=Path), help="What keys and words mean."
)
@click.option("--workflow", metavar="W", help="The workflow of all cases; else one for history alone.")
@click.option("--state", metavar="S", help="Where every case stands in the end.")
@click.option("--sort", is_flag=True, help="Put each case's events in the order of their times.")
@click.option("--batch", metavar="NAME", help="The name under which it can be undone.")
@click.option("-n", "--note", metavar="T", help="Why; goes into the log.")
@click.option("--dry-run", is_flag=True, help="Say what would come in, and take nothing in.")
@click.option("--template", "template_only", is_flag=True, help="Print a map to fill in, with every activity.")
@pass_shell
def history(
    shell: Shell, file: Path, map_file: Path | None, workflow: str | None, state: str | None, sort: bool,
    batch: str | None, note: str | None, dry_run: bool, template_only: bool,
) -> None:  # fmt: skip
    """The event log of another system (CSV or XES), under its own dates and marked as imported."""
    from engine.app.history_map import HistoryMap, history_map
    from engine.app.import_history import history_template, import_history
    from engine.cli.history_file import history_of
    from engine.cli.progress import track

    mapped = history_map(_toml(map_file), map_file.name) if map_file else HistoryMap()
    source, total = history_of(shell, file, mapped, workflow, state, sort=sort)
    session = open_session(shell, read_only=template_only)
    if template_only:
        for line in history_template(session.office, session.caller, source):
            say(line)
        return
    told = import_history(
        session.office, session.caller, source, batch=batch, note=note, dry_run=dry_run,
        watch=lambda traces: track(traces, shell.text("import_working"), shell, total),
    )  # fmt: skip
    if shell.json:
        emit_json(told)
    else:
        _print_history(shell, session, told)


def _print_history(shell: Shell, session: Session, told: Mapping[str, Any]) -> None:
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=False)
    ends = Counter((row["workflow"], row["state"]) for row in told["cases"])
    for (workflow, state), n in ends.most_common():
        say(shell.text("history_ends", n=n, workflow=workflow, state=state))
    for name in ("unknown", "ways", "backwards"):
        if told[name]:
            say(shell.text(f"history_{name}", n=told[name]))
    code = "history_would" if told["dry_run"] else "history_done"
    say(shell.text(code, n=len(told["cases"]), events=told["events"], batch=told["batch"]))


@import_.command("undo")
@click.argument("batch")
@click.option("-n", "--note", metavar="T", help="Why; goes into the log.")
@click.option("--dry-run", is_flag=True, help="Say what would be taken back, and leave it.")
@pass_shell
def undo(shell: Shell, batch: str, note: str | None, dry_run: bool) -> None:
    """Take an import back, as long as no case of it has changed."""
    from engine.app.import_cases import undo_import

    session = open_session(shell)
    told = undo_import(session.office, session.caller, batch, note=note, dry_run=dry_run)
    if shell.json:
        emit_json(told)
    else:
        code = "import_would_undo" if dry_run else "import_undone"
        say(shell.text(code, batch=batch, n=len(told["cases"])))
