"""Deadlines are rows that the clock scans: nothing is due early, nothing is left out, nothing comes twice."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from store_samples import AT, case, deadline

from engine.ports import UnitOfWork
from engine.store.statements import SQL
from engine.store.unit_of_work import SqlStore

DUE = AT + timedelta(days=10)
TICK = timedelta(microseconds=1)
FIRST, SECOND = "SIM-2021-0004", "SIM-2021-0005"


@pytest.fixture
def tx(store: SqlStore) -> Iterator[UnitOfWork]:
    with store.write() as unit:
        unit.cases.insert(case(FIRST), phase="idea", links={})
        unit.cases.insert(case(SECOND), phase="idea", links={})
        yield unit
    store.close()


def test_a_deadline_comes_back_as_it_was(tx: UnitOfWork) -> None:
    whole = deadline(
        item=2, version=3, step=1, next_reminder_at=AT, then_at=DUE, passed_at=DUE, fired_at=DUE, stopped_days=4,
        extended_to="2021-10-01",
    )  # fmt: skip
    tx.deadlines.write(FIRST, [whole], [])
    found = tx.deadlines.get(whole.id)
    assert found is not None
    assert (found.deadline, found.case, found.state, found.closed_at) == (whole, FIRST, "open", None)
    assert tx.deadlines.get("nothing") is None


def test_equal_to_the_instant_is_in_time(tx: UnitOfWork) -> None:
    tx.deadlines.write(FIRST, [deadline()], [])
    assert tx.deadlines.expired(DUE, 10) == ()
    assert tx.deadlines.expired(DUE + TICK, 10) == ((FIRST, deadline().id),)


def test_one_that_was_noticed_comes_again_only_for_its_then(tx: UnitOfWork) -> None:
    later = DUE + timedelta(days=7)
    tx.deadlines.write(FIRST, [deadline(passed_at=DUE + TICK, then_at=later)], [])
    assert tx.deadlines.expired(later, 10) == ()
    assert tx.deadlines.expired(later + TICK, 10) == ((FIRST, deadline().id),)
    tx.deadlines.write(FIRST, [deadline(passed_at=DUE + TICK, then_at=later, fired_at=later + TICK)], [])
    assert tx.deadlines.expired(later + timedelta(days=99), 10) == ()


def test_what_is_due_comes_earliest_first_and_once(tx: UnitOfWork) -> None:
    both = deadline(SECOND, "both", due_at=DUE - timedelta(days=1), then_at=DUE - timedelta(days=1))
    tx.deadlines.write(FIRST, [deadline(FIRST, "b"), deadline(FIRST, "a")], [])
    tx.deadlines.write(SECOND, [both], [])
    found = tx.deadlines.expired(DUE + TICK, 10)
    assert found == ((SECOND, both.id), (FIRST, f"{FIRST}#1:a"), (FIRST, f"{FIRST}#1:b"))
    assert tx.deadlines.expired(DUE + TICK, 2) == found[:2]


def test_a_reminder_is_due_from_its_instant_on(tx: UnitOfWork) -> None:
    tx.deadlines.write(FIRST, [deadline(next_reminder_at=DUE), deadline(name="none")], [])
    assert tx.deadlines.to_remind(DUE - TICK, 10) == ()
    assert tx.deadlines.to_remind(DUE, 10) == ((FIRST, deadline().id),)


def test_an_ended_deadline_is_never_due(tx: UnitOfWork) -> None:
    kept = deadline(next_reminder_at=AT, then_at=DUE)
    tx.deadlines.write(FIRST, [kept], [])
    tx.deadlines.write(FIRST, [], [(kept.id, "met", AT)])
    far = DUE + timedelta(days=999)
    assert (tx.deadlines.expired(far, 10), tx.deadlines.to_remind(far, 10), tx.deadlines.next_instant()) == (
        (),
        (),
        None,
    )
    found = tx.deadlines.get(kept.id)
    assert found is not None
    assert (found.state, found.closed_at) == ("met", AT)


def test_a_deadline_of_another_case_is_not_ended(tx: UnitOfWork) -> None:
    tx.deadlines.write(FIRST, [deadline()], [])
    tx.deadlines.write(SECOND, [], [(deadline().id, "met", AT)])
    assert [row.state for row in tx.deadlines.list()] == ["open"]


def test_a_moved_deadline_is_the_same_row(tx: UnitOfWork) -> None:
    tx.deadlines.write(FIRST, [deadline()], [])
    moved = deadline(due_at=DUE + timedelta(days=1), version=2)
    tx.deadlines.write(FIRST, [moved], [])
    assert [row.deadline for row in tx.deadlines.list()] == [moved]
    assert tx.deadlines.expired(DUE + TICK, 10) == ()


def test_an_undone_end_opens_it_again(tx: UnitOfWork) -> None:
    tx.deadlines.write(FIRST, [deadline()], [])
    tx.deadlines.write(FIRST, [], [(deadline().id, "met", AT)])
    tx.deadlines.write(FIRST, [deadline()], [])
    assert [(row.state, row.closed_at) for row in tx.deadlines.list()] == [("open", None)]


def test_lists_by_case_state_and_day(tx: UnitOfWork) -> None:
    tx.deadlines.write(FIRST, [deadline(FIRST, "a"), deadline(FIRST, "b", due_at=AT)], [])
    tx.deadlines.write(SECOND, [deadline(SECOND, "c", due_at=DUE + TICK)], [])
    tx.deadlines.write(FIRST, [], [(f"{FIRST}#1:b", "waived", AT)])

    def names(**asked: object) -> list[str]:
        return [row.deadline.name for row in tx.deadlines.list(**asked)]  # type: ignore[arg-type]

    assert names() == ["a", "c"]
    assert names(state=None) == ["b", "a", "c"]
    assert names(case=FIRST, state=None) == ["b", "a"]
    assert names(case=FIRST) == ["a"]
    assert names(until=DUE) == ["a"]
    assert names(state="waived", until=DUE) == ["b"]
    assert names(case=SECOND, until=DUE) == []


def test_the_next_instant_is_the_earliest_of_all_kinds(tx: UnitOfWork) -> None:
    assert tx.deadlines.next_instant() is None
    tx.deadlines.write(FIRST, [deadline()], [])
    assert tx.deadlines.next_instant() == DUE
    tx.deadlines.write(FIRST, [deadline(name="then", then_at=DUE - TICK, passed_at=AT)], [])
    assert tx.deadlines.next_instant() == DUE - TICK
    tx.deadlines.write(FIRST, [deadline(name="remind", next_reminder_at=AT)], [])
    assert tx.deadlines.next_instant() == AT


@pytest.mark.parametrize(
    ("statement", "index"),
    [("deadline_expired", "ix_deadlines_unnoticed"), ("deadline_expired", "ix_deadlines_then_at"),
     ("deadline_to_remind", "ix_deadlines_next_reminder_at")],
)  # fmt: skip
def test_a_scan_is_a_range_of_its_index(sqlite_store: SqlStore, statement: str, index: str) -> None:
    with sqlite_store.read() as tx:
        plan = tx.connection.execute(f"EXPLAIN QUERY PLAN {SQL[statement]}", {"now": "x", "limit": 1}).fetchall()
    assert any(f"INDEX {index} (" in row[3] and "SEARCH" in row[3] for row in plan)
