"""Definitions: which are published, what they say, whether a new one is sound, and how they look."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click

from engine.app.definitions import Published, judged, one, published, rules_of, walked
from engine.app.publish import publish as publish_files
from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, mark_sandbox, say
from engine.cli.session import open_session
from engine.cli.tables import Column, print_table
from engine.cli.texts import role_text
from engine.cli.writing import write_new
from engine.core.definition import Definition
from engine.core.errors import UsageError
from engine.core.shape import Fault
from engine.core.when import parse_date
from engine.readers.toml import locate, read_definition

FAULTY = 2
"""Exit code of a definition with faults."""

Files = dict[str, tuple[dict[str, Any], str]]


@click.group()
def workflow() -> None:
    """Workflows and their definitions."""


@workflow.command("list")
@pass_shell
def list_(shell: Shell) -> None:
    """The workflows that are published here, every version."""
    session = open_session(shell, read_only=True)
    found = published(session.office, session.caller)
    if shell.json:
        emit_json([one.told() for one in found])
        return
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=False)
    columns = [Column(shell.text(f"workflow_{name}"), right=name in ("version", "cases"))
               for name in ("name", "version", "title", "valid_from", "cases")]  # fmt: skip
    rows = [[p.row.name, p.row.version, p.definition.title[shell.lang], p.row.valid_from, p.cases] for p in found]
    print_table(columns, rows, color=shell.color)


@workflow.command()
@click.argument("name")
@click.option("--version", "number", type=int, metavar="V", help="Another version than today's.")
@click.option("--source", is_flag=True, help="The file as it was published.")
@pass_shell
def show(shell: Shell, name: str, number: int | None, source: bool) -> None:
    """What a workflow says: its states, its transitions, its deadlines."""
    session = open_session(shell, read_only=True)
    found = one(session.office, session.caller, name, number)
    if shell.json:
        emit_json({**found.told(), "source": found.row.text, "rules": rules_of(found.row)})
        return
    if source:
        for line in found.row.text.splitlines():
            say(line)
        return
    _say_rules(shell, found)


def _say_rules(shell: Shell, found: Published) -> None:
    definition, lang = found.definition, shell.lang
    told = {"title": definition.title[lang], "name": definition.name, "version": definition.version}
    say(shell.text("workflow_headline", **told, day=found.row.valid_from))
    say()
    columns = [Column(shell.text(f"workflow_{name}")) for name in ("state", "phase", "owner")]
    print_table(columns, [
        [state.title[lang], definition.phases[state.phase][lang], role_text(state.owner, lang) if state.owner else "–"]
        for state in definition.states.values()
    ], color=shell.color)  # fmt: skip
    say()
    columns = [Column(shell.text(f"workflow_{name}")) for name in ("event", "source", "target", "by")]
    print_table(columns, [
        [f"{move.title[lang]} ({move.event})", _states(definition, move.source, lang),
         _states(definition, (move.target,), lang), ", ".join(role_text(role, lang) for role in move.by)]
        for move in definition.transitions
    ], color=shell.color)  # fmt: skip
    if definition.deadlines:
        say()
        columns = [Column(shell.text(f"workflow_{name}")) for name in ("deadline", "due", "owner")]
        print_table(columns, [
            [rule.title[lang], rule.due, role_text(rule.owner, lang)] for rule in definition.deadlines.values()
        ], color=shell.color)  # fmt: skip


def _states(definition: Definition, names: tuple[str, ...], lang: str) -> str:
    return ", ".join(definition.states[n].title[lang] if n in definition.states else n for n in names) or "–"


@workflow.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
@pass_shell
def check(shell: Shell, files: tuple[Path, ...]) -> int:
    """Every fault of definitions, each with file and line; those given together may name each other."""
    session = open_session(shell, read_only=True)
    read = _read(files)
    faults = judged(session.office, {name: plain for name, (plain, _) in read.items()})
    return _tell(shell, read, faults) or _sound(shell, read)


@workflow.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
@click.option("--valid-from", metavar="D", help="The day from which new cases begin with it; else today.")
@pass_shell
def publish(shell: Shell, files: tuple[Path, ...], valid_from: str | None) -> int:
    """Publish definitions; cases that are there keep the version that they began with."""
    session = open_session(shell)
    day: date | None = parse_date(valid_from) if valid_from else None
    read = _read(files)
    faults = judged(session.office, {name: plain for name, (plain, _) in read.items()})
    if code := _tell(shell, read, faults):
        return code
    told = publish_files(session.office, session.caller, read, day, lint=False)
    if shell.json:
        emit_json(told)
        return 0
    for row in told:
        say(shell.text("workflow_published", name=row["name"], version=row["version"], day=row["from"]))
    if not told:
        say(shell.text("workflow_known"))
    return 0


def _read(files: tuple[Path, ...]) -> Files:
    if len(set(files)) < len(files):
        raise UsageError("a file is named twice: leave one out", says="file_twice")
    return {str(path): read_definition(path) for path in files}


def _tell(shell: Shell, read: Files, faults: Mapping[str, list[Fault]]) -> int:
    """Tell every fault as `file:line: place: what`; the exit code, 0 if there is none."""
    rows = [
        {"file": name, "line": locate(read[name][1], fault.path), "path": fault.path, "message": fault.message,
         "hint": fault.hint}
        for name, found in faults.items() for fault in found
    ]  # fmt: skip
    if not rows:
        return 0
    message = shell.text("workflow_faults", n=len(rows))
    if shell.json:
        emit_json({"error": {"code": "definition", "exit": FAULTY, "message": message, "reasons": [], "faults": rows}})
        return FAULTY
    for row in rows:
        place = f"{row['file']}:{row['line']}" if row["line"] else row["file"]
        hint = f" ({row['hint']})" if row["hint"] else ""
        say(f"{place}: {row['path']}: {row['message']}{hint}")
    shell.tell("workflow_faults", n=len(rows))
    return FAULTY


def _sound(shell: Shell, read: Files) -> int:
    if shell.json:
        emit_json({"ok": True, "files": list(read)})
    else:
        say(shell.text("workflow_sound", n=len(read)))
    return 0


@workflow.command()
@click.argument("name", required=False)
@click.option(
    "--format", "form", type=click.Choice(("mermaid", "dot", "svg")), default="mermaid", show_default=True,
    help="Text for Mermaid or Graphviz, or a drawing.",
)  # fmt: skip
@click.option("--case", "ref", metavar="REF", help="With the way that a case has gone.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="A file, else stdout.")
@pass_shell
def diagram(shell: Shell, name: str | None, form: str, ref: str | None, output: Path | None) -> None:
    """A drawing of a workflow, as text for Mermaid or Graphviz, or as SVG."""
    from engine import diagram as drawing

    if name is None and ref is None:
        raise UsageError(shell.text("workflow_unnamed"))
    session = open_session(shell, read_only=True)
    walk = walked(session.office, session.caller, name, ref)
    draw = {"mermaid": drawing.mermaid, "dot": drawing.dot, "svg": drawing.svg}[form]
    text = draw(walk.definition, shell.lang, walk.current, walk.visited)
    if shell.json and output is None:
        told = {"workflow": walk.definition.name, "version": walk.definition.version, "format": form, "text": text}
        emit_json({**told, "current": walk.current, "visited": sorted(walk.visited)})
        return
    size = write_new(output, [text.encode()])
    if shell.json:
        emit_json({"file": output, "bytes": size})
