"""Event logs in XES: valid whatever stands in the cases, every case a trace, and the same bytes each time."""

import json
from typing import Any

import event_logs
import pytest
from builders import a_definition
from lxml import etree

from engine.core.definition import Field
from engine.exports.xes import EventLog, Trace

AT = "2021-03-04T11:30:00.123456Z"
HOSTILE = "<&\"'>]]> å 😀 \x00\x0b\x1f\ufffe\ud800 \t\r\n  two"


def entry(n: int, kind: str = "advance", event: str | None = "grant", **more: Any) -> dict[str, Any]:
    plain = {
        "entry": f"E-1#{n}", "case": "E-1", "n": n, "recorded_at": AT, "occurred_at": AT, "kind": kind, "event": event,
        "source": "a", "target": "b", "actor": "u:3", "auth": "os:anna", "role": "officer", "on_behalf_of": None,
        "note": None, "changes": {}, "workflow": "errand", "version": 1, "definition": "d", "request_id": None,
        "prev": "p", "hash": "h",
    }  # fmt: skip
    return {**plain, **more}


def case(**more: Any) -> dict[str, Any]:
    plain = {
        "reference": "E-1", "workflow": "errand", "version": 1, "state": "open", "phase": "work", "title": "Ett",
        "owner": None, "parent": None, "opened_at": AT, "closed_at": None, "data": {},
    }  # fmt: skip
    return {**plain, **more}


def written(*traces: Trace, every: bool = False) -> bytes:
    return b"".join(EventLog("Kontoret", every).parts(traces))


def test_any_text_makes_a_valid_file_that_other_parsers_read() -> None:
    content = written(Trace(case(title=HOSTILE), [entry(1, note=HOSTILE)], {}))

    assert event_logs.faults(content) == []
    ((told, (event,)),) = event_logs.traces(content)
    shown = "<&\"'>]]> å 😀 \ufffd\ufffd\ufffd\ufffd\ufffd \t\r\n  two"
    assert (told["skede:title"], event["skede:note"]) == (shown, shown)


def test_what_xml_cannot_hold_stands_below_as_json_and_is_counted() -> None:
    log = EventLog("Kontoret")
    content = b"".join(log.parts([Trace(case(title=HOSTILE), [entry(1)], {})]))

    exact = etree.fromstring(content).find(".//string[@key='skede:title']/string[@key='skede:exact']")
    assert json.loads(exact.get("value")) == HOSTILE
    assert log.replaced == 1


def test_a_text_that_xml_holds_has_nothing_below_it() -> None:
    assert b"skede:exact" not in written(Trace(case(title="Å\t\n\r😀"), [entry(1)], {}))


def test_steps_are_events_and_other_entries_only_when_asked_for() -> None:
    entries = [entry(1, "open", "order"), entry(2, "mail", None), entry(3), entry(4, "reversed", "grant")]

    ((_, steps),) = event_logs.traces(written(Trace(case(), entries, {})))
    ((_, every),) = event_logs.traces(written(Trace(case(), entries, {}), every=True))

    assert [one["concept:name"] for one in steps] == ["order", "grant", "reversed:grant"]
    assert [one["concept:name"] for one in every] == ["order", "mail", "grant", "reversed:grant"]


def test_an_event_says_when_who_and_as_what() -> None:
    ((_, (event,)),) = event_logs.traces(written(Trace(case(), [entry(1, on_behalf_of="p:4")], {})))

    assert event["time:timestamp"] == AT
    assert (event["org:resource"], event["org:role"], event["identity:id"]) == ("u:3", "officer", "E-1#1")
    assert (event["skede:on_behalf_of"], event["lifecycle:transition"]) == ("p:4", "complete")


@pytest.mark.parametrize(
    ("kind", "value", "element", "shown"),
    [
        ("money", "-1250.50", "float", "-1250.50"), ("integer", 7, "int", "7"), ("flag", True, "boolean", "true"),
        ("instant", AT, "date", AT), ("date", "2021-03-04", "string", "2021-03-04"), ("text", "5", "string", "5"),
        ("list", [{"b": 1, "a": "å"}], "string", '[{"a": "å", "b": 1}]'), ("choices", ["x"], "string", '["x"]'),
        ("money", "masked-12", "string", "masked-12"), ("flag", "masked-12", "string", "masked-12"),
    ],
)  # fmt: skip
def test_a_field_keeps_its_type(kind: Any, value: Any, element: str, shown: str) -> None:
    field = Field(id="f", type=kind, title={"sv": "F", "en": "F"})

    content = written(Trace(case(data={"f": value}), [], {"f": field}))

    (found,) = etree.fromstring(content).iterfind("trace/*[@key='skede:set.f']")
    assert (found.tag, found.get("value")) == (element, shown)
    assert event_logs.faults(content) == []


def test_history_stands_under_its_own_names_and_keeps_what_else_was_known() -> None:
    past = {"name": "Fall 7", "attributes": [{"type": "float", "key": "AMOUNT REQ", "value": "1e3"}]}
    step = {
        "resource": "Eva", "role": "clerk", "lifecycle": "start",
        "attributes": [
            {"type": "string", "key": "7th", "value": "x", "below": [{"type": "id", "key": "y", "value": "<"}]},
            {"type": "string", "key": "concept:name", "value": "Annat"},
        ],
    }  # fmt: skip
    came_in = entry(1, "open", "take_in", changes={"imported": {"history": {}}, "history": past})
    done = entry(2, "historic", None, changes={"activity": "Beslut <A>", "history": step}, role="officer")

    content = written(Trace(case(), [came_in, done], {}))

    ((told, (event,)),) = event_logs.traces(content)
    assert event_logs.faults(content) == []
    assert (told["concept:name"], told["skede:reference"], told["AMOUNT_REQ"]) == ("Fall 7", "E-1", "1e3")
    assert (event["concept:name"], event["org:resource"], event["org:role"]) == ("Beslut <A>", "Eva", "clerk")
    assert (event["lifecycle:transition"], event["_7th"]) == ("start", "x")


def test_a_case_without_steps_is_an_empty_trace() -> None:
    content = written(Trace(case(), [], {}))

    assert event_logs.faults(content) == []
    assert event_logs.traces(content)[0][1] == []


def test_the_same_cases_give_the_same_bytes_case_by_case() -> None:
    fields = a_definition("errand").fields
    log = EventLog("Kontoret")
    parts = list(log.parts(Trace(case(reference=f"E-{n}"), [entry(1)], fields) for n in range(3)))

    assert len(parts) == 5
    assert b"".join(parts) == b"".join(EventLog("Kontoret").parts(
        Trace(case(reference=f"E-{n}"), [entry(1)], fields) for n in range(3)
    ))  # fmt: skip
