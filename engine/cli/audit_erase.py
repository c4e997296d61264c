"""`audit erase`."""

import click

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, mark_sandbox, say
from engine.cli.session import open_session


@click.command()
@click.argument("person")
@click.option("--ground", required=True, metavar="TEXT", help="The legal ground; it stays in the log and names nobody.")
@click.option("-n", "--note", metavar="TEXT", help="Why.")
@click.option("--dry-run", is_flag=True, help="Tell what would go, and change nothing.")
@pass_shell
def erase(shell: Shell, person: str, ground: str, note: str | None, dry_run: bool) -> None:
    """Erase a person from every row and file; the evidence stays, and the log says what was erased."""
    from engine.app.erase import erase as use

    session = open_session(shell)
    told = use(session.office, session.caller, person, ground, note=note, dry_run=dry_run)
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json(told)
        return
    say(shell.text("erase_would" if dry_run else "erase_done", **told))
    for left in told["remaining"]:
        say(shell.text("erase_remaining", what=left))
