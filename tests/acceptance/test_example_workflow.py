"""A workflow of another office, published into a home and lived through by the real command: the building permit."""

import json
from pathlib import Path
from typing import Any

import pytest
import running
from running import Party, Ran

pytestmark = pytest.mark.acceptance

FILE = Path(__file__).parents[2] / "docs" / "examples" / "building_permit.toml"


class Municipality:
    """A home in which the building permit is published, and one who wants to build."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.builder: Party = running.add_party(home, "Berg", "other", "Bo Berg", "bo.berg@hem.example")
        self.paper = home / "paper.pdf"
        self.paper.write_bytes(b"%PDF-1.4 paper")

    def run(self, *words: str, as_: str | None = "officer") -> Ran:
        """The command, whatever it gives."""
        return running.inline(self.home, *words, as_=as_, lang="en")

    def done(self, *words: str, as_: str | None = "officer") -> Any:
        """The command, which must be done; its JSON."""
        ran = self.run(*words, "--json", as_=as_)
        assert ran.code == 0, f"{words}: {ran.out}{ran.err}"
        return json.loads(ran.out) if ran.out.strip() else None

    def apply(self, title: str, measure: str = "new_building") -> str:
        """An application arrives; its reference."""
        told = self.done(
            "new", "building_permit", "--title", title, "-s", "property=Berga 1:2", "-s", f"measure={measure}", "-s",
            "arrived_on=2021-03-01", "-a", f"application={self.paper}", "--party", self.builder.as_("owner"),
            as_="registrar",
        )  # fmt: skip
        return str(told["reference"])

    def advance(
        self, reference: str, event: str, *papers: str, who: str = "officer", note: str | None = None, **fields: str
    ) -> Any:
        """Fire an event that must be done."""
        words = [word for name, value in fields.items() for word in ("-s", f"{name}={value}")]
        words += [word for kind in papers for word in ("-a", f"{kind}={self.paper}")]
        words += ["-n", note] if note else []
        return self.done("advance", reference, event, *words, as_=who)

    def prepared(self, title: str, measure: str = "new_building") -> str:
        """An application that is complete and under preparation."""
        reference = self.apply(title, measure)
        self.done("attach", reference, f"drawings={self.paper}", f"site_plan={self.paper}")
        self.advance(reference, "confirm_complete", complete_on="2021-03-01")
        return reference

    def forward(self, span: str) -> Any:
        """Let time go by, and do what falls due."""
        return self.done("clock", "forward", span, "--tick")

    def case(self, reference: str) -> Any:
        """The case as `show` tells it."""
        return self.done("show", reference)

    def due(self, reference: str) -> dict[str, str]:
        """The open deadlines and their days."""
        return {d["name"]: d["due_on"] for d in self.case(reference)["deadlines"] if d["state"] == "open"}

    def mails(self, reference: str) -> list[str]:
        """The state of each mail about a case."""
        return [m["state"] for m in self.done("mail", "list") if m["case"] == reference]


@pytest.fixture(scope="module")
def published(home_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the example published by the real command."""
    home = running.copied(home_template, tmp_path_factory.mktemp("permit") / "home")
    ran = running.skede(home, "workflow", "publish", str(FILE), as_=None)
    assert ran.code == 0, ran.err
    return home


@pytest.fixture
def town(published: Path, tmp_path: Path) -> Municipality:
    return Municipality(running.copied(published, tmp_path / "home"))


def test_the_example_passes_the_check_of_the_real_command(home: Path) -> None:
    ran = running.skede(home, "workflow", "check", str(FILE))

    assert ran.code == 0, ran.out + ran.err


def test_the_published_example_is_listed_beside_those_that_ship(town: Municipality) -> None:
    names = [workflow["name"] for workflow in town.done("workflow", "list")]

    assert "building_permit" in names
    assert "application" in names


def test_a_permit_goes_from_application_to_final_notice(town: Municipality) -> None:
    reference = town.apply("Nybyggnad av enbostadshus")
    assert reference == "BYGG-2021-00001"
    town.advance(reference, "request_completion", missing_items="Situationsplan", completion_by="2021-03-15")
    town.advance(reference, "complete", "completion", note="kom med posten", who="registrar")
    town.done("attach", reference, f"drawings={town.paper}", f"site_plan={town.paper}")
    town.advance(reference, "confirm_complete", complete_on="2021-03-01")
    assert town.due(reference) == {"decision": "2021-05-10"}

    town.advance(reference, "hear", heard="Berga 1:3", answers_by="2021-03-19")
    ticked = town.forward("25d")
    assert ticked["errors"] == []
    assert town.case(reference)["state"] == "preparation"

    town.advance(reference, "grant", "decision", who="head", decided_on="2021-03-26", decision_no="D 12")
    assert town.due(reference) == {"announcement": "2021-04-06", "begin": "2023-03-26"}
    town.advance(reference, "announce", announced_on="2021-03-26")
    town.advance(reference, "appeal", "appeal", who="registrar", appealed_on="2021-03-26")
    town.advance(reference, "forward_appeal")
    town.advance(reference, "uphold", "judgment", who="registrar")
    assert town.case(reference)["state"] == "granted"
    refused = town.run("advance", reference, "give_start_notice", "-a", f"control_plan={town.paper}", "--json")
    assert (refused.code, set(refused.codes)) == (3, {"field_missing", "document_missing"})
    town.done("amend", reference, "-s", "inspector=Kim Kontroll", "-n", "anmäld")
    town.advance(reference, "give_start_notice", "control_plan", "consultation")
    town.advance(reference, "give_final_notice", "final_report")
    town.forward("2d")

    case = town.case(reference)
    assert (case["state"], case["phase"], town.due(reference)) == ("completed", "closed", {})
    assert set(town.mails(reference)) == {"sent"}
    assert len(town.mails(reference)) == 8
    assert town.run("audit", "verify").code == 0
    assert "Final notice given" in town.run("show", reference).out


def test_a_refusal_becomes_final_by_itself_when_nobody_appeals(town: Municipality) -> None:
    reference = town.prepared("Plank", "facade")

    town.advance(
        reference, "refuse", "decision", who="head", decided_on="2021-03-01", decision_no="D 1", reasons="Ljuset",
        served_on="2021-03-01",
    )  # fmt: skip
    town.forward("28d")
    assert town.case(reference)["state"] == "refused"
    town.forward("2d")

    assert town.case(reference)["state"] == "refused_final"
    assert town.due(reference) == {}


def test_an_applicant_withdraws_in_the_middle(town: Municipality) -> None:
    reference = town.prepared("Skylt", "sign")

    town.advance(reference, "withdraw", "withdrawal", who="officer", note="brev")
    again = town.run("advance", reference, "hear", "-s", "heard=x", "-s", "answers_by=2021-04-01", "--json")

    assert town.case(reference)["state"] == "withdrawn"
    assert (again.code, town.due(reference)) == (3, {})


def test_whoever_found_it_complete_does_not_decide(town: Municipality) -> None:
    town.run("user", "grant", "officer", "head", "-n", "vikarie", as_=None)
    reference = town.prepared("Carport", "facade")

    refused = town.run(
        "advance", reference, "grant", "-s", "decided_on=2021-03-01", "-s", "decision_no=D 1", "-a",
        f"decision={town.paper}", "--json",
    )  # fmt: skip

    assert (refused.code, refused.codes) == (3, ["same_person"])


def test_a_decision_that_is_late_is_marked_and_a_permit_that_is_not_used_lapses(town: Municipality) -> None:
    late, unused = town.prepared("Sen"), town.prepared("Oanvänd", "sign")
    town.advance(unused, "grant", "decision", who="head", decided_on="2021-03-01", decision_no="D 2")

    town.forward("11w")
    assert town.case(late)["data"]["late"] is True
    town.forward("2y")

    assert town.case(unused)["state"] == "lapsed"
