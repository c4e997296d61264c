"""A proof file: entries, their places in the tree, and the signed checkpoint that they are in.

Whoever has the file and the verifier key needs nothing else: docs/reference/evidence.md tells how it is checked, so
that another program can be written from that page alone.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from engine.core.chain import genesis, leaf_hash
from engine.core.checkpoint import Checkpoint, parse_checkpoint, parse_note
from engine.core.entry import Entry, parse
from engine.core.errors import LogTampered, ValueMalformed
from engine.core.merkle import root_from_inclusion

HEADER = "skede-proof/v1"
"""First line of every proof file."""

LONGEST_PATH = 63
"""Hashes that an inclusion proof can have at most: a tree has fewer than 2^63 leaves."""


class Proven(Struct, frozen=True):
    """One entry with its place: its line, the index of its leaf, and the hashes that lead to the root."""

    line: str
    index: int
    path: tuple[bytes, ...]


class ProofFile(Struct, frozen=True):
    """What a proof file holds; `note` is the signed checkpoint to the letter."""

    entries: tuple[Proven, ...]
    note: str

    def text(self) -> str:
        """The file's text."""
        blocks = [f"{HEADER}\n", *(_block(proven) for proven in self.entries), f"checkpoint\n{self.note}"]
        return "\n".join(blocks)


def _block(proven: Proven) -> str:
    hashes = "".join(f"{b64encode(value).decode()}\n" for value in proven.path)
    return f"entry\n{proven.line}\nindex {proven.index}\n{hashes}"


def parse_proof(text: str) -> ProofFile:
    """What a file's text says; nothing is checked yet but its form.

    Raises:
        ValueMalformed: It is no proof file.
    """
    head, found, note = text.partition("\n\ncheckpoint\n")
    first, *blocks = head.split("\n\n")
    if not found or first != HEADER or not blocks:
        raise ValueMalformed(
            f"this is no proof file: its first line is {HEADER}, entries and a checkpoint follow",
            says="no_proof",
            header=HEADER,
        )
    file = ProofFile(tuple(_read_block(block) for block in blocks), note)
    if file.text() != text:
        raise ValueMalformed(
            "the proof file is not written as it would be: a number or a hash in it is damaged", says="proof_damaged"
        )
    return file


def _read_block(block: str) -> Proven:
    lines = block.split("\n")
    try:
        kind, line, index, *hashes = lines
        word, _, number = index.partition(" ")
        path = tuple(b64decode(value, validate=True) for value in hashes)
        proven = Proven(line, int(number), path)
    except ValueError:
        raise ValueMalformed(
            "an entry of the proof file is damaged: its line, index and hashes are asked for",
            says="proof_entry_damaged",
        ) from None
    if (kind, word) != ("entry", "index") or len(path) > LONGEST_PATH or any(len(value) != 32 for value in path):
        raise ValueMalformed(
            "an entry of the proof file is damaged: its line, index and hashes are asked for",
            says="proof_entry_damaged",
        )
    return proven


def proven_entries(file: ProofFile) -> tuple[tuple[Entry, ...], Checkpoint]:
    """The entries of a proof file, each found in the tree of its checkpoint; its signatures are not looked at.

    Raises:
        LogTampered: A line is no entry, is not where it is said to be, or does not follow the one before it.
        ValueMalformed: The checkpoint is none.
    """
    checkpoint = parse_checkpoint(parse_note(file.note)[0])
    entries = []
    for proven in file.entries:
        entry = parse(proven.line)
        value = b64decode(leaf_hash(proven.line))
        if root_from_inclusion(value, proven.index, checkpoint.size, proven.path) != checkpoint.root:
            raise LogTampered(
                f"{entry.name}: the entry is not in the log that the checkpoint seals",
                says="proof_not_in_log",
                entry=entry.name,
            )
        entries.append(entry)
    _check_chain(checkpoint.origin, entries, file.entries)
    return tuple(entries), checkpoint


def _check_chain(origin: str, entries: Sequence[Entry], proven: Sequence[Proven]) -> None:
    """Entries of one case stand in their order, without a gap, each pointing back to the one before it."""
    first = entries[0]
    if first.n == 1 and first.prev != genesis(origin, first.case):
        raise LogTampered(
            f"{first.name}: the first entry belongs to another log", says="proof_first_other", entry=first.name
        )
    hashes = [leaf_hash(one.line) for one in proven]
    for (before, after), head in zip(pairwise(entries), hashes, strict=False):
        if (after.case, after.n) != (before.case, before.n + 1) or after.prev != head:
            raise LogTampered(
                f"{after.name}: the entry does not follow {before.name}",
                says="proof_not_following",
                entry=after.name,
                before=before.name,
            )
