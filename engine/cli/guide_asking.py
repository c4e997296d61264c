"""The questions of a guide: for each refusal that an answer can mend, one that is checked where it is given."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click
from msgspec.structs import replace

from engine.app.advance import Given
from engine.app.listing import Wanted, list_cases
from engine.app.naming import person_named, values_named
from engine.cli.failure import reason_lines
from engine.cli.giving import paper
from engine.cli.options import Shell
from engine.cli.output import safe, say, say_beside
from engine.cli.session import Session
from engine.cli.texts import error_text
from engine.core.definition import Definition, Field, Transition
from engine.core.errors import NotFound, Refusal, UsageError
from engine.core.fields import parse_value

FIELD_CODES = ("field_missing", "field_must_be_brought")
DOCUMENT_CODES = ("document_missing", "document_must_be_new")
NOTE_CODES = ("note_missing", "override_needs_note", "on_behalf_needs_evidence")
ASKED = (*FIELD_CODES, *DOCUMENT_CODES, *NOTE_CODES, "principal_unclear")
"""Refusals that say themselves what is to be asked; others may fall with them, as a rule that asks about a value not
given yet."""

MOST_CASES = 12
"""So many cases are shown where one is asked for."""


class Asking:
    """The questions of one event; `paths` are the files that were named."""

    def __init__(
        self, shell: Shell, session: Session, definition: Definition, edges: Sequence[Transition], words: Sequence[str]
    ) -> None:
        self.shell, self.session, self.definition, self.edges = shell, session, definition, edges
        self.text, self.lang = shell.text, shell.lang
        self.paths: dict[str, str] = {}
        self._verb = " ".join(("skede", *(words[:3] if words[0] == "advance" else words[:2])))

    def asked(self, given: Given, reasons: Sequence[Refusal]) -> Given:
        """What was given, with the answers to all that the reasons ask for; the same where they ask for nothing."""
        plain = {self._about(reason): reason for reason in reversed(reasons) if reason.code in ASKED}
        for reason in reversed(plain.values()):
            given = self._ask(given, reason)
        if plain:
            return given
        for reason in reasons:
            given = self._offer(given, reason)
        return given

    def _about(self, reason: Refusal) -> tuple[str, str]:
        if reason.code in FIELD_CODES:
            return "field", str(reason.params["field"])
        if reason.code in DOCUMENT_CODES:
            return "document", str(reason.params["kind"])
        return "note" if reason.code in NOTE_CODES else "principal", ""

    def _ask(self, given: Given, reason: Refusal) -> Given:
        about, name = self._about(reason)
        if about == "field":
            return self._with_field(given, self.definition.fields[name])
        if about == "document":
            return self._with_document(given, name)
        if about == "principal":
            return replace(given, on_behalf_of=self._checked(self.text("guide_for_whom"), self._check_person))
        if given.note:
            return given
        say(reason_lines(reason, self.lang)[0].strip())
        return replace(given, note=self._checked(self.text("guide_note")))

    def _offer(self, given: Given, reason: Refusal) -> Given:
        """Ask for the fields in the command that mends a rule; once they are given, for whatever else may be."""
        fix = reason.fix or ""
        if not fix.startswith(f"{self._verb} "):
            return given
        fields = self.definition.fields
        names = [name for name in re.findall(r" -s (\w+)=", fix) if name in fields]
        wanted = [name for name in names if name not in given.set]
        needed = {name for edge in self.edges for name in (*edge.needs.brings, *edge.needs.fields)}
        optional = not wanted and not needed.intersection(names)
        if names and optional:
            wanted = list(dict.fromkeys(n for edge in self.edges for n in edge.takes if n not in given.set))
        if wanted:
            say(reason_lines(reason, self.lang)[0].strip())
        for name in wanted:
            given = self._with_field(given, fields[name], optional=optional)
        return given

    def _with_field(self, given: Given, field: Field, *, optional: bool = False) -> Given:
        value = self._value(field, optional=optional)
        return given if value in (None, "") or (optional and value == []) else replace(
            given, set={**given.set, field.id: value}
        )  # fmt: skip

    def _with_document(self, given: Given, kind: str) -> Given:
        title = self.definition.documents[kind].title[self.lang] if kind in self.definition.documents else kind
        path = self._checked(self.text("guide_file", kind=title), lambda path: paper(kind, path))
        self.paths[kind] = path
        others = tuple(p for p in given.papers if p.kind != kind)
        return replace(given, papers=(*others, paper(kind, path)))

    def _value(self, field: Field, *, optional: bool) -> Any:
        """An answer in the form that the field asks for; a list is asked for record by record."""
        if field.help:
            say(f"  {field.help[self.lang]}")
        if field.type == "list":
            return list(self._records(field))
        if field.of and field.type in ("choice", "choices"):
            say("  " + ", ".join(f"{one} ({field.labels.get(one, {}).get(self.lang, one)})" for one in field.of))
        if field.of and field.type == "case":
            self._cases(field.of[0])
        title = field.title[self.lang]
        question = self.text("guide_flag", title=title) if field.type == "flag" else title
        question = f"{question} ({self.text('form_optional')})" if optional else question
        return self._checked(question, lambda answer: self._check(field, answer), optional=optional)

    def _cases(self, workflow: str) -> None:
        """The open cases that a field may point at, because nobody knows references by heart."""
        page = list_cases(self.session.office, self.session.caller, Wanted(workflow=workflow, limit=MOST_CASES))
        for row in page.rows:
            state = row.definition.states[row.told["state"]].title[self.lang]
            say(f"  {row.told['reference']}  {row.told['title']}  {state}")

    def _records(self, field: Field) -> Iterator[dict[str, str]]:
        say(self.text("guide_records", title=field.title[self.lang]))
        while True:
            record: dict[str, str] = {}
            for number, item in enumerate(field.item.values()):
                check = self._item_check(field, item)
                answer = self._checked(f"  {item.title[self.lang]}", check, optional=number == 0 or not item.required)
                if not answer and number == 0:
                    return
                if answer:
                    record[item.id] = answer
            yield record

    def _item_check(self, field: Field, item: Field) -> Callable[[str], object]:
        return lambda answer: self._check(item, answer, within=field)

    def _check(self, field: Field, answer: str, within: Field | None = None) -> None:
        """Look up what a value names, and read it, as the command will.

        Raises:
            UsageError: It is malformed, or fits several.
            NotFound: It names nothing.
        """
        office = self.session.office
        outer, asked = (field, answer) if within is None else (within, [{field.id: answer}])
        with office.store.read() as tx:
            value = values_named(tx, office, self.definition, {outer.id: asked})[outer.id]
            now = tx.now
        parse_value(field, value if within is None else value[0][field.id], zone=office.calendar.zone, now=now)

    def _check_person(self, answer: str) -> None:
        with self.session.office.store.read() as tx:
            person_named(tx, answer)

    def _checked(
        self, question: str, check: Callable[[str], object] | None = None, *, optional: bool = False
    ) -> str:  # fmt: skip
        """An answer that is not empty and that the check has nothing against; an optional one may be empty."""
        while True:
            answer: str = click.prompt(safe(question), default="", show_default=False).strip()
            if not answer:
                if optional:
                    return ""
                continue
            try:
                if check is not None:
                    check(answer)
            except (UsageError, NotFound) as error:
                say_beside(error_text(error, self.shell.lang))
                continue
            return answer
