"""Mail that has not left yet: `mail forecast`, `mail hold`, `mail release`."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, mark_sandbox, say
from engine.cli.session import Session, moment_text, open_session
from engine.cli.tables import Column, print_table
from engine.cli.texts import letter_text
from engine.core.plain import instant


@click.command("forecast")
@click.argument("ref", required=False)
@click.option("--within", metavar="SPAN", default="30d", show_default=True, help="So far ahead (90d, 6m, 1y).")
@pass_shell
def forecast(shell: Shell, ref: str | None, within: str) -> None:
    """What will be sent to whom and when, of all cases or one, if nothing changes."""
    from engine.app.clock import goal_of
    from engine.app.forecast import forecast as run
    from engine.app.mail_queue import seen_by_office
    from engine.bootstrap.home import throw_away

    session = open_session(shell, read_only=True)
    reference = seen_by_office(session.office, session.caller, ref)
    now, goal = goal_of(session.office, span=within)
    with throw_away(shell.settings, now) as (office, clock):
        told = run(office, clock, goal, reference)
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json(told.mails)
        return
    print_mails(shell, session, told.mails)
    until = moment_text(session, instant(goal))
    sent = [m for m in told.mails if m["state"] == "sent"]
    say(shell.text("forecast_until" if sent else "forecast_nothing", n=len(sent), at=until))
    if told.held:
        say(shell.text("forecast_held"))


def print_mails(shell: Shell, session: Session, mails: Sequence[Mapping[str, Any]]) -> None:
    """Mails by the moment at which they leave."""
    if not mails:
        return
    columns = [Column(shell.text(f"mail_col_{name}")) for name in ("when", "to", "subject", "step", "case", "state")]
    rows = (
        (moment_text(session, m["at"]), m["to_name"] or m["to"] or "",
         m["subject"] or letter_text(m["template"], shell.lang), _step(m["step"]), m["case"],
         shell.text("forecast_sent" if m["state"] == "sent" else f"mail_{m['state']}"))
        for m in mails
    )  # fmt: skip
    print_table(columns, rows, color=shell.color)


def _step(step: int | None) -> str:
    return "" if step is None else f"{step:+d}d" if step else "0d"


@click.command("hold")
@click.argument("switch", metavar="on|off", type=click.Choice(("on", "off")))
@click.option("-n", "--note", metavar="T", help="Why; kept in the log.")
@pass_shell
def hold(shell: Shell, switch: str, note: str | None) -> None:
    """Stop all mail of the office, or let it leave again; what is decided meanwhile waits."""
    from engine.app.mail_hold import hold as act

    session = open_session(shell)
    told = act(session.office, session.caller, on=switch == "on", note=note)
    if shell.json:
        emit_json(told)
        return
    already = "" if told["changed"] else "already_"
    say(shell.text(f"mail_hold_{already}{switch}", n=told["waiting"]))


@click.command("release")
@click.option("--meeting", metavar="REF", required=True, help="The meeting that made the decisions.")
@click.option("-n", "--note", metavar="T", help="Kept in the log of each case.")
@click.option("--dry-run", is_flag=True, help="Only tell which letters it would be.")
@pass_shell
def release(shell: Shell, meeting: str, note: str | None, dry_run: bool) -> None:
    """Let the letters about the decisions of a meeting leave."""
    from engine.app.mail_hold import release as act

    session = open_session(shell)
    told = act(session.office, session.caller, meeting, note=note, dry_run=dry_run)
    if shell.json:
        emit_json(told)
        return
    released = told["released"]
    say(shell.text("mail_released" if released else "mail_released_none", n=len(released), meeting=told["meeting"]))
    if dry_run:
        say(shell.text("case_dry_run"))
