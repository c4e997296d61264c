"""Rights in the database: what a login of the application, of an auditor or of a worker can do there, and what not."""

from collections.abc import Iterator
from datetime import date

import postgres_server
import psycopg
import pytest
from server_logins import as_login, logins_on, named
from store_samples import entry, furnished

from engine.core.chain import genesis, leaf_hash
from engine.core.errors import Unavailable
from engine.store import roles
from engine.store.migrate import check
from engine.store.unit_of_work import store_at

pytestmark = pytest.mark.postgresql

FIRST = entry("A-1", 1, payload='{"note":"a"}', prev=genesis("skede", "A-1"))
LINE = entry("A-1", 9, event="forged").line
FORGERIES = [
    "UPDATE entries SET line = line",
    "UPDATE entries SET who = 'somebody'",
    "DELETE FROM entries",
    "TRUNCATE entries CASCADE",
    "DROP TABLE entries CASCADE",
    "ALTER TABLE entries DISABLE TRIGGER ALL",
    "DROP TRIGGER entries_no_update ON entries",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    f"INSERT INTO entries (id, case_ref, n, line) OVERRIDING SYSTEM VALUE VALUES (999, 'A-1', 9, '{LINE}')",
    f"INSERT INTO entries (case_ref, n, line, who) VALUES ('A-1', 9, '{LINE}', 'somebody')",
    f"INSERT INTO entries (case_ref, n, line) VALUES ('A-1', 1, '{LINE}') ON CONFLICT (case_ref, n) DO UPDATE SET n = 9",  # noqa: E501
    "UPDATE entry_private SET payload = '{}'",
    "TRUNCATE entry_private",
    "UPDATE definitions SET body = '{}'",
    "DELETE FROM definitions",
    "INSERT INTO leaves VALUES (7, 'A-1', 1)",
    "DELETE FROM pending",
    "INSERT INTO nodes VALUES (0, 7, decode(repeat('00', 32), 'hex'))",
    "INSERT INTO checkpoints VALUES (7, 'forged', '2021-03-04T11:30:00.123456Z')",
    "UPDATE alembic_version SET version_num = '0001'",
    "CREATE TEMPORARY TABLE entries (line text)",
    "CREATE TABLE public.others (line text)",
    "SET ROLE skede_owner",
    "SET session_replication_role = replica",
    "COPY entries TO '/tmp/entries'",
    "SELECT pg_read_file('/etc/passwd')",
]
"""What no login but the owner's may do."""


@pytest.fixture
def url() -> Iterator[str]:
    """A database with roles, and a login in some of them each; one entry is in its log."""
    with postgres_server.database() as made, logins_on(made):
        furnished(made).close()
        with store_at(as_login(made, "anna")).write() as tx:
            tx.log.append(FIRST)
        yield made


@pytest.mark.parametrize("login", ["anna", "audit"])
def test_no_login_of_the_office_changes_the_log_whatever_it_tries(url: str, login: str) -> None:
    done = []
    with psycopg.connect(as_login(url, login), autocommit=True) as connection:
        before = connection.execute("SELECT * FROM entries").fetchall()
        for sql in FORGERIES:
            try:
                connection.execute(sql)
            except psycopg.errors.InsufficientPrivilege:
                continue
            done.append(sql)
        assert done == []
        assert connection.execute("SELECT * FROM entries").fetchall() == before
    assert check(url) == ()


def test_the_owner_itself_meets_the_triggers(url: str) -> None:
    """The tests above can fail: what is refused there by rights is refused here by the triggers alone."""
    with psycopg.connect(url, autocommit=True) as owner:
        for sql in ("UPDATE entries SET line = line", "DELETE FROM entries", "TRUNCATE entries CASCADE"):
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                owner.execute(sql)
        owner.execute("ALTER TABLE entries DISABLE TRIGGER entries_no_update")
        owner.execute("UPDATE entries SET case_ref = case_ref")
        assert any("entries_no_update" in wrong for wrong in check(url))


def test_an_auditor_writes_nothing(url: str) -> None:
    with psycopg.connect(as_login(url, "audit"), autocommit=True) as auditor:
        tables = [name for (name,) in auditor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        assert len(tables) > 20
        for table in tables:
            auditor.execute(f'SELECT * FROM "{table}"')
            for verb in ("DELETE FROM {}", "INSERT INTO {} DEFAULT VALUES", "TRUNCATE {} CASCADE"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    auditor.execute(verb.format(f'"{table}"'))
    with pytest.raises(Unavailable, match="may not"), store_at(as_login(url, "audit")).write() as tx:
        tx.settings.put("a", "b")


def test_the_server_says_who_wrote_an_entry(url: str) -> None:
    with store_at(as_login(url, "worker")).write() as tx:
        tx.log.append(entry("A-1", 2, prev=leaf_hash(FIRST.line)))
    with psycopg.connect(url) as owner:
        found = owner.execute("SELECT n, who FROM entries ORDER BY n").fetchall()
    assert found == [(1, named(url, "anna")), (2, named(url, "worker"))]


def test_only_the_worker_sequences(url: str) -> None:
    for login, allowed in (("anna", False), ("worker", True)):
        store = store_at(as_login(url, login))
        try:
            with store.write() as tx:
                taken = tx.evidence.pending(10)
                tx.evidence.sequence(0, taken, [(0, 0, bytes(32))])
        except Unavailable:
            assert not allowed
        else:
            assert allowed


def test_everyday_work_needs_no_more_than_the_application_has(url: str) -> None:
    with store_at(as_login(url, "anna")).write() as tx:
        person = tx.people.add_person("Åsa", email="asa@x.example")
        tx.people.grant(tx.people.add_user("asa", person=person.id).id, "officer", date(2021, 1, 1))
        tx.people.edit_person(person.id, phone="031")
        tx.settings.put("a", "b")
        assert tx.log.erase("A-1", 1)
    with store_at(as_login(url, "anna")).read() as tx:
        assert tx.directory.find_person("ÅSA") != ()


def test_roles_can_be_installed_again(url: str) -> None:
    with postgres_server.locked():
        assert roles.install(url) == roles.ROLES
    assert check(url) == ()
