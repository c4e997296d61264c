"""The pages of the workflows that ship, from their definitions."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from docs.generator.markdown import bullets, code, codes, page, table
from engine.bootstrap.plugins import shipped
from engine.cli.texts import role_text
from engine.core.build import build
from engine.core.definition import DeadlineRule, Definition, Field, GuardUse, Needs, State, Transition
from engine.diagram import mermaid


@cache
def definitions() -> Mapping[str, Definition]:
    """The workflows that ship, by name."""
    found: dict[str, Definition] = {}
    for name, (plain, _) in shipped().items():
        definition, faults = build(plain)
        if definition is None:
            raise SystemExit(f"{name}: {faults}")
        found[definition.name] = definition
    return found


def pages() -> Iterator[tuple[str, str]]:
    """(path, text) of the index and of one page per workflow."""
    rows = [(f"[{name}]({name}.md)", d.title["en"], d.title["sv"], code(d.reference), str(len(d.states)),
             str(len({move.event for move in d.transitions})))
            for name, d in definitions().items()]  # fmt: skip
    head = ["workflow", "title", "titel", "reference", "states", "events"]
    yield "reference/workflows/README.md", page("Workflows that ship", table(head, rows))
    for name, found in definitions().items():
        yield f"reference/workflows/{name}.md", _page(found)


def _page(found: Definition) -> str:
    moves: dict[str, list[Transition]] = {}
    for move in found.transitions:
        moves.setdefault(move.event, []).append(move)
    return page(
        f"{found.title['en']} ({found.title['sv']})",
        f"Workflow `{found.name}`, version {found.version}. References look like `{found.reference}`.",
        "## Diagram",
        f"```mermaid\n{mermaid(found, 'en')}```",
        "## States",
        table(["state", "title", "titel", "phase", "owner", ""], (_state(found, one) for one in found.states.values())),
        "## Events",
        *(block for event, edges in moves.items() for block in _event(found, event, edges)),
        *_section("Deadlines", ["deadline", "title", "while in", "due", "owner", "reminders", "then"],
                  [_deadline(rule) for rule in found.deadlines.values()]),
        *_section("Messages", ["message", "sent by", "to"], _messages(found)),
        *_section("Fields", ["field", "title", "titel", "type", ""], [_field(one) for one in found.fields.values()]),
        *_section("Documents", ["kind", "title", "titel", "retention"],
                  [(code(d.id), d.title["en"], d.title["sv"], d.retention or "") for d in found.documents.values()]),
    )  # fmt: skip


def _section(title: str, head: list[str], rows: list[tuple[str, ...]]) -> list[str]:
    return [f"## {title}", table(head, rows)] if rows else []


def _state(found: Definition, state: State) -> tuple[str, ...]:
    notes = ["final"] if state.final else []
    if state.resting:
        notes.append(f"no deadline: {state.resting['en']}")
    owner = _roles((state.owner,)) if state.owner else ""
    return (
        code(state.id),
        state.title["en"],
        state.title["sv"],
        found.phases[state.phase]["en"],
        owner,
        "; ".join(notes),
    )


def _event(found: Definition, event: str, edges: list[Transition]) -> Iterator[str]:
    first = edges[0]
    yield f"### {event}"
    yield f"**{first.title['en']}** ({first.title['sv']}). {(first.help or {}).get('en', '')}".strip()
    for edge in edges:
        yield bullets(_edge(found, edge))


def _edge(found: Definition, edge: Transition) -> Iterator[str]:
    source = "Opens a case" if edge.is_opening else codes(edge.source)
    target = {"@same": "stays", "@previous": "back to where it was"}.get(edge.target, code(edge.target))
    yield f"{source} → {target}. By: {_roles(edge.by)}{'; tried by itself after each change' if edge.auto else ''}."
    if edge.when:
        yield f"When: {_guards(edge.when)}."
    yield from _needs(edge.needs)
    if edge.takes:
        yield f"May bring: {codes(edge.takes)}."
    if edge.guards:
        yield f"Rules: {_guards(edge.guards)}."
    yield from _people(edge)
    if edge.set or edge.fills:
        values = [f"`{name}` = {_value(value)}" for name, value in edge.set.items()]
        values += [f"`{name}` by {_guard_link(fill)}" for name, fill in edge.fills.items()]
        yield f"Sets: {', '.join(values)}."
    for notice in edge.notify:
        yield f"Sends `{notice.message}` to {codes(notice.to)}{_when(notice.when)}."
    for spawn in edge.spawns:
        yield f"Opens a {_workflow(spawn.workflow)} (`{spawn.opening}`){_when(spawn.when)}."
    for fire in edge.fires:
        yield f"Fires `{fire.event}` in {_workflow(fire.workflow)}, {code(fire.on)}{_when(fire.when)}."
    if edge.plans:
        yield f"Plans: {codes(edge.plans)}."
    if edge.voids:
        yield "Voids the signatures."


def _needs(needs: Needs) -> Iterator[str]:
    told = {
        "Needs": needs.fields, "Brings": needs.brings, "Documents": needs.documents,
        "New documents": needs.new_documents, "Signatures": needs.signatures,
    }  # fmt: skip
    yield from (f"{label}: {codes(words)}." for label, words in told.items() if words)
    for child in needs.children:
        yield f"A case of {_workflow(child['workflow'])} below it, in {codes(child['states'])}{_where(child)}."


def _people(edge: Transition) -> Iterator[str]:
    if edge.not_same_person_as:
        yield f"Not by the person who did {codes(edge.not_same_person_as)}."
    if edge.approvals:
        many = f"{edge.approvals.count} persons" if edge.approvals.count else "every required party"
        order = ", in the order of the roles" if edge.approvals.order == "sequence" else ""
        yield f"Takes effect when {many} have said so{order}."
    if edge.limit:
        field = edge.limit["field"]
        most = ", ".join(
            f"{role_text(role, 'en')} at most {amount}" for role, amount in edge.limit.items() if role != "field"
        )
        yield f"Limit on `{field}`: {most}."


def _deadline(rule: DeadlineRule) -> tuple[str, ...]:
    ladder = code(rule.remind) if isinstance(rule.remind, str) else ", ".join(rule.remind)
    after = f" after {rule.then_after}" if rule.then_after else ""
    then = f"`{rule.then}`{after}" if rule.then else ""
    notes = " (pausable)" if rule.pausable else ""
    title = f"{rule.title['en']} ({rule.title['sv']})"
    due = f"`{rule.due}`{notes}" + (f", for each of `{rule.for_each}`" if rule.for_each else "")
    return code(rule.name), title, codes(rule.while_in), due, _roles((rule.owner,)), ladder or "none", then


def _messages(found: Definition) -> list[tuple[str, ...]]:
    by: dict[str, list[Transition]] = {}
    to: dict[str, list[str]] = {}
    for move in found.transitions:
        for notice in move.notify:
            by.setdefault(notice.message, []).append(move)
            to.setdefault(notice.message, []).extend(notice.to)
    return [(code(name), codes(dict.fromkeys(move.event for move in moves)), codes(dict.fromkeys(to[name])))
            for name, moves in sorted(by.items())]  # fmt: skip


def _field(field: Field) -> tuple[str, ...]:
    notes = [word for word in ("required", "personal", "computed") if getattr(field, word)]
    if field.signed:
        notes.append(f"signed with {codes(field.signed)}")
    if field.of and field.type in ("choice", "choices"):
        notes.append(f"one of {codes(field.of)}")
    if field.item:
        notes.append(f"records of {codes(field.item)}")
    kind = f"{field.type} of {_workflow(field.of[0])}" if field.type == "case" and field.of else field.type
    return code(field.id), field.title["en"], field.title["sv"], kind, "; ".join(notes)


def _roles(roles: tuple[str, ...]) -> str:
    return ", ".join(role_text(role, "en") for role in roles)


def _guards(uses: tuple[GuardUse, ...]) -> str:
    return ", ".join(_guard(use) for use in uses)


def _guard(use: GuardUse) -> str:
    params = ", ".join(f"{name} = {_value(value)}" for name, value in use.params.items())
    waivable = f" – {_roles(use.waivable_by)} may waive it" if use.waivable_by else ""
    return f"{_guard_link(use.name)}{f' ({params})' if params else ''}{waivable}"


def _guard_link(name: str) -> str:
    return f"[{name}](../guards.md#{name.replace('@', '')})"


def _workflow(name: str) -> str:
    return f"[{name}]({name}.md)" if name in definitions() else code(name)


def _when(uses: tuple[GuardUse, ...]) -> str:
    return f", when {_guards(uses)}" if uses else ""


def _where(child: Mapping[str, Any]) -> str:
    where = [f"`{name}` {_value(value)}" for name, value in child.get("where", {}).items()]
    return f" where {', '.join(where)}" if where else ""


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " or ".join(_value(one) for one in value)
    return code(str(value))
