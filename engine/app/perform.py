"""Carry out one command of a person, in one transaction, once for each request id.

A refusal rolls everything back and is then written down in a transaction of its own.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from engine.app.access import known_actor
from engine.app.again import again, known_again
from engine.app.house_rules import note_rules
from engine.app.office import Caller, Office
from engine.app.record import append, record_office
from engine.app.run import Done, reasons_plain, run
from engine.app.titles import titled
from engine.app.within import Within
from engine.core.case import Actor
from engine.core.command import Command
from engine.core.errors import RequestReused, TransitionRefused
from engine.ports import UnitOfWork

Build = Callable[[UnitOfWork, Actor], Command]
Answer = Callable[[UnitOfWork, Done], Mapping[str, Any]]


def perform(
    office: Office, caller: Caller, intent: Mapping[str, Any], build: Build, answer: Answer, *,
    request_id: str | None = None, dry_run: bool = False,
) -> tuple[Mapping[str, Any], Done | None]:  # fmt: skip
    """Run one command of a person.

    Args:
        office: Where.
        caller: Who.
        intent: The command as it was given, plain JSON; with the request id it says whether this is a repetition.
        build: Makes the command inside the transaction, where names can be looked up.
        answer: Makes what the caller is told; it is kept under the request id.
        request_id: The caller's own, else a new one.
        dry_run: Decide and write, then roll back.

    Returns:
        The answer, and what was done; None for the latter if the request had been carried out before.

    Raises:
        TransitionRefused: The rules say no; the attempt is in the log.
        RequestReused: The request id belongs to another command.
    """
    request = request_id or str(uuid.uuid4())
    once = partial(_perform, office, caller, intent, build, answer, request, dry_run=dry_run)
    return once() if isinstance(office.store, Within) else known_again(once)


def _perform(
    office: Office, caller: Caller, intent: Mapping[str, Any], build: Build, answer: Answer, request: str, *,
    dry_run: bool,
) -> tuple[Mapping[str, Any], Done | None]:  # fmt: skip
    # In ASCII, so that half a character comes as far as the rule that names its field.
    digest = sha256(json.dumps({**intent, "by": caller.login}, sort_keys=True).encode()).hexdigest()
    tried: list[tuple[Actor, Command]] = []
    try:
        with office.store.write() as tx:
            actor = known_actor(tx, office, caller)
            if stored := _answered(tx, request, digest):
                tx.requests.touch(request)
                return stored, None
            note_rules(tx, office, actor)
            command = replace(build(tx, actor), request_id=request)
            tried.append((actor, command))
            done = run(tx, office, command)
            told = dict(answer(tx, done))
            if dry_run:
                tx.rollback()
            else:
                # In the order in which it is told, so that a repetition is answered to the letter.
                tx.requests.put(request, digest, json.dumps(told, ensure_ascii=False, allow_nan=False), tx.now)
            return told, done
    except TransitionRefused as error:
        if not dry_run:
            note_refusal(office, caller, tried[0] if tried else None, error)
        if tried:
            error.reasons = titled(office, tried[0][1], error.reasons)
        raise


def _answered(tx: UnitOfWork, request: str, digest: str) -> Mapping[str, Any] | None:
    found = tx.requests.get(request)
    if found is None:
        return None
    if found[0] != digest:
        raise RequestReused(
            f"request id {request} was already used for another command, or by somebody else: "
            "leave it out, or use a new one",
            says="request_reused",
            request=request,
        )
    stored: Mapping[str, Any] = json.loads(found[1])
    return stored


@again
def note_refusal(office: Office, caller: Caller, tried: tuple[Actor, Command] | None, error: TransitionRefused) -> None:
    """Write a refused attempt into the log, in a small transaction of its own."""
    with office.store.write() as tx:
        if tried is None:
            record_office(tx, None, caller.auth, "unauthorised", {"reasons": reasons_plain(error)})
            return
        actor, command = tried
        case = tx.cases.get(command.reference) if command.reference else None
        event = getattr(command, "event", None) or type(command).__name__.lower()
        if case is None:
            body = {"event": event, "workflow": getattr(command, "workflow", None), "reasons": reasons_plain(error)}
            record_office(tx, actor, caller.auth, "refused", body)
            return
        definition = office.catalog.definition(tx, case.workflow, case.version)
        append(tx, definition, case, actor, "refused", {"reasons": reasons_plain(error)}, event)
