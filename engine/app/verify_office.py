"""The office's own chain: what it says for all others, and whether it and the definitions are as they should be."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any

from engine.app.record import OFFICE
from engine.app.replay import Why
from engine.app.verify_chain import Chain, Fault, Known, read_payload
from engine.app.verify_directory import TOLD, Directory, directory_differs
from engine.app.verify_part import Bad
from engine.app.verify_roles import Seals
from engine.app.verify_rows import rows_differ, rows_of
from engine.core.build import from_canonical
from engine.core.entry import Entry, parse
from engine.core.errors import LogTampered
from engine.ports import UnitOfWork


def known_of(tx: UnitOfWork, directory: Directory | None = None) -> Known:
    """What the office's chain says for all others: definitions published, parts erased. Its faults are told later.

    Args:
        tx: The transaction.
        directory: Learns of users and their roles, people and organisations, where they are to be compared.
    """
    known = Known(tx.settings.get("origin") or "skede")
    readable = True
    for kept in tx.audit.entries(OFFICE):
        erasing = kept.columns.get("kind") == "erase"
        if not readable and not erasing:
            continue
        try:
            entry = parse(kept.logged.line)
        except (LogTampered, RecursionError):
            readable = False
            continue
        if erasing:
            _learn_erasure(known, entry)
        if readable and directory is not None and entry.act in TOLD:
            directory.learn(entry, read_payload(kept.logged.payload))
        if readable and entry.act == "publish":
            with suppress(KeyError, TypeError, ValueError):
                _learn_definition(tx, known, entry)
    if directory is not None and directory.real is not None:
        known.held = directory.held() if readable else None
        known.seals = Seals.of(tx.audit.checkpoints()) if directory.real else Seals()
    return known


def _learn_erasure(known: Known, entry: Entry) -> None:
    with suppress(TypeError, ValueError, AttributeError):  # A body of another kind is told in its turn.
        known.erased.update(entry.body.get("entries", ()))
        known.letters.update(entry.body.get("letters", {}))
        for key in entry.body.get("letters", {}):
            known.taken_out.setdefault(key, set()).add(str(entry.body.get("person")))
        known.documents.update(entry.body.get("documents", ()))


def _learn_definition(tx: UnitOfWork, known: Known, entry: Entry) -> None:
    said = entry.body
    wf = f"{said['name']}@{said['version']}"
    known.digests[wf] = str(said["digest"])
    known.definitions.pop(wf, None)
    for row in tx.audit.definitions():
        if f"{row['name']}@{row['version']}" == wf and _digest(row["body"]) == said["digest"]:
            known.definitions[wf] = from_canonical(row["body"])


def followed_office(tx: UnitOfWork, known: Known, directory: Directory) -> tuple[Chain, Bad | None]:
    """The chain of the office, followed, and the first thing that is wrong with it."""
    chain = Chain(tx, known, OFFICE)
    faults = list(chain.faults())
    if not chain.length:
        faults.append((1, Why("verify_no_office")))
    published: dict[str, tuple[int, Mapping[str, Any]]] = {}
    for entry in chain.told:
        body = entry.body
        if entry.act == "publish":
            published[f"{body['name']}@{body['version']}"] = (entry.n, {**body, "at": entry.at})
    faults += [*_definitions(tx, published), *rows_differ(tx.audit, known, chain, rows_of(tx, OFFICE))]
    if not faults:
        faults += ((chain.length, why) for why in _settings(tx, directory))
        faults += ((chain.length, why) for why in directory_differs(tx.audit, directory))
    return chain, Bad(OFFICE, *faults[0]) if faults else None


def _settings(tx: UnitOfWork, directory: Directory) -> Iterator[Why]:
    """A home is a sandbox, or is none, from its first entry on."""
    if directory.real is not None and tx.settings.get("sandbox") != (None if directory.real else "1"):
        yield Why("verify_row", {"table": "settings", "key": "sandbox", "column": "value"})


def _definitions(tx: UnitOfWork, published: Mapping[str, tuple[int, Mapping[str, Any]]]) -> Iterator[Fault]:
    """Every stored definition is one that was published, to the letter; every one published is there."""
    rows = {f"{row['name']}@{row['version']}": row for row in tx.audit.definitions()}
    for wf, (n, said) in published.items():
        row = rows.pop(wf, None)
        if row is None:
            yield n, Why("verify_row_missing", {"table": "definitions", "key": wf})
            continue
        for column in (column for column, same in _definition(row, said) if not same):
            yield n, Why("verify_row", {"table": "definitions", "key": wf, "column": column})
    for wf in rows:
        yield 0, Why("verify_row_unexpected", {"table": "definitions", "key": wf})


def _definition(row: Mapping[str, Any], said: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    yield "body", _digest(row["body"]) == said["digest"]
    yield "digest", row["digest"] == said["digest"]
    yield "text", _digest(row["text"]) == said["file"]
    yield "valid_from", row["valid_from"] == said["from"]
    yield "published_at", row["published_at"] == said["at"]


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()
