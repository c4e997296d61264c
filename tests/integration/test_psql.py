"""What people can do to the log with `psql` and a login of their own: read it, and nothing else.

The office is one where officials have logins at the server, of the names that they have in the program. What the
program does under these logins, and nobody could do without them, is tried too.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import postgres_server
import psycopg
import pytest
from errands import ADMIN, START, TOY
from hiring import hire, meet
from msgspec.structs import replace
from server_logins import LOGINS, as_login, logins_on, named

from engine.app.advance import Given, advance
from engine.app.edit import note, recuse
from engine.app.home import furnish
from engine.app.office import Caller, Office
from engine.app.open_case import open_case
from engine.app.publish import publish
from engine.app.seal import seal_by_hand
from engine.app.tick import tick
from engine.app.verify import verify
from engine.bootstrap.office import open_office
from engine.core.chain import leaf_hash
from engine.core.errors import TransitionRefused
from engine.readers.toml import read_definition
from engine.settings import load, write_default
from engine.signing import FileSigner

pytestmark = pytest.mark.postgresql

MEANT = {"42501", "428C9", "0A000", "25006"}
"""Not allowed; always computed; not with rights on rows; read only. An attack that is misspelt fails with others."""


class Place(NamedTuple):
    """An office on a server, and the case that is attacked: `hans` is recused in it."""

    home: Path
    url: str
    case: str

    def office(self, login: str) -> Office:
        """The program under somebody's own login."""
        return open_office(replace(load(self.home), database=as_login(self.url, login)))

    def caller(self, login: str) -> Caller:
        return Caller(named(self.url, login), f"os:{login}")

    def user(self, login: str) -> str:
        """Somebody's id in the program."""
        with psycopg.connect(self.url) as owner:
            ask = "SELECT 'u:' || id FROM users WHERE login = %s"
            (found,) = owner.execute(ask, [named(self.url, login)]).fetchone() or ("",)
        return str(found)

    def line(self, **changes: Any) -> str:
        """A line that the chain of the case could go on with, as SQL."""
        with psycopg.connect(self.url) as owner:
            ask = "SELECT line FROM entries WHERE case_ref = %s ORDER BY n DESC LIMIT 1"
            (last,) = owner.execute(ask, [self.case]).fetchone() or ("",)
        old = json.loads(last)
        new = old | {"act": "note", "body": {}, "data": None, "n": old["n"] + 1, "actor": self.user("anna"),
                     "prev": leaf_hash(last)} | changes  # fmt: skip
        return json.dumps(new, sort_keys=True, separators=(",", ":"), ensure_ascii=False).replace("'", "''")

    def insert(self, columns: str = "", values: str = "", **changes: Any) -> str:
        """The statement that appends such a line."""
        line = self.line(**changes)
        n = json.loads(line)["n"]
        return (
            f"INSERT INTO entries (case_ref, n, line{columns}) VALUES ('{self.case}', {n}, '{line}'{values})"
        )  # fmt: skip

    def rows(self) -> dict[str, list[Any]]:
        """All that is in the database."""
        with psycopg.connect(self.url) as owner:
            names = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            return {name: sorted(owner.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for (name,) in names}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with postgres_server.database() as url, logins_on(url):
        home = tmp_path_factory.mktemp("psql") / "home"
        home.mkdir()
        write_default(home / "skede.toml", sandbox=False, database=url)
        office = open_office(load(home))
        key = FileSigner(home / "keys", "test/skede").make()
        furnish(office, ADMIN, origin="test/skede", key=key.text(), sandbox=False)
        with office.store.write() as tx:
            for login, name in (("anna", "Anna Ask"), ("hans", "Hans Hed")):
                person = meet(tx, name, email=f"{login}@region.example")
                hire(tx, named(url, login), "officer", person=person, since=START.date())
        publish(office, ADMIN, {TOY.name: read_definition(TOY)}, lint=False)
        made = Place(home, url, "")
        opened = open_case(
            made.office("anna"), made.caller("anna"), "errand", "Ärende", Given(set={"due_on": "2041-12-10"})
        )
        made = made._replace(case=str(opened["reference"]))
        recuse(made.office("anna"), made.caller("anna"), made.case, named(url, "hans"), Given(note="släkt"))
        assert tick(made.office("worker"), sealing=False).errors == []
        seal_by_hand(made.office("worker"), ADMIN)
        note(made.office("anna"), made.caller("anna"), made.case, Given(note="väntar på sigill"))
        yield made


def psql(place: Place, login: str, statements: list[str]) -> dict[str, str]:
    """Run statements in one session of the real `psql`; of each, the codes of its errors, or nothing."""
    script = "\\set VERBOSITY sqlstate\n" + "".join(
        f"\\warn ==\n{sql}{'' if sql.startswith(chr(92)) else ';'}\n" for sql in statements
    )
    done = subprocess.run(
        [postgres_server.programs() / "psql", "-X", "-q", "-f", "-", as_login(place.url, login)], input=script,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    said = done.stderr.split("==\n")[1:]
    assert len(said) == len(statements), done.stderr
    codes = [" ".join(re.findall(r"(?:ERROR|FATAL): +(\w{5})", part)) for part in said]
    return dict(zip(statements, codes, strict=True))


def attacks(place: Place, me: str) -> list[str]:
    """All that somebody who wants another log could think of, in ever more roundabout ways."""
    changed = [
        "UPDATE entries SET line = line", "UPDATE entries SET who = 'somebody'", "UPDATE ONLY entries SET n = n + 1",
        "DELETE FROM entries", "TRUNCATE entries CASCADE", "DROP TABLE entries CASCADE",
        "WITH gone AS (DELETE FROM entries RETURNING *) SELECT count(*) FROM gone",
        "MERGE INTO entries e USING (VALUES (1)) v (n) ON e.n = v.n WHEN MATCHED THEN DELETE",
        "SELECT * FROM entries FOR UPDATE", "BEGIN; LOCK TABLE entries IN ACCESS EXCLUSIVE MODE; ROLLBACK",
        "UPDATE entry_private SET payload = '{}'", "TRUNCATE entry_private", "UPDATE leaves SET n = n",
        "DELETE FROM leaves", "UPDATE nodes SET hash = hash", "DELETE FROM nodes", "UPDATE checkpoints SET note = note",
        "DELETE FROM checkpoints", "TRUNCATE leaves, nodes, checkpoints", "UPDATE definitions SET body = '{}'",
        "DELETE FROM definitions", "UPDATE alembic_version SET version_num = '0001'",
    ]  # fmt: skip
    forged = [
        place.insert(", id", ", 999").replace("VALUES", "OVERRIDING SYSTEM VALUE VALUES"),
        place.insert(", who", ", 'somebody'"),
        place.insert(", at", ", '2020-01-01T00:00:00.000000Z'"),
        place.insert(n=99),
        place.insert(prev="A" * 43 + "="),
        place.insert(at="2020-01-01T00:00:00.000000Z"),
        "INSERT INTO entries (case_ref, n, line) SELECT case_ref, n, line FROM entries",
        place.insert() + " ON CONFLICT (case_ref, n) DO UPDATE SET n = 9",
        "SELECT setval(pg_get_serial_sequence('entries', 'id'), 1)",
        "ALTER SEQUENCE entries_id_seq RESTART", "COPY entries (case_ref, n, line) FROM '/dev/null'",
        "COPY entries (case_ref, n, line) FROM PROGRAM 'true'", "\\copy entries (case_ref, n, line) from '/dev/null'",
    ]  # fmt: skip
    unguarded = [
        "ALTER TABLE entries DISABLE TRIGGER ALL", "ALTER TABLE entries DISABLE TRIGGER entries_no_update",
        "DROP TRIGGER entries_no_update ON entries", "DROP POLICY entries_append ON entries",
        "ALTER TABLE entries DISABLE ROW LEVEL SECURITY", "ALTER TABLE entries NO FORCE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON entries USING (true)", "CREATE RULE mine AS ON INSERT TO entries DO INSTEAD NOTHING",
        "CREATE TRIGGER mine BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        "SET session_replication_role = replica", "SET ROLE skede_owner", "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres", f"ALTER ROLE {me} SUPERUSER", f"GRANT skede_owner TO {me}",
        f"CREATE ROLE other_{me} LOGIN IN ROLE skede_owner", f"ALTER TABLE entries OWNER TO {me}",
        f"GRANT ALL ON entries TO {me}; UPDATE entries SET line = line",
        "ALTER SYSTEM SET session_replication_role = replica",
    ]  # fmt: skip
    returns = "RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    shadowing = [
        f"CREATE OR REPLACE FUNCTION refuse_change() {returns}", f"CREATE FUNCTION pg_temp.refuse_change() {returns}",
        "CREATE OR REPLACE FUNCTION may_append(text, bigint, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'",
        "CREATE FUNCTION public.encode(bytea, text) RETURNS text LANGUAGE sql AS $$SELECT ''$$",
        "CREATE SCHEMA mine", "CREATE TEMPORARY TABLE entries (line text)", "CREATE TABLE public.others (line text)",
        "CREATE TEMPORARY VIEW users AS SELECT 1", "ALTER FUNCTION may_append(text, bigint, text) RENAME TO other",
        "CREATE EXTENSION file_fdw",
    ]  # fmt: skip
    files = [
        "COPY entries TO '/tmp/entries'", "COPY entries TO PROGRAM 'true'", "SELECT pg_read_file('/etc/passwd')",
        "SELECT lo_import('/etc/passwd')", "SELECT pg_switch_wal()",
    ]  # fmt: skip
    return [*changed, *forged, *unguarded, *shadowing, *files, f"SET row_security = off; {place.insert(n=99)}"]


@pytest.mark.parametrize("login", LOGINS)
def test_no_login_changes_deletes_or_forges_a_row_of_the_log(place: Place, login: str) -> None:
    before = place.rows()

    told = psql(place, login, attacks(place, named(place.url, login)))

    done = {sql: code for sql, code in told.items() if not set(code.split()) & MEANT}
    assert done == {}
    assert place.rows() == before


def test_an_auditor_reads_every_table_and_writes_none(place: Place) -> None:
    before = place.rows()
    with psycopg.connect(place.url) as owner:
        columns: dict[str, str] = dict(owner.execute(
            "SELECT table_name, min(column_name) FROM information_schema.columns WHERE table_schema = 'public' "
            "GROUP BY table_name"
        ).fetchall())  # fmt: skip
    reads = [f'SELECT count(*) FROM "{table}"' for table in columns]
    writes = [
        sql for table, column in columns.items() for sql in (
            f'UPDATE "{table}" SET "{column}" = "{column}"', f'DELETE FROM "{table}"', f'TRUNCATE "{table}" CASCADE',
            f'INSERT INTO "{table}" DEFAULT VALUES', f'DROP TABLE "{table}"', f'ALTER TABLE "{table}" ADD mine integer',
        )
    ]  # fmt: skip

    assert set(psql(place, "audit", reads).values()) == {""}
    assert set(psql(place, "audit", writes).values()) <= MEANT
    assert len(columns) > 20
    assert place.rows() == before


def test_the_tree_and_its_seals_are_the_workers_alone(place: Place) -> None:
    statements = [
        f"INSERT INTO leaves VALUES (999, '{place.case}', 1)",
        "INSERT INTO nodes VALUES (0, 999, decode(repeat('00', 32), 'hex'))",
        "INSERT INTO checkpoints VALUES (999, 'forged', '2021-03-04T11:30:00.123456Z')", "DELETE FROM pending",
    ]  # fmt: skip

    for login in ("anna", "audit"):
        assert set(psql(place, login, statements).values()) == {"42501"}


def test_a_login_appends_in_its_own_name_alone(place: Place) -> None:
    """And the line that is refused in another's name is taken in one's own: nothing but the name is wrong with it."""
    own, others = place.insert(), place.insert(actor=place.user("hans"))

    told = psql(place, "anna", [others, f"BEGIN; {own}; ROLLBACK"])

    assert list(told.values()) == ["42501", ""]


def test_who_is_recused_appends_notes_and_no_event(place: Place) -> None:
    event, said = (place.insert(actor=place.user("hans"), act=act) for act in ("advance", "note"))
    anna = place.insert(act="advance")

    assert list(psql(place, "hans", [event, f"BEGIN; {said}; ROLLBACK"]).values()) == ["42501", ""]
    assert list(psql(place, "anna", [f"BEGIN; {anna}; ROLLBACK"]).values()) == [""]


def test_nobody_becomes_another_for_a_moment(place: Place) -> None:
    """The names by which a login is judged, its roles, and what says which log this is, are not its to change."""
    before, me = place.rows(), named(place.url, "anna")
    mine = f"(SELECT id FROM users WHERE login = '{me}')"
    statements = [
        f"UPDATE users SET login = 'x' WHERE login = '{me}'", f"UPDATE users SET login = '{me}' WHERE login <> '{me}'",
        f"DELETE FROM users WHERE login = '{me}'",
        f"INSERT INTO grants (user_id, role, since) VALUES ({mine}, 'stand_in', '2021-01-01')",
        f"UPDATE grants SET role = 'head' WHERE user_id = {mine}", f"DELETE FROM grants WHERE user_id = {mine}",
        "INSERT INTO settings VALUES ('sandbox', '1')", "UPDATE settings SET value = 'x' WHERE name = 'origin'",
        "DELETE FROM settings WHERE name = 'origin'",
    ]  # fmt: skip

    assert psql(place, "anna", statements) == dict.fromkeys(statements, "42501")
    assert place.rows() == before


def test_the_program_does_its_work_under_these_logins(place: Place) -> None:
    given = Given(set={"due_on": "2021-03-10"})
    case = str(open_case(place.office("anna"), place.caller("anna"), "errand", "Ett till", given)["reference"])
    with pytest.raises(TransitionRefused):
        advance(place.office("hans"), place.caller("hans"), place.case, "finish", Given(note="x"))
    note(place.office("hans"), place.caller("hans"), place.case, Given(note="jag är jävig"))
    note(place.office("hans"), place.caller("hans"), case, Given(note="men inte här"))
    done = tick(place.office("worker"))

    assert (done.errors, done.expired) == ([], 1)
    assert seal_by_hand(place.office("worker"), ADMIN).sealed
    found = verify(place.office("audit"))
    assert not found.bad
    with psycopg.connect(place.url) as owner:
        who = {who for (who,) in owner.execute("SELECT who FROM entries WHERE case_ref = %s", [case])}
    assert who == {named(place.url, login) for login in ("anna", "hans", "worker")}
