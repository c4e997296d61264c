"""Furnish a new home: its first admin, in a sandbox one user for each role, and the first entry of its log."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from engine.app.house_rules import keep_rules
from engine.app.office import Caller, Office
from engine.app.record import record_office
from engine.core.plain import instant
from engine.ports import UnitOfWork

ROLES: Mapping[str, str] = {
    "officer": "Handläggare",
    "registrar": "Registrator",
    "secretary": "Nämndsekreterare",
    "head": "Chef",
    "controller": "Ekonomicontroller",
    "archivist": "Arkivarie",
    "auditor": "Revisor",
    "applicant": "Sökande",
    "partner": "Samverkanspart",
    "evaluator": "Utvärderare",
    "officer_secretary": "Handläggare och sekreterare",
}
"""One user for each role ships in a sandbox; its login is the role's name (DECISIONS.md 23)."""

EXTERNAL = ("applicant", "partner", "evaluator")
LONG_AGO = date(2000, 1, 1)


def furnish(
    office: Office, caller: Caller, *, origin: str, key: str, sandbox: bool, start: datetime | None = None
) -> None:
    """Put into an empty database what a home begins with; its maker becomes the first admin.

    Args:
        office: The new home.
        caller: Who makes it.
        origin: Name of its log; a sandbox's begins with `sandbox/`.
        key: The verifier key of its seal.
        sandbox: Mark it as one, for good.
        start: Where a sandbox's clock stands at first.
    """
    if sandbox:
        with office.store.write() as tx:  # First, so that already the first entry goes by this clock.
            tx.settings.put("sandbox", "1")
            tx.settings.put("clock", instant(start or tx.now))
    with office.store.write() as tx:
        tx.settings.put("origin", origin)
        today = LONG_AGO if sandbox else office.calendar.day(tx.now)
        user = tx.people.add_user(caller.login)
        tx.people.grant(user.id, "admin", today, note="init")
        body: dict[str, Any] = {"origin": origin, "sandbox": sandbox, "user": user.id, "role": "admin", "key": key}
        body["rules"] = keep_rules(tx, office)
        actor = tx.directory.actor(caller.login, today)
        record_office(tx, actor, caller.auth, "init", body, {"login": caller.login})
        if sandbox:
            _role_accounts(tx, office, caller, today)


def _role_accounts(tx: UnitOfWork, office: Office, caller: Caller, since: date) -> None:
    """Role accounts; those of outsiders stand for nobody in particular, so that they may act in every case."""
    for role, title in ROLES.items():
        person = None
        if role not in EXTERNAL:
            person = tx.people.add_person(f"{title} (sandlåda)", email=f"{role}@{office.domain}").id
        user = tx.people.add_user(role, person=person)
        tx.people.grant(user.id, role, since, note="sandbox")
        actor = tx.directory.actor(caller.login, since)
        record_office(tx, actor, caller.auth, "grant", {"user": user.id, "role": role, "from": since.isoformat()})
