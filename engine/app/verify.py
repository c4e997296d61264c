"""Verify a home: every line of the log in its chain, and every row that the log says how it is.

One transaction that sees one moment, one chain after another in memory, then the tree over all of them. What nothing
inside the database can show (a tail cut off, a log rewritten whole, by somebody who may write the file) is for the
signer's memory and for anchors; `size` and `root` are what an anchor holds, so noting them elsewhere is one too.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any

from msgspec import Struct, field

from engine.app.access import INSIDE, known_actor
from engine.app.naming import case_named
from engine.app.office import Caller, Office
from engine.app.record import OFFICE
from engine.app.replay import Why
from engine.app.verify_chain import Chain, Fault, Known
from engine.app.verify_rows import rows_differ
from engine.app.verify_seals import Anchored, Sealed, check_seals
from engine.core.build import from_canonical
from engine.core.case import Actor
from engine.core.entry import parse
from engine.core.errors import LogTampered, Refusal, TransitionRefused
from engine.ports import UnitOfWork

MOST_FAULTS = 100
"""So many chains are named; that there are more is counted."""

Progress = Callable[[Iterable[str], int], Iterable[str]]
"""Passes the chains on one by one; the second argument is how many there are."""


class Bad(Struct, frozen=True):
    """The first thing that is wrong with a chain."""

    case: str
    n: int
    why: Why


class Erased(Struct, frozen=True):
    """An erasure that the log tells of: its entry, whom it concerned, the ground, how many entries it emptied."""

    entry: str
    person: str
    ground: str
    entries: int


class Verified(Struct):
    """What was found.

    Attributes:
        entries: Entries in the chains; `cases` how many chains beside the office's.
        erased: Entries whose personal part was erased, as the log says.
        sealed: What was found of the tree and its seals.
        anchors: How many anchors were held against it.
        erasures: What was erased, by entries of the log.
        bad: The first fault of each faulty chain, then those of the tree, at most `MOST_FAULTS`; `faulty` counts all.
    """

    entries: int = 0
    cases: int = 0
    erased: int = 0
    sealed: Sealed = field(default_factory=Sealed)
    anchors: int = 0
    erasures: list[Erased] = field(default_factory=list)
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


def unwatched(items: Iterable[str], total: int) -> Iterable[str]:
    """Progress that nobody looks at."""
    return items


def verify(office: Office, progress: Progress = unwatched, anchors: Sequence[Anchored] = ()) -> Verified:
    """Verify everything; nothing is raised for what is found.

    Args:
        office: Whose log it is.
        progress: Told of each chain.
        anchors: Checkpoints kept elsewhere, which the log must contain.
    """
    found = Verified()
    with office.store.read() as tx:
        known, office_chain, first = _office(tx)
        found.note(first)
        found.entries, found.erased = len(office_chain.kept), office_chain.erased
        references = [name for name in tx.audit.chains() if name != OFFICE]
        for reference in progress(references, len(references)):
            chain = Chain(tx, known, reference)
            found.note(_judged(tx, known, chain))
            found.entries += len(chain.kept)
            found.erased += chain.erased
            found.cases += 1
        # A chain that is broken has not told all its documents.
        for digest in () if found.faulty else sorted(set(tx.audit.documents()) - known.filed):
            found.note(Bad(OFFICE, 0, Why("verify_row_unexpected", {"table": "blobs", "key": digest})))
        found.sealed, found.anchors = check_seals(tx, office, office_chain.entries, anchors), len(anchors)
        found.erasures = list(_erasures(office_chain))
        for case, n, why in found.sealed.bad:
            found.note(Bad(case, n, why))
    return found


def _erasures(office_chain: Chain) -> Iterator[Erased]:
    for entry in office_chain.entries:
        if entry.act == "erase":
            body = entry.body
            yield Erased(entry.name, str(body.get("person")), str(body.get("ground")), len(body.get("entries", ())))


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
        known, _, _ = _office(tx)
        asked = [name for name in tx.audit.chains() if name != OFFICE] if reference is None else [
            reference if reference in tx.audit.chains() else case_named(tx, reference)
        ]  # fmt: skip
        for name in progress(asked, len(asked)):
            chain = Chain(tx, known, name)
            bad = _judged(tx, known, chain)
            case = chain.case
            yield Replayed(name, len(chain.kept), case.state if case else None, case.revision if case else 0, bad)


def _judged(tx: UnitOfWork, known: Known, chain: Chain) -> Bad | None:
    """The first fault of a chain: of its lines, else of its rows."""
    fault: Fault | None = next(chain.faults(), None) or next(rows_differ(tx, known, chain), None)
    return None if fault is None else Bad(chain.reference, *fault)


def _office(tx: UnitOfWork) -> tuple[Known, Chain, Bad | None]:
    """The chain of the office, and what it says for all others: definitions published, parts erased."""
    known = Known(tx.settings.get("origin") or "skede")
    chain = Chain(tx, known, OFFICE)
    _learn_erasures(known, chain)
    faults = list(chain.faults())
    if not chain.kept:
        faults.append((1, Why("verify_no_office")))
    published: dict[str, tuple[int, Mapping[str, Any]]] = {}
    for entry in chain.entries:
        body = entry.body
        if entry.act == "publish":
            published[f"{body['name']}@{body['version']}"] = (entry.n, {**body, "at": entry.at})
    faults += [*_definitions(tx, known, published), *rows_differ(tx, known, chain)]
    return known, chain, Bad(OFFICE, *faults[0]) if faults else None


def _learn_erasures(known: Known, chain: Chain) -> None:
    """What the office says was erased; asked before its own entries are, as they may be among it."""
    for kept in chain.kept:
        if kept.columns.get("kind") != "erase":
            continue
        with suppress(LogTampered, TypeError, ValueError, AttributeError):  # A broken line is told in its turn.
            body = parse(kept.logged.line).body
            known.erased.update(body.get("entries", ()))
            known.letters.update(body.get("letters", {}))
            known.documents.update(body.get("documents", ()))


def _definitions(
    tx: UnitOfWork, known: Known, published: Mapping[str, tuple[int, Mapping[str, Any]]]
) -> Iterator[Fault]:
    """Every stored definition is one that was published, to the letter; every one published is there."""
    rows = {f"{row['name']}@{row['version']}": row for row in tx.audit.definitions()}
    for wf, (n, said) in published.items():
        known.digests[wf] = str(said["digest"])
        row = rows.pop(wf, None)
        if row is None:
            yield n, Why("verify_row_missing", {"table": "definitions", "key": wf})
            continue
        wrong = [column for column, same in _definition(row, said) if not same]
        if "body" not in wrong:
            known.definitions[wf] = from_canonical(row["body"])
        for column in wrong:
            yield n, Why("verify_row", {"table": "definitions", "key": wf, "column": column})
    for wf in rows:
        yield 0, Why("verify_row_unexpected", {"table": "definitions", "key": wf})


def _definition(row: Mapping[str, Any], said: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    yield "body", _digest(row["body"]) == said["digest"]
    yield "digest", row["digest"] == said["digest"]
    yield "text", _digest(row["text"]) == said["file"]
    yield "valid_from", row["valid_from"] == said["from"]
    yield "published_at", row["published_at"] == said["at"]


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()
