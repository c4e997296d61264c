"""`skede demo`: the years are played, the home is good for exploring, everything made up says so."""

import io
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
import running
from demo_home import Demo, run_demo, shared_demo

from engine.app.demo.place import is_taken, make_room
from engine.app.demo.story import is_demo
from engine.cli.demo_printer import DemoPrinter
from engine.cli.options import Shell
from engine.core.case import Case
from engine.core.fold import fold
from engine.ports import UnitOfWork

pytestmark = pytest.mark.acceptance

REAL_NAMES = {"Bengtsfors kommun", "Dals-Eds kommun", "Munkedals kommun", "Ale kommun"}
FOUR = {
    "Med gemensamma krafter +": "adopted",
    "Min airbag mot stress": "running",
    "Språkutveckling och föräldrastöd för flerspråkiga": "evaluation",
    "Föräldrahälsa i Skepplanda": "closed",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return shared_demo(tmp_path_factory)


@pytest.fixture
def tx(demo: Demo) -> Iterator[UnitOfWork]:
    with running.office_of(demo.home).store.read() as tx:
        yield tx


def every_case(tx: UnitOfWork) -> list[Case]:
    cases = [tx.cases.get(reference) for reference in tx.cases.references()]
    return [case for case in cases if case is not None]


def named(tx: UnitOfWork, workflow: str, title: str) -> Case:
    return next(c for c in every_case(tx) if c.workflow == workflow and c.title == title)


def events(tx: UnitOfWork, reference: str) -> list[str]:
    entries = [json.loads(logged.line) for logged in tx.log.entries(reference)]
    return [entry["event"] for entry in entries if entry["act"] in ("open", "advance")]


def printed(demo: Demo, lang: str) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        DemoPrinter(Shell(asked_lang=lang, environ={}), demo.told).print()
    return out.getvalue()


# The home


def test_every_phase_has_a_case_and_some_are_over(demo: Demo) -> None:
    phases = {"idea", "info_meeting", "application", "decision", "implementation", "evaluation", "regular_operations"}

    assert phases | {"closed"} == {phase for phase, count in demo.told["totals"]["phases"].items() if count}


def test_the_newest_call_has_a_case_at_every_step_before_the_decision(tx: UnitOfWork) -> None:
    call = named(tx, "call", "Utlysning 2025 (påhittad)")
    states = {c.state for c in tx.cases.children(call.reference) if c.workflow == "application"}

    assert states == {"draft", "signing", "registered", "completion", "preparation", "agenda"}


def test_one_report_is_overdue_and_nothing_else(demo: Demo, tx: UnitOfWork) -> None:
    overdue = list(tx.deadlines.list(until=tx.now))

    assert [(row.case, row.deadline.name) for row in overdue] == [(demo.told["overdue"][0]["reference"], "report_due")]
    assert len(demo.told["overdue"]) == 1


def test_deadlines_lie_ahead_and_mails_wait_for_the_morning(demo: Demo, tx: UnitOfWork) -> None:
    ahead = [row for row in tx.deadlines.list() if row.deadline.due_at > tx.now]

    assert len(ahead) > 15
    assert demo.told["totals"]["mail"]["queued"] > 0
    assert not {"failed", "deferred", "unknown", "no_recipient"} & set(demo.told["totals"]["mail"])


def test_every_case_is_what_its_log_says(tx: UnitOfWork) -> None:
    for case in every_case(tx):
        assert fold([(e.line, e.payload) for e in tx.log.entries(case.reference)]) == case


def test_the_home_can_be_explored_with_the_commands_that_the_demo_names(demo: Demo, tmp_path: Path) -> None:
    home = running.copied(demo.home, tmp_path / "copy")
    overdue = demo.told["overdue"][0]["reference"]

    for words in (["status"], ["next", overdue], ["show", overdue], ["mail", "list", "--state", "queued"]):
        ran = running.inline(home, *words)
        assert (ran.code, ran.out.startswith("SANDBOX")) == (0, True), (words, ran)


# The story


def test_the_four_projects_came_as_far_as_the_story_says(tx: UnitOfWork) -> None:
    assert {title: named(tx, "project", title).state for title in FOUR} == FOUR


def test_the_four_share_a_good_thirteen_and_a_half_million(demo: Demo) -> None:
    assert {project["together"] for project in demo.told["projects"]} == {"13530000.00"}


def test_the_board_decided_the_four_from_one_table(demo: Demo, tx: UnitOfWork) -> None:
    table = (demo.home / "board-2021.csv").read_text("utf-8")

    assert table.count(",grant,") == 4
    for title in FOUR:
        application = named(tx, "application", title)
        assert application.reference in table
        assert application.data["decided_on"] == "2021-11-18"


def test_two_minutes_late_is_recorded_refused_heard_and_dismissed(tx: UnitOfWork) -> None:
    late = named(tx, "application", "Motorik i vardagen (påhittad)")
    happened = events(tx, late.reference)

    assert late.data["arrived_at"] == "2021-08-31T22:02:00.000000Z"
    assert late.data["late"] is True
    order = ["receive", "register", "hear_applicant", "dismiss", "close_app"]
    assert [event for event in happened if event in order] == order
    refused = [json.loads(e.line) for e in tx.log.entries(late.reference) if '"act":"refused"' in e.line]
    assert [reason["code"] for reason in refused[0]["body"]["reasons"]] == ["application_late"]


@pytest.mark.parametrize(
    ("workflow", "title", "wanted"),
    [
        ("application", "Språkutveckling och föräldrastöd för flerspråkiga", ["request_completion", "complete"]),
        ("application", "Gå ihop till skolan (påhittad)", ["attend_info", "drop_idea", "weed"]),
        ("application", "Nattro (påhittad)", ["submit", "withdraw", "close_app", "archive_app"]),
        ("application", "Läsande kvarter (påhittad)", ["reject", "close_app", "archive_app"]),
        ("project", "Med gemensamma krafter +", ["approve_evaluation", "adopt", "confirm_regular", "follow_up_again"]),
        ("project", "Föräldrahälsa i Skepplanda", ["approve_evaluation", "decline", "close_not_adopted"]),
        ("project", "Min airbag mot stress", ["confirm_start", "extend", "hold_payments"]),
        ("change_request", "Förlängning av Min airbag mot stress", ["request_change", "cr_approve"]),
    ],
)
def test_what_each_case_went_through(tx: UnitOfWork, workflow: str, title: str, wanted: list[str]) -> None:
    happened = events(tx, named(tx, workflow, title).reference)

    assert [event for event in happened if event in wanted] == wanted


def test_reports_came_late_and_in_time_and_requisitions_were_paid(tx: UnitOfWork) -> None:
    cases = every_case(tx)
    approved = [c for c in cases if c.workflow == "report" and c.state == "approved"]
    late = [c for c in approved if "mark_overdue" in c.events]

    assert len(approved) > 40
    assert [c.title for c in late] == ["Lägesrapport 2023-01-10 – Föräldrahälsa i Skepplanda"]
    assert {c.state for c in cases if c.workflow == "requisition"} == {"paid"}


def test_an_invitation_carries_the_time_of_the_meeting(demo: Demo) -> None:
    content = (demo.home / "outbox" / demo.told["mail"]["file"]).read_bytes()
    message = BytesParser(policy=policy.default).parsebytes(content)
    (enclosed,) = [part for part in message.iter_attachments() if part.get_content_type() == "text/calendar"]

    assert "DTSTART:20210505T100000Z" in enclosed.get_content().split("\r\n")


# Evidence


def test_the_log_is_whole_and_one_changed_byte_is_found(demo: Demo) -> None:
    proof = demo.told["proof"]

    assert proof["faulty"] == 0
    assert proof["cases"] == demo.told["totals"]["cases"]
    codes = [one["code"] for one in proof["found"]]
    assert codes[1:] == ["verify_node", "verify_checkpoint_root", "verify_memory_root"]
    case, _, n = proof["changed"]["entry"].partition("#")
    assert proof["found"][0]["entry"] in (f"{case}#{n}", f"{case}#{int(n) + 1}")


# Nothing real, and all that is made up says so


def test_nothing_in_the_home_belongs_to_a_real_person(demo: Demo) -> None:
    texts = [path.read_bytes() for path in demo.home.rglob("*") if path.is_file()]
    content = b"\n".join(texts)

    assert b"vgregion.se" not in content
    assert not re.search(rb"\b0\d{2,3}[ \xe2\x80\x93-]+\d{2,3} ?\d{2} ?\d{2}\b", content)
    for address in set(re.findall(rb"[\w.+-]+@([\w.-]+\w)", b"\n".join(t for t in texts if t[:6] != b"SQLite"))):
        assert address.endswith(b".example"), address


def test_every_person_and_organisation_says_that_it_is_made_up(tx: UnitOfWork) -> None:
    names = {p.name for p in tx.people.persons()} | {o.name for o in tx.people.organisations()}
    unmarked = {name for name in names if "(påhittad)" not in name and "(sandlåda)" not in name}

    assert unmarked == REAL_NAMES


def test_every_case_tells_that_it_is_made_up(tx: UnitOfWork) -> None:
    """In its title, in a note of its log, or through the case above it."""
    marked = {c.reference for c in every_case(tx) if "påhittad" in c.title.lower()}
    marked |= {e.case for e in tx.log.all() if "påhitta" in (e.payload or "").lower()}
    for case in every_case(tx):
        assert case.reference in marked or case.parent in marked, case.reference


def test_every_mail_says_that_it_comes_from_a_demo(demo: Demo) -> None:
    for path in (demo.home / "outbox").glob("*.eml"):
        message = BytesParser(policy=policy.default).parsebytes(path.read_bytes(), headersonly=True)
        assert "(demo)" in str(message["From"])


# The screen


@pytest.mark.parametrize(
    ("lang", "wanted"),
    [
        ("sv", ["SANDBOX", "Påhittat: allt annat", "Ordinarie verksamhet (7/7)", "nekades:", "Två minuter för sent",
                "Subject: [SIM-2021-0001]", "Allt stämmer", "en enda byte", "märker det", "2019-10-04 12:00"]),
        ("en", ["SANDBOX", "Made up: everything else", "The four projects", "refused:", "Two minutes late",
                "Subject: [SIM-2021-0001]", "All is sound", "one single byte", "notices", "2019-10-04 12:00"]),
    ],
)  # fmt: skip
def test_the_story_fits_two_screens_in_either_language(demo: Demo, lang: str, wanted: list[str]) -> None:
    out = printed(demo, lang)

    assert [phrase for phrase in wanted if phrase not in out] == []
    assert len(out.splitlines()) < 90
    assert not re.search(r"demo_\w+|\{\w+\}|\x1b", out)


def test_days_that_no_source_tells_bear_a_star(demo: Demo) -> None:
    lines = printed(demo, "sv").splitlines()
    of_2021, of_2022 = (next(line for line in lines if title in line) for title in ("Utlysning 2021", "Sedd och"))

    assert "*" not in of_2021
    assert of_2022.count(" *") == 2


def test_progress_is_told_beside_the_result(demo: Demo) -> None:
    assert demo.err.count("\n") == 1


# Where it may be


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    done = run_demo("--json", str(tmp_path))

    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (2, "usage")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_home_that_no_demo_made_is_refused(home: Path) -> None:
    before = (home / "skede.toml").read_bytes()

    done = run_demo(str(home))

    assert (done.returncode, done.stdout) == (2, "")
    assert str(home) in done.stderr
    assert (home / "skede.toml").read_bytes() == before


def test_a_demo_of_before_is_known_and_only_what_it_put_there_is_taken_away(demo: Demo, tmp_path: Path) -> None:
    home = Path(shutil.copytree(demo.home, tmp_path / "demo"))
    (home / "mine.txt").write_text("mine")

    assert is_taken(home)
    assert is_demo(running.office_of(home))
    make_room(home)

    assert [path.name for path in home.iterdir()] == ["mine.txt"]
