"""Who plays: municipalities that the sources name, and care actors, applicants and staff that are made up."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from engine.app.office import Office
from engine.app.record import record_office
from engine.app.run import SYSTEM_ACTOR
from engine.ports import UnitOfWork

MADE_UP = "(påhittad)"
"""Stands after every name that is not in a public source."""

_SECOND = "officer2"
"""Login of the second officer, because two people score an application."""
_HELPS = ((date(2016, 1, 1), date(2021, 11, 30)), (date(2025, 2, 1), None))
"""The times at which there is one: while there are many applications."""


class Team(Struct, frozen=True):
    """A municipality and a regional care actor that want something together, with their people's ids.

    Attributes:
        place: What their names have in common.
        owner, partner: The two organisations.
        leader: The owner's project leader and contact.
        signatory: Signs for the owner, and is its manager.
        economist: The owner's.
        care_leader, care_signatory: The partner's contact, and who signs for it.
    """

    place: str
    owner: str
    owner_name: str
    partner: str
    partner_name: str
    leader: str
    signatory: str
    economist: str
    care_leader: str
    care_signatory: str

    @property
    def contact(self) -> str:
        """How the project leader is reached, in words."""
        return f"Projektledare, {self.place} {MADE_UP}, projektledare@{slug(self.place)}.example"

    @property
    def parties(self) -> tuple[str, ...]:
        """As `open_case` takes parties."""
        return (
            f"owner={self.owner}:{self.leader}:contact+leader",
            f"owner={self.owner}:{self.signatory}:signatory+manager",
            f"owner={self.owner}:{self.economist}:economy",
            f"partner={self.partner}:{self.care_leader}:contact+leader",
            f"partner={self.partner}:{self.care_signatory}:signatory+manager",
        )


class Cast(Struct, frozen=True):
    """Everybody: the teams by key, and the people of the office who sign."""

    teams: Mapping[str, Team]
    head: str
    secretary: str


NAMED = {
    "bengtsfors": ("Bengtsfors", "Bengtsfors kommun"),
    "dalsed": ("Dals-Ed", "Dals-Eds kommun"),
    "munkedal": ("Munkedal", "Munkedals kommun"),
    "ale": ("Ale", "Ale kommun"),
}
"""Municipalities that got money on 18 November 2021, by the programme's own page; all else about them is made up."""

INVENTED = {
    "sjovik": "Sjövik",
    "lindhagen": "Lindhagen",
    "havredal": "Havredal",
    "tallasen": "Tallåsen",
    "ekedal": "Ekedal",
    "strandhult": "Strandhult",
    "norrbyn": "Norrbyn",
    "kvarnvik": "Kvarnvik",
}


def hire(office: Office) -> Cast:
    """Put everybody into the directory; every address is under `.example`, where no mail ever arrives."""
    with office.store.write() as tx:
        second = tx.people.add_person(f"Handläggare två {MADE_UP}", email=f"{_SECOND}@{office.domain}").id
        user = tx.people.add_user(_SECOND, person=second).id
        body = {"do": "add", "user": user, "person": second, "new_person": False}
        record_office(tx, SYSTEM_ACTOR, SYSTEM_ACTOR.login, "user", body, {"login": _SECOND})
        for since, until in _HELPS:
            tx.people.grant(user, "officer", since, until=until, note="Demo")
            days = {"from": since.isoformat(), "to": until.isoformat() if until else None}
            body = {"do": "grant", "user": user, "role": "officer", **days}
            record_office(tx, SYSTEM_ACTOR, SYSTEM_ACTOR.login, "grant", body)
        for name, mailing_list in (("Prenumerant", "subscribers"), ("Presstjänst", "press"), ("Nämnden", "board_list")):
            reader = tx.people.add_person(f"{name} {MADE_UP}", email=f"{mailing_list.replace('_', '.')}@lista.example")
            tx.people.subscribe(mailing_list, reader.id)
        teams = {key: _team(tx, place, municipality) for key, (place, municipality) in NAMED.items()}
        for key, place in INVENTED.items():
            teams[key] = _team(tx, place, f"{place}s kommun {MADE_UP}")
        today = office.calendar.day(tx.now)
        head, secretary = (tx.directory.holders(role, today)[0] for role in ("head", "secretary"))
    return Cast(teams, head, secretary)


def slug(place: str) -> str:
    """A place as part of an address."""
    return place.lower().translate(str.maketrans("åäö -", "aao--"))


def _team(tx: UnitOfWork, place: str, municipality: str) -> Team:
    owner = tx.people.add_organisation(municipality, "municipality")
    partner = tx.people.add_organisation(f"Regional vårdaktör, {place} {MADE_UP}", "region")

    def person(role: str, mailbox: str, organisation: str) -> str:
        address = f"{mailbox}@{slug(place)}.example"
        return tx.people.add_person(f"{role}, {place} {MADE_UP}", email=address, organisation=organisation).id

    return Team(
        place, owner.id, owner.name, partner.id, partner.name,
        leader=person("Projektledare", "projektledare", owner.id),
        signatory=person("Firmatecknare", "firmatecknare", owner.id),
        economist=person("Ekonom", "ekonom", owner.id),
        care_leader=person("Vårdsamordnare", "vardsamordnare", partner.id),
        care_signatory=person("Verksamhetschef", "verksamhetschef", partner.id),
    )  # fmt: skip
