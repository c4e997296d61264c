"""Follow a chain that is as it should be, quickly: everything that `verify_chain` looks at, and no words for a fault.

A log is sound nearly everywhere. So each chain is first followed here, with every check and nothing kept that only an
explanation needs; the first doubt ends that, and `verify_chain` follows the chain again and says what is wrong, if
anything is. So a mistake here can cost time, or overlook; it cannot accuse.
"""

import re
from binascii import b2a_base64
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from msgspec import Struct

from engine.app.replay import Rules
from engine.app.verify_chain import Known, restored_differs
from engine.app.verify_gather import Gathered
from engine.app.verify_rows import Rows, rows_differ
from engine.core.canonical import read_json
from engine.core.chain import genesis
from engine.core.entry import Entry, read_exactly
from engine.core.errors import EngineError
from engine.core.fold import apply
from engine.core.history import ACT
from engine.ports import UnitOfWork
from engine.ports.rows import KeptBlock

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


class Doubt(Exception):
    """Something is not as it usually is: look closer."""


class Sound(Struct):
    """A chain that is as it should be.

    Attributes:
        entries: How many it has; `erased` of how many the payload was erased, as the log says.
        leaves: How many stand in the tree, each under the hash of its line.
        in_tree: Whether they do, in the order of the chain; what is wrong there, the walk along the tree tells.
        in_turn: Whether each has the place that it has if there was one writer at a time.
        filed: Digests of the documents that it files.
    """

    entries: int = 0
    erased: int = 0
    leaves: int = 0
    in_tree: bool = True
    in_turn: bool = True


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
        return chain.found

    def _document(self, digest: str) -> None:
        """The bytes of a document are those that were filed; asked once for each."""
        self._known.filed.add(digest)
        if digest in self._known.sound:
            return
        content = self._documents.get(digest)
        if content is None:
            _require(digest in self._known.documents)
        else:
            _require(sha256(content).hexdigest() == digest)
        self._known.sound.add(digest)


class _Quick(Gathered):
    """One chain."""

    def __init__(self, known: Known, rules: Rules, reference: str) -> None:
        super().__init__(reference)
        self._known, self._rules = known, rules
        self.found = Sound()

    def follow_all(self, rows: Any) -> Any:
        """Follow the entries; the digests of the documents that they file. Raises `Doubt`, or whatever else breaks."""
        found, reference = self.found, self.reference
        head, written, recorded, wf = genesis(self._known.origin, reference), -1, "", None
        self.length = found.entries = len(rows)
        last = queued = -1
        for place, (n, key, line, salt, payload, leaf, node, waits, *columns) in enumerate(rows, 1):
            entry = read_exactly(line)
            if entry is None or not n == entry.n == place or entry.case != reference or key <= written:
                raise Doubt
            written = key
            if entry.prev != head or (columns and not _same(columns, entry)):
                raise Doubt
            digest = sha256(b"\x00" + line).digest()
            head = b2a_base64(digest, newline=False).decode()
            if leaf is None:
                _require(waits is not None)
                found.in_tree = found.in_tree and waits > queued
                queued = waits
            else:
                _require(waits is None)
                found.leaves += 1
                found.in_tree = found.in_tree and leaf > last and queued < 0 and node == digest
                found.in_turn = found.in_turn and leaf == key - 1
                last = leaf
            recorded = _recorded(entry, recorded)
            personal = self._payload(entry, salt, payload)
            if wf is None:
                wf = entry.wf
                definition = self._known.definitions[wf]  # type: ignore[index] # None is no key of it
                said = self._known.digests[wf]  # type: ignore[index]
            if entry.wf != wf or entry.definition != said:
                raise Doubt
            if self._rules.broken(definition, self.case, entry) is not None:
                raise Doubt
            _require((entry.act == ACT) == self.is_history(entry))
            if entry.act == "reversed":
                lines = [(row[2].decode(), row[4] and row[4].decode()) for row in rows]
                _require(not restored_differs(definition, lines, entry))
            self.follow(apply(self.case, entry, personal, head), entry, personal)
            if "docs" in entry.body:
                for raw in entry.body["docs"]:
                    yield raw["sha256"]

    def _payload(self, entry: Entry, salt: bytes | None, payload: bytes | None) -> Mapping[str, Any] | None:
        """The personal part, which the line commits to, or of which the log says that it was erased."""
        if entry.data is None:
            _require(payload is None and salt is None)
            return None
        if payload is None or salt is None:
            _require(entry.name in self._known.erased)
            self.found.erased += 1
            return None
        committed = sha256(b"commit\n" + salt + payload).digest()
        _require(b2a_base64(committed, newline=False).decode() == entry.data)
        personal = read_json(payload)
        _require(isinstance(personal, dict))
        return personal  # type: ignore[no-any-return]


def _require(fact: bool) -> None:
    if not fact:
        raise Doubt


def _same(columns: list[Any], entry: Entry) -> bool:
    """Whether the columns that the database keeps are those of the line."""
    return columns == [entry.act, entry.event, entry.actor, entry.at, entry.occ, entry.wf]


def _recorded(entry: Entry, before: str) -> str:
    """When it was recorded: an instant in the one form that it has, and not before the entry before it."""
    at, occ = entry.at, entry.occ
    if _INSTANT.fullmatch(at) is None or at < before:
        raise Doubt
    datetime.fromisoformat(at)
    if occ != at:
        if _INSTANT.fullmatch(occ) is None:
            raise Doubt
        datetime.fromisoformat(occ)
    return at
