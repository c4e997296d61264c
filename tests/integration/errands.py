"""An office with one small workflow, a clock that tests move by hand, and mail into a folder."""

import threading
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import homes
from hiring import hire, meet
from msgspec.structs import replace

from engine.app.advance import Given, advance
from engine.app.home import furnish
from engine.app.office import Caller, Office
from engine.app.open_case import open_case
from engine.app.publish import publish
from engine.bootstrap.office import open_office
from engine.ports import Channel, LogLine
from engine.readers.toml import read_definition
from engine.settings import load, write_default
from engine.signing import FileSigner
from engine.store.migrate import create

TOY = Path(__file__).parents[1] / "toys" / "errand.toml"
START = datetime(2021, 3, 1, 9, tzinfo=UTC)
"""A Monday, 10:00 in Sweden, within the send window."""

ADMIN = Caller("root", "os:root")
OFFICER = Caller("anna", "os:anna")


class HandClock:
    """Stands where it is put."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at
        self.lock = threading.Lock()

    def now(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)

    def to(self, day: str, hour: int = 9) -> None:
        self.at = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(hours=hour)


def build_home(folder: Path) -> Path:
    """A home with the toy workflow, an officer and a head; made once, because it takes a second."""
    folder.mkdir()
    url = homes.database_url()
    create(url or folder / "skede.db")
    write_default(folder / "skede.toml", sandbox=False, database=url)
    # Each test counts its own mails; those of the digest have tests of their own.
    written = (folder / "skede.toml").read_text("utf-8")
    (folder / "skede.toml").write_text(f"digest = false\n{written}", "utf-8")
    office = open_office(load(folder), clock=HandClock())
    key = FileSigner(folder / "keys", "test/skede").make()
    furnish(office, ADMIN, origin="test/skede", key=key.text(), sandbox=False)
    with office.store.write() as tx:
        for login, role, name in (("anna", "officer", "Anna Ask"), ("hans", "head", "Hans Hed")):
            person = meet(tx, name, email=f"{login}@region.example")
            hire(tx, login, role, person=person)
    publish(office, ADMIN, {TOY.name: read_definition(TOY)})
    return folder


class Desk:
    """One test's home and what it does with it."""

    def __init__(self, template: Path, folder: Path) -> None:
        self.home = homes.copied(template, folder)
        self.clock = HandClock()
        self.office: Office = open_office(load(folder), clock=self.clock)

    def through(self, channel: Channel) -> Office:
        """The same office with another way out."""
        return replace(self.office, channel=lambda: channel)

    def order(self, due_on: str, title: str = "Ett uppdrag") -> str:
        """Open a case that is due on that day; its reference."""
        return str(open_case(self.office, OFFICER, "errand", title, Given(set={"due_on": due_on}))["reference"])

    def advance(self, reference: str, event: str, **values: Any) -> None:
        advance(self.office, OFFICER, reference, event, Given(set=values, note="därför"))

    def state(self, reference: str) -> str:
        with self.office.store.read() as tx:
            case = tx.cases.get(reference)
        assert case is not None
        return case.state

    def mails(self, template: str | None = None) -> list[tuple[str, str, str]]:
        """(key, state, kind of step) of every message."""
        with self.office.store.read() as tx:
            return [
                (m.message.key, m.message.state, str(m.message.variables.get("step", {}).get("kind", "")))
                for m in tx.messages.list() if template in (None, m.message.template)
            ]  # fmt: skip

    def acts(self, reference: str) -> list[str]:
        with self.office.store.read() as tx:
            return [act_of(line) for line in tx.log.entries(reference)]

    def outbox(self) -> list[Path]:
        return sorted((self.home / "outbox").glob("*.eml"))


def act_of(line: LogLine) -> str:
    import json

    return str(json.loads(line.line)["act"])


def steps(mails: Iterable[tuple[str, str, str]]) -> list[str]:
    """The step of the ladder that each reminder's key names."""
    return [key.split("/")[2] for key, _, _ in mails]
