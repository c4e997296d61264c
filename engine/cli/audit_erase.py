"""`audit erase`."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, mark_sandbox, say
from engine.cli.session import open_session

MOST_LEFT = 20
"""So many places where a name was found elsewhere are listed; `--json` has them all."""


@click.command()
@click.argument("person")
@click.option("--ground", required=True, metavar="TEXT", help="The legal ground; it stays in the log and names nobody.")
@click.option("--also", multiple=True, metavar="ENTRY", help="An entry elsewhere that names the person: REF#N.")
@click.option("-n", "--note", metavar="TEXT", help="Why.")
@click.option("--dry-run", is_flag=True, help="Tell what would go, and change nothing.")
@pass_shell
def erase(
    shell: Shell, person: str, ground: str, also: tuple[str, ...], note: str | None, dry_run: bool
) -> None:  # fmt: skip
    """Erase a person from every row and file; the evidence stays, and the log says what was erased."""
    from engine.app.erase import erase as use

    session = open_session(shell)
    told = use(session.office, session.caller, person, ground, also=also, note=note, dry_run=dry_run)
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json(told)
        return
    say(shell.text("erase_would" if dry_run else "erase_done", **told))
    _say_left(shell, told["left"])
    for left in told["remaining"]:
        say(shell.text("erase_remaining", what=left))


def _say_left(shell: Shell, left: Sequence[Mapping[str, Any]]) -> None:
    """Where the name stands in cases that are not the person's."""
    if left:
        say(shell.text("erase_left", n=len(left)))
    for one in left[:MOST_LEFT]:
        holds = [shell.text(f"erase_{kind}") for kind in one["holds"]]
        say(shell.text("erase_left_one", entry=one["entry"], holds=holds))
    if len(left) > MOST_LEFT:
        say(shell.text("erase_left_more", n=len(left) - MOST_LEFT))
