"""`skede run`: a tick again and again, until it is asked to stop.

APScheduler only says when. What is due stands in the database, so a missed or doubled run changes nothing
(docs/decisions), any number of workers may run, and none needs a job store.
"""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from engine.app.office import Office
from engine.app.tick import Ticked, tick
from engine.core.errors import EngineError

EVERY = 30
"""Seconds between two ticks."""

log = logging.getLogger("skede.run")


class Worker:
    """Ticks at an interval, one at a time, and stops between two cases or mails when it is told to."""

    def __init__(self, office: Office, every: float = EVERY, told: Callable[[Ticked], None] | None = None) -> None:
        """Make a worker.

        Args:
            office: Whose work it does.
            every: Seconds from one tick to the next, in real time.
            told: Called with what each tick did.
        """
        self._office = office
        self._every = every
        self._told = told or (lambda done: None)
        self._stopping = threading.Event()

    def run(self) -> None:
        """Work until SIGTERM, SIGINT or `stop`; what has been begun is finished first."""
        before = {number: signal.signal(number, self._stop_on) for number in (signal.SIGTERM, signal.SIGINT)}
        scheduler = BackgroundScheduler(
            timezone=UTC, executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )  # fmt: skip
        now = datetime.now(UTC)
        scheduler.add_job(self.once, IntervalTrigger(seconds=self._every, timezone=UTC), next_run_time=now)
        scheduler.start()
        try:
            self._stopping.wait()
        finally:
            self._stopping.set()
            scheduler.shutdown(wait=True)
            for number, handler in before.items():
                signal.signal(number, handler)

    def once(self) -> Ticked | None:
        """One tick; a database or mail server that is away is for the next one to find again."""
        if self._stopping.is_set():
            return None
        try:
            done = tick(self._office, self._stopping.is_set)
        except EngineError as error:
            log.error("%s", error.message)
            return None
        except Exception:
            # The worker outlives a fault of the program; the silence of its heartbeat tells.
            log.exception("the tick broke off")
            return None
        self._told(done)
        return done

    def stop(self) -> None:
        """Ask it to stop; `run` returns when what has been begun is finished."""
        self._stopping.set()

    def _stop_on(self, number: int, frame: FrameType | None) -> None:
        self.stop()
