"""Ends what takes too long: when a mail's whole time is up, its connection is shut, whatever it waits for.

Time-outs of single reads do not stop a server that sends one byte a second. One thread watches a channel for as long
as it lives, since a thread for each mail would cost as much as the mail.
"""

import socket
import threading
import time
from types import TracebackType
from typing import Self

from notifications.channels.session import Session


class Watch:
    """Watches one session at a time; its thread begins with the first limit and ends with `close`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._limit: Limit | None = None
        self._wakes_at = float("inf")
        self._thread: threading.Thread | None = None
        self._closed = False

    def over(self, session: Session, until: float) -> "Limit":
        """A limit for what is done inside it, until an instant of `time.monotonic`."""
        return Limit(self, session, until)

    def begin(self, limit: "Limit") -> None:
        """Let a limit hold."""
        with self._changed:
            self._limit = limit
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mail limit", daemon=True)
                self._thread.start()
            elif limit.until < self._wakes_at:  # the next mail's limit is later than the last one's, and wakes nobody
                self._changed.notify()

    def end(self) -> None:
        """Let no limit hold; when this returns, nothing is shut any more."""
        with self._changed:
            self._limit = None

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                if self._limit is not None and self._limit.until <= time.monotonic():
                    self._limit.shut()
                    self._limit = None
                self._wakes_at = self._limit.until if self._limit is not None else float("inf")
                self._changed.wait(self._limit.until - time.monotonic() if self._limit is not None else None)


class Limit:
    """The time by which what happens inside must be over.

    Attributes:
        passed: It was not over, and the session's socket was shut.
    """

    def __init__(self, watch: Watch, session: Session, until: float) -> None:
        self.until = until
        self.passed = False
        self._watch, self._session = watch, session

    def shut(self) -> None:
        """Shut the socket under whoever waits for it."""
        self.passed = True
        sock = self._session.sock
        if sock is not None:
            try:
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not the TLS one: it would wait for the peer
            except OSError:
                self.passed = True  # it was closed in this very moment; the limit has passed all the same

    def __enter__(self) -> Self:
        self._watch.begin(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watch.end()
