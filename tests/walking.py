"""A walker that takes cases of the programme wherever the rules let it go, mending what is missing as it goes.

It knows no workflow: it reads the reasons of refusals and supplies what they name, as a patient colleague would.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from hiring import hire

from engine.app.advance import Given, Paper, advance
from engine.app.edit import amend, assign
from engine.app.office import Caller, Office
from engine.app.open_case import open_case
from engine.app.papers import sign
from engine.app.tick import Ticked, tick
from engine.bootstrap.home import make_home
from engine.bootstrap.office import open_office
from engine.core.case import Case
from engine.core.definition import Definition, Field
from engine.core.errors import EngineError, Refusal, TransitionRefused
from engine.core.plain import instant
from engine.settings import load

START = datetime(2021, 3, 1, 9, tzinfo=UTC)
ENDINGS = frozenset({"cancel_call", "cancel_meeting", "drop_idea", "withdraw", "dismiss", "decline_idea", "discard"})
"""Events that end a walk early; taken now and then only."""


@dataclass
class Walker:
    """An office in a sandbox, and what has been met in it."""

    office: Office
    random: Random
    parties: tuple[str, ...] = ()
    references: list[str] = field(default_factory=list)
    papers: int = 0

    @classmethod
    def begin(cls, folder: Path, seed: int) -> "Walker":
        """A new home with two organisations, each with one person for all functions."""
        make_home(folder, Caller("root", "os:root"), sandbox=True, start=START)
        walker = cls(open_office(load(folder)), Random(seed))
        walker.people()
        return walker

    def people(self) -> None:
        """Add the parties that cases get, and a second officer and controller for four eyes."""
        with self.office.store.write() as tx:
            parties = []
            for role, kind in (("owner", "municipality"), ("partner", "region")):
                organisation = tx.people.add_organisation(f"{role} {kind}", kind).id
                person = tx.people.add_person(f"Person {role}", email=f"{role}@part.example").id
                functions = "contact+leader+signatory+manager+economy"
                parties.append(f"{role}={organisation}:{person}:{functions}")
            self.parties = tuple(parties)
            for login in ("officer2", "controller2"):
                person = tx.people.add_person(f"Person {login}", email=f"{login}@vgr.example").id
                hire(tx, login, login.rstrip("2"), person=person)

    def caller(self, login: str) -> Caller:
        """A login of the sandbox."""
        return Caller(login, f"os:root as {login}")

    def case(self, reference: str) -> Case:
        """The case as it stands."""
        with self.office.store.read() as tx:
            found = tx.cases.get(reference)
        assert found is not None
        return found

    def definition(self, case: Case) -> Definition:
        """The rules of a case."""
        with self.office.store.read() as tx:
            return self.office.catalog.definition(tx, case.workflow, case.version)

    def somewhere(self) -> tuple[str, str] | None:
        """A case met, and an event of its state; None where the case met takes none."""
        case = self.case(self.random.choice(self.references))
        if case.closed_at is not None:
            case = self.case(self.random.choice(self.references))
        reference = case.reference
        events = [t.event for t in self.definition(case).transitions if case.state in t.source]
        if self.random.random() < 0.9:
            events = [e for e in events if e not in ENDINGS]
        return (reference, self.random.choice(events)) if events else None

    def beginnings(self) -> None:
        """A call that opens soon and two meetings, and the first applications."""
        soon = self.now() + timedelta(days=3)
        self.open("call", "plan_call", {"opens_at": instant(soon), "body": "RUN"})
        meeting = instant(soon + timedelta(days=200))
        self.open("meeting", "plan_board_meeting", {"starts_at": meeting, "body": "RUN"})
        call = self.references[0]
        self.forward(4)
        values = {"closes_at": instant(soon + timedelta(days=90)), "frame": "1000000", "two_stage": "nej",
                  "board_date": meeting[:10], "max_project_months": 36, "priority_areas": ["other"]}  # fmt: skip
        given = Given(set=values, papers=self.paper(["call_text"]))
        advance(self.office, self.caller("officer"), call, "open_call", given)
        for event in ("contact", "contact", "receive"):
            self.open("application", event, {"call": call, "arrived_at": instant(self.now())})

    def remember(self, told: Mapping[str, Any]) -> None:
        """Meet the cases that an answer names."""
        for reference in (told["reference"], *(c["reference"] for c in told["cases"])):
            if reference not in self.references:
                self.references.append(reference)

    def open(self, workflow: str, event: str, values: Mapping[str, Any], parent: str | None = None) -> bool:
        """Try to open a case, supplying what is missing."""
        with self.office.store.read() as tx:
            definition = self.office.catalog.current(tx, workflow, date(2021, 3, 1)).definition
        edge = next(t for t in definition.openings() if t.event == event)
        given: dict[str, Any] = dict(values)
        kinds: list[str] = []
        for _ in range(6):
            try:
                told = open_case(
                    self.office, self.caller(self.login(edge.by)), workflow, f"Ärende {len(self.references)}",
                    Given(set=given, papers=self.paper(kinds), note="utan anmärkning"), event=event, parent=parent,
                    parties=() if parent and workflow != "application" else self.parties,
                )  # fmt: skip
            except TransitionRefused as error:
                if not self.supply(definition, None, error.reasons, given, kinds):
                    return False
            except EngineError:
                return False
            else:
                self.remember(told)
                return True
        return False

    def advance(self, reference: str, event: str, login: str | None = None) -> Mapping[str, Any] | None:
        """Try an event, supplying what is missing; None if the rules will not have it."""
        case = self.case(reference)
        definition = self.definition(case)
        edges = [t for t in definition.edges(event) if case.state in t.source]
        by = self.random.choice(edges).by if edges else ("officer",)
        given: dict[str, Any] = {}
        kinds: list[str] = []
        for _ in range(8):
            try:
                told = advance(
                    self.office, self.caller(login or self.login(by)), reference, event,
                    Given(set=given, papers=self.paper(kinds), note="utan anmärkning"),
                )  # fmt: skip
            except TransitionRefused as error:
                if login is not None or not self.supply(definition, case, error.reasons, given, kinds):
                    return None
            except EngineError:
                return None
            else:
                self.remember(told)
                return told
        return None

    def login(self, by: tuple[str, ...]) -> str:
        """A login with one of the roles; sometimes the second person in it."""
        role = self.random.choice([r for r in by if r != "system"] or ["officer"])
        return f"{role}2" if role in ("officer", "controller") and self.random.random() < 0.4 else role

    def paper(self, kinds: list[str]) -> list[Paper]:
        """Files of the kinds, each unlike any other."""
        self.papers += 1
        return [Paper(kind, f"{kind}.txt", f"{kind} {self.papers}".encode()) for kind in kinds]

    def supply(
        self, definition: Definition, case: Case | None, reasons: tuple[Refusal, ...], given: dict[str, Any],
        kinds: list[str],
    ) -> bool:  # fmt: skip
        """Mend what a refusal names; False if nothing of it could be mended."""
        mended = False
        for reason in reasons:
            params = reason.params
            if reason.code in ("field_missing", "field_must_be_brought") or "field" in params:
                name = str(params["field"])
                known = definition.fields.get(name)
                if known is not None and name not in given:
                    given[name] = self.value(known)
                    mended = given[name] is not None or mended
            elif "kind" in params and params["kind"] in definition.documents and reason.code.startswith("document"):
                if params["kind"] not in kinds:
                    kinds.append(str(params["kind"]))
                    mended = True
            elif reason.code in ("signature_missing", "signature_outdated") and case is not None:
                mended = self.signed(case.reference, str(params["who"]), str(params["kind"])) or mended
            elif reason.code == "not_assigned" and case is not None:
                assign(self.office, self.caller("officer"), case.reference, "officer", Given())
                mended = True
        return mended

    def signed(self, reference: str, who: str, kind: str) -> bool:
        """Sign as the one who is missing."""
        case = self.case(reference)
        role, dot, function = who.partition(".")
        with self.office.store.read() as tx:
            if dot:
                people = [p for party in case.party(role) for p in party.people.get(function, ())]
            else:
                people = list(tx.directory.holders("head" if who == "head" else "secretary", date(2021, 3, 1)))
        try:
            for person in people:
                sign(self.office, self.caller("head"), reference, who, person, kind, Given())
        except EngineError:
            return False
        return bool(people)

    def value(self, known: Field) -> Any:
        """A value of a field's type, plausible more often than not."""
        today = self.now().date()
        match known.type:
            case "money":
                return self.random.choice(["100000.00", "250000.00", "500000.00"])
            case "integer":
                return 1
            case "date":
                return (today + timedelta(days=self.random.choice([-10, 1, 30, 200]))).isoformat()
            case "instant":
                return instant(self.now() + timedelta(days=self.random.choice([-1, 5, 40])))
            case "flag":
                return "ja"
            case "choice":
                return self.random.choice(known.of)
            case "choices":
                return [self.random.choice(known.of)]
            case "case":
                fitting = [r for r in self.references if self.case(r).workflow in known.of]
                return self.random.choice(fitting) if fitting else None
            case "organisation" | "person":
                return None
            case "list":
                record = {name: self.value(part) for name, part in known.item.items()}
                return [{name: value for name, value in record.items() if value is not None}]
        return "uppgift"

    def now(self) -> datetime:
        """The sandbox's clock."""
        with self.office.store.read() as tx:
            return tx.now

    def forward(self, days: int) -> Ticked:
        """Let days pass, with one tick at the end, as after an outage."""
        with self.office.store.write() as tx:
            tx.settings.put("clock", instant(tx.now + timedelta(days=days)))
        return tick(self.office)

    def amend(self, reference: str) -> bool:
        """Change some field that may be changed, if any."""
        case = self.case(reference)
        fields = [f for f in self.definition(case).fields.values() if not f.computed]
        chosen = self.random.choice(fields)
        value = self.value(chosen)
        if value is None:
            return False
        try:
            given = Given(set={chosen.id: value}, note="ändring")
            amend(self.office, self.caller("officer"), reference, given)
        except EngineError:
            return False
        return True
