"""The outbox: `mail list`, `show`, `preview`, `retry`, `cancel`; the rest stands in `mail_why` and `mail_ahead`."""

from collections.abc import Mapping
from typing import Any

import click

from engine.cli.giving import Gave, given, giving
from engine.cli.mail_ahead import forecast, hold, release
from engine.cli.mail_why import why
from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, mark_sandbox, safe_lines, say
from engine.cli.session import Session, moment_text, open_session
from engine.cli.tables import Column, print_table
from engine.cli.texts import letter_text

SHOWN = 100
"""How many messages people see without `--limit`, the newest."""


@click.group()
def mail() -> None:
    """The mail that cases send."""


for part in (why, forecast, hold, release):
    mail.add_command(part)


@mail.command("list")
@click.argument("ref", required=False)
@click.option("--state", metavar="S", help="Only those in this state: queued, sent, failed, ...")
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="The newest so many; else 100, and with --json all."
)
@pass_shell
def list_(shell: Shell, ref: str | None, state: str | None, limit: int | None) -> None:
    """The messages in the order they were decided, or those of one case."""
    from engine.app.mail_queue import list_mail

    session = open_session(shell, read_only=True)
    most = limit or (None if shell.json else SHOWN)
    found = list_mail(session.office, session.caller, state=state, reference=ref, limit=most)
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json(found.messages)
        return
    if not found.messages:
        say(shell.text("nothing_found"))
        return
    columns = [Column("id", right=True), *(Column(shell.text(f"mail_col_{name}"))
               for name in ("state", "when", "to", "subject", "case"))]  # fmt: skip
    rows = (
        (m["id"], shell.text(f"mail_{m['state']}"), moment_text(session, m["sent_at"] or m["due_at"]),
         m["to_name"] or m["to"], m["subject"] or letter_text(m["template"], shell.lang), m["case"])
        for m in found.messages
    )  # fmt: skip
    print_table(columns, rows, color=shell.color)
    if found.older:
        shell.tell("mail_older", n=found.older, command=f"--limit {len(found.messages) + found.older}")


@mail.command("show")
@click.argument("number", metavar="ID", type=int)
@pass_shell
def show(shell: Shell, number: int) -> None:
    """One message: what became of it, its headers and its text."""
    from engine.app.mail_queue import show_mail

    session = open_session(shell, read_only=True)
    told = show_mail(session.office, session.caller, number)
    if shell.json:
        emit_json(told)
        return
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=False)
    when = moment_text(session, told["sent_at"] or told["due_at"])
    say(f"{told['id']}  {shell.text('mail_' + told['state'])}  {when}  {told['key']}")
    if told["error"]:
        say(shell.text("mail_error", what=told["error"], n=told["attempts"]))
    say(shell.text(f"mail_made_{told['made']}", **_erasure(session, told)))
    say()
    for name, value in told["headers"]:
        say(f"{name}: {value}")
    for name in told["enclosures"]:
        say(shell.text("mail_enclosed", name=name))
    say()
    for line in safe_lines(told.get("fault") or told["text"]):
        say(line)


def _erasure(session: Session, told: Mapping[str, Any]) -> dict[str, Any]:
    """Which erasure changed a letter, when, and on what ground."""
    erased = told["erased"]
    return {**erased, "at": moment_text(session, erased["at"])} if erased else {}


@mail.command("preview")
@click.argument("template")
@click.argument("ref", required=False)
@pass_shell
def preview(shell: Shell, template: str, ref: str | None) -> None:
    """What a TEMPLATE says: about a case as it is now, or with sample values."""
    from engine.app.mail_queue import preview as ask
    from engine.bootstrap.plugins import sample_variables

    session = open_session(shell, read_only=True)
    told = ask(session.office, session.caller, template, ref, sample_variables)
    if shell.json:
        emit_json(told)
        return
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=False)
    if told["case"] is None:
        shell.tell("mail_sample")
    say(shell.text("guide_subject", subject=told["subject"]))
    say()
    for line in safe_lines(told["text"]):
        say(line)


@mail.command("retry")
@click.argument("number", metavar="ID", type=int)
@giving()
@pass_shell
def retry(shell: Shell, number: int, gave: Gave) -> None:
    """Send a message after all: one that failed, was cancelled or held, or of which it is not known."""
    from engine.app.mail_queue import retry as act

    session = open_session(shell)
    told = act(session.office, session.caller, number, given(session, gave))
    if shell.json:
        emit_json(told)
        return
    say(shell.text("mail_retried", n=number, at=moment_text(session, told["due_at"])))


@mail.command("cancel")
@click.argument("number", metavar="ID", type=int)
@giving()
@pass_shell
def cancel(shell: Shell, number: int, gave: Gave) -> None:
    """Let a message never leave, with a note that says why."""
    from engine.app.mail_queue import cancel as act

    session = open_session(shell)
    told = act(session.office, session.caller, number, given(session, gave))
    if shell.json:
        emit_json(told)
        return
    say(shell.text("mail_was_cancelled", n=number))
