"""Running the real command in a sandbox home: as a process of its own, or quickly in this one."""

import contextlib
import io
import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import homes
import measuring

from engine.app.office import Office
from engine.bootstrap.home import make_home
from engine.bootstrap.office import open_office
from engine.cli.main import main
from engine.cli.options import Shell
from engine.cli.session import caller_of
from engine.core.plain import instant
from engine.settings import load

SKEDE = Path(sys.executable).with_name("skede")
START = datetime(2021, 3, 1, 9, tzinfo=UTC)
"""Where the sandbox's clock stands at first: a Monday, 10:00 in Sweden."""


@dataclass(frozen=True)
class Ran:
    """What one call gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on stdout."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The JSON Lines on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def codes(self) -> list[str]:
        """The codes of the reasons of a refusal (with --json)."""
        return [reason["code"] for reason in self.json["error"]["reasons"]]


@dataclass(frozen=True)
class Party:
    """An organisation and a person of it, as the directory knows them."""

    organisation: str
    person: str

    def as_(self, role: str) -> str:
        """What `--party` takes: the person as contact, leader and signatory."""
        return f"{role}={self.organisation}:{self.person}"


def build_home(folder: Path) -> Path:
    """Make a sandbox home whose maker is the login that runs the tests."""
    make_home(folder, caller_of(Shell()), sandbox=True, start=START, database_url=homes.database_url())
    return folder


def copied(template: Path, folder: Path) -> Path:
    """A home of one's own, copied because making one takes seconds."""
    return homes.copied(template, folder)


def office_of(home: Path) -> Office:
    """The home's office, for what has no command, or not in this test."""
    return open_office(load(home))


def set_clock(home: Path, now: datetime) -> None:
    """Move the home's clock without doing what falls due on the way."""
    with office_of(home).store.write() as tx:
        tx.settings.put("clock", instant(now))


def add_party(home: Path, organisation: str, kind: str, person: str, email: str) -> Party:
    """Put an organisation and a person of it into the directory."""
    with office_of(home).store.write() as tx:
        known = tx.directory.find_organisation(organisation)
        made = known[0] if known else tx.people.add_organisation(organisation, kind)
        who = tx.people.add_person(person, email=email, organisation=made.id)
    return Party(made.id, who.id)


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a call: this one's, without any SKEDE variable but those given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SKEDE_", "_SKEDE"))}
    return clean | {"SKEDE_HOME": str(home)} | dict(more or {})


def skede(
    home: Path, *args: str, as_: str | None = "officer", input: str | None = None,  # noqa: A002 - subprocess's name
    environ: Mapping[str, str] | None = None, cwd: Path | None = None,
) -> Ran:  # fmt: skip
    """Run the real command in a process of its own.

    Args:
        home: The home it works in.
        args: The words after `skede`.
        as_: The login that `--as` names; None = without it.
        input: What is piped in; nothing if None.
        environ: Further variables.
        cwd: Where it runs, else in the home.
    """
    words = [*(["--as", as_] if as_ else []), *args]
    done = subprocess.run(
        [SKEDE, *words], cwd=cwd or home, env=environment(home, environ), input=input or "", capture_output=True,
        encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def on_terminal(
    home: Path, *args: str, typed: Sequence[str], as_: str | None = "officer", environ: Mapping[str, str] | None = None
) -> Ran:
    """Run the real command at a terminal of its own, where a person types line after line; `err` is part of `out`.

    A line is typed when the command has asked (a colon at the end) or fallen silent; after the last comes Ctrl-D.
    """
    near, far = pty.openpty()
    process = subprocess.Popen(
        [SKEDE, *(["--as", as_] if as_ else []), *args], cwd=home,
        env=environment(home, environ) | {"TERM": "xterm", "COLUMNS": "200"} | measuring.counted(),
        stdin=far, stdout=far, stderr=far, close_fds=True,
    )  # fmt: skip
    os.close(far)
    heard, waiting = b"", [*typed, "\x04"]
    while True:
        asked = heard.rstrip(b" ").endswith(b":")
        ready, _, _ = select.select([near], [], [], 0.05 if asked else 3)
        if ready:
            try:
                said = os.read(near, 65536)
            except OSError:
                break  # Linux: the other end is closed.
            if not said:
                break
            heard += said
        elif waiting and process.poll() is None:
            line = waiting.pop(0)
            heard += b"\n"
            os.write(near, (line if line == "\x04" else f"{line}\n").encode())
    os.close(near)
    return Ran(process.wait(timeout=60), heard.decode(), "")


def inline(home: Path, *args: str, as_: str | None = "officer", lang: str | None = None) -> Ran:
    """Run the command in this process, which saves the start of a Python; nothing can be piped in."""
    words = ["--home", str(home), *(["--as", as_] if as_ else []), *(["--lang", lang] if lang else []), *args]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    return Ran(code, out.getvalue(), err.getvalue())
