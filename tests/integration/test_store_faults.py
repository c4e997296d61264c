"""A server that goes away, at every moment that matters: nothing is done twice, and what is not known is looked up."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import postgres_server
import psycopg
import pytest
from store_samples import StillClock, furnished

from engine.app.again import TRIES, again, known_again
from engine.core.errors import Collided, EngineError, OutcomeUnknown, SettingsError, Unavailable
from engine.settings import Settings, load, write_default
from engine.store.postgresql import PostgresDatabase, shown
from engine.store.unit_of_work import PostgresStore

pytestmark = pytest.mark.postgresql


@pytest.fixture
def url() -> Iterator[str]:
    with postgres_server.database() as made:
        furnished(made).close()
        yield made


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    made = PostgresStore(url, StillClock())
    yield made
    made.close()


def cut(url: str) -> None:
    """End every connection to the database, as a server that stops would."""
    name = postgres_server.name_of(url)
    sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        connection.execute(sql, [name])
        while connection.execute("SELECT 1 FROM pg_stat_activity WHERE datname = %s", [name]).fetchone():
            time.sleep(0.01)


def value(url: str, name: str) -> str | None:
    with PostgresStore(url).read() as tx:
        return tx.settings.get(name)


def test_a_connection_that_was_cut_while_it_rested_is_made_anew(store: PostgresStore, url: str) -> None:
    with store.read() as tx:
        tx.settings.get("a")
    cut(url)
    with store.write() as tx:
        tx.settings.put("a", "b")
    assert value(url, "a") == "b"


def test_a_cut_between_two_statements_changes_nothing(store: PostgresStore, url: str) -> None:
    def work() -> None:
        with store.write() as tx:
            tx.settings.put("a", "b")
            cut(url)
            tx.settings.put("c", "d")

    with pytest.raises(Unavailable) as told:
        work()
    assert "\n" not in told.value.message
    assert (value(url, "a"), value(url, "c")) == (None, None)


WARNING = """CREATE TABLE t (a int);;
CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE WARNING 'the transaction may not have been replicated'; RETURN NULL; END$$;;
CREATE CONSTRAINT TRIGGER w AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION warn();;
INSERT INTO t VALUES (1)"""


def test_a_cut_that_somebody_made_the_best_of_is_not_told_as_kept(store: PostgresStore, url: str) -> None:
    def work() -> None:
        with store.write() as tx:
            tx.settings.put("a", "b")
            cut(url)
            with suppress(psycopg.Error):
                tx.settings.put("c", "d")

    with pytest.raises(Unavailable, match="nothing was changed"):
        work()
    assert value(url, "a") is None


class Cutting(PostgresDatabase):
    """A database whose connection breaks once while a transaction is being kept: before it was, or after."""

    def __init__(self, url: str, *, kept: bool) -> None:
        super().__init__(url)
        self._kept = kept
        self.cuts = 1

    def commit(self, connection: Any) -> None:
        if self.cuts:
            self.cuts -= 1
            if self._kept:
                super().commit(connection)
            connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        super().commit(connection)


@pytest.mark.parametrize("kept", [True, False])
def test_what_became_of_a_cut_commit_is_looked_up_by_the_request_id(url: str, kept: bool) -> None:
    store = PostgresStore(url, StillClock())
    store._database = Cutting(url, kept=kept)
    done = []

    def work() -> str:
        with store.write() as tx:
            if found := tx.requests.get("r"):
                return found[1]
            done.append(tx.counters.take("SIM-2021"))
            tx.requests.put("r", "digest", f'"{done[-1]}"', tx.now)
            return f'"{done[-1]}"'

    assert known_again(work) == '"1"'
    with store.read() as tx:
        assert tx.counters.peek("SIM-2021") == 2
    assert len(done) == (1 if kept else 2)
    store.close()


def test_a_commit_of_which_nothing_is_known_says_so(url: str) -> None:
    store = PostgresStore(url)
    store._database = Cutting(url, kept=True)
    with pytest.raises(OutcomeUnknown, match="--request-id"), store.write() as tx:
        tx.settings.put("a", "b")
    store.close()


def test_a_transaction_that_the_database_gave_up_is_not_told_as_kept(store: PostgresStore, url: str) -> None:
    """PostgreSQL answers the COMMIT of a broken transaction with a quiet ROLLBACK."""

    def work() -> None:
        with store.write() as tx:
            tx.settings.put("a", "b")
            with suppress(psycopg.Error):
                tx.connection.execute("SELECT * FROM nowhere")

    with pytest.raises(EngineError, match="kept nothing"):
        work()
    assert value(url, "a") is None


def test_a_warning_at_the_end_leaves_it_unknown(store: PostgresStore) -> None:
    """So a standby that did not answer is told of: kept here, and perhaps not there."""

    def work() -> None:
        with store.write() as tx:
            for sql in WARNING.split(";;"):
                tx.connection.raw.execute(sql)

    with pytest.raises(OutcomeUnknown, match="replicated"):
        work()


def test_two_that_met_are_tried_again_until_both_are_done(store: PostgresStore, url: str) -> None:
    met = threading.Barrier(2)
    tries = []

    @again
    def work() -> None:
        with store.write() as tx:
            seen = int(tx.settings.get("sum") or 0)
            tries.append(seen)
            if len(tries) <= 2:
                met.wait(timeout=20)
            tx.settings.put("sum", str(seen + 1))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(url, "sum") == "2"
    assert len(tries) > 2


def test_one_that_always_meets_another_gives_up_with_a_conflict() -> None:
    tries = []

    @again
    def work() -> None:
        tries.append(1)
        raise Collided

    with pytest.raises(Collided):
        work()
    assert len(tries) == TRIES


def test_a_server_that_comes_back_late_is_waited_for_while_an_outcome_is_unknown() -> None:
    answers: list[EngineError] = [OutcomeUnknown("cut"), Unavailable("away"), Unavailable("away")]

    def work() -> str:
        if answers:
            raise answers.pop(0)
        return "found"

    assert known_again(work) == "found"


def test_a_server_that_stays_away_leaves_an_outcome_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """That it cannot be reached is not told as "nothing was changed", which nobody knows."""
    monkeypatch.setattr("engine.app.again.PATIENCE", 0.05)
    first = [OutcomeUnknown("cut")]

    def work() -> None:
        raise first.pop() if first else Unavailable("away")

    with pytest.raises(OutcomeUnknown, match="cut"):
        known_again(work)


def test_a_server_that_was_away_from_the_start_is_told_at_once() -> None:
    def work() -> None:
        raise Unavailable("away")

    with pytest.raises(Unavailable):
        known_again(work)


def test_a_server_that_is_not_there_says_so_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as told, PostgresStore(f"postgresql://me:secret@/office?host={tmp_path}").read():
        pass
    assert "cannot be reached" in told.value.message
    assert "secret" not in told.value.message
    assert "\n" not in told.value.message


def test_a_database_that_is_not_there_or_not_ours_says_what_to_do(url: str) -> None:
    with pytest.raises(Unavailable, match="does not exist"), PostgresStore(postgres_server.url("nowhere")).read():
        pass
    with pytest.raises(Unavailable, match="skede init"), PostgresStore(postgres_server.url("postgres")).read():
        pass


def test_a_newer_schema_is_left_alone(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("UPDATE alembic_version SET version_num = '0099'")
    with pytest.raises(Unavailable, match="newer version"), PostgresStore(url).write():
        pass


@pytest.mark.parametrize("address", ["mysql://host/name", "postgresql://host:port:port/name?x"])
def test_another_kind_of_url_is_a_wrong_setting(address: str) -> None:
    with pytest.raises(SettingsError, match="database"):
        PostgresStore(address)


def test_a_password_is_shown_nowhere(tmp_path: Path) -> None:
    address = "postgresql://me:secret@db.example/office?sslmode=verify-full&password=secret"
    write_default(tmp_path / "skede.toml", sandbox=False, database=address)
    settings: Settings = load(tmp_path)
    assert settings.database == address
    for told in (repr(settings), settings.shown_database(), shown(address)):
        assert "secret" not in told
    assert settings.shown_database() == "postgresql://me@db.example/office"


def test_a_searched_text_is_folded_alike_on_server_and_here(url: str) -> None:
    from engine.store.connection import fold

    texts = ["ÅSA Öst", "A\u030asa", "Straße", "ΟΔΟΣ", "Éa ÇA", "Ærø ØL", "ИВАН", "i̇stanbul"]
    with PostgresStore(url).read() as tx:
        for text in texts:
            found = tx.connection.execute("SELECT fold(:text)", {"text": text}).fetchone()[0]
            assert found == fold(text)
