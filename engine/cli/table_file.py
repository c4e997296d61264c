"""A table in a file that somebody gave, read whole, with the digest that the log keeps of it."""

from hashlib import sha256
from pathlib import Path

from engine.cli.options import Shell
from engine.core.errors import UsageError
from engine.core.table import Table
from engine.readers.csv import LARGEST
from engine.readers.given import read_given
from engine.readers.unreadable import unreadable


def read_file(shell: Shell, path: Path) -> tuple[Table, str]:
    """The table in a file, and the digest (hex SHA-256) of its bytes; a guess at its encoding is said aloud.

    Raises:
        UsageError: It cannot be read, or is no CSV.
    """
    from engine.readers.csv import parse_table

    if path.suffix.lower() in (".xlsx", ".xls", ".ods"):
        raise UsageError(shell.text("import_save_as_csv", file=path.name))
    try:
        content = read_given(path, LARGEST)
    except OSError as error:
        raise unreadable(path, error, "give the path of a CSV file") from None
    if len(content) > LARGEST:
        raise UsageError(f"{path.name}: is larger than 50 MB: split it", says="table_too_large", source=path.name)
    table = parse_table(content, path.name)
    if table.encoding == "windows-1252":
        shell.tell("import_encoding", file=path.name, encoding=table.encoding)
    return table, sha256(content).hexdigest()
