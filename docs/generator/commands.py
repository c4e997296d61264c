"""The page of the command line, from the commands themselves."""

from collections.abc import Iterator

import click

from docs.generator.markdown import code, page, table
from engine.cli.help_page import argument_text
from engine.cli.lazy import COMMANDS, SECTIONS, Entry, load
from engine.cli.main import cli

INTRO = """How to name a case, an event and a moment, and what the exit codes mean, is told in
[naming](naming.md) and [exit codes](exit-codes.md). Every command also takes the global options, before or after its
name."""

GLOBAL = [
    (
        "`--home DIR`",
        "The office's folder; else `SKEDE_HOME`, else the nearest folder upward that holds a `skede.toml`.",
    ),
    ("`--as LOGIN`", "Act as somebody else: in a sandbox anybody, in a real home only who may act for others."),
    ("`--lang sv|en`", "Language of labels, titles and letters shown."),
    ("`--json`", "One JSON value on stdout; listings of the log are JSON Lines."),
    ("`--quiet`", "The result only."),
    ("`--no-color`", "No colour; there is none anyway where stdout is not a terminal."),
    ("`--version`", "The version."),
    ("`-h`, `--help`", "The help page of a command."),
]


def _blocks() -> Iterator[str]:
    yield INTRO
    yield "## Global options"
    yield table(["option", "means"], GLOBAL)
    for (sv, en), entries in SECTIONS.items():
        yield f"## {en}"
        yield f"Svenska: {sv}"
        for name, entry in entries.items():
            yield from _command(name, entry)


def page_of_commands() -> str:
    """The whole page."""
    return page("Commands", *_blocks())


def every_command() -> Iterator[tuple[str, click.Command]]:
    """(name, command) of every command of this version and of every part of a group."""
    for name, entry in COMMANDS.items():
        if entry.target is not None:
            yield from _with_parts(name, load(name, entry))


def _with_parts(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if any(param.name == "anything" for param in command.params):
        return  # a part that comes with a later version
    yield name, command
    if isinstance(command, click.Group):
        for part, inner in command.commands.items():
            yield from _with_parts(f"{name} {part}", inner)


def _command(name: str, entry: Entry) -> Iterator[str]:
    yield f"### {name}"
    yield f"*{entry.en}* – {entry.sv}"
    if entry.target is None:
        yield "Comes with a later version."
        return
    for path, command in _with_parts(name, load(name, entry)):
        if path != name:
            yield f"#### {path}"
        yield from _body(path, command)


def _body(path: str, command: click.Command) -> Iterator[str]:
    context = click.Context(
        command, parent=click.Context(cli, info_name="skede", **cli.context_settings), info_name=path
    )
    yield f"    {command.get_usage(context).removeprefix('Usage: ')}"
    if command.help:
        yield command.help.replace("\b", "").strip()
    arguments = [_argument(param, context) for param in command.params if isinstance(param, click.Argument)]
    shown = [param for param in command.params if isinstance(param, click.Option) and not param.hidden]
    yield table(["argument or option", "means"], arguments + [_option(param) for param in shown])


def _argument(param: click.Argument, context: click.Context) -> tuple[str, str]:
    return code(param.make_metavar(context)), f"{argument_text(param, context, 'en')}."


def _option(param: click.Option) -> tuple[str, str]:
    names = ", ".join(code(f"{name}{_value(param)}") for name in param.opts)
    extra = [" Can be given several times."] if param.multiple else []
    if param.show_default and param.default is not None:
        extra.append(f" Else {code(str(param.default))}.")
    if param.required:
        extra.append(" Needed.")
    return names, (param.help or "") + "".join(extra)


def _value(param: click.Option) -> str:
    if param.is_flag:
        return ""
    if isinstance(param.type, click.Choice):
        return f" {'|'.join(str(choice) for choice in param.type.choices)}"
    return f" {param.metavar or param.type.name.upper()}"
