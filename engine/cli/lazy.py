"""The list of commands: every name, where its code lives, and one line about it, without importing any of them.

Importing a command's module only when it is called is what keeps `skede --help` and `skede show` near the
speed of a bare Python (docs/decisions/0004).
"""

import importlib
from typing import Any, cast

import click
from click.shell_completion import CompletionItem
from msgspec import Struct

from engine.cli.options import Shell, add_global_options, shell_of
from engine.core.errors import UsageError


class Entry(Struct, frozen=True):
    """One command.

    Attributes:
        target: `module:function` under `engine.cli`, or None where the command comes with a later version.
        sv: What it does, in one line; `en` the same in English.
    """

    target: str | None
    sv: str
    en: str


SECTIONS: dict[tuple[str, str], dict[str, Entry]] = {
    ("Börja", "Start"): {
        "init": Entry("home:init", "gör ett hem för kontoret", "make a home for the office"),
        "demo": Entry("demo:demo", "bygg ett övningshem av verkliga utlysningar", "build a sandbox from real calls"),
        "tour": Entry(None, "en kvarts rundtur i övningshemmet", "fifteen minutes in the demo home"),
        "doctor": Entry("home:doctor", "undersök hemmet: vad är fel, vad hjälper", "examine the home, say what helps"),
    },
    ("Se", "Look"): {
        "status": Entry("home:status", "kontoret i en blick", "the office at a glance"),
        "today": Entry("home:today", "mitt: försenat, denna vecka, väntar", "mine: overdue, this week, waiting"),
        "list": Entry("listing:list_", "öppna ärenden", "open cases"),
        "show": Entry("case:show", "ett ärende", "one case"),
        "next": Entry("case:next_", "vad som kan göras nu och vad som fattas", "what can be done, what is missing"),
        "tree": Entry("listing:tree", "ärendets familj", "the family of a case"),
        "log": Entry("log:log", "övergångsloggen", "the transition log"),
        "help": Entry("help_words:help_", "vad ord betyder, på två språk", "what words mean, in two languages"),
    },
    ("Handlägg", "Act"): {
        "new": Entry("case:new", "öppna ett ärende", "open a case"),
        "advance": Entry("case:advance", "för ett ärende vidare med en händelse", "fire an event on a case"),
        "bulk": Entry("bulk:bulk", "många händelser från en CSV-fil", "many events from a CSV file"),
        "amend": Entry("change:amend", "ändra fält utan att flytta ärendet", "change fields without moving the case"),
        "note": Entry("change:note", "skriv en anteckning i loggen", "write a note into the log"),
        "assign": Entry("change:assign", "ge ärendet till en handläggare", "give the case to somebody"),
        "recuse": Entry("change:recuse", "anmäl jäv", "record a conflict of interest"),
        "review": Entry("change:review", "ge poäng i bedömningen", "give review scores"),
        "attach": Entry("papers:attach", "lägg en handling i ärendet", "file a document"),
        "sign": Entry("papers:sign", "anteckna en underskrift", "record a signature"),
        "correct": Entry("change:correct", "rätta en post, ta tillbaka den sista", "correct an entry, undo the last"),
        "party": Entry("change:party", "ärendets parter över tid", "the parties of a case over time"),
        "deadline": Entry("deadline:deadline", "frister: förläng, efterge", "deadlines: why, extend, waive"),
        "clock-stop": Entry("change:clock_stop", "stanna ärendets klocka", "stop the clock of a case"),
        "clock-start": Entry("change:clock_start", "starta ärendets klocka igen", "start it again"),
        "mail": Entry("mail:mail", "utkorgen", "the outbox"),
    },
    ("Lämna ut", "Hand over"): {
        "audit": Entry("audit:audit", "loggen som bevis: pröva, försegla", "the log as evidence: verify, seal, prove"),
        "export": Entry("export:export", "tabeller, loggar och kalendrar", "tables, logs and calendars"),
        "print": Entry(None, "handlingar på papper", "papers for people"),
        "disclose": Entry(None, "lämna ut allmän handling", "answer a public document request"),
    },
    ("Driv", "Run"): {
        "tick": Entry("clock:tick", "gör allt som ska göras nu, en gång", "do everything that is due now, once"),
        "run": Entry("clock:run", "samma sak för alltid", "the same for ever"),
        "clock": Entry("clock:clock", "övningshemmets klocka", "the sandbox's clock"),
        "workflow": Entry("workflow:workflow", "arbetsflödenas definitioner", "definitions"),
        "org": Entry("people:org", "organisationer", "organisations"),
        "person": Entry("people:person", "personer", "people"),
        "user": Entry("people:user", "användare och deras roller", "users and their roles"),
        "import": Entry("imports:import_", "ta in ärenden från annat håll", "bring cases in from elsewhere"),
        "db": Entry("db:db", "databasens schema och kopior", "schema and copies of the database"),
        "completion": Entry("completion:completion", "komplettering för skalet", "shell completion"),
    },
}  # fmt: skip

COMMANDS: dict[str, Entry] = {name: entry for section in SECTIONS.values() for name, entry in section.items()}

LATER_PARTS: dict[str, tuple[str, ...]] = {
    "export": ("xlsx", "archive", "diary"),
    "workflow": ("migrate", "diff"),
    "db": ("copy",),
}
"""Parts of groups that are in the contract but not in this version; a group that has one of its own keeps its own."""


def later_command(name: str, path: str) -> click.Command:
    """A command that takes anything and says that it comes with a later version (exit 2)."""

    @click.command(name, context_settings={"ignore_unknown_options": True}, add_help_option=False, hidden=True)
    @click.argument("anything", nargs=-1, type=click.UNPROCESSED)
    @click.pass_context
    def later(ctx: click.Context, anything: tuple[str, ...]) -> None:
        raise UsageError(shell_of(ctx).text("comes_later", command=path))

    return later


def load(name: str, entry: Entry) -> click.Command:
    """Import the command; one whose module this version does not have explains itself when it is called."""
    if entry.target is None:
        return later_command(name, name)
    module_name, function = entry.target.split(":")
    full_name = f"engine.cli.{module_name}"
    try:
        module = importlib.import_module(full_name)
    except ModuleNotFoundError as error:
        if error.name != full_name:
            raise
        return later_command(name, name)
    command = getattr(module, function, None)
    if command is None:
        return later_command(name, name)
    return _completed(name, cast(click.Command, command))


def _completed(name: str, command: click.Command) -> click.Command:
    if isinstance(command, click.Group):
        for part in LATER_PARTS.get(name, ()):
            if part not in command.commands:
                command.add_command(later_command(part, f"{name} {part}"))
    _prepare(command)
    return command


def _prepare(command: click.Command) -> None:
    """Give a command, and all parts of a group, the global options and a help page in the reader's language."""
    command.context_class = Reading
    add_global_options(command)
    for part in command.commands.values() if isinstance(command, click.Group) else ():
        _prepare(part)


class Reading(click.Context):
    """The context of a command whose help page is in the reader's language."""

    def get_help(self) -> str:
        """The page, made by a module that no other command needs."""
        from engine.cli.help_page import page

        return page(self)


class LazyGroup(click.Group):
    """The root command: knows all names, loads one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, its module imported now."""
        if cmd_name not in self.commands and cmd_name in COMMANDS:
            self.add_command(load(cmd_name, COMMANDS[cmd_name]), cmd_name)
        return self.commands.get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, but an unknown name is answered with the nearest ones."""
        name = args[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        near = get_close_matches(name, COMMANDS, n=3)
        message = shell_of(ctx).text("unknown_command", command=name)
        if near:
            message += " " + shell_of(ctx).text("did_you_mean", names=near)
        raise click.UsageError(message, ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names and their help from the table: nothing is imported for a press of the tab key."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        lang = shell_of(ctx).lang
        return [
            CompletionItem(name, help=getattr(entry, lang))
            for name, entry in COMMANDS.items()
            if name.startswith(incomplete)
        ]

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help page in the reader's language."""
        shell = shell_of(ctx)
        lang = shell.lang
        formatter.write_usage("skede", _WORDS["usage"][lang], f"{_WORDS['usage_word'][lang]}: ")
        formatter.write_paragraph()
        formatter.write_text(_WORDS["about"][lang])
        for titles, entries in SECTIONS.items():
            with formatter.section(titles[lang == "en"]):
                formatter.write_dl([(name, _line(entry, shell)) for name, entry in entries.items()])
        with formatter.section(_WORDS["options"][lang]):
            formatter.write_dl(
                [(param.opts[0] + _metavar(param, lang), _OPTION_HELP[param.opts[0]][lang]) for param in self._shown()]
            )
        formatter.write_paragraph()
        formatter.write_text(_WORDS["more"][lang])

    def _shown(self) -> list[click.Parameter]:
        return [param for param in self.params if param.opts[0] in _OPTION_HELP]


@click.pass_context
def bare(ctx: click.Context) -> Any:
    """What `skede` alone does: `status` inside a home, the help page outside."""
    if ctx.invoked_subcommand is not None:
        return None
    group = cast(LazyGroup, ctx.command)
    command = group.get_command(ctx, "status") if shell_of(ctx).settings.home else None
    if command is None:
        click.echo(ctx.get_help())
        return None
    with command.make_context("status", [], parent=ctx) as inner:
        return command.invoke(inner)


def _line(entry: Entry, shell: Shell) -> str:
    line: str = getattr(entry, shell.lang)
    return line if entry.target else f"{line} ({_WORDS['later'][shell.lang]})"


def _metavar(param: click.Parameter, lang: str) -> str:
    if isinstance(param, click.Option) and param.is_flag:
        return ""
    return f" {_METAVARS.get(str(param.metavar), {}).get(lang, param.metavar)}"


_WORDS = {
    "usage_word": {"sv": "Användning", "en": "Usage"},
    "usage": {"sv": "[VAL] KOMMANDO [ARGUMENT]…", "en": "[OPTIONS] COMMAND [ARGS]…"},
    "about": {
        "sv": "Skede handlägger ärenden efter tillståndsmaskiner, med frister, brev och en logg som är bevis.",
        "en": "Skede handles cases by state machines, with deadlines, mail and a log that is evidence.",
    },
    "options": {"sv": "Val, före eller efter kommandot", "en": "Options, before or after the command"},
    "later": {"sv": "kommer senare", "en": "comes later"},
    "more": {
        "sv": "Mer om ett kommando: skede KOMMANDO --help. Ord och begrepp: skede help ORD.",
        "en": "More about a command: skede COMMAND --help. Words and terms: skede help WORD.",
    },
}

_METAVARS = {"DIR": {"sv": "MAPP"}}

_OPTION_HELP = {
    "--home": {"sv": "kontorets mapp", "en": "the office's folder"},
    "--as": {"sv": "handla som någon annan", "en": "act as somebody else"},
    "--lang": {"sv": "språk", "en": "language"},
    "--json": {"sv": "ett JSON-värde på stdout", "en": "one JSON value on stdout"},
    "--quiet": {"sv": "bara resultatet", "en": "the result only"},
    "--no-color": {"sv": "utan färg", "en": "no colour"},
    "--version": {"sv": "visa versionen", "en": "show the version"},
}
