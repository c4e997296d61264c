"""Every way in which a definition can be wrong, all found at once (DECISIONS 40)."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.core.build import draft
from engine.core.definition import Definition, Field, RecipientList
from engine.core.findings import Findings
from engine.core.guard import Registry
from engine.core.language import EXTERNAL_ROLES, PARTY_ROLES, ROLES
from engine.core.shape import Fault
from engine.core.validate_flow import judge_flow
from engine.core.validate_move import judge_moves, judge_relation
from engine.core.validate_time import judge_deadlines, judge_series

_PLACE = re.compile(r"\{([^{}]*)\}")
_NUMBER = re.compile(r"number(:0[1-9])?")


def validate(
    definition: Definition,
    registry: Registry,
    *,
    known_workflows: Mapping[str, Definition],
    templates: Callable[[str, str], bool],
) -> list[Fault]:
    """Every fault of a definition, in the order of the file's tables.

    Args:
        definition: What is to be judged.
        registry: The guards and fills that it may name.
        known_workflows: The other workflows that it may spawn, fire, count or point at.
        templates: Whether a mail template exists in a language (`("granted", "sv")`).
    """
    known = {**known_workflows, definition.name: definition}
    found = Findings(definition, registry, known, templates)
    _judge_head(found)
    _judge_fields(found)
    _judge_states(found)
    _judge_people(found)
    judge_moves(found)
    judge_flow(found)
    judge_deadlines(found)
    judge_series(found)
    _judge_review(found)
    return found.faults


def check(
    plain: Mapping[str, Any],
    registry: Registry,
    *,
    known_workflows: Mapping[str, Definition],
    templates: Callable[[str, str], bool],
) -> tuple[Definition | None, list[Fault]]:
    """The definition that plain data describes, or None and every fault of its shape and of its sense.

    A fault of sense is left out where the same place already has a fault of shape.
    """
    definition, faults = draft(plain)
    wrong = {fault.path for fault in faults}
    for fault in validate(definition, registry, known_workflows=known_workflows, templates=templates):
        if not any(path == fault.path or path.startswith((f"{fault.path}.", f"{fault.path}[")) for path in wrong):
            faults.append(fault)
    return (None if faults else definition), faults


def _judge_head(found: Findings) -> None:
    definition = found.definition
    found.states("initial", [definition.initial])
    initial = definition.states.get(definition.initial)
    if initial and initial.final:
        found.add("initial", "a case cannot begin in a final state")
    _judge_pattern(found, "reference", definition.reference, ("year",))
    if not definition.openings():
        found.add("opening", "there is no [[opening]]: no case can begin")


def _judge_pattern(found: Findings, path: str, pattern: str, others: tuple[str, ...]) -> None:
    places = _PLACE.findall(pattern)
    if not any(_NUMBER.fullmatch(place) for place in places):
        found.add(path, "lacks the number", "write {number} or {number:04}")
    for place in places:
        if place not in others and not _NUMBER.fullmatch(place):
            found.add(path, f"{{{place}}} means nothing here", f"known: {{number}}, {{{'}, {'.join(others)}}}")
    if set("{}") & set(_PLACE.sub("", pattern)):
        found.add(path, "a brace is not closed or not opened")


def _judge_fields(found: Findings) -> None:
    for name, of in found.definition.fields.items():
        path = f"fields.{name}"
        _judge_field(found, path, of)
        found.documents(f"{path}.signed", of.signed)
        if of.counter is not None:
            _judge_pattern(found, f"{path}.counter", of.counter, ("year", *_choices_and_texts(found.definition)))
        for key, item in of.item.items():
            _judge_field(found, f"{path}.item.{key}", item)
            if item.type == "list" or item.parent or item.counter or item.signed:
                found.add(f"{path}.item.{key}", "a record of a list is flat: no list, parent, counter or signed in it")


def _choices_and_texts(definition: Definition) -> Iterator[str]:
    return (name for name, of in definition.fields.items() if of.type in ("text", "choice"))


def _judge_field(found: Findings, path: str, of: Field) -> None:
    choice, case, listed = of.type in ("choice", "choices"), of.type == "case", of.type == "list"
    for wrong, message in (
        (choice and not of.of, "a choice needs the choices in `of`"),
        (case and len(of.of) != 1, 'a case field names one workflow in `of`: of = "meeting"'),
        (bool(of.of) and not choice and not case, f"`of` means nothing for {of.type}"),
        (listed and not of.item, f"a list needs the fields of its records: [{path}.item.NAME]"),
        (bool(of.item) and not listed, f"`item` means nothing for {of.type}"),
        (of.parent and not case, "only a case field can be the parent"),
        (of.day is not None and of.type != "instant", "`day` means something for an instant only"),
        (of.counter is not None and of.type != "text", "`counter` means something for text only"),
        (bool(of.labels) and not choice, "`labels` means something for choices only"),
        (
            (of.minimum or of.maximum) is not None and of.type not in ("integer", "money", "date", "instant"),
            f"`minimum` and `maximum` mean nothing for {of.type}",
        ),
    ):
        if wrong:
            found.add(path, message)
    if case:
        for workflow in of.of:
            found.workflow(f"{path}.of", workflow)
    if choice:
        found.names(f"{path}.labels", "choice", of.labels, of.of)
        for missing in (word for word in of.of if word not in of.labels):
            found.add(f"{path}.labels", f"the choice “{missing}” has no label")


def _judge_states(found: Findings) -> None:
    for name, state in found.definition.states.items():
        path = f"state.{name}"
        found.names(f"{path}.phase", "phase", [state.phase], found.definition.phases)
        found.names(f"{path}.view", "external role", state.view or (), EXTERNAL_ROLES)
        if state.final and state.owner:
            found.add(f"{path}.owner", "a final state has no owner: nobody has to act in it")
        if not state.final and not state.owner:
            found.add(path, f"the open state “{name}” has no owner", "name the role that has to act")
        if state.owner == "system":
            found.add(f"{path}.owner", "“system” is nobody: name the role that has to act")


def _judge_people(found: Findings) -> None:
    definition = found.definition
    for name, ladder in definition.ladders.items():
        for tokens in ladder.escalate.values():
            found.recipients(f"ladder.{name}.escalate", tokens, of_deadline=True)
    for role, tokens in definition.owners.items():
        found.names("owners", "role", [role], ROLES)
        found.recipients(f"owners.{role}", tokens)
    found.names("record", "role", definition.record, ROLES)
    for name, recipients in definition.recipients.items():
        _judge_list(found, f"recipients.{name}", recipients)


def _judge_list(found: Findings, path: str, recipients: RecipientList) -> None:
    if recipients.subscribers:
        if recipients.workflow or recipients.on or recipients.to or recipients.states:
            found.add(path, "is either a mailing list (`subscribers`) or people of related cases, not both")
        return
    if not (recipients.workflow and recipients.on and recipients.to):
        found.add(path, "needs `subscribers`, or `workflow`, `on` and `to`")
        return
    other = found.workflow(f"{path}.workflow", recipients.workflow)
    judge_relation(found, f"{path}.on", recipients.on, other, everyone=True)
    if other:
        found.names(f"{path}.states", f"state of {other.name}", recipients.states, other.states)
    for token in recipients.to:
        head, colon, _ = token.partition(":")
        if token.startswith("@") or (colon and head not in PARTY_ROLES):
            found.add(f"{path}.to", f"“{token}”: a list names roles and functions of the related cases")
        else:
            found.recipients(f"{path}.to", [token])


def _judge_review(found: Findings) -> None:
    review = found.definition.review
    if review is None:
        return
    found.states("review.while", review.while_in)
    if not review.criteria or not review.by or not review.while_in:
        found.add("review", "needs criteria, the roles that review (`by`) and the states it is done in (`while`)")
