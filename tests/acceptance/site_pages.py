"""The site of the demo home, written once in a run of the tests, and a strict reader of its pages."""

import fcntl
import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import running
from demo_home import shared_demo

VOID = {"meta", "link", "input", "br", "rect", "path", "line"}


@dataclass
class Page(HTMLParser):
    """A page as a strict reader takes it: every element closed in order, every id once."""

    text: str
    faults: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    ids: Counter[str] = field(default_factory=Counter)
    elements: Counter[str] = field(default_factory=Counter)
    headings: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self.words: list[str] = []
        self.attributes: Counter[str] = Counter()
        self.feed(self.text)
        self.close()
        self.faults += [f"<{name}> is not closed" for name in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements[tag] += 1
        self.attributes.update(given.keys())
        self.ids.update([given["id"]] if "id" in given else [])
        self.links += [given["href"]] if tag == "a" else []
        self.sources += [
            given[name] for name in ("src", "href", "action", "xlink:href") if name in given and tag != "a"
        ]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()} closes something else")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def told(self) -> str:
        """What the page says, blanks as single spaces."""
        return " ".join(" ".join(self.words).split())


@dataclass(frozen=True)
class Site:
    """A written site, and the home it came from."""

    home: Path
    folder: Path
    told: dict[str, Any]

    def page(self, name: str) -> Page:
        return Page((self.folder / name).read_text("utf-8"))

    def pages(self) -> dict[str, Page]:
        return {str(path.relative_to(self.folder)): Page(path.read_text("utf-8"))
                for path in sorted(self.folder.rglob("*.html"))}  # fmt: skip


def shared_site(factory: pytest.TempPathFactory) -> Site:
    """The Swedish site of a copy of the demo home; whichever worker comes first writes it, the others wait."""
    base = factory.getbasetemp()
    root = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "demo-site"
    demo = shared_demo(factory)
    root.mkdir(exist_ok=True)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        home, told = root / "home", root / "told.json"
        if not told.exists():
            running.copied(demo.home, home)
            done = running.inline(home, "export", "site", str(root / "site"), "--json", as_="auditor", lang="sv")
            assert done.code == 0, done.err
            told.write_text(done.out, "utf-8")
        return Site(home, root / "site", json.loads(told.read_text("utf-8")))
