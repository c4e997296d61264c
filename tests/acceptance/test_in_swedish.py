"""What a Swedish office reads: sentences and titles, not ids, English or instants of Greenwich."""

import re

import pytest
from cases import World, receive
from desk import SIM, Desk, desk_of, one_line

pytestmark = pytest.mark.acceptance

desk = pytest.fixture(scope="module")(desk_of)

WRONG: dict[str, tuple[tuple[str, ...], int, str]] = {
    "a case": (("show", "SIM-2021-0099"), 5, "Det finns inget ärende SIM-2021-0099."),
    "a person": (("note", SIM, "x", "-o", "Nils Ingen"), 5, "Det finns ingen person Nils Ingen."),
    "a user": (("assign", SIM, "nils"), 5, "Det finns ingen användare nils."),
    "a workflow": (("new", "bidrag", "--title", "x"), 5, "Det finns inget arbetsflöde som heter bidrag."),
    "a field": (("amend", SIM, "-s", "applied=1", "-n", "x"), 2, "Menade du applied_amount?"),
    "an amount": (("amend", SIM, "-s", "applied_amount=många", "-n", "x"), 2, "Sökt belopp (applied_amount): ”många”"),
    "an opening": (("new", "ansökan", "--title", "x"), 2, "contact (Ta kontakt / anmäl idé)"),
    "a file": (("attach", SIM, "application={folder}/borta.pdf"), 2, "borta.pdf finns inte."),
    "a deadline": (("deadline", "why", "x"), 5, "skriv REF:namn"),
    "a decision": (("show", SIM, "--decision"), 5, f"I {SIM} är ingenting beslutat än."),
    "a choice of an option": (("org", "add", "X", "--kind", "by"), 2, "välj bland municipality, region"),
    "a number of an option": (("list", "--limit", "x"), 2, "--limit ska vara ett heltal (≥ 1)."),
    "a number too low": (("list", "--limit", "0"), 2, "--limit ska vara ett heltal (≥ 1)."),
    "a number with decimals": (("run", "--every", "ofta"), 2, "--every ska vara ett tal (≥ 0.1)."),
    "a value of a flag": (("list", "--mine=1"), 2, "--mine tar inget värde."),
    "a pair": (("amend", SIM, "-s", "belopp"), 2, "--set: belopp har inte formen F=V."),
    "a pair of an argument": (("attach", SIM, "x"), 2, "Handlingens slag och fil: x har inte formen SLAG=SÖKVÄG."),
    "a backup": (("db", "restore", "{folder}/borta.db"), 2, "Säkerhetskopian: det finns ingen sådan fil"),
    "a needed option": (("org", "add", "X"), 2, "--kind saknas."),
    "too many words": (("show", SIM, "b", "c"), 2, "Det här är för mycket: b c."),
    "no value of an option": (("list", "--limit"), 2, "--limit behöver ett värde."),
    "no such part": (("deadline", "flytta", "x"), 2, "Det finns inget kommando som heter flytta."),
    "no entry": (("correct", SIM, "-n", "x"), 2, "Loggpostens nummer saknas: skede correct REF [POST]."),
    "a state": (("list", "--state", "utkats"), 2, "draft (Utkast)"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_written_wrongly_is_told_in_swedish(desk: Desk, what: str) -> None:
    words, code, told = WRONG[what]

    ran = desk.run(*words, lang="sv")

    assert (ran.code, told in one_line(ran)) == (code, True), one_line(ran)


@pytest.mark.parametrize("words", [("Ansökan", "--state", "Inkommen"), ("application", "--phase", "ansökan")])
def test_a_listing_is_asked_for_by_the_words_that_it_shows(desk: Desk, words: tuple[str, ...]) -> None:
    ran = desk.run("list", *words, lang="sv")

    assert ran.code == 0, ran.err
    assert SIM in ran.out


LEAKS = re.compile(r"\b[opu]:[0-9]|[0-9]T[0-9]{2}:[0-9]{2}|\bsystem\b|\(in\)")
"""Ids of people, instants of Greenwich, and words of the engine."""


def test_a_case_a_log_and_what_is_next_show_no_ids_and_no_instants_of_greenwich(world: World) -> None:
    reference = receive(world)
    world.inline("assign", reference, "officer", as_="officer")

    for words in (("show", reference), ("log", reference), ("next", reference), ("list",), ("deadline", "list")):
        told = world.inline(*words, as_="officer").out

        assert not LEAKS.findall(told), (words, told)


def test_what_is_next_names_letters_cases_and_moments_as_people_do(world: World) -> None:
    world.inline("new", "call", "--title", "Nästa", "-s", "body=RUN", "-s", "opens_at=2021-09-01", as_="officer")

    told = world.inline("next", "U-2021-002", "open_call", as_="officer").out

    assert "”Öppnar” har inte inträffat än: 1 september 2021 kl. 00.00." in told
    assert ": Nu kan ni söka medel" in told


def test_what_has_to_be_given_is_told_once_and_with_one_command_that_gives_it_all(world: World) -> None:
    reference = receive(world)

    told = world.inline("next", reference, "register", as_="registrar").out

    assert told.count("”Ärendemening”") == 1
    (together,) = (line for line in told.splitlines() if "allt på en gång: skede " in line)
    assert f" --as registrar advance {reference} register -s " in together


def test_the_log_names_the_letter_and_whom_it_went_to(world: World) -> None:
    reference = receive(world)
    world.inline(
        "advance",
        reference,
        "register",
        "-s",
        "subject=Trygg start",
        "-s",
        "secrecy=none",
        "-s",
        "dnr=RUN 2021-00001",
        as_="registrar",
    )
    world.inline("clock", "forward", "1d", "--tick", as_="root")

    assert "brev skickat: Vi har tagit emot er ansökan → Eva Ek" in world.inline("log", reference).out


def test_a_bad_table_is_told_in_swedish_row_by_row(desk: Desk) -> None:
    old = desk.file("gamla.csv", "Rubrik,Öppnat,Projektägare\nGammal,våren 2019,Atlantis\n")
    many = desk.file("många.csv", "reference,event\nSIM-99,register\n")

    taken_in = desk.run("import", "cases", str(old), "--workflow", "ansökan", lang="sv").err
    done = desk.run("bulk", str(many), lang="sv").err

    assert "Rad 2, kolumnen Öppnat: ”våren 2019” är varken datum eller tid" in taken_in
    assert "Rad 2, kolumnen Projektägare: Det finns ingen organisation Atlantis." in taken_in
    assert "Rad 2, kolumnen reference: Det finns inget ärende SIM-99." in done
    strange = desk.file("konstig.csv", "reference,färg\nSIM-99,röd\n")
    assert "Rad 1: det finns ingen kolumn färg; det finns reference, " in desk.run("bulk", str(strange), lang="sv").err
    assert "Mappen för " in desk.run("export", "csv", "-o", "{folder}/ingen/x.csv", lang="sv").err


def test_the_doctor_tells_the_time_of_the_office(world: World) -> None:
    assert "Klockan: 1 mars 2021 kl. 10.00" in world.inline("doctor").out


def test_the_latest_step_is_taken_back_without_naming_its_entry(world: World) -> None:
    reference = receive(world)
    register = ("-s", "subject=Trygg start", "-s", "secrecy=none")
    assert world.inline("advance", reference, "register", *register, as_="registrar").code == 0

    undone = world.inline("correct", reference, "--undo", "-n", "fel ärende", as_="registrar")

    assert undone.code == 0, undone.err
    assert world.inline("show", reference, "--json").json["state"] == "submitted"


def test_why_a_deadline_is_open_is_told_without_names_of_events_and_logins(world: World) -> None:
    reference = receive(world)

    told = world.inline("deadline", "why", f"{reference}:register").out

    assert "öppnad  till 2021-03-02  av Registrator (sandlåda) (Ta emot ansökan)" in told


@pytest.mark.parametrize("words", [("list", "--help"), ("deadline", "extend", "-h"), ("audit",), ("help", "ord")])
def test_a_help_page_is_in_the_language_of_whoever_asks(desk: Desk, words: tuple[str, ...]) -> None:
    swedish, english = (desk.run(*words, lang=lang) for lang in ("sv", "en"))

    assert swedish.code == english.code
    assert swedish.out + swedish.err != english.out + english.err


def test_a_command_tells_what_it_takes_and_what_it_needs_in_swedish(desk: Desk) -> None:
    told = " ".join(desk.run("bulk", "template", "--help", lang="sv").out.split())

    assert told.startswith("Användning: skede bulk template [VAL] HÄNDELSE [FLÖDE] En tabell med en rad för varje")
    assert "Argument: HÄNDELSE Händelsen. [FLÖDE] Arbetsflödet. Val: --state S" in told
    assert "--field F=V Där ett fält har det här värdet. [kan ges flera gånger]" in told
    assert "-o, --output FIL.csv Vart den ska skrivas. [krävs]" in told
    assert told.endswith("-h, --help Visa den här sidan.")


def test_a_table_is_summed_up_by_the_titles_of_its_fields(desk: Desk) -> None:
    rows = ["workflow,title,event,set:applied_amount,set:contact,set:idea_text"]
    rows += [f"application,Idé {n},contact,{n}00000,Eva Ek,En idé" for n in (1, 2)]
    table = desk.file("idéer.csv", "\n".join(rows) + "\n")

    ran = desk.run("bulk", str(table), "--dry-run", lang="sv")

    assert "Summa Sökt belopp: 300\xa0000,00\xa0kr" in ran.out, ran.out + ran.err
