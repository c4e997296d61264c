"""One case as the rows and sentences of its page; the template only lays them out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.core.definition import Definition
from engine.exports.site.entries import Timeline
from engine.exports.site.words import Words

Rows = list[dict[str, Any]]


class CasePage:
    """What the template of a case asks for.

    Args:
        words: What it speaks with.
        definition: The version of the workflow that the case follows.
        told: The case as it was gathered, and masked where that was asked for.
        link: The way from a case's page to another case's, or None where it is not part of the site.
    """

    def __init__(
        self, words: Words, definition: Definition, told: Mapping[str, Any], link: Callable[[str], str | None]
    ) -> None:
        self._words, self._definition, self._told, self._link = words, definition, told, link
        self._case, self._names, self._text = told["case"], told["names"], words.text

    def context(self) -> dict[str, Any]:
        """Every part of the page; empty lists are left out by the template."""
        timeline = Timeline(self._words, self._definition, self._names)
        return {
            "case": self._case, "workflow": self._definition.title[self._words.lang], "ribbon": self.ribbon(),
            "facts": self.facts(), "path": self.path(), "data": self.data(), "parties": self.parties(),
            "documents": self.documents(), "signatures": self.signatures(), "deadlines": self.deadlines(),
            "messages": self.messages(), "related": self.related(),
            "entries": [timeline.entry(one) for one in self._told["entries"]],
            "sealed": self._told["sealed"], "waiting": self._told["waiting"],
        }  # fmt: skip

    def visited(self) -> frozenset[str]:
        """The states it has been in and is in no more."""
        return frozenset(stay["state"] for stay in self._told["stays"]) - {self._case["state"]}

    def ribbon(self) -> list[tuple[str, str]]:
        """(phase, `passed`, `missed`, `here` or `ahead`) in the order of the programme; missed = never been in."""
        used = {state.phase for state in self._definition.states.values()}
        phases = [phase for phase in self._definition.phases if phase in used]
        here = phases.index(self._case["phase"])
        been = {stay["phase"] for stay in self._told["stays"]}
        kinds = [
            "here" if n == here else "ahead" if n > here else "passed" if phase in been else "missed"
            for n, phase in enumerate(phases)
        ]
        return [
            (self._definition.phases[phase][self._words.lang], kind) for phase, kind in zip(phases, kinds, strict=True)
        ]

    def facts(self) -> list[tuple[str, str]]:
        """What stands at the top: where the case is, since when, who has it."""
        case, text, words = self._case, self._text, self._words
        state = self._definition.states[case["state"]]
        rows = [
            (text("case_state"), f"{state.title[words.lang]} ({case['state']})"),
            (text("case_since"), words.moment(self._told["entered_at"])),
            (text("case_acts"), words.role(state.owner) if state.owner else ""),
            (text("case_handler"), self._handler()),
            (text("site_opened"), words.moment(case["opened_at"])),
            (text("site_closed"), words.moment(case["closed_at"])),
            (text("case_clock"), text("case_stopped", at=words.moment(case["clock_stopped_at"]))
             if case["clock_stopped_at"] else ""),
            (text("case_recused"), ", ".join(self._name(one) for one in case["recused"])),
            (text("site_version"), f"{case['workflow']}@{case['version']}"),
        ]  # fmt: skip
        return [row for row in rows if row[1]]

    def _handler(self) -> str:
        login = self._case["owner"]
        found = next((e["name"] for e in reversed(self._told["entries"]) if e["actor"] == login and e["name"]), None)
        return f"{found} ({login})" if found else str(login or "")

    def path(self) -> Rows:
        """The states one after the other, with how long it stayed in each."""
        return [
            {"state": self._definition.states[stay["state"]].title[self._words.lang],
             "since": self._words.moment(stay["from"]), "until": self._words.moment(stay["to"])}
            for stay in self._told["stays"]
        ]  # fmt: skip

    def data(self) -> Rows:
        """The fields that have a value, and those whose value was erased."""
        rows: Rows = []
        for field in self._definition.fields.values():
            title, value = field.title[self._words.lang], self._case["data"].get(field.id)
            if field.id in self._case["erased"]:
                rows.append({"title": title, "value": "", "erased": True, "href": None})
            elif value is not None:
                href = self._link(value) if field.type == "case" else None
                told = self._words.value(field, value, self._names)
                rows.append({"title": title, "value": told, "erased": False, "href": href})
        return rows

    def parties(self) -> Rows:
        """Who takes part, those who have left too."""
        return [
            {"n": one["id"], "role": self._words.role(one["role"]),
             "organisation": one["organisation"] or self._name(one["organisation_id"]),
             "people": [(self._words.role(function), ", ".join(self._name(p["id"], p["name"]) for p in named))
                        for function, named in one["people"].items()],
             "since": self._words.day(one["from"]), "until": self._words.day(one["to"])}
            for one in self._case["parties"]
        ]  # fmt: skip

    def documents(self) -> Rows:
        """What is filed: names and hashes."""
        return [
            {"n": one["id"], "kind": self._kind(one["kind"]), "name": one["name"], "sha256": one["sha256"],
             "received": self._words.moment(one["received_at"]), "entry": one["entry"],
             "direction": self._words.known("direction", one["direction"]),
             "marks": [*([self._text("case_draft")] if one["draft"] else []),
                       *([self._text("case_secrecy", paragraph=one["secrecy"])] if one["secrecy"] else [])]}
            for one in self._case["documents"]
        ]  # fmt: skip

    def signatures(self) -> Rows:
        """Who signed what, and whether it still holds."""
        return [
            {"role": self._words.role(one["who"]), "person": self._name(one["person"]),
             "what": f"{self._kind(one['kind'])} ({one['document']})", "day": self._words.day(one["signed_on"]),
             "state": self._words.known("signature", one["state"])}
            for one in self._case["signatures"]
        ]  # fmt: skip

    def deadlines(self) -> Rows:
        """Every deadline it has or had, with the sentence that says how its day came about."""
        return [
            {"title": one["title"] + (f" {one['item']}" if one["item"] else ""), "due": self._words.day(one["due_on"]),
             "state": self._words.known("deadline_state", one["state"]), "overdue": one["overdue"],
             "closed": self._words.moment(one["closed_at"]),
             "why": one["why"], "rule": one["rule"], "owner": self._words.role(one["owner"]), "id": one["id"]}
            for one in self._told["deadlines"]
        ]  # fmt: skip

    def messages(self) -> Rows:
        """The letters, by the day they were decided."""
        return [
            {"letter": self._words.letter(one["template"]), "to": one["to_name"] or one["to"] or "",
             "subject": one["subject"] or "", "state": self._words.known("mail", one["state"]),
             "sent": self._words.moment(one["sent_at"]), "due": self._words.moment(one["due_at"])}
            for one in self._told["messages"]
        ]  # fmt: skip

    def related(self) -> Rows:
        """The cases that belong to it."""
        lang = self._words.lang
        return [
            {"relation": self._relation(one), "reference": one["reference"], "title": one["title"],
             "workflow": one["workflow"][lang], "state": one["state"][lang], "href": self._link(one["reference"])}
            for one in self._told["related"]
        ]  # fmt: skip

    def _relation(self, one: Mapping[str, Any]) -> str:
        if one["relation"] in ("parent", "child"):
            return self._text(f"relation_{one['relation']}")
        name = one["field"][self._words.lang] if one["field"] else one["relation"]
        return str(name) if one["outward"] else self._text("relation_points_here", field=name)

    def _kind(self, kind: str) -> str:
        known = self._definition.documents.get(kind)
        return known.title[self._words.lang] if known else kind

    def _name(self, one: str, name: str | None = None) -> str:
        """A person or organisation by name; one whose name is gone by its id, which the log keeps."""
        return self._names.get(one) or name or self._words.unnamed(one)


def next_due(deadlines: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The open deadline that comes first."""
    return min((one for one in deadlines if one["state"] == "open"), key=lambda one: str(one["due_at"]), default=None)
