"""Every command, option and argument explains itself, in both languages."""

import re
from collections.abc import Iterator

import click
import pytest

from docs.generator.commands import every_command
from engine.cli import texts
from engine.cli.help_page import argument_text, page, paragraphs, sentence
from engine.cli.main import cli
from engine.cli.options import Shell

ENGLISH = re.compile(
    r"\b(usage|options|arguments|commands|the|of|and|or|with|without|not|what|who|exit|needed|times|only)\b"
)
"""Words that a page in Swedish has none of, but for the names of options."""


def contexts(lang: str) -> Iterator[tuple[str, click.Context]]:
    """(path, context) of every command, as if it had been asked for its page."""
    for path, command in every_command():
        above = click.Context(cli, info_name="skede", obj=Shell(asked_lang=lang), **cli.context_settings)
        for group in path.split()[:-1]:
            above = click.Context(click.Group(group), parent=above, info_name=group)
        yield path, command.context_class(command, parent=above, info_name=path.split()[-1])


def sentences() -> Iterator[tuple[str, str]]:
    """(place, English sentence) of everything that help pages say of commands and options."""
    for path, ctx in contexts("en"):
        yield from ((path, paragraph) for paragraph in paragraphs(ctx.command) or [""])
        for param in ctx.command.get_params(ctx):
            if isinstance(param, click.Option) and not param.hidden:
                yield f"{path} {param.opts[-1]}", param.help or ""


def test_every_command_and_option_says_in_both_languages_what_it_does() -> None:
    swedish = texts.read(texts.TEXTS / "sv" / "help.toml")

    assert [place for place, english in sentences() if not swedish.get(english)] == []


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_every_argument_says_what_it_is(lang: str) -> None:
    silent = [
        f"{path} {param.name}" for path, ctx in contexts(lang) for param in ctx.command.params
        if isinstance(param, click.Argument) and not argument_text(param, ctx, lang)
    ]  # fmt: skip

    assert silent == []


def test_nothing_is_translated_that_no_page_says() -> None:
    pages = "\n".join(page(ctx) for _, ctx in contexts("en"))
    said = {english for _, english in sentences()} | set(re.findall("[A-Z]{2,}", pages))

    assert [key for key in texts.read(texts.TEXTS / "sv" / "help.toml") if key not in said] == []


def test_a_page_in_swedish_has_no_english() -> None:
    told = {path: re.sub("--[a-z-]+", "", page(ctx)).lower() for path, ctx in contexts("sv")}

    assert {path: words for path, text in told.items() if (words := ENGLISH.findall(text))} == {}


def test_a_sentence_without_a_translation_stays_english() -> None:
    assert sentence("Nobody has said this.", "sv") == "Nobody has said this."
