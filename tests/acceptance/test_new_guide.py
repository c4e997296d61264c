"""The guided form of `new` at a real terminal, and its form in an editor."""

import pytest
import running
from cases import World
from test_case_guide import editor

pytestmark = pytest.mark.acceptance


def test_a_person_is_led_from_nothing_to_a_case(world: World) -> None:
    typed = ["1", "2", "Läsning i parken", "Okänd kommun", "Kungälvs kommun", "Eva Ek", "", world.call,
             "2021-03-01T09:30", "poststämpel", "brev", "post", "Kungälvs kommun", str(world.paper), "j"]  # fmt: skip

    done = running.on_terminal(world.home, "new", typed=typed, as_="registrar")

    assert done.code == 0, done.out
    for part in ("Ansökan", "Ta emot ansökan", "Vad ska ärendet heta", "Det finns ingen organisation Okänd kommun",
                 f"{world.call}  Utlysning 2021  ", "”brev” går inte att välja", "Så här blir det:"):  # fmt: skip
        assert part in done.out, (part, done.out)
    shown = world.inline("show", "SIM-2021-0001", "--json").json
    assert (shown["title"], shown["data"]["channel"]) == ("Läsning i parken", "post")
    assert [(p["role"], p["organisation"]) for p in shown["parties"]] == [("owner", "Kungälvs kommun")]


def test_a_no_opens_nothing(world: World) -> None:
    typed = ["1", "Idé i farten", "", "", world.call, "Eva Ek", "Läsa högt", "en anteckning", "n", "n"]

    done = running.on_terminal(world.home, "new", "application", "-n", "Hon ringde", typed=typed, as_="officer")

    assert "Ingenting är gjort." in done.out, done.out
    assert (done.code, world.inline("list", "application", "--json").json) == (0, [])


def test_an_empty_choice_ends_without_a_word_of_blame(world: World) -> None:
    done = running.on_terminal(world.home, "new", typed=[""], as_="officer")

    assert (done.code, world.inline("list", "application", "--json").json) == (0, [])


def test_a_title_given_on_the_line_leaves_out_the_guide(world: World) -> None:
    done = running.on_terminal(world.home, "new", "call", "--title", "Utlysning 2022", typed=[], as_="officer")

    assert done.code == 3
    assert 'allt på en gång: skede --as officer new call --title "Utlysning 2022" -s ' in done.out


def test_without_a_terminal_the_line_that_works_is_told(world: World) -> None:
    done = world.skede("new", "call")
    as_json = world.skede("new", "--json")

    assert (done.code, as_json.code) == (2, 2)
    assert 'skede new call --title "…"' in done.err
    assert "skede workflow list" in as_json.json["error"]["message"]


def test_a_form_opens_a_case_and_a_refused_one_is_kept(world: World) -> None:
    environ = editor(world, """text = text.replace('body = ""', 'body = "RUN"')""")

    refused = world.skede("new", "call", "--title", "Utlysning 2022", "--edit", environ=environ)

    form = (world.home / "seen.toml").read_text("utf-8")
    assert refused.code == 3
    assert "# Utlysning: Utlysning 2022" in form
    assert form.count("är tomt och behövs.") == 2
    kept = next(line for line in refused.err.splitlines() if "finns kvar" in line).split("--data ")[1].rstrip(")")
    again = world.skede(
        "new", "call", "--title", "Utlysning 2022", "--data", kept, "-s", "opens_at=2022-03-01", "--json"
    )
    assert (again.code, again.json["data"]["body"]) == (0, "RUN")


def test_a_form_that_is_filled_in_opens_the_case(world: World) -> None:
    environ = editor(
        world,
        """text = text.replace('body = ""', 'body = "RUN"').replace('opens_at = ""', 'opens_at = "2022-03-01"')""",
    )

    done = world.skede("new", "call", "--title", "Utlysning 2022", "--edit", environ=environ)

    assert (done.code, done.out.strip()) == (0, "U-2021-002"), done.err


def test_a_form_needs_a_title_first(world: World) -> None:
    done = world.skede("new", "call", "--edit")

    assert done.code == 2
    assert "--title" in done.err
