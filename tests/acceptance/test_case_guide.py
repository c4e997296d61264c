"""The guided form of `advance` at a real terminal, and forms in an editor."""

import stat
from pathlib import Path

import measuring
import pytest
import running
from cases import World, receive
from paths import Places

pytestmark = pytest.mark.acceptance


def editor(world: World, program: str) -> dict[str, str]:
    """An editor that is a Python program over the text of the form, `text`."""
    return editor_in(world.home, program)


def editor_in(home: Path, program: str) -> dict[str, str]:
    """As `editor`; the form as it was shown is kept as `seen.toml` in the home."""
    script = home / "editor.py"
    script.write_text(
        "import sys, pathlib\npath = pathlib.Path(sys.argv[1])\ntext = path.read_text('utf-8')\n"
        f"pathlib.Path({str(home / 'seen.toml')!r}).write_text(text, 'utf-8')\n{program}\n"
        "path.write_text(text, 'utf-8')\n", "utf-8",
    )  # fmt: skip
    starter = home / "editor.sh"
    starter.write_text(f'#!/bin/sh\nexec python3 {script} "$1"\n')
    starter.chmod(starter.stat().st_mode | stat.S_IXUSR)
    return {"EDITOR": str(starter)} | measuring.counted()


def test_a_person_is_led_through_an_event_and_sees_the_letters_first(world: World) -> None:
    reference = receive(world)
    typed = ["1", "ett ord", "fel", "none", "preview", "j"]

    done = running.on_terminal(world.home, "advance", reference, typed=["9", *typed], as_="registrar")

    assert done.code == 0, done.out
    for part in ("Skriv ett nummer mellan 1 och", "Vad ärendet rör, i korthet", "none (Ingen markering)",
                 "”fel” går inte att välja", "Så här blir det:", "brev till Eva Ek: Vi har tagit emot er ansökan",
                 "Till: Eva Ek", "Ämne:", "Diarieför", f"Nästa steg: skede next {reference}"):  # fmt: skip
        assert part in done.out, (part, done.out)
    shown = world.inline("show", reference, "--json").json
    assert (shown["state"], shown["data"]["secrecy"]) == ("registered", "none")


def test_a_no_at_the_end_does_nothing(world: World) -> None:
    done = running.on_terminal(world.home, "advance", world.call, typed=["2", "Pengarna räcker inte", "n"], as_="head")

    assert "Ingenting är gjort." in done.out
    assert (done.code, world.inline("show", world.call, "--json").json["revision"]) == (0, 2)


def test_the_end_of_input_stops_without_doing_anything(world: World) -> None:
    done = running.on_terminal(world.home, "advance", world.call, typed=["1"], as_="head")

    assert (done.code, world.inline("show", world.call, "--json").json["revision"]) == (130, 2)


def test_a_rule_that_an_answer_breaks_is_told_after_the_answer(world: World) -> None:
    typed = ["1", "2021-04-01T12:00", "för tidigt"]

    done = running.on_terminal(world.home, "advance", world.call, typed=typed, as_="head")

    assert done.code == 3
    assert "Stänger" in done.out
    assert "Dina svar, som kommando: skede --as head" in done.out
    assert '-s closes_at=2021-04-01T12:00 -s "reason=för tidigt"' in done.out
    assert world.inline("show", world.call, "--json").json["data"]["closes_at"] == "2021-05-01T10:00:00.000000Z"


def test_what_no_answer_can_mend_is_told_at_once(world: World) -> None:
    done = running.on_terminal(world.home, "advance", world.call, typed=["1"], as_="officer")

    assert done.code == 3
    assert "chef" in done.out


def test_without_a_terminal_the_events_are_listed_and_the_exit_is_2(world: World) -> None:
    done = world.skede("advance", world.call)
    as_json = world.skede("advance", world.call, "--json")

    assert (done.code, done.out) == (2, "")
    assert "  - extend_call: Förläng ansökningstid (chef)" in done.err
    assert as_json.code == 2
    assert [r["params"]["event"] for r in as_json.json["error"]["reasons"]] == [
        "extend_call", "close_call", "cancel_call",
    ]  # fmt: skip


def test_a_form_shows_what_is_needed_and_is_carried_out(world: World) -> None:
    reference = receive(world)
    environ = editor(
        world,
        """text = text.replace('subject = ""', 'subject = "Om ro"')
text = text.replace('secrecy = ""', 'secrecy = "none"').replace('note = ""', 'note = "via formulär"')""",
    )

    done = world.skede("advance", reference, "register", "--edit", "--json", as_="registrar", environ=environ)

    assert done.code == 0, done.err
    assert done.json["target"] == "registered"
    form = (world.home / "seen.toml").read_text("utf-8")
    assert "# Ärendemening\n# Vad ärendet rör, i korthet" in form
    assert "# none (Ingen markering), partly" in form
    assert form.count("är tomt och behövs.") == 2
    assert "--as registrar advance" in form
    shown = world.inline("show", reference, "--json").json
    assert shown["data"]["subject"] == "Om ro"


def test_a_refused_form_is_kept_and_can_be_taken_up_again(world: World) -> None:
    reference = receive(world)
    environ = editor(world, """text = text.replace('subject = ""', 'subject = "Om ro"')""")

    refused = world.skede("advance", reference, "register", "--edit", as_="registrar", environ=environ)

    assert refused.code == 3
    kept = Path(next(line for line in refused.err.splitlines() if "finns kvar" in line).split("--data ")[1].rstrip(")"))
    assert 'subject = "Om ro"' in kept.read_text("utf-8")
    again = world.skede(
        "advance", reference, "register", "--data", str(kept), "-s", "secrecy=none", "--json", as_="registrar"
    )
    kept.unlink()
    assert again.json["target"] == "registered"


def test_an_untouched_form_does_nothing(world: World) -> None:
    done = world.skede("amend", world.call, "--edit", environ=editor(world, "pass"))

    assert (done.code, done.err) == (2, "skede: Formuläret lämnades orört; ingenting är gjort.\n")
    assert world.inline("show", world.call, "--json").json["revision"] == 2


def test_a_form_for_amending_changes_and_empties_fields(world: World) -> None:
    world.inline("amend", world.call, "-s", "goal=rad ett\nrad två", "-n", "x")
    environ = editor(
        world,
        """text = text.replace('note = ""', 'note = "städat"')
text = text.replace('goal = \"\"\"\\nrad ett\\nrad två\"\"\"', 'goal = ""')
text = text.replace('# max_project_months = ""', 'max_project_months = 24')""",
    )

    done = world.skede("amend", world.call, "--edit", "--json", environ=environ)

    assert done.code == 0, done.err
    data = world.inline("show", world.call, "--json").json["data"]
    assert "goal" not in data
    assert (data["max_project_months"], data["frame"]) == (24, "5000000.00")


def test_a_form_that_is_no_toml_any_more_is_kept(world: World) -> None:
    done = world.skede("amend", world.call, "--edit", environ=editor(world, "text = 'note = = 1'"))

    assert done.code == 2
    assert "är inte TOML" in done.err
    kept = Path(next(line for line in done.err.splitlines() if "finns kvar" in line).split("--data ")[1].rstrip(")"))
    assert kept.read_text("utf-8") == "note = = 1"
    kept.unlink()


def test_a_review_is_given_in_a_form_or_as_scores(places: Places, tmp_path: Path) -> None:
    home = places.copy("application.preparation", tmp_path / "home").home
    program = "text = text.replace('= \"\"', '= 3').replace('note = 3', 'note = \"läst\"')"
    (case,) = running.inline(home, "list", "application", "--state", "preparation", "--json").json

    by_form = running.skede(home, "review", case["reference"], "--edit", environ=editor_in(home, program))
    again = running.inline(home, "review", case["reference"], "-s", "early=5", "--json")
    too_high = running.inline(home, "review", case["reference"], *all_scores("6"), "--json")
    replaced = running.inline(home, "review", case["reference"], *all_scores("5"), "--json")

    assert by_form.code == 0, by_form.err
    assert "# Tidigt i ålder eller process\nearly" in (home / "seen.toml").read_text("utf-8")
    assert (again.code, again.codes) == (3, ["review_incomplete"])
    assert too_high.code == 2
    assert replaced.json["revision"] == case["revision"] + 2


def all_scores(score: str) -> list[str]:
    """The same score for every criterion of an application."""
    names = ("early", "new_ways", "learning", "needs", "delimited", "follow_up", "relevance", "potential",
             "feasibility", "actors")  # fmt: skip
    return [word for name in names for word in ("-s", f"{name}={score}")]
