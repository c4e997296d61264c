"""Opening, finding and reading cases, as people and scripts do it: `new`, `show`, `next`, `list`, `tree`."""

import json
import subprocess
import sys
from datetime import timedelta

import pytest
import running
from cases import World, receive, registered

pytestmark = pytest.mark.acceptance

SHOWN = {
    "reference", "workflow", "version", "state", "phase", "title", "data", "revision", "owner", "parent", "children",
    "parties", "deadlines", "documents", "signatures", "opened_at", "closed_at",
}  # fmt: skip
DEADLINE = {"id", "case", "name", "due_at", "due_on", "state", "owner", "next_reminder_at", "source"}
ROW = [
    "reference", "workflow", "version", "state", "phase", "title", "owner", "parent", "revision", "next_deadline",
    "opened_at", "closed_at",
]  # fmt: skip
POSSIBLE = {"event", "title", "target", "allowed", "roles", "missing", "opens", "closes", "messages"}
HEAVY = ("sqlalchemy", "sqlmodel", "pydantic", "jinja2", "apscheduler", "rich")


def test_new_prints_the_reference_alone_and_tells_the_rest_beside_it(world: World) -> None:
    done = world.skede("--lang", "en", "new", "call", "--title", "Next call", "-s", "body=RUN", "-s",
                       "opens_at=2021-09-01")  # fmt: skip

    assert (done.code, done.out) == (0, "U-2021-002\n")
    assert "U-2021-002: Plan call. Planned" in done.err
    assert "new deadline: The call opens, 1 September 2021 (in 184 days), case officer" in done.err
    assert "Next step: skede next U-2021-002" in done.err


def test_new_with_json_gives_the_case_whole(world: World) -> None:
    done = world.skede("new", "call", "--title", "Nästa", "-s", "body=RUN", "-s", "opens_at=2021-09-01", "--json")

    told = done.json
    assert told.keys() >= SHOWN
    assert (told["reference"], told["state"], told["revision"]) == ("U-2021-002", "planned", 1)
    assert told["data"] == {"body": "RUN", "opens_at": "2021-08-31T22:00:00.000000Z"}
    assert told["deadlines"][0].keys() >= DEADLINE
    assert done.err == ""


def test_a_dry_run_of_new_opens_nothing(world: World) -> None:
    words = ("new", "call", "--title", "Prov", "-s", "body=RUN", "-s", "opens_at=2021-09-01")

    tried = world.inline(*words, "--dry-run")

    assert (tried.code, tried.out) == (0, "U-2021-002\n")
    assert "ingenting är gjort" in tried.err
    assert world.inline("show", "U-2021-002").code == 5
    assert world.inline(*words).out == "U-2021-002\n"


def test_new_takes_values_from_a_file_and_from_a_case_like_it(world: World) -> None:
    file = world.home / "call.json"
    file.write_text(json.dumps({"body": "MRU", "opens_at": "2021-09-01", "frame": "1 000,50"}), "utf-8")

    by_file = world.inline("new", "call", "--title", "A", "--data", str(file), "-s", "body=RUN", "--json").json
    alike = world.inline("new", "call", "--title", "B", "--like", world.call, "-s", "opens_at=2021-10-01", "--json")

    assert (by_file["data"]["body"], by_file["data"]["frame"]) == ("RUN", "1000.50")
    assert (alike.json["data"]["frame"], alike.json["data"]["priority_areas"]) == ("5000000.00", ["mental_health"])


def test_show_tells_people_everything_in_their_language(world: World) -> None:
    reference = registered(world)

    swedish = world.skede("show", reference, "--lang", "sv")
    english = world.skede("show", reference, "--lang", "en")

    for part in ("SANDBOX", "Trygg start", "Diarieförd (registered)", "Begär komplettering", "RUN 2021-00001",
                 "1 mars 2021 kl. 09.30", "Kungälvs kommun", "kontaktperson Eva Ek", "samverkanspart",
                 "Ärendet ska vara avgjort", "om 184 dagar", "paper.pdf", "Utlysning 2021",
                 "Diarieför: Inkommen → Diarieförd", f"skede next {reference}"):  # fmt: skip
        assert part in swedish.out, part
    assert "Request completion" in english.out
    assert "1 March 2021, 09:30" in english.out
    assert "\x1b" not in swedish.out


def test_show_with_json_has_the_shape_that_scripts_rely_on(world: World) -> None:
    reference = registered(world)

    told = world.skede("show", reference, "--json").json

    assert told.keys() >= SHOWN
    assert (told["state"], told["phase"], told["parent"], told["revision"]) == (
        "registered", "application", world.call, 2,
    )  # fmt: skip
    assert told["data"]["arrived_at"] == "2021-03-01T08:30:00.000000Z"
    assert [p["organisation"] for p in told["parties"]] == ["Kungälvs kommun", "Närhälsan"]
    assert told["documents"][0]["kind"] == "application"
    assert world.inline("show", world.call, "--json").json["children"] == [reference]


def test_text_from_users_cannot_command_the_terminal(world: World) -> None:
    world.inline("amend", world.call, "-s", "goal=lugn\x1b[2J", "-n", "prov")
    world.inline("amend", world.call, "--title", "Ny\x1b]0;x\x07titel", "-n", "prov")

    shown = world.inline("show", world.call)

    assert "\x1b" not in shown.out
    assert "\x07" not in shown.out


@pytest.mark.parametrize("name", ["U-2021-001", "u-2021-001", "2021-1", "1", "utlysning 2021", "-"])
def test_a_case_is_found_by_every_name_it_has(world: World, name: str) -> None:
    assert world.inline("show", name, "--json").json["reference"] == world.call


def test_a_dash_is_the_case_that_oneself_touched_last(world: World) -> None:
    other = world.inline("new", "call", "--title", "Annan", "-s", "body=RUN", "-s", "opens_at=2021-09-01").out.strip()
    assert world.inline("note", world.call, "Ring upp", as_="head").code == 0

    shown = {user: world.inline("show", "-", "--json", as_=user).json["reference"] for user in ("officer", "head")}

    assert shown == {"officer": other, "head": world.call}
    assert world.inline("show", "-", as_="auditor").code == 5


def test_a_dash_is_also_the_case_of_an_attempt_that_was_refused(world: World) -> None:
    world.inline("new", "call", "--title", "Annan", "-s", "body=RUN", "-s", "opens_at=2021-09-01")
    assert world.inline("advance", world.call, "cancel_call", as_="officer").code == 3

    assert world.inline("note", "-", "Kunden ringde", "--json").json["reference"] == world.call


def test_a_number_that_an_old_case_brought_along_is_passed_over(world: World) -> None:
    old = world.home / "old.csv"
    old.write_text(f"title;state;parent;dnr\nGammal ansökan;rejected;{world.call};RUN 2021-00001\n", "utf-8")
    brought = world.inline("import", "cases", str(old), "--workflow", "application", "--json", as_="head")
    assert brought.code == 0, brought.err

    first, second = registered(world, "Trygg start"), registered(world, "Lugn start")

    numbers = [world.inline("show", reference, "--json").json["data"]["dnr"] for reference in (first, second)]
    assert numbers == ["RUN 2021-00002", "RUN 2021-00003"]


def test_a_case_is_found_by_its_registry_number(world: World) -> None:
    reference = registered(world)

    for name in ("RUN 2021-00001", "run2021-1"):
        assert world.inline("show", name, "--json").json["reference"] == reference


def test_a_name_that_fits_several_is_refused_with_the_list(world: World) -> None:
    receive(world, "Trygg start")
    receive(world, "Trygg framtid")

    done = world.skede("show", "trygg")

    assert done.code == 2
    assert "SIM-2021-0001 Trygg start; SIM-2021-0002 Trygg framtid" in done.err


@pytest.mark.parametrize("words", [("show",), ("next",), ("tree",), ("advance",), ("note", "x"), ("party", "list")])
def test_an_unknown_reference_is_5(world: World, words: tuple[str, ...]) -> None:
    done = world.inline(words[0], "SIM-2021-0099", *words[1:], "--json")

    assert done.code == 5
    assert done.json["error"]["code"] == "not_found"


def test_a_case_is_shown_as_it_was_from_the_log_alone(world: World) -> None:
    reference = receive(world)
    running.set_clock(world.home, running.START + timedelta(days=10))
    world.inline("advance", reference, "register", "-s", "subject=X", "-s", "secrecy=none", as_="registrar")

    now = world.inline("show", reference, "--json").json
    then = world.skede("show", reference, "--as-of", "2021-03-05", "--json").json
    told = world.inline("show", reference, "--as-of", "2021-03-05").out
    before = world.inline("show", reference, "--as-of", "2021-02-01")

    assert (now["state"], then["state"]) == ("registered", "submitted")
    assert "dnr" not in then["data"]
    assert then.keys() >= SHOWN
    assert [d["name"] for d in then["deadlines"]] != [d["name"] for d in now["deadlines"]]
    assert "Så som loggen berättade 5 mars 2021 kl. 24.00" in told
    assert before.code == 5


def test_the_children_of_a_moment_are_those_of_that_moment(world: World) -> None:
    first = receive(world, "Tidig")
    running.set_clock(world.home, running.START + timedelta(days=10))
    second = receive(world, "Sen")

    then = world.inline("show", world.call, "--as-of", "2021-03-05", "--json").json
    now = world.inline("show", world.call, "--as-of", "today", "--json").json

    assert (then["children"], now["children"]) == ([first], [first, second])


def test_next_lists_every_event_with_what_is_missing_and_who_may(world: World) -> None:
    reference = receive(world)

    told = world.skede("next", reference, "--json").json

    events = {event["event"]: event for event in told}
    assert all(event.keys() >= POSSIBLE for event in told)
    register = events["register"]
    assert (register["title"], register["target"], register["allowed"]) == ("Diarieför", "registered", False)
    assert register["roles"] == ["registrar"]
    missing = {m["code"]: m for m in register["missing"]}
    assert missing["role_missing"]["who"] == ["registrar"]
    assert missing["role_missing"]["people"] == {"registrar": ["Registrator (sandlåda)"]}
    assert missing["field_missing"]["text"].endswith("är tomt och behövs.")
    assert missing["field_missing"]["params"] == {"field": "secrecy"}
    assert missing["field_missing"]["fix"] == f"skede advance {reference} register -s secrecy=…"
    assert [d["name"] for d in register["opens"]] == ["slow_case"]
    assert register["messages"][0]["template"] == "ack_received"


def test_what_next_allows_advance_does_with_the_deadlines_and_mails_foretold(world: World) -> None:
    reference = receive(world)
    world.inline("amend", reference, "-s", "subject=X", "-s", "secrecy=none", "-n", "klart", as_="registrar")

    (foretold,) = world.inline("next", reference, "register", "--json", as_="registrar").json
    done = world.inline("advance", reference, "register", "--json", as_="registrar").json

    assert foretold["allowed"] is True
    assert foretold["target"] == done["target"]
    assert [d["due_at"] for d in foretold["opens"]] == [d["due_at"] for d in done["deadlines"]["opened"]]
    assert [d["id"] for d in foretold["closes"]] == [d["id"] for d in done["deadlines"]["closed"]]
    told = {(m["template"], p["id"]) for m in foretold["messages"] for p in m["to"]}
    assert told == {(m["template"], m["to"]) for m in done["messages"]}


def test_events_that_only_the_clock_fires_are_listed_as_such(world: World) -> None:
    events = {event["event"]: event for event in world.inline("next", world.call, "--json").json}

    assert events["close_call"]["roles"] == ["system"]
    assert events["close_call"]["allowed"] is False


def test_next_for_people_gives_commands_to_paste(world: World) -> None:
    reference = receive(world)

    done = world.skede("next", reference, "register", "--lang", "en", as_="registrar")

    mend = f"mended by: skede --as registrar advance {reference} register -s subject=…"
    for part in ("SANDBOX", "Register → Registered", "may be done by: registrar", "mail to Eva Ek, Rolf Rask",
                 mend, "new deadline:"):  # fmt: skip
        assert part in done.out, part


def test_an_event_of_another_state_or_of_none_is_refused_with_3(world: World) -> None:
    for event, code in (("conclude_call", "wrong_state"), ("fly", "unknown_event")):
        done = world.inline("next", world.call, event, "--json")

        assert (done.code, done.codes) == (3, [code])


def test_list_has_the_shape_that_scripts_rely_on(world: World) -> None:
    reference = receive(world)

    rows = world.skede("list", "application", "--json").json

    assert [list(row) for row in rows] == [ROW]
    assert rows[0]["reference"] == reference
    assert rows[0]["next_deadline"].keys() == {"name", "due_at"}


def test_list_filters_by_everything_that_it_names(world: World) -> None:
    first, second = registered(world, "Trygg start"), receive(world, "Läslust")
    world.inline("assign", first, "officer")

    def found(*words: str, **more: str) -> list[str]:
        done = world.inline("list", "application", *words, "--json", **more)
        assert done.code == 0, done.out
        return [row["reference"] for row in done.json]

    assert found("--state", "registered") == [first]
    assert found("--phase", "application") == [first, second]
    assert found("--parent", world.call) == [first, second]
    assert found("--owner", "officer") == found("--mine") == [first]
    assert found("--mine", as_="head") == []
    assert found("--search", "LÄSLUST") == [second]
    assert found("--field", "dnr=RUN 2021-00001") == [first]
    assert found("--field", "late=nej", "--field", "channel=Post") == [first, second]
    assert found("--sort", "-reference") == [second, first]
    assert found("--limit", "1") == [first]
    assert found("--limit", "1", "--after", first) == [second]
    running.set_clock(world.home, running.START + timedelta(days=20))
    assert found("--overdue") == [second]


def test_list_shows_columns_and_sums(world: World) -> None:
    world.inline("new", "call", "--title", "B", "-s", "body=RUN", "-s", "opens_at=2021-09-01", "-s", "frame=250000,50")

    told = world.skede("list", "call", "--columns", "reference,frame", "--sum", "frame")
    as_json = world.inline("list", "call", "--columns", "reference,frame", "--sum", "frame", "--json").json

    assert "5 000 000,00 kr" in told.out.replace("\xa0", " ")
    assert "Summa Ram: 5 250 000,50 kr (2 ärenden)" in told.out.replace("\xa0", " ")
    assert as_json == {
        "cases": [{"reference": world.call, "frame": "5000000.00"}, {"reference": "U-2021-002", "frame": "250000.50"}],
        "sum": {"frame": "5250000.50"},
    }


def test_closed_cases_are_listed_when_asked_for(world: World) -> None:
    world.inline("advance", world.call, "cancel_call", "-s", "reason=inställd", as_="head")

    assert world.inline("list", "--json").json == []
    assert [row["state"] for row in world.inline("list", "--closed", "--json").json] == ["cancelled"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("list", "nosuch"), 5),
        (("list", "--state", "nosuch"), 2),
        (("list", "--phase", "nosuch"), 2),
        (("list", "--owner", "nobody"), 5),
        (("list", "--field", "nosuch=1"), 2),
        (("list", "--field", "frame=mycket"), 2),
        (("list", "--columns", "nosuch"), 2),
        (("list", "--sum", "body"), 2),
        (("list", "--sort", "nosuch"), 2),
        (("list", "--mine", "--owner", "officer"), 2),
        (("show", "1", "--as-of", "igårkväll"), 2),
        (("new", "nosuch", "--title", "x"), 5),
        (("log", "--kind", "nosuch"), 2),
        (("log", "--workflow", "nosuch"), 5),
        (("log", "--workflow", "call@99"), 5),
        (("new", "call"), 2),
        (("new", "call", "--title", "x", "-s", "opens_at=32/13"), 2),
        (("new", "call", "--title", "x", "-s", "frame=mycket"), 2),
        (("new", "call", "--title", "x", "-s", "nosuch=1"), 2),
        (("new", "call", "--title", "x", "-s", "body=RUN", "-s", "body=MRU"), 2),
        (("new", "call", "--title", "x", "-a", "call_text=/nosuch/file"), 2),
        (("new", "call", "--title", "x", "--data", "/nosuch/file"), 2),
        (("new", "call", "--title", "x", "--party", "owner=Nosuch"), 5),
        (("new", "call", "--title", "x", "--party", "emperor=Kungälvs kommun"), 2),
        (("new", "call", "--title", "x", "-s", "body=RUN"), 3),
        (("new", "application", "--title", "x"), 2),
        (("new", "call", "--title", "x", "-s", "body=RUN", "-s", "opens_at=2021-09-01", "--parent", "SIM-9"), 5),
    ],
)
def test_bad_input_ends_with_its_exit_code_and_one_line(world: World, words: tuple[str, ...], code: int) -> None:
    done = world.inline(*words)

    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("skede: ")
    assert "Traceback" not in done.err
    assert world.inline("list", "--closed", "--json").json[1:] == []


def test_tree_shows_what_is_above_and_below(world: World) -> None:
    first, second = receive(world, "Trygg start"), receive(world, "Läslust")

    whole = world.skede("tree", world.call)
    one = world.inline("tree", first, "--json").json

    assert whole.out.index(first) < whole.out.index(second)
    assert "Trygg start  (Ansökan: Inkommen)" in whole.out
    assert (one["reference"], [child["reference"] for child in one["children"]]) == (world.call, [first])


def test_people_outside_see_only_the_cases_that_name_them(world: World) -> None:
    mine, other = receive(world, "Min"), receive(world, "Annan", sender="X")
    with running.office_of(world.home).store.write() as tx:
        user = tx.people.add_user("eva", person=world.town.person)
        tx.people.grant(user.id, "applicant", running.START.date())
        stranger = tx.people.add_person("Stina Strand", email="stina@x.example")
        user = tx.people.add_user("stina", person=stranger.id)
        tx.people.grant(user.id, "applicant", running.START.date())

    assert world.inline("show", mine, as_="eva").code == 0
    assert [row["reference"] for row in world.inline("list", "--json", as_="eva").json] == [mine, other]
    for words in (("show", mine), ("next", mine), ("tree", mine), ("show", "min"), ("show", world.call)):
        assert world.inline(*words, as_="stina").code == 5
    assert world.inline("list", "--json", as_="stina").json == []


def test_the_auditor_reads_everything_and_changes_nothing(world: World) -> None:
    reference = receive(world)

    assert world.inline("show", reference, as_="auditor").code == 0
    for words in (("note", reference, "x"), ("advance", reference, "register"), ("assign", reference, "officer")):
        assert world.inline(*words, as_="auditor").code == 3
    assert world.inline("show", reference, "--json").json["revision"] == 1


def test_a_login_that_is_no_user_is_refused(world: World) -> None:
    done = world.inline("show", world.call, "--json", as_="nobody")

    assert (done.code, done.codes) == (3, ["unknown_login"])


@pytest.mark.parametrize(
    ("words", "heavy"),
    [(("show", "1"), (*HEAVY, "transitions")), (("list",), (*HEAVY, "transitions")), (("next", "1"), HEAVY)],
)
def test_reading_imports_nothing_heavy(world: World, words: tuple[str, ...], heavy: tuple[str, ...]) -> None:
    program = (
        "import sys\nfrom engine.cli.main import main\n"
        f"code = main({['--as', 'officer', *words]!r})\n"
        f"print(code, [name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=world.home, env=running.environment(world.home), capture_output=True,
        encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip

    assert done.stderr.endswith("0 []\n")
    assert world.call in done.stdout


def test_a_request_id_knows_which_case_the_new_one_is_like(world: World) -> None:
    opening = ("new", "call", "--title", "Ännu en", "-s", "opens_at=2021-10-01", "-s", "body=RUN", "--request-id", "a1")
    first = world.inline(*opening, "--like", world.call, "--json")

    same = world.inline(*opening, "--like", world.call, "--json")
    other = world.inline(*opening, "--like", first.json["reference"], "--json")

    assert same.json["reference"] == first.json["reference"]
    assert (other.code, other.json["error"]["code"]) == (2, "request_reused")
