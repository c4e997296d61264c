"""What stands around an office: renderer, mail room, channels, signer, anchors, postbox."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from msgspec import Struct

from engine.core.checkpoint import Checkpoint, Key
from engine.core.message import Message
from engine.ports.rows import SealedNote
from engine.ports.stores import DirectoryStore


class Letter(Struct, frozen=True):
    """A rendered mail before it becomes bytes."""

    subject: str
    text: str
    html: str


class Enclosure(Struct, frozen=True):
    """A file that goes with a mail."""

    name: str
    media_type: str
    content: bytes


class Renderer(Protocol):
    """Templates to text."""

    def render(self, template: str, lang: str, variables: Mapping[str, Any]) -> Letter: ...
    def digest(self, template: str, lang: str) -> str: ...
    def exists(self, template: str, lang: str) -> bool: ...


class Mailer(Protocol):
    """Letters to bytes, and dates to calendar files."""

    def pack(
        self, letter: Letter, *, to_name: str, to_address: str, date: datetime, key: str, case_reference: str,
        enclosures: Sequence[Enclosure],
    ) -> tuple[bytes, str]:  # fmt: skip
        """The bytes of the mail and its Message-ID; the same arguments give the same bytes."""
        ...

    def deadline(
        self, uid: str, sequence: int, day: date, title: str, description: str, *, decided_at: datetime
    ) -> Enclosure:
        """A calendar file of a deadline; a higher sequence moves it in the calendar."""
        ...

    def meeting(
        self, uid: str, sequence: int, start: datetime, end: datetime | None, title: str, description: str, *,
        place: str, decided_at: datetime, cancelled: bool = False,
    ) -> Enclosure:  # fmt: skip
        """A calendar file of a meeting."""
        ...


class Outcome(Struct, frozen=True):
    """What became of one attempt to send: `sent`, `deferred`, `failed` or `unknown`; `pause` stops the channel.

    `suppressed` is no answer of a channel: the mail was not given to one, because its domain may not be written to.
    """

    state: str
    error: str | None = None
    pause: bool = False


class Channel(Protocol):
    """A way out of the house. One batch shares one connection."""

    def send(self, message_id: int, sender: str, recipient: str, content: bytes) -> Outcome: ...
    def close(self) -> None: ...


class Signer(Protocol):
    """Whoever holds the seal's key, and remembers what it sealed last (DECISIONS.md 8)."""

    def make(self) -> Key: ...
    def public_keys(self) -> tuple[Key, ...]:
        """The public halves of all its keys, the present one first."""
        ...

    def last(self) -> Checkpoint | None: ...
    def sign(self, checkpoint: Checkpoint, proof: Sequence[bytes], *, with_next: bool = False) -> str:
        """A signed note; refuses (LogTampered) what does not continue the last one."""
        ...

    def checked(self, whole: str) -> Checkpoint:
        """The checkpoint of a note that one of its keys has signed; LogTampered where none has."""
        ...

    def prepare(self) -> Key: ...
    def take_over(self) -> None: ...
    def begin_anew(self) -> Checkpoint | None: ...


class Anchor(Protocol):
    """A place outside the database where checkpoints are kept, so that it cannot be rewritten with them."""

    @property
    def name(self) -> str:
        """What it is called in errors and overviews: `folder /mnt/worm`."""
        ...

    def letters(self, people: DirectoryStore, day: date, n: int, sealed: SealedNote) -> Sequence[Message]:
        """What is to be mailed, where it is an anchor of mail; `n` is the entry of the office's chain that says so."""
        ...

    def put(self, sealed: SealedNote) -> None:
        """Keep a checkpoint; one that is kept already is left alone.

        Raises:
            Unavailable: It cannot be reached now.
            LogTampered: It keeps another checkpoint of that size.
        """
        ...


class Incoming(Struct, frozen=True):
    """A mail that came in to the office's address for reports: what it is, and of which of our mails it tells.

    Attributes:
        name: Name of its file.
        kind: `bounce` (could not be delivered), `delay`, `auto_reply`, `delivered` or `other`.
        message_id: Number of the message that it answers, from the address it came to; None if it names none.
        mark: What that address says beside the number, which only the office can make.
        address: The address that failed, as the report names it.
        status: The status code of the report (`5.1.1`), or "".
        error: What the other server said, on one line, or "".
    """

    name: str
    kind: str
    message_id: int | None = None
    mark: str = ""
    address: str | None = None
    status: str = ""
    error: str = ""


class Postbox(Protocol):
    """A folder in which reports on our own mail come in."""

    def new(self) -> Iterator[Incoming]:
        """What has come in and is not dealt with, oldest first."""
        ...

    def done(self, name: str) -> None:
        """Put a mail away; one that is put away already stays so."""
        ...


class Bell(Protocol):
    """Rings when mail was put into the outbox, so that nobody need look for it all the time. It may miss some."""

    def wait(self, seconds: float) -> bool:
        """Whether it rang, or may have rung, within so many seconds."""
        ...

    def close(self) -> None:
        """Wait no more."""
        ...
