"""What an undone transition had opened goes with it: those cases are gone, and their log stays and says so.

As with an import that is taken back (docs/decisions/0011), the reference is never given to another case.
"""

from engine.app.office import Office
from engine.app.record import sealed
from engine.core.canonical import read_json
from engine.core.case import Actor, Case
from engine.core.entry import Entry
from engine.core.errors import Refusal, TransitionRefused
from engine.core.plain import instant
from engine.ports import UnitOfWork


def take_back_opened(tx: UnitOfWork, office: Office, actor: Actor, by: str, undone: str) -> None:
    """Take back the cases that an entry opened, and those that these opened in turn.

    Args:
        tx: Where.
        office: Whose definitions.
        actor: Who takes the transition back.
        by: `REF#n` of the entry that does.
        undone: `REF#n` of the entry that is taken back.

    Raises:
        TransitionRefused: Something has happened in one of them, or another case points at it.
    """
    reference = undone.partition("#")[0]
    for child in tx.cases.children(reference):
        if _opened_by(tx, child) == undone:
            _take_back(tx, office, actor, by, child)


def _opened_by(tx: UnitOfWork, case: Case) -> str | None:
    first = tx.log.entry(case.reference, 1)
    return None if first is None else read_json(first.line)["body"].get("cause")


def _take_back(tx: UnitOfWork, office: Office, actor: Actor, by: str, case: Case) -> None:
    take_back_opened(tx, office, actor, by, f"{case.reference}#1")
    others = [c.reference for c in tx.cases.children(case.reference)]
    others += [reference for reference, field in tx.cases.linked_from(case.reference) if field != "parent"]
    if case.n > 1 or others:
        # A letter about it has left, or somebody works on it: that cannot be unsaid.
        cases = ", ".join(dict.fromkeys((case.reference, *others)))
        raise TransitionRefused(reasons=[Refusal("undo_spawned_moved", {"cases": cases})])
    definition = office.catalog.definition(tx, case.workflow, case.version)
    at = instant(max(tx.now, case.recorded_at))
    entry = Entry(
        act="undone", case=case.reference, n=case.n + 1, at=at, occ=at, actor=actor.user, auth=actor.login,
        body={"cause": by}, wf=f"{case.workflow}@{case.version}", definition=definition.digest,
    )  # fmt: skip
    tx.log.append(sealed(tx, entry, {}, case.head)[1])
    tx.cases.delete(case.reference)
