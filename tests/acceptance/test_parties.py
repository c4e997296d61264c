"""A contact more or less: the organisation stays one party, signatures hold, and the cases below follow."""

from pathlib import Path

import pytest
import running
from driver import Act, Sandbox, assign, party
from paths import WAYS, Places

pytestmark = pytest.mark.acceptance

SECOND = "owner=@town:@head:contact"


def rows(sandbox: Sandbox, name: str) -> list[tuple[int, str, tuple[str, ...]]]:
    """(number, role, contacts) of the parties that have not left."""
    return [(p.id, p.role, p.people["contact"]) for p in sandbox.case(name).parties if p.until is None]


def test_preparation_begins_after_a_contact_was_added_to_a_signed_application(places: Places, tmp_path: Path) -> None:
    sandbox = places.copy("application.registered", tmp_path / "home")

    sandbox.do(
        party("officer", "app", "add", SECOND), assign("officer", "app", "officer"),
        WAYS["application/start_preparation"].act,
    )  # fmt: skip

    owner, head = sandbox.named("owner"), sandbox.named("head")
    assert rows(sandbox, "app")[0] == (1, "owner", (owner, head))
    assert len(rows(sandbox, "app")) == 2
    assert {s.state for s in sandbox.case("app").signatures} == {"valid"}


def test_the_project_follows_the_people_of_its_application(places: Places, tmp_path: Path) -> None:
    sandbox = places.copy("project.running", tmp_path / "home")
    before = rows(sandbox, "project")

    sandbox.do(party("officer", "app", "add", SECOND))
    both = rows(sandbox, "project")
    sandbox.do(party("officer", "app", "end", SECOND))

    head = sandbox.named("head")
    assert both == [(n, role, (*people, head) if role == "owner" else people) for n, role, people in before]
    assert rows(sandbox, "project") == rows(sandbox, "app") == before


def test_the_answer_names_whom_it_concerns(places: Places, tmp_path: Path) -> None:
    sandbox = places.copy("application.registered", tmp_path / "home")
    ending = party("officer", "app", "end", "partner=@region:@partner:manager")

    ran = running.inline(sandbox.home, *sandbox.argv(ending)[:-1], "--lang", "en")

    assert "Robin Region is manager of Närhälsan Bengtsfors (cooperating party) no longer" in ran.out
    assert [p.until for p in sandbox.case("app").parties] == [None, None]
    whole: Act = party("officer", "app", "end", "partner=@region")
    [told] = running.inline(sandbox.home, *sandbox.argv(whole)).json["parties"]
    assert (told["change"], told["organisation"]) == ("left", "Närhälsan Bengtsfors")
