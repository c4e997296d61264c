"""The home: making one (`init`), and how it is (`status`, `today`, `doctor`)."""

import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, mark_sandbox, safe_lines, say
from engine.cli.session import caller_of, open_session
from engine.core.errors import EngineError, UsageError


@click.command()
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path, file_okay=False))
@click.option("--sandbox", is_flag=True, help="For training: simulated clock, any --as, no mail leaves.")
@click.option("--start", metavar="WHEN", help="Where a sandbox's clock stands at first.")
@click.option("--database-url", metavar="URL", help="A PostgreSQL database in place of a file.")
@pass_shell
def init(shell: Shell, folder: Path | None, sandbox: bool, start: str | None, database_url: str | None) -> None:
    """Make a home in DIR, or in this folder."""
    from engine.bootstrap.home import make_home
    from engine.cli.clock import instant_of
    from engine.settings import Settings

    if start and not sandbox:
        raise UsageError(shell.text("start_needs_sandbox"))
    at = instant_of(start, Settings().tz) if start else None
    place = (folder or shell.home or Path()).absolute()
    settings = make_home(place, caller_of(shell), sandbox=sandbox, start=at, database_url=database_url)
    if shell.json:
        emit_json({"home": place, "sandbox": sandbox, "database": settings.shown_database()})
        return
    say(shell.text("init_sandbox" if sandbox else "init_done", home=place))
    if not shell.quiet:
        soon = ((at or datetime.now(UTC)) + timedelta(days=30)).date()
        code = "init_next_sandbox" if sandbox else "init_next"
        for line in safe_lines(shell.text(code, home=shlex.quote(str(place)), day=soon.isoformat())):
            say(line)


@click.command()
@click.option("--call", metavar="REF", help="The money of one call.")
@pass_shell
def status(shell: Shell, call: str | None) -> None:
    """The office at a glance: cases, what is overdue and what soon is, mail, signs of life."""
    from engine.app import status as use
    from engine.cli import office_view

    session = open_session(shell, read_only=True)
    if call:
        from engine.bootstrap.plugins import granted_amount

        told = use.call_money(session.office, session.caller, call, granted_amount)
    else:
        told = {**use.status(session.office, session.caller), "sandbox": session.sandbox}
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json(told)
    elif call:
        office_view.print_call(shell, told)
    else:
        office_view.print_status(shell, session, told)


@click.command()
@pass_shell
def today(shell: Shell) -> None:
    """My day: what is overdue, what this week brings, what waits for me, what I wait for."""
    from engine.app.today import today as ask
    from engine.cli.office_view import print_today

    session = open_session(shell, read_only=True)
    told = ask(session.office, session.caller)
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json(told)
        return
    print_today(shell, session, told)


@click.command()
@pass_shell
def doctor(shell: Shell) -> None:
    """Examine the home; every finding says what to do. Ends with 0 unless something is wrong."""
    from engine.app.doctor import examine
    from engine.bootstrap.databases import readings
    from engine.bootstrap.office import open_office
    from engine.cli.office_view import finding_json, print_findings

    settings = shell.settings
    settings.at_home()
    try:
        office = open_office(settings, read_only=True)
    except EngineError:
        office = None
    findings = examine(readings(settings), office)
    if shell.json:
        emit_json([finding_json(shell, finding) for finding in findings])
    else:
        print_findings(shell, findings)
    wrong = [finding for finding in findings if finding.level == "error"]
    if wrong:
        click.get_current_context().exit(wrong[0].exit_code)
