"""What an error looks like: one line, then the reasons, each with what mends it and who may; or the same as JSON."""

import os
import re
import sys
from collections.abc import Sequence
from typing import Any

import click
from msgspec.structs import replace

from engine.cli.again import again, lacking, ready
from engine.cli.options import Shell
from engine.cli.output import emit_json, say_beside
from engine.cli.texts import error_text, has_text, param_text, text
from engine.core.errors import EngineError, Refusal

_CLICK = {
    "usage_extra": re.compile(r"Got unexpected extra arguments? \((.*)\)"),
    "usage_no_value": re.compile(r"Option '(.*)' requires an argument"),
    "usage_no_command": re.compile(r"No such command '(.*)'"),
}
"""Complaints that click tells in words alone."""

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
    for reason in reasons:
        fix = whole if alone else reason.fix and ready(shell, reason.fix, reason.who)
        if whole is not None and not alone and reason.fix and reason.fix.startswith("skede new "):
            fix = lacking(shell, [reason])[0] if lacking(shell, [reason]) else fix  # `new` does nothing by halves
        first, *rest = reason_lines(replace(reason, fix=fix), shell.lang)
        for line in () if first in told else (first, *rest):
            say_beside(line)
        told.add(first)
    if whole is not None and not alone:
        say_beside(f"  {text('next_together', shell.lang, command=whole)}")


def reason_text(reason: Refusal, lang: str) -> str:
    """A reason in a sentence, with titles where they are known and ids where not."""

    def called(name: str, value: Any) -> Any:
        titles = reason.titles.get(name, {})
        if isinstance(value, list | tuple):
            return [called(name, part) for part in value]
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
    """Click's commonest complaints in the caller's language; click itself speaks English only."""
    match error:
        case click.MissingParameter():
            told = _missing_argument(error, lang)
            if told:
                return told
            hint = error.param.get_error_hint(error.ctx) if error.param and error.ctx else str(error.param_hint)
            return text("usage_missing", lang, name=hint)
        case click.NoSuchOption():
            told = text("usage_no_option", lang, name=error.option_name)
            return f"{told} {text('did_you_mean', lang, names=error.possibilities)}" if error.possibilities else told
        case click.BadParameter():
            return _bad_value(error, lang)
    message = error.format_message()
    for code, pattern in _CLICK.items():
        if found := pattern.match(message):
            return text(code, lang, what=found[1])
    return message


def _missing_argument(error: click.MissingParameter, lang: str) -> str | None:
    """What an argument is, in words, and how the line is written; None for options and what has no words."""
    param, ctx = error.param, error.ctx
    if not isinstance(param, click.Argument) or ctx is None:
        return None
    metavar = param.make_metavar(ctx)
    what = "arg_" + re.sub("[^a-z]+", "_", metavar.lower()).strip("_")
    if not has_text(what, lang):
        return None
    words = [p.make_metavar(ctx) for p in ctx.command.params if isinstance(p, click.Argument) and p.required]
    command = " ".join((ctx.command_path, *words))
    return text("usage_missing_argument", lang, what=text(what, lang), command=command)


def _bad_value(error: click.BadParameter, lang: str) -> str:
    """A value that an option or argument does not take: what it takes instead, as far as click says it."""
    param, ctx = error.param, error.ctx
    if param is None or ctx is None:
        return error.format_message()
    name = param.get_error_hint(ctx)
    match param.type:
        case click.Choice():
            return text("usage_choice", lang, name=name, choices=list(param.type.choices))
        case click.types.IntParamType() | click.IntRange():
            return text("usage_number", lang, name=name)
    return error.format_message()
