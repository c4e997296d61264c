"""The few verbs that the story is told with: each is one use case, called as the one who would do it."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.app import edit, papers
from engine.app.advance import Given, Paper, advance
from engine.app.demo.cast import Cast
from engine.app.office import Caller, Office
from engine.app.open_case import open_case
from engine.core.case import Case
from engine.core.workdays import roll

MARK = "Påhittad uppgift i demon."
"""Stands in the note of every act of the demo."""

ZONE = ZoneInfo("Europe/Stockholm")

Thread = Generator[datetime, None, None]
"""A part of the story, told from its beginning to its end; it yields the moment that it waits for."""


def on(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    """A moment in Sweden."""
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


def at(day: date | str, hour: int = 9, minute: int = 0) -> datetime:
    """A moment of a day in Sweden."""
    found = date.fromisoformat(day) if isinstance(day, str) else day
    return on(found.year, found.month, found.day, hour, minute)


def later(when: datetime, days: int, hour: int = 9) -> datetime:
    """So many days later, at the hour; on the next working day if nobody is at work then."""
    day = when.astimezone(ZONE).date() + timedelta(days=days)
    return at(roll(day, "forward"), hour)


class Item(Struct, frozen=True):
    """What a board is to decide about a case: the event, and what it brings."""

    reference: str
    event: str
    fields: Mapping[str, str]


class Stage:
    """The office that the demo plays in.

    Attributes:
        cast: Who plays.
        maker: Who runs the demo.
        folder: The home, where the tables of the board meetings are left.
        cases: What a case is called in the story -> its reference.
        agenda: Name of a board meeting in the story -> what it is to decide.
    """

    def __init__(self, office: Office, caller: Caller, cast: Cast, folder: Path) -> None:
        self.office, self.cast, self.folder = office, cast, folder
        self.cases: dict[str, str] = {}
        self.agenda: dict[str, list[Item]] = defaultdict(list)
        self.maker = caller

    def new(
        self, who: str, workflow: str, key: str, title: str, /, *, event: str | None = None,
        parties: Sequence[str] = (), parent: str | None = None, note: str = MARK, **fields: Any,
    ) -> str:  # fmt: skip
        """Open a case, and remember it under a key of the story."""
        given = Given(set=fields, note=note)
        told = open_case(
            self.office, self.caller(who), workflow, title, given, event=event, parties=parties, parent=parent
        )
        self.cases[key] = told["reference"]
        return self.cases[key]

    def fire(
        self, who: str, reference: str, event: str, /, *, papers: Iterable[str] = (), note: str = MARK,
        on_behalf_of: str | None = None, **fields: Any,
    ) -> Mapping[str, Any]:  # fmt: skip
        """Fire an event; what follows from it stands in the answer."""
        given = Given(set=fields, papers=self._papers(reference, papers), note=note, on_behalf_of=on_behalf_of)
        return advance(self.office, self.caller(who), reference, event, given)

    def amend(self, who: str, reference: str, /, **fields: Any) -> None:
        """Fill in fields."""
        edit.amend(self.office, self.caller(who), reference, Given(set=fields, note=MARK))

    def file(self, who: str, reference: str, /, *kinds: str) -> None:
        """File papers of these kinds; what stands in them is one sentence."""
        papers.attach(self.office, self.caller(who), reference, Given(papers=self._papers(reference, kinds), note=MARK))

    def sign(self, who: str, reference: str, role: str, person: str, document: str, /) -> Mapping[str, Any]:
        """Record a signature."""
        return papers.sign(self.office, self.caller(who), reference, role, person, document, Given(note=MARK))

    def assign(self, reference: str, /, login: str = "officer") -> None:
        """Give the case to an officer."""
        edit.assign(self.office, self.caller("officer"), reference, login, Given(note=MARK))

    def review(self, who: str, reference: str, score: int, /) -> None:
        """Score every criterion of the form alike, but the last one a point lower."""
        case = self.case(reference)
        with self.office.store.read() as tx:
            form = self.office.catalog.definition(tx, case.workflow, case.version).review
        criteria = list(form.criteria) if form else []
        scores = dict.fromkeys(criteria[:-1], score) | {criteria[-1]: score - 1}
        edit.review(self.office, self.caller(who), reference, scores, Given(note=MARK))

    def case(self, reference: str) -> Case:
        """A case as it is now."""
        with self.office.store.read() as tx:
            found = tx.cases.get(reference)
        assert found is not None, reference  # noqa: S101 - a fault of the story
        return found

    def children(self, reference: str, workflow: str) -> list[Case]:
        """The cases of a workflow below a case."""
        with self.office.store.read() as tx:
            return [case for case in tx.cases.children(reference) if case.workflow == workflow]

    @property
    def today(self) -> date:
        """The day that it is in the story."""
        with self.office.store.read() as tx:
            return self.office.calendar.day(tx.now)

    def caller(self, who: str) -> Caller:
        """The login of a role, acting through whoever runs the demo."""
        return Caller(who, f"{self.maker.auth} as {who}")

    def _papers(self, reference: str, kinds: Iterable[str]) -> list[Paper]:
        """Papers with one sentence each, so that every one has a checksum of its own."""
        return [
            Paper(kind, f"{kind}.txt", f"{MARK}\n{kind} i {reference}, {self.today.isoformat()}.\n".encode())
            for kind in kinds
        ]


def play(
    threads: Iterable[Thread], forward: Callable[[datetime], object], begin: datetime, end: datetime
) -> Iterator[int]:
    """Play all threads together up to the end, the clock going from each moment that one waits for to the next.

    Args:
        threads: The parts of the story.
        forward: Drives the clock to a moment, with all that falls due on the way.
        begin: Where the clock stands.
        end: Where the clock stands afterwards; what lies beyond it never happens.

    Yields:
        Each year, when it is over.
    """
    waiting: list[tuple[datetime, int, Thread]] = []
    for number, thread in enumerate(threads):
        waiting.append((next(thread), number, thread))
    heapq.heapify(waiting)
    year = begin.year
    while waiting and waiting[0][0] <= end:
        moment, number, thread = heapq.heappop(waiting)
        yield from range(year, moment.year)
        year = moment.year
        forward(moment)
        following = next(thread, None)
        if following is not None:
            heapq.heappush(waiting, (following, number, thread))
    forward(end)
    yield year
