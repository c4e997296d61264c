"""`skede run`: a tick again and again, until it is asked to stop; and the mail at once, where a bell tells of it.

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

from engine.app.deliver import deliver
from engine.app.office import Office
from engine.app.tick import Ticked, tick
from engine.core.errors import EngineError
from engine.ports import Bell

EVERY = 30
"""Seconds between two ticks."""

LISTEN = 0.5
"""Seconds after which whoever waits for the bell looks whether it is to stop."""

log = logging.getLogger("skede.run")


class Worker:
    """Ticks at an interval, one at a time, and stops between two cases or mails when it is told to."""

    def __init__(
        self,
        office: Office,
        every: float = EVERY,
        told: Callable[[Ticked], None] | None = None,
        bell: Bell | None = None,
    ) -> None:
        """Make a worker.

        Args:
            office: Whose work it does.
            every: Seconds from one tick to the next, in real time.
            told: Called with what each tick did, and with what was delivered between two.
            bell: Rings when there is new mail; without one, mail waits for the next tick.
        """
        self._office = office
        self._every = every
        self._told = told or (lambda done: None)
        self._bell = bell
        self._working = threading.Lock()
        self._failing: str | None = None
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
            self._wait()
        finally:
            self._stopping.set()
            scheduler.shutdown(wait=True)
            for number, handler in before.items():
                signal.signal(number, handler)

    def once(self) -> Ticked | None:
        """One tick; a database or mail server that is away is for the next one to find again."""
        return self._do(lambda: tick(self._office, self._stopping.is_set))

    def post(self) -> Ticked | None:
        """Send what may leave now, between two ticks."""
        return self._do(self._delivered)

    def _delivered(self) -> Ticked:
        done = Ticked()
        for state, count in deliver(self._office, self._stopping.is_set).items():
            setattr(done, state, count)
        return done

    def _do(self, work: Callable[[], Ticked]) -> Ticked | None:
        """Do one piece of work when the one before is done, and tell what it did; None if it went wrong.

        What keeps it from working is said once, not at every try: a server that is away, a newer schema.
        """
        with self._working:
            if self._stopping.is_set():
                return None
            try:
                done = work()
            except EngineError as error:
                if error.message != self._failing:
                    log.error("%s", error.message)
                self._failing = error.message
                return None
            except Exception:
                # The worker outlives a fault of the program; the silence of its heartbeat tells.
                log.exception("the tick broke off")
                return None
            self._failing = None
            self._told(done)
            return done

    def _wait(self) -> None:
        """Until it is to stop; what the bell tells of meanwhile is sent from here, as ticks have their own thread."""
        if self._bell is None:
            self._stopping.wait()
            return
        try:
            while not self._stopping.is_set():
                if self._bell.wait(LISTEN):
                    self.post()
        finally:
            self._bell.close()

    def stop(self) -> None:
        """Ask it to stop; `run` returns when what has been begun is finished."""
        self._stopping.set()

    def _stop_on(self, number: int, frame: FrameType | None) -> None:
        self.stop()
