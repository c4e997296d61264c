"""Writes every generated page, or with `--check` only says which are not as they would be written (exit 1)."""

import sys
from collections.abc import Iterator
from pathlib import Path

from docs.generator import commands, tables, workflows

DOCS = Path(__file__).parent.parent


def pages() -> Iterator[tuple[str, str]]:
    """(path under `docs`, text) of every generated page."""
    yield "reference/commands.md", commands.page_of_commands()
    yield "reference/settings.md", tables.settings()
    yield "reference/exit-codes.md", tables.exit_codes()
    yield "reference/refusals.md", tables.refusals()
    yield "reference/guards.md", tables.guards()
    yield "glossary.md", tables.glossary()
    yield from workflows.pages()


def main(check: bool) -> int:
    """Write the pages, or compare; the exit code."""
    wanted = {DOCS / path: text for path, text in pages()}
    extra = set((DOCS / "reference/workflows").glob("*.md")) - set(wanted)
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    if check:
        for path in sorted([*stale, *extra]):
            sys.stderr.write(f"{path.relative_to(DOCS.parent)} is not up to date: make docs\n")
        return 1 if stale or extra else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], "utf-8")
    for path in extra:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
