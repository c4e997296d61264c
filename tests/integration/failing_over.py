"""A worker of the failover drill: it opens errands and finishes them, and notes what it was told of each.

Run as a program with a home, its own name, the file to note in, and the file whose presence means to stop.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

from engine.app.advance import Given, advance
from engine.app.office import Caller
from engine.app.open_case import open_case
from engine.bootstrap.office import open_office
from engine.core.errors import Collided, OutcomeUnknown, Unavailable
from engine.settings import load

OFFICER = Caller("anna", "os:anna")


def main(home: Path, name: str, notes: Path, stop: Path) -> None:
    office = open_office(load(home))
    with notes.open("a", encoding="utf-8") as noted:

        def note(word: str, request: str, reference: object = "-") -> None:
            print(word, request, reference, file=noted, flush=True)

        def told(request: str, command: Any) -> str:
            """What the engine says in the end; a server that is away is asked again, as a person would."""
            note("asked", request)
            while True:
                try:
                    reference = str(command(request)["reference"])
                except (Unavailable, Collided):
                    time.sleep(0.1)
                except OutcomeUnknown:
                    note("unknown", request)
                else:
                    note("acknowledged", request, reference)
                    return reference

        number = 0
        while not stop.exists():
            number += 1
            reference = told(f"{name}-{number}-open", lambda request: open_case(
                office, OFFICER, "errand", "Ärende", Given(set={"due_on": "2021-12-10"}, request_id=request)
            ))  # fmt: skip
            told(f"{name}-{number}-finish", lambda request, case=reference: advance(
                office, OFFICER, case, "finish", Given(request_id=request)
            ))  # fmt: skip


if __name__ == "__main__":
    main(*(Path(word) if place != 1 else word for place, word in enumerate(sys.argv[1:])))  # type: ignore[arg-type]
    os._exit(0)
