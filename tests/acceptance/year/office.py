"""The office of the year: its commands, the tables it keeps, and what it remembers to be asked about."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import running
from running import Ran

OFFICER, SECRETARY, REGISTRAR, HEAD, ADMIN = "officer", "secretary", "registrar", "head", None
COLLEAGUE, SECOND_COLLEAGUE = "bo.lind", "cia.berg"
IDEAS = 35

MUNICIPALITIES = ("Norrbo", "Söderby", "Västerås by", "Österlund", "Björkhult", "Granfors", "Almdal", "Ekholma")
CLINICS = ("Vårdcentralen Linden", "Barnhälsan Syd", "Ungdomsmottagningen Nord")


def municipality(number: int) -> str:
    """The municipality behind an idea."""
    return f"{MUNICIPALITIES[number % len(MUNICIPALITIES)]} kommun"


def clinic(number: int) -> str:
    """The unit of the region behind an idea."""
    return CLINICS[number % len(CLINICS)]


def mailbox(organisation: str) -> str:
    """The address of an organisation's contact."""
    plain = organisation.lower().translate(str.maketrans("åäö ", "aao-"))
    return f"kontakt@{plain}.example"


class Office:
    """One sandbox home through its year.

    Attributes:
        told: What the year remembers: answers of commands that tests ask about later.
        applications: The fourteen applications, in the order in which they came.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.desk = home / "desk"
        self.desk.mkdir()
        self.told: dict[str, Any] = {}
        self.ideas: list[str] = []
        self.applications: list[str] = []
        for kind in ("application", "logic_model", "needs_analysis", "statement", "best_interests", "agenda", "papers",
                     "minutes", "call_text", "agreement", "terms", "completion", "withdrawal"):  # fmt: skip
            self.paper(kind)

    def paper(self, kind: str, number: int = 0) -> str:
        """The name of a document on the desk."""
        path = self.desk / f"{kind}{number or ''}.pdf"
        path.write_text(f"%PDF-1.4 {kind} {number}", "utf-8")
        return path.name

    def at(self, name: str) -> str:
        """The path of something on the desk."""
        return str(self.desk / name)

    def run(self, *words: str, as_: str | None = OFFICER) -> Ran:
        """A command in this process, whatever it gives."""
        return running.inline(self.home, *words, as_=as_)

    def do(self, *words: str, as_: str | None = OFFICER) -> Any:
        """A command in this process that must be done; its JSON."""
        return self._told(words, self.run(*words, "--json", as_=as_))

    def call(self, *words: str, as_: str | None = OFFICER) -> Ran:
        """The real command in a process of its own; it must be done."""
        ran = running.skede(self.home, *words, as_=as_)
        assert ran.code == 0, f"{words}: {ran.out}{ran.err}"
        return ran

    def forward(self, span: str) -> None:
        """Let time go by; nothing may go wrong on the way."""
        assert self.do("clock", "forward", span, "--tick")["errors"] == []

    def until(self, day: str) -> None:
        """Let time go by until noon of a day."""
        now = self.do("clock", "show")["local"]
        self.forward(f"{_days(now[:10], day)}d")

    def table(self, name: str, rows: Sequence[Mapping[str, str]], encoding: str = "utf-8") -> str:
        """A table on the desk, as the office's spreadsheet saves it: semicolons."""
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]), delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
        (self.desk / name).write_bytes(text.getvalue().encode(encoding))
        return self.at(name)

    def bulk(self, name: str, rows: Sequence[Mapping[str, str]], as_: str | None = OFFICER) -> Any:
        """Carry out a table, every row of which must be done now."""
        told = self.do("bulk", self.table(name, rows), as_=as_)
        assert told["done"] == len(rows), told
        return told

    def template(
        self, event: str, *filters: str, as_: str | None = OFFICER, only: Iterable[str] | None = None, **cells: str
    ) -> list[dict[str, str]]:
        """The rows of `bulk template`, with each column that it asks for filled from `cells` (`_` stands for `:`)."""
        name = f"{event}.csv"
        self.do("bulk", "template", event, *filters, "-o", self.at(name), as_=as_)
        with (self.desk / name).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        (self.desk / name).unlink()
        wanted = rows if only is None else [row for row in rows if row["reference"] in only]
        given = {column.replace("__", ":"): cell for column, cell in cells.items()}
        asked = [column for column in rows[0] if ":" in column or column == "note"]
        assert sorted(asked) == sorted(given), f"{event} asks for {asked}"
        return [{**row, **given} for row in wanted]

    def values(self, name: str, values: Mapping[str, Any]) -> str:
        """A JSON file of values on the desk."""
        (self.desk / name).write_text(json.dumps(values), "utf-8")
        return name

    def case(self, reference: str) -> Any:
        """A case as `show` tells it."""
        return self.do("show", reference)

    def states(self, workflow: str) -> dict[str, str]:
        """Reference -> state, of all cases of a workflow."""
        return {case["reference"]: case["state"] for case in self.do("list", workflow, "--closed")}

    @cached_property
    def outbox(self) -> list[Any]:
        """All mails of the year, for when it is over."""
        return list(self.do("mail", "list"))

    def mails(self, template: str) -> list[Any]:
        """The mails of one template, for when the year is over."""
        return [mail for mail in self.outbox if mail["template"] == template]

    def _told(self, words: Sequence[str], ran: Ran) -> Any:
        assert ran.code == 0, f"{words}: {ran.out[:3000]}{ran.err}"
        return json.loads(ran.out) if ran.out.strip() else None


def _days(start: str, end: str) -> int:
    from datetime import date

    return (date.fromisoformat(end) - date.fromisoformat(start)).days
