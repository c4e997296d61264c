"""The transition log: `log`."""

from collections.abc import Mapping
from itertools import chain, islice
from typing import Any

import click

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_lines, mark_sandbox, say
from engine.cli.session import Session, moment_text, open_session
from engine.cli.texts import has_text, letter_text, role_text
from engine.core.errors import UsageError

CHANGES = {"movedeadline": "deadline", "stopclock": "clock", "changeparty": "party"}
"""Refused changes whose name in the log is not the kind of entry that they would have made."""


@click.command("log")
@click.argument("ref", required=False)
@click.option("--parent", metavar="REF", help="Only the cases below that one.")
@click.option("--workflow", metavar="W", help="Only this workflow, or one version of it (name@2).")
@click.option("--event", metavar="E", help="Only this event.")
@click.option("--actor", metavar="A", help="Only what this login did.")
@click.option("--since", metavar="WHEN", help="From then on.")
@click.option("--until", metavar="WHEN", help="Up to then; a bare date counts whole.")
@click.option(
    "--by", type=click.Choice(("recorded", "occurred")), default="recorded", help="Which time those two mean."
)
@click.option("--late-recorded", metavar="SPAN", help="Only what was written down so much later than it happened.")
@click.option("--kind", metavar="K", help="Only this kind of entry: open, advance, mail, refused, ...")
@pass_shell
def log(shell: Shell, /, ref: str | None, **asked: Any) -> None:
    """The log of a case, or of the office, newest last; with --json one entry per line."""
    from engine.app.log_query import MOVES, Asked, contract, entries

    kind = asked["kind"]
    if kind and kind not in MOVES and not has_text(f"log_kind_{kind}", shell.lang):
        raise UsageError(f"the log has no entries of kind {kind}", says="log_kind_unknown", kind=kind)
    session = open_session(shell, read_only=True)
    found = entries(session.office, session.caller, Asked(reference=ref, **asked))
    found = chain(list(islice(found, 1)), found)  # what was asked wrongly is told before anything is printed
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_lines(contract(entry) for entry in found)
        return
    first = next(iter(found), None)
    if first is None:
        shell.tell("nothing_found")
        return
    for entry in chain((first,), found):
        say(entry_line(shell, session, entry))


def entry_line(shell: Shell, session: Session, entry: Mapping[str, Any]) -> str:
    """One entry on one line: when, which, what, from where to where, who, and why."""
    parts = [moment_text(session, entry["recorded_at"]), entry["entry"], _what(shell, entry)]
    if entry["target_title"] and entry["source"] != entry["target"]:
        states = f"{entry['source_title']} → " if entry["source_title"] else "→ "
        parts.append(states + entry["target_title"])
    at, occurred = (moment_text(session, entry[name]) for name in ("recorded_at", "occurred_at"))
    if occurred != at:
        parts.append(shell.text("log_occurred", at=occurred))
    parts.append(_who(shell, entry))
    if entry["note"]:
        parts.append(f"– {entry['note']}")
    return "  ".join(parts)


def _what(shell: Shell, entry: Mapping[str, Any]) -> str:
    key = f"log_kind_{entry['kind']}"
    kind = shell.text(key) if has_text(key, shell.lang) else entry["kind"]
    title = entry["event_title"] or _change(shell, entry["event"])
    if entry["kind"] in ("open", "advance"):
        return shell.text("entry_imported", what=title) if entry.get("imported") else str(title)
    title = entry["changes"].get("activity") or title
    mail = entry["changes"].get("mail") if entry["letter"] else None
    if mail:
        letter = entry["letter"]
        title = ": ".join(part for part in (letter_text(letter["template"], shell.lang), letter["about"]) if part)
        to = f" → {letter['to']}" if letter["to"] else ""
        return f"{kind} {shell.text('mail_' + mail['state'])}: {title}{to}"
    return f"{kind}: {title}" if title else kind


def _change(shell: Shell, name: str | None) -> str | None:
    """A change that is no event, as the log names it where it was refused."""
    key = f"log_kind_{CHANGES.get(name or '', name)}"
    return shell.text(key) if name and has_text(key, shell.lang) else name


def _who(shell: Shell, entry: Mapping[str, Any]) -> str:
    if entry["actor"] == "system":
        return role_text("system", shell.lang)
    who = f"{entry['name']} ({entry['actor']})" if entry["name"] else str(entry["actor"])
    if entry["role"] not in (None, "system"):
        who += f", {role_text(entry['role'], shell.lang)}"
    if entry["on_behalf_of"]:
        who += " " + shell.text("log_on_behalf", name=entry["behalf_name"] or entry["on_behalf_of"])
    return who
