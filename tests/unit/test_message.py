"""What stands in the log of a letter: a digest that changes with every part of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from engine.core.message import Message, StoredMessage

NOW = datetime(2021, 3, 1, 9, tzinfo=UTC)
MEANT = Message("G-1#2/receipt/p:4", "G-1", 2, "receipt", "p:4", "sv", {"case": {"title": "Språk"}}, NOW)
SENT = StoredMessage(
    1, MEANT, attempts=1, subject="Kvitto", message_id="<1@example>", content=b"To: a", address="a@vgr.example"
)  # fmt: skip


@pytest.mark.parametrize("other", [
    {"key": "G-1#2/receipt/p:5"}, {"case": "G-2"}, {"n": 3}, {"template": "refusal"}, {"person": None}, {"lang": "en"},
    {"variables": {}}, {"due_at": NOW.replace(hour=10)}, {"attach": ("decision",)}, {"deadline": "G-1/reply"},
], ids=lambda other: next(iter(other)))  # fmt: skip
def test_the_digest_of_what_was_decided_changes_with_every_part_of_it(other: dict[str, Any]) -> None:
    assert replace(MEANT, **other).digest != MEANT.digest


def test_the_digest_of_what_was_decided_stays_when_the_message_is_sent_or_called_off() -> None:
    assert replace(MEANT, state="superseded", reason="by a newer one").digest == MEANT.digest


@pytest.mark.parametrize("other", [
    {"message": replace(MEANT, key="G-1#2/receipt/p:5")}, {"subject": "Svar"}, {"message_id": "<2@example>"},
    {"address": "b@vgr.example"}, {"error": "550 no such user"}, {"content": b"To: b"}, {"content": None},
], ids=lambda other: next(iter(other)))  # fmt: skip
def test_the_digest_of_a_letter_changes_with_every_part_of_it(other: dict[str, Any]) -> None:
    assert replace(SENT, **other).digest != SENT.digest


def test_the_digest_of_a_letter_stays_while_it_is_tried_again() -> None:
    assert replace(SENT, attempts=2, token=7, next_at=NOW).digest == SENT.digest
