"""What people and scripts get wrong: each gets its exit code and one line that says what to do, and changes nothing."""

import pytest
import running
from cases import World, receive
from desk import SIM, Attempts, Desk, desk_of, one_line, unhurt_of

pytestmark = pytest.mark.acceptance

desk = pytest.fixture(scope="module")(desk_of)
unhurt = pytest.fixture(unhurt_of)

NEW = ("new", "call", "--title", "Nästa", "-s", "body=RUN", "-s")
REGISTER = ("advance", SIM, "register")

NOT_FOUND: dict[str, tuple[tuple[str, ...], str]] = {
    "a case": (("show", "SIM-2021-0099"), "no case SIM-2021-0099"),
    "a case to act on": (("advance", "SIM-2021-0099", "register"), "no case SIM-2021-0099"),
    "a case of an earlier year": (("note", "2019-1", "x"), "no case 2019-1"),
    "an empty reference": (("show", ""), "no case"),
    "a parent": ((*NEW, "opens_at=2021-09-01", "--parent", "U-2021-099"), "no case U-2021-099"),
    "a case in a field": ((*REGISTER, "-s", "target_meeting=M-2021-099"), "no case M-2021-099"),
    "a workflow": (("new", "grant", "--title", "x"), "no workflow grant; here: application"),
    "a workflow to list": (("list", "grant"), "no workflow grant"),
    "a workflow to show": (("workflow", "show", "grant"), "no workflow grant"),
    "a deadline": (("deadline", "why", f"{SIM}:completion"), "completion"),
    "a message": (("mail", "show", "99"), "no message 99"),
    "a person": (("note", SIM, "x", "-o", "Nils Ingen"), "no person Nils Ingen"),
    "an organisation": (("party", SIM, "add", "partner=Ankeborg", "-n", "x"), "no organisation Ankeborg"),
    "a user": (("assign", SIM, "nils"), "no user nils"),
    "a log entry": (("correct", SIM, "99", "-n", "x"), "has no entry 99"),
    "a document": (("sign", SIM, "--party", "owner", "--by", "Eva", "--document", "99"), "no document 99"),
    "a log": (("log", "SIM-2021-0099"), "no case SIM-2021-0099"),
}


@pytest.mark.parametrize("what", NOT_FOUND)
def test_what_is_not_there_is_5(desk: Desk, unhurt: Attempts, what: str) -> None:
    words, told = NOT_FOUND[what]

    ran = desk.run(*words)

    assert ran.code == 5
    assert told in one_line(ran)
    assert unhurt() == []


MALFORMED: dict[str, tuple[tuple[str, ...], str]] = {
    "an unknown field": ((*REGISTER, "-s", "colour=red"), "Application has no field colour; it has "),
    "an unknown field to amend": (("amend", SIM, "-s", "colour=red", "-n", "x"), "no field colour"),
    "an unknown field to list by": (("list", "--field", "colour=red"), "no field colour"),
    "an unknown column": (("list", "--columns", "colour"), "no field colour"),
    "an unknown state": (("list", "--state", "sleeping"), "no state sleeping"),
    "an unknown role to sign as": (
        ("sign", SIM, "--party", "king", "--by", "Eva", "--document", "application"),
        "nobody signs as king: give one of",
    ),
    "an unknown function to sign as": (
        ("sign", SIM, "--party", "owner.king", "--by", "Eva", "--document", "application"),
        "nobody signs as owner.king",
    ),
    "an unknown role of a party": (
        ("party", SIM, "add", "king=Närhälsan", "-n", "x"),
        "Roles: owner (project owner), partner, evaluator",
    ),
    "an unknown role of a user": (("user", "grant", "officer", "king", "-n", "x"), "no role king; there are admin"),
    "an unknown kind of document": (("attach", SIM, "photo={paper}"), "no document kind photo; it has agreement"),
    "an empty event": (("advance", SIM, ""), "the event is empty"),
    "a field without a value": ((*REGISTER, "-s", "subject"), "subject"),
    "a field given twice": ((*REGISTER, "-s", "subject=a", "-s", "subject=b"), "given twice"),
    "a day that does not exist": ((*NEW, "opens_at=2021-02-30"), "no day 2021-02-30; write it as 2026-08-31"),
    "a date in words": ((*NEW, "opens_at=someday"), "is no date or time; write 2026-08-31"),
    "an hour that comes twice": (
        (*NEW, "opens_at=2021-10-31T02:30"),
        "happens twice that night; write 2021-10-31T02:30+02:00",
    ),
    "an hour that never comes": ((*NEW, "opens_at=2021-03-28T02:30"), "2021-03-28T02:30"),
    "a moment without its hour": (
        (*NEW, "opens_at=2021-09-01", "-s", "closes_at=2021-10-01"),
        "the time of day decides",
    ),
    "money in words": ((*NEW, "opens_at=2021-09-01", "-s", "frame=five million"), "no amount of money"),
    "money with three decimals": ((*NEW, "opens_at=2021-09-01", "-s", "frame=1,005"), "can be read in two ways"),
    "money that is none": ((*NEW, "opens_at=2021-09-01", "-s", "frame=NaN"), "no amount of money"),
    "money to the power": ((*NEW, "opens_at=2021-09-01", "-s", "frame=1e9"), "no amount of money"),
    "money below nothing": ((*NEW, "opens_at=2021-09-01", "-s", "frame=-1"), "-1.00 is too low"),
    "money without end": ((*NEW, "opens_at=2021-09-01", "-s", f"frame={'9' * 4000}"), "more money than there is"),
    "a choice that is none": (
        ("new", "call", "--title", "x", "-s", "body=ABC", "-s", "opens_at=2021-09-01"),
        "“ABC” is none of RUN (Regional Development Committee), MRU (",
    ),
    "a number that is none": ((*NEW, "opens_at=2021-09-01", "-s", "max_project_months=many"), "no whole number"),
    "a number too high": ((*NEW, "opens_at=2021-09-01", "-s", "max_project_months=999"), "the most is 120"),
    "a flag that is neither": ((*NEW, "opens_at=2021-09-01", "-s", "two_stage=maybe"), "neither yes nor no"),
    "an empty title": (
        ("new", "call", "--title", " ", "-s", "body=RUN", "-s", "opens_at=2021-09-01"),
        "title is empty",
    ),
    "a title without end": (
        ("new", "call", "--title", "x" * 501, "-s", "body=RUN", "-s", "opens_at=2021-09-01"),
        "at most 500 fit",
    ),
    "an empty note": (("note", SIM, " \t "), "the note is empty"),
    "a span that is none": (("deadline", "extend", f"{SIM}:register", "--by", "soon", "-n", "x"), "is no span"),
    "a revision that is none": (("note", SIM, "x", "--revision", "first"), "has to be a whole number"),
    "a reference to the past that is none": (("show", SIM, "--as-of", "someday"), "is no date or time"),
    "a document that is not there": (("attach", SIM, "application={folder}/away.pdf"), "there is no file "),
    "a folder for a document": (("attach", SIM, "application={folder}"), "is a folder"),
    "an empty document": (("attach", SIM, "application={folder}/empty.pdf"), "is empty"),
    "TOML that is none": ((*REGISTER, "--data", "{folder}/broken.toml"), "is not valid TOML: Invalid value (at line 1"),
    "JSON that is none": ((*REGISTER, "--data", "{folder}/broken.json"), "is not valid JSON"),
    "JSON that is no table": ((*REGISTER, "--data", "{folder}/list.json"), "holds no table"),
    "JSON with half a character": ((*REGISTER, "--data", "{folder}/half.json"), "half a character"),
    "a workflow file that is not TOML": (("workflow", "publish", "{folder}/broken.toml"), "broken.toml"),
    "a word that is not UTF-8": (("note", SIM, "a\udc80b"), "is not UTF-8"),
    "a file name that is not UTF-8": (
        ("attach", SIM, "application=b\udce5t.pdf"),
        "is not UTF-8: type it anew, or rename",
    ),
    "an entry that is no number": (("correct", SIM, "last", "-n", "x"), "“last” is no entry: give its number"),
    "an option that is none": (("show", SIM, "--loud"), "--loud"),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_what_has_not_the_form_that_is_asked_for_is_2(desk: Desk, unhurt: Attempts, what: str) -> None:
    words, told = MALFORMED[what]
    who = {"user": None, "workflow": None, "advance": "registrar"}.get(words[0], "officer")

    ran = desk.run(*words, as_=who)

    assert ran.code == 2, ran.out + ran.err
    assert told in one_line(ran)
    assert unhurt() == []


REFUSED: dict[str, tuple[tuple[str, ...], str, str]] = {
    "an unknown event": (("advance", SIM, "celebrate"), "officer", "unknown_event"),
    "an event of another state": (("advance", SIM, "grant"), "secretary", "wrong_state"),
    "somebody without the role": (REGISTER, "officer", "role_missing"),
    "a required field that is missing": (REGISTER, "registrar", "field_missing"),
    "a date to come": (("note", SIM, "x", "--occurred", "2021-03-02"), "officer", "occurred_in_future"),
    "a date before what has happened": (
        ("note", SIM, "x", "--occurred", "2021-02-01"),
        "officer",
        "occurred_too_early",
    ),
    "a change without a note": (("amend", SIM, "-s", "sender=Eva"), "registrar", "note_missing"),
    "a note of blanks": (("amend", SIM, "-s", "sender=Eva", "-n", " "), "registrar", "note_missing"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_rules_refuse_is_3_and_in_the_log_but_changes_nothing(desk: Desk, unhurt: Attempts, what: str) -> None:
    words, who, code = REFUSED[what]

    told = desk.run(*words, "--json", as_=who)

    assert told.code == 3, told.out
    assert code in told.codes
    (entry,) = unhurt()
    assert (entry["act"], entry["case"]) == ("refused", SIM)
    assert code in [reason["code"] for reason in entry["body"]["reasons"]]


def test_a_login_that_nobody_has_is_3_and_written_down_for_the_office(desk: Desk, unhurt: Attempts) -> None:
    ran = desk.run("note", SIM, "x", "--json", as_="nobody")

    assert (ran.code, ran.codes) == (3, ["unknown_login"])
    (entry,) = unhurt()
    assert (entry["act"], entry["case"]) == ("unauthorised", "@office")


def test_nothing_new_is_taken_in_under_a_call_that_is_closed_but_its_post_is(world: World) -> None:
    running.set_clock(world.home, running.START.replace(month=5, day=2))
    assert world.inline("tick").code == 0
    assert world.inline("show", world.call, "--json").json["state"] == "closed"

    late = receive(world, arrived_at="2021-05-02T10:00")
    again = world.inline("advance", world.call, "open_call", "--json")

    assert world.inline("show", late, "--json").json["data"]["late"] is True
    assert (again.code, again.codes) == (3, ["wrong_state"])


TABLES: dict[str, tuple[str, str | bytes, str]] = {
    "bulk: an unknown column": ("bulk", "reference;event;colour\nSIM-2021-0001;register;red\n", "no column colour"),
    "bulk: an unknown field": (
        "bulk", "reference;event;set:colour\nSIM-2021-0001;register;red\n", "line 2, column set:colour",
    ),
    "bulk: a date that is none": (
        "bulk", "reference;event;set:start_date\nSIM-2021-0001;register;2021-02-30\n", "line 2, column set:start_date",
    ),
    "bulk: money that is none": (
        "bulk", "reference;event;set:applied_amount\nSIM-2021-0001;register;mycket\n", "column set:applied_amount",
    ),
    "bulk: an unknown case on its third line": (
        "bulk", "reference;event\nSIM-2021-0001;register\nSIM-2021-0077;register\n", "line 3, column reference",
    ),
    "bulk: a row that is too long": ("bulk", "reference;event\nSIM-2021-0001;register;x;y\n", "line 2"),
    "bulk: nothing": ("bulk", "", "is empty"),
    "bulk: bytes": ("bulk", b"\x00\x01\x02\xff\xfe\x00", "table.csv"),
    "import: an unknown column": ("import", "title;state;colour\nA;closed;red\n", "colour"),
    "import: an unknown state": ("import", "title;state\nA;sleeping\n", "Line 2, column "),
    "import: a date that is none": ("import", "title;state;start_date\nA;closed;2021-02-30\n", "Line 2, column "),
    "import: money that is none": (
        "import", "title;state;applied_amount\nA;closed;100\nB;closed;mycket\n", "Line 3, column ",
    ),
    "import: a title of blanks": ("import", "title;state\n  ;closed\n", "Line 2, column "),
}  # fmt: skip


@pytest.mark.parametrize("what", TABLES)
def test_a_bad_row_of_a_table_is_named_with_its_line_and_nothing_is_taken_in(
    desk: Desk, unhurt: Attempts, what: str
) -> None:
    command, text, told = TABLES[what]
    desk.file("table.csv", text)
    words = ("bulk", "{folder}/table.csv") if command == "bulk" else (
        "import", "cases", "{folder}/table.csv", "--workflow", "application")  # fmt: skip

    ran = desk.run(*words, as_="registrar")

    assert ran.code == 2, ran.out + ran.err
    assert told in ran.err
    assert all(line.isprintable() for line in ran.err.split("\n"))
    assert unhurt() == []
