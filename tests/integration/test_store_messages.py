"""The outbox: a key is queued once, a message is leased by one sender, and only the newest lease writes."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace
from store_samples import AT, message

from engine.core.message import StoredMessage
from engine.ports import UnitOfWork
from engine.store.unit_of_work import SqlStore

SOON = AT + timedelta(minutes=5)
TICK = timedelta(microseconds=1)


@pytest.fixture
def tx(store: SqlStore) -> Iterator[UnitOfWork]:
    with store.write() as unit:
        yield unit
    store.close()


def leased(tx: UnitOfWork, now: datetime = AT) -> StoredMessage:
    (found,) = tx.messages.lease(now, now + timedelta(minutes=5), 10)
    return found


def state_of(tx: UnitOfWork, message_id: int) -> str:
    found = tx.messages.get(message_id)
    assert found is not None
    return found.message.state


def test_a_message_comes_back_as_it_was(tx: UnitOfWork) -> None:
    kept = message(deadline="D", reason="held for the meeting", state="held")
    tx.messages.queue([kept])
    (found,) = tx.messages.list()
    assert found.message == kept
    assert tx.messages.get(found.id) == found
    assert tx.messages.get(999) is None


def test_a_key_is_queued_once(tx: UnitOfWork) -> None:
    tx.messages.queue([message(), message(template="other")])
    tx.messages.queue([message(state="held")])
    assert [found.message for found in tx.messages.list()] == [message()]


def test_a_lease_is_one_senders_until_it_runs_out(tx: UnitOfWork) -> None:
    tx.messages.queue([message()])
    first = leased(tx)
    assert (first.token, first.attempts, first.message.state) == (1, 1, "queued")
    assert state_of(tx, first.id) == "leased"
    assert tx.messages.lease(SOON - TICK, SOON, 10) == ()
    second = leased(tx, SOON)
    assert (second.id, second.token, second.attempts, second.message.state) == (first.id, 2, 1, "leased")


def test_only_the_newest_token_writes(tx: UnitOfWork) -> None:
    tx.messages.queue([message()])
    old = leased(tx)
    new = leased(tx, SOON)
    given = {"subject": "s", "content": b"c", "message_header": "<1@x>", "address": "a@x"}
    assert not tx.messages.keep(old.id, old.token, **given)  # type: ignore[arg-type]
    assert not tx.messages.outcome(old.id, old.token, "sent", at=SOON)
    assert tx.messages.keep(new.id, new.token, **given)  # type: ignore[arg-type]
    assert tx.messages.outcome(new.id, new.token, "sent", at=SOON)
    assert not tx.messages.outcome(new.id, new.token, "failed", at=SOON)
    found = tx.messages.get(new.id)
    assert found is not None
    assert (found.message.state, found.sent_at, found.subject) == ("sent", SOON, "s")
    assert (found.content, found.message_id, found.address) == (b"c", "<1@x>", "a@x")


def test_the_bytes_of_the_last_attempt_are_kept(tx: UnitOfWork) -> None:
    tx.messages.queue([message()])
    one = leased(tx)
    assert tx.messages.keep(one.id, one.token, subject="s", content=b"first", message_header="h", address="a")
    assert tx.messages.keep(one.id, one.token, subject="s", content=b"second", message_header="h", address="a")
    again = leased(tx, SOON)
    assert again.content == b"second"
    assert not tx.messages.keep(one.id, one.token, subject="s", content=b"late", message_header="h", address="a")


def test_lists_do_not_carry_the_bytes(tx: UnitOfWork) -> None:
    tx.messages.queue([message()])
    one = leased(tx)
    tx.messages.keep(one.id, one.token, subject="s", content=b"first", message_header="h", address="a")
    assert [(found.subject, found.content) for found in tx.messages.list()] == [("s", None)]


def test_a_deferred_message_waits_for_its_next_time(tx: UnitOfWork) -> None:
    tx.messages.queue([message()])
    one = leased(tx)
    later = AT + timedelta(hours=1)
    assert tx.messages.outcome(one.id, one.token, "deferred", at=AT, error="450 greylisted", next_at=later)
    assert tx.messages.lease(later - TICK, later, 10) == ()
    assert tx.messages.next_instant() == later
    again = leased(tx, later)
    assert (again.attempts, again.error, again.next_at, again.message.state) == (2, "450 greylisted", later, "deferred")


def test_an_unknown_outcome_is_sent_again_only_where_a_time_is_set(tx: UnitOfWork) -> None:
    tx.messages.queue([message()])
    one = leased(tx)
    tx.messages.outcome(one.id, one.token, "unknown", at=AT)
    assert (tx.messages.lease(AT + timedelta(days=9), SOON, 10), tx.messages.next_instant()) == ((), None)
    tx.messages.set_state(one.id, "queued", "again")
    one = leased(tx)
    tx.messages.outcome(one.id, one.token, "unknown", at=AT, next_at=SOON)
    assert leased(tx, SOON).message.state == "unknown"


@pytest.mark.parametrize("state", ["failed", "held", "cancelled", "superseded", "suppressed", "no_recipient"])
def test_what_rests_is_not_leased(tx: UnitOfWork, state: str) -> None:
    tx.messages.queue([replace(message(), state=state)])
    assert tx.messages.lease(AT + timedelta(days=9), AT + timedelta(days=10), 10) == ()


def test_nothing_leaves_before_it_is_due_and_the_oldest_goes_first(tx: UnitOfWork) -> None:
    tx.messages.queue([message("b", due_at=AT + TICK), message("a"), message("c", due_at=SOON)])
    found = tx.messages.lease(AT + TICK, SOON, 10)
    assert [one.message.key for one in found] == ["a", "b"]
    assert tx.messages.next_instant() == SOON


def test_no_more_are_leased_than_asked_for(tx: UnitOfWork) -> None:
    tx.messages.queue([message(str(i)) for i in range(5)])
    assert len(tx.messages.lease(AT, SOON, 3)) == 3
    assert len(tx.messages.lease(AT, SOON, 3)) == 2


def test_leases_run_in_real_time_where_the_clock_is_simulated(tx: UnitOfWork) -> None:
    tx.messages.queue([message()])
    real = AT + timedelta(days=2000)
    tx.messages.lease(AT, real + timedelta(minutes=5), 1, real_now=real)
    assert tx.messages.lease(AT + timedelta(days=1), real, 1, real_now=real + timedelta(minutes=4)) == ()
    assert len(tx.messages.lease(AT, real, 1, real_now=real + timedelta(minutes=5))) == 1


def test_cancelling_takes_what_has_not_left(tx: UnitOfWork) -> None:
    tx.messages.queue([message("a"), message("b", state="held"), message("c", case="OTHER"), message("d")])
    sent = tx.messages.lease(AT, SOON, 10)[-1]
    assert sent.message.key == "d"
    tx.messages.outcome(sent.id, sent.token, "sent", at=AT)
    assert tx.messages.cancel(case="SIM-2021-0004", reason="withdrawn") == ("a", "b")
    cancelled = {found.message.key: found.message.reason for found in tx.messages.list(state="cancelled")}
    assert cancelled == {"a": "withdrawn", "b": "withdrawn"}


def test_cancelling_by_deadline_or_key(tx: UnitOfWork) -> None:
    tx.messages.queue([message("a", deadline="D"), message("b"), message("c", deadline="E")])
    assert tx.messages.cancel(deadline="D", reason="met") == ("a",)
    assert tx.messages.cancel(key="b", case="SIM-2021-0004", reason="x") == ("b",)
    with pytest.raises(ValueError, match="a case, a deadline or a key"):
        tx.messages.cancel(reason="everything")


@pytest.mark.parametrize(("outcome", "ends"), [("sent", "sent"), ("unknown", "unknown"), ("deferred", "cancelled")])
def test_a_letter_cancelled_while_it_was_being_sent_tells_the_truth(tx: UnitOfWork, outcome: str, ends: str) -> None:
    tx.messages.queue([message()])
    one = leased(tx)
    assert tx.messages.cancel(key=one.message.key, reason="withdrawn") == (one.message.key,)
    assert tx.messages.outcome(one.id, one.token, outcome, at=AT)
    assert state_of(tx, one.id) == ends


@pytest.mark.parametrize("outcome", ["unknown", "deferred"])
def test_a_letter_cancelled_while_it_was_being_sent_is_not_tried_again(tx: UnitOfWork, outcome: str) -> None:
    tx.messages.queue([message()])
    one = leased(tx)
    tx.messages.cancel(key=one.message.key, reason="withdrawn")
    tx.messages.outcome(one.id, one.token, outcome, at=AT, next_at=SOON)
    assert tx.messages.lease(AT + timedelta(days=9), AT + timedelta(days=10), 10) == ()


def test_a_letter_that_may_have_arrived_and_waits_to_be_sent_once_more_can_be_called_off(tx: UnitOfWork) -> None:
    tx.messages.queue([message()])
    one = leased(tx)
    tx.messages.outcome(one.id, one.token, "unknown", at=AT, next_at=SOON)
    assert tx.messages.cancel(case=one.message.case, reason="met") == (one.message.key,)
    assert tx.messages.lease(SOON, SOON + TICK, 10) == ()


def test_a_state_set_by_hand_ends_the_lease(tx: UnitOfWork) -> None:
    tx.messages.queue([message()])
    one = leased(tx)
    assert tx.messages.set_state(one.id, "held", "by hand")
    assert not tx.messages.outcome(one.id, one.token, "deferred", at=AT)
    assert tx.messages.set_state(one.id, "queued", None)
    again = leased(tx)
    assert again.token > one.token
    tx.messages.outcome(again.id, again.token, "sent", at=AT)
    assert not tx.messages.set_state(again.id, "queued", "again")
    assert not tx.messages.set_state(999, "queued", None)


def test_counts_and_lists_by_state(tx: UnitOfWork) -> None:
    tx.messages.queue([message("a"), message("b", due_at=SOON), message("c", state="held", case="OTHER")])
    leased(tx)
    assert tx.messages.counts() == {"held": 1, "leased": 1, "queued": 1}
    assert [found.message.key for found in tx.messages.list(state="leased")] == ["a"]
    assert [found.message.key for found in tx.messages.list(case="OTHER")] == ["c"]
