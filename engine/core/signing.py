"""What a signature covers, and which signatures a case has over its content as it is now.

"Both signed the same" (DECISIONS.md 38): the content is the newest document of the kind, the fields
marked as signed with it, and the parties. When any of that changes, the hash does, and old signatures fall.
"""

from collections.abc import Iterable
from hashlib import sha256

from engine.core.canonical import canonical
from engine.core.case import Case, Signature
from engine.core.definition import Definition


def signing_content(definition: Definition, case: Case, kind: str) -> str | None:
    """Hex SHA-256 of what a signature over a kind of document covers; None if no such document is filed."""
    document = case.document(kind)
    if document is None:
        return None
    content = {
        "case": case.reference,
        "document": document.sha256,
        "fields": {f.id: case.data[f.id] for f in definition.fields.values() if kind in f.signed and f.id in case.data},
        "parties": [[p.role, p.organisation, p.required] for p in case.parties if p.until is None],
    }
    return sha256(canonical(content).encode()).hexdigest()


def valid_signatures(definition: Definition, case: Case, kind: str) -> tuple[Signature, ...]:
    """The signatures over the content as it is now."""
    content = signing_content(definition, case, kind)
    return tuple(s for s in case.signatures if s.kind == kind and s.state == "valid" and s.content == content)


def outdated(definition: Definition, case: Case) -> tuple[int, ...]:
    """Numbers of signatures that stand as valid although their content has changed."""
    contents = {s.kind: signing_content(definition, case, s.kind) for s in case.signatures if s.state == "valid"}
    return tuple(s.id for s in case.signatures if s.state == "valid" and s.content != contents[s.kind])


def missing_signers(definition: Definition, case: Case, token: str) -> Iterable[tuple[str, int | None]]:
    """Who has still to sign for a token `WHO:KIND`: (`owner.signatory`, party number or None)."""
    who, _, kind = token.partition(":")
    signed = {(s.who, s.party) for s in valid_signatures(definition, case, kind)}
    for signer in wanted_signers(case, who):
        if signer not in signed:
            yield signer


def wanted_signers(case: Case, who: str) -> tuple[tuple[str, int | None], ...]:
    """The signers that a WHO stands for in this case today."""
    parties = [p for p in case.parties if p.until is None]
    if who == "every":
        return tuple((f"{p.role}.signatory", p.id) for p in parties if p.required)
    role, dot, _ = who.partition(".")
    if not dot:
        return ((who, None),)
    in_role = tuple((who, p.id) for p in parties if p.role == role)
    return in_role or ((who, None),)
