"""Organisations, people and users: every change with its entry or not at all, by those who may, and cases follow."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from errands import ADMIN, OFFICER, Desk, build_home
from msgspec.structs import replace

from engine.app import people, users
from engine.app.advance import Given
from engine.app.office import Caller, Office
from engine.app.open_case import open_case
from engine.app.org_file import import_organisations
from engine.app.parties import change_party
from engine.app.record import OFFICE
from engine.app.succession import merge_organisations, replace_person
from engine.app.verify import verify
from engine.core.errors import NotFound, TransitionRefused, UsageError
from engine.ports import LogLine, Store, UnitOfWork
from engine.readers.csv import parse_table

HEAD = Caller("hans", "os:hans")
TODAY = date(2021, 3, 1)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_home(tmp_path_factory.mktemp("errands") / "home")


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Desk:
    return Desk(template, tmp_path / "home")


def office_log(desk: Desk) -> list[dict[str, Any]]:
    """The office's entries, each with its payload."""
    with desk.office.store.read() as tx:
        return [
            {**json.loads(kept.line), "payload": json.loads(kept.payload or "{}")} for kept in tx.log.entries(OFFICE)
        ]


def organisation(desk: Desk, name: str, kind: str = "municipality") -> str:
    return str(people.add_organisation(desk.office, ADMIN, name, kind)["id"])


def person(desk: Desk, name: str, organisation: str | None = None) -> str:
    email = f"{name.split()[0].lower()}@part.example"
    return str(people.add_person(desk.office, ADMIN, name, email=email, organisation=organisation)["id"])


def errand(desk: Desk, *parties: str, parent: str | None = None) -> str:
    given = Given(set={"due_on": "2021-06-01"})
    return str(
        open_case(desk.office, OFFICER, "errand", "Ett uppdrag", given, parties=parties, parent=parent)["reference"]
    )


def parties(desk: Desk, reference: str) -> list[tuple[str, str, dict[str, Sequence[str]], bool]]:
    """(role, organisation, people, whether it is there today) of each party."""
    with desk.office.store.read() as tx:
        case = tx.cases.get(reference)
    assert case is not None
    return [(p.role, p.organisation, dict(p.people), p.until is None) for p in case.parties]


def codes(refused: pytest.ExceptionInfo[TransitionRefused]) -> list[str]:
    return [reason.code for reason in refused.value.reasons]


class Breaking:
    """A log that fails at an entry: before it is written, or just after."""

    def __init__(self, log: Any, *, after: bool) -> None:
        self._log, self._after = log, after

    def append(self, line: LogLine) -> None:
        if self._after:
            self._log.append(line)
        raise OSError("the disk is gone")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


class BreakingStore:
    """A store whose log fails in every transaction that writes."""

    def __init__(self, store: Store, *, after: bool) -> None:
        self._store, self._after = store, after

    def write(self) -> UnitOfWork:
        unit = self._store.write()
        unit.log = Breaking(unit.log, after=self._after)
        return unit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


# With its entry, or not at all


def test_an_organisation_comes_with_an_entry_whose_line_names_nobody(desk: Desk) -> None:
    told = people.add_organisation(
        desk.office, ADMIN, "Borås stad", "municipality", number="212000-1561", note="ny part"
    )
    entry = office_log(desk)[-1]
    assert (entry["act"], entry["role"], told["entry"]) == ("org", "admin", f"@office#{entry['n']}")
    assert entry["body"] == {"do": "add", "organisation": told["id"], "kind": "municipality", "from": None}
    assert entry["payload"] == {"name": "Borås stad", "number": "212000-1561", "note": "ny part"}


@pytest.mark.parametrize("after", [False, True])
def test_a_fault_at_the_entry_leaves_neither_row_nor_entry(desk: Desk, after: bool) -> None:
    before = office_log(desk)
    broken: Office = replace(desk.office, store=BreakingStore(desk.office.store, after=after))
    with pytest.raises(OSError, match="the disk is gone"):
        people.add_organisation(broken, ADMIN, "Borås stad", "municipality")
    with pytest.raises(OSError, match="the disk is gone"):
        users.add_user(broken, ADMIN, "eva", name="Eva Ek", email="eva@region.example")
    assert people.list_organisations(desk.office, ADMIN) == []
    assert "eva" not in [user["login"] for user in users.list_users(desk.office, ADMIN)]
    assert office_log(desk) == before


def test_an_edit_says_which_fields_changed_and_keeps_their_values_apart(desk: Desk) -> None:
    who = person(desk, "Eva Ek")
    told = people.edit_person(desk.office, OFFICER, who, {"email": "ny@part.example", "lang": "en"}, join=["calls"])
    entry = office_log(desk)[-1]
    assert (told["email"], told["lang"]) == ("ny@part.example", "en")
    assert entry["body"] == {"do": "edit", "person": who, "changed": ["email", "lang"], "joined": ["calls"], "left": []}
    assert entry["payload"]["changes"]["email"] == ["eva@part.example", "ny@part.example"]
    assert people.show_person(desk.office, OFFICER, who)["lists"] == ["calls"]


def test_one_address_is_one_person(desk: Desk) -> None:
    person(desk, "Eva Ek")
    with pytest.raises(UsageError, match="has the address eva@part"):
        people.add_person(desk.office, ADMIN, "Eva Alm", email="eva@part.example")


def test_one_name_is_one_organisation(desk: Desk) -> None:
    made = organisation(desk, "Borås stad")
    people.rename_organisation(desk.office, ADMIN, made, "Borås kommun", TODAY)
    with pytest.raises(UsageError, match="the name borås stad already"):
        people.add_organisation(desk.office, ADMIN, "borås stad", "municipality")


# Who may


def test_users_are_the_admins_alone_and_the_attempt_is_in_the_log(desk: Desk) -> None:
    with pytest.raises(TransitionRefused) as refused:
        users.grant_role(desk.office, HEAD, "anna", "head", note="vikarie")
    assert codes(refused) == ["right_missing"]
    entry = office_log(desk)[-1]
    assert (entry["act"], entry["body"]["event"], entry["auth"]) == ("refused", "grant", "os:hans")


def test_a_stranger_changes_nothing_and_is_written_down(desk: Desk) -> None:
    with pytest.raises(TransitionRefused) as refused:
        people.add_person(desk.office, Caller("mallory", "os:mallory"), "Eva Ek")
    assert codes(refused) == ["unknown_login"]
    assert office_log(desk)[-1]["act"] == "unauthorised"


def test_nobody_grants_himself_a_role(desk: Desk) -> None:
    with pytest.raises(TransitionRefused) as refused:
        users.grant_role(desk.office, ADMIN, "root", "head", note="det går fortare så")
    assert codes(refused) == ["own_role"]


def test_a_grant_says_why(desk: Desk) -> None:
    with pytest.raises(TransitionRefused) as refused:
        users.grant_role(desk.office, ADMIN, "anna", "head", note=" ")
    assert codes(refused) == ["note_missing"]


def test_a_role_that_nobody_knows_is_not_granted(desk: Desk) -> None:
    with pytest.raises(UsageError, match="there is no role boss"):
        users.grant_role(desk.office, ADMIN, "anna", "boss", note="x")
    with pytest.raises(UsageError, match="there is no role system"):
        users.grant_role(desk.office, ADMIN, "anna", "system", note="x")


def test_the_last_admin_stays(desk: Desk) -> None:
    with pytest.raises(TransitionRefused) as refused:
        users.remove_user(desk.office, ADMIN, "root")
    assert codes(refused) == ["last_admin"]
    users.grant_role(desk.office, ADMIN, "hans", "admin", until=date(2021, 4, 1), note="semester")
    with pytest.raises(TransitionRefused) as again:
        users.revoke_role(desk.office, ADMIN, "root", "admin", note="slutar")
    assert codes(again) == ["last_admin"]


def test_an_admin_with_a_successor_can_go(desk: Desk) -> None:
    users.grant_role(desk.office, ADMIN, "hans", "admin", note="tar över")
    users.remove_user(desk.office, ADMIN, "root")
    with pytest.raises(TransitionRefused) as refused:
        users.list_users(desk.office, ADMIN)
    assert codes(refused) == ["unknown_login"]
    assert "root" not in [user["login"] for user in users.list_users(desk.office, HEAD)]


def test_a_role_holds_from_its_first_to_its_last_day(desk: Desk) -> None:
    users.grant_role(desk.office, ADMIN, "anna", "head", since=date(2021, 3, 2), until=date(2021, 3, 3), note="vikarie")
    held = {}
    for day in ("2021-03-01", "2021-03-02", "2021-03-03", "2021-03-04"):
        desk.clock.to(day)
        held[day] = "head" in users.show_user(desk.office, ADMIN, "anna")["roles"]
    assert list(held.values()) == [False, True, True, False]


def test_a_role_taken_away_is_gone_at_once(desk: Desk) -> None:
    users.revoke_role(desk.office, ADMIN, "anna", "officer", note="slutar")
    assert users.show_user(desk.office, ADMIN, "anna")["roles"] == []
    with pytest.raises(NotFound):
        users.revoke_role(desk.office, ADMIN, "anna", "officer", note="slutar")


# Names over time


def test_a_new_name_holds_from_its_day_and_the_old_one_still_finds_it(desk: Desk) -> None:
    made = organisation(desk, "Västra Götalandsregionen", "region")
    people.rename_organisation(desk.office, OFFICER, "Västra Götalandsregionen", "Regionen i väster", date(2021, 4, 1))
    shown = people.show_organisation(desk.office, OFFICER, "Västra Götalandsregionen")
    assert shown["names"] == [
        {"name": "Västra Götalandsregionen", "from": None}, {"name": "Regionen i väster", "from": "2021-04-01"},
    ]  # fmt: skip
    with desk.office.store.read() as tx:
        names = [tx.directory.organisations([made], on=date(2021, month, 1))[made].name for month in (3, 4)]
    assert names == ["Västra Götalandsregionen", "Regionen i väster"]


# Successors


def test_a_successor_takes_over_in_every_open_case_and_gets_one_letter_for_a_family(desk: Desk) -> None:
    org = organisation(desk, "Borås stad")
    old, new, other = person(desk, "Eva Ek", org), person(desk, "Ida Alm", org), person(desk, "Per Lund", org)
    above = errand(desk, f"owner={org}:{old}:contact+leader", f"owner={org}:{other}:economy")
    below = errand(desk, f"owner={org}:{old}:contact", parent=above)
    closed = errand(desk, f"owner={org}:{old}:contact")
    desk.advance(closed, "finish")
    people.edit_person(desk.office, ADMIN, old, {}, join=["calls"])
    told = replace_person(desk.office, OFFICER, old, new, note="går i pension")
    assert [(case["reference"], case["parts"]) for case in told["cases"]] == [
        (above, ["owner.contact", "owner.leader"]), (below, ["owner.contact"]),
    ]  # fmt: skip
    assert parties(desk, above)[0][2] == {"contact": (new,), "leader": (new,), "economy": (other,)}
    assert parties(desk, below)[0][2]["contact"] == (new,)
    assert parties(desk, closed)[0][2] == {"contact": (old,)}
    assert [key for key, _, _ in desk.mails("contact_welcome")] == [f"{above}#2/contact_welcome/{new}"]
    with desk.office.store.read() as tx:
        assert tx.directory.subscribers("calls") == (new,)
        line = json.loads([kept.line for kept in tx.log.entries(above)][-1])
    assert (line["act"], line["body"]["cause"]) == ("party", told["entry"])
    assert verify(desk.office).bad == []


def test_a_dry_run_tells_the_cases_and_changes_none(desk: Desk) -> None:
    org = organisation(desk, "Borås stad")
    old, new = person(desk, "Eva Ek", org), person(desk, "Ida Alm", org)
    case = errand(desk, f"owner={org}:{old}:contact")
    before = office_log(desk)
    told = replace_person(desk.office, OFFICER, old, new, dry_run=True)
    assert [line["reference"] for line in told["cases"]] == [case]
    assert parties(desk, case)[0][2] == {"contact": (old,)}
    assert (office_log(desk), desk.mails("contact_welcome")) == (before, [])


def test_a_successor_from_a_day_to_come_is_refused(desk: Desk) -> None:
    old, new = person(desk, "Eva Ek"), person(desk, "Ida Alm")
    with pytest.raises(UsageError, match="lies ahead"):
        replace_person(desk.office, OFFICER, old, new, since=date(2021, 3, 2))
    with pytest.raises(UsageError, match="cannot replace itself"):
        replace_person(desk.office, OFFICER, old, old)


def test_who_becomes_a_contact_of_a_case_is_welcomed(desk: Desk) -> None:
    org = organisation(desk, "Borås stad")
    first, second = person(desk, "Eva Ek", org), person(desk, "Ida Alm", org)
    case = errand(desk, f"owner={org}:{first}:contact")
    change_party(desk.office, HEAD, case, "add", f"partner={org}:{second}:contact", Given(note="ny part"))
    change_party(desk.office, HEAD, case, "replace", f"partner={org}:{first}:contact", Given(note="byter"))
    assert [key for key, _, _ in desk.mails("contact_welcome")] == [f"{case}#2/contact_welcome/{second}"]


def test_merged_organisations_live_on_in_the_one_that_took_them_over(desk: Desk) -> None:
    one, two, whole = (organisation(desk, name) for name in ("Ale", "Lilla Edet", "Göta älvdal"))
    eva, ida, per = person(desk, "Eva Ek", one), person(desk, "Ida Alm", two), person(desk, "Per Lund", whole)
    first = errand(desk, f"owner={one}:{eva}:contact", f"partner={two}:{ida}:contact")
    both = errand(desk, f"owner={whole}:{per}:contact", f"owner={one}:{eva}:contact")
    dry = merge_organisations(desk.office, OFFICER, ["Ale", "Lilla Edet"], "Göta älvdal", dry_run=True)
    assert parties(desk, first)[0][1] == one
    told = merge_organisations(desk.office, OFFICER, ["Ale", "Lilla Edet"], "Göta älvdal")
    assert [case["reference"] for case in told["cases"]] == [first, both]
    assert dry["cases"] == told["cases"]
    assert parties(desk, first) == [
        ("owner", whole, {"contact": (eva,)}, True), ("partner", whole, {"contact": (ida,)}, True),
    ]  # fmt: skip
    assert parties(desk, both) == [
        ("owner", whole, {"contact": (per, eva)}, True), ("owner", one, {"contact": (eva,)}, False),
    ]  # fmt: skip
    assert people.show_person(desk.office, OFFICER, eva)["organisation"] == "Göta älvdal"
    assert [org["name"] for org in people.list_organisations(desk.office, OFFICER)] == ["Göta älvdal"]
    assert verify(desk.office).bad == []


def test_who_takes_part_in_open_cases_is_not_removed(desk: Desk) -> None:
    org = organisation(desk, "Borås stad")
    eva = person(desk, "Eva Ek", org)
    case = errand(desk, f"owner={org}:{eva}:contact")
    for remove, name in ((people.remove_person, eva), (people.remove_organisation, org)):
        with pytest.raises(TransitionRefused) as refused:
            remove(desk.office, ADMIN, name)
        assert codes(refused) == ["takes_part"]
        assert refused.value.reasons[0].params["cases"] == [case]
    desk.advance(case, "finish")
    people.remove_person(desk.office, ADMIN, eva)
    people.remove_organisation(desk.office, ADMIN, org)
    assert people.list_people(desk.office, ADMIN)[-1]["id"] != eva
    assert people.list_organisations(desk.office, ADMIN, ended=True)[0]["id"] == org


def test_who_has_a_login_is_not_removed(desk: Desk) -> None:
    told = users.add_user(desk.office, ADMIN, "eva", name="Eva Ek", email="eva@region.example")
    with pytest.raises(TransitionRefused) as refused:
        people.remove_person(desk.office, ADMIN, told["person"])
    assert codes(refused) == ["has_login"]


# From a file


ORGANISATIONS = "Namn;Slag;Organisationsnummer;Kontaktperson;E-post\r\n"


def test_organisations_and_their_people_come_from_a_file_once(desk: Desk) -> None:
    rows = "Borås stad;kommun;212000-1561;Eva Ek;eva@boras.example\r\nBorås stad;kommun;;Ida Alm;ida@boras.example\r\n"
    table = parse_table((ORGANISATIONS + rows + "Närhälsan;region;;;\r\n").encode("cp1252"))
    told = import_organisations(desk.office, OFFICER, table, "parter.csv")
    again = import_organisations(desk.office, OFFICER, table, "parter.csv")
    assert (told["organisations"], told["people"], told["known"]) == (2, 2, 1)
    assert (again["organisations"], again["people"], again["known"]) == (0, 0, 3)
    assert [p["name"] for p in people.show_organisation(desk.office, OFFICER, "Borås stad")["people"]] == [
        "Eva Ek", "Ida Alm",
    ]  # fmt: skip


def test_a_bad_row_is_named_and_no_organisation_comes_in(desk: Desk) -> None:
    table = parse_table((ORGANISATIONS + "Ale;kommun;;;\r\nBorås stad;by;;;\r\n").encode())
    with pytest.raises(UsageError) as error:
        import_organisations(desk.office, OFFICER, table, "parter.csv")
    assert [(r.params["line"], "'by' is no kind" in r.params["what"]) for r in error.value.reasons] == [(3, True)]
    assert people.list_organisations(desk.office, OFFICER) == []
