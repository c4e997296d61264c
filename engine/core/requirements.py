"""What a transition demands, asked one by one: every refusal is told, with the command that mends it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from engine.core.acting import EXTERNAL, Acting
from engine.core.case import Approval, Case
from engine.core.definition import Definition, GuardUse, Transition
from engine.core.errors import Refusal
from engine.core.guard import Context, Registry
from engine.core.signing import missing_signers
from engine.core.waiving import overrides

_AT_OPENING = (
    (re.compile(r"^skede amend \{case\} (?=-s )"), ""),
    (re.compile(r"^skede party \{case\} add "), "--party "),
    (re.compile(r"^skede attach \{case\} "), "-a "),
)
"""Commands on a case, and the options of `new` that do the same."""

_ANSWERING = (EXTERNAL["applicant"], EXTERNAL["partner"])
"""Party roles whose organisations answer where every required party does."""


def ask_guards(registry: Registry, uses: Sequence[GuardUse], context: Context) -> Iterator[tuple[GuardUse, Refusal]]:
    """Every refusal of the guards, with the guard that gave it."""
    for use in uses:
        for refusal in registry.guards[use.name].function(context, **use.params):
            yield use, refusal


def passes(registry: Registry, uses: Sequence[GuardUse], context: Context) -> bool:
    """Whether all the guards are content."""
    return next(ask_guards(registry, uses, context), None) is None


def unmet(registry: Registry, context: Context, acting: Acting) -> Iterator[Refusal]:
    """Every reason why the transition of the context may not be taken, the role left out; each with what mends it."""
    for refusal in _demands(registry, context, acting):
        yield refusal if refusal.fix else replace(refusal, fix=_otherwise(context, refusal))


def _demands(registry: Registry, context: Context, acting: Acting) -> Iterator[Refusal]:
    edge = context.transition
    yield from _people(context.case, edge, acting)
    yield from _fields(context)
    yield from _documents(context)
    yield from _signatures(context)
    yield from _children(context)
    yield from _limit(edge, context.data, acting.role)
    for use, refusal in ask_guards(registry, edge.guards, context):
        if overrides(context.command, use):
            if problem := _waiver(use, context, acting):
                yield problem
            continue
        yield Refusal(
            refusal.code, refusal.params, _fix(context, refusal.fix), refusal.who, use.name, use.waivable_by
        )  # fmt: skip


def waived(registry: Registry, context: Context) -> tuple[str, ...]:
    """The guards that refuse and that the command overrides."""
    asked = [use for use in context.transition.guards if overrides(context.command, use)]
    return tuple(dict.fromkeys(use.name for use, _ in ask_guards(registry, asked, context)))


def _fix(context: Context, given: str | None) -> str | None:
    """A rule's command for this case: at an opening, where there is no case yet, what the opening itself can bring."""
    if given is None:
        return None
    if context.transition.is_opening:
        for pattern, option in _AT_OPENING:
            given = pattern.sub(f"{_verb(context)} {option}", given)
    return given.replace("{case}", context.case.reference or "REF")


def _otherwise(context: Context, refusal: Refusal) -> str:
    """What mends it where the rule names no command: the value given anew, or a look at the deadline or the event."""
    needs, case, verb = context.transition.needs, context.case, _verb(context)
    settable = {*needs.fields, *needs.brings, *context.transition.takes}
    for name in (refusal.params.get("field"), refusal.params.get("list")):
        if name in settable:
            return f"{verb} -s {name}=…"
    if context.transition.is_opening or refusal.code in ("same_person", "approved_already"):
        return f"{verb} …"
    waiting = next((d for d in case.deadlines if d.name == refusal.params.get("deadline")), None)
    if waiting is not None:
        return f"skede deadline why {case.reference}:{waiting.id.partition(':')[2]}"
    return f"skede next {case.reference} {context.transition.event}"


def _waiver(use: GuardUse, context: Context, acting: Acting) -> Refusal | None:
    if not use.waivable_by or not set(use.waivable_by) & (context.command.actor.roles | {acting.role}):
        return Refusal("guard_not_waivable", {"guard": use.name}, who=use.waivable_by)
    if not context.command.note:
        fix = f'{_verb(context)} --override {use.name} -n "…"'
        return Refusal("override_needs_note", {"guard": use.name}, fix)
    return None


def _people(case: Case, edge: Transition, acting: Acting) -> Iterator[Refusal]:
    if acting.role == "system":
        return
    for person in acting.people:
        if person in case.recused:
            yield Refusal("recused", {"person": person}, f"skede assign {case.reference} LOGIN")
    for event in edge.not_same_person_as:
        for person in sorted(set(acting.people) & _behind(case, event)):
            yield Refusal("same_person", {"event": event, "person": person}, who=edge.by)
    if edge.approvals and any(_same_voice(edge, a, acting) for a in case.approvals if a.event == edge.event):
        yield Refusal("approved_already", {"event": edge.event}, who=edge.by)


def _behind(case: Case, event: str) -> set[str]:
    """The people who answer for an event: those who brought it about, and those who have said yes to it by now."""
    happened = case.events.get(event)
    asked = {person for approval in case.approvals if approval.event == event for person in approval.people}
    return asked | set(happened.people if happened else ())


def _same_voice(edge: Transition, given: Approval, acting: Acting) -> bool:
    """Whether this yes was given before: by the same party where every party answers, else by the same person.

    One officer may record the answers of several parties, but never two of several persons' approvals.
    """
    if edge.approvals is not None and edge.approvals.each:
        return given.party is not None and given.party == acting.party
    return bool(set(given.people) & set(acting.people))


def _fields(context: Context) -> Iterator[Refusal]:
    needs = context.transition.needs
    verb = _verb(context)
    brought = context.command.set
    opening = context.transition.is_opening
    always = [f.id for f in context.definition.fields.values() if f.required and (opening or f.id in brought)]
    for name in dict.fromkeys((*always, *needs.fields)):
        if _empty(context.data.get(name)):
            yield Refusal("field_missing", {"field": name}, f"{verb} -s {name}=…")
    for name in needs.brings:
        if _empty(brought.get(name)) and (name not in context.transition.fills or _empty(context.data.get(name))):
            yield Refusal("field_must_be_brought", {"field": name}, f"{verb} -s {name}=…")


def _documents(context: Context) -> Iterator[Refusal]:
    case, verb = context.after, _verb(context)
    signed = {token.partition(":")[2] for token in context.transition.needs.signatures}
    for kind in context.transition.needs.documents:
        if case.document(kind) is None:
            fix = _attach(case, kind) if kind in signed else f"{verb} -a {kind}=FILE"
            yield Refusal("document_missing", {"kind": kind}, fix)
    for kind in context.transition.needs.new_documents:
        found = case.document(kind)
        if found is None:
            yield Refusal("document_missing", {"kind": kind}, f"{verb} -a {kind}=FILE")
        elif found.n <= context.case.entered_n:
            yield Refusal("document_must_be_new", {"kind": kind}, f"{verb} -a {kind}=FILE")


def _signatures(context: Context) -> Iterator[Refusal]:
    """Signatures that lack; a document that came with the event is not there to be signed once that is refused."""
    here = {upload.kind for upload in getattr(context.command, "uploads", ())}
    for token in context.transition.needs.signatures:
        refusals = list(signature_refusals(context.definition, context.after, token))
        kind = token.partition(":")[2]
        if refusals and kind in here:
            yield Refusal("document_to_sign_first", {"kind": kind}, _attach(context.case, kind))
        yield from refusals


def _attach(case: Case, kind: str) -> str:
    return f"skede attach {case.reference} {kind}=FILE"


def signature_refusals(definition: Definition, case: Case, token: str) -> Iterator[Refusal]:
    """Who has still to sign for `WHO:KIND`, or whose signature no longer covers the content."""
    kind = token.partition(":")[2]
    if case.document(kind) is None:
        yield Refusal("document_missing", {"kind": kind}, _attach(case, kind))
    for signer, party in missing_signers(definition, case, token):
        old = any(s.who == signer and s.party == party and s.kind == kind for s in case.signatures)
        fix = f"skede sign {case.reference} --party {signer} --by PERSON --document {kind}"
        code = "signature_outdated" if old else "signature_missing"
        yield Refusal(code, {"who": signer, "kind": kind, "party": party}, fix, who=(signer,))


def _children(context: Context) -> Iterator[Refusal]:
    for wanted in context.transition.needs.children:
        if not any(_fits(child, wanted) for child in context.facts.cases("children")):
            where = ", ".join(str(v) for v in wanted.get("where", {}).values())
            params = {"workflow": wanted["workflow"], "states": list(wanted.get("states", ())), "where": where}
            yield Refusal("child_missing", params, f"skede list {wanted['workflow']} --parent {context.case.reference}")


def _fits(child: Case, wanted: Mapping[str, Any]) -> bool:
    return (
        child.workflow == wanted["workflow"]
        and child.state in wanted.get("states", (child.state,))
        and all(child.data.get(name) == value for name, value in wanted.get("where", {}).items())
    )


def _limit(edge: Transition, data: Mapping[str, Any], role: str) -> Iterator[Refusal]:
    if edge.limit and role in edge.limit:
        amount = data.get(edge.limit["field"])
        if amount is not None and Decimal(amount) > Decimal(edge.limit[role]):
            params = {"field": edge.limit["field"], "limit": edge.limit[role], "amount": amount}
            yield Refusal("limit_exceeded", params)


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == []


def _verb(context: Context) -> str:
    if context.transition.is_opening:
        return f"skede new {context.definition.name}"
    return f"skede advance {context.case.reference} {context.transition.event}"


def speakers(edge: Transition, case: Case) -> tuple[str, ...]:
    """The roles that may give the next yes: all of `by`, or in a sequence the one whose turn it is."""
    if edge.approvals is None or edge.approvals.order != "sequence":
        return edge.by
    given = sum(1 for a in case.approvals if a.event == edge.event)
    return edge.by[given : given + 1] or edge.by[-1:]


def approvals_wanting(case: Case, given: Sequence[Approval], edge: Transition, acting: Acting) -> bool:
    """Whether, with this yes counted, more are needed before the case moves.

    Args:
        case: For the parties that have to answer.
        given: What was said before, as far as it still holds.
        edge: The edge that is said yes to.
        acting: Who says yes now.
    """
    if edge.approvals is None:
        return False
    if edge.approvals.each:
        answered = {a.party for a in given} | {acting.party}
        return any(p.id not in answered for role in _ANSWERING for p in case.party(role) if p.required)
    return len(given) + 1 < (edge.approvals.count or 1)
