"""What a Swedish office reads: sentences and titles, not ids, English or instants of Greenwich."""

import pytest
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
