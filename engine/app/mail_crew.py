"""Who carries letters to the mail server: one connection, and several at once when the first has proved the way.

Only the office's thread opens the database; it hands letters over and takes outcomes back (docs/decisions/0022).
"""

import threading
from collections.abc import Sequence
from queue import SimpleQueue

from msgspec import Struct
from msgspec.structs import replace

from engine.app.office import Office
from engine.core.message import StoredMessage
from engine.ports import Channel, Outcome


class Letter(Struct, frozen=True):
    """A message that was leased, and what is to leave: the bytes, where to, and where it comes back to."""

    stored: StoredMessage
    content: bytes
    address: str
    sender: str


class _Brought(Struct, frozen=True):
    """What somebody who was sent out has brought back."""

    letter: Letter
    outcome: Outcome | Exception
    stays_away: bool = False


class Crew:
    """Carries so many letters at once as the office has connections.

    The first letter goes alone. So a server that is away, or a set-up that is wrong, burns one attempt of one letter,
    and where only one letter is due there is one connection. When it has arrived, the others are opened; one whose
    own first letter is put off is given up, since servers refuse those that are too many.

    Attributes:
        fault: What went wrong in the program with a letter, of which so nothing is known; the others are not forgotten.
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        self._most = 1
        self._spare: list[Channel] = []
        self._postmen: list[threading.Thread] = []
        self._working = 0
        self._bag: SimpleQueue[Letter | None] = SimpleQueue()
        self._back: SimpleQueue[_Brought] = SimpleQueue()
        self._on_the_way = 0
        self.fault: Exception | None = None

    @property
    def busy(self) -> bool:
        """Whether letters are on their way."""
        return self._on_the_way > 0

    @property
    def room(self) -> int:
        """How many letters can be taken now."""
        return self._most - self._on_the_way

    def make_ready(self, letters: int) -> None:
        """Have a way out for so many letters more; a set-up that is none is told before they are leased for good."""
        while self._working + len(self._spare) < self._on_the_way + letters:
            self._spare.append(self._office.channel())

    def carry(self, letters: Sequence[Letter]) -> list[tuple[Letter, Outcome]]:
        """Send letters off, for which all is ready; what became of those that are back, one at least if any is away."""
        for letter in letters:
            self._on_the_way += 1
            if self._most == 1 and not self._working:
                self._back.put(self._carried_alone(letter))
                continue
            self._bag.put(letter)
            if self._working < self._on_the_way:
                self._hire()
        found: list[tuple[Letter, Outcome]] = []
        while self._on_the_way and not (found and self._back.empty()):
            brought = self._back.get()
            self._on_the_way -= 1
            if isinstance(brought.outcome, Exception):
                self.fault = brought.outcome
                continue
            if brought.stays_away:
                self._most -= 1
                self._working -= 1
            found.append((brought.letter, brought.outcome))
        return found

    def close(self) -> None:
        """Say goodbye to the server. Letters that are still on their way are not waited for: their leases will tell."""
        for _ in self._postmen:
            self._bag.put(None)
        for channel in self._spare:
            channel.close()
        if not self._on_the_way:
            for postman in self._postmen:
                postman.join()

    def _carried_alone(self, letter: Letter) -> _Brought:
        brought = self._brought(self._spare[0], letter, proven=True)
        if isinstance(brought.outcome, Outcome) and brought.outcome.state == "sent":
            self._most = max(self._office.mail.connections, 1)
        return brought

    def _hire(self) -> None:
        """One more connection; the one that has proved the way is the first."""
        work = (self._spare.pop(0), not self._postmen)
        postman = threading.Thread(target=self._work, args=work, name="skede mail", daemon=True)
        self._postmen.append(postman)
        self._working += 1
        postman.start()

    def _work(self, channel: Channel, proven: bool) -> None:
        try:
            while (letter := self._bag.get()) is not None:
                brought = self._brought(channel, letter, proven=proven)
                self._back.put(brought)
                if brought.stays_away:
                    return
                proven = True
        finally:
            channel.close()

    def _brought(self, channel: Channel, letter: Letter, *, proven: bool) -> _Brought:
        try:
            outcome = channel.send(letter.stored.id, letter.sender, letter.address, letter.content)
        except Exception as error:
            return _Brought(letter, error)
        if proven or outcome.state != "deferred":
            return _Brought(letter, outcome)
        # That the way is open is known from the first; so this is no reason to stop the others.
        return _Brought(letter, replace(outcome, pause=False), stays_away=True)
