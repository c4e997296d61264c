"""The office at a glance, and the money of one call."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.app.access import INSIDE, case_seen, known_actor
from engine.app.deadline_query import describe_found, found_deadlines
from engine.app.mail_state import is_held, mail_paused
from engine.app.office import Caller, Office
from engine.core.case import Actor, Case
from engine.core.definition import Definition, State
from engine.core.errors import Refusal, TransitionRefused, UsageError
from engine.core.plain import instant
from engine.ports import UnitOfWork

SOON = timedelta(days=14)


def insider(tx: UnitOfWork, office: Office, caller: Caller) -> Actor:
    """The user behind a login that looks at the office as a whole.

    Raises:
        TransitionRefused: The login is no user here, or stands outside the office.
    """
    actor = known_actor(tx, office, caller)
    if not actor.roles & INSIDE:
        roles = sorted(INSIDE)
        raise TransitionRefused(reasons=[Refusal("right_missing", {"right": "read", "roles": roles}, who=("admin",))])
    return actor


def status(office: Office, caller: Caller) -> Mapping[str, Any]:
    """Cases per workflow and phase, what is overdue and what soon is, the mail queue, and the signs of life."""
    with office.store.read() as tx:
        actor = insider(tx, office, caller)
        soon = list(found_deadlines(tx, office, actor, until=tx.now + SOON, timers=False))
        return {
            "now": instant(tx.now),
            "workflows": _workflows(tx, office, caller.lang),
            "overdue": [describe_found(f, caller.lang) for f in soon if f.is_overdue(tx.now)],
            "due_soon": [describe_found(f, caller.lang) for f in soon if not f.is_overdue(tx.now)],
            "mail": dict(tx.messages.counts()),
            "mail_held": is_held(tx),
            "mail_paused": mail_paused(tx),
            "last_seal": instant(newest.sealed_at) if (newest := tx.evidence.newest()) else None,
            "heartbeat": _heartbeat(tx),
        }


def _moment(tx: UnitOfWork, name: str) -> str | None:
    found = tx.settings.get(name)
    return instant(datetime.fromisoformat(found)) if found else None


def _heartbeat(tx: UnitOfWork) -> dict[str, Any] | None:
    """When a worker last showed that it is alive, in real time also in a sandbox (DECISIONS.md 24)."""
    found = _moment(tx, "heartbeat")
    if found is None:
        return None
    age = datetime.now(UTC) - datetime.fromisoformat(found)
    return {"at": found, "age_seconds": max(0, int(age.total_seconds()))}


def _workflows(tx: UnitOfWork, office: Office, lang: str) -> list[dict[str, Any]]:
    """The published workflows in the order of their names, each with its cases by phase."""
    definitions: dict[str, Definition] = {}
    states: dict[tuple[str, str], State] = {}
    for row in sorted(tx.definitions.all(), key=lambda row: row.version):
        definition = definitions[row.name] = office.catalog.definition(tx, row.name, row.version)
        states |= {(row.name, name): state for name, state in definition.states.items()}
    open_ones: Counter[tuple[str, str]] = Counter()
    closed: Counter[str] = Counter()
    for name, state_name, count in tx.cases.counts():
        state = states[name, state_name]
        if state.final:
            closed[name] += count
        else:
            open_ones[name, state.phase] += count
    return [
        {
            "workflow": name, "title": definition.title[lang], "closed": closed[name],
            "open": sum(n for (workflow, _), n in open_ones.items() if workflow == name),
            "phases": [
                {"phase": phase, "title": title[lang], "open": open_ones[name, phase]}
                for phase, title in definition.phases.items() if open_ones[name, phase]
            ],
        }
        for name, definition in sorted(definitions.items())
    ]  # fmt: skip


def call_money(
    office: Office, caller: Caller, reference: str, granted_amount: Callable[[Case], Decimal]
) -> Mapping[str, Any]:
    """The money of a call: its frame, what was applied for, proposed, granted and paid, and what is left to grant.

    Args:
        office: Where.
        caller: Who asks.
        reference: The call, as it was typed.
        granted_amount: What is granted to an application now, by the rule that the programme's guards go by.

    Raises:
        UsageError: The case is no call.
    """
    with office.store.read() as tx:
        call = case_seen(tx, office, insider(tx, office, caller), reference)
        if "frame" not in office.catalog.definition(tx, call.workflow, call.version).fields:
            raise UsageError(
                f"{call.reference} is a {call.workflow} and has no frame: name a call",
                says="no_call",
                case=call.reference,
                workflow=call.workflow,
            )
        applications = tx.cases.children(call.reference)
        frame = _money(call.data.get("frame"))
        granted = sum((granted_amount(case) for case in applications), Decimal(0))
        paid = sum((_money(case.data.get("approved_amount")) for case in _paid(tx, applications)), Decimal(0))
        return {
            "reference": call.reference, "title": call.title, "state": call.state,
            "applications": len(applications),
            "granted_applications": sum(1 for case in applications if granted_amount(case)),
            "frame": _text(frame) if call.data.get("frame") else None,
            "applied": _text(sum((_money(c.data.get("applied_amount")) for c in applications), Decimal(0))),
            "proposed": _text(sum((_money(c.data.get("proposed_amount")) for c in applications), Decimal(0))),
            "granted": _text(granted), "paid": _text(paid),
            "left": _text(frame - granted) if call.data.get("frame") else None,
        }  # fmt: skip


def _paid(tx: UnitOfWork, applications: tuple[Case, ...]) -> Iterator[Case]:
    """The paid requisitions of the projects that came of the applications."""
    for application in applications:
        for project in tx.cases.children(application.reference):
            for below in tx.cases.children(project.reference):
                if below.workflow == "requisition" and below.state == "paid":
                    yield below


def _money(value: Any) -> Decimal:
    return Decimal(str(value)) if value else Decimal(0)


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"
