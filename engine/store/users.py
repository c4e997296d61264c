"""Users and the roles they hold over time."""

from datetime import date

from sqlmodel import Session, col, select

from engine.core.errors import ConcurrentUpdate, NotFound, ValueMalformed
from engine.ports import Grant, User
from engine.store.everyday import Everyday, find, key, named
from engine.store.schema import GrantRecord, PersonRecord, UserRecord
from engine.store.texts import number_of


class UserEdits(Everyday):
    """Users, who are never removed: the log names them."""

    def add_user(self, login: str, *, person: str | None = None) -> User:
        """A new user. A login that is in use is refused: a log that names it must mean one user for ever."""
        with self._session() as session:
            row = UserRecord(login=_free_login(session, login), person_id=_person_key(session, person))
            session.add(row)
            session.flush()
            return _user(row)

    def edit_user(self, user: str, *, login: str | None = None, person: str | None = None) -> User:
        """Change the login, or the person behind it."""
        with self._session() as session:
            row = find(session, UserRecord, user)
            if login is not None and login != row.login:
                row.login = _free_login(session, login)
            if person is not None:
                row.person_id = _person_key(session, person)
            session.add(row)
            return _user(row)

    def end_user(self, user: str, on: date) -> None:
        """From that day on the login is nobody's."""
        with self._session() as session:
            row = find(session, UserRecord, user)
            row.ended_on = on
            session.add(row)

    def users(self, *, ended: bool = False) -> tuple[User, ...]:
        """All users, or also the ended ones, by id."""
        with self._session() as session:
            query = select(UserRecord).order_by(col(UserRecord.id))
            if not ended:
                query = query.where(col(UserRecord.ended_on).is_(None))
            return tuple(_user(row) for row in session.exec(query))

    def grant(self, user: str, role: str, since: date, *, until: date | None = None, note: str | None = None) -> Grant:
        """Let a user hold a role from a day to a day, both counted in."""
        if until is not None and until < since:
            raise ValueMalformed(f"a role cannot end ({until}) before it begins ({since})")
        with self._session() as session:
            holder = find(session, UserRecord, user)
            row = GrantRecord(user_id=key(holder.id), role=named(role), since=since, until=until, note=note)
            session.add(row)
            session.flush()
            return _grant(row)

    def end_grant(self, grant: int, until: date) -> Grant:
        """The last day of a grant; one that ends before it began was never in force and is taken out."""
        with self._session() as session:
            row = session.get(GrantRecord, grant)
            if row is None:
                raise NotFound(f"there is no grant {grant}")
            if until < row.since:
                session.delete(row)
                return Grant(grant, f"u:{row.user_id}", row.role, row.since, until, row.note)
            row.until = until
            session.add(row)
            return _grant(row)

    def grants(self, *, user: str | None = None, on: date | None = None) -> tuple[Grant, ...]:
        """Grants by id: of a user, or in force on a day, or all that ever were."""
        with self._session() as session:
            query = select(GrantRecord).order_by(col(GrantRecord.id))
            if user is not None:
                query = query.where(GrantRecord.user_id == number_of(user, "u"))
            if on is not None:
                until = col(GrantRecord.until)
                query = query.where(col(GrantRecord.since) <= on, until.is_(None) | (until >= on))
            return tuple(_grant(row) for row in session.exec(query))


def _free_login(session: Session, login: str) -> str:
    login = named(login)
    if session.exec(select(UserRecord.id).where(UserRecord.login == login)).first() is not None:
        raise ConcurrentUpdate(f"the login {login} is, or was, a user's already")
    return login


def _person_key(session: Session, person: str | None) -> int | None:
    return None if person is None else key(find(session, PersonRecord, person).id)


def _user(row: UserRecord) -> User:
    person = None if row.person_id is None else f"p:{row.person_id}"
    return User(f"u:{row.id}", row.login, person, row.ended_on)


def _grant(row: GrantRecord) -> Grant:
    return Grant(key(row.id), f"u:{row.user_id}", row.role, row.since, row.until, row.note)
