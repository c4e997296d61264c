"""The digests of a message's row, computed from its texts as they stand, without reading them."""

from hashlib import sha256

from msgspec import Struct

from engine.core.canonical import Text, read_json, with_text


class _Decided(Struct):
    """What `Message.digest` is of."""

    attach: Text
    case: str
    deadline: str | None
    due_at: str
    key: str
    lang: str
    n: int
    person: str | None
    template: str
    variables: Text


class _Letter(Struct):
    """What `StoredMessage.digest` is of."""

    address: str | None
    content: str | None
    error: str | None
    header: str | None
    key: str
    subject: str | None


def decided_digest(
    attach: str, case: str, deadline: str | None, due_at: str, key: str, lang: str, n: int, person: str | None,
    template: str, variables: bytes,
) -> str | None:  # fmt: skip
    """What `Message.digest` is, if the row's texts are in the one form that they have; else another, or None."""
    # A first part that is whole leaves no doubt where the next one begins.
    if attach != "[]" and not isinstance(read_json(attach), list):
        return None
    whole = _Decided(
        Text(attach.encode()), case, deadline, due_at, key, lang, n, person, template, Text(variables)
    )  # fmt: skip
    return sha256(with_text(whole)).hexdigest()


def letter_digest(
    address: str | None, content: bytes | None, error: str | None, header: str | None, key: str, subject: str | None
) -> str:
    """What `StoredMessage.digest` is."""
    digest = None if content is None else sha256(content).hexdigest()
    return sha256(with_text(_Letter(address, digest, error, header, key, subject))).hexdigest()
