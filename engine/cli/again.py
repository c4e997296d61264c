"""The command that mends a refusal, as it can be pasted: what was typed, and what it lacks."""

import re
import shlex
from collections.abc import Sequence

from engine.cli.options import Shell
from engine.core.errors import Refusal

AMISS = ("role_missing", "document_unknown")
"""Refusals that say that the line itself is wrong: adding to it would not mend it."""

NOTE = '-n "…"'
_LACKS = re.compile(r" (-[asno] .+)$")


def ready(shell: Shell, command: str, who: Sequence[str] = ()) -> str:
    """A command with the home and the user that were named on the line, so that it does the same where it is pasted.

    Args:
        shell: What was named.
        command: Begins with `skede`; anything else is left as it is.
        who: Roles that may do it; where somebody else has to, the user named is left out.
    """
    if not command.startswith("skede "):
        return command
    named = ["--home", str(shell.home)] if shell.home is not None else []
    named += ["--as", shell.as_login] if shell.as_login is not None and not who else []
    return f"skede {shlex.join(named)} {command[6:]}" if named else command


def lacking(shell: Shell, reasons: Sequence[Refusal]) -> list[str]:
    """What the command typed lacks: options such as `-s body=…`, each once, in the order of the reasons."""
    found: dict[str, None] = {}
    for reason in reasons:
        if reason.fix is None:
            if reason.code == "note_missing":
                found[NOTE] = None
            continue
        words = reason.fix.split()
        lack = _LACKS.search(reason.fix)
        if lack and len(words) > 2 and words[1] in shell.words:
            found[lack[1]] = None
    return list(found)


def again(shell: Shell, reasons: Sequence[Refusal]) -> str | None:
    """The whole command with all that it lacks.

    None where nothing can be added to it, where it has the field already, and where it is somebody else's turn anyway.
    """
    lacks = lacking(shell, reasons)
    typed = {word.partition("=")[0] for word in shell.words if "=" in word}
    if (
        not lacks
        or "--edit" in shell.words
        or any(r.code in AMISS for r in reasons)
        or any(_name(lack) in typed for lack in lacks)
    ):
        return None
    return " ".join(("skede", *(_quoted(word) for word in shell.words), *lacks))


def _name(lack: str) -> str:
    """The field or kind of `-s body=…`; what cannot be typed as a pair is nobody's name."""
    return lack[3:].partition("=")[0] if "=" in lack else ""


def _quoted(word: str) -> str:
    """A word as a shell takes it; in double quotes where that is enough, because everyday shells all know them."""
    if shlex.quote(word) == word or not set(word) & set(" \t()<>|&;*?[]{}~#'") or set(word) & set('"$`\\!\n'):
        return shlex.quote(word)
    return f'"{word}"'
