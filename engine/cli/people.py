"""The commands for organisations and people; those for users stand in `users`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, say
from engine.cli.people_view import parts_text, print_one, print_rows
from engine.cli.session import Session, open_session
from engine.cli.users import user as user

KINDS = ("municipality", "region", "state", "ngo", "company", "other")
NOTE = click.option("-n", "--note", metavar="T", help="Why; goes into the log.")
SINCE = click.option("--from", "since", metavar="D", help="From this day; else today.")
ENDED = click.option("--ended", is_flag=True, help="Those that have ended, too.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would happen, and do nothing.")


def day(session: Session, text: str | None) -> Any:
    """A day given on the command line, None where none was."""
    from engine.cli.giving import day_of_when

    return day_of_when(session, text) if text else None


def tell(shell: Shell, told: Any, code: str, **params: Any) -> None:
    """What was done: as JSON, or as one sentence."""
    if shell.json:
        emit_json(told)
    else:
        say(shell.text(code, **params))


def print_followers(shell: Shell, told: Mapping[str, Any]) -> None:
    """The open cases that followed a successor, with what fell by it."""
    for case in told["cases"]:
        say(f"  {case['reference']}  {case['title']}  ({parts_text(shell, case['parts'])})")
        if case["voided"]:
            say(f"    {shell.text('people_voided', n=len(case['voided']))}")
    messages = sum(case["messages"] for case in told["cases"])
    say(shell.text("people_followed", n=len(told["cases"]), messages=messages))


@click.group()
def org() -> None:
    """Organisations: municipalities, the region and others that take part."""


@org.command("list")
@ENDED
@pass_shell
def org_list(shell: Shell, ended: bool) -> None:
    """All organisations."""
    from engine.app import people

    session = open_session(shell, read_only=True)
    rows = people.list_organisations(session.office, session.caller, ended=ended)
    print_rows(shell, session, rows, ("id", "name", "kind", "number"))


@org.command("show")
@click.argument("org")
@pass_shell
def org_show(shell: Shell, org: str) -> None:
    """One organisation: its names, people and open cases."""
    from engine.app import people

    session = open_session(shell, read_only=True)
    told = people.show_organisation(session.office, session.caller, org)
    print_one(shell, session, told, ("id", "name", "kind", "number"))


@org.command("add")
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice(KINDS), help="What it is.")
@click.option("--number", metavar="N", help="Organisation number.")
@SINCE
@NOTE
@pass_shell
def org_add(shell: Shell, name: str, kind: str, number: str | None, since: str | None, note: str | None) -> None:
    """A new organisation."""
    from engine.app import people

    session = open_session(shell)
    told = people.add_organisation(
        session.office, session.caller, name, kind, number=number, since=day(session, since), note=note
    )
    tell(shell, told, "people_added", id=told["id"], name=told["name"])


@org.command("edit")
@click.argument("org")
@click.option("--kind", type=click.Choice(KINDS), help="What it is.")
@click.option("--number", metavar="N", help="Organisation number; empty takes it away.")
@NOTE
@pass_shell
def org_edit(shell: Shell, org: str, kind: str | None, number: str | None, note: str | None) -> None:
    """Change its kind or number."""
    from engine.app import people

    session = open_session(shell)
    told = people.edit_organisation(session.office, session.caller, org, kind=kind, number=number, note=note)
    tell(shell, told, "people_changed", id=told["id"], name=told["name"])


@org.command("remove")
@click.argument("org")
@NOTE
@pass_shell
def org_remove(shell: Shell, org: str, note: str | None) -> None:
    """It is no more; what names it stays as it is."""
    from engine.app import people

    session = open_session(shell)
    told = people.remove_organisation(session.office, session.caller, org, note=note)
    tell(shell, told, "people_ended", id=told["id"], name=told["name"], day=told["ended_on"])


@org.command("rename")
@click.argument("org")
@click.argument("name")
@click.option("--from", "since", metavar="D", required=True, help="The first day of the new name.")
@NOTE
@pass_shell
def org_rename(shell: Shell, org: str, name: str, since: str, note: str | None) -> None:
    """A new name from a day on; old papers keep the old one."""
    from engine.app import people

    session = open_session(shell)
    told = people.rename_organisation(session.office, session.caller, org, name, day(session, since), note=note)
    tell(shell, told, "org_renamed", id=told["id"], was=told["was"], name=name, day=told["from"])


@org.command("merge")
@click.argument("orgs", nargs=-1, required=True, metavar="ORG…")
@click.option("--into", metavar="ORG", required=True, help="The organisation that takes over.")
@SINCE
@NOTE
@DRY_RUN
@pass_shell
def org_merge(
    shell: Shell, orgs: tuple[str, ...], into: str, since: str | None, note: str | None, dry_run: bool
) -> None:
    """Let one organisation take over others: their people, and their parts in open cases."""
    from engine.app.succession import merge_organisations

    session = open_session(shell)
    told = merge_organisations(
        session.office, session.caller, orgs, into, since=day(session, since), note=note, dry_run=dry_run
    )
    names = [one["name"] for one in told["merged"]]
    tell(shell, told, f"org_merged{'_dry' * dry_run}", names=names, into=told["into"]["name"], day=told["from"])
    if not shell.json:
        print_followers(shell, told)


@org.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@DRY_RUN
@pass_shell
def org_import(shell: Shell, file: Path, dry_run: bool) -> None:
    """Organisations and their people from a CSV file, all or none."""
    from engine.app.org_file import import_organisations
    from engine.cli.table_file import read_file

    table, _ = read_file(shell, file)
    session = open_session(shell)
    told = import_organisations(session.office, session.caller, table, file.name, dry_run=dry_run)
    counts = {name: told[name] for name in ("organisations", "people", "known")}
    tell(shell, told, f"org_imported{'_dry' * dry_run}", **counts)


@click.group()
def person() -> None:
    """People: contacts, leaders, signatories and officials."""


@person.command("list")
@ENDED
@pass_shell
def person_list(shell: Shell, ended: bool) -> None:
    """All people."""
    from engine.app import people

    session = open_session(shell, read_only=True)
    rows = people.list_people(session.office, session.caller, ended=ended)
    print_rows(shell, session, rows, ("id", "name", "email", "organisation"))


@person.command("show")
@click.argument("person")
@pass_shell
def person_show(shell: Shell, person: str) -> None:
    """One person: address, login, lists and open cases."""
    from engine.app import people

    session = open_session(shell, read_only=True)
    told = people.show_person(session.office, session.caller, person)
    told = {**told, "lists": list(told["lists"])}
    print_one(shell, session, told, ("id", "name", "email", "email_state", "phone", "lang", "organisation", "login"))


def _person_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for words, text in (
        (("--org", "organisation"), "The organisation it belongs to."), (("--phone",), "Telephone."),
        (("--language",), "Language of its mail: sv or en."), (("--email",), "E-mail address."),
    ):  # fmt: skip
        command = click.option(*words, help=text)(command)
    return command


@person.command("add")
@click.argument("name")
@_person_options
@NOTE
@pass_shell
def person_add(shell: Shell, /, name: str, note: str | None, language: str | None, **given: str | None) -> None:
    """A new person."""
    from engine.app import people

    session = open_session(shell)
    told = people.add_person(session.office, session.caller, name, lang=language, note=note, **given)
    tell(shell, told, "people_added", id=told["id"], name=told["name"])


@person.command("edit")
@click.argument("person")
@click.option("--name", help="A new name.")
@_person_options
@click.option("--list", "join", multiple=True, metavar="LIST", help="Put on this mailing list.")
@click.option("--off-list", "leave", multiple=True, metavar="LIST", help="Take off this mailing list.")
@NOTE
@pass_shell
def person_edit(
    shell: Shell, /, person: str, join: tuple[str, ...], leave: tuple[str, ...], note: str | None,
    language: str | None, **given: str | None,
) -> None:  # fmt: skip
    """Change a person; an empty value takes one away."""
    from engine.app import people

    session = open_session(shell)
    changes = {name: value for name, value in {**given, "lang": language}.items() if value is not None}
    told = people.edit_person(session.office, session.caller, person, changes, join=join, leave=leave, note=note)
    tell(shell, told, "people_changed", id=told["id"], name=told["name"])


@person.command("remove")
@click.argument("person")
@NOTE
@pass_shell
def person_remove(shell: Shell, person: str, note: str | None) -> None:
    """Somebody has left, and takes part in nothing."""
    from engine.app import people

    session = open_session(shell)
    told = people.remove_person(session.office, session.caller, person, note=note)
    tell(shell, told, "people_ended", id=told["id"], name=told["name"], day=told["ended_on"])


@person.command("replace")
@click.argument("old")
@click.argument("new")
@SINCE
@NOTE
@DRY_RUN
@pass_shell
def person_replace(shell: Shell, old: str, new: str, since: str | None, note: str | None, dry_run: bool) -> None:
    """Let somebody take over from somebody else, in every open case."""
    from engine.app.succession import replace_person

    session = open_session(shell)
    told = replace_person(
        session.office, session.caller, old, new, since=day(session, since), note=note, dry_run=dry_run
    )
    names = {"old": told["old"]["name"], "new": told["new"]["name"], "day": told["from"]}
    tell(shell, told, f"person_replaced{'_dry' * dry_run}", **names)
    if not shell.json:
        print_followers(shell, told)
        if told["login"]:
            shell.tell("person_has_login", name=told["old"]["name"], login=told["login"])
