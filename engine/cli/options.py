"""The options that every command takes, the object that carries what they said, and the form `F=V`.

The global ones are accepted before and after the command's name: `skede --json show 4` and `skede show 4 --json`.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from msgspec import Struct, field

import engine
from engine.core.errors import EngineError
from engine.setting_values import LANGUAGES
from engine.settings import Settings, load


class Shell(Struct, dict=True):
    """What a command knows about how it was called: `ctx.obj`, found by `shell_of(ctx)` or `pass_shell`.

    Attributes:
        home: The folder that `--home` named, or None.
        as_login: The login that `--as` named, or None.
        asked_lang: The language that `--lang` named, or None; commands use `lang`.
        json: One JSON value on stdout is wanted.
        quiet: Only the result is wanted.
        no_color: `--no-color` was given; commands use `color`.
        words: What was typed after `skede`, so that a refusal can say it again with what it lacks.
        sandbox: Whether the home that was opened is one for training.
    """

    home: Path | None = None
    as_login: str | None = None
    asked_lang: str | None = None
    json: bool = False
    quiet: bool = False
    no_color: bool = False
    words: tuple[str, ...] = ()
    sandbox: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @cached_property
    def settings(self) -> Settings:
        """The home's settings, read at first use; raises SettingsError where they are wrong."""
        return load(self.home, self.environ, {"lang": self.asked_lang})

    @property
    def lang(self) -> str:
        """`sv` or `en`. Never raises, because errors in the settings are told in a language too."""
        for asked in (self.asked_lang, self.environ.get("SKEDE_LANG")):
            if asked in LANGUAGES:
                return asked
        try:
            return self.settings.lang
        except (EngineError, OSError):
            return "sv"

    @property
    def color(self) -> bool:
        """Whether stdout is a terminal whose reader wants colour."""
        from engine.cli.output import wants_color

        return not self.no_color and wants_color(sys.stdout, self.environ)

    def text(self, code: str, /, **params: Any) -> str:
        """A text in the caller's language."""
        from engine.cli.texts import text

        return text(code, self.lang, **params)

    def tell(self, code: str, /, **params: Any) -> None:
        """Say something beside the result, on stderr; nothing with `--quiet`."""
        if not self.quiet:
            from engine.cli.output import say_beside

            say_beside(self.text(code, **params))

    @classmethod
    def guess(cls, args: Sequence[str]) -> "Shell":
        """What can be read off the words before they are parsed, so that a usage error comes in the right form."""
        words = list(args[: args.index("--")] if "--" in args else args)
        lang = next((b for a, b in pairwise(words) if a == "--lang"), None)
        lang = next((word.removeprefix("--lang=") for word in words if word.startswith("--lang=")), lang)
        return cls(json="--json" in words, asked_lang=lang if lang in LANGUAGES else None)


pass_shell = click.make_pass_decorator(Shell, ensure=True)


def shell_of(ctx: click.Context) -> Shell:
    """The shell of this call."""
    return ctx.ensure_object(Shell)


def _setter(attribute: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        if value not in (None, False):
            setattr(shell_of(ctx), attribute, value)
            shell_of(ctx).__dict__.pop("settings", None)

    return remember


def _print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"skede {engine.__version__}")
        ctx.exit()


def global_options(*, hidden: bool) -> list[click.Option]:
    """Fresh option objects; hidden ones work but stay out of a command's own help page."""

    def option(name: str, attribute: str, **more: Any) -> click.Option:
        return click.Option(
            [name, f"global_{attribute}"],
            callback=_setter(attribute),
            expose_value=False,
            is_eager=True,
            hidden=hidden,
            **more,
        )

    return [
        option("--home", "home", metavar="DIR", type=click.Path(path_type=Path)),
        option("--as", "as_login", metavar="LOGIN"),
        option("--lang", "asked_lang", metavar="sv|en", type=click.Choice(LANGUAGES)),
        option("--json", "json", is_flag=True),
        option("--quiet", "quiet", is_flag=True),
        option("--no-color", "no_color", is_flag=True),
        click.Option(
            ["--version"], is_flag=True, expose_value=False, is_eager=True, callback=_print_version, hidden=hidden
        ),
    ]


def add_global_options(command: click.Command) -> None:
    """Let a command take the global options; its own option of the same name wins."""
    own = {name for param in command.params for name in param.opts}
    for option in global_options(hidden=True):
        if not own.intersection(option.opts):
            command.params.append(option)


class PairType(click.ParamType[tuple[str, str]]):
    """`F=V`, as (F, V); V may be empty and may hold further equals signs."""

    def __init__(self, form: str) -> None:
        self.name = form

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Split at the first equals sign."""
        left, equals, right = str(value).partition("=")
        if not equals or not left.strip():
            self.fail(str(value), param, ctx)  # the reader's words for it are found where complaints are told
        return left.strip(), right


FIELD_VALUE = PairType("F=V")
KIND_PATH = PairType("KIND=PATH")
