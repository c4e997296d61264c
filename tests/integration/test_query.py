"""The reading use cases on a real database: what is possible agrees with what happens, and the past with the log."""

import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.app.advance import Given, Paper, advance
from engine.app.edit import amend, assign, note
from engine.app.listing import Wanted, list_cases
from engine.app.next_events import next_events
from engine.app.office import Caller, Office
from engine.app.open_case import open_case
from engine.app.query import show, tree
from engine.bootstrap.home import make_home
from engine.bootstrap.office import open_office
from engine.core.errors import EngineError, NotFound, TransitionRefused, UsageError
from engine.core.plain import instant
from engine.settings import load

START = datetime(2021, 3, 1, 9, tzinfo=UTC)
ROLES = ("officer", "registrar", "secretary", "head", "controller", "archivist", "auditor", "applicant")
PAPER = b"%PDF-1.4 paper"


def by(role: str) -> Caller:
    return Caller(role, f"os:{role}")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a call and two applications, one of them registered."""
    home = tmp_path_factory.mktemp("home") / "home"
    office = open_office(make_home(home, Caller("root", "os:root"), sandbox=True, start=START))
    with office.store.write() as tx:
        for name, kind in (("Kungälvs kommun", "municipality"), ("Närhälsan", "region")):
            organisation = tx.people.add_organisation(name, kind)
            tx.people.add_person(f"Eva {name}", email=f"eva@{kind}.example", organisation=organisation.id)
    values = {
        "body": "RUN", "opens_at": "2021-03-01", "closes_at": "2021-05-01T12:00", "board_date": "2021-06-10",
        "frame": "5000000", "priority_areas": "mental_health", "two_stage": "nej",
    }  # fmt: skip
    call = open_case(office, by("officer"), "call", "Utlysning", Given(set=values))["reference"]
    advance(office, by("officer"), call, "open_call", Given(papers=[Paper("call_text", "c.pdf", PAPER)]))
    first, _ = received(office, call, "Trygg start"), received(office, call, "Läslust")
    given = Given(set={"subject": "Trygg start", "secrecy": "none"})
    advance(office, by("registrar"), first, "register", given)
    return home


@pytest.fixture
def office(template: Path, tmp_path: Path) -> Office:
    shutil.copytree(template, tmp_path / "home")
    return open_office(load(tmp_path / "home"))


def received(office: Office, call: str, title: str) -> str:
    values = {"call": call, "arrived_at": "2021-03-01T09:30", "arrival_evidence": "stämpel", "channel": "post",
              "sender": "Eva"}  # fmt: skip
    told = open_case(
        office, by("registrar"), "application", title,
        Given(set=values, papers=[Paper("application", "a.pdf", PAPER)]), event="receive",
        parties=["owner=Kungälvs kommun:Eva Kungälvs kommun", "partner=Närhälsan:Eva Närhälsan"],
    )  # fmt: skip
    return str(told["reference"])


def move_clock(office: Office, days: int) -> None:
    with office.store.write() as tx:
        tx.settings.put("clock", instant(START + timedelta(days=days)))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("reference", ["U-2021-001", "SIM-2021-0001", "SIM-2021-0002"])
def test_next_and_advance_never_disagree(office: Office, reference: str, role: str) -> None:
    ahead = next_events(office, by(role), reference)

    assert ahead.events
    for possible in ahead.events:
        told: Mapping[str, Any] = {}
        reasons: tuple[Any, ...] = ()
        try:
            told = advance(office, by(role), reference, possible.event, Given(dry_run=True))
        except TransitionRefused as error:
            reasons = error.reasons
        assert possible.allowed == bool(told), possible.event
        assert possible.missing == reasons
        if told:
            assert possible.target == told["target"]
            mine = [d for d in told["deadlines"]["opened"] if d["case"] == reference]
            assert list(possible.opens) == mine


def test_looking_at_what_is_possible_changes_nothing(office: Office) -> None:
    before = show(office, by("officer"), "SIM-2021-0001")

    next_events(office, by("officer"), "SIM-2021-0001")

    assert show(office, by("officer"), "SIM-2021-0001").case == before.case


def test_one_event_alone_is_asked_by_id_start_or_title(office: Office) -> None:
    for text in ("register", "regi", "Diarieför", "Register"):
        (possible,) = next_events(office, by("registrar"), "SIM-2021-0002", text).events
        assert possible.event == "register"


def test_who_may_mend_is_told_by_name(office: Office) -> None:
    (possible,) = next_events(office, by("officer"), "SIM-2021-0001", "start_preparation").events

    assert possible.people["head"] == ("Chef (sandlåda)",)
    assert possible.people["owner.signatory"] == ("Eva Kungälvs kommun",)


def test_the_case_of_a_moment_equals_the_case_that_stood_then(office: Office) -> None:
    stood: list[tuple[int, Any]] = []
    steps: list[Callable[[], object]] = [
        lambda: note(office, by("officer"), "SIM-2021-0001", Given(note="Ringde")),
        lambda: assign(office, by("officer"), "SIM-2021-0001", "officer", Given()),
        lambda: amend(office, by("registrar"), "SIM-2021-0001", Given(set={"subject": "Ny"}, note="fel")),
        lambda: advance(office, by("officer"), "SIM-2021-0001", "request_completion",
                        Given(set={"missing_items": "budget"})),
    ]  # fmt: skip
    for day, step in enumerate(steps, 1):
        move_clock(office, day)
        step()
        stood.append((day, show(office, by("officer"), "SIM-2021-0001").case))

    for day, case in stood:
        when = instant(START + timedelta(days=day))
        past = show(office, by("officer"), "SIM-2021-0001", when)
        assert past.case == replace(case, deadlines=past.case.deadlines)
        assert {d.id for d in past.case.deadlines} == {d.id for d in case.deadlines}
        assert past.is_past


def test_a_case_moved_elsewhere_was_the_child_of_its_old_parent_then(office: Office) -> None:
    values = {"body": "RUN", "opens_at": "2021-04-01"}
    other = open_case(office, by("officer"), "call", "Nästa", Given(set=values))["reference"]
    move_clock(office, 5)
    amend(office, by("officer"), "SIM-2021-0002", Given(set={"call": other}, note="fel utlysning"))

    now = show(office, by("officer"), "U-2021-001").told["children"]
    then = show(office, by("officer"), "U-2021-001", "2021-03-02").told["children"]

    assert (now, then) == (["SIM-2021-0001"], ["SIM-2021-0001", "SIM-2021-0002"])
    assert show(office, by("officer"), other, "2021-03-02").told["children"] == []


def test_the_family_has_no_cases_beside_the_one_asked_for(office: Office) -> None:
    top = tree(office, by("officer"), "SIM-2021-0002")

    assert top.case.reference == "U-2021-001"
    assert [kin.case.reference for kin in top.children] == ["SIM-2021-0002"]


def test_a_person_outside_is_not_told_that_other_cases_exist(office: Office) -> None:
    with office.store.write() as tx:
        stranger = tx.people.add_person("Stina Strand", email="stina@x.example")
        tx.people.grant(tx.people.add_user("stina", person=stranger.id).id, "applicant", START.date())

    for text in ("SIM-2021-0001", "trygg", "2021"):
        with pytest.raises(NotFound):
            show(office, by("stina"), text)
    assert list_cases(office, by("stina"), Wanted(closed=True)).rows == ()


def test_a_case_is_hidden_in_the_states_that_do_not_show_themselves(office: Office) -> None:
    with office.store.write() as tx:
        person = tx.directory.find_person("Eva Närhälsan")[0].id
        tx.people.grant(tx.people.add_user("eva", person=person).id, "partner", START.date())
        case = tx.cases.get("SIM-2021-0001")
        assert case is not None
        definition = office.catalog.definition(tx, case.workflow, case.version)
    states: Any = definition.states
    states[case.state] = replace(states[case.state], view=("applicant",))

    with pytest.raises(NotFound):
        show(office, by("eva"), "SIM-2021-0001")
    assert show(office, by("eva"), "SIM-2021-0002").case.reference == "SIM-2021-0002"


def test_pages_follow_each_other_without_gap_or_repetition(office: Office) -> None:
    for number in range(5):
        received(office, "U-2021-001", f"Ansökan {number % 2}")
    for sort in ("reference", "-title", "state", "due_at"):
        whole = [row.told["reference"] for row in list_cases(office, by("officer"), Wanted(sort=sort)).rows]
        paged: list[str] = []
        more = True
        while more:
            wanted = Wanted(sort=sort, limit=2, after=paged[-1] if paged else None)
            page = list_cases(office, by("officer"), wanted)
            paged += [row.told["reference"] for row in page.rows]
            more = page.more
        assert paged == whole


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        (Wanted(state="nosuch"), "there is no state nosuch"),
        (Wanted(fields={"nosuch": "1"}), "no field nosuch"),
        (Wanted(fields={"frame": ""}), "no value to look for"),
        (Wanted(workflow="application", fields={"priority_area": "mental_health;other"}), "one value at a time"),
        (Wanted(sum="body"), "cannot be added up"),
        (Wanted(sort="nosuch"), "cannot sort by"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(office: Office, wanted: Wanted, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        list_cases(office, by("officer"), wanted)


def test_readers_without_a_role_are_refused(office: Office) -> None:
    with office.store.write() as tx:
        tx.people.add_user("newcomer")

    for caller in (by("newcomer"), by("nobody")):
        with pytest.raises(EngineError) as caught:
            show(office, caller, "U-2021-001")
        assert caught.value.exit_code == 3
