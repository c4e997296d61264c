"""Masked and anonymous exports of the demo: nobody is named in any form, and what leaves can still be checked."""

import csv
import io
import json
import shutil
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import event_logs
import pytest
import running
from demo_home import shared_demo

pytestmark = pytest.mark.acceptance
FORMS = (("csv",), ("csv", "--log"), ("jsonl",), ("xes", "--every-entry"), ("ocel",))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    demo = shared_demo(tmp_path_factory)
    return Path(shutil.copytree(demo.home, tmp_path_factory.mktemp("masked") / "home"))


@pytest.fixture(scope="module")
def names(home: Path) -> set[str]:
    """Every name, address and number of the home, and what the logins of the log begin with."""
    with running.office_of(home).store.read() as tx:
        people = [word for one in tx.people.persons(ended=True) for word in (one.name, one.email, one.phone) if word]
        return {*people, "os:"}


@cache
def export(home: Path, *words: str) -> str:
    """What a command writes; the same command is not run twice."""
    return exported_anew(home, *words)


def exported_anew(home: Path, *words: str) -> str:
    ran = running.inline(home, "export", *words)
    assert ran.code == 0, ran.err
    return ran.out


@pytest.mark.parametrize("form", FORMS, ids=" ".join)
def test_nobody_is_named_in_a_masked_export(home: Path, names: set[str], form: tuple[str, ...]) -> None:
    text = export(home, *form, "--masked")

    if form[0] == "jsonl":
        told = [json.loads(line) for line in text.splitlines()]
        text = json.dumps([{k: v for k, v in one.items() if k != "line"} for one in told], ensure_ascii=False)
    if form == ("csv", "--log"):
        text = str([row[:-1] for row in csv.reader(io.StringIO(text))])
    assert [name for name in names if name in text] == []
    assert text.count("person-") + text.count("user-") > 0 or form == ("csv",)


@pytest.mark.parametrize("form", FORMS, ids=" ".join)
def test_neither_people_nor_cases_nor_bodies_are_named_in_an_anonymous_one(
    home: Path, names: set[str], form: tuple[str, ...]
) -> None:
    text = export(home, *form, "--anonymous")

    with running.office_of(home).store.read() as tx:
        bodies = [one.name for one in tx.people.organisations(ended=True)]
        cases = [word for ref in tx.cases.references() if (case := tx.cases.get(ref)) for word in (ref, case.title)]
    assert [name for name in (*names, *bodies, *cases) if name in text] == []


def test_masked_lines_verify_and_hold_the_commitments_of_what_was_taken_out(home: Path) -> None:
    heads: dict[str, str] = {}
    entries = [one for one in map(json.loads, export(home, "jsonl", "--masked").splitlines()) if one["type"] == "entry"]

    for told in entries:
        line: dict[str, Any] = json.loads(told["line"])
        assert b64encode(sha256(b"\0" + told["line"].encode()).digest()).decode() == told["hash"]
        assert line["prev"] == heads.get(told["case"], line["prev"])
        assert (line["case"], line["n"]) == (told["case"], told["n"])
        heads[told["case"]] = told["hash"]
    assert {bool(json.loads(one["line"])["data"]) for one in entries if one["note"]} == {True}


def test_an_anonymous_log_is_a_chain_of_the_hashes_that_the_log_has(home: Path) -> None:
    entries = [json.loads(line) for line in export(home, "jsonl", "--anonymous").splitlines()]
    told = {one["hash"]: one for one in entries if one["type"] == "entry"}
    lines = running.inline(home, "log", "--json").lines

    assert {one["hash"] for one in lines if one["kind"] != "export"} <= set(told)
    assert all(told[one["hash"]]["prev"] == one["prev"] for one in lines if one["hash"] in told)


def test_pseudonyms_are_the_same_in_every_masked_export_and_never_in_anonymous_ones(home: Path) -> None:
    def people(strength: str) -> list[str]:
        told = json.loads(exported_anew(home, "ocel", "SIM-2021-1", strength))
        return sorted(one["id"] for one in told["objects"] if one["type"] == "person")

    assert people("--masked") == people("--masked")
    assert not set(people("--anonymous")) & set(people("--anonymous"))
    assert (home / "keys" / "mask.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("strength", ["--masked", "--anonymous"])
def test_masked_event_logs_are_valid_and_have_the_same_steps(home: Path, strength: str) -> None:
    plain, hidden = (export(home, "xes", *words).encode() for words in ((), (strength,)))

    assert event_logs.faults(hidden) == []
    assert event_logs.ocel_faults(json.loads(export(home, "ocel", strength))) == []
    steps = [
        [[(one["concept:name"], one["time:timestamp"]) for one in events] for _, events in event_logs.traces(content)]
        for content in (plain, hidden)
    ]
    assert steps[0] == steps[1]


def test_the_log_says_how_an_export_was_masked(home: Path) -> None:
    export(home, "jsonl", "SIM-2021-1", "--anonymous")

    assert (
        running.inline(home, "log", "@office", "--kind", "export", "--json").lines[-1]["changes"]["mask"] == "anonymous"
    )
    assert running.inline(home, "export", "csv", "--masked", "--anonymous").code == 2
