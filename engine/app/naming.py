"""What people type, looked up: cases, events, people, organisations. What fits several is refused with the list."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from engine.app.office import Office
from engine.core.case import Actor
from engine.core.definition import Definition, Field
from engine.core.errors import NotFound, UsageError, ValueMalformed
from engine.core.machine import Machine
from engine.core.text import folded
from engine.ports import Organisation, Person, UnitOfWork

Named = TypeVar("Named", Person, Organisation)


def case_named(tx: UnitOfWork, text: str, by: Actor | None = None) -> str:
    """The reference that a text means: itself, a short form, a registry number, words of the title, or `-`.

    Args:
        tx: Where it is looked up.
        text: What was typed.
        by: Who typed it: `-` is the case that this user touched last.

    Raises:
        NotFound: Nothing fits.
        UsageError: Several cases fit; they are listed.
    """
    if text == "-":
        last = tx.log.last_by(by.user) if by else None
        if last is None:
            raise NotFound("you have touched no case yet: name one", says="no_case_touched")
        return last
    found = tx.cases.resolve(text)
    if not found:
        raise NotFound(f"there is no case {text}; skede list shows what there is", says="case_unknown", case=text)
    if len(found) > 1:
        listed = "; ".join(f"{reference} {title}" for reference, title in found[:8])
        raise UsageError(f"{text} fits several cases: {listed}", says="several_cases", what=text, cases=listed)
    return found[0][0]


def event_named(machine: Machine, state: str, text: str) -> str:
    """The event that a text means: its id, its title in either language, or a unique start of one legal in the state.

    A text that fits nothing is given back as it is, so that the refusal is in the log.

    Raises:
        UsageError: Several events fit, and they are listed; or the text is empty.
    """
    if not text.strip():
        raise UsageError("the event is empty: skede next shows what can be done", says="event_empty")
    definition = machine.definition
    if any(t.event == text for t in definition.transitions):
        return text
    wanted = text.casefold()
    titles = {t.event for t in definition.transitions if wanted in (x.casefold() for x in t.title.values())}
    here = set(machine.events_from(state))
    for candidates in (titles & here, titles, {e for e in here if e.startswith(text)}):
        if len(candidates) == 1:
            return candidates.pop()
        if len(candidates) > 1:
            events = sorted(candidates)
            raise UsageError(
                f"{text} fits several events: {', '.join(events)}", says="several_events", what=text, events=events
            )
    return text


def person_named(tx: UnitOfWork, text: str) -> Person:
    """The person that a text means: an id, an e-mail address, or words of the name.

    Raises:
        NotFound: Nobody fits.
        UsageError: Several people fit; they are listed.
    """
    found = tx.directory.find_person(text)
    near = [] if found else _near(text, [person.name for person in tx.people.persons()])
    return _one(found, text, "person", 'skede person add "NAME" --email ADDRESS', near)


def organisation_named(tx: UnitOfWork, text: str) -> Organisation:
    """The organisation that a text means: an id, a number, a name of now or before.

    Raises:
        NotFound: None fits.
        UsageError: Several fit; they are listed.
    """
    found = tx.directory.find_organisation(text)
    near = [] if found else _near(text, [organisation.name for organisation in tx.people.organisations()])
    return _one(found, text, "organisation", 'skede org add "NAME" --kind KIND', near)


def _near(text: str, names: Sequence[str]) -> list[str]:
    """The names that may have been meant: those that hold the text, or look like it."""
    wanted = text.casefold()
    inside = [name for name in names if len(wanted) > 2 and wanted in name.casefold()]
    return (inside or get_close_matches(text, names))[:3]


def _one(found: Sequence[Named], text: str, what: str, fix: str, near: Sequence[str] = ()) -> Named:
    if not found and near:
        raise NotFound(
            f"there is no {what} {text}; did you mean {', '.join(near)}? Else: {fix}",
            says=f"{what}_unknown_near", what=text, near=list(near), fix=fix,
        )  # fmt: skip
    if not found:
        raise NotFound(f"there is no {what} {text}: {fix}", says=f"{what}_unknown", what=text, fix=fix)
    exact = [x for x in found if text in (x.id, x.name)]
    if len(exact) == 1:
        return exact[0]
    if len(found) > 1:
        listed = "; ".join(f"{x.id} {x.name}" for x in found[:8])
        raise UsageError(f"{text} fits several: {listed}", says="several_known", what=text, listed=listed)
    return found[0]


def field_called(definitions: Sequence[Definition], text: str) -> Field | None:
    """The field of some workflows that a text means: by its id, or by its title in either language.

    None where nothing is called so or looks like it: whoever asks for the field tells which there are.

    Raises:
        ValueMalformed: Several fields are called so, or only look like it; they are listed.
    """
    fields = {field.id: field for definition in definitions for field in definition.fields.values()}
    if text in fields:
        return fields[text]
    wanted = folded(text)
    found = [field for field in fields.values() if wanted in map(folded, field.title.values())]
    if len(found) > 1:
        raise ValueMalformed(
            f"{text} fits several fields: {', '.join(field.id for field in found)}",
            says="several_fields", what=text, fields=[_titled(field) for field in found],
        )  # fmt: skip
    if not found and not get_close_matches(text, fields, 1) and (near := _fields_near(wanted, fields.values())):
        raise ValueMalformed(
            f"there is no field {text} here; did you mean {', '.join(field.id for field in near)}?",
            says="field_unknown_here", field=text, near=[_titled(field) for field in near],
        )  # fmt: skip
    return found[0] if found else None


def _fields_near(wanted: str, fields: Iterable[Field]) -> list[Field]:
    """The fields whose titles hold the text, or look like it."""
    titles = {title: field for field in fields for title in map(folded, field.title.values())}
    return list({titles[title].id: titles[title] for title in _near(wanted, list(titles))}.values())


def _titled(field: Field) -> dict[str, str]:
    return {lang: f"{field.id} ({title})" for lang, title in field.title.items()}


def values_named(tx: UnitOfWork, office: Office, definition: Definition, given: Mapping[str, Any]) -> dict[str, Any]:
    """Field values by the ids of their fields, with what they name looked up: cases, people and organisations.

    Raises:
        ValueMalformed: A name fits several fields.
        UsageError: A field is given twice, by its id and by its title.
    """
    found: dict[str, Any] = {}
    for text, raw in given.items():
        name = text if text in definition.fields else _id(definition, text)
        if name in found:
            raise UsageError(f"-s {name}=… is given twice: leave one out", says="given_twice", field=name)
        found[name] = _value(tx, definition.fields.get(name), raw)
    return found


def _id(definition: Definition, text: str) -> str:
    field = field_called([definition], text)
    return text if field is None else field.id


def _value(tx: UnitOfWork, field: Field | None, raw: Any) -> Any:
    if field is not None and field.type == "list" and isinstance(raw, list):
        return [
            {name: _value(tx, field.item.get(name), value) for name, value in record.items()}
            if isinstance(record, dict) else record
            for record in raw
        ]  # fmt: skip
    if field is None or not isinstance(raw, str) or not raw:
        return raw
    if field.type == "case":
        reference = case_named(tx, raw)
        found = tx.cases.get(reference)
        if field.of and found is not None and found.workflow not in field.of:
            raise UsageError(
                f"{field.id}: {reference} is a {found.workflow}, not a {' or '.join(field.of)}",
                says="case_of_other_kind", title=field.title, field=field.id, case=reference, wanted=list(field.of),
            )  # fmt: skip
        return reference
    if field.type == "person":
        return person_named(tx, raw).id
    if field.type == "organisation":
        return organisation_named(tx, raw).id
    return raw


def user_named(tx: UnitOfWork, login: str) -> str:
    """The id of the user with a login.

    Raises:
        NotFound: There is no such user.
    """
    found = tx.directory.user_id(login)
    if found is None:
        raise NotFound(f"there is no user {login}: skede user list shows who is", says="user_unknown", login=login)
    return found
