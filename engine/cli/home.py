"""The home itself: making one."""

from pathlib import Path

import click

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, safe_lines, say
from engine.cli.session import caller_of
from engine.core.errors import UsageError


@click.command()
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path, file_okay=False))
@click.option("--sandbox", is_flag=True, help="For training: simulated clock, any --as, no mail leaves.")
@click.option("--start", metavar="WHEN", help="Where a sandbox's clock stands at first.")
@click.option("--database-url", metavar="URL", help="A PostgreSQL database in place of a file.")
@pass_shell
def init(shell: Shell, folder: Path | None, sandbox: bool, start: str | None, database_url: str | None) -> None:
    """Make a home in DIR, or in this folder."""
    from engine.bootstrap import make_home
    from engine.cli.clock import instant_of
    from engine.settings import Settings

    if database_url:
        raise UsageError(shell.text("comes_later", command="init --database-url"))
    if start and not sandbox:
        raise UsageError(shell.text("start_needs_sandbox"))
    at = instant_of(start, Settings().tz) if start else None
    place = (folder or shell.home or Path()).absolute()
    settings = make_home(place, caller_of(shell), sandbox=sandbox, start=at)
    if shell.json:
        emit_json({"home": place, "sandbox": sandbox, "database": settings.database})
        return
    say(shell.text("init_sandbox" if sandbox else "init_done", home=place))
    if not shell.quiet:
        for line in safe_lines(shell.text("init_next_sandbox" if sandbox else "init_next", home=place)):
            say(line)
