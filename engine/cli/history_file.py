"""The file of an event log, as `import history` takes it: a table, or XES, told apart by what it begins with."""

from hashlib import sha256
from pathlib import Path

from msgspec.structs import replace

from engine.app.history_map import HistoryMap
from engine.app.import_history import History
from engine.cli.options import Shell
from engine.cli.table_file import read_file
from engine.readers.given import open_given

_PACKED = b"\x1f\x8b"
_CHUNK = 1 << 20


def history_of(
    shell: Shell, path: Path, mapped: HistoryMap, workflow: str | None, state: str | None, *, sort: bool
) -> tuple[History, int | None]:
    """The event log in a file, and how many cases it has, where that can be told beforehand.

    Raises:
        UsageError: It cannot be read.
    """
    from engine.bootstrap.plugins import history_workflow

    source = History(path.name, "", history_workflow(), map=mapped, workflow=workflow, state=state, sort=sort)
    if _is_xes(path):
        from engine.readers.xes import read_traces

        digest, traces = _digest(path)
        return replace(source, digest=digest, traces=lambda: read_traces(path)), traces or None
    table, digest = read_file(shell, path)
    return replace(source, digest=digest, table=table), None


def _is_xes(path: Path) -> bool:
    """Whether it is an event log by its name, or by its first characters."""
    if path.name.lower().endswith((".xes", ".xes.gz")):
        return True
    try:
        with open_given(path) as file:
            head = file.read(64)
    except OSError:
        return False
    return head.startswith(_PACKED) or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<?xml", b"<log"))


def _digest(path: Path) -> tuple[str, int]:
    """The digest (hex SHA-256) of a file, and about how many traces begin in it; none in one that is packed."""
    digest, traces = sha256(), 0
    try:
        with open_given(path) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                traces += chunk.count(b"<trace")
    except OSError as error:
        from engine.readers.unreadable import unreadable

        raise unreadable(path, error, "give the path of a CSV or XES file") from None
    return digest.hexdigest(), traces
