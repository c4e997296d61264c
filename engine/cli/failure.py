"""What an error looks like: one line, then the reasons, each with what mends it and who may; or the same as JSON."""

import os
import re
import sys
from collections.abc import Sequence
from typing import Any

import click
from msgspec.structs import replace

from engine.cli.again import again, another_turn, lacking, mending, ready, told_once
from engine.cli.options import PairType, Shell
from engine.cli.output import emit_json, say_beside
from engine.cli.texts import error_text, param_text, text
from engine.core.errors import EngineError, Refusal

_CLICK = {
    "usage_extra": re.compile(r"Got unexpected extra arguments? \((.*)\)"),
    "usage_no_such_value": re.compile(r"Option '(.*)' does not take a value"),
    "usage_no_part": re.compile("Missing command"),
    "usage_no_value": re.compile(r"Option '(.*)' requires an argument"),
    "usage_no_command": re.compile(r"No such command '(.*)'"),
}
"""Complaints that click tells in words alone."""

_MAIL_STATES = ("mail_not_in_state",)
"""Reasons whose `state` is one of a letter, not of a case."""

UNEXPECTED = 1
USAGE = 2


def report(error: BaseException, shell: Shell) -> int:
    """Say what went wrong, and return the exit code."""
    code, number, message, reasons = _parts(error, shell)
    if number == UNEXPECTED and not isinstance(error, EngineError) and os.environ.get("SKEDE_DEBUG") == "1":
        import traceback

        sys.stderr.write("".join(traceback.format_exception(error)))
    if shell.json:
        told = [reason_json(reason, shell.lang) for reason in reasons]
        emit_json({"error": {"code": code, "exit": number, "message": message, "reasons": told}})
        return number
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        sys.stderr.write(f"{error.format_message()}\n")
        return number
    say_beside(f"skede: {message}")
    _say_reasons(reasons, shell)
    return number


def _say_reasons(reasons: Sequence[Refusal], shell: Shell) -> None:
    """The reasons, each sentence once; and at the end the command as it would work, with all that it lacks."""
    whole, told = again(shell, reasons), set[str]()
    alone = whole is not None and len(reasons) == 1
    for reason in told_once(reasons):
        mend = mending(reason)
        fix = whole if alone else mend and ready(shell, mend, reason.who)
        if not alone and reason.fix and reason.fix.startswith("skede new "):
            fix = lacking(shell, [reason])[0] if lacking(shell, [reason]) else fix  # `new` does nothing by halves
        first, *rest = reason_lines(replace(reason, fix=fix), shell.lang)
        for line in () if first in told else (first, *rest):
            if reason.guard is None or not reason.waivable_by or line not in told:
                say_beside(line)
            told.add(line)
        if reason.code == "role_missing" and (turn := another_turn(shell, reason)):
            say_beside(f"    {text(turn[0], shell.lang, command=turn[1])}")
    if whole is not None and not alone:
        say_beside(f"  {text('next_together', shell.lang, command=whole)}")


def reason_text(reason: Refusal, lang: str) -> str:
    """A reason in a sentence, with titles where they are known and ids where not."""

    def called(name: str, value: Any) -> Any:
        titles = reason.titles.get(name, {})
        if isinstance(value, list | tuple):
            return [called(name, part) for part in value]
        if name == "state" and reason.code in _MAIL_STATES:
            return text(f"mail_{value}", lang)
        found = titles.get(value) if isinstance(value, str) else None
        return value if found is None else param_text(name, found, lang)

    return text(reason.code, lang, **{name: called(name, value) for name, value in reason.params.items()})


def reason_json(reason: Refusal, lang: str) -> dict[str, Any]:
    """A reason as scripts read it."""
    told: dict[str, Any] = {"code": reason.code, "text": reason_text(reason, lang)}
    if reason.params:
        told["params"] = dict(reason.params)
    for name in ("fix", "who", "guard", "waivable_by"):
        value = getattr(reason, name)
        if value:
            told[name] = list(value) if isinstance(value, tuple) else value
    return told


def reason_lines(reason: Refusal, lang: str) -> list[str]:
    """A reason as people read it: its text, the command that mends it, who may, who may waive it."""
    lines = [f"  - {reason_text(reason, lang)}"]
    if reason.fix and reason.code != "role_missing":
        lines.append(f"    {text('reason_fix', lang, command=reason.fix)}")
    if reason.who:
        lines.append(f"    {text('reason_who', lang, who=reason.who)}")
    if reason.waivable_by:
        lines.append(f"    {text('reason_waivable', lang, roles=reason.waivable_by, guard=reason.guard or '')}")
    return lines


def _parts(error: BaseException, shell: Shell) -> tuple[str, int, str, tuple[Refusal, ...]]:
    if isinstance(error, EngineError):
        return error.code, error.exit_code, error_text(error, shell.lang), error.reasons
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return "usage", USAGE, text("subcommand_missing", shell.lang, command=error.ctx.command_path), ()
    if isinstance(error, click.ClickException):
        return "usage", USAGE, _usage_message(error, shell.lang), ()
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return "unexpected", UNEXPECTED, text("unexpected", shell.lang, what=what), ()


def _usage_message(error: click.ClickException, lang: str) -> str:
    message = " ".join(_translated(error, lang).split())
    ctx = getattr(error, "ctx", None)
    if ctx is None:
        return message
    return f"{message} {text('usage_see', lang, command=ctx.command_path)}"


def _translated(error: click.ClickException, lang: str) -> str:
    """Click's complaints in the caller's language; click itself speaks English only."""
    match error:
        case click.MissingParameter():
            return _missing(error, lang)
        case click.NoSuchOption():
            told = text("usage_no_option", lang, name=error.option_name)
            return f"{told} {text('did_you_mean', lang, names=error.possibilities)}" if error.possibilities else told
        case click.BadParameter():
            return _bad_value(error, lang)
    message = error.format_message()
    for code, pattern in _CLICK.items():
        if found := pattern.match(message):
            return text(code, lang, what=" ".join(found.groups()))
    return message


def _missing(error: click.MissingParameter, lang: str) -> str:
    """What is missing: of an argument also how the line is written."""
    param, ctx = error.param, error.ctx
    if param is None or ctx is None:
        return text("usage_missing", lang, name=str(error.param_hint))
    name = _called(param, ctx, lang)
    if isinstance(param, click.Option):
        return text("usage_missing", lang, name=name)
    from engine.cli.help_page import metavar

    arguments = (p for p in ctx.command.params if isinstance(p, click.Argument) and (p.required or p is param))
    command = " ".join((ctx.command_path, *(metavar(p.make_metavar(ctx), lang) for p in arguments)))
    return text("usage_missing_argument", lang, what=name, command=command)


def _bad_value(error: click.BadParameter, lang: str) -> str:
    """A value that an option or argument does not take: what it takes instead."""
    param, ctx = error.param, error.ctx
    if param is None or ctx is None:
        return error.format_message()
    from engine.cli.help_page import at_least, metavar

    name = _called(param, ctx, lang)
    match param.type:
        case click.Choice():
            return text("usage_choice", lang, name=name, choices=list(param.type.choices))
        case click.types.IntParamType() | click.types.FloatParamType():
            whole = isinstance(param.type, click.types.IntParamType)
            least = at_least(param.type)
            return text("usage_number" if whole else "usage_decimal", lang, name=name, least=least and f" ({least})")
        case PairType():
            form = metavar(param.type.name, lang)
            return text("usage_value", lang, name=name, why=text("pair_malformed", lang, what=error.message, form=form))
        case click.Path():
            return text("usage_no_file", lang, name=name)
    return text("usage_value", lang, name=name, why=error.message)


def _called(param: click.Parameter, ctx: click.Context, lang: str) -> str:
    """An option by its longest name, and an argument by what it is."""
    if isinstance(param, click.Option):
        return max(param.opts, key=len)
    from engine.cli.help_page import argument_text, metavar

    return argument_text(param, ctx, lang) or metavar(param.make_metavar(ctx), lang)
