"""Two PostgreSQL servers, of which one follows the other synchronously and takes its place when it is killed."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import postgres_server
import psycopg

_SETTINGS = {
    # What a killed process has written stays with the system: only a killed machine would need the disk.
    "fsync": "off", "listen_addresses": "", "dynamic_shared_memory_type": "mmap", "max_connections": "50",
    "shared_buffers": "16MB", "max_wal_size": "128MB", "wal_keep_size": "64MB", "hot_standby": "on",
    "wal_receiver_status_interval": "1s", "log_min_messages": "fatal",
}  # fmt: skip


class Server:
    """One of the two, in a folder of its own."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self._programs = folder, programs
        self.data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, program: str, *words: object) -> None:
        """Run one of PostgreSQL's programs to its end."""
        done = subprocess.run(
            [str(self._programs / program), *map(str, words)], capture_output=True, text=True, check=False,
            cwd="/", **postgres_server.unprivileged(),
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")

    def start(self) -> None:
        """Start, and wait until it lets somebody in."""
        settings = _SETTINGS | {"unix_socket_directories": str(self.folder)}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self.data), *words], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd="/", start_new_session=True, **postgres_server.unprivileged(),
            )  # fmt: skip
        _wait(lambda: self.ask("SELECT 1") == 1, self._log)

    def kill(self) -> None:
        """Kill it and all its processes at once, as a machine that loses its power."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def ask(self, sql: str, *, database: str = "postgres") -> object:
        """The first value of a query, or None if there is none."""
        with psycopg.connect(self.url(database), autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(sql)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    def url(self, database: str) -> str:
        """Where one of its databases is."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def _log(self) -> str:
        return (self.folder / "server.log").read_text("utf-8", "replace")[-2000:]


class Pair:
    """A primary and its standby; every commit waits until both have it."""

    def __init__(self, place: Path, programs: Path) -> None:
        self._place = place
        self.primary, self.standby = (Server(self._folder(name), programs) for name in ("a", "b"))
        self.primary.run("initdb", "-D", self.primary.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                         "--locale=C", "-N")  # fmt: skip
        self.primary.start()
        self.primary.ask("CREATE DATABASE office")
        self._follow()

    def url(self) -> str:
        """Both servers, of which the one that takes writes is meant."""
        hosts = f"{self.primary.folder},{self.standby.folder}"
        return f"postgresql://postgres@/office?host={hosts}&target_session_attrs=read-write"

    def fail_over(self, last: str) -> None:
        """Kill the primary, let the standby take its place, and give that one a standby of its own.

        Args:
            last: What becomes of the last that the primary wrote, which nobody was told was kept: it `arrives` at
                the standby, or it is `lost`; or it goes as it `happens`.
        """
        receiver = 0
        if last != "happens":
            receiver = int(str(self.standby.ask("SELECT pid FROM pg_stat_wal_receiver")))
            os.kill(receiver, signal.SIGSTOP)
            time.sleep(0.3)  # By now everybody waits in a COMMIT.
        self.primary.kill()
        if receiver:
            os.kill(receiver, signal.SIGKILL if last == "lost" else signal.SIGCONT)
        self.primary, self.standby = self.standby, self.primary
        # Nobody is left to wait for; until the next follows, what is kept here is kept once.
        _wait(lambda: self.primary.ask("ALTER SYSTEM SET synchronous_standby_names = ''") is None)
        self.primary.run("pg_ctl", "promote", "-D", self.primary.data, "-w", "-t", "30")
        shutil.rmtree(self.standby.data)
        self._follow()

    def end(self) -> None:
        """Stop both, without ceremony."""
        self.primary.kill()
        self.standby.kill()

    def _follow(self) -> None:
        """Make the standby a copy of the primary, and let the primary wait for it."""
        self.standby.run("pg_basebackup", "-D", self.standby.data, "-R", "-X", "stream", "-c", "fast",
                         "-d", f"host={self.primary.folder} user=postgres application_name=follower")  # fmt: skip
        self.standby.start()
        self.primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.ask("SELECT pg_reload_conf()")
        _wait(lambda: self.primary.ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 1)

    def _folder(self, name: str) -> Path:
        folder = self._place / name
        folder.mkdir()
        if other := postgres_server.unprivileged():
            shutil.chown(folder, other["user"], other["group"])
        return folder


@contextmanager
def pair() -> Iterator[Pair]:
    """Two servers for as long as they are needed."""
    memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(prefix="skede-ha-", dir=memory if os.access(memory, os.W_OK) else None))
    place.chmod(0o755)
    made: Pair | None = None
    try:
        made = Pair(place, postgres_server.reachable(place))
        yield made
    finally:
        if made is not None:
            made.end()
        shutil.rmtree(place, ignore_errors=True)


def _wait(true: Callable[[], bool], told: Callable[[], str] = str) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with suppress(psycopg.Error):
            if true():
                return
        time.sleep(0.02)
    raise RuntimeError(f"a server does not come so far: {told()}")
