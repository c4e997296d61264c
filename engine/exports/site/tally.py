"""Counts what the charts show while the cases go by: how much is kept does not depend on how many there are."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from engine.core.plain import read_instant

QUARTERS = 4
MONTHS_OF_QUARTER = 3


@dataclass
class Tally:
    """What has been counted so far.

    Attributes:
        day: The local day of an instant.
        moves: (workflow, phase, quarter) -> how many cases came into the phase in it, less those that left; a quarter
            is its number since the year 0.
        days: (workflow, state) -> whole days -> how many stays lasted so long.
        now: (workflow, state) -> how many cases are there.
        money: (what, year) -> amount; `granted` or `paid`.
        reports: (outcome, year) -> how many.
    """

    day: Callable[[str], date]
    moves: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    days: dict[tuple[str, str], Counter[int]] = field(default_factory=dict)
    now: Counter[tuple[str, str]] = field(default_factory=Counter)
    money: dict[tuple[str, int], Decimal] = field(default_factory=dict)
    reports: Counter[tuple[str, int]] = field(default_factory=Counter)

    def add(self, told: Mapping[str, Any]) -> None:
        """Count one case."""
        workflow = told["case"]["workflow"]
        for stay in told["stays"]:
            self._stay(workflow, stay)
        for what in ("granted", "paid"):
            found = told["figures"][what]
            if found:
                key = what, int(found["on"][:4])
                self.money[key] = self.money.get(key, Decimal(0)) + Decimal(found["amount"])
        for report in told["figures"]["reports"]:
            self.reports[report["outcome"], int(report["due_on"][:4])] += 1

    def _stay(self, workflow: str, stay: Mapping[str, Any]) -> None:
        if stay["to"] is None:
            self.now[workflow, stay["state"]] += 1
        else:
            lasted = (read_instant(stay["to"]) - read_instant(stay["from"])).days
            self.days.setdefault((workflow, stay["state"]), Counter())[lasted] += 1
        if stay["final"]:
            return
        self.moves[workflow, stay["phase"], quarter_of(self.day(stay["from"]))] += 1
        if stay["to"] is not None:
            self.moves[workflow, stay["phase"], quarter_of(self.day(stay["to"]))] -= 1

    def phases(self, until: str, workflow: str | None = None) -> tuple[list[int], dict[str, list[int]]]:
        """The quarters from the first to the one of `until`, and per phase the cases open in it at each one's end."""
        moves = {key: n for key, n in self.moves.items() if workflow in (None, key[0])}
        if not moves:
            return [], {}
        last = max(quarter_of(self.day(until)), *(key[2] for key in moves))
        quarters = list(range(min(key[2] for key in moves), last + 1))
        found: dict[str, list[int]] = {}
        for phase in dict.fromkeys(key[1] for key in moves):
            change: Counter[int] = Counter()
            for (_, of, quarter), n in moves.items():
                if of == phase:
                    change[quarter] += n
            found[phase] = running(change[quarter] for quarter in quarters)
        return quarters, found

    def lasted(self, workflow: str, state: str) -> tuple[int, int, int] | None:
        """How many stays in a state have ended, their median and the longest in days; None where none has."""
        found = self.days.get((workflow, state))
        if not found:
            return None
        stays = found.total()
        return stays, _median(found, stays), max(found)


def _median(found: Counter[int], stays: int) -> int:
    """The middle one of the stays, the shorter of the two where there are two."""
    seen = 0
    for days in sorted(found):
        seen += found[days]
        if 2 * seen >= stays:
            return days
    raise AssertionError("a counter of stays is not empty")


def running(changes: Iterable[int]) -> list[int]:
    """The sums so far."""
    found, total = [], 0
    for change in changes:
        total += change
        found.append(total)
    return found


def quarter_of(day: date) -> int:
    """The quarter of a day, counted from the year 0."""
    return day.year * QUARTERS + (day.month - 1) // MONTHS_OF_QUARTER


def quarter_text(quarter: int) -> str:
    """`2021 Q3`."""
    return f"{quarter // QUARTERS} Q{quarter % QUARTERS + 1}"
