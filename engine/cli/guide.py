"""The guided form of `advance` and `new`, for a person at a terminal: answer what is missing, see, decide."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click
from msgspec import Struct
from msgspec.structs import replace

from engine.app.advance import Given, advance_and_see
from engine.app.next_events import Ahead, Possible, next_events
from engine.app.run import Done
from engine.cli.again import again, told_once, typed
from engine.cli.forms import Form, event_form
from engine.cli.giving import with_file
from engine.cli.guide_asking import Asking
from engine.cli.options import Shell
from engine.cli.output import say, say_beside, say_styled
from engine.cli.session import Session
from engine.cli.telling import arrow, tell_done
from engine.cli.texts import error_text
from engine.core.definition import Definition, Transition
from engine.core.errors import NotFound, TransitionRefused, UsageError
from engine.core.message import Message

MENDED_ELSEWHERE = (
    "role_missing", "on_behalf_not_allowed", "recused", "same_person", "approved_already", "not_a_party",
    "signature_missing", "signature_outdated", "document_to_sign_first",
)  # fmt: skip
"""Refusals that no answer here can mend: another has to do it, or something has to be signed first."""


def guided(shell: Shell, session: Session, reference: str, given: Given) -> None:
    """Lead through one event; nothing is done before the last yes.

    Raises:
        TransitionRefused: Something is missing that no answer can mend.
    """
    with nothing_done(shell):
        ahead = next_events(session.office, session.caller, reference)
        chosen = choose(shell, ahead)
        if chosen is None:
            return
        if given.revision is None:
            given = replace(given, revision=ahead.case.revision)
        case, event = ahead.case, chosen.event
        step = Step(
            case.reference, [f"{case.reference}  {case.title}", chosen.title[shell.lang]], ahead.definition,
            chosen.edges, case.data,
            lambda so_far: advance_and_see(session.office, session.caller, case.reference, event, so_far),
            tell_done, ("advance", case.reference, event),
        )  # fmt: skip
        guide = Guide(shell, session, step, given)
        agreed = guide.agreed()
    if agreed:
        guide.do()


@contextmanager
def nothing_done(shell: Shell) -> Iterator[None]:
    """Whoever goes away while questions are asked is told that nothing was done."""
    try:
        yield
    except (click.Abort, KeyboardInterrupt):
        say_beside("")
        say_beside(shell.text("guide_nothing_done"))
        raise


class Step(Struct, frozen=True):
    """What a guide leads to.

    Attributes:
        name: Begins the name of the form's file.
        header: Lines that say what the form is for.
        definition: The case's, or that of the case to be.
        edges: The edges that the event can take.
        data: What the case holds.
        attempt: Does it with what was given; tried and rolled back where that is a dry run.
        tell: Says what was, or would be, done.
        words: The command that does it, without what the questions ask for.
        asked: Whether answers stand in `words` already.
    """

    name: str
    header: Sequence[str]
    definition: Definition
    edges: Sequence[Transition]
    data: Mapping[str, Any]
    attempt: Callable[[Given], tuple[Mapping[str, Any], Done | None]]
    tell: Callable[..., None]
    words: tuple[str, ...]
    asked: bool = False


def choose(shell: Shell, ahead: Ahead) -> Possible | None:
    """Let the person choose an event by its number; None where there is none, or the answer is empty."""
    case = ahead.case
    state = ahead.definition.states[case.state].title[shell.lang]
    say_styled([(case.reference, "bold"), (f"  {case.title}  {state}", None)], color=shell.color)
    events = [event for event in ahead.events if event.roles != ("system",)]
    if not events:
        say(shell.text("case_nothing_next"))
        return None
    for number, event in enumerate(events, 1):
        mark = shell.text("next_can") if event.allowed else shell.text("next_missing", n=len(told_once(event.missing)))
        line = f"{event.title[shell.lang]} {arrow()} {event.target_title[shell.lang]}"
        say_styled([(f"{number:>3}  ", "bold"), (line, None), (f"  {mark}", "dim")], color=shell.color)
    chosen = which(shell, len(events))
    return None if chosen is None else events[chosen]


def which(shell: Shell, most: int) -> int | None:
    """Which of so many numbered lines the person means, counted from 0; None where the answer is empty."""
    while True:
        answer = click.prompt(shell.text("guide_which"), default="", show_default=False).strip()
        if not answer:
            return None
        if answer.isdecimal() and 1 <= int(answer) <= most:
            return int(answer) - 1
        say(shell.text("guide_number", n=most))


class Guide:
    """One step on its way: what was given so far, and the questions still to ask."""

    def __init__(self, shell: Shell, session: Session, step: Step, given: Given) -> None:
        self.shell, self.session, self.step, self.given = shell, session, step, given
        self.text, self.begun = shell.text, given
        self.asking = Asking(shell, session, step.definition, step.edges, step.words)
        shell.words = ()  # a refusal is not mended by what was typed: the questions asked for more

    def agreed(self) -> bool:
        """Ask until nothing is missing, and show what would happen; whether it is to be done."""
        while True:
            told, done = self._rehearsed()
            say(self.text("guide_would"))
            self.step.tell(self.shell, self.session, told, dry_run=True)
            while (answer := self._decide()) == "preview":
                self._preview(done)
            if answer == "edit":
                self._edit()
                continue
            if answer == "n":
                say(self.text("guide_nothing_done"))
            return answer == "y" and not self.given.dry_run

    def do(self) -> None:
        """Do what was agreed to, and tell it."""
        told, _ = self.step.attempt(self.given)
        self.step.tell(self.shell, self.session, told, dry_run=False)

    def _rehearsed(self) -> tuple[Mapping[str, Any], Done | None]:
        """The event tried and rolled back, after asking for what is missing."""
        before: Given | None = None
        while True:
            try:
                return self.step.attempt(replace(self.given, dry_run=True))
            except TransitionRefused as error:
                before = self.given
                if not any(reason.code in MENDED_ELSEWHERE for reason in error.reasons):
                    self.given = self.asking.asked(self.given, error.reasons)
                if self.given == before:
                    self._keep(error)
                    raise
            except (UsageError, NotFound) as error:
                if before is None:
                    raise
                say_beside(error_text(error, self.shell.lang))
                self.given, before = before, None

    def _keep(self, error: TransitionRefused) -> None:
        """Let what was answered be found again in the command that the refusal ends with."""
        if self.given == self.begun and not self.step.asked:
            return
        self.shell.words = self._words()
        if again(self.shell, error.reasons) is None:
            say_beside(self.text("guide_answers", command=typed(self.shell.words)))

    def _words(self) -> tuple[str, ...]:
        """What might have been typed in place of all the answers."""
        shell, given = self.shell, self.given
        words = ["--home", str(shell.home)] if shell.home is not None else []
        words += ["--as", shell.as_login] if shell.as_login is not None else []
        words += self.step.words
        for name, value in given.set.items():
            told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            words += ["-s", f"{name}={told}"]
        for paper in given.papers:
            words += ["-a", f"{paper.kind}={self.asking.paths.get(paper.kind, paper.name)}"]
        words += ["-n", given.note] if given.note else []
        words += ["-o", given.on_behalf_of] if given.on_behalf_of else []
        return tuple(words)

    def _decide(self) -> str:
        words = {"y": "y", "j": "y", "yes": "y", "ja": "y", "n": "n", "no": "n", "nej": "n",
                 "e": "edit", "edit": "edit", "p": "preview", "preview": "preview"}  # fmt: skip
        while True:
            answer = click.prompt(self.text("guide_decide"), prompt_suffix=" ").strip().lower()
            if answer in words:
                return words[answer]

    def _edit(self) -> None:
        step = self.step
        form = Form(self.shell, step.name, event_form(
            self.shell, step.definition, step.edges, step.data, self.given, step.header
        ))  # fmt: skip
        try:
            self.given = with_file(self.given, form.filled())
        except UsageError as error:
            say_beside(error_text(error, self.shell.lang))
            return
        form.drop()

    def _preview(self, done: Done | None) -> None:
        messages: Sequence[Message] = [m for r in done.recorded for m in r.messages] if done else []
        if not messages:
            say(self.text("guide_no_mail"))
        for message in messages:
            letter = self.session.office.renderer().render(message.template, message.lang, message.variables)
            to = message.variables.get("recipient", {}).get("name") or message.person or "-"
            say()
            say_styled([(self.text("guide_to", name=to), "bold")], color=self.shell.color)
            say(self.text("guide_subject", subject=letter.subject))
            for line in letter.text.split("\n"):
                say(f"  {line}".rstrip())
