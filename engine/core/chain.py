"""The hash chain of a case: leaves, genesis and commitments (AUDIT.md, DECISIONS.md 5)."""

from base64 import b64encode
from hashlib import sha256


def leaf_hash(line: str) -> str:
    """Standard base64 of SHA-256(0x00 ‖ line); the newline of a file is not part of it (RFC 6962)."""
    return b64encode(sha256(b"\x00" + line.encode()).digest()).decode()


def genesis(origin: str, case: str) -> str:
    """What the first entry of a case points back to, so that a chain belongs to one log and one case."""
    return b64encode(sha256(f"genesis\n{origin}\n{case}".encode()).digest()).decode()


def commitment(salt: bytes, payload: str) -> str:
    """Commitment to a personal payload: it binds the text, and tells nothing once the salt is gone."""
    return b64encode(sha256(b"commit\n" + salt + payload.encode()).digest()).decode()
