"""Erase a person from one case: its payloads go, what else was in them is kept, and an entry of its own says so."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from engine.app.office import Office
from engine.app.record import links_of, sealed
from engine.app.traces import Traces
from engine.core.case import Actor, Case
from engine.core.entry import Entry
from engine.core.errors import ConcurrentUpdate
from engine.core.fold import apply, fold
from engine.core.plain import instant
from engine.ports import UnitOfWork


def erase_in_case(
    tx: UnitOfWork, office: Office, actor: Actor, auth: str, reference: str, numbers: Sequence[int], traces: Traces,
    body: Mapping[str, Any],
) -> bool:  # fmt: skip
    """Delete the payloads of some entries of a case; whether there is a case of that name.

    A payload goes whole, and with it what it told of others. What of that still stands in the case is given again,
    in the payload of the entry that tells of the erasure, so that nobody else is lost.

    Args:
        tx: The transaction.
        office: Where.
        actor: Who erases; `auth` is its login.
        auth: The login.
        reference: The case.
        numbers: Its entries.
        traces: Of the person.
        body: What its entry says.

    Raises:
        ConcurrentUpdate: The case changed at the same moment.
    """
    before = tx.cases.get(reference)
    for n in numbers:
        tx.log.erase(reference, n)
    after = fold((logged.line, logged.payload) for logged in tx.log.entries(reference))
    if before is None or after is None:
        return False
    definition = office.catalog.definition(tx, before.workflow, before.version)
    kept = _kept(before, after, traces)
    if kept:
        body = {**body, "private": sorted(kept)}
    at = max(instant(tx.now), instant(after.recorded_at))
    entry = Entry(
        act="erase", case=reference, n=after.n + 1, at=at, occ=at, actor=actor.user, auth=auth, body=body,
        wf=f"{after.workflow}@{after.version}", definition=definition.digest,
    )  # fmt: skip
    payload = {"set": kept} if kept else {}
    whole, logged, head = sealed(tx, entry, payload, after.head)
    case = replace(apply(after, whole, payload, head), head=head)
    phase, links = definition.states[case.state].phase, links_of(definition, case)
    if not tx.cases.update(case, phase=phase, links=links, expected_n=before.n, expected_head=before.head):
        raise ConcurrentUpdate(
            f"{reference} changed at the same moment: try again", says="case_changed", case=reference
        )
    tx.log.append(logged)
    return True


def _kept(before: Case, after: Case, traces: Traces) -> dict[str, Any]:
    """Values of others that stood in payloads that are gone."""
    lost = {name: value for name, value in before.data.items() if name not in after.data}
    return {name: value for name, value in lost.items() if not traces.in_value(value)}
