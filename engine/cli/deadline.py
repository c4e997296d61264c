"""Deadlines and the clock of a case: `deadline`, `clock-stop`, `clock-start`."""

from collections.abc import Mapping
from typing import Any

import click

from engine.cli.giving import Gave, given, giving
from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, mark_sandbox, say
from engine.cli.session import Session, moment_text, open_session
from engine.cli.tables import Column, print_table
from engine.cli.telling import tell_done
from engine.cli.texts import has_text, role_text
from engine.core.errors import UsageError


@click.group()
def deadline() -> None:
    """The deadlines of cases. D is an id, or REF:name."""


@deadline.command("list")
@click.argument("ref", required=False)
@click.option("--overdue", is_flag=True, help="Only those that have passed.")
@click.option("--within", metavar="SPAN", help="Only those of the coming time (14d, 2w).")
@pass_shell
def list_(shell: Shell, ref: str | None, overdue: bool, within: str | None) -> None:
    """Open deadlines, the next first."""
    from engine.app.deadline_query import list_deadlines

    session = open_session(shell, read_only=True)
    found = list_deadlines(session.office, session.caller, ref, overdue=overdue, within=within)
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json(found)
        return
    if not found:
        say(shell.text("nothing_found"))
        return
    print_deadlines(shell, session, found)


def print_deadlines(shell: Shell, session: Session, found: list[dict[str, Any]]) -> None:
    """A table of deadlines."""
    names = ("due", "what", "deadline", "case", "owner")
    columns = [Column(shell.text(f"deadline_col_{name}")) for name in names]
    rows = (
        (due_cell(shell, session, d), d["title"], f"{d['case']}:{d['id'].partition(':')[2]}", d["case_title"],
         shell.text(f"role_{d['owner']}"))
        for d in found
    )  # fmt: skip
    print_table(columns, rows, color=shell.color)


def due_cell(shell: Shell, session: Session, told: Mapping[str, Any]) -> str:
    """The last day and how far away it is, or how long ago it passed."""
    from datetime import date

    from engine.app.letters import days_text

    with session.office.store.read() as tx:
        today = session.office.calendar.day(tx.now)
    return f"{told['due_on']} ({days_text((date.fromisoformat(told['due_on']) - today).days, shell.lang)})"


@deadline.command("why")
@click.argument("name", metavar="D")
@pass_shell
def why(shell: Shell, name: str) -> None:
    """How the date came about, in one sentence, and what moved it since."""
    from engine.app.deadline_query import why as ask

    session = open_session(shell, read_only=True)
    told = ask(session.office, session.caller, name)
    if shell.json:
        emit_json(told)
        return
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=False)
    say(f"{told['id']}  {told['title']}  {told['due_on']}  {shell.text('deadline_state_' + told['state'])}")
    say(told["explanation"])
    say(shell.text("deadline_rule", due=told["rule"]["due"], roll=shell.text("roll_" + told["rule"]["roll"])))
    for entry in told["history"]:
        say(f"  {_history(shell, session, entry)}")


def _history(shell: Shell, session: Session, entry: Mapping[str, Any]) -> str:
    what = "extended" if entry["extended_to"] else entry["what"]
    parts = [moment_text(session, entry["recorded_at"]), entry["entry"], shell.text(f"deadline_state_{what}")]
    if entry["due_on"]:
        parts.append(shell.text("deadline_until", day=entry["due_on"]))
    kind = f"kind_{entry['kind']}"
    change = shell.text(kind) if has_text(kind, shell.lang) else entry["kind"]
    event = entry["title"][shell.lang] if entry["title"] else entry["event"] or change
    who = role_text("system", shell.lang) if entry["actor"] == "system" else entry["name"] or entry["actor"]
    parts.append(shell.text("deadline_by", login=who, event=event))
    if entry["note"]:
        parts.append(f"– {entry['note']}")
    return "  ".join(parts)


@deadline.command("extend")
@click.argument("name", metavar="D")
@click.option("--to", metavar="WHEN", help="The new last day, or instant.")
@click.option("--by", metavar="SPAN", help="So much later than it is now (14d, 5wd).")
@giving()
@pass_shell
def extend(shell: Shell, name: str, to: str | None, by: str | None, gave: Gave) -> None:
    """Give a deadline a later day, with a note that says why."""
    from engine.app.timing import move_deadline

    if (to is None) == (by is None):
        raise UsageError(shell.text("deadline_to_or_by"))
    session = open_session(shell)
    until = _canonical(session, to) if to else None
    told = move_deadline(session.office, session.caller, name, given(session, gave), to=until, by=by)
    tell_done(shell, session, told, dry_run=gave.dry_run)


def _canonical(session: Session, text: str) -> str:
    """A WHEN as the kernel takes it: an ISO day, or a canonical instant."""
    from datetime import datetime

    from engine.core.when import format_instant, parse_when

    with session.office.store.read() as tx:
        found = parse_when(text, session.office.calendar.zone, now=tx.now)
    return format_instant(found) if isinstance(found, datetime) else found.isoformat()


@deadline.command("waive")
@click.argument("name", metavar="D")
@giving()
@pass_shell
def waive(shell: Shell, name: str, gave: Gave) -> None:
    """Let a deadline go, with a note that says why."""
    from engine.app.timing import move_deadline

    session = open_session(shell)
    told = move_deadline(session.office, session.caller, name, given(session, gave))
    tell_done(shell, session, told, dry_run=gave.dry_run)


@click.command("clock-stop")
@click.argument("ref")
@giving()
@pass_shell
def clock_stop(shell: Shell, ref: str, gave: Gave) -> None:
    """Stop the clock of a case, with a note that says why."""
    _switch(shell, ref, gave, start=False)


@click.command("clock-start")
@click.argument("ref")
@giving()
@pass_shell
def clock_start(shell: Shell, ref: str, gave: Gave) -> None:
    """Start it again: every pausable deadline moves by the days that it stood still."""
    _switch(shell, ref, gave, start=True)


def _switch(shell: Shell, ref: str, gave: Gave, *, start: bool) -> None:
    from engine.app.timing import stop_clock

    session = open_session(shell)
    told = stop_clock(session.office, session.caller, ref, given(session, gave), start=start)
    tell_done(shell, session, told, dry_run=gave.dry_run)
