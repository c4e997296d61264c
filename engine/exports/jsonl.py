"""Writes cases and log entries as JSON Lines: one JSON object a line, told apart by its `type`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any


def json_lines(cases: Iterable[Mapping[str, Any]], entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The cases as `describe_case` tells them, then the entries as `describe_entry` does."""
    told = chain(({"type": "case", **case} for case in cases), ({"type": "entry", **entry} for entry in entries))
    for one in told:
        yield json.dumps(one, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
