"""`audit`, `bulk`, `export` and `workflow`, run as people and scripts run them."""

import csv
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import homes
import pytest
import running
from running import Ran

pytestmark = pytest.mark.acceptance

Skede = Callable[..., Ran]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def busy_template(home_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a call and two ideas."""
    home = running.copied(home_template, tmp_path_factory.mktemp("busy") / "home")
    owner = running.add_party(home, "Alingsås kommun", "municipality", "Åsa Ask", "asa@kommun.example")
    for words in (
        ("new", "call", "--title", "Hösten", "-s", "opens_at=2021-03-04", "-s", "body=RUN"),
        ("new", "application", "--event", "contact", "--title", "=1+1", "-s", "contact=Åsa Ask", "-s", "idea_text=x",
         "-n", "ringde", "--party", owner.as_("owner")),
        ("new", "application", "--event", "contact", "--title", "Läslust", "-s", "contact=Bo", "-s", "idea_text=y",
         "-n", "ringde", "--party", owner.as_("owner")),
    ):  # fmt: skip
        ran = running.inline(home, *words, "--json")
        assert ran.code == 0, ran.out + ran.err
    return home


@pytest.fixture
def busy(busy_template: Path, tmp_path: Path) -> Path:
    return running.copied(busy_template, tmp_path / "home")


@pytest.fixture
def here(busy: Path) -> Skede:
    """`here(*words, as_="officer", lang=None)` in the busy home."""

    def run(*words: str, as_: str | None = "officer", lang: str | None = None) -> Ran:
        return running.inline(busy, *words, as_=as_, lang=lang)

    return run


@pytest.fixture
def tamper(busy: Path) -> Iterator[Callable[[str], None]]:
    """Runs a statement on the database, past every trigger."""
    with homes.unguarded(busy) as connection:

        def run(sql: str) -> None:
            connection.execute(sql)

        yield run


def test_verify_tells_a_sound_home_by_exit_code_sentence_and_json(here: Skede) -> None:
    told = here("audit", "verify", "--json", as_="auditor")
    said = here("audit", "verify", as_="auditor", lang="en")

    assert told.code == said.code == 0
    assert {"ok", "entries", "cases", "size", "root", "checkpoints", "anchors", "first_bad"} <= told.json.keys()
    assert (told.json["ok"], told.json["cases"], told.json["first_bad"]) == (True, 3, None)
    assert told.json["size"] == told.json["entries"]
    assert "SANDBOX" in said.out
    assert "All is sound" in said.out
    assert told.json["root"] in said.out


def test_verify_names_the_first_bad_entry_in_one_line_and_ends_with_seven(
    here: Skede, tamper: Callable[[str], None]
) -> None:
    tamper("UPDATE cases SET title = 'Annat' WHERE reference = 'SIM-2021-0002'")

    told = here("audit", "verify", "--json")
    said = here("audit", "verify", lang="sv")

    assert told.code == said.code == 7
    assert told.json["ok"] is False
    assert told.json["first_bad"] == {
        "entry": "SIM-2021-0002#1", "case": "SIM-2021-0002", "n": 1, "code": "verify_row",
        "params": {"table": "cases", "key": "SIM-2021-0002", "column": "title"},
        "why": "cases, SIM-2021-0002: kolumnen title är en annan än loggen ger",
    }  # fmt: skip
    assert "SIM-2021-0002#1: cases, SIM-2021-0002: kolumnen title är en annan än loggen ger\n" in said.out


def test_verify_says_the_same_however_many_processes_work(here: Skede) -> None:
    one = here("audit", "verify", "--jobs", "1", "--json")
    two = here("audit", "verify", "--jobs", "2", "--json")
    none = here("audit", "verify", "--jobs", "0")

    assert (one.code, one.json) == (0, two.json)
    assert none.code == 2


def test_verify_is_for_the_office_and_its_auditors(here: Skede) -> None:
    assert here("audit", "verify", "--json", as_="applicant").codes == ["right_missing"]
    assert here("audit", "verify", "--json", as_="nobody").codes == ["unknown_login"]


def test_replay_tells_of_one_case_or_of_all(here: Skede, tamper: Callable[[str], None]) -> None:
    tamper("UPDATE cases SET revision = 0 WHERE reference = 'SIM-2021-0002'")

    one, all_of_them = here("audit", "replay", "SIM-2021-1", "--json"), here("audit", "replay", "--json")

    assert (one.code, [row["case"] for row in one.json]) == (0, ["SIM-2021-0001"])
    assert all_of_them.code == 7
    assert {row["case"]: row["ok"] for row in all_of_them.json} == {
        "SIM-2021-0001": True, "SIM-2021-0002": False, "U-2021-001": True,
    }  # fmt: skip
    assert here("audit", "replay", "SIM-1999-1").code == 5
    assert "SIM-2021-0001" in here("audit", "replay").out


@pytest.mark.parametrize(
    "words",
    [("export", "xlsx"), ("workflow", "diff", "a", "1")],
)
def test_what_comes_later_says_so(here: Skede, words: tuple[str, ...]) -> None:
    ran = here(*words, lang="en")

    assert ran.code == 2
    assert "later version" in ran.err


BULK = "reference;event;note\nSIM-2021-1;attend_info;Kom på träffen\nSIM-2021-2;submit;\n"


def test_bulk_tells_an_outcome_per_row_and_can_be_run_again(here: Skede, busy: Path) -> None:
    table = busy / "rows.csv"
    table.write_bytes(BULK.encode("cp1252"))

    tried = here("bulk", str(table), "--dry-run", "--json")
    done = here("bulk", str(table), "--json")
    again = here("bulk", str(table), "--json")
    said = here("bulk", str(table), lang="en")

    assert [row["outcome"] for row in tried.json["rows"]] == ["done", "refused"]
    assert (tried.json["dry_run"], done.json["dry_run"]) == (True, False)
    assert [row["outcome"] for row in done.json["rows"]] == ["done", "refused"]
    assert [row["outcome"] for row in again.json["rows"]] == ["already", "refused"]
    assert done.json["rows"][1]["reasons"][0]["code"] == "wrong_state"
    assert [row["line"] for row in done.json["rows"]] == [2, 3]
    assert tried.code == done.code == again.code == said.code == 3
    assert "windows-1252" in done.err
    assert "0 done, 1 done before, 1 failed" in said.out


def test_bulk_names_bad_cells_by_line_and_column_and_does_nothing(here: Skede, busy: Path) -> None:
    table = busy / "rows.csv"
    table.write_text("reference,event,set:applied_amount\nSIM-2021-1,attend_info,\nSIM-2021-2,register,1x\n", "utf-8")

    ran = here("bulk", str(table))

    assert ran.code == 2
    assert "Rad 3, kolumnen set:applied_amount" in ran.err
    assert here("show", "SIM-2021-1", "--json").json["revision"] == 1


def test_bulk_sums_up_money_and_keeps_nothing_unless_all_goes_well(here: Skede, busy: Path) -> None:
    table = busy / "rows.csv"
    rows = [
        "workflow,title,set:opens_at,set:body,set:frame",
        "call,A,2021-04-01,RUN,1 250 000",
        "call,B,2021-04-01,RUN,1000",
    ]
    table.write_text("\n".join([*rows, "call,C,,RUN,5"]), "utf-8")

    tried = here("bulk", str(table), "--all-or-nothing", "--json")
    table.write_text("\n".join(rows), "utf-8")
    done = here("bulk", str(table), "--all-or-nothing", "--json")

    assert [row["outcome"] for row in tried.json["rows"]] == ["undone", "undone", "refused"]
    assert done.code == 0
    assert done.json["sums"] == {"frame": "1251000.00"}
    assert len(here("list", "call", "--json").json) == 3


def test_a_template_is_filled_in_and_carried_out(here: Skede, busy: Path) -> None:
    table = busy / "idea.csv"

    made = here("bulk", "template", "drop_idea", "application", "-o", str(table), "--json")
    with table.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file, delimiter=";"))

    assert made.code == 0
    assert table.read_bytes().startswith(b"\xef\xbb\xbfreference;")
    assert made.json["rows"] == len(rows) == 2
    assert rows[0]["#title"] == "'=1+1"
    missing = [name for name in rows[0] if name not in ("reference", "#title", "event")]
    assert missing == made.json["columns"][3:]
    for row in rows:
        row.update(dict.fromkeys(missing, "därför"))
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    assert [row["outcome"] for row in here("bulk", str(table), "--json").json["rows"]] == ["done", "done"]


def test_a_table_of_cases_is_written_and_the_export_is_in_the_log(here: Skede, busy: Path) -> None:
    path = busy / "cases.csv"

    ran = here("export", "csv", "--workflow", "application", "-o", str(path), "--bom", "--json")

    assert ran.json == {"file": str(path), "bytes": path.stat().st_size, "cases": 2}
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["title"] for row in rows] == ["'=1+1", "Läslust"]
    assert rows[0]["set:contact"] == "Åsa Ask"
    entry = here("log", "@office", "--kind", "export", "--json").lines[-1]
    assert entry["changes"]["cases"] == ["SIM-2021-0001", "SIM-2021-0002"]
    assert here("audit", "verify").code == 0


def test_a_table_of_the_log_goes_to_stdout(here: Skede) -> None:
    ran = here("export", "csv", "SIM-2021-1", "--log")

    rows = list(csv.DictReader(ran.out.splitlines()))
    assert [(row["entry"], row["kind"]) for row in rows] == [("SIM-2021-0001#1", "open")]
    assert "SANDBOX" in ran.err


def test_json_lines_hold_a_family_and_its_entries(here: Skede) -> None:
    ran = here("export", "jsonl", "SIM-2021-2", "--family")

    assert [(line["type"], line.get("reference") or line["entry"]) for line in ran.lines] == [
        ("case", "SIM-2021-0002"), ("entry", "SIM-2021-0002#1"),
    ]  # fmt: skip


def test_a_calendar_holds_the_open_deadlines(here: Skede) -> None:
    ran = here("export", "ics", lang="en")

    assert ran.out.startswith("BEGIN:VCALENDAR")
    assert "UID:SIM-2021-0001-1-" in ran.out
    assert ran.out.count("BEGIN:VEVENT") >= 3


def test_exports_are_refused_to_outsiders_and_for_contradicting_words(here: Skede) -> None:
    assert here("export", "ics", "--json", as_="applicant").codes == ["right_missing"]
    assert here("export", "csv", "SIM-2021-1", "--mine").code == 2
    assert here("export", "csv", "SIM-1999-1").code == 5
    assert here("export", "csv", "-o", "/nowhere/at/all.csv").code == 2


def test_workflows_are_listed_shown_and_drawn(here: Skede) -> None:
    listed = here("workflow", "list", "--json").json
    shown = here("workflow", "show", "application", "--json").json

    assert {"application", "call", "project"} <= {one["name"] for one in listed}
    assert [one["cases"] for one in listed if one["name"] == "application"] == [2]
    assert shown["rules"]["name"] == "application"
    assert "Diarieför" in here("workflow", "show", "application").out
    assert "Register" in here("workflow", "show", "application", lang="en").out
    assert here("workflow", "show", "nothing").code == 5
    assert here("workflow", "diagram", "call").out.startswith("stateDiagram-v2")
    assert here("workflow", "diagram", "call", "--format", "svg").out.startswith("<svg")
    assert here("workflow", "diagram", "call", "--format", "dot").out.startswith("digraph")
    assert here("workflow", "diagram").code == 2


def test_a_drawing_shows_the_way_of_a_case(here: Skede) -> None:
    assert here("advance", "SIM-2021-1", "attend_info", "-n", "kom").code == 0

    told = here("workflow", "diagram", "--case", "SIM-2021-1", "--json").json

    assert (told["current"], told["visited"]) == ("info_meeting", ["idea"])
    assert "class s_info_meeting current" in told["text"]
    assert here("workflow", "diagram", "call", "--case", "SIM-2021-1").code == 5


def test_a_faulty_definition_is_told_by_file_and_line_and_not_published(here: Skede, busy: Path) -> None:
    text = (ROOT / "tests" / "toys" / "errand.toml").read_text("utf-8")
    faulty = busy / "errand.toml"
    faulty.write_text(text.replace('to = "waiting"', 'to = "wating"'), "utf-8")
    line = next(n for n, row in enumerate(text.splitlines(), 1) if row == 'to = "waiting"')

    checked = here("workflow", "check", str(faulty))
    told = here("workflow", "publish", str(faulty), "--json", as_=None)

    assert checked.code == told.code == 2
    assert f"{faulty}:{line}: transition[1].to: " in checked.out
    assert {"file", "line", "path", "message", "hint"} == told.json["error"]["faults"][0].keys()
    assert "errand" not in {one["name"] for one in here("workflow", "list", "--json").json}


def test_a_sound_definition_is_published_once_and_by_who_may(here: Skede, busy: Path) -> None:
    file = Path(shutil.copy(ROOT / "tests" / "toys" / "errand.toml", busy))

    assert here("workflow", "check", str(file), "--json").json["ok"] is True
    assert here("workflow", "publish", str(file), "--json").codes == ["right_missing"]
    first = here("workflow", "publish", str(file), "--valid-from", "2021-04-01", "--json", as_="head")
    again = here("workflow", "publish", str(file), "--json", as_="head")
    file.write_text(file.read_text("utf-8").replace("Uppdrag", "Ärenden"), "utf-8")
    other = here("workflow", "publish", str(file), "--json", as_="head")

    assert [(row["name"], row["from"]) for row in first.json] == [("errand", "2021-04-01")]
    assert again.json == []
    assert other.code == 2
    assert "redan publicerad" in other.json["error"]["message"]
    assert here("audit", "verify").code == 0
