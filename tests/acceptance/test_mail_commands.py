"""The mail commands that look ahead and ask why: `mail why`, `forecast`, `hold`, `release`, and `tick --dry-run`."""

from datetime import date

import pytest
import running
from cases import World, receive

pytestmark = pytest.mark.acceptance


def with_mail_due(world: World) -> str:
    """An officer with an address, a case, and a clock that has gone on until there is something to remind of."""
    with running.office_of(world.home).store.write() as tx:
        person = tx.people.add_person("Anna Ask", email="anna.ask@region.example")
        user = tx.people.add_user("anna", person=person.id)
        for role in ("officer", "registrar", "secretary"):
            tx.people.grant(user.id, role, date(2021, 1, 1))
    case = receive(world)
    world.inline("clock", "forward", "100d")  # a Wednesday, at eleven
    return case


def test_why_tells_of_a_case_in_sentences_and_as_json(world: World) -> None:
    case = receive(world)
    told = world.inline("mail", "why", case, "--lang", "en").out
    found = world.inline("mail", "why", case, "--json").json

    assert case in told
    assert {"case", "title", "messages", "unsaid", "coming"} == set(found)
    assert all(each["sentence"] and each["code"] for part in ("messages", "coming") for each in found[part])
    assert "…" not in told


def test_why_tells_of_one_message(world: World) -> None:
    with_mail_due(world)
    world.inline("tick")
    number = world.inline("mail", "list", "--state", "sent", "--json").json[0]["id"]

    found = world.inline("mail", "why", str(number), "--json").json

    assert found["code"] == "sent"
    assert found["sentence"].startswith("Skickat ")
    assert world.inline("mail", "why", "9999").code == 5


def test_a_forecast_lists_what_then_leaves_when_the_clock_runs(world: World) -> None:
    with_mail_due(world)
    foretold = world.inline("mail", "forecast", "--within", "60d", "--json").json
    assert world.inline("mail", "forecast", "--within", "60d").code == 0
    before = {m["key"] for m in world.inline("mail", "list", "--state", "sent", "--json").json}
    world.inline("clock", "forward", "60d", "--tick")
    after = {m["key"]: m["sent_at"] for m in world.inline("mail", "list", "--state", "sent", "--json").json}

    assert {m["key"]: m["sent_at"] for m in foretold if m["state"] == "sent"} == {
        key: at for key, at in after.items() if key not in before
    }
    assert sum(m["state"] == "sent" for m in foretold) > 3


def test_while_mail_is_held_none_leaves_and_the_overview_says_so(world: World) -> None:
    with_mail_due(world)
    assert world.inline("mail", "hold", "on", "-n", "fel i mallen").code == 0
    assert world.inline("tick", "--json").json["delivered"] == 0
    assert world.inline("status", "--json").json["mail_held"] is True
    assert "mail_held" in {f["code"] for f in world.inline("doctor", "--json").json}
    assert world.inline("mail", "hold", "off", "--json").json["changed"] is True
    assert world.inline("tick", "--json").json["delivered"] > 0


def test_a_dry_tick_tells_what_would_be_done_and_does_nothing(world: World) -> None:
    with_mail_due(world)
    would = world.inline("tick", "--dry-run", "--json").json
    assert world.inline("tick", "--dry-run").code == 0
    does = world.inline("tick", "--json").json

    assert would["delivered"] == does["delivered"] > 0
    assert would["expired"] == does["expired"]


def test_only_meetings_are_released_and_none_that_is_unknown(world: World) -> None:
    assert world.inline("mail", "release", "--meeting", world.call).code == 2
    assert world.inline("mail", "release", "--meeting", "M-1999-0001").code == 5


def test_a_list_shows_the_newest_and_says_how_many_are_older(world: World) -> None:
    with_mail_due(world)
    world.inline("tick")
    every = world.inline("mail", "list", "--json").json

    shown = world.inline("mail", "list", "--limit", "1", "--lang", "en")

    assert len(every) > 1
    assert world.inline("mail", "list", "--limit", "1", "--json").json == every[-1:]
    assert str(every[-1]["id"]) in shown.out.splitlines()[-1].split()
    assert shown.err == f"There are {len(every) - 1} older: --limit {len(every)}\n"
    assert world.inline("mail", "list").err == ""


def test_a_sample_letter_says_that_it_is_invented_and_names_no_project(world: World) -> None:
    told = world.inline("mail", "preview", "ack_received")

    assert told.code == 0, told.err
    assert told.err == "Mallen med påhittade värden; lägg till REF för ett ärendes egna.\n"
    assert "(påhittat exempel)" in told.out
    assert "påhittat" not in world.inline("mail", "preview", "ack_received", receive(world)).out
