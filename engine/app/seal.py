"""Seal the log: take new entries into the tree, sign a checkpoint over it, and hand that to the anchors.

Three steps, each whole or not at all, and each taken up again by the next seal if the one before it was cut off. The
entry `seal` that a seal leaves in the office's chain is itself sealed by the next one; it is no reason for one.
"""

from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field

from engine.app.access import known_actor
from engine.app.again import again
from engine.app.office import Caller, Office
from engine.app.office_change import Made, change_office
from engine.app.record import OFFICE, origin, record_office
from engine.app.run import SYSTEM_ACTOR
from engine.core.case import Actor
from engine.core.chain import leaf_hash
from engine.core.checkpoint import Checkpoint
from engine.core.errors import EngineError, LogTampered, Refusal, TransitionRefused, Unavailable
from engine.core.merkle import consistency, grown, root
from engine.core.plain import instant
from engine.ports import SealedNote, Signer, UnitOfWork

BATCH = 10_000
"""Entries that one transaction takes into the tree."""

SEALERS = ("admin", "auditor", "head")
"""Roles that may seal by hand; `KEEPERS` may change the key or seal a log that was put back."""
KEEPERS = ("admin", "head")

TRIED, ANCHORED = "seal_tried", "anchored "
"""Settings of the database: when a seal was last tried, and with an anchor's name, the size that it holds."""


class Sealing(Struct):
    """What a seal did.

    Attributes:
        entries: How many were taken into the tree.
        sealed: The checkpoint that was made, None where there was nothing new.
        anchors: Names of the anchors that were handed a checkpoint.
        errors: What did not work, in words; a checkpoint that an anchor did not get is offered again.
    """

    entries: int = 0
    sealed: SealedNote | None = None
    anchors: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class _Asked(Struct, frozen=True):
    """Who asked for a seal, and for which: with the key that follows too, or of a log that was put back."""

    actor: Actor = SYSTEM_ACTOR
    auth: str = "system"
    rotating: bool = False
    anew: bool = False


def seal_by_hand(office: Office, caller: Caller) -> Sealing:
    """Seal what is new, however long ago the last seal was.

    Raises:
        TransitionRefused: The caller may not.
        LogTampered: The log does not continue what was sealed last; nothing is signed.
        Unavailable: The seal's key is not there.
    """
    with office.store.read() as tx:
        actor = known_actor(tx, office, caller)
    if not actor.roles.intersection(SEALERS):
        reason = Refusal("right_missing", {"right": "seal", "roles": list(SEALERS)}, who=("admin",))
        raise TransitionRefused(reasons=[reason])
    return _seal(office, _Asked(actor, caller.auth))


def seal_if_due(office: Office) -> Sealing | None:
    """What the clock does: seal if something is new and the last time is long enough ago; None if it is not."""
    if office.signer is None:
        return None
    with office.store.read() as tx:
        tried = tx.settings.get(TRIED)
        if tried is not None and tx.now - datetime.fromisoformat(tried) < timedelta(seconds=office.seal_every):
            return None
        newest = tx.evidence.newest()
        unsigned = tx.evidence.size() != (newest.size if newest else 0)
        if not unsigned and not tx.evidence.has_news() and not behind(tx, office):
            return None
    return _seal(office, _Asked())


def rotate(office: Office, caller: Caller, note: str | None = None) -> Sealing:
    """Change the seal's key: an entry says so, and a checkpoint bears the signatures of both.

    Raises:
        TransitionRefused: The caller may not.
    """
    signer = signer_of(office)

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        signer.make()
        body = {"old": signer.public_keys()[0].text(), "new": signer.prepare().text()}
        return Made(body, body)

    change_office(office, caller, "rotate", KEEPERS, work, note=note)
    return _seal(office, _Asked(rotating=True))


def seal_anew(office: Office, caller: Caller, note: str | None = None) -> Sealing:
    """Seal a log that was put back from a backup: the signer forgets what it sealed after that, and the log says so.

    An anchor that holds a checkpoint of the lost part goes on telling of it; that is meant.

    Raises:
        TransitionRefused: The caller may not.
    """
    signer = signer_of(office)

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        last = signer.last()
        return Made({}, {"was": _plain(last) if last else None})

    change_office(office, caller, "seal_anew", KEEPERS, work, note=note)
    signer.begin_anew()
    return _seal(office, _Asked(anew=True))


def sequence(office: Office) -> int:
    """Take everything that waits into the tree, in the order of the queue; how many entries."""
    taken = 0
    while batch := _take(office):
        taken += batch
    return taken


@again
def _take(office: Office) -> int:
    """Take a batch into the tree; how many entries. None if another worker is taking them."""
    with office.store.write() as tx:
        if not tx.evidence.alone():
            return 0
        start, batch = tx.evidence.size(), tx.evidence.pending(BATCH)
        if not batch:
            return 0
        leaves = [b64decode(leaf_hash(entry.line)) for entry in batch]
        tx.evidence.sequence(start, batch, grown(start, leaves, tx.evidence.node))
        return len(batch)


def signer_of(office: Office) -> Signer:
    """Whoever holds the seal's key.

    Raises:
        Unavailable: This office is only tried out, and seals nothing.
    """
    if office.signer is None:
        raise Unavailable("nothing is sealed in an office that is only tried out", says="seal_tried")
    return office.signer()


def _seal(office: Office, asked: _Asked) -> Sealing:
    done = Sealing(entries=sequence(office) if _tried(office) else 0)
    done.sealed = _sign(office, asked)
    if asked.rotating:
        signer_of(office).take_over()
    _hand_over(office, done)
    return done


@again
def _tried(office: Office) -> bool:
    """Note that a seal is tried now; whether there is anything to take into the tree for it."""
    with office.store.write() as tx:
        tx.settings.put(TRIED, instant(tx.now))
        return tx.evidence.has_news()


@again
def _sign(office: Office, asked: _Asked) -> SealedNote | None:
    """Sign the tree as it stands and keep the checkpoint; its entry and the letters to auditors go with it."""
    with office.store.write() as tx:
        if not tx.evidence.alone():
            return None
        newest, signer = tx.evidence.newest(), signer_of(office)
        size = tx.evidence.size()
        if size == (newest.size if newest else 0):
            return None
        if newest is None:
            signer.make()
        last = signer.last()
        if newest is not None and last is None and not asked.anew:
            raise LogTampered(
                "the seal has forgotten what it sealed last: put keys/seal.last back, or seal anew",
                says="seal_forgotten",
            )
        checkpoint = Checkpoint(origin(tx), size, root(size, tx.evidence.node))
        proof = consistency(last.size, size, tx.evidence.node) if last is not None and last.size < size else []
        sealed = SealedNote(size, signer.sign(checkpoint, proof, with_next=asked.rotating), tx.now)
        tx.evidence.seal(sealed)
        # The entry of the first seal names the key: a home made by an older version has it nowhere else in its log.
        body = _plain(checkpoint) | ({} if newest else {"key": signer.public_keys()[0].text()})
        _note(tx, office, asked, body, sealed)
        return sealed


def _note(tx: UnitOfWork, office: Office, asked: _Asked, body: dict[str, Any], sealed: SealedNote) -> None:
    """The entry that tells of a seal, and the letters that take it to the auditors."""
    n, day = tx.log.head(OFFICE)[0] + 1, office.calendar.day(tx.now)
    letters = [letter for anchor in office.anchors() for letter in anchor.letters(tx.directory, day, n, sealed)]
    payload: dict[str, Any] = {}
    if letters:
        body["msgs"] = [letter.key for letter in letters]
        payload["msgs"] = {letter.key: [letter.digest, letter.state, letter.reason] for letter in letters}
        tx.messages.queue(letters)
    record_office(tx, asked.actor, asked.auth, "seal", body, payload)


def _plain(checkpoint: Checkpoint) -> dict[str, Any]:
    return {"size": checkpoint.size, "root": b64encode(checkpoint.root).decode()}


def behind(tx: UnitOfWork, office: Office) -> list[str]:
    """The anchors that have not got the newest checkpoint."""
    newest = tx.evidence.newest()
    if newest is None:
        return []
    return [a.name for a in office.anchors() if tx.settings.get(ANCHORED + a.name) != str(newest.size)]


def _hand_over(office: Office, done: Sealing) -> None:
    """Give the newest checkpoint to the anchors that have not got it; one that fails does not stop the others."""
    with office.store.read() as tx:
        newest, late = tx.evidence.newest(), behind(tx, office)
    if newest is None:
        return
    for anchor in office.anchors():
        if anchor.name not in late:
            continue
        try:
            anchor.put(newest)
        except EngineError as error:
            done.errors.append(error.message)
            continue
        done.anchors.append(anchor.name)
        _handed(office, anchor.name, newest.size)


@again
def _handed(office: Office, anchor: str, size: int) -> None:
    with office.store.write() as tx:
        tx.settings.put(ANCHORED + anchor, str(size))
