"""How to reach every state of the nine workflows, and how to take every transition of them, with the least work.

`WAYS` has one complete command for each edge (`workflow/event`; `!` for an opening whose event is also a transition's,
`#which` where an event has several edges) and the place where it begins. `PLACES` are homes at rest: each is the
outcome of a way, or of some commands at another place.
"""

from pathlib import Path

import ways_application
import ways_money
import ways_office
import ways_project
from driver import Act, Sandbox, Way, furnished

WAYS: dict[str, Way] = {**ways_office.WAYS, **ways_application.WAYS, **ways_project.WAYS, **ways_money.WAYS}
PLACES: dict[str, str | tuple[str | Act, ...]] = {
    **ways_office.PLACES, **ways_application.PLACES, **ways_project.PLACES, **ways_money.PLACES,
}  # fmt: skip


class Places:
    """The homes at rest, each made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Sandbox] = {}

    def copy(self, name: str, folder: Path) -> Sandbox:
        """A home of one's own that begins at a place."""
        return self._at(name).copy(folder)

    def ready(self, name: str) -> Sandbox:
        """The home in which a way can be taken now. It is shared: only commands that are refused may be given in it."""
        way = WAYS[name]
        ready = f"ready.{name.replace('/', '.')}"
        if not way.before:
            return self._at(way.place)
        if ready not in self._made:
            self._made[ready] = self.copy(way.place, self._folder / ready)
            self._made[ready].do(*way.before)
        return self._made[ready]

    def _at(self, name: str) -> Sandbox:
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> Sandbox:
        folder = self._folder / name
        if name == "office":
            return furnished(folder)
        start, *acts = _recipe(PLACES[name])
        sandbox = self.copy(str(start), folder)
        sandbox.do(*(act for act in acts if isinstance(act, Act)))
        sandbox.close()
        return sandbox


def _recipe(told: str | tuple[str | Act, ...]) -> tuple[str | Act, ...]:
    """The place to begin at, and the commands from there."""
    if isinstance(told, tuple):
        return told
    way = WAYS[told]
    return (way.place, *way.before, way.by or way.act)
