"""What somebody stumbles on who has never seen the command before: a refusal says what was meant, or where to look."""

import pytest
from cases import World, receive, registered

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["show"], "Ärendets beteckning saknas: skede show REF."),
        (["mail", "why"], "Ärendets beteckning eller brevets nummer saknas: skede mail why REF|ID."),
        (["assign", "4"], "Inloggningen saknas: skede assign REF LOGIN."),
        (["new", "aplication", "--title", "x"], "Menade du application?"),
        (["new", "application", "--title", "x", "--event", "contact", "--party", "owner=Kungelvs kommun"],
         "Menade du Kungälvs kommun?"),
        (["new", "application", "--title", "x", "--event", "contact", "--party", "ägare=Ale"],
         "Roller: owner (projektägare), partner (samverkanspart)"),
        (["new", "application", "--title", "x", "--event", "contact", "--party", "owner=Kungälvs kommun:Eva Ek:chef"],
         "Det finns ingen funktion chef. Det finns contact (kontaktperson)"),
        (["list", "--state", "xyzzy"], "Det finns inget läge xyzzy här. Kommandot skede workflow show ARBETSFLÖDE"),
        (["person", "show", "Eva Ekk"], "Menade du Eva Ek?"),
    ],
)  # fmt: skip
def test_what_was_mistyped_is_answered_in_plain_words(world: World, args: list[str], told: str) -> None:
    done = world.inline(*args)

    assert done.code in (2, 5), done.err
    assert told in done.err


def test_a_mistyped_event_is_answered_with_the_one_that_was_meant(world: World) -> None:
    reference = receive(world)

    near = world.inline("advance", reference, "regsiter", as_="registrar")
    far = world.inline("advance", reference, "celebrate", as_="registrar")

    assert f"--as registrar advance {reference} register" in near.err
    assert f"--as registrar next {reference}" in far.err


def test_an_unknown_kind_of_document_is_answered_with_those_that_there_are(world: World) -> None:
    done = world.inline("advance", world.call, "close_call", "-a", f"kallelse={world.paper}", "--lang", "en")

    assert "There is no kind of document called kallelse here. There are " in done.err
    assert "call_text" in done.err


def test_the_list_counts_the_same_days_as_the_deadlines_do(world: World) -> None:
    reference = registered(world)
    world.inline("assign", reference, "officer")
    done = world.inline("advance", reference, "request_completion", "-s", "missing_items=Budget")
    assert done.code == 0, done.err

    listed = world.inline("list", "application").out
    deadlines = world.inline("deadline", "list", reference).out

    (days,) = {line.split("(om ")[1].split(" dagar")[0] for line in deadlines.splitlines() if ":completion " in line}
    assert f" om {days} dagar" in next(line for line in listed.splitlines() if reference in line)


def test_an_empty_log_says_so(world: World) -> None:
    done = world.inline("log", world.call, "--actor", "registrar")

    assert (done.code, "Ingenting" in done.err) == (0, True)


def test_why_a_letter_went_names_it_as_people_do(world: World) -> None:
    reference = registered(world)

    told = world.inline("mail", "why", reference).out

    assert "Vi har tagit emot er ansökan" in told
    assert "ack_received" not in told


def test_doctor_calls_nothing_good_that_is_lacking(world: World) -> None:
    told = world.inline("doctor").out

    (line,) = (line for line in told.splitlines() if "Ingen säkerhetskopia har tagits" in line)
    assert not line.startswith("ok")
