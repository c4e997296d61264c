"""The pages that are tables: settings, exit codes, refusals, guards and the glossary."""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from docs.generator.markdown import code, codes, page, table
from docs.generator.workflows import definitions
from engine.cli.texts import TEXTS, all_texts, counted
from engine.core.definition import Definition, GuardUse
from engine.core.errors import EngineError
from engine.core.guard import Fill, Guard
from engine.setting_values import KEYS, RULES
from engine.settings import DEFAULT, ChannelSettings, Office, Settings
from workflows.guards import registry

ROOT = Path(__file__).parent.parent.parent

FORMS = {
    "_text": "text", "_mailbox": "mailbox", "_flag": "true or false", "_port": "1 to 65535", "_connections": "1 to 64",
    "_path": "path", "_zone": "name of a time zone", "_window": '"08:00-16:00" or "always"', "_delay": '"10m", "2h"',
    "_days": "list of dates", "_amount": "amount in kronor", "_count": "number", "_names": "list of texts",
    "_domains": "list of domains", "_held": "true, false or a list of messages", "_anchors": "list of anchors",
    "_command": "list of words",
}  # fmt: skip
"""What the parser of a setting takes, in words."""

ENVIRONMENT = [
    ("`SKEDE_HOME`", "The home, where `--home` does not name one."),
    ("`SKEDE_DEBUG=1`", "Shows the traceback of an unexpected error."),
    ("`NO_COLOR`", "No colour, whatever its value."),
    ("`VISUAL`, `EDITOR`", "The editor of `--edit`."),
]


SETTINGS = """A setting is looked for in this order: a flag (`--lang` is the only one), the environment, `skede.toml`
of the home, the default. What an office lays down for all stands in the file alone, since anybody can set a variable.
`skede init` writes a `skede.toml` in which each of them stands with its meaning. An unknown setting is refused, with
the file and the line.

A key with a dot stands in a table: `channel.host` is `host` under `[channel]`. Relative paths are relative to the home.
"""

EXIT_CODES = """0 means done. With `--json` an error is printed as `{"error": {"code", "exit", "message", "reasons"}}`;
`code` is the one of this table, and each reason has a code of [the refusals](refusals.md).
"""

OTHER_EXITS = """Beside these:

- 1 is any error that nobody foresaw: one line; `SKEDE_DEBUG=1` shows where it came from.
- 130 (Ctrl-C) and 143 (SIGTERM): interrupted. What was begun is finished or rolled back, never half done.
- 141: the reader of our output went away (`skede log | head`).
- `audit verify`, `db check` and `doctor` end with what they found: 7 where the log or the database is not what it
  should be.
"""

REFUSALS = """Every reason for which something is refused (exit 3), by its code. Words in braces are filled in.
A refusal also says, where it can, the command that mends it (`fix`), who may (`who`), and who may waive the rule
(`waivable_by`).
"""

GUARDS = """What a definition may name in `guards` and `when` (guards) and in `fills`. A guard of a name and version
never changes; a new rule is a new version. How to write one is told in [add a workflow](../how-to/add-a-workflow.md).
"""


def settings() -> str:
    """The page of the settings."""
    return page(
        "Settings",
        SETTINGS.strip(),
        table(["setting", "environment", "may be", "default", "meaning"], (_setting(key) for key in KEYS)),
        "## Not settings, but looked at",
        table(["environment", "means"], ENVIRONMENT),
    )


def _setting(key: str) -> tuple[str, ...]:
    owner: type[Any] = {"office": Office, "channel": ChannelSettings}.get(key.partition(".")[0], Settings)
    name = key.rpartition(".")[2]
    default = getattr(owner(), name)
    shown = "" if default is None else code(written_defaults()[key])
    variable = "" if key in RULES else code("SKEDE_" + key.replace(".", "_").upper())
    return code(key), variable, _form(KEYS[key]), shown, meanings(owner)[name]


def written_defaults() -> Mapping[str, str]:
    """Setting -> its default as it stands, commented out, in the settings file of a new home."""
    found: dict[str, str] = {}
    table = ""
    for line in DEFAULT.read_text("utf-8").splitlines():
        if header := re.fullmatch(r"\[(\w+)\]", line):
            table = f"{header[1]}."
        elif setting := re.fullmatch(r"# (\w+) = (.+?)(?:\s+#.*)?", line):
            found[table + setting[1]] = setting[2].strip('"')
    return found


def _form(parse: Any) -> str:
    return codes(parse.args[0]) if isinstance(parse, partial) else FORMS[parse.__name__]


def meanings(owner: type[Any]) -> Mapping[str, str]:
    """Attribute -> what the docstring of its class says about it."""
    found: dict[str, str] = {}
    name = ""
    _, _, attributes = (owner.__doc__ or "").partition("Attributes:")
    for line in attributes.splitlines():
        head, colon, rest = line.strip().partition(": ")
        if colon and head.isidentifier() and line.startswith(" " * 8) and not line.startswith(" " * 9):
            name, found[head] = head, rest
        elif name and line.strip():
            found[name] += " " + line.strip()
    return found


def exit_codes() -> str:
    """The page of the exit codes."""
    kinds = sorted(_kinds(EngineError), key=lambda kind: (kind.exit_code, kind.code))
    rows = [(str(kind.exit_code), code(kind.code), (kind.__doc__ or "").split("\n")[0],
             "yes" if kind.retryable else "") for kind in kinds]  # fmt: skip
    return page(
        "Exit codes",
        EXIT_CODES.strip(),
        table(["exit", "code", "meaning", "may be tried again"], rows),
        OTHER_EXITS.strip(),
    )  # fmt: skip


def _kinds(kind: type[EngineError]) -> Iterator[type[EngineError]]:
    """The error and all errors under it, those left out that a module keeps for itself."""
    if kind.__module__ == EngineError.__module__:
        yield kind
    for inner in kind.__subclasses__():
        yield from _kinds(inner)


def refusals() -> str:
    """The page of the reasons for which something is refused."""
    texts = {lang: {name: counted(sentence) for _, name, sentence in all_texts(lang)} for lang in ("sv", "en")}
    rows = [(code(name), texts["en"][name], texts["sv"][name]) for name in sorted(refusal_codes())]
    return page(
        "Refusals",
        REFUSALS.strip(),
        table(["code", "text", "på svenska"], rows),
    )


def refusal_codes() -> set[str]:
    """Every code of a text that a `Refusal(...)` of the code is made with."""
    known = {name for _, name, _ in all_texts("en")}
    return {name for name in written_refusals() if name in known}


def written_refusals() -> set[str]:
    """Every code that stands as a literal where a `Refusal` is made."""
    found: set[str] = set()
    for path in [*(ROOT / "engine").rglob("*.py"), *(ROOT / "workflows").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "Refusal"
                and node.args
            ):
                found |= set(_literals(node.args[0]))
    return found


def _literals(node: ast.expr) -> Iterator[str]:
    """The texts that an expression can be: itself, or either side of `a if … else b`."""
    if isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def guards() -> str:
    """The page of the guards and fills that a definition may name."""
    uses = _uses(definitions().values())
    blocks: list[str] = []
    for one in registry.guards.values():
        blocks += _named(one, uses)
    fills: list[str] = []
    for fill in registry.fills.values():
        fills += _named(fill, uses)
    return page(
        "Guards and fills",
        GUARDS.strip(),
        "## Guards",
        *blocks,
        "## Fills",
        *fills,
    )


def _named(one: Guard | Fill, uses: Mapping[str, set[str]]) -> list[str]:
    told = " ".join((one.function.__doc__ or "").split())
    facts = [f"Params: {_params(one)}."] if isinstance(one, Guard) and one.params else []
    if one.needs:
        facts.append(f"Facts: {codes(one.needs)}.")
    where = uses.get(one.name, set())
    facts.append(f"Used by: {', '.join(f'[{name}](workflows/{name}.md)' for name in sorted(where))}." if where
                 else "Used by no workflow that ships.")  # fmt: skip
    return [f"### {one.name}", told, " ".join(facts)]


def _params(guard: Guard) -> str:
    return ", ".join(
        f"`{name}` ({kind.__name__}{', may be left out' if name in guard.optional else ''})"
        for name, kind in guard.params.items()
    )


def _uses(found: Any) -> dict[str, set[str]]:
    uses: dict[str, set[str]] = {}
    for definition in found:
        for name in _names(definition):
            uses.setdefault(name, set()).add(definition.name)
    return uses


def _names(definition: Definition) -> Iterator[str]:
    for move in definition.transitions:
        yield from move.fills.values()
        parts: tuple[Any, ...] = (*move.notify, *move.spawns, *move.fires)
        used: list[GuardUse] = [*move.guards, *move.when, *(use for part in parts for use in part.when)]
        yield from (use.name for use in used)


def glossary() -> str:
    """The words of the trade, in both languages."""
    sv, en = (tomllib.loads((TEXTS / lang / "glossary.toml").read_text("utf-8")) for lang in ("sv", "en"))
    rows = sorted((sv[key]["term"], en[key]["term"], en[key]["means"], sv[key]["means"]) for key in sv)
    return page(
        "Glossary",
        "The same words are told by `skede help WORD`, with all states and events.",
        table(["svenska", "English", "means", "betyder"], rows),
    )
