"""Keeps checkpoints as commits of a git repository, pushed where it has somewhere to be pushed to."""

import subprocess
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from engine.anchors.folder import FolderAnchor, file_name
from engine.core.errors import Unavailable
from engine.core.message import Message
from engine.ports import DirectoryStore, SealedNote

SECONDS = 60
"""How long git may take, a push over the network included."""


class GitAnchor:
    """Adds `<size>.checkpoint` to a work tree, commits it alone, and pushes.

    Args:
        folder: The work tree of an existing repository.
        remote: Where to push, by the name that the repository gives it; None = nowhere.
    """

    def __init__(self, folder: Path, remote: str | None = None) -> None:
        self._folder, self._remote = folder, remote
        self._files = FolderAnchor(folder)

    @property
    def name(self) -> str:
        """The repository, as people name it."""
        return f"git {self._folder}"

    def letters(self, people: DirectoryStore, day: date, n: int, sealed: SealedNote) -> Sequence[Message]:
        """A repository writes no letters."""
        return ()

    def put(self, sealed: SealedNote) -> None:
        """Commit the file, and push; what is committed already is only pushed.

        Raises:
            Unavailable: git is not there, refuses, or does not end in time.
            LogTampered: The work tree keeps another checkpoint of that size.
        """
        self._files.put(sealed)
        file = file_name(sealed.size)
        self._git("add", "--", file)
        if self._git("status", "--porcelain", "--", file):
            identity = ("-c", "user.name=skede", "-c", "user.email=skede@localhost", "-c", "commit.gpgsign=false")
            self._git(*identity, "commit", "--quiet", "-m", f"Checkpoint {sealed.size}", "--", file)
        if self._remote is not None:
            self._git("push", "--quiet", "--", self._remote, "HEAD")

    def _git(self, *words: str) -> str:
        command = ["git", "-C", str(self._folder), *words]
        try:
            # An argument list, never a shell; file names are numbers of our own.
            done = subprocess.run(  # noqa: S603 - see above
                command, capture_output=True, encoding="utf-8", errors="replace", timeout=SECONDS, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except FileNotFoundError:
            raise Unavailable(
                f"the anchor {self.name} needs git, which is not installed here",
                says="anchor_needs_git",
                name=self.name,
            ) from None
        except subprocess.TimeoutExpired:
            raise Unavailable(
                f"the anchor {self.name}: git {words[0]} did not end in {SECONDS} seconds",
                says="anchor_slow",
                name=self.name,
                what=words[0],
                n=SECONDS,
            ) from None
        if done.returncode:
            why = " ".join(done.stderr.split()) or f"git ended with {done.returncode}"
            raise Unavailable(f"the anchor {self.name}: {why}", says="anchor_failed", name=self.name, why=why)
        return done.stdout
