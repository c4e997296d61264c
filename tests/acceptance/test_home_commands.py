"""The home: making one, looking at it, its mail, its log, its database and its health."""

import getpass
import json
import os
import sqlite3
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import measuring
import pytest
import running
from cases import World, receive, registered
from paths import Places
from running import SKEDE, Ran

from engine.app.record import record_office
from engine.bootstrap.home import make_home
from engine.bootstrap.office import open_office
from engine.cli.options import Shell
from engine.cli.session import caller_of
from engine.settings import load

pytestmark = pytest.mark.acceptance

MESSAGE = {
    "id", "key", "case", "template", "lang", "to", "subject", "state", "attempts", "due_at", "sent_at", "message_id",
    "error",
}  # fmt: skip
ENTRY = {
    "entry", "case", "n", "recorded_at", "occurred_at", "kind", "event", "source", "target", "actor", "role",
    "on_behalf_of", "note", "changes", "workflow", "version", "definition", "request_id", "prev", "hash",
}  # fmt: skip
DEADLINE = {"id", "case", "name", "due_at", "due_on", "state", "owner", "next_reminder_at", "source"}


def plain(folder: Path, *args: str, **environ: str) -> Ran:
    """The command outside any home."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SKEDE_", "_SKEDE"))} | environ
    done = subprocess.run(
        [SKEDE, *args], cwd=folder, env=clean | measuring.counted(), capture_output=True, encoding="utf-8", check=False
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def real_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real") / "home"
    make_home(folder, caller_of(Shell()), sandbox=False)
    return folder


@pytest.fixture
def real(real_template: Path, tmp_path: Path) -> Path:
    """A real home of one's own: no simulated clock, and its only user is the login that runs the tests."""
    return running.copied(real_template, tmp_path / "real")


# Making a home


def test_init_makes_a_home_and_says_what_comes_next(tmp_path: Path) -> None:
    done = plain(tmp_path, "init", "office", "--lang", "en")

    assert done.code == 0
    assert "skede user add" in done.out
    assert (tmp_path / "office" / "skede.toml").stat().st_mode & 0o077 == 0
    assert (tmp_path / "office" / "skede.db").stat().st_mode & 0o077 == 0
    log = plain(tmp_path / "office", "log", "@office", "--json").lines
    assert (log[0]["kind"], log[0]["actor"]) == ("init", getpass.getuser())


def test_init_without_a_folder_takes_this_one_and_refuses_a_home(tmp_path: Path) -> None:
    first = plain(tmp_path, "init", "--sandbox", "--start", "2021-03-01", "--json")
    again = plain(tmp_path, "init", "--sandbox")

    assert (first.code, first.json["sandbox"]) == (0, True)
    assert (again.code, again.out) == (2, "")
    assert str(tmp_path) in again.err


def test_init_takes_a_start_for_a_sandbox_alone(tmp_path: Path) -> None:
    assert plain(tmp_path, "init", "--start", "2021-03-01").code == 2
    assert not (tmp_path / "skede.toml").exists()


def test_an_init_that_fails_leaves_nothing_that_looks_like_a_home(tmp_path: Path) -> None:
    (tmp_path / "skede.db").write_bytes(b"something else")

    assert plain(tmp_path, "init").code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["skede.db"]
    assert (tmp_path / "skede.db").read_bytes() == b"something else"


# Who


def test_in_a_real_home_nobody_acts_for_another_without_the_right_to(real: Path) -> None:
    me = getpass.getuser()

    refused = plain(real, "--as", "anna", "status", "--json")
    with running.office_of(real).store.write() as tx:
        user = tx.people.users()[0]
        tx.people.grant(user.id, "stand_in", running.START.date())
        anna = tx.people.add_user("anna")
        tx.people.grant(anna.id, "auditor", running.START.date())
    allowed = plain(real, "--as", "anna", "today", "--json")

    assert (refused.code, refused.codes) == (3, ["acting_for_other"])
    assert refused.json["error"]["reasons"][0]["params"] == {"login": me, "other": "anna"}
    assert (allowed.code, allowed.json["login"]) == (0, "anna")


def test_in_a_sandbox_as_needs_a_user_of_the_home(inline: Callable[..., Ran]) -> None:
    assert inline("today", as_="nobody", lang="en").code == 3
    assert inline("today", as_="officer").code == 0


def test_sudo_uid_alone_makes_nobody_somebody_else(real: Path) -> None:
    assert plain(real, "today", "--json", SUDO_UID="1").json["login"] == getpass.getuser()


# Status and today


def test_status_counts_cases_by_phase_and_marks_a_sandbox(world: World) -> None:
    registered(world)

    people = world.inline("status")
    told = world.skede("status", "--json")

    assert people.out.startswith("SANDBOX")
    assert "Utlysning" in people.out
    flows = {flow["workflow"]: flow for flow in told.json["workflows"]}
    assert flows["application"]["open"] == 1
    assert flows["application"]["phases"] == [{"phase": "application", "title": "Ansökan", "open": 1}]
    assert told.json["mail"] == {"no_recipient": 1, "queued": 2}
    assert (told.json["last_seal"], told.json["heartbeat"], told.json["sandbox"]) == (None, None, True)
    assert "SANDBOX" in told.err


def test_bare_skede_inside_a_home_is_status(world: World) -> None:
    assert world.skede().out == world.skede("status").out


def test_status_shows_what_is_overdue_and_what_soon_is_and_a_heartbeat_after_a_tick(world: World) -> None:
    world.inline("clock", "set", "2021-06-08T10:00")
    world.inline("tick")
    soon = world.inline("status", "--json").json
    world.inline("clock", "set", "2021-06-12")
    late = world.inline("status", "--json").json

    assert [d["name"] for d in soon["due_soon"]] == ["call_decision"]
    assert soon["overdue"] == []
    assert [d["name"] for d in late["overdue"]] == ["call_decision"]
    assert soon["heartbeat"]["age_seconds"] < 60
    assert "call_decision" in world.inline("status").out


def test_status_is_for_the_office(world: World) -> None:
    assert world.inline("status", as_="applicant").code == 3


def test_status_of_a_call_tells_where_its_money_is(places: Places, tmp_path: Path) -> None:
    sandbox = places.copy("project.running", tmp_path / "home")
    call = sandbox.names["call"]

    told = running.inline(sandbox.home, "status", "--call", call, "--json").json
    people = running.inline(sandbox.home, "status", "--call", call, lang="en").out

    assert told["granted_applications"] == 1
    assert float(told["granted"]) > 0
    assert float(told["left"]) == float(told["frame"]) - float(told["granted"])
    assert told["paid"] == "0.00"
    assert "Granted" in people


def test_status_of_what_is_no_call_is_a_misuse(world: World) -> None:
    assert world.inline("status", "--call", registered(world)).code == 2
    assert world.inline("status", "--call", "U-1999-001").code == 5


def test_today_tells_what_waits_for_me_and_what_i_wait_for(world: World) -> None:
    reference = receive(world)

    registrar = world.inline("today", "--json", as_="registrar").json
    officer = world.inline("today", "--json").json
    world.inline("assign", reference, "officer", as_="registrar")
    after = world.inline("today", "--json").json

    assert [case["reference"] for case in registrar["waiting_for_me"]] == [reference]
    assert reference not in {case["reference"] for case in officer["waiting_for_me"]}
    assert [case["reference"] for case in after["waiting_for_others"]] == [reference]
    assert after["waiting_for_others"][0]["waits_for"] == "registrar"


def test_today_tells_what_this_week_brings_and_what_is_late(world: World) -> None:
    world.inline("clock", "set", "2021-06-08T10:00")
    world.inline("tick")
    week = world.inline("today", "--json", as_="head").json
    world.inline("clock", "set", "2021-06-12")
    late = world.inline("today", "--json").json

    assert "Nothing" not in world.inline("today", lang="en").out
    assert {d["name"] for d in late["overdue"]} == {"call_decision"}
    assert week["login"] == "head"


# Deadlines


def test_deadline_list_gives_the_next_first_and_may_be_narrowed(world: World) -> None:
    reference = registered(world)

    everything = world.skede("deadline", "list", "--json").json
    of_one = world.inline("deadline", "list", reference, "--json").json
    within = world.inline("deadline", "list", "--within", "62d", "--json").json

    assert [d["name"] for d in everything] == ["call_close", "slow_case"]
    assert all(d.keys() >= DEADLINE for d in everything)
    assert [d["name"] for d in of_one] == ["slow_case"]
    assert [d["name"] for d in within] == ["call_close"]
    assert world.inline("deadline", "list", "--overdue", "--json").json == []
    assert world.inline("deadline", "list", "--within", "soon").code == 2
    assert "SANDBOX" in world.inline("deadline", "list").out


def test_deadline_why_tells_the_rule_the_anchor_and_the_holiday_that_moved_it(world: World) -> None:
    reference = receive(world)
    world.inline("clock", "set", "2021-07-01T09:00")
    world.inline("advance", reference, "register", "-s", "subject=x", "-s", "secrecy=none", as_="registrar")

    name = f"{reference}:slow_case"
    swedish = world.skede("deadline", "why", name)
    told = world.inline("deadline", "why", name, "--json").json

    assert "6 månader efter 1 mars 2021 = 1 september 2021" in swedish.out
    assert told["rule"]["due"] == "arrived_at + 6 months"
    assert told["computed"]["counted_on"] == "2021-09-01"
    assert told["history"][0]["what"] == "opened"
    assert told["history"][0]["actor"] == "registrar"


def test_deadline_why_names_the_day_that_a_date_was_rolled_over(places: Places, tmp_path: Path) -> None:
    sandbox = places.copy("report.open", tmp_path / "home")
    report = sandbox.named("report:start")
    moved = running.inline(
        sandbox.home, "deadline", "extend", f"{report}:report_due", "--to", "2022-06-06", "-n", "sjuk"
    )

    why = running.inline(sandbox.home, "deadline", "why", f"{report}:report_due", "--json", lang="en").json

    assert moved.code == 0, moved.err
    assert why["computed"]["roll_reasons"] == [{"day": "2022-06-06", "reason": "holiday", "name": "National Day"}]
    assert why["due_on"] == "2022-06-07"
    assert "National Day" in why["explanation"]


def test_extending_a_report_is_the_event_of_its_workflow_with_its_mail(places: Places, tmp_path: Path) -> None:
    sandbox = places.copy("report.open", tmp_path / "home")
    report = sandbox.named("report:start")

    told = running.inline(
        sandbox.home, "deadline", "extend", f"{report}:report_due", "--by", "5wd", "-n", "sjukdom", "--json"
    ).json
    last = running.inline(sandbox.home, "deadline", "why", f"{report}:report_due", "--json").json["history"][-1]

    assert told["event"] == "extend_due"
    assert {m["template"] for m in told["messages"]} == {"report_due_moved"}
    assert (last["what"], last["event"], last["actor"], last["note"]) == ("moved", "extend_due", "officer", "sjukdom")


def test_a_deadline_without_such_an_event_is_extended_by_hand_and_waived_with_a_note(world: World) -> None:
    reference = registered(world)
    name = f"{reference}:slow_case"

    without = world.inline("deadline", "extend", name, "--to", "2021-10-01", "--json")
    extended = world.inline("deadline", "extend", name, "--to", "2021-10-01", "-n", "stor ansökan", "--json")
    why = world.inline("deadline", "why", name, "--json").json
    past = world.inline("deadline", "extend", name, "--to", "2020-10-01", "-n", "bakåt", "--json")
    waived = world.inline("deadline", "waive", name, "-n", "avgjort ändå", "--json")
    ended = world.inline("deadline", "why", name, "--json").json

    assert (without.code, without.codes) == (3, ["note_missing"])
    assert extended.code == 0
    assert (why["due_on"], why["computed"]["extended_to"]) == ("2021-10-01", "2021-10-01")
    assert (why["history"][-1]["extended_to"], why["history"][-1]["note"]) == ("2021-10-01", "stor ansökan")
    assert (past.code, past.codes) == (3, ["deadline_in_past"])
    assert waived.json["deadlines"]["closed"][0]["state"] == "waived"
    assert ended["state"] == "waived"


@pytest.mark.parametrize("words", [(), ("--to", "2021-06-01", "--by", "2d")])
def test_extending_needs_either_a_day_or_a_span(world: World, words: tuple[str, ...]) -> None:
    assert world.inline("deadline", "extend", "U-2021-001:call_close", *words, "-n", "x").code == 2


@pytest.mark.parametrize("name", ["U-2021-001:nothing", "U-1999-001:call_close", "nothing"])
def test_a_deadline_that_is_not_there_is_not_found(world: World, name: str) -> None:
    assert world.inline("deadline", "why", name).code == 5
    assert world.inline("deadline", "waive", name, "-n", "x").code == 5


def test_stopping_the_clock_of_a_case_moves_its_deadlines(world: World) -> None:
    reference = registered(world)

    without = world.inline("clock-stop", reference)
    stopped = world.inline("clock-stop", reference, "-n", "väntar på domstol")
    again = world.inline("clock-stop", reference, "-n", "väntar på domstol", "--json")
    world.inline("clock", "forward", "10d")
    started = world.inline("clock-start", reference)

    assert without.code == 3
    assert stopped.code == 0
    assert again.codes == ["clock_already_stopped"]
    assert started.code == 0


# Mail


def test_mail_list_and_show_tell_what_was_said_to_whom(world: World) -> None:
    registered(world)
    waiting = world.inline("mail", "list", "--state", "queued", "--json").json
    before = world.inline("mail", "show", str(waiting[0]["id"]), "--json").json
    world.inline("tick")
    sent = world.skede("mail", "list", "--state", "sent", "--json").json
    after = world.inline("mail", "show", str(waiting[0]["id"]), "--json").json
    people = world.inline("mail", "show", str(waiting[0]["id"]))

    assert all(m.keys() >= MESSAGE for m in waiting)
    assert {m["to"] for m in sent} == {"eva.ek@kungalv.example", "rolf.rask@region.example"}
    assert (before["made"], after["made"]) == ("now", "kept")
    assert before["text"] == after["text"]
    assert ["Subject", "[RUN 2021-00001] Vi har tagit emot er ansökan"] in after["headers"]
    assert "To: Eva Ek <eva.ek@kungalv.example>" in people.out
    assert len(list((world.home / "outbox").glob("*.eml"))) == 2


def test_mail_of_one_case_and_unknown_states_and_numbers(world: World) -> None:
    reference = registered(world)

    assert {m["case"] for m in world.inline("mail", "list", reference, "--json").json} == {reference}
    assert world.inline("mail", "list", "--state", "lost").code == 2
    assert world.inline("mail", "show", "999").code == 5
    assert world.inline("mail", "list", as_="applicant").code == 3


def test_mail_preview_renders_a_template_by_itself_and_for_a_case(world: World) -> None:
    reference = registered(world, "Min airbag")

    alone = world.inline("mail", "preview", "reminder", lang="en")
    about = world.inline("mail", "preview", "reminder", reference, "--json").json
    missing = world.inline("mail", "preview", "no_such_template")

    assert alone.out.splitlines()[1].startswith("Subject: ")
    assert "RUN 2021-00001" in about["subject"]
    assert "Min airbag" in about["text"]
    assert missing.code == 5


@pytest.mark.parametrize("template", ["granted", "guard_refused", "delivery_failed", "deadline_moved", "ack_received"])
@pytest.mark.parametrize("lang", ["sv", "en"])
def test_any_template_can_be_previewed_for_a_case(world: World, template: str, lang: str) -> None:
    done = world.inline("mail", "preview", template, registered(world), lang=lang)

    assert (done.code, done.err) == (0, "")


def test_a_mail_can_be_cancelled_and_sent_after_all(world: World) -> None:
    reference = registered(world)
    number = str(world.inline("mail", "list", reference, "--json").json[0]["id"])

    without = world.inline("mail", "cancel", number, "--json")
    cancelled = world.inline("mail", "cancel", number, "-n", "fel mottagare", "--json")
    world.inline("tick")
    left = len(list((world.home / "outbox").glob("*.eml")))
    retried = world.inline("mail", "retry", number, "-n", "rätt ändå", "--json")
    world.inline("tick")
    again = world.inline("mail", "retry", number, "--json")
    notes = [e["note"] for e in world.inline("log", reference, "--kind", "mail", "--actor", "officer", "--json").lines]

    assert without.codes == ["note_missing"]
    assert (cancelled.json["state"], retried.json["state"]) == ("cancelled", "queued")
    assert left == 1
    assert len(list((world.home / "outbox").glob("*.eml"))) == 2
    assert again.codes == ["mail_not_in_state"]
    assert notes == ["fel mottagare", "rätt ändå"]


def test_only_the_office_puts_its_hand_to_mail(world: World) -> None:
    number = str(world.inline("mail", "list", registered(world), "--json").json[0]["id"])

    assert world.inline("mail", "cancel", number, "-n", "x", as_="applicant").code == 3
    assert world.inline("mail", "cancel", number, "-n", "x", as_="auditor").code == 3


# The log


def test_the_log_of_a_case_is_json_lines_with_the_contracts_keys(world: World) -> None:
    reference = registered(world)

    lines = world.skede("log", reference, "--json").lines

    assert [line["entry"] for line in lines] == [f"{reference}#1", f"{reference}#2"]
    assert all(line.keys() >= ENTRY for line in lines)
    assert (lines[1]["event"], lines[1]["source"], lines[1]["target"]) == ("register", "submitted", "registered")
    assert (lines[1]["actor"], lines[1]["role"]) == ("registrar", "registrar")
    assert lines[1]["prev"] == lines[0]["hash"]


def test_the_log_for_people_is_a_line_an_entry_in_their_language(world: World) -> None:
    reference = registered(world)

    swedish = world.inline("log", reference).out.splitlines()
    english = world.inline("log", reference, lang="en").out.splitlines()

    assert swedish[0].startswith("SANDBOX")
    assert swedish[2] == (
        f"1 mars 2021 kl. 10.00  {reference}#2  Diarieför  Inkommen → Diarieförd  "
        "Registrator (sandlåda) (registrar), registrator"
    )
    assert "Register  Received → Registered" in english[2]


def test_the_log_can_be_narrowed(world: World) -> None:
    reference = registered(world)
    world.inline("note", reference, "x <b>y</b>")

    def found(*words: str) -> list[str]:
        return [line["entry"] for line in world.inline("log", *words, "--json").lines]

    assert found("--event", "register") == [f"{reference}#2"]
    assert found("--actor", "registrar") == [f"{reference}#1", f"{reference}#2"]
    assert found("--kind", "note") == [f"{reference}#3"]
    assert found("--workflow", "call") == [f"{world.call}#1", f"{world.call}#2"]
    assert found("--parent", world.call) == [f"{reference}#{n}" for n in (1, 2, 3)]
    assert found("--since", "2021-03-02") == []
    assert found("--until", "2021-02-28") == []
    assert len(found(reference, "--since", "2021-03-01", "--until", "2021-03-01")) == 3
    assert world.inline("log", "--actor", "nobody").code == 5
    assert world.inline("log", "X-1").code == 5
    assert world.inline("log", "--since", "yesteryear").code == 2


def test_the_log_tells_what_was_recorded_long_after_it_happened(world: World) -> None:
    reference = registered(world)
    world.inline("clock", "set", "2021-03-20T10:00")
    world.inline("note", reference, "sent", "--occurred", "2021-03-02T10:00")

    late = world.inline("log", "--late-recorded", "10d", "--json").lines
    by_event = world.inline("log", reference, "--by", "occurred", "--until", "2021-03-03", "--json").lines

    assert [line["entry"] for line in late] == [f"{reference}#3"]
    assert len(by_event) == 3
    assert "skedde 2 mars 2021" in world.inline("log", reference).out


def test_a_refused_attempt_is_in_the_log(world: World) -> None:
    reference = registered(world)
    world.inline("advance", reference, "grant")

    last = world.inline("log", reference, "--json").lines[-1]

    assert (last["kind"], last["event"]) == ("refused", "grant")
    assert last["changes"]["reasons"]


def test_people_outside_see_the_moves_of_their_own_cases_alone(world: World) -> None:
    reference = registered(world)
    with running.office_of(world.home).store.write() as tx:
        eva = tx.people.add_user("eva", person=world.town.person)
        tx.people.grant(eva.id, "applicant", running.START.date())
    world.inline("note", reference, "internt")

    own = world.inline("log", reference, "--json", as_="eva").lines

    assert [line["kind"] for line in own] == ["open", "advance"]
    assert world.inline("log", world.call, as_="eva").code == 5
    assert world.inline("log", as_="eva").code == 2


# The database


@pytest.mark.sqlite
def test_a_backup_brings_everything_back_and_holds_mail_that_may_have_left(world: World, tmp_path: Path) -> None:
    reference = registered(world)
    copy = tmp_path / "copy.db"
    backup = world.skede("db", "backup", str(copy), "--json", as_=None)
    world.inline("tick")
    world.inline("note", reference, "efteråt")
    restored = world.skede("db", "restore", str(copy), "--json", as_=None)

    assert (backup.code, backup.json["bytes"]) == (0, copy.stat().st_size)
    assert copy.stat().st_mode & 0o077 == 0
    assert (restored.code, restored.json["held"]) == (0, 2)
    assert [e["kind"] for e in world.inline("log", reference, "--json").lines] == ["open", "advance", "mail", "mail"]
    assert world.inline("log", "@office", "--json").lines[-1]["kind"] == "restore"
    world.inline("tick")
    assert len(list((world.home / "outbox").glob("*.eml"))) == 2


def test_a_backup_is_never_written_over_anything(home: Path, inline: Callable[..., Ran], tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("mine")

    assert inline("db", "backup", str(there), as_=None).code == 2
    assert there.read_text() == "mine"


def test_what_is_no_backup_of_ours_is_not_restored(inline: Callable[..., Ran], tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    other.chmod(0o600)

    assert inline("db", "restore", str(other), as_=None).code == 7
    assert inline("db", "restore", str(tmp_path / "nothing"), as_=None).code == 2
    assert inline("status").code == 0


def test_a_sandbox_is_never_restored_into_a_real_home(inline: Callable[..., Ran], real: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    inline("db", "backup", str(copy), as_=None)

    assert plain(real, "db", "restore", str(copy)).code == 2
    assert "SANDBOX" not in plain(real, "status").out


@pytest.mark.sqlite
def test_db_check_finds_what_is_wrong_and_ends_with_7(home: Path, inline: Callable[..., Ran]) -> None:
    sound = inline("db", "check", "--json")
    triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'entries' LIMIT 1"
    with sqlite3.connect(home / "skede.db") as connection:
        (name,) = connection.execute(triggers).fetchone()
        connection.execute(f"DROP TRIGGER {name}")
    connection.close()
    broken = inline("db", "check", "--json")

    assert (sound.code, sound.json) == (0, {"ok": True, "findings": []})
    assert (broken.code, broken.json["ok"]) == (7, False)


@pytest.mark.parametrize("who", ["officer", "applicant", "nobody-at-all"])
def test_a_database_is_kept_by_its_admin_alone(inline: Callable[..., Ran], tmp_path: Path, who: str) -> None:
    copy = tmp_path / "copy.db"
    refused = [
        inline("db", *words, as_=who) for words in
        (("backup", str(copy)), ("upgrade",), ("copy", str(copy)), ("restore", __file__))
    ]  # fmt: skip

    assert [ran.code for ran in refused] == [3] * 4
    assert not copy.exists()


@pytest.mark.sqlite
def test_an_auditor_takes_a_backup_and_a_lost_home_is_put_back_by_whoever_can_write_there(
    home: Path, inline: Callable[..., Ran], tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    taken = inline("db", "backup", str(copy), as_="auditor")
    for file in home.glob("skede.db*"):
        file.unlink()
    put_back = inline("db", "restore", str(copy), as_="officer")

    assert (taken.code, put_back.code) == (0, 0), put_back.err


@pytest.mark.sqlite
def test_who_may_not_act_for_others_takes_no_backup_as_the_admin(real: Path, tmp_path: Path) -> None:
    ran = running.inline(real, "db", "backup", str(tmp_path / "copy.db"), as_="somebody")

    assert ran.code == 3
    assert not (tmp_path / "copy.db").exists()


def test_db_upgrade_says_that_there_is_nothing_to_do(inline: Callable[..., Ran]) -> None:
    done = inline("db", "upgrade", "--json", as_=None)

    assert done.code == 0
    assert done.json["from"] == done.json["to"]


# Doctor


def found(ran: Ran) -> dict[str, str]:
    return {finding["code"]: finding["level"] for finding in ran.json}


def test_doctor_finds_a_fresh_sandbox_well(inline: Callable[..., Ran]) -> None:
    done = inline("doctor", "--json")

    assert done.code == 0
    assert set(found(done).values()) == {"ok"}
    assert found(done).keys() >= {"python", "sqlite", "database", "disk", "mail_way", "clock"}


def test_doctor_warns_a_real_home_of_what_it_lacks_and_says_what_to_do(real: Path) -> None:
    fresh = plain(real, "doctor", "--json")
    people = running.inline(real, "doctor", as_=None, lang="en")
    running.inline(real, "tick", as_=None)
    running.inline(real, "db", "backup", str(real / "copy.db"), as_=None)
    after = running.inline(real, "doctor", "--json", as_=None)

    assert fresh.code == 0
    assert (found(fresh)["heartbeat_never"], found(fresh)["backup_never"]) == ("warning", "warning")
    assert "skede db backup FILE" in people.out
    assert (found(after)["heartbeat"], found(after)["backup"]) == ("ok", "ok")


def test_doctor_tells_of_a_mail_server_that_does_not_answer(home: Path) -> None:
    settings = home / "skede.toml"
    settings.write_text(settings.read_text("utf-8") + '\nkind = "smtp"\nport = 9\ntls = "none"\n', "utf-8")
    done = running.inline(home, "doctor", "--json")

    assert done.code == 6
    assert found(done)["mail_way_shut"] == "error"


@pytest.mark.sqlite
def test_doctor_tells_of_a_damaged_database_and_ends_with_7(home: Path) -> None:
    database = home / "skede.db"
    database.write_bytes(b"not a database at all" * 100)
    database.chmod(0o600)
    done = running.inline(home, "doctor", "--json")

    assert done.code == 7
    assert found(done)["database_closed"] == "error"


class ThreeHoursAhead:
    """A clock that is."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=3)


def test_doctor_tells_of_a_clock_behind_the_log(real: Path) -> None:
    with open_office(load(real), clock=ThreeHoursAhead()).store.write() as tx:
        record_office(tx, None, "os:test", "clock", {})
    done = running.inline(real, "doctor", "--json", as_=None)

    assert done.code == 1
    assert found(done)["clock_behind"] == "error"


def test_doctor_tells_of_mail_that_did_not_arrive(world: World) -> None:
    registered(world)
    with running.office_of(world.home).store.write() as tx:
        tx.messages.set_state(next(tx.messages.list(state="queued")).id, "failed", None)
    done = world.inline("doctor", "--json")

    assert (done.code, found(done)["mail_failed"]) == (0, "warning")
    assert "skede mail retry" in json.dumps(done.json)
