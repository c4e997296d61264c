"""The Merkle tree over the whole log (RFC 6962, section 2.1): one hash that stands for every line in its order."""

from base64 import b64encode
from hashlib import sha256


class Tree:
    """A tree that grows by leaves and keeps only the hashes on its right edge."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []
        """Roots of the complete subtrees, the largest first: one for each bit of the size."""

    def add(self, line: str) -> None:
        """Add the next line."""
        node = sha256(b"\x00" + line.encode()).digest()
        size = self.size
        while size & 1:
            node = _node(self._peaks.pop(), node)
            size >>= 1
        self._peaks.append(node)
        self.size += 1

    @property
    def root(self) -> str:
        """Standard base64 of the root; that of nothing is the hash of nothing."""
        if not self._peaks:
            return b64encode(sha256(b"").digest()).decode()
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = _node(peak, node)
        return b64encode(node).decode()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
