"""The log folded to the case it describes.

`apply` is the one place where a case changes: `decide` uses it to see what its entry would make of the
case, the store keeps what it yields, and replay, `--as-of` and verification run it again over the log.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from engine.core.canonical import canonical, read_json
from engine.core.case import TAKEN_BACK, Case, Happened
from engine.core.chain import leaf_hash
from engine.core.entry import CHANGES, Entry, parse
from engine.core.errors import LogTampered
from engine.core.plain import (
    approval_from_plain,
    deadline_from_plain,
    document_from_plain,
    party_from_plain,
    read_instant,
    review_from_plain,
    signature_from_plain,
)
from engine.core.snapshot import from_json

_MOVING = frozenset({"open", "advance", "approve"})
_QUIET = frozenset({"mail", "refused", "skipped"})
_CHANGING = frozenset({
    "set", "private", "title", "parent", "assignee", "docs", "signs", "voided", "rejected", "parties", "approval",
    "approvals_cleared", "review", "recused", "stopped", "opened", "moved", "closed",
})  # fmt: skip
"""Keys of a body that change a part of the case."""


def apply(case: Case | None, entry: Entry, payload: Mapping[str, Any] | None, head: str) -> Case:
    """The case after an entry.

    Args:
        case: The case before, None before its first entry.
        entry: The entry; only its body decides.
        payload: Its personal payload, None if there is none or it was erased.
        head: Hash of the entry's line.

    Raises:
        LogTampered: The entry does not follow the one before it.
    """
    if case is None:
        if entry.act != "open" or entry.n != 1:
            raise LogTampered(f"{entry.name}: a case begins with an opening entry")
        case = _opened(entry)
    elif entry.n != case.n + 1:
        raise LogTampered(f"{entry.name}: entry {case.n + 1} is missing before it")
    elif (entry.act == "open") != (case.state == TAKEN_BACK):
        raise LogTampered(f"{entry.name}: {entry.act} cannot follow here: the case is {case.state}")
    elif case.state == TAKEN_BACK:
        case = replace(_opened(entry), revision=case.revision)
    elif entry.source is not None and entry.source != case.state:
        raise LogTampered(f"{entry.name}: it leaves {entry.source}, but the case was in {case.state}")
    changes: dict[str, Any] = {}
    match entry.act:
        case "reversed":
            case = _restored(case, entry, payload)
        case "import_undone" | "undone":
            case = _taken_back(case)
        case "historic":
            case = _lived_through(case, entry)
        case _:
            # Most entries tell of letters and of reminders, and change nothing else.
            changes = {} if _CHANGING.isdisjoint(entry.body) else _changed(case, entry, payload)
            if entry.act in _MOVING:
                _move(case, entry, changes)
    revision = case.revision + (1 if entry.act in CHANGES else 0)
    return replace(case, **changes, n=entry.n, head=head, recorded_at=read_instant(entry.at), revision=revision)


def is_quiet(case: Case, entry: Entry) -> bool:
    """Whether an entry makes nothing of a case but that it has one entry more, as most do, which tell of letters."""
    return (
        entry.act in _QUIET and entry.source is None and case.state != TAKEN_BACK
        and _CHANGING.isdisjoint(entry.body)
    )  # fmt: skip


def numbered(case: Case, n: int, head: str, recorded: str) -> Case:
    """The case after quiet entries, the last of which is `n`, with that hash, recorded at that instant."""
    return replace(case, n=n, head=head, recorded_at=read_instant(recorded))


def fold(lines: Iterable[tuple[str, str | None]]) -> Case | None:
    """The case that (line, payload) pairs describe, oldest first; None for no line, or a case that was taken back."""
    case: Case | None = None
    for text, payload in lines:
        case = apply(case, parse(text), read_json(payload) if payload else None, leaf_hash(text))
    return None if case is not None and case.taken_back else case


def _opened(entry: Entry) -> Case:
    name, _, version = (entry.wf or "@0").rpartition("@")
    occurred = read_instant(entry.occ)
    began = entry.body.get("imported", {}).get("opened_at")
    return Case(
        reference=entry.case, workflow=name, version=int(version), state=entry.target or "", title="",
        opened_at=read_instant(began) if began else occurred, entered_at=occurred, occurred_at=occurred,
        recorded_at=read_instant(entry.at),
    )  # fmt: skip


def _taken_back(case: Case) -> Case:
    """What is left of a case that was taken back: its name and its numbers, from which an import may begin anew."""
    return Case(
        reference=case.reference, workflow=case.workflow, version=case.version, state=TAKEN_BACK, title="",
        opened_at=case.opened_at, entered_at=case.entered_at, occurred_at=case.occurred_at,
        recorded_at=case.recorded_at, revision=case.revision, n=case.n,
    )  # fmt: skip


def _lived_through(case: Case, entry: Entry) -> Case:
    """The case after what happened to it elsewhere: nothing but where it stands, and since when."""
    occurred = read_instant(entry.occ)
    case = replace(case, occurred_at=max(case.occurred_at, occurred))
    if entry.target is None:
        return case
    if entry.target != entry.source:
        case = replace(case, state=entry.target, entered_at=occurred, entered_n=entry.n)
    if "back" in entry.body:
        case = replace(case, back=tuple(entry.body["back"]))
    return replace(case, closed_at=(case.closed_at or occurred) if entry.body.get("final") else None)


def _restored(case: Case, entry: Entry, payload: Mapping[str, Any] | None) -> Case:
    """The case as it was before the transition that is taken back.

    It numbers on, keeps what was filed, and a deadline that the transition had left alone goes on as it is by now.
    """
    before = from_json(canonical(entry.body["snapshot"]), canonical((payload or {}).get("snapshot", {})))
    by_now = {deadline.id: deadline for deadline in case.deadlines}
    moved = {item["id"]: deadline_from_plain(item) for item in entry.body.get("moved", ())}
    gone = {name for name in entry.body.get("private", ()) if name not in before.data}
    return replace(
        before,
        erased=tuple(sorted(gone.union(before.erased))),
        n=case.n,
        revision=case.revision,
        documents=case.documents,
        deadlines=tuple(moved.get(d.id) or by_now.get(d.id, d) for d in before.deadlines),
    )


def _changed(case: Case, entry: Entry, payload: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the body of an entry makes of the case's parts."""
    body = entry.body
    private = payload or {}
    changes: dict[str, Any] = {}
    if "set" in body or "private" in body:
        changes["data"], changes["erased"] = _data(case, body, payload)
    for key in ("title", "parent", "assignee"):
        if key in body:
            changes[key] = body[key]
    if "docs" in body:
        names = private.get("docs", {})
        added = tuple(document_from_plain(raw, names.get(str(raw["id"]))) for raw in body["docs"])
        changes["documents"] = case.documents + added
    if "signs" in body or "voided" in body or "rejected" in body:
        changes["signatures"] = _signatures(case, body)
    if "parties" in body:
        given = {raw["id"]: party_from_plain(raw) for raw in body["parties"]}
        kept = {party.id: party for party in case.parties}
        changes["parties"] = tuple(p for _, p in sorted((kept | given).items()))
    if "approval" in body or "approvals_cleared" in body:
        standing = () if "approvals_cleared" in body else case.approvals
        said = (approval_from_plain(body["approval"]),) if "approval" in body else ()
        changes["approvals"] = standing + said
    if "review" in body:
        review = review_from_plain(body["review"])
        changes["reviews"] = (*(r for r in case.reviews if r.person != review.person), review)
    if "recused" in body:
        changes["recused"] = tuple(body["recused"])
    if "stopped" in body:
        changes["stopped_at"] = read_instant(body["stopped"]) if body["stopped"] else None
    if "opened" in body or "moved" in body or "closed" in body:
        changes["deadlines"] = _deadlines(case, body)
    return changes


def _data(
    case: Case, body: Mapping[str, Any], payload: Mapping[str, Any] | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    data = dict(case.data)
    erased = set(case.erased)
    personal = (payload or {}).get("set", {})
    for name, value in body.get("set", {}).items():
        if value is None:
            data.pop(name, None)
        else:
            data[name] = value
    for name in body.get("private", ()):
        if name not in personal:
            data.pop(name, None)
            erased.add(name)
            continue
        erased.discard(name)
        if personal[name] is None:
            data.pop(name, None)
        else:
            data[name] = personal[name]
    return data, tuple(sorted(erased))


def _signatures(case: Case, body: Mapping[str, Any]) -> tuple[Any, ...]:
    ended = dict.fromkeys(body.get("voided", ()), "void") | dict.fromkeys(body.get("rejected", ()), "rejected")
    kept = tuple(replace(s, state=ended[s.id]) if s.id in ended else s for s in case.signatures)
    return kept + tuple(signature_from_plain(raw) for raw in body.get("signs", ()))


def _deadlines(case: Case, body: Mapping[str, Any]) -> tuple[Any, ...]:
    """Open deadlines: the moved ones in place, the closed ones gone, the opened ones last."""
    deadlines = case.deadlines
    if "moved" in body:
        moved = {raw["id"]: deadline_from_plain(raw) for raw in body["moved"]}
        deadlines = tuple([moved.get(d.id, d) for d in deadlines])
    if "closed" in body:
        closed = {item["id"] for item in body["closed"]}
        deadlines = tuple([d for d in deadlines if d.id not in closed])
    if "opened" in body:
        deadlines += tuple([deadline_from_plain(raw) for raw in body["opened"]])
    return deadlines


def _move(case: Case, entry: Entry, changes: dict[str, Any]) -> None:
    """Add to the changes what a move makes of the state, the remembered states and the record of what happened."""
    occurred = read_instant(entry.occ)
    changes["occurred_at"] = max(case.occurred_at, occurred)
    if entry.act == "approve":
        return
    if entry.event is not None:
        people = dict.fromkeys((*entry.body.get("people", ()), *entry.body.get("approved_by", ())))
        happened = Happened(entry.n, occurred, tuple(people), entry.role)
        changes["events"] = {**case.events, entry.event: happened}
        standing = changes.get("approvals", case.approvals)
        changes["approvals"] = tuple(a for a in standing if a.event != entry.event)
    if entry.target is not None:
        if entry.target != entry.source:
            changes |= {"state": entry.target, "entered_at": occurred, "entered_n": entry.n, "approvals": ()}
        if "back" in entry.body:
            changes["back"] = tuple(entry.body["back"])
        if entry.body.get("final"):
            changes["closed_at"] = occurred
