"""Organisations, people and users changed and taken away by the real command, and what is told of it in plain text."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running import Ran, add_party, office_of

Run = Callable[..., Ran]


@pytest.fixture
def admin(inline: Run) -> Run:
    """The command as the home's maker, its admin, in English."""

    def run(*args: str, **more: Any) -> Ran:
        return inline(*args, **{"as_": None, "lang": "en", **more})

    return run


def last_entry(home: Path) -> str:
    with office_of(home).store.read() as tx:
        return list(tx.log.entries("@office"))[-1].line


def test_an_organisation_changes_its_kind_and_number_and_ends(home: Path, inline: Run, admin: Run) -> None:
    inline("org", "add", "Närvård AB", "--kind", "ngo", "--number", "556000-0001")

    edited = inline("org", "edit", "närvård ab", "--kind", "region", "--number", "", lang="en")
    shown = inline("org", "show", "o:1", lang="en")
    assert edited.out == "o:1 Närvård AB is changed.\n"
    assert ("556000" in shown.out, "Kind: region" in shown.out) == (False, True)
    assert '"number"' not in last_entry(home)

    removed = inline("org", "remove", "Närvård AB", "-n", "såld", lang="en")
    assert removed.out == "o:1 Närvård AB has ended on 2021-03-01.\n"
    assert "Närvård" not in inline("org", "list").out
    assert "Närvård" in inline("org", "list", "--ended").out


def test_a_person_changes_address_and_lists_and_ends(inline: Run) -> None:
    inline("org", "add", "Ale kommun", "--kind", "municipality")
    inline("person", "add", "Kim Dahl", "--email", "kim@ale.example")

    edited = inline(
        "person", "edit", "Kim Dahl", "--name", "Kim Dahlin", "--email", "kd@ale.example", "--org", "Ale kommun",
        "--list", "subscribers", lang="en",
    )  # fmt: skip
    told = inline("person", "show", "Kim Dahlin", "--json").json
    inline("person", "edit", "Kim Dahlin", "--off-list", "subscribers")
    left = inline("person", "show", "Kim Dahlin", "--json").json

    assert edited.out == f"{told['id']} Kim Dahlin is changed.\n"
    assert (told["email"], told["lists"], left["lists"]) == ("kd@ale.example", ["subscribers"], [])
    assert "Ale kommun" in inline("person", "show", "Kim Dahlin").out
    assert "kd@ale.example" in inline("org", "show", "Ale kommun").out
    assert "has ended" in inline("person", "remove", "Kim Dahlin", "-n", "slutat", lang="en").out
    assert inline("person", "show", "Kim Dahlin").code == 5


def test_a_login_changes_its_name_and_ends(admin: Run, inline: Run) -> None:
    admin("user", "add", "eva", "--name", "Eva Ek", "--email", "eva@region.example")
    admin("user", "grant", "eva", "officer", "-n", "börjar", "--from", "2021-02-01", "--to", "2021-12-31")

    shown = admin("user", "show", "eva")
    renamed = admin("user", "edit", "eva", "--login", "eva.ek")
    gone = admin("user", "remove", "eva.ek", "-n", "slutat")

    assert "officer  2021-02-01–2021-12-31  börjar" in shown.out
    assert renamed.out == "The login eva.ek is changed (Eva Ek).\n"
    assert gone.out == "The login eva.ek is nobody's any more.\n"
    assert inline("list", as_="eva.ek").code == 3
    assert "eva.ek" in admin("user", "list", "--ended").out


@pytest.mark.parametrize("words", [
    ("org", "edit", "Ale"), ("person", "edit", "Åsa Öberg"), ("user", "edit", "officer"), ("user", "add", "eva"),
    ("user", "add", "eva", "--name", "Eva", "--person", "Åsa Öberg"),
], ids=" ".join)  # fmt: skip
def test_a_change_of_nothing_says_what_can_be_given(admin: Run, words: tuple[str, ...]) -> None:
    ran = admin(*words)

    assert ran.code == 2
    assert "--" in ran.err


@pytest.mark.parametrize("words", [
    ("user", "show", "nobody"), ("user", "revoke", "head", "archivist", "-n", "x"), ("org", "show", "Ingen AB"),
    ("person", "remove", "Ingen", "-n", "x"),
], ids=" ".join)  # fmt: skip
def test_who_is_not_there_is_not_changed(home: Path, admin: Run, words: tuple[str, ...]) -> None:
    before = last_entry(home)

    ran = admin(*words)

    assert ran.code == 5
    assert last_entry(home) == before


def test_a_successor_is_told_of_in_sentences(home: Path, inline: Run, admin: Run) -> None:
    add_party(home, "Ale kommun", "municipality", "Åsa Öberg", "asa@ale.example")
    reference = inline(
        "new", "application", "--event", "contact", "--title", "Idé", "--party", "owner=Ale kommun:Åsa Öberg",
        "-s", "contact=Åsa", "-s", "idea_text=En idé", "-n", "ringde",
    ).out.strip()  # fmt: skip
    inline("person", "add", "Kim Dahl", "--email", "kim@ale.example", "--org", "Ale kommun")
    admin("user", "add", "asa", "--person", "Åsa Öberg")

    dry = inline("person", "replace", "Åsa Öberg", "Kim Dahl", "-n", "pension", "--dry-run", lang="en")
    done = inline("person", "replace", "Åsa Öberg", "Kim Dahl", "-n", "pension", lang="en")
    listed = inline("person", "show", "Kim Dahl", lang="en")

    assert (dry.code, done.code) == (0, 0)
    for ran in (dry, done):
        assert f"  {reference}  Idé  (contact (project owner), " in ran.out
        assert ran.err == "Åsa Öberg still has the login asa.\n"
    assert reference in listed.out
