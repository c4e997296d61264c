"""Decisions in sentences: what, who, where, on which papers, and what has changed since."""

from collections.abc import Sequence
from typing import Any

from engine.app.called import with_names
from engine.app.decisions import Decided
from engine.cli.options import Shell
from engine.cli.output import say, say_styled
from engine.cli.session import Session
from engine.cli.showing import entry_text, who_text
from engine.core.case import Document
from engine.core.fields import format_value
from engine.core.localday import format_day, format_moment
from engine.core.when import parse_date, parse_instant


def print_decisions(shell: Shell, session: Session, found: Sequence[Decided]) -> None:
    """Print decisions, oldest first."""
    for decided in found:
        _Decision(shell, session, decided).print()


class _Decision:
    def __init__(self, shell: Shell, session: Session, decided: Decided) -> None:
        self.shell, self.decided, self.text, self.lang = shell, decided, shell.text, shell.lang
        self.zone = session.office.calendar.zone

    def print(self) -> None:
        decided, data = self.decided, self.decided.case.data
        day = format_day(parse_date(str(data["decided_on"])), self.lang)
        say()
        say_styled([(self.text("decision_head", reference=decided.case.reference, day=day), "bold")],
                   color=self.shell.color)  # fmt: skip
        if data.get("content"):
            self._say("decision_content", content=self._field("content"))
        delegated = bool(data.get("delegation_no"))
        if delegated:
            self._say("decision_delegated", number=self._field("delegation_no"))
        if data.get("meeting"):
            code = "decision_reported" if delegated else "decision_meeting"
            self._say(code, meeting=decided.meeting or data["meeting"], paragraph=self._field("paragraph"))
        for name in ("decided_by", "presented_by", "took_part", "reasons"):
            if data.get(name):
                self._say(f"decision_{name}", what=self._field(name))
        entry = decided.entry
        if entry["imported"]:
            self._say("decision_imported", entry=entry["entry"])
        at = self._moment(entry["recorded_at"])
        self._say("decision_recorded", entry=entry["entry"], at=at, hash=entry["hash"])
        self._papers(decided.papers)
        self._since()

    def _papers(self, papers: Sequence[Document]) -> None:
        if not papers:
            self._say("decision_no_papers")
            return
        self._say("decision_papers")
        for paper in papers:
            title = self.decided.titles.get(paper.kind, {}).get(self.lang, paper.kind)
            say(f"    {title} {paper.name}, SHA-256 {paper.sha256}")

    def _since(self) -> None:
        if not self.decided.since:
            self._say("decision_nothing_since")
            return
        self._say("decision_since")
        for entry in self.decided.since:
            at, what = self._moment(entry["recorded_at"]), entry_text(entry, self.decided.course, self.shell)
            who = who_text({**entry, "name": self.decided.names.get(entry["actor"])}, self.shell)
            fields = self._titles({*entry["changes"].get("set", {}), *entry["changes"].get("private", ())})
            say(f"    {entry['entry']} {at}: {what} ({who}){f' – {fields}' if fields else ''}")

    def _titles(self, names: set[str]) -> str:
        """The fields that an entry changed, by their titles, in the order of the definition."""
        fields = self.decided.course.fields
        titles = [field.title[self.lang] for name, field in fields.items() if name in names]
        return ", ".join([*titles, *sorted(names - fields.keys())])

    def _moment(self, at: str) -> str:
        return format_moment(parse_instant(at), self.lang, self.zone, ends_day=False)

    def _field(self, name: str) -> str:
        field, value = self.decided.definition.fields.get(name), self.decided.case.data.get(name)
        if value is None:
            return ""
        value = with_names(value, self.decided.names)
        told = format_value(field, value, self.lang, zone=self.zone) if field else str(value)
        return " ".join(told.split())

    def _say(self, code: str, **params: Any) -> None:
        say("  " + self.text(code, **params))
