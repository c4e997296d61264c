"""Sample variables for a workflow, and the linting of its mail templates with them before it is published."""

from collections.abc import Mapping
from typing import Any

from engine.core.definition import Definition, Field
from engine.core.errors import EngineError
from engine.ports import Renderer

LANGUAGES = ("sv", "en")
_STEPS = ("before", "due", "after", "escalated")
_TEXTS = {
    "text": {"sv": "Exempeltext", "en": "Sample text"},
    "longtext": {"sv": "Första stycket.\n\nAndra stycket.", "en": "First paragraph.\n\nSecond paragraph."},
    "integer": {"sv": "3", "en": "3"},
    "money": {"sv": "3 400 000 kr", "en": "SEK 3,400,000"},
    "date": {"sv": "18 november 2021", "en": "18 November 2021"},
    "instant": {"sv": "31 augusti 2021 kl. 24.00", "en": "31 August 2021 at 24:00"},
    "flag": {"sv": "ja", "en": "yes"},
    "organisation": {"sv": "Exempel kommun", "en": "Exempel municipality"},
    "person": {"sv": "Kim Exempel", "en": "Kim Exempel"},
    "case": {"sv": "X-2021-0001", "en": "X-2021-0001"},
}
_TITLE = {"sv": "Lugna morgnar (påhittat exempel)", "en": "Quiet mornings (an invented example)"}
"""No project of the programme is called so."""


class AnyField(dict[str, Any]):
    """Data of a workflow that is not at hand: every name is there and is a sample text."""

    def __missing__(self, key: str) -> str:
        return f"({key})"


def sample_variables(
    definition: Definition, lang: str, related: Mapping[str, Definition] | None = None
) -> dict[str, Any]:
    """All that a template of this workflow may ask for, every field filled.

    Args:
        definition: The workflow.
        lang: `sv` or `en`.
        related: Other workflows by name, for what links point at; of one that is missing every field is taken to exist.
    """
    known = {definition.name: definition, **(related or {})}
    state = definition.states[definition.initial]
    deadlines = [_deadline(name, rule.title[lang], lang) for name, rule in definition.deadlines.items()]
    person, organisation = _TEXTS["person"][lang], _TEXTS["organisation"][lang]
    return {
        "lang": lang,
        "office": {"name": "Sociala investeringar", "mailbox": "sim@region.example"},
        "recipient": {"name": person},
        "case": {
            "reference": "X-2021-0004",
            "title": _TITLE[lang],
            "dnr": "RUN 2021-00000",
            "workflow": definition.title[lang],
            "state": state.title[lang],
            "public": (state.public or state.title)[lang],
        },
        "data": _data(definition.fields, lang),
        "parent": _related(None, lang),
        "links": {
            f.id: _related(known.get(f.of[0]) if f.of else None, lang)
            for f in definition.fields.values()
            if f.type == "case"
        },
        "event": {"id": "sample", "title": _TEXTS["text"][lang]},
        "note": _TEXTS["longtext"][lang],
        "message": _TEXTS["text"][lang],
        "deadlines": deadlines,
        "deadline": deadlines[0] if deadlines else _deadline("sample", _TEXTS["text"][lang], lang),
        "step": {"kind": "before", "offset": -7},
        "officer": {"name": person, "email": "kim@region.example"},
        "documents": [kind.title[lang] for kind in definition.documents.values()],
        "parties": [
            {"role": "owner", "organisation": organisation, "people": [{"function": "contact", "name": person}]}
        ],
        "reasons": [_TEXTS["text"][lang]],
        "source": {"reference": "X-2021-0005", "title": _TITLE[lang], "dnr": ""},
        "failed": {
            "recipient": person,
            "address": "kim@kommun.example",
            "subject": "Hej",
            "error": "550",
            "key": "k",
            "doubtful": False,
        },
        "seal": {"size": 200000, "note": "region.example/skede\n200000\nEbxx5hw85XMisuf8T0lFhIQp5EmjFI0XvoQOnuQ56As="},
        "items": [
            {
                "group": group,
                "reference": "X-1",
                "title": _TITLE[lang],
                "dnr": "",
                "deadline": "",
                "due": "",
                "days_text": "",
            }
            for group in ("overdue", "this_week", "waiting")
        ],
        "more": 3,
    }


def lint(
    renderer: Renderer, definition: Definition, template: str, related: Mapping[str, Definition] | None = None
) -> list[str]:
    """What is wrong with a template for this workflow, in both languages; [] if nothing is.

    It is rendered with every field filled and with every field empty, and at each step of a ladder, since an error
    in the branch of a condition only shows when that branch is taken.
    """
    faults: list[str] = []
    for lang in LANGUAGES:
        full = sample_variables(definition, lang, related)
        for variables in (full, blank(full)):
            for step in _STEPS:
                try:
                    renderer.render(template, lang, {**variables, "step": {"kind": step, "offset": 0}})
                except EngineError as error:
                    faults.append(error.message)
    return list(dict.fromkeys(faults))


def blank(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The same variables with all that may be empty left empty."""
    return {
        **variables,
        "data": {name: [] if isinstance(value, list) else "" for name, value in variables["data"].items()},
        "case": {**variables["case"], "dnr": ""},
        "parent": _empty_case(),
        "links": {name: _empty_case() for name in variables["links"]},
        "officer": {"name": "", "email": ""},
        "deadlines": [],
        "documents": [],
        "parties": [],
        "reasons": [],
        "items": [],
        "more": 0,
        "note": "",
        "message": "",
    }


def _empty_case() -> dict[str, Any]:
    return {"reference": "", "title": "", "dnr": "", "data": {}}


def _related(definition: Definition | None, lang: str) -> dict[str, Any]:
    data = AnyField() if definition is None else _data(definition.fields, lang)
    return {"reference": "Y-2021-0001", "title": _TEXTS["text"][lang], "dnr": "RUN 2021-00001", "data": data}


def _data(fields: Mapping[str, Field], lang: str) -> dict[str, Any]:
    return {field.id: _value(field, lang) for field in fields.values()}


def _value(field: Field, lang: str) -> Any:
    if field.type == "list":
        return [{name: _value(item, lang) for name, item in field.item.items()}]
    if field.type in ("choice", "choices"):
        first = field.of[0] if field.of else "sample"
        return field.labels.get(first, {}).get(lang, first)
    return _TEXTS[field.type][lang]


def _deadline(name: str, title: str, lang: str) -> dict[str, Any]:
    days = {"sv": "om 7 dagar", "en": "in 7 days"}[lang]
    due = _TEXTS["date"][lang]
    return {
        "id": f"X-2021-0004#1:{name}",
        "name": name,
        "title": title,
        "due": due,
        "due_on": "2021-11-18",
        "days": 7,
        "days_text": days,
        "how": "",
        "version": 1,
    }
