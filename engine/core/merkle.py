"""The Merkle tree over all entries of all cases, as RFC 6962 defines it.

Nothing here holds a tree. The functions ask for hashes of complete subtrees by `(level, index)`: the subtree of
2^level leaves that begins at leaf index * 2^level. Whoever stores those once need never read the leaves again.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

Node = Callable[[int, int], bytes]
"""The hash of the complete subtree at (level, index); level 0 are the leaf hashes."""

EMPTY = sha256(b"").digest()
"""The root of no entries at all."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side."""
    return sha256(b"\x01" + left + right).digest()


def root(size: int, node: Node) -> bytes:
    """The root of the first `size` leaves."""
    return EMPTY if size == 0 else _range(0, size, node)


def grown(start: int, leaves: Sequence[bytes], node: Node) -> Iterator[tuple[int, int, bytes]]:
    """The complete subtrees that new leaves make whole: (level, index, hash), the leaves themselves at level 0.

    Args:
        start: How many leaves there are already.
        leaves: The hashes of the new ones, in order.
        node: The subtrees that are known already.
    """
    made: dict[tuple[int, int], bytes] = {}

    def known(level: int, index: int) -> bytes:
        return made[level, index] if (level, index) in made else node(level, index)

    for position, leaf in enumerate(leaves, start):
        level, index, value = 0, position, leaf
        made[0, position] = leaf
        yield 0, position, leaf
        while index % 2:
            value = node_hash(known(level, index - 1), value)
            level, index = level + 1, index // 2
            made[level, index] = value
            yield level, index, value


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` leaves (RFC 6962 §2.1.1), nearest hash first."""
    return _path(index, 0, size, node)


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """The proof that the tree of `old` leaves is a beginning of that of `new` leaves (RFC 6962 §2.1.2)."""
    return [] if old in (0, new) else _subproof(old, 0, new, node, whole=True)


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to (RFC 9162 §2.1.3.2), or None if its form is wrong."""
    if not 0 <= index < size:
        return None
    position, last, value = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return None
        if position % 2 or position == last:
            value = node_hash(step, value)
            while position % 2 == 0 and position:
                position, last = position // 2, last // 2
        else:
            value = node_hash(value, step)
        position, last = position // 2, last // 2
    return value if last == 0 else None


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a consistency proof binds the two roots (RFC 9162 §2.1.4.2)."""
    if old == new:
        return old_root == new_root and not proof
    if old == 0:
        return old_root == EMPTY and not proof
    if not 0 < old < new or not proof:
        return False
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    position, last = old - 1, new - 1
    while position % 2:
        position, last = position // 2, last // 2
    one = other = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if position % 2 or position == last:
            one, other = node_hash(step, one), node_hash(step, other)
            while position % 2 == 0 and position:
                position, last = position // 2, last // 2
        else:
            other = node_hash(other, step)
        position, last = position // 2, last // 2
    return (one, other, last) == (old_root, new_root, 0)


def _split(size: int) -> int:
    """The largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1


def _range(start: int, size: int, node: Node) -> bytes:
    """The hash of a run of leaves that begins where a complete subtree may."""
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    left = _split(size)
    return node_hash(_range(start, left, node), _range(start + left, size - left, node))


def _path(index: int, start: int, size: int, node: Node) -> list[bytes]:
    if size == 1:
        return []
    left = _split(size)
    if index < left:
        return [*_path(index, start, left, node), _range(start + left, size - left, node)]
    return [*_path(index - left, start + left, size - left, node), _range(start, left, node)]


def _subproof(old: int, start: int, size: int, node: Node, *, whole: bool) -> list[bytes]:
    if old == size:
        return [] if whole else [_range(start, size, node)]
    left = _split(size)
    if old <= left:
        return [*_subproof(old, start, left, node, whole=whole), _range(start + left, size - left, node)]
    return [*_subproof(old - left, start + left, size - left, node, whole=False), _range(start, left, node)]
