"""Checkpoints and keys as text: what is written is read back, and what is damaged is refused."""

from base64 import b64encode

import pytest

from engine.core.checkpoint import (
    COSIGNATURE,
    Checkpoint,
    Key,
    NoteSignature,
    cosigned_text,
    note,
    parse_checkpoint,
    parse_key,
    parse_note,
)  # fmt: skip
from engine.core.errors import ValueMalformed

CHECKPOINT = Checkpoint("grants.example.org/audit", 200_000, bytes(range(32)))
# The verifier key of the signed-note documentation (golang.org/x/mod/sumdb/note), its own example.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_a_checkpoint_is_three_lines() -> None:
    text = CHECKPOINT.text()

    assert text == f"grants.example.org/audit\n200000\n{b64encode(bytes(range(32))).decode()}\n"
    assert parse_checkpoint(text) == CHECKPOINT


@pytest.mark.parametrize("damage", [
    ("200000", "0200000"), ("200000", "-1"), ("200000", "many"), ("AAEC", "AAE"), ("/audit\n", "/audit\nmore\n"),
    ("grants.example.org/audit", ""),
])  # fmt: skip
def test_what_is_not_written_as_a_checkpoint_is_none(damage: tuple[str, str]) -> None:
    with pytest.raises(ValueMalformed):
        parse_checkpoint(CHECKPOINT.text().replace(*damage, 1))


def test_a_short_text_is_no_checkpoint() -> None:
    with pytest.raises(ValueMalformed):
        parse_checkpoint("grants.example.org/audit\n")


def test_a_foreign_verifier_key_is_read_and_written_alike() -> None:
    key = parse_key(PETER)

    assert (key.name, key.id.hex(), key.text()) == ("PeterNeumann", "c74f20a3", PETER)


@pytest.mark.parametrize("text", [
    PETER.replace("c74f20a3", "c74f20a4"), PETER[:-4], "name", "+c74f20a3+AA==", PETER.replace("+AR", "+BR"), "a+b+ö",
])  # fmt: skip
def test_a_damaged_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(ValueMalformed):
        parse_key(text)


def test_a_note_keeps_its_text_and_its_signatures_apart() -> None:
    key = Key("vgr.example/audit", b"k" * 32)
    signatures = (NoteSignature(key.name, key.id, b"s" * 64), NoteSignature("auditor", b"abcd", b"t" * 72))

    whole = note(CHECKPOINT.text(), signatures)

    assert whole.count("\n\n") == 1
    assert whole.split("\n")[4].startswith("\u2014 vgr.example/audit ")
    assert parse_note(whole) == (CHECKPOINT.text(), signatures)


@pytest.mark.parametrize("whole", [
    "", "text\n", "text\n\n", "text\n\n\u2014 name\n", "text\n\n- name AAAAAAAA\n", "text\n\n\u2014 name ????\n",
    "te\rxt\n\n\u2014 name AAAAAAAA\n", "text\n\n\u2014 name AAAAAAAA", "text\n\n\u2014 name AAAAAAB=\n",
])  # fmt: skip
def test_what_has_not_the_form_of_a_note_is_refused(whole: str) -> None:
    with pytest.raises(ValueMalformed):
        parse_note(whole)


def test_an_auditors_key_differs_from_a_logs_key_of_the_same_bytes() -> None:
    assert Key("a", b"k" * 32).id != Key("a", b"k" * 32, COSIGNATURE).id
    assert cosigned_text("a\n1\nx\n", 1700000000) == "cosignature/v1\ntime 1700000000\na\n1\nx\n"
