"""A database is copied whole from one place to another, and the copy is the same to the byte."""

import sqlite3
from base64 import b64decode
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import postgres_server
import pytest
from store_samples import AT, Place, case, deadline, entry, furnished, message, new_database

from engine.app.seal import BATCH
from engine.core.chain import leaf_hash
from engine.core.errors import EngineError, LogTampered, UsageError
from engine.core.merkle import grown
from engine.ports import CaseFilter, SealedNote
from engine.store import transfer
from engine.store.migrate import check
from engine.store.unit_of_work import SqlStore, store_at

pytestmark = pytest.mark.postgresql


def lived_in(place: Place) -> SqlStore:
    """A store with rows of every kind; some of them odd, and some that were there are gone."""
    store = furnished(place)
    with store.write() as tx:
        person = tx.people.add_person("Åsa Öst 🙂", email="asa@x.example")
        tx.people.add_organisation("Göteborgs Stad", "municipality", number="212000-1355")
        tx.people.grant(tx.people.add_user("asa", person=person.id).id, "officer", date(2021, 1, 1))
        tx.people.subscribe("press", person.id)
        tx.cases.insert(case(data={"contact": "Åsa", "asked": "x\ty"}), phase="idea", links={})
        tx.cases.insert(case("SIM-2021-0005", parent="SIM-2021-0004"), phase="idea", links={"parent": "SIM-2021-0004"})
        tx.deadlines.write("SIM-2021-0004", [deadline()], [])
        for n in range(1, 8):
            tx.log.append(entry(n=n, payload='{"note":"\\u0001 \\\\ Å"}'))
        tx.messages.queue([message(), message("SIM-2021-0004#2/ack/p:1")])
        tx.documents.put("ab" * 32, bytes(range(256)))
        tx.requests.put("r", "d", '{"a":1}', AT)
        tx.counters.take("SIM-2021")
    with store.write() as tx:
        tx.messages.lease(AT, datetime(2030, 1, 1, tzinfo=UTC), 1)
        taken = tx.evidence.pending(BATCH)[:6]
        leaves = [b64decode(leaf_hash(waiting.line)) for waiting in taken]
        tx.evidence.sequence(0, taken, grown(0, leaves, tx.evidence.node))
        tx.evidence.seal(SealedNote(6, "six\n", AT))
    return store


@pytest.fixture(params=["file to server", "server to file", "server to server"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Place, Place]:
    """Where from, and where to."""
    source, _, target = request.param.partition(" to ")
    old = new_database(tmp_path) if source == "file" else postgres_server.new_database()
    new = tmp_path / "new.db" if target == "file" else postgres_server.new_database(postgres_server.BARE)
    return old, new


def test_a_copy_has_every_row_and_the_root_of_the_log(places: tuple[Place, Place]) -> None:
    old, new = places
    lived_in(old).close()

    copied = transfer.copy(old, new)

    assert check(new) == ()
    assert copied.size == 6
    with store_at(str(old)).read() as one, store_at(str(new)).read() as other:
        assert list(one.log.all()) == list(other.log.all())
        whole = CaseFilter(closed=None, with_data=True)
        assert list(one.cases.list(whole)) == list(other.cases.list(whole))
        assert list(one.messages.list()) == list(other.messages.list())
        assert one.documents.get("ab" * 32) == other.documents.get("ab" * 32)
        assert one.directory.find_person("åsa öst") == other.directory.find_person("ÅSA ÖST")


def test_numbers_go_on_after_the_last_one_in_the_copy_too(places: tuple[Place, Place]) -> None:
    old, new = places
    lived_in(old).close()
    transfer.copy(old, new)
    found = []
    for place in (old, new):
        with store_at(str(place)).write() as tx:
            tx.log.append(entry(n=8))
            tx.messages.queue([message("later")])
            numbers = [tx.people.add_person("Bo").id, [m.id for m in tx.messages.list()], tx.evidence.pending(9)]
            found.append((numbers, [kept.id for kept in tx.audit.entries("SIM-2021-0004")]))
    assert found[0] == found[1]


def test_a_copy_there_and_back_is_the_database_again(tmp_path: Path) -> None:
    path, back = new_database(tmp_path), tmp_path / "back.db"
    lived_in(path).close()
    with postgres_server.database(postgres_server.BARE) as url:
        there, again = transfer.copy(path, url), transfer.copy(url, back)
    assert (there.size, there.root, there.rows + 1) == (again.size, again.root, again.rows)
    with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(back)) as other:
        # What is left of having been there: entries may have been numbered by many writers at once.
        other.execute("DELETE FROM settings WHERE name = 'many_writers'")
        tables = [name for (name,) in one.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        for table in tables:
            rows = f'SELECT * FROM "{table}"'
            assert sorted(one.execute(rows), key=repr) == sorted(other.execute(rows), key=repr), table


def test_nothing_is_copied_over_what_is_there(tmp_path: Path) -> None:
    path = new_database(tmp_path)
    lived_in(path).close()
    with postgres_server.database() as url, pytest.raises(UsageError, match="not empty"):
        transfer.copy(path, url)
    with pytest.raises(UsageError):
        transfer.copy(path, path)


def test_a_line_that_was_changed_is_not_copied_as_if_it_were_whole(tmp_path: Path) -> None:
    path = new_database(tmp_path)
    lived_in(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER entries_no_update")
        connection.execute("UPDATE entries SET line = replace(line, 'submit', 'reject') WHERE n = 3")
    with postgres_server.database(postgres_server.BARE) as url:
        with pytest.raises(LogTampered, match="root"):
            transfer.copy(path, url)
        with pytest.raises(EngineError, match="not one of ours"), store_at(url).read():
            pass
