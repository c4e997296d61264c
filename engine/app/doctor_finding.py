"""One thing that `doctor` looked at."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

Level = Literal["ok", "warning", "error"]


class Finding(Struct, frozen=True):
    """One thing that was looked at.

    Attributes:
        code: Key of its text, `doctor_CODE`; `doctor_CODE_fix` says what to do, where something is to be done.
        level: `ok`, `warning`, or `error`.
        params: What the texts mention.
        exit_code: What an error ends the command with.
    """

    code: str
    level: Level
    params: Mapping[str, Any] = field(default_factory=dict)
    exit_code: int = 1
