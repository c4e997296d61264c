"""Attachments: bytes under their SHA-256."""

from engine.core.errors import ValueMalformed
from engine.store.connection import Connection
from engine.store.statements import SQL

LARGEST_DOCUMENT = 25 * 1024 * 1024
"""Bytes that one attachment may have (DECISIONS.md 17); the schema says the same."""


class SqlDocuments:
    """Attachments as rows, so that a home is one file and a backup is whole."""

    def __init__(self, connection: Connection) -> None:
        self._run = connection.execute

    def put(self, sha256: str, content: bytes) -> None:
        """Keep the bytes; the same bytes are kept once.

        Raises:
            ValueMalformed: They are more than an attachment may have.
        """
        if len(content) > LARGEST_DOCUMENT:
            raise ValueMalformed(f"a document may have 25 MB, this one has {len(content) / 1024 / 1024:.1f} MB")
        self._run(SQL["blob_put"], {"sha256": sha256, "content": content})

    def get(self, sha256: str) -> bytes | None:
        row = self._run(SQL["blob_get"], {"sha256": sha256}).fetchone()
        return None if row is None else bytes(row[0])
