"""What the office's own entries make of users, roles, people and organisations, and whether the rows say the same.

A row says only as much as the log tells: what has been erased from the log since, and what it never told, is not asked.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from msgspec import Struct, field

from engine.app.replay import Why
from engine.app.verify_roles import ALLOWED, FOR_EVER, Held
from engine.core.anchor import Calendar
from engine.core.entry import Entry
from engine.core.plain import instant, read_instant
from engine.ports import AuditStore

TOLD = frozenset({"init", "grant", "user", "person", "org", "erase"})
"""Kinds of entry that tell of them."""

Known = dict[str, Any]
"""Column -> value; a column that is missing is not known."""


class Role(Struct):
    """A role that a user was given, by the entries that gave and ended it.

    Attributes:
        since: First day; `until` the last one, None for no end.
        given_at: When the entry was recorded that gave it; `ended_at` that ended it.
    """

    user: str
    role: str
    since: str
    until: str | None
    given_at: str
    ended_at: str | None = None

    @property
    def is_kept(self) -> bool:
        """Whether there is a row of it: one that ended before it began is taken out."""
        return self.until is None or self.until >= self.since


class Directory(Struct):
    """Users, people and organisations by id, and every role; `real` whether the home is no sandbox, None if untold."""

    calendar: Calendar
    real: bool | None = None
    users: dict[str, Known] = field(default_factory=dict)
    people: dict[str, Known] = field(default_factory=dict)
    organisations: dict[str, Known] = field(default_factory=dict)
    roles: list[Role] = field(default_factory=list)
    left_at: dict[str, str] = field(default_factory=dict)

    def learn(self, entry: Entry, payload: Mapping[str, Any] | None) -> None:
        """Take in an entry of the office; what is no such entry is told in its turn."""
        with suppress(KeyError, TypeError, ValueError, AttributeError):
            match entry.act:
                case "init":
                    self.real = not entry.body["sandbox"]
                    self.users[entry.body["user"]] = {"person": None, "ended_on": None, **_has(payload, "login")}
                    self._give(entry, self._day(entry))
                case "grant":
                    self._grant(entry)
                case "user":
                    self._user(entry, payload or {})
                case "person":
                    self._person(entry, payload)
                case "org":
                    self._organisation(entry)
                case "erase":
                    gone = {"name": "", "email": None, "erased": 1}
                    self.people.setdefault(entry.body["person"], {}).update(gone)

    def held(self) -> Held:
        """The spans of each role of each user."""
        spans: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
        for role in self.roles:
            key = (role.user, role.role)
            spans[key] = (*spans.get(key, ()), self._span(role))
        return spans

    def _span(self, role: Role) -> tuple[str, str]:
        """From when to when it could be used: a day given up at once may have been used until then."""
        first = max(self._midnight(role.since) or role.given_at, role.given_at)
        end = FOR_EVER if role.until is None else self._midnight(role.until, 1) or FOR_EVER
        if role.ended_at is not None:
            end = max(end, role.ended_at)
        end = min(end, self.left_at.get(role.user, FOR_EVER))
        return _moved(first, -ALLOWED), _moved(end, ALLOWED)

    def _midnight(self, day: str, later: int = 0) -> str | None:
        with suppress(OverflowError):
            begins = datetime.combine(date.fromisoformat(day) + timedelta(days=later), time(), self.calendar.zone)
            return instant(begins)
        return None

    def _day(self, entry: Entry) -> str:
        """The office's day on which an entry was recorded."""
        return self.calendar.day(read_instant(entry.at)).isoformat()

    def _give(self, entry: Entry, since: str) -> None:
        body = entry.body
        since = "2000-01-01" if entry.act == "init" and not self.real else since
        self.roles.append(Role(body["user"], body["role"], since, body.get("to"), entry.at))

    def _grant(self, entry: Entry) -> None:
        body = entry.body
        if body.get("do") == "revoke":
            today = self._day(entry)
            for role in self.roles:
                same = (role.user, role.role) == (body["user"], body["role"])
                if same and role.is_kept and (role.until is None or role.until >= today):
                    role.until, role.ended_at = body["to"], entry.at
            return
        if "do" not in body:  # A role account of a sandbox, made with its role.
            self.users.setdefault(body["user"], {"ended_on": None})
        self._give(entry, body["from"])

    def _user(self, entry: Entry, payload: Mapping[str, Any]) -> None:
        body = entry.body
        user = self.users.setdefault(body["user"], {})
        match body["do"]:
            case "add":
                user.update({"person": body["person"], "ended_on": None, **_has(payload, "login")})
                if body.get("new_person"):
                    self.people[body["person"]] = _fresh(payload, ("name", "email"), organisation=None)
            case "edit":
                user["person"] = body["person"][1]
                user.pop("login", None)
                if "login" in payload:
                    user["login"] = payload["login"][1]
            case "remove":
                user["ended_on"] = body["from"]
                self.left_at[body["user"]] = entry.at

    def _person(self, entry: Entry, payload: Mapping[str, Any] | None) -> None:
        body = entry.body
        if body["do"] == "add":
            more = {"organisation": body["organisation"], "lang": body["lang"]}
            self.people[body["person"]] = _fresh(payload, ("name", "email"), **more)
            return
        person = self.people.setdefault(body["person"], {})
        match body["do"]:
            case "edit":
                changes = (payload or {}).get("changes", {})
                for name in body["changed"]:
                    column = "organisation" if name == "organisation_id" else name
                    person.pop(column, None)
                    if name in changes and column in _COLUMNS:
                        person[column] = changes[name][1]
            case "remove":
                person["ended_on"] = body["from"]
            case "replace":
                person.update(replaced_by=body["by"], ended_on=body["from"])

    def _organisation(self, entry: Entry) -> None:
        body = entry.body
        fresh = {"merged_into": None, "ended_on": None}
        match body["do"]:
            case "add":
                self.organisations[body["organisation"]] = {"kind": body["kind"], **fresh}
            case "import":
                self.organisations.update((one, dict(fresh)) for one in body["organisations"])
                self.people.update((one, dict(_FRESH)) for one in body["people"])
            case "edit":
                self.organisations.setdefault(body["organisation"], {})["kind"] = body["kind"][1]
            case "remove":
                self.organisations.setdefault(body["organisation"], {})["ended_on"] = body["from"]
            case "merge":
                self._merge(body["merged"], body["organisation"], body["from"])

    def _merge(self, merged: list[str], into: str, since: str) -> None:
        """Those merged, and what had become part of them before; their people belong to the other one then."""
        for name, one in self.organisations.items():
            if name in merged or one.get("merged_into") in merged:
                one["merged_into"] = into
                one["ended_on"] = one.get("ended_on") or since
        for person in self.people.values():
            if person.get("organisation") in merged:
                person["organisation"] = into


_COLUMNS = frozenset({"name", "email", "lang", "organisation"})
_FRESH: Mapping[str, Any] = {"ended_on": None, "replaced_by": None, "erased": 0}


def _fresh(payload: Mapping[str, Any] | None, names: tuple[str, ...], **more: Any) -> Known:
    """A new person; what stood in a payload that is gone is not known."""
    told = {} if payload is None else {name: payload.get(name) for name in names}
    return {**_FRESH, **told, **more}


def _has(payload: Mapping[str, Any] | None, name: str) -> Known:
    return {name: payload[name]} if payload and name in payload else {}


def _moved(at: str, by: timedelta) -> str:
    try:
        return instant(read_instant(at).astimezone(UTC) + by)
    except OverflowError:
        return at


def directory_differs(audit: AuditStore, directory: Directory) -> Iterator[Why]:
    """Every row of the directory that is not as the log makes it, is missing, or stands there without an entry.

    In a sandbox its maker may have put people there without an entry; users and their roles never are.
    """
    for table, wanted in (
        ("users", directory.users), ("people", directory.people), ("organisations", directory.organisations),
    ):  # fmt: skip
        rows = dict(audit.directory(table))
        for key, known in wanted.items():
            row = rows.pop(key, None)
            if row is None:
                yield Why("verify_row_missing", {"table": table, "key": key})
                continue
            for column, value in known.items():
                if row[column] != value:
                    yield Why("verify_row", {"table": table, "key": key, "column": column})
        if directory.real or table == "users":
            yield from (Why("verify_row_unexpected", {"table": table, "key": key}) for key in rows)
    yield from _roles_differ(audit, directory)


def _roles_differ(audit: AuditStore, directory: Directory) -> Iterator[Why]:
    wanted = [(role.user, role.role, role.since, role.until) for role in directory.roles if role.is_kept]
    for row in audit.grants():
        if row in wanted:
            wanted.remove(row)
        else:
            yield Why("verify_row_unexpected", {"table": "grants", "key": f"{row[0]} {row[1]}"})
    for user, role, *_ in wanted:
        yield Why("verify_row_missing", {"table": "grants", "key": f"{user} {role}"})
