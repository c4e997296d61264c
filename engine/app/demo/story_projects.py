"""The projects of 2021: agreement, reports on time and late, payments, an extension, a hold."""

from datetime import date, datetime, timedelta

from engine.app.demo.projects import PROJECTS, Payment, Project
from engine.app.demo.verbs import Item, Stage, Thread, at, later, on
from engine.core.case import Case
from engine.core.localday import add_months

REPORTED_AFTER = 14
"""Days from the opening of a report to its arrival, unless it is late."""
EXAMINED_AFTER = timedelta(days=9, hours=1)
RUNNING = ("start", "progress", "financial")

TEXTS = {
    "plan": "Aktiviteter och tidplan som i överenskommelsen (påhittad text).",
    "ledger_code": "4711",
    "baseline": "Närvaro och trivsel mättes före start (påhittade värden).",
    "information_plan": "Skola, vård och familjer får veta genom befintliga kanaler (påhittad text).",
    "social_effects": "Fler familjer söker stöd i tid; närvaron har ökat något (påhittat resultat).",
    "economic_effects": "Färre akuta insatser; beloppen är osäkra (påhittat resultat).",
    "child_rights": "Barnen har fått säga vad som hjälper, och det har ändrat arbetet (påhittat resultat).",
    "comparison": "Jämfört med läget före start och med en grannskola (påhittat resultat).",
}
WANTED = {
    "start": ("plan", "ledger_code", "baseline", "information_plan"),
    "evaluation": ("social_effects", "economic_effects", "child_rights", "comparison"),
}
"""Kind of report -> the texts that it needs beside its summary."""


def threads(stage: Stage) -> list[Thread]:
    """The work of all four."""
    told: list[Thread] = []
    for project in PROJECTS:
        told += [run_agreement(stage, project), run_reports(stage, project)]
        told += [run_payment(stage, project, payment) for payment in project.payments]
        if project.extended:
            told += [run_extension(stage, project), run_hold(stage, project)]
    return told


def run_agreement(stage: Stage, project: Project) -> Thread:
    """The agreement goes out, all sign, and the last signature makes the project."""
    team = stage.cast.teams[project.key]
    yield on(2021, 12, 6)
    reference = stage.cases[f"{project.key} 2021"]
    whole = project.granted + sum(project.own)
    stage.fire(
        "officer", reference, "send_agreement", papers=("agreement", "terms"), plan=project.idea,
        payment_plan=[{"on": f"{year}-02-20", "amount": str(amount)} for year, amount in project.grant.items()],
        reporting_plan="Lägesrapport och ekonomisk redovisning varje halvår (påhittat).",
        budget=[{"post": "Personal", "amount": str(whole), "grant": str(project.granted)}],
    )  # fmt: skip
    yield on(2021, 12, 14)
    stage.sign("officer", reference, "owner", team.signatory, "agreement")
    stage.sign("officer", reference, "partner", team.care_signatory, "agreement")
    yield on(2021, 12, 17)
    stage.sign("head", reference, "head", stage.cast.head, "agreement")
    stage.cases[project.key] = stage.children(reference, "project")[0].reference


def run_reports(stage: Stage, project: Project) -> Thread:
    """Every report while the project runs: handed in when its day has come, and examined a week later."""
    started = add_months(date.fromisoformat(project.start), 1)
    days = {later(at(day), REPORTED_AFTER) for day in (started, *project.period_ends())}
    days |= {at(day) for day in project.late.values() if day}
    waiting: list[tuple[datetime, Case]] = []
    for day in sorted(days | {day + EXAMINED_AFTER for day in days}):
        yield day
        for report in stage.children(stage.cases[project.key], "report"):
            if _comes(project, report, day.date()):
                hand_in(stage, project, report)
                waiting.append((day + EXAMINED_AFTER, report))
        for due, report in waiting:
            if due <= day:
                approve(stage, report)
        waiting = [(due, report) for due, report in waiting if due > day]


def _comes(project: Project, report: Case, today: date) -> bool:
    """Whether a report comes now: it is open, and its usual day, or the late one, has come."""
    if report.state not in ("open", "overdue") or report.data["kind"] not in RUNNING:
        return False
    late = project.late.get((report.data["kind"], str(report.data.get("period_end"))))
    usual = date.fromisoformat(report.data["opens_on"]) + timedelta(days=REPORTED_AFTER)
    return today >= usual if late is None else bool(late) and today >= date.fromisoformat(late)


def hand_in(stage: Stage, project: Project, report: Case, **more: str) -> None:
    """The project leader fills in, signs and hands in a report."""
    kind, reference = report.data["kind"], report.reference
    team = stage.cast.teams[project.key]
    fields: dict[str, object] = {name: TEXTS[name] for name in WANTED.get(kind, ())}
    fields["summary"] = f"{project.title}: arbetet följer planen (påhittad text)."
    if kind == "start":
        fields["steering_group"] = [
            {"name": f"Styrgrupp 1, {team.place} (påhittad)", "organisation": team.owner_name, "side": "municipal"},
            {"name": f"Styrgrupp 2, {team.place} (påhittad)", "organisation": team.partner_name, "side": "regional"},
        ]
    if kind == "financial":
        fields["spent"] = str(round(project.granted * _share(project, report), -3))
    stage.amend("officer", reference, **fields, **more)
    stage.file("officer", reference, "report", *(("ledger_extract",) if "spent" in {**fields, **more} else ()))
    stage.sign("officer", reference, "owner.leader", team.leader, "report")
    stage.fire("applicant", reference, "submit_report")


def approve(stage: Stage, report: Case) -> None:
    """The office approves a report: an account by two people, any other by one."""
    if report.data["kind"] in ("financial", "final_account"):
        stage.fire("controller", report.reference, "approve_report")
    stage.fire("officer", report.reference, "approve_report")


def _share(project: Project, report: Case) -> float:
    """How much of the period has passed at the end of the report's."""
    start, end = date.fromisoformat(project.start), date.fromisoformat(project.end)
    return min(1.0, (date.fromisoformat(report.data["period_end"]) - start).days / (end - start).days)


def run_payment(stage: Stage, project: Project, payment: Payment) -> Thread:
    """A requisition: asked for, checked against the ledger, attested and paid."""
    team = stage.cast.teams[project.key]
    yield at(payment.asked)
    reference = stage.new(
        "applicant", "requisition", f"{project.key} {payment.last}", f"Rekvisition till {payment.last}",
        parent=stage.cases[project.key], kind=payment.kind, amount=payment.amount, period_from=payment.first,
        period=payment.last, costs=payment.costs, first_cost_on=payment.first, last_cost_on=payment.last,
    )  # fmt: skip
    stage.file("officer", reference, "requisition", "ledger_extract")
    stage.sign("officer", reference, "owner.economy", team.economist, "requisition")
    yield later(at(payment.asked), 7)
    stage.fire("controller", reference, "rq_approve", approved_amount=payment.amount, ledger_total=payment.costs)
    yield later(at(payment.asked), 14)
    stage.fire("controller", reference, "rq_pay", payment_reference="0000 (påhittad)")


def run_extension(stage: Stage, project: Project) -> Thread:
    """The owner asks for more time; the head decides under delegation and reports it to the board."""
    team = stage.cast.teams[project.key]
    yield on(2024, 9, 2)
    reference = stage.new(
        "applicant", "change_request", f"{project.key} change", f"Förlängning av {project.title}",
        parent=stage.cases[project.key], type="extension", new_end_date=str(project.extended),
        effective_on="2024-12-31", reason="Rekryteringen av fysioterapeut tog ett halvår (påhittat skäl).",
    )  # fmt: skip
    stage.file("officer", reference, "change")
    stage.sign("officer", reference, "owner", team.signatory, "change")
    stage.sign("officer", reference, "partner", team.care_signatory, "change")
    yield on(2024, 9, 16)
    stage.fire(
        "head", reference, "cr_approve", delegation_no="D 2024-31 (påhittat)",
        reasons="Syftet är detsamma och bidraget räcker (påhittat skäl).",
    )  # fmt: skip
    decision = stage.children(reference, "decision")[0].reference
    stage.agenda["board 2024"].append(Item(decision, "report_delegated", {}))


def run_hold(stage: Stage, project: Project) -> Thread:
    """A report is two weeks late: no more is paid until it has come. The mails about it leave the next morning."""
    yield on(2025, 5, 6, 16, 30)
    reason = "Lägesrapporten är två veckor sen (påhittat)."
    stage.fire("head", stage.cases[project.key], "hold_payments", reason=reason)
