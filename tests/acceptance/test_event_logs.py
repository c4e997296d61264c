"""What process mining is handed: the demo's cases as event logs that any program reads."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import event_logs
import pytest
import running
from demo_home import shared_demo

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    demo = shared_demo(tmp_path_factory)
    return Path(shutil.copytree(demo.home, tmp_path_factory.mktemp("mined") / "home"))


@pytest.fixture(scope="module")
def steps(home: Path) -> dict[str, list[tuple[str, str]]]:
    """Reference -> (event, when) of every step of every case, by the log itself."""
    found: dict[str, list[tuple[str, str]]] = {}
    with running.office_of(home).store.read() as tx:
        for reference in tx.cases.references():
            lines: list[dict[str, Any]] = [json.loads(kept.line) for kept in tx.log.entries(reference)]
            found[reference] = [
                (("reversed:" if one["act"] == "reversed" else "") + one["event"], one["occ"])
                for one in lines if one["act"] in ("open", "advance", "reversed")
            ]  # fmt: skip
    return found


def test_the_demo_as_xes_is_valid_and_has_every_case_and_step(
    home: Path, steps: dict[str, list[tuple[str, str]]], tmp_path: Path
) -> None:
    path = tmp_path / "demo.xes"

    ran = running.inline(home, "export", "xes", "-o", str(path), "--json")

    content = path.read_bytes()
    assert (ran.code, ran.json["cases"], ran.json["bytes"]) == (0, len(steps), len(content))
    assert event_logs.faults(content) == []
    told = {
        trace["concept:name"]: [(one["concept:name"], one["time:timestamp"]) for one in events]
        for trace, events in event_logs.traces(content)
    }
    assert told == steps


def test_the_same_home_gives_the_same_xes_and_says_in_its_log_that_it_left(home: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "1.xes", tmp_path / "2.xes"

    for path in (one, two):
        assert running.inline(home, "export", "xes", "--workflow", "application", "-o", str(path)).code == 0

    assert one.read_bytes() == two.read_bytes()
    entry = running.inline(home, "log", "@office", "--kind", "export", "--json").lines[-1]
    assert (entry["changes"]["form"], entry["changes"]["log"]) == ("xes", True)


def test_every_entry_is_an_event_where_that_is_asked_for(home: Path) -> None:
    ran = running.inline(home, "export", "xes", "SIM-2021-1", "--every-entry")

    ((_, events),) = event_logs.traces(ran.out.encode())
    assert len(events) == len(running.inline(home, "log", "SIM-2021-1", "--json").lines)
    assert {"mail"} <= {one["skede:kind"] for one in events}


def test_the_demo_as_ocel_is_valid_and_joins_cases_parties_and_documents(
    home: Path, steps: dict[str, list[tuple[str, str]]], tmp_path: Path
) -> None:
    path = tmp_path / "demo.json"

    ran = running.inline(home, "export", "ocel", "-o", str(path), "--json")

    assert (ran.code, ran.json["cases"]) == (0, len(steps))
    log = json.loads(path.read_text("utf-8"))
    assert event_logs.ocel_faults(log) == []
    kinds = Counter(one["type"] for one in log["objects"])
    assert kinds["application"] == sum(ref.startswith("SIM-") for ref in steps)
    assert min(kinds[kind] for kind in ("organisation", "person", "document", "report", "project", "meeting")) > 0
    assert len(log["events"]) == sum(len(events) for events in steps.values())
