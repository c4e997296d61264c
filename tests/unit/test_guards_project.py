"""The guards of a project and its reports: when it begins, changes, pauses, ends and lives on."""

import re
import tomllib
from datetime import UTC, datetime
from typing import Any

import pytest
from guarding import (
    HEAD,
    NOW,
    OWNER,
    PARTNER,
    ROOT,
    TODAY,
    around,
    asked,
    case,
    codes,
    document,
    filled,
    project,
    reclaim,
    report,
    requisition,
)
from msgspec.structs import replace

from engine.core.case import Approval, Case, Happened, Signature
from engine.core.command import Open
from engine.core.guard import Context

START: dict[str, Any] = {
    "plan": "Fyra skolor", "ledger_code": "4711", "baseline": "62 %", "information_plan": "Brev",
    "steering_group": [{"side": "municipal"}, {"side": "regional"}],
}  # fmt: skip
EVALUATION = dict.fromkeys(("social_effects", "economic_effects", "child_rights", "comparison"), "Ja")
MODULES = ("project", "adoption", "report", "finance", "reclaim", "decision", "change", "brought_in")


def extension(state: str = "approved", by: str = "head", signed: tuple[int, ...] = (1, 2), **data: Any) -> Case:
    signatures = tuple(
        Signature(i, "owner.signatory", party, "p:3", 1, "change", "c", TODAY, "paper")
        for i, party in enumerate(signed, 1)
    )
    given = {"type": "extension", "new_end_date": "2028-06-30", **data}
    events = {"cr_approve": Happened(4, NOW, ("p:9",), by)}
    return case("change_request", state, "CR-1", parent="P-1", data=given, signatures=signatures, events=events)


def test_every_refusal_of_these_guards_has_a_sentence_in_both_languages_and_no_sentence_is_left_over() -> None:
    sources = "".join((ROOT / f"workflows/guards/{name}.py").read_text(encoding="utf-8") for name in MODULES)
    raised = set(re.findall(r'Refusal\(\s*"([a-z_]+)"', sources))
    texts: dict[str, dict[str, str]] = {}
    for lang in ("sv", "en"):
        folder = ROOT / "templates/texts" / lang
        ours = tomllib.loads((folder / "guards_project.toml").read_text(encoding="utf-8"))
        others = [
            code
            for path in folder.glob("*.toml")
            if path.stem not in ("glossary", "guards_project")
            for code in tomllib.loads(path.read_text(encoding="utf-8"))
        ]
        texts[lang] = ours

        assert raised - {*ours, *others} == set()
        assert set(ours) - raised == set()
        assert set(ours) & set(others) == set()

    found = {
        lang: {code: set(re.findall(r"\{(\w+)\}", text)) for code, text in texts[lang].items()} for lang in ("sv", "en")
    }
    assert found["sv"] == found["en"]


# Its beginning


def opened(start: str, *, imported: bool = False, fired: bool = False) -> Context:
    context = asked(project("planned"), "create_project", role="officer")
    command = Open(
        reference="P-1", actor=HEAD, workflow="project", event="create_project", title="x", imported=imported,
        fired=fired,
    )  # fmt: skip
    return replace(context, command=command, data={**context.data, "start_date": start})


def test_a_project_opened_by_hand_is_one_from_before_the_system() -> None:
    assert codes("old_case_if_by_hand", opened("2026-06-15"), field="start_date") == ["old_cases_only"]
    assert codes("old_case_if_by_hand", opened("2026-06-14"), field="start_date") == []
    assert codes("old_case_if_by_hand", opened("2026-09-01", imported=True), field="start_date") == []
    assert codes("old_case_if_by_hand", opened("2026-09-01", fired=True), field="start_date") == []


def test_a_project_has_owner_and_partner_and_begins_with_a_leader() -> None:
    alone = project("planned", parties=(replace(OWNER, people={"contact": ("p:1",)}),))

    assert codes("parties_given", asked(alone, "create_project")) == ["party_missing"]
    assert codes("parties_given", asked(project("planned"), "create_project")) == []
    assert codes("leader_named", asked(alone, "begin")) == ["leader_missing"]
    assert codes("leader_named", asked(project("planned"), "begin")) == []


def test_a_start_report_without_people_of_both_sides_does_not_start_the_project() -> None:
    one_side = {**START, "steering_group": [{"side": "municipal"}]}

    assert codes("start_report_holds", asked(project(), "begin", around(
        children=(report("start", "approved", **one_side),)))) == ["report_incomplete"]  # fmt: skip
    assert codes("start_report_holds", asked(project(), "begin", around(
        children=(report("start", "approved", **START), report("start", "waived", "R-0"))))) == []  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "data", "missing"),
    [
        ("start", {**START, "baseline": ""}, ["baseline"]),
        ("financial", {}, ["spent"]),
        ("financial", {"spent": "0.00"}, []),
        ("evaluation", {**EVALUATION, "child_rights": None}, ["child_rights"]),
        ("follow_up", {}, ["in_operation"]),
        ("progress", {}, []),
    ],
)
def test_a_report_is_approved_only_with_what_its_kind_must_hold(
    kind: str, data: dict[str, Any], missing: list[str]
) -> None:
    context = asked(report(kind, "submitted", **data), "approve_report")

    found = codes("report_complete", context)

    assert found == (["report_incomplete"] if missing else [])


def test_a_report_about_money_is_handed_in_with_its_ledger_extract_and_what_was_spent() -> None:
    money: dict[str, Any] = {"field": "kind", "values": ("financial", "final_account")}

    def found(of: Case, **data: Any) -> list[str]:
        context = asked(replace(of, data={**of.data, **data}), "submit_report")
        return codes("document_where", context, **money, kind="ledger_extract") + codes(
            "field_where", context, **money, wanted="spent"
        )

    whole = replace(report("financial", "open"), documents=(document("ledger_extract", 2),))
    assert found(report("financial", "open")) == ["document_missing", "field_missing"]
    assert found(whole, spent="0.00") == []
    assert found(report("progress", "open")) == []


def test_what_is_fired_on_a_project_depends_on_where_it_is() -> None:
    def found(parent: Case | None) -> list[str]:
        context = asked(report("progress", "open"), "submit_report", around(parent=parent))
        return codes("parent_in", context, states=("running",))

    assert found(project("running")) == []
    assert found(project("evaluation")) == ["parent_not_in"]
    assert found(None) == ["parent_not_in"]


# Its changes


def test_an_extension_needs_an_approved_request_for_that_very_day_signed_by_every_party() -> None:
    def found(*children: Case) -> list[str]:
        return codes("extension_agreed", asked(project(), "extend", around(children=children), set=new))

    new = {"end_date": "2028-06-30"}
    assert found(extension()) == []
    assert found() == ["extension_not_approved"]
    assert found(extension("submitted")) == ["extension_not_approved"]
    assert found(extension(new_end_date="2028-03-31")) == ["extension_not_approved"]
    assert found(extension(signed=(1,))) == ["extension_unsigned"]
    void = extension()
    assert found(replace(void, signatures=tuple(replace(s, state="void") for s in void.signatures))) == [
        "extension_unsigned", "extension_unsigned",
    ]  # fmt: skip


def test_an_end_beyond_the_longest_period_of_the_call_is_for_the_board() -> None:
    call = case("call", "decided", "U-1", data={"max_project_months": 24})

    def found(end: str, by: str) -> list[str]:
        facts = around(call=call, children=(extension(by=by, new_end_date=end),))
        return codes("end_within_call", asked(project(), "extend", facts, set={"end_date": end}))

    assert found("2028-01-01", "head") == []
    assert found("2028-01-02", "head") == ["end_beyond_call"]
    assert found("2028-01-02", "secretary") == []


def test_each_version_of_the_plan_rests_on_a_change_of_its_own() -> None:
    change = case("change_request", "approved", "CR-2", data={"type": "plan"})
    contact = case("change_request", "approved", "CR-3", data={"type": "contact"})
    second, third = (project(data={"plan_version": number}) for number in (2, 3))

    assert codes("version_has_change", asked(second, "change_plan", around(children=(change,)))) == []
    assert codes("version_has_change", asked(third, "change_plan", around(children=(change, contact)))) == [
        "change_not_approved"
    ]
    assert filled("next_plan_version", asked(second, "change_plan")) == 3


# Reports that are waited for


@pytest.mark.parametrize(
    ("kind", "state", "data", "needless"),
    [
        ("progress", "final_reporting", {"period_end": "2027-06-30"}, False),
        ("progress", "final_reporting", {"period_end": "2027-12-31"}, True),
        ("progress", "running", {"period_end": "2027-06-30"}, False),
        ("final", "running", {}, True),
        ("final", "final_reporting", {}, False),
        ("final_account", "running", {}, True),
        ("evaluation", "evaluation", {}, False),
        ("evaluation", "adoption_decision", {}, True),
        ("follow_up", "adopted", {}, False),
        ("follow_up", "not_adopted", {}, True),
        ("progress", "not_adopted", {"period_end": "2027-06-30"}, False),
        ("start", "final_reporting", {}, False),
        ("start", "cancelled", {}, True),
        ("final", "closed", {}, True),
    ],
)
def test_a_report_is_waived_by_its_project_only_when_nobody_waits_for_it(
    kind: str, state: str, data: dict[str, Any], needless: bool
) -> None:
    context = asked(report(kind, "open", **data), "waive", around(parent=project(state)), fired=True)

    assert codes("no_longer_needed", context) == ([] if needless else ["report_still_needed"])


def test_an_early_end_makes_the_start_report_needless() -> None:
    ended = project("final_reporting", data={"ended_early": True})

    assert codes("no_longer_needed", asked(report("start", "open"), "waive", around(parent=ended), fired=True)) == []


def test_final_reports_are_settled_when_each_kind_is_approved_or_waived() -> None:
    kinds = ("final", "final_account")

    def found(*children: Case) -> list[str]:
        context = asked(project("final_reporting"), "close_early", around(children=children))
        return codes("reports_settled", context, kinds=kinds)

    assert found(report("final", "approved"), report("final_account", "waived")) == []
    assert found(report("final", "approved")) == ["report_missing"]
    assert found(report("final", "approved"), report("final_account", "open")) == ["report_not_settled"]


def test_a_project_is_closed_unreported_only_when_a_final_report_was_refused_or_never_came() -> None:
    def found(*children: Case) -> list[str]:
        context = asked(project("final_reporting"), "close_unreported", around(children=children))
        return codes("final_refused_or_absent", context)

    assert found() == []
    assert found(report("final", "not_approved"), report("final_account", "approved")) == []
    assert found(report("final", "submitted"), report("final_account", "approved")) == ["final_reports_handed_in"]


# Pause and early end


def test_suspending_for_a_late_report_needs_one_more_than_sixty_days_late() -> None:
    def found(due: str, ground: str = "report_late") -> list[str]:
        facts = around(children=(report("progress", "overdue", due_on=due),))
        return codes("suspension_ground_holds", asked(project(), "suspend", facts, set={"ground": ground}), days=60)

    assert found("2026-04-15") == []
    assert found("2026-04-16") == ["no_report_so_late"]
    assert found("2026-06-01", "misuse") == []


def test_a_project_paused_by_a_court_waits_until_the_stay_is_lifted() -> None:
    def found(stayed: bool, ground: str = "court") -> list[str]:
        decision = case("decision", "appealed", "B-1", data={"stayed": stayed})
        paused = project("suspended", data={"ground": ground})
        return codes("ground_removed", asked(paused, "resume", around(siblings=(decision,))))

    assert found(stayed=True) == ["stay_in_force"]
    assert found(stayed=False) == []
    assert found(stayed=True, ground="misuse") == []


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("2025-12-31", ["end_not_earlier"]),
        ("2026-01-01", []),
        ("2027-12-31", []),
        ("2028-01-01", ["end_not_earlier"]),
    ],
)
def test_an_early_end_lies_within_the_period(end: str, expected: list[str]) -> None:
    assert codes("ends_earlier", asked(project(), "terminate", set={"end_date": end})) == expected


def test_terminating_says_that_a_reclaim_was_considered_or_shows_one() -> None:
    earlier = project("termination_review", data={"reclaim_considered": True})

    assert codes("reclaim_considered", asked(earlier, "terminate")) == ["reclaim_not_considered"]
    assert codes("reclaim_considered", asked(earlier, "terminate", set={"reclaim_considered": True})) == []
    assert codes("reclaim_considered", asked(earlier, "terminate", around(children=(reclaim("considered"),)))) == []


def test_a_project_that_was_paid_is_cancelled_only_beside_an_open_reclaim() -> None:
    paid = requisition("paid", approved_amount="100.00")

    def found(*children: Case) -> list[str]:
        return codes("nothing_paid_or_reclaim", asked(project("planned"), "cancel_project", around(children=children)))

    assert found(requisition("approved", approved_amount="100.00")) == []
    assert found(paid) == ["paid_without_reclaim"]
    assert found(paid, reclaim("repaid")) == ["paid_without_reclaim"]
    assert found(paid, reclaim("demanded")) == []


def test_closing_unreported_needs_every_reclaim_to_be_over_and_one_if_money_went_out() -> None:
    paid = requisition("paid", approved_amount="100.00")

    def found(*children: Case) -> list[str]:
        context = asked(project("final_reporting"), "close_unreported", around(children=children))
        return codes("reclaim_settled", context)

    assert found() == []
    assert found(paid) == ["paid_without_reclaim"]
    assert found(paid, reclaim("waived")) == []
    assert found(paid, reclaim("enforced")) == ["reclaim_open"]


def test_unspent_money_comes_back_before_the_final_reporting_is_approved() -> None:
    paid = requisition("paid", approved_amount="1000.00")
    account = report("final_account", "approved", spent="700.00")

    def found(*more: Case) -> list[str]:
        context = asked(project("final_reporting"), "approve_final", around(children=(paid, account, *more)))
        return codes("unspent_returned", context)

    assert found() == ["unspent_not_returned"]
    assert found(reclaim("repaid", ground="unspent", payments=[{"amount": "300.00"}])) == []
    assert found(reclaim("repaid", ground="unspent", payments=[{"amount": "299.99"}])) == ["unspent_not_returned"]
    assert found(reclaim("waived", ground="unspent", amount="300.00")) == []
    partly = reclaim("waived", ground="unspent", amount="300.00", payments=[{"amount": "100.00"}])
    assert found(partly) == []
    assert found(reclaim("repaid", ground="wrong_use", payments=[{"amount": "300.00"}])) == ["unspent_not_returned"]


# Adoption


def test_each_party_that_answers_files_a_decision_of_its_own() -> None:
    waiting = project("adoption_decision", documents=(document("decision", 3), document("decision", 6, 2)))
    answered = replace(waiting, approvals=(Approval("adopt", "applicant", ("p:1",), 1, 6),))
    new = (document("decision", 10, 3),)

    assert codes("own_decision_filed", asked(waiting, "adopt")) == []
    assert codes("own_decision_filed", asked(answered, "adopt")) == ["party_decisions_missing"]
    assert codes("own_decision_filed", asked(answered, "adopt", filed=new)) == []
    assert codes("decision_of_each_party", asked(waiting, "adopt_partly")) == ["party_decisions_missing"]
    assert codes("decision_of_each_party", asked(waiting, "adopt_partly", filed=new)) == []


def test_only_parties_adopt_and_at_least_one() -> None:
    def found(*organisations: str) -> list[str]:
        adopters = [{"organisation": o} for o in organisations]
        return codes("adopters_are_parties", asked(project(), "late_yes", set={"adopters": adopters}))

    assert found("o:1") == []
    assert found() == ["no_adopter"]
    assert found("o:1", "o:8") == ["adopter_not_party"]


def test_a_late_yes_brings_the_decision_of_each_adopter() -> None:
    late = project("not_adopted", documents=(document("decision", 6),))
    two = {"adopters": [{"organisation": "o:1"}, {"organisation": "o:2"}]}

    assert codes("decision_of_each_adopter", asked(late, "late_yes", set=two)) == ["party_decisions_missing"]
    assert codes("decision_of_each_adopter", asked(late, "late_yes", set={"adopters": two["adopters"][:1]})) == []


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-06-14", ["day_out_of_reach"]),
        ("2026-06-15", []),
        ("2027-06-15", []),
        ("2027-06-16", ["day_out_of_reach"]),
    ],
)
def test_adoption_is_done_within_twelve_months(day: str, expected: list[str]) -> None:
    context = asked(project(), "adopt", set={"done_by": day})

    assert codes("within_months", context, field="done_by", months=12) == expected


def test_everybody_who_must_answer_adopts_and_the_first_follow_up_is_a_year_away() -> None:
    guest = replace(PARTNER, id=3, organisation="o:3", required=False)
    with_guest = project(parties=(OWNER, PARTNER, guest))

    assert filled("every_party", asked(with_guest, "adopt")) == [{"organisation": "o:1"}, {"organisation": "o:2"}]
    assert filled("twelve_months_on", asked(project(), "confirm_regular")) == "2027-06-15"


def test_follow_up_ends_only_with_a_method_still_in_operation_by_the_latest_report() -> None:
    def found(*answers: str) -> list[str]:
        reports = tuple(
            report("follow_up", "approved", f"R-{n}", due_on=f"202{n}-01-01", in_operation=answer)
            for n, answer in enumerate(answers)
        )
        return codes("still_in_operation", asked(project("adopted"), "follow_up_done", around(children=reports)))

    assert found("no", "partly") == []
    assert found("wholly", "no") == ["not_in_operation"]


# Its end


def test_a_project_is_audited_again_only_while_the_papers_are_kept() -> None:
    closed = replace(project("closed"), entered_at=datetime(2016, 6, 15, 12, tzinfo=UTC))

    assert codes("within_years", asked(closed, "reopen"), years=10) == []
    assert codes("within_years", asked(closed, "reopen"), years=9) == ["retention_over"]


def test_a_project_is_archived_when_every_child_is_over() -> None:
    def found(*children: Case) -> list[str]:
        return codes("nothing_open", asked(project("closed"), "archive_project", around(children=children)))

    assert found(replace(report("final", "approved"), closed_at=NOW), case("decision", "in_force", "B-1")) == []
    assert found(report("progress", "overdue")) == ["child_open"]
    assert found(case("decision", "appealed", "B-1")) == ["child_open"]


def test_flags_and_events_choose_between_edges() -> None:
    early = project(data={"ended_early": True}, events={"confirm_start": Happened(3, NOW, ())})

    assert codes("marked", asked(early, "close_early"), field="ended_early") == []
    assert codes("not_marked", asked(early, "extend_late"), field="ended_early") == ["marked"]
    assert codes("marked", asked(project(), "close_early"), field="ended_early") == ["not_marked"]
    assert codes("happened", asked(early, "extend"), events=("confirm_start",)) == []
    assert codes("happened", asked(project(), "extend"), events=("confirm_start",)) == ["not_happened_yet"]
    assert codes("not_happened", asked(early, "extend"), events=("confirm_start",)) == ["happened_already"]
    assert codes("no_report_in", asked(project(), "resume", around(children=(report("final", "overdue"),))),
                 kinds=("final",), states=("overdue",)) == ["report_in"]  # fmt: skip
