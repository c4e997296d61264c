"""Corrections that point at an entry, and the latest transition taken back."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from builders import (
    CLOCK,
    Story,
    a_definition,
    an_actor,
    an_upload,
    around,
    codes,
    edge,
    facts,
    rule,
)  # fmt: skip
from msgspec.structs import replace

from engine.core.case import Actor, Case
from engine.core.command import Amend, Assign, Attach, Correct, Expire, Follow, MoveDeadline, Note, Remind
from engine.core.decide import decide
from engine.core.errors import NotFound

APPLICATION = an_upload("application")


def filed(*changes: Any, **data: Any) -> Story:
    story = Story(a_definition("matter", *changes)).open(set={"subject": "S", "amount": "1.00", **data})
    story.fire("file", uploads=(APPLICATION,))
    return story


def undo(story: Story, entry: int = 2, by: str | Actor = "officer", note: str | None = "Fel ärende") -> Case:
    story.give(Correct, by=by, entry=entry, undo=True, note=note)
    return story.here


def refused(story: Story, entry: int = 2, by: str = "officer", **known: Any) -> list[str]:
    """Why an entry may not be taken back."""
    before = {f"before:{n}": case for n, case in enumerate([None, *story.cases], 1)}
    given = facts(**{"moved_since__2": (), **known})
    setup = replace(story.setup, facts=replace(given, values={**before, **given.values}))
    return codes(
        setup, story.here, Correct(reference="M-2021-0001", actor=an_actor(by), entry=entry, undo=True, note="n")
    )


def test_a_correction_points_at_an_entry_and_changes_nothing_else() -> None:
    story = filed()
    before = story.here

    story.give(Correct, entry=1, note="Fel organisation i brevet")

    assert story.body()["corrects"] == 1
    assert story.here.revision == 3
    assert (story.here.state, story.here.data) == (before.state, before.data)


@pytest.mark.parametrize("entry", [0, 3])
def test_an_entry_that_is_not_there_is_not_found(entry: int) -> None:
    story = filed()

    with pytest.raises(NotFound, match=f"no entry {entry}: it has 1 to 2"):
        decide(story.setup, story.here, Correct(reference="M-2021-0001", actor=an_actor(), entry=entry, note="n"))


def test_a_correction_says_why() -> None:
    story = filed()

    assert codes(story.setup, story.here, Correct(reference="M-2021-0001", actor=an_actor(), entry=1)) == [
        "note_missing"
    ]


def test_the_latest_transition_is_taken_back_with_state_data_and_deadlines() -> None:
    story = filed()
    before = story.cases[0]

    case = undo(story)

    entry = story.decision.entry if story.decision else None
    assert entry is not None
    assert (entry.act, entry.event, entry.source, entry.target) == ("reversed", "file", "filed", "drafted")
    assert (case.state, case.data, case.events, case.n, case.revision) == (
        "drafted", before.data, before.events, 3, 3,
    )  # fmt: skip
    assert story.due() == {"draft": date(2021, 3, 15)}
    assert story.decision is not None
    assert [e.deadline.name for e in story.decision.deadlines.ended] == ["handling"]


def test_the_documents_that_came_with_it_stay_filed() -> None:
    assert [d.kind for d in undo(filed()).documents] == ["application"]


def test_a_deadline_that_stands_again_gets_a_version_of_its_own() -> None:
    assert [d.version for d in undo(filed()).deadlines] == [2]


def test_a_case_that_was_over_is_open_again() -> None:
    story = Story(a_definition("matter", edge("close", needs={}))).open()
    story.fire("close", by="head")

    case = undo(story, by="head")

    assert (case.state, case.closed_at) == ("drafted", None)


def test_a_reminder_that_was_told_meanwhile_is_not_told_again() -> None:
    story = Story(a_definition("matter", rule("draft", while_in=["drafted", "filed"], met_by=[]))).open()
    story.fire("file", set={"amount": "1.00"}, uploads=(APPLICATION,))
    story.now = datetime(2021, 3, 8, 7, tzinfo=UTC)
    story.give(Remind, by=CLOCK, fired=True, deadline="draft")

    case = undo(story, by="head")

    draft = case.deadline("draft")
    assert draft is not None
    assert (draft.step, draft.version) == (1, 1)
    assert story.give(Remind, by=CLOCK, fired=True, deadline="draft") is None


def test_a_deadline_that_the_transition_moved_goes_back_with_a_version_that_was_never_used() -> None:
    both = rule("draft", while_in=["drafted", "filed"], opened_by=["receive", "file"], met_by=[])
    story = Story(a_definition("matter", both)).open().later(days=1)
    story.fire("file", set={"amount": "1.00"}, uploads=(APPLICATION,))
    assert [(d.name, d.version) for d in story.here.deadlines if d.name == "draft"] == [("draft", 2)]

    draft = undo(story).deadline("draft")

    assert draft is not None
    assert (draft.due_on, draft.version) == (date(2021, 3, 15), 3)


def test_a_deadline_follows_what_has_moved_elsewhere_meanwhile() -> None:
    other = Story(reference="M-9").open(set={"subject": "S", "ready_on": "2021-04-01"}).here
    story = Story(a_definition("matter", rule("draft", due="call.ready_on")), around(other))
    story.open(set={"subject": "S", "call": "M-9", "amount": "1.00"})
    story.fire("file", uploads=(APPLICATION,))
    story.facts = around(replace(other, data={"ready_on": "2021-05-01"}))
    story.give(Follow, by=CLOCK, fired=True)

    undo(story)

    assert story.due() == {"draft": date(2021, 5, 1)}


def test_personal_values_stand_again_and_stay_out_of_the_line() -> None:
    story = Story().open(set={"subject": "S", "amount": "1.00", "story": "Anna"})
    story.fire("file", uploads=(APPLICATION,), set={"story": "Bo"})

    assert undo(story).data["story"] == "Anna"
    assert "Anna" not in story.lines[-1][0]
    assert story.body()["private"] == ["story"]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (Amend, {"set": {"reason": "x"}}),
        (Attach, {"uploads": (an_upload("contract"),)}),
        (Assign, {"assignee": "u:12"}),
    ],
)
def test_nothing_is_taken_back_once_something_else_has_changed(kind: type, more: dict[str, Any]) -> None:
    story = filed()
    story.give(kind, note="n", **more)

    assert refused(story) == ["undo_not_possible"]
    assert refused(story, entry=3) == ["undo_not_possible"]


def test_a_deadline_that_was_moved_since_stands_in_the_way() -> None:
    story = filed()
    story.give(MoveDeadline, by="head", note="n", deadline=story.here.deadlines[0].id, to="2021-12-01")

    assert refused(story) == ["undo_not_possible"]


def test_notes_and_remarks_may_lie_between_and_stay_in_the_log() -> None:
    story = filed()
    story.give(Note, note="Sökanden ringde")
    story.give(Correct, entry=1, note="Fel titel i brevet")

    case = undo(story)

    assert (case.state, case.n, case.revision) == ("drafted", 5, 5)
    assert story.body()["corrects"] == 2
    assert "ringde" in (story.lines[2][1] or "")


def test_a_note_gives_nobody_more_time_to_take_back_what_came_before_it() -> None:
    story = filed().later(hours=23)
    story.give(Note, note="n")
    story.later(hours=2)

    assert refused(story) == ["undo_too_late"]


def test_what_the_clock_writes_does_not_stand_in_the_way() -> None:
    story = filed().later(days=70)
    story.give(Expire, by=CLOCK, fired=True, deadline="handling")

    assert undo(story, by="head").state == "drafted"


def test_an_opening_is_not_taken_back() -> None:
    assert refused(Story().open(), entry=1) == ["undo_not_possible"]


def test_nothing_is_taken_back_once_a_case_that_it_opened_has_moved() -> None:
    assert refused(filed(), moved_since__2=("L-1", "L-2")) == ["undo_spawned_moved"]


def test_who_did_it_takes_it_back_within_a_day_and_later_a_head_does() -> None:
    story = filed()
    assert refused(story, by="registrar") == ["undo_too_late"]

    story.later(hours=24)
    assert refused(story, by="controller") == ["undo_too_late"]
    assert undo(filed().later(hours=24)).state == "drafted"

    story.later(seconds=1)
    assert refused(story) == ["undo_too_late"]
    assert undo(story, by="head").state == "drafted"


def test_a_login_that_stands_for_nobody_takes_back_nothing_of_its_own() -> None:
    story = filed()
    nobody = an_actor("officer", person=None)
    command = Correct(reference="M-2021-0001", actor=nobody, entry=2, undo=True, note="n")
    known = {**story.facts.values, "before:2": story.cases[0], "moved_since:2": ()}

    assert codes(replace(story.setup, facts=replace(story.facts, values=known)), story.here, command) == [
        "undo_too_late"
    ]
