"""Whatever is asked of a case, the log folds to it, counts without gaps, and says nothing twice; on toy workflows.

A story (`builders.py`) holds after each command that its log folds to the case and that `n` counts its lines.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from builders import CLOCK, Story, a_definition, an_actor, an_upload, codes, edge, rule
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, run_state_machine_as_test
from hypothesis.stateful import rule as step
from msgspec.structs import replace

from engine.core.clockwork import expire
from engine.core.command import (
    Advance,
    Amend,
    Assign,
    Attach,
    ChangeParty,
    Command,
    Correct,
    Expire,
    Follow,
    MoveDeadline,
    Note,
    PartyGiven,
    Recuse,
    Remind,
    Review,
    Sign,
    StopClock,
    Unsign,
)  # fmt: skip
from engine.core.decide import decide
from engine.core.definition import Definition
from engine.core.entry import CHANGES, parse
from engine.core.errors import EngineError, Refusal, TransitionRefused
from engine.core.fold import fold
from engine.core.snapshot import from_json, to_json

PEOPLE = {
    "applicant": an_actor("applicant", person="p:1"),
    "partner": an_actor("partner", person="p:3"),
    "officer": an_actor("officer"),
    "second": an_actor("officer", person="p:21"),
    "head": an_actor("head"),
    "both": an_actor("officer", "head", person="p:31"),
    "system": CLOCK,
}
DUTIES = [{"text": "Plan", "due_on": "2021-05-03"}, {"text": "Rapport", "due_on": "2021-06-01"}]
VALUES: dict[str, Any] = {
    "subject": ["Saken", ""], "story": ["Anna", "Bo", ""], "reason": ["Skäl", ""], "amount": ["0", "100.00", "1000.01"],
    "kind": ["small", "large"], "ready_on": ["2021-04-01", "2021-06-01", ""], "begins_on": ["2021-01-01"],
    "ends_on": ["2022-01-01", "2023-06-30"], "duty_no": ["1", "2"], "duties": [DUTIES, DUTIES[:1], []],
    "verdict": ["ja"], "late": ["true"], "answer_by": ["2021-04-01"],
}  # fmt: skip
"""What fields are given; the limits of guards and of roles lie among the amounts."""

DEFINITIONS: dict[str, Definition] = {
    "as it is": a_definition(),
    "every party answers": a_definition(
        "matter", edge("file", approvals={"each": "required_party"}, by=["applicant", "partner"]),
        edge("remark", approvals={"count": 2, "order": "sequence"}, by=["officer", "head"]),
        rule("draft", while_in=["drafted", "filed", "weighed"], due="ready_on"), edge("close", needs={}),
    ),
    "anything may be paused": a_definition(
        "matter",
        rule("draft", pausable=True, while_in=["drafted", "filed"], opened_by=["receive", "remark"], met_by=[]),
        rule("called", due="deadline:handling + 1 week", opened_by=[], pausable=False), edge("file", needs={}),
    ),
    "side steps": a_definition("side_steps"),
}  # fmt: skip


def values() -> st.SearchStrategy[dict[str, Any]]:
    one = st.sampled_from(sorted(VALUES)).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(VALUES[name])))
    return st.lists(one, max_size=3).map(dict)


def uploads() -> st.SearchStrategy[tuple[Any, ...]]:
    kinds = st.sampled_from(["application", "contract", "authority"])
    return st.lists(st.builds(an_upload, kinds, st.integers(1, 3)), max_size=2).map(tuple)


WHO = st.sampled_from(sorted(PEOPLE))
NOTES = st.sampled_from(["Därför", "Därför", None])


class Life(RuleBasedStateMachine):
    """One case, and people who ask anything of it."""

    story: Story

    @initialize(name=st.sampled_from(sorted(DEFINITIONS)), given=values())
    def open(self, name: str, given: dict[str, Any]) -> None:
        definition = DEFINITIONS[name]
        known = {k: v for k, v in given.items() if k in definition.fields and not definition.fields[k].computed}
        self.story = Story(definition)
        self.keys: list[str] = []
        opening = definition.openings()[0].event
        if "subject" in definition.fields:
            known |= {"subject": "Saken", "ready_on": known.get("ready_on") or "2021-06-01"}
        self.told(lambda: self.story.open(opening, set=known))
        assert self.story.case is not None

    def told(self, act: Callable[[], Any]) -> None:
        """Do something; what is refused leaves the case as it was."""
        before, lines = self.story.case, len(self.story.lines)
        self.story.decision = None
        try:
            act()
        except EngineError:
            assert self.story.case == before
            assert len(self.story.lines) == lines
        else:
            if self.story.decision is not None:
                self.keys += [m.key for m in self.story.decision.messages]

    def give(self, kind: type[Command], by: str, **more: Any) -> None:
        self.told(lambda: self.story.give(kind, by=PEOPLE[by], **more))

    # What people ask

    @step(
        data=st.data(), who=WHO, given=values(), papers=uploads(), note=NOTES, days=st.sampled_from([None, None, 1, 20])
    )
    def fire(
        self, data: st.DataObject, who: str, given: dict[str, Any], papers: tuple[Any, ...], note: str | None,
        days: int | None,
    ) -> None:  # fmt: skip
        here = list(self.story.machine.events_from(self.story.here.state))
        event = data.draw(st.sampled_from(here or ["close"]))
        when = None if days is None else self.story.now - timedelta(days=days)
        self.told(lambda: self.story.fire(event, by=PEOPLE[who], set=given, uploads=papers, note=note, occurred_at=when,
                                          fired=who == "system"))  # fmt: skip

    @step(data=st.data())
    def fire_with_all_it_asks_for(self, data: st.DataObject) -> None:
        edges = [t for t in self.story.definition.transitions if self.story.here.state in t.source]
        if not edges:
            return
        wanted = data.draw(st.sampled_from(edges))
        asked = (*wanted.needs.fields, *wanted.needs.brings)
        given = {name: next(v for v in VALUES[name] if v) for name in asked if not self.story.here.data.get(name)}
        papers = tuple(map(an_upload, (*wanted.needs.documents, *wanted.needs.new_documents)))
        who = data.draw(st.sampled_from([name for name, actor in PEOPLE.items() if actor.roles & set(wanted.by)]))
        self.told(lambda: self.story.fire(wanted.event, by=PEOPLE[who], set=given, uploads=papers, note="Därför",
                                          fired=who == "system"))  # fmt: skip

    @step(who=WHO, given=values(), note=NOTES)
    def amend(self, who: str, given: dict[str, Any], note: str | None) -> None:
        self.give(Amend, who, set=given, note=note)

    @step(who=WHO, note=NOTES)
    def note(self, who: str, note: str | None) -> None:
        self.give(Note, who, note=note)

    @step(who=WHO, papers=uploads())
    def attach(self, who: str, papers: tuple[Any, ...]) -> None:
        self.give(Attach, who, uploads=papers)

    @step(
        who=WHO,
        signer=st.sampled_from([("owner.signatory", "p:2"), ("partner.signatory", "p:4"), ("head", "p:12")]),
        document=st.sampled_from(["contract", "1", "2"]),
    )
    def sign(self, who: str, signer: tuple[str, str], document: str) -> None:
        self.give(Sign, who, who=signer[0], person=signer[1], document=document, signed_on=date(2021, 3, 1))

    @step(who=WHO, signature=st.integers(1, 2), rejected=st.booleans(), note=NOTES)
    def unsign(self, who: str, signature: int, rejected: bool, note: str | None) -> None:
        self.give(Unsign, who, signature=signature, rejected=rejected, note=note)

    @step(who=WHO, person=st.sampled_from(["p:11", "p:1", "p:77"]), lift=st.booleans())
    def recuse(self, who: str, person: str, lift: bool) -> None:
        self.give(Recuse, who, person=person, lift=lift, note="Jäv")

    @step(who=WHO, action=st.sampled_from(["add", "replace", "end"]), role=st.sampled_from(["partner", "evaluator"]))
    def change_party(self, who: str, action: str, role: str) -> None:
        self.give(ChangeParty, who, action=action, given=PartyGiven(role, "o:2", "regional", {"contact": ("p:5",)}))

    @step(who=WHO, assignee=st.sampled_from(["u:11", "u:12"]))
    def assign(self, who: str, assignee: str) -> None:
        self.give(Assign, who, assignee=assignee)

    @step(who=WHO, score=st.integers(0, 6))
    def review(self, who: str, score: int) -> None:
        self.give(Review, who, scores={"early": score, "broad": 1})

    @step(who=WHO, start=st.booleans(), note=NOTES)
    def stop_or_start_the_clock(self, who: str, start: bool, note: str | None) -> None:
        self.give(StopClock, who, start=start, note=note)

    @step(data=st.data(), who=WHO, to=st.sampled_from([None, "2021-03-20", "2021-08-01", "2021-05-01T12:00:00+02:00"]))
    def extend_or_waive(self, data: st.DataObject, who: str, to: str | None) -> None:
        names = [d.id for d in self.story.here.deadlines]
        self.give(MoveDeadline, who, deadline=data.draw(st.sampled_from(names or ["none"])), to=to, note="Sjukdom")

    @step(data=st.data(), who=WHO, undo=st.booleans())
    def correct(self, data: st.DataObject, who: str, undo: bool) -> None:
        entries = [h.n for h in self.story.here.events.values()]
        self.give(Correct, who, entry=data.draw(st.sampled_from(entries)), undo=undo, note="Fel")

    # What time brings

    @step(days=st.sampled_from([0, 1, 7, 14, 60]))
    def later(self, days: int) -> None:
        self.story.later(days=days)

    @step(days=st.sampled_from([0, 1, 7, 14, 60]))
    def ring(self, days: int) -> None:
        """Time passes and the clock rings, twice: the second time there is nothing left to do."""
        self.story.later(days=days)
        for deadline in self.story.here.deadlines:
            for kind in (Expire, Remind):
                self.give(kind, "system", deadline=deadline.id, fired=True)
                self.story.give(kind, by=CLOCK, deadline=deadline.id, fired=True)
                assert self.story.decision is None
        self.give(Follow, "system", fired=True)

    @step()
    def ring_in_vain(self) -> None:
        """What a deadline fires is refused: why is decided, and nothing else."""
        for deadline in self.story.here.deadlines:
            command = Expire(reference="M-2021-0001", actor=CLOCK, deadline=deadline.id, fired=True)
            decision = expire(self.story.setup, self.story.here, command, refused=[Refusal("too_much")])
            if decision is not None:
                assert decision.case.state == self.story.here.state
                assert all(d.fired_at is None or d in self.story.here.deadlines for d in decision.case.deadlines)

    # What always holds

    @invariant()
    def a_revision_is_an_accepted_change(self) -> None:
        entries = [parse(text) for text, _ in self.story.lines]
        assert [e.n for e in entries] == list(range(1, len(entries) + 1))
        assert self.story.here.revision == sum(1 for e in entries if e.act in CHANGES)

    @invariant()
    def nothing_is_said_twice(self) -> None:
        assert len(self.keys) == len(set(self.keys))

    @invariant()
    def a_deadline_lives_in_its_states_alone(self) -> None:
        case = self.story.here
        assert len({d.id for d in case.deadlines}) == len({(d.name, d.item) for d in case.deadlines})
        assert len({d.id for d in case.deadlines}) == len(case.deadlines)
        for deadline in case.deadlines:
            assert case.state in self.story.definition.deadlines[deadline.name].while_in

    @invariant()
    def where_a_case_ends_nothing_more_happens(self) -> None:
        state = self.story.definition.states[self.story.here.state]
        assert state.final == (self.story.here.closed_at is not None)
        if state.final:
            assert self.story.here.deadlines == ()
            for event in {t.event for t in self.story.definition.transitions if not t.is_opening}:
                assert codes(self.story.setup, self.story.here, self.asked(event, "both")) == ["state_final"]

    @invariant()
    def what_may_be_done_is_what_is_done(self) -> None:
        """An event that nothing is missing for is one of the state's, and deciding it twice decides the same."""
        here = set(self.story.machine.events_from(self.story.here.state))
        for event in {t.event for t in self.story.definition.transitions if not t.is_opening}:
            for who in ("officer", "head"):
                told, decision, asked = set(), None, self.asked(event, who)
                try:
                    decision = decide(self.story.setup, self.story.here, asked)
                except TransitionRefused as error:
                    told = {reason.code for reason in error.reasons}
                assert (event in here) != bool({"wrong_state", "state_final"} & told)
                if decision is not None:
                    assert decision == decide(self.story.setup, self.story.here, asked)

    @invariant()
    def the_snapshot_keeps_the_case(self) -> None:
        personal = frozenset(f.id for f in self.story.definition.fields.values() if f.personal)
        assert from_json(*to_json(self.story.here, personal)) == self.story.here

    @invariant()
    def without_what_is_personal_the_log_folds_to_all_the_rest(self) -> None:
        case = fold((text, None) for text, _ in self.story.lines)
        assert case is not None
        bare = {name: value for name, value in self.story.here.data.items() if name != "story"}
        documents = tuple(replace(d, name="", sender=None) for d in self.story.here.documents)
        assert replace(case, erased=()) == replace(self.story.here, data=bare, documents=documents, erased=())

    def asked(self, event: str, who: str) -> Advance:
        return Advance(reference=self.story.reference, actor=PEOPLE[who], event=event)


EXAMPLES = 25
"""Stories told in one run of the tests; hundreds were told when this was written."""


def test_a_case_stays_whole_whatever_is_asked_of_it() -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
        ),
    )
