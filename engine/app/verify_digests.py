"""The digests of a message's row, computed from its texts as they stand, without reading them."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from engine.core.canonical import read_json, with_texts

_SAID = ("key", "n", "template", "person", "lang", "due_at", "deadline")


def message_digest(row: Mapping[str, Any]) -> str | None:
    """What `Message.digest` is, if the row's texts are in the one form that they have; else another, or None."""
    # A first part that is whole leaves no doubt where the next one begins.
    if not isinstance(read_json(row["attach"]), list):
        return None
    plain = {name: row[name] for name in _SAID}
    texts = {"variables": row["variables"], "attach": row["attach"]}
    return sha256(with_texts({**plain, "case": row["case_ref"]}, texts)).hexdigest()


def letter_digest(row: Mapping[str, Any]) -> str:
    """What `StoredMessage.digest` is."""
    content = row["content"]
    whole = {
        "key": row["key"], "subject": row["subject"], "header": row["header"], "address": row["address"],
        "error": row["error"], "content": sha256(content).hexdigest() if content is not None else None,
    }  # fmt: skip
    return sha256(with_texts(whole, {})).hexdigest()
