"""The Merkle tree over the whole log (RFC 6962, section 2.1): one hash that stands for every line in its order."""

from base64 import b64encode
from hashlib import sha256

from engine.core.merkle import EMPTY, Node, node_hash


class Tree:
    """A tree that grows by leaves and keeps only the hashes on its right edge."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []
        """Roots of the complete subtrees, the largest first: one for each bit of the size."""

    @classmethod
    def grown_to(cls, size: int, node: Node) -> "Tree":
        """The tree of so many leaves, from the hashes of its complete subtrees."""
        tree = cls()
        tree.size, start = size, 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                tree._peaks.append(node(level, start >> level))
                start += 1 << level
        return tree

    def add(self, line: str) -> list[bytes]:
        """Add the next line; the hashes of the subtrees that it makes complete, its own first."""
        node = sha256(b"\x00" + line.encode()).digest()
        complete = [node]
        size = self.size
        while size & 1:
            node = node_hash(self._peaks.pop(), node)
            complete.append(node)
            size >>= 1
        self._peaks.append(node)
        self.size += 1
        return complete

    @property
    def digest(self) -> bytes:
        """The root; that of nothing is the hash of nothing."""
        if not self._peaks:
            return EMPTY
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node

    @property
    def root(self) -> str:
        """Standard base64 of the root."""
        return b64encode(self.digest).decode()
