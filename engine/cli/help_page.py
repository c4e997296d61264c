"""The help page of one command, in the reader's language.

The English of options and commands stands where they are declared; `templates/texts/sv/help.toml` has the Swedish of
each sentence, by the sentence itself, so that a sentence that is changed is missed there and not told wrongly. It is
read when a page is printed and at no other time.
"""

import inspect
import re
from typing import Any

import click

from engine.cli.options import shell_of
from engine.cli.texts import TEXTS, has_text, read, text

_WORD = re.compile(r"[A-Z]{2,}")
_NO_NAME = re.compile("[^a-z]+")


def page(ctx: click.Context) -> str:
    """The page, without a newline at its end."""
    lang, command = shell_of(ctx).lang, ctx.command
    formatter = ctx.make_formatter()
    pieces = " ".join(metavar(piece, lang) for piece in command.collect_usage_pieces(ctx))
    formatter.write_usage(ctx.command_path, pieces, f"{text('help_usage', lang)}: ")
    for paragraph in paragraphs(command):
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(sentence(paragraph, lang))
    shown = [param for param in command.get_params(ctx) if not getattr(param, "hidden", False)]
    _section(formatter, "help_arguments", lang, [_argument(p, ctx) for p in shown if isinstance(p, click.Argument)])
    _section(formatter, "help_options", lang, [_option(p, ctx) for p in shown if isinstance(p, click.Option)])
    _section(formatter, "help_commands", lang, _parts(ctx))
    return formatter.getvalue().rstrip("\n")


def paragraphs(command: click.Command) -> list[str]:
    """What a command is about, in English, each paragraph on one line; none if it says nothing."""
    told = inspect.cleandoc(command.help or "").split("\n\n")
    return [" ".join(paragraph.split()) for paragraph in told if paragraph.strip()]


def sentence(english: str, lang: str) -> str:
    """A sentence of the help in a language; the English one where there is no other."""
    return english if lang == "en" else str(read(TEXTS / lang / "help.toml").get(english, english))


def metavar(placeholder: str, lang: str) -> str:
    """What stands for a value, `[WORKFLOW]` or `FILE.csv`, with its words in the language."""
    return _WORD.sub(lambda word: sentence(word[0], lang), placeholder)


def argument_text(param: click.Parameter, ctx: click.Context, lang: str) -> str | None:
    """What an argument is, in a few words: of this command, else of whatever is called so; None if there are none."""
    name = _NO_NAME.sub("_", param.make_metavar(ctx).lower()).strip("_")
    path = _NO_NAME.sub("_", " ".join(ctx.command_path.split()[1:]))
    return next((text(code, lang) for code in (f"arg_{path}_{name}", f"arg_{name}") if has_text(code, lang)), None)


def _section(formatter: click.HelpFormatter, title: str, lang: str, rows: list[tuple[str, str]]) -> None:
    if rows:
        with formatter.section(text(title, lang)):
            formatter.write_dl(rows)


def _argument(param: click.Argument, ctx: click.Context) -> tuple[str, str]:
    lang = shell_of(ctx).lang
    told = argument_text(param, ctx, lang) or ""
    return metavar(param.make_metavar(ctx), lang), f"{told}." if told else ""


def _option(param: click.Option, ctx: click.Context) -> tuple[str, str]:
    lang = shell_of(ctx).lang
    names = ", ".join(param.opts)
    if not param.is_flag:
        names += f" {metavar(param.make_metavar(ctx), lang)}"
    extra = param.get_help_extra(ctx)
    more = [text("help_needed", lang)] if param.required else []
    more += [text("help_default", lang, default=extra["default"])] if "default" in extra else []
    more += [least] if (least := at_least(param.type)) else []
    more += [text("help_several", lang)] if param.multiple else []
    told = sentence(param.help or "", lang)
    return names, f"{told}  [{'; '.join(more)}]" if more else told


def at_least(type_: click.ParamType[Any]) -> str:
    """The least number that a type takes, as a sign and a number; empty where it takes any."""
    least = type_.min if isinstance(type_, click.IntRange | click.FloatRange) else None
    return "" if least is None else f"≥ {least}"


def _parts(ctx: click.Context) -> list[tuple[str, str]]:
    """The commands of a group, each with the first sentence of its page."""
    group, lang = ctx.command, shell_of(ctx).lang
    if not isinstance(group, click.Group):
        return []
    parts = [(name, group.get_command(ctx, name)) for name in group.list_commands(ctx)]
    return [
        (name, sentence(paragraphs(part)[0], lang) if paragraphs(part) else "")
        for name, part in parts
        if part is not None and not part.hidden
    ]
