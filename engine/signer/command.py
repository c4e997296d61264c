"""Asks a program of another user for the seal's signature (DECISIONS.md 8): who runs the office cannot reach it."""

import json
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

from engine.core.checkpoint import Checkpoint, Key, parse_key
from engine.core.errors import EngineError, LogTampered, Unavailable
from engine.signing import checked_note

SECONDS = 30
"""How long the program may take."""
_ERRORS: dict[str, type[EngineError]] = {LogTampered.code: LogTampered}


class CommandSigner:
    """The seal's key behind a program.

    Args:
        command: The program and its arguments; it is given a request on stdin, as `engine.signer.program` takes it.
        name: The log's origin.
    """

    def __init__(self, command: Sequence[str], name: str) -> None:
        self._command, self._name = tuple(command), name

    def make(self) -> Key:
        """Make a key where there is none yet."""
        return parse_key(self._asked("make"))

    def public_keys(self) -> tuple[Key, ...]:
        """The public halves of all its keys, the present one first."""
        return tuple(parse_key(one) for one in self._asked("public_keys"))

    def last(self) -> Checkpoint | None:
        """The last checkpoint signed, None before the first."""
        told = self._asked("last")
        return None if told is None else Checkpoint(self._name, told["size"], b64decode(told["root"]))

    def sign(self, checkpoint: Checkpoint, proof: Sequence[bytes], *, with_next: bool = False) -> str:
        """A signed note over a checkpoint; one that does not continue the last is refused (LogTampered)."""
        note: str = self._asked(
            "sign", origin=checkpoint.origin, size=checkpoint.size, root=b64encode(checkpoint.root).decode(),
            proof=[b64encode(one).decode() for one in proof], with_next=with_next,
        )  # fmt: skip
        return note

    def checked(self, whole: str) -> Checkpoint:
        """The checkpoint of a note that one of its keys has signed; LogTampered where none has."""
        return checked_note(whole, self.public_keys())[0]

    def prepare(self) -> Key:
        """Make the key that is to follow the present one."""
        return parse_key(self._asked("prepare"))

    def take_over(self) -> None:
        """Let the key that `prepare` made be the present one."""
        self._asked("take_over")

    def begin_anew(self) -> Checkpoint | None:
        """Go on without a memory, if the program's owner has made it forget; refused else."""
        self._asked("begin_anew")
        return None

    def _asked(self, what: str, **more: Any) -> Any:
        program = self._command[0]
        try:
            # The argument list stands in the settings of the home; never a shell.
            done = subprocess.run(  # noqa: S603 - see above
                self._command, input=json.dumps({"do": what, **more}), capture_output=True, encoding="utf-8",
                errors="replace", timeout=SECONDS, check=False,
            )  # fmt: skip
        except OSError as error:
            raise Unavailable(
                f"the signer {program} cannot be run: {(error.strerror or str(error)).lower()}",
                says="signer_unrunnable",
                program=program,
                why=(error.strerror or str(error)).lower(),
            ) from None
        except subprocess.TimeoutExpired:
            raise Unavailable(
                f"the signer {program} did not answer in {SECONDS} seconds",
                says="signer_slow",
                program=program,
                n=SECONDS,
            ) from None
        try:
            told = json.loads(done.stdout)
            if "answer" in told:
                return told["answer"]
            raise _ERRORS.get(told["error"], Unavailable)(str(told["message"]))
        except (ValueError, KeyError, TypeError):
            why = " ".join((done.stderr or done.stdout).split())[:300] or f"it ended with {done.returncode}"
            raise Unavailable(
                f"the signer {program} gave no answer: {why}", says="signer_silent", program=program, why=why
            ) from None
