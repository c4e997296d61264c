"""Judges openings and transitions one by one: whom and what they name, and whether that can ever happen."""

from collections.abc import Collection, Iterable

from engine.core.definition import Definition, Fire, Needs, Notice, Spawn, Transition
from engine.core.expression_check import judge_set
from engine.core.findings import Findings
from engine.core.language import FUNCTIONS, PARTY_ROLES, SIGNING_OFFICES


def judge_moves(found: Findings) -> None:
    """Judge every opening and transition."""
    for path, move in numbered(found.definition):
        _judge_target(found, path, move)
        _judge_actors(found, path, move)
        _judge_needs(found, f"{path}.needs", move.needs)
        _judge_brought(found, path, move)
        found.guards(f"{path}.when", move.when)
        found.guards(f"{path}.guards", move.guards)
        found.values(f"{path}.set", move.set, found.definition)
        found.fields(f"{path}.fills", move.fills)
        found.names(f"{path}.fills", "fill", move.fills.values(), found.registry.fills)
        found.names(f"{path}.plans", "series", move.plans, found.definition.series)
        for number, notice in enumerate(move.notify, 1):
            _judge_notice(found, f"{path}.notify[{number}]", notice)
        for number, spawn in enumerate(move.spawns, 1):
            _judge_spawn(found, f"{path}.spawns[{number}]", spawn, move)
        for number, fire in enumerate(move.fires, 1):
            _judge_fire(found, f"{path}.fires[{number}]", fire)


def numbered(definition: Definition) -> Iterable[tuple[str, Transition]]:
    """Every opening and transition with its path in the file."""
    counts = {"opening": 0, "transition": 0}
    for move in definition.transitions:
        kind = "opening" if move.is_opening else "transition"
        counts[kind] += 1
        yield f"{kind}[{counts[kind]}]", move


def _judge_target(found: Findings, path: str, move: Transition) -> None:
    states = found.definition.states
    found.states(f"{path}.from", move.source)
    for name in move.source:
        if name in states and states[name].final:
            found.add(
                f"{path}.from", f"“{name}” is final and cannot be left", "make it an open state, or drop the edge"
            )
    if not move.target.startswith("@"):
        found.states(f"{path}.to", [move.target])
        if move.is_opening and move.target in states and states[move.target].final:
            found.add(f"{path}.to", "a case cannot begin in a final state")


def _judge_actors(found: Findings, path: str, move: Transition) -> None:
    if not move.by:
        found.add(f"{path}.by", f"nobody may “{move.event}”", 'name roles; ["system"] for the clock and other cases')
    found.events(f"{path}.not_same_person_as", move.not_same_person_as)
    if move.auto and "system" not in move.by:
        found.add(f"{path}.by", "an automatic event is tried by “system”, which may not")
    if move.auto and (move.needs.brings or move.approvals):
        found.add(path, "an automatic event brings nothing and approves nothing: it could never happen")
    if move.approvals:
        _judge_approvals(found, f"{path}.approvals", move)
    if move.limit:
        field = move.limit["field"]
        found.fields(f"{path}.limit", [field])
        if field in found.definition.fields and found.definition.fields[field].type != "money":
            found.add(f"{path}.limit", f"“{field}” is no money")
        for role in (name for name in move.limit if name != "field" and name not in move.by):
            found.add(f"{path}.limit", f"“{role}” has a limit and is not among those who may", "see `by`")


def _judge_approvals(found: Findings, path: str, move: Transition) -> None:
    approvals = move.approvals
    if approvals is None or (approvals.count is None) == (approvals.each is None):
        found.add(path, "says either how many (`count`) or `each`, and one of them")
    elif approvals.order == "sequence" and approvals.count != len(move.by):
        found.add(path, "in sequence, the roles of `by` answer in their order: `count` must be their number")


def _judge_needs(found: Findings, path: str, needs: Needs) -> None:
    found.fields(f"{path}.fields", needs.fields)
    found.fields(f"{path}.brings", needs.brings)
    found.documents(f"{path}.documents", needs.documents)
    found.documents(f"{path}.new_documents", needs.new_documents)
    for token in needs.signatures:
        _judge_signature(found, f"{path}.signatures", token)
    for number, child in enumerate(needs.children, 1):
        here = f"{path}.children[{number}]"
        other = found.workflow(here, child["workflow"])
        if other:
            found.names(here, f"state of {other.name}", child.get("states", ()), other.states)
            found.values(here, child.get("where", {}), other)


def _judge_signature(found: Findings, path: str, token: str) -> None:
    who, colon, kind = token.partition(":")
    if not colon:
        found.add(
            path, f"“{token}” does not say which document is signed", "write WHO:KIND, as in owner.signatory:report"
        )
        return
    found.documents(path, [kind])
    role, dot, function = who.partition(".")
    if dot:
        found.names(path, "party role", [role], PARTY_ROLES)
        found.names(path, "function", [function], FUNCTIONS)
    elif who != "every":
        found.names(path, "signer", [who], SIGNING_OFFICES)


def _judge_brought(found: Findings, path: str, move: Transition) -> None:
    fields, rules = found.definition.fields, found.definition.deadlines.values()
    found.fields(f"{path}.takes", move.takes)
    for name in (*move.needs.brings, *move.takes):
        if name in fields and fields[name].computed and name not in move.fills:
            found.add(path, f"“{name}” is computed: nobody can bring it")
    if move.item is None:
        return
    found.fields(f"{path}.item", [move.item])
    if move.item in fields and fields[move.item].type != "integer":
        found.add(f"{path}.item", f"“{move.item}” must be an integer: the number of the item")
    if move.item not in (*move.needs.fields, *move.needs.brings, *move.takes):
        found.add(f"{path}.item", f"“{move.item}” cannot be brought", "name it in needs.brings")
    if not any(rule.for_each and move.event in (*rule.met_by, *rule.cancelled_by) for rule in rules):
        found.add(f"{path}.item", "no deadline with `for_each` is ended by this event")


def _judge_notice(found: Findings, path: str, notice: Notice) -> None:
    found.template(path, notice.message)
    if not notice.to:
        found.add(path, f"message “{notice.message}” has no recipient")
    found.recipients(f"{path}.to", notice.to)
    found.documents(f"{path}.attach", (kind for kind in notice.attach if kind != "calendar"))
    found.guards(f"{path}.when", notice.when)


def _judge_spawn(found: Findings, path: str, spawn: Spawn, move: Transition) -> None:
    found.guards(f"{path}.when", spawn.when)
    for role in (role for role in spawn.for_role if role not in move.by):
        found.add(f"{path}.for_role", f"“{role}” may not “{move.event}”, so this case is never opened")
    other = found.workflow(f"{path}.workflow", spawn.workflow)
    if other:
        judge_opening(found, path, other, spawn.opening, spawn.set)
        judge_set(found, f"{path}.set", spawn.set, other)


def judge_opening(found: Findings, path: str, other: Definition, event: str, given: Collection[str]) -> None:
    """Judge a case that is opened without anybody typing: whether it is given all that its opening needs."""
    openings = [t for t in other.openings() if t.event == event]
    found.names(f"{path}.opening", f"opening of {other.name}", [event], [t.event for t in other.openings()])
    for opening in openings:
        required = [of.id for of in other.fields.values() if of.required]
        for name in dict.fromkeys((*required, *opening.needs.fields, *opening.needs.brings)):
            of = other.fields.get(name)
            if of and not of.parent and name not in {*given, *opening.set, *opening.fills}:
                found.add(f"{path}.set", f"does not set “{name}”, which “{event}” of {other.name} needs")
        for kind in (*opening.needs.documents, *opening.needs.new_documents):
            found.add(path, f"“{event}” of {other.name} needs the document “{kind}”, which no other case can bring")


def _judge_fire(found: Findings, path: str, fire: Fire) -> None:
    found.guards(f"{path}.when", fire.when)
    other = found.workflow(f"{path}.workflow", fire.workflow)
    judge_relation(found, f"{path}.on", fire.on, other)
    if other:
        events = {t.event for t in other.transitions if not t.is_opening}
        found.names(f"{path}.event", f"event of {other.name}", [fire.event], events)
        judge_set(found, f"{path}.set", fire.set, other)


def judge_relation(found: Findings, path: str, on: str, other: Definition | None, *, everyone: bool = False) -> None:
    """Judge how other cases are related to this one: `parent`, `children`, `siblings`, `linking:FIELD`."""
    head, colon, field = on.partition(":")
    if head != "linking" or not colon:
        found.names(path, "relation", [on], ("parent", "children", "siblings", *(("all",) if everyone else ())))
    elif other:
        of = other.fields.get(field)
        if of is None or of.type != "case" or found.definition.name not in of.of:
            found.add(path, f"{other.name} has no case field “{field}” that points at {found.definition.name}")
