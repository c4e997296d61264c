"""A transition that is undone takes the cases with it that it had opened."""

from pathlib import Path

import pytest
import running
from driver import Sandbox, advance, attach
from paths import Places
from ways_application import GRANT
from ways_office import HOLD, MINUTES_SIGNED

pytestmark = pytest.mark.acceptance


@pytest.fixture
def granted(places: Places, tmp_path: Path) -> Sandbox:
    """A home in which an application has just been granted, and the decision stands as a case of its own."""
    return places.copy("application.granted", tmp_path / "home")


def undo(sandbox: Sandbox, case: str = "app") -> running.Ran:
    """Take back the latest transition of a case."""
    (entry,) = [line["n"] for line in running.inline(sandbox.home, "log", sandbox.named(case), "--json").lines
                if line["event"] == "grant"][-1:]  # fmt: skip
    words = ("correct", sandbox.named(case), str(entry), "--undo", "-n", "fel rad", "--json")
    return running.inline(sandbox.home, *words, as_="secretary")


def test_the_decision_of_an_undone_grant_is_gone_and_its_log_says_so(granted: Sandbox) -> None:
    decision = granted.named("decision")

    assert undo(granted).code == 0

    assert granted.case("app").state == "agenda"
    assert running.inline(granted.home, "show", decision).code == 5
    assert running.inline(granted.home, "list", "decision", "--closed", "--json").json == []
    log = running.inline(granted.home, "log", "--json").lines
    assert [line["kind"] for line in log if line["case"] == decision] == ["open", "undone"]
    assert running.inline(granted.home, "audit", "verify").code == 0


def test_the_number_of_a_decision_that_was_taken_back_is_not_given_again(granted: Sandbox) -> None:
    assert undo(granted).code == 0

    granted.do(GRANT)

    assert granted.named("decision") == "B-2021-0002"
    assert all(stored == folded for stored, folded in granted.folded().values())


def test_a_grant_is_not_undone_once_something_has_happened_to_its_decision(granted: Sandbox) -> None:
    granted.do(attach("secretary", "decision", "judgment"))

    refused = undo(granted)

    assert (refused.code, refused.codes) == (3, ["undo_spawned_moved"])
    assert granted.case("app").state == "granted"


def test_a_grant_is_not_undone_once_the_minutes_are_adjusted(granted: Sandbox) -> None:
    granted.do(advance("secretary", "board", "summon", "agenda", "papers"), HOLD, *MINUTES_SIGNED,
               advance("secretary", "board", "adjust_minutes"))  # fmt: skip

    refused = undo(granted)

    assert (refused.code, refused.codes) == (3, ["undo_spawned_moved"])


def test_a_step_that_moved_another_case_is_not_taken_back(granted: Sandbox) -> None:
    granted.do(advance("secretary", "board", "summon", "agenda", "papers"), HOLD, *MINUTES_SIGNED,
               advance("secretary", "board", "adjust_minutes"))  # fmt: skip
    log = running.inline(granted.home, "log", granted.named("board"), "--json").lines
    entry = next(line["n"] for line in log if line["event"] == "adjust_minutes")

    words = ("correct", granted.named("board"), str(entry), "--undo", "-n", "fel dag", "--json")
    refused = running.inline(granted.home, *words, as_="head")

    assert (refused.code, refused.codes) == (3, ["undo_spawned_moved"])
    assert granted.case("board").state == "adjusted"
    assert granted.case("decision").state == "adjusted"
