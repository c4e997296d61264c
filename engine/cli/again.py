"""The command that mends a refusal, as it can be pasted: what was typed, and what it lacks."""

import re
import shlex
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from engine.cli.options import Shell
from engine.core.acting import EXTERNAL
from engine.core.errors import Refusal

AMISS = ("role_missing", "document_unknown")
"""Refusals that say that the line itself is wrong: adding to it would not mend it."""

TO_BE_GIVEN = ("field_missing", "field_must_be_brought")

NOTE = '-n "…"'
_GIVES = re.compile(r" (-[asno] .+|--(?:party|override) .+)$")
_OPTION = re.compile(r"""(-[asno]|--party|--override) ("[^"]*"|'[^']*'|\S+)""")
_GAP = re.compile(r"(?<!--title) …(?= -|$)")
_EXPLAINED = re.compile(r"skede (amend|party \S+ (add|replace|end)) ")
"""Commands that always ask for a note."""


def ready(shell: Shell, command: str, who: Sequence[str] = ()) -> str:
    """A command with the home and the user that were named on the line, so that it does the same where it is pasted.

    Args:
        shell: What was named.
        command: Begins with `skede`; anything else is left as it is.
        who: Roles that may do it; where somebody else has to, the user named is left out.
    """
    if not command.startswith("skede "):
        return command
    command = without_gap(command)
    if _EXPLAINED.match(command) and " -n " not in command:
        command = f"{command} {NOTE}"
    named = ["--home", str(shell.home)] if shell.home is not None else []
    named += ["--as", shell.as_login] if shell.as_login is not None and not who else []
    return f"skede {shlex.join(named)} {command[6:]}" if named else command


def without_gap(command: str) -> str:
    """A command without the `…` that says that more is wanted: pasted, it would be one word too many."""
    return _GAP.sub("", command)


def mending(reason: Refusal) -> str | None:
    """The command that mends a reason; None where it has none, or one that says no more than to try again."""
    if reason.fix is None or reason.fix.endswith(" …") or reason.code == "role_missing":
        return None
    return reason.fix


def with_mend(shell: Shell, reason: Refusal) -> Refusal:
    """A reason with its command as it can be pasted, or without one."""
    mend = mending(reason)
    return replace(reason, fix=ready(shell, mend, reason.who) if mend else None)


def told_once(missing: Sequence[Refusal]) -> list[Refusal]:
    """The reasons, each once, without what is wrong with a value that is to be given anyway."""
    asked = {r.params["field"] for r in missing if r.code in TO_BE_GIVEN}
    told: dict[tuple[str, str], Refusal] = {}
    for reason in missing:
        if reason.code in TO_BE_GIVEN or reason.params.get("field") not in asked:
            told.setdefault((reason.code, str(sorted(reason.params.items(), key=str))), reason)
    return list(told.values())


def lacking(shell: Shell, reasons: Sequence[Refusal]) -> list[str]:
    """What the command typed lacks: options such as `-s body=…`, each once, in the order of the reasons."""
    found = []
    for reason in reasons:
        if reason.fix is None:
            found += [NOTE] if reason.code == "note_missing" else []
            continue
        lack = _GIVES.search(reason.fix)
        if lack and _is_typed(shell, reason, reason.fix[: lack.start()].split()):
            found.append(lack[1])
    return together(found)


def together(given: Iterable[str]) -> list[str]:
    """Options gathered from several commands, each name once; of two values the one that says what is meant."""
    found: dict[tuple[str, str], str] = {}
    for part in given:
        for flag, value in _OPTION.findall(part):
            name, equals, meant = value.partition("=")
            key = (flag, "" if flag in ("-n", "-o") else name)
            if key not in found or (equals and found[key].endswith("=…") and meant != "…"):
                found[key] = f"{flag} {value}"
    return list(found.values())


def _is_typed(shell: Shell, reason: Refusal, command: Sequence[str]) -> bool:
    """Whether the command that mends is the one that was typed, with more; cases and events may be typed by title."""
    verb, *rest = command[1:]
    if verb not in shell.words:
        return False
    if verb == "new":
        return True
    if verb == "advance":
        return reason.guard is None or rest[1] in shell.words
    return all(word in shell.words or word == "…" for word in (rest if rest[:1] == ["grant"] else rest[1:]))


def again(shell: Shell, reasons: Sequence[Refusal]) -> str | None:
    """The whole command with all that it lacks.

    None where nothing can be added to it, where it has the field already, and where it is somebody else's turn anyway.
    """
    lacks = lacking(shell, reasons)
    given = {word.partition("=")[0] for word in shell.words if "=" in word}
    if (
        not lacks
        or "--edit" in shell.words
        or any(r.code in AMISS for r in reasons)
        or any(_name(lack) in given for lack in lacks if not lack.startswith("--party"))
    ):
        return None
    return " ".join((typed(shell.words), *lacks))


def another_turn(shell: Shell, reason: Refusal) -> tuple[str, str] | None:
    """What an administrator can do who lacks the role: in a sandbox act as it, else give it to somebody.

    The code of the sentence, and the command.
    """
    roles = [role for role in reason.params["roles"] if role not in EXTERNAL and role != "system"]
    if "admin" not in reason.params["yours"] or not roles:
        return None
    if not shell.sandbox:
        return "reason_grant", ready(shell, f"skede user grant LOGIN {roles[0]} {NOTE}")
    words = list(shell.words)
    if shell.as_login is not None or "--as" in words:
        return None
    at = words.index("--home") + 2 if "--home" in words else 0
    return "reason_as", typed((*words[:at], "--as", roles[0], *words[at:]))


def typed(words: Iterable[str]) -> str:
    """The words after `skede` as a shell takes them."""
    return " ".join(("skede", *map(_quoted, words)))


def _name(lack: str) -> str:
    """The field or kind of `-s body=…`; what cannot be typed as a pair is nobody's name."""
    return lack[3:].partition("=")[0] if "=" in lack else ""


def _quoted(word: str) -> str:
    """A word as a shell takes it; in double quotes where that is enough, because everyday shells all know them."""
    if shlex.quote(word) == word or not set(word) & set(" \t()<>|&;*?[]{}~#'") or set(word) & set('"$`\\!\n'):
        return shlex.quote(word)
    return f'"{word}"'
