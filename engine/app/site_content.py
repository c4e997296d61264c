"""All that a browsable site tells, gathered in one read: the office, its definitions, its cases one by one, its seals.

Cases and entries come as the plain JSON of the contract, with names and titles beside it, so that a mask can change
them before anything is written.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.app.called import ids_in, names_of
from engine.app.deadline_query import Found, explanation
from engine.app.describe import describe_deadline_row, describe_entry, describe_message
from engine.app.log_query import EntryTitles
from engine.app.office import Caller, Office
from engine.app.prove import sealed_part
from engine.app.query import Related, View, view_of
from engine.app.record import OFFICE
from engine.app.site_figures import counted, stays
from engine.app.status import insider
from engine.app.titles import with_titles
from engine.core.case import Actor, Case
from engine.core.checkpoint import parse_checkpoint, parse_note
from engine.core.definition import Definition
from engine.core.errors import EngineError, Refusal
from engine.core.plain import instant
from engine.ports import LogLine, UnitOfWork


@dataclass(frozen=True, slots=True)
class SiteCase:
    """A case as a page tells it.

    Attributes:
        told: `case`, `names`, `related`, `entries`, `deadlines`, `messages`, `stays`, `figures`, `sealed`, `waiting`.
        definition: The version of the workflow that it follows.
        proof: The text of a proof file of its sealed entries, or None.
    """

    told: dict[str, Any]
    definition: Definition
    proof: str | None


@contextmanager
def site_content(
    office: Office, caller: Caller, references: tuple[str, ...], granted_amount: Callable[[Case], Decimal]
) -> Iterator["SiteContent"]:
    """One look at the office, the same from the first page to the last.

    Args:
        office: Where.
        caller: Who asks.
        references: The cases, each by its reference.
        granted_amount: What is granted to an application now, by the rule that the programme's guards go by.

    Raises:
        TransitionRefused: The caller stands outside the office.
    """
    with office.store.read() as tx:
        yield SiteContent(tx, office, caller, references, granted_amount)


class SiteContent:
    """What is read, case by case; nothing is kept but the definitions."""

    def __init__(
        self, tx: UnitOfWork, office: Office, caller: Caller, references: tuple[str, ...],
        granted_amount: Callable[[Case], Decimal],
    ) -> None:  # fmt: skip
        self._tx, self._office, self._lang = tx, office, caller.lang
        self._actor: Actor = insider(tx, office, caller)
        self._titles = EntryTitles(tx, office, caller.lang)
        self._granted_amount = granted_amount
        self.references = references

    def office(self) -> dict[str, Any]:
        """Who hands over, when, how large its log is, and what it is sealed and anchored with."""
        tx, newest = self._tx, self._tx.evidence.newest()
        return {
            "name": self._office.name, "now": instant(tx.now), "origin": tx.settings.get("origin"),
            "sandbox": tx.settings.get("sandbox") == "1", "entries": tx.log.head(OFFICE)[0],
            "keys": self._keys(), "anchors": [anchor.name for anchor in self._office.anchors()],
            "sealed": _seal(newest.size, newest.note, instant(newest.sealed_at)) if newest else None,
        }  # fmt: skip

    def _keys(self) -> list[str]:
        """The verifier keys; none where whoever looks cannot reach them."""
        if self._office.signer is None:
            return []
        try:
            return [key.text() for key in self._office.signer().public_keys()]
        except EngineError:
            return []

    def definitions(self) -> list[Definition]:
        """Every published version of every workflow, by name and version."""
        rows = sorted(self._tx.definitions.all(), key=lambda row: (row.name, row.version))
        return [self._office.catalog.definition(self._tx, row.name, row.version) for row in rows]

    def seals(self) -> Iterator[dict[str, Any]]:
        """Every checkpoint, the smallest first."""
        for one in self._tx.evidence.checkpoints():
            yield _seal(one.size, one.note, instant(one.sealed_at))

    def office_entries(self) -> Iterator[dict[str, Any]]:
        """The entries of the office's own chain, each with the `names` of those it is about."""
        for logged in self._tx.log.entries(OFFICE):
            told = self._entry(None, logged)
            yield told | {"names": names_of(self._tx, ids_in(told["changes"]))}

    def cases(self) -> Iterator[SiteCase]:
        """The cases in the order given; one that went meanwhile is left out."""
        for reference in self.references:
            case = self._tx.cases.get(reference)
            if case is not None:
                yield self._case(case)

    def _case(self, case: Case) -> SiteCase:
        tx = self._tx
        view = view_of(tx, self._office, self._actor, case)
        entries = [self._entry(view, logged) for logged in tx.log.entries(case.reference)]
        sealed, proof = tx.evidence.newest(), sealed_part(tx, case.reference)
        lasting = stays(view.definition, entries)
        deadlines = self._deadlines(view)
        money = self._granted_amount(case) if case.workflow == "application" else None
        figures = counted(case, self._office.calendar.day(case.entered_at), deadlines, money)
        told = {
            "case": dict(view.told), "names": self._names(view, entries), "related": _related(view.related),
            "entries": entries, "deadlines": deadlines, "messages": self._messages(case), "stays": lasting,
            "figures": figures, "entered_at": instant(case.entered_at),
            "waiting": sum(entry["leaf"] is None for entry in entries),
            "sealed": _seal(sealed.size, sealed.note, instant(sealed.sealed_at)) if sealed and proof else None,
        }  # fmt: skip
        return SiteCase(told, view.definition, proof.text() if proof else None)

    def _entry(self, view: View | None, logged: LogLine) -> dict[str, Any]:
        """An entry with its place in the tree, why it was refused where it was, and the actor's id beside its login."""
        plain = describe_entry(logged)
        told = self._titles.told(plain, outside=False) | {"actor_id": plain["actor"]}
        raw = told["changes"].get("reasons") or ()
        reasons = [Refusal(str(one["code"]), dict(one.get("params") or {})) for one in raw]
        if view is not None:
            reasons = list(with_titles(self._tx, self._office, view.definition, reasons))
        return told | {
            "leaf": self._tx.evidence.index(told["case"], told["n"]),
            "reasons": [{"code": r.code, "params": dict(r.params), "titles": _plain_titles(r)} for r in reasons],
        }

    def _names(self, view: View, entries: list[dict[str, Any]]) -> dict[str, str]:
        """What people and organisations are called that the case or its log names by their ids."""
        missing = set(ids_in([entry["changes"] for entry in entries])) - set(view.names)
        return {**view.names, **names_of(self._tx, missing)}

    def _deadlines(self, view: View) -> list[dict[str, Any]]:
        """Every deadline that the case has or had, by its instant, with the sentence that says how it came about."""
        rows = sorted(
            self._tx.deadlines.list(case=view.case.reference, state=None), key=lambda row: row.deadline.due_at
        )
        found = [Found(row, view.case, view.definition, view.definition.deadlines[row.deadline.name]) for row in rows]
        return [
            describe_deadline_row(one.row) | {
                "title": one.rule.title[self._lang], "why": explanation(self._office.calendar, one, self._lang),
                "rule": one.rule.due, "overdue": one.is_overdue(self._tx.now), "timer": one.rule.timer,
                "closed_at": instant(one.row.closed_at) if one.row.closed_at else None,
            }
            for one in found
        ]  # fmt: skip

    def _messages(self, case: Case) -> list[dict[str, Any]]:
        found = list(self._tx.messages.list(case=case.reference))
        names = names_of(self._tx, {one.message.person for one in found if one.message.person})
        return [describe_message(one) | {"to_name": names.get(one.message.person or "", "")} for one in found]


def _seal(size: int, note: str, at: str) -> dict[str, Any]:
    checkpoint = parse_checkpoint(parse_note(note)[0])
    return {
        "size": size,
        "root": b64encode(checkpoint.root).decode(),
        "origin": checkpoint.origin,
        "sealed_at": at,
        "note": note,
    }


def _related(found: Any) -> list[dict[str, Any]]:
    return [_relation(one) for one in found]


def _relation(one: Related) -> dict[str, Any]:
    return {
        "relation": one.relation, "outward": one.outward, "reference": one.reference, "title": one.title,
        "workflow": dict(one.workflow), "state": dict(one.state), "field": dict(one.field) if one.field else None,
    }  # fmt: skip


def _plain_titles(reason: Refusal) -> dict[str, dict[str, Any]]:
    """The titles of a reason, an error among them by its own sentence."""
    return {
        name: {one: error.message if isinstance(error, EngineError) else dict(error) for one, error in titles.items()}
        for name, titles in reason.titles.items()
    }  # fmt: skip
