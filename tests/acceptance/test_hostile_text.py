"""Text that would command a terminal, a spreadsheet or a database, in every place where people type."""

import csv
import json
import os
import pty
import subprocess

import pytest
import running
from cases import World
from desk import SIM, Attempts, Desk, desk_of, one_line, unhurt_of

pytestmark = pytest.mark.acceptance

desk = pytest.fixture(scope="module")(desk_of)
unhurt = pytest.fixture(unhurt_of)

HOSTILE = {
    "escape": "a\x1b[2Jb", "title of the window": "a\x1b]0;owned\x07b", "bidi": "a\u202etxt.exe", "isolate": "a\u2067b",
    "zero width": "a\u200bb", "carriage return": "a\rb", "both ends of a line": "a\r\nb", "C1": "a\x9b31mb",
    "delete": "a\x7fb", "bell": "a\x07b", "line separator": "a\u2028b", "tag": "a\U000e0041b",
    "formula": "=cmd|' /C calc'!A0", "plus": "+1+1", "minus": "-1+1", "at": "@SUM(1)",
    "query": "'; DROP TABLE cases; --", "template": "{{ 7*7 }} {% raw %}", "markup": "<script>alert(1)</script>",
    "format": "%s {0} {title} ${HOME} `id`",
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_text_is_kept_shown_and_handed_out_without_doing_anything(world: World, what: str) -> None:
    text = HOSTILE[what]
    reference = world.inline(
        "new", "call", f"--title={text}", "-s", "body=RUN", "-s", "opens_at=2021-09-01"
    ).out.strip()
    goal = world.inline("amend", reference, "-s", f"goal={text}", "-n", text)
    noted = world.inline("note", reference, "--", text)
    assert (goal.code, noted.code) == (0, 0), goal.err + noted.err

    outputs = [
        world.inline(*words)
        for words in (
            ("show", reference), ("list", "call"), ("log", reference), ("next", reference), ("tree", reference),
            ("status",), ("today",), ("show", reference, "--json"), ("log", reference, "--json"), ("list", "--json"),
        )
    ]  # fmt: skip

    for ran in outputs:
        assert ran.code == 0, ran.err
        assert all(line.isprintable() for line in (ran.out + ran.err).replace("\r\n", "\n").split("\n")), repr(ran.out)
    data = outputs[7].json["data"]
    assert data["goal"] == text.replace("\r\n", "\n").replace("\r", "\n")
    assert outputs[7].json["title"] == " ".join(text.split())
    assert json.loads(world.inline("export", "jsonl", reference).out.split("\n")[0])["data"]["goal"] == data["goal"]
    assert world.inline("audit", "verify", as_="auditor").code == 0


@pytest.mark.parametrize("what", ["formula", "plus", "minus", "at"])
def test_no_cell_of_an_export_begins_a_formula(world: World, what: str) -> None:
    text = HOSTILE[what]
    world.inline("new", "call", f"--title={text}", "-s", "body=RUN", "-s", "opens_at=2021-09-01", "-s", f"goal={text}")

    ran = world.inline("export", "csv", "--workflow", "call")

    cells = [cell for row in csv.reader(ran.out.splitlines()) for cell in row]
    assert f"'{text}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t")) or cell.startswith("-1")]


def test_a_table_on_a_terminal_shows_what_in_a_pipe_is_handed_on_to_the_letter(world: World) -> None:
    world.inline("amend", world.call, "-s", "goal=lugn\x1b[2Jhav", "-n", "x")
    words = [str(running.SKEDE), "--as", "officer", "export", "csv", world.call]
    env = running.environment(world.home)

    piped = subprocess.run(words, cwd=world.home, env=env, capture_output=True, timeout=60, check=True)
    ours, theirs = pty.openpty()
    subprocess.run(words, cwd=world.home, env=env, stdout=theirs, stderr=subprocess.DEVNULL, timeout=60, check=True)
    shown = os.read(ours, 65_536)
    os.close(ours)
    os.close(theirs)

    assert b"lugn\x1b[2Jhav" in piped.stdout
    assert b"lugn\\x1b[2Jhav" in shown
    assert b"\x1b" not in shown


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_text_in_the_place_of_a_name_is_one_line(desk: Desk, unhurt: Attempts, what: str) -> None:
    text = HOSTILE[what]

    for words, codes in (
        (("show", "--", text), {5}),
        (("advance", "--", SIM, text), {2, 3}),
        (("note", "--occurred", text, SIM, "x"), {2}),
        (("assign", "--", SIM, text), {5}),
        (("list", f"--search={text}"), {0}),
        (("list", f"--state={text}"), {2}),
        (("note", SIM, "x", f"--on-behalf-of={text}"), {5}),
        (("attach", "--", SIM, f"application={text}"), {2}),
        (("attach", "--", SIM, f"{text}=/dev/null"), {2}),
        (("amend", SIM, "-n", "x", "-s", f"{text}=1"), {2}),
        (("workflow", "show", "--", text), {5}),
        (("help", "--", text), {5}),
    ):
        ran = desk.run(*words)
        assert ran.code in codes, f"{words}: {ran.code} {ran.out}{ran.err}"
        assert all(line.isprintable() for line in (ran.out + ran.err).split("\n")), repr(ran.err)
        assert "Traceback" not in ran.err
    assert [entry["act"] for entry in unhurt()] in (["refused"], [])


def test_ten_thousand_characters_are_kept_in_a_field_and_too_many_for_a_title(world: World) -> None:
    long = "å" * 10_000

    kept = world.inline("amend", world.call, "-s", f"goal={long}", "-n", long)
    title = world.inline("amend", world.call, "--title", long, "-n", "x")
    more = world.inline("amend", world.call, "-s", f"goal={long * 11}", "-n", "x")

    assert (kept.code, title.code, more.code) == (0, 2, 2)
    assert world.inline("show", world.call, "--json").json["data"]["goal"] == long
    one_line(title)
    one_line(more)


def test_a_nul_in_a_file_is_refused_by_name(desk: Desk, unhurt: Attempts) -> None:
    desk.file("nul.json", json.dumps({"subject": "a\0b", "secrecy": "none"}))

    ran = desk.run("advance", SIM, "register", "--data", "{folder}/nul.json", as_="registrar")

    assert ran.code == 2
    assert "(subject): the text contains a NUL character" in one_line(ran)


def test_bytes_that_are_no_text_are_refused_by_the_real_command(world: World) -> None:
    done = subprocess.run(
        [os.fsencode(running.SKEDE), b"--as", b"officer", b"note", world.call.encode(), b"caf\xe9"], cwd=world.home,
        env=running.environment(world.home, {"SKEDE_LANG": "en"}), capture_output=True, timeout=60, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"skede: ")
    assert done.stderr.count(b"\n") == 1
    assert "caf" in done.stderr.decode("ascii", "replace")
