"""Reads a definition file: TOML to plain data, with the shared file that it uses merged under it."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.core.errors import DefinitionError
from engine.readers.given import read_given

LARGEST = 1_000_000
"""Bytes that a definition may have (DECISIONS 39)."""
DEEPEST = 50
"""Levels of tables and lists that a definition may have."""
SHARED = ("phases", "ladder", "recipients", "owners", "record", "rights")
"""Tables that a shared file may hold."""


def read_definition(path: Path) -> tuple[dict[str, Any], str]:
    """The plain data of a definition file, `uses` merged in, and its text.

    Raises:
        DefinitionError: It cannot be read, is too large or too deep, or is not TOML; the message names the line.
    """
    text = _text_of(path)
    return read_text(text, path.parent, path.name), text


def read_text(text: str, base: Path | None, name: str = "definition") -> dict[str, Any]:
    """The plain data of a definition's text; `uses` is looked up under `base`, and refused where that is None.

    The definition's own keys win; tables that both have are merged key by key, the shared keys first.

    Raises:
        DefinitionError: As `read_definition`, or the shared file lies outside `base` or holds more than it may.
    """
    own = _parse(text, name)
    if "uses" not in own:
        return own
    shared = _shared(own.pop("uses"), base, name)
    merged = dict(own)
    for table, entries in shared.items():
        mine = own.get(table, {})
        merged[table] = {**entries, **mine} if isinstance(mine, dict) else mine
    return merged


def _shared(uses: object, base: Path | None, name: str) -> dict[str, Any]:
    if not isinstance(uses, str) or base is None:
        raise DefinitionError(f"{name}: `uses` must name one file beside a definition that is itself a file")
    folder = base.resolve()
    path = (folder / uses).resolve()
    if not path.is_relative_to(folder):
        raise DefinitionError(f"{name}: `uses` must stay in the definition's folder, and “{uses}” leaves it")
    shared = _parse(_text_of(path), uses)
    for table, entries in shared.items():
        if table not in SHARED or not isinstance(entries, dict):
            raise DefinitionError(f"{uses}: a shared file may hold only the tables {', '.join(SHARED)}, not “{table}”")
    return shared


def _text_of(path: Path) -> str:
    try:
        content = read_given(path, LARGEST)
    except OSError as error:
        raise DefinitionError(f"{path.name}: cannot be read: {error.strerror}") from error
    if len(content) > LARGEST:
        raise DefinitionError(f"{path.name}: is larger than 1 MB")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DefinitionError(f"{path.name}: is not UTF-8 (at line {line})") from error


def _parse(text: str, name: str) -> dict[str, Any]:
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise DefinitionError(f"{name}: is larger than 1 MB")
    too_deep = f"{name}: tables and lists are nested more than {DEEPEST} levels deep"
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(f"{name}: is not TOML: {error}") from error
    except RecursionError:
        raise DefinitionError(too_deep) from None
    level: list[Any] = [plain]
    for _ in range(DEEPEST + 1):
        level = [inner for outer in level for inner in _inside(outer)]
    if level:
        raise DefinitionError(too_deep)
    return plain


def _inside(value: object) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield from (v for v in (value.values() if isinstance(value, dict) else value) if isinstance(v, dict | list))


_HEADER = re.compile(r"(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_LONG = re.compile(r"\"\"\"(?:.|\n)*?\"\"\"|" + r"'''(?:.|\n)*?'''")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"|' + r"'[^']*'")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def locate(text: str, path: str) -> int | None:
    """The line (from 1) of the key or table that a fault's path names, or of the nearest table around it.

    None where the text has no part of the path: it then stands in the shared file.
    """
    wanted = tuple(int(number) if number else word for word, number in _STEP.findall(path))
    best: tuple[int, int] | None = None
    for line, found in _positions(text):
        if found == wanted[: len(found)] and (best is None or len(found) > best[0]):
            best = (len(found), line)
    return best[1] if best else None


def _positions(text: str) -> Iterator[tuple[int, tuple[str | int, ...]]]:
    """Every table header and key of a TOML text with its line and its path."""
    flat = _LONG.sub(lambda found: '""' + "\n" * found.group().count("\n"), text)
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    open_brackets = 0
    for number, line in enumerate(flat.splitlines(), 1):
        bare = line.strip()
        if not open_brackets and (header := _HEADER.match(bare)):
            table = _table_path(header, counts)
            yield number, table
            continue
        if not open_brackets and (key := _KEY.match(bare)):
            yield number, (*table, *(part.strip("\"'") for part in _PART.findall(key.group(1))))
        code = _STRING.sub("", bare).split("#")[0]
        open_brackets += code.count("[") + code.count("{") - code.count("]") - code.count("}")


def _table_path(header: re.Match[str], counts: dict[tuple[str | int, ...], int]) -> tuple[str | int, ...]:
    parts = [part.strip("\"'") for part in _PART.findall(header.group(2))]
    path: tuple[str | int, ...] = ()
    for place, part in enumerate(parts):
        path = (*path, part)
        if place == len(parts) - 1 and header.group(1) == "[[":
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
