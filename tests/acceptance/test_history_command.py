"""`import history` as people run it: a file from the old system, a map to fill in, and back again."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import event_logs
import pytest
from running import Ran

pytestmark = pytest.mark.acceptance
Run = Callable[..., Ran]

ROWS = (
    "Ärende;Händelse;Datum;Handläggare\r\nSIM-2012-1;Ansökan inkom;2012-03-01;Åsa\r\n"
    "SIM-2012-1;Beslut;2012-05-03 14:00;Åsa\r\nSIM-2012-2;Ansökan inkom;2012-03-01;Bo\r\n"
)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "gamla.csv"
    path.write_bytes(ROWS.encode("cp1252"))
    return path


def test_a_table_comes_in_leaves_as_xes_and_is_taken_back(inline: Run, old: Path, tmp_path: Path) -> None:
    tried = inline("import", "history", str(old), "--dry-run", as_="registrar", lang="en")
    assert (tried.code, "2 cases with 3 events would come in" in tried.out) == (0, True)

    ran = inline("import", "history", str(old), "--batch", "gamla", as_="registrar", lang="en")

    assert ran.code == 0, ran.err
    assert "windows-1252" in ran.err
    assert "2 cases with 3 events came in with the import gamla, marked as imported" in ran.out
    told = inline("log", "SIM-2012-1", lang="en").out
    assert "history: Ansökan inkom" in told
    assert "(happened 3 May 2012, 14:00)" in told
    path = tmp_path / "ut.xes"
    assert inline("export", "xes", "-o", str(path)).code == 0
    assert event_logs.faults(path.read_bytes()) == []
    again = inline("import", "history", str(path), as_="registrar", lang="en")
    assert (again.code, "there is a case SIM-2012-1 already" in again.err) == (2, True)
    assert inline("import", "undo", "gamla", as_="registrar").code == 0
    assert inline("import", "history", str(path), as_="registrar", lang="en").code == 0
    assert inline("audit", "verify", "--json").json["ok"]


def test_a_map_is_printed_filled_in_and_used(inline: Run, old: Path, tmp_path: Path) -> None:
    ran = inline("import", "history", str(old), "--template", "--workflow", "application", as_="registrar")
    assert tomllib.loads(ran.out)["events"] == {"Ansökan inkom": "", "Beslut": ""}
    path = tmp_path / "karta.toml"
    path.write_text(ran.out.replace('"Ansökan inkom" = ""', '"Ansökan inkom" = "contact"').replace(
        '# state = ""', 'state = "archived"'), "utf-8")  # fmt: skip

    made = inline("import", "history", str(old), "--workflow", "application", "--map", str(path), "--json",
                  as_="registrar")  # fmt: skip

    assert [(one["reference"], one["state"]) for one in made.json["cases"]] == [
        ("SIM-2012-1", "archived"), ("SIM-2012-2", "archived"),
    ]  # fmt: skip
    assert made.json["unknown"] == 1


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "Trace 1, event 1, time:timestamp: "), ("sv", "Spår 1, händelse 1, ")]
)
def test_faults_are_told_in_the_readers_language(inline: Run, tmp_path: Path, lang: str, said: str) -> None:
    path = tmp_path / "fel.xes"
    path.write_text('<log><trace><event><string key="concept:name" value="a"/></event></trace></log>', "utf-8")

    ran = inline("import", "history", str(path), as_="registrar", lang=lang)

    assert (ran.code, said in ran.err) == (2, True)
    assert json.loads(inline("list", "--closed", "--json").out) == []


def test_a_file_that_is_not_there_is_asked_for(inline: Run) -> None:
    for name in ("borta.xes", "borta.csv"):
        ran = inline("import", "history", name, as_="registrar", lang="en")
        assert (ran.code, f"there is no file {name}" in ran.err) == (2, True)
