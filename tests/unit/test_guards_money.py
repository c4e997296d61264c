"""The guards of requisitions and reclaims: what may be asked for, approved, paid, and claimed back."""

from typing import Any

import pytest
from guarding import NOW, TODAY, around, asked, case, codes, document, filled, project, reclaim, report, requisition
from msgspec.structs import replace

from engine.core.case import Actor, Case, Deadline, Happened
from engine.core.guard import Context

OPEN_ONES = ("submitted", "completion", "approved")
GRANTED = project(
    data={
        "granted_amount": "1000.00",
        "amount_per_year": [{"year": 2026, "amount": "400.00"}, {"year": 2027, "amount": "600.00"}],
        "budget": [{"post": "Lön", "amount": "1500.00", "grant": "1000.00"}, {"post": "Lokal", "amount": "500.00"}],
    }
)
PAID = requisition("paid", "RQ-0", approved_amount="300.00", period="2026-03-31")


def attested(amount: str, *family: Case, of: Case = GRANTED, **data: Any) -> Context:
    """A requisition of 500 whose attestation is asked for."""
    asked_for = requisition(
        "submitted", amount="500.00", period="2026-06-30", costs="1000.00", ledger_total="1000.00",
        first_cost_on="2026-01-10", last_cost_on="2026-06-20", **data,
    )  # fmt: skip
    return asked(asked_for, "rq_approve", around(parent=of, family=family), set={"approved_amount": amount})


# Asking


def test_money_is_asked_for_by_a_project_that_has_not_ended() -> None:
    asking = requisition("submitted")

    assert codes("project_in_hand", asked(asking, "request_payment", around(parent=GRANTED))) == []
    assert codes("project_in_hand", asked(asking, "request_payment", around())) == ["project_missing"]
    ended = around(parent=project("closed"))
    assert codes("project_in_hand", asked(asking, "request_payment", ended)) == ["project_not_in_hand"]


def test_no_requisition_is_made_while_another_is_open() -> None:
    def found(*family: Case) -> list[str]:
        context = asked(requisition("submitted", "RQ-2"), "request_payment", around(parent=GRANTED, family=family))
        return codes("no_sibling_in", context, workflow="requisition", states=OPEN_ONES)

    assert found(PAID, requisition("refused")) == []
    assert found(requisition("completion")) == ["sibling_in"]
    assert found(requisition("submitted", "RQ-2")) == []


@pytest.mark.parametrize(
    ("state", "due", "expected"),
    [
        ("overdue", "2026-05-15", ["report_late"]),
        ("overdue", "2026-05-16", []),
        ("submitted", "2026-01-01", []),
        ("scheduled", "2026-05-15", ["report_late"]),
    ],
)
def test_no_requisition_is_made_while_a_report_is_more_than_thirty_days_late(
    state: str, due: str, expected: list[str]
) -> None:
    late = report("progress", state, due_on=due)
    context = asked(requisition("submitted"), "request_payment", around(parent=GRANTED, family=(late,)))

    assert codes("no_report_late", context, days=30) == expected


# Attesting


def test_every_krona_cut_has_its_reason() -> None:
    cut = {"amount": "100.00", "reason": "Utanför perioden"}

    assert codes("cuts_explained", attested("500.00")) == []
    assert codes("cuts_explained", attested("400.00", cuts=[cut])) == []
    assert codes("cuts_explained", attested("400.00")) == ["cuts_differ"]
    assert codes("cuts_explained", attested("400.00", cuts=[{"amount": "100.00"}])) == ["cut_without_reason"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, []),
        ({"last_cost_on": "2026-07-01"}, ["costs_outside_period"]),
        ({"first_cost_on": "2025-12-31"}, ["costs_outside_period"]),
        ({"period_from": "2026-02-01"}, ["costs_outside_period"]),
        ({"period_from": "2026-01-10", "last_cost_on": "2026-06-30"}, []),
        ({"first_cost_on": "2026-06-20"}, []),
        ({"first_cost_on": "2026-06-21"}, ["costs_outside_period"]),
        ({"last_cost_on": None}, ["costs_undated"]),
        ({"last_cost_on": None, "kind": "advance"}, []),
    ],
)
def test_costs_lie_in_the_period_of_the_requisition_and_of_the_project(
    data: dict[str, Any], expected: list[str]
) -> None:
    context = attested("500.00")
    changed = {k: v for k, v in {**context.data, **data}.items() if v is not None}

    assert codes("costs_in_period", replace(context, data=changed)) == expected


def test_the_ledger_extract_is_filed_and_sums_to_the_costs() -> None:
    extract = (document("ledger_extract", 6),)
    context = attested("500.00")
    whole = replace(context, after=replace(context.after, documents=extract))

    assert codes("ledger_matches", context) == ["document_missing"]
    assert codes("ledger_matches", whole) == []
    assert codes("ledger_matches", replace(whole, data={**whole.data, "ledger_total": "999.00"})) == ["ledger_differs"]
    assert codes("ledger_matches", replace(context, data={"kind": "advance"})) == []


def test_no_more_is_approved_and_paid_than_was_granted() -> None:
    approved = requisition("approved", "RQ-3", approved_amount="300.00")

    assert codes("within_grant", attested("700.00", PAID)) == []
    assert codes("within_grant", attested("700.01", PAID)) == ["grant_exceeded"]
    assert codes("within_grant", attested("500.00", PAID, approved)) == ["grant_exceeded"]
    assert codes("within_grant", attested("1000.00", requisition("refused", "RQ-4", approved_amount="500.00"))) == []


def test_no_more_is_paid_up_to_a_year_than_was_planned_up_to_then() -> None:
    assert codes("within_yearly_plan", attested("100.00", PAID)) == []
    assert codes("within_yearly_plan", attested("100.01", PAID)) == ["yearly_plan_exceeded"]
    unplanned = project(data={"granted_amount": "1000.00"})
    assert codes("within_yearly_plan", attested("500.00", PAID, of=unplanned)) == []


def test_the_grant_covers_no_larger_share_of_the_costs_than_of_the_budget() -> None:
    assert codes("cofinancing_share_kept", attested("500.00")) == []
    assert codes("cofinancing_share_kept", attested("500.01")) == ["cofinancing_short"]
    advance = attested("900.00")
    assert codes("cofinancing_share_kept", replace(advance, data={**advance.data, "kind": "advance"})) == []


@pytest.mark.parametrize(
    ("kind", "reports", "expected"),
    [
        ("part", [("financial", "approved", "2026-06-30")], []),
        ("part", [("financial", "submitted", "2026-06-30")], ["period_not_reported"]),
        ("part", [("financial", "approved", "2026-03-31")], ["period_without_report"]),
        (
            "part",
            [("financial", "open", "2026-06-30"), ("financial", "approved", "2026-12-31")],
            ["period_not_reported"],
        ),
        ("part", [("financial", "waived", "2026-06-30"), ("final_account", "approved", "2026-06-30")], []),
        ("part", [("progress", "approved", "2026-06-30")], ["period_without_report"]),
        ("final", [("financial", "approved", "2026-06-30")], ["period_without_report"]),
        ("final", [("final_account", "approved", "2026-06-30")], []),
        ("advance", [], []),
    ],
)
def test_a_period_is_paid_for_when_its_account_is_approved(
    kind: str, reports: list[tuple[str, str, str]], expected: list[str]
) -> None:
    family = tuple(report(k, s, f"R-{i}", period_end=end) for i, (k, s, end) in enumerate(reports))
    context = attested("500.00", *family)

    assert codes("period_reported", replace(context, data={**context.data, "kind": kind})) == expected


def test_who_handles_the_project_does_not_attest() -> None:
    context = attested("500.00", of=replace(GRANTED, assignee="u:5"))
    officer = replace(context.command, actor=Actor("u:5", "ola", frozenset({"officer", "controller"}), "p:7"))

    assert codes("not_the_officer", context) == []
    assert codes("not_the_officer", replace(context, command=officer)) == ["attestant_is_officer"]


# Paying


def test_nothing_is_paid_under_a_hold_or_a_stay() -> None:
    def found(guard: str, held: bool, stayed: bool) -> list[str]:
        decision = case("decision", "appealed", "B-1", data={"stayed": stayed})
        facts = around(parent=project(data={"payments_held": held}), application_children=(decision,))
        return codes(guard, asked(requisition("approved"), "rq_pay", facts))

    assert found("no_payment_hold", held=True, stayed=False) == ["payments_held"]
    assert found("no_payment_hold", held=False, stayed=False) == []
    assert found("no_stay", held=False, stayed=True) == ["stay_in_force"]
    assert found("no_stay", held=False, stayed=False) == []


@pytest.mark.parametrize(
    ("states", "required", "expected"),
    [
        (("announced",), False, []),
        (("announced",), True, ["decision_not_in_force"]),
        (("in_force", "superseded"), True, []),
        (("annulled",), True, ["no_decision_in_force"]),
    ],
)
def test_where_the_office_says_so_only_a_decision_in_force_is_paid_on(
    states: tuple[str, ...], required: bool, expected: list[str]
) -> None:
    decisions = tuple(case("decision", state, f"B-{i}") for i, state in enumerate(states))
    facts = around(parent=GRANTED, application_children=decisions, settings={"pay_requires_force": required})

    assert codes("decision_in_force", asked(requisition("approved"), "rq_pay", facts)) == expected


# Claiming back


def claimed(state: str, event: str, *, deadlines: tuple[Deadline, ...] = (), **more: Any) -> Context:
    given = more.pop("set", {})
    claim = replace(reclaim(state, **more.pop("data", {})), deadlines=deadlines)
    return asked(claim, event, more.pop("facts", around(parent=GRANTED)), set=given, **more)


def deadline(name: str, due: str, item: int | None = None) -> Deadline:
    day = TODAY.fromisoformat(due)
    at = NOW.replace(year=day.year, month=day.month, day=day.day)
    return Deadline(f"RC-1#3:{name}", name, "applicant", NOW, at, day, due, item)


def test_a_reclaim_is_decided_when_the_party_has_answered_or_its_time_is_out() -> None:
    waiting, passed = (deadline("rc_answer", due) for due in ("2026-06-30", "2026-06-01"))
    answer, old = (document("answer", 6),), (document("answer", 5),)

    assert codes("answered_or_passed", claimed("communicated", "rc_decide", deadlines=(waiting,))) == [
        "deadline_not_passed"
    ]
    assert codes("answered_or_passed", claimed("communicated", "rc_decide", deadlines=(waiting,), filed=answer)) == []
    assert codes("answered_or_passed", claimed("communicated", "rc_decide", deadlines=(waiting,), filed=old)) != []
    assert codes("answered_or_passed", claimed("communicated", "rc_decide", deadlines=(passed,))) == []


def test_a_demand_is_dropped_only_where_its_decision_no_longer_stands() -> None:
    undone = around(children=(case("decision", "annulled", "B-1"),))

    assert codes("drop_allowed", claimed("decided", "rc_drop")) == []
    assert codes("drop_allowed", claimed("demanded", "rc_drop")) == ["demand_stands"]
    assert codes("drop_allowed", claimed("enforced", "rc_drop", facts=undone)) == []


PLAN = [{"due_on": "2026-07-01", "amount": "100.00"}, {"due_on": "2026-08-01", "amount": "200.00"}]


@pytest.mark.parametrize(
    ("number", "paid", "before", "expected"),
    [
        (1, "100.00", "0.00", []),
        (1, "99.00", "0.00", ["instalment_short"]),
        (2, "200.00", "100.00", ["settles_the_claim"]),
        (3, "100.00", "0.00", ["instalment_not_open"]),
    ],
)
def test_an_instalment_is_paid_in_full_and_the_last_payment_settles_the_claim(
    number: int, paid: str, before: str, expected: list[str]
) -> None:
    open_ones = tuple(deadline("rc_instalment", row["due_on"], n) for n, row in enumerate(PLAN, 1))
    total = f"{float(before) + float(paid):.2f}"
    given = {"instalment_no": number, "paid_amount": paid, "payments": [{"amount": total}], "instalment_plan": PLAN}

    found = codes("instalment_fits", claimed("instalments", "rc_instalment_in", deadlines=open_ones, set=given))

    assert found == expected


def test_a_claim_is_repaid_when_all_of_it_has_come_in() -> None:
    def found(*amounts: str) -> list[str]:
        return codes(
            "repaid_in_full", claimed("demanded", "rc_repaid", data={"payments": [{"amount": a} for a in amounts]})
        )

    assert found("100.00", "200.00") == []
    assert found("299.99") == ["not_repaid"]


def test_each_payment_is_added_to_those_before_it() -> None:
    before = {"payments": [{"on": "2026-05-01", "amount": "100.00", "reference": "A"}]}
    given = {"paid_amount": "50.00", "payment_reference": "B"}

    added = filled("payment_added", claimed("instalments", "rc_instalment_in", data=before, set=given))

    assert added == [*before["payments"], {"on": "2026-06-15", "amount": "50.00", "reference": "B"}]
    assert filled("payment_added", claimed("demanded", "rc_repaid", set={"payment_reference": "B"})) is None
    assert filled("refund_due", claimed("demanded", "rc_drop", data=before)) == "100.00"
    assert filled("refund_due", claimed("demanded", "rc_drop")) is None


def test_a_claim_is_enforced_thirty_days_late_or_set_off_against_what_is_left_of_the_grant() -> None:
    def found(due: str, family: tuple[Case, ...] = (), **given: Any) -> list[str]:
        context = claimed(
            "demanded", "rc_enforce", deadlines=(deadline("rc_pay", due),), set=given,
            facts=around(parent=GRANTED, family=family),
        )  # fmt: skip
        return codes("enforceable", context, after="30 days")

    spent = requisition("paid", "RQ-9", approved_amount="1000.00")
    assert found("2026-05-15") == []
    assert found("2026-05-16") != []
    assert found("2026-07-01", set_off=True) == []
    assert found("2026-07-01", (spent,), set_off=True) == ["nothing_to_set_off"]


def investigated(amount: str, *family: Case, event: str = "rc_communicate") -> Context:
    """A reclaim of an amount, in a project that was granted 1000."""
    return asked(reclaim("considered", amount=amount), event, around(parent=GRANTED, family=family))


def test_no_more_than_the_grant_is_investigated() -> None:
    assert codes("within_granted", investigated("1000.00")) == []
    assert codes("within_granted", investigated("1000.01")) == ["claim_above_grant"]
    unknown = asked(reclaim("considered", amount="9.00"), "rc_communicate", around(parent=project()))
    assert codes("within_granted", unknown) == []


def test_no_more_is_claimed_than_was_paid_out_and_has_not_come_back() -> None:
    back = reclaim("repaid", "RC-0", payments=[{"amount": "100.00"}])

    assert codes("within_paid", investigated("300.00", PAID)) == []
    assert codes("within_paid", investigated("300.01", PAID)) == ["claim_above_paid"]
    assert codes(
        "within_paid", investigated("200.01", PAID, back, requisition("approved", approved_amount="500.00"))
    ) == ["claim_above_paid"]
    assert codes("within_paid", investigated("200.00", PAID, back)) == []


def test_money_whose_attest_came_with_an_import_is_not_paid() -> None:
    here = {"rq_approve": Happened(4, NOW, ("p:9",), "controller")}

    assert codes("attested_here", asked(requisition("approved"), "rq_pay", around())) == ["attest_imported"]
    assert codes("attested_here", asked(replace(requisition("approved"), events=here), "rq_pay", around())) == []
