"""Who is told what when a case moves: notices to messages, one per person."""

from collections.abc import Iterable

from engine.core.case import Case
from engine.core.command import Command
from engine.core.decision import Setup
from engine.core.definition import Notice, Transition
from engine.core.guard import Context
from engine.core.message import Message, MessageState
from engine.core.recipients import people_of
from engine.core.requirements import passes


def announcements(setup: Setup, context: Context, after: Case, edge: Transition, n: int) -> tuple[Message, ...]:
    """The messages of a move, each person once per template.

    Args:
        setup: For the guards of notices and the people behind roles.
        context: The context in which the edge was judged.
        after: The case after the move; its parties are the ones told.
        edge: The edge taken.
        n: The entry that records it.
    """
    state, reason = hold(context.command)
    messages = [
        message
        for notice in edge.notify
        if passes(setup.registry, notice.when, context)
        for message in _messages(setup, after, notice, n, state, reason)
    ]
    return tuple({m.key: m for m in messages}.values())


def welcomes(setup: Setup, before: Case, after: Case, n: int) -> tuple[Message, ...]:
    """A message to everybody who is a contact now and was none before."""
    met = set(_contacts(before))
    notice = Notice("contact_welcome", ())
    return tuple(_message(setup, after, notice, n, person) for person in _contacts(after) if person not in met)


def corrections(setup: Setup, case: Case, entry: int, n: int) -> tuple[Message, ...]:
    """A message to everybody whom a message of the entry that is taken back has reached."""
    notice = Notice("correction_notice", ())
    return tuple(_message(setup, case, notice, n, person) for person in setup.facts.people(f"told:{entry}"))


def _contacts(case: Case) -> tuple[str, ...]:
    named = (person for p in case.parties if p.until is None for person in p.people.get("contact", ()))
    return tuple(dict.fromkeys(named))


def hold(command: Command) -> tuple[MessageState, str | None]:
    """The state in which the messages of a command begin, and why: chosen by whoever gave the first of its line."""
    if command.no_mail:
        return "cancelled", "no_mail"
    if command.hold_mail:
        return "held", "hold_mail"
    return "queued", None


def _messages(
    setup: Setup, case: Case, notice: Notice, n: int, state: MessageState, reason: str | None
) -> Iterable[Message]:
    people = people_of(notice.to, case, setup.facts)
    for person in people or (None,):
        yield _message(setup, case, notice, n, person, state, reason)


def _message(
    setup: Setup, case: Case, notice: Notice, n: int, person: str | None, state: MessageState = "queued",
    reason: str | None = None,
) -> Message:  # fmt: skip
    if person is None and state != "cancelled":
        state, reason = "no_recipient", ",".join(notice.to)
    return Message(
        key=f"{case.reference}#{n}/{notice.message}/{person or '-'}", case=case.reference, n=n,
        template=notice.message, person=person, lang="sv", variables={}, due_at=setup.now, attach=notice.attach,
        state=state, reason=reason,
    )  # fmt: skip
