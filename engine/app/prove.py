"""Prove entries to somebody outside: a file that is checked without this home."""

from engine.app.access import case_seen, is_outsider, reader
from engine.app.office import Caller, Office
from engine.app.record import OFFICE
from engine.core.case import Actor
from engine.core.errors import NotFound, Refusal, TransitionRefused, UsageError
from engine.core.merkle import inclusion
from engine.core.proof import ProofFile, Proven
from engine.ports import LogLine, UnitOfWork


def prove(office: Office, caller: Caller, reference: str, entry: str | None = None) -> ProofFile:
    """A proof of one entry, or of all entries of a case, that they are in the log as it was sealed last.

    Args:
        office: Where.
        caller: Who asks.
        reference: The case, as it was typed, or `@office`.
        entry: Number of the entry, or `REF#n`; None for all.

    Raises:
        NotFound: There is no such case, or no such entry.
        TransitionRefused: What is asked for waits to be sealed.
    """
    with office.store.read() as tx:
        actor = reader(tx, office, caller)
        chain = OFFICE if reference == OFFICE and not is_outsider(actor) else _case(tx, office, actor, reference)
        logged = _entries(tx, chain, entry)
        newest = tx.evidence.newest()
        size = newest.size if newest else 0
        proven = [_proven(tx, one, size) for one in logged]
        missing = [f"{one.case}#{one.n}" for one, found in zip(logged, proven, strict=True) if found is None]
        if missing or newest is None:
            params = {"entry": missing[0], "n": len(missing)}
            raise TransitionRefused(reasons=[Refusal("not_sealed", params, "skede audit seal")])
        return ProofFile(tuple(found for found in proven if found is not None), newest.note)


def sealed_part(tx: UnitOfWork, chain: str) -> ProofFile | None:
    """A proof of those entries of a chain that are sealed already; None while none of them is."""
    newest = tx.evidence.newest()
    if newest is None:
        return None
    found = (_proven(tx, one, newest.size) for one in tx.log.entries(chain))
    proven = tuple(one for one in found if one is not None)
    return ProofFile(proven, newest.note) if proven else None


def _case(tx: UnitOfWork, office: Office, actor: Actor, reference: str) -> str:
    return case_seen(tx, office, actor, reference).reference


def _entries(tx: UnitOfWork, chain: str, entry: str | None) -> list[LogLine]:
    if entry is None:
        return list(tx.log.entries(chain))
    number = entry.rpartition("#")[2]
    if not number.isdecimal() or len(number) > 18:
        raise UsageError(f"{entry!r} names no entry: give its number, such as 3", says="entry_malformed", what=entry)
    logged = tx.log.entry(chain, int(number))
    if logged is None:
        raise NotFound(
            f"there is no entry {chain}#{number}: skede log {chain} shows them",
            says="entry_unknown_of",
            chain=chain,
            number=number,
        )
    return [logged]


def _proven(tx: UnitOfWork, logged: LogLine, size: int) -> Proven | None:
    """The entry with its place in the tree; None if it is not in the sealed part of it."""
    index = tx.evidence.index(logged.case, logged.n)
    if index is None or index >= size:
        return None
    return Proven(logged.line, index, tuple(inclusion(index, size, tx.evidence.node)))
