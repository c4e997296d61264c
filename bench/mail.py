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
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesParser
from pathlib import Path

from msgspec.structs import replace
from report import table, write

from engine.app.advance import Given
from engine.app.deliver import deliver
from engine.app.enclosures import enclosures
from engine.app.mail_hold import hold
from engine.app.office import Caller, Office
from engine.app.open_case import open_case
from engine.app.tick import tick
from engine.bootstrap.home import make_home
from engine.bootstrap.office import open_office
from engine.core.plain import instant
from engine.settings import load
from engine.store.database import connect
from notifications.address import checked
from notifications.reading import mailbox_of
from notifications.verify import addresses_in

ROUNDS, MAILS = 5, 300
SLOW, PATIENT = 0.01, 40
"""A server so many seconds away, and how few mails one connection sends to it."""

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


def furnished(home: Path) -> None:
    """A home in which so many reminders wait to leave by SMTP, to a port that is told later."""
    make_home(home, Caller("bench", "os:bench"), sandbox=True, start=OPENED)
    settings = home / "skede.toml"
    lines = ("[channel]", 'kind = "smtp"', 'host = "127.0.0.1"', "port = 1", 'tls = "none"', "")
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
    with office.store.write() as tx:
        people = [tx.people.add_person(f"Åsa Öberg {n}", email=f"asa.{n}@part{n % 50}.example") for n in range(MAILS)]
        waiting = list(tx.messages.list(state="queued"))
    connection = connect(home / "skede.db")
    # Each to somebody else, as in a mailing, so that nothing is known of an address from the mail before.
    for person, message in zip(people, waiting, strict=True):
        connection.execute("UPDATE messages SET person = ? WHERE id = ?", (person.id, message.id))
    connection.commit()
    connection.close()


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


def by_engine(office: Office, connections: int) -> tuple[float, float]:
    """Seconds for delivering all that waits, and seconds of this process's own work in them."""
    office = replace(office, mail=replace(office.mail, connections=connections))
    count = waiting_in(office)
    forget_addresses()
    working, start = time.process_time(), time.perf_counter()
    assert deliver(office) == {"delivered": count}
    return time.perf_counter() - start, time.process_time() - working


def forget_addresses() -> None:
    """Know no more of any address than before the first mail; the rounds go to the same people."""
    for known in (checked, mailbox_of, addresses_in):
        known.cache_clear()


def letters_alone(office: Office) -> float:
    """Seconds of work for rendering all that waits, making the bytes and reading them again; nothing is kept."""
    renderer, mailer = office.renderer(), office.mailer()
    forget_addresses()
    with office.store.read() as tx:
        found = [tx.messages.get(message.id) for message in list(tx.messages.list(state="queued"))]
        people = [tx.directory.person(str(each.message.person)) for each in found if each]
        start = time.process_time()
        for stored, person in zip(found, people, strict=True):
            assert stored is not None
            assert person is not None
            message = stored.message
            letter = renderer.render(message.template, message.lang, message.variables)
            files = enclosures(tx, office, message, tx.now)
            mailer.pack(letter, to_name=person.name, to_address=person.email or "", date=tx.now, key=message.key,
                        case_reference=message.case, enclosures=files)  # fmt: skip
        return time.process_time() - start


def at_once(top: Path, template: Path) -> tuple[list[list[str]], list[list[str]]]:
    """Mails per second and the ratio to smtplib; and microseconds of work for one mail."""
    times: dict[str, list[float]] = {}
    work: dict[str, list[float]] = {}
    with sink() as port:
        for turn in range(ROUNDS):
            for connections in (1, 4):
                home, office = copied(template, top / f"home-{turn}-{connections}", port)
                if connections == 1:
                    work.setdefault("rendered, made and read again", []).append(letters_alone(office))
                took, worked = by_engine(office, connections)
                times.setdefault(f"the outbox, {connections} connection{'s' * (connections > 1)}", []).append(took)
                work.setdefault(f"all of it, {connections} connection{'s' * (connections > 1)}", []).append(worked)
            mails = sent_by(home)
            times.setdefault("smtplib and two bare commits for each mail", []).append(bare(port, mails, home))
            start = time.process_time()
            times.setdefault("smtplib, one connection, nothing kept", []).append(bare(port, mails))
            work.setdefault("smtplib, one connection, nothing kept", []).append(time.process_time() - start)
    floor = statistics.median(times["smtplib, one connection, nothing kept"])
    rates = [[what, f"{MAILS / statistics.median(took):,.0f}", f"{floor / statistics.median(took):.2f}"]
             for what, took in times.items()]  # fmt: skip
    return rates, [[what, f"{statistics.median(each) / MAILS * 1e6:,.0f}"] for what, each in work.items()]


def from_afar(top: Path, template: Path) -> list[list[str]]:
    """Mails per second to a server that takes its time, by the number of connections."""
    rates = {}
    with sink(SLOW) as port:
        for connections in (1, 4, 16):
            home, office = copied(template, top / f"slow-{connections}", port)
            if connections == 1:
                with office.store.write() as tx:
                    for message in list(tx.messages.list(state="queued"))[PATIENT:]:
                        tx.messages.set_state(message.id, "cancelled", "bench")
            count = waiting_in(office)
            rates[connections] = count / by_engine(office, connections)[0]
            shutil.rmtree(home)
    return [[f"{n} connection{'s' * (n > 1)}", f"{rate:,.0f}", f"{rate / rates[1]:.1f}"] for n, rate in rates.items()]


def waiting_in(office: Office) -> int:
    """How many mails wait."""
    with office.store.read() as tx:
        return tx.messages.counts()["queued"]


def copied(template: Path, home: Path, port: int) -> tuple[Path, Office]:
    """A copy of the home in which mails wait, with its way out to that port."""
    shutil.copytree(template, home)
    settings = home / "skede.toml"
    settings.write_text(settings.read_text("utf-8").replace("port = 1\n", f"port = {port}\n"), "utf-8")
    return home, open_office(load(home))


def main() -> None:
    """Measure on disk and in memory."""
    how = f"""Medians of {ROUNDS} rounds of {MAILS} mails, each to somebody else, interleaved; the ratio is to bare
smtplib over one connection. The work of one mail is this process's alone, with all its threads."""
    text = [how]
    for place, folder in (("disk", None), ("memory", "/dev/shm")):
        if folder is not None and not Path(folder).is_dir():
            continue
        top = Path(tempfile.mkdtemp(dir=folder))
        try:
            furnished(top / "template")
            rates, work = at_once(top, top / "template")
            afar = from_afar(top, top / "template")
        finally:
            shutil.rmtree(top, ignore_errors=True)
        text += [
            f"On {place}:", table(("", "mails/s", "ratio"), rates), table(("work of one mail", "µs"), work),
            table((f"a server that answers after {SLOW * 1000:.0f} ms", "mails/s", "to one"), afar),
        ]  # fmt: skip
    write("mail.py", "Mail: from the outbox to a server on loopback", "\n\n".join(text))


if __name__ == "__main__":
    main()
