"""The commands that change a case without moving it: fields, notes, people, its clock."""

from collections.abc import Callable, Mapping
from typing import Any

import click
from msgspec.structs import replace

from engine.cli.giving import FromFile, Gave, day_of_when, given, giving, with_file
from engine.cli.options import FIELD_VALUE, Shell, pass_shell
from engine.cli.session import Session, open_session
from engine.cli.telling import tell_done
from engine.core.errors import EngineError, UsageError

Change = Callable[[Session], Mapping[str, Any]]


def do(shell: Shell, gave: Gave, change: Change) -> None:
    """Open the home, make the change, tell what it did."""
    session = open_session(shell)
    tell_done(shell, session, change(session), dry_run=gave.dry_run)


@click.command()
@click.argument("ref")
@click.option("--title", metavar="T", help="A new title.")
@giving("set", "data", "edit")
@pass_shell
def amend(shell: Shell, ref: str, title: str | None, gave: Gave) -> None:
    """Change fields, or the title; needs a note."""
    from engine.app import edit

    if gave.edit:
        _amend_edited(shell, ref, title, gave)
        return
    do(shell, gave, lambda s: edit.amend(s.office, s.caller, ref, given(s, gave), title))


def _amend_edited(shell: Shell, ref: str, title: str | None, gave: Gave) -> None:
    from engine.app import edit
    from engine.app.query import show
    from engine.cli.forms import amend_form
    from engine.core.amending import editors

    session = open_session(shell)
    view = show(session.office, session.caller, ref)
    case, definition = view.case, view.definition
    names = [f.id for f in definition.fields.values() if editors(definition, case, f)]
    so_far = given(session, gave)
    header = [f"{case.reference}  {case.title}", shell.text("form_amend")]
    text = amend_form(shell, definition, names, case.data, so_far, header)

    def change(file: FromFile) -> Mapping[str, Any]:
        return edit.amend(session.office, session.caller, case.reference, with_file(so_far, file), title)

    tell_done(shell, session, _through_form(shell, f"{case.reference}-amend", text, change), dry_run=gave.dry_run)


def _through_form(shell: Shell, name: str, text: str, change: Callable[[FromFile], Mapping[str, Any]]) -> Any:
    """Let a form be filled in and do what it says; a refused form is kept."""
    from engine.cli.forms import Form

    form = Form(shell, name, text)
    filled = form.filled()
    try:
        told = change(filled)
    except EngineError:
        form.keep()
        raise
    form.drop()
    return told


@click.command()
@click.argument("ref")
@click.argument("words", metavar="T")
@giving()
@pass_shell
def note(shell: Shell, ref: str, words: str, gave: Gave) -> None:
    """Write a note into the log of a case."""
    from engine.app import edit

    if gave.note:
        raise UsageError("give the note once: skede note REF TEXT", says="note_twice")
    do(shell, gave, lambda s: edit.note(s.office, s.caller, ref, given(s, replace(gave, note=words))))


@click.command()
@click.argument("ref")
@click.argument("login")
@giving()
@pass_shell
def assign(shell: Shell, ref: str, login: str, gave: Gave) -> None:
    """Give the case to somebody."""
    from engine.app import edit

    do(shell, gave, lambda s: edit.assign(s.office, s.caller, ref, login, given(s, gave)))


@click.command()
@click.argument("ref")
@click.argument("who", metavar="LOGIN|PERSON")
@click.option("--lift", is_flag=True, help="The conflict is over.")
@giving()
@pass_shell
def recuse(shell: Shell, ref: str, who: str, lift: bool, gave: Gave) -> None:
    """Record a conflict of interest, or lift it; needs a note."""
    from engine.app import edit

    do(shell, gave, lambda s: edit.recuse(s.office, s.caller, ref, who, given(s, gave), lift=lift))


@click.command()
@click.argument("ref")
@click.option("-s", "--score", "scores", multiple=True, type=FIELD_VALUE, help="A criterion's score.")
@giving("edit")
@pass_shell
def review(shell: Shell, ref: str, scores: tuple[tuple[str, str], ...], gave: Gave) -> None:
    """Give your scores for the criteria of the review."""
    from engine.app import edit
    from engine.app.query import show
    from engine.cli.forms import review_form

    session = open_session(shell)

    def change(values: Mapping[str, Any], words: str | None) -> Mapping[str, Any]:
        numbers = {name: _score(name, value) for name, value in values.items()}
        whole = given(session, replace(gave, note=words))
        return edit.review(session.office, session.caller, ref, numbers, whole)

    if not gave.edit:
        if not scores:
            raise UsageError(
                "give scores with -s CRITERION=SCORE, or fill in the form: --edit", says="scores_missing", ref=ref
            )
        tell_done(shell, session, change(dict(scores), gave.note), dry_run=gave.dry_run)
        return
    view = show(session.office, session.caller, ref)
    mine = {name: str(value) for name, value in scores}
    header = [f"{view.case.reference}  {view.case.title}", shell.text("form_review", n=_most(view.definition))]
    text = review_form(shell, view.definition, mine, header)
    told = _through_form(
        shell, f"{view.case.reference}-review", text, lambda file: change({**mine, **file.set}, file.note or gave.note)
    )
    tell_done(shell, session, told, dry_run=gave.dry_run)


def _most(definition: Any) -> int:
    if definition.review is None:
        raise UsageError(f"{definition.name} has no review form", says="no_review", workflow=definition.title)
    return int(definition.review.maximum)


def _score(name: str, value: Any) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise UsageError(
            f"{name}={value}: a score is a whole number, for example {name}=3", says="no_score", what=value, name=name
        ) from None


@click.command()
@click.argument("ref")
@click.argument("entry", required=False)
@click.option("--undo", is_flag=True, help="Take back the latest transition; without ENTRY too.")
@giving()
@pass_shell
def correct(shell: Shell, ref: str, entry: str | None, undo: bool, gave: Gave) -> None:
    """Point at a wrong entry, or take back the latest transition; needs a note."""
    from engine.app import timing

    if entry is None and not undo:
        ctx = click.get_current_context()
        raise click.MissingParameter(ctx=ctx, param=next(p for p in ctx.command.params if p.name == "entry"))
    number = entry.rpartition("#")[2] if entry is not None else None
    if number is not None and not (number.isascii() and number.isdecimal()):
        raise UsageError(
            f"{entry} is no entry: give its number, as skede log {ref} shows it",
            says="no_entry", what=entry, ref=ref,
        )  # fmt: skip
    n = None if number is None else int(number)
    do(shell, gave, lambda s: timing.correct(s.office, s.caller, ref, n, given(s, gave), undo=undo))


@click.command()
@click.argument("ref")
@click.argument("action", type=click.Choice(("list", "add", "replace", "end")))
@click.argument("who", metavar="ROLE=ORG[:PERSON[:FUNCTION]]", required=False)
@click.option("--from", "since", metavar="D", help="From which day, if not today.")
@click.option("--number", type=click.IntRange(min=1), metavar="N", help="Which party, where several fit.")
@giving()
@pass_shell
def party(
    shell: Shell, ref: str, action: str, who: str | None, since: str | None, number: int | None, gave: Gave
) -> None:
    """The parties of a case over time; changing them needs a note."""
    from engine.app.parties import change_party

    if action == "list":
        _list_parties(shell, ref)
        return
    if who is None:
        raise UsageError(
            f"name the party: skede party {ref} {action} ROLE=ORG[:PERSON[:FUNCTION]]",
            says="party_missing", ref=ref, action=action,
        )  # fmt: skip
    if not gave.note:
        from engine.cli.again import NOTE, typed

        command = f"{typed(shell.words)} {NOTE}"
        raise UsageError(
            f"a change of parties needs a note that says why: {command}", says="party_note_missing", command=command
        )

    def change(session: Session) -> Mapping[str, Any]:
        day = day_of_when(session, since) if since else None
        return change_party(
            session.office, session.caller, ref, action, str(who), given(session, gave), since=day, number=number
        )

    do(shell, gave, change)


def _list_parties(shell: Shell, ref: str) -> None:
    from engine.app.query import show
    from engine.cli.output import emit_json, mark_sandbox
    from engine.cli.showing import CasePrinter

    session = open_session(shell, read_only=True)
    view = show(session.office, session.caller, ref)
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json(view.told["parties"])
        return
    if not view.told["parties"]:
        shell.tell("nothing_found")
    CasePrinter(shell, session, view).parties()


@click.command("clock-stop")
@click.argument("ref")
@giving()
@pass_shell
def clock_stop(shell: Shell, ref: str, gave: Gave) -> None:
    """Stop the clock of a case: its pausable deadlines wait; needs a note."""
    from engine.app import timing

    do(shell, gave, lambda s: timing.stop_clock(s.office, s.caller, ref, given(s, gave)))


@click.command("clock-start")
@click.argument("ref")
@giving()
@pass_shell
def clock_start(shell: Shell, ref: str, gave: Gave) -> None:
    """Start it again: the deadlines move by the days that it stood still."""
    from engine.app import timing

    do(shell, gave, lambda s: timing.stop_clock(s.office, s.caller, ref, given(s, gave), start=True))
