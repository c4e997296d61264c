"""A log entry and its canonical line: what is hashed, stored and handed to auditors.

The keys are those of DECISIONS.md 1, always all present, so that a line can be checked without our code.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from engine.core.canonical import Exact, canonical, read_json, rewritten
from engine.core.errors import LogTampered, ValueMalformed

KEYS = frozenset({
    "act", "actor", "at", "auth", "body", "case", "data", "def", "event", "from", "n", "obo", "occ", "prev", "req",
    "role", "to", "v", "wf",
})  # fmt: skip
"""The keys of a line, always all present (DECISIONS.md 1)."""

LONGEST_LINE = 65_535
"""Bytes that one line may have (AUDIT.md)."""

CHANGES = frozenset({
    "open", "advance", "approve", "amend", "note", "assign", "recuse", "review", "attach", "sign", "unsign", "party",
    "deadline", "clock", "correct", "reversed", "import_undone", "undone",
})  # fmt: skip
"""Kinds of entry that are accepted changes and count as a revision."""


_KEY_OF = {"definition": "def", "source": "from", "target": "to"}
"""Attribute of an entry -> its key in the line, where that is another."""


class Entry(Struct, frozen=True, tag_field="v", tag=1, rename=_KEY_OF):
    """One entry of the log of a case, or of `@office`.

    Attributes:
        act: Kind of entry.
        at: When it was recorded; `occ` when it happened. Canonical instants.
        body: Non-personal changes; everything that `fold` needs.
        data: Commitment to the personal payload (standard base64), or None.
        definition: Digest of the definition that was used.
        prev: Hash of the entry before, or the genesis hash.
    """

    act: str
    case: str
    n: int
    at: str
    occ: str
    actor: str
    auth: str
    body: Mapping[str, Any] = field(default_factory=dict)
    role: str | None = None
    obo: str | None = None
    event: str | None = None
    source: str | None = None
    target: str | None = None
    wf: str | None = None
    definition: str | None = None
    req: str | None = None
    data: str | None = None
    prev: str = ""

    @property
    def name(self) -> str:
        """`REF#n`, the only id an entry has."""
        return f"{self.case}#{self.n}"


def line(entry: Entry) -> str:
    """The canonical line of an entry, without a newline.

    Raises:
        ValueMalformed: The line would be longer than a log entry may be, or a text in it is not valid Unicode.
    """
    text = canonical({
        "act": entry.act, "actor": entry.actor, "at": entry.at, "auth": entry.auth, "body": entry.body,
        "case": entry.case, "data": entry.data, "def": entry.definition, "event": entry.event, "from": entry.source,
        "n": entry.n, "obo": entry.obo, "occ": entry.occ, "prev": entry.prev, "req": entry.req, "role": entry.role,
        "to": entry.target, "v": 1, "wf": entry.wf,
    })  # fmt: skip
    if len(text.encode()) > LONGEST_LINE:
        raise ValueMalformed(
            "this change is larger than one log entry may be (64 KB): attach long texts as documents instead",
            says="entry_too_large",
        )
    return text


_exact = Exact(Entry)

read_exactly = _exact.read
"""The entry of a line (its bytes) that is canonical and of the usual types; None says nothing: ask `parse`."""


def parse(text: str) -> Entry:
    """The entry of a stored line.

    Raises:
        LogTampered: The line is not an entry in canonical form.
    """
    try:
        usual = read_exactly(text.encode())
        if usual is not None:
            return usual
        raw = read_json(text)
        if rewritten(raw) != text or raw.keys() != KEYS or (type(raw["n"]), type(raw["v"]), raw["v"]) != (int, int, 1):
            raise LogTampered("a log line is not in canonical form, or not of version 1")
        return Entry(
            act=raw["act"], actor=raw["actor"], at=raw["at"], auth=raw["auth"], body=raw["body"], case=raw["case"],
            data=raw["data"], definition=raw["def"], event=raw["event"], source=raw["from"], n=raw["n"],
            obo=raw["obo"], occ=raw["occ"], prev=raw["prev"], req=raw["req"], role=raw["role"], target=raw["to"],
            wf=raw["wf"],
        )  # fmt: skip
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise LogTampered("a log line cannot be read as an entry") from error
