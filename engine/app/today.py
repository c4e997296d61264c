"""One person's day: what is overdue, what this week brings, what waits for me, and what I wait for."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from msgspec import Struct

from engine.app.access import reader
from engine.app.deadline_query import Found, describe_found, found_deadlines
from engine.app.describe import describe_row
from engine.app.office import Caller, Office
from engine.app.timing import due_day
from engine.core.acting import EXTERNAL, party_of
from engine.core.case import Actor
from engine.core.localday import end_of_day
from engine.core.plain import instant
from engine.ports import CaseFilter, CaseRow, UnitOfWork

ASSIGNED = ("officer", "officer_secretary")
"""Roles whose cases belong to the one they are assigned to, and to all of the role until they are."""


class _Me(Struct, frozen=True):
    """Whose day it is."""

    tx: UnitOfWork
    actor: Actor

    def answers(self, role: str, assignee: str | None, reference: str) -> bool:
        """Whether it is on me to act where a role is asked to."""
        if role not in self.actor.roles:
            return role in ASSIGNED and assignee == self.actor.user
        if role in ASSIGNED:
            return assignee in (None, self.actor.user)
        if role in EXTERNAL and self.actor.person is not None:
            case = self.tx.cases.get(reference)
            return case is not None and party_of(case, self.actor.person, role) is not None
        return True


class Day(Struct, frozen=True):
    """What concerns a person today: deadlines with their cases, and cases as `list` describes them."""

    overdue: Sequence[Found]
    this_week: Sequence[Found]
    waiting_for_me: Sequence[Mapping[str, Any]]
    waiting_for_others: Sequence[Mapping[str, Any]]


def today(office: Office, caller: Caller) -> Mapping[str, Any]:
    """What concerns the caller: deadlines overdue and due within seven days, cases waiting for the caller or others."""
    with office.store.read() as tx:
        actor = reader(tx, office, caller)
        day = day_of(tx, office, actor, caller.lang)
        return {
            "now": instant(tx.now), "login": caller.login, "roles": sorted(actor.roles),
            "overdue": [describe_found(f, caller.lang) for f in day.overdue],
            "this_week": [describe_found(f, caller.lang) for f in day.this_week],
            "waiting_for_me": list(day.waiting_for_me),
            "waiting_for_others": list(day.waiting_for_others),
        }  # fmt: skip


def day_of(tx: UnitOfWork, office: Office, actor: Actor, lang: str) -> Day:
    """What concerns an actor today, with titles in a language."""
    me = _Me(tx, actor)
    week = end_of_day(office.calendar.day(tx.now) + timedelta(days=6), office.calendar.zone)
    soon = [
        f for f in found_deadlines(tx, office, actor, until=max(week, tx.now), timers=False)
        if me.answers(f.rule.owner, f.case.assignee, f.case.reference) or f.case.assignee == actor.user
    ]  # fmt: skip
    mine, others = [], []
    for row, owner in _open_rows(tx, office):
        told = describe_row(tx, row) | _titles(tx, office, row, owner, lang) | _due(tx, office, row)
        if me.answers(owner, row.assignee, row.reference):
            mine.append(told)
        elif row.assignee == actor.user:
            others.append(told)
    overdue = [f for f in soon if f.is_overdue(tx.now)]
    return Day(overdue, [f for f in soon if not f.is_overdue(tx.now)], mine, others)


def _open_rows(tx: UnitOfWork, office: Office) -> Iterator[tuple[CaseRow, str]]:
    """Open cases that somebody has to do something about, the most urgent first, with the role that has to."""
    for row in tx.cases.list(CaseFilter(sort="due_at")):
        state = office.catalog.definition(tx, row.workflow, row.version).states[row.state]
        if state.owner is not None and not state.resting:
            yield row, state.owner


def _titles(tx: UnitOfWork, office: Office, row: CaseRow, owner: str, lang: str) -> dict[str, str]:
    state = office.catalog.definition(tx, row.workflow, row.version).states[row.state]
    return {"state_title": state.title[lang], "waits_for": owner}


def _due(tx: UnitOfWork, office: Office, row: CaseRow) -> dict[str, Any]:
    """The day on which the next deadline is due, as `deadline list` tells it."""
    if row.due_at is None or row.deadline is None:
        return {"due_on": None}
    definition = office.catalog.definition(tx, row.workflow, row.version)
    return {"due_on": due_day(definition, row.deadline, row.due_at, office.calendar.zone).isoformat()}
