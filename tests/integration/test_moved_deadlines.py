"""A deadline that moves takes its reminders and its place in the recipient's calendar with it."""

import email
from datetime import date
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from errands import OFFICER, Desk, build_home, steps
from icalendar import Calendar, Component

from engine.app.advance import Given
from engine.app.tick import tick
from engine.app.timing import move_deadline, stop_clock
from engine.bootstrap.plugins import shipped
from engine.core.build import build


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("errands") / "home")


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    return Desk(template, tmp_path / "home")


def run_until(desk: Desk, day: str) -> None:
    """A tick each morning, as far as a day."""
    while desk.clock.at.date() < date.fromisoformat(day):
        desk.clock.forward(days=1)
        assert tick(desk.office).errors == []


def calendar_entries(desk: Desk) -> list[Component]:
    """The calendar entry of each mail that was sent, in the order of their sending."""
    found = []
    for path in desk.outbox():
        mail = email.message_from_bytes(path.read_bytes(), policy=default)
        assert isinstance(mail, EmailMessage)
        for part in mail.iter_attachments():
            if part.get_content_type() == "text/calendar":
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                (event,) = Calendar.from_ical(content).walk("VEVENT")
                found.append(event)
    return found


def test_a_clock_stopped_for_seventeen_days_moves_the_deadline_its_reminders_and_its_calendar_entry(desk: Desk) -> None:
    reference = desk.order("2021-05-20")
    run_until(desk, "2021-04-22")
    stop_clock(desk.office, OFFICER, reference, Given(note="väntar på dom"))
    run_until(desk, "2021-05-09")
    assert steps(desk.mails("reminder")) == ["-30"]
    stop_clock(desk.office, OFFICER, reference, Given(note="domen har kommit"), start=True)
    with desk.office.store.read() as tx:
        (row,) = tx.deadlines.list(case=reference)
    # 20 May and 17 days is 6 June, a Sunday and the national day.
    assert (row.deadline.stopped_days, row.deadline.due_on, row.deadline.version) == (17, date(2021, 6, 7), 2)

    run_until(desk, "2021-06-30")

    said = [(key.split("/")[1:3], state) for key, state, _ in desk.mails("reminder")]
    assert [key for key, _ in said] == [["1", "-30"], ["2", "-14"], ["2", "-7"], ["2", "-1"], ["2", "0"], ["2", "7"],
                                        ["2", "14"], ["2", "14"]]  # fmt: skip
    assert {state for _, state in said} == {"sent"}
    sent = [day.split("T")[0] for day in sorted(path.name for path in desk.outbox())]
    assert sent[:3] == ["20210420", "20210524", "20210531"]
    entries = calendar_entries(desk)
    assert len({str(entry["UID"]) for entry in entries}) == 1
    assert [entry.decoded("DTSTART") for entry in entries[:2]] == [date(2021, 5, 20), date(2021, 6, 7)]
    assert int(str(entries[1]["SEQUENCE"])) > int(str(entries[0]["SEQUENCE"]))


def test_an_extension_after_the_day_revives_the_ladder_from_the_new_day(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    run_until(desk, "2021-04-20")
    assert steps(desk.mails("reminder")) == ["-30", "-14", "-7", "-1", "0"]
    assert desk.state(reference) == "late"
    move_deadline(desk.office, OFFICER, f"{reference}:errand_due", Given(note="semester"), to="2021-06-01")

    run_until(desk, "2021-06-20")

    again = [key.split("/")[2] for key, _, _ in desk.mails("reminder") if key.split("/")[1] == "2"]
    assert again == ["-30", "-14", "-7", "-1", "0", "7", "14", "14"]
    sent = sorted(path.name for path in desk.outbox() if path.name >= "20210420T")
    # 2 May is a Sunday, and the working day before it Friday 30 April; 18 May to 15 June are working days.
    assert [name.split("T")[0] for name in sent] == ["20210430", "20210518", "20210525", "20210531", "20210601",
                                                     "20210608", "20210615", "20210615"]  # fmt: skip


def test_no_day_that_a_board_or_the_law_has_set_waits_for_a_stopped_clock() -> None:
    rules = {
        f"{definition.name}/{rule.name}": rule.pausable
        for tables, _ in shipped().values()
        for definition in [build(tables)[0]]
        if definition is not None
        for rule in definition.deadlines.values()
    }
    fixed = ("call_opens", "call_close", "draft_close", "call_decision", "board_meeting", "board_papers", "board_day",
             "info_day", "summons", "minutes_adjust", "minutes_notice", "appeal_end", "report_to_board")  # fmt: skip
    assert [name for name, pausable in rules.items() if pausable and name.partition("/")[2] in fixed] == []
    assert {name.partition("/")[2] for name in rules} >= set(fixed)
    assert any(rules.values())
