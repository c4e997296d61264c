"""Who comes after whom: a person's successor, and the organisation that others have become part of.

Open cases follow, each with an entry of its own; closed ones and old papers keep the names they had.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace

from engine.app.naming import organisation_named, person_named
from engine.app.office import Caller, Office
from engine.app.office_change import Made, change_office
from engine.app.parties import SIDES
from engine.app.people import KEEPERS, describe_organisation, describe_person, open_cases, parts_of
from engine.app.record import Recorded
from engine.app.run import run
from engine.core.case import Actor, Case, Party
from engine.core.command import ChangeParty, PartyGiven
from engine.core.errors import UsageError
from engine.ports import Organisation, UnitOfWork


def replace_person(
    office: Office, caller: Caller, old: str, new: str, *, since: date | None = None, note: str | None = None,
    dry_run: bool = False,
) -> Mapping[str, Any]:  # fmt: skip
    """Let somebody take over from somebody else, in every open case and on every mailing list.

    Who becomes a contact by it gets one letter for each family of cases, with what is open there.

    Raises:
        UsageError: The day lies ahead, or the two are the same.
    """

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        leaving, coming = person_named(tx, old), person_named(tx, new)
        day = _day(tx, office, since)
        if leaving.id == coming.id:
            raise UsageError(
                f"{leaving.name} cannot replace itself: name the successor", says="replaces_itself", name=leaving.name
            )
        tx.people.replace_person(leaving.id, coming.id, day)
        login = next((user.login for user in tx.people.users() if user.person == leaving.id), None)
        told = {"old": describe_person(tx, leaving), "new": describe_person(tx, coming), "from": day.isoformat(),
                "login": login}  # fmt: skip

        def follow(cause: str) -> Mapping[str, Any]:
            def changes(case: Case) -> Iterator[ChangeParty]:
                for party in case.parties:
                    if party.until is None and any(leaving.id in named for named in party.people.values()):
                        people = _handed(party, leaving.id, coming.id)
                        yield _command(case, actor, day, cause, "replace", party, people=people)

            return {"cases": _follow(tx, office, [leaving.id], changes)}

        body = {"do": "replace", "person": leaving.id, "by": coming.id, "from": day.isoformat()}
        return Made(told, body, {"name": leaving.name, "by": coming.name}, follow)

    return change_office(office, caller, "person", KEEPERS, work, note=note, dry_run=dry_run)


def merge_organisations(
    office: Office, caller: Caller, merged: Sequence[str], into: str, *, since: date | None = None,
    note: str | None = None, dry_run: bool = False,
) -> Mapping[str, Any]:  # fmt: skip
    """Let an organisation take over others: they end, their people and their parts in open cases become its own.

    Raises:
        UsageError: The day lies ahead, or the organisation is one of those that end.
    """

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        target = organisation_named(tx, into)
        ending = [organisation_named(tx, name) for name in merged]
        day = _day(tx, office, since)
        names = [one.id for one in ending]
        moved = tx.people.merge_organisations(names, target.id, day)
        told = {"into": describe_organisation(target), "merged": [describe_organisation(one) for one in ending],
                "from": day.isoformat(), "people": moved}  # fmt: skip

        def follow(cause: str) -> Mapping[str, Any]:
            def changes(case: Case) -> Iterator[ChangeParty]:
                yield from _merged(case, actor, day, cause, set(names), target)

            return {"cases": _follow(tx, office, names, changes)}

        body = {"do": "merge", "merged": names, "organisation": target.id, "from": day.isoformat()}
        return Made(told, body, {"names": [one.name for one in ending], "into": target.name}, follow)

    return change_office(office, caller, "org", KEEPERS, work, note=note, dry_run=dry_run)


def _day(tx: UnitOfWork, office: Office, since: date | None) -> date:
    today = office.calendar.day(tx.now)
    if since is not None and since > today:
        raise UsageError(
            f"{since} lies ahead: open cases change when this is done, so do it on the day",
            says="succession_ahead",
            day=since,
        )
    return since or today


def _command(
    case: Case, actor: Actor, day: date, cause: str, action: str, party: Party, *,
    people: Mapping[str, tuple[str, ...]] | None = None, target: Organisation | None = None,
) -> ChangeParty:  # fmt: skip
    organisation, side = party.organisation, party.side
    if target is not None:
        organisation, side = target.id, SIDES.get(target.kind, "other")
    given = PartyGiven(party.role, organisation, side, dict(people or {}), party.required)
    return ChangeParty(
        reference=case.reference, actor=actor, action=action, given=given, party=party.id, since=day, fired=True,
        cause=cause,
    )  # fmt: skip


def _handed(party: Party, old: str, new: str) -> dict[str, tuple[str, ...]]:
    """The functions that somebody had in a party, with the successor in that place, each name once."""
    return {
        function: tuple(dict.fromkeys(new if person == old else person for person in named))
        for function, named in party.people.items() if old in named
    }  # fmt: skip


def _merged(
    case: Case, actor: Actor, day: date, cause: str, ending: set[str], target: Organisation
) -> Iterator[ChangeParty]:
    """A party becomes the new organisation; where that is a party in the role already, it takes over the people."""
    present = {p.role: p for p in case.parties if p.until is None and p.organisation == target.id}
    for party in case.parties:
        if party.until is not None or party.organisation not in ending:
            continue
        there = present.get(party.role)
        if there is None:
            present[party.role] = replace(party, organisation=target.id)
            yield _command(case, actor, day, cause, "replace", party, target=target)
            continue
        people = {
            function: tuple(dict.fromkeys((*there.people.get(function, ()), *party.people.get(function, ()))))
            for function in sorted({*there.people, *party.people})
        }
        present[party.role] = replace(there, people=people)
        yield _command(case, actor, day, cause, "replace", there, people=people, target=target)
        yield _command(case, actor, day, cause, "end", party)


def _follow(tx: UnitOfWork, office: Office, names: Sequence[str], changes: Any) -> list[dict[str, Any]]:
    """Change every open case that names one of them; those below that followed their parent are told too."""
    told: dict[str, dict[str, Any]] = {}
    for found in open_cases(tx):
        case = tx.cases.get(found.reference) or found
        parts = [part for name in names for part in parts_of(found, name)]
        if not parts:
            continue
        line = told.setdefault(case.reference, _line(case, parts))
        for command in changes(case):
            done = run(tx, office, command)
            for recorded in done.recorded:
                below = told.setdefault(recorded.case.reference, _line(recorded.case, []))
                _count(below, recorded)
        line["parts"] = parts
    return list(told.values())


def _line(case: Case, parts: Iterable[str]) -> dict[str, Any]:
    return {"reference": case.reference, "title": case.title, "parts": list(parts), "entries": [], "voided": [],
            "messages": 0}  # fmt: skip


def _count(line: dict[str, Any], recorded: Recorded) -> None:
    line["entries"].append(recorded.entry.name)
    line["voided"] += recorded.entry.body.get("voided", ())
    line["messages"] += len(recorded.messages)
