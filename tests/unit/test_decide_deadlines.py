"""Which deadlines a change opens, moves and ends, and how their days follow what they count from."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from builders import (
    CLOCK,
    NOW,
    Change,
    Story,
    a_case,
    a_definition,
    an_actor,
    an_upload,
    around,
    codes,
    edge,
    facts,
    rule,
    top,
)  # fmt: skip
from msgspec.structs import replace

from engine.core.anchor import Calendar, Setting, anchor_value, ends_day, moment
from engine.core.case import Case, Deadline
from engine.core.command import Amend, Follow, MoveDeadline
from engine.core.decision import Decision
from engine.core.definition import DeadlineRule
from engine.core.schedule import after_change, restarted

APPLICATION = an_upload("application")
DUTIES = [{"text": "Plan", "due_on": "2021-05-03"}, {"text": "Rapport", "due_on": "2021-06-01"}]


def bound(*changes: Change, duties: list[dict[str, str]] | None = None, **data: Any) -> Story:
    """A matter bound on its first day, with two duties and 1 June as its day."""
    straight = edge("bind", source=["drafted"], approvals=None, spawns=[], fires=[], plans=[], notify=[])

    def without_approvals(plain: dict[str, Any]) -> None:
        straight(plain)
        next(t for t in plain["transition"] if t["event"] == "bind").pop("approvals")

    story = Story(a_definition("matter", without_approvals, *changes))
    story.open(set={"subject": "S", "duties": DUTIES if duties is None else duties, "ready_on": "2021-06-01", **data})
    return story


def told(decision: Decision) -> dict[str, str]:
    return {e.deadline.id.partition(":")[2]: e.how for e in decision.deadlines.ended}


# Opening and ending


def test_a_deadline_opens_with_the_state_it_lives_in_and_is_met_by_its_event() -> None:
    story = Story().open()
    assert story.due() == {"draft": date(2021, 3, 15)}
    draft = story.here.deadlines[0]
    assert (draft.id, draft.due_at) == ("M-2021-0001#1:draft", datetime(2021, 3, 15, 23, tzinfo=UTC))
    assert draft.then_at == datetime(2021, 3, 22, 23, tzinfo=UTC)

    decision = story.fire("file", set={"amount": "1.00"}, uploads=(APPLICATION,))

    assert told(decision) == {"draft": "met"}
    assert story.due() == {"handling": date(2021, 5, 3)}


def test_a_deadline_that_its_state_leaves_otherwise_is_cancelled() -> None:
    story = Story(a_definition("matter", edge("close", needs={}))).open()

    assert told(story.fire("close", by="head")) == {"draft": "cancelled"}


def test_an_event_may_cancel_a_deadline_although_the_case_stays() -> None:
    story = Story().open()
    story.fire("file", set={"amount": "1.00"}, uploads=(APPLICATION,))

    assert told(story.fire("remark")) == {"handling": "cancelled"}
    assert story.fire("remark").case.deadlines == ()


def test_a_deadline_that_was_met_in_its_states_opens_again_only_when_they_are_entered_anew() -> None:
    story = Story(a_definition("matter", rule("draft", met_by=["remark"]))).open()

    assert told(story.fire("remark")) == {"draft": "met"}
    assert story.fire("remark").case.deadlines == ()


def test_an_event_opens_a_deadline_and_again_anchors_it_anew() -> None:
    story = Story().open()
    story.fire("file", set={"amount": "1.00"}, uploads=(APPLICATION,))
    assert "called" not in story.due()

    story.fire("call_in", set={"ready_on": "2021-04-01"})
    first = story.here.deadline("called")
    story.fire("call_in", set={"ready_on": "2021-04-09"})
    again = story.here.deadline("called")

    assert first is not None
    assert again is not None
    assert (first.due_on, first.version) == (date(2021, 4, 1), 1)
    assert (again.id, again.due_on, again.version) == (first.id, date(2021, 4, 9), 2)


def test_a_move_that_would_open_a_deadline_without_a_day_is_refused() -> None:
    story = Story().open()
    story.fire("file", set={"amount": "1.00"}, uploads=(APPLICATION,))

    assert story.refused("call_in") == ["anchor_missing"]


def test_steps_that_are_past_when_a_deadline_opens_are_never_told() -> None:
    story = Story(a_definition("matter", rule("draft", due="entered + 5 days"))).open()

    assert story.body()["suppressed"] == [["M-2021-0001#1:draft", -7]]
    assert story.here.deadlines[0].next_reminder_at == datetime(2021, 3, 5, 7, tzinfo=UTC)


def test_steps_between_an_event_and_its_recording_are_made_up_for() -> None:
    story = Story()
    story.now = NOW + timedelta(days=10)

    story.open(occurred_at=NOW)

    assert "suppressed" not in story.body()
    assert story.here.deadlines[0].next_reminder_at == datetime(2021, 3, 8, 7, tzinfo=UTC)


def test_a_deadline_without_reminders_has_no_next_one() -> None:
    story = Story(a_definition("matter", rule("draft", remind=[], escalate={}))).open()

    assert story.here.deadlines[0].next_reminder_at is None


# Families


def test_a_family_has_one_deadline_for_each_item_and_an_event_meets_the_one_it_names() -> None:
    story = bound()
    story.fire("bind")
    assert {k: v for k, v in story.due().items() if k.startswith("duty")} == {
        "duty.1": date(2021, 5, 3), "duty.2": date(2021, 6, 1),
    }  # fmt: skip

    assert told(story.fire("duty_done", set={"duty_no": "2"})) == {"duty.2": "met"}
    assert "duty.1" in story.due()


def test_the_items_that_the_last_event_does_not_name_are_not_met_by_it() -> None:
    story = bound(edge("duty_done", to="closed"))
    story.fire("bind")

    decision = story.fire("duty_done", set={"duty_no": "1"})

    assert told(decision) == {"duty.1": "met", "duty.2": "cancelled", "wrap_up": "cancelled", "wrap_base": "cancelled"}


def test_an_event_without_an_item_meets_the_whole_family() -> None:
    story = bound(rule("duty", met_by=["remark"]))
    story.fire("bind")

    assert told(story.fire("remark")) == {"duty.1": "met", "duty.2": "met"}


def test_a_family_grows_with_its_list() -> None:
    story = bound()
    story.fire("bind")
    story.fire("duty_done", set={"duty_no": "1"})

    third = {"text": "Slut", "due_on": "2021-09-01"}
    story.give(Amend, set={"duties": [*DUTIES, third]}, note="Ett till")

    assert {k for k in story.due() if k.startswith("duty")} == {"duty.2", "duty.3"}
    assert "M-2021-0001#4:duty.3" in {d.id for d in story.here.deadlines}


def test_a_family_shrinks_with_its_list() -> None:
    story = bound()
    story.fire("bind")

    decision = story.give(Amend, set={"duties": DUTIES[:1]}, note="Ett räcker")

    assert decision is not None
    assert told(decision) == {"duty.2": "cancelled"}


def test_an_item_without_a_day_cannot_join_a_living_family() -> None:
    story = bound()
    story.fire("bind")
    more = Amend(reference="M-2021-0001", actor=an_actor("officer"), set={"duties": [*DUTIES, {"text": "x"}]}, note="n")

    assert codes(story.setup, story.here, more) == ["anchor_missing"]


def test_a_family_that_an_event_opened_and_that_has_ended_does_not_grow() -> None:
    story = bound(rule("duty", opened_by=["bind"]), edge("bind", takes=["duties"]))
    story.fire("bind")
    story.fire("duty_done", set={"duty_no": "1"})
    story.give(Amend, set={"duties": [*DUTIES, {"text": "Slut", "due_on": "2021-09-01"}]}, note="Ett till")
    assert {k for k in story.due() if k.startswith("duty")} == {"duty.2", "duty.3"}

    for number in ("2", "3"):
        story.fire("duty_done", set={"duty_no": number})
    story.give(Amend, set={"duties": DUTIES * 2}, note="Fler")

    assert not {k for k in story.due() if k.startswith("duty")}


# What they count from


def test_a_deadline_may_count_from_another_that_the_same_move_opens() -> None:
    story = bound()

    story.fire("bind")

    assert story.due()["wrap_base"] == date(2021, 6, 1)
    assert story.due()["wrap_up"] == date(2021, 7, 1)


def test_what_counts_from_a_deadline_follows_when_that_one_is_amended_or_extended() -> None:
    story = bound(rule("wrap_base", timer=False, remind=["0d"]))
    story.fire("bind")

    story.give(Amend, set={"ready_on": "2021-06-10"}, note="Senare")
    assert story.due()["wrap_up"] == date(2021, 7, 10)

    story.give(MoveDeadline, deadline="wrap_base", to="2021-08-15", note="Sommar")
    assert story.due()["wrap_up"] == date(2021, 9, 15)


def test_what_counts_from_a_deadline_that_is_over_stays_where_it_is() -> None:
    story = bound(rule("wrap_base", met_by=["remark"]))
    story.fire("bind")

    story.fire("remark")

    assert story.due()["wrap_up"] == date(2021, 7, 1)


def test_a_field_that_moves_moves_its_deadline_and_makes_its_reminders_new() -> None:
    story = Story().open()
    story.fire("file", set={"amount": "1.00"}, uploads=(APPLICATION,))
    story.fire("call_in", set={"ready_on": "2021-04-01"})

    story.give(Amend, set={"ready_on": "2021-04-09"}, note="Påsk")

    called = story.here.deadline("called")
    assert called is not None
    assert (called.due_on, called.version) == (date(2021, 4, 9), 2)
    assert called.next_reminder_at == datetime(2021, 4, 8, 6, tzinfo=UTC)


def test_a_field_that_is_emptied_leaves_its_deadline_where_it_was() -> None:
    story = bound()
    story.fire("bind")

    story.give(Amend, set={"ready_on": ""}, note="Okänt")

    assert story.due()["wrap_base"] == date(2021, 6, 1)


def test_a_deadline_follows_a_day_of_its_parent_or_of_a_linked_case() -> None:
    for anchor, where in (("above.ready_on", "above"), ("call.ready_on", "call"), ("parent.ready_on", "above")):
        other = a_case(reference="M-9", data={"ready_on": "2021-04-01"})
        story = Story(a_definition("matter", rule("draft", due=anchor)), around(other))
        story.open(set={"subject": "S", where: "M-9"})
        assert story.due() == {"draft": date(2021, 4, 1)}

        story.facts = around(replace(other, data={"ready_on": "2021-04-12"}))
        assert story.give(Follow, by=CLOCK, fired=True) is not None

        assert story.due() == {"draft": date(2021, 4, 12)}
        assert story.give(Follow, by=CLOCK, fired=True) is None


def test_reminders_may_count_from_another_day_and_follow_it() -> None:
    remind = rule("draft", remind_from="call.ready_on", remind=["-1d"], escalate={})
    call = a_case(reference="M-9", data={"ready_on": "2021-03-10"})
    story = Story(a_definition("matter", remind), around(call)).open(set={"subject": "S", "call": "M-9"})
    assert story.here.deadlines[0].next_reminder_at == datetime(2021, 3, 9, 7, tzinfo=UTC)

    story.facts = around(replace(call, data={"ready_on": "2021-03-12"}))
    story.give(Follow, by=CLOCK, fired=True)

    draft = story.here.deadlines[0]
    assert (draft.next_reminder_at, draft.version) == (datetime(2021, 3, 11, 7, tzinfo=UTC), 2)
    assert draft.due_on == date(2021, 3, 15)


def test_reminders_count_from_the_day_itself_while_the_other_is_not_known() -> None:
    story = Story(
        a_definition("matter", rule("draft", remind_from="call.ready_on", remind=["-1d"], escalate={}))
    ).open()

    assert story.here.deadlines[0].next_reminder_at == datetime(2021, 3, 12, 7, tzinfo=UTC)


def test_reminders_that_count_from_an_instant_count_from_its_day() -> None:
    story = Story(a_definition("matter", rule("draft", remind_from="entered", remind=["+1d"], escalate={}))).open()

    assert story.here.deadlines[0].next_reminder_at == datetime(2021, 3, 2, 7, tzinfo=UTC)


def test_a_deadline_whose_rule_or_anchor_is_gone_is_left_alone() -> None:
    old = Deadline("M-2021-0001#1:gone", "gone", "officer", NOW, NOW, date(2021, 3, 1), "")
    case = a_case("drafted", deadlines=(old,), stopped_at=NOW)
    setting = Setting(a_definition(), Calendar(), facts(), case, 9, NOW + timedelta(days=9), NOW + timedelta(days=9))

    assert after_change(setting, case).moved == ()
    assert list(restarted(setting, NOW)) == []

    without_anchor = replace(case, deadlines=(replace(old, name="handling"),))
    assert list(restarted(replace(setting, case=without_anchor), NOW)) == []


def test_the_deadlines_of_one_name_and_those_of_the_ladder_are_put_together() -> None:
    ladder = {"long": {"steps": ["-30d", "0d"], "escalate": {"0d": ["officer"]}}}
    named = rule("draft", remind="long", escalate={"0d": ["head"], "+9d": ["head"]})
    story = Story(a_definition("matter", top(ladder=ladder), named)).open()

    assert story.here.deadlines[0].next_reminder_at == datetime(2021, 3, 15, 7, tzinfo=UTC)


# Anchors, one by one


def where(anchor: str, item: int | None = None, **more: Any) -> Any:
    case: Case = a_case(**more)
    setting = Setting(a_definition(), Calendar(), facts(), case, 9, NOW, NOW)
    duty = DeadlineRule("duty", {}, (), anchor, "officer", for_each="duties")
    return anchor_value(setting, anchor, duty, item, NOW)


@pytest.mark.parametrize(
    ("anchor", "item", "found"),
    [
        ("entered", None, NOW),
        ("ready_on", None, date(2021, 4, 1)),
        ("begins_on", None, None),
        ("deadline:nothing", None, None),
        ("item.due_on", 2, date(2021, 6, 1)),
        ("item.due_on", None, date(2021, 5, 3)),
        ("item.due_on", 3, None),
        ("parent.ready_on", None, None),
        ("call.ready_on", None, None),
    ],
)
def test_an_anchor_is_a_day_an_instant_or_nothing(anchor: str, item: int | None, found: Any) -> None:
    assert where(anchor, item, data={"ready_on": "2021-04-01", "duties": DUTIES}) == found


def test_an_instant_is_one_by_its_letter_t() -> None:
    assert moment("2021-03-01T09:00:00Z") == NOW
    assert moment("") is None


def test_midnight_ends_a_day_but_for_what_is_entered_or_begins_a_day() -> None:
    definition = a_definition("matter", lambda plain: plain["fields"].update(
        starts_at={"type": "instant", "day": "start", "title": {"sv": "Börjar", "en": "Starts"}}))  # fmt: skip

    assert ends_day(definition, "call.closes_at")
    assert ends_day(definition, "ready_on")
    assert not ends_day(definition, "entered")
    assert not ends_day(definition, "starts_at")


def test_an_event_that_meets_a_deadline_and_opens_it_opens_a_new_one() -> None:
    both = rule("called", met_by=["call_in"])
    story = Story(a_definition("matter", both)).open()
    story.fire("file", set={"amount": "1.00"}, uploads=(APPLICATION,))
    story.fire("call_in", set={"ready_on": "2021-04-01"})

    decision = story.fire("call_in", set={"ready_on": "2021-04-09"})

    assert told(decision) == {"called": "met"}
    assert story.here.deadline("called") == decision.deadlines.opened[0]
    assert decision.deadlines.opened[0].id == "M-2021-0001#4:called"


def test_a_refused_opening_of_several_deadlines_names_them_all() -> None:
    story = bound(rule("duty", due="begins_on"), rule("wrap_base", due="ends_on"))

    # Two duties, the base, and what counts from the base.
    assert story.refused("bind") == ["anchor_missing"] * 4
