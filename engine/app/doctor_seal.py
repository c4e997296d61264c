"""What `doctor` says of the seal: how old it is, whether its key is there, and who has it outside the database."""

from collections.abc import Iterator
from datetime import timedelta

from engine.app.doctor_finding import Finding, Level
from engine.app.office import Office
from engine.app.seal import behind
from engine.core.errors import EngineError
from engine.core.plain import instant

OLDEST = 3
"""So many times `seal_every` may go by before a seal counts as old."""


def examine_seal(office: Office, *, relaxed: bool) -> Iterator[Finding]:
    """Judge the seal; a sandbox (`relaxed`) need not have one, nor anchors.

    Ages are told by the office's clock, since seals are made by it.
    """
    warning: Level = "ok" if relaxed else "warning"
    if office.signer is None:
        return
    with office.store.read() as tx:
        newest, news, now = tx.evidence.newest(), tx.evidence.has_news(), tx.now
        late = behind(tx, office)
    if newest is None:
        yield Finding("seal_never", warning)
    else:
        age = now - newest.sealed_at
        old = news and age > OLDEST * timedelta(seconds=office.seal_every)
        params = {"at": instant(newest.sealed_at), "n": max(0, int(age.total_seconds() // 3600))}
        yield Finding("seal_old" if old else "seal", warning if old else "ok", params)
    try:
        office.signer().public_keys()
        yield Finding("key", "ok")
    except EngineError as error:
        yield Finding("key_away", "ok" if relaxed else "error", {"why": error.message}, 6)
    names = [anchor.name for anchor in office.anchors()]
    if not names:
        yield Finding("anchors_none", warning)
    elif late:
        yield Finding("anchors_behind", warning, {"names": late})
    else:
        yield Finding("anchors", "ok", {"names": names})
