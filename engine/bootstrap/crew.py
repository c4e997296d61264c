"""Other processes of this program that verify parts of a log, each on a connection of its own that only reads.

They are started anew and not forked, as no connection to a database survives a fork. All look at one moment of the log:
each begins a transaction, and if one of them sees another moment than the rest, all begin again.
"""

import gc
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from engine.app.verify_chain import Known
from engine.app.verify_part import Inspector, Judged, Part
from engine.core.errors import EngineError, Unavailable
from engine.ports import UnitOfWork
from engine.settings import Settings
from engine.store.unit_of_work import store_at

PAYS_FROM = 20_000
"""Entries from which the start of other processes is worth its while: a second of work."""

AHEAD = 2
"""So many parts wait with each process, so that none waits for this one."""

_LOOK = "look"


@contextmanager
def crew_for(settings: Settings, jobs: int | None, entries: int) -> Iterator["Processes | None"]:
    """Processes to verify a log with, ended on the way out; None where this process does it alone.

    Args:
        settings: Of the home.
        jobs: How many; None = one for each processor, where the log is large enough for it to pay.
        entries: How many entries there are, about.
    """
    wanted = jobs if jobs is not None else processors() if entries >= PAYS_FROM else 1
    if wanted == 1:
        yield None
        return
    crew = Processes(settings.database, wanted)
    try:
        yield crew
    finally:
        crew.close()


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Processes:
    """A crew, as `verify` asks for one."""

    def __init__(self, database: str, jobs: int) -> None:
        context = get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes: list[BaseProcess] = []
        for _ in range(jobs):
            mine, theirs = context.Pipe()
            process = context.Process(target=serve, args=(database, theirs), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(mine)
            self._processes.append(process)

    def see(self, moment: str) -> bool:
        """Let all look at the log as it is now; whether each of them sees that moment of it."""
        for pipe in self._pipes:
            _tell(pipe, _LOOK)
        return {_hear(pipe) for pipe in self._pipes} == {moment}

    def work(self, known: Known, parts: Sequence[Part]) -> Iterator[tuple[int, Judged]]:
        """Begin at once, and tell what was found of each part, by its number, as it comes.

        Raises:
            Unavailable: One of them ended before its work did.
        """
        waiting = list(reversed(list(enumerate(parts))))
        for pipe in self._pipes:
            _tell(pipe, known)
        for pipe in self._pipes * AHEAD:
            if waiting:
                _tell(pipe, waiting.pop())
        return self._found(waiting, len(parts))

    def _found(self, waiting: list[tuple[int, Part]], still: int) -> Iterator[tuple[int, Judged]]:
        while still:
            for pipe in wait(self._pipes):
                assert isinstance(pipe, Connection)  # noqa: S101 - nothing else is waited for
                number, judged = _hear(pipe)
                if waiting:
                    _tell(pipe, waiting.pop())
                still -= 1
                yield number, judged

    def close(self) -> None:
        """End them; they hold nothing that could be lost."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.terminate()
            process.join()


def _tell(pipe: Connection, what: object) -> None:
    try:
        pipe.send(what)
    except OSError as error:
        raise _ended() from error


def _hear(pipe: Connection) -> Any:
    try:
        heard = pipe.recv()
    except (OSError, EOFError) as error:
        raise _ended() from error
    if isinstance(heard, EngineError):
        raise heard
    return heard


def _ended() -> Unavailable:
    return Unavailable("a process that verified a part of the log ended before its work did: try again with --jobs 1")


def serve(database: str, pipe: Connection) -> None:
    """What one of the processes does: look when told to, learn what holds for all chains, and judge parts."""
    # Whoever presses Ctrl-C ends the command, and the command ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What is read is let go row by row, and makes no circles that would have to be looked for.
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
    store = store_at(database, read_only=True)
    with suppress(EOFError, OSError):
        pipe.recv()
        try:
            while True:
                with store.read() as tx:
                    pipe.send(tx.audit.moment())
                    _judge(tx, pipe)
        except EngineError as error:
            pipe.send(error)


def _judge(tx: UnitOfWork, pipe: Connection) -> None:
    """Judge parts until told to look again."""
    inspector: Inspector | None = None
    while (told := pipe.recv()) != _LOOK:
        if isinstance(told, Known):
            inspector = Inspector(tx, told)
        elif inspector is not None:
            number, part = told
            pipe.send((number, inspector.judge(part)))
