"""Whether what a command brings about is told: `--no-mail` and `--hold-mail` reach the cases that follow, and letters
about decisions of the shipped workflows wait for their meeting."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import running
from driver import Act, Sandbox, clock
from msgspec.structs import replace as changed
from paths import WAYS, Places

from engine.app.deliver import deliver
from engine.app.mail_why import why_message
from engine.app.office import Caller
from engine.app.run import run
from engine.core.command import Sign
from engine.core.message import StoredMessage
from engine.ports import Outcome

pytestmark = pytest.mark.acceptance
SECRETARY = Caller("secretary", "os:test as secretary")


class Answering:
    """A way out that always gives one answer."""

    def __init__(self, state: str) -> None:
        self.state = state

    def send(self, message_id: int, sender: str, recipient: str, content: bytes) -> Outcome:
        return Outcome(self.state, "no answer came")

    def close(self) -> None:
        """Nothing is open."""


def with_words(act: Act, *words: str) -> Act:
    return replace(act, words=(*act.words, *words))


def letters(sandbox: Sandbox, template: str) -> list[StoredMessage]:
    with sandbox.office.store.read() as tx:
        return [m for m in tx.messages.list() if m.message.template == template]


def why(sandbox: Sandbox, stored: StoredMessage) -> dict[str, Any]:
    return why_message(sandbox.office, SECRETARY, stored.id)


def meeting_over(places: Places, folder: Path) -> Sandbox:
    """An application was granted at the board's meeting, whose minutes are adjusted."""
    sandbox = places.copy("application.granted", folder)
    sandbox.do(WAYS["meeting/summon"].act, *WAYS["meeting/hold"].before, WAYS["meeting/hold"].act,
               *WAYS["meeting/adjust_minutes"].before, WAYS["meeting/adjust_minutes"].act)  # fmt: skip
    return sandbox


@pytest.mark.parametrize(("word", "state", "code"), [("--no-mail", "cancelled", "cancelled_no_mail"),
                                                     ("--hold-mail", "held", "held")])  # fmt: skip
def test_what_is_chosen_for_a_command_holds_for_the_events_that_it_fires(
    places: Places, tmp_path: Path, word: str, state: str, code: str
) -> None:
    sandbox = meeting_over(places, tmp_path / "home")

    sandbox.do(with_words(WAYS["meeting/announce_minutes"].act, word))

    sent = letters(sandbox, "decision_sent")
    assert sandbox.case("decision").state == "announced"
    assert {m.message.state for m in sent} == {state}
    assert why(sandbox, sent[0])["code"] == code
    assert sandbox.case("decision").reference in why(sandbox, sent[0])["params"]["entry"]
    assert running.inline(sandbox.home, "audit", "verify", as_="auditor").code == 0


def test_what_is_chosen_for_a_command_holds_for_the_cases_that_it_opens(places: Places, tmp_path: Path) -> None:
    sandbox = places.copy("application.agreement", tmp_path / "home")
    sandbox.do(*WAYS["application/sign_agreement"].before)
    with sandbox.office.store.write() as tx:
        actor = tx.directory.actor("officer", date(2021, 11, 18))
        assert actor is not None
        run(tx, sandbox.office, Sign(
            reference=sandbox.named("app"), actor=actor, who="head", person=sandbox.names["head"],
            document="agreement", signed_on=sandbox.office.calendar.day(tx.now), no_mail=True,
        ))  # fmt: skip

    told = letters(sandbox, "project_created")
    assert sandbox.case("app").state == "project_started"
    assert {m.message.case for m in told} == {sandbox.case("project").reference}
    assert {(m.message.state, m.message.reason) for m in told} == {("cancelled", "no_mail")}


def test_letters_about_a_decision_wait_for_their_meeting_and_are_not_sent_twice_unless_somebody_says_so(
    places: Places, tmp_path: Path
) -> None:
    sandbox = places.copy("application.agenda", tmp_path / "home")
    settings = sandbox.home / "skede.toml"
    settings.write_text(f"hold_decisions = true\n{settings.read_text('utf-8')}", "utf-8")
    sandbox.do(WAYS["application/grant"].act)

    waiting = letters(sandbox, "granted")
    assert {(m.message.state, m.message.reason) for m in waiting} == {("held", f"meeting:{sandbox.named('board')}")}
    assert why(sandbox, waiting[0])["code"] == "held_meeting"
    deliver(changed(sandbox.office, channel=lambda: Answering("sent")))
    assert {m.message.state for m in letters(sandbox, "granted")} == {"held"}

    words = ("mail", "release", "--meeting", sandbox.named("board"), "--json")
    released = running.inline(sandbox.home, *words, as_="secretary").json["released"]
    assert {m["template"] for m in released} == {"granted"}
    sandbox.do(clock("2021-11-19T10:00"))
    assert deliver(changed(sandbox.office, channel=lambda: Answering("unknown")))["unknown"] >= len(waiting)

    doubtful = letters(sandbox, "granted")
    assert {(m.message.state, m.message.reason) for m in doubtful} == {("held", "unconfirmed")}
    assert running.inline(sandbox.home, *words, as_="secretary").json["released"] == []
    sandbox.do(clock("2021-11-22T10:00"))
    deliver(changed(sandbox.office, channel=lambda: Answering("sent")))
    assert {m.attempts for m in letters(sandbox, "granted")} == {1}
    assert running.inline(sandbox.home, "mail", "retry", str(doubtful[0].id), as_="secretary").code == 0
    deliver(changed(sandbox.office, channel=lambda: Answering("sent")))
    assert [m.message.state for m in letters(sandbox, "granted")] == ["sent", *["held"] * (len(waiting) - 1)]
    assert running.inline(sandbox.home, "audit", "verify", as_="auditor").code == 0
