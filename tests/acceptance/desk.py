"""An office that tests only try to hurt, and what must be the same afterwards."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import homes
import pytest
import running
from cases import World, receive
from msgspec import structs
from running import Ran

from engine.core.case import Case

SIM = "SIM-2021-0001"
LOGGED = ("cases", "entries", "entry_private", "pending", "sqlite_sequence")
"""The tables that a refused attempt is written into."""

Attempts = Callable[[], list[dict[str, Any]]]


class Desk:
    """An office with a call (U-2021-001) and a received application (SIM-2021-0001), that tests only try to hurt."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.folder = world.home / "given"
        self.folder.mkdir()
        self.file("broken.toml", "a = = 2")
        self.file("broken.json", '{"subject": ')
        self.file("list.json", "[1]")
        self.file("half.json", '{"subject": "a\\ud800b"}')
        self.file("empty.pdf", "")

    def file(self, name: str, text: str | bytes) -> Path:
        """A file of that name."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run(self, *words: str, as_: str | None = "officer", lang: str = "en") -> Ran:
        """The command, with `{folder}` and `{paper}` filled in."""
        filled = [w.replace("{folder}", str(self.folder)).replace("{paper}", str(self.world.paper)) for w in words]
        return running.inline(self.world.home, *filled, as_=as_, lang=lang)

    def stands(self) -> tuple[dict[str, Case], dict[str, list[Any]], list[dict[str, Any]]]:
        """All that the office holds: its cases but for the ends of their logs, all other tables, and the log."""
        nothing: dict[str, Any] = {"n": 0, "head": b"", "recorded_at": running.START}
        with running.office_of(self.world.home).store.read() as tx:
            cases = {
                ref: structs.replace(case, **nothing) for ref in tx.cases.references() if (case := tx.cases.get(ref))
            }
        rows = {table: found for table, found in homes.rows_of(self.world.home).items() if table not in LOGGED}
        log = [json.loads(line) for line in homes.lines_of(self.world.home)]
        return cases, rows, log


def desk_of(world_template: tuple[Path, World], tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A fixture: an office for all tests of a module."""
    template, made = world_template
    home = running.copied(template, tmp_path_factory.mktemp("desk") / "home")
    world = replace(made, home=home, inline=partial(running.inline, home), skede=partial(running.skede, home))
    receive(world)
    return Desk(world)


def unhurt_of(desk: Desk) -> Iterator[Attempts]:
    """A fixture: what is written into the log meanwhile; at its end the office must stand as before.

    At most one attempt may have been written down.
    """
    cases, rows, log = desk.stands()
    yield lambda: desk.stands()[2][len(log) :]
    cases_after, rows_after, log_after = desk.stands()
    assert cases_after == cases
    assert rows_after == rows
    assert [entry["act"] for entry in log_after[len(log) :]] in ([], ["refused"], ["unauthorised"])


def one_line(ran: Ran) -> str:
    """The message: one line without a traceback or a raw control character."""
    assert ran.err.startswith("skede: "), ran.err
    assert ran.err.count("\n") == 1, ran.err
    assert ran.err.removesuffix("\n").isprintable(), ran.err
    return ran.err
