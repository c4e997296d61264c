"""Organisations: added, renamed from a day on, merged, listed."""

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select

from engine.core.errors import ConcurrentUpdate, UsageError
from engine.ports import Organisation
from engine.store.everyday import Everyday, find, key, named, one_of
from engine.store.schema import OrganisationNameRecord, OrganisationRecord, PersonRecord

_KINDS = ("municipality", "region", "state", "ngo", "company", "other")


class OrganisationEdits(Everyday):
    """Organisations, which never vanish: they end, or become part of others."""

    def add_organisation(
        self, name: str, kind: str, *, number: str | None = None, since: date | None = None
    ) -> Organisation:
        """A new organisation; its name holds from `since`, or always did."""
        with self._session() as session:
            row = OrganisationRecord(kind=one_of("kind", kind, _KINDS), number=_free_number(session, number))
            session.add(row)
            session.flush()
            first = OrganisationNameRecord(organisation_id=key(row.id), since=since or date.min, name=named(name))
            session.add(first)
            return _organisation(row, first.name)

    def edit_organisation(
        self, organisation: str, *, kind: str | None = None, number: str | None = None
    ) -> Organisation:
        """Change kind or number; an empty number takes it away."""
        with self._session() as session:
            row = find(session, OrganisationRecord, organisation)
            if kind is not None:
                row.kind = one_of("kind", kind, _KINDS)
            if number is not None and number != row.number:
                row.number = _free_number(session, number)
            session.add(row)
            return _organisation(row, _newest_name(session, row))

    def rename_organisation(self, organisation: str, name: str, since: date) -> Organisation:
        """A new name from a day on; papers of before keep the old one, which stays findable."""
        with self._session() as session:
            row = find(session, OrganisationRecord, organisation)
            session.merge(OrganisationNameRecord(organisation_id=key(row.id), since=since, name=named(name)))
            session.flush()
            return _organisation(row, _newest_name(session, row))

    def merge_organisations(self, merged: Sequence[str], into: str, since: date) -> int:
        """End those merged on that day, and move their people; how many people moved."""
        with self._session() as session:
            target = find(session, OrganisationRecord, into)
            sources = [find(session, OrganisationRecord, one) for one in merged]
            if target.ended_on is not None or target.id in [source.id for source in sources]:
                raise UsageError(f"{into} cannot take over others: it has ended, or is one of them")
            keys = [key(source.id) for source in sources]
            earlier = session.exec(select(OrganisationRecord).where(col(OrganisationRecord.merged_into).in_(keys)))
            for source in [*sources, *earlier]:
                # Of an organisation that had become part of one of these, the day of its own end stays.
                source.merged_into = target.id
                source.ended_on = source.ended_on or since
                session.add(source)
            people = session.exec(select(PersonRecord).where(col(PersonRecord.organisation_id).in_(keys))).all()
            for person in people:
                person.organisation_id = target.id
                session.add(person)
            return len(people)

    def end_organisation(self, organisation: str, on: date) -> None:
        """It is no more from that day on; it stays readable."""
        with self._session() as session:
            row = find(session, OrganisationRecord, organisation)
            row.ended_on = on
            session.add(row)

    def names(self, organisation: str) -> tuple[tuple[str, date], ...]:
        """(name, first day) of every name, oldest first; `date.min` = always."""
        with self._session() as session:
            row = find(session, OrganisationRecord, organisation)
            return tuple((name.name, name.since) for name in _names(session, row))

    def organisations(self, *, ended: bool = False) -> tuple[Organisation, ...]:
        """All that exist, or also those that have ended, by id."""
        with self._session() as session:
            query = select(OrganisationRecord).order_by(col(OrganisationRecord.id))
            if not ended:
                query = query.where(col(OrganisationRecord.ended_on).is_(None))
            names = session.exec(select(OrganisationNameRecord).order_by(col(OrganisationNameRecord.since)))
            newest = {name.organisation_id: name.name for name in names}
            return tuple(_organisation(row, newest[key(row.id)]) for row in session.exec(query))


def _names(session: Session, row: OrganisationRecord) -> Sequence[OrganisationNameRecord]:
    query = select(OrganisationNameRecord).where(OrganisationNameRecord.organisation_id == row.id)
    return session.exec(query.order_by(col(OrganisationNameRecord.since))).all()


def _newest_name(session: Session, row: OrganisationRecord) -> str:
    return _names(session, row)[-1].name


def _free_number(session: Session, number: str | None) -> str | None:
    if not number:
        return None
    number = named(number)
    if session.exec(select(OrganisationRecord.id).where(OrganisationRecord.number == number)).first() is not None:
        raise ConcurrentUpdate(f"there is an organisation with the number {number} already")
    return number


def _organisation(row: OrganisationRecord, name: str) -> Organisation:
    return Organisation(f"o:{row.id}", name, row.kind, row.number)
