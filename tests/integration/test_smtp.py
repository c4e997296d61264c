"""The SMTP channel against a real, well-behaved server: delivery, refusals, TLS and login."""

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from engine.core.errors import SettingsError
from engine.ports import Letter
from notifications.channels.smtp import Limits, Server, SmtpChannel
from notifications.mime import build

MAIL = build(
    Letter(subject="[SIM-1] Hej", text="Hej,\n.\n..två punkter\nslut\n", html="<p>Hej</p>\n"),
    sender="SIM <sim@region.example>",
    reply_to="sim@region.example",
    to_name="Åsa",
    to_address="asa@ale.example",
    date=datetime(2026, 3, 19, 7, 0, tzinfo=UTC),
    key="SIM-1#4/granted/p:4",
    case_reference="SIM-1",
    domain="region.example",
)[0]
QUICK = Limits(connect=1.0, reply=1.0, after_dot=1.0, total=5.0)


class Handler:
    """Keeps what arrives; answers each phase as the test says."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.envelopes: list[Envelope] = []
        self.connections = 0

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.get(address, self.answers.get("rcpt", "250 OK"))
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.get("data", "250 OK")
        if answer.startswith("2"):
            self.envelopes.append(envelope)
        return answer


@contextmanager
def serving(handler: Handler, **options: Any) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield Server("127.0.0.1", port, tls="none")
    finally:
        controller.stop()


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


def test_a_mail_arrives_byte_for_byte_with_its_envelope() -> None:
    handler = Handler()
    with serving(handler) as server, channel(server) as opened:
        assert send(opened) == ("sent", False)
    (envelope,) = handler.envelopes
    assert envelope.original_content == MAIL
    assert (envelope.mail_from, envelope.rcpt_tos) == ("b+17@region.example", ["asa@ale.example"])


def test_lines_that_begin_with_a_dot_arrive_as_they_were() -> None:
    handler = Handler()
    dotted = b"Subject: x\r\n\r\n.\r\n..\r\n.x\r\nx.\r\n"
    with serving(handler) as server, channel(server) as opened:
        assert send(opened, content=dotted) == ("sent", False)
        assert send(opened) == ("sent", False)
    assert [e.original_content for e in handler.envelopes] == [dotted, MAIL]


def test_one_connection_serves_a_batch() -> None:
    handler = Handler()
    with serving(handler) as server, channel(server) as opened:
        assert [send(opened)[0] for _ in range(5)] == ["sent"] * 5
    assert handler.connections == 1


def test_a_refused_recipient_fails_alone() -> None:
    handler = Handler(**{"borta@ale.example": "550 5.1.1 no such user"})
    with serving(handler) as server, channel(server) as opened:
        assert send(opened, "borta@ale.example") == ("failed", False)
        assert send(opened) == ("sent", False)
    assert [e.rcpt_tos for e in handler.envelopes] == [["asa@ale.example"]]


@pytest.mark.parametrize("phase", ["rcpt", "data"])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("450 later", ("deferred", False)), ("554 never", ("failed", False)), ("530 log in", ("deferred", True))],
)
def test_the_servers_word_decides_for_recipient_and_content(phase: str, answer: str, outcome: tuple[str, bool]) -> None:
    with serving(Handler(**{phase: answer})) as server, channel(server) as opened:
        assert send(opened) == outcome


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("451 later", ("deferred", False)),
        ("550 sender refused", ("deferred", True)),
        ("552 too large", ("failed", False)),
    ],
)
def test_a_refused_sender_is_our_own_fault(answer: str, outcome: tuple[str, bool]) -> None:
    with serving(Handler(mail=answer)) as server, channel(server) as opened:
        assert send(opened) == outcome


def test_a_mail_larger_than_the_server_takes_fails_without_being_sent() -> None:
    handler = Handler()
    with serving(handler, data_size_limit=500) as server, channel(server) as opened:
        assert send(opened) == ("failed", False)
    assert handler.envelopes == []


def test_clear_text_is_for_this_machine_alone() -> None:
    with pytest.raises(SettingsError, match="TLS"):
        SmtpChannel(Server("mail.region.example", 25, tls="none"))


def test_a_server_without_starttls_gets_no_mail_in_clear_text() -> None:
    handler = Handler()
    with serving(handler) as plain, channel(Server(plain.host, plain.port, tls="starttls")) as opened:
        assert send(opened) == ("deferred", True)
    assert handler.envelopes == []


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(server's, client's) TLS contexts with a certificate for `localhost` that only that client trusts."""
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
        "-addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return server, ssl.create_default_context(cafile=folder / "cert.pem")


def login_as(name: str, password: str) -> Callable[..., AuthResult]:
    def judge(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        right = (data.login, data.password) == (name.encode(), password.encode())
        return AuthResult(success=right, handled=False)

    return judge


@pytest.mark.parametrize(
    ("password", "outcome"), [("rätt", ("deferred", True)), ("right", ("sent", False)), ("wrong", ("deferred", True))]
)
def test_login_goes_over_tls_and_a_refused_one_pauses(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], password: str, outcome: tuple[str, bool]
) -> None:
    handler = Handler()
    options = {"tls_context": contexts[0], "authenticator": login_as("sim", "right"), "auth_required": True}
    with serving(handler, **options) as plain:
        server = Server("localhost", plain.port, tls="starttls", login=("sim", password), context=contexts[1])
        with channel(server) as opened:
            assert send(opened) == outcome
    assert len(handler.envelopes) == (outcome[0] == "sent")


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_that_is_not_trusted_stops_the_mail(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], tls: Any
) -> None:
    handler = Handler()
    options = {"tls_context": contexts[0]} if tls == "starttls" else {"ssl_context": contexts[0]}
    with serving(handler, **options) as plain:
        with channel(Server("localhost", plain.port, tls=tls)) as opened:
            assert send(opened) == ("deferred", True)
        with channel(Server("localhost", plain.port, tls=tls, context=contexts[1])) as opened:
            assert send(opened) == ("sent", False)
    assert len(handler.envelopes) == 1


def test_a_login_never_shows_in_a_repr() -> None:
    assert "secret" not in repr(Server("localhost", 25, login=("sim", "secret")))


def test_the_end_of_a_mail_does_not_wait_in_the_kernel_for_its_content_to_be_acknowledged() -> None:
    with serving(Handler()) as server, channel(server) as opened:
        send(opened)
        assert opened._session is not None
        assert opened._session.sock is not None
        assert opened._session.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
