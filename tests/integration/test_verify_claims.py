"""What the rows say of people, roles, days and erasures is held against the log: a forger who seals anew is found."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from errands import ADMIN, OFFICER, START, Desk, HandClock, build_home
from hiring import meet

from engine.app import mail_why, users
from engine.app.advance import Given
from engine.app.edit import note
from engine.app.import_cases import Source, import_cases
from engine.app.import_template import NO_MAP
from engine.app.mail_queue import show_mail
from engine.app.office import Caller, Office
from engine.app.record import append, record_office
from engine.app.run import SYSTEM_ACTOR
from engine.app.seal import seal_by_hand
from engine.app.tick import tick
from engine.app.verify import Imported, verify
from engine.bootstrap.office import open_office
from engine.core.canonical import canonical
from engine.readers.csv import parse_table
from engine.settings import load
from engine.store.migrate import create
from engine.store.schema_faults import MADE, digest_of
from engine.store.statements import SQL

pytestmark = pytest.mark.sqlite

HEAD = Caller("hans", "os:hans")
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real home with a case, a letter that left and one that waits, sealed."""
    folder = tmp_path_factory.mktemp("claims")
    desk = Desk(build_home(folder / "template"), folder / "home")
    with desk.office.store.write() as tx:
        meet(tx, "Eva Extern", email="eva@part.example")
    desk.order("2021-03-20")
    desk.order("2021-06-20")
    desk.clock.forward(days=17)
    tick(desk.office)
    seal_by_hand(desk.office, ADMIN)
    desk.office.store.close()  # type: ignore[attr-defined]
    return folder / "home"


@pytest.fixture
def office(lived_in: Path, tmp_path: Path) -> Iterator[Office]:
    home = Path(shutil.copytree(lived_in, tmp_path / "home"))
    office = open_office(load(home), clock=HandClock(START + timedelta(days=17, hours=1)))
    yield office
    office.store.close()  # type: ignore[attr-defined]


@pytest.fixture
def sql(office: Office) -> Iterator[Run]:
    """Runs a statement on tables that no trigger guards."""
    assert office.home is not None
    with closing(sqlite3.connect(office.home / "skede.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        yield connection.execute


def faults(office: Office) -> list[tuple[str, str]]:
    return [(f"{bad.case}#{bad.n}", bad.why.code) for bad in verify(office).bad]


def columns(office: Office) -> list[tuple[str, Any, Any]]:
    return [(bad.why.code, bad.why.params.get("table"), bad.why.params.get("column")) for bad in verify(office).bad]


def test_the_home_is_sound(office: Office) -> None:
    assert faults(office) == []


def test_an_act_in_a_role_that_was_slipped_in_and_out_again_is_found(office: Office, sql: Run) -> None:
    give = "INSERT INTO grants (user_id, role, since) SELECT id, ?, '2000-01-01' FROM users WHERE login = 'hans'"
    sql(give, ("registrar",))
    sql("DELETE FROM grants WHERE role = 'head'")
    note(office, HEAD, "E-2021-0001", Given(note="Som registrator."))
    sql("DELETE FROM grants WHERE role = 'registrar'")
    sql(give, ("head",))
    seal_by_hand(office, ADMIN)
    (n,) = sql("SELECT max(n) FROM entries WHERE case_ref = 'E-2021-0001'").fetchone()

    assert faults(office) == [(f"E-2021-0001#{n}", "verify_role")]


def test_what_was_done_before_a_role_ended_the_same_day_stays_sound(office: Office) -> None:
    note(office, HEAD, "E-2021-0001", Given(note="Före."))
    users.revoke_role(office, ADMIN, "hans", "head", note="Slutar")
    users.remove_user(office, ADMIN, "hans", note="Slutar")

    assert faults(office) == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("INSERT INTO grants (user_id, role, since) VALUES (2, 'head', '2000-01-01')",
         ("verify_row_unexpected", "grants", None)),
        ("UPDATE grants SET until = '2030-01-01' WHERE role = 'head'", ("verify_row_unexpected", "grants", None)),
        ("DELETE FROM grants WHERE role = 'head'", ("verify_row_missing", "grants", None)),
        ("INSERT INTO users (login) VALUES ('mallory')", ("verify_row_unexpected", "users", None)),
        ("UPDATE users SET login = 'mallory' WHERE login = 'hans'", ("verify_row", "users", "login")),
        ("UPDATE users SET person_id = 3 WHERE login = 'hans'", ("verify_row", "users", "person")),
        ("UPDATE users SET ended_on = '2021-03-02' WHERE login = 'hans'", ("verify_row", "users", "ended_on")),
        ("UPDATE people SET email = 'm@x.example' WHERE id = 3", ("verify_row", "people", "email")),
        ("UPDATE people SET replaced_by = 1 WHERE id = 3", ("verify_row", "people", "replaced_by")),
        ("UPDATE people SET erased = 1 WHERE id = 3", ("verify_row", "people", "erased")),
        ("INSERT INTO people (name, lang, email_state) VALUES ('M', 'sv', 'ok')",
         ("verify_row_unexpected", "people", None)),
        ("INSERT INTO organisations (kind) VALUES ('ngo')", ("verify_row_unexpected", "organisations", None)),
        ("INSERT INTO settings (name, value) VALUES ('sandbox', '1')", ("verify_row", "settings", "value")),
    ],
)  # fmt: skip
def test_a_row_that_no_entry_made_so_is_found(
    office: Office, sql: Run, statement: str, told: tuple[str, str, str | None]
) -> None:
    assert sql(statement).rowcount == 1

    assert columns(office) == [told]


def test_an_instant_of_a_letter_in_another_form_is_found(office: Office, sql: Run) -> None:
    written = sql("SELECT due_at FROM messages ORDER BY id DESC LIMIT 1").fetchone()[0]
    year, week, day = datetime.fromisoformat(written).isocalendar()
    text = f"{year}-W{week:02}-{day}{written[10:].replace('Z', '+00:00')}"
    assert sql("UPDATE messages SET due_at = ? WHERE due_at = ?", (text, written)).rowcount >= 1

    assert set(columns(office)) == {("verify_row", "messages", "due_at")}


def test_an_entry_dated_before_a_seal_that_does_not_cover_it_is_found(office: Office) -> None:
    assert office.home is not None
    earlier = open_office(load(office.home), clock=HandClock(START + timedelta(days=17) - timedelta(minutes=11)))
    with earlier.store.write() as tx:
        entry = record_office(tx, None, "os:root", "refused", {"event": "x"})
    earlier.store.close()  # type: ignore[attr-defined]

    assert faults(office) == [(entry.name, "verify_backdated")]


def test_clocks_that_are_a_little_apart_are_no_fault(office: Office) -> None:
    assert office.home is not None
    nearly = open_office(load(office.home), clock=HandClock(START + timedelta(days=17) - timedelta(minutes=9)))
    with nearly.store.write() as tx:
        record_office(tx, None, "os:root", "refused", {"event": "x"})
    nearly.store.close()  # type: ignore[attr-defined]

    assert faults(office) == []


@pytest.mark.parametrize(
    "statements",
    [
        ("ALTER TABLE links RENAME TO kept", "CREATE VIEW links AS SELECT * FROM kept"),
        ("CREATE TRIGGER mine AFTER INSERT ON messages BEGIN DELETE FROM messages WHERE id = NEW.id; END",),
        ("DROP TRIGGER entries_no_update",),
        ("DROP INDEX ix_grants_role",),
    ],
)
def test_a_schema_that_is_not_ours_is_found(office: Office, sql: Run, statements: tuple[str, ...]) -> None:
    for statement in statements:
        sql(statement)

    assert {code for _, code in faults(office)} == {"verify_schema"}


def test_the_digest_is_of_the_schema_that_the_migrations_make(tmp_path: Path) -> None:
    create(tmp_path / "new.db")
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        assert digest_of(connection.execute(SQL["audit_schema"])) == MADE


def test_what_came_from_elsewhere_is_counted_by_who_brought_it(office: Office) -> None:
    text = "Referens;Rubrik;Läge;Öppnat;I läget sedan;Ska vara klart\r\n"
    text += "E-2018-0007;Gammalt;Vilande;2018-02-01;2019-05-06;2021-09-01\r\n"
    brought = Source(parse_table(text.encode("cp1252"), "gamla.csv"), "gamla.csv", "0" * 64, NO_MAP, "errand")
    import_cases(office, HEAD, brought)

    assert verify(office).imported == [Imported("hans", 1, 1)]


def forged(office: Office, sql: Run, *, empty: bool, told: bool) -> int:
    """Change a letter that left, and let the office say that somebody was erased from it; its number."""
    number, key = sql("SELECT id, key FROM messages WHERE state = 'sent'").fetchone()
    sql("UPDATE messages SET variables = ? WHERE id = ?", (canonical({"x": "förfalskat"}), number))
    content = None if empty else b"Subject: x\r\n\r\nforged\r\n"
    sql("UPDATE messages SET subject = 'x', content = ? WHERE id = ?", (content, number))
    with office.store.write() as tx:
        stored = tx.messages.get(number)
        assert stored is not None
        letters = {key: [stored.message.digest, stored.digest]}
        body = {"person": "p:3", "ground": "art. 17", "entries": [], "letters": letters}
        record_office(tx, None, "os:root", "erase", body)
        if told:
            case = tx.cases.get(stored.message.case)
            assert case is not None
            definition = office.catalog.definition(tx, case.workflow, case.version)
            append(tx, definition, case, SYSTEM_ACTOR, "erase", {"person": "p:3", "ground": "art. 17"})
    return int(number)


def test_a_letter_is_not_erased_whose_bytes_are_there(office: Office, sql: Run) -> None:
    forged(office, sql, empty=False, told=True)
    sql("UPDATE people SET name = '', email = NULL, erased = 1 WHERE id = 3")

    assert [code for _, code in faults(office)] == ["verify_erased_kept"]


def test_a_letter_is_not_erased_where_its_own_case_does_not_say_so(office: Office, sql: Run) -> None:
    forged(office, sql, empty=True, told=False)
    sql("UPDATE people SET name = '', email = NULL, erased = 1 WHERE id = 3")

    assert [code for _, code in faults(office)] == ["verify_erased_untold"]


def test_a_letter_that_an_erasure_changed_is_not_told_as_the_one_that_was_sent(office: Office, sql: Run) -> None:
    number = forged(office, sql, empty=True, told=True)
    shown = show_mail(office, OFFICER, number)
    why = mail_why.why_message(office, OFFICER, number)

    assert shown["made"] == "erased"
    assert shown["erased"] == why["erased"]
    assert (shown["erased"]["ground"], shown["erased"]["entry"].partition("#")[0]) == ("art. 17", "@office")
