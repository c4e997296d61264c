"""The summer: fourteen applications arrive, and are registered, completed, examined and proposed."""

from collections.abc import Iterable

from year.office import ADMIN, COLLEAGUE, HEAD, REGISTRAR, SECOND_COLLEAGUE, Office, clinic, mailbox, municipality

BOARD = range(9)
"""The applications that the board takes up, by their number."""
HEAD_GRANTS, HEAD_REJECTS, LATE, WITHDRAWN, WAITING = 9, 10, 11, 12, 13
RELATED = 3
"""The application whose officer is related to its applicant."""
UNSIGNED, INCOMPLETE = 4, 5
REPLACED = 2
"""The application whose contact person is replaced; those of `MERGED` get a new owner when two municipalities merge."""
MERGED = (6, 7)
MERGER = "Alm och Ekholma kommun"
CRITERIA = ("early", "new_ways", "learning", "needs", "delimited", "follow_up", "relevance", "potential", "feasibility",
            "actors")  # fmt: skip
PAPERS = ("application", "logic_model", "needs_analysis")


def applications(office: Office) -> None:
    """One is drawn up by its applicant, ten come by post for ideas, one comes too late, two from strangers."""
    office.until("2021-05-20")
    office.applications = [*office.ideas[:11]]
    _by_the_applicant(office, office.applications[0])
    _by_post(office)
    strangers = [_from_a_stranger(office, number) for number in (WITHDRAWN, WAITING)]
    office.until("2021-06-01")
    values = office.values("late.json", {**_arrival(office, "2021-06-01T09:10"), **_plan(LATE)})
    office.do("advance", office.ideas[LATE], "receive", "--data", office.at(values), *_attached(office), as_=REGISTRAR)
    office.applications += [office.ideas[LATE], *strangers]


def _arrival(office: Office, when: str = "2021-05-20T09:00") -> dict[str, str]:
    return {"call": office.told["call"], "arrived_at": when, "arrival_evidence": "stämpel", "channel": "post",
            "sender": "En kommun"}  # fmt: skip


def _plan(number: int) -> dict[str, object]:
    amount = "400 000" if number in (HEAD_GRANTS, HEAD_REJECTS) else "600 000"
    return {
        "summary": f"Sammanfattning {number}", "applied_amount": amount, "priority_area": "other",
        "target_group": "200 barn", "start_date": "2022-01-10", "end_date": "2022-12-31",
        "contributions": [
            {"organisation": municipality(number), "side": "municipal", "activities": "skola", "financing": "100000"},
            {"organisation": clinic(number), "side": "regional", "activities": "vård", "financing": "100000"},
        ],
    }  # fmt: skip


def _attached(office: Office) -> list[str]:
    return [word for kind in PAPERS for word in ("-a", f"{kind}={office.at(kind + '.pdf')}")]


def _by_the_applicant(office: Office, reference: str) -> None:
    office.do("advance", reference, "start_draft", as_="applicant")
    plan = office.at(office.values("plan0.json", _plan(0)))
    office.do("advance", reference, "ready_to_sign", "--data", plan, *_attached(office), as_="applicant")
    for role, organisation in (("owner", municipality(0)), ("partner", clinic(0))):
        office.do("sign", reference, "--party", role, "--by", mailbox(organisation), "--document", "application")
    office.do("advance", reference, "submit", "-s", "channel=portal", "-s", "sender=Kontakten", as_="applicant")


def _by_post(office: Office) -> None:
    rows = []
    for number, reference in enumerate(office.applications[1:], 1):
        values = office.values(f"plan{number}.json", {**_arrival(office), **_plan(number)})
        papers = {f"attach:{kind}": f"{kind}.pdf" for kind in PAPERS}
        if number == INCOMPLETE:
            papers["attach:logic_model"] = ""
        rows.append({"reference": reference, "event": "receive", "data": values, **papers})
    office.bulk("post.csv", rows, as_=REGISTRAR)


def _from_a_stranger(office: Office, number: int) -> str:
    values = office.at(office.values(f"plan{number}.json", {**_arrival(office), **_plan(number)}))
    return str(office.do(
        "new", "application", "--event", "receive", "--title", f"Ansökan utan idé {number}", "--data", values,
        *_attached(office), "--party", f"owner={municipality(number)}:{mailbox(municipality(number))}", "--party",
        f"partner={clinic(number)}:{mailbox(clinic(number))}", as_=REGISTRAR,
    )["reference"])  # fmt: skip


def examination(office: Office) -> None:
    """They are signed and registered; one is dismissed as late, one completed, one left incomplete, one withdrawn."""
    apps = office.applications
    office.bulk("underskrifter.csv", _signed(office, (n for n in range(1, len(apps)) if n != UNSIGNED)))
    template = office.template("register", "application", as_=REGISTRAR, set__subject="Ansökan", set__secrecy="none")
    office.bulk("diarieföring.csv", template, as_=REGISTRAR)
    office.told["flags"] = {n: office.case(reference)["data"] for n, reference in enumerate(apps)}
    office.do("advance", apps[LATE], "hear_applicant", "-s", "ground=late")
    office.do("advance", apps[UNSIGNED], "request_completion", "-s", "missing_items=Underskrift")
    office.do("advance", apps[INCOMPLETE], "request_completion", "-s", "missing_items=Logikmodell")
    office.do(
        "advance", apps[WITHDRAWN], "withdraw", "-a", f"withdrawal={office.at('withdrawal.pdf')}", as_="applicant"
    )
    office.until("2021-06-04")
    for role, organisation in (("owner", municipality(UNSIGNED)), ("partner", clinic(UNSIGNED))):
        office.do("sign", apps[UNSIGNED], "--party", role, "--by", mailbox(organisation), "--document", "application")
    office.do("advance", apps[UNSIGNED], "complete", "-a", f"completion={office.at('completion.pdf')}", as_="applicant")
    office.until("2021-06-21")
    office.told["expired"] = office.case(apps[INCOMPLETE])
    office.do(
        "advance", apps[LATE], "dismiss", "-s", "ground=late", "-s", "reasons=Kom efter sista dag", "-s",
        "delegation_no=D 1", as_=HEAD,
    )  # fmt: skip


def people_come_and_go(office: Office) -> None:
    """A contact is replaced, and two municipalities become one."""
    owner = municipality(REPLACED)
    office.do("person", "add", "Ny Kontakt", "--email", "ny.kontakt@osterlund.example", "--org", owner)
    office.told["replaced"] = office.do(
        "person", "replace", mailbox(owner), "ny.kontakt@osterlund.example", "-n", "slutat"
    )
    office.do("org", "add", MERGER, "--kind", "municipality")
    office.told["merged"] = office.do(
        "org", "merge", *(municipality(n) for n in MERGED), "--into", MERGER, "-n", "kommunsammanslagning", as_=ADMIN
    )
    # Another owner is another content than was signed: both sides sign it anew.
    office.bulk("nya underskrifter.csv", [{**row, "note": "ny ägare"} for row in _signed(office, MERGED)])


def _signed(office: Office, numbers: Iterable[int]) -> list[dict[str, str]]:
    return [
        {"reference": office.applications[n], "sign:owner:application": mailbox(municipality(n)),
         "sign:partner:application": mailbox(clinic(n))}
        for n in numbers
    ]  # fmt: skip


def preparation(office: Office) -> None:
    """Each is assigned, reviewed by two, and proposed; whoever is related to an applicant stays out of it."""
    apps = office.applications
    mine = [n for n in (*BOARD, HEAD_GRANTS, HEAD_REJECTS, WAITING) if n != RELATED]
    office.do("recuse", apps[RELATED], "officer", "-n", "syskon till projektägarens kontakt")
    office.do("assign", apps[RELATED], COLLEAGUE, as_=HEAD)
    office.bulk("fördelning.csv", [{"reference": apps[n], "assign": "officer"} for n in mine])
    office.told["recused"] = office.run("advance", apps[RELATED], "start_preparation", "--json")
    office.bulk("beredning.csv", [{"reference": apps[n], "event": "start_preparation"} for n in mine])
    office.do("advance", apps[RELATED], "start_preparation", as_=COLLEAGUE)
    scores = [word for criterion in CRITERIA for word in ("-s", f"{criterion}=4")]
    for n in (*mine, RELATED):
        for who in (COLLEAGUE, SECOND_COLLEAGUE if n == RELATED else "officer"):
            office.do("review", apps[n], *scores, as_=who)
    office.until("2021-08-20")
    for who, numbers in (("officer", mine[:-1]), (COLLEAGUE, [RELATED])):
        office.bulk("utlåtanden.csv", _statements(office, who, numbers), as_=who)
    office.bulk("chefens underskrift.csv", [
        {"reference": apps[n], "sign:head:statement": "head@region.example"}
        for n in (*BOARD, HEAD_GRANTS, HEAD_REJECTS)
    ], as_=HEAD)  # fmt: skip


def _statements(office: Office, who: str, numbers: list[int]) -> list[dict[str, str]]:
    rows = office.template(
        "finish_statement", "application", "--state", "preparation", as_=who,
        only=[office.applications[n] for n in numbers], set__proposed_amount="", set__amount_per_year="",
        attach__statement="statement.pdf", attach__best_interests="best_interests.pdf",
    )  # fmt: skip
    for row in rows:
        amount = 400_000 if office.applications.index(row["reference"]) in (HEAD_GRANTS, HEAD_REJECTS) else 500_000
        row |= {"set:proposed_amount": f"{amount:,}".replace(",", " "),
                "set:amount_per_year": f'[{{"year": 2022, "amount": "{amount}"}}]'}  # fmt: skip
    return rows
