"""Ways and places of the application, from the first contact to the archive."""

from dataclasses import replace

from driver import TICK, Act, Way, advance, assign, attach, clock, new, sign

ALL = "contact+leader+signatory+manager+economy"
PARTIES = ("--party", f"owner=@town:@owner:{ALL}", "--party", f"partner=@region:@partner:{ALL}")
CONTRIBUTIONS = [
    {"organisation": "Bengtsfors kommun", "side": "municipal", "activities": "skola", "financing": "100000"},
    {"organisation": "Närhälsan Bengtsfors", "side": "regional", "activities": "vård", "financing": "100000"},
]
PER_YEAR = [{"year": 2022, "amount": "400000"}]
CRITERIA = (
    "early", "new_ways", "learning", "needs", "delimited", "follow_up", "relevance", "potential", "feasibility",
    "actors",
)  # fmt: skip
PACKAGE = "a" * 64

READY = advance(
    "applicant", "app", "ready_to_sign", "application", "logic_model", "needs_analysis", applied_amount="400 000",
    summary="Vägledare", priority_area="other", target_group="barn", start_date="2022-01-10", end_date="2022-12-31",
    contributions=CONTRIBUTIONS,
)  # fmt: skip
RECEIVED = {
    "call": "@call", "arrived_at": "2021-04-01T11:00", "arrival_evidence": "stämpel", "channel": "post",
    "sender": "Bengtsfors kommun",
}  # fmt: skip
SIGNED = (
    sign("officer", "app", "owner", "@owner", "application"),
    sign("officer", "app", "partner", "@partner", "application"),
)  # fmt: skip
GRANT = advance(
    "secretary", "app", "grant", paragraph="§ 301", granted_amount="400 000", amount_per_year=PER_YEAR,
    took_part="Ada, Bo",
)  # fmt: skip
CONDITIONS = [{"text": "Bilda styrgrupp", "due_on": "2021-06-01"}, {"text": "Anställ ledare", "due_on": "2021-07-01"}]
AGREEMENT = advance(
    "officer", "app", "send_agreement", "agreement", "terms", payment_plan=[{"on": "2022-02-01", "amount": "400000"}],
    reporting_plan="Varje halvår", plan="Planen", budget=[{"post": "lön", "amount": "600000", "grant": "400000"}],
)  # fmt: skip


def review(who: str, points: int = 4) -> Act:
    """A whole review."""
    return Act(who, "review", "app", fields=dict.fromkeys(CRITERIA, str(points)))


REVIEWED = (review("officer"), review("officer2", 3))
STATEMENT_SIGNED = sign("head", "app", "head", "@head", "statement")
AGREEMENT_SIGNED = (
    sign("officer", "app", "owner", "@owner", "agreement"), sign("officer", "app", "partner", "@partner", "agreement"),
    sign("head", "app", "head", "@head", "agreement"),
)  # fmt: skip


def idea(who: str = "officer") -> Act:
    """Somebody has an idea."""
    return new(
        who, "application", "app", "contact", more=PARTIES, contact="Kim, 0500", idea_text="Vägledare", call="@call"
    )  # fmt: skip


WAYS = {
    "application/contact!": Way("season", idea()),
    "application/receive!": Way(
        "season", new("registrar", "application", "app", "receive", "application", more=PARTIES, **RECEIVED)
    ),
    "application/contact": Way("application.idea", advance("officer", "app", "contact")),
    "application/invite": Way(
        "application.idea",
        advance("officer", "app", "invite", meeting="@info"),
        (
            new(
                "officer", "meeting", "info", "plan_info_meeting", call="@call", starts_at="2021-05-05T12:00",
                ends_at="2021-05-05T13:00", place_or_link="digitalt",
            ),
        ),
    ),
    "application/attend_info": Way("application.idea", advance("officer", "app", "attend_info")),
    "application/register#idea": Way(
        "application.two_stage_idea", advance("registrar", "app", "register", subject="Idé", secrecy="none")
    ),
    "application/endorse_idea": Way(
        "application.registered_idea", advance("head", "app", "endorse_idea", reason="Lovande")
    ),
    "application/decline_idea": Way(
        "application.registered_idea", advance("head", "app", "decline_idea", reason="Utanför målet")
    ),
    "application/drop_idea": Way("application.idea", advance("officer", "app", "drop_idea", reason="Ingen part")),
    "application/start_draft": Way("application.idea", advance("applicant", "app", "start_draft")),
    "application/ready_to_sign": Way("application.draft", READY),
    "application/unlock": Way("application.signing", advance("applicant", "app", "unlock")),
    "application/submit": Way(
        "application.signing", advance("applicant", "app", "submit", channel="portal", sender="Kim"), SIGNED
    ),
    "application/receive": Way(
        "application.draft", advance("registrar", "app", "receive", "application", **RECEIVED)
    ),
    "application/discard": Way("application.draft", advance("applicant", "app", "discard")),
    "application/register": Way(
        "application.submitted", advance("registrar", "app", "register", subject="Ansökan", secrecy="none")
    ),
    "application/hear_applicant": Way(
        "application.registered", advance("officer", "app", "hear_applicant", ground="late")
    ),
    "application/dismiss": Way(
        "application.registered",
        advance("head", "app", "dismiss", ground="ineligible", reasons="Ej behörig", delegation_no="D 1"),
    ),
    "application/request_completion": Way(
        "application.registered", advance("officer", "app", "request_completion", missing_items="Budget")
    ),
    "application/complete": Way("application.completion", advance("applicant", "app", "complete", "completion")),
    "application/completion_expired": Way(
        "application.completion", advance("officer", "app", "completion_expired"), (clock("2021-04-17T12:00"),), TICK
    ),
    "application/start_preparation": Way(
        "application.registered", advance("officer", "app", "start_preparation"), (assign("officer", "app", "officer"),)
    ),
    "application/finish_statement": Way(
        "application.preparation",
        advance(
            "officer", "app", "finish_statement", "statement", "best_interests", proposed_amount="400 000",
            amount_per_year=PER_YEAR,
        ),
        REVIEWED,
    ),
    "application/return_statement": Way(
        "application.proposal", advance("head", "app", "return_statement", reason="Räkna om")
    ),
    "application/put_on_agenda": Way(
        "application.proposal", advance("secretary", "app", "put_on_agenda", meeting="@board"), (STATEMENT_SIGNED,)
    ),
    "application/strike_item": Way(
        "application.agenda", advance("secretary", "app", "strike_item", reason="Sjukdom", target_meeting="@board2")
    ),
    "application/table": Way(
        "application.agenda", advance("secretary", "app", "table", paragraph="§ 300", meeting="@board2")
    ),
    "application/refer_back": Way(
        "application.agenda",
        advance(
            "secretary", "app", "refer_back", paragraph="§ 300", reason="Mer underlag", target_meeting="@board2"
        ),
    ),
    "application/grant": Way("application.agenda", GRANT),
    "application/grant_conditionally": Way(
        "application.agenda", replace(GRANT, words=("grant_conditionally",)).having(conditions=CONDITIONS)
    ),
    "application/reject": Way(
        "application.agenda",
        advance("secretary", "app", "reject", paragraph="§ 301", reasons="Ryms ej", took_part="Ada"),
    ),
    "application/grant_delegated": Way(
        "application.proposal",
        advance(
            "head", "app", "grant_delegated", delegation_no="D 2", granted_amount="400 000", amount_per_year=PER_YEAR
        ),
    ),
    "application/reject_delegated": Way(
        "application.proposal", advance("head", "app", "reject_delegated", delegation_no="D 3", reasons="Ryms ej")
    ),
    "application/condition_met": Way(
        "application.granted_cond", advance("officer", "app", "condition_met", "evidence", condition_no="1")
    ),
    "application/conditions_met": Way(
        "application.granted_cond",
        advance("officer", "app", "conditions_met"),
        (attach("officer", "app", "evidence", "evidence"),),
    ),
    "application/conditions_failed": Way(
        "application.granted_cond",
        advance("head", "app", "conditions_failed", reason="Ingen styrgrupp"),
        (clock("2021-06-03T12:00"),),
    ),
    "application/send_agreement": Way("application.granted", AGREEMENT),
    "application/recall_agreement": Way(
        "application.agreement", advance("officer", "app", "recall_agreement", reason="Fel datum")
    ),
    "application/sign_agreement": Way(
        "application.agreement", advance("head", "app", "sign_agreement"), AGREEMENT_SIGNED[:2], AGREEMENT_SIGNED[2]
    ),
    "application/agreement_lapsed": Way(
        "application.agreement",
        advance("head", "app", "agreement_lapsed", reason="Ej tecknad"),
        (clock("2021-06-15T12:00"),),
    ),
    "application/revive": Way("application.lapsed", advance("head", "app", "revive", reason="Posten dröjde")),
    "application/annul": Way("application.granted", advance("registrar", "app", "annul", "judgment")),
    "application/withdraw": Way("application.registered", advance("applicant", "app", "withdraw", "withdrawal")),
    "application/partner_left": Way(
        "application.registered", advance("officer", "app", "partner_left", reason="Omorganisation")
    ),
    "application/partner_replaced": Way("application.registered", advance("officer", "app", "partner_replaced")),
    "application/close_app": Way("application.withdrawn", advance("officer", "app", "close_app")),
    "application/archive_app": Way(
        "application.closed", advance("archivist", "app", "archive_app", weeded_on="2021-04-01", package=PACKAGE)
    ),
    "application/weed": Way(
        "application.dropped", advance("archivist", "app", "weed"), (clock("2023-04-05T12:00"),)
    ),
}  # fmt: skip

PLACES: dict[str, str | tuple[str | Act, ...]] = {
    "application.idea": "application/contact!",
    "application.two_stage_idea": ("two_stages", idea()),
    "application.registered_idea": "application/register#idea",
    "application.dropped": "application/drop_idea",
    "application.draft": "application/start_draft",
    "application.signing": "application/ready_to_sign",
    "application.submitted": "application/submit",
    "application.registered": "application/register",
    "application.completion": "application/request_completion",
    "application.preparation": "application/start_preparation",
    "application.proposal": "application/finish_statement",
    "application.agenda": "application/put_on_agenda",
    "application.tabled": "application/table",
    "application.granted_cond": "application/grant_conditionally",
    "application.granted": "application/grant",
    "application.agreement": "application/send_agreement",
    "application.lapsed": "application/agreement_lapsed",
    "application.withdrawn": "application/withdraw",
    "application.closed": "application/close_app",
    "project.planned": "application/sign_agreement",
}
