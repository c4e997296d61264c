"""Open a case."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.app.advance import Given, principal, store_papers
from engine.app.describe import describe_case, describe_done
from engine.app.naming import case_named, values_named
from engine.app.office import Caller, Office
from engine.app.parties import merged, party_given
from engine.app.perform import perform
from engine.app.run import Done
from engine.core.case import Actor, Case
from engine.core.command import Command, Open
from engine.core.definition import Definition, Text, Transition
from engine.core.errors import NotFound, UsageError
from engine.ports import UnitOfWork


def open_case(
    office: Office, caller: Caller, workflow: str, title: str, given: Given, *, event: str | None = None,
    parent: str | None = None, like: str | None = None, parties: Sequence[str] = (),
) -> Mapping[str, Any]:  # fmt: skip
    """Open a case by one of its workflow's openings; the answer is the case, and what the opening did.

    Args:
        office: Where.
        caller: Who.
        workflow: Name of the workflow.
        title: What the case is called.
        given: Values, papers, note, time.
        event: The opening event, where there are several.
        parent: The case above it.
        like: A case whose values and parties are taken over.
        parties: `ROLE=ORG[:PERSON[:FUNCTION]]`.

    Raises:
        TransitionRefused: With every reason why not.
        NotFound: There is no such workflow, parent or party.
    """
    told, _ = open_and_see(
        office, caller, workflow, title, given, event=event, parent=parent, like=like, parties=parties
    )
    return told


def open_and_see(
    office: Office, caller: Caller, workflow: str, title: str, given: Given, *, event: str | None = None,
    parent: str | None = None, like: str | None = None, parties: Sequence[str] = (),
) -> tuple[Mapping[str, Any], Done | None]:  # fmt: skip
    """As `open_case`, with what was done beside the answer, so that a dry run can show the letters."""

    def build(tx: UnitOfWork, actor: Actor) -> Command:
        machine = office.catalog.current(tx, workflow, office.calendar.day(tx.now))
        definition = machine.definition
        model = _model(tx, like, actor)
        values = {**_taken_over(definition, model), **values_named(tx, office, definition, given.set)}
        above = case_named(tx, parent, actor) if parent else None
        if above:
            values |= {f.id: above for f in definition.fields.values() if f.parent and not values.get(f.id)}
        given_parties = merged([party_given(tx, text) for text in parties])
        parties_of = tx.cases.get(above) if above else None
        person, roles = principal(tx, office, parties_of, given.on_behalf_of)
        if person and not roles:
            roles = frozenset(_role(p.role) for p in given_parties if any(person in x for x in p.people.values()))
        return Open(
            reference="", actor=actor, workflow=definition.name, event=_opening(definition, event), title=title,
            set=values, uploads=store_papers(tx, given.papers), parties=given_parties, parent=above, note=given.note,
            occurred_at=given.occurred_at, on_behalf_of=person, principal_roles=roles,
        )  # fmt: skip

    def answer(tx: UnitOfWork, done: Done) -> Mapping[str, Any]:
        case = tx.cases.get(done.first.case.reference) or done.first.case
        definition = office.catalog.definition(tx, case.workflow, case.version)
        return {**describe_done(tx, office, done), **describe_case(tx, definition, case)}

    model = {"like": like} if like else {}
    intent = given.intent(
        verb="new", workflow=workflow, title=title, event=event, parent=parent, parties=list(parties), **model
    )
    return perform(office, caller, intent, build, answer, request_id=given.request_id, dry_run=given.dry_run)


def openings_for_people(definition: Definition, event: str | None = None) -> list[Transition]:
    """The openings that people can fire; only those of an event, where one is named."""
    people = [t for t in definition.openings() if t.by != ("system",)]
    return [t for t in people if event in (None, t.event)] or people


def _role(party_role: str) -> str:
    return {"owner": "applicant"}.get(party_role, party_role)


def _model(tx: UnitOfWork, like: str | None, actor: Actor) -> Case | None:
    if like is None:
        return None
    found = tx.cases.get(case_named(tx, like, actor))
    if found is None:
        raise NotFound(f"there is no case {like}", says="case_unknown", case=like)
    return found


def _taken_over(definition: Definition, model: Case | None) -> dict[str, Any]:
    """What a case like another begins with: what people typed, not what events or the engine gave it."""
    if model is None:
        return {}
    return {
        name: value for name, value in model.data.items()
        if (field := definition.fields.get(name)) and not field.computed and field.amend_by is None
        and field.type != "instant"
    }  # fmt: skip


def _opening(definition: Definition, event: str | None) -> str:
    openings = list(dict.fromkeys(t.event for t in definition.openings()))
    if event is not None:
        return event
    if len(openings) == 1:
        return openings[0]
    people = [t.event for t in definition.openings() if t.by != ("system",)]
    if len(set(people)) == 1:
        return people[0]
    raise UsageError(
        f"a {definition.name} can begin in several ways: --event {' or '.join(openings)}",
        says="several_openings", workflow=definition.title, events=_titled(definition, openings),
    )  # fmt: skip


def _titled(definition: Definition, events: Sequence[str]) -> list[Text]:
    """Events with their titles, as `receive (Ta emot)`."""
    titles = {t.event: t.title for t in definition.openings()}
    return [{lang: f"{event} ({title})" for lang, title in titles[event].items()} for event in events]
