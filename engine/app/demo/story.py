"""All of it together: who is hired, which threads there are, and when it ends."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from engine.app.clock import forward
from engine.app.demo import story_applications, story_calls, story_endings, story_late, story_projects
from engine.app.demo.cast import hire
from engine.app.demo.verbs import Stage, on, play
from engine.app.office import Caller, Office
from engine.core.errors import EngineError

BEGIN = on(2016, 2, 1, 8)
END = on(2025, 5, 6, 18)
YEARS = END.year - BEGIN.year + 1

MARKER = "demo"
"""Setting of a database that a demo made: such a home may be made anew."""


def set_up(office: Office, caller: Caller, folder: Path) -> Stage:
    """Mark a fresh sandbox as a demo's, and hire everybody.

    Args:
        office: The sandbox; its clock stands at `BEGIN`.
        caller: Who runs the demo; an admin there.
        folder: The home.
    """
    with office.store.write() as tx:
        tx.settings.put(MARKER, "1")
    return Stage(office, caller, hire(office), folder)


def tell(stage: Stage) -> Iterator[int]:
    """Play the whole story.

    Yields:
        Each year, when it is over; there are `YEARS` of them.

    Raises:
        EngineError: A rule said no where the story counts on a yes, or something could not be dealt with.
    """

    def drive(moment: datetime) -> None:
        for _, ticked in forward(stage.office, stage.maker, moment):
            if ticked.errors:
                raise EngineError(f"the demo went wrong on {moment.date()}: {ticked.errors[0]}")

    threads = [
        *story_calls.threads(stage), *story_applications.threads(stage), story_late.run(stage),
        *story_projects.threads(stage), *story_endings.threads(stage),
    ]  # fmt: skip
    yield from play(threads, drive, BEGIN, END)


def is_demo(office: Office) -> bool:
    """Whether a home is one that a demo made."""
    with office.store.read() as tx:
        return tx.settings.get(MARKER) == "1"
