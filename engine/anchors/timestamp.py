"""Has checkpoints stamped by a time-stamping authority (RFC 3161): a third party's word that a seal was there by then.

`openssl` makes the request and checks the answer, so that nothing of the kind has to be trusted to code of our own. The
checkpoint and its token stay beside each other in a folder: `<size>.checkpoint` and `<size>.tsr`. Anybody checks them
without us: `openssl ts -verify -data 7.checkpoint -in 7.tsr -CAfile ca.pem`.
"""

import os
import subprocess
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import Request, urlopen

from engine.anchors.folder import FolderAnchor, file_name
from engine.core.errors import LogTampered, Unavailable
from engine.core.message import Message
from engine.ports import DirectoryStore, SealedNote

SECONDS = 30
"""How long the authority, and openssl, may take."""
LARGEST = 1024 * 1024
"""Bytes that a token may have."""


class TimestampAnchor:
    """Keeps checkpoints with the tokens of an authority.

    Args:
        folder: Where both are kept.
        url: Where the authority answers.
        authority: The certificates that its tokens must lead to, as a PEM file.
    """

    def __init__(self, folder: Path, url: str, authority: Path) -> None:
        self._folder, self._url, self._authority = folder, url, authority
        self._files = FolderAnchor(folder)

    @property
    def name(self) -> str:
        """The authority, as people name it."""
        return f"timestamp {self._url}"

    def letters(self, people: DirectoryStore, day: date, n: int, sealed: SealedNote) -> Sequence[Message]:
        """An authority writes no letters."""
        return ()

    def put(self, sealed: SealedNote) -> None:
        """Keep the checkpoint, and get its token; one that has a good token is left alone.

        Raises:
            Unavailable: The folder, openssl or the authority cannot be reached, or what it answers is no good token.
            LogTampered: The folder keeps another checkpoint of that size, or a token that is not for it.
        """
        self._files.put(sealed)
        path = self._folder / file_name(sealed.size)
        token = path.with_suffix(".tsr")
        if token.exists():
            self._check(path, token)
            return
        with TemporaryDirectory(prefix="skede-") as place:
            query, answer = Path(place) / "query.tsq", Path(place) / "answer.tsr"
            wrong = self._openssl("-query", "-data", str(path), "-sha256", "-cert", "-out", str(query))
            if not wrong:
                answer.write_bytes(self._asked(query.read_bytes()))
                wrong = self._verify(answer, "-queryfile", query)
            if wrong:
                raise Unavailable(
                    f"the anchor {self.name} gave no good token, and none is kept: {wrong}",
                    says="anchor_no_token",
                    name=self.name,
                    why=wrong,
                )
            self._keep(token, answer.read_bytes())

    def _check(self, path: Path, token: Path) -> None:
        wrong = self._verify(token, "-data", path)
        if wrong:
            raise LogTampered(
                f"{token} is no token for {path.name}: {wrong}",
                says="token_wrong",
                token=token,
                path=path.name,
                why=wrong,
            )

    def _verify(self, token: Path, what: str, path: Path) -> str | None:
        """Why a token is not one of the authority for a file, or the answer to a query; None if it is."""
        return self._openssl("-verify", what, str(path), "-in", str(token), "-CAfile", str(self._authority))

    def _asked(self, query: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query"}
        # The address stands in the settings, which take http and https alone.
        request = Request(self._url, data=query, headers=headers)  # noqa: S310 - see above
        try:
            with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - see above
                content: bytes = answer.read(LARGEST + 1)
        except (URLError, OSError, ValueError) as error:
            raise Unavailable(
                f"the anchor {self.name} does not answer: {getattr(error, 'reason', error)}",
                says="anchor_silent",
                name=self.name,
                why=getattr(error, "reason", error),
            ) from error
        if len(content) > LARGEST:
            raise Unavailable(
                f"the anchor {self.name}: the answer is larger than any token",
                says="anchor_answer_large",
                name=self.name,
            )
        return content

    def _keep(self, token: Path, content: bytes) -> None:
        draft = token.with_name(f".{token.name}.{os.getpid()}")
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(token)
        except OSError as error:
            raise Unavailable(
                f"the anchor {self.name}: {token} cannot be written: {error.strerror}",
                says="anchor_file_unwritable",
                name=self.name,
                path=token,
                why=error.strerror,
            ) from error
        finally:
            draft.unlink(missing_ok=True)

    def _openssl(self, *words: str) -> str | None:
        """Run it; what it complains of, None if of nothing."""
        try:
            # An argument list, never a shell; the paths are ours and the settings'.
            done = subprocess.run(  # noqa: S603 - see above
                ["openssl", "ts", *words], capture_output=True, encoding="utf-8", errors="replace", timeout=SECONDS,  # noqa: S607
                check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except FileNotFoundError:
            raise Unavailable(
                f"the anchor {self.name} needs openssl, which is not installed here",
                says="anchor_needs_openssl",
                name=self.name,
            ) from None
        except subprocess.TimeoutExpired:
            raise Unavailable(
                f"the anchor {self.name}: openssl did not end in {SECONDS} seconds",
                says="anchor_openssl_slow",
                name=self.name,
                n=SECONDS,
            ) from None
        if not done.returncode:
            return None
        return (" ".join(done.stderr.split()) or f"openssl ended with {done.returncode}")[:300]
