"""The spring: a home is furnished, a call opens, ideas come, and two info meetings are held."""

from year.office import (
    ADMIN,
    CLINICS,
    COLLEAGUE,
    HEAD,
    IDEAS,
    MUNICIPALITIES,
    SECOND_COLLEAGUE,
    SECRETARY,
    Office,
    clinic,
    mailbox,
    municipality,
)


def furnish(office: Office) -> None:
    """Organisations from a table, a new colleague, and sixty old cases from the list the office used to keep."""
    names = [f"{name} kommun" for name in MUNICIPALITIES] + list(CLINICS)
    rows = [{"namn": name, "slag": "kommun" if "kommun" in name else "region", "kontaktperson": f"Kontakt {name}",
             "e-post": mailbox(name)} for name in names]  # fmt: skip
    office.do("org", "import", office.table("organisationer.csv", rows, "cp1252"))
    for login, name in ((COLLEAGUE, "Bo Lind"), (SECOND_COLLEAGUE, "Cia Berg")):
        office.do("user", "add", login, "--name", name, "--email", f"{login}@region.example", as_=ADMIN)
        office.do("user", "grant", login, "officer", "-n", "ny medarbetare", as_=ADMIN)
    old = [
        {"Referens": f"SIM-2019-{number:04}", "Rubrik": f"Åtgärd för återhämtning nr {number}",
         "Läge": ("Avslagen", "Återkallad", "Avslutad", "Arkiverad")[number % 4], "Öppnat": "2019-03-05",
         "I läget sedan": "2019-10-20", "Projektägare": municipality(number), "Sökt belopp": "1 250 000,50",
         "Diarienummer": f"RUN 2019-{number:05}", "Öppnat genom": "Ta emot ansökan"}
        for number in range(1, 61)
    ]  # fmt: skip
    path = office.table("gamla ärenden.csv", old, "cp1252")
    words = ("import", "cases", path, "--workflow", "application", "--batch", "gamla")
    office.told["import"] = office.call(*words, as_=HEAD)


def spring(office: Office) -> None:
    """The call is planned and opens by itself; 35 ideas come, and two info meetings are held."""
    office.told["call"] = call = office.do(
        "new", "call", "--title", "Utlysning 2021", "-s", "body=RUN", "-s", "opens_at=2021-03-08", "-s",
        "closes_at=2021-05-31T24:00", "-s", "board_date=2021-09-23", "-s", "frame=3 500 000", "-s",
        "priority_areas=other", "-s", "two_stage=nej", "-s", "max_project_months=24",
    )["reference"]  # fmt: skip
    office.do("attach", call, f"call_text={office.at('call_text.pdf')}")
    for name, day in (("board", "2021-09-23"), ("next_board", "2021-12-09")):
        office.told[name] = office.do(
            "new", "meeting", "--event", "plan_board_meeting", "--title", f"Sammanträde {day}", "-s", "body=RUN", "-s",
            f"starts_at={day}T09:30", "-s", "place_or_link=Regionens hus", as_=SECRETARY,
        )["reference"]  # fmt: skip
    for name, day in (("info1", "2021-03-24"), ("info2", "2021-04-14")):
        office.told[name] = office.do(
            "new", "meeting", "--event", "plan_info_meeting", "--title", f"Informationsträff {day}", "-s",
            f"call={call}", "-s", f"starts_at={day}T12:00", "-s", f"ends_at={day}T13:00", "-s", "place_or_link=Teams",
        )["reference"]  # fmt: skip
    office.until("2021-03-09")
    ideas = [
        {"workflow": "application", "event": "contact", "title": f"Idé {number}: {municipality(number)}",
         "set:contact": f"Kontakt {municipality(number)}", "set:idea_text": f"Prova nytt sätt nr {number}",
         "set:call": call, "party:owner": f"{municipality(number)}:{mailbox(municipality(number))}",
         "party:partner": f"{clinic(number)}:{mailbox(clinic(number))}"}
        for number in range(IDEAS)
    ]  # fmt: skip
    office.ideas = [row["reference"] for row in office.bulk("ideas.csv", ideas)["rows"]]
    for name, invited, after in (
        ("info1", office.ideas[:18], "2021-03-25"),
        ("info2", office.ideas[18:30], "2021-04-15"),
    ):
        office.do("advance", office.told[name], "publish_info")
        rows = [{"reference": idea, "event": "invite", "set:meeting": office.told[name]} for idea in invited]
        office.bulk(f"{name}.csv", rows)
        office.until(after)
        office.told[f"{name}_held"] = office.do("advance", office.told[name], "hold_info")
