"""A field is given by its id or by the title that a listing shows, in either language; never by a guess."""

import pytest
from cases import World, receive
from desk import SIM, Desk, desk_of, one_line

pytestmark = pytest.mark.acceptance

desk = pytest.fixture(scope="module")(desk_of)


def test_an_event_takes_fields_by_their_titles_in_either_language(world: World) -> None:
    reference = receive(world)
    titles = ("-s", "ärendemening=Trygg start", "-s", "Secrecy marking=none")

    done = world.inline("advance", reference, "register", *titles, as_="registrar")

    assert done.code == 0, done.err
    data = world.inline("show", reference, "--json").json["data"]
    assert (data["subject"], data["secrecy"]) == ("Trygg start", "none")


def test_a_listing_and_a_table_take_fields_by_their_titles(world: World) -> None:
    reference = receive(world)
    table = world.home / "register.csv"
    table.write_text(f"reference,event,set:Ärendemening,set:secrecy\n{reference},register,Trygg start,none\n", "utf-8")

    done = world.inline("bulk", str(table), as_="registrar")

    assert done.code == 0, done.out + done.err
    assert reference in world.inline("list", "application", "--field", "Ärendemening=Trygg start").out


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("-s", "belopp=1"), "Det finns inget fält som heter belopp här. Menade du applied_amount (Sökt belopp)"),
        (("-s", "Sökt belopp=1", "-s", "applied_amount=2"), "-s applied_amount=… är angivet två gånger"),
        (("-s", "zzz=1"), "Det finns inget fält som heter zzz i Ansökan. Där finns "),
    ],
)
def test_what_fits_no_field_or_several_is_told_with_those_that_may_be_meant(
    desk: Desk, given: tuple[str, ...], told: str
) -> None:
    ran = desk.run("amend", SIM, *given, "-n", "x", lang="sv")

    assert (ran.code, told in one_line(ran)) == (2, True), one_line(ran)


def test_a_title_that_two_fields_share_is_refused_with_both(world: World) -> None:
    ran = world.inline("list", "project", "--field", "REASON=x", lang="en")

    assert ran.code == 2
    assert "“REASON” fits several fields: " in ran.err
    assert "reason_code (" in ran.err
