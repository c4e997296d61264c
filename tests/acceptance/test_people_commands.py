"""Organisations, people, users and imports by the real command, as an office meets them."""

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from running import Ran, add_party, office_of

from engine.app.verify import verify

Run = Callable[..., Ran]

HEAD = [
    "Referens", "Rubrik", "Läge", "Öppnat", "I läget sedan", "Projektägare", "Projektägare: kontaktperson",
    "Samverkanspart", "Sökt belopp", "Beviljat belopp", "Startdatum", "Slutdatum", "Diarienummer", "Målgrupp",
    "Öppnat genom",
]  # fmt: skip
NOTHING: Mapping[str, str] = {}
STATES = ("Avslagen", "Återkallad", "Avslutad", "Beviljad", "Under beredning", "Projekt pågår")
STATE_IDS = ("rejected", "withdrawn", "closed", "granted", "preparation", "project_started")


@pytest.fixture
def admin(inline: Run) -> Run:
    """The command as the home's maker, its admin."""

    def run(*args: str, **more: Any) -> Ran:
        return inline(*args, **{"as_": None, **more})

    return run


def old_cases(folder: Path, count: int = 60, changes: Mapping[str, str] = NOTHING) -> Path:
    """A list as an office has kept it in Excel: semicolons, Windows-1252, Swedish headings, amounts and names."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEAD)
    for number in range(1, count + 1):
        row = dict(zip(HEAD, [
            f"SIM-2019-{number:04}", f"Åtgärd för återhämtning nr {number}", STATES[number % 6],
            f"2019-{number % 9 + 1:02}-05", f"2019-{number % 9 + 3:02}-20", "Ale kommun", "Åsa Öberg",
            "Närhälsan Göteborg", "1 250 000,50", "1 000 000" if number % 6 in (2, 3, 5) else "", "2020-01-01",
            "2021-12-31", f"RUN 2019-{number:05}", "Barn och unga; föräldrar \"på väg\"", "Ta emot ansökan",
        ], strict=True))  # fmt: skip
        if number == count:
            row.update(changes)
        writer.writerow(row.values())
    path = folder / "gamla ärenden.csv"
    path.write_bytes(text.getvalue().encode("cp1252"))
    return path


@pytest.fixture
def parties(home: Path) -> None:
    add_party(home, "Ale kommun", "municipality", "Åsa Öberg", "asa@ale.example")
    add_party(home, "Närhälsan Göteborg", "region", "Per Lund", "per@region.example")


# Imports


@pytest.mark.usefixtures("parties")
def test_sixty_old_cases_come_in_by_one_command(skede: Run, home: Path, tmp_path: Path) -> None:
    path = old_cases(tmp_path)
    ran = skede(
        "import", "cases", str(path), "--workflow", "application", "--batch", "gamla", "--lang", "sv", as_="head"
    )
    assert ran.code == 0, ran.err
    assert "läses som windows-1252" in ran.err
    assert "60 ärenden togs in i importen gamla" in ran.out
    listed = skede("list", "application", "--closed", "--json").json
    assert [case["reference"] for case in listed] == [f"SIM-2019-{n:04}" for n in range(1, 61)]
    assert [case["state"] for case in listed[:6]] == [STATE_IDS[n % 6] for n in range(1, 7)]
    shown = skede("show", "SIM-2019-0003", "--json").json
    assert shown["title"] == "Åtgärd för återhämtning nr 3"
    assert (shown["data"]["applied_amount"], shown["data"]["granted_amount"]) == ("1250000.50", "1000000.00")
    assert shown["data"]["target_group"] == 'Barn och unga; föräldrar "på väg"'
    assert shown["opened_at"] == "2019-04-04T22:00:00.000000Z"
    assert [(p["role"], p["organisation"], p["side"]) for p in shown["parties"]] == [
        ("owner", "Ale kommun", "municipal"), ("partner", "Närhälsan Göteborg", "regional"),
    ]  # fmt: skip
    assert skede("mail", "list", "--json").json == []
    assert verify(office_of(home)).bad == []


@pytest.mark.usefixtures("parties")
def test_no_deadline_of_an_old_case_is_past(inline: Run, tmp_path: Path) -> None:
    ran = inline("import", "cases", str(old_cases(tmp_path, 12)), "--workflow", "application", "--json", as_="head")
    codes = {item["code"] for case in ran.json["cases"] for item in case["unverified"]}
    assert {"import_way_unknown", "import_deadline_past"} <= codes
    shown = [inline("show", case["reference"], "--json").json for case in ran.json["cases"]]
    assert all(due["due_at"] > "2021-03-01T09" for case in shown for due in case["deadlines"])


@pytest.mark.usefixtures("parties")
@pytest.mark.parametrize(
    ("column", "text", "what"),
    [
        ("Sökt belopp", "en miljon", "applied_amount"),
        ("Läge", "Beviljat", "Menade du granted_cond (Beviljad med villkor), granted (Beviljad)?"),
        ("Öppnat", "våren 2019", "är varken datum eller tid"),
        ("Projektägare", "Atlantis", "Det finns ingen organisation Atlantis"),
        ("Startdatum", "2020-02-30", "Det finns ingen dag 2020-02-30"),
    ],
)
def test_a_bad_cell_is_named_and_nothing_comes_in(
    inline: Run, tmp_path: Path, column: str, text: str, what: str
) -> None:
    path = old_cases(tmp_path, changes={column: text})
    ran = inline("import", "cases", str(path), "--workflow", "application", lang="sv", as_="head")
    assert ran.code == 2
    assert f"Rad 61, kolumnen {column}: " in ran.err
    assert what in ran.err
    assert inline("list", "application", "--closed", "--json").json == []


@pytest.mark.usefixtures("parties")
def test_a_dry_run_shows_every_row_and_what_is_not_verified(inline: Run, tmp_path: Path) -> None:
    ran = inline(
        "import", "cases", str(old_cases(tmp_path)), "--workflow", "application", "--dry-run", lang="en", as_="head"
    )
    assert ran.code == 0, ran.err
    assert ran.out.count("SIM-2019-00") == 60
    assert "Not verified (number of cases):" in ran.out
    assert "60 cases would come in" in ran.out
    assert inline("list", "application", "--closed", "--json").json == []


@pytest.mark.usefixtures("parties")
def test_an_import_is_undone_and_can_come_again(inline: Run, home: Path, tmp_path: Path) -> None:
    path = str(old_cases(tmp_path))
    inline("import", "cases", path, "--workflow", "application", "--batch", "gamla", as_="head")
    undone = inline("import", "undo", "gamla", "-n", "fel fil", lang="sv")
    assert (undone.code, undone.out) == (0, "Importen gamla är tagen tillbaka: 60 ärenden. Loggen minns dem.\n")
    assert inline("show", "SIM-2019-0001").code == 5
    assert inline("list", "--closed", "--json").json == []
    again = inline("import", "cases", path, "--workflow", "application", "--batch", "gamla igen", as_="head")
    assert again.code == 0, again.err
    assert inline("audit", "verify", "--json").json["ok"] is True
    assert inline("import", "undo", "gamla").code == 5


@pytest.mark.usefixtures("parties")
def test_an_import_that_went_on_is_not_undone(inline: Run, tmp_path: Path) -> None:
    inline("import", "cases", str(old_cases(tmp_path, 6)), "--workflow", "application", "--batch", "gamla", as_="head")
    noted = inline("note", "SIM-2019-0002", "ringde sökanden")
    assert noted.code == 0, noted.err
    ran = inline("import", "undo", "gamla", "--json")
    assert (ran.code, ran.codes) == (3, ["import_moved_on"])


def test_the_template_names_every_column_in_the_readers_language(inline: Run, tmp_path: Path) -> None:
    path = tmp_path / "mall.csv"
    ran = inline("import", "template", "application", "-o", str(path), lang="sv")
    assert ran.code == 0, ran.err
    columns = path.read_text("utf-8-sig").splitlines()[0].split(";")
    assert columns[:5] == ["Referens", "Öppnat genom", "Rubrik", "Läge", "Öppnat"]
    assert {"Sökt belopp", "Projektägare: kontaktperson", "Diarienummer"} <= set(columns)
    assert inline("import", "template", "application", lang="en").out.startswith("Reference,Opened by,Title,State")


def test_a_template_that_may_be_filled_in_is_overwritten_only_by_force(inline: Run, tmp_path: Path) -> None:
    path = tmp_path / "mall.csv"
    path.write_text("ifylld", "utf-8")

    refused = inline("import", "template", "report", "-o", str(path))

    assert (refused.code, path.read_text("utf-8")) == (2, "ifylld")
    assert "--force" in refused.err
    assert inline("import", "template", "report", "-o", str(path), "--force").code == 0
    assert path.read_text("utf-8-sig").startswith("Referens;")


def test_a_workbook_is_to_be_saved_as_csv(inline: Run, tmp_path: Path) -> None:
    (tmp_path / "gamla.xlsx").write_bytes(b"PK")
    ran = inline("import", "cases", str(tmp_path / "gamla.xlsx"), "--workflow", "application", lang="sv")
    assert ran.code == 2
    assert "spara tabellen som CSV" in ran.err


# People


def test_a_new_colleague_gets_a_login_and_a_role(admin: Run, inline: Run) -> None:
    added = admin("user", "add", "eva", "--name", "Eva Ek", "--email", "eva@region.example", "--json")
    assert (added.code, added.json["roles"]) == (0, [])
    granted = admin("user", "grant", "eva", "officer", "-n", "börjar i dag", "--json")
    assert granted.json["roles"] == ["officer"]
    assert inline("list", "--json", as_="eva").code == 0
    admin("user", "revoke", "eva", "officer", "-n", "byter jobb")
    assert inline("list", "--json", as_="eva").code == 3


def test_only_the_admin_gives_roles_and_none_to_himself(admin: Run, inline: Run) -> None:
    ran = inline("user", "grant", "head", "admin", "-n", "x", "--json")
    assert (ran.code, ran.codes) == (3, ["right_missing"])
    login = admin("user", "list", "--json").json[0]["login"]
    ran = admin("user", "grant", login, "officer", "-n", "x", "--json")
    assert (ran.code, ran.codes) == (3, ["own_role"])
    ran = admin("user", "remove", login, "--json")
    assert (ran.code, ran.codes) == (3, ["last_admin"])


@pytest.mark.usefixtures("parties")
def test_a_successor_is_told_and_the_cases_are_listed(admin: Run, inline: Run) -> None:
    new = inline(
        "new", "application", "--event", "contact", "--title", "Idé", "--party", "owner=Ale kommun:Åsa Öberg",
        "-s", "contact=Åsa", "-s", "idea_text=En idé", "-n", "ringde", "--json",
    )  # fmt: skip
    assert new.code == 0, new.out
    reference = new.json["reference"]
    inline("person", "add", "Kim Dahl", "--email", "kim@ale.example", "--org", "Ale kommun")
    ran = inline("person", "replace", "Åsa Öberg", "Kim Dahl", "-n", "pension", "--json")
    assert [case["reference"] for case in ran.json["cases"]] == [reference]
    people = inline("show", reference, "--json").json["parties"][0]["people"]
    assert {who["name"] for named in people.values() for who in named} == {"Kim Dahl"}
    welcomed = [m for m in inline("mail", "list", "--json").json if m["template"] == "contact_welcome"]
    assert [m["state"] for m in welcomed] == ["queued"]
    assert inline("person", "show", "Åsa Öberg").code == 5


def test_an_organisation_is_found_by_the_name_it_had(inline: Run) -> None:
    inline("org", "add", "Ale stad", "--kind", "municipality")
    ran = inline("org", "rename", "Ale stad", "Ale kommun", "--from", "2021-03-15", lang="sv")
    assert ran.out == "o:1 Ale stad heter Ale kommun från 2021-03-15.\n"
    shown = inline("org", "show", "ale stad", "--json").json
    assert [name["name"] for name in shown["names"]] == ["Ale stad", "Ale kommun"]


def test_organisations_come_from_a_file_and_merge(inline: Run, tmp_path: Path) -> None:
    path = tmp_path / "parter.csv"
    path.write_bytes("Namn;Slag\r\nÅmål norra;kommun\r\nÅmål södra;kommun\r\nÅmål;kommun\r\n".encode("cp1252"))
    assert inline("org", "import", str(path), "--json").json["organisations"] == 3
    dry = inline("org", "merge", "Åmål norra", "Åmål södra", "--into", "Åmål", "--from", "2021-03-01", "--dry-run")
    assert (dry.code, len(inline("org", "list", "--json").json)) == (0, 3)
    inline("org", "merge", "Åmål norra", "Åmål södra", "--into", "Åmål", "--from", "2021-03-01")
    assert [org["name"] for org in inline("org", "list", "--json").json] == ["Åmål"]
    assert inline("org", "show", "Åmål norra", "--json").json["name"] == "Åmål"
