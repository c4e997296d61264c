"""`audit prove`, and `audit check`, which needs no home."""

from pathlib import Path
from typing import Any

import click

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, say
from engine.core.errors import NotFound, ValueMalformed

MOST_PROOF = 100 * 1024 * 1024
"""Bytes of a proof, or of a file of keys."""


@click.command()
@click.argument("ref")
@click.argument("entry", required=False)
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="A file, else stdout.")
@pass_shell
def prove(shell: Shell, ref: str, entry: str | None, output: Path | None) -> None:
    """Write a file that proves one entry of a case, or all of them, to whoever has the log's key."""
    from engine.app.prove import prove as ask
    from engine.cli.session import open_session
    from engine.cli.writing import write_new

    session = open_session(shell, read_only=True)
    file = ask(session.office, session.caller, ref, entry)
    write_new(output, [file.text().encode()])
    if output is not None:
        if shell.json:
            emit_json({"file": output, "entries": len(file.entries), "key": _keys(session)})
            return
        say(shell.text("proof_made", file=output, n=len(file.entries)))
        for key in _keys(session):
            say(shell.text("proof_check", file=output, key=key))


def _keys(session: Any) -> list[str]:
    signer = session.office.signer
    return [key.text() for key in signer().public_keys()[:1]] if signer else []


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--key", "keys", multiple=True, required=True, metavar="VKEY", help="A verifier key, or a file of them.")
@pass_shell
def check(shell: Shell, file: Path, keys: tuple[str, ...]) -> None:
    """Check a proof, or a checkpoint, with the log's key alone; no home is needed."""
    from engine.core.proof import HEADER, parse_proof, proven_entries
    from engine.signing import checked_note

    text = _read(file)
    known = [key for given in keys for key in _keys_of(given)]
    proof = parse_proof(text) if text.startswith(HEADER) else None
    checkpoint, signers = checked_note(proof.note if proof else text, known)
    entries = proven_entries(proof)[0] if proof else ()
    told = {
        "ok": True, "origin": checkpoint.origin, "size": checkpoint.size,
        "signers": [{"name": name, "at": at} for name, at in signers.items()],
        "entries": [{"entry": e.name, "act": e.act, "event": e.event, "from": e.source, "to": e.target, "at": e.at,
                     "actor": e.actor} for e in entries],
    }  # fmt: skip
    if shell.json:
        emit_json(told)
        return
    for entry in entries:
        what = f"{entry.act} {entry.event}" if entry.event else entry.act
        say(shell.text("check_entry", entry=entry.name, what=what, at=entry.at))
    done = "check_ok" if proof else "check_ok_checkpoint"
    say(shell.text(done, origin=checkpoint.origin, size=checkpoint.size, signers=list(signers)))


def _read(file: Path) -> str:
    from engine.readers.given import read_given

    try:
        content = read_given(file, MOST_PROOF)
        if len(content) > MOST_PROOF:
            raise ValueMalformed(f"{file} is too large to be a proof", says="note_too_large", path=file)
        return content.decode()
    except OSError as error:
        from engine.readers.unreadable import unreadable

        raise unreadable(file, error, "give the file of a proof", NotFound) from None
    except UnicodeDecodeError:
        raise ValueMalformed(f"{file} is not UTF-8 text, and so no proof", says="file_not_text", path=file) from None


def _keys_of(given: str) -> list[Any]:
    """The keys that an option names: a key itself, or a file with one a line."""
    from engine.core.checkpoint import parse_key

    path = Path(given)
    lines = _read(path).splitlines() if "+" not in given or path.is_file() else [given]
    return [parse_key(line) for line in lines if line.strip()]
