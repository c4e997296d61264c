"""What was decided about a case: who, when, where, on which papers, and what has changed since.

A case holds a decision where its definition has the field `decided_on` and a value stands in it. Decisions that are
cases of their own, below the case that they are about, come first; the case's own fields count where there are none.
Told are the conventional fields `content`, `decided_by`, `presented_by`, `took_part`, `meeting`, `paragraph`,
`delegation_no` and `reasons`, as far as a definition has them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from engine.app.access import case_seen, may_see, reader
from engine.app.called import ids_in, names_of
from engine.app.describe import describe_entry
from engine.app.office import Caller, Office
from engine.core.case import Case, Document
from engine.core.definition import Definition
from engine.core.errors import NotFound
from engine.ports import UnitOfWork

DECIDED = "decided_on"
TOLD = ("content", "decided_by", "presented_by", "took_part", "meeting", "paragraph", "delegation_no", "reasons")


class Decided(Struct, frozen=True):
    """One decision.

    Attributes:
        case: The case that holds it; `about` the case it is about, which may be the same.
        meeting: Title of the meeting it names, or "".
        entry: The entry that recorded it, as the contract's JSON.
        papers: The documents that lay before the decision, the newest of each kind.
        since: The later entries of the case it is about that changed something, as the contract's JSON.
        titles: Kind of document -> title; `definition` is that of `case`, `course` that of `about`.
        names: What the people in the decision and in the later entries are called, by id and by login.
    """

    case: Case
    about: Case
    definition: Definition
    meeting: str
    entry: Mapping[str, Any]
    papers: Sequence[Document]
    since: Sequence[Mapping[str, Any]]
    titles: Mapping[str, Mapping[str, str]]
    course: Definition
    names: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """The decision for scripts."""
        data = self.case.data
        return {
            "case": self.case.reference, "about": self.about.reference, "state": self.case.state,
            DECIDED: data.get(DECIDED), **{name: data.get(name) for name in TOLD},
            "meeting_title": self.meeting or None,
            "imported": self.entry["imported"], "entry": self.entry["entry"], "recorded_at": self.entry["recorded_at"],
            "papers": [{"kind": d.kind, "id": d.id, "name": d.name, "sha256": d.sha256} for d in self.papers],
            "since": list(self.since),
        }  # fmt: skip


def decisions(office: Office, caller: Caller, reference: str) -> tuple[Decided, ...]:
    """The decisions about a case, oldest first.

    Raises:
        NotFound: There is no such case for this reader, or nothing has been decided.
    """
    with office.store.read() as tx:
        actor = reader(tx, office, caller)
        case = case_seen(tx, office, actor, reference)
        below = [
            child for child in tx.cases.children(case.reference)
            if child.data.get(DECIDED) and child.workflow != case.workflow and may_see(tx, office, actor, child)
        ]  # fmt: skip
        definition = office.catalog.definition(tx, case.workflow, case.version)
        own = [case] if case.data.get(DECIDED) else []
        if "content" in definition.fields:
            below = []
        found = tuple(_decided(tx, office, holder, case) for holder in below or own)
        if not found:
            raise NotFound(
                f"nothing has been decided in {case.reference} yet: skede next {case.reference}",
                says="nothing_decided", case=case.reference,
            )  # fmt: skip
        return tuple(sorted(found, key=lambda d: (str(d.case.data[DECIDED]), d.case.reference)))


def _decided(tx: UnitOfWork, office: Office, holder: Case, about: Case) -> Decided:
    definition = office.catalog.definition(tx, holder.workflow, holder.version)
    entry = next(_recording(tx, holder))
    cause = str(entry["changes"].get("cause") or "")
    if holder.reference == about.reference:
        above = tx.cases.get(about.parent) if about.parent and cause.startswith(f"{about.parent}#") else None
        about = above or about
    n = _entry_about(about, holder, entry, cause)
    newest = {d.kind: d for d in about.documents if d.n <= n and not d.draft}
    own = {d.kind: d for d in holder.documents if not d.draft} if holder.reference != about.reference else {}
    meeting = tx.cases.get(str(holder.data["meeting"])) if holder.data.get("meeting") else None
    course = office.catalog.definition(tx, about.workflow, about.version)
    since = tuple(_since(tx, about, n))
    logins = {login: user for login in {e["actor"] for e in since} if (user := tx.directory.user_id(login))}
    names = names_of(tx, {*ids_in(holder.data), *logins.values()})
    names |= {login: names[user] for login, user in logins.items() if user in names}
    titles = (*course.documents.values(), *definition.documents.values())
    return Decided(
        holder, about, definition, meeting.title if meeting else "", entry, (*newest.values(), *own.values()),
        since, {kind.id: kind.title for kind in titles}, course, names,
    )  # fmt: skip


def _recording(tx: UnitOfWork, holder: Case) -> Iterator[dict[str, Any]]:
    """The entries that set the day of the decision as it stands now, the latest first."""
    lines = [logged for logged in tx.log.entries(holder.reference) if f'"{DECIDED}"' in logged.line or logged.n == 1]
    for logged in reversed(lines):
        body = json.loads(logged.line)["body"]
        if logged.n == 1 or body.get("set", {}).get(DECIDED) == holder.data[DECIDED]:
            yield describe_entry(logged)


def _entry_about(about: Case, holder: Case, entry: Mapping[str, Any], cause: str) -> int:
    """Which entry of the case it is about made the decision."""
    if holder.reference == about.reference:
        return int(entry["n"])
    name, _, number = cause.rpartition("#")
    return int(number) if name == about.reference and number.isdecimal() else about.n


def _since(tx: UnitOfWork, about: Case, n: int) -> Iterator[dict[str, Any]]:
    for logged in tx.log.entries(about.reference, after=n):
        told = describe_entry(logged)
        changed = {"set", "private", "docs", "signs", "voided", "rejected", "parties", "title"} & told["changes"].keys()
        if changed or (told["target"] and told["target"] != told["source"]):
            login = tx.directory.login_of(told["actor"]) if told["actor"].startswith("u:") else None
            yield told | {"actor": login or told["actor"]}
