"""`skede help WORD`: what a word of the programme or of the product means, in Swedish and English."""

from collections.abc import Iterable, Mapping
from typing import Any

import click
from msgspec import Struct

from engine.cli.lazy import COMMANDS
from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, safe_lines, say
from engine.core.definition import Definition
from engine.core.errors import EngineError, NotFound


class Meaning(Struct, frozen=True):
    """One meaning of a word: what it is called in both languages, and what it is."""

    sv: str
    en: str
    means: str


@click.command()
@click.argument("word", nargs=-1)
@click.pass_context
@pass_shell
def help_(shell: Shell, ctx: click.Context, word: tuple[str, ...]) -> None:
    """Explain WORD: a term, an event, a state or a command. Without WORD: the help page."""
    root = ctx.find_root()
    if not word:
        click.echo(root.get_help())
        return
    wanted = " ".join(word)
    found = explain(wanted, shell.lang, _definitions(shell))
    if not found:
        raise NotFound(shell.text("word_unknown", word=wanted))
    if shell.json:
        emit_json([{"sv": meaning.sv, "en": meaning.en, "means": meaning.means} for meaning in found])
        return
    for meaning in found:
        say(f"{meaning.sv} – {meaning.en}")
        for line in safe_lines(meaning.means):
            say(f"  {line}")


def _definitions(shell: Shell) -> list[Definition]:
    """The workflows in force in the home; those that ship where there is no home."""
    from engine.cli.session import open_session

    try:
        office = open_session(shell, read_only=True).office
    except EngineError:
        from engine.bootstrap.plugins import shipped
        from engine.core.build import build

        return [built for raw, _ in shipped().values() if (built := build(raw)[0]) is not None]
    with office.store.read() as tx:
        today = office.calendar.day(tx.now)
        names = sorted({row.name for row in tx.definitions.all()})
        return [office.catalog.current(tx, name, today).definition for name in names]


def explain(word: str, lang: str, definitions: Iterable[Definition] = ()) -> list[Meaning]:
    """Every meaning of a word, whole words first, then those that hold it.

    Args:
        word: A word in either language, or an id.
        lang: Language of the explanations.
        definitions: Workflows whose events and states are asked too.
    """
    wanted = word.strip().casefold()
    meanings = [*_commands(lang), *_glossary(lang), *(m for d in definitions for m in _of_definition(d, lang))]
    exact = [meaning for names, meaning in meanings if wanted in names]
    return exact or [meaning for names, meaning in meanings if any(wanted in name for name in names)]


def _names(*names: str) -> tuple[str, ...]:
    return tuple(name.casefold() for name in names)


def _commands(lang: str) -> Iterable[tuple[tuple[str, ...], Meaning]]:
    from engine.cli.texts import text

    for name, entry in COMMANDS.items():
        means = f"{entry.sv if lang == 'sv' else entry.en}\n{text('word_command', lang, command=name)}"
        yield (name,), Meaning(f"skede {name}", f"skede {name}", means)


def _glossary(lang: str) -> Iterable[tuple[tuple[str, ...], Meaning]]:
    from engine.cli.texts import TEXTS, read

    terms: dict[str, Mapping[str, Any]] = {each: read(TEXTS / each / "glossary.toml") for each in ("sv", "en")}
    for key, told in terms[lang].items():
        sv, en = terms["sv"][key]["term"], terms["en"][key]["term"]
        yield _names(key, sv, en), Meaning(sv, en, told.get("means", ""))


def _of_definition(definition: Definition, lang: str) -> Iterable[tuple[tuple[str, ...], Meaning]]:
    from engine.cli.texts import text

    workflow = definition.title[lang]
    for name, state in definition.states.items():
        means = text("word_state", lang, workflow=workflow)
        yield _names(name, *state.title.values()), Meaning(state.title["sv"], state.title["en"], means)
    for event, edge in {edge.event: edge for edge in reversed(definition.transitions)}.items():
        means = text("word_event", lang, workflow=workflow)
        means = f"{means}\n{edge.help[lang]}" if edge.help else means
        yield _names(event, *edge.title.values()), Meaning(edge.title["sv"], edge.title["en"], means)
