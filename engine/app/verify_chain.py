"""Follow one chain of the log, line by line, and gather what its case, deadlines and messages must be."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from msgspec import Struct, field

from engine.app.record import OFFICE
from engine.app.replay import Why, against_rules
from engine.app.verify_gather import Gathered
from engine.app.verify_roles import Held, Seals, unheld
from engine.core.canonical import canonical, read_json
from engine.core.chain import commitment, genesis, leaf_hash
from engine.core.definition import Definition
from engine.core.entry import Entry, parse
from engine.core.errors import LogTampered, ValueMalformed
from engine.core.fold import apply, fold
from engine.core.history import ACT
from engine.core.snapshot import to_json
from engine.core.when import parse_instant
from engine.ports import KeptEntry, UnitOfWork

_TOLD = frozenset({"publish", "erase", "seal"})
_KEYS = frozenset({"key", "new", "old"})

Fault = tuple[int, Why]
"""The number of the entry that is at fault, or that the faulty row goes back to, and what is wrong."""


class Known(Struct):
    """What holds for all chains.

    Attributes:
        origin: Name of the log, which every chain begins from.
        definitions: `name@version` -> the definition, if its row is sound.
        digests: `name@version` -> the digest under which it was published, by the log.
        erased: `REF#n` of entries whose payload was erased, by the log.
        letters: Key of a letter that a person was taken out of -> the digests of what is left, decided and sent.
        taken_out: Key of such a letter -> the people who were taken out of it.
        documents: Digests of documents whose bytes were erased.
        personal: `name@version` -> `personal_fields` of the definition, as far as that was asked.
        filed: Digests of all documents that any entry files; `sound` of those whose bytes were found to have them.
        held: Who held which role when; None where the office's chain cannot be read, so that nobody knows.
        seals: When what was sealed, in a real home; in a sandbox the clock is anybody's.
    """

    origin: str
    definitions: dict[str, Definition] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    letters: dict[str, list[str]] = field(default_factory=dict)
    documents: set[str] = field(default_factory=set)
    personal: dict[str, frozenset[str]] = field(default_factory=dict)
    filed: set[str] = field(default_factory=set)
    sound: set[str] = field(default_factory=set)
    taken_out: dict[str, set[str]] = field(default_factory=dict)
    held: Held | None = None
    seals: Seals = field(default_factory=Seals)


class Chain(Gathered):
    """One chain being followed: `faults` is to be exhausted before the rest is asked for.

    Attributes:
        erased: Entries whose payload was erased, as the log says.
        leaves: Entries that stand in the tree; `in_tree` whether each stands there under its hash, in its turn.
        told: Of the office's chain, the entries that seals, keys, definitions and erasures are known by.
    """

    def __init__(self, tx: UnitOfWork, known: Known, reference: str) -> None:
        super().__init__(reference)
        self._tx, self._known = tx, known
        self.erased = self.leaves = 0
        self.in_tree = self.in_turn = True
        self.told: list[Entry] = []
        entries = tx.audit.entries(reference)
        # The office's chain grows for ever, and is never asked for again; that of a case is, where it was taken back.
        self._kept: Iterable[KeptEntry] = entries if reference == OFFICE else tuple(entries)
        self.length = len(self._kept) if isinstance(self._kept, tuple) else 0
        self._head = genesis(known.origin, reference)
        self._last, self._queued = -1, -1

    def faults(self) -> Iterator[Fault]:
        """What is wrong with its lines, in their order."""
        for table, n in self._tx.audit.strays(self.reference):
            yield n, Why("verify_stray", {"table": table})
        rest = iter(self._kept)
        for place, kept in enumerate(rest, 1):
            self.length = max(self.length, place)
            try:
                entry = parse(kept.logged.line)
            except (LogTampered, RecursionError):
                self.length = max(self.length, place + sum(1 for _ in rest))
                yield place, Why("verify_line")
                return
            yield from ((place, why) for why in self._entry(place, kept, entry))
            self._place(kept)
            yield from ((place, why) for why in self._effect(kept, entry))
            if self.reference == OFFICE and (entry.act in _TOLD or not _KEYS.isdisjoint(entry.body)):
                self.told.append(entry)

    def _place(self, kept: KeptEntry) -> None:
        """Whether an entry stands in the tree as its line says; what is wrong there, the walk along the tree tells."""
        if kept.leaf is None:
            self.in_tree = self.in_tree and kept.pending is not None and kept.pending > self._queued
            self._queued = kept.pending or 0
            return
        self.leaves += 1
        self.in_turn = self.in_turn and kept.leaf == kept.id - 1
        self.in_tree = (
            self.in_tree and kept.leaf > self._last and self._queued < 0 and kept.node is not None
            and b64encode(kept.node).decode() == self._head
        )  # fmt: skip
        self._last = kept.leaf

    def _entry(self, place: int, kept: KeptEntry, entry: Entry) -> Iterator[Why]:
        """The line by itself, and in its chain."""
        logged = kept.logged
        if (entry.case, entry.n) != (self.reference, logged.n):
            yield Why("verify_elsewhere", {"line": entry.name})
        if entry.n != place:
            yield Why("verify_gap", {"wanted": place, "found": entry.n})
        said = {"kind": entry.act, "event": entry.event, "actor": entry.actor, "at": entry.at, "occ": entry.occ,
                "wf": entry.wf}  # fmt: skip
        for name, value in kept.columns.items():
            if value != said[name]:
                yield Why("verify_column", {"table": "entries", "column": name})
        if entry.prev != self._head:
            yield Why("verify_broken" if place > 1 else "verify_genesis", {"previous": place - 1})
        self._head = leaf_hash(logged.line)
        if kept.pending is None and kept.leaf is None:
            yield Why("verify_not_pending")
        elif kept.pending is not None and kept.leaf is not None:
            yield Why("verify_taken_twice")
        yield from self._times(entry)
        sealed_at = self._known.seals.passed(entry.at, kept.leaf)
        if sealed_at is not None:
            yield Why("verify_backdated", {"at": entry.at, "sealed_at": sealed_at})
        yield from self._payload(kept, entry)

    def _times(self, entry: Entry) -> Iterator[Why]:
        try:
            at = parse_instant(entry.at)
            parse_instant(entry.occ)
        except (ValueMalformed, TypeError):
            yield Why("verify_instant")
            return
        # The chain of the office follows the host's clock, which may be set back; a case never goes back.
        if self.case is not None and at < self.case.recorded_at:
            yield Why("verify_earlier", {"at": entry.at})

    def _payload(self, kept: KeptEntry, entry: Entry) -> Iterator[Why]:
        payload, salt = kept.logged.payload, kept.logged.salt
        if entry.data is None:
            if payload is not None or salt is not None:
                yield Why("verify_payload_unknown")
        elif payload is None or salt is None:
            if entry.name not in self._known.erased:
                yield Why("verify_payload_missing")
            self.erased += 1
        elif commitment(salt, payload) != entry.data:
            yield Why("verify_payload")

    def _effect(self, kept: KeptEntry, entry: Entry) -> Iterator[Why]:
        """What the entry makes of its case, and whether the rules knew that."""
        payload = read_payload(kept.logged.payload)
        if self.reference == OFFICE:
            if unheld(self._known.held, None, entry):
                yield Why("verify_role", {"actor": entry.actor, "role": entry.role})
            yield from self._said_by_office(entry, payload)
            return
        wf = entry.wf or ""
        definition = self._known.definitions.get(wf)
        if definition is None or entry.definition != self._known.digests.get(wf):
            yield Why("verify_definition_unknown", {"workflow": wf or "-"})
            return
        if self.case is not None and wf != f"{self.case.workflow}@{self.case.version}":
            yield Why("verify_definition_other", {"workflow": wf})
        try:
            broken = against_rules(definition, self.case, entry)
            if broken is not None:
                yield broken
            elif (entry.act == ACT) != self.is_history(entry):
                yield Why("replay_history_late")
            if unheld(self._known.held, definition, entry):
                yield Why("verify_role", {"actor": entry.actor, "role": entry.role})
            if entry.act == "reversed":
                lines = [(kept.logged.line, kept.logged.payload) for kept in self._kept]
                if restored_differs(definition, lines, entry):
                    yield Why("replay_reversed", {"corrects": int(entry.body["corrects"])})
            self.follow(apply(self.case, entry, payload, self._head), entry, payload)
        except LogTampered as error:
            yield Why("verify_does_not_follow", {"what": error.message})
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            yield Why("verify_body", {"what": f"{type(error).__name__}: {error}"})
        else:
            yield from self._documents(entry)

    def _said_by_office(self, entry: Entry, payload: Mapping[str, Any] | None) -> Iterator[Why]:
        """The office's own chain has no case, but messages: seals for auditors, what the day brings."""
        try:
            self.say(entry, payload)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            yield Why("verify_body", {"what": f"{type(error).__name__}: {error}"})

    def _documents(self, entry: Entry) -> Iterator[Why]:
        """The bytes of every document filed are there, and are those that were filed."""
        for raw in entry.body.get("docs", ()):
            self._known.filed.add(raw["sha256"])
            content = self._tx.documents.get(raw["sha256"])
            if content is None and raw["sha256"] in self._known.documents:
                continue
            if content is None:
                yield Why("verify_document_missing", {"document": raw["id"]})
            elif sha256(content).hexdigest() != raw["sha256"]:
                yield Why("verify_document", {"document": raw["id"]})


def read_payload(payload: str | None) -> Mapping[str, Any] | None:
    """The personal part of an entry; None where it is not there, or no JSON, which its commitment tells."""
    try:
        read = read_json(payload or "null")
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def personal_fields(definition: Definition) -> frozenset[str]:
    """The fields whose values, or a part of whose records, are personal and stand apart in the case's row."""
    return frozenset(
        f.id for f in definition.fields.values() if f.personal or any(part.personal for part in f.item.values())
    )


def restored_differs(definition: Definition, lines: Sequence[tuple[str, str | None]], entry: Entry) -> bool:
    """Whether what was taken back leads to another case than the one before it.

    Args:
        definition: Of the case.
        lines: (line, payload) of the entries before this one.
        entry: The entry that takes another back.
    """
    corrects = int(entry.body["corrects"])
    before = fold(lines[: corrects - 1])
    personal = frozenset(f.id for f in definition.fields.values() if f.personal)
    was = read_json(to_json(before, personal)[0]) if before else {}
    # What has been erased since was not so then.
    found = {**entry.body["snapshot"], "erased": was.get("erased")}
    return not was or canonical(found) != canonical(was) or entry.target != was["state"]
