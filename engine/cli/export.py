"""Hand over: tables, JSON Lines, event logs, calendars, and a folder of pages."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from engine.app.handing_over import Selected, announce, cases_told, dates_told, entries_told, fields_of, select
from engine.app.listing import Wanted
from engine.cli.masks import masking, strength
from engine.cli.options import FIELD_VALUE, Shell, pass_shell
from engine.cli.output import emit_json, mark_sandbox
from engine.cli.progress import track
from engine.cli.session import Session, open_session
from engine.cli.writing import write_new
from engine.core.definition import Definition
from engine.core.errors import UsageError

if TYPE_CHECKING:
    from engine.exports.masking import Mask

T = TypeVar("T")
Happened = tuple[Mapping[str, Any], Iterable[Mapping[str, Any]], Definition]
_OUTPUT = click.option("-o", "--output", type=click.Path(path_type=Path), metavar="PATH", help="A file, else stdout.")
_FILTERS = ("workflow", "state", "phase", "parent", "owner", "mine", "overdue", "search", "fields", "closed")


@click.group()
def export() -> None:
    """Hand over cases, the log, and dates; every export is in the log."""


def _selecting(command: Callable[..., Any], *, into_file: bool = True) -> Callable[..., Any]:
    """The options by which every export says which cases it means, and in which file it goes if it is one."""

    @functools.wraps(command)
    def chosen(shell: Shell, /, ref: tuple[str, ...], family: bool, output: Path | None = None, **asked: Any) -> Any:
        filters = {name: asked.pop(name) for name in _FILTERS if name not in ("fields", "closed")}
        fields, only_open = dict(asked.pop("field_values")), asked.pop("only_open")
        given = any(filters.values()) or fields or only_open
        if ref and given:
            raise UsageError("name cases, or say which by options, and not both", says="cases_or_options")
        wanted = Wanted(fields=fields, closed=not only_open, **filters) if given else None
        session = open_session(shell)
        if session.sandbox:
            mark_sandbox(shell.text("sandbox"), as_json=True)
        selected = select(session.office, session.caller, ref, family=family, wanted=wanted)
        return command(shell, session, selected, output, **asked)

    options: list[Callable[[Callable[..., Any]], Callable[..., Any]]] = [
        click.argument("ref", nargs=-1),
        click.option("--family", is_flag=True, help="Also what is above each case, and all below it."),
        *([_OUTPUT] if into_file else []),
        click.option("--workflow", metavar="W", help="Cases of this workflow."),
        click.option("--state", metavar="S", help="In this state."),
        click.option("--phase", metavar="P", help="In this phase."),
        click.option("--parent", metavar="REF", help="Below this case."),
        click.option("--owner", metavar="LOGIN", help="Handled by this user."),
        click.option("--mine", is_flag=True, help="Handled by you."),
        click.option("--overdue", is_flag=True, help="With a deadline that has passed."),
        click.option("--search", metavar="TEXT", help="Words of title, reference or registry number."),
        click.option("--field", "field_values", multiple=True, type=FIELD_VALUE, help="Where a field has this value."),
        click.option("--open", "only_open", is_flag=True, help="Open cases alone."),
        pass_shell,
    ]
    decorated: Callable[..., Any] = chosen
    for option in options:
        decorated = option(decorated)
    return decorated


@export.command()
@_selecting
@masking
@click.option("--log", is_flag=True, help="The log entries of the cases in place of the cases.")
@click.option("--bom", is_flag=True, help="Begin with a mark by which Excel knows UTF-8.")
def csv(
    shell: Shell, session: Session, selected: Selected, output: Path | None, mask: "Mask | None", log: bool, bom: bool
) -> None:
    """A table of cases, a field a column; or of log entries."""
    from engine.exports.csv import cases_table, log_table, table_text

    announce(session.office, session.caller, "csv", selected, log=log, mask=strength(mask))
    if log:
        lines = mask is not None and not mask.anonymous
        entries = entries_told(session.office, selected, lines=lines)
        columns, rows = log_table(mask.entries(entries) if mask else entries, lines=lines)
    else:
        fields = fields_of(session.office, selected)
        cases = list(_watched(shell, cases_told(session.office, selected), len(selected.references)))
        columns, rows = cases_table([mask.case(one) for one in cases] if mask else cases, fields)
    _write(shell, output, (part.encode() for part in table_text(columns, rows, bom=bom)), selected)


@export.command()
@_selecting
@masking
def jsonl(shell: Shell, session: Session, selected: Selected, output: Path | None, mask: "Mask | None") -> None:
    """Cases and then their log entries, one JSON object a line."""
    from engine.exports.jsonl import json_lines

    announce(session.office, session.caller, "jsonl", selected, log=True, mask=strength(mask))
    cases = _watched(shell, cases_told(session.office, selected), len(selected.references))
    entries = entries_told(session.office, selected, lines=mask is not None and not mask.anonymous)
    lines = json_lines(map(mask.case, cases) if mask else cases, mask.entries(entries) if mask else entries)
    _write(shell, output, (line.encode() for line in lines), selected)


@export.command()
@_selecting
@masking
@click.option("--every-entry", is_flag=True, help="Every entry is an event, and not the steps alone.")
def xes(
    shell: Shell, session: Session, selected: Selected, output: Path | None, mask: "Mask | None", every_entry: bool
) -> None:
    """An event log for process mining (XES, IEEE 1849), a case a trace."""
    from engine.exports.xes import EventLog, Trace

    announce(session.office, session.caller, "xes", selected, log=True, mask=strength(mask))
    written = EventLog(session.office.name, every_entry)
    happened = _happened(shell, session, selected, mask)
    traces = (Trace(case, entries, definition.fields) for case, entries, definition in happened)
    _write(shell, output, written.parts(traces), selected)
    if written.replaced:
        shell.tell("export_replaced", n=written.replaced)


@export.command()
@_selecting
@masking
@click.option("--every-entry", is_flag=True, help="Every entry is an event, and not the steps alone.")
def ocel(
    shell: Shell, session: Session, selected: Selected, output: Path | None, mask: "Mask | None", every_entry: bool
) -> None:
    """An object-centric event log (OCEL 2.0, JSON): cases, organisations, people and documents."""
    from engine.exports.ocel import Happening, ObjectLog

    announce(session.office, session.caller, "ocel", selected, log=True, mask=strength(mask))
    names = map(mask.reference, selected.references) if mask else selected.references
    written = ObjectLog(frozenset(names), every_entry)
    happened = _happened(shell, session, selected, mask)
    _write(shell, output, written.parts(Happening(*one) for one in happened), selected)


@export.command()
@_selecting
def ics(shell: Shell, session: Session, selected: Selected, output: Path | None) -> None:
    """A calendar of the open deadlines and the meetings."""
    from engine.exports.ics import calendar_bytes

    announce(session.office, session.caller, "ics", selected)
    dates = list(dates_told(session.office, selected, shell.lang))
    _write(shell, output, [calendar_bytes(session.office.name, dates)], selected)


@export.command()
@click.argument("folder", type=click.Path(path_type=Path))
@functools.partial(_selecting, into_file=False)
@click.option("--masked", is_flag=True, help="People as pseudonyms, the same in every export of this home.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
def site(
    shell: Shell, session: Session, selected: Selected, _: None, folder: Path, masked: bool, dry_run: bool
) -> None:
    """A FOLDER of pages for a browser without a network: charts, cases, their log, their proofs."""
    from engine.cli.export_site import write_site

    write_site(shell, session, selected, folder, masked=masked, dry_run=dry_run)


def _happened(shell: Shell, session: Session, selected: Selected, mask: "Mask | None") -> Iterator[Happened]:
    """Each case with its entries and its definition, masked where that is wanted."""
    from engine.app.event_logs import cases_and_entries

    for one in _watched(shell, cases_and_entries(session.office, selected), len(selected.references)):
        case, entries = (mask.case(one.case), list(mask.entries(one.entries))) if mask else (one.case, one.entries)
        yield case, entries, one.definition


def _watched(shell: Shell, items: Iterator[T], total: int) -> Iterable[T]:
    return track(items, shell.text("export_progress"), shell, total)


def _write(shell: Shell, output: Path | None, parts: Iterable[bytes], selected: Selected) -> None:
    size = write_new(output, parts)
    if output is None:
        return
    if shell.json:
        emit_json({"file": output, "bytes": size, "cases": len(selected.references)})
    else:
        shell.tell("export_made", file=output, n=len(selected.references))
