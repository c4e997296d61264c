"""The commands that open, show and move one case: `new`, `show`, `next`, `advance`."""

import sys
from typing import Any

import click

from engine.cli.giving import Gave, given, giving, with_file
from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json
from engine.cli.session import Session, open_session
from engine.core.errors import EngineError, Refusal, UsageError


@click.command()
@click.argument("workflow", required=False)
@click.option("--title", metavar="T", help="What the case is called.")
@click.option("--event", metavar="EVENT", help="The opening, where the workflow has several.")
@click.option("--parent", metavar="REF", help="The case above it.")
@click.option("--like", metavar="REF", help="Take over values and parties of another case.")
@click.option("--party", "parties", multiple=True, metavar="ROLE=ORG[:PERSON[:FUNCTION]]", help="A party.")
@giving("set", "attach", "data", "edit")
@pass_shell
def new(
    shell: Shell, workflow: str | None, title: str | None, event: str | None, parent: str | None, like: str | None,
    parties: tuple[str, ...], gave: Gave,
) -> None:  # fmt: skip
    """Open a case of a workflow; prints its reference. Without --title on a terminal: choose, answer, see, decide."""
    from engine.cli.telling import tell_opened

    asks = not shell.json and sys.stdin.isatty() and sys.stdout.isatty()
    if (workflow is None or title is None) and (gave.edit or not asks):
        raise _untitled(shell, workflow)
    session = open_session(shell)
    if gave.edit or workflow is None or title is None:
        from engine.cli.guide_new import Wanted, edited_new, guided_new

        wanted = Wanted(workflow, title, event, parent, like, parties)
        if not gave.edit:
            guided_new(shell, session, wanted, given(session, gave))
            return
        told, _ = edited_new(shell, session, wanted, given(session, gave))
    else:
        from engine.app.open_case import open_case

        told = open_case(
            session.office, session.caller, workflow, title, given(session, gave), event=event, parent=parent,
            like=like, parties=parties,
        )  # fmt: skip
    tell_opened(shell, session, told, dry_run=gave.dry_run)


def _untitled(shell: Shell, workflow: str | None) -> UsageError:
    """What a script is told that names no workflow or title: the line as it would work."""
    return UsageError(
        'name the workflow and the title: skede new WORKFLOW --title "…"; skede workflow list shows the workflows',
        says="new_unnamed", command=f'skede new {workflow or "WORKFLOW"} --title "…"',
    )  # fmt: skip


@click.command()
@click.argument("ref")
@click.option("--as-of", metavar="WHEN", help="As the log told it then.")
@click.option("--decision", is_flag=True, help="Who decided what, where, on which papers, and what changed since.")
@pass_shell
def show(shell: Shell, ref: str, as_of: str | None, decision: bool) -> None:
    """One case."""
    from engine.app.query import show as show_case
    from engine.cli.output import mark_sandbox
    from engine.cli.showing import CasePrinter

    session = open_session(shell, read_only=True)
    view = show_case(session.office, session.caller, ref, as_of)
    found: tuple[Any, ...] = ()
    if decision:
        from engine.app.decisions import decisions

        if as_of:
            raise UsageError(
                "--as-of and --decision exclude each other: a decision tells itself what came after it",
                says="options_exclude", one="--as-of", other="--decision",
            )  # fmt: skip
        found = decisions(session.office, session.caller, view.case.reference)
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json({**view.told, "decisions": [d.as_json() for d in found]} if decision else view.told)
        return
    printer = CasePrinter(shell, session, view)
    if decision:
        from engine.cli.decision_text import print_decisions

        printer.head()
        print_decisions(shell, session, found)
        return
    printer.print()


@click.command("next")
@click.argument("ref")
@click.argument("event", required=False)
@pass_shell
def next_(shell: Shell, ref: str, event: str | None) -> None:
    """What can be done now, by whom, what is missing, and what it would do."""
    from engine.app.next_events import next_events
    from engine.cli.nexting import possible_json, print_ahead
    from engine.cli.output import mark_sandbox

    session = open_session(shell, read_only=True)
    ahead = next_events(session.office, session.caller, ref, event)
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json([possible_json(possible, shell.lang) for possible in ahead.events])
        return
    print_ahead(shell, ahead, whole=event is not None)


@click.command()
@click.argument("ref")
@click.argument("event", required=False)
@giving("set", "attach", "data", "edit", "override", "hold_mail", "no_mail", "message")
@pass_shell
def advance(shell: Shell, ref: str, event: str | None, gave: Gave) -> None:
    """Fire an event. Without EVENT on a terminal: choose, answer, see the letters, decide."""
    from engine.app.advance import advance as advance_case
    from engine.cli.telling import tell_done

    session = open_session(shell)
    if event is None:
        if shell.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise _unnamed(shell, session, ref)
        from engine.cli.guide import guided

        guided(shell, session, ref, given(session, gave))
        return
    if gave.edit:
        _edited(shell, session, ref, event, gave)
        return
    told = advance_case(session.office, session.caller, ref, event, given(session, gave))
    tell_done(shell, session, told, dry_run=gave.dry_run)


def _unnamed(shell: Shell, session: Session, ref: str) -> UsageError:
    """What a script is told that names no event: the events there are."""
    from engine.app.next_events import next_events

    ahead = next_events(session.office, session.caller, ref)
    events = [
        Refusal("event_choice", {"event": p.event, "title": p.title[shell.lang], "roles": list(p.roles)})
        for p in ahead.events
    ]
    return UsageError(shell.text("event_unnamed", reference=ahead.case.reference), reasons=events)


def _edited(shell: Shell, session: Session, ref: str, event: str, gave: Gave) -> None:
    """Fire an event with what a form says; a refused form is kept."""
    from engine.app.advance import advance as advance_case
    from engine.app.next_events import next_events
    from engine.cli.again import with_mend
    from engine.cli.failure import reason_lines
    from engine.cli.forms import Form, event_form
    from engine.cli.telling import tell_done

    ahead = next_events(session.office, session.caller, ref, event)
    (possible,) = ahead.events
    so_far = given(session, gave)
    header = [f"{ahead.case.reference}  {ahead.case.title}", possible.title[shell.lang], shell.text("form_how")]
    header += [line for reason in possible.missing for line in reason_lines(with_mend(shell, reason), shell.lang)]
    text = event_form(shell, ahead.definition, possible.edges, ahead.case.data, so_far, header)
    form = Form(shell, f"{ahead.case.reference}-{possible.event}", text)
    filled = form.filled()
    try:
        told = advance_case(session.office, session.caller, ahead.case.reference, possible.event,
                            with_file(so_far, filled))  # fmt: skip
    except EngineError:
        form.keep()
        raise
    form.drop()
    tell_done(shell, session, told, dry_run=gave.dry_run)
