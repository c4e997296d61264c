"""Do the work of a transaction anew where it met another's, as often happens with many workers on PostgreSQL.

The work begins its own transaction and does nothing beside it that could not be done twice. On SQLite, where writers
wait for each other, it is done once.
"""

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from engine.app.within import Within
from engine.core.errors import Collided, OutcomeUnknown, Unavailable

TRIES = 20
"""So often a piece of work is tried; the waits between add up to some five seconds."""

PATIENCE = 60.0
"""Seconds for which the outcome of a broken commit is asked for: a standby has taken over by then."""

Given = ParamSpec("Given")
Made = TypeVar("Made")


def again(work: Callable[Given, Made]) -> Callable[Given, Made]:
    """A function that is one transaction, tried again where it met another's; one that is a part of one is not.

    Raises:
        Collided: It met others every time.
    """

    @wraps(work)
    def tried(*args: Given.args, **values: Given.kwargs) -> Made:
        for past in range(1, 1 if _is_part(args) else TRIES):
            try:
                return work(*args, **values)
            except Collided:
                _wait(past)
        return work(*args, **values)

    return tried


def known_again(work: Callable[[], Made]) -> Made:
    """Do one transaction that knows whether it was done before, also where the connection broke while it was kept.

    So is a command with a request id: if it was kept, the second time finds its answer; if it was not, it is done
    now; and never twice, since only one of the two can keep the request id.

    Raises:
        OutcomeUnknown: The database stays away. That it cannot be reached now says nothing of what it kept before.
    """
    unknown: OutcomeUnknown | None = None
    until, past = 0.0, 0
    while True:
        try:
            return again(work)()
        except OutcomeUnknown as error:
            until = until if unknown else time.monotonic() + PATIENCE
            unknown = error
        except Unavailable:
            if unknown is None:
                raise
        if time.monotonic() >= until:
            raise unknown
        past += 1
        _wait(past)


def _is_part(args: tuple[object, ...]) -> bool:
    return bool(args) and isinstance(getattr(args[0], "store", None), Within)


def _wait(past: int) -> None:
    time.sleep(random.uniform(0.2, 1) * min(0.01 * 2 ** min(past, 9), 0.5))  # noqa: S311 - spreads load, guards nothing
