"""Object-centric logs: valid, whole without everything in memory, and no relationship leads out of them."""

import json
from typing import Any

import event_logs
from builders import a_definition
from test_xes import AT, HOSTILE, case, entry

from engine.exports.ocel import Happening, ObjectLog

ERRAND = a_definition("errand")
LATER = "2021-04-01T00:00:00.000000Z"


def whole(**more: Any) -> dict[str, Any]:
    owner = {
        "role": "owner", "organisation_id": "o:7", "organisation": "Exempelby", "people": {
            "contact": [{"id": "p:4", "name": "Eva Ek"}],
        },
    }  # fmt: skip
    document = {
        "id": 1, "kind": "plan", "name": "plan.pdf", "sha256": "ab", "direction": "in", "received_at": AT,
        "secrecy": None,
    }  # fmt: skip
    return case(parties=[owner], documents=[document], signatures=[], **more)


def log_of(*cases: Happening, references: tuple[str, ...] = ("E-1",), every: bool = False) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(b"".join(ObjectLog(frozenset(references), every).parts(cases)))
    return told


def objects(log: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in log["objects"]}


def related(one: dict[str, Any]) -> set[tuple[str, str]]:
    return {(r["objectId"], r["qualifier"]) for r in one["relationships"]}


def test_a_case_is_joined_to_its_parties_and_documents() -> None:
    log = log_of(Happening(whole(title=HOSTILE), [entry(1, "open", "order")], ERRAND))

    assert event_logs.ocel_faults(log) == []
    assert related(objects(log)["E-1"]) == {
        ("o:7", "owner"), ("p:4", "owner.contact"), ("E-1/document/1", "document")
    }  # fmt: skip
    assert objects(log)["p:4"]["attributes"][0]["value"] == "Eva Ek"


def test_a_person_in_many_cases_is_one_object() -> None:
    cases = [Happening({**whole(), "reference": name}, [], ERRAND) for name in ("E-1", "E-2")]

    log = log_of(*cases, references=("E-1", "E-2"))

    assert event_logs.ocel_faults(log) == []
    assert sorted(objects(log)) == ["E-1", "E-1/document/1", "E-2", "E-2/document/1", "o:7", "p:4"]


def test_an_event_names_what_it_touched() -> None:
    filed = {"docs": [{"id": 1}], "parties": [{"organisation": "o:7", "role": "owner"}], "cause": "E-2#3"}
    events = [entry(1, "open", "order", changes=filed, on_behalf_of="p:4")]

    log = log_of(Happening(whole(), events, ERRAND), Happening({**whole(), "reference": "E-2"}, [], ERRAND),
                 references=("E-1", "E-2"))  # fmt: skip

    (event,) = log["events"]
    assert (event["type"], event["time"]) == ("errand.order", AT)
    assert related(event) == {
        ("E-1", "case"), ("E-2", "cause"), ("p:4", "on_behalf_of"), ("E-1/document/1", "filed"), ("o:7", "owner"),
    }  # fmt: skip


def test_no_relationship_leads_to_a_case_that_is_not_there() -> None:
    log = log_of(Happening(whole(parent="U-1"), [entry(1, changes={"cause": "U-1#2"})], ERRAND))

    assert event_logs.ocel_faults(log) == []


def test_values_stand_with_the_time_from_which_they_held() -> None:
    entries = [
        entry(1, "open", "order", target="open", changes={"title": "Ett", "set": {"due_on": "2021-05-01"}}),
        entry(2, "advance", "wait", occurred_at=LATER, target="waiting", changes={"set": {"due_on": "2021-06-01"}}),
        entry(3, "note", None, target=None),
    ]
    held = whole(state="waiting", data={"due_on": "2021-06-01", "answer": "ja"})

    log = log_of(Happening(held, entries, ERRAND))

    told = [(a["name"], a["value"], a["time"]) for a in objects(log)["E-1"]["attributes"]]
    assert told == [
        ("set.due_on", "2021-05-01", AT), ("title", "Ett", AT), ("state", "open", AT),
        ("set.due_on", "2021-06-01", LATER), ("state", "waiting", LATER), ("set.answer", "ja", AT),
    ]  # fmt: skip


def test_other_entries_are_events_only_when_asked_for() -> None:
    entries = [entry(1, "open", "order"), entry(2, "mail", None)]

    steps = log_of(Happening(whole(), entries, ERRAND))
    every = log_of(Happening(whole(), entries, ERRAND), every=True)

    assert [one["type"] for one in steps["events"]] == ["errand.order"]
    assert [one["type"] for one in every["events"]] == ["errand.order", "errand.mail"]


def test_an_empty_log_is_valid() -> None:
    assert event_logs.ocel_faults(log_of()) == []
