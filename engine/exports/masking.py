"""Puts pseudonyms in place of people in what is handed over, so that it can be looked through without knowing them.

Two strengths, both over the plain JSON of the contract:

- *masked*: names, logins and the ids of people and users become pseudonyms, the same for the same person in every
  export of a home, since they are made with a key that stands outside the database; personal values, notes and names of
  files become such marks too. The line of each entry can go with it as it is: it holds commitments in place of personal
  values, ids, and the login of the official who acted.
- *anonymous*: what is left is what no person and no body can be known by: kinds, states, times, amounts, choices. Cases
  and organisations become pseudonyms too, by a key that is thrown away; an entry keeps its hash, which is its leaf in
  the tree, and not its line.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from hmac import digest
from typing import Any

from msgspec import Struct

from engine.core.definition import Field

Fields = Mapping[tuple[str, int], Mapping[str, Field]]
"""(workflow, version) -> its fields."""

MASKED = "masked"
"""What stands in place of a text that says too much for a pseudonym."""
_ID = re.compile(r"\b([puo]):([0-9]+)\b")
_KINDS = {"p": "person", "u": "user", "o": "organisation"}
_TELLING = frozenset({"integer", "money", "date", "instant", "flag", "choice", "choices"})
"""Types of fields whose values an anonymous export keeps."""
_OF_CASE = ("workflow", "version", "state", "phase", "revision", "clock_stopped_at", "opened_at", "closed_at")
_OF_ENTRY = (
    "n", "recorded_at", "occurred_at", "kind", "event", "source", "target", "role", "workflow", "version", "definition",
    "prev", "hash",
)  # fmt: skip
_OF_DEADLINE = ("name", "item", "due_at", "due_on", "state", "owner", "version", "next_reminder_at", "passed_at")
_OF_DOCUMENT = ("id", "kind", "direction", "received_at", "draft", "entry")
_OF_SIGNATURE = ("id", "who", "party", "document", "kind", "signed_on", "method", "state")
_OF_PARTY = ("id", "role", "side", "required", "from", "to")


class Mask(Struct, frozen=True):
    """Masks cases and entries, each by itself.

    Attributes:
        key: What pseudonyms are made with; who has it can find out whom one stands for.
        fields: The fields of every version of every workflow.
        anonymous: Leave out all that tells of anybody.
    """

    key: bytes
    fields: Fields
    anonymous: bool = False

    def pseudonym(self, kind: str, value: str) -> str:
        """The name that stands for somebody or something, `person-4f6a…`; the same value has the same one."""
        text = f"{kind}\n{value}".encode("utf-8", "surrogatepass")
        return f"{kind}-{digest(self.key, text, 'sha256').hex()[:12]}"

    def case(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """A case as `describe_case` tells it."""
        fields = self.fields.get((told["workflow"], told["version"]), {})
        return self._anonymous_case(told, fields) if self.anonymous else self._masked_case(told, fields)

    def entry(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """An entry as `describe_entry` tells it, of a case or of the office."""
        fields = self.fields.get((told["workflow"] or "", told["version"] or 0), {})
        return self._anonymous_entry(told, fields) if self.anonymous else self._masked_entry(told, fields)

    def entries(self, told: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Entries, one by one."""
        return (self.entry(one) for one in told)

    def reference(self, name: str) -> str:
        """What a case is called: in an anonymous export a pseudonym; the office's own chain keeps its name."""
        return self.pseudonym("case", name) if self.anonymous and not name.startswith("@") else name

    def plain(self, value: Any) -> Any:
        """Any plain JSON with the ids of people and users replaced, wherever in a text they stand."""
        if isinstance(value, str):
            return _ID.sub(self._id, value)
        if isinstance(value, Mapping):
            return {self.plain(name): self.plain(part) for name, part in value.items()}
        return [self.plain(part) for part in value] if isinstance(value, (list, tuple)) else value

    def _id(self, found: re.Match[str]) -> str:
        if found[1] == "o" and not self.anonymous:
            return found[0]
        return self.pseudonym(_KINDS[found[1]], found[0])

    # Masked

    def _masked_case(self, told: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
        owner = told["owner"]
        whole: dict[str, Any] = self.plain({**told, "data": self._values(told["data"], fields)})
        return {
            **whole, "title": told["title"], "owner": self.pseudonym("login", owner) if owner else None,
            "parties": [self._party(one) for one in told["parties"]],
            "documents": [{**one, "name": MASKED} for one in told["documents"]],
        }  # fmt: skip

    def _party(self, told: Mapping[str, Any]) -> dict[str, Any]:
        people = {
            function: [{"id": name, "name": name} for name in (self.pseudonym("person", one["id"]) for one in named)]
            for function, named in told["people"].items()
        }
        return {**told, "people": people}

    def _masked_entry(self, told: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
        changes = dict(told["changes"])
        if "set" in changes:
            changes["set"] = self._values(changes["set"], fields)
        if "history" in changes:
            changes["history"] = self._history(changes["history"])
        masked: dict[str, Any] = {
            **self.plain({**told, "changes": changes}), "auth": self.pseudonym("login", told["auth"]),
            "note": MASKED if told["note"] else None,
        }  # fmt: skip
        return {**masked, "line": told["line"]} if "line" in told else masked

    def _values(self, values: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
        return {name: self._value(value, fields.get(name)) for name, value in values.items()}

    def _value(self, value: Any, field: Field | None) -> Any:
        """A value without what is personal in it; equal ones stay equal."""
        if value is None or field is None or field.type == "person":
            return self.plain(value)
        if field.personal:
            return self.pseudonym(MASKED, f"{field.id}\n{value}")
        if field.item and isinstance(value, list):
            return [{name: self._value(part, field.item.get(name)) for name, part in one.items()} for one in value]
        return self.plain(value)

    def _history(self, past: Mapping[str, Any]) -> dict[str, Any]:
        """What another system told: whose act it was as a pseudonym, its role and life cycle, and nothing else."""
        kept = {name: past[name] for name in ("role", "lifecycle") if name in past}
        if past.get("resource"):
            kept["resource"] = self.pseudonym("resource", str(past["resource"]))
        return kept | ({"name": self.pseudonym("case", past["name"])} if past.get("name") else {})

    # Anonymous

    def _anonymous_case(self, told: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
        name = self.reference(told["reference"])
        people: Any = self.plain
        return {
            "reference": name, **{key: told.get(key) for key in _OF_CASE}, "title": name, "owner": None,
            "data": self._telling(told["data"], fields),
            "parent": self.reference(told["parent"]) if told["parent"] else None,
            "children": [self.reference(one) for one in told["children"]],
            "parties": [
                {**_some(one, _OF_PARTY), **self._anonymous_party(one)} for one in told["parties"]
            ],
            "deadlines": [{"case": name, **_some(one, _OF_DEADLINE)} for one in told["deadlines"]],
            "documents": [{**_some(one, _OF_DOCUMENT), "name": None} for one in told["documents"]],
            "signatures": [
                {**_some(one, _OF_SIGNATURE), "person": people(one["person"])} for one in told["signatures"]
            ],
            "recused": people(told["recused"]), "erased": list(told["erased"]),
        }  # fmt: skip

    def _anonymous_party(self, told: Mapping[str, Any]) -> dict[str, Any]:
        organisation = self.pseudonym("organisation", told["organisation_id"])
        return {"organisation_id": organisation, "organisation": organisation, "people": self._party(told)["people"]}

    def _anonymous_entry(self, told: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
        name, changes = self.reference(told["case"]), told["changes"]
        kept: dict[str, Any] = {}
        if "set" in changes:
            kept["set"] = self._telling(changes["set"], fields)
        if "activity" in changes:
            kept["activity"] = changes["activity"]
        if "history" in (changes.get("imported") or {}):
            kept["imported"] = {"history": {}}
        if "history" in changes:
            kept["history"] = self._history(changes["history"])
        return {
            "entry": f"{name}#{told['n']}", "case": name, **_some(told, _OF_ENTRY), "actor": self.plain(told["actor"]),
            "auth": None, "on_behalf_of": self.plain(told["on_behalf_of"]), "note": None, "changes": kept,
            "request_id": None,
        }  # fmt: skip

    def _telling(self, values: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
        """The values that tell of nobody: no texts, no names, nothing personal, no reference to another case."""
        return {
            name: value for name, value in values.items()
            if (field := fields.get(name)) is not None and field.type in _TELLING and not field.personal
        }  # fmt: skip


def _some(told: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: told.get(name) for name in names}
