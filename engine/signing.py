"""The seal's key: it signs checkpoints, remembers the last one, and refuses to sign what does not follow from it.

That refusal is what turns a rewritten log into an alarm, even before an auditor looks (AUDIT.md). The key and its
memory are files of their own, never in the database.
"""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from engine.core.checkpoint import (
    COSIGNATURE,
    Checkpoint,
    Key,
    NoteSignature,
    cosigned_text,
    note,
    parse_checkpoint,
    parse_note,
)
from engine.core.errors import LogTampered, SettingsError, Unavailable
from engine.core.merkle import is_consistent

KEY, PUBLIC, MEMORY = "seal.key", "seal.vkey", "seal.last"
_TIME = 8
"""Bytes of the time before the signature in a cosignature (C2SP tlog-cosignature)."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the signer remembers: the last checkpoint that it signed."""

    size: int
    root: bytes


class FileSigner:
    """The seal's key in a folder that only its owner reads.

    Args:
        folder: Where the key, its public half and its memory stand.
        name: The name on its signature lines; the log's origin.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name

    def make(self) -> Key:
        """Make a key where there is none yet, and write its public half beside it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self._folder / KEY).exists():
            private = Ed25519PrivateKey.generate()
            pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            _write(self._folder / KEY, pem)
        _write(self._folder / PUBLIC, f"{self.key().text()}\n".encode())
        return self.key()

    def key(self) -> Key:
        """The public key that checks what this signer signs."""
        return Key(self._name, self._private().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def last(self) -> Sealed | None:
        """The last checkpoint signed, None before the first."""
        path = self._folder / MEMORY
        if not path.exists():
            return None
        try:
            raw = json.loads(path.read_text("utf-8"))
            return Sealed(int(raw["size"]), b64decode(raw["root"], validate=True))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LogTampered(
                f"the seal's memory {path.name} cannot be read: it must not be changed by hand"
            ) from error

    def sign(self, checkpoint: Checkpoint, proof: Sequence[bytes]) -> str:
        """A signed note over a checkpoint; it is remembered before it is given out.

        Args:
            checkpoint: What to sign.
            proof: That the last one signed is a beginning of it.

        Raises:
            LogTampered: It does not follow from the last one signed; nothing is signed.
        """
        last = self.last()
        if last is not None and not is_consistent(last.size, last.root, checkpoint.size, checkpoint.root, proof):
            raise LogTampered(
                f"the log of {checkpoint.size} entries does not continue the one of {last.size} that was sealed last: "
                "nothing was sealed; compare it with an anchor: skede audit verify --anchor FILE"
            )
        key = self.key()
        signature = NoteSignature(key.name, key.id, self._private().sign(checkpoint.text().encode()))
        memory = {"size": checkpoint.size, "root": b64encode(checkpoint.root).decode()}
        _write(self._folder / MEMORY, json.dumps(memory).encode())
        return note(checkpoint.text(), [signature])

    def _private(self) -> Ed25519PrivateKey:
        path = self._folder / KEY
        try:
            if path.stat().st_mode & 0o077:
                raise SettingsError(f"the seal's key {path} can be read by others: chmod 600 {path}")
            private = load_pem_private_key(path.read_bytes(), None)
        except FileNotFoundError:
            raise Unavailable(f"there is no seal key {path}: skede doctor tells what to do") from None
        except (OSError, ValueError, TypeError) as error:
            raise Unavailable(f"the seal's key {path} cannot be read") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise SettingsError(f"{path} is no Ed25519 key")
        return private


def checked_note(whole: str, keys: Sequence[Key]) -> tuple[Checkpoint, Mapping[str, int | None]]:
    """The checkpoint of a note, and who of the keys has signed it (with the time, for a cosignature).

    Raises:
        LogTampered: A signature by one of the keys is wrong, or none of them has signed.
        ValueMalformed: It is no signed checkpoint.
    """
    text, signatures = parse_note(whole)
    checkpoint = parse_checkpoint(text)
    known = {(key.name, key.id): key for key in keys}
    signers: dict[str, int | None] = {}
    for signature in signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None:
            signers[key.name] = _check(key, text, signature.content)
    if not signers:
        raise LogTampered("none of the keys given has signed this checkpoint")
    return checkpoint, signers


def cosign(private: Ed25519PrivateKey, name: str, whole: str, seconds: int) -> str:
    """The note with an auditor's cosignature added.

    Args:
        private: The auditor's own key.
        name: The auditor's name.
        whole: The signed note; it must have been found consistent before.
        seconds: The time, in Unix seconds.
    """
    text, signatures = parse_note(whole)
    key = Key(name, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), COSIGNATURE)
    content = seconds.to_bytes(_TIME, "big") + private.sign(cosigned_text(text, seconds).encode())
    return note(text, [*signatures, NoteSignature(name, key.id, content)])


def _check(key: Key, text: str, content: bytes) -> int | None:
    seconds = None
    signed, signature = text, content
    if key.algorithm == COSIGNATURE:
        seconds, signature = int.from_bytes(content[:_TIME], "big"), content[_TIME:]
        signed = cosigned_text(text, seconds)
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, signed.encode())
    except InvalidSignature:
        raise LogTampered(f"the signature of {key.name} on the checkpoint is wrong") from None
    return seconds


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, for its owner alone."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
