"""The words of the definition language: its keys, table by table, and the roles and functions that it may name.

The prose is docs/reference/definition-language.md; the meaning of each key is told by `definition.py`.
"""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from engine.core.shape import (
    NAME,
    Amount,
    Bound,
    ByName,
    Fault,
    Flag,
    Literal,
    Many,
    Needed,
    OneOf,
    Shape,
    Table,
    Text,
    Whole,
)  # fmt: skip

ROLES = (
    "applicant", "partner", "evaluator", "officer", "registrar", "secretary", "head", "controller", "archivist",
    "auditor", "system", "admin", "officer_secretary",
)  # fmt: skip
EXTERNAL_ROLES = ("applicant", "partner", "evaluator")
PARTY_ROLES = ("owner", "partner", "evaluator")
SIGNING_OFFICES = ("chair", "adjuster", *(role for role in ROLES if role not in ("system", "admin")))
"""Who signs without being a party: by office, or elected at the meeting."""
FUNCTIONS = ("contact", "leader", "signatory", "manager", "economy")
FIELD_TYPES = (
    "text", "longtext", "integer", "money", "date", "instant", "flag", "choice", "choices", "organisation", "person",
    "case", "list",
)  # fmt: skip
LANGUAGES = ("sv", "en")

_TEXT = Text()
_NAME = Text(NAME, "a name (small letters, digits and _, beginning with a letter)")
_FUNCTION = Text(re.compile(r"[a-z][a-z0-9_]*@[1-9][0-9]*"), "a name with its version, such as “late@1”")
_STEP = re.compile(r"0d|[+-][1-9]\d{0,3}d")
_STEP_TEXT = Text(_STEP, "a step in days (“-30d”, “0d”, “+7d”)")
_LABEL = Table({"sv": _TEXT, "en": _TEXT})
_FLAG = Flag()
_TEXTS = Many(_TEXT)
_NAMES = Many(_NAME)
_ROLE = OneOf(ROLES)
_ROLES = Many(_ROLE)
_VALUES = ByName(Literal())
_ESCALATE = ByName(_TEXTS, _STEP, "a step in days (“+14d”)")
_GUARDS = Many(Table({"name": _FUNCTION}, {"waivable_by": _ROLES}, rest=Literal()))

_PLAIN_FIELD: dict[str, Shape] = {
    "help": _LABEL, "of": Many(_TEXT, single=True), "labels": ByName(_LABEL, re.compile(r".+"), "a choice"),
    "required": _FLAG, "personal": _FLAG, "signed": _NAMES, "parent": _FLAG, "computed": _FLAG, "amend_by": _ROLES,
    "day": OneOf(("start", "end")), "minimum": Bound(), "maximum": Bound(), "counter": _TEXT,
}  # fmt: skip
_FIELD_HEAD: dict[str, Needed] = {"type": OneOf(FIELD_TYPES), "title": _LABEL}
_FIELD = Table(_FIELD_HEAD, {**_PLAIN_FIELD, "item": ByName(Table(_FIELD_HEAD, _PLAIN_FIELD))})

_STATE = Table(
    {"title": _LABEL, "phase": _NAME},
    {
        "owner": _ROLE, "final": _FLAG, "resting": _LABEL, "public": _LABEL, "future": _LABEL, "edit": _ROLES,
        "view": _ROLES,
    },
)  # fmt: skip


class Scope(Struct, frozen=True):
    """Which states are meant: a list, `"*"` or `{ except = [...] }`; the last two never mean final ones."""

    def clean(self, value: Any, path: str, faults: list[Fault]) -> Any:
        if value == "*":
            return value
        return (_EXCEPT if isinstance(value, Mapping) else _NAMES).clean(value, path, faults)

    def empty(self) -> list[str]:
        return []


_EXCEPT = Table({"except": _NAMES})
_SCOPE = Scope()

_CHILD = Table({"workflow": _NAME}, {"states": _NAMES, "where": _VALUES})
_NEEDS = Table(
    {},
    {
        "fields": _NAMES, "brings": _NAMES, "documents": _NAMES, "new_documents": _NAMES, "signatures": _TEXTS,
        "children": Many(_CHILD),
    },
)  # fmt: skip
_NOTICE = Table({"message": _NAME, "to": _TEXTS}, {"attach": _NAMES, "when": _GUARDS})
_SPAWN = Table(
    {"workflow": _NAME, "opening": _NAME, "title": _LABEL},
    {"set": _VALUES, "for_role": _ROLES, "parties": _FLAG, "when": _GUARDS},
)
_FIRE = Table({"workflow": _NAME, "event": _NAME, "on": _TEXT}, {"set": _VALUES, "when": _GUARDS})
_APPROVALS = Table({}, {"count": Whole(2, 99), "each": OneOf(("required_party",)), "order": OneOf(("any", "sequence"))})
_LIMIT = Table({"field": _NAME}, dict.fromkeys(ROLES, Amount()))

_MOVE_HEAD: dict[str, Needed] = {"event": _NAME, "title": _LABEL, "by": _ROLES}
_MOVE: dict[str, Shape] = {
    "help": _LABEL, "needs": _NEEDS, "takes": _NAMES, "when": _GUARDS, "guards": _GUARDS, "limit": _LIMIT,
    "set": _VALUES, "fills": ByName(_FUNCTION), "notify": Many(_NOTICE), "spawns": Many(_SPAWN), "fires": Many(_FIRE),
    "plans": _NAMES,
}  # fmt: skip
_TARGET = Text(re.compile(r"[a-z][a-z0-9_]*|@same|@previous"), "a state, “@same” or “@previous”")
_OPENING = Table(_MOVE_HEAD, {**_MOVE, "to": _NAME})
_TRANSITION = Table(
    {**_MOVE_HEAD, "from": _SCOPE, "to": _TARGET},
    {
        **_MOVE, "not_same_person_as": _NAMES, "approvals": _APPROVALS, "auto": _FLAG,
        "voids": Many(OneOf(("signatures",))), "item": _NAME,
    },
)  # fmt: skip


class Remind(Struct, frozen=True):
    """A ladder's name, or a list of steps."""

    def clean(self, value: Any, path: str, faults: list[Fault]) -> Any:
        return (_NAME if isinstance(value, str) else Many(_STEP_TEXT)).clean(value, path, faults)


_DEADLINE = Table(
    {"name": _NAME, "title": _LABEL, "while": _SCOPE, "due": _TEXT, "owner": _ROLE},
    {
        "opened_by": _NAMES, "met_by": _NAMES, "cancelled_by": _NAMES, "roll": OneOf(("forward", "back", "none")),
        "remind": Remind(), "remind_from": _TEXT, "to": _TEXTS, "escalate": _ESCALATE,
        "then": Table({"event": _NAME}, {"after": _TEXT}), "pausable": _FLAG, "timer": _FLAG, "for_each": _NAME,
        "message": _NAME, "moved_by": _NAME,
    },
)  # fmt: skip
_SERIES = Table(
    {
        "name": _NAME, "workflow": _NAME, "opening": _NAME, "title": _LABEL, "anchor": _NAME, "until": _NAME,
        "key": _NAME, "ahead": Whole(1, 100), "waiting": _NAMES, "drop": _NAME,
    },
    {
        "every": _TEXT, "each": Many(Text(re.compile(r"\d\d-\d\d"), "a day of the year (“12-31”)")), "set": _VALUES,
        "where": _VALUES,
    },
)  # fmt: skip
_RECIPIENTS = Table(
    {"title": _LABEL}, {"subscribers": _TEXT, "workflow": _NAME, "states": _NAMES, "on": _TEXT, "to": _TEXTS}
)
_DOCUMENT = Table({"title": _LABEL}, {"retention": _TEXT, "keep": _FLAG, "direction": OneOf(("in", "out", "internal"))})
_REVIEW = Table({"criteria": ByName(_LABEL), "by": _ROLES, "while": _NAMES}, {"maximum": Whole(1, 100)})

DEFINITION = Table(
    {
        "name": _NAME, "version": Whole(1), "title": _LABEL, "reference": _TEXT, "initial": _NAME,
        "phases": ByName(_LABEL), "state": ByName(_STATE), "opening": Many(_OPENING), "transition": Many(_TRANSITION),
    },
    {
        "fields": ByName(_FIELD), "documents": ByName(_DOCUMENT),
        "deadline": Many(_DEADLINE), "series": Many(_SERIES),
        "ladder": ByName(Table({"steps": Many(_STEP_TEXT)}, {"escalate": _ESCALATE})),
        "recipients": ByName(_RECIPIENTS), "record": ByName(_ROLES), "rights": ByName(_ROLES), "owners": ByName(_TEXTS),
        "review": _REVIEW,
    },
)  # fmt: skip
"""The whole file, `uses` already merged in."""
