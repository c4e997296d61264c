"""Recipient tokens to people: who is meant by `owner:contact`, `officer` or `@subscribers` in this case."""

from collections.abc import Iterable, Sequence

from engine.core.case import Case
from engine.core.definition import DeadlineRule, Definition
from engine.core.facts import Facts


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
    if role == "officer" and case.assignee:
        return facts.people(f"user:{case.assignee}")
    return facts.people(f"users:{role}")


def reminded(definition: Definition, rule: DeadlineRule) -> tuple[str, ...]:
    """The tokens that a deadline's reminders go to: its own, else those of its owner's role."""
    return rule.to or definition.owners.get(rule.owner) or (rule.owner,)
