"""What the entries of a chain make its deadlines and messages be, gathered entry by entry."""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct, field

from engine.core.case import Case
from engine.core.entry import Entry
from engine.core.plain import deadline_from_plain, read_instant
from engine.ports import DeadlineRow


class Said(Struct):
    """One message that an entry decided: what the payload tells of it, and what became of it by the log.

    Attributes:
        digest: Of the message as it was queued, None where it was erased.
        state: The state it was queued in, None where that was erased; `reason` why.
        outcomes: What became of it by the log, oldest first.
    """

    n: int
    digest: str | None = None
    state: str | None = None
    reason: str | None = None
    outcomes: list["Outcome"] = field(default_factory=list)


class Outcome(Struct, frozen=True):
    """What became of a message, by an entry: its state, when, the digest of the letter, and why."""

    state: str
    at: str
    letter: str | None
    why: str | None


class Gathered:
    """The case, deadlines and messages of one chain, as far as it was followed.

    Attributes:
        length: How many entries the chain has.
        case: What they fold to.
        opened: The entry that opened it last.
        called_off: (n of the entry, deadline id or beginning of a message's key, why): what is not to be said any more.
        taken_out: The people who were erased from the case, by entries of its own.
    """

    def __init__(self, reference: str) -> None:
        self.reference = reference
        self.length = 0
        self.case: Case | None = None
        self.opened: Entry | None = None
        self.deadlines: dict[str, DeadlineRow] = {}
        self.said: dict[str, Said] = {}
        self.called_off: list[tuple[int, str, str]] = []
        self.taken_out: set[str] = set()

    def is_history(self, entry: Entry) -> bool:
        """Whether the place of an entry is one of those that an imported opening keeps for what happened before."""
        if entry.act == "open" or self.opened is None:
            return False
        imported = self.opened.body.get("imported")
        if imported is None:
            return False
        return entry.n <= self.opened.n + int(imported.get("history", {}).get("events", 0))

    @property
    def imported(self) -> tuple[str, int] | None:
        """Who brought the case in from elsewhere, and how many entries came with it; None where it began here."""
        if self.opened is None or "imported" not in self.opened.body or self.case is None or self.case.taken_back:
            return None
        return self.opened.actor, 1 + int(self.opened.body["imported"].get("history", {}).get("events", 0))

    def follow(self, case: Case, entry: Entry, payload: Mapping[str, Any] | None) -> None:
        """The case, its deadlines and messages as an entry leaves them."""
        self.case = case
        body, act = entry.body, entry.act
        if act in _UNDOING:
            self.deadlines.clear()
            self.said.clear()
            self.called_off.clear()
        if not _DUE.isdisjoint(body):
            self._due(case, entry)
        if act == "reversed":
            self.called_off.append((entry.n, f"{self.reference}#{body['corrects']}/", "reversed"))
        elif act == "open":
            self.opened = entry
        elif act == "erase":
            self.taken_out.add(str(body.get("person")))
        if "msgs" in body or "mail" in body:
            self.say(entry, payload)

    def say(self, entry: Entry, payload: Mapping[str, Any] | None) -> None:
        """Messages as this entry decides them, or tells what became of them."""
        body = entry.body
        keys = body.get("msgs")
        if keys:
            digests = (payload or {}).get("msgs", {})
            for key in keys:
                told = digests.get(key, (None, None, None))
                self.said.setdefault(key, Said(entry.n, *told))
        outcome = body.get("mail")
        said = self.said.get(outcome["key"]) if outcome else None
        if outcome and said is not None:
            letter = payload.get("letter") if payload else None
            said.outcomes.append(Outcome(outcome["state"], entry.at, letter, outcome.get("why")))

    def _due(self, case: Case, entry: Entry) -> None:
        body = entry.body
        moved, closed = body.get("moved", ()), body.get("closed", ())
        raws = (*body.get("opened", ()), *moved)
        # The fold has read them already; only where one is named twice may it have made something else of it.
        named_once = len({raw["id"] for raw in raws}) == len(raws)
        read = {deadline.id: deadline for deadline in case.deadlines} if named_once else {}
        for raw in raws:
            deadline = read.get(raw["id"]) or deadline_from_plain(raw)
            self.deadlines[deadline.id] = DeadlineRow(deadline, self.reference, "open")
        for raw in closed:
            row = self.deadlines[raw["id"]]
            self.deadlines[raw["id"]] = DeadlineRow(row.deadline, row.case, raw["how"], read_instant(entry.at))
            self.called_off.append((entry.n, raw["id"], raw["how"]))
        if entry.act not in _STEPPING:
            self.called_off += [(entry.n, raw["id"], "moved") for raw in moved]


_UNDOING = frozenset({"import_undone", "undone"})
_DUE = frozenset({"opened", "moved", "closed"})
_STEPPING = frozenset({"remind", "expire", "open"})


def open_differs(case: Case, rows: Collection[DeadlineRow]) -> str | None:
    """The id of a deadline that the case has open and the log's entries have not, or the other way round."""
    mine = {d.id: d for d in case.deadlines}
    theirs = {row.deadline.id: row.deadline for row in rows if row.state == "open"}
    if mine == theirs:
        return None
    return next((key for key in sorted({*mine, *theirs}) if mine.get(key) != theirs.get(key)), None)
