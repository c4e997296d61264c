"""The autumn: the board decides nine cases in one sitting, a slip is taken back, and the decisions gain force."""

from year.office import COLLEAGUE, HEAD, OFFICER, SECRETARY, Office, clinic, mailbox, municipality
from year.summer import HEAD_GRANTS, HEAD_REJECTS, RELATED, REPLACED, WAITING

GRANTED, SLIP, REJECTED = (0, 1, 2, 3, 4), 5, (6, 7, 8)
"""What the board granted, what the secretary granted by a slip, and what the board rejected with it."""


def head_decides(office: Office) -> None:
    """Two small ones are decided by the head; the nine others go onto the agenda."""
    apps = office.applications
    office.do("advance", apps[HEAD_GRANTS], "grant_delegated", "-s", "delegation_no=D 2", "-s",
              "granted_amount=400 000", as_=HEAD)  # fmt: skip
    office.do("advance", apps[HEAD_REJECTS], "reject_delegated", "-s", "delegation_no=D 3", "-s",
              "reasons=Utanför målet", as_=HEAD)  # fmt: skip
    rows = office.template("put_on_agenda", "application", "--state", "proposal", as_=SECRETARY)
    office.bulk("föredragningslista.csv", rows, as_=SECRETARY)


def the_sitting(office: Office) -> None:
    """The board sits: templates for those it grants and those it rejects, tried, carried out, and run again."""
    apps, board = office.applications, office.told["board"]
    office.until("2021-09-14")
    office.do("advance", board, "summon", "-a", f"agenda={office.at('agenda.pdf')}", "-a",
              f"papers={office.at('papers.pdf')}", as_=SECRETARY)  # fmt: skip
    office.until("2021-09-23")
    granted = office.template(
        "grant", "application", "--state", "agenda", as_=SECRETARY, only=[apps[n] for n in (*GRANTED, SLIP)],
        set__granted_amount="500 000", set__paragraph="",
    )  # fmt: skip
    rejected = office.template(
        "reject", "application", "--state", "agenda", as_=SECRETARY, only=[apps[n] for n in REJECTED],
        set__reasons="Ryms inte inom ramen", set__paragraph="",
    )  # fmt: skip
    columns = {column: "" for row in (*granted, *rejected) for column in row}
    rows = [{**columns, **row, "set:paragraph": f"§ {142 + i}"} for i, row in enumerate((*granted, *rejected))]
    table = office.table("sammanträde.csv", rows)
    office.told["tried"] = office.do("bulk", table, "--dry-run", as_=SECRETARY)
    office.told["between"] = office.states("application")
    office.told["sitting"] = office.call("bulk", table, "--json", as_=SECRETARY).json
    office.told["again"] = office.do("bulk", table, as_=SECRETARY)


def the_slip(office: Office) -> None:
    """One row was wrong: it is taken back and decided as the board did."""
    wrong = office.applications[SLIP]
    entry = next(e for e in _log(office, wrong) if e["event"] == "grant")["n"]
    office.told["undone"] = office.do("correct", wrong, str(entry), "--undo", "-n", "fel rad", as_=SECRETARY)
    office.do("advance", wrong, "reject", "-s", "paragraph=§ 147", "-s", "reasons=Ofullständig",
              as_=SECRETARY)  # fmt: skip


def minutes(office: Office) -> None:
    """The minutes are adjusted and announced for all decisions at once; three weeks later they are in force."""
    board = office.told["board"]
    office.do("advance", board, "hold", "-s", "attendance=Ada Alm, Bo Berg", "-s", "no_recusals=ja", "-s",
              "adjuster=Bo Berg", "-s", "adjust_on=2021-09-30", as_=SECRETARY)  # fmt: skip
    office.until("2021-09-30")
    office.do("attach", board, f"minutes={office.at('minutes.pdf')}", as_=SECRETARY)
    for who, person in (("chair", "secretary@region.example"), ("adjuster", "head@region.example")):
        office.do("sign", board, "--party", who, "--by", person, "--document", "minutes", as_=SECRETARY)
    office.do("advance", board, "adjust_minutes", as_=SECRETARY)
    office.told["announced"] = office.do("advance", board, "announce_minutes", "-s", "announced_on=2021-09-30",
                                         as_=SECRETARY)  # fmt: skip
    office.until("2021-10-29")


def agreements(office: Office) -> None:
    """All that was granted is agreed upon; the last application is withdrawn, and the call decided."""
    apps = office.applications
    for n in (*GRANTED, HEAD_GRANTS):
        amount = 400_000 if n == HEAD_GRANTS else 500_000
        values = office.values(f"agreement{n}.json", {
            "payment_plan": [{"on": "2022-02-01", "amount": f"{amount}"}], "reporting_plan": "Varje halvår",
            "plan": "Planen", "budget": [{"post": "lön", "amount": f"{amount + 200_000}", "grant": f"{amount}"}],
        })  # fmt: skip
        office.do("advance", apps[n], "send_agreement", "--data", office.at(values), "-a",
                  f"agreement={office.at('agreement.pdf')}", "-a", f"terms={office.at('terms.pdf')}",
                  as_=COLLEAGUE if n == RELATED else OFFICER)  # fmt: skip
    rows = [
        {"reference": apps[n], "sign:owner:agreement": signatory(n), "sign:partner:agreement": mailbox(clinic(n)),
         "sign:head:agreement": "head@region.example"}
        for n in (*GRANTED, HEAD_GRANTS)
    ]  # fmt: skip
    office.bulk("tecknande.csv", rows, as_=HEAD)
    office.do("advance", apps[WAITING], "withdraw", "-a", f"withdrawal={office.at('withdrawal.pdf')}", as_="applicant")
    office.do("advance", office.told["call"], "decide_call", as_=SECRETARY)
    office.until("2022-03-01")


def signatory(number: int) -> str:
    """Who signs for the owner of an application, after the changes of the summer."""
    return "ny.kontakt@osterlund.example" if number == REPLACED else mailbox(municipality(number))


def _log(office: Office, reference: str) -> list[dict[str, object]]:
    return office.run("log", reference, "--json").lines
