"""The SMTP channel against a server of raw answers: each fault gives the outcome that is true."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from notifications.channels.smtp import Limits, Server, SmtpChannel

MAIL = b"Subject: x\r\n\r\n.\r\n..x\r\n"
QUICK = Limits(connect=1.0, reply=1.0, after_dot=1.0, total=5.0)
Reply = bytes | None
"""An answer, or None: the connection is cut instead."""


class Scripted:
    """A server of raw answers: for the faults that a well-behaved one cannot make.

    The script names what is answered to a command's first word, a list being used up from its start; `dot` is the
    answer to the whole content.
    """

    def __init__(self, script: Mapping[str, Reply | list[Reply]], *, eat: int | None = None) -> None:
        self.script: dict[str, Reply | list[Reply]] = {
            "connect": b"220 x", "EHLO": b"250 x", "MAIL": b"250 x", "RCPT": b"250 x", "DATA": b"354 x",
            "dot": b"250 x", "RSET": b"250 x", "QUIT": b"221 x", **script,
        }  # fmt: skip
        self.eat = eat
        self.heard: list[bytes] = []
        self.stored = 0
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Server:
        self.thread.start()
        return Server("127.0.0.1", self.listener.getsockname()[1], tls="none", greet_as="probe.example")

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            with peer, peer.makefile("rwb") as lines:
                try:
                    self._talk(lines)
                except OSError:
                    continue

    def _talk(self, lines: Any) -> None:
        if not self._answer(lines, "connect"):
            return
        while line := lines.readline():
            self.heard.append(line.rstrip())
            word = line[:4].decode("latin-1").strip().upper()
            if not self._answer(lines, word) or word == "QUIT":
                return
            if word == "DATA" and self.script["DATA"] == b"354 x":
                if self.eat is not None:
                    lines.read(self.eat)
                    return
                if next(line for line in iter(lines.readline, None) if line in (b".\r\n", b"")) == b"":
                    return
                self.stored += 1
                if not self._answer(lines, "dot"):
                    return

    def _answer(self, lines: Any, word: str) -> bool:
        planned = self.script.get(word, b"500 x")
        reply = planned.pop(0) if isinstance(planned, list) else planned
        if reply is None:
            return False
        if reply != b"silence":
            lines.write(reply + b"\r\n")
            lines.flush()
        return reply[:3] != b"421"


@contextmanager
def channel(server: Server, limits: Limits = QUICK) -> Iterator[SmtpChannel]:
    opened = SmtpChannel(server, limits)
    try:
        yield opened
    finally:
        opened.close()


def send(opened: SmtpChannel, recipient: str = "asa@ale.example", content: bytes = MAIL) -> tuple[str, bool]:
    outcome = opened.send(17, "b+17@region.example", recipient, content)
    return outcome.state, outcome.pause


def test_no_server_means_later_for_the_whole_batch() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with channel(Server("127.0.0.1", port, tls="none")) as opened:
        assert send(opened) == ("deferred", True)
        assert send(opened) == ("deferred", True)


def test_a_silent_server_is_not_asked_again_in_the_same_batch() -> None:
    scripted = Scripted({"connect": b"silence"})
    with scripted as server, channel(server) as opened:
        assert [send(opened) for _ in range(3)] == [("deferred", True)] * 3
    assert scripted.connections == 1


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ({"connect": b"554 go away"}, ("deferred", True)),
        ({"connect": b"421 busy"}, ("deferred", False)),
        ({"connect": b"\xff\xfe rubbish"}, ("deferred", False)),
        ({"connect": None}, ("deferred", True)),
        ({"EHLO": b"550 no", "HELO": b"550 no"}, ("deferred", True)),
        ({"EHLO": None}, ("deferred", True)),
        ({"MAIL": None}, ("deferred", False)),
        ({"MAIL": b"421 enough"}, ("deferred", False)),
        ({"RCPT": None}, ("deferred", False)),
        ({"RCPT": b"421 closing"}, ("deferred", False)),
        ({"DATA": None}, ("deferred", False)),
        ({"DATA": b"554 no"}, ("failed", False)),
        ({"DATA": b"silence"}, ("deferred", False)),
    ],
)
def test_a_fault_before_the_content_never_leaves_doubt(script: dict[str, Reply], outcome: tuple[str, bool]) -> None:
    scripted = Scripted(script)
    with scripted as server, channel(server) as opened:
        assert send(opened) == outcome
    assert scripted.stored == 0


@pytest.mark.parametrize(
    "dot", [None, b"silence", b"\x00\x01 rubbish", b"354 what"], ids=["cut", "late", "garbage", "354"]
)
def test_a_lost_answer_after_the_dot_is_unknown(dot: Reply) -> None:
    scripted = Scripted({"dot": dot})
    with scripted as server, channel(server) as opened:
        assert send(opened) == ("unknown", False)
    assert scripted.stored == 1


@pytest.mark.parametrize(("dot", "state"), [(b"250 ok", "sent"), (b"451 later", "deferred"), (b"554 spam", "failed")])
def test_a_clear_answer_after_the_dot_is_believed(dot: bytes, state: str) -> None:
    with Scripted({"dot": dot}) as server, channel(server) as opened:
        assert send(opened)[0] == state


def test_a_cut_in_the_middle_of_the_content_is_deferred() -> None:
    scripted = Scripted({}, eat=10)
    large = MAIL + b"x" * 70 + b"\r\n" * 4_000_000  # more than the kernel buffers: sending is still going on at the cut
    with scripted as server, channel(server) as opened:
        assert send(opened, content=large) == ("deferred", False)
    assert scripted.stored == 0


@pytest.mark.parametrize("quit_answer", [None, b"421 x", b"silence", b"\xff"])
def test_what_quit_answers_changes_nothing(quit_answer: Reply) -> None:
    with Scripted({"QUIT": quit_answer}) as server:
        opened = SmtpChannel(server, QUICK)
        assert send(opened) == ("sent", False)
        opened.close()


def test_a_server_that_has_had_enough_of_a_connection_and_leaves_it_open_gets_another() -> None:
    class Patient(Scripted):
        def _answer(self, lines: Any, word: str) -> bool:
            super()._answer(lines, word)
            return True

    scripted = Patient({"MAIL": [b"250 x", b"421 enough", b"250 x"]})
    with scripted as server, channel(server) as opened:
        assert [send(opened), send(opened)] == [("sent", False)] * 2
    assert (scripted.connections, scripted.stored) == (2, 2)


@pytest.mark.parametrize("mail_answer", [None, b"421 idle"])
def test_a_kept_connection_that_the_server_closed_is_opened_anew(mail_answer: Reply) -> None:
    scripted = Scripted({"MAIL": [b"250 x", mail_answer, b"250 x"]})
    with scripted as server, channel(server) as opened:
        assert [send(opened), send(opened)] == [("sent", False)] * 2
    assert (scripted.connections, scripted.stored) == (2, 2)


def test_a_server_that_can_report_is_asked_to_report_failures_with_our_number_and_no_content() -> None:
    scripted = Scripted({"EHLO": b"250-x\r\n250-DSN\r\n250 SIZE 1000000"})
    with scripted as server, channel(server) as opened:
        assert send(opened) == ("sent", False)
    assert scripted.heard[1:3] == [
        f"mail FROM:<b+17@region.example> SIZE={len(MAIL)} RET=HDRS ENVID=17".encode(),
        b"rcpt TO:<asa@ale.example> NOTIFY=FAILURE,DELAY",
    ]


def test_a_server_that_cannot_report_is_not_asked_to() -> None:
    scripted = Scripted({})
    with scripted as server, channel(server) as opened:
        send(opened)
    assert scripted.heard[1:3] == [b"mail FROM:<b+17@region.example>", b"rcpt TO:<asa@ale.example>"]


def test_a_tarpit_ends_at_the_total_limit() -> None:
    class Dripping(Scripted):
        def _answer(self, lines: Any, word: str) -> bool:
            if word != "RCPT":
                return super()._answer(lines, word)
            for _ in range(100):
                lines.write(b"2")
                lines.flush()
                if waiting.wait(0.1):
                    return False
            return False

    waiting = threading.Event()
    with Dripping({}) as server, channel(server, Limits(connect=1, reply=1, after_dot=1, total=0.5)) as opened:
        outcome = opened.send(1, "b@x.example", "asa@ale.example", MAIL)
        waiting.set()
    assert outcome.state == "deferred"
    assert "longer than 0.5 s" in (outcome.error or "")


def test_an_address_that_cannot_be_one_fails_without_a_server() -> None:
    scripted = Scripted({})
    with scripted as server, channel(server) as opened:
        assert send(opened, "asa@ale.example>\r\nRCPT TO:<x@evil.example") == ("failed", False)
    assert scripted.connections == 0


def test_an_error_is_one_line_without_control_characters() -> None:
    with (
        Scripted({"RCPT": b"550-\x1b[31mfirst\r\n550 \xe2\x80\xaesecond " + b"x" * 500}) as server,
        channel(server) as opened,
    ):
        outcome = opened.send(1, "b@x.example", "asa@ale.example", MAIL)
    assert outcome.error is not None
    assert outcome.error.isprintable()
    assert len(outcome.error) <= 301
