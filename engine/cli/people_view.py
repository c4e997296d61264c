"""How organisations, people and users are printed: as listings, and one by one."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.cli.options import Shell
from engine.cli.output import emit_json, mark_sandbox, say
from engine.cli.session import Session


def print_rows(shell: Shell, session: Session, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """A listing: as JSON, or as a table of some of its columns."""
    from engine.cli.tables import Column, print_table

    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json(rows)
        return
    titles = [Column(shell.text(f"people_{name}")) for name in columns]
    if not print_table(titles, ([_cell(shell, row, name) for name in columns] for row in rows), color=shell.color):
        shell.tell("nothing_found")


def _cell(shell: Shell, row: Mapping[str, Any], name: str) -> Any:
    value = row[name]
    if name == "kind":
        return shell.text(f"kind_{value}")
    if name == "roles":
        from engine.cli.texts import role_text

        return ", ".join(role_text(role, shell.lang) for role in value)
    return value


def print_one(shell: Shell, session: Session, told: Mapping[str, Any], columns: Sequence[str]) -> None:
    """One organisation, person or user: as JSON, or line by line."""
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json(told)
        return
    for name in columns:
        if told.get(name):
            say(f"{shell.text(f'people_{name}')}: {_cell(shell, told, name)}")
    for known in told.get("names", ())[:-1]:
        say(shell.text("org_was", name=known["name"], day=known["from"] or "-"))
    for person in told.get("people", ()):
        say(f"  {person['id']}  {person['name']}  {person['email'] or ''}".rstrip())
    for case in told.get("cases", ()):
        say(f"  {case['reference']}  {case['title']}  ({parts_text(shell, case['parts'])})")


def parts_text(shell: Shell, parts: Sequence[str]) -> str:
    """The parts that somebody takes in a case, in words."""
    from engine.cli.texts import role_text

    return ", ".join(role_text(part, shell.lang) for part in parts)
