"""Holds the seal's key for somebody else: run as a user of its own, it answers one request in JSON on stdin.

What it will not do for whoever asks is forget what it sealed last: that is what makes it refuse a rewritten log. Its
owner does that by hand, `--begin-anew`, after a backup has been put back.
"""

import argparse
import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.core.checkpoint import Checkpoint
from engine.core.errors import EngineError, Unavailable, UsageError
from engine.signing import FileSigner

LARGEST = 1024 * 1024
"""Bytes that a request may have; a proof of consistency has at most 128 hashes."""
Request = Mapping[str, Any]


def answer(signer: FileSigner, request: Request) -> Any:
    """What a request is answered with, as plain JSON.

    Raises:
        UsageError: It is none that this program knows.
        LogTampered, Unavailable: As the signer raises them.
    """
    known: dict[str, Callable[[], Any]] = {
        "make": lambda: signer.make().text(),
        "public_keys": lambda: [key.text() for key in signer.public_keys()],
        "last": lambda: _plain(signer.last()),
        "sign": lambda: _sign(signer, request),
        "prepare": lambda: signer.prepare().text(),
        "take_over": signer.take_over,
        "begin_anew": lambda: _begin_anew(signer),
    }
    wanted = known.get(str(request.get("do")))
    if wanted is None:
        raise UsageError(f"the signer knows {', '.join(known)}, and no {request.get('do')}")
    return wanted()


def _sign(signer: FileSigner, request: Request) -> str:
    try:
        checkpoint = Checkpoint(str(request["origin"]), int(request["size"]), b64decode(request["root"], validate=True))
        proof = [b64decode(one, validate=True) for one in request["proof"]]
        with_next = request["with_next"] is True
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"the signer was asked for a signature in a form it does not know: {error}") from None
    if checkpoint.origin != signer.name:
        raise UsageError(f"this signer seals the log {signer.name}, and not {checkpoint.origin}")
    return signer.sign(checkpoint, proof, with_next=with_next)


def _begin_anew(signer: FileSigner) -> None:
    if signer.last() is not None:
        raise Unavailable(
            "what was sealed last is forgotten by the owner of the seal's key alone, who runs this program by "
            "hand with --begin-anew"
        )


def _plain(checkpoint: Checkpoint | None) -> dict[str, Any] | None:
    if checkpoint is None:
        return None
    return {"size": checkpoint.size, "root": b64encode(checkpoint.root).decode()}


def main(argv: list[str] | None = None) -> int:
    """Answer the request on stdin; its exit code is the error's."""
    parser = argparse.ArgumentParser(prog="skede-signer", description="Holds the key that seals a log.")
    parser.add_argument("folder", type=Path, help="where the key and the memory of the last seal stand")
    parser.add_argument("name", help="the log's origin, as in the first entry of @office")
    parser.add_argument("--begin-anew", action="store_true", help="forget what was sealed last; for its owner, by hand")
    asked = parser.parse_args(argv)
    signer = FileSigner(asked.folder, asked.name)
    try:
        if asked.begin_anew:
            told: Any = _plain(signer.begin_anew())
        else:
            request = json.loads(sys.stdin.buffer.read(LARGEST))
            told = answer(signer, request if isinstance(request, dict) else {})
    except EngineError as error:
        return _say({"error": error.code, "message": error.message}, error.exit_code)
    except (OSError, ValueError, RecursionError) as error:
        return _say({"error": Unavailable.code, "message": f"the seal's key: {error}"}, Unavailable.exit_code)
    return _say({"answer": told}, 0)


def _say(told: Mapping[str, Any], code: int) -> int:
    sys.stdout.write(json.dumps(told) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
