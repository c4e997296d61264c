"""What time does to a case: reminders, expiry, extensions, and a clock that is stopped."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from builders import (
    CLOCK,
    NOW,
    Change,
    Story,
    a_definition,
    an_actor,
    an_upload,
    codes,
    edge,
    facts,
    rule,
)  # fmt: skip
from msgspec.structs import replace

from engine.core.clockwork import expire
from engine.core.command import Command, Expire, MoveDeadline, Remind, StopClock
from engine.core.decide import decide
from engine.core.decision import Decision
from engine.core.errors import NotFound, Refusal, ValueMalformed

APPLICATION = an_upload("application")
SEARCHED: dict[str, Any] = {"reference": "M-2021-0001", "actor": CLOCK, "fired": True}


def drafted(*changes: Change) -> Story:
    return Story(a_definition("matter", *changes)).open()


def handled(*changes: Change) -> Story:
    """A matter that is filed: its handling is due on 3 May, and may be paused."""
    story = drafted(*changes)
    story.fire("file", set={"amount": "1.00"}, uploads=(APPLICATION,))
    return story


def reminded(story: Story, name: str = "draft") -> Decision | None:
    return story.give(Remind, by=CLOCK, fired=True, deadline=name)


def sent(decision: Decision | None) -> list[tuple[str | None, str, int]]:
    assert decision is not None
    steps = [message.variables["step"] for message in decision.messages]
    return [(m.person, s["kind"], s["offset"]) for m, s in zip(decision.messages, steps, strict=True)]


def extended(name: str, to: str | None, note: str | None = "Sjukdom") -> Command:
    return MoveDeadline(reference="M-2021-0001", actor=an_actor("officer"), deadline=name, to=to, note=note)


# Reminders


def test_a_step_is_told_when_its_time_has_come_and_once() -> None:
    story = drafted()
    assert reminded(story) is None

    story.now = datetime(2021, 3, 8, 7, tzinfo=UTC)
    decision = reminded(story)

    assert sent(decision) == [("p:1", "before", -7)]
    assert decision is not None
    assert decision.messages[0].key == "M-2021-0001#1:draft/1/-7/p:1"
    assert decision.messages[0].attach == ("calendar",)
    assert story.here.revision == 1
    assert reminded(story) is None


def test_after_an_outage_only_the_latest_step_is_told_to_each() -> None:
    story = drafted().later(days=18)

    decision = reminded(story)

    assert sent(decision) == [("p:1", "after", 3), ("p:11", "escalated", 3)]
    assert story.body()["superseded"] == [[-7, "p:1"], [0, "p:1"]]
    draft = story.here.deadlines[0]
    assert (draft.step, draft.next_reminder_at) == (3, datetime(2021, 3, 22, 7, tzinfo=UTC))


def test_a_step_speaks_of_the_day_on_which_it_is_read() -> None:
    story = drafted(rule("draft", remind=["-7d"], escalate={})).later(days=14)

    assert sent(reminded(story)) == [("p:1", "due", -7)]


def test_an_escalation_tells_its_own_people_and_the_owner_of_the_deadline() -> None:
    story = drafted().later(days=21, hours=1)

    assert sent(reminded(story)) == [
        ("p:1", "escalated", 7), ("p:11", "escalated", 3), ("p:12", "escalated", 7),
    ]  # fmt: skip
    assert story.here.deadlines[0].next_reminder_at is None


def test_a_deadline_may_name_its_own_recipients_and_its_owner_among_them() -> None:
    story = drafted(rule("draft", to=["@deadline_owner", "partner:contact"])).later(days=7)

    assert sent(reminded(story)) == [("p:1", "before", -7), ("p:3", "before", -7)]


def test_a_role_of_the_office_is_reminded_where_no_owner_is_told() -> None:
    story = handled()
    story.now = datetime(2021, 4, 26, 7, tzinfo=UTC)

    assert sent(reminded(story, "handling")) == [("p:11", "before", -7)]


def test_a_step_that_reaches_nobody_is_kept_as_such() -> None:
    story = drafted(rule("draft", to=["evaluator:leader"])).later(days=7)

    decision = reminded(story)

    assert decision is not None
    assert [(m.person, m.state) for m in decision.messages] == [(None, "no_recipient")]
    assert story.body()["untold"] == -7


def test_a_deadline_may_have_a_letter_of_its_own() -> None:
    story = drafted(rule("draft", message="draft_closing")).later(days=7)

    decision = reminded(story)

    assert decision is not None
    assert decision.messages[0].template == "draft_closing"


# Expiry


def expired(story: Story, name: str = "draft", refused: Sequence[Refusal] = ()) -> Decision | None:
    return expire(story.setup, story.here, Expire(**SEARCHED, deadline=name), refused=refused)


def test_a_deadline_has_passed_when_now_is_later_than_its_instant() -> None:
    story = drafted()
    story.now = datetime(2021, 3, 15, 23, tzinfo=UTC)
    assert expired(story) is None

    story.later(seconds=1)
    story.give(Expire, by=CLOCK, fired=True, deadline="draft")

    assert story.here.deadlines[0].passed_at == story.now
    assert story.here.deadlines[0].fired_at is None
    assert expired(story) is None


def test_the_event_of_a_deadline_is_fired_when_its_span_too_is_over() -> None:
    story = drafted()
    story.now = datetime(2021, 3, 22, 23, 0, 1, tzinfo=UTC)

    decision = story.give(Expire, by=CLOCK, fired=True, deadline="draft")

    assert decision is not None
    assert decision.messages == ()
    assert (story.here.deadlines[0].passed_at, story.here.deadlines[0].fired_at) == (story.now, story.now)
    lapsed = story.fire("lapse", by=CLOCK, fired=True, cause="M-2021-0001#1:draft")
    assert [e.how for e in lapsed.deadlines.ended] == ["expired"]


def test_an_event_without_a_span_is_fired_at_the_instant_itself() -> None:
    draft = drafted(rule("draft", then={"event": "lapse"})).here.deadlines[0]

    assert draft.then_at == draft.due_at


def test_an_event_that_is_impossible_in_the_state_waits_without_a_word() -> None:
    story = drafted(rule("draft", while_in=["drafted", "filed"], met_by=[]))
    story.fire("file", set={"amount": "1.00"}, uploads=(APPLICATION,))
    story.later(days=30)
    story.give(Expire, by=CLOCK, fired=True, deadline="draft")

    assert story.here.deadlines[0].fired_at is None
    assert expired(story) is None


def test_an_event_that_was_refused_is_tried_again_a_day_later_and_its_owner_is_told_why() -> None:
    story = drafted().later(days=22)
    why = [Refusal("too_much", {"field": "amount"})]

    decision = expired(story, refused=why)

    assert decision is not None
    draft = decision.case.deadlines[0]
    assert (draft.fired_at, draft.then_at) == (None, story.now + timedelta(days=1))
    assert [(m.template, m.person) for m in decision.messages] == [("guard_refused", "p:1")]
    assert decision.entry.body["reasons"] == [{"code": "too_much", "params": {"field": "amount"}}]

    tomorrow = replace(story.setup, now=story.now + timedelta(days=1))
    assert expire(tomorrow, decision.case, Expire(**SEARCHED, deadline="draft")) is None
    later = replace(story.setup, now=story.now + timedelta(days=1, seconds=1))
    again = expire(later, decision.case, Expire(**SEARCHED, deadline="draft"))
    assert again is not None
    assert again.case.deadlines[0].fired_at == later.now


def test_a_deadline_without_an_event_only_passes() -> None:
    story = handled().later(days=70)

    story.give(Expire, by=CLOCK, fired=True, deadline="handling")

    assert story.here.deadline("handling") is not None
    assert expired(story, "handling") is None


# Extensions


def test_a_deadline_is_extended_to_the_end_of_a_day_and_its_people_are_told() -> None:
    story = drafted()

    decision = story.give(MoveDeadline, deadline="draft", to="2021-03-29", note="Sjukdom")

    draft = story.here.deadlines[0]
    # Summer time began on the 28th.
    assert (draft.due_on, draft.due_at) == (date(2021, 3, 29), datetime(2021, 3, 29, 22, tzinfo=UTC))
    assert (draft.version, draft.extended_to, draft.step) == (2, "2021-03-29", 0)
    assert draft.then_at == datetime(2021, 4, 5, 22, tzinfo=UTC)
    assert decision is not None
    assert [(m.template, m.person, m.attach) for m in decision.messages] == [("deadline_moved", "p:1", ("calendar",))]


def test_a_deadline_is_extended_after_its_day_and_may_fire_again() -> None:
    story = drafted().later(days=30)
    story.give(Expire, by=CLOCK, fired=True, deadline="draft")
    assert story.here.deadlines[0].fired_at is not None

    story.give(MoveDeadline, deadline="M-2021-0001#1:draft", to="2021-04-05T12:00:00+02:00", note="Ny chans")

    draft = story.here.deadlines[0]
    assert (draft.passed_at, draft.fired_at, draft.due_on) == (None, None, date(2021, 4, 5))


def test_an_extended_deadline_no_longer_follows_its_anchor() -> None:
    story = Story(a_definition("matter", rule("draft", due="ready_on"))).open(
        set={"subject": "S", "ready_on": "2021-03-20"}
    )
    story.give(MoveDeadline, deadline="draft", to="2021-03-29", note="n")

    story.fire("remark", set={"ready_on": "2021-05-01"})

    assert story.due() == {"draft": date(2021, 3, 29)}


def test_a_deadline_is_waived() -> None:
    story = drafted()

    decision = story.give(MoveDeadline, deadline="draft", note="Behövs inte")

    assert decision is not None
    assert [e.how for e in decision.deadlines.ended] == ["waived"]
    assert story.here.deadlines == ()


@pytest.mark.parametrize(
    ("to", "note", "code"),
    [("2021-03-29", None, "note_missing"), ("2021-02-28", "n", "deadline_in_past")],
)
def test_an_extension_without_a_reason_or_into_the_past_is_refused(to: str, note: str | None, code: str) -> None:
    story = drafted()

    assert codes(story.setup, story.here, extended("draft", to, note)) == [code]


def test_a_timer_is_not_extended() -> None:
    story = drafted(rule("draft", timer=True, remind=[], escalate={}))

    assert codes(story.setup, story.here, extended("draft", "2021-03-29")) == ["deadline_not_extendable"]


@pytest.mark.parametrize("to", ["i morgon", "", "2021-03-29T12:00:00"])
def test_what_is_neither_a_day_nor_an_instant_is_malformed(to: str) -> None:
    story = drafted()

    with pytest.raises(ValueMalformed, match="neither a day"):
        decide(story.setup, story.here, extended("draft", to))


def test_a_deadline_that_is_not_open_is_not_found_nor_is_one_that_has_opened_anew() -> None:
    story = drafted()
    for name in ("handling", "M-2021-0001#99:draft"):
        with pytest.raises(NotFound, match="open: draft"):
            decide(story.setup, story.here, extended(name, "2021-03-29"))

    with pytest.raises(NotFound, match="open: none"):
        decide(story.setup, replace(story.here, deadlines=()), extended("draft", "2021-03-29"))


# The clock


def stopped(story: Story) -> Story:
    story.give(StopClock, note="Väntar på kommunen")
    return story


def test_what_may_be_paused_moves_by_the_days_that_the_clock_stood_still() -> None:
    story = stopped(handled())
    assert story.here.stopped_at == NOW

    story.later(days=10).give(StopClock, start=True)

    handling = story.here.deadline("handling")
    assert handling is not None
    # 1 May, 10 days later 11 May, a Tuesday.
    assert (handling.due_on, handling.stopped_days, handling.version) == (date(2021, 5, 11), 10, 2)
    assert story.here.stopped_at is None


def test_what_may_not_be_paused_stands() -> None:
    story = stopped(drafted())

    story.later(days=10).give(StopClock, start=True)

    assert story.due() == {"draft": date(2021, 3, 15)}


def test_a_deadline_that_opened_while_the_clock_stood_still_moves_by_the_days_since() -> None:
    story = stopped(drafted()).later(days=4)
    story.fire("file", set={"amount": "1.00"}, uploads=(APPLICATION,))

    story.later(days=6).give(StopClock, start=True)

    handling = story.here.deadline("handling")
    assert handling is not None
    assert handling.stopped_days == 6


def test_a_deadline_that_opened_on_the_day_that_the_clock_starts_does_not_move() -> None:
    story = stopped(drafted()).later(days=4)
    story.fire("file", set={"amount": "1.00"}, uploads=(APPLICATION,))

    decision = story.give(StopClock, start=True)

    assert decision is not None
    assert decision.deadlines.moved == ()


def test_what_counts_from_a_paused_deadline_follows_it() -> None:
    follower = rule("called", while_in=["filed"], opened_by=[], due="deadline:handling + 1 week", remind=[])
    story = stopped(handled(follower))

    story.later(days=10).give(StopClock, start=True)

    assert story.due()["called"] == date(2021, 5, 18)


def test_an_extended_deadline_moves_from_the_day_it_was_given_with_its_event() -> None:
    story = handled(rule("handling", then={"event": "close", "after": "1 week"}))
    story.give(MoveDeadline, deadline="handling", to="2021-06-01", note="n")
    stopped(story)

    story.later(days=3).give(StopClock, start=True)

    handling = story.here.deadline("handling")
    assert handling is not None
    assert (handling.due_on, handling.due_at) == (date(2021, 6, 4), datetime(2021, 6, 4, 22, tzinfo=UTC))
    assert handling.then_at == datetime(2021, 6, 11, 22, tzinfo=UTC)


def test_a_clock_that_stands_still_reminds_of_nothing_and_lets_nothing_pass() -> None:
    story = stopped(handled()).later(days=80)

    assert reminded(story, "handling") is None
    assert expired(story, "handling") is None


def test_what_had_passed_before_the_clock_stopped_stays_passed() -> None:
    story = handled().later(days=70)
    story.give(Expire, by=CLOCK, fired=True, deadline="handling")
    passed = story.here.deadline("handling")
    stopped(story)

    story.later(days=5).give(StopClock, start=True)

    handling = story.here.deadline("handling")
    assert handling is not None
    assert passed is not None
    assert handling.passed_at == passed.passed_at
    assert expired(story, "handling") is None


@pytest.mark.parametrize(
    ("note", "start", "already", "code"),
    [
        ("n", False, True, "clock_already_stopped"),
        (None, False, False, "note_missing"),
        (None, True, False, "clock_not_stopped"),
    ],
)
def test_a_clock_is_stopped_once_with_a_reason_and_started_once(
    note: str | None, start: bool, already: bool, code: str
) -> None:
    story = stopped(handled()) if already else handled()
    command = StopClock(reference="M-2021-0001", actor=an_actor("officer"), note=note, start=start)

    assert codes(story.setup, story.here, command) == [code]


def test_a_clock_may_be_started_as_of_a_day_that_has_been_but_not_before_it_stopped() -> None:
    story = stopped(handled().later(days=2)).later(days=8)
    start: dict[str, Any] = {"reference": "M-2021-0001", "actor": an_actor("officer"), "start": True}

    too_early = StopClock(**start, occurred_at=NOW + timedelta(days=1))
    assert codes(story.setup, story.here, too_early) == ["occurred_too_early"]
    assert codes(story.setup, story.here, StopClock(**start, occurred_at=NOW + timedelta(days=11))) == [
        "occurred_in_future"
    ]

    story.give(StopClock, start=True, occurred_at=NOW + timedelta(days=5))
    handling = story.here.deadline("handling")
    assert handling is not None
    assert handling.stopped_days == 3


def test_a_case_that_is_over_has_no_clock_to_stop() -> None:
    story = drafted(edge("close", needs={}))
    story.fire("close", by="head")

    command = StopClock(reference="M-2021-0001", actor=an_actor("officer"), note="n")
    assert codes(story.setup, story.here, command) == ["state_final"]


def test_the_officer_is_the_assignee_and_where_that_is_nobody_all_officers() -> None:
    story = handled()
    for assignee, people in (("u:12", "p:12"), ("u:77", "p:11")):
        story.facts = facts(**{"user__u:77": ()})
        case = replace(story.here, assignee=assignee)
        setup = replace(story.setup, now=datetime(2021, 4, 26, 7, tzinfo=UTC))
        decision = decide(setup, case, Remind(**SEARCHED, deadline="handling"))
        assert decision is not None
        assert [m.person for m in decision.messages] == [people]
