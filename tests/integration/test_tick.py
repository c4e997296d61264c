"""What the clock brings: expiries and reminders, on time, late, twice at once, and by the hundreds."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from errands import OFFICER, START, Desk, act_of, build_home, steps
from msgspec.structs import replace

from engine.app.advance import Given
from engine.app.edit import amend
from engine.app.run import SYSTEM_ACTOR, run
from engine.app.tick import BATCH, _refused, tick
from engine.app.timing import move_deadline, stop_clock
from engine.bootstrap.office import open_office
from engine.cli.session import speaking
from engine.core.command import Expire, Remind
from engine.core.errors import Refusal, TransitionRefused, Unavailable
from engine.settings import load


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("errands") / "home")


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    return Desk(template, tmp_path / "home")


def entries(desk: Desk, reference: str, act: str) -> list[dict[str, Any]]:
    with desk.office.store.read() as tx:
        return [json.loads(line.line)["body"] for line in tx.log.entries(reference) if act_of(line) == act]


def daily(desk: Desk, until: str) -> None:
    """A tick every morning and every evening, until that day."""
    end = datetime.fromisoformat(until).replace(hour=9, tzinfo=UTC)
    while desk.clock.at < end:
        tick(desk.office)
        desk.clock.forward(hours=12)


# Reminders


def test_each_step_of_the_ladder_is_said_once(desk: Desk) -> None:
    desk.order("2021-04-15")
    daily(desk, "2021-05-10")
    said = desk.mails("reminder")
    assert steps(said) == ["-30", "-14", "-7", "-1", "0", "7", "14", "14"]
    assert [kind for _, _, kind in said] == ["before"] * 4 + ["due", "after", "escalated", "after"]
    assert {state for _, state, _ in said} == {"sent"}


def test_an_escalation_tells_the_head_that_another_has_not_acted_and_the_officer_that_it_is_late(desk: Desk) -> None:
    desk.order("2021-04-15")
    daily(desk, "2021-05-10")
    with desk.office.store.read() as tx:
        last = {m.address: m.message.variables["step"]["kind"] for m in tx.messages.list() if "/14/" in m.message.key}
    assert last == {"hans@region.example": "escalated", "anna@region.example": "after"}


def test_a_second_tick_at_the_same_moment_does_nothing(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    desk.clock.to("2021-04-16")
    first = tick(desk.office)
    before = desk.acts(reference)
    second = tick(desk.office)
    assert first.reminded == 1
    assert first.expired == 1
    assert (second.reminded, second.expired, second.delivered, second.errors) == (0, 0, 0, [])
    assert desk.acts(reference) == before


@pytest.mark.parametrize(
    ("since", "down", "said", "kind", "superseded"),
    [("2021-03-31", 1, "-14", "before", 0), ("2021-04-08", 7, "0", "due", 1), ("2021-03-31", 30, "14", "after", 5)],
)
def test_after_an_outage_the_current_reminder_is_said_once_and_the_missed_ones_are_in_the_log(
    desk: Desk, since: str, down: int, said: str, kind: str, superseded: int
) -> None:
    reference = desk.order("2021-04-15")
    desk.clock.to(since)
    tick(desk.office)
    before, known = len(desk.mails("reminder")), len(entries(desk, reference, "remind"))
    desk.clock.forward(days=down)
    done = tick(desk.office)
    officers = [m for m in desk.mails("reminder")[before:] if m[2] != "escalated"]
    assert steps(officers) == [said]
    assert [m[2] for m in officers] == [kind]
    assert done.superseded == superseded
    (logged,) = entries(desk, reference, "remind")[known:]
    assert len(logged.get("superseded", ())) == superseded


def test_a_reminder_that_is_late_does_not_say_that_there_is_still_time(desk: Desk) -> None:
    desk.order("2021-04-15")
    desk.clock.to("2021-04-19")
    tick(desk.office)
    (mail,) = desk.outbox()
    assert [m[2] for m in desk.mails("reminder")] == ["after"]
    assert "=46=C3=B6rsenat" in mail.read_text("ascii") or "F=C3=B6rsenat" in mail.read_text("ascii")


def test_a_reminder_made_on_a_saturday_counts_from_the_monday_it_leaves(desk: Desk) -> None:
    desk.order("2021-04-15")
    desk.clock.to("2021-04-12")
    tick(desk.office)
    desk.clock.to("2021-04-17")
    tick(desk.office)
    with desk.office.store.read() as tx:
        last = list(tx.messages.list())[-1].message
    assert last.due_at == datetime(2021, 4, 19, 6, tzinfo=UTC)
    assert last.variables["deadline"]["days_text"] == "för 4 dagar sedan"


def test_a_step_that_was_past_when_the_deadline_opened_is_not_said_but_logged(desk: Desk) -> None:
    reference = desk.order("2021-03-10")
    desk.clock.to("2021-03-04")
    tick(desk.office)
    (opened,) = entries(desk, reference, "open")
    assert [offset for _, offset in opened["suppressed"]] == [-30, -14]
    assert steps(desk.mails("reminder")) == ["-7"]


def test_a_reminder_with_nobody_to_tell_is_kept_as_such_and_not_tried_again(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    with desk.office.store.write() as tx:
        for grant in tx.people.grants():
            if grant.role == "officer":
                tx.people.end_grant(grant.id, START.date())
    desk.clock.to("2021-03-16")
    assert tick(desk.office).reminded == 0
    assert [(state, key.split("/")[-1]) for key, state, _ in desk.mails("reminder")] == [("no_recipient", "-")]
    assert entries(desk, reference, "remind")[0]["untold"] == -30
    assert tick(desk.office).errors == []


# Expiry


def test_the_closing_instant_itself_is_in_time_and_the_next_moment_is_not(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    desk.clock.at = datetime(2021, 4, 15, 22, tzinfo=UTC)
    tick(desk.office)
    assert desk.state(reference) == "open"
    desk.clock.forward(seconds=1)
    tick(desk.office)
    assert desk.state(reference) == "late"


def test_an_event_of_the_clock_happened_when_it_was_due_however_late_it_is_recorded(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    desk.clock.to("2021-05-20")
    tick(desk.office)
    with desk.office.store.read() as tx:
        case = tx.cases.get(reference)
    assert case is not None
    assert case.entered_at == datetime(2021, 4, 15, 22, tzinfo=UTC)
    assert case.recorded_at == desk.clock.at
    assert case.deadline("dropping").due_on.isoformat() == "2021-07-15"  # type: ignore[union-attr]


def test_what_an_expiry_opens_and_is_due_already_is_done_in_the_same_tick(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    desk.advance(reference, "postpone", due_on="2021-04-20", reason="sjukdom", answer="nej")
    desk.clock.to("2021-12-01")
    done = tick(desk.office)
    assert desk.state(reference) == "dropped"
    assert done.expired == 2
    assert desk.mails("reminder") == []


def test_an_event_that_is_refused_is_told_once_and_tried_every_day_and_fired_when_the_reason_is_gone(
    desk: Desk,
) -> None:
    reference = desk.order("2021-04-15")
    desk.clock.to("2021-07-16")
    tick(desk.office)
    tick(desk.office)
    assert len(desk.mails("guard_refused")) == 1
    for _ in range(3):
        desk.clock.forward(days=1, seconds=1)
        tick(desk.office)
    assert len(desk.mails("guard_refused")) == 1
    amend(desk.office, OFFICER, reference, Given(set={"answer": "aldrig"}, note="svaret har kommit"))
    desk.clock.forward(days=1, seconds=1)
    tick(desk.office)
    assert desk.state(reference) == "dropped"
    assert len(desk.mails("guard_refused")) == 1
    assert desk.acts(reference).count("expire") == 6  # twice without a reason: of each deadline


def test_the_letter_about_a_refused_event_says_why_in_words(desk: Desk) -> None:
    desk.office = speaking(desk.office)
    desk.order("2021-04-15")
    desk.clock.to("2021-07-16")
    tick(desk.office)
    with desk.office.store.read() as tx:
        (letter,) = [m for m in tx.messages.list() if m.message.template == "guard_refused"]
    assert [reason["text"] for reason in letter.message.variables["reasons"]] == ["Fältet ”Svar” är tomt och behövs."]
    assert not any(b"field_missing" in path.read_bytes() for path in desk.outbox())


def test_an_event_that_is_refused_for_another_reason_is_told_again(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    desk.clock.to("2021-07-16")
    tick(desk.office)
    told = []
    for reasons in (Refusal("other"), Refusal("other"), Refusal("third", {"n": 1}), Refusal("third", {"n": 2})):
        desk.clock.forward(days=1, seconds=1)
        with desk.office.store.write() as tx:
            case = tx.cases.get(reference)
            assert case is not None
            dropping = next(d for d in case.deadlines if d.name == "dropping")
            machine = desk.office.catalog.get(tx, case.workflow, case.version)
            command = Expire(reference=reference, actor=SYSTEM_ACTOR, deadline=dropping.id)
            _refused(tx, desk.office, machine, command, TransitionRefused(reasons=[reasons]))
        told.append(len(desk.mails("guard_refused")))
    assert told == [2, 2, 3, 4]


def test_an_event_that_is_impossible_now_waits_in_silence_and_happens_when_the_case_comes_back(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    desk.advance(reference, "wait")
    desk.clock.to("2021-04-16")
    tick(desk.office)
    for _ in range(3):
        desk.clock.forward(days=1)
        tick(desk.office)
    assert desk.acts(reference).count("expire") == 1
    assert desk.mails("guard_refused") == []
    desk.advance(reference, "resume")
    tick(desk.office)
    assert desk.state(reference) == "late"


def test_nothing_fires_or_reminds_while_the_clock_stands_still(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    desk.clock.to("2021-03-10")
    stop_clock(desk.office, OFFICER, reference, Given(note="väntar på dom"))
    desk.clock.to("2021-05-10")
    assert (tick(desk.office).expired, desk.mails("reminder")) == (0, [])
    stop_clock(desk.office, OFFICER, reference, Given(note="domen har kommit"), start=True)
    with desk.office.store.read() as tx:
        (row,) = tx.deadlines.list(case=reference)
    assert row.deadline.stopped_days == 61
    assert row.deadline.due_on.isoformat() == "2021-06-15"
    daily(desk, "2021-06-20")
    assert steps(desk.mails("reminder")) == ["-30", "-14", "-7", "-1", "0"]


def test_two_workers_that_found_the_same_deadline_expire_and_remind_once(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    desk.clock.to("2021-04-16")
    tick(desk.office)
    known = desk.acts(reference)
    with desk.office.store.write() as tx:
        for command in (Expire, Remind):
            again = command(reference=reference, actor=SYSTEM_ACTOR, deadline=f"{reference}#1:errand_due", fired=True)
            assert run(tx, desk.office, again).recorded == []
    assert desk.acts(reference) == known


def test_several_workers_at_once_say_everything_once(desk: Desk) -> None:
    references = [desk.order("2021-04-15", f"Uppdrag {n}") for n in range(12)]
    desk.clock.to("2021-04-30")
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: tick(desk.office), range(4)))
    assert sum(each.expired for each in done) == len(references)
    assert sum(each.delivered for each in done) == 2 * len(references) == len(desk.outbox())
    assert [e for each in done for e in each.errors] == []
    assert all(desk.acts(r).count("remind") == 1 for r in references)


# Moving


def test_extending_a_deadline_fires_the_event_that_the_workflow_names(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    told = move_deadline(desk.office, OFFICER, f"{reference}:errand_due", Given(note="semester"), to="2021-05-20")
    assert told["event"] == "postpone"
    with desk.office.store.read() as tx:
        case = tx.cases.get(reference)
    assert case is not None
    assert case.data["due_on"] == "2021-05-20"
    assert case.data["reason"] == "semester"
    assert case.deadlines[0].due_on.isoformat() == "2021-05-20"
    assert case.deadlines[0].extended_to is None


def test_extending_by_a_span_counts_from_the_day_it_has(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    move_deadline(desk.office, OFFICER, f"{reference}#1:errand_due", Given(note="semester"), by="5wd")
    with desk.office.store.read() as tx:
        (row,) = tx.deadlines.list(case=reference)
    assert row.deadline.due_on.isoformat() == "2021-04-22"


def test_extending_without_a_note_is_refused(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    with pytest.raises(TransitionRefused) as caught:
        move_deadline(desk.office, OFFICER, f"{reference}:errand_due", Given(), to="2021-05-20")
    assert [r.code for r in caught.value.reasons] == ["note_missing"]


def test_reminders_of_the_day_that_was_are_not_sent_after_an_extension(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    desk.clock.at = datetime(2021, 4, 15, 18, tzinfo=UTC)  # after hours: the reminder waits for the morning
    tick(desk.office)
    move_deadline(desk.office, OFFICER, f"{reference}:errand_due", Given(note="semester"), to="2021-06-01")
    desk.clock.to("2021-04-16")
    tick(desk.office)
    assert [state for _, state, _ in desk.mails("reminder")] == ["cancelled"]


# Trouble


def test_a_broken_case_is_reported_and_does_not_keep_the_others_waiting(desk: Desk) -> None:
    references = [desk.order("2021-04-15", f"Uppdrag {n}") for n in range(3)]
    with desk.office.store.write() as tx:
        row = tx.deadlines.get(f"{references[1]}#1:errand_due")
        assert row is not None
        tx.deadlines.write(references[1], [replace(row.deadline, id="E-2021-0002#9:nothing")], [])
        case = tx.cases.get(references[1])
        assert case is not None
        broken = replace(case, deadlines=(replace(case.deadlines[0], name="gone"),))
        tx.cases.update(broken, phase="work", links={}, expected_n=case.n, expected_head=case.head)
    desk.clock.to("2021-04-16")
    done = tick(desk.office)
    assert [desk.state(r) for r in references] == ["late", "open", "late"]
    assert [error.split(":")[0] for error in done.errors] == [f"{references[1]}#1"]


@pytest.mark.sqlite
def test_a_database_that_is_away_ends_the_tick_at_once(desk: Desk) -> None:
    (desk.home / "skede.db").unlink()
    elsewhere = open_office(load(desk.home), clock=desk.clock)
    with pytest.raises(Unavailable):
        tick(elsewhere)


def test_a_tick_that_is_asked_to_stop_leaves_the_rest_to_the_next_one(desk: Desk) -> None:
    for n in range(5):
        desk.order("2021-04-15", f"Uppdrag {n}")
    desk.clock.to("2021-04-16")
    answers: Iterator[bool] = iter([False, False, False, *[True] * 50])
    first = tick(desk.office, lambda: next(answers))
    second = tick(desk.office)
    assert 0 < first.expired < 5
    assert first.expired + second.expired == 5


def test_the_heartbeat_is_of_this_world_although_the_clock_stands_elsewhere(desk: Desk) -> None:
    tick(desk.office)
    with desk.office.store.read() as tx:
        beat = tx.settings.get("heartbeat")
    assert beat is not None
    assert datetime.now(UTC) - datetime.fromisoformat(beat) < timedelta(minutes=1)


@pytest.mark.slow
def test_more_deadlines_than_a_batch_holds_that_passed_during_an_outage_are_dealt_with_in_one_tick(desk: Desk) -> None:
    many = BATCH + 20
    for n in range(many):
        desk.order("2021-04-15", f"Uppdrag {n}")
    stopped = desk.order("2021-04-10", "Vilande")
    stop_clock(desk.office, OFFICER, stopped, Given(note="väntar"))
    desk.clock.to("2021-05-20", hour=20)
    done = tick(desk.office)
    assert (done.expired, done.reminded, done.errors) == (many, 2 * many, [])
    assert done.superseded == 6 * many
    assert Counter(state for _, state, _ in desk.mails("reminder")) == {"queued": 2 * many}
    assert (tick(desk.office).expired, desk.state(stopped)) == (0, "open")


def test_deadlines_that_stay_due_do_not_fill_the_batch_and_hide_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.app.tick.BATCH", 2)
    for n in range(4):
        stop_clock(desk.office, OFFICER, desk.order("2021-04-10", f"Vilande {n}"), Given(note="väntar"))
    last = desk.order("2021-04-15")
    desk.clock.to("2021-05-20")
    tick(desk.office)
    assert desk.state(last) == "late"
