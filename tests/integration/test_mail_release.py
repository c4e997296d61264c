"""Letters about decisions wait until their meeting is released, and leave together in the send window."""

from pathlib import Path
from typing import Any

import pytest
from errands import ADMIN, OFFICER, TOY, Desk, build_home
from msgspec.structs import replace

from engine.app.advance import Given, advance
from engine.app.mail_hold import release
from engine.app.mail_why import why_message
from engine.app.office import Caller, MailRules
from engine.app.open_case import open_case
from engine.app.publish import publish
from engine.app.tick import tick
from engine.app.verify import verify
from engine.core.errors import NotFound, TransitionRefused, UsageError
from engine.readers.toml import read_definition


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = build_home(tmp_path_factory.mktemp("errands") / "home")
    desk = Desk(home, tmp_path_factory.mktemp("board") / "home")
    paths = [TOY.with_name(name) for name in ("meeting.toml", "motion.toml")]
    publish(desk.office, ADMIN, {path.name: read_definition(path) for path in paths})
    return desk.home


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    made = Desk(template, tmp_path / "home")
    made.office = replace(made.office, mail=MailRules(digest=False, held=frozenset({"note_to_parties"})))
    return made


def opened(desk: Desk, workflow: str, title: str, **values: str) -> str:
    return str(open_case(desk.office, OFFICER, workflow, title, Given(set=values))["reference"])


def decided(desk: Desk, meeting: str | None, title: str = "Motion") -> str:
    reference = opened(desk, "motion", title, **({"meeting": meeting} if meeting else {}))
    advance(desk.office, OFFICER, reference, "decide", Given())
    return reference


def released(desk: Desk, meeting: str, **more: Any) -> list[str]:
    return [m["key"] for m in release(desk.office, OFFICER, meeting, **more)["released"]]


def test_letters_about_decisions_wait_for_their_meeting_and_others_do_not(desk: Desk) -> None:
    meeting = opened(desk, "meeting", "Nämnden", kind="board")
    reference = opened(desk, "motion", "Motion", meeting=meeting)
    advance(desk.office, OFFICER, reference, "discuss", Given())
    advance(desk.office, OFFICER, reference, "decide", Given())
    assert tick(desk.office).delivered == 1
    assert [state for _, state, _ in desk.mails("note_to_parties")] == ["held", "held"]
    why = why_message(desk.office, OFFICER, 2)
    assert (why["code"], why["params"]["meeting"]) == ("held_meeting", meeting)


def test_releasing_a_meeting_sends_its_letters_and_no_others(desk: Desk) -> None:
    first, second = (opened(desk, "meeting", f"Nämnden {n}", kind="board") for n in (1, 2))
    mine = [decided(desk, first, "A"), decided(desk, first, "B")]
    decided(desk, second, "C")
    assert {key.partition("#")[0] for key in released(desk, first, note="protokollet är justerat")} == set(mine)
    assert tick(desk.office).delivered == 4
    assert [state for _, state, _ in desk.mails()] == ["sent"] * 4 + ["held"] * 2
    assert released(desk, first) == []
    assert verify(desk.office).bad == []


def test_letters_released_in_the_evening_leave_in_the_morning(desk: Desk) -> None:
    meeting = opened(desk, "meeting", "Nämnden", kind="board")
    decided(desk, meeting)
    desk.clock.to("2021-03-05", hour=20)
    released(desk, meeting)
    assert tick(desk.office).delivered == 0
    desk.clock.to("2021-03-08", hour=7)
    assert tick(desk.office).delivered == 2


@pytest.mark.parametrize("kind", ["info", None])
def test_a_decision_without_a_board_meeting_is_told_at_once(desk: Desk, kind: str | None) -> None:
    meeting = opened(desk, "meeting", "Träff", kind=kind) if kind else None
    decided(desk, meeting)
    assert tick(desk.office).delivered == 2


def test_a_dry_run_releases_nothing(desk: Desk) -> None:
    meeting = opened(desk, "meeting", "Nämnden", kind="board")
    decided(desk, meeting)
    assert len(released(desk, meeting, dry_run=True)) == 2
    assert [state for _, state, _ in desk.mails()] == ["held", "held"]


def test_only_the_office_releases_and_only_meetings(desk: Desk) -> None:
    reference = decided(desk, None)
    with pytest.raises(UsageError):
        release(desk.office, OFFICER, reference)
    with pytest.raises(NotFound):
        release(desk.office, OFFICER, "M-2021-0099")
    with pytest.raises(TransitionRefused):
        release(desk.office, Caller("eva", "os:eva"), reference)
