"""Checkpoints, notes and keys as C2SP writes them (tlog-checkpoint, signed-note, tlog-cosignature): text in, text out.

Signing and checking need a cryptographic library and stand in `engine/signing.py`; here is only what is signed and how
it is written down, so that another program can be written from this page and docs/reference/evidence.md.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256

from msgspec import Struct

from engine.core.errors import ValueMalformed

ED25519 = 0x01
"""Algorithm byte of a signature over the note's text."""
COSIGNATURE = 0x04
"""Algorithm byte of an auditor's cosignature, which binds a time too."""

DASH = "\u2014"


class Checkpoint(Struct, frozen=True):
    """So many entries, with this root, in the log of that origin."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note's text: three lines, no extension lines."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


class Key(Struct, frozen=True):
    """A public key by name; the name is what a signature line says."""

    name: str
    public: bytes
    algorithm: int = ED25519

    @property
    def id(self) -> bytes:
        """The four bytes that tell keys of one name apart."""
        return sha256(f"{self.name}\n".encode() + bytes([self.algorithm]) + self.public).digest()[:4]

    def text(self) -> str:
        """The verifier key: `name+hash+base64`."""
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.algorithm]) + self.public).decode()}"


class NoteSignature(Struct, frozen=True):
    """One signature line of a note."""

    name: str
    key_id: bytes
    content: bytes

    def text(self) -> str:
        """The line, with its newline."""
        return f"{DASH} {self.name} {b64encode(self.key_id + self.content).decode()}\n"


def parse_key(text: str) -> Key:
    """The key that a verifier key's text names.

    Raises:
        ValueMalformed: It has not that form, or its hash is not that of its key.
    """
    name, _, rest = text.strip().partition("+")
    hexadecimal, _, encoded = rest.partition("+")
    try:
        content = b64decode(encoded, validate=True)
    except ValueError:
        content = b""
    if not name or len(content) != 33 or content[0] not in (ED25519, COSIGNATURE):
        raise ValueMalformed("this is no verifier key: it looks like name+0123abcd+base64", says="no_verifier_key")
    key = Key(name, content[1:], content[0])
    if key.id.hex() != hexadecimal:
        raise ValueMalformed(
            f"the verifier key of {name} is damaged: its hash is not that of its key",
            says="verifier_key_damaged",
            name=name,
        )
    return key


def note(text: str, signatures: Sequence[NoteSignature]) -> str:
    """A signed note: text, blank line, signature lines."""
    return text + "\n" + "".join(signature.text() for signature in signatures)


def parse_note(whole: str) -> tuple[str, tuple[NoteSignature, ...]]:
    """The text and the signatures of a note.

    Raises:
        ValueMalformed: It has not the form of a signed note.
    """
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n") or any(ch < " " and ch != "\n" for ch in whole):
        raise ValueMalformed(
            "this is no signed note: text, a blank line and signature lines are asked for", says="no_signed_note"
        )
    signatures = tuple(_signature(line) for line in lines.removesuffix("\n").split("\n"))
    if note(text + "\n", signatures) != whole:
        raise ValueMalformed(
            "this is no signed note as it would be written: a signature line is damaged", says="signed_note_damaged"
        )
    return text + "\n", signatures


def _signature(line: str) -> NoteSignature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    try:
        content = b64decode(encoded, validate=True)
    except ValueError:
        content = b""
    if dash != DASH or not name or len(content) < 5:
        raise ValueMalformed("a signature line of the note is damaged", says="signature_line_damaged")
    return NoteSignature(name, content[:4], content[4:])


def find_note(text: str) -> str:
    """The signed note in a text that somebody kept: a file of it, or a letter that quotes and wraps it.

    Raises:
        ValueMalformed: There is none in it.
    """
    lines = [line.strip(" \t>") for line in text.replace("\r\n", "\n").split("\n")]
    match = _KEPT.search("\n".join(lines))
    if match is None:
        raise ValueMalformed(
            "there is no signed checkpoint in it: origin, size, root, and a signature are asked for",
            says="no_checkpoint_in",
        )
    words = match["signatures"].split()
    signatures = [_signature(" ".join(words[i : i + 3])) for i in range(0, len(words), 3)]
    return note(f"{match['origin']}\n{match['size']}\n{match['root']}\n", signatures)


_KEPT = re.compile(
    r"^(?P<origin>\S+)\n(?P<size>\d+)\n(?P<root>[A-Za-z0-9+/]{43}=)\n+"
    rf"(?P<signatures>(?:{DASH}\s+\S+\s+[A-Za-z0-9+/]+=*(?:\n+|$))+)",
    re.MULTILINE,
)


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that a note's text says.

    Raises:
        ValueMalformed: It is none, or not written as the one who made it would.
    """
    lines = text.split("\n")
    try:
        checkpoint = Checkpoint(lines[0], int(lines[1]), b64decode(lines[2], validate=True))
    except (IndexError, ValueError):
        raise ValueMalformed(
            "this is no checkpoint: origin, size and root are asked for, a line each", says="no_checkpoint"
        ) from None
    if checkpoint.text() != text or len(checkpoint.root) != 32 or not checkpoint.origin or checkpoint.size < 0:
        raise ValueMalformed("this is no checkpoint as this log writes them", says="checkpoint_other_form")
    return checkpoint


def cosigned_text(text: str, seconds: int) -> str:
    """What an auditor's cosignature signs: the note's text at a time (Unix seconds)."""
    return f"cosignature/v1\ntime {seconds}\n{text}"
