"""History folded: it moves a case and nothing else, and remembers what a step aside goes back to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import a_definition

from engine.app.replay import against_rules
from engine.core.case import Actor, Case
from engine.core.fold import apply
from engine.core.history import PastEvent, Reader, Step, backwards, entry_of, in_time

DEFINITION = a_definition("side_steps")
NOW = datetime(2021, 3, 1, tzinfo=UTC)
ACTOR = Actor("u:1", "os:anna", frozenset({"officer"}))
BEGUN = Case(
    reference="E-1", workflow="errand", version=1, state="begun", title="Ett", opened_at=NOW, entered_at=NOW,
    occurred_at=NOW, recorded_at=NOW, n=1, revision=1,
)  # fmt: skip


def past(*activities: str, **states: str) -> list[PastEvent]:
    begun = datetime(2019, 1, 1, 9, tzinfo=UTC)
    return [
        PastEvent(name, begun + timedelta(days=n), n, states.get(name)) for n, name in enumerate(activities)
    ]  # fmt: skip


def steps(events: list[PastEvent], last: str | None = None, meaning: dict[str, str] | None = None) -> list[Step]:
    return list(Reader(DEFINITION, meaning or {}, {}).steps(events, last))


def lived(found: list[Step]) -> Case:
    """The case after the steps; each is held against the rules on the way."""
    case = BEGUN
    for step in found:
        entry = entry_of(case, step, DEFINITION, ACTOR, "officer", "x", NOW)
        assert against_rules(DEFINITION, case, entry) is None
        case = apply(case, entry, None, "")
    return case


def test_a_step_aside_remembers_where_it_goes_back_to_and_coming_back_forgets_it() -> None:
    assert lived(steps(past("begin", "check", "ask"))).back == ("checked",)
    assert lived(steps(past("begin", "check", "ask", "pause"))).back == ("checked", "asked")
    assert lived(steps(past("begin", "ask", "pause", "Åter", Åter="asked"))).back == ("begun",)
    assert lived(steps(past("begin", "ask", "Vilar", Vilar="asked"))).back == ("begun",)
    assert lived(steps(past("begin", "ask", "Åter", Åter="checked"))).back == ()


def test_history_ends_where_its_last_final_state_was_entered() -> None:
    case = lived(steps(past("begin", "Telefon", "Klart", "Arkivering", Klart="done")))

    assert (case.state, case.closed_at, case.entered_n) == ("done", datetime(2019, 1, 3, 9, tzinfo=UTC), 4)
    assert (case.revision, case.events, case.occurred_at) == (1, {}, NOW)
    assert lived(steps(past("begin", "Klart", "Öppnas", Klart="done", Öppnas="begun"))).closed_at is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"back": ["done"]}, "replay_remembered"), ({"final": True}, "replay_final"),
        ({"event": "fly"}, "replay_no_edge"), ({"set": {}}, "replay_history_more"),
        ({"activity": ""}, "replay_history_more"),
    ],
)  # fmt: skip
def test_an_entry_that_says_more_or_less_than_it_may_is_told(change: dict[str, Any], why: str) -> None:
    (step,) = steps(past("ask"))
    entry = entry_of(BEGUN, step, DEFINITION, ACTOR, "officer", "x", NOW)
    forged = type(entry)(
        **{name: getattr(entry, name) for name in entry.__struct_fields__} | {"body": {**entry.body, **change}}
    )

    found = against_rules(DEFINITION, BEGUN, forged)

    assert found is not None
    assert found.code == why


def test_a_step_that_leads_nowhere_leaves_from_nowhere() -> None:
    (step,) = steps(past("Telefon"))
    entry = entry_of(BEGUN, step, DEFINITION, ACTOR, "officer", "x", NOW)
    plain = {name: getattr(entry, name) for name in entry.__struct_fields__}

    for wrong, code in (
        ({"source": "begun"}, "replay_history_more"),
        ({"source": "done", "target": "begun"}, "replay_source"),
    ):
        found = against_rules(DEFINITION, BEGUN, type(entry)(**{**plain, **wrong}))
        assert found is not None
        assert found.code == code
    early = against_rules(DEFINITION, None, entry)
    assert early is not None
    assert early.code == "replay_history_late"


def test_an_activity_is_known_by_its_id_its_title_and_the_map() -> None:
    found = steps(past("BEGIN", "Kontrollera", "x"), meaning={"x": "pause"})

    assert [(one.event, one.target, one.legal) for one in found] == [
        ("begin", "begun", True), ("check", "checked", True), ("pause", "paused", True),
    ]  # fmt: skip
    assert steps(past("begin"), meaning={"begin": ""})[0].event is None


def test_what_leads_to_several_states_or_back_leads_nowhere_by_itself() -> None:
    assert [(one.event, one.target) for one in steps(past("resume"))] == [("resume", None)]


def test_the_state_that_is_said_for_all_holds_for_the_last_step() -> None:
    assert [one.target for one in steps(past("begin", "check"), last="done")] == ["begun", "done"]


def test_events_are_counted_that_stand_after_a_later_one() -> None:
    events = past("a", "b", "c")

    assert backwards(events) == 0
    assert backwards([events[2], events[0], events[1]]) == 2


def test_sorting_leaves_ties_in_their_order() -> None:
    at = datetime(2019, 1, 1, 9, tzinfo=UTC)
    events = [PastEvent(name, at, 0) for name in "cab"]

    assert [one.activity for one in in_time(events, UTC)] == ["c", "a", "b"]
