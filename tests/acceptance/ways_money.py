"""Ways and places of what is asked for and asked back while a project runs: requisitions, changes, reclaims."""

from typing import Any

from driver import TICK, Act, Way, advance, attach, clock, new, sign
from ways_office import board

PER_HALF = [{"due_on": "2022-03-01", "amount": "500"}, {"due_on": "2022-04-01", "amount": "500"}]


def change(kind: str, **fields: Any) -> Act:
    """A change of the project is asked for."""
    return new(
        "applicant", "change_request", "change", "request_change", project="@project", type=kind, reason="Det behövs",
        effective_on="2022-06-01", **fields,
    )  # fmt: skip


def signed_change(*parties: str) -> tuple[Act, ...]:
    """The request is filed on paper and signed by some parties."""
    signers = {"owner": "@owner", "partner": "@partner"}
    return (
        attach("officer", "change", "change"),
        *(sign("officer", "change", party, signers[party], "change") for party in parties),
    )


EXTENSION = change("extension", new_end_date="2023-06-30")
NEW_PLAN = change("plan", new_plan="Ny plan")
APPROVE_CHANGE = advance("head", "change", "cr_approve", reasons="Rimligt", delegation_no="D 5", presented_by="officer")
EXTENSION_APPROVED = NEW_PLAN_APPROVED = APPROVE_CHANGE
REQUEST_PAYMENT = new(
    "applicant", "requisition", "requisition", "request_payment", project="@project", kind="advance", amount="100 000",
    period="2022-06-30",
)  # fmt: skip
REQUISITION_SIGNED = (
    attach("officer", "requisition", "requisition"),
    sign("officer", "requisition", "owner.economy", "@owner", "requisition"),
)

WAYS = {
    "requisition/request_payment": Way("project.running", REQUEST_PAYMENT),
    "requisition/rq_ask": Way(
        "requisition.submitted", advance("controller", "requisition", "rq_ask", missing_items="Huvudbok")
    ),
    "requisition/rq_back": Way(
        "requisition.completion", advance("applicant", "requisition", "rq_back", "completion")
    ),
    "requisition/rq_expired": Way(
        "requisition.completion", advance("officer", "requisition", "rq_expired"), (clock("2022-01-27T12:00"),), TICK
    ),
    "requisition/rq_approve": Way(
        "requisition.submitted",
        advance("controller", "requisition", "rq_approve", approved_amount="100 000"),
        REQUISITION_SIGNED,
    ),
    "requisition/rq_recall": Way(
        "requisition.approved", advance("controller", "requisition", "rq_recall", reason="Fel konto")
    ),
    "requisition/rq_pay": Way(
        "requisition.approved", advance("controller", "requisition", "rq_pay", payment_reference="V 17")
    ),
    "requisition/rq_refuse": Way(
        "requisition.submitted", advance("head", "requisition", "rq_refuse", reasons="Utanför planen")
    ),
    "requisition/rq_withdraw": Way("requisition.submitted", advance("applicant", "requisition", "rq_withdraw")),
    "change_request/request_change": Way("project.running", NEW_PLAN),
    "change_request/cr_ask": Way(
        "change_request.submitted", advance("officer", "change", "cr_ask", missing_items="Budget")
    ),
    "change_request/cr_back": Way(
        "change_request.completion", advance("applicant", "change", "cr_back", "completion")
    ),
    "change_request/cr_expired": Way(
        "change_request.completion", advance("officer", "change", "cr_expired"), (clock("2022-01-27T12:00"),), TICK
    ),
    "change_request/cr_to_board": Way(
        "change_request.of_purpose", advance("head", "change", "cr_to_board", "statement", target_meeting="@later")
    ),
    "change_request/cr_table": Way(
        "change_request.at_board", advance("secretary", "change", "cr_table", target_meeting="@latest")
    ),
    "change_request/cr_refer_back": Way(
        "change_request.at_board", advance("secretary", "change", "cr_refer_back", paragraph="§ 5", reason="Oklart")
    ),
    "change_request/cr_approve": Way("project.running", APPROVE_CHANGE, (change("contact"),)),
    "change_request/cr_approve#owner": Way(
        "change_request.submitted", APPROVE_CHANGE, signed_change("owner")
    ),
    "change_request/cr_approve#every": Way(
        "change_request.at_board",
        advance(
            "secretary", "change", "cr_approve", reasons="Rimligt", paragraph="§ 6", meeting="@later",
            presented_by="officer", took_part="Ada",
        ),
        signed_change("owner", "partner"),
    ),
    "change_request/cr_refuse": Way(
        "change_request.submitted",
        advance("head", "change", "cr_refuse", reasons="Utanför målet", delegation_no="D 6", presented_by="officer"),
    ),
    "change_request/cr_withdraw": Way("change_request.submitted", advance("applicant", "change", "cr_withdraw")),
    "reclaim/consider_reclaim": Way(
        "requisition.paid",
        new("officer", "reclaim", "reclaim", "consider_reclaim", project="@project", ground="unspent", amount="1 000"),
    ),
    "reclaim/rc_communicate": Way(
        "reclaim.considered", advance("officer", "reclaim", "rc_communicate", "evidence")
    ),
    "reclaim/rc_drop": Way("reclaim.considered", advance("head", "reclaim", "rc_drop", reasons="Ingen brist")),
    "reclaim/rc_decide": Way(
        "reclaim.communicated",
        advance("head", "reclaim", "rc_decide", reasons="Ej använt", delegation_no="D 8", presented_by="officer"),
        (attach("officer", "reclaim", "answer"),),
    ),
    "reclaim/rc_demand": Way(
        "reclaim.decided", advance("controller", "reclaim", "rc_demand", "invoice", invoice_no="F 1")
    ),
    "reclaim/rc_plan": Way(
        "reclaim.demanded", advance("controller", "reclaim", "rc_plan", instalment_plan=PER_HALF)
    ),
    "reclaim/rc_instalment_in": Way(
        "reclaim.instalments",
        advance(
            "controller", "reclaim", "rc_instalment_in", instalment_no="1", paid_amount="500", payment_reference="B 1"
        ),
    ),
    "reclaim/rc_repaid": Way(
        "reclaim.demanded",
        advance("controller", "reclaim", "rc_repaid", paid_amount="1 000", payment_reference="B 2"),
    ),
    "reclaim/rc_enforce": Way(
        "reclaim.demanded", advance("head", "reclaim", "rc_enforce"), (clock("2022-04-01T12:00"),)
    ),
    "reclaim/rc_waive": Way(
        "reclaim.demanded",
        advance(
            "secretary", "reclaim", "rc_waive", paragraph="§ 7", reasons="Konkurs", meeting="@later",
            presented_by="officer", took_part="Ada",
        ),
        (board("later", "2022-01-10", "18:00"),),
    ),
}  # fmt: skip

PLACES: dict[str, str | tuple[str | Act, ...]] = {
    "requisition.submitted": "requisition/request_payment",
    "requisition.completion": "requisition/rq_ask",
    "requisition.approved": "requisition/rq_approve",
    "requisition.paid": "requisition/rq_pay",
    "change_request.submitted": "change_request/request_change",
    "change_request.completion": "change_request/cr_ask",
    "change_request.of_purpose": (
        "project.running", change("purpose", new_plan="Annat mål"), board("later", "2022-01-10", "18:00"),
        board("latest", "2022-11-03"),
    ),
    "change_request.at_board": "change_request/cr_to_board",
    "reclaim.considered": "reclaim/consider_reclaim",
    "reclaim.communicated": "reclaim/rc_communicate",
    "reclaim.decided": "reclaim/rc_decide",
    "reclaim.demanded": "reclaim/rc_demand",
    "reclaim.instalments": "reclaim/rc_plan",
}  # fmt: skip
