"""Where the command `skede` begins and ends: run one command, turn whatever happens into an exit code.

`main` never raises, so that tests and other programs can call it in their own process.
"""

import errno
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from engine.cli.lazy import LazyGroup, bare
from engine.cli.options import Shell, global_options
from engine.core.errors import EngineError, UsageError
from engine.readers.given import SECRETS

INTERRUPTED = 130
BROKEN_PIPE = 141
TERMINATED = 143

cli = LazyGroup(
    "skede",
    params=list[click.Parameter](global_options(hidden=False)),
    callback=bare,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Terminated(BaseException):
    """SIGTERM came; what is open is rolled back on the way out."""


def entry() -> NoReturn:
    """The console script."""
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    instruction = os.environ.get("_SKEDE_COMPLETE")
    if instruction:
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(cli, {}, "skede", "_SKEDE_COMPLETE", instruction))
    sys.exit(main())


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The words after `skede`; those of this process if None.

    Returns:
        The exit code (the table of docs/reference/exit-codes.md).
    """
    args = list(sys.argv[1:] if argv is None else argv)
    shell = Shell.guess(args)
    shell.words = tuple(args)
    try:
        code = _run(args, shell)
        sys.stdout.flush()
    except BaseException as error:
        return _exit_code(error, shell)
    return code


def _run(args: list[str], shell: Shell) -> int:
    _refuse_bytes(args, shell)
    SECRETS.set(lambda: _secrets(shell))
    with cli.make_context("skede", args, obj=shell) as ctx:
        result = cli.invoke(ctx)
    return result if isinstance(result, int) and not isinstance(result, bool) else 0


def _secrets(shell: Shell) -> Iterable[Path]:
    from engine.cli.given_file import home_secrets

    return home_secrets(shell)


def _refuse_bytes(args: list[str], shell: Shell) -> None:
    """Python hands on what is not UTF-8 as lone surrogates; no log, no database and no mail could take them."""
    for arg in args:
        if not arg.isascii() and any("\ud800" <= character <= "\udfff" for character in arg):
            raise UsageError(shell.text("argument_not_text", what=arg))


def _exit_code(error: BaseException, shell: Shell) -> int:
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case SystemExit():
            return error.code if isinstance(error.code, int) else int(error.code is not None)
        case KeyboardInterrupt() | click.Abort():
            return INTERRUPTED
        case Terminated():
            return TERMINATED
        case OSError(errno=errno.EPIPE):
            _silence(sys.stdout)
            return BROKEN_PIPE
    try:
        return _report(error, shell)
    except OSError:
        _silence(sys.stdout)
        _silence(sys.stderr)
        return error.exit_code if isinstance(error, EngineError) else 1


def _report(error: BaseException, shell: Shell) -> int:
    from engine.cli.failure import report

    if isinstance(error, OSError):
        _silence_if_full(sys.stdout)
    code = report(error, shell)
    sys.stdout.flush()
    return code


def _silence_if_full(stream: object) -> None:
    """Point a stream that can no longer be written at nothing, so that Python's own exit does not stumble over it."""
    try:
        sys.stdout.flush()
    except OSError:
        _silence(stream)


def _silence(stream: object) -> None:
    try:
        number = stream.fileno()  # type: ignore[attr-defined]
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    except (AttributeError, OSError, ValueError):
        return


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated
