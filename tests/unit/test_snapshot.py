"""The snapshot loses nothing, is canonical, and keeps personal values apart."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.core.case import (
    Approval,
    Case,
    Deadline,
    Document,
    Happened,
    Party,
    ReviewGiven,
    Signature,
)
from engine.core.snapshot import from_json, to_json

AT = datetime(2021, 3, 4, 11, 30, 0, 123456, tzinfo=UTC)
WHOLE_SECOND = datetime(2021, 3, 4, 11, 30, tzinfo=UTC)
FROZEN = Path(__file__).parent.parent / "data" / "snapshot_of_version_1.txt"
PERSONAL = frozenset({"contact_name", "never_filled"})


def full_case() -> Case:
    deadline = Deadline(
        id="SIM-2021-0004#7:report_due.2", name="report_due", owner="applicant", opened_at=AT, due_at=WHOLE_SECOND,
        due_on=date(2021, 9, 1), anchor="2021-03-04", item=2, version=3, step=1, next_reminder_at=AT, then_at=AT,
        passed_at=AT, fired_at=AT, stopped_days=4, extended_to="2021-10-01",
    )  # fmt: skip
    return Case(
        reference="SIM-2021-0004",
        workflow="application",
        version=2,
        state="preparation",
        title="Föräldrahälsa i Skepplanda \u2028 \"citat\" 💩",
        opened_at=AT,
        entered_at=WHOLE_SECOND,
        occurred_at=AT,
        recorded_at=AT,
        data={
            "asked": "1250000.50", "late": False, "year": 2021, "empty": None, "kinds": ["a", "b"],
            "conditions": [{"text": "Å", "due_on": "2021-05-01"}], "contact_name": "Åsa Öberg",
        },
        back=("preparation", "registered"),
        assignee="u:3",
        parent="CALL-2021-01",
        revision=9,
        n=12,
        head="q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq8s=",
        entered_n=11,
        closed_at=AT,
        deadlines=(deadline, Deadline("x", "y", "officer", AT, AT, date(2021, 1, 1), "entered")),
        documents=(
            Document(1, "application", "ab" * 32, "Ansökan Åsa.pdf", "in", AT, 1, "asa@kommun.example", "OSL 23:1"),
            Document(2, "draft", "cd" * 32, "utkast.docx", "internal", AT, 2, draft=True),
        ),
        signatures=(
            Signature(1, "owner.signatory", 1, "p:4", 1, "application", "ef" * 32, date(2021, 2, 1), "paper"),
            Signature(2, "head", None, "p:9", 1, "application", "ef" * 32, date(2021, 2, 2), "esign", "void", 8),
        ),
        parties=(
            Party(1, "owner", "o:7", "municipal", True, {"contact": ("p:4", "p:5"), "leader": ()}, date(2021, 1, 1)),
            Party(2, "partner", "o:8", "regional", False, {}, None, date(2021, 12, 31)),
        ),
        approvals=(Approval("approve", "head", ("p:1", "p:2"), None, 4), Approval("sign", "owner", (), 2, 5)),
        reviews=(ReviewGiven("p:1", {"early": 4, "children": 5}, 6),),
        recused=("p:6",),
        events={"submit": Happened(3, AT, ("p:4", "u:3"), "applicant"), "open": Happened(1, AT, ())},
        stopped_at=AT,
        erased=("phone",),
    )  # fmt: skip


def test_full_case_sets_every_attribute_so_that_the_round_trip_covers_it() -> None:
    bare = small_case()
    full = full_case()
    unset = [n for n in Case.__struct_fields__ if getattr(full, n) in (getattr(bare, n), None, (), {}, "", 0)]
    assert unset == []


def small_case() -> Case:
    return Case("R-1", "report", 1, "open", "T", WHOLE_SECOND, AT, WHOLE_SECOND, WHOLE_SECOND)


@pytest.mark.parametrize("case", [full_case(), small_case()], ids=["full", "small"])
@pytest.mark.parametrize("personal", [frozenset(), PERSONAL], ids=["nothing personal", "personal"])
def test_a_case_comes_back_as_it_was(case: Case, personal: frozenset[str]) -> None:
    assert from_json(*to_json(case, personal)) == case


def test_both_texts_are_canonical() -> None:
    for text in to_json(full_case(), PERSONAL):
        raw = json.loads(text)
        assert text == json.dumps(raw, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_the_form_is_that_of_version_1_of_a_log_line_for_ever() -> None:
    """A `reversed` entry holds this text under its hash (docs/decisions/0021): it is not changed, it is added to."""
    assert "\n".join(to_json(full_case(), PERSONAL)) + "\n" == FROZEN.read_text("utf-8")


def test_two_equal_cases_give_equal_texts_whatever_the_order_of_their_data() -> None:
    case = full_case()
    turned = replace(
        case, data=dict(reversed(list(case.data.items()))), events=dict(reversed(list(case.events.items())))
    )
    assert to_json(turned, PERSONAL) == to_json(case, PERSONAL)


def test_personal_values_stand_in_the_private_text_only() -> None:
    public, private = to_json(full_case(), PERSONAL)
    for secret in ("Åsa", "asa@kommun.example", "utkast.docx"):
        assert secret not in public
        assert secret in private
    assert "1250000.50" not in private


def test_a_case_without_personal_values_has_an_empty_private_text() -> None:
    assert to_json(small_case(), PERSONAL)[1] == "{}"


def test_an_erased_private_text_leaves_the_rest_readable() -> None:
    case = from_json(to_json(full_case(), PERSONAL)[0])
    assert "contact_name" not in case.data
    assert case.data["asked"] == "1250000.50"
    assert [(d.name, d.sender) for d in case.documents] == [("", None), ("", None)]


def test_instants_have_six_digits_and_z_and_are_utc() -> None:
    elsewhere = datetime(2021, 7, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    case = replace(small_case(), closed_at=elsewhere)
    public, private = to_json(case, frozenset())
    assert json.loads(public)["opened_at"] == "2021-03-04T11:30:00.000000Z"
    assert json.loads(public)["closed_at"] == "2021-07-01T12:00:00.000000Z"
    assert from_json(public, private).closed_at == elsewhere


def test_floats_that_json_does_not_know_are_refused() -> None:
    with pytest.raises(ValueError, match="is a float"):
        to_json(replace(small_case(), data={"x": float("nan")}), frozenset())
