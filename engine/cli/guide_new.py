"""The guided form of `new`, and `new --edit`: what is to be opened, how, by what name, for whom."""

from collections.abc import Mapping, Sequence
from typing import Any

import click
from msgspec import Struct
from msgspec.structs import replace

from engine.app.advance import Given
from engine.app.open_case import open_and_see, openings_for_people
from engine.app.parties import party_given
from engine.app.run import Done
from engine.cli.again import with_mend
from engine.cli.failure import reason_lines
from engine.cli.forms import Form, event_form
from engine.cli.giving import with_file
from engine.cli.guide import Guide, Step, nothing_done, which
from engine.cli.options import Shell
from engine.cli.output import safe, say_beside, say_styled
from engine.cli.session import Session
from engine.cli.telling import tell_opened
from engine.cli.texts import error_text, role_text
from engine.core.definition import Definition, Transition
from engine.core.errors import EngineError, NotFound, TransitionRefused, UsageError

ASKED_PARTIES = ("owner", "partner")
"""The roles of parties that are asked for; an evaluator comes later in a case's life."""


class Wanted(Struct, frozen=True):
    """The case to be opened, as far as it was named on the line."""

    workflow: str | None = None
    title: str | None = None
    event: str | None = None
    parent: str | None = None
    like: str | None = None
    parties: tuple[str, ...] = ()


def guided_new(shell: Shell, session: Session, wanted: Wanted, given: Given) -> None:
    """Lead to a new case; nothing is opened before the last yes.

    Raises:
        TransitionRefused: Something is missing that no answer can mend.
        NotFound: There is no such workflow.
    """
    with nothing_done(shell):
        guide = _guide(shell, session, wanted, given)
        agreed = guide is not None and guide.agreed()
    if guide is not None and agreed:
        guide.do()


def _guide(shell: Shell, session: Session, wanted: Wanted, given: Given) -> Guide | None:
    """Ask what is to be opened, how, by what name and for whom; None where an answer is empty."""
    workflow = wanted.workflow or _chosen_workflow(shell, session)
    if workflow is None:
        return None
    definition = _definition(session, workflow)
    edges = openings_for_people(definition, wanted.event)
    event = wanted.event or _chosen_opening(shell, edges)
    if event is None:
        return None
    wanted = replace(wanted, workflow=definition.name, event=event, title=wanted.title or _title(shell))
    if not (wanted.parties or wanted.parent or wanted.like) and _has_applicants(definition):
        wanted = replace(wanted, parties=_parties(shell, session))
    return Guide(shell, session, _step(shell, session, definition, wanted), given)


def edited_new(shell: Shell, session: Session, wanted: Wanted, given: Given) -> tuple[Mapping[str, Any], Given]:
    """Open a case with what a form says; a refused form is kept. The answer, and what was given in all.

    Raises:
        EngineError: The form was left untouched, or what it says is refused.
    """
    definition = _definition(session, str(wanted.workflow))
    step = _step(shell, session, definition, wanted)
    header = [*step.header, shell.text("form_how")]
    try:
        step.attempt(replace(given, dry_run=True))
    except TransitionRefused as error:
        header += [line for reason in error.reasons for line in reason_lines(with_mend(shell, reason), shell.lang)]
    form = Form(shell, step.name, event_form(shell, definition, step.edges, {}, given, header))
    given = with_file(given, form.filled())
    try:
        told, _ = step.attempt(given)
    except EngineError:
        form.keep()
        raise
    form.drop()
    return told, given


def _definition(session: Session, workflow: str) -> Definition:
    office = session.office
    with office.store.read() as tx:
        return office.catalog.current(tx, workflow, office.calendar.day(tx.now)).definition


def _step(shell: Shell, session: Session, definition: Definition, wanted: Wanted) -> Step:
    edges = openings_for_people(definition, wanted.event)
    header = [f"{definition.title[shell.lang]}: {wanted.title}", *dict.fromkeys(e.title[shell.lang] for e in edges)]

    def attempt(given: Given) -> tuple[Mapping[str, Any], Done | None]:
        return open_and_see(
            session.office, session.caller, definition.name, str(wanted.title), given, event=wanted.event,
            parent=wanted.parent, like=wanted.like, parties=wanted.parties,
        )  # fmt: skip

    words = ["new", definition.name, "--title", str(wanted.title)]
    for option, value in (("--event", wanted.event), ("--parent", wanted.parent), ("--like", wanted.like)):
        words += [option, value] if value else []
    words += [word for party in wanted.parties for word in ("--party", party)]
    return Step(f"new-{definition.name}", header, definition, edges, {}, attempt, tell_opened, tuple(words), asked=True)


def _chosen_workflow(shell: Shell, session: Session) -> str | None:
    office = session.office
    with office.store.read() as tx:
        today = office.calendar.day(tx.now)
        names = sorted({row.name for row in tx.definitions.all()})
        titles = [office.catalog.current(tx, name, today).definition.title[shell.lang] for name in names]
    number = _numbered(shell, titles)
    return None if number is None else names[number]


def _chosen_opening(shell: Shell, edges: Sequence[Transition]) -> str | None:
    titles = {edge.event: edge.title[shell.lang] for edge in edges}
    if len(titles) == 1:
        return next(iter(titles))
    number = _numbered(shell, list(titles.values()))
    return None if number is None else list(titles)[number]


def _numbered(shell: Shell, titles: Sequence[str]) -> int | None:
    for number, title in enumerate(titles, 1):
        say_styled([(f"{number:>3}  ", "bold"), (title, None)], color=shell.color)
    return which(shell, len(titles))


def _title(shell: Shell) -> str:
    while True:
        answer: str = click.prompt(safe(shell.text("guide_title")), default="", show_default=False).strip()
        if answer:
            return answer


def _has_applicants(definition: Definition) -> bool:
    return any("applicant" in edge.by for edge in definition.transitions)


def _parties(shell: Shell, session: Session) -> tuple[str, ...]:
    """The parties, each an organisation and a person there; an empty answer goes on to the next role."""
    parties: list[str] = []
    for role in ASKED_PARTIES:
        while party := _party(shell, session, role):
            parties.append(party)
            if role == "owner":
                break
    return tuple(parties)


def _party(shell: Shell, session: Session, role: str) -> str | None:
    organisation = _named(shell, session, shell.text("guide_party", role=role_text(role, shell.lang)), f"{role}=")
    if not organisation:
        return None
    start = f"{role}={organisation}:"
    person = _named(shell, session, shell.text("guide_party_person"), start)
    return f"{start}{person}" if person else f"{role}={organisation}"


def _named(shell: Shell, session: Session, question: str, start: str) -> str:
    """An answer that ends a party given as `--party`, looked up where it is given; empty if there is none."""
    while True:
        answer: str = click.prompt(safe(question), default="", show_default=False).strip()
        if not answer:
            return ""
        try:
            with session.office.store.read() as tx:
                party_given(tx, f"{start}{answer}")
        except (NotFound, UsageError) as error:
            say_beside(error_text(error, shell.lang))
            continue
        return answer
