"""The database: `db upgrade`, `check`, `backup`, `restore`, `copy`."""

import sys
from pathlib import Path

import click

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, say
from engine.cli.session import caller_of, os_login
from engine.core.errors import LogTampered

YES = ("y", "yes", "j", "ja")
"""What means yes, in either language."""


@click.group()
def db() -> None:
    """The schema of the database, and copies of it."""


@db.command("upgrade")
@click.option("--roles", is_flag=True, help="Also make the roles of a PostgreSQL database, with their rights.")
@pass_shell
def upgrade(shell: Shell, roles: bool) -> None:
    """Bring the database to the newest schema."""
    from engine.bootstrap.databases import install_roles, upgrade_database

    _require(shell, "upgrade")
    before, after = upgrade_database(shell.settings)
    made = install_roles(shell.settings) if roles else ()
    if shell.json:
        emit_json({"from": before, "to": after, **({"roles": made} if roles else {})})
        return
    if made:
        say(shell.text("db_roles", roles=", ".join(made)))
    say(shell.text("db_newest" if before == after else "db_upgraded", old=before, new=after))


@db.command("check")
@pass_shell
def check(shell: Shell) -> None:
    """Look whether the database is whole; exit 7 if it is not."""
    from engine.bootstrap.databases import check_database

    wrong = check_database(shell.settings)
    if shell.json:
        emit_json({"ok": not wrong, "findings": wrong})
    for finding in () if shell.json else wrong:
        say(finding)
    if wrong:
        click.get_current_context().exit(LogTampered.exit_code)
    if not shell.json:
        say(shell.text("db_sound"))


@db.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@pass_shell
def backup(shell: Shell, file: Path) -> None:
    """Copy the database into FILE, consistent while it is in use."""
    from engine.bootstrap.databases import back_up

    _require(shell, "backup")
    back_up(shell.settings, file)
    size = file.stat().st_size
    if shell.json:
        emit_json({"file": file.absolute(), "bytes": size})
        return
    say(shell.text("db_backed_up", file=file, n=size))


@db.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_shell
def restore(shell: Shell, file: Path, yes: bool) -> None:
    """Put the backup FILE in place of the database; on a terminal it asks first."""
    from engine.bootstrap.databases import restore_backup

    _require(shell, "restore")
    home = shell.settings.at_home()
    if not yes and sys.stdin.isatty():
        answer = click.prompt(shell.text("db_restore_sure", home=home), prompt_suffix=" ", err=True)
        if answer.strip().casefold() not in YES:
            raise click.Abort
    told = restore_backup(shell.settings, file, caller_of(shell))
    if shell.json:
        emit_json({"file": file.absolute(), **told})
        return
    say(shell.text("db_restored", file=file))
    if told["held"]:
        say(shell.text("db_restored_held", n=told["held"]))


@db.command("copy")
@click.argument("target", metavar="URL")
@pass_shell
def copy(shell: Shell, target: str) -> None:
    """Copy the database whole to URL: an empty database on PostgreSQL, or a new file."""
    from engine.bootstrap.databases import move_database

    _require(shell, "copy")
    copied, shown = move_database(shell.settings, target)
    if shell.json:
        emit_json({"target": shown, "rows": copied.rows, "size": copied.size, "root": copied.root})
        return
    say(shell.text("db_copied", target=shown, n=copied.rows))
    say(shell.text("db_copied_root", n=copied.size, root=copied.root))
    say(shell.text("db_copied_next", target=shown))


def _require(shell: Shell, right: str) -> None:
    """Refuse whoever may not, in a home that knows its users."""
    from engine.bootstrap.keepers import COPIERS, KEEPERS, require

    require(shell.settings, os_login(shell), shell.as_login, right, COPIERS if right == "backup" else KEEPERS)
