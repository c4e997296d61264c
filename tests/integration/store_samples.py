"""What the tests of the store put into it."""

import json
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec.structs import replace

from engine.core.case import Case, Deadline
from engine.core.message import Message
from engine.ports import DefinitionRow, LogLine
from engine.store.migrate import create
from engine.store.unit_of_work import SqlStore, store_at

AT = datetime(2021, 3, 4, 11, 30, 0, 123456, tzinfo=UTC)
Place = Path | str
"""A file, or the URL of a database on a server."""

BODY = {"fields": {"contact": {"personal": True}, "asked": {}, "people": {"item": {"name": {"personal": True}}}}}


class StillClock:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime = AT) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


def definition(name: str = "application", version: int = 1, **changes: Any) -> DefinitionRow:
    row = DefinitionRow(name, version, "digest=", json.dumps(BODY), "name = 'x'", AT, date(2021, 1, 1))
    return replace(row, **changes)


def case(reference: str = "SIM-2021-0004", **changes: Any) -> Case:
    made = Case(
        reference=reference, workflow="application", version=1, state="open", title=f"Title of {reference}",
        opened_at=AT, entered_at=AT, occurred_at=AT, recorded_at=AT, n=1, revision=1, head="h1",
    )  # fmt: skip
    return replace(made, **changes)


def deadline(reference: str = "SIM-2021-0004", name: str = "reply", **changes: Any) -> Deadline:
    made = Deadline(
        id=f"{reference}#1:{name}", name=name, owner="officer", opened_at=AT, due_at=AT + timedelta(days=10),
        due_on=date(2021, 3, 14), anchor="2021-03-04",
    )  # fmt: skip
    return replace(made, **changes)


def message(key: str = "SIM-2021-0004#1/ack/p:1", **changes: Any) -> Message:
    made = Message(
        key=key, case="SIM-2021-0004", n=1, template="ack", person="p:1", lang="sv", variables={"title": "Å"},
        due_at=AT, attach=("calendar",),
    )  # fmt: skip
    return replace(made, **changes)


def entry(reference: str = "SIM-2021-0004", n: int = 1, *, payload: str | None = None, **changes: Any) -> LogLine:
    raw = {
        "act": "advance", "actor": "u:1", "at": "2021-03-04T11:30:00.123456Z", "body": {}, "case": reference,
        "event": "submit", "n": n, "occ": "2021-03-01T00:00:00.000000Z", "wf": "application@1", **changes,
    }  # fmt: skip
    salt = b"s" * 32 if payload is not None else None
    return LogLine(reference, n, json.dumps(raw, sort_keys=True, separators=(",", ":")), payload, salt)


@cache
def _empty_database() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        create(path)
        return path.read_bytes()


def new_database(folder: Path) -> Path:
    """An empty database: made once, then copied."""
    path = folder / "skede.db"
    path.write_bytes(_empty_database())
    path.chmod(0o600)
    return path


def new_store(folder: Path) -> SqlStore:
    """A store on a new file, with one published definition, and a clock that stands still."""
    return furnished(new_database(folder))


def furnished(place: Place) -> SqlStore:
    """The store at a place, with one published definition, and a clock that stands still."""
    store = store_at(str(place), StillClock())
    with store.write() as tx:
        tx.definitions.add(definition())
    return store
