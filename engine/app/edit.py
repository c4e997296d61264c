"""Changes that move nothing: fields, notes, who handles a case, who is recused, and reviews."""

from collections.abc import Mapping
from typing import Any

from engine.app.advance import Given
from engine.app.change import change
from engine.app.naming import person_named, user_named, values_named
from engine.app.office import Caller, Office
from engine.core.command import Amend, Assign, Note, Recuse, Review
from engine.ports import UnitOfWork


def amend(office: Office, caller: Caller, reference: str, given: Given, title: str | None = None) -> Mapping[str, Any]:
    """Change fields, or the title, with a note."""
    return change(
        office, caller, "amend", reference, given,
        lambda tx, case, definition, frame: Amend(
            set=values_named(tx, office, definition, given.set), title=title, **frame
        ),
        title=title,
    )  # fmt: skip


def note(office: Office, caller: Caller, reference: str, given: Given) -> Mapping[str, Any]:
    """Write a note into the log of a case."""
    return change(office, caller, "note", reference, given, lambda tx, case, definition, frame: Note(**frame))


def assign(office: Office, caller: Caller, reference: str, login: str, given: Given) -> Mapping[str, Any]:
    """Give the case to a user."""
    return change(
        office, caller, "assign", reference, given,
        lambda tx, case, definition, frame: Assign(assignee=user_named(tx, login), **frame), login=login,
    )  # fmt: skip


def recuse(
    office: Office, caller: Caller, reference: str, who: str, given: Given, *, lift: bool = False
) -> Mapping[str, Any]:
    """Record, or lift, a conflict of interest of a person or a user."""
    return change(
        office, caller, "recuse", reference, given,
        lambda tx, case, definition, frame: Recuse(person=_someone(tx, who), lift=lift, **frame), who=who, lift=lift,
    )  # fmt: skip


def review(
    office: Office, caller: Caller, reference: str, scores: Mapping[str, int], given: Given
) -> Mapping[str, Any]:
    """Give one reviewer's scores."""
    return change(
        office, caller, "review", reference, given,
        lambda tx, case, definition, frame: Review(scores=scores, **frame), scores=dict(scores),
    )  # fmt: skip


def _someone(tx: UnitOfWork, text: str) -> str:
    user = tx.directory.user_id(text)
    person = tx.directory.person_of(user) if user else None
    return person or person_named(tx, text).id
