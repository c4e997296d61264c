"""How each guard of the workflows comes to refuse: one situation, reached by commands alone, for every guard."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from driver import TICK, Act, advance, amend, assign, clock, party, recuse
from paths import WAYS
from ways_application import AGREEMENT_SIGNED, PER_YEAR, idea
from ways_money import REQUEST_PAYMENT, REQUISITION_SIGNED, change
from ways_office import HOLD, MINUTES_SIGNED
from ways_project import ACCOUNT, BOTH, FINAL, handed_in, written


@dataclass(frozen=True)
class Failing:
    """A situation in which a guard refuses.

    Attributes:
        way: The way that is not open in it.
        code: Why not.
        act: The command, where it is another one than the way's.
        place: Where it begins, if not where the way does.
        before: What happens first, in place of what the way asks for.
        settings: Lines for the home's settings.
    """

    way: str
    code: str
    act: Act | None = None
    place: str | None = None
    before: tuple[Act, ...] | None = None
    settings: str = ""


def with_(way: str, code: str, **fields: object) -> Failing:
    """The way with other values."""
    return Failing(way, code, WAYS[way].act.having(**fields))


def step(way: str) -> Act:
    """The command of a way."""
    return WAYS[way].act


PAID = (
    REQUEST_PAYMENT, *REQUISITION_SIGNED, step("requisition/rq_approve"), step("requisition/rq_pay")
)  # fmt: skip
STAYED = (
    advance("registrar", "decision", "appeal", "appeal", received_on="2021-12-01", court_case_no="1"),
    advance("registrar", "decision", "stay", "court_order"),
)
PART = REQUEST_PAYMENT.having(kind="part")
LATE = (
    step("application/receive!").having(arrived_at="2021-09-01T11:00"), step("application/register"),
    assign("officer", "app", "officer"),
)  # fmt: skip
NOBODY = replace(step("project/create_project"), words=step("project/create_project").words[:3])
LEADERLESS = replace(
    NOBODY,
    words=(*NOBODY.words, "--party", "owner=@town:@owner:contact", "--party", "partner=@region:@partner:contact"),
)

GUARDS: Mapping[str, Failing] = {
    # The case itself
    "field_in@1": Failing("decision/adjust", "field_not_in", place="decision.delegated"),
    "field_set@1": with_("project/approve_evaluation", "field_missing", published_on=None),
    "brought_unless_fired@1": Failing(
        "application/drop_idea", "field_must_be_brought", step("application/drop_idea").having(reason=None),
        "application.registered_idea", (step("application/endorse_idea"),),
    ),
    "changed@1": with_("meeting/move_meeting", "field_not_changed", starts_at="2021-11-18T09:30"),
    "differs@1": with_("application/strike_item", "fields_same", target_meeting="@board"),
    "at_most@1": with_("requisition/rq_approve", "amount_above", approved_amount="200 000"),
    "sums_to@1": with_("application/grant", "sum_differs", granted_amount="300 000"),
    "every_record_has@1": with_("project/confirm_regular", "record_incomplete", adopters=BOTH),
    "registered@1": Failing("application/endorse_idea", "not_registered", place="application.two_stage_idea"),
    "never_registered@1": Failing("application/contact", "was_registered", place="application.closed"),
    "filed_since@1": Failing(
        "decision/lift_stay", "document_too_old", step("decision/lift_stay").without_paper("court_order")
    ),
    "filed_unless_fired@1": Failing(
        "application/annul", "document_missing", step("application/annul").without_paper("judgment")
    ),
    "signatures_valid@1": Failing(
        "application/start_preparation", "signature_missing", place="application.signing",
        before=(step("application/submit"), step("application/register"), assign("officer", "app", "officer")),
    ),
    "assigned@1": Failing("application/start_preparation", "not_assigned", before=()),
    "not_recused@1": Failing(
        "application/start_preparation", "recused",
        before=(assign("officer", "app", "officer"), recuse("head", "app", "officer")),
    ),
    # Time
    "reached@1": Failing("call/open_call", "not_reached", before=()),
    "ahead@1": with_("report/redo", "not_ahead", due_on="2022-01-10"),
    "not_in_future@1": with_("decision/appeal", "in_future", received_on="2030-01-01"),
    "later_than@1": with_("call/plan_call", "not_later", closes_at="2021-03-31T24:00"),
    "not_before@1": with_("decision/announce", "before", announced_on="2021-02-01"),
    "day_not_before@1": with_("call/extend_call", "before", closes_at="2021-11-19T12:00"),
    "day_reached@1": Failing("meeting/hold", "not_reached", before=()),
    "later_than_before@1": with_("call/extend_call", "not_later_than_before", closes_at="2021-06-30T24:00"),
    "deadline_passed@1": Failing("project/no_answer", "grace_not_passed", before=()),
    "not_before_deadline@1": Failing("application/completion_expired", "deadline_not_passed", before=()),
    "no_open_deadline@1": Failing(
        "application/sign_agreement", "deadline_open",
        before=(advance("officer", "app", "partner_left", reason="Osäkert"), *AGREEMENT_SIGNED),
    ),
    # Related cases
    "linked_in@1": with_("application/invite", "linked_not_in", meeting="@board"),
    "linked_field@1": Failing("application/endorse_idea", "linked_field_differs", place="application.idea"),
    "children_in@1": Failing(
        "application/close_app", "child_not_in", place="application.agenda", before=(step("application/reject"),)
    ),
    "no_child_in@1": Failing("call/cancel_call", "child_in", place="application.submitted"),
    # Parties
    "owner_admitted@1": Failing(
        "application/start_draft", "party_missing", place="season",
        before=(replace(idea(), words=("application", "--event", "contact")),),
    ),
    "both_sides_take_part@1": with_(
        "application/ready_to_sign", "side_without_activities",
        contributions=[{"organisation": "A", "side": "municipal", "activities": "x", "financing": "1"}],
    ),
    "parties_whole@1": Failing(
        "application/partner_replaced", "side_missing", before=(party("officer", "app", "end", "partner=@region"),)
    ),
    "period_within_call@1": with_("application/ready_to_sign", "period_too_long", end_date="2030-01-01"),
    "cofinancing_kept@1": with_(
        "application/send_agreement", "cofinancing_cut",
        budget=[{"post": "lön", "amount": "400000", "grant": "400000"}],
    ),
    # Application
    "endorsed_if_two_stages@1": Failing(
        "application/start_draft", "idea_not_endorsed", place="application.two_stage_idea"
    ),
    "number_by_setting@1": with_("application/register", "number_not_next", dnr="RUN 2021-99999"),
    "not_late@1": Failing(
        "application/start_preparation", "application_late", place="season",
        before=(clock("2021-09-01T12:00"), *LATE),
    ),
    "heard_if_late@1": with_("application/dismiss", "not_heard", ground="late"),
    "reviews_complete@1": Failing("application/finish_statement", "reviews_too_few", before=()),
    "condition_exists@1": with_("application/condition_met", "condition_not_open", condition_no="7"),
    "evidence_for_each@1": Failing("application/conditions_met", "evidence_missing", before=()),
    "lapsed_unsigned@1": Failing(
        "application/revive", "not_lapsed_unsigned", place="application.granted_cond",
        before=(clock("2021-06-03T12:00"), step("application/conditions_failed")),
    ),
    # Call and meeting
    "within_frame@1": with_(
        "application/grant", "frame_exceeded", granted_amount="20 000 000",
        amount_per_year=[{"year": 2022, "amount": "20000000"}],
    ),
    "call_not_over@1": Failing(
        "application/contact!", "call_over", place="call.open", before=(step("call/cancel_call"),)
    ),
    "no_application_decided@1": Failing(
        "call/reopen_call", "application_decided", place="application.granted",
        before=(clock("2021-09-01T12:00"), TICK),
    ),
    "applications_decided@1": Failing(
        "call/decide_call", "application_undecided", place="application.registered",
        before=(clock("2021-09-01T12:00"), TICK),
    ),
    "allocation_within_frame@1": Failing(
        "call/decide_call", "allocation_above_frame", place="application.granted",
        before=(clock("2021-09-01T12:00"), TICK, amend("officer", "call", frame="1 000")),
    ),
    "recusals_replaced@1": with_("meeting/hold", "recusals_not_stated", no_recusals=None),
    "agenda_empty@1": Failing(
        "meeting/adjust_minutes", "item_open", place="application.agenda",
        before=(step("meeting/summon"), clock("2021-11-18T15:00"), HOLD, *MINUTES_SIGNED),
    ),
    "no_recused_member@1": Failing(
        "application/grant", "recused_member_took_part", place="application.agenda",
        before=(
            step("meeting/summon"), clock("2021-11-18T15:00"),
            HOLD.having(recusals=[{"member": "Ada", "concerns": "@app", "replacement": "Cia"}], no_recusals=None),
        ),
    ),
    "meeting_day_come@1": Failing(
        "application/grant", "meeting_not_come",
        before=(step("meeting/move_meeting"),),
    ),
    # Decision
    "decision_recorded@1": with_("reclaim/rc_decide", "field_must_be_brought", delegation_no=None),
    "not_announced@1": Failing("decision/announce_appealed", "announced_already", place="decision.appealed"),
    "stay_stands@1": Failing("decision/lift_stay", "not_marked", place="decision.appealed"),
    "another_decision@1": with_("decision/supersede", "not_another_decision", new_decision="@decision"),
    # Report
    "report_complete@1": Failing(
        "report/approve_report", "report_incomplete", place="project.start_up",
        before=handed_in("report:start", summary="Tunn"),
    ),
    "document_where@1": Failing(
        "report/submit_report", "document_missing", advance("applicant", "report:final_account", "submit_report"),
        "project.final_reporting", written("report:final_account", spent="1"),
    ),
    "field_where@1": Failing(
        "report/submit_report", "field_missing", advance("applicant", "report:final_account", "submit_report"),
        "project.final_reporting", written("report:final_account", "ledger_extract", summary="Tunn"),
    ),
    # Project
    "parties_given@1": Failing("project/create_project", "party_missing", NOBODY),
    "old_case_if_by_hand@1": with_(
        "project/create_project", "old_cases_only", start_date="2021-06-01", end_date="2022-01-01"
    ),
    "leader_named@1": Failing("project/begin", "leader_missing", place="office", before=(LEADERLESS,)),
    "end_within_call@1": Failing(
        "project/extend", "end_beyond_call", step("project/extend").having(end_date="2030-01-01"), before=()
    ),
    "extension_agreed@1": Failing("project/extend", "extension_not_approved", before=()),
    "version_has_change@1": Failing("project/change_plan", "change_not_approved", before=()),
    "no_report_in@1": Failing("project/resume", "report_in", before=(clock("2022-09-01T12:00"), TICK)),
    "reports_settled@1": Failing("project/close_early", "report_not_settled", before=()),
    "final_refused_or_absent@1": Failing(
        "project/close_unreported", "final_reports_handed_in", before=(*FINAL, *ACCOUNT)
    ),
    "suspension_ground_holds@1": with_("project/suspend", "no_report_so_late", ground="report_late"),
    "ground_removed@1": Failing(
        "project/resume", "stay_in_force", place="project.running",
        before=(*STAYED, step("project/suspend").having(ground="court")),
    ),
    "ends_earlier@1": with_("project/terminate", "end_not_earlier", end_date="2030-01-01"),
    "reclaim_considered@1": with_("project/terminate", "reclaim_not_considered", reclaim_considered=None),
    "nothing_paid_or_reclaim@1": Failing(
        "project/cancel_project", "paid_without_reclaim", place="project.start_up", before=PAID
    ),
    "reclaim_settled@1": Failing(
        "project/close_unreported", "reclaim_open", before=(step("reclaim/consider_reclaim"),)
    ),
    "unspent_returned@1": Failing(
        "project/approve_final", "unspent_not_returned", place="project.running",
        before=(
            *PAID, clock("2023-01-02T12:00"), step("project/end_period"), *FINAL,
            *(act.having(spent="50000") if act.fields else act for act in ACCOUNT),
        ),
    ),
    "marked@1": Failing("project/close_early", "not_marked", place="project.final_reporting"),
    "not_marked@1": Failing("project/extend_late", "marked", place="project.ended_early", before=()),
    "within_years@1": Failing("project/reopen", "retention_over", before=(clock("2034-01-02T12:00"),)),
    "nothing_open@1": Failing(
        "project/archive_project", "child_open", before=(step("reclaim/consider_reclaim"),)
    ),
    # Adoption
    "within_months@1": with_("project/adopt_partly", "day_out_of_reach", done_by="2030-01-01"),
    "own_decision_filed@1": Failing(
        "project/adopt", "party_decisions_missing", step("project/adopt").without_paper("decision")
    ),
    "decision_of_each_party@1": Failing(
        "project/adopt_partly", "party_decisions_missing", replace(step("project/adopt_partly"), papers=("decision",))
    ),
    "decision_of_each_adopter@1": with_("project/late_yes", "party_decisions_missing", adopters=BOTH),
    "adopters_are_parties@1": with_("project/late_yes", "adopter_not_party", adopters=[{"organisation": "@firm"}]),
    "still_in_operation@1": Failing(
        "project/follow_up_done", "not_in_operation",
        before=tuple(
            act.having(in_operation="no") if act.verb == "amend" else act
            for act in WAYS["project/follow_up_done"].before
        ),
    ),
    # Money
    "project_in_hand@1": Failing("requisition/request_payment", "project_not_in_hand", place="project.closed"),
    "no_sibling_in@1": Failing("requisition/request_payment", "sibling_in", place="requisition.submitted"),
    "no_report_late@1": Failing(
        "requisition/request_payment", "report_late", before=(clock("2022-10-01T12:00"), TICK)
    ),
    "cuts_explained@1": with_("requisition/rq_approve", "cuts_differ", approved_amount="90 000"),
    "costs_in_period@1": Failing("requisition/rq_approve", "costs_undated", place="project.running", before=(PART,)),
    "ledger_matches@1": Failing("requisition/rq_approve", "document_missing", place="project.running", before=(PART,)),
    "within_grant@1": Failing(
        "requisition/rq_approve", "grant_exceeded", step("requisition/rq_approve").having(approved_amount="500 000"),
        "project.running", (REQUEST_PAYMENT.having(amount="500 000"),),
    ),
    "within_yearly_plan@1": Failing(
        "requisition/rq_approve", "yearly_plan_exceeded",
        step("requisition/rq_approve").having(approved_amount="500 000"),
        "project.running", (REQUEST_PAYMENT.having(amount="500 000"),),
    ),
    "cofinancing_share_kept@1": Failing(
        "requisition/rq_approve", "cofinancing_short", place="project.running", before=(PART.having(costs="10"),)
    ),
    "period_reported@1": Failing(
        "requisition/rq_approve", "period_not_reported", place="project.running", before=(PART,)
    ),
    "not_the_officer@1": Failing(
        "requisition/rq_approve", "attestant_is_officer",
        before=(*REQUISITION_SIGNED, assign("head", "requisition", "controller")),
    ),
    "no_payment_hold@1": Failing("requisition/rq_pay", "payments_held", before=(step("project/hold_payments"),)),
    "no_stay@1": Failing("requisition/rq_pay", "stay_in_force", before=STAYED),
    "decision_in_force@1": Failing(
        "requisition/rq_pay", "decision_not_in_force", settings="pay_requires_force = true"
    ),
    # Changes and reclaims
    "change_described@1": with_("change_request/request_change", "field_missing", new_plan=None),
    "outside_delegation@1": Failing(
        "change_request/cr_to_board", "within_delegation",
        step("change_request/cr_to_board").having(target_meeting="@board"), "change_request.submitted",
    ),
    "within_delegation@1": Failing(
        "change_request/cr_approve#every", "beyond_delegation", step("change_request/cr_approve"),
        "change_request.of_purpose", (),
    ),
    "not_yet_effective@1": Failing(
        "change_request/cr_approve#owner", "retroactive",
        before=(*WAYS["change_request/cr_approve#owner"].before, clock("2022-07-01T12:00")),
    ),
    "raise_within_frame@1": Failing(
        "change_request/cr_approve#owner", "frame_exceeded", place="project.running",
        before=(change("budget", new_budget=[{"post": "lön", "amount": "1"}], new_granted_amount="20 000 000"),),
    ),
    "answered_or_passed@1": Failing("reclaim/rc_decide", "deadline_not_passed", before=()),
    "drop_allowed@1": Failing("reclaim/rc_drop", "demand_stands", place="reclaim.demanded"),
    "within_granted@1": with_("reclaim/consider_reclaim", "claim_above_grant", amount="9 000 000"),
    "within_paid@1": Failing(
        "reclaim/rc_communicate", "claim_above_paid", before=(amend("officer", "reclaim", amount="100 001"),)
    ),
    "instalment_fits@1": with_("reclaim/rc_instalment_in", "instalment_not_open", instalment_no="9"),
    "repaid_in_full@1": with_("reclaim/rc_repaid", "not_repaid", paid_amount="10"),
    "enforceable@1": Failing("reclaim/rc_enforce", "grace_not_passed", before=()),
}  # fmt: skip

OUT_OF_REACH: Mapping[str, str] = {
    "passed_if_fired@1": "only the clock is asked, and it comes when the deadline has passed",
    "discarded_in_time@1": "only the clock and a cancelled call are asked",
    "no_longer_needed@1": "only the project is asked; where it refuses, the event is skipped",
    "attested_here@1": "only a requisition that came by an import has an imported attest",
    "document_filed@1": "a report about money cannot be handed in without the extract",
    "start_report_holds@1": "a start report with gaps cannot be approved",
    "evaluation_holds@1": "an evaluation with gaps cannot be approved",
}
"""Guards that no command of a person can make refuse, with the reason; tests/unit asks them directly."""

CHILDREN: Mapping[str, Failing] = {
    "project/confirm_start": Failing("project/confirm_start", "child_missing", before=()),
    "project/extend": Failing("project/extend", "child_missing", before=()),
    "project/extend#early": Failing("project/extend#early", "child_missing", before=()),
    "project/change_plan": Failing("project/change_plan", "child_missing", before=()),
    "project/extend_late": Failing("project/extend_late", "child_missing", before=()),
    "project/approve_final": Failing("project/approve_final", "child_missing", before=()),
    "project/approve_evaluation": Failing("project/approve_evaluation", "child_missing", before=()),
    "project/follow_up_again": Failing("project/follow_up_again", "child_missing", before=()),
    "project/follow_up_done": Failing("project/follow_up_done", "child_missing", before=()),
}
"""Way -> the situation in which a child case that it needs is not there."""

PEOPLE: Mapping[str, Failing] = {
    "four eyes": Failing(
        "report/approve_report#money", "same_person", place="project.final_reporting",
        before=(
            *written("report:final_account", "ledger_extract", spent="400000"),
            advance("officer", "report:final_account", "submit_report", note="mejl"),
        ),
    ),
    "two approvals of one": Failing(
        "report/approve_report#money", "approved_already",
        advance("controller", "report:final_account", "approve_report"),
    ),
    "more than the delegation": Failing(
        "application/grant_delegated", "limit_exceeded",
        step("application/grant_delegated").having(
            granted_amount="600 000", amount_per_year=[{**PER_YEAR[0], "amount": "600000"}]
        ),
    ),
    "recorded without evidence": Failing(
        "application/withdraw", "on_behalf_needs_evidence",
        replace(step("application/discard").by("officer"), behalf="@owner"), "application.draft",
    ),
    "recorded for somebody else": Failing(
        "application/discard", "not_a_party",
        replace(step("application/discard").by("officer"), behalf="@partner", note="mejl"),
    ),
    "recorded by a role that may not": Failing(
        "application/discard", "on_behalf_not_allowed",
        replace(step("application/discard").by("head"), behalf="@owner", note="mejl"),
    ),
    "recorded for nobody in particular": Failing(
        "application/discard", "principal_unclear", replace(step("application/discard").by("officer"), note="mejl"),
        before=(party("officer", "app", "end", "owner=@town"),),
    ),
}  # fmt: skip
"""What else may be wrong with who gives a command."""
