"""The options by which an export names nobody: `--masked` and `--anonymous`."""

import functools
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.app.handing_over import Selected
from engine.cli.options import Shell
from engine.cli.session import Session
from engine.core.errors import UsageError

if TYPE_CHECKING:
    from engine.exports.masking import Mask


def masking(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give an export both options; it is handed a `Mask` as `mask`, or None."""

    @functools.wraps(command)
    def masked_or_not(
        shell: Shell, session: Session, selected: Selected, output: Path | None, /, *, masked: bool, anonymous: bool,
        **asked: Any,
    ) -> Any:  # fmt: skip
        if masked and anonymous:
            raise UsageError(
                "--masked and --anonymous are two strengths of one thing: give one of them", says="masks_exclude"
            )
        mask = mask_for(shell, session, anonymous=anonymous) if masked or anonymous else None
        return command(shell, session, selected, output, mask=mask, **asked)

    anonymous = click.option("--anonymous", is_flag=True, help="Only what tells of nobody: kinds, states, times, sums.")
    return click.option("--masked", is_flag=True, help="People as pseudonyms, the same in every export of this home.")(
        anonymous(masked_or_not)
    )


def mask_for(shell: Shell, session: Session, *, anonymous: bool) -> "Mask":
    """The mask of a home; the key of an anonymous one is forgotten with it.

    Raises:
        Unavailable: The home's key for pseudonyms cannot be read, or made.
    """
    from engine.app.event_logs import fields_of_all
    from engine.bootstrap.office import KEYS
    from engine.exports.mask_key import SIZE, mask_key
    from engine.exports.masking import Mask

    key = secrets.token_bytes(SIZE) if anonymous else mask_key(shell.settings.at_home() / KEYS)
    return Mask(key, fields_of_all(session.office), anonymous)


def strength(mask: "Mask | None") -> str | None:
    """What the log says of a mask."""
    return None if mask is None else "anonymous" if mask.anonymous else "masked"
