"""Event logs of other systems: every case, step, time and tie comes in and goes out as it was, or nothing does."""

import gzip
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import event_logs
import pytest
from errands import OFFICER, Desk, build_home
from hiring import hire

from engine.app.advance import Given, advance
from engine.app.erase import erase
from engine.app.event_logs import cases_and_entries
from engine.app.handing_over import select
from engine.app.history_map import HistoryMap, history_map
from engine.app.import_cases import undo_import
from engine.app.import_history import History, history_template, import_history
from engine.app.log_query import Asked, entries
from engine.app.verify import verify
from engine.bootstrap.plugins import history_workflow
from engine.core.case import Case
from engine.core.errors import EngineError, TransitionRefused, UsageError
from engine.core.fold import fold
from engine.exports.xes import EventLog, Trace
from engine.readers.csv import parse_table
from engine.readers.xes import read_traces
from engine.store.database import raw_connection

LOG = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <global scope="event"><string key="concept:name" value="-"/></global>
  <string key="concept:name" value="Gamla systemet"/>
  <trace>
    <string key="concept:name" value="Fall 7"/>
    <float key="AMOUNT_REQ" value="20000.0"/>
    <event><string key="concept:name" value="Ansökan &lt;inkom&gt;"/>
      <date key="time:timestamp" value="2011-10-01T00:00:00.000+02:00"/><string key="org:resource" value="Eva Ek"/>
      <string key="lifecycle:transition" value="START"/></event>
    <event><string key="concept:name" value="Granskas"/>
      <date key="time:timestamp" value="2011-10-01T00:00:00.000+02:00"/></event>
    <event><string key="concept:name" value="Beslut"/><date key="time:timestamp" value="2011-09-30T12:00:00+02:00"/>
      <list key="skäl"><values><string key="skäl" value="a"/><string key="skäl" value="b"/></values></list></event>
  </trace>
  <trace><string key="concept:name" value="1#2"/>
    <event><string key="concept:name" value="Granskas"/>
      <date key="time:timestamp" value="2012-02-29T23:59:59.9999995Z"/></event>
  </trace>
  <trace><string key="concept:name" value="tom"/></trace>
</log>
"""
"""Ties, a midnight, a time that goes backwards, a name that is no reference, a case without events."""

Signature = dict[str, list[tuple[str, datetime, str, str | None]]]
files = count(1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("errands") / "home")


@pytest.fixture
def desk(home: Path, tmp_path: Path) -> Desk:
    return Desk(home, tmp_path / "home")


def source(desk: Desk, content: str | bytes, **more: Any) -> History:
    """An event log in a file of its own."""
    raw = content.encode() if isinstance(content, str) else content
    path = desk.home / f"log{next(files)}.xes"
    path.write_bytes(raw)
    return History("log.xes", sha256(raw).hexdigest(), history_workflow(), lambda: read_traces(path), **more)


def table(text: str, **more: Any) -> History:
    parsed = parse_table(text.encode("cp1252"), "logg.csv")
    return History("logg.csv", "0" * 64, history_workflow(), table=parsed, **more)


def bring(desk: Desk, history: History, **more: Any) -> Any:
    return import_history(desk.office, type(OFFICER)("hans", "os:hans"), history, **more)


def exported(desk: Desk) -> bytes:
    told = cases_and_entries(desk.office, select(desk.office, OFFICER, ()))
    log = EventLog("Kontoret")
    return b"".join(log.parts(Trace(one.case, one.entries, one.definition.fields) for one in told))


def signature(content: bytes) -> Signature:
    """Case -> (activity, instant, lifecycle, resource) of its events in their order."""
    return {
        trace["concept:name"]: [
            (one["concept:name"], datetime.fromisoformat(one["time:timestamp"]),
             one.get("lifecycle:transition", "complete"), one.get("org:resource")) for one in events
        ]
        for trace, events in event_logs.traces(content)
    }  # fmt: skip


def places(error: EngineError) -> list[dict[str, Any]]:
    return [dict(reason.params) for reason in error.reasons]


def case(desk: Desk, reference: str) -> Case:
    with desk.office.store.read() as tx:
        found = tx.cases.get(reference)
    assert found is not None
    return found


def references(desk: Desk) -> list[str]:
    with desk.office.store.read() as tx:
        return list(tx.cases.references())


def lines(desk: Desk, reference: str) -> list[dict[str, Any]]:
    with desk.office.store.read() as tx:
        return [json.loads(kept.line) for kept in tx.log.entries(reference)]


# In and out


def test_a_log_goes_in_and_out_and_in_again_and_stays_the_same(home: Path, desk: Desk, tmp_path: Path) -> None:
    bring(desk, source(desk, LOG))
    first = exported(desk)
    second = Desk(home, tmp_path / "second")
    bring(second, source(second, first))

    assert event_logs.faults(first) == []
    assert signature(first) == signature(LOG.replace(' xmlns="http://www.xes-standard.org/"', "").encode())
    assert signature(exported(second)) == signature(first)
    assert [name for name, _ in sorted(signature(first).items())] == ["1#2", "Fall 7", "tom"]


def test_a_large_log_of_every_shape_goes_in_and_out_and_in_again(home: Path, desk: Desk, tmp_path: Path) -> None:
    content = "".join(made_log(120, seed=7)).encode()
    bring(desk, source(desk, gzip.compress(content)))
    first = exported(desk)
    second = Desk(home, tmp_path / "second")
    bring(second, source(second, first))

    assert signature(first) == signature(content)
    assert signature(exported(second)) == signature(first)
    assert verify(desk.office).bad == verify(second.office).bad == []


def made_log(traces: int, seed: int) -> Iterator[str]:
    """Cases of no, one or many events; many ties, many midnights, some times that go backwards."""
    dice = random.Random(seed)
    yield '<log xes.version="1849.2016">'
    for number in range(traces):
        at = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(days=dice.randrange(900))
        yield f'<trace><string key="concept:name" value="Case {number}"/>'
        for _ in range(dice.choice([0, 1, 2, 5, 40])):
            at += dice.choice([timedelta(0), timedelta(days=1), timedelta(microseconds=1), timedelta(hours=-7)])
            shown = dice.choice([at, at.replace(hour=0, minute=0, second=0, microsecond=0)]).isoformat()
            activity = dice.choice(["A", "a ", "Å &amp; &quot;Ö&quot;", "order", "Gör klart", "x" * 900])
            yield f'<event><string key="concept:name" value="{activity}"/><date key="time:timestamp" value="{shown}"/>'
            yield f'<string key="lifecycle:transition" value="{dice.choice(["start", "complete"])}"/></event>'
        yield "</trace>"
    yield "</log>"


def test_what_else_is_known_is_kept_and_leaves_again_with_its_type(desk: Desk) -> None:
    bring(desk, source(desk, LOG))

    root = event_logs.etree.fromstring(exported(desk))  # type: ignore[attr-defined]
    (trace,) = [t for t in root.iterfind("trace") if t.find("string[@value='Fall 7']") is not None]
    assert trace.find("float[@key='AMOUNT_REQ']").get("value") == "20000.0"
    assert [one.get("value") for one in trace.iterfind("event/list/values/string")] == ["a", "b"]


def test_what_the_standard_forbids_leaves_as_text(desk: Desk) -> None:
    odd = LOG.replace("20000.0", "nan").replace("AMOUNT_REQ", "AMOUNT REQ (€)")
    bring(desk, source(desk, odd))
    content = exported(desk)

    assert event_logs.faults(content) == []
    bring(
        desk, source(desk, content.replace(b"Fall 7", b"Fall 8").replace(b"1#2", b"1#3").replace(b'"tom"', b'"tom2"'))
    )
    kept = [a for told in cases_and_entries(desk.office, select(desk.office, OFFICER, ("Fall 8",)))
            for a in told.entries[0]["changes"]["history"]["attributes"] if a["value"] == "nan"]  # fmt: skip
    assert [(a["type"], a["key"]) for a in kept] == [("string", "AMOUNT REQ (€)")]


def test_a_case_stands_where_history_ended_and_nothing_counts_as_done_here(desk: Desk) -> None:
    told = bring(desk, source(desk, LOG), note="ur gamla systemet")
    made = case(desk, "Fall 7")

    assert (made.workflow, made.state, made.title, made.revision) == ("history", "ended", "Fall 7", 1)
    assert made.opened_at == datetime(2011, 9, 30, 10, tzinfo=UTC)
    assert list(made.events) == ["bring_in"]
    assert (made.deadlines, desk.mails()) == ((), [])
    assert (told["events"], told["backwards"], told["unknown"]) == (4, 1, 4)
    acts = [(one["act"], one["event"], one["role"]) for one in lines(desk, "Fall 7")]
    assert acts == [("open", "bring_in", "head"), *[("historic", None, "head")] * 3]


def test_names_of_people_stand_in_the_part_that_can_be_erased(desk: Desk) -> None:
    bring(desk, source(desk, LOG))

    assert "Eva Ek" not in json.dumps(lines(desk, "Fall 7"), ensure_ascii=False)
    with desk.office.store.write() as tx:
        person = tx.people.add_person("Eva Ek", email="eva@region.example")
        hire(tx, "arkiv", "archivist")
    archivist = type(OFFICER)("arkiv", "os:arkiv")
    found = erase(desk.office, archivist, person.id, "GDPR art. 17.1 a", dry_run=True)["left"]
    erase(desk.office, archivist, person.id, "GDPR art. 17.1 a", also=[one["entry"] for one in found])
    assert "Eva Ek" not in exported(desk).decode()
    assert verify(desk.office).bad == []


def test_the_log_tells_it_under_its_own_name_and_as_history(desk: Desk) -> None:
    bring(desk, source(desk, LOG))

    told = list(entries(desk.office, OFFICER, Asked(reference="Fall 7", kind="historic")))
    assert [one["changes"]["activity"] for one in told] == ["Ansökan <inkom>", "Granskas", "Beslut"]
    assert told[0]["changes"]["history"]["resource"] == "Eva Ek"
    assert {one["recorded_at"] for one in told} == {"2021-03-01T09:00:00.000000Z"}


def test_the_office_log_has_the_import_and_the_workflow_for_history(desk: Desk) -> None:
    bring(desk, source(desk, LOG), batch="gamla")

    acts = [(one["act"], one["body"]) for one in lines(desk, "@office")[-2:]]
    assert acts[0][1]["name"] == "history"
    assert acts[1] == ("import", {"batch": "gamla", "file": sha256(LOG.encode()).hexdigest(), "cases": 3, "events": 4,
                                  "history": True})  # fmt: skip


# A workflow of the office


def test_activities_that_are_events_follow_the_machine(desk: Desk) -> None:
    rows = "Ärende;Aktivitet;Tid\r\nE-1;Beställ;2019-01-02\r\nE-1;wait;2019-02-03 10:15\r\nE-1;Telefon;2019-02-04\r\n"
    told = bring(desk, table(rows, workflow="errand"))

    steps = [(one["body"].get("event"), one["from"], one["to"], one["occ"]) for one in lines(desk, "E-1")[1:]]
    assert steps == [
        ("order", "open", "open", "2019-01-01T23:00:00.000000Z"),
        ("wait", "open", "waiting", "2019-02-03T09:15:00.000000Z"),
        (None, None, None, "2019-02-03T23:00:00.000000Z"),
    ]
    assert (case(desk, "E-1").state, told["unknown"], told["ways"]) == ("waiting", 1, 0)
    assert verify(desk.office).bad == []
    advance(desk.office, OFFICER, "E-1", "resume", Given())
    assert desk.state("E-1") == "open"
    assert verify(desk.office).bad == []


def test_a_map_says_what_headings_activities_and_states_mean(desk: Desk) -> None:
    plain = {
        "columns": {"Nr": "case", "Vad": "activity", "När": "time", "Aktivitet": ""},
        "events": {"Inkommet": "order", "wait": ""}, "states": {"Sov": "Vilande"}, "defaults": {"workflow": "errand"},
    }  # fmt: skip
    rows = "Nr;Vad;När;Aktivitet\r\n7;Inkommet;2019-01-02;x\r\n7;wait;2019-01-03;y\r\n7;Sov;2019-01-04;z\r\n"
    bring(desk, table(rows, map=history_map(plain, "karta.toml")))

    assert [(one["body"].get("event"), one["to"]) for one in lines(desk, "7")[1:]] == [
        ("order", "open"), (None, None), (None, "waiting"),
    ]  # fmt: skip


def test_the_state_of_the_last_row_and_that_of_all_are_where_cases_end(desk: Desk) -> None:
    rows = "case;activity;time;state\r\n{0};a;2019-01-02;\r\n{0};b;2019-01-03;Försenat\r\n"
    bring(desk, table(rows.format("E-1"), workflow="errand"))
    bring(desk, table(rows.format("E-2"), workflow="errand", state="Klart"))

    assert (desk.state("E-1"), desk.state("E-2")) == ("late", "done")
    assert case(desk, "E-2").closed_at == datetime(2019, 1, 2, 23, tzinfo=UTC)


def test_what_could_not_have_happened_there_is_counted_and_kept(desk: Desk) -> None:
    told = bring(desk, table("case;activity;time\r\nE-1;resume;2019-01-02\r\n", workflow="errand"))

    assert (told["ways"], desk.state("E-1")) == (1, "open")


def test_a_template_lists_every_activity_with_the_event_it_is_taken_for(desk: Desk) -> None:
    rows = 'case;activity;time\r\n1;Vila;2019-01-02\r\n1;"a ""b""";2019-01-02\r\n2;Vila;2019-01-02\r\n'
    text = "\n".join(history_template(desk.office, OFFICER, table(rows, workflow="errand")))

    import tomllib

    assert tomllib.loads(text)["events"] == {"Vila": "wait", 'a "b"': ""}
    assert history_map(tomllib.loads(text), "x").events == {"Vila": "wait", 'a "b"': ""}


# Order


def test_rows_keep_their_order_and_sort_leaves_ties_and_midnights_alone(desk: Desk) -> None:
    rows = (
        "case;activity;time\r\n1;c;2019-03-02 09:00\r\n1;b;2019-03-01 15:00\r\n1;a;2019-03-01\r\n"
        "1;y;2019-03-03 10:00\r\n1;x;2019-03-03 10:00\r\n1;w;2019-03-03 09:00\r\n"
    )
    told = bring(desk, table(rows))
    bring(desk, table(rows.replace("\r\n1;", "\r\n2;"), sort=True))

    def order(reference: str) -> str:
        return "".join(one["body"]["activity"] for one in lines(desk, reference)[1:])

    assert (order("1"), told["backwards"]) == ("cbayxw", 3)
    assert order("2") == "bacwyx"


# Wrong


def refused(desk: Desk, history: History) -> EngineError:
    before = lines(desk, "@office")
    with pytest.raises(EngineError) as error:
        bring(desk, history)
    assert references(desk) == []
    assert [one["act"] for one in lines(desk, "@office")[len(before) :]] in ([], ["refused"])
    return error.value


def test_every_fault_of_a_table_is_named_by_line_and_column(desk: Desk) -> None:
    rows = "case;activity;time;state\r\n1;a;igår;\r\n1;;2019-01-01;\r\n2;b;2031-01-01;\r\n2;b;2019-01-01;Vilse\r\n"
    told = places(refused(desk, table(rows, workflow="errand", state="done")))

    assert [(p["line"], p["column"]) for p in told] == [(2, "time"), (3, "activity"), (4, "time"), (5, "state")]


def test_every_fault_of_an_event_log_is_named_by_trace_and_event_and_alike_ones_once(desk: Desk) -> None:
    text = LOG.replace('<date key="time:timestamp" value="2011-10-01T00:00:00.000+02:00"/>', "")
    told = places(refused(desk, source(desk, text)))

    assert told == [
        {"trace": 1, "event": 1, "column": "time:timestamp", "what": "is empty: every event has its time", "more": 1}
    ]


def test_a_name_twice_or_here_already_is_refused(desk: Desk) -> None:
    twice = LOG.replace("1#2", "Fall 7")
    assert [p["trace"] for p in places(refused(desk, source(desk, twice)))] == [2]
    bring(desk, source(desk, LOG))
    with pytest.raises(UsageError) as error:
        bring(desk, source(desk, LOG))
    assert "there is a case Fall 7 already" in places(error.value)[0]["what"]


def test_a_workflow_needs_to_be_told_where_cases_stand(desk: Desk) -> None:
    (told,) = places(refused(desk, source(desk, LOG.replace('value="tom"', 'value="Fall 9"'), workflow="errand")))

    assert "nothing tells where it stands in the end" in told["what"]
    assert (told["trace"], told["more"]) == (1, 1)


def test_a_table_without_the_columns_it_needs_is_refused(desk: Desk) -> None:
    assert "no column for case" in refused(desk, table("a;b\r\n1;2\r\n")).message


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (f'<!DOCTYPE log [<!ENTITY l0 "ha">{LAUGHS}]><log>&l9;</log>', "declares a document type"),
        ('<!DOCTYPE log [<!ENTITY x SYSTEM "file:///etc/passwd">]><log>&x;</log>', "declares a document type"),
        ('<!DOCTYPE log SYSTEM "http://127.0.0.1:9/x.dtd"><log/>', "declares a document type"),
        ('<log><trace><string key="a" value="&x;"/></trace></log>', "undefined entity"),
        (LOG[:900], "line 1"), ("<html/>", "an event log begins with <log>"), ("", "no element found"),
        ("<log><event/></log>", "outside any trace"), ("<log><trace><b/></trace></log>", "XES knows only attributes"),
        ("<log><trace><string value='1'/></trace></log>", "without a key"), ("<log/>", "holds no cases"),
        ("<log><trace>" + "<string key='a' value='b'>" * 60, "within each other"),
        (b"\x1f\x8b\x08\x00broken", "damaged gzip"), (gzip.compress(LOG.encode())[:-20], "damaged gzip"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_event_log_or_a_trap_is_refused_whole(desk: Desk, content: str | bytes, what: str) -> None:
    assert what in refused(desk, source(desk, content)).message


@pytest.mark.parametrize(
    "plain", [{"kolumner": {}}, {"columns": {"a": "b"}}, {"events": {"a": 1}}, {"values": {"x": {}}}]
)
def test_a_map_of_another_form_is_refused(plain: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"karta\.toml"):
        history_map(plain, "karta.toml")


def test_a_map_of_events_that_there_are_not_is_refused(desk: Desk) -> None:
    error = refused(desk, source(desk, LOG, workflow="errand", map=HistoryMap(events={"Beslut": "decide"})))

    assert "does not have: decide" in places(error)[0]["what"]


def test_only_the_office_brings_history_in(desk: Desk) -> None:
    with desk.office.store.write() as tx:
        tx.people.add_user("sven")
    with pytest.raises(TransitionRefused):
        import_history(desk.office, type(OFFICER)("sven", "os:sven"), source(desk, LOG))
    assert references(desk) == []


def test_a_dry_run_tells_the_same_and_takes_nothing_in(desk: Desk) -> None:
    before = lines(desk, "@office")
    told = bring(desk, source(desk, LOG), dry_run=True)

    assert (references(desk), lines(desk, "@office")) == ([], before)
    real = bring(desk, source(desk, LOG))
    assert (told["batch"], told["cases"]) == (real["batch"], real["cases"])


# Back


def test_history_is_taken_back_and_comes_again(desk: Desk) -> None:
    undo_import(desk.office, OFFICER, bring(desk, source(desk, LOG))["batch"], note="fel fil")
    assert references(desk) == []
    bring(desk, source(desk, LOG))

    acts = [one["act"] for one in lines(desk, "Fall 7")]
    assert acts == ["open", *["historic"] * 3, "import_undone", "open", *["historic"] * 3]
    assert len(signature(exported(desk))["Fall 7"]) == 3
    assert verify(desk.office).bad == []


def test_a_case_that_went_on_here_is_not_taken_back(desk: Desk) -> None:
    told = bring(desk, table("case;activity;time\r\nE-1;order;2019-01-02\r\n", workflow="errand"))
    desk.advance("E-1", "wait")
    with pytest.raises(TransitionRefused):
        undo_import(desk.office, OFFICER, told["batch"])


# Evidence


def test_what_came_in_folds_to_the_case_that_is_kept(desk: Desk) -> None:
    bring(desk, source(desk, LOG))

    with desk.office.store.read() as tx:
        for reference in tx.cases.references():
            folded = fold((kept.line, kept.payload) for kept in tx.log.entries(reference))
            assert folded == tx.cases.get(reference)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"act": "advance", "event": "end"}, "replay"), ({"event": "end"}, "replay_history_more"),
        ({"to": "nowhere"}, "replay_target"), ({"obo": "p:1"}, "replay_history_more"),
        ({"at": "2021-03-01T09:00:00.000001Z"}, "replay_history_late"),
    ],
)  # fmt: skip
def test_an_entry_of_history_that_claims_more_is_found(desk: Desk, change: dict[str, Any], why: str) -> None:
    bring(desk, source(desk, LOG))
    rewrite(desk, "Fall 7", 4, change)

    found = verify(desk.office).bad
    assert (found[0].case, found[0].n) == ("Fall 7", 4)
    assert any(bad.why.code.startswith(why) for bad in found)


@pytest.mark.sqlite
def test_history_after_a_decision_of_our_own_is_found(desk: Desk) -> None:
    bring(desk, table("case;activity;time\r\nE-1;order;2019-01-02\r\n", workflow="errand"))
    desk.advance("E-1", "wait")
    rewrite(desk, "E-1", 3, {"act": "historic", "event": None, "body": {"activity": "beslut", "batch": "x"}})

    assert any(bad.why.code == "replay_history_late" for bad in verify(desk.office).bad)


def rewrite(desk: Desk, reference: str, n: int, change: dict[str, Any]) -> None:
    """Change an entry behind the program's back, past the triggers that forbid it."""
    database = raw_connection(desk.home / "skede.db", "rw")
    triggers = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    for name in triggers:
        database.execute(f'DROP TRIGGER "{name}"')
    (line,) = database.execute("SELECT line FROM entries WHERE case_ref = ? AND n = ?", (reference, n)).fetchone()
    text = json.dumps({**json.loads(line), **change}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    database.execute("UPDATE entries SET line = ? WHERE case_ref = ? AND n = ?", (text, reference, n))
    database.commit()
    database.close()


def test_an_officer_brings_in_no_history_that_ends_open(desk: Desk) -> None:
    rows = "case;activity;time\r\nE-2;a;2019-01-02\r\n"

    with pytest.raises(TransitionRefused) as told:
        import_history(desk.office, OFFICER, table(rows, workflow="errand", state="Öppet"))

    assert [reason.code for reason in told.value.reasons] == ["import_needs_head"]
