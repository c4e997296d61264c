"""All of it together: who is hired, which threads there are, and when it ends."""

from collections.abc import Callable
from datetime import datetime

from engine.app.clock import forward
from engine.app.demo import story_applications, story_calls, story_endings, story_late, story_projects
from engine.app.demo.cast import hire
from engine.app.demo.verbs import Stage, on, play
from engine.app.office import Caller, Office
from engine.core.errors import EngineError

BEGIN = on(2016, 2, 1, 8)
END = on(2025, 5, 6, 16)
YEARS = END.year - BEGIN.year + 1

MARKER = "demo"
"""Setting of a database that a demo made: such a home may be made anew."""


def tell(office: Office, caller: Caller, started: Callable[[int], object]) -> Stage:
    """Play the whole story in a fresh sandbox whose clock stands at `BEGIN`.

    Args:
        office: The sandbox.
        caller: Who runs the demo; an admin there.
        started: Told each year as it begins.

    Raises:
        EngineError: A rule said no where the story counts on a yes, or something could not be dealt with.
    """
    with office.store.write() as tx:
        tx.settings.put(MARKER, "1")
    stage = Stage(office, caller, hire(office))
    threads = [
        *story_calls.threads(stage), *story_applications.threads(stage), story_late.run(stage),
        *story_projects.threads(stage), *story_endings.threads(stage),
    ]  # fmt: skip

    def drive(moment: datetime) -> None:
        for _, ticked in forward(office, caller, moment):
            if ticked.errors:
                raise EngineError(f"the demo went wrong on {moment.date()}: {ticked.errors[0]}")

    play(threads, drive, END, started)
    return stage
