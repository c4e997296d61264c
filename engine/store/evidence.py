"""The tree over all entries, and its seals: leaves, hashes of complete subtrees, signed checkpoints."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from engine.core.errors import LogTampered
from engine.ports import SealedNote, Waiting
from engine.store.connection import Connection, dialect_of
from engine.store.statements import SQL
from engine.store.texts import instant


class SqlEvidence:
    """What the sequencer appends to, and proofs are read from."""

    def __init__(self, connection: Connection) -> None:
        self._run = connection.execute
        self._run_many = connection.executemany
        self._one_writer = dialect_of(connection) == "sqlite"

    def alone(self) -> bool:
        """Whether no other worker sequences or seals until this transaction ends; on SQLite there never is one."""
        return self._one_writer or bool(self._run(SQL["evidence_alone"]).fetchone()[0])

    def pending(self, limit: int) -> tuple[Waiting, ...]:
        """Entries that are not in the tree yet, in the order in which they are taken."""
        rows = self._run(SQL["evidence_pending"], {"limit": limit})
        return tuple(Waiting(id=row[0], case=row[1], n=row[2], line=row[3]) for row in rows)

    def has_news(self) -> bool:
        """Whether anything is pending beside what sealing itself writes into the log."""
        return bool(self._run(SQL["evidence_news"]).fetchone()[0])

    def sequence(self, start: int, taken: Sequence[Waiting], nodes: Iterable[tuple[int, int, bytes]]) -> None:
        """Put entries into the tree from leaf `start` on, and out of the queue.

        Args:
            start: How many leaves there are.
            taken: What `pending` gave, from its first on.
            nodes: (level, index, hash) of every subtree that they make complete, their own leaves included.
        """
        leaves: list[dict[str, Any]] = [
            {"idx": idx, "case": entry.case, "n": entry.n} for idx, entry in enumerate(taken, start)
        ]
        self._run_many(SQL["evidence_leaf_add"], leaves)
        rows = ({"level": level, "idx": idx, "hash": value} for level, idx, value in nodes)
        self._run_many(SQL["evidence_node_add"], rows)
        self._run_many(SQL["evidence_taken"], [{"id": entry.id} for entry in taken])

    def size(self) -> int:
        """How many leaves there are."""
        return int(self._run(SQL["evidence_size"]).fetchone()[0])

    def node(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree.

        Raises:
            LogTampered: It is not there.
        """
        row = self._run(SQL["evidence_node"], {"level": level, "idx": index}).fetchone()
        if row is None:
            raise LogTampered(f"the tree over the log has no node {index} on level {level}: skede audit verify")
        return bytes(row[0])

    def index(self, reference: str, n: int) -> int | None:
        """The leaf of an entry, None while it is pending."""
        row = self._run(SQL["evidence_index"], {"case": reference, "n": n}).fetchone()
        return None if row is None else int(row[0])

    def seal(self, sealed: SealedNote) -> None:
        """Keep a signed checkpoint; one of a size that has one already is refused by the database."""
        values = {"size": sealed.size, "note": sealed.note, "at": instant(sealed.sealed_at)}
        self._run(SQL["evidence_checkpoint_add"], values)

    def newest(self) -> SealedNote | None:
        """The checkpoint that was sealed last."""
        row = self._run(SQL["evidence_checkpoint_newest"]).fetchone()
        return None if row is None else _sealed(row)

    def checkpoints(self) -> Iterator[SealedNote]:
        """All of them, the smallest first."""
        return (_sealed(row) for row in self._run(SQL["evidence_checkpoints"]))


def _sealed(row: tuple[Any, ...]) -> SealedNote:
    return SealedNote(row[0], row[1], datetime.fromisoformat(row[2]))
