"""Reads event logs in XES (IEEE Std 1849-2016, and the versions before it), trace by trace, plain or packed by gzip.

A file from outside must not make us read other files, call other machines or fill the memory: a document type is
refused where it begins, so that there is no entity to be expanded or fetched, and depths, sizes and numbers have bounds
(docs/decisions/0017).
"""

import gzip
import json
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast
from xml.parsers import expat

from engine.core.errors import UsageError
from engine.core.trace import Attribute, RawEvent, RawTrace
from engine.readers.given import open_given
from engine.readers.unreadable import unreadable

LARGEST = 4 * 1024**3
"""Bytes that a log may have, unpacked."""
MOST_EVENTS = 1_000_000
"""Events that one trace may have; one trace is held in memory at a time."""
MOST_ATTRIBUTES = 10_000
LONGEST_VALUE = 1_000_000
DEEPEST = 50

EXACT, KEY = "skede:exact", "skede:key"
"""What our own exports put below an attribute whose text, or key, XML cannot hold: it as JSON."""
_KINDS = {"string": "", "date": "", "int": "0", "float": "0", "boolean": "false", "id": "", "list": "", "container": ""}
_CHUNK = 1 << 18
_PACKED = b"\x1f\x8b"


def read_traces(path: Path) -> Iterator[RawTrace]:
    """The traces of a file, in its order.

    Raises:
        UsageError: It cannot be read, is no XES, or is larger or deeper than any log need be; with the line.
    """
    reader = _Reader(path.name)
    size = 0
    try:
        with _opened(path) as file:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if size > LARGEST:
                    raise UsageError(
                        f"{path.name}: is larger than {LARGEST >> 30} GB: split it",
                        says="log_too_large",
                        source=path.name,
                        n=LARGEST >> 30,
                    )
                yield from reader.fed(chunk)
            yield from reader.fed(b"", last=True)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UsageError(
            f"{path.name}: is a damaged gzip file: {error}", says="gzip_damaged", source=path.name, why=error
        ) from None
    except OSError as error:
        raise unreadable(path, error, "give the path of a CSV or XES file") from None


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with open_given(path) as file:
        packed = file.read(2) == _PACKED
        file.seek(0)
        if not packed:
            yield file
            return
        with gzip.open(file) as unpacked:
            yield cast("IO[bytes]", unpacked)


class _Reader:
    """Follows the elements of a log; what it is inside of stands on a stack."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._done: deque[RawTrace] = deque()
        self._traces = 0
        self._open: list[str] = []
        self._lists: list[list[Attribute]] = []
        """The attributes being gathered: of the trace, the event, the attribute, the innermost last."""
        self._events: list[RawEvent] = []
        parser = self._parser = expat.ParserCreate()
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        parser.buffer_text = True

    def fed(self, chunk: bytes, *, last: bool = False) -> Iterator[RawTrace]:
        """The traces that are whole after some more of the file."""
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            raise UsageError(
                f"{self._name}: line {error.lineno}: is no XML: {expat.ErrorString(error.code)}", says="history_no_xml",
                source=self._name, line=error.lineno, what=expat.ErrorString(error.code),
            ) from None  # fmt: skip
        while self._done:
            yield self._done.popleft()

    def _doctype(self, *_: Any) -> None:
        raise self._fault("declares a document type, which XES does not need and which may hide a trap: take it out")

    def _fault(self, what: str) -> UsageError:
        line = self._parser.CurrentLineNumber
        return UsageError(
            f"{self._name}: line {line}: {what}", says="history_no_xes", source=self._name, line=line, what=what
        )

    def _begin(self, tag: str, given: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        above = self._open[-1] if self._open else ""
        self._open.append(tag)
        if len(self._open) > DEEPEST:
            raise self._fault(f"has more than {DEEPEST} elements within each other")
        if not above and tag != "log":
            raise self._fault(f"begins with <{tag}>, and an event log begins with <log>")
        if (tag == "trace" and above == "log") or (tag == "event" and above == "trace"):
            self._lists.append([])
        elif tag == "event" and above == "log":
            raise self._fault("has an event outside any trace: it belongs to no case")
        elif self._lists and tag == "values" and above in ("list", "container"):
            self._lists.append([])
        elif self._lists and tag in _KINDS:
            self._attribute(tag, given)
        elif self._lists:
            raise self._fault(f"has a <{tag}> where XES knows only attributes")

    def _attribute(self, tag: str, given: dict[str, str]) -> None:
        key, value = given.get("key", ""), given.get("value", _KINDS[tag])
        if not key:
            raise self._fault(f"has a <{tag}> without a key")
        if len(key) > LONGEST_VALUE or len(value) > LONGEST_VALUE:
            raise self._fault(f"has a value of more than {LONGEST_VALUE:,} characters")
        siblings = self._lists[-1]
        siblings.append({"type": "list" if tag == "container" else tag, "key": key, "value": value})
        if len(siblings) > MOST_ATTRIBUTES:
            raise self._fault(f"has more than {MOST_ATTRIBUTES:,} attributes in one place")
        self._lists.append([])

    def _end(self, tag: str) -> None:
        tag = self._open.pop()
        above = self._open[-1] if self._open else ""
        if not self._lists:
            return
        held = self._lists.pop()
        if tag == "trace" and above == "log":
            self._traces += 1
            self._done.append(RawTrace(self._traces, held, self._events))
            self._events = []
        elif tag == "event" and above == "trace":
            self._events.append(RawEvent(len(self._events) + 1, held))
            if len(self._events) > MOST_EVENTS:
                raise self._fault(f"has a trace of more than {MOST_EVENTS:,} events")
        elif tag == "values":
            self._lists[-2][-1]["values"] = held
        elif held:
            self._below(self._lists[-1][-1], held)

    def _below(self, attribute: Attribute, held: list[Attribute]) -> None:
        """What stands below an attribute; where that is its exact text or key, it is taken for that."""
        rest = [one for one in held if one["key"] not in (EXACT, KEY)]
        if rest:
            attribute["below"] = rest
        for one in held:
            exact = _exact(one["value"]) if one["key"] in (EXACT, KEY) else None
            if exact is not None and one["key"] == EXACT:
                attribute["value"] = exact
            elif exact:
                attribute["key"] = exact


def _exact(text: str) -> str | None:
    """The text that its JSON holds; None where it holds none, or one that cannot be kept."""
    try:
        found = json.loads(text)
        return found if isinstance(found, str) and found.encode() is not None else None
    except (ValueError, RecursionError):
        return None
