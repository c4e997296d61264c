"""What the demo left, read back from the home: calls, projects, one mail as it was sent, the log of one case."""

import email.policy
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from engine.app.demo.programme import CALLS
from engine.app.demo.projects import PROJECTS
from engine.app.demo.story_late import NAME
from engine.app.demo.verbs import Stage
from engine.app.describe import describe_entry
from engine.core.case import Case
from engine.core.definition import Definition
from engine.ports import UnitOfWork

MAIL = "info_meeting_invitation"
"""The mail that is shown; it has a calendar file with it."""


def retell(stage: Stage, outbox: Path, lang: str) -> dict[str, Any]:
    """Everything that the demo shows, as plain JSON.

    Args:
        stage: The office after the story.
        outbox: Where its mails lie.
        lang: Language of titles.
    """
    with stage.office.store.read() as tx:
        home = _Home(tx, stage, lang)
        return {
            "now": tx.now,
            "totals": home.totals(),
            "calls": home.calls(),
            "projects": home.projects(),
            "mail": home.mail(outbox),
            "log": home.log(stage.cases[NAME]),
            "overdue": home.overdue(),
        }


class _Home:
    """One look at the home; everything is read in the same transaction."""

    def __init__(self, tx: UnitOfWork, stage: Stage, lang: str) -> None:
        self.tx, self.stage, self.lang = tx, stage, lang

    def totals(self) -> dict[str, Any]:
        """Cases by phase, entries, and mails by state; closed cases count as the phase `closed`."""
        phases: Counter[str] = Counter()
        entries = 0
        for reference in self.tx.cases.references():
            case = self._case(reference)
            phases["closed" if case.closed_at else self._definition(case).states[case.state].phase] += 1
            entries += case.n
        mails = dict(self.tx.messages.counts())
        return {"cases": phases.total(), "phases": dict(phases), "entries": entries, "mail": mails}

    def calls(self) -> list[dict[str, Any]]:
        """The calls: what the sources tell of them, and what is made up."""
        told = []
        for call in CALLS:
            case = self._case(self.stage.cases[call.key])
            told.append({
                "reference": case.reference, "title": case.title, "state": self._state(case), "body": call.body,
                "closes": call.closes, "board": call.board[:10], "sure": call.sure, "granted": call.told,
                "known": call.known, "invented": call.invented,
            })  # fmt: skip
        return told

    def projects(self) -> list[dict[str, Any]]:
        """The four projects, and how far each has come in the phases of the programme."""
        told = []
        for project in PROJECTS:
            case = self._case(self.stage.cases[project.key])
            definition = self._definition(case)
            phases = [phase for phase in definition.phases if phase != "closed"]
            phase = definition.states[case.state].phase
            told.append({
                "reference": case.reference, "title": case.title, "state": self._state(case), "phase": phase,
                "place": self.stage.cast.teams[project.key].place, "granted": case.data["granted_amount"],
                "phases": [definition.phases[name][self.lang] for name in phases],
                "passed": phases.index(phase) if phase in phases else None,
            })  # fmt: skip
        together = sum((Decimal(project["granted"]) for project in told), Decimal(0))
        return [project | {"together": together} for project in told]

    def mail(self, outbox: Path) -> dict[str, Any]:
        """One mail as it lies in the folder: its headers, its text, its enclosures."""
        case = self.stage.cases[f"{PROJECTS[0].key} 2021"]
        sent = next(m for m in self.tx.messages.list(case=case) if m.message.template == MAIL)
        path = next(outbox.glob(f"*-{sent.id}-*.eml"))
        message = BytesParser(policy=email.policy.default).parsebytes(path.read_bytes())
        body = message.get_body(("plain",))
        return {
            "file": path.name,
            "headers": {name: str(message[name]) for name in ("From", "To", "Date", "Subject")},
            "text": body.get_content() if body else "",
            "enclosures": [str(part.get_filename()) for part in message.iter_attachments()],
        }

    def log(self, reference: str) -> dict[str, Any]:
        """The log of one case: what was done when, by whom, and where it led."""
        case = self._case(reference)
        definition = self._definition(case)
        entries = [self._entry(definition, describe_entry(line)) for line in self.tx.log.entries(reference)]
        return {"reference": reference, "title": case.title, "entries": [e for e in entries if e is not None]}

    def _entry(self, definition: Definition, told: Mapping[str, Any]) -> dict[str, Any] | None:
        """One entry of the log; mails that left and papers that were filed are not part of the short story."""
        if told["kind"] not in ("open", "advance", "refused", "expire"):
            return None
        passed = [definition.deadlines[d["name"]].title[self.lang] for d in told["changes"].get("moved", ())]
        edge = next((t for t in definition.transitions if t.event == told["event"]), None)
        title = edge.title[self.lang] if edge else ", ".join(passed)
        moved = told["target"] if told["kind"] != "refused" else None
        return {
            "at": told["recorded_at"], "event": title, "kind": told["kind"],
            "by": str(told["auth"]).rpartition(" as ")[2],
            "state": definition.states[moved].title[self.lang] if moved else "",
            "reasons": list(told["changes"].get("reasons", ())),
        }  # fmt: skip

    def overdue(self) -> list[dict[str, Any]]:
        """Deadlines that have passed and still wait for somebody."""
        told = []
        for row in self.tx.deadlines.list(until=self.tx.now):
            case = self._case(row.case)
            title = self._definition(case).deadlines[row.deadline.name].title[self.lang]
            told.append({
                "reference": row.case, "title": case.title, "deadline": title, "due_on": row.deadline.due_on
            })  # fmt: skip
        return told

    def _case(self, reference: str) -> Case:
        found = self.tx.cases.get(reference)
        assert found is not None, reference  # noqa: S101 - the reference came from the same transaction
        return found

    def _definition(self, case: Case) -> Definition:
        return self.stage.office.catalog.definition(self.tx, case.workflow, case.version)

    def _state(self, case: Case) -> str:
        return self._definition(case).states[case.state].title[self.lang]
