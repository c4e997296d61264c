"""People, organisations and users: what was edited is what commands read, and an edit is whole or not at all."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from store_samples import case, entry, message

from engine.core.case import Actor
from engine.core.errors import ConcurrentUpdate, EngineError, NotFound, UsageError, ValueMalformed
from engine.ports import Grant, Organisation, Person, UnitOfWork, User
from engine.store.unit_of_work import SqlStore

DAY = date(2023, 1, 1)
BEFORE = date(2022, 12, 31)


@pytest.fixture
def tx(store: SqlStore) -> Iterator[UnitOfWork]:
    with store.write() as unit:
        yield unit


def test_edits_and_the_log_are_one_transaction(store: SqlStore) -> None:
    def rename_then_fail(tx: UnitOfWork) -> None:
        tx.people.add_person("Åsa", email="asa@kommun.example")
        tx.settings.put("written", "beside it")
        raise KeyError

    with pytest.raises(KeyError), store.write() as tx:
        rename_then_fail(tx)
    with store.write() as tx:
        assert (tx.people.persons(), tx.settings.get("written")) == ((), None)
        tx.settings.put("written", "beside it")
        tx.people.add_person("Åsa")
    with store.read() as tx:
        assert ([p.name for p in tx.people.persons()], tx.settings.get("written")) == (["Åsa"], "beside it")


def test_nothing_is_committed_before_the_unit_of_work_ends(sqlite_store: SqlStore) -> None:
    seen: list[str] = []
    with sqlite_store.write() as tx:
        tx.connection.set_trace_callback(seen.append)
        tx.people.add_person("Åsa")
        tx.people.persons()
        tx.connection.set_trace_callback(None)
        assert tx.connection.in_transaction
        with sqlite_store.read() as other:
            assert other.people.persons() == ()
    words = {statement.split()[0].upper() for statement in seen}
    assert not words & {"COMMIT", "BEGIN"}
    assert "INSERT" in words


def test_an_edit_that_fails_half_way_leaves_nothing_even_if_its_error_is_caught(store: SqlStore) -> None:
    with store.write() as tx:
        tx.people.add_organisation("Bengtsfors kommun", "municipality", number="212000-1389")
        with pytest.raises(ConcurrentUpdate, match="212000-1389"):
            tx.people.add_organisation("Annan kommun", "municipality", number="212000-1389")
        with pytest.raises(ValueMalformed):
            tx.people.add_organisation("", "region")  # The organisation's row is written before its name is judged.
        with pytest.raises(NotFound):
            tx.people.add_person("Åsa", organisation="o:99")
    with store.read() as tx:
        assert [o.name for o in tx.people.organisations()] == ["Bengtsfors kommun"]
        assert tx.connection.execute("SELECT count(*) FROM organisations").fetchone() == (1,)
        assert tx.people.persons() == ()


def test_a_dry_run_leaves_nothing(store: SqlStore) -> None:
    with store.write() as tx:
        tx.people.add_person("Åsa")
        tx.rollback()
    with store.read() as tx:
        assert tx.people.persons() == ()


def test_what_was_added_is_what_commands_read(tx: UnitOfWork) -> None:
    office = tx.people.add_organisation("Ale kommun", "municipality", number="212000-1439")
    person = tx.people.add_person("Bo", email="bo@ale.example", lang="en", phone="0", organisation=office.id)
    assert office == Organisation("o:1", "Ale kommun", "municipality", "212000-1439")
    assert person == Person("p:1", "Bo", "bo@ale.example", "en", "0", "o:1", "ok")
    assert tx.directory.person("p:1") == person
    assert tx.directory.people(["p:1", "p:9", "system"]) == {"p:1": person}
    assert tx.directory.organisations(["o:1", "o:9"]) == {"o:1": office}
    assert (tx.directory.people([]), tx.directory.organisations([])) == ({}, {})


def test_a_renamed_organisation_keeps_its_old_name_on_old_papers(tx: UnitOfWork) -> None:
    board = tx.people.add_organisation("Regionutvecklingsnämnden", "region")
    tx.people.rename_organisation(board.id, "Miljö- och regionutvecklingsnämnden", DAY)
    for on, name in ((BEFORE, "Regionutvecklingsnämnden"), (DAY, "Miljö- och regionutvecklingsnämnden")):
        assert tx.directory.organisations([board.id], on=on)[board.id].name == name
    assert tx.directory.organisations([board.id])[board.id].name == "Miljö- och regionutvecklingsnämnden"
    assert [name for name, _ in tx.people.names(board.id)] == [
        "Regionutvecklingsnämnden", "Miljö- och regionutvecklingsnämnden",
    ]  # fmt: skip
    for text in ("regionutvecklingsnämnden", "MILJÖ- OCH", board.id):
        assert [o.id for o in tx.directory.find_organisation(text)] == [board.id]


def test_an_exact_name_wins_over_one_that_contains_it(tx: UnitOfWork) -> None:
    tx.people.add_organisation("Ale kommuns bostäder", "company")
    tx.people.add_organisation("Ale kommun", "municipality", number="212000-1439")
    assert [o.id for o in tx.directory.find_organisation("ale kommun")] == ["o:2"]
    assert [o.id for o in tx.directory.find_organisation("ale")] == ["o:1", "o:2"]
    assert [o.id for o in tx.directory.find_organisation("2120001439")] == ["o:2"]
    assert tx.directory.find_organisation("  ") == tx.directory.find_organisation("o:9") == ()


def test_merged_organisations_stand_for_the_new_one(tx: UnitOfWork) -> None:
    first, second, third, last = (tx.people.add_organisation(name, "state") for name in ("Ett", "Två", "Tre", "Fyra"))
    moved = tx.people.add_person("Bo", organisation=first.id)
    assert tx.people.merge_organisations([first.id, second.id], third.id, BEFORE) == 1
    assert tx.people.merge_organisations([third.id], last.id, DAY) == 1
    assert [o.name for o in tx.people.organisations()] == ["Fyra"]
    assert len(tx.people.organisations(ended=True)) == 4
    assert [o.id for o in tx.directory.find_organisation("ett")] == [last.id]
    found = tx.directory.person(moved.id)
    assert found is not None
    assert found.organisation == last.id
    for merged, into in (([last.id], last.id), ([last.id], first.id)):
        with pytest.raises(UsageError):
            tx.people.merge_organisations(merged, into, DAY)


def test_an_organisation_is_edited_and_ended(tx: UnitOfWork) -> None:
    made = tx.people.add_organisation("Ale", "other", number="1")
    assert tx.people.edit_organisation(made.id, kind="ngo", number="1").kind == "ngo"
    assert tx.people.edit_organisation(made.id, number="").number is None
    tx.people.end_organisation(made.id, DAY)
    assert tx.people.organisations() == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("p:2", ["p:2"]), ("p:77", []), ("ASA@kommun.example", ["p:1"]), ("åsa", ["p:1", "p:2"]),
        ("A\u030asa", ["p:1", "p:2"]), ("berg ÅSA", ["p:2"]), ("%", []), ("", []), ("gone", []),
    ],
)  # fmt: skip
def test_a_person_is_found_by_id_address_or_words(tx: UnitOfWork, text: str, found: list[str]) -> None:
    tx.people.add_person("Åsa Öman", email="asa@kommun.example")
    tx.people.add_person("Åsa Berg")
    tx.people.end_person(tx.people.add_person("Gone").id, DAY)
    assert [p.id for p in tx.directory.find_person(text)] == found


def test_a_person_is_edited(tx: UnitOfWork) -> None:
    made = tx.people.add_person("Bo", email="old@x.example")
    assert tx.people.edit_person(made.id, email_state="failing").email_state == "failing"
    changed = tx.people.edit_person(made.id, name="Bo B", email="new@x.example", phone=None, lang="en")
    assert changed == Person(made.id, "Bo B", "new@x.example", "en")
    assert tx.people.edit_person(made.id, email=None).email is None


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""}, {"name": "a\nBcc: b"}, {"name": "x" * 501}, {"lang": "de"}, {"email": "nobody"},
        {"email": "a@b, c@d"}, {"email_state": "bad"}, {"shoe_size": "42"}, {"organisation": "x"}, {"name": "\ud800"},
    ],
)  # fmt: skip
def test_what_is_no_value_is_refused(tx: UnitOfWork, changes: dict[str, Any]) -> None:
    made = tx.people.add_person("Bo")
    with pytest.raises(UsageError):
        tx.people.edit_person(made.id, **changes)
    assert tx.directory.person(made.id) == made


def test_a_successor_takes_over_the_mailing_lists(tx: UnitOfWork) -> None:
    old, new = tx.people.add_person("Old"), tx.people.add_person("New")
    for name in ("press", "ideas"):
        tx.people.subscribe(name, old.id)
    tx.people.subscribe("press", new.id)
    tx.people.replace_person(old.id, new.id, DAY)
    assert tx.people.subscriptions() == {"ideas": (new.id,), "press": (new.id,)}
    assert tx.directory.subscribers("press") == (new.id,)
    assert [p.id for p in tx.people.persons()] == [new.id]
    with pytest.raises(UsageError):
        tx.people.replace_person(new.id, new.id, DAY)


def test_lists_hold_a_person_once_and_let_it_go(tx: UnitOfWork) -> None:
    person = tx.people.add_person("Bo")
    tx.people.subscribe("press", person.id)
    tx.people.subscribe("press", person.id)
    assert tx.directory.subscribers("press") == (person.id,)
    tx.people.unsubscribe("press", person.id)
    assert tx.directory.subscribers("press") == ()
    with pytest.raises(NotFound):
        tx.people.unsubscribe("press", person.id)


def test_an_erased_person_is_an_empty_id(store: SqlStore, tmp_path: Path) -> None:
    with store.write() as tx:
        person = tx.people.add_person("Xantippa Unik", email="xantippa@x.example", phone="031")
        tx.people.subscribe("press", person.id)
        tx.people.erase_person(person.id)
        assert tx.directory.person(person.id) == Person(person.id, "")
        assert (tx.people.persons(ended=True), tx.directory.subscribers("press")) == ((), ())
        with pytest.raises(UsageError, match="erased"):
            tx.people.edit_person(person.id, name="Xantippa Unik")


def test_no_trace_of_an_erased_person_is_left_in_any_file(sqlite_store: SqlStore, tmp_path: Path) -> None:
    secret, store = "Xantippa Unik", sqlite_store
    with store.write() as tx:
        person = tx.people.add_person(secret)
        tx.cases.insert(case("A-1", data={"contact": secret}), phase="idea", links={})
        tx.log.append(entry("A-1", payload=f'{{"contact":"{secret}"}}'))
        tx.messages.queue([message(person=person.id, variables={"name": secret})])
    with store.write() as tx:
        tx.people.erase_person(person.id)
        assert tx.cases.update(case("A-1", n=2), phase="idea", links={}, expected_n=1, expected_head="h1")
        assert tx.log.erase("A-1", 1)
        assert tx.messages.erase(person.id) == 1
    store.scrub()
    assert [found.name for found in tmp_path.iterdir() if secret.encode() in found.read_bytes()] == []


def test_a_user_holds_a_role_from_its_first_day_to_its_last(tx: UnitOfWork) -> None:
    person = tx.people.add_person("Bo")
    user = tx.people.add_user("bo", person=person.id)
    given = tx.people.grant(user.id, "officer", DAY, until=date(2023, 12, 31), note="vikarie")
    tx.people.grant(user.id, "registrar", DAY)
    assert user == User("u:1", "bo", person.id)
    assert given == Grant(1, "u:1", "officer", DAY, date(2023, 12, 31), "vikarie")
    roles = {
        on: getattr(tx.directory.actor("bo", on), "roles", None)
        for on in (BEFORE, DAY, date(2023, 12, 31), date(2024, 1, 1))
    }
    both = frozenset({"officer", "registrar"})
    assert list(roles.values()) == [frozenset(), both, both, frozenset({"registrar"})]
    assert tx.directory.actor("bo", DAY) == Actor("u:1", "bo", both, person.id)
    assert tx.directory.actor("nobody", DAY) is None
    assert (tx.directory.holders("officer", DAY), tx.directory.holders("officer", BEFORE)) == ((person.id,), ())
    assert (tx.directory.user_id("bo"), tx.directory.login_of("u:1"), tx.directory.person_of("u:1")) == (
        "u:1", "bo", person.id,
    )  # fmt: skip
    assert tx.directory.user_id("x") is tx.directory.login_of("u:9") is tx.directory.person_of("system") is None


def test_a_user_without_a_person_is_no_recipient(tx: UnitOfWork) -> None:
    user = tx.people.add_user("service")
    tx.people.grant(user.id, "officer", DAY)
    assert tx.directory.holders("officer", DAY) == ()
    assert tx.directory.person_of(user.id) is None


def test_an_ended_user_is_nobody_and_its_login_stays_taken(tx: UnitOfWork) -> None:
    user = tx.people.add_user("bo", person=tx.people.add_person("Bo").id)
    tx.people.grant(user.id, "officer", BEFORE)
    tx.people.end_user(user.id, DAY)
    assert tx.directory.actor("bo", BEFORE) is not None
    assert (tx.directory.actor("bo", DAY), tx.directory.holders("officer", DAY)) == (None, ())
    assert (tx.people.users(), len(tx.people.users(ended=True))) == ((), 1)
    with pytest.raises(ConcurrentUpdate, match="bo"):
        tx.people.add_user("bo")


def test_a_user_is_edited(tx: UnitOfWork) -> None:
    user, person = tx.people.add_user("bo"), tx.people.add_person("Bo")
    assert tx.people.edit_user(user.id, login="bo.b", person=person.id) == User(user.id, "bo.b", person.id)
    assert [u.login for u in tx.people.users()] == ["bo.b"]


def test_a_grant_is_ended_or_was_never_in_force(tx: UnitOfWork) -> None:
    user = tx.people.add_user("bo")
    first, second = tx.people.grant(user.id, "officer", DAY), tx.people.grant(user.id, "head", DAY)
    assert tx.people.end_grant(first.id, DAY).until == DAY
    assert tx.people.end_grant(second.id, BEFORE).until == BEFORE
    assert [(g.role, g.until) for g in tx.people.grants(user=user.id)] == [("officer", DAY)]
    assert (len(tx.people.grants(on=DAY)), tx.people.grants(on=BEFORE)) == (1, ())
    with pytest.raises(NotFound):
        tx.people.end_grant(99, DAY)
    with pytest.raises(ValueMalformed):
        tx.people.grant(user.id, "head", DAY, until=BEFORE)


@pytest.mark.parametrize("reference", ["p:99", "p:x", "x", "", "o:1", "p:-1", "p:9999999999999999999999"])
def test_an_id_that_names_nobody_is_refused(tx: UnitOfWork, reference: str) -> None:
    with pytest.raises(EngineError) as refused:
        tx.people.edit_person(reference, name="Bo")
    assert refused.value.exit_code in (2, 5)
