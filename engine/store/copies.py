"""Copies of a database: taken while it is in use, and put back in one transaction."""

import os
from contextlib import closing
from pathlib import Path

from engine.core.errors import LogTampered, UsageError
from engine.store.connection import Connection
from engine.store.database import connect, in_our_words, raw_connection
from engine.store.files import finish, private_files, unfinished
from engine.store.migrate import check


def backup(path: Path, target: Path) -> None:
    """Copy a database, consistent while it is in use; the copy has its name only when it is whole and checked.

    Raises:
        UsageError: There is something at the target already.
        LogTampered: The database is damaged, and so would be the copy.
    """
    if os.path.lexists(target):
        raise UsageError(f"{target} is there already; a backup is never written over another file")
    with closing(connect(path, read_only=True)) as source, private_files(), unfinished(target) as temporary:
        _copy(source, temporary)
        refuse_if_wrong(temporary)
        finish(temporary, target)


def restore(path: Path, source: Path) -> None:
    """Put a backup back. What was there is replaced whole, or, if anything fails, not at all.

    Raises:
        LogTampered: The backup is damaged or no database of ours.
        Unavailable: Someone else is writing to the database.
    """
    refuse_if_wrong(source)
    if not os.path.lexists(path):
        backup(source, path)
        return
    # Through SQLite and not by renaming: a write-ahead log left beside the old file must not meet the new one.
    with (
        in_our_words(path),
        closing(connect(source, read_only=True)) as kept,
        closing(connect(path, any_schema=True)) as target,
    ):
        kept.backup(target)


def _copy(source: Connection, target: Path) -> None:
    with in_our_words(target), closing(raw_connection(target, "rwc")) as copy:
        source.backup(copy)


def refuse_if_wrong(path: Path) -> None:
    """Refuse a file that is not whole.

    Raises:
        LogTampered: Something is wrong with it.
    """
    findings = check(path)
    if findings:
        raise LogTampered(f"{path}: {findings[0]}")
