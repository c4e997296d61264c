"""Cases are kept whole, swapped only from what was read, found by what people call them, and listed in pages."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from store_samples import AT, case, deadline, definition, message

from engine.core.case import Document
from engine.core.errors import ConcurrentUpdate, UsageError
from engine.ports import CaseFilter, UnitOfWork
from engine.store.resolving import plain_number
from engine.store.unit_of_work import SqlStore


@pytest.fixture
def tx(store: SqlStore) -> Iterator[UnitOfWork]:
    with store.write() as unit:
        yield unit


def put(
    tx: UnitOfWork, reference: str, *, links: dict[str, str] | None = None, phase: str = "idea", **changes: Any
) -> None:
    tx.cases.insert(case(reference, **changes), phase=phase, links=links or {})


def listed(tx: UnitOfWork, **wanted: Any) -> list[str]:
    return [row.reference for row in tx.cases.list(CaseFilter(**wanted))]


def test_a_case_comes_back_as_it_was(store: SqlStore) -> None:
    document = Document(1, "application", "ab" * 32, "Åsa.pdf", "in", AT, 1)
    kept = case(data={"contact": "Åsa", "asked": "1.00", "people": [{"name": "Bo"}]}, documents=(document,))
    with store.write() as tx:
        tx.cases.insert(kept, phase="idea", links={})
    with store.read() as tx:
        assert tx.cases.get(kept.reference) == kept
        assert tx.cases.get("SIM-2021-9999") is None


def test_personal_values_stand_apart_as_the_published_definition_says(store: SqlStore) -> None:
    with store.write() as tx:
        put(tx, "SIM-2021-0004", data={"contact": "Åsa", "asked": "1.00", "people": [{"name": "Bo"}]})
        snapshot, private = tx.connection.execute("SELECT snapshot, private FROM cases").fetchone()
    assert json.loads(snapshot)["data"] == {"asked": "1.00"}
    assert json.loads(private)["data"] == {"contact": "Åsa", "people": [{"name": "Bo"}]}


def test_what_a_definition_calls_personal_is_read_anew_after_a_rollback(store: SqlStore) -> None:
    with store.write() as tx:
        tx.definitions.add(definition("report", body='{"fields":{}}'))
        put(tx, "R-1", workflow="report", data={"who": "Åsa"})
        tx.rollback()
    with store.write() as tx:
        tx.definitions.add(definition("report", body='{"fields":{"who":{"personal":true}}}'))
        put(tx, "R-1", workflow="report", data={"who": "Åsa"})
        assert "Åsa" not in tx.connection.execute("SELECT snapshot FROM cases").fetchone()[0]


def test_reading_a_case_is_one_statement(sqlite_store: SqlStore) -> None:
    with sqlite_store.write() as tx:
        put(tx, "SIM-2021-0004")
    seen: list[str] = []
    with sqlite_store.read() as tx:
        tx.connection.set_trace_callback(seen.append)
        tx.cases.get("SIM-2021-0004")
        tx.connection.set_trace_callback(None)
    assert len(seen) == 1


def test_an_update_needs_the_n_and_head_that_were_read(tx: UnitOfWork) -> None:
    put(tx, "SIM-2021-0004")
    moved = case(n=2, head="h2", revision=2, state="submitted", title="New", assignee="u:3", closed_at=AT)
    assert tx.cases.update(moved, phase="done", links={}, expected_n=1, expected_head="h1")
    assert tx.cases.get("SIM-2021-0004") == moved
    for n, head in ((1, "h1"), (2, "h1"), (1, "h2")):
        late = replace(moved, state="withdrawn")
        assert not tx.cases.update(late, phase="done", links={}, expected_n=n, expected_head=head)
    assert tx.cases.get("SIM-2021-0004") == moved
    (row,) = tx.cases.list(CaseFilter(closed=None))
    assert (row.state, row.phase, row.title, row.assignee, row.closed_at) == ("submitted", "done", "New", "u:3", AT)


def test_a_reference_is_given_once(store: SqlStore) -> None:
    with store.write() as tx:
        put(tx, "SIM-2021-0004")
    with pytest.raises(ConcurrentUpdate), store.write() as tx:
        put(tx, "SIM-2021-0004")


def test_relations_are_found_from_both_ends(tx: UnitOfWork) -> None:
    put(tx, "CALL-1")
    put(tx, "M-1")
    put(tx, "SIM-2", parent="CALL-1", links={"call": "CALL-1", "meeting": "M-1"})
    put(tx, "SIM-1", parent="CALL-1", links={"call": "CALL-1"})
    assert [c.reference for c in tx.cases.children("CALL-1")] == ["SIM-1", "SIM-2"]
    assert [c.reference for c in tx.cases.linking("meeting", "M-1")] == ["SIM-2"]
    assert tx.cases.linked_from("CALL-1") == (
        ("SIM-1", "call"), ("SIM-1", "parent"), ("SIM-2", "call"), ("SIM-2", "parent"),
    )  # fmt: skip


def test_links_follow_an_update(tx: UnitOfWork) -> None:
    put(tx, "M-1")
    put(tx, "M-2")
    put(tx, "SIM-1", links={"meeting": "M-1"})
    moved = case("SIM-1", n=2, head="h2")
    assert tx.cases.update(moved, phase="idea", links={"meeting": "M-2"}, expected_n=1, expected_head="h1")
    assert (tx.cases.linking("meeting", "M-1"), len(tx.cases.linking("meeting", "M-2"))) == ((), 1)


def test_cases_of_a_workflow_by_state(tx: UnitOfWork) -> None:
    tx.definitions.add(definition("report"))
    put(tx, "A-2", state="open")
    put(tx, "A-1", state="closed")
    put(tx, "R-1", workflow="report")
    assert [c.reference for c in tx.cases.of_workflow("application")] == ["A-1", "A-2"]
    assert [c.reference for c in tx.cases.of_workflow("application", ["open", "other"])] == ["A-2"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SIM-2021-0004", ["SIM-2021-0004"]),
        ("sim-2021-4", ["SIM-2021-0004"]),
        ("2021-4", ["SIM-2021-0004"]),
        ("2021-0004", ["SIM-2021-0004"]),
        ("4", ["SIM-2021-0004", "SIM-2022-0004"]),
        ("14", ["SIM-2022-0014"]),
        ("RUN 2021-00577", ["SIM-2022-0014"]),
        ("run2021-577", ["SIM-2022-0014"]),
        ("RUN 2021-577", ["SIM-2022-0014"]),
        ("föräldrahälsa", ["SIM-2021-0004"]),
        ("SKEPPLANDA hälsa", ["SIM-2021-0004"]),
        ("4%", []),
        ("_", []),
        ("", []),
        ("   ", []),
        ("2023-4", []),
    ],
)
def test_a_case_is_found_by_what_people_call_it(tx: UnitOfWork, text: str, found: list[str]) -> None:
    put(tx, "SIM-2021-0004", title="FÖRÄLDRAHÄLSA i Skepplanda")
    put(tx, "SIM-2022-0004", title="Språkutveckling")
    put(tx, "SIM-2022-0014", title="Min airbag", data={"dnr": "RUN 2021-00577"})
    assert [reference for reference, _ in tx.cases.resolve(text)] == found


def test_an_exact_reference_wins_over_a_short_form(tx: UnitOfWork) -> None:
    put(tx, "4")
    put(tx, "SIM-2021-0004")
    assert tx.cases.resolve("4") == (("4", "Title of 4"),)


def test_at_most_twenty_are_offered(tx: UnitOfWork) -> None:
    for year in range(30):
        put(tx, f"SIM-20{year:02}-0004")
    assert len(tx.cases.resolve("4")) == len(tx.cases.resolve("title")) == 20


def test_registry_numbers_are_compared_without_spaces_and_zeros() -> None:
    same = {plain_number(text) for text in ("RUN 2021-00577", "run2021-577", "RUN  2021-0577")}
    assert len(same) == 1
    assert plain_number("RUN 612-0195-14") != plain_number("RUN 612-195-1")


@pytest.fixture
def shelf(tx: UnitOfWork) -> UnitOfWork:
    put(tx, "CALL-1", title="Utlysning")
    put(tx, "A-1", title="Ängar", assignee="u:1", parent="CALL-1", data={"asked": "5.00", "late": True, "n": 3})
    put(tx, "A-2", title="ängar igen", state="closed", phase="done", closed_at=AT, opened_at=AT + timedelta(1))
    put(tx, "A-3", title="Berg", assignee="u:2", data={"kinds": ["x", "y"], "contact": "Åsa", "late": False})
    tx.deadlines.write("A-1", [deadline("A-1", "late"), deadline("A-1", "soon", due_at=AT)], [])
    tx.deadlines.write("A-3", [deadline("A-3")], [])
    return tx


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["A-1", "A-3", "CALL-1"]),
        ({"closed": None}, ["A-1", "A-2", "A-3", "CALL-1"]),
        ({"closed": True}, ["A-2"]),
        ({"workflow": "report"}, []),
        ({"state": "closed", "closed": None}, ["A-2"]),
        ({"phase": "done", "closed": None}, ["A-2"]),
        ({"parent": "CALL-1"}, ["A-1"]),
        ({"assignee": "u:2"}, ["A-3"]),
        ({"overdue_at": AT + timedelta(days=1)}, ["A-1"]),
        ({"overdue_at": AT}, []),
        ({"search": "ÄNGAR", "closed": None}, ["A-1", "A-2"]),
        ({"search": "igen ängar", "closed": None}, ["A-2"]),
        ({"search": "a-3"}, ["A-3"]),
        ({"search": "100%_"}, []),
        ({"fields": {"asked": "5.00"}}, ["A-1"]),
        ({"fields": {"late": "true"}}, ["A-1"]),
        ({"fields": {"n": "3"}}, ["A-1"]),
        ({"fields": {"kinds": "y"}}, ["A-3"]),
        ({"fields": {"contact": "Åsa"}}, ["A-3"]),
        ({"fields": {"late": "false", "kinds": "x"}}, ["A-3"]),
        ({"sort": "title", "closed": None}, ["A-3", "CALL-1", "A-1", "A-2"]),
        ({"sort": "-title", "closed": None}, ["A-2", "A-1", "CALL-1", "A-3"]),
        ({"sort": "due_at"}, ["A-1", "A-3", "CALL-1"]),
        ({"limit": 2}, ["A-1", "A-3"]),
        ({"after": "A-1"}, ["A-3", "CALL-1"]),
        ({"after": "A-2"}, ["A-3", "CALL-1"]),
    ],
)
def test_a_listing_holds_what_was_asked_for(shelf: UnitOfWork, wanted: dict[str, Any], found: list[str]) -> None:
    assert listed(shelf, **wanted) == found


@pytest.mark.parametrize(
    "sort", ["reference", "-reference", "title", "owner", "due_at", "-due_at", "opened_at", "closed_at"]
)
def test_pages_follow_each_other_without_gaps(shelf: UnitOfWork, sort: str) -> None:
    whole = listed(shelf, sort=sort, closed=None)
    pages: list[str] = []
    while page := listed(shelf, sort=sort, closed=None, limit=1, after=pages[-1] if pages else None):
        pages += page
    assert pages == whole
    assert len(whole) == 4


def test_a_row_tells_the_next_deadline_and_data_where_asked(shelf: UnitOfWork) -> None:
    plain = next(shelf.cases.list(CaseFilter()))
    whole = {row.reference: row.data for row in shelf.cases.list(CaseFilter(with_data=True))}
    assert (plain.deadline, plain.due_at, plain.data) == ("soon", AT, {})
    assert whole["A-3"] == {"kinds": ["x", "y"], "contact": "Åsa", "late": False}


@pytest.mark.parametrize(
    "wanted",
    [
        {"sort": "title; DROP TABLE cases"}, {"sort": "snapshot"}, {"sort": ""}, {"fields": {'a" OR 1=1 --': "x"}},
        {"fields": {"$.x": "x"}}, {"sort": "title", "after": "NOWHERE"},
    ],
)  # fmt: skip
def test_what_is_no_key_or_field_is_refused(shelf: UnitOfWork, wanted: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        listed(shelf, **wanted)


def test_texts_in_filters_are_only_texts(shelf: UnitOfWork) -> None:
    hostile = "' OR 1=1 --"
    assert (
        listed(shelf, state=hostile) == listed(shelf, search=hostile) == listed(shelf, fields={"asked": hostile}) == []
    )


def test_all_references_are_sorted(shelf: UnitOfWork) -> None:
    assert list(shelf.cases.references()) == ["A-1", "A-2", "A-3", "CALL-1"]


def test_an_import_is_undone_whole(tx: UnitOfWork) -> None:
    tx.cases.add_import("b", at=AT, source="old.csv")
    put(tx, "OWN-1")
    tx.cases.insert(case("I-1"), phase="idea", links={"call": "OWN-1"}, batch="b")
    tx.cases.insert(case("I-2", parent="I-1"), phase="idea", links={}, batch="b")
    tx.deadlines.write("I-1", [deadline("I-1")], [])
    tx.messages.queue([message(case="I-1")])
    tx.messages.lease(AT, AT + timedelta(minutes=1), 1)
    assert tx.cases.delete_import("b") == 2
    assert list(tx.cases.references()) == ["OWN-1"]
    assert (list(tx.deadlines.list(state=None)), list(tx.messages.list()), tx.cases.linked_from("OWN-1")) == (
        [],
        [],
        (),
    )


@pytest.mark.parametrize("tie", [{"parent": "I-1"}, {"links": {"call": "I-1"}}])
def test_an_import_that_others_build_on_stays(tx: UnitOfWork, tie: dict[str, Any]) -> None:
    tx.cases.add_import("b", at=AT, source="old.csv")
    tx.cases.insert(case("I-1"), phase="idea", links={}, batch="b")
    put(tx, "OWN-1", **tie)
    with pytest.raises(UsageError, match="OWN-1"):
        tx.cases.delete_import("b")
    assert tx.cases.get("I-1") is not None


def test_cases_are_counted_by_workflow_and_state(store: SqlStore) -> None:
    with store.write() as tx:
        for number, state in enumerate(("draft", "draft", "closed"), 1):
            tx.cases.insert(case(f"SIM-2021-000{number}", state=state), phase="apply", links={})

        assert sorted(tx.cases.counts()) == [("application", "closed", 1), ("application", "draft", 2)]
