"""Sends mail by SMTP: one connection for a batch, TLS unless on this very machine, and an honest outcome."""

import contextlib
import ipaddress
import smtplib
import ssl
import time
from functools import cache
from typing import Literal

from msgspec import Struct

from engine.core.errors import SettingsError, ValueMalformed
from engine.ports import Outcome
from notifications.address import checked
from notifications.channels.limit import Limit, Watch
from notifications.channels.session import AfterTheDot, Session, TlsSession
from notifications.characters import cut, one_line

Tls = Literal["starttls", "implicit", "none"]
_QUIT_SECONDS = 5.0
# Replies that are about our own set-up wherever they come: log in first, encrypt first, credentials wrong.
_OUR_FAULT = frozenset({530, 534, 535, 538})


class Limits(Struct, frozen=True):
    """Time limits in seconds, after RFC 5321 §4.5.3.2; `total` caps one message with everything that it needs."""

    connect: float = 30.0
    reply: float = 300.0
    after_dot: float = 600.0
    total: float = 900.0


class Server(Struct, frozen=True):
    """A mail server and how to speak to it.

    Attributes:
        tls: `starttls` (required, never given up), `implicit`, or `none`, which only a loopback server may have.
        login: User and password, or None.
        greet_as: Name given in EHLO; None = this host's.
        context: How certificates are checked; None = the system's authorities, host name included.
    """

    host: str
    port: int
    tls: Tls = "starttls"
    login: tuple[str, str] | None = None
    greet_as: str | None = None
    context: ssl.SSLContext | None = None

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port}, tls={self.tls}, login={'***' if self.login else None})"


class SmtpChannel:
    """Keeps one connection from the first `send` to `close`, that is for a batch.

    Raises:
        SettingsError: Mail would leave this machine without TLS.
    """

    def __init__(self, server: Server, limits: Limits | None = None) -> None:
        if server.tls == "none" and not _is_loopback(server.host):
            raise SettingsError(f"mail to {server.host} needs TLS; set it to `starttls` or `implicit`")
        self._server = server
        self._limits = limits or Limits()
        self._watch = Watch()
        self._session: Session | None = None
        self._unreachable: Outcome | None = None

    def send(self, message_id: int, sender: str, recipient: str, content: bytes) -> Outcome:
        """Hand one mail to the server.

        `sent` and `failed` are the server's own word. `deferred` means that it certainly does not have the mail,
        `unknown` that it may. An address that cannot be one fails without asking the server.
        """
        if self._unreachable is not None:
            return self._unreachable
        try:
            addresses = checked(sender), checked(recipient)
        except ValueMalformed as error:
            return Outcome("failed", error.message)
        reused, until = self._session is not None, time.monotonic() + self._limits.total
        outcome, again = self._attempt(message_id, *addresses, content, until)
        if reused and again:  # the server had closed the kept connection: that says nothing about this mail
            outcome, _ = self._attempt(message_id, *addresses, content, until)
        return outcome

    def close(self) -> None:
        """Say goodbye; what the server answers changes nothing."""
        self._unreachable = None
        session, self._session = self._session, None
        if session is not None:
            until = time.monotonic() + _QUIT_SECONDS
            with contextlib.suppress(OSError, smtplib.SMTPException), self._watch.over(session, until):
                session.quit()
            session.close()
        self._watch.close()
        self._watch = Watch()

    def _attempt(
        self, message_id: int, sender: str, recipient: str, content: bytes, until: float
    ) -> tuple[Outcome, bool]:
        """The outcome, and whether it broke before the server had taken the sender."""
        session = self._session or self._unconnected()
        with self._watch.over(session, until) as limit:
            if self._session is None:
                refusal = self._open(session)
                if refusal is not None:
                    session.close()
                    return refusal, False
                self._session = session
                if limit.passed:  # while there was no socket yet that could be shut
                    return self._broken("deferred", TimeoutError(), limit), False
            begun = False
            try:
                refusal = self._begin(session, message_id, sender, len(content))
                if refusal is not None:
                    return self._after(refusal, session), session.sock is None
                begun = True
                return self._after(self._deliver(session, recipient, content), session), False
            except AfterTheDot as error:
                return self._broken("unknown", error, limit), False
            except (OSError, smtplib.SMTPException, ValueError) as error:
                return self._broken("deferred", error, limit), not begun and not limit.passed

    def _unconnected(self) -> Session:
        server, seconds = self._server, self._limits.connect
        if server.tls == "implicit":
            return TlsSession(
                server.host,
                context=self._server.context or _system_context(),
                local_hostname=server.greet_as,
                timeout=seconds,
            )
        return Session(server.host, local_hostname=server.greet_as, timeout=seconds)

    def _open(self, session: Session) -> Outcome | None:
        """Connect, encrypt, log in; an outcome is why that did not work."""
        server = self._server
        try:
            code, reply = session.connect(server.host, server.port)
            if code != 220:
                return _refused("greeting", code, reply)
            session.ehlo_or_helo_if_needed()
            if server.tls == "starttls":
                session.starttls(context=self._server.context or _system_context())
                session.ehlo_or_helo_if_needed()
            if server.login is not None:
                session.login(*server.login)
            if session.sock is not None:
                session.sock.settimeout(self._limits.reply)
        except smtplib.SMTPServerDisconnected as error:
            return self._away(error)
        except smtplib.SMTPResponseException as error:
            return _refused(type(error).__name__, error.smtp_code, error.smtp_error)
        except UnicodeError:
            return Outcome("deferred", "the mail login holds letters that cannot be sent; change it", pause=True)
        except (smtplib.SMTPException, ssl.SSLError, ValueError) as error:
            return Outcome("deferred", _told(f"{server.host}: {error}; check the mail settings"), pause=True)
        except OSError as error:
            return self._away(error)
        return None

    def _away(self, error: Exception) -> Outcome:
        # The rest of the batch need not wait for the same silence, and no mail is burnt by it.
        reason = _told(f"{self._server.host}:{self._server.port}: {error}")
        self._unreachable = Outcome("deferred", reason, pause=True)
        return self._unreachable

    def _begin(self, session: Session, message_id: int, sender: str, size: int) -> Outcome | None:
        """MAIL FROM: the sender is the same office for every mail, so a refusal is about our set-up."""
        allowed = session.esmtp_features.get("size", "")
        if allowed.isdigit() and 0 < int(allowed) < size:
            return Outcome("failed", f"the mail has {size} bytes, the server takes {allowed}; attach less")
        options = [f"SIZE={size}"] if session.has_extn("size") else []
        if session.has_extn("dsn"):
            options += ["RET=HDRS", f"ENVID={message_id}"]
        # Not by the library's own `mail` and `rcpt`, which take apart an address again that is checked already.
        code, reply = session.docmd("mail", " ".join([f"FROM:<{sender}>", *options]))
        if code < 300:
            return None
        if code == 552:
            return Outcome("failed", _told(f"{code} {_text(reply)}"))
        if code == 421:  # the server has had enough of this connection, whether it hangs up or waits for us to
            session.close()
        return _refused("MAIL FROM", code, reply)

    def _deliver(self, session: Session, recipient: str, content: bytes) -> tuple[int, bytes]:
        notify = ["NOTIFY=FAILURE,DELAY"] if session.has_extn("dsn") else []
        code, reply = session.docmd("rcpt", " ".join([f"TO:<{recipient}>", *notify]))
        if code >= 300 or code < 200:
            return code, reply
        return session.transfer(content, self._limits.after_dot)

    def _after(self, answer: Outcome | tuple[int, bytes], session: Session) -> Outcome:
        """The outcome of a server's answer; the session is made ready for the next mail."""
        outcome = answer if isinstance(answer, Outcome) else _judged(*answer)
        hung_up = not isinstance(answer, Outcome) and answer[0] == 421
        if outcome.state == "sent":
            return outcome
        if outcome.pause or hung_up:
            self._drop()
            return outcome
        try:
            session.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()
        return outcome

    def _broken(self, state: str, error: Exception, limit: Limit) -> Outcome:
        self._drop()
        reason = f"it took longer than {self._limits.total:g} s" if limit.passed else str(error)
        return Outcome(state, _told(f"{self._server.host}: {reason}"))

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()


@cache
def _system_context() -> ssl.SSLContext:
    """Certificates are checked against the system's authorities; they are read once, and only if TLS is spoken."""
    return ssl.create_default_context()


def _judged(code: int, reply: bytes) -> Outcome:
    if 200 <= code < 300:
        return Outcome("sent")
    reason = _told(f"{code} {_text(reply)}")
    if code in _OUR_FAULT:
        return Outcome("deferred", reason, pause=True)
    return Outcome("failed" if 500 <= code < 600 else "deferred", reason)


def _refused(phase: str, code: int, reply: bytes | str) -> Outcome:
    """A refusal before any recipient was named burns no mail; a lasting one stops the channel."""
    return Outcome("deferred", _told(f"{phase}: {code} {_text(reply)}"), pause=500 <= code < 600)


def _text(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply


def _told(reason: str) -> str:
    return cut(one_line(reason), 300)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
