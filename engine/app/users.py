"""Users and the roles they hold over time. Logins and grants end, and are never taken out of the log."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from engine.app.home import ROLES
from engine.app.naming import person_named
from engine.app.office import Caller, Office
from engine.app.office_change import Made, change_office, insider
from engine.app.people import new_person
from engine.core.case import Actor
from engine.core.errors import NotFound, Refusal, TransitionRefused, UsageError
from engine.ports import Grant, UnitOfWork, User

ADMIN = ("admin",)
"""Users and their roles are the admin's alone (DECISIONS.md 21)."""
GRANTABLE = (*ROLES, "admin", "stand_in")


def list_users(office: Office, caller: Caller, *, ended: bool = False) -> list[dict[str, Any]]:
    """All users with the roles they hold today, or also the ended ones."""
    with office.store.read() as tx:
        insider(tx, office, caller)
        return [_describe(tx, office, user) for user in tx.people.users(ended=ended)]


def show_user(office: Office, caller: Caller, login: str) -> dict[str, Any]:
    """One user with every role held, now, before or later."""
    with office.store.read() as tx:
        insider(tx, office, caller)
        user = _user(tx, login, ended=True)
        return {**_describe(tx, office, user), "grants": [_grant(g) for g in tx.people.grants(user=user.id)]}


def _describe(tx: UnitOfWork, office: Office, user: User) -> dict[str, Any]:
    person = tx.directory.person(user.person) if user.person else None
    held = tx.people.grants(user=user.id, on=office.calendar.day(tx.now))
    return {
        "id": user.id, "login": user.login, "person": user.person, "name": person.name if person else None,
        "email": person.email if person else None, "roles": sorted({grant.role for grant in held}),
        "ended_on": user.ended_on.isoformat() if user.ended_on else None,
    }  # fmt: skip


def _grant(grant: Grant) -> dict[str, Any]:
    return {
        "grant": grant.id, "role": grant.role, "from": grant.since.isoformat(),
        "to": grant.until.isoformat() if grant.until else None, "note": grant.note,
    }  # fmt: skip


def _user(tx: UnitOfWork, login: str, *, ended: bool = False) -> User:
    """The user of that login.

    Raises:
        NotFound: There is none.
    """
    found = next((u for u in tx.people.users(ended=ended) if login in (u.login, u.id)), None)
    if found is None:
        raise NotFound(f"there is no user {login}: skede user list shows them", says="user_unknown", login=login)
    return found


def add_user(
    office: Office, caller: Caller, login: str, *, name: str | None = None, email: str | None = None,
    person: str | None = None, note: str | None = None,
) -> Mapping[str, Any]:  # fmt: skip
    """A new user: for a person that is known, or for one that is added with name and address.

    Raises:
        UsageError: Neither, or both.
        ConcurrentUpdate: The login is, or was, somebody's.
    """
    if (person is None) == (name is None):
        raise UsageError(
            "say who it is: --name NAME --email ADDRESS, or --person PERSON for somebody who is known",
            says="user_unnamed",
        )

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        who = person_named(tx, person) if person else new_person(tx, office, name or "", email=email)
        user = tx.people.add_user(login, person=who.id)
        body = {"do": "add", "user": user.id, "person": who.id, "new_person": person is None}
        return Made(
            _describe(tx, office, user), body, {"login": user.login, "name": who.name, "email": who.email}
        )  # fmt: skip

    return change_office(office, caller, "user", ADMIN, work, note=note)


def edit_user(
    office: Office, caller: Caller, login: str, *, new_login: str | None = None, person: str | None = None,
    note: str | None = None,
) -> Mapping[str, Any]:  # fmt: skip
    """Change the login, or the person behind it."""
    if new_login is None and person is None:
        raise UsageError("nothing to change: give --login or --person", says="user_unchanged")

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        before = _user(tx, login)
        who = person_named(tx, person).id if person else None
        after = tx.people.edit_user(before.id, login=new_login, person=who)
        body = {"do": "edit", "user": after.id, "person": [before.person, after.person]}
        return Made(_describe(tx, office, after), body, {"login": [before.login, after.login]})

    return change_office(office, caller, "user", ADMIN, work, note=note)


def remove_user(office: Office, caller: Caller, login: str, *, note: str | None = None) -> Mapping[str, Any]:
    """From today the login is nobody's; what it did stays.

    Raises:
        TransitionRefused: It is the last admin.
    """

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        user = _user(tx, login)
        today = office.calendar.day(tx.now)
        _keep_an_admin(tx, today, tx.people.grants(user=user.id, on=today))
        tx.people.end_user(user.id, today)
        told = {**_describe(tx, office, user), "roles": [], "ended_on": today.isoformat()}
        return Made(told, {"do": "remove", "user": user.id, "from": today.isoformat()}, {"login": user.login})

    return change_office(office, caller, "user", ADMIN, work, note=note)


def grant_role(
    office: Office, caller: Caller, login: str, role: str, *, since: date | None = None, until: date | None = None,
    note: str | None = None,
) -> Mapping[str, Any]:  # fmt: skip
    """Let a user hold a role from a day to a day, both counted in.

    Raises:
        TransitionRefused: Nobody grants himself a role, and a grant says why.
        UsageError: There is no such role, or the user holds it then already.
    """

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        user = _user(tx, login)
        _with_reason(note)
        if user.id == actor.user:
            raise TransitionRefused(reasons=[_own_role(tx, office.calendar.day(tx.now), user)])
        known = {*GRANTABLE, *_defined_roles(tx, office)}
        if role not in known:
            raise UsageError(
                f"there is no role {role}; there are {', '.join(sorted(known))}",
                says="role_unknown", role=role, known=sorted(known),
            )  # fmt: skip
        first = since or office.calendar.day(tx.now)
        for held in tx.people.grants(user=user.id):
            if held.role == role and (held.until or date.max) >= first and held.since <= (until or date.max):
                raise UsageError(
                    f"{user.login} holds {role} then already, from {held.since}: skede user show {login}",
                    says="role_held",
                    login=login,
                    role=role,
                    since=held.since,
                )
        made = tx.people.grant(user.id, role, first, until=until, note=note)
        told = {**_describe(tx, office, user), "granted": _grant(made)}
        body = {
            "do": "grant", "user": user.id, "role": role, "from": first.isoformat(),
            "to": until.isoformat() if until else None,
        }  # fmt: skip
        return Made(told, body, {"login": user.login})

    return change_office(office, caller, "grant", ADMIN, work, note=note)


def _defined_roles(tx: UnitOfWork, office: Office) -> set[str]:
    """The roles that the workflows published here name, but not the system's."""
    definitions = [office.catalog.definition(tx, row.name, row.version) for row in tx.definitions.all()]
    return {role for d in definitions for edge in d.transitions for role in edge.by} - {"system"}


def revoke_role(
    office: Office, caller: Caller, login: str, role: str, *, last: date | None = None, note: str | None = None
) -> Mapping[str, Any]:
    """End a role, at once or after its last day.

    Raises:
        TransitionRefused: It is the last admin's, or no reason was given.
        NotFound: The user does not hold the role.
    """

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        user = _user(tx, login)
        _with_reason(note)
        today = office.calendar.day(tx.now)
        held = [g for g in tx.people.grants(user=user.id) if g.role == role and (g.until or date.max) >= today]
        if not held:
            raise NotFound(
                f"{user.login} does not hold {role}: skede user show {login}",
                says="role_not_held",
                login=login,
                role=role,
            )
        until = last or today - timedelta(days=1)
        _keep_an_admin(tx, today, held)
        for grant in held:
            tx.people.end_grant(grant.id, until)
        body = {"do": "revoke", "user": user.id, "role": role, "to": until.isoformat()}
        return Made(_describe(tx, office, user), body, {"login": user.login})

    return change_office(office, caller, "grant", ADMIN, work, note=note)


def _with_reason(note: str | None) -> None:
    if not (note or "").strip():
        raise TransitionRefused(reasons=[Refusal("note_missing")])


def _own_role(tx: UnitOfWork, today: date, user: User) -> Refusal:
    """That nobody grants himself a role, and what to do where nobody else is there to grant it."""
    others = {one.id for one in tx.people.users()} - {user.id}
    if any(grant.role == "admin" and grant.user in others for grant in tx.people.grants(on=today)):
        return Refusal("own_role", {"login": user.login}, who=ADMIN)
    return Refusal("own_role", {"login": user.login}, 'skede user add LOGIN --name "NAME" --email ADDRESS')


def _keep_an_admin(tx: UnitOfWork, today: date, ending: Iterable[Grant]) -> None:
    """Refuse to end the last admin: one must stay who holds the role today and without an end."""
    gone = {grant.id for grant in ending if grant.role == "admin"}
    if not gone:
        return
    active = {user.id for user in tx.people.users()}
    for grant in tx.people.grants(on=today):
        if grant.role == "admin" and grant.until is None and grant.user in active and grant.id not in gone:
            return
    raise TransitionRefused(reasons=[Refusal("last_admin", {}, 'skede user grant LOGIN admin -n "…"', who=ADMIN)])
