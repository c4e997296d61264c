"""Writing a file that a person asked for: whole or not at all, or on stdout where none is named."""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from engine.cli.options import Shell
from engine.cli.output import safe_lines
from engine.core.errors import Unavailable, UsageError


def write_new(path: Path | None, parts: Iterable[bytes]) -> int:
    """Write the parts to a file, which appears only when it is whole, or to stdout; how many bytes.

    Raises:
        UsageError: There is a folder at that path, or the folder it lies in is missing.
        Unavailable: The file cannot be written.
    """
    if path is None:
        put = _as_bytes if hasattr(sys.stdout, "buffer") and not sys.stdout.isatty() else _as_text
        return sum(put(part) for part in parts)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: name a file in a folder that exists", says="folder_missing", path=str(path))
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    size = 0
    try:
        with draft.open("xb") as file:
            for part in parts:
                size += file.write(part)
        draft.replace(path)
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be written: {error.strerror}", says="file_unwritable", path=path, why=error.strerror
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return size


def write_template(
    shell: Shell, path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, force: bool
) -> None:
    """Write a table that is to be filled in as Excel opens it: with its mark of UTF-8, parted as the language does.

    Excel in Swedish parts cells by semicolons, because commas stand in amounts there.

    Raises:
        UsageError: A file is there already, which may be filled in, and `force` was not said.
    """
    from engine.exports.csv import table_text

    if path.exists() and not force:
        raise UsageError(
            f"{path} is there already, and may be filled in: name another file, or add --force",
            says="file_is_there", path=str(path),
        )  # fmt: skip
    parted = ";" if shell.lang == "sv" else ","
    write_new(path, (part.encode() for part in table_text(columns, rows, bom=True, parted=parted)))


def _as_bytes(part: bytes) -> int:
    return sys.stdout.buffer.write(part)


def _as_text(part: bytes) -> int:
    """For a terminal, which must not be commanded by what the cases hold."""
    text = part.decode()
    sys.stdout.write("\n".join(safe_lines(text)) if sys.stdout.isatty() else text)
    return len(part)
