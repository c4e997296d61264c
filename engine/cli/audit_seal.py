"""`audit seal`, and what an auditor has a key of its own for: `audit key`, `audit cosign`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, mark_sandbox, say, say_beside
from engine.cli.session import open_session
from engine.core.errors import UsageError

if TYPE_CHECKING:
    from engine.app.seal import Sealing

AWAY = 6
"""Exit code where a seal was made, and an anchor did not get it."""


@click.command()
@click.option("--rotate", "rotating", is_flag=True, help="Change the seal's key; both keys sign.")
@click.option("--anew", is_flag=True, help="After a backup was put back: seal what it holds.")
@click.option("-n", "--note", metavar="TEXT", help="Why.")
@pass_shell
def seal(shell: Shell, rotating: bool, anew: bool, note: str | None) -> int:
    """Seal what is new in the log, and hand the seal to the anchors."""
    from engine.app import seal as use

    if rotating and anew:
        raise UsageError(shell.text("seal_rotate_or_anew"))
    session = open_session(shell)
    if rotating:
        done = use.rotate(session.office, session.caller, note)
    elif anew:
        done = use.seal_anew(session.office, session.caller, note)
    else:
        done = use.seal_by_hand(session.office, session.caller)
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    _tell(shell, done)
    return AWAY if done.errors else 0


def _tell(shell: Shell, done: "Sealing") -> None:
    if shell.json:
        sealed = done.sealed
        emit_json({
            "sealed": sealed is not None, "entries": done.entries, "size": sealed.size if sealed else None,
            "at": sealed.sealed_at if sealed else None, "note": sealed.note if sealed else None,
            "anchors": done.anchors, "errors": done.errors,
        })  # fmt: skip
        return
    if done.sealed is None:
        say(shell.text("seal_nothing"))
    else:
        say(shell.text("seal_made", n=done.entries, size=done.sealed.size))
    for name in done.anchors:
        say(shell.text("seal_anchored", anchor=name))
    for error in done.errors:
        say_beside(error)


@click.command()
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--name", required=True, metavar="NAME", help="Whose it is, such as revisor.example/anna.")
@pass_shell
def key(shell: Shell, new: Path, name: str) -> None:
    """Make a key of one's own to cosign with: NEW is the private half, NEW.vkey the public one."""
    from engine.cli.writing import write_new
    from engine.signing import make_auditors_key

    public = make_auditors_key(new, name)
    write_new(new.with_name(f"{new.name}.vkey"), [f"{public.text()}\n".encode()])
    if shell.json:
        emit_json({"file": new, "key": public.text()})
    else:
        say(public.text())


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--key", "private", required=True, type=click.Path(path_type=Path), metavar="PRIVATE", help="Your key.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="A file, else stdout.")
@pass_shell
def cosign(shell: Shell, file: Path, private: Path, output: Path | None) -> None:
    """Add an auditor's signature to a checkpoint that the log of this home contains."""
    from engine.app.cosign import contained
    from engine.cli.writing import write_new
    from engine.readers.anchor import read_anchor
    from engine.signing import AuditorsKey

    own = AuditorsKey(private)
    session = open_session(shell, read_only=True)
    note = read_anchor(file)
    checkpoint = contained(session.office, session.caller, note, own.last())
    write_new(output, [own.cosign(note, checkpoint).encode()])
    shell.tell("cosigned", size=checkpoint.size, name=own.name)
