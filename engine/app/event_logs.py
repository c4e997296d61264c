"""Cases with all that happened to them, one after another, as exports for process mining want them."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from engine.app.describe import describe_case, describe_entry
from engine.app.handing_over import Selected
from engine.app.office import Office
from engine.core.definition import Definition, Field


class Told(Struct, frozen=True):
    """A case and its entries as the contract's plain JSON, oldest first, and its definition."""

    case: Mapping[str, Any]
    entries: tuple[Mapping[str, Any], ...]
    definition: Definition


def fields_of_all(office: Office) -> dict[tuple[str, int], Mapping[str, Field]]:
    """(workflow, version) -> its fields, of everything that was ever published here."""
    with office.store.read() as tx:
        known = [(row.name, row.version) for row in tx.definitions.all()]
        return {(name, version): office.catalog.definition(tx, name, version).fields for name, version in known}


def cases_and_entries(office: Office, selected: Selected) -> Iterator[Told]:
    """Each case whole, with its entries; of one that came twice, after an import was undone, those of the second time.

    Args:
        office: Where.
        selected: The cases, in the order wanted.
    """
    with office.store.read() as tx:
        for reference in selected.references:
            case = tx.cases.get(reference)
            if case is None:
                continue
            entries: list[Mapping[str, Any]] = []
            for logged in tx.log.entries(reference):
                told = describe_entry(logged)
                if told["kind"] == "open":
                    entries.clear()
                entries.append(told)
            definition = office.catalog.definition(tx, case.workflow, case.version)
            yield Told(describe_case(tx, definition, case), tuple(entries), definition)
