"""The `console` blocks of a page: read, run in one shell as a reader would, and compared with what the page shows.

In a block, `$ ` begins a command and `> ` continues it; what follows is output. A page may leave output out: every
line that it shows must come, in that order. `…` in a line stands for anything. A command fails if and only if
the page shows its complaint (`skede: …`).
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

SLOWEST = 300
"""Seconds that a page may take on a loaded machine; alone the longest takes some twenty."""
_FENCE = re.compile(r"^```(\w*)\s*$")


@dataclass
class Command:
    """One command of a page, what the page shows of its output, and what came of it.

    Attributes:
        line: Where it stands in the page, from 1.
        text: What is typed, possibly several lines.
        shown: Lines of output that the page shows.
        got: Lines of output that came.
        code: Its exit code.
    """

    line: int
    text: str
    shown: list[str] = field(default_factory=list)
    got: list[str] = field(default_factory=list)
    code: int | None = None

    @property
    def fails(self) -> bool:
        """Whether the page says that it fails."""
        return any(line.startswith("skede: ") for line in self.shown)

    def missing(self) -> str | None:
        """The first line that the page shows and that did not come in its place."""
        rest = iter(self.got)
        for line in self.shown:
            form = re.compile(".*".join(re.escape(part) for part in _words(line).split("…")))
            if not any(form.fullmatch(_words(came)) for came in rest):
                return line
        return None


def commands(page: str) -> list[Command]:
    """The commands of all `console` blocks of a page."""
    found: list[Command] = []
    for number, line in _block_lines(page):
        if line.startswith("$ "):
            found.append(Command(number, line[2:]))
        elif line.startswith("> ") or line == ">":
            found[-1].text += "\n" + line[2:]
        elif line.strip() and line.strip() != "…":
            found[-1].shown.append(line)
    return found


def run(page: str, folder: Path, environ: Mapping[str, str]) -> list[Command]:
    """Run the commands of a page in one shell that begins in `folder`; what came of each stands in it afterwards."""
    found = commands(page)
    mark = "\x1e"
    script = "".join(f"{{ {one.text}\n}} </dev/null\nprintf '\\n{mark}%d\\n' $?\n" for one in found)
    done = subprocess.run(
        ["bash"], input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", cwd=folder,
        env=dict(environ), timeout=SLOWEST, check=False,
    )  # fmt: skip
    parts = done.stdout.split(f"\n{mark}")
    before = parts[0]
    for one, part in zip(found, parts[1:], strict=True):
        code, _, after = part.partition("\n")
        one.got, one.code, before = before.splitlines(), int(code), after
    return found


def clean_environment(folder: Path, programs: Path) -> dict[str, str]:
    """An environment in which nothing of this machine shows, with `programs` first on the path."""
    return {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder), "LC_ALL": "C.UTF-8",
        "COLUMNS": "250",
    }  # fmt: skip


def _block_lines(page: str) -> Iterator[tuple[int, str]]:
    inside = False
    for number, line in enumerate(page.splitlines(), 1):
        if fence := _FENCE.match(line):
            inside = not inside and fence[1] == "console"
        elif inside:
            yield number, line


def _words(line: str) -> str:
    return " ".join(line.split())
