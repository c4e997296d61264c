"""Cases from elsewhere: all or none, each where it stood, told what is not verified; and taken back without a trace
lost."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from errands import ADMIN, OFFICER, TOY, Desk, build_home

from engine.app import people
from engine.app.advance import Given, advance
from engine.app.import_cases import Source, import_cases, undo_import
from engine.app.import_template import NO_MAP, TableMap, table_map, template
from engine.app.open_case import open_case
from engine.app.publish import publish
from engine.app.query import show
from engine.app.record import OFFICE
from engine.app.tick import tick
from engine.app.verify import verify
from engine.core.case import Case
from engine.core.errors import LogTampered, NotFound, TransitionRefused, UsageError
from engine.core.fold import fold
from engine.exports.csv import table_text
from engine.readers.csv import parse_table
from engine.readers.toml import read_definition

BOSS = type(OFFICER)("hans", "os:hans")
"""The head, who alone brings in what lives on here."""
HEAD = "Referens;Rubrik;Läge;Öppnat;I läget sedan;Ska vara klart\r\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("errands") / "home")


@pytest.fixture
def desk(home: Path, tmp_path: Path) -> Desk:
    return Desk(home, tmp_path / "home")


def source(text: str, mapped: TableMap = NO_MAP, workflow: str | None = "errand") -> Source:
    return Source(parse_table(text.encode("cp1252"), "gamla.csv"), "gamla.csv", "0" * 64, mapped, workflow)


def bring(desk: Desk, text: str, **more: Any) -> Mapping[str, Any]:
    return import_cases(desk.office, BOSS, source(text), **more)


def refused(desk: Desk, text: str, mapped: TableMap = NO_MAP, workflow: str | None = "errand") -> list[str]:
    """What is wrong with a table that must not come in: `line column what` of each fault, or the one message."""
    with pytest.raises(UsageError) as error:
        import_cases(desk.office, BOSS, source(text, mapped, workflow))
    assert references(desk) == []
    told = [r.params for r in error.value.reasons]
    return [f"{p['line']} {p.get('column', '-')} {p['what']}" for p in told] or [error.value.message]


def references(desk: Desk) -> list[str]:
    with desk.office.store.read() as tx:
        return list(tx.cases.references())


def case(desk: Desk, reference: str) -> Case:
    with desk.office.store.read() as tx:
        found = tx.cases.get(reference)
    assert found is not None
    return found


def bodies(desk: Desk, reference: str) -> list[dict[str, Any]]:
    with desk.office.store.read() as tx:
        return [json.loads(kept.line) for kept in tx.log.entries(reference)]


# In


def test_a_case_stands_at_once_where_it_stood_and_tells_since_when(desk: Desk) -> None:
    told = bring(desk, HEAD + "E-2018-0007;Gammalt;Vilande;2018-02-01;2019-05-06;2021-09-01\r\n")
    made = case(desk, "E-2018-0007")
    assert (made.state, made.title, made.revision, made.n) == ("waiting", "Gammalt", 1, 1)
    assert made.opened_at == datetime(2018, 1, 31, 23, tzinfo=UTC)
    assert made.entered_at == made.occurred_at == datetime(2019, 5, 5, 22, tzinfo=UTC)
    assert made.data == {"due_on": "2021-09-01"}
    assert told["cases"][0]["line"] == 2
    assert verify(desk.office).bad == []


def test_a_final_state_closes_the_case_when_it_came_there(desk: Desk) -> None:
    bring(desk, HEAD + ";Gammalt;done;2018-02-01;2019-05-06;2018-09-01\r\n")
    made = case(desk, "E-2018-0001")
    assert made.closed_at == datetime(2019, 5, 5, 22, tzinfo=UTC)
    assert made.deadlines == ()


def test_nothing_is_mailed_and_no_event_follows(desk: Desk) -> None:
    bring(desk, HEAD + ";Gammalt;Öppet;2020-02-01;;2020-09-01\r\n;Gammalt;done;2020-02-01;;2020-09-01\r\n")
    tick(desk.office)
    assert (desk.mails(), desk.state("E-2020-0001")) == ([], "open")


def test_an_automatic_event_does_not_carry_an_imported_case_on(desk: Desk) -> None:
    plain, text = read_definition(TOY)
    finish = next(edge for edge in plain["transition"] if edge["event"] == "finish")
    changed = {**plain, "version": 2, "transition": [{**finish, "by": ["system"], "auto": True}, *plain["transition"]]}
    publish(desk.office, ADMIN, {"errand.toml": (changed, text)})
    assert desk.state(desk.order("2021-06-01")) == "done"
    bring(desk, HEAD + "E-1;Gammalt;Öppet;2020-02-01;;2021-09-01\r\n")
    assert [line["act"] for line in bodies(desk, "E-1")] == ["open"]


def test_what_could_not_be_checked_is_told_and_stands_in_the_log(desk: Desk) -> None:
    told = bring(desk, "Rubrik;Läge;Öppnat\r\nGammalt;Försenat;2020-02-01\r\n")
    wanted = [
        {"code": "field_missing", "params": {"field": "due_on"}},
        {"code": "import_way_unknown", "params": {"source": "open", "state": "late"}},
        {"code": "anchor_missing", "params": {"deadline": "errand_due", "anchor": "due_on"}},
        {"code": "import_deadline_past", "params": {"deadline": "dropping", "day": "2020-05-01"}},
    ]
    assert told["cases"][0]["unverified"] == wanted
    body = bodies(desk, told["cases"][0]["reference"])[0]["body"]
    assert body["imported"] == {"opened_at": "2020-01-31T23:00:00.000000Z", "unverified": wanted}


@pytest.mark.parametrize(("deadlines", "open_ones"), [("future", ["errand_due"]), ("none", [])])
def test_a_deadline_that_lies_ahead_opens_unless_none_is_wanted(
    desk: Desk, deadlines: str, open_ones: list[str]
) -> None:
    told = bring(desk, HEAD + ";Gammalt;Öppet;2020-02-01;;2021-03-20\r\n", deadlines=deadlines)
    assert told["cases"][0]["deadlines"] == open_ones
    assert verify(desk.office).bad == []


def test_a_deadline_that_opened_reminds_from_now_on(desk: Desk) -> None:
    bring(desk, HEAD + ";Gammalt;Öppet;2020-02-01;;2021-03-20\r\n")
    assert bodies(desk, "E-2020-0001")[0]["body"]["suppressed"] == [["E-2020-0001#1:errand_due", -30]]
    desk.clock.forward(days=9)
    tick(desk.office)
    assert [key for key, _, _ in desk.mails("reminder")] == ["E-2020-0001#1:errand_due/1/-14/p:1"]


def test_an_imported_case_goes_on_by_the_rules(desk: Desk) -> None:
    bring(desk, HEAD + ";Gammalt;Vilande;2020-02-01;;2021-03-20\r\n")
    desk.advance("E-2020-0001", "resume")
    assert desk.state("E-2020-0001") == "open"
    assert verify(desk.office).bad == []


def test_people_organisations_and_the_case_above_are_looked_up(desk: Desk) -> None:
    made = people.add_organisation(desk.office, ADMIN, "Borås stad", "municipality")["id"]
    eva = people.add_person(desk.office, ADMIN, "Eva Ek", email="eva@boras.example")["id"]
    per = people.add_person(desk.office, ADMIN, "Per Lund", email="per@boras.example")["id"]
    text = (
        "Referens;Rubrik;Läge;Överordnat ärende;Projektägare;Projektägare: kontaktperson;Samverkanspart;"
        "Samverkanspart: kontaktperson;Ansvarig handläggare\r\n"
        "E-2019-0001;Ovan;Öppet;;;;;;anna\r\n"
        "E-2019-0002;Under;Öppet;E-2019-0001;Borås stad;eva@boras.example;Borås stad|Borås stad;|Per Lund;\r\n"
    )
    bring(desk, text)
    below, above = case(desk, "E-2019-0002"), case(desk, "E-2019-0001")
    assert (below.parent, above.assignee) == ("E-2019-0001", "u:2")
    assert [(p.role, p.organisation, p.side, p.people) for p in below.parties] == [
        ("owner", made, "municipal", {"contact": (eva,)}), ("partner", made, "municipal", {}),
        ("partner", made, "municipal", {"contact": (per,)}),
    ]  # fmt: skip


def test_references_of_their_own_are_left_out_when_numbers_are_given(desk: Desk) -> None:
    bring(desk, HEAD + "E-2021-0001;Gammalt;Öppet;2021-01-01;;2021-09-01\r\n")
    assert desk.order("2021-06-01") == "E-2021-0002"


def test_a_dry_run_tells_the_same_and_takes_nothing_in(desk: Desk) -> None:
    text = HEAD + ";Gammalt;Vilande;2018-02-01;2019-05-06;2021-09-01\r\n"
    told = bring(desk, text, dry_run=True)
    assert references(desk) == []
    real = bring(desk, text)
    assert (told["cases"], told["batch"]) == (real["cases"], real["batch"])


def test_the_office_log_has_the_import_and_no_file_name_in_its_line(desk: Desk) -> None:
    told = bring(desk, HEAD + ";Gammalt;Öppet;2020-02-01;;2021-09-01\r\n", note="från Excel")
    with desk.office.store.read() as tx:
        kept = list(tx.log.entries(OFFICE))[-1]
    line = json.loads(kept.line)
    assert (line["act"], line["role"]) == ("import", "head")
    assert line["body"] == {"batch": told["batch"], "file": "0" * 64, "cases": 1, "deadlines": "future"}
    assert json.loads(kept.payload or "") == {"name": "gamla.csv", "note": "från Excel"}


def test_only_the_office_imports(desk: Desk) -> None:
    with desk.office.store.write() as tx:
        tx.people.add_user("sven")
    with pytest.raises(TransitionRefused) as error:
        import_cases(desk.office, type(OFFICER)("sven", "os:sven"), source(HEAD + ";A;Öppet;2020-02-01;;\r\n"))
    assert [reason.code for reason in error.value.reasons] == ["right_missing"]


# Wrong


def test_every_bad_cell_is_named_by_line_and_heading_and_nothing_comes_in(desk: Desk) -> None:
    rows = ";Bra;Öppet;2020-02-01;;2021-09-01\r\n;Fel;Vilse;igår kväll;;2021-13-01\r\n;;Öppet;2022-01-01;;\r\n"
    assert [line.split(" ", 1)[0] + line.split(" ", 1)[1][:14] for line in refused(desk, HEAD + rows)] == [
        "3Läge 'Vilse' i", "3Öppnat 'igår k", "3Ska vara klart", "4Rubrik is empt", "4Öppnat 2022-01",
    ]  # fmt: skip


def test_a_column_that_is_none_is_refused_with_the_nearest(desk: Desk) -> None:
    told = refused(desk, "Rubrikk;Läge\r\nA;Öppet\r\n")
    assert "there is no column Rubrikk (did you mean title?)" in told[0]


def test_two_columns_of_one_meaning_are_refused(desk: Desk) -> None:
    told = refused(desk, "Rubrik;title\r\nA;B\r\n")
    assert "title is the column title a second time" in told[0]


def test_a_reference_twice_is_refused_at_the_second_row(desk: Desk) -> None:
    told = refused(desk, HEAD + "E-1;A;Öppet;2020-02-01;;\r\nE-1;B;Öppet;2020-02-01;;\r\n")
    assert told == ["3 - there is a case E-1 already: leave the reference out to get a new one"]


def test_rows_below_a_bad_one_are_not_complained_of(desk: Desk) -> None:
    text = "Referens;Rubrik;Läge;Överordnat ärende\r\nE-1;A;Vilse;\r\nE-2;B;Öppet;E-1\r\nE-3;C;Öppet;E-9\r\n"
    told = refused(desk, text)
    assert [line[:7] for line in told] == ["2 Läge ", "4 Övero"]
    assert "there is no case E-9" in told[1]


def test_a_table_without_a_workflow_asks_for_one(desk: Desk) -> None:
    assert "says no workflow" in refused(desk, "Rubrik\r\nA\r\n", workflow=None)[0]
    told = import_cases(desk.office, BOSS, source("Arbetsflöde;Rubrik\r\nerrand;A\r\n", workflow=None))
    assert told["cases"][0]["workflow"] == "errand"


def test_an_import_name_is_given_once(desk: Desk) -> None:
    bring(desk, "Rubrik\r\nA\r\n", batch="gamla")
    with pytest.raises(UsageError, match="there has been an import gamla"):
        bring(desk, "Rubrik\r\nB\r\n", batch="gamla")
    assert len(references(desk)) == 1


# A map


def test_a_map_says_what_headings_and_texts_mean(desk: Desk) -> None:
    mapped = table_map(
        {
            "columns": {"Ärende": "title", "Status": "state", "Kolumn1": ""},
            "values": {"state": {"pågår": "Öppet"}},
            "defaults": {"opened_at": "2019-01-01"},
        },
        "karta.toml",
    )
    told = import_cases(desk.office, BOSS, source("Ärende;Status;Kolumn1\r\nA;pågår;x\r\n", mapped))
    assert (told["cases"][0]["state"], told["cases"][0]["opened_at"]) == ("open", "2018-12-31T23:00:00.000000Z")


def test_a_map_of_another_form_is_refused() -> None:
    malformed: list[dict[str, Any]] = [{"kolumner": {}}, {"values": {"state": "x"}}, {"columns": {"A": 1}}]
    for plain in malformed:
        with pytest.raises(UsageError, match=r"karta\.toml: has the tables"):
            table_map(plain, "karta.toml")


def test_a_map_of_a_column_that_is_not_there_is_refused(desk: Desk) -> None:
    mapped = TableMap(columns={"Status": "state"})
    assert "does not have: Status" in refused(desk, "Rubrik\r\nA\r\n", mapped)[0]


# The template


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_a_filled_in_template_comes_in_without_its_remarks(desk: Desk, lang: str) -> None:
    columns, remarks = template(desk.office, OFFICER, "errand", lang)
    place = columns.index({"sv": "Rubrik", "en": "Title"}[lang])
    row = ["Ifyllt" if number == place else "" for number in range(len(columns))]
    text = "".join(table_text(columns, [*remarks, row]))
    told = bring(desk, text)
    assert [(c["title"], c["line"]) for c in told["cases"]] == [("Ifyllt", 3)]


# Back


def test_an_import_is_taken_back_and_its_log_says_so(desk: Desk) -> None:
    told = bring(desk, HEAD + "E-1;A;Öppet;2020-02-01;;2021-09-01\r\nE-2;B;done;2020-02-01;;\r\n")
    mine = desk.order("2021-06-01")
    undone = undo_import(desk.office, OFFICER, told["batch"], note="fel fil")
    assert (undone["cases"], references(desk)) == (["E-1", "E-2"], [mine])
    assert [line["act"] for line in bodies(desk, "E-1")] == ["open", "import_undone"]
    with desk.office.store.read() as tx:
        lines = [(kept.line, kept.payload) for kept in tx.log.entries("E-1")]
        assert [row.case for row in tx.deadlines.list(state=None)] == [mine]
    assert fold(lines) is None
    assert verify(desk.office).bad == []


def test_a_case_comes_again_under_its_reference_and_its_numbers_go_on(desk: Desk) -> None:
    row = HEAD + "E-1;{};Öppet;2020-02-01;;2021-09-01\r\n"
    undo_import(desk.office, OFFICER, bring(desk, row.format("Fel"))["batch"])
    bring(desk, row.format("Rätt"))
    again = case(desk, "E-1")
    assert (again.title, again.n, again.revision, again.deadlines[0].id) == ("Rätt", 3, 3, "E-1#3:errand_due")
    desk.advance("E-1", "finish")
    assert [line["act"] for line in bodies(desk, "E-1")] == ["open", "import_undone", "open", "advance"]
    assert verify(desk.office).bad == []


def test_a_new_case_never_gets_the_reference_of_one_taken_back(desk: Desk) -> None:
    told = bring(desk, HEAD + "E-2021-0001;A;Öppet;2021-01-01;;2021-09-01\r\n")
    undo_import(desk.office, OFFICER, told["batch"])
    assert desk.order("2021-06-01") == "E-2021-0002"


def test_an_import_with_a_case_that_has_changed_is_not_taken_back(desk: Desk) -> None:
    told = bring(desk, HEAD + "E-1;A;Öppet;2020-02-01;;2021-09-01\r\nE-2;B;Öppet;2020-02-01;;\r\n")
    advance(desk.office, OFFICER, "E-2", "wait", Given())
    with pytest.raises(TransitionRefused) as error:
        undo_import(desk.office, OFFICER, told["batch"])
    assert [(r.code, r.params["cases"]) for r in error.value.reasons] == [("import_moved_on", ["E-2"])]
    assert references(desk) == ["E-1", "E-2"]


def test_an_import_that_a_later_case_belongs_to_is_not_taken_back(desk: Desk) -> None:
    told = bring(desk, HEAD + "E-1;A;Öppet;2020-02-01;;2021-09-01\r\n")
    mine = open_case(desk.office, OFFICER, "errand", "Nytt", Given(set={"due_on": "2021-06-01"}), parent="E-1")
    with pytest.raises(UsageError, match=str(mine["reference"])):
        undo_import(desk.office, OFFICER, told["batch"])
    assert [line["act"] for line in bodies(desk, "E-1")] == ["open"]


def test_a_dry_run_of_taking_back_leaves_everything(desk: Desk) -> None:
    told = bring(desk, HEAD + "E-1;A;Öppet;2020-02-01;;2021-09-01\r\n")
    assert undo_import(desk.office, OFFICER, told["batch"], dry_run=True)["cases"] == ["E-1"]
    assert (references(desk), len(bodies(desk, "E-1"))) == (["E-1"], 1)


def test_an_import_that_is_not_here_is_not_taken_back(desk: Desk) -> None:
    with pytest.raises(NotFound, match="there is no import gamla"):
        undo_import(desk.office, OFFICER, "gamla")


def test_nothing_but_an_opening_follows_an_import_that_was_undone(desk: Desk) -> None:
    text = HEAD + "E-1;A;Öppet;2020-02-01;;2021-09-01\r\n"
    undo_import(desk.office, OFFICER, bring(desk, text)["batch"])
    with desk.office.store.read() as tx:
        opened, undone = ((kept.line, kept.payload) for kept in tx.log.entries("E-1"))
    twice = undone[0].replace('"n":2', '"n":3'), undone[1]
    with pytest.raises(LogTampered, match="cannot follow"):
        fold([opened, undone, twice])
    with pytest.raises(LogTampered, match="cannot follow"):
        fold([opened, (opened[0].replace('"n":1', '"n":2'), opened[1])])


def test_an_officer_brings_in_what_is_over_and_nothing_that_lives_on(desk: Desk) -> None:
    rows = HEAD + ";Slut;Klart;2020-02-01;;\r\n"
    import_cases(desk.office, OFFICER, source(rows))

    with pytest.raises(TransitionRefused) as refused:
        import_cases(desk.office, OFFICER, source(rows + ";Kvar;Öppet;2020-02-01;;\r\n"))

    (reason,) = refused.value.reasons
    assert (reason.code, reason.params["n"], reason.who) == ("import_needs_head", 1, ("head",))
    assert [(one.cases, one.entries) for one in verify(desk.office).imported] == [(1, 1)]


def test_an_imported_case_says_so_wherever_it_is_read(desk: Desk) -> None:
    told = bring(desk, HEAD + ";Kvar;Öppet;2020-02-01;;\r\n")
    reference = told["cases"][0]["reference"]

    shown = show(desk.office, OFFICER, reference)

    assert shown.told["imported"]["by"] == "hans"
    assert shown.told["imported"]["batch"] == told["batch"]
    assert [entry["imported"] for entry in shown.entries] == [True]
    assert show(desk.office, OFFICER, desk.order("2021-05-01")).told["imported"] is None
