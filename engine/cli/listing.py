"""The commands that show several cases: `list` and `tree`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import click

from engine.cli.options import FIELD_VALUE, Shell, pass_shell
from engine.cli.output import emit_json, mark_sandbox, say
from engine.cli.session import Session, open_session

COLUMNS = ("reference", "title", "state", "owner", "next_deadline")
"""What people see without `--columns`."""
MOMENTS = ("opened_at", "closed_at")


@click.command("list")
@click.argument("workflow", required=False)
@click.option("--state", metavar="S", help="In this state.")
@click.option("--phase", metavar="P", help="In this phase.")
@click.option("--parent", metavar="REF", help="Below this case.")
@click.option("--owner", metavar="LOGIN", help="Handled by this user.")
@click.option("--mine", is_flag=True, help="Handled by you.")
@click.option("--overdue", is_flag=True, help="With a deadline that has passed.")
@click.option("--search", metavar="TEXT", help="Words of title, reference or registry number.")
@click.option("--field", "field_values", multiple=True, type=FIELD_VALUE, help="Where a field has this value.")
@click.option("--closed", is_flag=True, help="Closed cases too.")
@click.option("--columns", metavar="A,B", help="Columns: those of --json, or fields.")
@click.option("--sum", "sum", metavar="F", help="Add up an amount or a number.")
@click.option("--sort", metavar="K", default="reference", show_default=True, help="Sort key; -K turns it round.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
@click.option("--after", metavar="REF", help="The page after this case.")
@pass_shell
def list_(shell: Shell, /, **asked: Any) -> None:
    """Open cases, of one workflow or all."""
    from engine.app.listing import Wanted, list_cases
    from engine.core.errors import UsageError

    session = open_session(shell, read_only=True)
    if asked["mine"] and asked["owner"]:
        raise UsageError(
            "--mine and --owner exclude each other: leave one out",
            says="options_exclude", one="--mine", other="--owner",
        )  # fmt: skip
    columns = [name.strip() for name in (asked.pop("columns") or "").split(",") if name.strip()]
    fields = dict(asked.pop("field_values"))
    wanted = Wanted(**asked, columns=columns, fields=fields)
    page = list_cases(session.office, session.caller, wanted)
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json(_page_json(page, columns))
        return
    _print_page(shell, session, page, columns or COLUMNS)


def _page_json(page: Any, columns: Sequence[str]) -> Any:
    """The rows as an array; with `--columns` those columns alone, with `--sum` in an object beside the sum."""
    rows = [row.told for row in page.rows]
    if columns:
        rows = [{name: _raw(row, name) for name in columns} for row in page.rows]
    if page.sum is None:
        return rows
    field, total = page.sum
    return {"cases": rows, "sum": {field.id: f"{total:.2f}" if field.type == "money" else int(total)}}


def _raw(row: Any, name: str) -> Any:
    return row.told[name] if name in row.told else row.data.get(name)


def _print_page(shell: Shell, session: Session, page: Any, columns: Sequence[str]) -> None:
    from engine.cli.tables import Column, print_table

    with session.office.store.read() as tx:
        now = tx.now
    titles = []
    for name in columns:
        field = page.columns.get(name)
        title = field.title[shell.lang] if field else shell.text(f"list_{name}")
        titles.append(Column(title, field is not None and field.type in ("money", "integer")))
    rows = ([_cell(shell, session, page, row, name, now) for name in columns] for row in page.rows)
    if not print_table(titles, rows, color=shell.color):
        shell.tell("nothing_found")
    if page.sum is not None:
        field, total = page.sum
        say(shell.text("list_sum", title=field.title[shell.lang], total=_amount(shell, field, total),
                       n=len(page.rows)))  # fmt: skip
    if page.more:
        shell.tell("list_more", command=f"--after {page.rows[-1].told['reference']}")


def _amount(shell: Shell, field: Any, total: Decimal) -> str:
    from engine.core.money import format_money

    return format_money(f"{total:.2f}", shell.lang) if field.type == "money" else str(int(total))


def _cell(shell: Shell, session: Session, page: Any, row: Any, name: str, now: datetime) -> Any:
    """A cell for people: titles for ids, local moments, formatted values."""
    from engine.app.called import with_names
    from engine.core.fields import format_value
    from engine.core.localday import format_moment
    from engine.core.when import parse_instant

    zone, lang, definition = session.office.calendar.zone, shell.lang, row.definition
    if name in page.columns:
        field = definition.fields.get(name)
        value = with_names(row.data.get(name), page.names)
        return format_value(field, value, lang, zone=zone) if field else ""
    value = row.told[name]
    if value is None:
        return ""
    if name == "state":
        return definition.states[value].title[lang]
    if name == "phase":
        return definition.phases[value][lang]
    if name == "workflow":
        return definition.title[lang]
    if name == "next_deadline":
        return _deadline(shell, session, definition, value, now)
    return format_moment(parse_instant(value), lang, zone, ends_day=False) if name in MOMENTS else value


def _deadline(shell: Shell, session: Session, definition: Any, value: Mapping[str, str], now: datetime) -> str:
    from engine.app.letters import days_text
    from engine.app.timing import due_day
    from engine.core.when import parse_instant

    rule, zone = definition.deadlines[value["name"]], session.office.calendar.zone
    due_on = due_day(definition, value["name"], parse_instant(value["due_at"]), zone)
    days = (due_on - session.office.calendar.day(now)).days
    return f"{rule.title[shell.lang]} {days_text(days, shell.lang)}"


@click.command()
@click.argument("ref")
@pass_shell
def tree(shell: Shell, ref: str) -> None:
    """The family of a case: what is above it, and all that hangs below it."""
    from engine.app.query import Kin
    from engine.app.query import tree as family
    from engine.cli.tables import Branch, print_tree

    session = open_session(shell, read_only=True)
    top = family(session.office, session.caller, ref)

    def as_json(kin: Kin) -> dict[str, Any]:
        case = kin.case
        return {"reference": case.reference, "workflow": case.workflow, "state": case.state, "title": case.title,
                "children": [as_json(child) for child in kin.children]}  # fmt: skip

    def branch(kin: Kin) -> Branch:
        label = f"{kin.case.reference}  {kin.case.title}  ({kin.workflow[shell.lang]}: {kin.state[shell.lang]})"
        return Branch(label, tuple(branch(child) for child in kin.children))

    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json(as_json(top))
        return
    print_tree(branch(top), color=shell.color)
