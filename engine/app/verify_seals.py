"""Hold the log against its seals: leaves and nodes of the tree, checkpoints here, anchors kept elsewhere.

One pass over all lines in the order of the tree, with nothing kept but the hashes on its right edge. Wherever the
tree has a size that somebody has sealed, its root must be the sealed one: that the older is a beginning of the newer
follows, since both are of the same leaves.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct, field

from engine.app.office import Office
from engine.app.record import OFFICE, origin
from engine.app.replay import Why
from engine.core.checkpoint import Checkpoint
from engine.core.entry import Entry
from engine.core.errors import EngineError, Unavailable
from engine.core.merkle import root
from engine.core.tree import Tree
from engine.ports import Signer, UnitOfWork

Found = tuple[str, int, Why]
"""The case and the number of the entry at fault, and what is wrong."""

LATEST = (OFFICE, 0)

_NODES = 4_096
"""So many nodes are remembered while roots are computed: the next root is of nearly the same."""

ONCE = {"verify_checkpoint_root"}
"""Where one checkpoint is wrong all later ones are; the first of them says so. Of anchors each is told."""


class Anchored(Struct, frozen=True):
    """A checkpoint that somebody brings: the name of its file, and its text, found to be a signed note."""

    name: str
    note: str


class Mark(Struct, frozen=True):
    """A root that the tree must have at a size, and what is wrong if it has another or never gets there."""

    size: int
    root: bytes
    differs: Why
    beyond: Why


class Sealed(Struct):
    """What was found of the tree.

    Attributes:
        size, root: Of the tree over all entries, those that wait to be sealed last.
        waiting: How many wait; `first_waiting` the first of them.
        sealed: Entries that the newest checkpoint covers.
        checkpoints: How many there are.
    """

    size: int = 0
    root: str = ""
    waiting: int = 0
    first_waiting: str | None = None
    sealed: int = 0
    checkpoints: int = 0
    bad: list[Found] = field(default_factory=list)


def check_seals(
    tx: UnitOfWork, office: Office, entries: Sequence[Entry], anchors: Sequence[Anchored] = (), *, checked: bool = False
) -> Sealed:
    """Check the whole tree; nothing is raised for what is found.

    Args:
        tx: The transaction that is read in.
        office: Whose log it is.
        entries: Those of the office's own chain that tell of seals and keys.
        anchors: Checkpoints from elsewhere.
        checked: Whether it is known that every entry stands in the tree once, in its turn, under the hash of its
            line, or waits for it, and that every node is the hash of the two below: then roots are read from the nodes.
    """
    found = Sealed()
    marks = [*_own_marks(tx, office, entries, found), *_anchor_marks(tx, office, anchors, found)]
    if office.signer is not None:
        marks += _memory_marks(office.signer(), found)
    marks.sort(key=lambda mark: mark.size)
    if not checked or not _climb(tx, marks, found):
        _walk(tx, marks, found)
    return found


def _climb(tx: UnitOfWork, marks: Sequence[Mark], found: Sealed) -> bool:
    """Compare every root with the tree's nodes, and add what waits; False, and nothing told, if all is not well."""
    size, latest = tx.audit.counts()[0], tx.audit.last_taken()
    node = lru_cache(maxsize=_NODES)(tx.evidence.node)
    tree, in_order, asked = Tree.grown_to(size, node), tx.audit.in_order(), list(reversed(marks))
    while asked and asked[-1].size <= size:
        mark = asked.pop()
        if mark.size and root(mark.size, node) != mark.root:
            return False
    waiting, first = 0, None
    for _, key, case, n, line in tx.audit.waiting():
        if in_order and key < latest:
            return False
        latest = key
        tree.add(line)
        waiting, first = waiting + 1, first or f"{case}#{n}"
        while asked and asked[-1].size == tree.size:
            if tree.digest != asked.pop().root:
                return False
    if asked:
        return False
    found.waiting, found.first_waiting, found.size, found.root = waiting, first, tree.size, tree.root
    return True


def _own_marks(tx: UnitOfWork, office: Office, entries: Sequence[Entry], found: Sealed) -> Iterator[Mark]:
    """The checkpoints that are stored, each signed, and each told by an entry of its own."""
    said = {entry.body.get("size"): entry for entry in entries if entry.act == "seal"}
    for size, note, sealed_at in tx.audit.checkpoints():
        found.checkpoints += 1
        found.sealed = size
        entry = said.pop(size, None)
        if found.checkpoints == 1 and office.signer is not None:
            _check_keys(office.signer(), entries, found)
        checkpoint = _read(tx, office, note, Why("verify_checkpoint", {"size": size}), entry, found)
        if checkpoint is None:
            continue
        if entry is None:
            params = {"table": "checkpoints", "key": str(size)}
            found.bad.append((*LATEST, Why("verify_row_unexpected", params)))
        else:
            found.bad += [(OFFICE, entry.n, why) for why in _as_said(size, sealed_at, checkpoint, entry)]
        yield Mark(
            checkpoint.size, checkpoint.root, Why("verify_checkpoint_root", {"size": checkpoint.size}),
            Why("verify_checkpoint_beyond", {"size": checkpoint.size}),
        )  # fmt: skip
    for entry in said.values():
        params = {"table": "checkpoints", "key": str(entry.body.get("size"))}
        found.bad.append((OFFICE, entry.n, Why("verify_row_missing", params)))


def _as_said(size: int, sealed_at: str, checkpoint: Checkpoint, entry: Entry) -> Iterator[Why]:
    """Whether a stored checkpoint is the one that its entry tells of, column by column."""
    told = {
        "size": size == checkpoint.size, "sealed_at": sealed_at == entry.at,
        "note": b64encode(checkpoint.root).decode() == entry.body.get("root"),
    }  # fmt: skip
    for column, same in told.items():
        if not same:
            yield Why("verify_row", {"table": "checkpoints", "key": str(size), "column": column})


def _check_keys(signer: Signer, entries: Sequence[Entry], found: Sealed) -> None:
    """Each of the seal's public keys must be one that the log tells of."""
    told = {entry.body.get(name) for entry in entries for name in ("key", "new", "old")}
    try:
        strange = {key.text() for key in signer.public_keys()} - told
    except Unavailable:  # `_read` says so.
        return
    if strange:
        found.bad.append((*LATEST, Why("verify_key_unknown", {"key": min(strange)})))


def _read(tx: UnitOfWork, office: Office, note: str, why: Why, entry: Entry | None, found: Sealed) -> Checkpoint | None:
    """The checkpoint of a note, if the seal's key has signed it for this log."""
    where = (OFFICE, entry.n if entry else 0)
    try:
        checkpoint = office.signer().checked(note) if office.signer is not None else None
    except Unavailable as error:  # No public key is there: that is one fault, not one for each checkpoint.
        missing = (*LATEST, Why("verify_no_key", {"why": error.message}))
        found.bad += [] if missing in found.bad else [missing]
        return None
    except EngineError as error:
        found.bad.append((*where, Why(why.code, {**why.params, "why": error.message})))
        return None
    if checkpoint is not None and checkpoint.origin != origin(tx):
        found.bad.append((*where, Why("verify_other_log", {**why.params, "origin": checkpoint.origin})))
        return None
    return checkpoint


def _anchor_marks(tx: UnitOfWork, office: Office, anchors: Sequence[Anchored], found: Sealed) -> Iterator[Mark]:
    for anchor in anchors:
        why = Why("verify_anchor", {"file": anchor.name, "size": "?"})
        checkpoint = _read(tx, office, anchor.note, why, None, found)
        if checkpoint is not None:
            params = {"file": anchor.name, "size": checkpoint.size}
            differs, beyond = Why("verify_anchor_root", params), Why("verify_anchor_beyond", params)
            yield Mark(checkpoint.size, checkpoint.root, differs, beyond)


def _memory_marks(signer: Signer, found: Sealed) -> list[Mark]:
    """What the signer remembers, in files of its own: a log put back to yesterday does not get there."""
    try:
        last = signer.last()
    except EngineError as error:
        found.bad.append((*LATEST, Why("verify_no_key", {"why": error.message})))
        return []
    if last is None:
        if found.checkpoints:
            found.bad.append((*LATEST, Why("verify_no_memory")))
        return []
    params = {"size": last.size}
    return [Mark(last.size, last.root, Why("verify_memory_root", params), Why("verify_memory_beyond", params))]


def _walk(tx: UnitOfWork, marks: Sequence[Mark], found: Sealed) -> None:
    """Build the tree anew from the lines, and compare: leaf by leaf, node by node, root by root."""
    tree, nodes, latest, in_order = Tree(), _Nodes(tx), dict[str, int](), tx.audit.in_order()
    asked, at, since = list(reversed(marks)), LATEST, None
    out_of_turn, told = False, set[str]()
    while asked and asked[-1].size == 0:
        asked.pop()
    for leaf, key, case, n, line in tx.audit.leaves():
        at = (case, n)
        since = since or at
        # With one writer at a time, entries are taken in the order of their keys; with many, each chain's are.
        turn, group = (key, "") if in_order else (n, case)
        if turn < latest.get(group, 0) and not out_of_turn:
            out_of_turn = True
            found.bad.append((*at, Why("verify_out_of_turn")))
        latest[group] = max(latest.get(group, 0), turn)
        complete = tree.add(line)
        if leaf is None:
            found.waiting += 1
            found.first_waiting = found.first_waiting or f"{case}#{n}"
        elif (wrong := nodes.differ(tree.size - 1, leaf, complete)) is not None:
            found.bad.append((*at, wrong))
        # The first entry after the last root that was right is the first that may be another.
        right = False
        while asked and asked[-1].size == tree.size:
            mark = asked.pop()
            right = tree.digest == mark.root
            if not right and mark.differs.code not in told:
                found.bad.append((*since, mark.differs))
                told |= {mark.differs.code} & ONCE
        since = None if right else since
    found.size, found.root = tree.size, tree.root
    found.bad += [(*at, mark.beyond) for mark in reversed(asked)]
    found.bad += [(*LATEST, why) for why in nodes.left()]


class _Nodes:
    """The stored nodes, read level by level beside the tree that is built anew; the first difference is told."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._levels = {level: tx.audit.nodes(level) for level in tx.audit.levels()}
        self._differed = False

    def differ(self, place: int, leaf: int, complete: Sequence[bytes]) -> Why | None:
        """Compare the subtrees that a leaf makes complete; None if all is as it should be, or was told before."""
        if self._differed:
            return None
        self._differed = True
        if leaf != place:
            return Why("verify_leaf_gap", {"wanted": place, "found": leaf})
        for level, value in enumerate(complete):
            index = place >> level
            if next(self._levels.get(level, iter(())), None) != (index, value):
                return Why("verify_node", {"level": level, "index": index})
        self._differed = False
        return None

    def left(self) -> Iterator[Why]:
        """Nodes that no leaf has made."""
        for level, rest in self._levels.items():
            extra = next(rest, None)
            if extra is not None and not self._differed:
                yield Why("verify_row_unexpected", {"table": "nodes", "key": f"{level}/{extra[0]}"})
                return
