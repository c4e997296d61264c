"""The rules in the office's settings are in the log: from the start, and whenever they have become others."""

import json
from pathlib import Path
from typing import Any

import pytest
from errands import OFFICER, Desk, build_home
from msgspec.structs import replace

from engine.app.advance import Given
from engine.app.office import Office
from engine.app.open_case import open_case
from engine.app.record import OFFICE
from engine.app.tick import tick
from engine.app.verify import verify


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("rules") / "home")


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    return Desk(template, tmp_path / "home")


def noted(office: Office) -> list[Any]:
    """(who, what of the rules) of the entries that tell them."""
    with office.store.read() as tx:
        entries = [json.loads(entry.line) for entry in tx.log.entries(OFFICE)]
    return [(entry["act"], entry["actor"], entry["body"]["rules"]) for entry in entries if "rules" in entry["body"]]


def test_a_new_log_begins_with_the_rules(desk: Desk) -> None:
    [(act, _, rules)] = noted(desk.office)

    assert act == "init"
    assert rules == {
        "dnr": "own", "body": "RUN", "pay_requires_force": False, "zone": "Europe/Stockholm", "closed_days": [],
    }  # fmt: skip


def test_the_first_change_under_other_rules_notes_them_once_and_who_made_it(desk: Desk) -> None:
    other = replace(desk.office, rules={**desk.office.rules, "pay_requires_force": True})
    for _ in range(2):
        open_case(other, OFFICER, "errand", "Ett uppdrag", Given(set={"due_on": "2021-04-01"}))

    _, (act, actor, rules) = noted(other)
    assert (act, actor.partition(":")[0], rules) == ("settings", "u", {"pay_requires_force": True})
    assert not verify(other).bad


def test_a_tick_notes_them_too_before_it_counts_by_them(desk: Desk) -> None:
    other = replace(desk.office, rules={**desk.office.rules, "body": "RS"})
    tick(other)
    tick(other)

    _, (act, actor, rules) = noted(other)
    assert (act, actor, rules) == ("settings", "system", {"body": "RS"})
