"""Follow one chain of the log, line by line, and gather what its case, deadlines and messages must be."""

from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from typing import Any

from msgspec import Struct, field

from engine.app.record import OFFICE
from engine.app.replay import Why, against_rules
from engine.core.canonical import canonical, read_json
from engine.core.case import Case, Deadline
from engine.core.chain import commitment, genesis, leaf_hash
from engine.core.definition import Definition
from engine.core.entry import Entry, parse
from engine.core.errors import LogTampered, ValueMalformed
from engine.core.fold import apply, fold
from engine.core.history import ACT
from engine.core.plain import deadline_from_plain, read_instant
from engine.core.snapshot import to_json
from engine.core.when import parse_instant
from engine.ports import DeadlineRow, KeptEntry, UnitOfWork

Fault = tuple[int, Why]
"""The number of the entry that is at fault, or that the faulty row goes back to, and what is wrong."""


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


class Known(Struct):
    """What holds for all chains.

    Attributes:
        origin: Name of the log, which every chain begins from.
        definitions: `name@version` -> the definition, if its row is sound.
        digests: `name@version` -> the digest under which it was published, by the log.
        erased: `REF#n` of entries whose payload was erased, by the log.
        letters: Key of a letter that a person was taken out of -> the digests of what is left, decided and sent.
        documents: Digests of documents whose bytes were erased; `filed` those of all that any entry files.
    """

    origin: str
    definitions: dict[str, Definition] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    letters: dict[str, list[str]] = field(default_factory=dict)
    documents: set[str] = field(default_factory=set)
    filed: set[str] = field(default_factory=set)


class Chain:
    """One chain being followed: `faults` is to be exhausted before the rest is asked for."""

    def __init__(self, tx: UnitOfWork, known: Known, reference: str) -> None:
        self._tx, self._known, self.reference = tx, known, reference
        self.kept: tuple[KeptEntry, ...] = tuple(tx.audit.entries(reference))
        self.entries: list[Entry] = []
        self.case: Case | None = None
        self.deadlines: dict[str, DeadlineRow] = {}
        self.said: dict[str, Said] = {}
        self.called_off: list[tuple[int, str, str]] = []
        """(n of the entry, deadline id or beginning of a message's key, why): what is not to be said any more."""
        self.erased = 0
        self._head = genesis(known.origin, reference)

    def faults(self) -> Iterator[Fault]:
        """What is wrong with its lines, in their order."""
        for table, n in self._tx.audit.strays(self.reference):
            yield n, Why("verify_stray", {"table": table})
        for place, kept in enumerate(self.kept, 1):
            try:
                entry = parse(kept.logged.line)
            except (LogTampered, RecursionError):
                yield place, Why("verify_line")
                return
            yield from ((place, why) for why in self._entry(place, kept, entry))
            yield from ((place, why) for why in self._effect(kept, entry))
            self.entries.append(entry)

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
        payload = _read(kept.logged.payload)
        if self.reference == OFFICE:
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
            elif (entry.act == ACT) != self._is_history(entry):
                yield Why("replay_history_late")
            yield from self._restored(definition, entry)
            self.case = apply(self.case, entry, payload, self._head)
            self._follow(entry, payload)
        except LogTampered as error:
            yield Why("verify_does_not_follow", {"what": error.message})
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            yield Why("verify_body", {"what": f"{type(error).__name__}: {error}"})
        else:
            yield from self._documents(entry)

    def _is_history(self, entry: Entry) -> bool:
        """Whether the place of an entry is one of those that an imported opening keeps for what happened before."""
        opened = next((before for before in reversed(self.entries) if before.act == "open"), None)
        if entry.act == "open" or opened is None:
            return False
        return entry.n <= opened.n + int(opened.body.get("imported", {}).get("history", {}).get("events", 0))

    def _restored(self, definition: Definition, entry: Entry) -> Iterator[Why]:
        """What was taken back leads to the case as it was before."""
        if entry.act != "reversed":
            return
        corrects = int(entry.body["corrects"])
        before = fold((k.logged.line, k.logged.payload) for k in self.kept[: corrects - 1])
        personal = frozenset(f.id for f in definition.fields.values() if f.personal)
        was = read_json(to_json(before, personal)[0]) if before else {}
        # What has been erased since was not so then.
        found = {**entry.body["snapshot"], "erased": was.get("erased")}
        if not was or canonical(found) != canonical(was) or entry.target != was["state"]:
            yield Why("replay_reversed", {"corrects": corrects})

    def _follow(self, entry: Entry, payload: Mapping[str, Any] | None) -> None:
        """Deadlines and messages as this entry leaves them."""
        body = entry.body
        if entry.act in ("import_undone", "undone"):
            self.deadlines.clear()
            self.said.clear()
            self.called_off.clear()
        for raw in (*body.get("opened", ()), *body.get("moved", ())):
            deadline: Deadline = deadline_from_plain(raw)
            self.deadlines[deadline.id] = DeadlineRow(deadline, self.reference, "open")
        for raw in body.get("closed", ()):
            row = self.deadlines[raw["id"]]
            self.deadlines[raw["id"]] = DeadlineRow(row.deadline, row.case, raw["how"], read_instant(entry.at))
        self._call_off(entry)
        self._say(entry, payload)

    def _said_by_office(self, entry: Entry, payload: Mapping[str, Any] | None) -> Iterator[Why]:
        """The office's own chain has no case, but messages: seals for auditors, what the day brings."""
        try:
            self._say(entry, payload)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            yield Why("verify_body", {"what": f"{type(error).__name__}: {error}"})

    def _say(self, entry: Entry, payload: Mapping[str, Any] | None) -> None:
        """Messages as this entry decides them, or tells what became of them."""
        body = entry.body
        digests = (payload or {}).get("msgs", {})
        for key in body.get("msgs", ()):
            told = digests.get(key, (None, None, None))
            self.said.setdefault(key, Said(entry.n, *told))
        outcome = body.get("mail")
        if outcome and outcome["key"] in self.said:
            known = Outcome(outcome["state"], entry.at, (payload or {}).get("letter"), outcome.get("why"))
            self.said[outcome["key"]].outcomes.append(known)

    def _call_off(self, entry: Entry) -> None:
        body = entry.body
        self.called_off += [(entry.n, raw["id"], raw["how"]) for raw in body.get("closed", ())]
        if entry.act not in ("remind", "expire", "open"):
            self.called_off += [(entry.n, raw["id"], "moved") for raw in body.get("moved", ())]
        if entry.act == "reversed":
            self.called_off.append((entry.n, f"{self.reference}#{body['corrects']}/", "reversed"))

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


def _read(payload: str | None) -> Mapping[str, Any] | None:
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


def open_differs(case: Case, rows: Collection[DeadlineRow]) -> str | None:
    """The id of a deadline that the case has open and the log's entries have not, or the other way round."""
    mine = {d.id: d for d in case.deadlines}
    theirs = {row.deadline.id: row.deadline for row in rows if row.state == "open"}
    return next((key for key in sorted({*mine, *theirs}) if mine.get(key) != theirs.get(key)), None)
