"""What a measurement found, printed and kept in bench/RESULTS.md: one section per file of bench/, the newest run."""

import os
import platform
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = """# Results

Each section is written by the newest run of one file in `bench/`, with the floor that was measured beside it.
Ratios travel between machines, absolutes do not.
"""


def machine() -> str:
    """What the figures were taken on: processors, versions, and how busy it was."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{os.cpu_count()} processors, load {load} · Python {platform.python_version()}, SQLite {_sqlite()}"


def _sqlite() -> str:
    try:
        from pysqlite3 import sqlite_version
    except ImportError:
        return sqlite3.sqlite_version
    return str(sqlite_version)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is words, the others are figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(name: str, title: str, text: str) -> None:
    """Print a section and put it in place of the one that the same file wrote before.

    Args:
        name: The file's name without its folder, which is also the command: `python bench/NAME`.
        title: What was measured.
        text: Markdown.
    """
    today = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    section = f"## {title}\n\n`python bench/{name}`, {today}, {machine()}\n\n{text.strip()}\n"
    print(section)
    kept = RESULTS.read_text("utf-8").split("\n## ")[1:] if RESULTS.exists() else []
    sections = [f"## {one.strip()}\n" for one in kept if f"\n`python bench/{name}`" not in one]
    RESULTS.write_text("\n".join([HEAD, *sorted([*sections, section])]), "utf-8")
