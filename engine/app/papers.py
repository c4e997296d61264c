"""Documents and signatures of a case."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace

from engine.app.advance import Given, Paper, store_papers
from engine.app.change import change
from engine.app.naming import person_named
from engine.app.office import Caller, Office
from engine.core.command import Attach, Sign, Unsign


def attach(office: Office, caller: Caller, reference: str, given: Given) -> Mapping[str, Any]:
    """File documents; each gets the next number of its case."""
    return change(
        office, caller, "attach", reference, given,
        lambda tx, case, definition, frame: Attach(uploads=store_papers(tx, given.papers), **frame),
    )  # fmt: skip


def sign(
    office: Office, caller: Caller, reference: str, who: str, by: str, document: str, given: Given, *,
    signed_on: date | None = None, method: str = "paper", party: int | None = None, proofs: Sequence[Paper] = (),
) -> Mapping[str, Any]:  # fmt: skip
    """Record a signature; `who` is ROLE.FUNCTION of a party (a bare role means its signatory) or a role of the office.

    Args:
        office: Where.
        caller: Who records it.
        reference: The case.
        who: For whom it was signed.
        by: The person who signed.
        document: Number or kind of the document.
        given: Note and request id.
        signed_on: The day of the signature, else today.
        method: `paper` or `esign`.
        party: Number of the party, where several have the role.
        proofs: Authority to sign, validation report of an e-signature: filed with it.
    """
    token = f"{who}.signatory" if who in ("owner", "partner", "evaluator") else who
    whole = replace(given, papers=(*given.papers, *proofs))
    return change(
        office, caller, "sign", reference, whole,
        lambda tx, case, definition, frame: Sign(
            who=token, person=person_named(tx, by).id, document=document, method=method, party=party,
            signed_on=signed_on or office.calendar.day(tx.now), uploads=store_papers(tx, proofs), **frame,
        ),
        who=who, by=by, document=document, signed_on=signed_on.isoformat() if signed_on else None,
    )  # fmt: skip


def unsign(
    office: Office, caller: Caller, reference: str, signature: int, given: Given, *, rejected: bool = False
) -> Mapping[str, Any]:
    """Void a signature, or record that it was refused, with a note."""
    return change(
        office, caller, "unsign", reference, given,
        lambda tx, case, definition, frame: Unsign(signature=signature, rejected=rejected, **frame),
        signature=signature, rejected=rejected,
    )  # fmt: skip
