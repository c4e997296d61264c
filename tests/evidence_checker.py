"""A checker of proofs and checkpoints, written from docs/reference/evidence.md alone: it shares no code of ours."""

import base64
import hashlib
import json
import re
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Refused(Exception):
    """The file does not prove what it says."""


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes
    text: str
    signatures: list[tuple[str, bytes]]


def b64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused(f"no base64: {text}") from error
    if base64.b64encode(raw).decode() != text:
        raise Refused(f"another base64 of the same bytes: {text}")
    return raw


def number(text: str) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]*", text, re.ASCII):
        raise Refused(f"no number: {text}")
    return int(text)


def read_checkpoint(note: str) -> Checkpoint:
    lines = note.split("\n")
    if len(lines) < 6 or lines[3] != "" or lines[-1] != "" or not lines[0]:
        raise Refused("no signed note")
    root = b64(lines[2])
    if len(root) != 32:
        raise Refused("the root is no hash")
    signatures = []
    for line in lines[4:-1]:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014":
            raise Refused("a signature line is damaged")
        signatures.append((parts[1], b64(parts[2])))
    return Checkpoint(lines[0], number(lines[1]), root, "\n".join(lines[:3]) + "\n", signatures)


def check_signatures(checkpoint: Checkpoint, vkeys: list[str]) -> int:
    """How many of the keys have signed."""
    good = 0
    for vkey in vkeys:
        name, key_id, encoded = vkey.strip().split("+", 2)
        kind, public = b64(encoded)[0], b64(encoded)[1:]
        wanted = hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]
        if wanted.hex() != key_id:
            raise Refused("the key is damaged")
        for signer, content in checkpoint.signatures:
            if (signer, content[:4]) != (name, wanted):
                continue
            signed, signature = checkpoint.text.encode(), content[4:]
            if kind == 4:
                (seconds,) = struct.unpack(">Q", content[4:12])
                signed, signature = f"cosignature/v1\ntime {seconds}\n".encode() + signed, content[12:]
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
            except InvalidSignature as error:
                raise Refused("a signature is wrong") from error
            good += 1
    if not good:
        raise Refused("nobody known has signed")
    return good


def leaf(line: str) -> bytes:
    return hashlib.sha256(b"\x00" + line.encode()).digest()


def check_inclusion(line: str, index: int, path: list[bytes], size: int, root: bytes) -> None:
    if index >= size:
        raise Refused("the index is not below the size")
    i, last, h = index, size - 1, leaf(line)
    for p in path:
        if last == 0:
            raise Refused("a hash too many")
        if i % 2 == 1 or i == last:
            h = hashlib.sha256(b"\x01" + p + h).digest()
            while i % 2 == 0 and i != 0:
                i, last = i >> 1, last >> 1
        else:
            h = hashlib.sha256(b"\x01" + h + p).digest()
        i, last = i >> 1, last >> 1
    if last != 0 or h != root:
        raise Refused("the entry is not in the tree")


def check_proof(text: str, vkeys: list[str]) -> list[str]:
    """The names of the entries that the file proves."""
    first, _, rest = text.partition("\n\n")
    if first != "skede-proof/v1":
        raise Refused("no proof file")
    entries = []
    while rest.startswith("entry\n"):
        block, _, rest = rest.partition("\n\n")
        entries.append(block.split("\n"))
    if not rest.startswith("checkpoint\n") or not entries:
        raise Refused("no checkpoint, or no entry")
    checkpoint = read_checkpoint(rest.removeprefix("checkpoint\n"))
    check_signatures(checkpoint, vkeys)
    names: list[str] = []
    before, head = None, b""
    for _, line, index, *hashes in entries:
        if not index.startswith("index "):
            raise Refused("no index")
        path = [b64(one) for one in hashes]
        check_inclusion(line, number(index.removeprefix("index ")), path, checkpoint.size, checkpoint.root)
        entry = json.loads(line)
        if before is not None:
            same = (entry["case"], entry["n"]) == (before["case"], before["n"] + 1)
            if not same or b64(entry["prev"]) != head:
                raise Refused("the entries do not follow each other")
        elif entry["n"] == 1:
            genesis = hashlib.sha256(f"genesis\n{checkpoint.origin}\n{entry['case']}".encode()).digest()
            if b64(entry["prev"]) != genesis:
                raise Refused("the first entry belongs to another log")
        before, head = entry, leaf(line)
        names.append(f"{entry['case']}#{entry['n']}")
    return names
