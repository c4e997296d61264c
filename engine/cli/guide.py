"""The guided form of `advance` and `new`, for a person at a terminal: answer what is missing, see, decide."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click
from msgspec import Struct
from msgspec.structs import replace

from engine.app.advance import Given, advance_and_see
from engine.app.listing import Wanted, list_cases
from engine.app.next_events import Ahead, Possible, next_events
from engine.app.run import Done
from engine.cli.failure import reason_lines
from engine.cli.forms import Form, event_form
from engine.cli.giving import paper, with_file
from engine.cli.options import Shell
from engine.cli.output import safe, say, say_beside, say_styled
from engine.cli.session import Session
from engine.cli.telling import arrow, tell_done
from engine.cli.texts import error_text
from engine.core.definition import Definition, Field, Transition
from engine.core.errors import NotFound, Refusal, TransitionRefused, UsageError
from engine.core.fields import parse_value
from engine.core.message import Message

FIELD_CODES = ("field_missing", "field_must_be_brought")
DOCUMENT_CODES = ("document_missing", "document_must_be_new")
NOTE_CODES = ("note_missing", "override_needs_note", "on_behalf_needs_evidence")
ASKED = (*FIELD_CODES, *DOCUMENT_CODES, *NOTE_CODES, "principal_unclear")
"""Refusals that an answer of the person at the terminal can mend; others may fall with them, as a rule that asks
about a value not given yet."""

MOST_CASES = 12
"""So many cases are shown where one is asked for."""

OTHERS_TURN = ("role_missing", "on_behalf_not_allowed", "recused", "same_person", "approved_already", "not_a_party")
"""Refusals that no answer of this person can mend."""


def guided(shell: Shell, session: Session, reference: str, given: Given) -> None:
    """Lead through one event; nothing is done before the last yes.

    Raises:
        TransitionRefused: Something is missing that no answer can mend.
    """
    ahead = next_events(session.office, session.caller, reference)
    chosen = choose(shell, ahead)
    if chosen is None:
        return
    if given.revision is None:
        given = replace(given, revision=ahead.case.revision)
    case, event = ahead.case, chosen.event
    step = Step(
        case.reference, [f"{case.reference}  {case.title}", chosen.title[shell.lang]], ahead.definition, chosen.edges,
        case.data, lambda so_far: advance_and_see(session.office, session.caller, case.reference, event, so_far),
        tell_done,
    )  # fmt: skip
    Guide(shell, session, step, given).lead()


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
    """

    name: str
    header: Sequence[str]
    definition: Definition
    edges: Sequence[Transition]
    data: Mapping[str, Any]
    attempt: Callable[[Given], tuple[Mapping[str, Any], Done | None]]
    tell: Callable[..., None]


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
        mark = shell.text("next_can") if event.allowed else shell.text("next_missing", n=len(event.missing))
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
        self.text, self.lang, self.definition = shell.text, shell.lang, step.definition
        shell.words = ()  # a refusal is not mended by what was typed: the questions asked for more

    def lead(self) -> None:
        """Ask until nothing is missing, show what would happen, and do it on a yes."""
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
                return
            if self.given.dry_run:
                return
            told, _ = self.step.attempt(self.given)
            self.step.tell(self.shell, self.session, told, dry_run=False)
            return

    def _rehearsed(self) -> tuple[Mapping[str, Any], Done | None]:
        """The event tried and rolled back, after asking for what is missing."""
        before: Given | None = None
        while True:
            try:
                return self.step.attempt(replace(self.given, dry_run=True))
            except TransitionRefused as error:
                before = self.given
                self._ask_all(error)
                if self.given == before:
                    raise
            except (UsageError, NotFound) as error:
                if before is None:
                    raise
                say_beside(error_text(error, self.shell.lang))
                self.given, before = before, None

    def _ask_all(self, error: TransitionRefused) -> None:
        """Ask for everything that an answer can mend; nothing where it is somebody else's turn."""
        if any(reason.code in OTHERS_TURN for reason in error.reasons):
            raise error
        for reason in error.reasons:
            if reason.code in ASKED:
                self._ask(reason)

    def _ask(self, reason: Refusal) -> None:
        params = reason.params
        if reason.code in FIELD_CODES:
            field = self.definition.fields[str(params["field"])]
            self.given = replace(self.given, set={**self.given.set, field.id: self._value(field)})
        elif reason.code in DOCUMENT_CODES:
            self._document(str(params["kind"]))
        elif reason.code in NOTE_CODES:
            if not self.given.note:
                say(reason_lines(reason, self.lang)[0].strip())
                self.given = replace(self.given, note=self.ask(self.text("guide_note")))
        else:
            self.given = replace(self.given, on_behalf_of=self.ask(self.text("guide_for_whom")))

    def _document(self, kind: str) -> None:
        title = self.definition.documents[kind].title[self.lang] if kind in self.definition.documents else kind
        while True:
            path = self.ask(self.text("guide_file", kind=title))
            try:
                filed = paper(kind, path)
            except UsageError as error:
                say_beside(error_text(error, self.shell.lang))
                continue
            self.given = replace(self.given, papers=(*self.given.papers, filed))
            return

    def _value(self, field: Field) -> Any:
        """An answer in the form that the field asks for; a list is asked for record by record."""
        if field.help:
            say(f"  {field.help[self.lang]}")
        if field.type == "list":
            return list(self._records(field))
        if field.of and field.type in ("choice", "choices"):
            say("  " + ", ".join(f"{one} ({field.labels.get(one, {}).get(self.lang, one)})" for one in field.of))
        if field.of and field.type == "case":
            self._cases(field.of[0])
        while True:
            answer = self.ask(field.title[self.lang])
            try:
                self._check(field, answer)
            except UsageError as error:
                say_beside(error_text(error, self.shell.lang))
                continue
            return answer

    def _cases(self, workflow: str) -> None:
        """The open cases that a field may point at, because nobody knows references by heart."""
        page = list_cases(self.session.office, self.session.caller, Wanted(workflow=workflow, limit=MOST_CASES))
        for row in page.rows:
            state = row.definition.states[row.told["state"]].title[self.lang]
            say(f"  {row.told['reference']}  {row.told['title']}  {state}")

    def _check(self, field: Field, answer: str) -> None:
        with self.session.office.store.read() as tx:
            now = tx.now
        parse_value(field, answer, zone=self.session.office.calendar.zone, now=now)

    def _records(self, field: Field) -> Iterator[dict[str, str]]:
        say(self.text("guide_records", title=field.title[self.lang]))
        while True:
            record: dict[str, str] = {}
            for number, item in enumerate(field.item.values()):
                answer = click.prompt(f"  {safe(item.title[self.lang])}", default="", show_default=False).strip()
                if not answer and number == 0:
                    return
                if answer:
                    record[item.id] = answer
            yield record

    def ask(self, question: str) -> str:
        """An answer that is not empty."""
        while True:
            answer: str = click.prompt(safe(question), default="", show_default=False).strip()
            if answer:
                return answer

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
