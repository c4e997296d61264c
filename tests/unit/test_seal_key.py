"""The seal's key signs what continues the log, remembers it, refuses all else, and hands over to the next key."""

from hashlib import sha256
from pathlib import Path

import pytest

from engine.core.checkpoint import Checkpoint, Key, parse_key
from engine.core.errors import LogTampered, SettingsError, Unavailable, UsageError, ValueMalformed
from engine.core.merkle import Node, consistency, grown, root
from engine.signing import AuditorsKey, FileSigner, checked_note, make_auditors_key

NAME = "region.example/skede"


def tree(*texts: str) -> Node:
    nodes: dict[tuple[int, int], bytes] = {}
    leaves = [sha256(b"\x00" + text.encode()).digest() for text in texts]
    for level, index, value in grown(0, leaves, lambda level, index: nodes[level, index]):
        nodes[level, index] = value
    return lambda level, index: nodes[level, index]


LINES = [f"line {n}" for n in range(9)]
TREE = tree(*LINES)


def at(size: int, node: Node = TREE) -> Checkpoint:
    return Checkpoint(NAME, size, root(size, node))


def sealed(signer: FileSigner, old: int, new: int) -> str:
    return signer.sign(at(new), consistency(old, new, TREE))


@pytest.fixture
def signer(tmp_path: Path) -> FileSigner:
    made = FileSigner(tmp_path / "keys", NAME)
    made.make()
    return made


def test_the_key_is_for_its_owner_alone_and_its_public_half_stands_beside_it(
    signer: FileSigner, tmp_path: Path
) -> None:
    folder = tmp_path / "keys"

    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "seal.key").stat().st_mode & 0o777 == 0o600
    assert parse_key((folder / "seal.vkey").read_text("utf-8")) == signer.key()
    assert signer.public_keys() == (signer.key(),)


def test_making_it_again_changes_nothing(signer: FileSigner) -> None:
    before = signer.key()

    assert signer.make() == before


def test_it_signs_what_continues_the_last_and_remembers_it(signer: FileSigner) -> None:
    assert signer.last() is None

    first = sealed(signer, 0, 3)
    second = sealed(signer, 3, 7)

    assert [signer.checked(note).size for note in (first, second)] == [3, 7]
    assert signer.last() == at(7)
    assert FileSigner(signer._folder, NAME).last() == at(7)


def test_the_same_may_be_signed_again_since_a_crash_may_have_lost_it(signer: FileSigner) -> None:
    assert sealed(signer, 0, 5) == signer.sign(at(5), [])


@pytest.mark.parametrize("case", ["rewritten", "shorter", "same size", "no proof"])
def test_it_refuses_what_does_not_continue_the_last(signer: FileSigner, case: str) -> None:
    sealed(signer, 0, 5)
    other = tree(*["forged", *LINES[1:]])
    wanted, proof = {
        "rewritten": (at(8, other), consistency(5, 8, other)),
        "shorter": (at(4), []),
        "same size": (at(5, other), []),
        "no proof": (at(8), []),
    }[case]

    with pytest.raises(LogTampered, match="nothing was sealed"):
        signer.sign(wanted, proof)
    assert signer.last() == at(5)


def test_a_changed_memory_is_an_alarm(signer: FileSigner, tmp_path: Path) -> None:
    (tmp_path / "keys" / "seal.last").write_text("{}", "utf-8")

    with pytest.raises(LogTampered, match=r"seal\.last"):
        signer.last()


def test_a_key_that_others_can_read_is_not_used(signer: FileSigner, tmp_path: Path) -> None:
    (tmp_path / "keys" / "seal.key").chmod(0o640)

    with pytest.raises(SettingsError, match="chmod 600"):
        signer.key()


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"])
def test_a_key_that_is_damaged_or_gone_is_named(signer: FileSigner, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys" / "seal.key"
    path.write_bytes(content)
    with pytest.raises(Unavailable, match="cannot be read"):
        signer.key()

    path.unlink()
    with pytest.raises(Unavailable, match="no key"):
        signer.key()


def test_the_next_key_signs_beside_the_old_one_and_then_takes_over(signer: FileSigner) -> None:
    old, following = signer.key(), signer.prepare()

    both = signer.sign(at(4), [], with_next=True)
    signer.take_over()
    after = sealed(signer, 4, 6)

    assert signer.prepare() != following
    assert signer.public_keys() == (following, old)
    assert signer.key() == following
    for key, note in ((old, both), (following, both), (following, after)):
        assert checked_note(note, [key])[0].origin == NAME
    with pytest.raises(LogTampered, match="none of the keys"):
        checked_note(after, [old])


def test_a_change_of_key_that_was_cut_off_goes_on_with_the_same_key(signer: FileSigner) -> None:
    assert signer.prepare() == signer.prepare()


def test_it_forgets_only_when_told_and_keeps_what_it_knew(signer: FileSigner, tmp_path: Path) -> None:
    sealed(signer, 0, 7)

    assert signer.begin_anew() == at(7)
    assert signer.last() is None
    assert (tmp_path / "keys" / "seal.last.7").exists()
    assert signer.checked(sealed(signer, 0, 5)).size == 5


def test_a_note_with_a_wrong_signature_is_refused_even_beside_a_right_one(signer: FileSigner, tmp_path: Path) -> None:
    other = FileSigner(tmp_path / "other", "other.example/skede")
    other.make()
    text, _, lines = sealed(signer, 0, 3).partition("\n\n")
    _, _, theirs = other.sign(at(4), []).partition("\n\n")

    with pytest.raises(LogTampered, match=r"other\.example"):
        checked_note(f"{text}\n\n{lines}{theirs}", [signer.key(), other.key()])


def test_an_auditor_signs_too_with_a_time_and_a_memory(signer: FileSigner, tmp_path: Path) -> None:
    key = make_auditors_key(tmp_path / "anna", "revisor.example/anna")
    (tmp_path / "anna.vkey").write_text(key.text(), "utf-8")
    auditor = AuditorsKey(tmp_path / "anna")
    note = sealed(signer, 0, 6)

    cosigned = auditor.cosign(note, at(6))

    checkpoint, signers = checked_note(cosigned, [signer.key(), key])
    assert checkpoint == at(6) == auditor.last()
    assert signers[NAME] is None
    assert (signers["revisor.example/anna"] or 0) > 1_600_000_000
    assert cosigned.startswith(note)


def test_a_cosignature_under_another_time_is_wrong(signer: FileSigner, tmp_path: Path) -> None:
    from engine.signing import cosign, read_private

    key = make_auditors_key(tmp_path / "anna", "anna")
    note = cosign(read_private(tmp_path / "anna"), "anna", sealed(signer, 0, 6), 1_700_000_000)
    other = cosign(read_private(tmp_path / "anna"), "anna", sealed(signer, 0, 6), 1_700_000_001)
    mixed = note.replace(note.splitlines()[-1][:30], other.splitlines()[-1][:30])

    with pytest.raises((LogTampered, ValueMalformed)):
        checked_note(mixed, [key])


@pytest.mark.parametrize("name", ["", "with space", "a+b", "a\nb"])
def test_a_name_that_a_note_cannot_carry_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        make_auditors_key(tmp_path / "key", name)


def test_no_key_is_written_over_another_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("mine")

    with pytest.raises(UsageError, match="there already"):
        make_auditors_key(tmp_path / "key", "anna")


def test_the_keys_of_the_signed_note_documentation_have_the_ids_that_it_says() -> None:
    key = parse_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    # The note of golang.org/x/mod/sumdb/note, word for word.
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="

    assert isinstance(key, Key)
    from base64 import b64decode

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    raw = b64decode(signature)
    assert raw[:4] == key.id
    Ed25519PublicKey.from_public_bytes(key.public).verify(raw[4:], text.encode())
