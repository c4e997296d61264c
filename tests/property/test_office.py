"""Invariants of the office under random use, on a real database: RELIABILITY.md §7, 1 to 9, 12, 21 and 28."""

import shutil
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from demo_home import shared_demo
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from walking import Walker

from engine.app.advance import Given, advance
from engine.app.edit import note
from engine.app.next_events import next_events
from engine.app.timing import correct, move_deadline, stop_clock
from engine.bootstrap.office import open_office
from engine.core.case import Case
from engine.core.chain import commitment, genesis, leaf_hash
from engine.core.definition import Definition
from engine.core.entry import CHANGES, Entry, parse
from engine.core.errors import EngineError, TransitionRefused
from engine.core.fold import fold
from engine.ports import LogLine
from engine.settings import load

LOGINS = ("officer", "head", "registrar", "secretary", "controller", "auditor", "archivist")


class Office(RuleBasedStateMachine):
    """Administrators, applicants and the clock at work on nine workflows."""

    template: Path
    folder: Path
    runs = 0

    def __init__(self) -> None:
        super().__init__()
        Office.runs += 1
        self.home = self.folder / f"run{Office.runs}"
        shutil.copytree(self.template, self.home)
        self.walker = Walker(open_office(load(self.home)), Random(Office.runs))
        with self.walker.office.store.read() as tx:
            self.walker.references = list(tx.cases.references())
            cases = [
                c for r in self.walker.references if (c := tx.cases.get(r)) and c.party("owner") and c.party("partner")
            ]
            parties = [*cases[0].party("owner"), *cases[0].party("partner")]
        self.walker.parties = tuple(
            f"{p.role}={p.organisation}:{next(iter(p.people.values()))[0]}:contact+leader+signatory+manager+economy"
            for p in parties[:2]
        )
        self.checked: dict[str, int] = {}

    @initialize(seed=st.integers(0, 10**6))
    def walk_its_own_way(self, seed: int) -> None:
        self.walker.random.seed(seed)

    @rule(times=st.integers(1, 6))
    def advance_somewhere(self, times: int) -> None:
        for place in (p for _ in range(times) if (p := self.walker.somewhere())):
            before = self.walker.case(place[0]).revision
            told = self.walker.advance(*place)
            if told is not None:
                after = self.walker.case(place[0])
                assert (told["target"], told["revision"]) == (after.state, after.revision)
                assert after.revision > before

    @rule(login=st.sampled_from(["auditor", "archivist", "applicant", "controller"]))
    def try_as_somebody(self, login: str) -> None:
        if place := self.walker.somewhere():
            before = self.walker.case(place[0])
            if self.walker.advance(*place, login=login) is None:
                after = self.walker.case(place[0])
                assert after.revision == before.revision
                assert (after.state, after.data, after.deadlines) == (before.state, before.data, before.deadlines)

    @rule(login=st.sampled_from(LOGINS))
    def next_tells_what_advance_does(self, login: str) -> None:
        place = self.walker.somewhere()
        if place is None:
            return
        office, caller, reference = self.walker.office, self.walker.caller(login), place[0]
        foretold = next_events(office, caller, reference).events
        for possible in self.walker.random.sample(foretold, min(3, len(foretold))):
            codes: list[str] = []
            try:
                advance(office, caller, reference, possible.event, Given(dry_run=True))
            except TransitionRefused as error:
                codes = [reason.code for reason in error.reasons]
            assert (possible.allowed, [reason.code for reason in possible.missing]) == (not codes, codes)

    @rule(event=st.sampled_from(["contact", "receive"]))
    def open_application(self, event: str) -> None:
        call = self.walker.references[0]
        self.walker.open("application", event, {"call": call})

    @rule()
    def amend(self) -> None:
        self.walker.amend(self.walker.random.choice(self.walker.references))

    @rule(days=st.sampled_from([0, 1, 2, 7, 30, 200]))
    def forward(self, days: int) -> None:
        assert self.walker.forward(days).errors == []
        again = self.walker.forward(0)
        assert (again.expired, again.reminded) == (0, 0)

    @rule(waive=st.booleans())
    def move_a_deadline(self, waive: bool) -> None:
        open_ones = [d for r in self.walker.references for d in self.walker.case(r).deadlines]
        if open_ones:
            deadline = self.walker.random.choice(open_ones)
            self.attempt(lambda: move_deadline(
                self.walker.office, self.walker.caller("officer"), deadline.id, Given(note="skäl"),
                by=None if waive else "21d",
            ))  # fmt: skip

    @rule(start=st.booleans())
    def stop_or_start_a_clock(self, start: bool) -> None:
        reference = self.walker.random.choice(self.walker.references)
        self.attempt(lambda: stop_clock(
            self.walker.office, self.walker.caller("officer"), reference, Given(note="skäl"), start=start
        ))  # fmt: skip

    @rule()
    def take_back(self) -> None:
        reference = self.walker.random.choice(self.walker.references)
        case = self.walker.case(reference)
        latest = max((h.n for h in case.events.values()), default=1)
        self.attempt(lambda: correct(
            self.walker.office, self.walker.caller("head"), reference, latest, Given(note="fel"), undo=True
        ))  # fmt: skip

    @rule()
    def ask_twice(self) -> None:
        reference = self.walker.random.choice(self.walker.references)
        given = Given(
            note="samma begäran", request_id=f"00000000-0000-4000-8000-{self.walker.random.randrange(10**12):012d}"
        )
        try:
            first = note(self.walker.office, self.walker.caller("officer"), reference, given)
        except EngineError:
            return
        n = self.walker.case(reference).n
        assert note(self.walker.office, self.walker.caller("officer"), reference, given) == first
        assert self.walker.case(reference).n == n

    def attempt(self, work: object) -> None:
        """Do something that the rules may refuse."""
        try:
            work()  # type: ignore[operator]
        except EngineError:
            return

    @invariant()
    def every_case_is_the_fold_of_its_log(self) -> None:
        with self.walker.office.store.read() as tx:
            origin = tx.settings.get("origin") or ""
            for reference in tx.cases.references():
                case = tx.cases.get(reference)
                assert case is not None
                if self.checked.get(reference) == case.n:
                    continue
                self.checked[reference] = case.n
                lines = list(tx.log.entries(reference))
                definition = self.walker.office.catalog.definition(tx, case.workflow, case.version)
                assert fold((x.line, x.payload) for x in lines) == case
                check_chain(lines, origin, case)
                check_moves([parse(x.line) for x in lines], definition, case)
                check_deadlines(case, definition)
                rows = {row.deadline for row in tx.deadlines.list(case=reference)}
                assert rows == set(case.deadlines)

    @invariant()
    def money_keeps_within_its_bounds(self) -> None:
        with self.walker.office.store.read() as tx:
            for call in tx.cases.of_workflow("call"):
                states = ("granted", "granted_cond", "agreement", "project_started")
                granted = [c.data.get("granted_amount") for c in tx.cases.children(call.reference) if c.state in states]
                frame = Decimal(call.data.get("frame") or "0")
                assert sum((Decimal(g) for g in granted if g), Decimal(0)) <= frame
            for project in tx.cases.of_workflow("project"):
                paid = [
                    Decimal(c.data["approved_amount"]) for c in tx.cases.children(project.reference)
                    if c.workflow == "requisition" and c.state == "paid"
                ]  # fmt: skip
                assert sum(paid, Decimal(0)) <= Decimal(project.data.get("granted_amount") or "0")


def check_chain(lines: list[LogLine], origin: str, case: Case) -> None:
    """Numbers without gaps, hashes that link, commitments that bind."""
    prev = genesis(origin, case.reference)
    for number, logged in enumerate(lines, 1):
        entry = parse(logged.line)
        assert (logged.n, entry.n, entry.prev) == (number, number, prev)
        if logged.payload is not None and logged.salt is not None:
            assert entry.data == commitment(logged.salt, logged.payload)
        prev = leaf_hash(logged.line)
    assert (case.n, case.head) == (len(lines), prev)


def check_moves(entries: list[Entry], definition: Definition, case: Case) -> None:
    """Each move leaves the state that the one before reached, along an edge of its definition, by a role that may."""
    state: str | None = None
    assert case.revision == sum(1 for e in entries if e.act in CHANGES)
    recorded = [e.at for e in entries]
    assert recorded == sorted(recorded)
    for entry in entries:
        assert entry.definition == definition.digest
        if entry.act == "reversed":
            assert entry.source == state
            state = entry.target
        if entry.act not in ("open", "advance"):
            continue
        assert entry.source == state
        assert state is None or not definition.states[state].final
        edges = [t for t in definition.transitions if t.event == entry.event]
        fitting = [t for t in edges if t.is_opening == (state is None) and (state is None or state in t.source)]
        targets = {case_target(t.target, state) for t in fitting}
        assert entry.target in targets or "@previous" in {t.target for t in fitting}
        cause = entry.body.get("cause")
        assert cause or any(entry.role in t.by for t in fitting)
        state = entry.target
    assert state == case.state
    requests = [e.req for e in entries if e.req and e.act == "note"]
    assert len(requests) == len(set(requests))


def case_target(target: str, state: str | None) -> str | None:
    """The state that an edge leads to."""
    return state if target == "@same" else target


def check_deadlines(case: Case, definition: Definition) -> None:
    """Open deadlines belong to rules that live in the state, each once; a final state has none."""
    named = [(d.name, d.item) for d in case.deadlines]
    assert len(named) == len(set(named))
    for deadline in case.deadlines:
        assert case.state in definition.deadlines[deadline.name].while_in
    if definition.states[case.state].final:
        assert case.deadlines == ()


@pytest.fixture(scope="module")
def young(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a call, a meeting and three applications, copied for every run."""
    folder = tmp_path_factory.mktemp("office") / "home"
    walker = Walker.begin(folder, seed=1)
    walker.beginnings()
    walker.office.store.close()  # type: ignore[attr-defined]
    return folder


def run_office(template: Path, folder: Path, examples: int, steps: int) -> None:
    """Let Hypothesis work in copies of a home."""
    Office.template, Office.folder, Office.runs = template, folder, 0
    run_state_machine_as_test(
        Office,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    assert Office.runs > 0


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_invariants_hold_whatever_a_young_office_does(young: Path, tmp_path: Path) -> None:
    run_office(young, tmp_path, examples=15, steps=40)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_invariants_hold_whatever_an_office_with_cases_in_every_phase_does(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    demo = shared_demo(tmp_path_factory).home
    template = tmp_path / "template"
    shutil.copytree(demo, template, ignore=shutil.ignore_patterns("outbox"))

    run_office(template, tmp_path, examples=4, steps=25)
