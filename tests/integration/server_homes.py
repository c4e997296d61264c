"""A sandbox home for tests of many processes, and `skede run` at work in it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from errands import ADMIN, START
from hiring import hire

from engine.app.home import furnish
from engine.bootstrap.office import open_office
from engine.settings import load, write_default
from engine.signing import FileSigner
from engine.store.migrate import create

SKEDE = Path(sys.executable).with_name("skede")


def furnished_home(folder: Path, url: str | None) -> Path:
    """A sandbox with an officer and a head beside its maker, and no workflow yet: in a database, or else in a file."""
    folder.mkdir()
    if url is None:
        create(folder / "skede.db")
    write_default(folder / "skede.toml", sandbox=True, database=url)
    office = open_office(load(folder))
    key = FileSigner(folder / "keys", "sandbox/test").make()
    furnish(office, ADMIN, origin="sandbox/test", key=key.text(), sandbox=True, start=START)
    with office.store.write() as tx:
        for login, role, name in (("anna", "officer", "Anna Ask"), ("hans", "head", "Hans Hed")):
            person = tx.people.add_person(name, email=f"{login}@region.example")
            hire(tx, login, role, person=person.id)
    return folder


@contextmanager
def working(home: Path, *words: str, program: tuple[str, ...] = (str(SKEDE),)) -> Iterator["subprocess.Popen[str]"]:
    """`skede run` as a process of its own, until the block ends; what it says goes to `run.log` in the home."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SKEDE_")}
    with (home / "run.log").open("ab") as said:
        process = subprocess.Popen(
            [*program, "--home", str(home), "--lang", "en", "run", *words],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=clean, text=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def wait_for(happened: Callable[[], object], within: float = 40) -> float:
    """Wait until something has happened; after how many seconds it had."""
    begin = time.monotonic()
    while not happened():
        assert time.monotonic() < begin + within, "it did not happen"
        time.sleep(0.02)
    return time.monotonic() - begin
