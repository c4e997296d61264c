"""Follow a chain that is as it should be, quickly: everything that `verify_chain` looks at, and no words for a fault.

A log is sound nearly everywhere. So each chain is first followed here, with every check and nothing kept that only an
explanation needs; the first doubt ends that, and `verify_chain` follows the chain again and says what is wrong, if
anything is. So a mistake here can cost time, or overlook; it cannot accuse.
"""

import re
from binascii import b2a_base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from msgspec import Struct

from engine.app.replay import Rules
from engine.app.verify_chain import Known, restored_differs
from engine.app.verify_gather import Gathered
from engine.app.verify_roles import unheld
from engine.app.verify_rows import Rows, rows_differ
from engine.core.canonical import read_strictly
from engine.core.chain import genesis
from engine.core.entry import Entry, read_exactly
from engine.core.errors import EngineError
from engine.core.fold import apply, is_quiet, numbered
from engine.core.history import ACT
from engine.ports import UnitOfWork
from engine.ports.rows import KeptBlock

_PLAIN = 9
"""So many columns an entry's row has where the database computes the others from its line whenever they are read."""
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


class Doubt(Exception):
    """Something is not as it usually is: look closer."""


class Sound(Struct):
    """A chain that is as it should be.

    Attributes:
        entries: How many it has; `erased` of how many the payload was erased, as the log says.
        payloads: How many have a payload; `waiting` how many wait for the tree.
        leaves: How many stand in the tree, each under the hash of its line.
        in_tree: Whether they do, in the order of the chain; what is wrong there, the walk along the tree tells.
        in_turn: Whether each has the place that it has if there was one writer at a time.
        imported: Who brought the case in from elsewhere, and how many entries came with it.
    """

    entries: int = 0
    erased: int = 0
    payloads: int = 0
    waiting: int = 0
    leaves: int = 0
    in_tree: bool = True
    in_turn: bool = True
    imported: tuple[str, int] | None = None


class Follower:
    """Follows chains of one transaction."""

    def __init__(self, tx: UnitOfWork, known: Known) -> None:
        self._known = known
        self._audit, self._documents, self._rules = tx.audit, tx.documents, Rules()

    def sound(self, reference: str, block: KeptBlock) -> Sound | None:
        """What was found of a chain without a fault, rows and all; None where it must be looked at closer."""
        chain = _Quick(self._known, self._rules, reference)
        rows = Rows(
            block.cases.get(reference), block.links.get(reference, {}), block.deadlines.get(reference, ()),
            block.messages.get(reference, ()),
        )  # fmt: skip
        try:
            for raw in chain.follow_all(block.entries[reference]):
                self._document(raw)
            if next(rows_differ(self._audit, self._known, chain, rows), None) is not None:
                return None
        except (Doubt, EngineError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
            return None
        chain.found.imported = chain.imported
        return chain.found

    def _document(self, digest: str) -> None:
        """The bytes of a document are those that were filed; asked once for each."""
        self._known.filed.add(digest)
        if digest in self._known.sound:
            return
        content = self._documents.get(digest)
        if digest not in self._known.documents if content is None else sha256(content).hexdigest() != digest:
            raise Doubt
        self._known.sound.add(digest)


class _Quick(Gathered):
    """One chain."""

    def __init__(self, known: Known, rules: Rules, reference: str) -> None:
        super().__init__(reference)
        self._known, self._rules = known, rules
        self.found = Sound()
        self._head, self._written, self._recorded = genesis(known.origin, reference), -1, ""
        self._last = self._queued = -1

    def follow_all(self, rows: Sequence[tuple[Any, ...]]) -> Iterator[str]:
        """Follow the entries; the digests of the documents that they file.

        Raises:
            Doubt: Something is not as it usually is; what is no entry at all may break anything else.
        """
        self.length = self.found.entries = len(rows)
        broken, wf = self._rules.broken, ""
        behind: Entry | None = None
        """The last of the quiet entries that the case does not count yet."""
        for place, row in enumerate(rows, 1):
            entry = self._line(place, row)
            if place == 1:
                wf = entry.wf or ""
                definition, digest = self._known.definitions[wf], self._known.digests[wf]
            if entry.wf != wf or entry.definition != digest:
                raise Doubt
            if entry.role is not None and unheld(self._known.held, definition, entry):
                raise Doubt
            personal = self._payload(entry, row[4], row[5])
            case = self.case
            if case is not None and is_quiet(case, entry):
                if broken(definition, case, entry) is not None or self.is_history(entry):
                    raise Doubt
                behind = entry
                self.say(entry, personal)
                continue
            if case is not None and behind is not None:
                case, behind = numbered(case, behind.n, entry.prev, behind.at), None
            if broken(definition, case, entry) is not None or (entry.act == ACT) != self.is_history(entry):
                raise Doubt
            if entry.act == "reversed" and restored_differs(definition, _texts(rows), entry):
                raise Doubt
            self.follow(apply(case, entry, personal, self._head), entry, personal)
            if "docs" in entry.body:
                yield from (raw["sha256"] for raw in entry.body["docs"])
        if behind is not None and self.case is not None:
            self.case = numbered(self.case, behind.n, self._head, behind.at)

    def _line(self, place: int, row: tuple[Any, ...]) -> Entry:
        """The entry of a row: its line by itself, in its chain, and in the tree."""
        n, key, line = row[1], row[2], row[3]
        entry = read_exactly(line)
        if entry is None or not n == entry.n == place or entry.case != self.reference or key <= self._written:
            raise Doubt
        at = entry.at
        if entry.prev != self._head or at < self._recorded or (len(row) > _PLAIN and row[_PLAIN:] != _columns(entry)):
            raise Doubt
        if not _is_instant(at) or (entry.occ != at and not _is_instant(entry.occ)):
            raise Doubt
        if self._known.seals.passed(at, row[6]) is not None:
            raise Doubt
        self._written, self._recorded = key, at
        digest = sha256(b"\x00" + line).digest()
        self._head = b2a_base64(digest, newline=False).decode()
        self._place(row, digest)
        return entry

    def _place(self, row: tuple[Any, ...], digest: bytes) -> None:
        """Where the entry stands: in the tree, or in the queue for it."""
        found, key, leaf, waits = self.found, row[2], row[6], row[8]
        if (leaf is None) == (waits is None):
            raise Doubt
        if leaf is None:
            found.in_tree = found.in_tree and waits > self._queued
            self._queued = waits
            found.waiting += 1
            return
        found.leaves += 1
        if leaf <= self._last or self._queued >= 0 or row[7] != digest:
            found.in_tree = False
        if leaf != key - 1:
            found.in_turn = False
        self._last = leaf

    def _payload(self, entry: Entry, salt: bytes | None, payload: bytes | None) -> Mapping[str, Any] | None:
        """The personal part, which the line commits to, or of which the log says that it was erased."""
        if entry.data is None:
            if payload is not None or salt is not None:
                raise Doubt
            return None
        if payload is None or salt is None:
            if entry.name not in self._known.erased:
                raise Doubt
            self.found.erased += 1
            self.found.payloads += payload is not None or salt is not None
            return None
        self.found.payloads += 1
        committed = sha256(b"commit\n" + salt + payload).digest()
        personal = read_strictly(payload)
        if b2a_base64(committed, newline=False).decode() != entry.data or type(personal) is not dict:
            raise Doubt
        return personal


def _texts(rows: Sequence[tuple[Any, ...]]) -> list[tuple[str, str | None]]:
    """(line, payload) of each entry."""
    return [(row[3].decode(), row[5] and row[5].decode()) for row in rows]


def _columns(entry: Entry) -> tuple[str | None, ...]:
    """What the columns are that a database keeps of a line."""
    return entry.act, entry.event, entry.actor, entry.at, entry.occ, entry.wf


def _is_instant(text: str) -> bool:
    """Whether a text is an instant in the one form that it has."""
    if _INSTANT.fullmatch(text) is None:
        return False
    datetime.fromisoformat(text)
    return True
