"""The commands that refusals and `next` propose, pasted: they do what they say, in the order in which they stand."""

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
import running
from cases import World, receive, registered
from running import Ran

from engine.app.advance import Given
from engine.app.office import Caller
from engine.app.open_case import open_case
from engine.app.users import grant_role
from engine.cli.options import Shell
from engine.cli.session import os_login

pytestmark = pytest.mark.acceptance


def mends(told: str) -> list[str]:
    """The commands that are proposed, in their order."""
    return re.findall(r"(?:avhjälps med|allt på en gång|gör det): (skede .*)", told)


def paste(world: World, command: str, as_: str | None = None, **filled: str) -> Ran:
    """Run a proposed command with its placeholders filled in."""
    for placeholder, value in filled.items():
        command = command.replace(placeholder, value)
    words = shlex.split(command)[1:]
    start = words.index("--home")
    del words[start : start + 2]
    return world.inline(*words, as_=as_)


def test_a_head_waives_a_missing_signature_by_firing_the_event_with_the_command_that_next_tells(world: World) -> None:
    reference = registered(world)
    world.inline("assign", reference, "officer")

    told = world.inline("next", reference, "start_preparation", as_="head").out
    (command,) = re.findall(r"som då själv gör det: (skede .*)", told)
    meeting = world.inline("new", "meeting", "--title", "Nämnden", "--event", "plan_board_meeting",
                           "-s", "body=RUN", "-s", "starts_at=2021-06-10T13:00", "-s", "place_or_link=Residenset",
                           as_="secretary").out.strip()  # fmt: skip
    waived = paste(world, command, "head", **{"target_meeting=…": f"target_meeting={meeting}", '"…"': '"Skrivs i maj"'})

    assert "--override signatures_valid@1" in command
    assert waived.code == 0, waived.err
    (entry,) = (e for e in world.inline("log", reference, "--json").lines if e["event"] == "start_preparation")
    assert (entry["role"], entry["changes"]["waived"]) == ("head", ["signatures_valid@1"])
    assert world.inline("audit", "replay", reference).code == 0


def test_a_head_without_a_rule_to_waive_leaves_the_event_to_the_officer(world: World) -> None:
    reference = registered(world)

    done = world.inline("advance", reference, "request_completion", "-s", "missing_items=Budget", "--override",
                        "signatures_valid", "-n", "x", "--json", as_="head")  # fmt: skip

    assert (done.code, set(done.codes)) == (3, {"role_missing", "override_of_no_rule"})


def test_today_tells_the_day_that_the_deadlines_tell(world: World) -> None:
    opened = world.inline("new", "call", "--title", "Utlysning 2028", "-s", "body=RUN", "-s", "opens_at=2028-03-01")

    day = world.inline("deadline", "list", opened.out.strip(), "--json").json[0]["due_on"]
    told = world.inline("today").out

    assert day == "2028-03-01"
    assert day in next(line for line in told.splitlines() if opened.out.strip() in line)


def test_the_guide_records_a_board_meeting_with_all_that_it_takes(world: World) -> None:
    meeting = summoned(world)
    typed = [number_of(world, meeting, "hold"), "Anna Ask", "Bo Berg", "2021-06-17", "ja", "j"]

    done = running.on_terminal(world.home, "advance", meeting, typed=typed, as_="secretary")

    assert done.code == 0, done.out
    assert "Ange vilka som anmälde jäv" in done.out
    shown = world.inline("show", meeting, "--json").json
    assert (shown["state"], shown["data"]["no_recusals"]) == ("held", True)


def test_recusals_are_asked_for_where_there_were_some(world: World) -> None:
    meeting = summoned(world)
    typed = [number_of(world, meeting, "hold"), "Anna Ask", "Bo Berg", "2021-06-17", "nej", "Cia Ceder", "U-2021-001",
             "Dag Dahl", "", "", "j"]  # fmt: skip

    done = running.on_terminal(world.home, "advance", meeting, typed=typed, as_="secretary")

    assert done.code == 0, done.out
    assert world.inline("show", meeting, "--json").json["data"]["recusals"][0]["replacement"] == "Dag Dahl"


def test_the_guide_asks_for_no_file_that_has_to_be_signed_first(world: World) -> None:
    meeting = summoned(world)
    held = world.inline("advance", meeting, "hold", "-s", "attendance=Anna", "-s", "adjuster=Bo", "-s",
                        "adjust_on=2021-06-17", "-s", "no_recusals=ja", as_="secretary")  # fmt: skip
    assert held.code == 0, held.err

    done = running.on_terminal(world.home, "advance", meeting, typed=["1"], as_="secretary")
    attach, *signs = mends(done.out.replace("\r", ""))

    assert (done.code, "3 hinder" in done.out) == (3, True)
    assert attach.endswith(f"attach {meeting} minutes=FILE")
    assert [sign.split(" --party ")[1].split()[0] for sign in signs] == ["chair", "adjuster"]


def test_a_paper_to_be_signed_is_filed_signed_and_only_then_handed_in(world: World) -> None:
    meeting = summoned(world)
    world.inline("advance", meeting, "hold", "-s", "attendance=Anna", "-s", "adjuster=Bo", "-s",
                 "adjust_on=2021-06-17", "-s", "no_recusals=ja", as_="secretary")  # fmt: skip

    refused = world.inline("advance", meeting, "adjust_minutes", "-a", f"minutes={world.paper}", as_="secretary")
    attach, *signs = mends(refused.err)

    assert paste(world, attach, FILE=str(world.paper)).code == 0
    assert [paste(world, sign, "secretary", PERSON='"Eva Ek"').code for sign in signs] == [0, 0]
    assert world.inline("advance", meeting, "adjust_minutes", as_="secretary").code == 0


def test_next_names_the_whole_line_that_works(world: World) -> None:
    meeting = summoned(world)

    told = world.inline("next", meeting, "hold", as_="secretary").out
    whole = next(line for line in mends(told) if "attendance" in line and "no_recusals" in line)
    done = paste(world, whole, **{"attendance=…": "attendance=A", "adjuster=…": "adjuster=B", "on=…": "on=2021-06-17"})

    assert " … " not in told
    assert done.code == 0, done.err


def test_a_case_that_does_not_exist_is_refused_where_it_is_typed(world: World) -> None:
    typed = ["2", "Lunchträff", "2021-04-01T12:00", "Rådhuset", "99", world.call, "2021-04-01T13:00", "j"]

    done = running.on_terminal(world.home, "new", "möte", typed=typed, as_="officer")

    assert done.code == 0, done.out
    assert "Det finns inget ärende 99" in done.out
    assert done.out.count("Börjar:") == 1


def test_whoever_leaves_the_guide_is_told_that_nothing_was_done(world: World) -> None:
    left = running.on_terminal(world.home, "advance", world.call, typed=[], as_="head")
    untitled = running.on_terminal(world.home, "new", typed=["1"], as_="officer")

    assert (left.code, untitled.code) == (130, 130)
    assert "Ingenting är gjort." in left.out
    assert "Ingenting är gjort." in untitled.out


def summoned(world: World) -> str:
    """A meeting of the board that has been summoned, on its day."""
    meeting = world.inline("new", "meeting", "--title", "Nämnden", "--event", "plan_board_meeting", "-s", "body=RUN",
                           "-s", "starts_at=2021-06-10T13:00", "-s", "place_or_link=Residenset",
                           as_="secretary").out.strip()  # fmt: skip
    done = world.inline("advance", meeting, "summon", "-a", f"agenda={world.paper}", "-a", f"papers={world.paper}",
                        as_="secretary")  # fmt: skip
    assert done.code == 0, done.err
    running.set_clock(world.home, datetime(2021, 6, 10, 16, tzinfo=UTC))
    return meeting


def number_of(world: World, reference: str, event: str) -> str:
    """Under which number the guide lists an event."""
    possible = world.inline("next", reference, "--json", as_="secretary").json
    return str([p["event"] for p in possible if p["roles"] != ["system"]].index(event) + 1)


def test_what_a_refused_opening_lacks_is_told_as_options_of_new(world: World) -> None:
    meeting = world.inline("new", "meeting", "--title", "Träff", "--event", "plan_info_meeting", "-s",
                           "starts_at=2021-04-01T12:00")  # fmt: skip
    project = world.inline("new", "project", "--title", "Utan part")

    assert "-s call=" in meeting.err
    for told in (meeting.err, project.err):
        assert not re.search(r"skede [^\n]*\b(amend|party|attach) [A-Z]+-2021", told), told


def test_next_tells_the_user_that_was_named_in_what_can_be_done(world: World) -> None:
    reference = receive(world)
    world.inline("amend", reference, "-s", "subject=Ro", "-s", "secrecy=none", "-n", "x", as_="registrar")

    (command,) = re.findall(r"gör det: (skede .*)", world.inline("next", reference, "register", as_="registrar").out)
    done = paste(world, command)

    assert done.code == 0, done.err


def test_a_party_without_a_note_is_proposed_with_one_and_as_it_was_typed(world: World) -> None:
    reference = registered(world)
    refused = world.inline("party", reference, "add", "partner=Kungälvs kommun:Eva Ek")

    (command,) = re.findall(r"(skede --home .*)", refused.err)
    done = paste(world, command)

    assert '"partner=Kungälvs kommun:Eva Ek"' in command
    assert "--as officer" in command
    assert done.code == 0, done.err


def test_the_next_step_of_an_event_is_never_to_look_at_the_event_again(world: World) -> None:
    reference = registered(world)

    for event in ("start_preparation", "dismiss"):
        told = world.inline("next", reference, event, as_="head").out
        assert not any(f" next {reference} {event}" in command for command in mends(told)), told


def test_the_only_administrator_of_a_new_home_is_told_what_comes_first(tmp_path: Path) -> None:
    folder = tmp_path / "ett hem"
    me = os_login(Shell())
    told = running.inline(folder, "init", as_=None).out
    commands = [re.split(r"\s{3,}", line.strip())[0] for line in told.splitlines() if line.startswith("  skede ")]
    own, refused = (running.inline(folder, *words, as_=None) for words in (
        ("user", "grant", me, "officer", "-n", "x"), ("new", "call", "--title", "Utlysning"),
    ))  # fmt: skip

    assert f"cd '{folder}'" in told
    assert "gör kollegan till administratör" in own.err
    assert " user add LOGIN " in own.err
    assert "user grant LOGIN officer" in refused.err
    filled = {"LOGIN": "anna", "NAMN": "Anna", "ADRESS": "anna@vgr.example", "VARFÖR": "ny", "RUBRIK": "Utlysning"}
    for command in commands[:5]:
        words = [filled.get(word, word) for word in shlex.split(command)[1:]]
        assert running.inline(folder, *words, as_=None).code == 0, command
    office = running.office_of(folder)
    given = {pair.partition("=")[0]: pair.partition("=")[2] for pair in shlex.split(commands[5]) if "=" in pair}
    anna = Caller("anna", "os:anna", "sv")
    grant_role(office, anna, me, "officer", note="Så att båda kan")
    assert open_case(office, anna, "call", "Utlysning", Given(set=given))["state"] == "planned"
    assert running.inline(folder, "new", "call", "--title", "Nästa", *shlex.split(commands[5])[5:], as_=None).code == 0
    assert commands[6] == "skede next -"


def test_help_knows_the_events_and_states_of_the_workflows_that_are_published(world: World) -> None:
    for word, told in (("bevilja", "Bevilja – Grant"), ("grant", "Bevilja – Grant"), ("diarieförd", "läge i Ansökan")):
        assert told in world.inline("help", word).out


def test_mail_is_told_in_words_that_fit_its_time(world: World) -> None:
    registered(world)
    ahead = world.inline("mail", "forecast").out
    world.inline("tick")

    sent = next(m["id"] for m in world.inline("mail", "list", "--state", "sent", "--json").json)
    retried = world.inline("mail", "retry", str(sent))

    assert "ska skickas" in ahead
    assert "skickat" not in ahead
    assert f"Brev {sent} har läget ”skickat”" in retried.err
