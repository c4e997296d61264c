"""One SMTP session that tells whether the end of a mail had left when something broke."""

import re
import smtplib
import socket
import ssl

_END = b".\r\n"
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


class AfterTheDot(Exception):
    """The end of the mail has left and no clear answer came: whether the server has it is not known."""


class Session(smtplib.SMTP):
    """An SMTP connection whose DATA phase knows about its final dot (RFC 1047)."""

    def __init__(self, host: str, *, local_hostname: str | None, timeout: float) -> None:
        super().__init__(local_hostname=local_hostname, timeout=timeout)
        self._host = host  # the base class knows it only when it connects in its constructor; certificates need it

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return _prompt(socket.create_connection((host, port), timeout))

    def transfer(self, content: bytes, reply_seconds: float) -> tuple[int, bytes]:
        """Send the content and return the server's answer to it, or to DATA where that was refused.

        Args:
            content: Lines ending in CRLF.
            reply_seconds: How long to wait for the answer after the final dot.

        Raises:
            SMTPServerDisconnected, OSError: It broke before the end of the mail had left: the server cannot have it.
            AfterTheDot: It broke later, or the answer cannot be understood.
        """
        code, reply = self.docmd("DATA")
        if code != 354:
            return code, reply
        ending = b"" if content.endswith(b"\r\n") else b"\r\n"
        stuffed = _LEADING_DOT.sub(b"..", content) if b"\n." in b"\n" + content else content
        self.send(stuffed + ending)
        self._send_end()
        try:
            if self.sock is not None:
                self.sock.settimeout(reply_seconds)
            code, reply = self.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise AfterTheDot(str(error)) from error
        if code < 200 or 300 <= code < 400:
            raise AfterTheDot(f"the server answered {code}, which is no answer to a mail")
        return code, reply

    def _send_end(self) -> None:
        sock = self.sock
        if sock is None:
            raise smtplib.SMTPServerDisconnected("the connection was closed")
        try:
            sock.sendall(_END)
        except ConnectionError as error:
            self.close()
            # The kernel takes these three bytes or refuses them; only under TLS may a part of a record have left.
            if isinstance(sock, ssl.SSLSocket):
                raise AfterTheDot(str(error)) from error
            raise smtplib.SMTPServerDisconnected(str(error)) from error
        except OSError as error:
            self.close()
            raise AfterTheDot(str(error)) from error


class TlsSession(Session):
    """The same on a port that speaks TLS from the first byte."""

    def __init__(self, host: str, *, context: ssl.SSLContext, local_hostname: str | None, timeout: float) -> None:
        self._context = context
        super().__init__(host, local_hostname=local_hostname, timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = _prompt(socket.create_connection((host, port), timeout))
        try:
            return self._context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise


def _prompt(sock: socket.socket) -> socket.socket:
    """Let the end of a mail leave at once: behind its content the kernel would hold it until that is acknowledged."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock
