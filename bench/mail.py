"""Mails per second from the outbox to a server on loopback, against bare smtplib that sends the same bytes.

The engine renders each mail at its first attempt, commits the attempt before it and the outcome after it, and writes
the outcome into the log. The floors send bytes that lie ready over one connection: without any database, and with two
bare commits for each mail. The server is a process of its own that answers at once, or 10 ms after each command, as
one across a town does. Run: make bench
"""

import multiprocessing
import shutil
import smtplib
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesParser
from pathlib import Path

from report import table, write

from engine.app.advance import Given
from engine.app.deliver import deliver
from engine.app.mail_hold import hold
from engine.app.office import Caller, Office
from engine.app.open_case import open_case
from engine.app.tick import tick
from engine.bootstrap.home import make_home
from engine.bootstrap.office import open_office
from engine.core.plain import instant
from engine.settings import load
from engine.store.database import connect

ROUNDS, MAILS = 5, 300
OPENED, REMINDED = datetime(2026, 1, 7, 9, tzinfo=UTC), datetime(2026, 6, 30, 9, tzinfo=UTC)
"""Working mornings: ideas that are opened on the first are reminded of on the second."""

OFFICER = Caller("officer", "os:bench as officer")


def serve(listener: socket.socket, delay: float) -> None:
    """A mail server that says yes to everything, so many seconds after each command."""
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=answer, args=(peer, delay), daemon=True).start()


def answer(peer: socket.socket, delay: float) -> None:
    """One connection."""

    def say(reply: bytes) -> None:
        if delay:
            time.sleep(delay)
        peer.sendall(reply)

    with peer, peer.makefile("rb") as lines:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        say(b"220 sink\r\n")
        for line in lines:
            word = line[:4].upper()
            if word == b"DATA":
                say(b"354 go on\r\n")
                while lines.readline() != b".\r\n":
                    pass
            say(b"221 bye\r\n" if word == b"QUIT" else b"250 yes\r\n")


@contextmanager
def sink(delay: float = 0) -> Iterator[int]:
    """The server's port."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        server = multiprocessing.Process(target=serve, args=(listener, delay), daemon=True)
        server.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            server.terminate()
            server.join()


def waiting(home: Path, port: int) -> Office:
    """An office in which so many reminders wait to leave by SMTP."""
    make_home(home, Caller("bench", "os:bench"), sandbox=True, start=OPENED)
    settings = home / "skede.toml"
    lines = ("[channel]", 'kind = "smtp"', 'host = "127.0.0.1"', f"port = {port}", 'tls = "none"', "")
    settings.write_text(settings.read_text("utf-8").replace("[channel]\n", "\n".join(lines)), "utf-8")
    office = open_office(load(home))
    hold(office, OFFICER, on=True)
    for n in range(MAILS):
        given = Given(set={"contact": "Kontakt", "idea_text": "Idé"})
        open_case(office, OFFICER, "application", f"Mätning {n}", given, event="contact")
    with office.store.write() as tx:
        for message in list(tx.messages.list()):
            tx.messages.set_state(message.id, "cancelled", "bench")
        tx.settings.put("clock", instant(REMINDED))
    assert tick(office, sealing=False).reminded == MAILS
    hold(office, OFFICER, on=False)
    return office


@dataclass(frozen=True)
class Ready:
    """A mail as it was sent."""

    recipient: str
    content: bytes


def sent_by(home: Path) -> list[Ready]:
    """The bytes of all mails that have left."""
    connection = connect(home / "skede.db")
    found = [Ready(*row) for row in connection.execute("SELECT address, content FROM messages WHERE state = 'sent'")]
    connection.close()
    assert len(found) == MAILS
    assert all(BytesParser().parsebytes(mail.content)["Message-ID"] for mail in found)
    return found


def bare(port: int, mails: list[Ready], home: Path | None = None) -> float:
    """Seconds for sending them by smtplib alone; with two bare commits for each, where a home is given."""
    connection = connect(home / "skede.db") if home is not None else None
    start = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for number, mail in enumerate(mails):
            if connection is not None:
                commit(connection, "leased", number)
            server.sendmail(f"b+{number}@region.example", [mail.recipient], mail.content)
            if connection is not None:
                commit(connection, "sent", number)
    took = time.perf_counter() - start
    if connection is not None:
        connection.close()
    return took


def commit(connection, state: str, number: int) -> None:  # type: ignore[no-untyped-def]
    """The least that an outbox must keep before and after a mail."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "INSERT INTO settings (name, value) VALUES ('bench', ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (f"{state} {number}",),
    )
    connection.execute("COMMIT")


def by_engine(office: Office) -> float:
    """Seconds for delivering all that waits."""
    start = time.perf_counter()
    assert deliver(office) == {"delivered": MAILS}
    return time.perf_counter() - start


def measured(top: Path) -> list[list[str]]:
    """Mails per second and the ratio to smtplib."""
    with sink() as port:
        template = top / "template"
        waiting(template, port)
        times: dict[str, list[float]] = {}
        for turn in range(ROUNDS):
            home = top / f"home-{turn}"
            shutil.copytree(template, home)
            office = open_office(load(home))
            times.setdefault("the outbox, one connection", []).append(by_engine(office))
            mails = sent_by(home)
            times.setdefault("smtplib and two bare commits for each mail", []).append(bare(port, mails, home))
            times.setdefault("smtplib, one connection, nothing kept", []).append(bare(port, mails))
            shutil.rmtree(home)
    floor = statistics.median(times["smtplib, one connection, nothing kept"])
    return [[what, f"{MAILS / statistics.median(took):,.0f}", f"{floor / statistics.median(took):.2f}"]
            for what, took in times.items()]  # fmt: skip


def main() -> None:
    """Measure on disk and in memory."""
    text = [
        f"Medians of {ROUNDS} rounds of {MAILS} mails, interleaved; the ratio is to bare smtplib over one connection."
    ]
    for place, folder in (("disk", None), ("memory", "/dev/shm")):
        if folder is not None and not Path(folder).is_dir():
            continue
        top = Path(tempfile.mkdtemp(dir=folder))
        try:
            text += [f"On {place}:", table(("", "mails/s", "ratio"), measured(top))]
        finally:
            shutil.rmtree(top, ignore_errors=True)
    write("mail.py", "Mail: from the outbox to a server on loopback", "\n\n".join(text))


if __name__ == "__main__":
    sys.exit(main())
