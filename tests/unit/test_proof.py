"""A proof file is read as it was written; whatever bit of it is changed, both checkers refuse it."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from evidence_checker import Refused, check_proof, check_signatures, read_checkpoint

from engine.core.chain import genesis, leaf_hash
from engine.core.checkpoint import Checkpoint, find_note
from engine.core.entry import Entry, line
from engine.core.errors import EngineError, LogTampered, ValueMalformed
from engine.core.merkle import grown, inclusion, root
from engine.core.proof import ProofFile, Proven, parse_proof, proven_entries
from engine.signing import FileSigner, checked_note

NAME = "region.example/skede"
AT = "2021-11-18T17:00:00.123456Z"


def lines() -> list[str]:
    """Entries of two cases by turns, chained."""
    heads = {case: genesis(NAME, case) for case in ("A-1", "Å-2")}
    made = []
    for n in range(1, 12):
        for case, head in heads.items():
            body = {"title": f'"{n}" – ½'}
            text = line(Entry("note", case, n, AT, AT, "u:1", "os:anna", body=body, prev=head))
            heads[case] = leaf_hash(text)
            made.append(text)
    return made


LINES = lines()


class Log:
    def __init__(self, folder: Path) -> None:
        nodes: dict[tuple[int, int], bytes] = {}
        leaves = [sha256(b"\x00" + text.encode()).digest() for text in LINES]
        for level, index, value in grown(0, leaves, lambda level, index: nodes[level, index]):
            nodes[level, index] = value
        self.node = lambda level, index: nodes[level, index]
        signer = FileSigner(folder / "keys", NAME)
        self.key = signer.make()
        self.note = signer.sign(Checkpoint(NAME, len(LINES), root(len(LINES), self.node)), [])

    def proof(self, *indices: int) -> ProofFile:
        size = len(LINES)
        return ProofFile(tuple(Proven(LINES[i], i, tuple(inclusion(i, size, self.node))) for i in indices), self.note)

    def check(self, text: str) -> list[str]:
        """What `audit check` does."""
        file = parse_proof(text)
        checked_note(file.note, [self.key])
        return [entry.name for entry in proven_entries(file)[0]]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return Log(tmp_path_factory.mktemp("log"))


@pytest.mark.parametrize("index", range(len(LINES)))
def test_every_entry_is_proven_and_both_checkers_agree(log: Log, index: int) -> None:
    text = log.proof(index).text()

    assert log.check(text) == check_proof(text, [log.key.text()])
    assert len(text.encode()) < 4096


def test_a_whole_case_is_proven_in_its_order(log: Log) -> None:
    text = log.proof(*range(1, len(LINES), 2)).text()

    assert parse_proof(text).text() == text
    assert log.check(text) == [f"Å-2#{n}" for n in range(1, 12)] == check_proof(text, [log.key.text()])


@pytest.mark.parametrize("indices", [(0, 4), (2, 0), (0, 1), (0, 0)])
def test_entries_that_do_not_follow_each_other_are_refused(log: Log, indices: tuple[int, int]) -> None:
    text = log.proof(*indices).text()

    with pytest.raises(LogTampered, match="does not follow"):
        log.check(text)
    with pytest.raises(Refused, match="follow"):
        check_proof(text, [log.key.text()])


def test_an_entry_of_another_log_is_refused(log: Log, tmp_path: Path) -> None:
    signer = FileSigner(tmp_path / "keys", "other.example")
    key = signer.make()
    note = signer.sign(Checkpoint("other.example", len(LINES), root(len(LINES), log.node)), [])
    text = ProofFile(log.proof(0).entries, note).text()

    with pytest.raises(LogTampered, match="another log"):
        proven_entries(parse_proof(text))
    with pytest.raises(Refused, match="another log"):
        check_proof(text, [key.text()])


def verdict(check: Callable[[], object], *refusals: type[Exception]) -> bool:
    try:
        check()
    except refusals:
        return False
    return True


@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_flipped_bits_are_all_refused_by_both(log: Log, seed: int) -> None:
    """A thousand in all, in the line, the index, the path, the checkpoint and the signature."""
    random, whole, key = Random(seed), log.proof(*range(0, 6, 2)).text().encode(), log.key.text()
    for _ in range(100):
        place = random.randrange(len(whole))
        raw = bytearray(whole)
        raw[place] ^= 1 << random.randrange(8)
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            continue  # `audit check` says that it is no text.
        ours = verdict(lambda text=text: log.check(text), EngineError)  # type: ignore[misc]
        theirs = verdict(
            lambda text=text: check_proof(text, [key]),  # type: ignore[misc]
            Refused, ValueError, KeyError,
        )  # fmt: skip
        assert (ours, theirs) == (False, False), (place, text[max(place - 20, 0) : place + 20])


@pytest.mark.parametrize(
    "text", ["", "skede-proof/v1\n", "skede-proof/v1\n\ncheckpoint\nx\n", "skede-proof/v2\n\nentry"]
)
def test_what_is_no_proof_file_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueMalformed):
        parse_proof(text)


@pytest.mark.parametrize("index", ["+2", "02", " 2", "2 ", "²", "-1"])
def test_a_number_in_another_form_is_refused(log: Log, index: str) -> None:
    text = log.proof(2).text().replace("index 2", f"index {index}")

    with pytest.raises(EngineError):
        log.check(text)


def test_a_proof_with_a_hash_too_many_or_too_few_is_refused(log: Log) -> None:
    text = log.proof(2).text()
    first = text.split("index 2\n")[1].split("\n")[0] + "\n"

    for changed in (text.replace(first, first * 2), text.replace(first, "")):
        with pytest.raises(LogTampered, match="not in the log"):
            log.check(changed)
        with pytest.raises(Refused):
            check_proof(changed, [log.key.text()])


def test_a_checkpoint_alone_is_checked_too(log: Log) -> None:
    assert check_signatures(read_checkpoint(log.note), [log.key.text()]) == 1


def wrapped(note: str) -> str:
    return note.replace(f"\u2014 {NAME} ", f"\u2014 {NAME}\n")


@pytest.mark.parametrize("change", [
    str, wrapped, lambda note: f"Hej,\n\nhär är den:\n\n{note}\nHälsningar\n",
    lambda note: "".join(f"> {line}\n" for line in note.splitlines()), lambda note: note.replace("\n", "\r\n"),
    lambda note: f"{wrapped(note)}\n\nSå prövar du: {NAME}",
])  # fmt: skip
def test_a_checkpoint_is_found_in_a_letter_that_quotes_or_wraps_it(log: Log, change: Callable[[str], str]) -> None:
    assert find_note(change(log.note)) == log.note


@pytest.mark.parametrize("text", ["", "no checkpoint here", f"{NAME}\n3\nAAAA\n\n\u2014 {NAME} QUJD\n"])
def test_a_text_without_one_has_none(text: str) -> None:
    with pytest.raises(ValueMalformed):
        find_note(text)
