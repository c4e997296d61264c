"""A bulk file to fill in: one row for each case that could take an event, and the columns that are missing.

What is missing is what the event itself refuses for, so that the template asks for neither more nor less.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from engine.app.access import case_seen, reader
from engine.app.bulk_row import signed_kinds
from engine.app.listing import Wanted, list_cases
from engine.app.naming import event_named
from engine.app.next_events import attempt
from engine.app.office import Caller, Office
from engine.app.titles import with_titles
from engine.core.case import Case
from engine.core.definition import Definition
from engine.core.errors import EngineError, Refusal, TransitionRefused, UsageError

TITLE = "#title"
"""A column for the reader's eyes: `bulk` skips those that begin with `#`."""
_NOTES = ("note_missing", "on_behalf_needs_evidence", "override_needs_note")


class Template(Struct, frozen=True):
    """The table, and what no cell of it can mend: (reference, reasons)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    obstacles: tuple[tuple[str, tuple[Refusal, ...]], ...]


def bulk_template(office: Office, caller: Caller, event: str, wanted: Wanted) -> Template:
    """A table with a row for each case of a listing that could take the event from its state.

    Args:
        office: Where.
        caller: Who will run it.
        event: Id of the event, its title, or a unique start.
        wanted: Which cases, as for `list`.

    Raises:
        UsageError: No case of the listing can take that event from its state.
    """
    page = list_cases(office, caller, wanted)
    rows: list[tuple[Case, str]] = []
    columns: dict[str, None] = {}
    obstacles: list[tuple[str, tuple[Refusal, ...]]] = []
    with office.store.read() as tx:
        actor = reader(tx, office, caller)
        for listed in page.rows:
            case = case_seen(tx, office, actor, str(listed.told["reference"]))
            machine = office.catalog.get(tx, case.workflow, case.version)
            name = event_named(machine, case.state, event)
            if name not in machine.events_from(case.state):
                continue
            rows.append((case, name))
            try:
                attempt(tx, office, actor, case, name)
            except TransitionRefused as error:
                found = [(reason, _column(machine.definition, case, name, reason)) for reason in error.reasons]
                columns |= {column: None for _, column in found if column}
                left = tuple(reason for reason, column in found if not column)
                obstacles += [(case.reference, with_titles(tx, office, machine.definition, left))] if left else []
            except EngineError as error:
                obstacles.append((case.reference, (Refusal(error.code, {"what": error.message}),)))
    if not rows:
        raise UsageError(
            f"no case listed can take {event} from its state: skede next REF shows what one can",
            says="bulk_no_case", event=event,
        )  # fmt: skip
    head = ("reference", TITLE, "event", *sorted(columns, key=_order))
    return Template(head, tuple(_cells(rows, len(head))), tuple(obstacles))


def _column(definition: Definition, case: Case, event: str, reason: Refusal) -> str | None:
    """The column in which what a reason asks for can be given."""
    params = reason.params
    if reason.code in ("field_missing", "field_must_be_brought"):
        return f"set:{params['field']}"
    if reason.code in ("document_missing", "document_must_be_new"):
        return f"attach:{params['kind']}"
    if reason.code in ("signature_missing", "signature_outdated"):
        several = len(signed_kinds(definition, case.state, event)) > 1
        return f"sign:{params['who']}{':' + str(params['kind']) if several else ''}"
    if reason.code in _NOTES:
        return "note"
    return "on_behalf_of" if reason.code == "principal_unclear" else None


def _order(column: str) -> tuple[int, str]:
    prefix = column.partition(":")[0]
    return ["on_behalf_of", "set", "attach", "sign", "note"].index(prefix), column


def _cells(rows: Sequence[tuple[Case, str]], width: int) -> Iterator[tuple[str, ...]]:
    for case, event in rows:
        yield (case.reference, case.title, event, *[""] * (width - 3))
