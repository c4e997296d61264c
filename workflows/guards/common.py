"""Guards that any workflow may use about the case itself: its fields, documents, signatures, and who acts on it."""

from collections.abc import Sequence
from typing import Any

from engine.core.errors import Refusal
from engine.core.guard import Context
from engine.core.requirements import signature_refusals
from workflows.guards.registry import registry
from workflows.guards.values import Refusals, empty, fired, last, money, records, shown, total


@registry.guard("field_in@1", field=str, values=tuple)
def field_in(context: Context, /, *, field: str, values: Sequence[Any]) -> Refusals:
    """The field holds one of the values."""
    if context.data.get(field) not in values:
        yield Refusal("field_not_in", {"field": field, "values": list(values)})


@registry.guard("field_set@1", field=str)
def field_set(context: Context, /, *, field: str) -> Refusals:
    """The field is filled in."""
    if empty(context.data.get(field)):
        yield Refusal("field_missing", {"field": field}, f"skede amend {{case}} -s {field}=…")


@registry.guard("brought_unless_fired@1", field=str)
def brought_unless_fired(context: Context, /, *, field: str) -> Refusals:
    """A person brings the field anew with the command; for the clock and other cases a fill does.

    Stands beside `needs.brings`, which is content with what a fill or an older value gives and itself refuses an
    empty field.
    """
    held = not empty(context.data.get(field))
    if held and not fired(context) and empty(context.command.set.get(field)):
        fix = f"skede advance {{case}} {context.transition.event} -s {field}=…"
        yield Refusal("field_must_be_brought", {"field": field}, fix)


@registry.guard("changed@1", field=str)
def changed(context: Context, /, *, field: str) -> Refusals:
    """The command gives the field another value than it had."""
    if context.data.get(field) == context.case.data.get(field):
        yield Refusal("field_not_changed", {"field": field})


@registry.guard("differs@1", field=str, other=str)
def differs(context: Context, /, *, field: str, other: str) -> Refusals:
    """Two fields do not hold the same."""
    value = context.data.get(field)
    if not empty(value) and value == context.data.get(other):
        yield Refusal("fields_same", {"field": field, "other": other, "value": value})


@registry.guard("at_most@1", field=str, other=str)
def at_most(context: Context, /, *, field: str, other: str) -> Refusals:
    """One amount is not larger than another; silent where one of them is empty."""
    value, bound = context.data.get(field), context.data.get(other)
    if not empty(value) and not empty(bound) and money(value) > money(bound):
        params = {"field": field, "amount": shown(money(value)), "other": other, "bound": shown(money(bound))}
        yield Refusal("amount_above", params)


@registry.guard("sums_to@1", list=str, column=str, field=str)
def sums_to(context: Context, /, *, list: str, column: str, field: str) -> Refusals:  # noqa: A002 - the language's word
    """A money column of a list sums to the amount in a field."""
    found, wanted = total(records(context.data, list), column), money(context.data.get(field))
    if found != wanted:
        params = {"list": list, "column": column, "sum": shown(found), "field": field, "wanted": shown(wanted)}
        yield Refusal("sum_differs", params)


@registry.guard("every_record_has@1", list=str, column=str)
def every_record_has(context: Context, /, *, list: str, column: str) -> Refusals:  # noqa: A002 - the language's word
    """Each record of a list has the column filled in."""
    for number, record in enumerate(records(context.data, list), 1):
        if empty(record.get(column)):
            yield Refusal("record_incomplete", {"list": list, "number": number, "column": column})


@registry.guard("state_in@1", states=tuple)
def state_in(context: Context, /, *, states: Sequence[str]) -> Refusals:
    """The case was in one of the states before the command: chooses between edges and between messages."""
    if context.case.state not in states:
        yield Refusal("state_not_in", {"states": list(states)})


@registry.guard("registered@1")
def registered(context: Context, /) -> Refusals:
    """The case has a registry number."""
    if empty(context.data.get("dnr")):
        yield Refusal("not_registered", {}, "skede amend {case} -s dnr=…", who=("registrar",))


@registry.guard("never_registered@1", optional=("states",), states=tuple)
def never_registered(context: Context, /, *, states: Sequence[str] = ()) -> Refusals:
    """The case never got a registry number; with `states` it is asked only in those."""
    if states and context.case.state not in states:
        return
    if not empty(context.case.data.get("dnr")) or last(context, "register"):
        yield Refusal("was_registered", {"dnr": context.case.data.get("dnr")})


# Documents and signatures


@registry.guard("document_filed@1", kind=str)
def document_filed(context: Context, /, *, kind: str) -> Refusals:
    """A document of the kind is filed, now or before."""
    if context.after.document(kind) is None:
        yield Refusal("document_missing", {"kind": kind}, f"skede attach {{case}} {kind}=FILE")


@registry.guard("filed_since@1", kind=str, events=tuple)
def filed_since(context: Context, /, *, kind: str, events: Sequence[str]) -> Refusals:
    """The newest document of the kind was filed after the latest of the events, or comes with the command."""
    found = context.after.document(kind)
    if found is None or found.n <= last(context, *events):
        code = "document_missing" if found is None else "document_too_old"
        yield Refusal(code, {"kind": kind}, f"skede attach {{case}} {kind}=FILE")


@registry.guard("filed_unless_fired@1", kind=str)
def filed_unless_fired(context: Context, /, *, kind: str) -> Refusals:
    """A person files a new document of the kind with the act; where another case fires it, that case holds it."""
    found = context.after.document(kind)
    if not fired(context) and (found is None or found.n <= context.case.entered_n):
        code = "document_missing" if found is None else "document_must_be_new"
        yield Refusal(code, {"kind": kind}, f"skede advance {{case}} {context.transition.event} -a {kind}=FILE")


@registry.guard("signatures_valid@1", kind=str)
def signatures_valid(context: Context, /, *, kind: str) -> Refusals:
    """Owner and at least one partner are parties, and each party that must sign has signed what now stands."""
    for role in ("owner", "partner"):
        if not any(party.required for party in context.after.party(role)):
            yield Refusal("party_missing", {"role": role}, f"skede party {{case}} add {role}=ORG:PERSON:signatory")
    yield from signature_refusals(context.definition, context.after, f"every:{kind}")


# Who acts


@registry.guard("role_in@1", roles=tuple)
def role_in(context: Context, /, *, roles: Sequence[str]) -> Refusals:
    """The command is given in one of the roles: chooses between edges and between messages."""
    if context.role not in roles:
        yield Refusal("role_not_in", {"roles": list(roles)}, who=tuple(roles))


@registry.guard("not_by_system@1")
def not_by_system(context: Context, /) -> Refusals:
    """A person gives the command, not the clock and not another case."""
    if fired(context):
        yield Refusal("not_by_itself", {})


@registry.guard("assigned@1")
def assigned(context: Context, /) -> Refusals:
    """The case has an officer."""
    if context.case.assignee is None:
        yield Refusal("not_assigned", {}, "skede assign {case} LOGIN", who=("officer", "head"))


@registry.guard("not_recused@1")
def not_recused(context: Context, /) -> Refusals:
    """Nobody who answers for the act has a conflict of interest in the case (kommunallagen 2017:725, 7 kap. 4 §)."""
    for person in (context.command.actor.person, context.command.on_behalf_of):
        if person is not None and person in context.case.recused:
            yield Refusal("recused", {"person": person}, "skede assign {case} LOGIN")
