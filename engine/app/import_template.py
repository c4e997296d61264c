"""The columns that a table of cases may have, under their names in both languages, and an empty table to fill in."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from msgspec import Struct, field

from engine.app.office import Caller, Office
from engine.app.office_change import insider
from engine.app.parties import FUNCTIONS, ROLES
from engine.core.definition import Definition, Field, Text
from engine.core.errors import UsageError
from engine.core.text import folded

COMMENT = "#"
"""A row whose first cell begins with it is a remark and is skipped."""
PEOPLE = "|"
"""Parts several organisations, or several people, in one cell."""


class Column(Struct, frozen=True):
    """A column: its id, its heading in both languages, what is to stand in it, and the field it fills."""

    id: str
    title: Text
    help: Text
    field: Field | None = None


class TableMap(Struct, frozen=True):
    """How a table of somebody else's is to be read.

    Attributes:
        columns: Heading in the file -> column id; an empty id leaves the column out.
        values: Column id -> (text in the file -> the text that is meant).
        defaults: Column id -> what stands in it where the file says nothing.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


NO_MAP = TableMap()


def table_map(plain: Mapping[str, Any], source: str) -> TableMap:
    """The map that a TOML file gives: tables `columns`, `values.COLUMN` and `defaults`, all of texts.

    Raises:
        UsageError: It has another form.
    """
    strange = set(plain) - {"columns", "values", "defaults"}
    columns, values, defaults = (plain.get(name, {}) for name in ("columns", "values", "defaults"))
    plain_values = isinstance(values, dict) and all(isinstance(part, dict) for part in values.values())
    tables = [columns, defaults, *(values.values() if plain_values else ())]
    if strange or not plain_values or not all(isinstance(t, dict) and all(map(_is_text, t.values())) for t in tables):
        raise UsageError(
            f"{source}: has the tables columns, values.COLUMN and defaults, and only texts in them",
            says="import_map_form",
            source=source,
        )
    return TableMap(columns, values, defaults)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_FIXED: tuple[tuple[str, str, str, str, str], ...] = (
    ("reference", "Referens", "Reference", "tomt = en ny", "empty = a new one"),
    ("workflow", "Arbetsflöde", "Workflow", "till exempel application", "for example application"),
    ("opening", "Öppnat genom", "Opened by", "händelsen som ärendet började med", "the event it began with"),
    ("title", "Rubrik", "Title", "vad ärendet heter", "what the case is called"),
    ("state", "Läge", "State", "id eller titel; tomt = början", "id or title; empty = the beginning"),
    ("opened_at", "Öppnat", "Opened", "2019-03-01", "2019-03-01"),
    ("entered_at", "I läget sedan", "In this state since", "2019-03-01; tomt = öppnat", "2019-03-01; empty = opened"),
    ("parent", "Överordnat ärende", "Parent case", "referens", "reference"),
    ("assigned", "Ansvarig handläggare", "Assigned to", "inloggning", "login"),
    ("note", "Anteckning", "Note", "fri text", "free text"),
)
_ROLES: Mapping[str, tuple[str, str]] = {
    "owner": ("Projektägare", "Project owner"),
    "partner": ("Samverkanspart", "Partner"),
    "evaluator": ("Utvärderare", "Evaluator"),
}
_FUNCTIONS: Mapping[str, tuple[str, str]] = {
    "contact": ("kontaktperson", "contact"),
    "leader": ("projektledare", "leader"),
    "signatory": ("firmatecknare", "signatory"),
    "manager": ("förvaltningschef", "manager"),
    "economy": ("ekonom", "economy"),
}
_FORMS: Mapping[str, tuple[str, str]] = {
    "text": ("text", "text"),
    "longtext": ("text", "text"),
    "integer": ("heltal", "whole number"),
    "money": ("belopp, 1 250 000,50", "amount, 1 250 000.50"),
    "date": ("2019-03-01", "2019-03-01"),
    "instant": ("2019-03-01T12:00", "2019-03-01T12:00"),
    "flag": ("ja eller nej", "yes or no"),
    "organisation": ("organisation", "organisation"),
    "person": ("namn eller e-post", "name or e-mail"),
    "case": ("referens", "reference"),
    "list": ("JSON", "JSON"),
}


def case_columns(definition: Definition) -> dict[str, Column]:
    """Every column that cases of a workflow may have, by id."""
    columns = [Column(name, {"sv": sv, "en": en}, {"sv": hs, "en": he}) for name, sv, en, hs, he in _FIXED]
    for role in ROLES:
        sv, en = _ROLES[role]
        columns.append(Column(role, {"sv": sv, "en": en}, {"sv": "organisation", "en": "organisation"}))
        for function in FUNCTIONS:
            fs, fe = _FUNCTIONS[function]
            text = {"sv": f"{sv}: {fs}", "en": f"{en}: {fe}"}
            columns.append(Column(f"{role}.{function}", text, {"sv": "namn eller e-post", "en": "name or e-mail"}))
    columns += [Column(f"set:{f.id}", f.title, _form(f), f) for f in definition.fields.values()]
    return {column.id: column for column in columns}


def _form(f: Field) -> Text:
    """How a value of the field is written."""
    if f.type in ("choice", "choices"):
        several = {"sv": "flera: ", "en": "several: "} if f.type == "choices" else {"sv": "", "en": ""}
        return {lang: several[lang] + " / ".join(f.labels.get(x, {}).get(lang, x) for x in f.of) for lang in several}
    sv, en = _FORMS[f.type]
    return {"sv": sv, "en": en}


def known_headings(columns: Iterable[Column]) -> dict[str, tuple[str, ...]]:
    """Column id -> every heading it goes by: its id, a field's own name, its title in either language."""
    return {
        c.id: tuple(dict.fromkeys((c.id.removeprefix("set:"), c.title["sv"], c.title["en"]))) for c in columns
    }  # fmt: skip


def headings(found: Iterable[str], known: Mapping[str, tuple[str, ...]], source: str) -> dict[str, str]:
    """Heading in the file -> column id.

    Raises:
        UsageError: A heading means nothing, or several mean the same column; all such are listed.
    """
    meant: dict[str, str] = {}
    for name, others in known.items():
        for other in (name, *others):
            meant.setdefault(folded(other), name)
    told: dict[str, str] = {}
    faults = []
    for heading in found:
        name = meant.get(folded(heading), "")
        if not name:
            close = get_close_matches(folded(heading), meant, 1)
            hint = f" (did you mean {meant[close[0]].removeprefix('set:')}?)" if close else ""
            faults.append(f"there is no column {heading}{hint}")
        elif name in told.values():
            faults.append(f"{heading} is the column {name} a second time")
        else:
            told[heading] = name
    if faults:
        raise UsageError(f"{source}, line 1: {'; '.join(faults)}: correct the heading, or name it in a map (--map)")
    return told


def template(office: Office, caller: Caller, workflow: str, lang: str) -> tuple[list[str], list[list[str]]]:
    """An empty table for cases of a workflow: its headings, and a remark under each that says what goes there.

    Raises:
        NotFound: There is no such workflow.
    """
    with office.store.read() as tx:
        insider(tx, office, caller)
        definition = office.catalog.current(tx, workflow, office.calendar.day(tx.now)).definition
    columns = [c for c in case_columns(definition).values() if c.id != "workflow"]
    remarks = [_remark(c, definition, lang) for c in columns]
    remarks[0] = f"{COMMENT} {remarks[0]}"
    return [_heading(c, columns, lang) for c in columns], [remarks]


def _heading(column: Column, columns: Iterable[Column], lang: str) -> str:
    """The title, or the id where another column has the same title."""
    same = [c for c in columns if folded(column.title[lang]) in (folded(c.title["sv"]), folded(c.title["en"]))]
    return column.title[lang] if same[0] is column else column.id


def _remark(column: Column, definition: Definition, lang: str) -> str:
    if column.id == "state":
        return " / ".join(state.title[lang] for state in definition.states.values())
    if column.id == "opening":
        return " / ".join(dict.fromkeys(edge.title[lang] for edge in definition.openings()))
    return column.help[lang]
