"""`audit verify` and `audit replay`."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, mark_sandbox, say
from engine.cli.progress import track
from engine.cli.session import open_session
from engine.cli.tables import Column, print_table

if TYPE_CHECKING:
    from engine.app.verify import Progress, Verified
    from engine.app.verify_part import Bad

INTEGRITY = 7
"""Exit code where something is not what it should be."""


@click.command()
@click.option(
    "--anchor", "anchors", multiple=True, metavar="FILE", type=click.Path(path_type=Path),
    help="A checkpoint kept elsewhere: a file of an anchor, or a letter that was saved.",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(1, 64), metavar="N",
    help="Processes that work at the same time; without it, one for each processor if the log is large.",
)  # fmt: skip
@pass_shell
def verify(shell: Shell, anchors: tuple[Path, ...], jobs: int | None) -> int:
    """Check every line of the log, its seals, and every row that the log says how it is."""
    from engine.app.verify import entries_about, verifier
    from engine.app.verify import verify as verify_home
    from engine.app.verify_seals import Anchored
    from engine.bootstrap.crew import crew_for
    from engine.readers.anchor import read_anchor

    session = open_session(shell, read_only=True)
    verifier(session.office, session.caller)
    brought = [Anchored(str(path), read_anchor(path)) for path in anchors]
    with crew_for(shell.settings, jobs, entries_about(session.office)) as crew:
        found = verify_home(session.office, _watched(shell), brought, crew)
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json(_verified(found, shell))
    else:
        _say_verified(found, shell)
    return INTEGRITY if found.faulty else 0


def _watched(shell: Shell) -> "Progress":
    def watched(items: Iterable[str], total: int) -> Iterable[str]:
        return track(items, shell.text("verify_progress"), shell, total)

    return watched


def _verified(found: "Verified", shell: Shell) -> dict[str, Any]:
    return {
        "ok": not found.faulty, "entries": found.entries, "cases": found.cases, "erased": found.erased,
        "erasures": [
            {"entry": one.entry, "person": one.person, "ground": one.ground, "entries": one.entries,
             "letters": one.letters}
            for one in found.erasures
        ],
        "imported": [{"by": one.user, "cases": one.cases, "entries": one.entries} for one in found.imported],
        "size": found.size, "root": found.root, "sealed": found.sealed.sealed, "waiting": found.sealed.waiting,
        "checkpoints": found.sealed.checkpoints, "anchors": found.anchors,
        "first_bad": _bad(found.bad[0], shell) if found.bad else None,
        "faulty": found.faulty, "faults": [_bad(bad, shell) for bad in found.bad],
    }  # fmt: skip


def _bad(bad: "Bad", shell: Shell) -> dict[str, Any]:
    return {
        "entry": f"{bad.case}#{bad.n}", "case": bad.case, "n": bad.n,
        "why": shell.text(bad.why.code, **bad.why.params), "code": bad.why.code, "params": dict(bad.why.params),
    }  # fmt: skip


def _say_verified(found: "Verified", shell: Shell) -> None:
    for bad in found.bad:
        say(f"{bad.case}#{bad.n}: {shell.text(bad.why.code, **bad.why.params)}")
    if found.faulty:
        say(shell.text("verify_bad", faulty=found.faulty, entries=found.entries, cases=found.cases))
    else:
        say(shell.text("verify_ok", entries=found.entries, cases=found.cases))
    if found.erased:
        say(shell.text("verify_erased", erased=found.erased))
    for one in found.erasures:
        told = {"entry": one.entry, "person": one.person, "ground": one.ground, "letters": one.letters}
        say(shell.text("verify_erasure", n=one.entries, **told))
    for brought in found.imported:
        say(shell.text("verify_imported", by=brought.user, cases=brought.cases, n=brought.entries))
    sealed = found.sealed
    say(shell.text("verify_seals", sealed=sealed.sealed, checkpoints=sealed.checkpoints, anchors=found.anchors))
    if sealed.first_waiting:
        say(shell.text("verify_waiting", n=sealed.waiting, entry=sealed.first_waiting))
    say(shell.text("verify_root", size=found.size, root=found.root))
    if not found.anchors:
        shell.tell("verify_note_root")


@click.command()
@click.argument("ref", required=False)
@pass_shell
def replay(shell: Shell, ref: str | None) -> int:
    """Fold the log of a case, or of all, and compare with what is kept."""
    from engine.app.verify import replay as replay_home
    from engine.app.verify import verifier

    session = open_session(shell, read_only=True)
    verifier(session.office, session.caller)
    found = list(replay_home(session.office, ref, _watched(shell)))
    faulty = [one for one in found if one.bad]
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json([
            {"case": one.reference, "entries": one.entries, "state": one.state, "revision": one.revision,
             "ok": one.bad is None, "first_bad": _bad(one.bad, shell) if one.bad else None}
            for one in found
        ])  # fmt: skip
        return INTEGRITY if faulty else 0
    columns = [Column(shell.text(f"replay_column_{name}")) for name in ("case", "entries", "state", "result")]
    rows = [
        [one.reference, one.entries, one.state or "–",
         shell.text(one.bad.why.code, **one.bad.why.params) if one.bad else shell.text("replay_same")]
        for one in found
    ]  # fmt: skip
    print_table(columns, rows, color=shell.color)
    return INTEGRITY if faulty else 0
