"""Publish a workflow: from then on its rules are in the database, with their digest, and never change."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.app.access import known_actor
from engine.app.again import again
from engine.app.office import Caller, Office
from engine.app.record import record_office
from engine.core.build import canonical, digest_of, draft
from engine.core.case import Actor
from engine.core.definition import Definition
from engine.core.errors import DefinitionError, Refusal, TransitionRefused
from engine.core.shape import Fault
from engine.core.validate import check
from engine.ports import DefinitionRow, UnitOfWork

PUBLISHERS = {"admin", "head"}


def faults_of(
    tx: UnitOfWork | None,
    office: Office,
    plain: Mapping[str, Any],
    others: Mapping[str, Definition],
    *,
    lint: bool = True,
) -> list[Fault]:
    """Every fault of a definition, judged beside the workflows that are published here and the ones given.

    Args:
        tx: Where published workflows are looked up; None outside a home.
        office: For its guards and templates.
        plain: The definition as plain data.
        others: Definitions that are judged together with it.
        lint: Also render every template that it can send with sample data, in both languages.
    """
    known = (dict(_published(tx, office)) if tx is not None else {}) | dict(others)
    exists = office.renderer().exists
    definition, faults = check(plain, office.registry, known_workflows=known, templates=exists)
    if definition is None or faults or not lint:
        return faults
    return [Fault(f"message.{name}", problem, None) for name in _messages(definition)
            for problem in office.lint(definition, name, known)]  # fmt: skip


def _messages(definition: Definition) -> list[str]:
    """The templates that cases of a workflow can send."""
    told = {notice.message for t in definition.transitions for notice in t.notify}
    reminders = {rule.message or "reminder" for rule in definition.deadlines.values() if rule.remind}
    return sorted(told | reminders)


def _published(tx: UnitOfWork, office: Office) -> Mapping[str, Definition]:
    latest: dict[str, int] = {}
    for row in tx.definitions.all():
        latest[row.name] = max(latest.get(row.name, 0), row.version)
    return {name: office.catalog.definition(tx, name, version) for name, version in latest.items()}


@again
def publish(
    office: Office,
    caller: Caller,
    files: Mapping[str, tuple[Mapping[str, Any], str]],
    valid_from: date | None = None,
    *,
    lint: bool = True,
) -> list[dict[str, Any]]:
    """Publish definitions together, so that they may name each other.

    Args:
        office: Where.
        caller: Who; an admin or a head.
        files: Name of the file -> its plain data, and its text.
        valid_from: The day from which new cases begin with it, else today.
        lint: Also render every template with sample data; left out for the workflows that ship, which the tests lint.

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
        drafts = [draft(plain)[0] for plain, _ in files.values()]
        others = {d.name: d for d in drafts}
        faults = {name: faults_of(tx, office, plain, others, lint=lint) for name, (plain, _) in files.items()}
        if any(faults.values()):
            lines = [f"{name}: {f.path}: {f.message}" for name, found in faults.items() for f in found]
            raise DefinitionError("; ".join(lines))
        told = []
        for plain, text in files.values():
            row = _add(tx, office, plain, text, valid_from)
            if row is None:
                continue
            body = _published_as(row)
            record_office(tx, actor, caller.auth, "publish", body)
            told.append(body)
        return told


def publish_apart(tx: UnitOfWork, office: Office, actor: Actor, auth: str, plain: Mapping[str, Any], text: str) -> None:
    """Publish a workflow that ships apart from the others, when a home first needs it and has none of that name."""
    if tx.definitions.current(str(plain["name"]), office.calendar.day(tx.now)) is None:
        row = _add(tx, office, plain, text, None)
        if row is not None:
            record_office(tx, actor, auth, "publish", _published_as(row))


def _published_as(row: DefinitionRow) -> dict[str, Any]:
    return {
        "name": row.name, "version": row.version, "digest": row.digest, "file": digest_of(row.text),
        "from": row.valid_from.isoformat(),
    }  # fmt: skip


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
        raise DefinitionError(
            f"{name} version {version} is published already and differs: raise its version",
            says="version_taken",
            workflow=name,
            version=version,
        )
    row = DefinitionRow(name, version, digest, body, text, tx.now, valid_from or office.calendar.day(tx.now))
    tx.definitions.add(row)
    return row
