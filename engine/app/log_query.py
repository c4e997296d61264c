"""The transition log as people search it: by case, event, actor, time; streamed, newest last."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from engine.app.access import case_seen, is_outsider, reader
from engine.app.called import names_of
from engine.app.describe import describe_entry
from engine.app.office import Caller, Office
from engine.app.record import OFFICE
from engine.core.case import Actor
from engine.core.errors import NotFound, UsageError
from engine.core.localday import end_of_day, start_of_day
from engine.core.plain import read_instant
from engine.core.when import Span, add_span_to_instant, parse_span, parse_when
from engine.ports import UnitOfWork

MOVES = ("open", "advance")
"""What people outside the office are shown of their own cases."""


class Asked(Struct, frozen=True):
    """What `log` asks for, as it was typed.

    Attributes:
        parent: Only entries of the cases below that one.
        by: Which time `since` and `until` mean: `recorded` or `occurred`.
        late_recorded: Only entries recorded later than this SPAN after they occurred.
    """

    reference: str | None = None
    parent: str | None = None
    workflow: str | None = None
    event: str | None = None
    actor: str | None = None
    since: str | None = None
    until: str | None = None
    by: str = "recorded"
    late_recorded: str | None = None
    kind: str | None = None


def entries(office: Office, caller: Caller, asked: Asked) -> Iterator[Mapping[str, Any]]:
    """The entries that fit, in the order they were recorded; `actor` is a login where there is one.

    Beside the contract's keys each has `name` (of the person behind the actor), `event_title`, `source_title`,
    `target_title` in the caller's language, `behalf_name`, and of mail `letter`; None where there is nothing to name.

    Raises:
        NotFound: The case, its parent, the workflow or the actor is not known here.
        UsageError: Somebody outside the office asks for more than one case.
    """
    with office.store.read() as tx:
        actor = reader(tx, office, caller)
        case, cases = _cases(tx, office, actor, asked)
        zone, closed = office.calendar.zone, office.calendar.closed
        late = parse_span(asked.late_recorded) if asked.late_recorded else None
        titles = EntryTitles(tx, office, caller.lang)
        found = tx.log.all(
            case=case, kind=asked.kind, event=asked.event, actor=_user(tx, asked.actor),
            workflow=_workflow(tx, office, asked.workflow),
            since=_instant(tx, office, asked.since, start_of_day), until=_instant(tx, office, asked.until, end_of_day),
            by=asked.by,
        )  # fmt: skip

        def is_late(told: Mapping[str, Any], span: Span) -> bool:
            occurred, recorded = read_instant(told["occurred_at"]), read_instant(told["recorded_at"])
            return recorded > add_span_to_instant(occurred, span, zone, closed=closed)

        for logged in found:
            if cases is not None and logged.case not in cases:
                continue
            told = describe_entry(logged)
            if is_outsider(actor) and told["kind"] not in MOVES:
                continue
            if late is None or is_late(told, late):
                yield titles.told(told, outside=is_outsider(actor))


def _cases(tx: UnitOfWork, office: Office, actor: Actor, asked: Asked) -> tuple[str | None, frozenset[str] | None]:
    """The one case asked for, and the set of cases that count (None = all)."""
    if asked.reference == OFFICE and not is_outsider(actor):
        return OFFICE, None
    case = case_seen(tx, office, actor, asked.reference).reference if asked.reference else None
    if asked.parent is None:
        if case is None and is_outsider(actor):
            raise UsageError(
                "the log of the whole office is for the office: name your case, skede log REF", says="log_of_office"
            )
        return case, None
    above = case_seen(tx, office, actor, asked.parent).reference
    below = frozenset(child.reference for child in tx.cases.children(above))
    return case, frozenset() if is_outsider(actor) else below


def _user(tx: UnitOfWork, text: str | None) -> str | None:
    """The user id of a login; `system` and ids stand for themselves."""
    if text is None or text in ("system", "unknown") or tx.directory.login_of(text) is not None:
        return text
    found = tx.directory.user_id(text)
    if found is None:
        raise NotFound(f"there is no user {text}; skede user list shows them", says="user_unknown", login=text)
    return found


def _workflow(tx: UnitOfWork, office: Office, text: str | None) -> str | None:
    """A workflow by name or title, or one version of it (`name@2`), that was ever published here."""
    if text is None:
        return None
    name, _, version = text.partition("@")
    if version:
        office.catalog.get(tx, name, int(version) if version.isdigit() else 0)
        return text
    if any(row.name == name for row in tx.definitions.all()):
        return name
    return office.catalog.current(tx, name, office.calendar.day(tx.now)).definition.name


def _instant(
    tx: UnitOfWork, office: Office, text: str | None, of_day: Callable[[Any, Any], datetime]
) -> datetime | None:
    """A WHEN as an instant; a bare date is its beginning, or its end."""
    if text is None:
        return None
    found = parse_when(text, office.calendar.zone, now=tx.now)
    return found if isinstance(found, datetime) else of_day(found, office.calendar.zone)


class EntryTitles:
    """Names and titles for entries, each looked up once."""

    def __init__(self, tx: UnitOfWork, office: Office, lang: str) -> None:
        self._tx, self._office, self._lang = tx, office, lang
        self._users: dict[str, tuple[str, str | None]] = {}
        self._events: dict[tuple[str, int, str], str | None] = {}

    def told(self, entry: Mapping[str, Any], *, outside: bool) -> dict[str, Any]:
        """The entry with its names; people outside the office are not shown notes."""
        login, name = self._user(entry["actor"])
        behalf = entry["on_behalf_of"]
        person = self._tx.directory.person(behalf) if behalf else None
        workflow, version = entry["workflow"], entry["version"]
        return {
            **entry, "actor": login, "name": name, "behalf_name": person.name if person else None,
            "note": None if outside else entry["note"],
            "event_title": self._event(workflow, version, entry["event"]),
            "source_title": self._state(workflow, version, entry["source"]),
            "target_title": self._state(workflow, version, entry["target"]),
            "letter": self._letter(entry),
        }  # fmt: skip

    def _letter(self, entry: Mapping[str, Any]) -> dict[str, str] | None:
        """Of an entry about mail: the template or the deadline's title, and the recipient's name."""
        mail = entry["changes"].get("mail")
        if not isinstance(mail, Mapping):
            return None
        about, _, rest = str(mail["key"]).partition("/")
        deadline = about.rpartition("#")[2].partition(":")[2]
        person = rest.rpartition("/")[2]
        name = names_of(self._tx, {person}).get(person, "")
        workflow, version = entry["workflow"], entry["version"]
        if not deadline or workflow is None or version is None:
            return {"template": rest.partition("/")[0], "about": "", "to": name}
        rules = self._office.catalog.definition(self._tx, workflow, version).deadlines
        rule = rules.get(deadline.partition(".")[0])
        title = rule.title[self._lang] if rule else deadline
        return {"template": (rule.message if rule else None) or "reminder", "about": title, "to": name}

    def _user(self, user: str) -> tuple[str, str | None]:
        if user not in self._users:
            directory = self._tx.directory
            login = directory.login_of(user)
            held = directory.person_of(user)
            person = directory.person(held) if held else None
            self._users[user] = login or user, person.name if person else None
        return self._users[user]

    def _event(self, workflow: str | None, version: int | None, event: str | None) -> str | None:
        if workflow is None or version is None or event is None:
            return None
        key = workflow, version, event
        if key not in self._events:
            edges = self._office.catalog.definition(self._tx, workflow, version).transitions
            self._events[key] = next((edge.title[self._lang] for edge in edges if edge.event == event), None)
        return self._events[key]

    def _state(self, workflow: str | None, version: int | None, state: str | None) -> str | None:
        if workflow is None or version is None or state is None:
            return None
        found = self._office.catalog.definition(self._tx, workflow, version).states.get(state)
        return found.title[self._lang] if found else None


def contract(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with the contract's keys alone."""
    names = ("name", "behalf_name", "event_title", "source_title", "target_title", "letter")
    return {key: value for key, value in entry.items() if key not in names}
