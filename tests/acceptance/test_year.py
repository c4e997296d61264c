"""A year as an office lives it, by the real command: what stands, what was sent, what the log proves at its end."""

from collections import Counter
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import running
from year import lived
from year.autumn import GRANTED, REJECTED, SLIP
from year.office import ADMIN, COLLEAGUE, IDEAS, Office, mailbox, municipality
from year.summer import (
    HEAD_GRANTS,
    HEAD_REJECTS,
    INCOMPLETE,
    LATE,
    MERGED,
    MERGER,
    RELATED,
    REPLACED,
    UNSIGNED,
    WAITING,
    WITHDRAWN,
)

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def year(home_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The home on 1 March 2022, one year after it was made; the tests only look."""
    return lived(running.copied(home_template, tmp_path_factory.mktemp("year") / "home"))


def test_every_case_stands_where_the_year_has_brought_it(year: Office) -> None:
    applications = year.states("application")
    old = {ref: state for ref, state in applications.items() if ref.startswith("SIM-2019")}
    mine = [applications[reference] for reference in year.applications]

    assert Counter(old.values()) == {"rejected": 15, "withdrawn": 15, "closed": 15, "archived": 15}
    assert {n for n, state in enumerate(mine) if state == "project_started"} == {*GRANTED, HEAD_GRANTS}
    assert {n for n, state in enumerate(mine) if state == "rejected"} == {SLIP, *REJECTED, HEAD_REJECTS}
    assert (mine[LATE], mine[WITHDRAWN], mine[WAITING]) == ("dismissed", "withdrawn", "withdrawn")
    assert len(applications) == 60 + IDEAS + 2
    assert set(year.states("call").values()) == {"decided"}
    assert sorted(year.states("meeting").values()) == ["announced", "info_held", "info_held", "planned"]


def test_ideas_that_went_nowhere_were_dropped_by_the_clock(year: Office) -> None:
    gone = [idea for idea in year.ideas if idea not in year.applications]

    log = [year.run("log", idea, "--json").lines for idea in gone[-3:]]

    assert {year.states("application")[idea] for idea in gone} == {"closed"}
    assert all(("drop_idea", "system") in [(e["event"], e["actor"]) for e in entries] for entries in log)
    assert len(year.mails("idea_closed")) == len(gone) == IDEAS - 12


def test_sixty_old_cases_came_from_a_list_as_windows_saves_it(year: Office) -> None:
    case = year.case("SIM-2019-0007")

    assert "windows-1252" in year.told["import"].err
    assert (case["title"], case["data"]["applied_amount"]) == ("Åtgärd för återhämtning nr 7", "1250000.50")
    assert not [
        mail for mail in year.outbox if str(mail["case"]).startswith("SIM-2019") and mail["sent_at"] < "2021-04"
    ]


def test_late_unsigned_and_incomplete_were_seen_at_registration(year: Office) -> None:
    flags = {
        n: [flag for flag in ("late", "unsigned", "incomplete") if data[flag]] for n, data in year.told["flags"].items()
    }

    assert flags.pop(LATE) == ["late"]
    assert flags.pop(UNSIGNED) == ["unsigned"]
    assert flags.pop(INCOMPLETE) == ["incomplete"]
    assert not any(flags.values())
    assert year.case(year.applications[UNSIGNED])["data"]["unsigned"] is False
    assert (year.told["expired"]["state"], year.told["expired"]["data"]["incomplete"]) == ("registered", True)


def test_whoever_is_related_to_an_applicant_took_no_part(year: Office) -> None:
    entries = year.run("log", year.applications[RELATED], "--json").lines
    recused = next(entry["n"] for entry in entries if entry["kind"] == "recuse")

    assert (year.told["recused"].code, "recused" in year.told["recused"].codes) == (3, True)
    assert not [e for e in entries if e["n"] > recused and e["actor"] == "officer" and e["kind"] != "refused"]
    assert year.case(year.applications[RELATED])["owner"] == COLLEAGUE


def test_nine_were_decided_in_one_sitting_after_a_trial_that_changed_nothing(year: Office) -> None:
    tried, sitting, again = (year.told[name] for name in ("tried", "sitting", "again"))

    assert (tried["done"], tried["dry_run"], tried["sums"]) == (9, True, {"granted_amount": "3000000.00"})
    assert Counter(year.told["between"].values())["agenda"] == 9
    assert (sitting["done"], sitting["sums"]) == (9, {"granted_amount": "3000000.00"})
    assert (again["done"], again["already"]) == (0, 9)
    paragraphs = [year.case(year.applications[n])["data"]["paragraph"] for n in range(9)]
    assert len(set(paragraphs)) == 9


def test_the_slip_was_taken_back_with_its_letters_and_its_decision(year: Office) -> None:
    reference = year.applications[SLIP]
    tree = year.do("list", "decision", "--closed", "--parent", reference)
    letters = [
        mail for mail in year.outbox if mail["case"] == reference and mail["template"] in ("granted", "rejected")
    ]

    assert year.told["undone"]["kind"] == "reversed"
    assert [(case["title"].partition(":")[0], case["state"]) for case in tree] == [("Avslag", "in_force")]
    assert Counter((mail["template"], mail["state"]) for mail in letters) == {
        ("granted", "cancelled"): 2, ("rejected", "sent"): 2,
    }  # fmt: skip
    told = [entry["kind"] for entry in year.run("log", reference, "--json").lines]
    assert told.count("reversed") == 1


def test_every_decision_of_the_board_is_in_force_three_weeks_after_the_minutes(year: Office) -> None:
    decisions = year.do("list", "decision", "--closed")

    assert Counter(case["state"] for case in decisions) == {"in_force": 9, "adopted": 3}
    assert len(year.told["announced"]["cases"]) == 9
    assert len(year.mails("decision_sent")) == 2 * 9
    assert {mail["state"] for mail in year.mails("decision_sent")} == {"sent"}


def test_whoever_took_over_gets_the_mail_and_whoever_left_gets_no_more(year: Office) -> None:
    reference = year.applications[REPLACED]
    moment = next(e["recorded_at"] for e in year.run("log", reference, "--json").lines if e["kind"] == "party")
    later = [mail for mail in year.outbox if mail["case"] == reference and (mail["sent_at"] or "") > moment]
    owner = next(party for party in year.case(reference)["parties"] if party["role"] == "owner")

    assert year.told["replaced"]["cases"]
    assert mailbox(municipality(REPLACED)) not in {mail["to"] for mail in later}
    assert "ny.kontakt@osterlund.example" in {mail["to"] for mail in later}
    assert "Ny Kontakt" in str(owner["people"])


def test_two_municipalities_are_one_and_old_papers_keep_the_old_name(year: Office) -> None:
    for n in MERGED:
        now = year.case(year.applications[n])
        then = year.do("show", year.applications[n], "--as-of", "2021-06-10")
        assert [p["organisation"] for p in now["parties"] if p["role"] == "owner" and not p.get("until")] == [MERGER]
        assert [p["organisation"] for p in then["parties"] if p["role"] == "owner"] == [municipality(n)]
    assert year.case("SIM-2019-0006")["parties"]


def test_six_projects_run_and_their_first_report_is_asked_for(year: Office) -> None:
    projects = year.do("list", "project")

    assert [project["state"] for project in projects] == ["start_up"] * 6
    assert {case["state"] for case in year.do("list", "report")} == {"open"}
    assert len(year.mails("project_created")) == 12


def test_each_letter_left_once_and_stands_in_the_outbox(year: Office) -> None:
    sent = [mail for mail in year.outbox if mail["state"] == "sent"]
    files = [message_from_bytes(path.read_bytes(), policy=default) for path in year.home.rglob("*.eml")]

    assert len(files) == len(sent) > 300
    assert len({mail["key"] for mail in sent}) == len(sent)
    assert Counter(file["Message-ID"] for file in files) == Counter(mail["message_id"] for mail in sent)
    assert {mail["state"] for mail in year.outbox} <= {"sent", "cancelled", "no_recipient"}
    assert Counter(mail["template"] for mail in sent)["idea_received"] == IDEAS
    assert Counter(mail["template"] for mail in sent)["ack_received"] == 2 * 14


def test_the_money_of_the_call_adds_up(year: Office) -> None:
    told = year.do("status", "--call", year.told["call"])

    assert (told["frame"], told["granted"]) == ("3500000.00", "2900000.00")
    assert told["left"] == "600000.00"
    assert told["paid"] == "0.00"


def test_the_office_sees_what_is_to_be_done(year: Office) -> None:
    status = year.do("status")
    today = year.run("today")
    words = year.run("status").out

    open_ones = {row["workflow"]: row["open"] for row in status["workflows"]}
    assert (open_ones["project"], open_ones["report"], open_ones["call"]) == (6, 6, 1)
    assert "report_to_board" in {row["name"] for row in status["overdue"]}
    assert (today.code, today.out.startswith("SANDBOX"), words.startswith("SANDBOX")) == (0, True, True)


def test_the_log_proves_it_all_at_the_end(year: Office) -> None:
    verified = year.call("audit", "verify", "--json", as_=ADMIN).json
    replayed = year.run("audit", "replay", as_=ADMIN)
    log = year.run("log", "--json").lines

    assert (verified["ok"], verified["first_bad"], verified["entries"]) == (True, None, len(log))
    assert replayed.code == 0, replayed.out + replayed.err
    assert year.run("db", "check", as_=ADMIN).code == 0
