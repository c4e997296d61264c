"""Applications: from the first word about an idea to the board, as far as each of them comes."""

from datetime import timedelta

from engine.app.demo.cast import Team
from engine.app.demo.ideas import APPLICATIONS, Application
from engine.app.demo.projects import PROJECTS, Project
from engine.app.demo.verbs import Item, Stage, Thread, at, later

PAPERS = ("application", "logic_model", "needs_analysis")
CALL_OF_FOUR = "2021"


def threads(stage: Stage) -> list[Thread]:
    """All that come to the office in time, the four of 2021 among them."""
    four = [run(stage, application_of(project, number)) for number, project in enumerate(PROJECTS)]
    return four + [run(stage, application) for application in APPLICATIONS]


def application_of(project: Project, number: int) -> Application:
    """The application that a project of 2021 began with; one of them had to be completed."""
    completed = project.key == "munkedal"
    return Application(
        project.key, CALL_OF_FOUR, project.title, project.idea, contacted=f"2021-04-{12 + number}", info="info 2021",
        drafted="2021-06-01", ready=f"2021-08-{16 + number}", submitted=f"2021-08-{24 + number}",
        asked="2021-09-06" if completed else None, completed="2021-09-17" if completed else None,
        prepared="2021-09-20", stated=f"2021-10-{18 + number}", listed="2021-10-28",
        amount=project.granted, own=project.own, starts=project.start, ends=project.end,
    )  # fmt: skip


def run(stage: Stage, application: Application) -> Thread:
    """An application, until it has come as far as it comes."""
    name = f"{application.key} {application.call}".strip()
    team = stage.cast.teams[application.key]
    yield at(application.contacted, 13)
    tell_idea(stage, application, name, team)
    if application.info:
        yield later(at(application.contacted), 1)
        _invite(stage, application, name)
    if application.drafted:
        yield at(application.drafted, 10)
        stage.fire("officer", stage.cases[name], "start_draft", note="Enligt mejl från sökanden. Påhittat i demon.")
    if application.ready:
        yield at(application.ready, 10)
        send_for_signature(stage, application, name, team)
    if application.submitted:
        yield from _arrive(stage, application, name, team)
    if application.withdrawn:
        yield at(application.withdrawn)
        stage.fire("officer", stage.cases[name], "withdraw", papers=("withdrawal",), on_behalf_of=team.leader)
    if application.prepared:
        yield from _prepare(stage, application, name)
    if application.closed:
        yield at(application.closed)
        stage.fire("officer", stage.cases[name], "close_app")
    if application.archived:
        yield at(application.archived)
        archive(stage, stage.cases[name])


def archive(stage: Stage, reference: str) -> None:
    """The archivist puts a case away; no package was made of it, so its checksum is noughts."""
    stage.fire("archivist", reference, "archive_app", weeded_on=str(stage.today), package="0" * 64)


def tell_idea(stage: Stage, application: Application, name: str, team: Team) -> None:
    """Somebody calls the office about an idea."""
    call = {"call": stage.cases[application.call]} if application.call else {}
    stage.new(
        "officer", "application", name, application.title, event="contact", parties=team.parties,
        contact=team.contact, idea_text=application.idea, **call,
    )  # fmt: skip


def _invite(stage: Stage, application: Application, name: str) -> None:
    stage.fire("officer", stage.cases[name], "invite", meeting=stage.cases[application.info])


def send_for_signature(stage: Stage, application: Application, name: str, team: Team) -> None:
    """The application is whole and goes to those who sign; the owner signs at once."""
    owner_pays, partner_pays = application.own
    contributions = [
        {"organisation": team.owner_name, "side": "municipal", "activities": "Personal i skola och förskola",
         "financing": str(owner_pays)},
        {"organisation": team.partner_name, "side": "regional", "activities": "Personal i vården",
         "financing": str(partner_pays)},
    ]  # fmt: skip
    stage.fire(
        "officer", stage.cases[name], "ready_to_sign", papers=PAPERS, applied_amount=str(application.amount),
        summary=application.idea, priority_area=application.area, start_date=application.starts,
        end_date=application.ends, contributions=contributions,
        target_group="Barn och unga, och deras vårdnadshavare (antal påhittade: 120)",
        child_rights="Barnen är med och beskriver vad som hjälper dem; insatsen prövas mot barnkonventionen.",
    )  # fmt: skip
    stage.sign("officer", stage.cases[name], "owner", team.signatory, "application")


def _arrive(stage: Stage, application: Application, name: str, team: Team) -> Thread:
    """It is signed by the partner too, arrives, is registered and given to an officer; it may have to be completed."""
    reference = stage.cases[name]
    arrival = at(str(application.submitted), 14)
    yield arrival - timedelta(hours=3)
    stage.sign("officer", reference, "partner", team.care_signatory, "application")
    yield arrival
    stage.fire("officer", reference, "submit", channel="email", note="Kom in med e-post. Påhittat i demon.")
    yield later(arrival, 1)
    subject = f"Ansökan om sociala investeringsmedel: {application.title}"
    stage.fire("registrar", reference, "register", sender=team.owner_name, subject=subject, secrecy="none")
    stage.assign(reference)
    if application.asked:
        yield at(application.asked, 10)
        missing = "Hur ska effekterna jämföras i utvärderingen? (påhittad fråga)"
        stage.fire("officer", reference, "request_completion", missing_items=missing)
    if application.completed:
        yield at(application.completed, 10)
        stage.fire("officer", reference, "complete", papers=("completion",), on_behalf_of=team.leader)


def _prepare(stage: Stage, application: Application, name: str) -> Thread:
    """It is prepared: two people score it, the officer writes the statement, the head signs, the board gets it."""
    reference = stage.cases[name]
    yield at(str(application.prepared), 10)
    stage.fire("officer", reference, "start_preparation")
    if application.stated is None:
        stage.review("officer", reference, 4)
        return
    yield at(application.stated, 10)
    stage.review("officer", reference, 4)
    stage.review("officer2", reference, 3)
    rejected = application.decision == "reject"
    amount = "0" if rejected else str(application.amount)
    year = application.starts[:4]
    stage.fire(
        "officer", reference, "finish_statement", papers=("statement", "best_interests"), proposed_amount=amount,
        amount_per_year=_per_year(application) if not rejected else [{"year": year, "amount": "0"}],
    )  # fmt: skip
    stage.sign("head", reference, "head", stage.cast.head, "statement")
    yield at(str(application.listed), 11)
    stage.fire("secretary", reference, "put_on_agenda")
    board = f"board {application.call}"
    brought = {"reasons": application.reasons} if rejected else {"granted_amount": amount}
    stage.agenda[board].append(Item(reference, application.decision, brought))


def _per_year(application: Application) -> list[dict[str, str]]:
    """The amount by year: as the project of 2021 has it, else all in the first year."""
    for project in PROJECTS:
        if project.title == application.title:
            return project.per_year
    return [{"year": application.starts[:4], "amount": str(application.amount)}]
