"""Shapes of plain data: each takes a value, notes every fault in it, and yields what can still be used of it.

A fault does not stop the search: an unusable value is left out, or replaced by an empty one where the whole
could not stand without it, so that all faults of a file are found in one reading.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Protocol

from msgspec import Struct, field

NAME = re.compile(r"[a-z][a-z0-9_]*")


class Fault(Struct, frozen=True):
    """One way in which a definition is wrong.

    Attributes:
        path: Where, as in `transition[4].needs.fields`; tables of an array are counted from 1.
        hint: What may have been meant, or what to write.
    """

    path: str
    message: str
    hint: str | None = None


class Unusable:
    """What a shape yields for a value that nothing can be made of."""


UNUSABLE: Final = Unusable()


class Shape(Protocol):
    """What a value must look like."""

    def clean(self, value: Any, path: str, faults: list[Fault]) -> Any:
        """The value as far as it can be used, or UNUSABLE; every fault is added to `faults`."""
        ...


class Needed(Shape, Protocol):
    """What a value must look like that a table cannot stand without."""

    def empty(self) -> Any:
        """What stands in for a value that is missing and must be there."""
        ...


class Text(Struct, frozen=True):
    """Text, not blank; `pattern` narrows it and `meaning` says in words to what."""

    pattern: re.Pattern[str] | None = None
    meaning: str = "text"

    def clean(self, value: Any, path: str, faults: list[Fault]) -> Any:
        if not isinstance(value, str):
            faults.append(Fault(path, f"expected {self.meaning}, found {kind_of(value)}", _quote_hint(value)))
            return UNUSABLE
        if not value.strip():
            faults.append(Fault(path, "is empty", f"write {self.meaning}, or leave the key out"))
            return UNUSABLE
        if self.pattern and not self.pattern.fullmatch(value):
            faults.append(Fault(path, f"“{value}” is not {self.meaning}"))
            return UNUSABLE
        return value

    def empty(self) -> str:
        return ""


class Flag(Struct, frozen=True):
    """`true` or `false`."""

    def clean(self, value: Any, path: str, faults: list[Fault]) -> Any:
        if not isinstance(value, bool):
            faults.append(Fault(path, f"expected true or false, found {kind_of(value)}"))
            return UNUSABLE
        return value


class Whole(Struct, frozen=True):
    """A whole number within bounds."""

    minimum: int = 0
    maximum: int = 1_000_000

    def clean(self, value: Any, path: str, faults: list[Fault]) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            faults.append(Fault(path, f"expected a whole number, found {kind_of(value)}"))
            return UNUSABLE
        if not self.minimum <= value <= self.maximum:
            faults.append(Fault(path, f"{value} is not between {self.minimum} and {self.maximum}"))
            return UNUSABLE
        return value

    def empty(self) -> int:
        return self.minimum


class Bound(Struct, frozen=True):
    """A smallest or largest value of a field: text, or a whole number that is read as text."""

    def clean(self, value: Any, path: str, faults: list[Fault]) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return Text(meaning='a bound in quotes ("0.00", "2026-01-01") or a whole number').clean(value, path, faults)


class Amount(Struct, frozen=True):
    """An amount of money as text: `"500000.00"`."""

    def clean(self, value: Any, path: str, faults: list[Fault]) -> Any:
        try:
            if isinstance(value, str) and Decimal(value).is_finite() and Decimal(value) >= 0:
                return value
        except InvalidOperation:
            pass
        faults.append(Fault(path, f"expected an amount in quotes, found {kind_of(value)}", 'write it as "500000.00"'))
        return UNUSABLE


class OneOf(Struct, frozen=True):
    """One of a few words."""

    words: tuple[str, ...]

    def clean(self, value: Any, path: str, faults: list[Fault]) -> Any:
        if not isinstance(value, str) or value not in self.words:
            shown = f"“{value}”" if isinstance(value, str) else kind_of(value)
            hint = did_you_mean(value, self.words) if isinstance(value, str) else None
            faults.append(Fault(path, f"{shown} is not one of {', '.join(self.words)}", hint))
            return UNUSABLE
        return value

    def empty(self) -> str:
        return self.words[0]


class Literal(Struct, frozen=True):
    """A plain value: text, whole number, flag, or a list of such."""

    def clean(self, value: Any, path: str, faults: list[Fault]) -> Any:
        kept = []
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str | int):
                kept.append(item)
                continue
            wanted = "expected text, a whole number or a flag"
            faults.append(Fault(path, f"{wanted}, found {kind_of(item)}", _quote_hint(item)))
        if isinstance(value, list):
            return kept
        return kept[0] if kept else UNUSABLE


class Many(Struct, frozen=True):
    """A list of one shape. Unusable items are left out; where `single`, one value stands for a list of one."""

    inner: Shape
    single: bool = False
    distinct: bool = True

    def clean(self, value: Any, path: str, faults: list[Fault]) -> Any:
        if self.single and not isinstance(value, list):
            value = [value]
        if not isinstance(value, list):
            faults.append(Fault(path, f"expected a list, found {kind_of(value)}", "put it in [ ]"))
            return UNUSABLE
        tables = isinstance(self.inner, Table)
        kept: list[Any] = []
        for number, item in enumerate(value, 1):
            found = self.inner.clean(item, f"{path}[{number}]" if tables else path, faults)
            if found is UNUSABLE:
                continue
            if self.distinct and not tables and found in kept:
                faults.append(Fault(path, f"“{found}” is listed twice"))
                continue
            kept.append(found)
        return kept

    def empty(self) -> list[Any]:
        return []


class ByName(Struct, frozen=True):
    """A table whose keys are names of the author's choosing."""

    inner: Shape
    key: re.Pattern[str] = NAME
    meaning: str = "a name (small letters, digits and _, beginning with a letter)"

    def clean(self, value: Any, path: str, faults: list[Fault]) -> Any:
        if not isinstance(value, Mapping):
            faults.append(Fault(path, f"expected a table, found {kind_of(value)}"))
            return UNUSABLE
        kept: dict[str, Any] = {}
        for name, item in value.items():
            if not self.key.fullmatch(name):
                faults.append(Fault(f"{path}.{name}", f"“{name}” is not {self.meaning}"))
            found = self.inner.clean(item, f"{path}.{name}", faults)
            if found is not UNUSABLE:
                kept[name] = found
        return kept

    def empty(self) -> dict[str, Any]:
        return {}


class Table(Struct, frozen=True):
    """A table with known keys; `rest` is the shape of all others, which are refused where it is None."""

    required: Mapping[str, Needed] = field(default_factory=dict)
    optional: Mapping[str, Shape] = field(default_factory=dict)
    rest: Shape | None = None

    def clean(self, value: Any, path: str, faults: list[Fault]) -> Any:
        if not isinstance(value, Mapping):
            faults.append(Fault(path, f"expected a table, found {kind_of(value)}"))
            return UNUSABLE
        kept: dict[str, Any] = {}
        for key, item in value.items():
            where = f"{path}.{key}" if path else key
            shape = self.required.get(key) or self.optional.get(key) or self.rest
            if shape is None:
                known = (*self.required, *self.optional)
                hint = did_you_mean(key, known) or f"known here: {', '.join(known)}"
                faults.append(Fault(where, f"unknown key “{key}”", hint))
            elif (found := shape.clean(item, where, faults)) is not UNUSABLE:
                kept[key] = found
        for key, shape in self.required.items():
            if key not in value:
                faults.append(Fault(path, f"“{key}” is missing"))
            if key not in kept:
                kept[key] = shape.empty()
        return kept

    def empty(self) -> dict[str, Any]:
        return {key: shape.empty() for key, shape in self.required.items()}


def did_you_mean(word: str, known: Sequence[str]) -> str | None:
    """A hint with the known word nearest to a wrong one, or None where none is near."""
    from difflib import get_close_matches  # costs milliseconds, and only a faulty file needs it

    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean “{near[0]}”?" if near else None


def kind_of(value: Any) -> str:
    """What a value is, in the words of TOML."""
    if isinstance(value, bool):
        return "a flag"
    if isinstance(value, str):
        return f"“{value}”" if len(value) < 40 else "text"
    kinds = ((int, "a whole number"), (float, "a decimal number"), (Mapping, "a table"), (list, "a list"))
    for kind, name in kinds:
        if isinstance(value, kind):
            return name
    return "a date or time"


def _quote_hint(value: Any) -> str | None:
    return None if isinstance(value, str | bool | list | Mapping) else f'write it in quotes: "{value}"'
