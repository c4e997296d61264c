"""Verify a home: every line of the log in its chain, and every row that the log says how it is.

One transaction that sees one moment, one chain after another in memory, then the tree over all of them. What nothing
inside the database can show (a tail cut off, a log rewritten whole, by somebody who may write the file) is for the
signer's memory and for anchors; `size` and `root` are what an anchor holds, so noting them elsewhere is one too.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct, field

from engine.app.access import INSIDE, known_actor
from engine.app.naming import case_named
from engine.app.office import Caller, Office
from engine.app.record import OFFICE
from engine.app.replay import Why
from engine.app.verify_chain import Chain
from engine.app.verify_directory import Directory
from engine.app.verify_office import followed_office, known_of
from engine.app.verify_part import (
    LEVELS,
    MOST_FAULTS,
    Bad,
    Crew,
    Inspector,
    Judged,
    alone,
    first_fault,
    parts_of,
    together,
)
from engine.app.verify_seals import Anchored, Sealed, check_seals
from engine.core.case import Actor
from engine.core.errors import Refusal, TransitionRefused
from engine.core.merkle import node_hash
from engine.ports import UnitOfWork

Progress = Callable[[Iterable[str], int], Iterable[str]]
"""Passes the names of what is done on, one by one; the second argument is how many there will be."""

TRIES = 20
"""So often several processes begin anew, until all see the same moment of a log that is being written to."""


class Erased(Struct, frozen=True):
    """An erasure that the log tells of: its entry, whom it concerned, the ground, and how much it changed."""

    entry: str
    person: str
    ground: str
    entries: int
    letters: int


class Imported(Struct, frozen=True):
    """What a user brought in from elsewhere, by its login if it has one still: the way it came is not checked."""

    user: str
    cases: int
    entries: int


class Verified(Struct):
    """What was found.

    Attributes:
        entries: Entries in the chains; `cases` how many chains beside the office's.
        erased: Entries whose personal part was erased, as the log says.
        sealed: What was found of the tree and its seals.
        anchors: How many anchors were held against it.
        erasures: What was erased, by entries of the log.
        imported: What came from elsewhere, by whom.
        bad: The first fault of each faulty chain, then those of the tree, at most `MOST_FAULTS`; `faulty` counts all.
    """

    entries: int = 0
    cases: int = 0
    erased: int = 0
    sealed: Sealed = field(default_factory=Sealed)
    anchors: int = 0
    erasures: list[Erased] = field(default_factory=list)
    imported: list[Imported] = field(default_factory=list)
    faulty: int = 0
    bad: list[Bad] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Entries in the tree, those that wait to be sealed last."""
        return self.sealed.size

    @property
    def root(self) -> str:
        """Root of that tree."""
        return self.sealed.root

    def note(self, bad: Bad | None) -> None:
        """Count a faulty chain."""
        if bad is not None:
            self.faulty += 1
            if len(self.bad) < MOST_FAULTS:
                self.bad.append(bad)


def verifier(office: Office, caller: Caller) -> Actor:
    """The user who wants to verify.

    Raises:
        TransitionRefused: The caller is no user here, or stands outside the office.
    """
    with office.store.read() as tx:
        actor = known_actor(tx, office, caller)
    if not actor.roles & INSIDE:
        reason = Refusal("right_missing", {"right": "verify", "roles": sorted(INSIDE)}, who=("admin",))
        raise TransitionRefused(reasons=[reason])
    return actor


def entries_about(office: Office) -> int:
    """How many entries there are, about: for whoever must know whether it will take long."""
    with office.store.read() as tx:
        return tx.audit.newest()


def unwatched(items: Iterable[str], total: int) -> Iterable[str]:
    """Progress that nobody looks at."""
    return items


def verify(
    office: Office, progress: Progress = unwatched, anchors: Sequence[Anchored] = (), crew: Crew | None = None
) -> Verified:
    """Verify everything; nothing is raised for what is found.

    Args:
        office: Whose log it is.
        progress: Told of each run of chains.
        anchors: Checkpoints kept elsewhere, which the log must contain.
        crew: Other processes that do the work, where there are any; what is found is the same.

    Raises:
        Unavailable: One of the crew ended before its work did.
    """
    for _ in range(TRIES if crew is not None else 0):
        with office.store.read() as tx:
            if crew is not None and crew.see(tx.audit.moment()):
                return _verified(tx, office, progress, anchors, crew)
    with office.store.read() as tx:
        return _verified(tx, office, progress, anchors, None)


def _verified(
    tx: UnitOfWork, office: Office, progress: Progress, anchors: Sequence[Anchored], crew: Crew | None
) -> Verified:
    directory = Directory(office.calendar)
    known = known_of(tx, directory)
    parts = parts_of(tx)
    working = crew.work(known, parts) if crew is not None else alone(Inspector(tx, known), parts)
    office_chain, first = followed_office(tx, known, directory)
    judged: dict[int, Judged] = {}

    def done() -> Iterator[str]:
        for number, one in working:
            judged[number] = one
            yield parts[number].low

    for _ in progress(done(), len(parts)):
        pass
    whole = together(judged)
    found = Verified(office_chain.length + whole.entries, whole.cases, office_chain.erased + whole.erased)
    for bad in (first, *whole.bad):
        found.note(bad)
    found.faulty += whole.faulty - len(whole.bad)
    # A chain that is broken has not told all its documents.
    filed = known.filed | whole.filed
    for digest in () if found.faulty else sorted(set(tx.audit.documents()) - filed):
        found.note(Bad(OFFICE, 0, Why("verify_row_unexpected", {"table": "blobs", "key": digest})))
    whole.add(0, 0, office_chain.leaves, in_tree=office_chain.in_tree, in_turn=office_chain.in_turn, cases=0)
    checked = not found.faulty and _tree_stands(tx, whole)
    found.sealed = check_seals(tx, office, office_chain.told, anchors, checked=checked)
    found.anchors = len(anchors)
    found.erasures = list(_erasures(office_chain))
    found.imported = [
        Imported(tx.directory.login_of(user) or user, *brought) for user, brought in sorted(whole.imported.items())
    ]
    for case, n, why in found.sealed.bad:
        found.note(Bad(case, n, why))
    for what in tx.audit.schema_faults():
        found.note(Bad(OFFICE, 0, Why("verify_schema", {"what": what})))
    return found


def _tree_stands(tx: UnitOfWork, whole: Judged) -> bool:
    """Whether the tree is that of the entries, as far as it was seen part by part: no gap, none more, in their turn."""
    leaves, places, nodes = tx.audit.counts()
    if not (whole.sound and whole.in_tree and leaves == places == whole.leaves):
        return False
    if nodes != sum(leaves >> level for level in range(leaves.bit_length())):
        return False
    below = tx.audit.hashes(LEVELS, 0, leaves >> LEVELS)
    for level in range(LEVELS + 1, leaves.bit_length()):
        below, above = tx.audit.hashes(level, 0, leaves >> level), list(map(node_hash, below[::2], below[1::2]))
        if below != above:
            return False
    return whole.in_turn or not tx.audit.in_order() or not tx.audit.out_of_turn()


def _erasures(office_chain: Chain) -> Iterator[Erased]:
    for entry in office_chain.told:
        if entry.act == "erase":
            body = entry.body
            entries, letters = len(body.get("entries", ())), len(body.get("letters", ()))
            yield Erased(entry.name, str(body.get("person")), str(body.get("ground")), entries, letters)


class Replayed(Struct, frozen=True):
    """What folding the log of one case gave."""

    reference: str
    entries: int
    state: str | None
    revision: int
    bad: Bad | None


def replay(office: Office, reference: str | None = None, progress: Progress = unwatched) -> Iterator[Replayed]:
    """Fold the log of a case, or of all, and compare with what is kept.

    Raises:
        NotFound: There is no such case.
        LogTampered: The office's own chain is broken, so that there are no rules to replay by.
    """
    with office.store.read() as tx:
        known = known_of(tx, Directory(office.calendar))
        asked = [name for name in tx.audit.chains() if name != OFFICE] if reference is None else [
            reference if reference in tx.audit.chains() else case_named(tx, reference)
        ]  # fmt: skip
        for name in progress(asked, len(asked)):
            chain = Chain(tx, known, name)
            bad = first_fault(tx, known, chain)
            case = chain.case
            yield Replayed(name, chain.length, case.state if case else None, case.revision if case else 0, bad)
