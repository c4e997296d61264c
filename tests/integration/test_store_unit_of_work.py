"""One unit of work is one transaction, on a database that is ours and keeps what it said it kept."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from store_samples import AT, StillClock, case, definition, new_database, new_store

from engine.app.again import again
from engine.core.errors import ConcurrentUpdate, EngineError, LogTampered, Unavailable
from engine.ports import Store, UnitOfWork
from engine.store.database import raw_connection
from engine.store.unit_of_work import SqliteStore, SqlStore


def _put_and_fail(tx: UnitOfWork) -> None:
    tx.settings.put("b", "2")
    raise KeyError


def test_it_is_a_store_as_the_use_cases_ask_for(store: SqlStore) -> None:
    as_port: Store = store
    with as_port.read() as tx:
        assert tx.settings.get("nothing") is None


def test_a_clean_exit_commits(store: SqlStore) -> None:
    with store.write() as tx:
        tx.settings.put("origin", "a")
    with store.read() as tx:
        assert tx.settings.get("origin") == "a"


def test_an_exception_rolls_back_and_goes_on(store: SqlStore) -> None:
    with pytest.raises(KeyError), store.write() as tx:
        _put_and_fail(tx)
    with store.read() as tx:
        assert tx.settings.get("b") is None


def test_a_rollback_commits_nothing(store: SqlStore) -> None:
    with store.write() as tx:
        assert tx.counters.take("SIM-2021") == 1
        tx.rollback()
    with store.read() as tx:
        assert tx.counters.peek("SIM-2021") == 1


def test_a_savepoint_fails_alone(store: SqlStore) -> None:
    with store.write() as tx:
        tx.settings.put("a", "1")
        with pytest.raises(KeyError), tx.savepoint():
            _put_and_fail(tx)
        with tx.savepoint() as part:
            tx.settings.put("c", "3")
            part.rollback()
        with tx.savepoint():
            tx.settings.put("d", "4")
    with store.read() as tx:
        assert [tx.settings.get(name) for name in "abcd"] == ["1", None, None, "4"]


def test_an_error_of_the_database_inside_a_savepoint_is_one_of_ours(store: SqlStore) -> None:
    with store.write() as tx:
        tx.cases.insert(case(), phase="idea", links={})
        with pytest.raises(ConcurrentUpdate), tx.savepoint():
            tx.cases.insert(case(), phase="idea", links={})
    with store.read() as tx:
        assert tx.cases.get("SIM-2021-0004") is not None


def test_a_reader_writes_nothing(sqlite_store: SqlStore) -> None:
    with pytest.raises(Unavailable, match="cannot be written"), sqlite_store.read() as tx:
        tx.settings.put("origin", "a")
    with sqlite_store.write() as tx:
        tx.settings.put("origin", "b")


def test_a_reader_sees_one_moment(store: SqlStore) -> None:
    with store.read() as reader:
        with store.write() as writer:
            writer.settings.put("origin", "new")
        assert reader.settings.get("origin") is None


def test_a_read_only_store_refuses_to_write(tmp_path: Path) -> None:
    new_store(tmp_path).close()
    store = SqliteStore(tmp_path / "skede.db", read_only=True)
    with store.read() as tx:
        assert tx.definitions.get("application", 1) is not None
    with pytest.raises(Unavailable), store.write() as tx:
        tx.settings.put("origin", "a")


def test_two_writers_follow_each_other(store: SqlStore) -> None:
    @again
    def one() -> None:
        with store.write() as tx:
            tx.counters.take("SIM-2021")

    def take() -> None:
        for _ in range(20):
            one()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        assert tx.counters.peek("SIM-2021") == 81


def test_another_writer_makes_it_unavailable(sqlite_store: SqlStore, tmp_path: Path) -> None:
    other = raw_connection(tmp_path / "skede.db", "rw")
    other.execute("BEGIN IMMEDIATE")
    unit = sqlite_store.write()
    unit.connection.execute("PRAGMA busy_timeout = 10")
    with pytest.raises(Unavailable, match="another program is writing"), unit:
        pass
    other.execute("ROLLBACK")
    other.close()


def test_a_child_process_opens_its_own_connection(store: SqlStore) -> None:
    with store.write() as tx:
        inherited = tx.connection
    child = os.fork()
    if child == 0:
        with store.write() as tx:
            own = tx.connection is not inherited
            tx.settings.put("child", "was here")
        os._exit(0 if own else 1)
    assert os.waitpid(child, 0)[1] == 0
    with store.read() as tx:
        assert tx.settings.get("child") == "was here"


def test_a_row_that_points_nowhere_is_refused_at_the_end(store: SqlStore) -> None:
    with pytest.raises(EngineError, match=r"(?i)foreign key"), store.write() as tx:
        tx.cases.insert(case(parent="NOWHERE-1"), phase="idea", links={})
    with store.read() as tx:
        assert tx.cases.get("SIM-2021-0004") is None


def test_a_case_of_an_unpublished_workflow_is_refused(store: SqlStore) -> None:
    with pytest.raises(EngineError, match=r"(?i)foreign key"), store.write() as tx:
        tx.cases.insert(case(workflow="unheard_of"), phase="idea", links={})


def test_the_given_clock_decides(store: SqlStore) -> None:
    with store.read() as tx:
        assert tx.now == AT


def test_a_real_home_uses_the_clock_of_the_host(tmp_path: Path) -> None:
    store = SqliteStore(new_database(tmp_path))
    with store.write() as tx:
        tx.settings.put("clock", "2031-01-01T00:00:00.000000Z")
    before = datetime.now(UTC)
    with store.read() as tx:
        assert before <= tx.now <= datetime.now(UTC)


def test_the_clock_of_a_sandbox_stands_still(tmp_path: Path) -> None:
    store = SqliteStore(new_database(tmp_path))
    with store.write() as tx:
        tx.settings.put("sandbox", "1")
        tx.settings.put("clock", "2031-01-01T00:00:00.000000Z")
    with store.read() as tx:
        assert tx.now == datetime(2031, 1, 1, tzinfo=UTC)


def test_every_connection_is_durable_and_strict(sqlite_store: SqlStore) -> None:
    wanted = {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0, "cell_size_check": 1,
        "recursive_triggers": 1, "secure_delete": 1, "busy_timeout": 10_000,
    }  # fmt: skip
    with sqlite_store.write() as tx:
        found = {name: tx.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted}
    assert found == wanted


def test_a_write_loads_neither_sqlalchemy_nor_pydantic(tmp_path: Path) -> None:
    new_database(tmp_path)
    program = (
        "import sys; from pathlib import Path; from engine.store.unit_of_work import SqliteStore, SqlStore\n"
        "with SqliteStore(Path(sys.argv[1])).write() as tx: tx.settings.put('a', 'b'); tx.directory.find_person('x')\n"
        "print([m for m in ('sqlalchemy', 'sqlmodel', 'pydantic', 'alembic') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "skede.db")], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_request_ids_answer_once(store: SqlStore) -> None:
    with store.write() as tx:
        assert tx.requests.get("r-1") is None
        tx.requests.put("r-1", "digest", '{"revision":2}', AT)
    with store.read() as tx:
        assert tx.requests.get("r-1") == ("digest", '{"revision":2}')
    with pytest.raises(ConcurrentUpdate), store.write() as tx:
        tx.requests.put("r-1", "other", "{}", AT)


def test_counters_are_taken_in_order_and_apart(store: SqlStore) -> None:
    with store.write() as tx:
        assert [tx.counters.take("a"), tx.counters.take("a"), tx.counters.take("b")] == [1, 2, 1]
        assert (tx.counters.peek("a"), tx.counters.peek("c")) == (3, 1)


def test_documents_are_kept_once_under_their_digest(store: SqlStore) -> None:
    with store.write() as tx:
        tx.documents.put("ab" * 32, b"content")
        tx.documents.put("ab" * 32, b"content")
        assert tx.documents.get("ab" * 32) == b"content"
        assert tx.documents.get("cd" * 32) is None


def test_a_document_that_is_too_large_is_refused(store: SqlStore) -> None:
    with pytest.raises(EngineError, match="25 MB"), store.write() as tx:
        tx.documents.put("ab" * 32, bytes(25 * 1024 * 1024 + 1))


def test_definitions_of_the_day(store: SqlStore) -> None:
    later = definition(version=2, valid_from=date(2022, 1, 1), digest="two")
    with store.write() as tx:
        tx.definitions.add(later)
        assert tx.definitions.get("application", 2) == later
        assert [row.version for row in tx.definitions.all()] == [1, 2]
        found = [tx.definitions.current("application", date(y, 1, 1)) for y in (2020, 2021, 2022)]
    assert [row and row.version for row in found] == [None, 1, 2]


@pytest.mark.parametrize("name", ["a b.db", "100%.db", "what?.db", "hash#.db", "två\nrader.db"])
def test_odd_file_names_are_only_names(tmp_path: Path, name: str) -> None:
    path = new_database(tmp_path).rename(tmp_path / name)
    with SqliteStore(path).write() as tx:
        tx.settings.put("a", "b")
    assert {found.name.removesuffix("-wal").removesuffix("-shm") for found in tmp_path.iterdir()} == {name}


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _text(path: Path) -> None:
    path.write_text("Inte en databas. " * 400)


def _foreign(path: Path) -> None:
    connection = raw_connection(path, "rwc")
    connection.execute("CREATE TABLE t (a)")
    connection.close()


def _open_to_all(path: Path) -> None:
    new_database(path.parent).chmod(0o666)


def _cut(path: Path) -> None:
    new_database(path.parent)
    os.truncate(path, 5000)


@pytest.mark.parametrize("spoil", [_empty, _text, _foreign, _open_to_all, _cut])
def test_what_is_no_database_of_ours_is_refused_and_not_touched(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    path = tmp_path / "skede.db"
    spoil(path)
    if spoil is not _open_to_all:
        path.chmod(0o600)
    before = path.read_bytes()
    with pytest.raises(LogTampered) as refused, SqliteStore(path).write() as tx:
        list(tx.cases.references())
    assert "\n" not in refused.value.message
    assert path.read_bytes() == before


def _absent(path: Path) -> None:
    pass


def _folder(path: Path) -> None:
    path.mkdir()


def _link(path: Path) -> None:
    new_database(path.parent).rename(path.parent / "real.db")
    path.symlink_to(path.parent / "real.db")


def _newer(path: Path) -> None:
    connection = raw_connection(new_database(path.parent), "rw")
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def _older(path: Path) -> None:
    connection = raw_connection(new_database(path.parent), "rw")
    connection.execute("PRAGMA user_version = 0")
    connection.close()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_absent, "skede init"),
        (_folder, "not a file"),
        (_link, "symbolic link"),
        (_newer, "upgrade the program"),
        (_older, "skede db upgrade"),
    ],
)
def test_what_cannot_be_used_now_says_what_to_do(tmp_path: Path, make: Callable[[Path], None], words: str) -> None:
    path = tmp_path / "skede.db"
    make(path)
    with pytest.raises(Unavailable, match=words), SqliteStore(path, StillClock()).write():
        pass


def test_a_flipped_page_is_found_when_it_is_read(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    store.close()
    path = tmp_path / "skede.db"
    raw = bytearray(path.read_bytes())
    raw[4096:] = bytes(len(raw) - 4096)
    path.write_bytes(raw)
    with pytest.raises(LogTampered), SqliteStore(path).read() as tx:
        tx.definitions.all()
