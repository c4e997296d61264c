"""Publish a workflow: from then on its rules are in the database, with their digest, and never change."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.app.office import Caller, Office
from engine.app.perform import known_actor
from engine.app.record import record_office
from engine.core.build import build, canonical, digest_of
from engine.core.definition import Definition
from engine.core.errors import DefinitionError, Refusal, TransitionRefused
from engine.core.shape import Fault
from engine.core.validate import validate
from engine.ports import DefinitionRow, UnitOfWork

PUBLISHERS = {"admin", "head"}


def faults_of(
    tx: UnitOfWork | None, office: Office, plain: Mapping[str, Any], others: Mapping[str, Definition]
) -> list[Fault]:
    """Every fault of a definition, judged beside the workflows that are published here and the ones given."""
    definition, faults = build(plain)
    if definition is None or faults:
        return faults
    known = dict(_published(tx, office)) if tx is not None else {}
    renderer = office.renderer()
    return validate(definition, office.registry, known_workflows=known | dict(others), templates=renderer.exists)


def _published(tx: UnitOfWork, office: Office) -> Mapping[str, Definition]:
    latest: dict[str, int] = {}
    for row in tx.definitions.all():
        latest[row.name] = max(latest.get(row.name, 0), row.version)
    return {name: office.catalog.definition(tx, name, version) for name, version in latest.items()}


def publish(
    office: Office, caller: Caller, files: Mapping[str, tuple[Mapping[str, Any], str]], valid_from: date | None = None
) -> list[dict[str, Any]]:
    """Publish definitions together, so that they may name each other.

    Args:
        office: Where.
        caller: Who; an admin or a head.
        files: Name of the file -> its plain data, and its text.
        valid_from: The day from which new cases begin with it, else today.

    Raises:
        DefinitionError: With every fault of every file; nothing is published then.
        TransitionRefused: The caller may not publish.
    """
    with office.store.write() as tx:
        actor = known_actor(tx, office, caller)
        if not actor.roles & PUBLISHERS:
            raise TransitionRefused(
                reasons=[Refusal("right_missing", {"right": "publish", "roles": sorted(PUBLISHERS)})]
            )
        definitions = {name: build(plain)[0] for name, (plain, _) in files.items()}
        others = {d.name: d for d in definitions.values() if d is not None}
        faults = {name: faults_of(tx, office, plain, others) for name, (plain, _) in files.items()}
        if any(faults.values()):
            lines = [f"{name}: {f.path}: {f.message}" for name, found in faults.items() for f in found]
            raise DefinitionError("; ".join(lines))
        told = []
        for plain, text in files.values():
            row = _add(tx, office, plain, text, valid_from)
            if row is None:
                continue
            body = {"name": row.name, "version": row.version, "digest": row.digest, "from": row.valid_from.isoformat()}
            record_office(tx, actor, caller.auth, "publish", body)
            told.append(body)
        return told


def _add(
    tx: UnitOfWork, office: Office, plain: Mapping[str, Any], text: str, valid_from: date | None
) -> DefinitionRow | None:
    """Store one definition; the same one again is nothing new.

    Raises:
        DefinitionError: Another definition was published under that name and version.
    """
    body = canonical(plain)
    name, version, digest = str(plain["name"]), int(plain["version"]), digest_of(body)
    stored = tx.definitions.get(name, version)
    if stored is not None:
        if stored.digest == digest:
            return None
        raise DefinitionError(f"{name} version {version} is published already and differs: raise its version")
    row = DefinitionRow(name, version, digest, body, text, tx.now, valid_from or office.calendar.day(tx.now))
    tx.definitions.add(row)
    return row
