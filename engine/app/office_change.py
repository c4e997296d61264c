"""The frame of every change that concerns the office and no case: who may, what is done, and its entry, all in one."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field

from engine.app.access import is_outsider, known_actor, reader
from engine.app.again import again
from engine.app.office import Caller, Office
from engine.app.record import record_office
from engine.app.run import reasons_plain
from engine.core.case import Actor
from engine.core.errors import Refusal, TransitionRefused
from engine.ports import UnitOfWork


class Made(Struct, frozen=True):
    """What a change of the office did.

    Attributes:
        told: What the caller is told.
        body: What the entry says, without names: ids alone.
        payload: Names, addresses and notes, which can be erased.
        follow: What is done once the entry is there, given its name; yields more for the caller.
    """

    told: Mapping[str, Any]
    body: Mapping[str, Any]
    payload: Mapping[str, Any] = field(default_factory=dict)
    follow: Callable[[str], Mapping[str, Any]] | None = None


Work = Callable[[UnitOfWork, Actor], Made]


@again
def change_office(
    office: Office, caller: Caller, act: str, roles: tuple[str, ...], work: Work, *, note: str | None = None,
    dry_run: bool = False,
) -> Mapping[str, Any]:  # fmt: skip
    """Change something of the office, with its entry on the office's chain in the same transaction.

    Args:
        office: Where.
        caller: Who.
        act: Kind of the entry.
        roles: Who may.
        work: Does it.
        note: Why; kept in the payload.
        dry_run: Do it, then roll back.

    Raises:
        TransitionRefused: The caller holds none of the roles, or `work` refused; the attempt is in the log.
    """
    tried: list[Actor] = []
    try:
        with office.store.write() as tx:
            actor = known_actor(tx, office, caller)
            tried.append(actor)
            role = next((r for r in roles if r in actor.roles), None)
            if role is None:
                raise TransitionRefused(reasons=[Refusal("right_missing", {"right": act, "roles": roles}, who=roles)])
            made = work(tx, actor)
            payload = {name: value for name, value in {**made.payload, "note": note}.items() if value is not None}
            entry = record_office(tx, actor, caller.auth, act, made.body, payload, role=role)
            more = made.follow(entry.name) if made.follow else {}
            if dry_run:
                tx.rollback()
            return {**made.told, **more, "entry": entry.name}
    except TransitionRefused as error:
        if not dry_run:
            _note_refusal(office, caller, act, tried[0] if tried else None, error)
        raise


@again
def _note_refusal(office: Office, caller: Caller, act: str, actor: Actor | None, error: TransitionRefused) -> None:
    with office.store.write() as tx:
        kind = "refused" if actor else "unauthorised"
        record_office(tx, actor, caller.auth, kind, {"event": act, "reasons": reasons_plain(error)})


def insider(tx: UnitOfWork, office: Office, caller: Caller) -> Actor:
    """The user behind a login that wants to look at what concerns the whole office.

    Raises:
        TransitionRefused: The login is no user, or one that sees only what it takes part in.
    """
    actor = reader(tx, office, caller)
    if is_outsider(actor):
        raise TransitionRefused(reasons=[Refusal("right_missing", {"right": "read", "roles": ["admin", "officer"]})])
    return actor
