"""The demo: builds a sandbox home, plays the programme's years in it, and shows what happened."""

import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, to_json
from engine.cli.session import caller_of, speaking
from engine.core.errors import EngineError, UsageError

if TYPE_CHECKING:
    from engine.app.demo.verbs import Stage
    from engine.settings import Settings

DEFAULT = Path("demo-home")

_MEMORY = Path("/dev/shm")  # noqa: S108 - only a folder of a random name is made there
_ROOM = 256 * 1024 * 1024


@click.command()
@click.argument("folder", default=DEFAULT, metavar="[DIR]", type=click.Path(path_type=Path))
@pass_shell
def demo(shell: Shell, folder: Path) -> None:
    """Build a sandbox home in DIR (demo-home), play the programme's years, and show what happened."""
    place = folder.absolute()
    _require_room(shell, place)
    began = time.monotonic()
    shell.tell("demo_building", home=folder)
    # Built elsewhere and put in place when it is whole: what is broken off leaves an earlier demo as it was.
    with tempfile.TemporaryDirectory(dir=_workshop()) as workshop:
        told = _built(shell, Path(workshop), place)
    told = {"home": folder, "seconds": round(time.monotonic() - began, 1), **told}
    if shell.json:
        emit_json(told)
        return
    from engine.cli.demo_printer import DemoPrinter

    DemoPrinter(shell, json.loads(to_json(told))).print()


def _require_room(shell: Shell, place: Path) -> None:
    """Refuse a folder in which something else lies than what an earlier demo made."""
    from engine.app.demo.place import is_taken
    from engine.app.demo.story import is_demo
    from engine.bootstrap.office import open_office
    from engine.settings import FILE, load

    if not is_taken(place):
        return
    try:
        is_home = not place.is_symlink() and (place / FILE).is_file()
        earlier = is_home and is_demo(open_office(load(place), read_only=True))
    except EngineError:
        earlier = False
    if not earlier:
        raise UsageError(shell.text("demo_taken", home=place))


def _workshop() -> Path | None:
    """Where it is built: in memory if there is room, where no write waits for a disk; else where temporary files go."""
    try:
        free = shutil.disk_usage(_MEMORY).free
    except OSError:
        return None
    return _MEMORY if free >= _ROOM and os.access(_MEMORY, os.W_OK) else None


def _built(shell: Shell, workshop: Path, place: Path) -> dict[str, Any]:
    """Play the story in the workshop, put the home in its place, and tell what is in it."""
    from engine.app.demo.place import name_office, put_in_place
    from engine.app.demo.retold import retell
    from engine.app.demo.story import BEGIN, YEARS, set_up, tell
    from engine.bootstrap.databases import copy_database
    from engine.bootstrap.home import make_home
    from engine.bootstrap.office import open_office
    from engine.cli.progress import track
    from engine.settings import load

    home = workshop / "home"
    caller = caller_of(shell)
    make_home(home, caller, sandbox=True, start=BEGIN)
    name_office(home)
    settings = load(home)
    stage = set_up(speaking(open_office(settings)), caller, home)
    for _ in track(tell(stage), shell.text("demo_progress"), shell, YEARS):
        pass
    told = retell(stage, settings.channel.folder, shell.lang)
    put_in_place(home, place, lambda target: copy_database(settings, target))
    return told | {"proof": _proof(load(place), workshop, stage)}


def _proof(settings: "Settings", workshop: Path, stage: "Stage") -> dict[str, Any]:
    """Verify the home; then change one byte of a copy, and verify that."""
    from engine.app.demo.projects import PROJECTS
    from engine.app.demo.tampering import change_one_byte
    from engine.app.verify import verify
    from engine.bootstrap.databases import copy_database
    from engine.bootstrap.office import open_office
    from engine.settings import FILE, load

    office = open_office(settings, read_only=True)
    whole = verify(office)
    copy = workshop / "copy"
    copy.mkdir()
    shutil.copy(settings.at_home() / FILE, copy)
    shutil.copytree(settings.at_home() / "keys", copy / "keys")
    database = copy / Path(settings.database).name
    copy_database(settings, database)
    granted = [stage.cases[f"{project.key} 2021"] for project in PROJECTS]
    changed = change_one_byte(database, office, granted, "grant", "granted_amount")
    broken = verify(open_office(load(copy), read_only=True))
    return {
        "entries": whole.entries, "cases": whole.cases, "faulty": whole.faulty, "size": whole.size, "root": whole.root,
        "changed": changed,
        "found": [
            {"entry": f"{bad.case}#{bad.n}", "code": bad.why.code, "params": dict(bad.why.params)}
            for bad in broken.bad
        ],
    }  # fmt: skip
