"""Entries of the log as a timeline tells them: who did what, for whom, in which role, why, and what changed."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from engine.core.definition import Definition
from engine.exports.site.words import Words

MINOR = ("mail", "remind", "expire", "follow", "seal", "clock")
"""What the clock does by itself; a reader may hide it."""

MARKED = ("refused", "skipped", "unauthorised", "correct", "reversed", "undone", "erase")
"""What an auditor looks for first."""


class Timeline:
    """Turns entries into what a template shows.

    Args:
        words: What they are told with.
        definition: The workflow of the case; None for the office's own chain.
        names: Ids of people, organisations and cases by name.
    """

    def __init__(self, words: Words, definition: Definition | None, names: Mapping[str, str]) -> None:
        self._words, self._definition, self._names, self._text = words, definition, names, words.text

    def entry(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """One entry."""
        waived = told["changes"].get("waived")
        kind = "marked" if told["kind"] in MARKED or waived else "minor" if told["kind"] in MINOR else "plain"
        late = told["occurred_at"] != told["recorded_at"]
        return {
            "n": told["n"], "name": told["entry"], "kind": kind, "what": self._words.event(self._definition, told),
            "at": told["recorded_at"], "recorded": self._words.moment(told["recorded_at"]),
            "occurred": self._words.moment(told["occurred_at"]) if late else "",
            "source": told["source_title"],
            "target": told["target_title"] if told["source"] != told["target"] else None,
            "who": self._who(told), "role": self._words.role(told["role"]) if told["role"] else "",
            "behalf": (told["behalf_name"] or self._words.unnamed(told["on_behalf_of"]))
            if told["on_behalf_of"] else "",
            "auth": told["auth"], "note": told["note"], "to": (told["letter"] or {}).get("to", ""),
            "shown": list(self._shown(told["changes"])), "changes": list(self._changes(told["changes"])),
            "reasons": [self._words.reason(reason) for reason in told["reasons"]], "waived": waived or [],
            "hash": told["hash"], "prev": told["prev"], "leaf": told["leaf"], "definition": told["definition"],
            "raw": json.dumps(told["changes"], ensure_ascii=False, indent=1, sort_keys=True) if told["changes"] else "",
        }  # fmt: skip

    def _who(self, told: Mapping[str, Any]) -> str:
        if told["actor"] == "system":
            return self._words.role("system")
        return f"{told['name']} ({told['actor']})" if told["name"] else str(told["actor"])

    def _shown(self, changes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """(what, told) of what nobody should have to unfold: papers by their hashes, signatures, who said yes."""
        for raw in changes.get("docs") or ():
            yield self._text("site_document", n=raw["id"]), f"{self._kind(raw['kind'])}, SHA-256 {raw['sha256']}"
        for raw in changes.get("signs") or ():
            person = self._names.get(raw["person"]) or self._words.unnamed(raw["person"])
            who = f"{person}, {self._words.role(raw['who'])}"
            yield self._text("site_signature", n=raw["id"]), f"{who}: {self._kind(raw['kind'])} ({raw['document']})"
        if changes.get("assignee"):
            yield self._text("case_handler"), self._names.get(changes["assignee"], changes["assignee"])
        if changes.get("approved_by"):
            yield self._text("site_approved_by"), ", ".join(self._names.get(one, one) for one in changes["approved_by"])
        if self._definition is None:
            yield from self._of_office(changes)

    def _of_office(self, changes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What an entry of the office's own chain is about."""
        if changes.get("user"):
            yield self._text("site_user"), self._names.get(changes["user"], changes["user"])
        if changes.get("role"):
            yield self._text("site_role"), self._words.role(changes["role"])
        if changes.get("name") and changes.get("version"):
            yield self._text("site_version"), f"{changes['name']}@{changes['version']}"
        if changes.get("form"):
            yield self._text("site_form"), f"{changes['form']}, {self._text('site_list_about', n=changes['n'])}"
        if changes.get("root"):
            yield self._text("site_size"), str(changes["size"])

    def _changes(self, changes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """(what, told) of what an entry changed beside that, in words; the rest stands in the raw form."""
        for name, value in (changes.get("set") or {}).items():
            field = self._definition.fields.get(name) if self._definition else None
            title = field.title[self._words.lang] if field else name
            yield title, self._words.value(field, value, self._names) if field else str(value)
        yield from self._deadlines(changes)
        if changes.get("cause"):
            yield self._text("site_cause"), str(changes["cause"])
        if changes.get("guards"):
            yield self._text("site_guards"), ", ".join(changes["guards"])

    def _deadlines(self, changes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for raw in changes.get("opened") or ():
            yield self._text("site_deadline_opened"), f"{self._deadline(raw['name'])}, {self._words.day(raw['due_on'])}"
        for raw in changes.get("closed") or ():
            name = str(raw["id"]).rpartition("#")[2].partition(":")[2].partition(".")[0]
            how = self._words.known("deadline_state", raw["how"])
            yield self._text("site_deadline_closed"), f"{self._deadline(name)}, {how}"

    def _deadline(self, name: str) -> str:
        rule = self._definition.deadlines.get(name) if self._definition else None
        return rule.title[self._words.lang] if rule else name

    def _kind(self, kind: str) -> str:
        known = self._definition.documents.get(kind) if self._definition else None
        return known.title[self._words.lang] if known else kind
