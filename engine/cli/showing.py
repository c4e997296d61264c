"""One case for people: ribbon, state, what is next, data, parties, deadlines, documents, family, last entries."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.app.called import ID, with_names
from engine.app.letters import days_text, due_text
from engine.app.query import Related, View
from engine.cli.options import Shell
from engine.cli.output import paint, safe, safe_lines, say, say_styled
from engine.cli.session import Session
from engine.cli.tables import Column, pad, print_table, ribbon, width
from engine.cli.telling import arrow
from engine.cli.texts import has_text, letter_text, role_text
from engine.core.definition import Definition, Field
from engine.core.fields import format_value
from engine.core.localday import format_day, format_moment
from engine.core.when import parse_date, parse_instant

SHORT_HASH = 12
"""Hexadecimal digits of a document's digest in the overview; `--json` and `--decision` give all."""


class CasePrinter:
    """Prints one view of a case for people."""

    def __init__(self, shell: Shell, session: Session, view: View) -> None:
        self.shell, self.view = shell, view
        self.text, self.lang, self.color = shell.text, shell.lang, shell.color
        self.calendar = session.office.calendar
        self.zone = self.calendar.zone

    def print(self) -> None:
        """All of it, section by section; a section with nothing in it is left out."""
        self.head()
        self._state()
        self._data()
        self.parties()
        self._deadlines()
        self._documents()
        self._signatures()
        self._family()
        self._entries()

    def head(self) -> None:
        """Reference, title, and where in its phases the case stands."""
        case, definition = self.view.case, self.view.definition
        title = f"  {case.title}"
        say_styled([(case.reference, "bold"), (title, None)], color=self.color)
        about = [definition.title[self.lang], self.text("case_version", n=case.version),
                 self.text("case_revision", n=case.revision)]  # fmt: skip
        say(" · ".join(about))
        if brought := self.view.told.get("imported"):
            at = format_moment(parse_instant(brought["at"]), self.lang, self.zone)
            told = self.text("case_imported", at=at, by=brought["by"], batch=brought["batch"])
            say_styled([(told, "yellow")], color=self.color)
        if self.view.is_past:
            at = format_moment(self.view.at, self.lang, self.zone)
            say_styled([(self.text("case_as_of", at=at), "yellow")], color=self.color)
        used = {state.phase for state in definition.states.values()}
        phases = [phase for phase in definition.phases if phase in used]
        here = phases.index(definition.states[case.state].phase)
        labels = [definition.phases[phase][self.lang] for phase in phases]
        print_line(ribbon(labels, here, color=self.color))

    def _state(self) -> None:
        case, definition = self.view.case, self.view.definition
        state = definition.states[case.state]
        rows = [(self.text("case_state"), f"{state.title[self.lang]} ({case.state})"),
                (self.text("case_since"), self._moment(case.entered_at))]  # fmt: skip
        if state.owner:
            rows.append((self.text("case_acts"), role_text(state.owner, self.lang)))
        if self.view.told["owner"]:
            name = self.view.names.get(case.assignee or "")
            login = str(self.view.told["owner"])
            rows.append((self.text("case_handler"), f"{name} ({login})" if name and name != login else login))
        if case.stopped_at:
            rows.append((self.text("case_clock"), self.text("case_stopped", at=self._moment(case.stopped_at))))
        if case.recused:
            rows.append((self.text("case_recused"), ", ".join(self._name(person) for person in case.recused)))
        if not self.view.is_past:
            rows.append((self.text("case_what_next"), self._next()))
        self._pairs(rows)

    def _next(self) -> str:
        """The events that people can fire from here; whether they are allowed is for `next` to say."""
        titles: dict[str, str] = {}
        for edge in self.view.definition.transitions:
            if self.view.case.state in edge.source and edge.by != ("system",):
                titles.setdefault(edge.event, edge.title[self.lang])
        told = " · ".join(titles.values())
        if not told:
            return self.text("case_nothing_next")
        return told + "\n" + self.text("case_see_next", command=f"skede next {self.view.case.reference}")

    def _data(self) -> None:
        rows = []
        for field in self.view.definition.fields.values():
            if field.id in self.view.case.data:
                rows.append((field.title[self.lang], self._value(field, self.view.case.data[field.id])))
            elif field.id in self.view.case.erased:
                rows.append((field.title[self.lang], self.text("case_erased")))
        self._section("case_data", rows)

    def _value(self, field: Field, value: Any) -> str:
        if field.type == "case":
            name = self.view.names.get(str(value))
            return f"{value}  {name}" if name else str(value)
        if ID.fullmatch(str(value)):
            return self._name(str(value))
        if field.type == "list":
            fields = field.item.values()
            named = with_names(value, self.view.names)
            records = ([format_value(f, record.get(f.id), self.lang, zone=self.zone) for f in fields]
                       for record in named)  # fmt: skip
            return "\n".join(", ".join(part for part in record if part) for record in records)
        return format_value(field, value, self.lang, zone=self.zone)

    def parties(self) -> None:
        """The parties, those that have left too."""
        rows = []
        for party in self.view.told["parties"]:
            people = "; ".join(
                f"{role_text(function, self.lang)} {', '.join(self._name(p['id']) for p in named)}"
                for function, named in party["people"].items()
            )
            left = self.text("case_left", day=self._day(party["to"])) if party["to"] else ""
            rows.append((party["id"], role_text(party["role"], self.lang), party["organisation"], people, left))
        self._table("case_parties", ("col_n", "col_role", "col_organisation", "col_people", "col_left"), rows)

    def _deadlines(self) -> None:
        rows = []
        for deadline in sorted(self.view.case.deadlines, key=lambda d: d.due_at):
            title = self.view.definition.deadlines[deadline.name].title[self.lang]
            if deadline.item is not None:
                title = f"{title} {deadline.item}"
            days = days_text((deadline.due_on - self.view.today).days, self.lang)
            if deadline.due_at < self.view.at:
                days = f"{days}, {self.text('case_passed')}"
            owner = role_text(deadline.owner, self.lang)
            rows.append((title, due_text(deadline, self.lang, self.calendar), days, owner))
        self._table("case_deadlines", ("col_deadline", "col_due", "col_left_days", "col_role"), rows)

    def _documents(self) -> None:
        rows = []
        for document in self.view.case.documents:
            marks = [self.text("case_draft")] if document.draft else []
            marks += [self.text("case_secrecy", paragraph=document.secrecy)] if document.secrecy else []
            rows.append((
                document.id, self._kind(document.kind), document.name, self._moment(document.received_at),
                self.text(f"direction_{document.direction}"), document.sha256[:SHORT_HASH], ", ".join(marks),
            ))  # fmt: skip
        columns = ("col_n", "col_kind", "col_file", "col_received", "col_direction", "col_hash", "col_mark")
        self._table("case_documents", columns, rows)

    def _signatures(self) -> None:
        rows = [
            (s.id, role_text(s.who, self.lang), self._name(s.person), f"{self._kind(s.kind)} ({s.document})",
             format_day(s.signed_on, self.lang), self.text(f"signature_{s.state}"))
            for s in self.view.case.signatures
        ]  # fmt: skip
        self._table("case_signatures", ("col_n", "col_role", "col_person", "col_kind", "col_day", "col_state"), rows)

    def _family(self) -> None:
        rows = [
            (self._relation(r), r.reference, r.title, r.workflow[self.lang], r.state[self.lang])
            for r in self.view.related
        ]
        self._table("case_related", ("col_relation", "col_reference", "col_title", "col_workflow", "col_state"), rows)

    def _relation(self, related: Related) -> str:
        if related.relation in ("parent", "child"):
            return self.text(f"relation_{related.relation}")
        name = related.field[self.lang] if related.field else related.relation
        return name if related.outward else self.text("relation_points_here", field=name)

    def _entries(self) -> None:
        rows = []
        for entry in self.view.entries:
            what = entry_text(entry, self.view.definition, self.shell)
            role = role_text(entry["role"], self.lang) if entry["role"] else ""
            at = self._moment(parse_instant(entry["recorded_at"]))
            rows.append((f"#{entry['n']}", at, what, who_text(entry, self.shell), role, entry["note"]))
        self._table("case_entries", ("col_n", "col_when", "col_what", "col_who", "col_role", "col_note"), rows)

    def _table(self, heading: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table under a heading, without the columns in which nothing stands."""
        if not rows:
            return
        self._heading(heading)
        kept = [i for i in range(len(columns)) if any(row[i] not in ("", None) for row in rows)]
        shown = [["" if row[i] is None else " ".join(str(row[i]).split()) for i in kept] for row in rows]
        print_table([Column(self.text(columns[i]), columns[i] == "col_n") for i in kept], shown, color=self.color)

    def _section(self, heading: str, rows: Sequence[tuple[str, str]]) -> None:
        if rows:
            self._heading(heading)
            self._pairs(rows)

    def _heading(self, code: str) -> None:
        say()
        say_styled([(self.text(code), "bold")], color=self.color)

    def _pairs(self, rows: Iterable[tuple[str, str]]) -> None:
        """Titles to the left, values to the right; a value of several lines stays under itself."""
        listed = list(rows)
        space = max(width(title) for title, _ in listed) + 2
        for title, value in listed:
            lines = safe_lines(value)
            print_line(paint(pad(safe(title), space), "dim" if self.color else None) + lines[0])
            for line in lines[1:]:
                print_line(" " * space + line)

    def _kind(self, kind: str) -> str:
        known = self.view.definition.documents.get(kind)
        return known.title[self.lang] if known else kind

    def _name(self, person: str) -> str:
        return self.view.names.get(person) or person

    def _moment(self, at: datetime) -> str:
        return format_moment(at, self.lang, self.zone, ends_day=False)

    def _day(self, text: str) -> str:
        return format_day(parse_date(text), self.lang)


def print_line(line: str) -> None:
    """Print a line whose parts are safe already, styles and all."""
    import sys

    sys.stdout.write(line.rstrip() + "\n")


def who_text(entry: Mapping[str, Any], shell: Shell) -> str:
    """Who did it: the person, or the login where nobody is known behind it; the engine itself by its name."""
    if entry["actor"] == "system":
        return shell.text("role_system")
    return str(entry.get("name") or entry["actor"])


def entry_text(entry: Mapping[str, Any], definition: Definition, shell: Shell) -> str:
    """An entry in few words: the event and where it led, or the kind of change."""
    lang = shell.lang
    if entry["kind"] == "mail":
        template = str(entry["changes"]["mail"]["key"]).partition("/")[2].partition("/")[0]
        title = letter_text(template, lang)
        return shell.text("kind_mail") + (f": {title}" if title != template else "")
    if entry["event"] is None:
        kind = f"kind_{entry['kind']}"
        told = shell.text(kind) if has_text(kind, lang) else str(entry["kind"])
        activity = entry["changes"].get("activity")
        return f"{told}: {activity}" if activity else told
    what = next((t.title[lang] for t in definition.transitions if t.event == entry["event"]), str(entry["event"]))
    if entry["kind"] == "open" and entry.get("imported"):
        what = shell.text("entry_imported", what=what)
    if entry["kind"] not in ("open", "advance"):
        return f"{shell.text('kind_' + entry['kind'])}: {what}"
    if entry["target"] in (None, entry["source"]):
        return what
    states = [definition.states[s].title[lang] for s in (entry["source"], entry["target"]) if s in definition.states]
    return f"{what}: {f' {arrow()} '.join(states)}"
