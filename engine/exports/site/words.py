"""The words of a site: what the command line knows of sentences, roles and letters, and how values are written."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from engine.core.definition import Definition, Field
from engine.core.fields import format_value
from engine.core.localday import day_of, format_day, format_moment
from engine.core.plain import read_instant

_ID = re.compile(r"[opu]:[0-9]+")


@dataclass(frozen=True, slots=True)
class Words:
    """What a page needs to speak a language.

    Attributes:
        text: The sentence of a code with its parameters.
        has: Whether a code has a sentence.
        role: A role, or `owner.leader`, by its name.
        letter: A template of a letter by its name.
        reason: A reason of a refusal (`code`, `params`, `titles`) as a sentence.
    """

    lang: str
    zone: tzinfo
    text: Callable[..., str]
    has: Callable[[str], bool]
    role: Callable[[str], str]
    letter: Callable[[str], str]
    reason: Callable[[Mapping[str, Any]], str]

    def moment(self, at: str | None) -> str:
        """A canonical instant as people read it; nothing for None."""
        return format_moment(read_instant(at), self.lang, self.zone, ends_day=False) if at else ""

    def day(self, text: str | None) -> str:
        """An ISO day, or the local day of a canonical instant."""
        if not text:
            return ""
        return format_day(self.local_day(text), self.lang)

    def local_day(self, text: str) -> date:
        """The day of an ISO day or a canonical instant."""
        if len(text) == 10:
            return date.fromisoformat(text)
        return day_of(datetime.fromisoformat(text), self.zone)

    def known(self, prefix: str, name: str | None) -> str:
        """The sentence `prefix_name`, or the name itself where there is none."""
        code = f"{prefix}_{name}"
        return self.text(code) if name and self.has(code) else str(name or "")

    def value(self, field: Field, value: Any, names: Mapping[str, str]) -> str:
        """The value of a field, with names in place of ids."""
        if value is None:
            return ""
        if field.type == "list":
            return "\n".join(self._record(field, record, names) for record in value)
        if isinstance(value, str) and value in names:
            return f"{value} {names[value]}" if field.type == "case" else names[value]
        try:
            return format_value(field, value, self.lang, zone=self.zone)
        except (ValueError, TypeError, AttributeError, KeyError):
            return str(value)  # A masked value need not have the form of its field.

    def _record(self, field: Field, record: Mapping[str, Any], names: Mapping[str, str]) -> str:
        if not isinstance(record, Mapping):
            return str(record)
        told = (self.value(part, record.get(name), names) for name, part in field.item.items())
        return ", ".join(part for part in told if part)

    def unnamed(self, one: str) -> str:
        """Somebody without a name: an id whose name was erased, which the log keeps, or a pseudonym."""
        return self.text("site_name_gone", id=one) if _ID.fullmatch(one) else one

    def event(self, definition: Definition | None, entry: Mapping[str, Any]) -> str:
        """What an entry did: the event, the letter, or the kind of change."""
        kind = self.known("log_kind", entry["kind"])
        kind = kind[:1].upper() + kind[1:]
        title = entry["event_title"] or self._change(entry["event"])
        if entry["kind"] in ("open", "advance"):
            return str(title)
        mail = entry["changes"].get("mail") if entry["letter"] else None
        if mail:
            letter = entry["letter"]
            parts = [self.letter(letter["template"]), letter["about"]]
            return f"{kind} {self.known('mail', mail['state'])}: {': '.join(part for part in parts if part)}"
        return f"{kind}: {title}" if title else kind

    def _change(self, name: str | None) -> str | None:
        """A change that is no event, as the log names it where it was refused."""
        return self.known("log_kind", name) if name else None
