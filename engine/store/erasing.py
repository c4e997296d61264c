"""Erasure in rows that no other store changes: letters, documents, answers kept for repetitions, notes of grants."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.canonical import canonical
from engine.store.connection import Connection
from engine.store.statements import SQL


class SqlErasing:
    """Takes a person out of what was written; who calls it writes the entry that tells of it."""

    def __init__(self, connection: Connection) -> None:
        self._run = connection.execute

    def letter(
        self, message_id: int, variables: Mapping[str, Any], *, subject: str | None, address: str | None,
        error: str | None,
    ) -> None:  # fmt: skip
        """Put what is left of a letter in its place; its bytes go."""
        values = {"id": message_id, "variables": canonical(variables), "subject": subject, "address": address,
                  "error": error}  # fmt: skip
        self._run(SQL["erase_message"], values)

    def document(self, sha256: str) -> None:
        """Delete the bytes of a document."""
        self._run(SQL["erase_blob"], {"sha256": sha256})

    def texts(self, change: Callable[[str], str]) -> int:
        """Change the answers kept for repeated requests and the notes of grants; how many there were to change."""
        changed = 0
        for all_of, one, name in (("erase_answers", "erase_answer", "answer"), ("erase_grants", "erase_grant", "note")):
            for key, text in self._run(SQL[all_of]).fetchall():
                after = change(text)
                if after != text:
                    self._run(SQL[one], {"id": key, name: after})
                    changed += 1
        return changed
