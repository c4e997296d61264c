"""The outbox: what was decided to be said, who is sending it now, and what has become of it.

Leases use real time (DECISIONS.md 24), dueness the clock of the transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from engine.core.canonical import canonical, read_json
from engine.core.message import Message, StoredMessage
from engine.store.connection import Connection, ring
from engine.store.statements import SQL
from engine.store.texts import instant, instant_or_none, read_instant


class SqlMessages:
    """Messages; a fencing token lets only the newest sender write."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._run = connection.execute
        self._run_many = connection.executemany

    def queue(self, messages: Sequence[Message]) -> None:
        """Insert; a key that exists already is left as it is."""
        if messages:
            self._run_many(SQL["message_queue"], [_row(message) for message in messages])
            if any(message.state == "queued" for message in messages):
                ring(self._connection)

    def cancel(
        self, *, case: str | None = None, deadline: str | None = None, key: str | None = None, reason: str
    ) -> tuple[str, ...]:
        """Cancel what has not left yet; the keys that were cancelled, sorted.

        Raises:
            ValueError: Nothing was named, which would cancel everything.
        """
        if case is None and deadline is None and key is None:
            raise ValueError("cancel needs a case, a deadline or a key")
        values = {"case": case, "deadline": deadline, "key": key, "reason": reason}
        return tuple(sorted(row[0] for row in self._run(SQL["message_cancel"], values).fetchall()))

    def first_due(self, now: datetime, *, real_now: datetime | None = None) -> StoredMessage | None:
        """The message that `lease` would take first."""
        due = {"now": instant(now), "real_now": instant(real_now or now), "limit": 1}
        row = self._run(SQL["message_due"], due).fetchone()
        return None if row is None else self.get(row[0])

    def lease(
        self, now: datetime, until: datetime, limit: int, *, real_now: datetime | None = None
    ) -> tuple[StoredMessage, ...]:
        """Take due messages; each gets a new token and one more attempt, unless its last one broke off.

        Args:
            now: The clock's instant, which says what is due.
            until: When the lease runs out, in real time.
            limit: At most so many.
            real_now: The real time, where the clock is a simulated one.

        Returns:
            The messages with the state they were found in: `leased` where an earlier lease ran out, so that
            what became of that attempt is not known.
        """
        due = {"now": instant(now), "real_now": instant(real_now or now), "limit": limit}
        taken = []
        for (message_id,) in self._run(SQL["message_due"], due).fetchall():
            found = self.get(message_id)
            if found is not None:
                self._run(SQL["message_lease"], {"id": message_id, "until": instant(until)})
                broken_off = found.message.state == "leased"
                taken.append(replace(found, token=found.token + 1, attempts=found.attempts + 1 - broken_off))
        return tuple(taken)

    def keep(
        self, message_id: int, token: int, *, subject: str, content: bytes, message_header: str, address: str
    ) -> bool:
        """Keep the rendered bytes; False if the lease was lost."""
        values = {
            "id": message_id, "token": token, "subject": subject, "content": content, "header": message_header,
            "address": address,
        }  # fmt: skip
        return bool(self._run(SQL["message_keep"], values).rowcount)

    def outcome(
        self,
        message_id: int,
        token: int,
        state: str,
        *,
        at: datetime,
        error: str | None = None,
        next_at: datetime | None = None,
    ) -> bool:
        """Record what became of it and end the lease; False if the lease was lost, and nothing is recorded.

        A message `unknown` with a `next_at` is sent again then. One that was cancelled while it was being sent
        stays cancelled, unless it has left or may have.
        """
        lease = {"id": message_id, "token": token, "next_at": instant_or_none(next_at)}
        if not self._run(SQL["message_release"], lease).rowcount:
            return False
        values = {"id": message_id, "state": state, "at": instant(at), "error": error}
        self._run(SQL["message_outcome"], values)
        return True

    def set_state(self, message_id: int, state: str, reason: str | None, *, next_at: datetime | None = None) -> bool:
        """Change the state by hand (hold, release, retry) and end any lease; False if it is sent.

        Args:
            message_id: Which message.
            state: Its new state.
            reason: Why.
            next_at: It is not sent before this instant.
        """
        changed = self._run(SQL["message_set_state"], {"id": message_id, "state": state, "reason": reason}).rowcount
        if changed:
            self._run(SQL["message_rest"], {"id": message_id, "next_at": instant_or_none(next_at)})
            if state == "queued":
                ring(self._connection)
        return bool(changed)

    def postpone(self, message_id: int, next_at: datetime) -> None:
        """Let a message wait, without an attempt, because too many leave at once."""
        self._run(SQL["message_postpone"], {"id": message_id, "next_at": instant(next_at)})

    def get(self, message_id: int) -> StoredMessage | None:
        """One message, with its bytes."""
        row = self._run(SQL["message_get"], {"id": message_id}).fetchone()
        return None if row is None else _read(row)

    def list(self, *, state: str | None = None, case: str | None = None) -> Iterator[StoredMessage]:
        """Messages in the order they were queued, without their bytes."""
        name = "message_list" if case is None else "message_of_case"
        for row in self._run(SQL[name], {"state": state, "case": case}):
            yield _read(row)

    def erase(self, person: str) -> int:
        """Empty what was written to a person, sent or not; how many messages. Keys, times and states stay."""
        return int(self._run(SQL["message_erase"], {"person": person}).rowcount)

    def counts(self) -> Mapping[str, int]:
        """State -> how many."""
        return dict(self._run(SQL["message_counts"]).fetchall())

    def next_instant(self) -> datetime | None:
        """The next instant at which a message can be sent (or taken over from a lease that runs out)."""
        return read_instant(self._run(SQL["message_next_instant"]).fetchone()[0])


def _row(m: Message) -> dict[str, Any]:
    return {
        "key": m.key, "case": m.case, "n": m.n, "template": m.template, "person": m.person, "lang": m.lang,
        "variables": canonical(m.variables), "attach": canonical(m.attach), "due_at": instant(m.due_at),
        "deadline": m.deadline, "state": m.state, "reason": m.reason,
    }  # fmt: skip


def _read(row: tuple[Any, ...]) -> StoredMessage:
    (
        message_id, key, case, n, template, person, lang, variables, attach, due_at, deadline, state, recorded, reason,
        subject, header, address, sent_at, error, token, attempts, next_at, content,
    ) = row  # fmt: skip
    message = Message(
        key=key, case=case, n=n, template=template, person=person, lang=lang, variables=read_json(variables),
        due_at=datetime.fromisoformat(due_at), attach=tuple(read_json(attach)), state=state, deadline=deadline,
        reason=reason,
    )  # fmt: skip
    return StoredMessage(
        id=message_id, message=message, attempts=attempts or 0, token=token or 0, subject=subject,
        message_id=header, sent_at=read_instant(sent_at), next_at=read_instant(next_at), error=error,
        content=content, address=address, recorded=recorded,
    )  # fmt: skip
