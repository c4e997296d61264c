"""The stores of the evidence: rows as they stand, the tree and its seals, and erasure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from engine.core.case import Case
from engine.ports.rows import DeadlineRow, KeptBlock, KeptEntry, SealedNote, Waiting


class AuditStore(Protocol):
    """Rows as they stand, every column, beside what they should be; for verification alone."""

    def chains(self) -> tuple[str, ...]:
        """Every chain that any row belongs to, sorted; `@office` first."""
        ...

    def entries(self, reference: str) -> Iterator[KeptEntry]:
        """In the order in which they were written."""
        ...

    def strays(self, reference: str) -> tuple[tuple[str, int], ...]:
        """(table, n) of rows about entries that do not exist."""
        ...

    def case(self, reference: str) -> tuple[Any, ...] | None:
        """The row of a case, column by column as `case_expected` has it."""
        ...

    def case_expected(
        self, case: Case, phase: str, personal: frozenset[str], batch: str | None = None
    ) -> Mapping[str, Any]: ...
    def links(self, reference: str) -> Mapping[str, str]: ...
    def deadlines(self, reference: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a case's deadlines, column by column as `deadline_expected` has them."""
        ...

    def deadline_expected(self, row: DeadlineRow) -> Mapping[str, Any]: ...
    def messages(self, reference: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a chain's messages, in the order they were queued, column by column as `KeptMessage` has them."""
        ...

    def leaves(self) -> Iterator[tuple[int | None, int, str, int, str]]:
        """(leaf, id, case, n, line) of every entry: those in the tree in its order, then those that wait for it."""
        ...

    def in_order(self) -> bool:
        """Whether there was one writer at a time, so that the entries' keys follow the order of their commits."""
        ...

    def levels(self) -> tuple[int, ...]: ...
    def checkpoints(self) -> Iterator[tuple[int, str, str]]:
        """(size, note, when) of every checkpoint, the smallest first."""
        ...

    def definitions(self) -> Iterator[Mapping[str, Any]]: ...
    def directory(self, table: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """(id, columns by name) of the rows of `users`, `people` or `organisations`; what they point at is an id."""
        ...

    def grants(self) -> Iterator[tuple[str, str, str, str | None]]:
        """(user, role, first day, last day) of every row."""
        ...

    def schema_faults(self) -> Sequence[str]:
        """What of the schema is not as the program makes it, one sentence each."""
        ...

    def documents(self) -> tuple[str, ...]:
        """The digests under which documents are kept."""
        ...

    def nodes(self, level: int) -> Iterator[tuple[int, bytes]]:
        """(index, hash) of the nodes of a level of the tree."""
        ...

    def moment(self) -> str:
        """What no change of the log leaves as it is: two transactions that have it alike see the same log."""
        ...

    def newest(self) -> int:
        """The number of the entry that was written last; about how many there are."""
        ...

    def computed(self) -> bool:
        """Whether columns said to be computed from a line are that, or are told by `block`, to be compared."""
        ...

    def bounds(self, rows: int) -> Iterator[str]:
        """The first references of runs of chains that have about so many entries each; the first of all is empty."""
        ...

    def block(self, low: str, high: str | None) -> KeptBlock:
        """All rows of the chains from `low` on and before `high`, to the end for None."""
        ...

    def chains_between(self, low: str, high: str | None) -> tuple[str, ...]:
        """As `chains`, of the references from `low` on and before `high`."""
        ...

    def counts(self) -> tuple[int, int, int]:
        """How many leaves there are, up to which place they go (its number plus one), and how many nodes."""
        ...

    def hashes(self, level: int, start: int, end: int) -> list[bytes]:
        """The hashes of the nodes that are there on a level from `start` on and before `end`, in their order."""
        ...

    def out_of_turn(self) -> bool:
        """Whether any two leaves next to each other are in another order than their entries were written in."""
        ...

    def last_taken(self) -> int:
        """The id of the entry that the last leaf is of, 0 where there is none."""
        ...

    def waiting(self) -> Iterator[tuple[None, int, str, int, str]]:
        """Those of `leaves` that wait for the tree."""
        ...


class EvidenceStore(Protocol):
    """The tree over all entries, in the order in which they were taken into it, and its seals."""

    def alone(self) -> bool:
        """Whether no other worker sequences or seals until this transaction ends."""
        ...

    def pending(self, limit: int) -> tuple[Waiting, ...]: ...
    def has_news(self) -> bool:
        """Whether anything is pending beside what sealing itself writes into the log."""
        ...

    def sequence(self, start: int, taken: Sequence[Waiting], nodes: Iterable[tuple[int, int, bytes]]) -> None: ...
    def size(self) -> int: ...
    def node(self, level: int, index: int) -> bytes: ...
    def index(self, reference: str, n: int) -> int | None:
        """The leaf of an entry, None while it is pending."""
        ...

    def seal(self, sealed: SealedNote) -> None: ...
    def newest(self) -> SealedNote | None: ...
    def checkpoints(self) -> Iterator[SealedNote]: ...


class ErasingStore(Protocol):
    """Erasure in the rows that no other store changes."""

    def letter(
        self, message_id: int, variables: Mapping[str, Any], *, subject: str | None, address: str | None,
        error: str | None,
    ) -> None:  # fmt: skip
        """Put what is left of a letter in its place; its bytes go."""
        ...

    def document(self, sha256: str) -> None: ...
    def texts(self, change: Callable[[str], str]) -> int:
        """Change the answers kept for repeated requests and the notes of grants; how many there were to change."""
        ...
