"""Organisations and their people from a table, all or nothing; those that are known already are left as they are."""

from collections.abc import Mapping
from typing import Any

from engine.app.import_faults import Faults
from engine.app.import_template import headings
from engine.app.office import Caller, Office
from engine.app.office_change import Made, change_office
from engine.app.people import KEEPERS, new_person
from engine.core.case import Actor
from engine.core.errors import EngineError, UsageError
from engine.core.table import Row, Table
from engine.core.text import folded
from engine.ports import Organisation, UnitOfWork

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("organisation", "namn"),
    "kind": ("slag", "typ", "type"),
    "number": ("organisationsnummer", "orgnr", "organisation number"),
    "person": ("kontaktperson", "contact"),
    "email": ("e-post", "epost", "e-mail", "mejl"),
    "phone": ("telefon", "telephone"),
    "lang": ("språk", "language"),
}
"""Column -> other headings it goes by."""

KINDS: Mapping[str, str] = {
    "municipality": "municipality", "kommun": "municipality", "region": "region", "state": "state", "stat": "state",
    "statlig": "state", "ngo": "ngo", "förening": "ngo", "ideell": "ngo", "company": "company", "företag": "company",
    "other": "other", "annan": "other", "annat": "other",
}  # fmt: skip


def import_organisations(
    office: Office, caller: Caller, table: Table, source: str, *, dry_run: bool = False
) -> Mapping[str, Any]:
    """Take in a table with the columns of `COLUMNS`; a row with a person adds it to its organisation.

    Raises:
        UsageError: With every row and column that is wrong; nothing is taken in then.
    """
    columns = headings(table.columns, COLUMNS, source)
    if "name" not in columns.values():
        raise UsageError(
            f"{source}: has no column name: its first line must name the columns {', '.join(COLUMNS)}",
            says="org_file_columns",
            source=source,
            known=", ".join(COLUMNS),
        )

    def work(tx: UnitOfWork, actor: Actor) -> Made:
        faults = Faults(source)
        organisations: list[Organisation] = []
        people: list[str] = []
        known = 0
        for row in table.rows:
            given = {column: row.cells[heading] for heading, column in columns.items() if row.cells.get(heading)}
            try:
                made, new = _organisation(tx, given, row)
                organisations += [made] if new else []
                known += 0 if new else 1
                people += _person(tx, office, given, made)
            except EngineError as error:
                faults.add(row.line, None, error)
        faults.tell()
        body = {"do": "import", "organisations": [one.id for one in organisations], "people": people}
        told = {"organisations": len(organisations), "people": len(people), "known": known, "rows": len(table.rows)}
        return Made(told, body, {"file": source, "names": [one.name for one in organisations]})

    return change_office(office, caller, "org", KEEPERS, work, dry_run=dry_run)


def _organisation(tx: UnitOfWork, given: Mapping[str, str], row: Row) -> tuple[Organisation, bool]:
    """The organisation of a row, and whether it is new."""
    name, number = given.get("name", ""), given.get("number")
    for found in (*tx.directory.find_organisation(number or ""), *tx.directory.find_organisation(name)):
        same_number = number is not None and (found.number or "").replace("-", "") == number.replace("-", "")
        if same_number or folded(name) in (folded(known) for known, _ in tx.people.names(found.id)):
            return found, False
    kind = KINDS.get(folded(given.get("kind", "")))
    if kind is None:
        raise UsageError(
            f"{given.get('kind', '')!r} is no kind of organisation: write {', '.join(KINDS)}",
            says="org_kind_unknown",
            kind=given.get("kind", ""),
            known=", ".join(KINDS),
        )
    return tx.people.add_organisation(name, kind, number=number), True


def _person(tx: UnitOfWork, office: Office, given: Mapping[str, str], organisation: Organisation) -> list[str]:
    """The person of a row, if it names one who is not known by that address, or by that name there."""
    name, email = given.get("person"), given.get("email")
    if not name:
        return []
    known = tx.directory.find_person(email or name)
    if any(email or (p.organisation == organisation.id and folded(p.name) == folded(name)) for p in known):
        return []
    made = new_person(
        tx, office, name, email=email, lang=given.get("lang"), phone=given.get("phone"), organisation=organisation.id
    )
    return [made.id]
