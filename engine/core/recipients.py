"""Recipient tokens to people: who is meant by `owner:contact`, `officer` or `@subscribers` in this case."""

from collections.abc import Iterable, Sequence

from engine.core.case import Case
from engine.core.definition import DeadlineRule, Definition
from engine.core.facts import Facts

DEADLINE_OWNER = "@deadline_owner"
"""The token for whoever a deadline's own reminders would go to by its owner's role."""


def people_of(tokens: Iterable[str], case: Case, facts: Facts) -> tuple[str, ...]:
    """The person ids that tokens stand for, each once, in the order they are named."""
    return tuple(dict.fromkeys(person for token in tokens for person in _of(token, case, facts)))


def _of(token: str, case: Case, facts: Facts) -> Sequence[str]:
    if token.startswith("@"):
        return facts.people(f"list:{token[1:]}")
    role, colon, function = token.partition(":")
    if colon:
        return [person for party in case.party(role) for person in party.people.get(function, ())]
    if role == "evaluator":
        return [person for party in case.party(role) for person in party.people.get("contact", ())]
    if role == "officer" and case.assignee and (assigned := facts.people(f"user:{case.assignee}")):
        return assigned
    return facts.people(f"users:{role}")


def reminded(definition: Definition, rule: DeadlineRule) -> tuple[str, ...]:
    """The tokens that a deadline's reminders go to: its own, else those of its owner's role."""
    return meant(definition, rule, rule.to) or _owners(definition, rule)


def meant(definition: Definition, rule: DeadlineRule, tokens: Sequence[str]) -> tuple[str, ...]:
    """Tokens of a deadline or its ladder, with `@deadline_owner` put in words."""
    owners = _owners(definition, rule)
    return tuple(t for token in tokens for t in (owners if token == DEADLINE_OWNER else (token,)))


def _owners(definition: Definition, rule: DeadlineRule) -> tuple[str, ...]:
    return definition.owners.get(rule.owner) or (rule.owner,)
