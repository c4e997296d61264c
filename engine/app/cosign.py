"""What an auditor must know before signing a checkpoint too: that this log contains it, and what they signed last."""

from engine.app.office import Caller, Office
from engine.app.record import origin
from engine.app.seal import signer_of
from engine.app.verify import verifier
from engine.core.checkpoint import Checkpoint
from engine.core.errors import LogTampered
from engine.core.merkle import root


def contained(office: Office, caller: Caller, note: str, last: Checkpoint | None) -> Checkpoint:
    """The checkpoint of a note, once it is found that the log continues it, and that it continues the last one.

    The hashes that are stored are trusted here; that they are those of the lines is for `verify` to find.

    Args:
        office: Whose log it is.
        caller: Who wants to sign.
        note: The signed checkpoint.
        last: What this auditor signed last.

    Raises:
        LogTampered: It is not of this log, or not of this history of it.
    """
    verifier(office, caller)
    checkpoint = signer_of(office).checked(note)
    with office.store.read() as tx:
        if checkpoint.origin != origin(tx):
            raise LogTampered(
                f"the checkpoint is of the log {checkpoint.origin}, not of this one",
                says="cosign_other_log",
                origin=checkpoint.origin,
            )
        if last is not None and last.size > checkpoint.size:
            raise LogTampered(
                f"the checkpoint has {checkpoint.size} entries, fewer than the {last.size} signed last",
                says="cosign_smaller",
                size=checkpoint.size,
                last=last.size,
            )
        for known in (last, checkpoint):
            if known is None:
                continue
            if known.size > tx.evidence.size() or root(known.size, tx.evidence.node) != known.root:
                raise LogTampered(
                    f"the log does not contain the checkpoint of {known.size} entries: nothing was signed",
                    says="cosign_not_contained",
                    size=known.size,
                )
    return checkpoint
