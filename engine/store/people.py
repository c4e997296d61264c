"""People and mailing lists, and with them all everyday edits under one roof."""

from collections.abc import Mapping
from datetime import date

from sqlmodel import Session, col, select

from engine.core.errors import NotFound, UsageError, ValueMalformed
from engine.ports import Person
from engine.store.everyday import find, key, named, one_of
from engine.store.organisations import OrganisationEdits
from engine.store.schema import OrganisationRecord, PersonRecord, SubscriptionRecord
from engine.store.texts import number_of
from engine.store.users import UserEdits

_FIELDS = ("name", "email", "lang", "phone", "organisation", "email_state")
_LANGS = ("sv", "en")
_EMAIL_STATES = ("ok", "failing")


class SqlPeople(OrganisationEdits, UserEdits):
    """All everyday edits: organisations, users and their roles, people, mailing lists."""

    def add_person(
        self,
        name: str,
        *,
        email: str | None = None,
        lang: str = "sv",
        phone: str | None = None,
        organisation: str | None = None,
    ) -> Person:
        """A new person."""
        with self._session() as session:
            row = PersonRecord(name="", lang="sv", email_state="ok", erased=False)
            given = {"name": name, "email": email, "lang": lang, "phone": phone, "organisation": organisation}
            return _change(session, row, given)

    def edit_person(self, person: str, **changes: str | None) -> Person:
        """Change any of name, email, lang, phone, organisation, email_state; a new e-mail address is `ok` again."""
        unknown = [name for name in changes if name not in _FIELDS]
        if unknown:
            raise UsageError(f"a person has no {unknown[0]}: use one of {', '.join(_FIELDS)}")
        with self._session() as session:
            row = find(session, PersonRecord, person)
            if row.erased:
                raise UsageError(f"{person} was erased and stays so: add the person anew")
            if changes.get("email", row.email) != row.email:
                changes.setdefault("email_state", "ok")
            return _change(session, row, changes)

    def replace_person(self, old: str, new: str, on: date) -> None:
        """End one person, name the successor, and hand over its mailing lists."""
        with self._session() as session:
            row, successor = find(session, PersonRecord, old), find(session, PersonRecord, new)
            if row.id == successor.id:
                raise UsageError(f"{old} cannot replace itself")
            row.replaced_by, row.ended_on = successor.id, on
            session.add(row)
            held = select(SubscriptionRecord).where(SubscriptionRecord.person_id == row.id)
            for subscription in session.exec(held).all():
                session.merge(SubscriptionRecord(list=subscription.list, person_id=key(successor.id)))
                session.delete(subscription)

    def end_person(self, person: str, on: date) -> None:
        """It has left; it stays readable by id, and is found by name no more."""
        with self._session() as session:
            row = find(session, PersonRecord, person)
            row.ended_on = on
            session.add(row)

    def erase_person(self, person: str) -> None:
        """Empty what tells who it was; the id stays, as cases and log name it."""
        with self._session() as session:
            row = find(session, PersonRecord, person)
            row.name, row.email, row.phone, row.erased = "", None, None, True
            session.add(row)
            for subscription in session.exec(select(SubscriptionRecord).where(SubscriptionRecord.person_id == row.id)):
                session.delete(subscription)

    def persons(self, *, ended: bool = False) -> tuple[Person, ...]:
        """All people, or also those who have left, by id; the erased never."""
        with self._session() as session:
            query = (
                select(PersonRecord)
                .where(col(PersonRecord.erased).is_distinct_from(True))
                .order_by(col(PersonRecord.id))
            )
            if not ended:
                query = query.where(col(PersonRecord.ended_on).is_(None))
            return tuple(_person(row) for row in session.exec(query))

    def subscribe(self, name: str, person: str) -> None:
        """Put a person on a mailing list; being on it already is fine."""
        with self._session() as session:
            row = find(session, PersonRecord, person)
            session.merge(SubscriptionRecord(list=named(name), person_id=key(row.id)))

    def unsubscribe(self, name: str, person: str) -> None:
        """Take a person off a mailing list."""
        with self._session() as session:
            row = session.get(SubscriptionRecord, (name, number_of(person, "p")))
            if row is None:
                raise NotFound(f"{person} is not on the list {name}")
            session.delete(row)

    def subscriptions(self) -> Mapping[str, tuple[str, ...]]:
        """Mailing list -> person ids."""
        found: dict[str, tuple[str, ...]] = {}
        with self._session() as session:
            order = select(SubscriptionRecord).order_by(col(SubscriptionRecord.list), col(SubscriptionRecord.person_id))
            for row in session.exec(order):
                found[row.list] = (*found.get(row.list, ()), f"p:{row.person_id}")
        return found


def _change(session: Session, row: PersonRecord, changes: Mapping[str, str | None]) -> Person:
    for name, value in changes.items():
        if name == "organisation":
            row.organisation_id = key(find(session, OrganisationRecord, value).id) if value else None
        elif name == "lang":
            row.lang = one_of("language", value or "", _LANGS)
        elif name == "email_state":
            row.email_state = one_of("state of an address", value or "", _EMAIL_STATES)
        elif name == "email":
            row.email = _address(value) if value else None
        elif name == "phone":
            row.phone = named(value) if value else None
        else:
            row.name = named(value or "")
    session.add(row)
    session.flush()
    return _person(row)


def _address(text: str) -> str:
    """An address, as far as it can be told without sending to it; the mail program judges it again."""
    local, at, domain = named(text).rpartition("@")
    if not (local and at and domain) or " " in text.strip():
        raise ValueMalformed(f"{text!r} is no e-mail address")
    return text.strip()


def _person(row: PersonRecord) -> Person:
    organisation = None if row.organisation_id is None else f"o:{row.organisation_id}"
    return Person(f"p:{row.id}", row.name, row.email, row.lang, row.phone, organisation, row.email_state)
