"""The parts that a verification is made of, each of which can be done by itself, by this process or another.

A part is a run of chains, or a run of the tree's nodes. What is found of it is small, whatever its size, and says the
same whoever found it, so that it does not matter how many work.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field

from engine.app.record import OFFICE
from engine.app.replay import Why
from engine.app.verify_chain import Chain, Fault, Known
from engine.app.verify_quick import Follower
from engine.app.verify_rows import rows_differ, rows_of
from engine.core.merkle import node_hash
from engine.ports import UnitOfWork
from engine.ports.rows import KeptBlock

MOST_FAULTS = 100
"""So many chains are named; that there are more is counted."""

ENTRIES = 1_000
"""A run of chains ends with the chain in which it has so many entries."""

LEVELS = 14
"""A run of nodes is over 2^14 leaves."""


class Bad(Struct, frozen=True):
    """The first thing that is wrong with a chain."""

    case: str
    n: int
    why: Why


class Part(Struct, frozen=True):
    """A run of chains, from `low` on and before `high` (None = to the end), or of nodes: those over some leaves."""

    low: str = ""
    high: str | None = None
    leaves: tuple[int, int] | None = None


class Judged(Struct):
    """What was found of a part.

    Attributes:
        entries: In the chains; `cases` how many chains, `erased` entries whose payload was erased, as the log says.
        leaves: Entries that stand in the tree; `in_tree` whether each does under the hash of its line, in the order
            of its chain; `in_turn` whether each has the place that it has if there was one writer at a time.
        faulty: How many chains have a fault; `bad` the first faults of the first of them.
        filed: Digests of documents that the chains file, and that were not told before.
        sound: Of a run of nodes: whether each is the hash of the two below it.
        imported: User who brought cases in from elsewhere -> how many, and how many entries came with them.
    """

    entries: int = 0
    cases: int = 0
    erased: int = 0
    leaves: int = 0
    in_tree: bool = True
    in_turn: bool = True
    faulty: int = 0
    bad: list[Bad] = field(default_factory=list)
    filed: frozenset[str] = frozenset()
    sound: bool = True
    imported: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, entries: int, erased: int, leaves: int, *, in_tree: bool, in_turn: bool, cases: int = 1) -> None:
        """Count a chain, or those of another part."""
        self.cases += cases
        self.entries += entries
        self.erased += erased
        self.leaves += leaves
        self.in_tree = self.in_tree and in_tree
        self.in_turn = self.in_turn and in_turn

    def bring(self, user: str, cases: int, entries: int) -> None:
        """Count what a user brought in."""
        before = self.imported.get(user, (0, 0))
        self.imported[user] = before[0] + cases, before[1] + entries

    def note(self, bad: Bad | None) -> None:
        """Count a faulty chain."""
        if bad is not None:
            self.faulty += 1
            if len(self.bad) < MOST_FAULTS:
                self.bad.append(bad)


class Crew(Protocol):
    """Other processes that verify parts of the same log at the same time."""

    def see(self, moment: str) -> bool:
        """Let all look at the log as it is now; whether each of them sees that moment of it."""
        ...

    def work(self, known: Known, parts: Sequence[Part]) -> Iterator[tuple[int, Judged]]:
        """Begin at once, and tell what was found of each part, by its number, as it comes.

        Raises:
            Unavailable: One of them ended before its work did.
        """
        ...


class Inspector:
    """Judges parts in one transaction."""

    def __init__(self, tx: UnitOfWork, known: Known) -> None:
        self._tx, self._known, self._audit = tx, known, tx.audit
        self._follower = Follower(tx, known)
        self._computed = self._audit.computed()
        self._told: set[str] = set()

    def judge(self, part: Part) -> Judged:
        """What is found of a part; nothing is raised for it."""
        if part.leaves is not None:
            return Judged(sound=self._nodes(*part.leaves))
        block = self._audit.block(part.low, part.high)
        judged = None if block.strays or not self._computed else self._quickly(block)
        if judged is None:
            judged = Judged()
            for reference in self._audit.chains_between(part.low, part.high):
                if reference != OFFICE:
                    self._closer(reference, judged)
        judged.filed = frozenset(self._known.filed - self._told)
        self._told |= judged.filed
        return judged

    def _quickly(self, block: KeptBlock) -> Judged | None:
        """What is found of the chains of a block; None if there is any row about an entry that does not exist."""
        judged = Judged()
        payloads = leaves = waiting = 0
        for reference, rows in block.entries.items():
            found = self._follower.sound(reference, block)
            if found is None:
                self._closer(reference, judged)
                payloads += sum(1 for row in rows if row[4] is not None or row[5] is not None)
                leaves += sum(1 for row in rows if row[6] is not None)
                waiting += sum(1 for row in rows if row[8] is not None)
                continue
            judged.add(found.entries, found.erased, found.leaves, in_tree=found.in_tree, in_turn=found.in_turn)
            if found.imported is not None:
                judged.bring(found.imported[0], 1, found.imported[1])
            payloads, leaves, waiting = payloads + found.payloads, leaves + found.leaves, waiting + found.waiting
        return judged if (payloads, leaves, waiting) == block.about else None

    def _closer(self, reference: str, judged: Judged) -> None:
        chain = Chain(self._tx, self._known, reference)
        bad = first_fault(self._tx, self._known, chain)
        judged.note(bad)
        judged.add(chain.length, chain.erased, chain.leaves, in_tree=chain.in_tree, in_turn=chain.in_turn)
        if bad is None and chain.imported is not None:
            judged.bring(chain.imported[0], 1, chain.imported[1])

    def _nodes(self, start: int, end: int) -> bool:
        """Whether each node above these leaves and under 2^14 of them is there, and is the hash of the two below."""
        below = self._audit.hashes(0, start, end)
        if len(below) != end - start:
            return False
        for level in range(1, LEVELS + 1):
            first, last = start >> level, end >> level
            made = list(map(node_hash, below[::2], below[1::2]))  # One that stands alone has no node above it yet.
            below = self._audit.hashes(level, first, last)
            if made != below:
                return False
        return True


def first_fault(tx: UnitOfWork, known: Known, chain: Chain) -> Bad | None:
    """The first fault of a chain: of its lines, else of its rows."""
    fault: Fault | None = next(chain.faults(), None)
    if fault is None:
        fault = next(rows_differ(tx.audit, known, chain, rows_of(tx, chain.reference)), None)
    return None if fault is None else Bad(chain.reference, *fault)


def parts_of(tx: UnitOfWork, entries: int = ENTRIES) -> list[Part]:
    """All parts of a log: its nodes, and its chains in their order, in runs of about so many entries."""
    leaves = tx.audit.counts()[0]
    run = 1 << LEVELS
    nodes = [Part(leaves=(start, min(start + run, leaves))) for start in range(0, leaves, run)]
    lows = list(tx.audit.bounds(entries))
    return nodes + [Part(low, high) for low, high in zip(lows, [*lows[1:], None], strict=True)]


def alone(inspector: Inspector, parts: Sequence[Part]) -> Iterator[tuple[int, Judged]]:
    """One part after another, in this process."""
    for number, part in enumerate(parts):
        yield number, inspector.judge(part)


def together(found: Mapping[int, Judged]) -> Judged:
    """What was found of all parts, as if one had judged them in their order."""
    whole = Judged()
    for _, one in sorted(found.items()):
        whole.add(one.entries, one.erased, one.leaves, in_tree=one.in_tree, in_turn=one.in_turn, cases=one.cases)
        for user, (cases, entries) in one.imported.items():
            whole.bring(user, cases, entries)
        whole.faulty += one.faulty
        whole.bad += one.bad[: MOST_FAULTS - len(whole.bad)]
        whole.filed |= one.filed
        whole.sound = whole.sound and one.sound
    return whole
