"""Cases that come from elsewhere stand at once where they stood there, and what was not checked is told."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from builders import NOW, PARTNER, Story, a_definition, an_actor, codes, edge, rule

from engine.core.command import Open, PartyGiven
from engine.core.errors import ValueMalformed

SINCE = datetime(2020, 11, 2, 9, tzinfo=UTC)


def brought_in(story: Story | None = None, by: str = "registrar", **more: Any) -> Story:
    """A matter that came from elsewhere, by default filed since November."""
    story = story or Story()
    given: dict[str, Any] = {"set": {"subject": "Saken"}, "state": "filed", "occurred_at": SINCE, **more}
    story.run(Open(
        reference=story.reference, actor=an_actor(by), workflow=story.definition.name, event="receive", title="Gammal",
        parties=(PartyGiven(PARTNER.role, PARTNER.organisation, PARTNER.side, PARTNER.people),), imported=True,
        batch="old", **given,
    ))  # fmt: skip
    return story


def unverified(story: Story) -> list[str]:
    return [one["code"] for one in story.body(0)["imported"]["unverified"]]


def test_an_imported_case_stands_where_it_stood_since_it_stood_there() -> None:
    case = brought_in(opened_at=SINCE - timedelta(days=90), assignee="u:3").here

    assert (case.state, case.entered_at, case.opened_at) == ("filed", SINCE, SINCE - timedelta(days=90))
    assert (case.closed_at, case.assignee) == (None, "u:3")


def test_without_a_state_it_stands_where_its_opening_leads() -> None:
    story = brought_in(state=None)

    assert story.here.state == "drafted"
    assert "import_way_unknown" not in unverified(story)


def test_what_has_ended_elsewhere_has_ended() -> None:
    story = brought_in(state="closed")

    assert story.here.closed_at == SINCE
    assert story.body()["final"] is True
    assert story.here.deadlines == ()


def test_nobody_brings_cases_in_but_those_of_the_office() -> None:
    story = Story()
    command = Open(
        reference="M-1", actor=an_actor("controller"), workflow="matter", event="receive", title="x", imported=True
    )

    assert codes(story.setup, None, command) == ["right_missing"]


def test_a_case_was_opened_before_it_came_where_it_stands() -> None:
    story = Story()
    command = Open(
        reference="M-1", actor=an_actor("head"), workflow="matter", event="receive", title="x", imported=True,
        set={"subject": "S"}, occurred_at=SINCE, opened_at=SINCE + timedelta(days=1),
    )  # fmt: skip

    assert codes(story.setup, None, command) == ["import_order"]


@pytest.mark.parametrize(("definition", "more", "told"), [
    ("matter", {"event": "recieve"}, "does not begin with recieve; it begins with receive"),
    ("matter", {"state": "recieved"}, "has no state recieved"),
    ("side_steps", {"event": "begin", "state": "paused"}, "leads back to where the case was"),
])  # fmt: skip
def test_an_opening_or_a_state_that_is_none_of_the_workflow_is_refused(
    definition: str, more: dict[str, Any], told: str
) -> None:
    story = Story(a_definition(definition))
    given = {"event": "receive", **more}

    with pytest.raises(ValueMalformed, match=told):
        story.run(Open(
            reference="M-1", actor=an_actor("head"), workflow=definition, title="x", imported=True, **given
        ))  # fmt: skip


def test_what_was_not_asked_is_told() -> None:
    asked = edge("receive", needs={"fields": ["amount"]}, guards=[{"name": "document_filed@1", "kind": "application"}])

    story = brought_in(Story(a_definition("matter", asked)))

    assert set(unverified(story)) >= {"import_guard_not_asked", "import_way_unknown", "document_missing"}
    assert len(unverified(story)) > len(unverified(brought_in(state="drafted")))


def test_no_document_is_missed_that_one_way_into_the_state_does_not_ask_for() -> None:
    story = brought_in(state="weighed")

    assert "document_missing" not in unverified(story)


def test_a_state_that_no_event_leads_to_asks_for_no_documents() -> None:
    elsewhere = a_definition("matter", edge("bind", to="weighed"))

    assert "document_missing" not in unverified(brought_in(Story(elsewhere), state="bound"))


def test_a_deadline_that_lies_ahead_runs_and_one_that_has_passed_does_not() -> None:
    late = brought_in()
    early = brought_in(occurred_at=NOW - timedelta(days=10))
    without = brought_in(occurred_at=NOW - timedelta(days=10), deadlines=False)

    assert (late.due(), "import_deadline_past" in unverified(late)) == ({}, True)
    assert early.due() == {"handling": date(2021, 4, 19)}
    assert without.due() == {}


def test_reminders_that_have_passed_elsewhere_are_not_sent_here() -> None:
    story = brought_in(occurred_at=NOW - timedelta(days=55))

    assert story.due() == {"handling": date(2021, 3, 5)}
    assert [step for _, step in story.body()["suppressed"]] == [-7]


def test_a_deadline_that_an_event_opens_runs_if_the_case_has_its_day() -> None:
    with_day = brought_in(set={"subject": "S", "ready_on": "2021-06-01"}, occurred_at=NOW)
    without = brought_in(occurred_at=NOW)

    assert "called" in with_day.due()
    assert "called" not in without.due()


def test_a_deadline_whose_day_is_missing_is_told() -> None:
    story = brought_in(Story(a_definition("matter", rule("handling", due="ready_on"))), occurred_at=NOW)

    assert story.due() == {}
    assert len(unverified(story)) > 1


def test_a_history_of_elsewhere_is_kept_and_what_may_name_people_apart() -> None:
    story = brought_in(history={"file": "abc"}, past={"steps": ["Anna Ask ringde"]})

    line, payload = story.lines[0]
    assert story.body()["imported"]["history"] == {"file": "abc"}
    assert "Anna Ask" not in line
    assert "Anna Ask" in str(payload)
