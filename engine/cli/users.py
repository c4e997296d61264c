"""The commands for users and the roles they hold."""

from typing import Any

import click

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, say
from engine.cli.people_view import print_one, print_rows
from engine.cli.session import Session, open_session

NOTE = click.option("-n", "--note", metavar="T", help="Why; goes into the log.")


@click.group()
def user() -> None:
    """Users: who has a login, and which roles it holds."""


@user.command("list")
@click.option("--ended", is_flag=True, help="Those that have ended, too.")
@pass_shell
def user_list(shell: Shell, ended: bool) -> None:
    """All users with their roles of today."""
    from engine.app import users

    session = open_session(shell, read_only=True)
    rows = users.list_users(session.office, session.caller, ended=ended)
    print_rows(shell, session, rows, ("login", "name", "roles", *(("ended_on",) if ended else ())))


@user.command("show")
@click.argument("login")
@pass_shell
def user_show(shell: Shell, login: str) -> None:
    """One user and every role it held, holds or will hold."""
    from engine.app import users
    from engine.cli.texts import role_text

    session = open_session(shell, read_only=True)
    told = users.show_user(session.office, session.caller, login)
    print_one(shell, session, told, ("id", "login", "name", "email", "roles", "ended_on"))
    for grant in () if shell.json else told["grants"]:
        role = role_text(grant["role"], shell.lang)
        say(f"  {role}  {grant['from']}–{grant['to'] or ''}  {grant['note'] or ''}".rstrip())


@user.command("add")
@click.argument("login")
@click.option("--name", help="The person's name.")
@click.option("--email", metavar="ADDRESS", help="The person's e-mail address.")
@click.option("--person", metavar="PERSON", help="Somebody who is known already.")
@NOTE
@pass_shell
def user_add(
    shell: Shell, login: str, name: str | None, email: str | None, person: str | None, note: str | None
) -> None:
    """A new user; it holds no role until one is granted."""
    from engine.app import users

    session = open_session(shell)
    told = users.add_user(session.office, session.caller, login, name=name, email=email, person=person, note=note)
    _tell(shell, told, "user_added", login=told["login"], name=told["name"])


@user.command("edit")
@click.argument("login")
@click.option("--login", "new_login", metavar="NEW", help="A new login.")
@click.option("--person", metavar="PERSON", help="The person behind it.")
@NOTE
@pass_shell
def user_edit(shell: Shell, login: str, new_login: str | None, person: str | None, note: str | None) -> None:
    """Change the login, or who is behind it."""
    from engine.app import users

    session = open_session(shell)
    told = users.edit_user(session.office, session.caller, login, new_login=new_login, person=person, note=note)
    _tell(shell, told, "user_changed", login=told["login"], name=told["name"] or "-")


@user.command("remove")
@click.argument("login")
@NOTE
@pass_shell
def user_remove(shell: Shell, login: str, note: str | None) -> None:
    """From today the login is nobody's."""
    from engine.app import users

    session = open_session(shell)
    told = users.remove_user(session.office, session.caller, login, note=note)
    _tell(shell, told, "user_removed", login=told["login"])


@user.command("grant")
@click.argument("login")
@click.argument("role")
@click.option("--from", "since", metavar="D", help="First day; else today.")
@click.option("--to", "until", metavar="D", help="Last day; else for as long as nobody revokes it.")
@NOTE
@pass_shell
def user_grant(shell: Shell, login: str, role: str, since: str | None, until: str | None, note: str | None) -> None:
    """Give a role; nobody gives himself one. Needs a note."""
    from engine.app import users

    session = open_session(shell)
    told = users.grant_role(
        session.office, session.caller, login, role, since=_day(session, since), until=_day(session, until), note=note
    )
    _tell(shell, told, "user_granted", login=told["login"], roles=role, day=told["granted"]["from"])


@user.command("revoke")
@click.argument("login")
@click.argument("role")
@click.option("--to", "last", metavar="D", help="Its last day; without it the role ends at once.")
@NOTE
@pass_shell
def user_revoke(shell: Shell, login: str, role: str, last: str | None, note: str | None) -> None:
    """Take a role away. Needs a note."""
    from engine.app import users

    session = open_session(shell)
    told = users.revoke_role(session.office, session.caller, login, role, last=_day(session, last), note=note)
    _tell(shell, told, "user_revoked", login=told["login"], roles=role)


def _day(session: Session, text: str | None) -> Any:
    from engine.cli.giving import day_of_when

    return day_of_when(session, text) if text else None


def _tell(shell: Shell, told: Any, code: str, **params: Any) -> None:
    if shell.json:
        emit_json(told)
    else:
        say(shell.text(code, **params))
