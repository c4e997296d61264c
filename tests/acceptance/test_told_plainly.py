"""What the commands about definitions, copies of the database, parties and reviews tell people in plain text."""

from collections.abc import Callable
from pathlib import Path

import pytest
import running
from cases import World, registered
from running import Ran

pytestmark = pytest.mark.acceptance

Run = Callable[..., Ran]
PERMIT = Path(__file__).parents[2] / "docs" / "examples" / "building_permit.toml"


def test_a_definition_is_found_sound_published_once_and_shown_as_it_was_written(inline: Run) -> None:
    checked = inline("workflow", "check", str(PERMIT), lang="en", as_=None)
    published = inline("workflow", "publish", str(PERMIT), lang="en", as_=None)
    again = inline("workflow", "publish", str(PERMIT), lang="en", as_=None)
    source = inline("workflow", "show", "building_permit", "--source")

    assert checked.out == "1 file without faults.\n"
    assert published.out == "building_permit version 1 is published, for new cases from 2021-03-01.\n"
    assert again.out == "That very version is published already.\n"
    assert source.out.split() == PERMIT.read_text("utf-8").split()


def test_a_definition_that_is_named_twice_is_judged_by_neither_name(inline: Run) -> None:
    ran = inline("workflow", "check", str(PERMIT), str(PERMIT))

    assert (ran.code, ran.out) == (2, "")


def test_a_diagram_is_written_to_a_file_whose_size_is_told(inline: Run, tmp_path: Path) -> None:
    drawing = tmp_path / "call.svg"

    told = inline("workflow", "diagram", "call", "--format", "svg", "-o", str(drawing), "--json").json

    assert (told["file"], told["bytes"]) == (str(drawing), drawing.stat().st_size)
    assert drawing.read_text("utf-8").startswith("<svg")


@pytest.mark.sqlite
def test_a_copy_of_the_database_is_taken_and_put_back_in_words(world: World, tmp_path: Path) -> None:
    registered(world)
    copy = tmp_path / "copy.db"

    newest = world.inline("db", "upgrade", lang="en", as_=None)
    taken = world.inline("db", "backup", str(copy), lang="en", as_=None)
    back = world.inline("db", "restore", str(copy), lang="en", as_=None)

    assert newest.out.startswith("The database has the newest schema already (")
    assert taken.out == f"Backup: {copy} ({copy.stat().st_size} bytes)\n"
    assert back.out.startswith(f"{copy} is put back.\n2 mails are held")


def test_a_tick_that_is_only_tried_tells_what_would_leave(world: World) -> None:
    reference = registered(world)

    tried = world.inline("tick", "--dry-run", lang="en")
    script = world.inline("tick", "--dry-run", "--json").json
    done = world.inline("tick", lang="en")

    assert tried.out.startswith("2 mails sent")
    assert reference in tried.out
    assert script["delivered"] == 2
    assert done.out.startswith("2 mails sent")


def test_a_case_without_parties_says_so(world: World) -> None:
    ran = world.inline("party", world.call, "list", lang="en")

    assert ran.out.splitlines() == ["SANDBOX – training, no real cases"]
    assert ran.err == "Nothing.\n"


def test_a_note_is_given_once_and_a_review_where_there_is_one(world: World) -> None:
    twice = world.inline("note", world.call, "Ett", "-n", "Två")
    nothing = world.inline("note", world.call)
    unreviewed = world.inline("review", world.call, "--edit", lang="en")

    assert (twice.code, nothing.code) == (2, 2)
    assert (unreviewed.code, "has no review form" in unreviewed.err) == (2, True)


@pytest.mark.sqlite
def test_on_a_terminal_a_copy_is_put_back_after_a_yes_in_the_reader_s_language(world: World, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    world.inline("db", "backup", str(copy), as_=None)

    kept = running.on_terminal(world.home, "db", "restore", str(copy), as_=None, typed=["nej"])
    done = running.on_terminal(world.home, "db", "restore", str(copy), as_=None, typed=["Ja"])

    assert (kept.code, done.code) == (130, 0)
    assert "ersätts av kopian. Fortsätta? j = ja, n = nej:" in kept.out
    assert f"{copy} är återlagd." in done.out
