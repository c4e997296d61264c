"""Writes a whole site: the pages of the cases as they go by, then the lists, the charts and the rest."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from engine.core.definition import Definition
from engine.exports.site.case_page import CasePage, next_due
from engine.exports.site.entries import Timeline
from engine.exports.site.folder import SiteFolder
from engine.exports.site.masked import MaskedSite
from engine.exports.site.overview import Charts
from engine.exports.site.rendering import Pages, drawing, inline_json
from engine.exports.site.tally import Tally
from engine.exports.site.visible import visible
from engine.exports.site.words import Words

PER_PAGE = 500
"""Rows of a list on one page."""
ENTRIES_PER_PAGE = 100
"""Entries of the office's log on one page."""

Draw = Callable[[Definition, str, str | None, frozenset[str]], str]
"""Draws a workflow in a language with the state that a case is in, and those that it was in, as SVG."""


class Told(Protocol):
    """A case as it was gathered."""

    @property
    def told(self) -> dict[str, Any]: ...
    @property
    def definition(self) -> Definition: ...
    @property
    def proof(self) -> str | None: ...


class Content(Protocol):
    """What a site is made of."""

    references: tuple[str, ...]

    def office(self) -> dict[str, Any]: ...
    def definitions(self) -> list[Definition]: ...
    def seals(self) -> Iterator[dict[str, Any]]: ...
    def office_entries(self) -> Iterator[dict[str, Any]]: ...
    def cases(self) -> Iterator[Told]: ...


@dataclass
class Row:
    """What the lists and the search keep of a case."""

    reference: str
    title: str
    state: str
    phase: str
    opened: str
    closed: str
    due: str
    overdue: bool
    also: list[str] = field(default_factory=list)

    @property
    def file(self) -> str:
        """Its page, from the top of the site."""
        return case_file(self.reference)


def case_file(reference: str) -> str:
    """The page of a case: a name that every file system takes, and no two references share."""
    plain = re.sub(r"[^A-Za-z0-9-]", lambda match: f"_{ord(match[0]):x}_", reference)
    return f"case/{plain}.html"


class Site:
    """Writes the pages.

    Args:
        folder: The draft it is written into.
        content: What it tells.
        words: What it speaks with.
        draw: Draws workflows.
        glossary: (Swedish, English, meaning) of each term.
        mask: What hides people before anything is written; None = nothing.
    """

    def __init__(
        self, folder: SiteFolder, content: Content, words: Words, draw: Draw, glossary: Sequence[tuple[str, str, str]],
        mask: MaskedSite | None = None,
    ) -> None:  # fmt: skip
        self._folder, self._content, self._words, self._draw, self._glossary = folder, content, words, draw, glossary
        self._mask = mask
        self._office = content.office()
        self._pages = Pages(words, {"name": self._office["name"], "sandbox": self._office["sandbox"],
                                    "made": words.moment(self._office["now"]), "masked": mask is not None})  # fmt: skip
        self._newest = {definition.name: definition for definition in content.definitions()}
        self._there = frozenset(content.references)
        self._tally, self._rows = Tally(words.local_day), dict[str, list[Row]]()
        self.waiting = 0

    def write(self, track: Callable[[Iterator[Told]], Iterable[Told]]) -> None:
        """Write all of it; `track` passes the cases on and shows how far it has come."""
        self._folder.write("site.css", [self._pages.css])
        for case in track(self._content.cases()):
            self._case(case)
        for name, rows in self._rows.items():
            self._lists(name, rows)
        self._single("cases", workflows=self._workflows())
        self._single("search", index=inline_json(list(self._index())))
        self._log()
        self._single("seals", seals=self._content.seals(), office=self._office)
        self._single("glossary", terms=self._glossary)
        charts = Charts(self._words, self._tally, self._newest, self._office["now"]).overview()
        self._single("index", charts=[(chart, drawing(chart.svg)) for chart in charts], office=self._office,
                     workflows=self._workflows(), cases=sum(map(len, self._rows.values())))  # fmt: skip
        self._folder.mark({"origin": self._office["origin"], "made_at": self._office["now"], "lang": self._words.lang})

    def _single(self, template: str, **context: Any) -> None:
        """A page at the top of the site, called as its template is."""
        self._folder.write(f"{template}.html", self._pages.render(template, "", template, **context))

    def _case(self, case: Told) -> None:
        told = self._mask.case(case.told) if self._mask else case.told
        self._tally.add(told)
        page = CasePage(self._words, case.definition, told, self._link)
        reference = told["case"]["reference"]
        file = case_file(reference)
        proof = f"proof/{Path(file).stem}.txt" if case.proof else None
        if case.proof and proof:
            self._folder.write(proof, [case.proof])
        self.waiting += told["waiting"]
        svg = drawing(self._draw(case.definition, self._words.lang, told["case"]["state"], page.visited()))
        context = {**page.context(), "diagram": svg, "proof": proof}
        context["list"] = f"list/{case.definition.name}-1.html"
        self._folder.write(file, self._pages.render("case", "../", "cases", **context))
        self._rows.setdefault(case.definition.name, []).append(self._row(case.definition, told))

    def _link(self, reference: str) -> str | None:
        return f"../{case_file(reference)}" if reference in self._there else None

    def _row(self, definition: Definition, told: Mapping[str, Any]) -> Row:
        case, lang = told["case"], self._words.lang
        due = next_due(told["deadlines"])
        people = {
            told["names"].get(p["id"], "") for one in case["parties"] for named in one["people"].values() for p in named
        }
        also = [
            str(case["data"].get("dnr") or ""),
            *(one["organisation"] or "" for one in case["parties"]),
            *sorted(people),
        ]
        return Row(
            reference=case["reference"], title=case["title"], state=definition.states[case["state"]].title[lang],
            phase=definition.phases[case["phase"]][lang], opened=self._words.day(case["opened_at"]),
            closed=self._words.day(case["closed_at"]),
            due=f"{self._words.day(due['due_on'])}: {due['title']}" if due else "",
            overdue=any(one["overdue"] for one in told["deadlines"]), also=[one for one in dict.fromkeys(also) if one],
        )  # fmt: skip

    def _lists(self, name: str, rows: list[Row]) -> None:
        """The list of a workflow, on as many pages as it takes; the first has its drawing and its charts."""
        definition = self._newest[name]
        made = Charts(self._words, self._tally, self._newest, self._office["now"]).of_workflow(name)
        charts = [(chart, drawing(chart.svg)) for chart in made]
        svg = drawing(self._draw(definition, self._words.lang, None, frozenset()))
        count = -(-len(rows) // PER_PAGE)
        for number in range(1, count + 1):
            part = rows[(number - 1) * PER_PAGE : number * PER_PAGE]
            context = {"title": definition.title[self._words.lang], "rows": part, "number": number, "count": count,
                       "name": name, "total": len(rows), "charts": charts if number == 1 else [],
                       "diagram": svg if number == 1 else None, "version": definition.version}  # fmt: skip
            self._folder.write(f"list/{name}-{number}.html", self._pages.render("list", "../", "cases", **context))

    def _workflows(self) -> list[dict[str, Any]]:
        """Each workflow with cases, and how many are open."""
        return [
            {"title": self._newest[name].title[self._words.lang], "href": f"list/{name}-1.html", "cases": len(rows),
             "open": sum(not row.closed for row in rows), "overdue": sum(row.overdue for row in rows)}
            for name, rows in sorted(self._rows.items())
        ]  # fmt: skip

    def _index(self) -> Iterator[list[str]]:
        """What the search looks through: file, reference, title, workflow, state, and other words."""
        for name, rows in self._rows.items():
            workflow = self._newest[name].title[self._words.lang]
            for row in rows:
                told = [row.reference, row.title, workflow, row.state, " ".join(row.also)]
                yield [row.file, *map(visible, told)]

    def _log(self) -> None:
        """The office's own chain, on as many pages as it takes."""
        found = self._content.office_entries()
        masked = map(self._mask.entry, found) if self._mask else found
        entries = (Timeline(self._words, None, told["names"]).entry(told) for told in masked)
        count = max(1, -(-self._office["entries"] // ENTRIES_PER_PAGE))
        for number in range(1, count + 1):
            part = islice(entries, ENTRIES_PER_PAGE) if number < count else entries
            context = {"entries": part, "number": number, "count": count}
            self._folder.write(f"log/office-{number}.html", self._pages.render("log", "../", "log", **context))
