"""The application that came two minutes after the call had closed: recorded, registered, heard, dismissed."""

from engine.app.demo.ideas import LATE
from engine.app.demo.story_applications import archive, send_for_signature, tell_idea
from engine.app.demo.verbs import Item, Stage, Thread, at, on
from engine.core.errors import TransitionRefused

NAME = "late"
DELEGATION = "D 2021-17 (påhittat)"


def run(stage: Stage) -> Thread:
    """What has arrived is always recorded; whether it can be tried is another question."""
    team = stage.cast.teams[LATE.key]
    yield at(LATE.contacted, 15)
    tell_idea(stage, LATE, NAME, team)
    reference = stage.cases[NAME]
    yield at(str(LATE.drafted), 15)
    stage.fire("officer", reference, "start_draft", note="Enligt mejl från sökanden. Påhittat i demon.")
    yield at(str(LATE.ready), 15)
    send_for_signature(stage, LATE, NAME, team)
    stage.sign("officer", reference, "partner", team.care_signatory, "application")
    yield on(2021, 9, 1, 8, 15)
    stage.fire(
        "registrar", reference, "receive", papers=("application",), arrived_at="2021-09-01T00:02", channel="email",
        arrival_evidence="Mejlservern tog emot 00:02 (påhittat)", sender=team.owner_name,
        subject=f"Ansökan om sociala investeringsmedel: {LATE.title}",
    )  # fmt: skip
    stage.sign("registrar", reference, "owner", team.signatory, "application")
    stage.sign("registrar", reference, "partner", team.care_signatory, "application")
    stage.fire("registrar", reference, "register", secrecy="none")
    stage.assign(reference)
    yield on(2021, 9, 2)
    try:
        stage.fire("officer", reference, "start_preparation")
    except TransitionRefused:
        stage.fire("officer", reference, "hear_applicant", ground="late")
    yield on(2021, 9, 10, 14)
    stage.file("officer", reference, "answer")
    yield on(2021, 9, 20)
    stage.fire(
        "head", reference, "dismiss", ground="late", delegation_no=DELEGATION,
        reasons="Ansökan kom in två minuter efter det att utlysningen hade stängt, och inget i svaret ändrar det.",
    )  # fmt: skip
    decision = stage.children(reference, "decision")[0].reference
    stage.agenda["board 2021"].append(Item(decision, "report_delegated", {}))
    yield on(2021, 12, 20)
    stage.fire("officer", reference, "close_app")
    yield on(2022, 11, 7)
    archive(stage, reference)
