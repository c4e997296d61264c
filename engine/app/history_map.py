"""What the keys and words of another system's event log mean here: what one knows already, and what a map says."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from engine.core.errors import UsageError
from engine.core.text import folded
from engine.core.trace import Attribute, texts

MEANINGS = ("case", "title", "workflow", "activity", "time", "state", "resource", "role", "lifecycle")
"""All that a key can mean; every other attribute is kept as it is."""

KNOWN: Mapping[str, tuple[str, ...]] = {
    "case": ("case:concept:name", "case", "case id", "caseid", "case_id", "trace", "reference", "ärende",
             "ärendenummer", "referens", "diarienummer", "dnr"),
    "title": ("skede:title", "case:skede:title", "title", "rubrik", "ärenderubrik"),
    "workflow": ("skede:workflow", "case:skede:workflow", "workflow", "arbetsflöde"),
    "activity": ("concept:name", "activity", "aktivitet", "event", "händelse", "åtgärd"),
    "time": ("time:timestamp", "timestamp", "time", "tid", "tidpunkt", "datum", "date", "occurred", "occurred_at",
             "inträffade"),
    "state": ("skede:target", "state", "läge"),
    "resource": ("org:resource", "resource", "resurs", "handläggare", "actor"),
    "role": ("org:role", "role", "roll"),
    "lifecycle": ("lifecycle:transition", "lifecycle"),
}  # fmt: skip
"""Meaning -> keys and headings that have it, those that decide first."""
_OF_TRACE: Mapping[str, tuple[str, ...]] = {
    "case": ("concept:name",), "title": ("skede:title", "title"), "workflow": ("skede:workflow",),
}  # fmt: skip


class HistoryMap(Struct, frozen=True):
    """How an event log is to be read.

    Attributes:
        columns: Key or heading in the file -> meaning; "" = it is only kept.
        events: Activity -> event of the workflow; "" = none, though it is called so.
        states: Activity -> the state that it led to.
        values: Text in the file's column of states -> the state that is meant.
        defaults: `workflow`, and `state`: where every case stands in the end.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


def history_map(plain: Mapping[str, Any], source: str) -> HistoryMap:
    """The map that a TOML file gives: tables `columns`, `events`, `states`, `values.state` and `defaults`, of texts.

    Raises:
        UsageError: It has another form, or names a meaning that there is not.
    """
    values = plain.get("values", {})
    found = {name: plain.get(name, {}) for name in ("columns", "events", "states", "defaults")}
    found["values"] = values.get("state", {}) if isinstance(values, dict) else None
    strange = (set(plain) - {*found}) | (set(values) - {"state"} if isinstance(values, dict) else set())
    if strange or not all(isinstance(t, dict) and all(isinstance(x, str) for x in t.values()) for t in found.values()):
        raise UsageError(
            f"{source}: has the tables columns, events, states, values.state and defaults, and only texts in them",
            says="history_map_form",
            source=source,
        )
    wrong = sorted({name for name in found["columns"].values() if name} - {*MEANINGS})
    wrong += sorted(set(found["defaults"]) - {"workflow", "state"})
    if wrong:
        raise UsageError(
            f"{source}: {', '.join(wrong)} means nothing here; there are {', '.join(MEANINGS)}",
            says="history_map_unknown",
            source=source,
            strange=", ".join(wrong),
            known=", ".join(MEANINGS),
        )
    return HistoryMap(**found)


class Keys:
    """Which keys of a file mean what; the same for all its events."""

    def __init__(self, mapped: HistoryMap, *, table: bool) -> None:
        """Begin to read a file.

        Args:
            mapped: What was said about it.
            table: It is a table, whose rows tell of the event and of its case.
        """
        self._mapped = {name: key for key, name in mapped.columns.items() if name}
        self._left = {key for key, name in mapped.columns.items() if not name}
        self._table = table
        self._seen: dict[tuple[bool, str], str | None] = {}

    def meaning(self, key: str, *, trace: bool = False) -> str | None:
        """What a key means, None if nothing."""
        if (trace, key) not in self._seen:
            self._seen[trace, key] = self._found(key, trace)
        return self._seen[trace, key]

    def _found(self, key: str, trace: bool) -> str | None:
        if key in self._left:
            return None
        said = next((name for name, mapped in self._mapped.items() if mapped == key), None)
        if said is not None and (self._table or (said in _OF_TRACE) == trace):
            return said
        known = _OF_TRACE if trace else KNOWN
        if not (trace or self._table or ":" in key):
            return None  # An attribute `state` of somebody's event log is not a state of ours.
        meant = next((name for name, keys in known.items() if folded(key) in keys), None)
        inside = trace or self._table or meant not in ("case", "title", "workflow")
        return meant if meant is not None and inside and meant not in self._mapped else None

    def pick(self, attributes: Sequence[Attribute], *, trace: bool = False) -> tuple[dict[str, str], list[Attribute]]:
        """(meaning -> text) of what is known, the better known key first, and the other attributes."""
        found: dict[str, str] = {}
        ranks: dict[str, int] = {}
        for key, value in texts(attributes):
            name = self.meaning(key, trace=trace)
            if name is None:
                continue
            rank = -1 if self._mapped.get(name) == key else (_OF_TRACE if trace else KNOWN)[name].index(folded(key))
            if name not in found or rank < ranks[name]:
                found[name], ranks[name] = value, rank
        return found, [one for one in attributes if not self._is_told(one, found, trace)]

    def _is_told(self, one: Attribute, found: Mapping[str, str], trace: bool) -> bool:
        """Whether all that an attribute says is said by what was picked."""
        name = self.meaning(one["key"], trace=trace)
        return name is not None and found.get(name) == one["value"] and not one.get("below")

    def missing(self, columns: Iterable[str]) -> list[str]:
        """What every table must have and this one, by its columns, has not."""
        told = {self.meaning(column) for column in columns}
        return [name for name in ("case", "activity", "time") if name not in told]

    def key(self, name: str, attributes: Sequence[Attribute]) -> str:
        """The key in the file of a meaning, for complaints."""
        here = next((one["key"] for one in attributes if self.meaning(one["key"]) == name), None)
        seen = (key for (trace, key), meant in self._seen.items() if meant == name and not trace)
        return here or next(seen, KNOWN[name][0])
