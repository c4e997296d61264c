"""Behind PgBouncer, which lends a connection out for one transaction at a time, all is as without it."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import postgres_server
import psycopg
import pytest
from store_samples import StillClock, furnished

from engine.core.errors import Unavailable
from engine.store.unit_of_work import PostgresStore

POOL = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(POOL is None, reason="PgBouncer is not here (Debian's package pgbouncer)"),
]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The URL of a database of ours through a pool with two connections."""
    with postgres_server.database() as direct:
        furnished(direct).close()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        (tmp_path / "users.txt").write_text('"postgres" ""\n', "utf-8")
        (tmp_path / "pool.ini").write_text(
            f"[databases]\n* = host={postgres_server.server()} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {port}\nunix_socket_dir =\nauth_type = any\nauth_file = {tmp_path}/users.txt\n"
            "pool_mode = transaction\ndefault_pool_size = 2\nignore_startup_parameters = extra_float_digits\n"
            f"logfile = {tmp_path}/pool.log\n", "utf-8",
        )  # fmt: skip
        for place in (tmp_path, *tmp_path.parents):
            if os.access(place, os.W_OK) and place.is_relative_to(tmp_path.parents[2]):
                place.chmod(0o755)
        (tmp_path / "pool.log").touch()
        (tmp_path / "pool.log").chmod(0o666)
        pool = subprocess.Popen([str(POOL), "-q", str(tmp_path / "pool.ini")], **postgres_server.unprivileged())
        try:
            yield _answering(f"postgresql://postgres@127.0.0.1:{port}/{postgres_server.name_of(direct)}")
        finally:
            pool.terminate()
            pool.wait(timeout=20)


def _answering(url: str) -> str:
    for _ in range(100):
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return url
    raise RuntimeError("PgBouncer does not answer")


def test_statements_that_are_run_often_find_their_way_on_whatever_connection(url: str) -> None:
    with closing(PostgresStore(url, StillClock())) as one, closing(PostgresStore(url, StillClock())) as other:
        for number in range(20):
            for store in (one, other):
                with store.write() as tx:
                    tx.settings.put("a", str(number))
                with store.read() as tx:
                    assert tx.settings.get("a") == str(number)


def test_one_that_only_reads_leaves_no_connection_behind_that_cannot_write(url: str) -> None:
    with closing(PostgresStore(url, StillClock(), read_only=True)) as reader:
        with reader.read() as tx:
            assert tx.settings.get("a") is None
        with pytest.raises(Unavailable, match="cannot be written to"), reader.write() as tx:
            tx.settings.put("a", "b")
    with closing(PostgresStore(url, StillClock())) as writer:
        for _ in range(4):
            with writer.write() as tx:
                tx.settings.put("a", "b")
