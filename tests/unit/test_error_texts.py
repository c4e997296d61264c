"""Errors tell in the reader's language what their English message says."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import engine
from engine.cli import texts
from engine.core import errors
from engine.core.definition import Field
from engine.core.errors import NotFound, UsageError, ValueMalformed
from engine.core.fields import parse_value

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOW = datetime(2021, 5, 6, 16, tzinfo=UTC)


def sentences_in(folder: Path) -> Iterator[tuple[str, str, frozenset[str]]]:
    """(place, sentence, parameters) of every error that the code gives a sentence by name."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and any(word.arg == "says" for word in node.keywords):
                says = next(word.value for word in node.keywords if word.arg == "says")
                names = frozenset(str(word.arg) for word in node.keywords)
                for constant in ast.walk(says):
                    if (
                        isinstance(constant, ast.Constant)
                        and constant.value
                        and isinstance(says, ast.Constant | ast.IfExp)
                    ):
                        yield f"{path.name}:{node.lineno}", f"says_{constant.value!s}", names


def test_every_error_that_names_a_sentence_has_one_that_asks_for_nothing_it_is_not_given() -> None:
    known = {code: sentence for _, code, sentence in texts.all_texts("sv")}

    faults = [
        f"{place}: {says}" for place, says, given in sentences_in(Path(engine.__file__).parent)
        if says not in known or texts.placeholders(known[says]) - given
    ]  # fmt: skip

    assert faults == []


def test_an_error_without_a_sentence_keeps_its_english() -> None:
    assert texts.error_text(UsageError("two of them"), "sv") == "two of them"


def test_an_error_without_words_of_its_own_has_those_of_its_class() -> None:
    assert texts.error_text(NotFound(), "sv") == "Det finns inget med det namnet här."


@pytest.mark.parametrize(
    ("type_", "raw", "told"),
    [
        ("money", "abc", "”abc” är inte ett belopp med högst två decimaler."),
        ("money", "1,250", "”1,250” kan läsas på två sätt: skriv 1250, eller två decimaler."),
        ("date", "i våras", "”i våras” är varken datum eller tid: skriv 2026-08-31, 2026-08-31T12:00 eller idag."),
        ("date", "2021-02-30", "Det finns ingen dag 2021-02-30: skriv datumet som 2026-08-31."),
        ("instant", "igår", "Här räknas klockslaget: skriv 2021-05-05T12:00, eller 2021-05-05T24:00 för dagens slut."),
        ("flag", "kanske", "”kanske” är varken ja eller nej."),
        ("choice", "brev", "”brev” går inte att välja. Välj bland post (Post), email (E-post)."),
        ("integer", "tre", "”tre” är inte ett heltal."),
    ],
)
def test_a_malformed_value_is_told_with_the_title_of_its_field(type_: str, raw: str, told: str) -> None:
    labels = {"post": {"sv": "Post", "en": "Mail"}, "email": {"sv": "E-post", "en": "E-mail"}}
    field = Field("sought", type_, {"sv": "Sökt", "en": "Sought"}, of=("post", "email"), labels=labels)  # type: ignore[arg-type]

    with pytest.raises(ValueMalformed) as raised:
        parse_value(field, raw, zone=STOCKHOLM, now=NOW)

    assert texts.error_text(raised.value, "sv").startswith(f"Sökt (sought): {told} Så här kan det se ut: ")
    assert str(raised.value).startswith("sought: ")


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_every_letter_has_a_name_for_listings(lang: str) -> None:
    folder = texts.TEXTS.parent / "mail" / lang
    templates = [path.stem for path in folder.glob("[a-z]*.md")]

    assert templates
    assert [name for name in templates if texts.letter_text(name, lang) == name] == []


def unsaid(folder: Path) -> Iterator[str]:
    """Where the code raises an error of ours with a message of its own and no sentence beside it."""
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds and node.args:
                told = any(word.arg in ("says", "reasons") for word in node.keywords)
                if isinstance(node.args[0], ast.Constant | ast.JoinedStr) and not told:
                    yield f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("layer", ["anchors", "cli", "readers"])
def test_what_people_hand_in_is_judged_in_both_languages(layer: str) -> None:
    definitions = "toml.py"  # read by whoever writes workflows, in the words of the language

    faults = [place for place in unsaid(Path(engine.__file__).parent / layer) if not place.startswith(definitions)]

    assert faults == []
