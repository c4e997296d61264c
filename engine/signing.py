"""The seal's key: it signs checkpoints, remembers the last one, and refuses to sign what does not follow from it.

That refusal is what turns a rewritten log into an alarm, even before an auditor looks (AUDIT.md). The key and its
memory are files of their own, never in the database.
"""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import time

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
    parse_key,
    parse_note,
)
from engine.core.errors import LogTampered, SettingsError, Unavailable, UsageError
from engine.core.merkle import is_consistent

KEY, NEXT, PUBLIC, MEMORY = "seal.key", "seal.next.key", "seal.vkey", "seal.last"
_TIME = 8
"""Bytes of the time before the signature in a cosignature (C2SP tlog-cosignature)."""


class FileSigner:
    """The seal's key in a folder that only its owner reads.

    Args:
        folder: Where the key, its public half and its memory stand.
        name: The name on its signature lines; the log's origin.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name

    @property
    def name(self) -> str:
        """The log that it seals."""
        return self._name

    def make(self) -> Key:
        """Make a key where there is none yet, and write its public half beside it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self._folder / KEY).exists():
            _write(self._folder / KEY, _new_key())
        if not (self._folder / PUBLIC).exists():
            self._write_public([self.key()])
        return self.key()

    def key(self) -> Key:
        """The public key that checks what this signer signs."""
        return self._public(KEY)

    def public_keys(self) -> tuple[Key, ...]:
        """The public halves of all its keys, the present one first; they need not be kept secret.

        Raises:
            Unavailable: Their file is not there.
        """
        path = self._folder / PUBLIC
        try:
            return tuple(parse_key(line) for line in path.read_text("utf-8").splitlines())
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable(
                f"the seal's public keys {path} cannot be read", says="seal_keys_unreadable", path=path
            ) from error

    def last(self) -> Checkpoint | None:
        """The last checkpoint signed, None before the first."""
        path = self._folder / MEMORY
        if not path.exists():
            return None
        try:
            raw = json.loads(path.read_text("utf-8"))
            return Checkpoint(self._name, int(raw["size"]), b64decode(raw["root"], validate=True))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LogTampered(
                f"the seal's memory {path.name} cannot be read: it must not be changed by hand",
                says="seal_memory_unreadable",
                name=path.name,
            ) from error

    def sign(self, checkpoint: Checkpoint, proof: Sequence[bytes], *, with_next: bool = False) -> str:
        """A signed note over a checkpoint; it is remembered before it is given out.

        Args:
            checkpoint: What to sign.
            proof: That the last one signed is a beginning of it.
            with_next: The key that `prepare` made signs too, so that who trusts the old one may trust it.

        Raises:
            LogTampered: It does not follow from the last one signed; nothing is signed.
        """
        last = self.last()
        if last is not None and not is_consistent(last.size, last.root, checkpoint.size, checkpoint.root, proof):
            raise LogTampered(
                f"the log of {checkpoint.size} entries does not continue the one of {last.size} that was sealed last: "
                "nothing was sealed; compare it with an anchor: skede audit verify --anchor FILE",
                says="seal_not_continued",
                size=checkpoint.size,
                last=last.size,
            )
        text = checkpoint.text()
        signatures = []
        for name in (KEY, NEXT) if with_next else (KEY,):
            key = self._public(name)
            signatures.append(NoteSignature(key.name, key.id, self._private(name).sign(text.encode())))
        memory = {"size": checkpoint.size, "root": b64encode(checkpoint.root).decode()}
        _write(self._folder / MEMORY, json.dumps(memory).encode())
        return note(text, signatures)

    def checked(self, whole: str) -> Checkpoint:
        """The checkpoint of a note that one of its keys has signed.

        Raises:
            LogTampered: A signature is wrong, or none is of a key of this signer.
            ValueMalformed: It is no signed checkpoint.
        """
        return checked_note(whole, self.public_keys())[0]

    def prepare(self) -> Key:
        """Make the key that is to follow the present one, where it is not there yet."""
        if not (self._folder / NEXT).exists():
            _write(self._folder / NEXT, _new_key())
        return self._public(NEXT)

    def take_over(self) -> None:
        """Let the key that `prepare` made be the present one; the old one's public half is kept, and nothing else."""
        following = self._public(NEXT)
        self._write_public([following, *(key for key in self.public_keys() if key != following)])
        (self._folder / NEXT).replace(self._folder / KEY)
        _sync(self._folder)

    def begin_anew(self) -> Checkpoint | None:
        """Forget the last checkpoint, since the log was put back from a backup; it is kept beside, and returned."""
        last = self.last()
        if last is not None:
            (self._folder / MEMORY).replace(self._folder / f"{MEMORY}.{last.size}")
            _sync(self._folder)
        return last

    def _write_public(self, keys: Sequence[Key]) -> None:
        _write(self._folder / PUBLIC, "".join(f"{key.text()}\n" for key in keys).encode())

    def _public(self, name: str) -> Key:
        return Key(self._name, self._private(name).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def _private(self, name: str) -> Ed25519PrivateKey:
        return read_private(self._folder / name)


def read_private(path: Path) -> Ed25519PrivateKey:
    """A private key from its file.

    Raises:
        SettingsError: Others may read the file, or it holds another kind of key.
        Unavailable: It is not there, or cannot be read.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError(
                f"the key {path} can be read by others: chmod 600 {path}", says="key_readable", path=path
            )
        private = load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        raise Unavailable(
            f"there is no key {path}: skede doctor tells what to do", says="key_missing", path=path
        ) from None
    except (OSError, ValueError, TypeError) as error:
        raise Unavailable(f"the key {path} cannot be read", says="key_unreadable", path=path) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise SettingsError(f"{path} is no Ed25519 key", says="no_private_key", path=path)
    return private


class AuditorsKey:
    """An auditor's own key, with a memory of what it signed last; its name stands in its public half.

    Args:
        path: The private half; the public one and the memory stand beside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._private = read_private(path)
        try:
            self.name = parse_key(path.with_name(f"{path.name}.vkey").read_text("utf-8")).name
        except OSError as error:
            raise Unavailable(
                f"the public half {path}.vkey cannot be read", says="key_half_unreadable", path=path
            ) from error

    def last(self) -> Checkpoint | None:
        """What it signed last, None before the first."""
        memory = self._path.with_name(f"{self._path.name}.last")
        return parse_checkpoint(memory.read_text("utf-8")) if memory.exists() else None

    def cosign(self, whole: str, checkpoint: Checkpoint) -> str:
        """Remember the checkpoint, and sign its note at the time that it is now."""
        _write(self._path.with_name(f"{self._path.name}.last"), checkpoint.text().encode())
        return cosign(self._private, self.name, whole, int(time()))


def make_auditors_key(path: Path, name: str) -> Key:
    """A new private key in a file of its own, for an auditor to cosign with; its public half.

    Raises:
        UsageError: There is something at that path already.
    """
    if os.path.lexists(path):
        raise UsageError(
            f"{path} is there already; a key is never written over another file", says="key_file_taken", path=path
        )
    if not name or "+" in name or any(character.isspace() for character in name):
        raise UsageError(
            f"{name!r} cannot name a key: no spaces and no plus sign, such as revisor.example/anna",
            says="key_name_malformed",
            name=name,
        )
    _write(path, _new_key())
    return cosigning_key(read_private(path), name)


def cosigning_key(private: Ed25519PrivateKey, name: str) -> Key:
    """The public key that checks what an auditor cosigns with a private one."""
    return Key(name, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), COSIGNATURE)


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
        raise LogTampered("none of the keys given has signed this checkpoint", says="no_key_signed")
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
    key = cosigning_key(private, name)
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
        raise LogTampered(
            f"the signature of {key.name} on the checkpoint is wrong", says="signature_wrong", name=key.name
        ) from None
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
    _sync(path.parent)


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _sync(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
