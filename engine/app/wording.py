"""The words for what a command did: titles for the ids in its answer."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from engine.app.office import Office
from engine.core.definition import Definition, Text
from engine.core.errors import NotFound
from engine.ports import UnitOfWork


class Words(Struct, frozen=True):
    """Titles for the answer of a command.

    Attributes:
        title: Title of the case, empty where a dry run would have opened it.
        event: Title of the event; None for a change that is not one.
        states: Case -> (state before, state now); the former None for a case just opened.
        deadlines: (case, name of the deadline) -> title.
        events: (case, event) -> title, for the cases that followed.
    """

    title: str
    event: Text | None
    states: Mapping[str, tuple[Text | None, Text]]
    deadlines: Mapping[tuple[str, str], Text]
    events: Mapping[tuple[str, str], Text]


def words_for(office: Office, told: Mapping[str, Any]) -> Words:
    """The words for an answer of `advance`, `new` or any other change; also of a dry run, whose cases are gone."""
    with office.store.read() as tx:
        changed = [d for of_kind in told["deadlines"].values() for d in of_kind]
        definitions = _definitions(tx, office, told)
        reference = told["reference"]
        mine = definitions[reference]
        case = tx.cases.get(reference)
        states = {r["reference"]: _states(definitions, r["reference"], None, r["state"]) for r in told["cases"]}
        states[reference] = _states(definitions, reference, told["source"], told["target"])
        deadlines = {
            (d["case"], d["name"]): definitions[d["case"]].deadlines[d["name"]].title
            for d in changed if d["case"] in definitions
        }  # fmt: skip
        events = {
            (x["reference"], x["event"]): title
            for x in (*told["cases"], *told.get("skipped", ()))
            if x["reference"] in definitions and (title := event_title(definitions[x["reference"]], x["event"]))
        }
        return Words(case.title if case else "", event_title(mine, told["event"]), states, deadlines, events)


def event_title(definition: Definition, event: str) -> Text | None:
    """The title of an event; None for what is not one (`amend`, `note`, ...)."""
    return next((t.title for t in definition.transitions if t.event == event), None)


def _states(
    definitions: Mapping[str, Definition], reference: str, source: str | None, target: str
) -> tuple[Text | None, Text]:
    states = definitions[reference].states
    return (states[source].title if source else None), states[target].title


def _definitions(tx: UnitOfWork, office: Office, told: Mapping[str, Any]) -> dict[str, Definition]:
    """The definition of every case that the answer names."""
    today = office.calendar.day(tx.now)
    opened = {told["reference"]: told.get("workflow")} | {r["reference"]: r["workflow"] for r in told["cases"]}
    found: dict[str, Definition] = {}
    for reference in (*opened, *(s["reference"] for s in told.get("skipped", ()))):
        case = tx.cases.get(reference)
        workflow = opened.get(reference)
        if case is not None:
            found[reference] = office.catalog.definition(tx, case.workflow, case.version)
        elif workflow is not None:
            found[reference] = office.catalog.current(tx, workflow, today).definition
    if told["reference"] not in found:
        raise NotFound(f"there is no case {told['reference']}", says="case_unknown", case=told["reference"])
    return found
