"""Why something was, or was not, sent: one reason for each state of a message, a step, a deadline."""

from pathlib import Path
from typing import Any

import pytest
from errands import OFFICER, START, Desk, build_home

from engine.app.advance import Given, advance
from engine.app.mail_hold import hold
from engine.app.mail_queue import cancel, retry
from engine.app.mail_why import why_case, why_message
from engine.app.tick import tick
from engine.app.timing import move_deadline, stop_clock
from engine.cli.texts import text
from engine.core.errors import NotFound, TransitionRefused
from engine.ports import Outcome


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("errands") / "home")


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    return Desk(template, tmp_path / "home")


class Answering:
    """A way out that always answers the same."""

    def __init__(self, state: str, error: str | None = None) -> None:
        self.outcome = Outcome(state, error)

    def send(self, message_id: int, sender: str, recipient: str, content: bytes) -> Outcome:
        return self.outcome

    def close(self) -> None:
        """Nothing is open."""


def told(desk: Desk, reference: str) -> dict[str, Any]:
    return why_case(desk.office, OFFICER, reference)


def codes(found: list[dict[str, Any]]) -> list[str]:
    return [each["code"] for each in found]


def sentence(each: dict[str, Any]) -> str:
    return text(f"why_{each['code']}", "en", **each["params"])


def test_a_mail_that_was_sent_names_when_to_whom_and_the_entry(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    desk.clock.to("2021-03-16")
    tick(desk.office)
    message = why_message(desk.office, OFFICER, 1)
    assert message["code"] == "sent"
    assert message["params"]["address"] == "anna@region.example"
    assert message["entries"] == [f"{reference}#3"]
    assert message["to_name"] == "Anna Ask"


def test_a_mail_decided_at_night_waits_for_the_window_and_says_until_when(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    desk.clock.to("2021-03-16", hour=20)
    tick(desk.office)
    (message,) = told(desk, reference)["messages"]
    assert message["code"] == "waits"
    assert message["params"]["leaves_at"] == "2021-03-17T07:00:00.000000Z"
    desk.clock.to("2021-03-17", hour=8)
    assert codes(told(desk, reference)["messages"]) == ["leaves_now"]


def test_while_the_office_holds_its_mail_that_is_the_reason(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    hold(desk.office, OFFICER, on=True)
    desk.clock.to("2021-03-16")
    tick(desk.office)
    assert codes(told(desk, reference)["messages"]) == ["office_holds"]


@pytest.mark.parametrize(
    ("event", "code"), [("finish", "cancelled_met"), ("postpone", "cancelled_moved"), (None, "cancelled_waived")]
)
def test_a_mail_that_was_cancelled_names_what_called_it_off_and_who_and_why(
    desk: Desk, event: str | None, code: str
) -> None:
    reference = desk.order("2021-04-15")
    desk.clock.to("2021-03-16", hour=20)
    tick(desk.office)
    if event is None:
        move_deadline(desk.office, OFFICER, f"{reference}:errand_due", Given(note="behövs inte"))
    else:
        values = {"due_on": "2021-06-01", "reason": "sjuk"} if event == "postpone" else {}
        advance(desk.office, OFFICER, reference, event, Given(set=values, note="behövs inte", no_mail=True))
    message = told(desk, reference)["messages"][0]
    assert message["code"] == code
    assert message["params"]["who"] == "anna"
    assert message["params"]["note"] == "behövs inte"
    assert message["params"]["deadline"] == "Uppdraget ska vara klart"
    assert message["params"]["entry"] == f"{reference}#3"


def test_mail_that_somebody_chose_not_to_send_and_mail_that_was_held_say_so(desk: Desk) -> None:
    first, second = desk.order("2021-04-15"), desk.order("2021-04-15", "Ett till")
    advance(desk.office, OFFICER, first, "finish", Given(no_mail=True, note="ringt"))
    advance(desk.office, OFFICER, second, "finish", Given(hold_mail=True))
    assert codes(told(desk, first)["messages"]) == ["cancelled_no_mail"]
    assert told(desk, first)["messages"][0]["params"]["note"] == "ringt"
    assert codes(told(desk, second)["messages"]) == ["held"]


def test_a_mail_cancelled_by_hand_names_the_hand_and_its_note(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    advance(desk.office, OFFICER, reference, "finish", Given(hold_mail=True))
    cancel(desk.office, OFFICER, 1, Given(note="fel mottagare"))
    (message,) = told(desk, reference)["messages"]
    assert (message["code"], message["params"]["who"]) == ("cancelled_by_hand", "anna")
    assert message["params"]["note"] == "fel mottagare"


@pytest.mark.parametrize(
    ("state", "error", "code"),
    [("deferred", "451 later", "deferred"), ("failed", "550 no such user", "failed"),
     ("unknown", "cut", "unknown_again")],
)  # fmt: skip
def test_a_mail_that_did_not_arrive_tells_what_the_server_said(desk: Desk, state: str, error: str, code: str) -> None:
    reference = desk.order("2021-04-15")
    desk.clock.to("2021-03-16")
    tick(desk.through(Answering(state, error)))
    message = told(desk, reference)["messages"][0]
    assert (message["code"], message["params"]["error"], message["params"]["attempts"]) == (code, error, 1)


def test_a_mail_that_may_have_arrived_twice_is_given_up(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    desk.clock.to("2021-03-16")
    tick(desk.through(Answering("unknown", "cut")))
    desk.clock.to("2021-03-17")
    tick(desk.through(Answering("unknown", "cut")))
    assert codes(told(desk, reference)["messages"]) == ["failed_unconfirmed", "unknown_again"]


def test_a_mail_to_nobody_and_a_person_without_an_address_differ(desk: Desk) -> None:
    first = desk.order("2021-04-15")
    with desk.office.store.write() as tx:
        tx.people.edit_person(tx.directory.find_person("Anna")[0].id, email=None)
    desk.clock.to("2021-03-16")
    tick(desk.office)
    assert "no_address" in codes(told(desk, first)["messages"])
    with desk.office.store.write() as tx:
        for grant in tx.people.grants():
            if grant.role == "officer":
                tx.people.end_grant(grant.id, START.date())
    desk.clock.to("2021-04-01")
    tick(desk.office)
    with desk.office.store.write() as tx:
        tx.people.grant(tx.directory.user_id("anna") or "", "officer", desk.clock.at.date())
    assert "no_recipient" in codes(told(desk, first)["messages"])


def test_steps_that_were_never_said_are_told_with_the_reason(desk: Desk) -> None:
    late, new = desk.order("2021-04-15"), desk.order("2021-03-10", "Bråttom")
    desk.clock.to("2021-04-14", hour=10)
    tick(desk.office)
    overtaken = told(desk, late)["unsaid"]
    assert [(u["code"], u["params"]["step"]) for u in overtaken] == [
        ("step_superseded", "-30d"), ("step_superseded", "-14d"), ("step_superseded", "-7d")
    ]  # fmt: skip
    assert overtaken[0]["params"]["to"] == "Anna Ask"
    passed = [u for u in told(desk, new)["unsaid"] if u["code"] == "step_suppressed"]
    assert [u["params"]["step"] for u in passed] == ["-30d", "-14d"]


def test_a_reminder_that_is_not_due_yet_tells_when_it_comes(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    (coming,) = told(desk, reference)["coming"]
    assert coming["code"] == "reminder_coming"
    assert (coming["params"]["step"], coming["params"]["next_at"]) == ("-30d", "2021-03-16T07:00:00.000000Z")
    assert coming["params"]["due_on"] == "2021-04-15"


@pytest.mark.parametrize(
    ("change", "code"),
    [("stop", "clock_stopped"), ("finish", "deadline_met"), ("waive", "deadline_waived"), ("all said", "ladder_done")],
)
def test_a_deadline_of_which_nothing_more_is_said_tells_why(desk: Desk, change: str, code: str) -> None:
    reference = desk.order("2021-04-15")
    if change == "stop":
        stop_clock(desk.office, OFFICER, reference, Given(note="väntar på dom"))
    elif change == "finish":
        desk.advance(reference, "finish")
    elif change == "waive":
        move_deadline(desk.office, OFFICER, f"{reference}:errand_due", Given(note="ja"))
    else:
        desk.clock.to("2021-05-10")
        tick(desk.office)
    assert codes(told(desk, reference)["coming"])[0] == code


def test_a_letter_that_is_retried_at_night_waits_for_the_morning(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    advance(desk.office, OFFICER, reference, "finish", Given(hold_mail=True))
    desk.clock.to("2021-03-02", hour=21)
    retry(desk.office, OFFICER, 1, Given())
    assert tick(desk.office).delivered == 0
    (message,) = told(desk, reference)["messages"]
    assert (message["code"], message["params"]["leaves_at"]) == ("waits", "2021-03-03T07:00:00.000000Z")
    desk.clock.to("2021-03-03")
    assert tick(desk.office).delivered == 1


def test_every_reason_has_a_sentence_whose_parameters_it_gives(desk: Desk) -> None:
    reference = desk.order("2021-04-15")
    desk.clock.to("2021-04-30")
    tick(desk.office)
    desk.advance(reference, "finish")
    found = told(desk, reference)
    for each in (*found["messages"], *found["unsaid"], *found["coming"]):
        assert "…" not in sentence(each)
        assert f"why_{each['code']} (" not in sentence(each)


def test_a_message_that_there_is_none_of_is_not_found_and_strangers_learn_nothing(desk: Desk) -> None:
    with pytest.raises(NotFound):
        why_message(desk.office, OFFICER, 99)
    with pytest.raises(TransitionRefused):
        why_message(desk.office, type(OFFICER)("eva", "os:eva"), 1)
